"""DivergenceEvaluator against the formulas of CGE written out with loops."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import dist, log

import numpy as np
import pytest

import graphrep as gr
from graphrep import Graph
from graphrep.evaluation import DivergenceEvaluator
from graphrep.exceptions import GraphValueError

KARATE = gr.datasets.load_karate()
CLUBS = [(node % 3) + 3 * int(c) for node, c in enumerate(KARATE.y)]


def _row(graph, x, communities, **parameters):
    evaluator = DivergenceEvaluator(**parameters)
    return evaluator.evaluate(graph, x, communities=communities).rows()[0]


def _by_loops(graph, x, parts, alpha):
    """Divergence at one alpha: the model fitted by small steps, all sums in loops."""
    n = graph.n_nodes
    gaps = [[dist(x[i], x[j]) for j in range(n)] for i in range(n)]
    low, high = min(map(min, gaps)), max(map(max, gaps))
    g = [[(1 - (d - low) / (high - low)) ** alpha for d in row] for row in gaps]
    weights = graph.to_scipy().toarray()
    degree = weights.sum(axis=1)
    t = [1.0] * n
    for _ in range(4000):
        s = [sum(t[i] * t[j] * g[i][j] for j in range(n)) for i in range(n)]
        t = [t[i] + 0.25 * t[i] * (degree[i] / s[i] - 1) for i in range(n)]
        if max(abs(degree[i] - s[i]) for i in range(n)) < 1e-6:
            break
    names = sorted(set(parts))
    boxes = list(combinations_with_replacement(names, 2))
    seen, expected = dict.fromkeys(boxes, 1.0), dict.fromkeys(boxes, 1.0)
    for i in range(n):
        for j in range(i, n):
            box = tuple(sorted((parts[i], parts[j])))
            seen[box] += weights[i, j]
            expected[box] += t[i] * t[j] * g[i][j]
    within = [box for box in boxes if box[0] == box[1]]
    between = [box for box in boxes if box[0] != box[1]]
    return sum(_shannon(seen, expected, some) for some in (within, between)) / 2


def _shannon(seen, expected, boxes):
    p, q = ([c[b] / sum(c[x] for x in boxes) for b in boxes] for c in (seen, expected))
    return sum(
        a * log(2 * a / (a + b)) + b * log(2 * b / (a + b))
        for a, b in zip(p, q, strict=True)
    ) / 2  # fmt: skip


def test_global_score_when_karate_then_as_by_loops():
    x = gr.LaplacianEigenmaps(3).fit_transform(KARATE.graph).astype(float)
    row = _row(KARATE.graph, x, CLUBS)
    expected = _by_loops(KARATE.graph, x.tolist(), CLUBS, row["alpha"])
    assert row["global_score"] == pytest.approx(expected, abs=2e-5)
    for alpha in (row["alpha"] - 0.25, row["alpha"] + 0.25):
        if alpha > 0:
            other = _by_loops(KARATE.graph, x.tolist(), CLUBS, alpha)
            assert other > row["global_score"] - 2e-5


def test_scores_when_blocks_are_known_then_good_vectors_win():
    sbm = gr.datasets.make_sbm(400, 3000, n_communities=4, mixing=0.1, random_state=0)
    good = _row(sbm.graph, gr.Spectral(8, random_state=0), sbm.y)
    bad = _row(sbm.graph, gr.RandomVectors(8, random_state=0), sbm.y)
    assert good["global_score"] < bad["global_score"] / 2
    assert good["local_score"] < 0.4 < bad["local_score"]


def test_landmarks_when_fewer_than_nodes_then_near_the_exact_score():
    sbm = gr.datasets.make_sbm(400, 3000, n_communities=4, mixing=0.1, random_state=0)
    x = gr.Spectral(8, random_state=0).fit_transform(sbm.graph)
    exact, rough = (_row(sbm.graph, x, sbm.y, max_points=m) for m in (400, 100))
    assert (exact["n_points"], rough["n_points"]) == (400, pytest.approx(100, abs=5))
    assert rough["global_score"] == pytest.approx(exact["global_score"], abs=0.03)
    assert rough["local_score"] == pytest.approx(exact["local_score"], abs=0.05)


def test_communities_when_not_given_then_found():
    pytest.importorskip("networkx")
    row = _row(KARATE.graph, gr.LaplacianEigenmaps(2), None)
    assert 3 <= row["n_communities"] <= 5
    assert row == _row(KARATE.graph, gr.LaplacianEigenmaps(2), None)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_vectors_when_constant_then_the_plain_chung_lu_model(value):
    row = _row(KARATE.graph, np.full((34, 2), value), CLUBS)
    assert 0 < row["global_score"] < 1


def test_graph_when_tiny_star_or_in_pieces_then_no_figure_fails():
    star = Graph.from_edges([0, 0, 0], [1, 2, 3])
    x = np.arange(8.0).reshape(4, 2)
    assert np.isfinite(_row(star, x, [0, 0, 1, 1])["global_score"])
    pieces = Graph.from_codes(np.array([0, 2]), np.array([1, 3]), nodes=range(5))
    assert np.isfinite(_row(pieces, np.eye(5), [0, 0, 1, 1, None])["local_score"])


def test_what_cannot_be_scored_when_given_then_said():
    from graphrep.evaluation import NeighbourhoodScore

    with pytest.raises(GraphValueError, match="needs vectors and a graph with edges"):
        _row(KARATE.graph, NeighbourhoodScore(), CLUBS)
    with pytest.raises(GraphValueError, match="one entry a node"):
        _row(KARATE.graph, np.ones((34, 2)), [1])

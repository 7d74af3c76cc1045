"""InversionEvaluator: what is drawn, and how it is compared."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

import graphrep as gr
from graphrep import Graph
from graphrep.evaluation import InversionEvaluator
from graphrep.exceptions import GraphValueError

KARATE = gr.datasets.load_karate()


def _row(graph, x, communities=None, **parameters):
    evaluator = InversionEvaluator(**{"scores": ("native",), **parameters})
    return evaluator.evaluate(graph, x, communities=communities).rows()[0]


def test_inversion_when_the_rank_is_full_then_the_graph_comes_back():
    row = _row(KARATE.graph, gr.AdjacencySVD(34), KARATE.y.tolist())
    assert row["edges_kept"] == row["triangles_ratio"] == 1.0
    assert row["conductance_ratio"] == pytest.approx(1.0)
    assert row["degree_distance"] == row["isolated"] == 0.0


def test_inversion_when_few_dimensions_then_as_a_graph_built_by_hand():
    graph = KARATE.graph
    model = gr.AdjacencySVD(4).fit(graph)
    scores = model.decoder_score(np.arange(34)[:, None], np.arange(34))
    pairs = np.transpose(np.triu_indices(34, 1))
    best = pairs[np.argsort(-scores[tuple(pairs.T)])[: graph.n_edges]]
    true = nx.from_scipy_sparse_array(graph.to_scipy())
    drawn = nx.Graph()
    drawn.add_nodes_from(range(34))
    drawn.add_edges_from(best.tolist())
    row = _row(graph, model, KARATE.y.tolist())
    kept = sum(true.has_edge(*edge) for edge in drawn.edges)
    assert row["edges_kept"] == pytest.approx(kept / graph.n_edges)
    triangles = [sum(nx.triangles(g).values()) for g in (drawn, true)]
    assert row["triangles_ratio"] == pytest.approx(triangles[0] / triangles[1])
    degrees = [sorted(d for _, d in g.degree) for g in (drawn, true)]
    assert row["degree_distance"] == pytest.approx(
        np.abs(np.subtract(*degrees)).sum() / sum(degrees[1])
    )
    parts = [np.flatnonzero(KARATE.y == c).tolist() for c in np.unique(KARATE.y)]
    means = [
        np.mean([nx.conductance(g, part) for part in parts]) for g in (drawn, true)
    ]
    assert row["conductance_ratio"] == pytest.approx(means[0] / means[1])


def test_inversion_when_all_pairs_tie_then_exactly_as_many_edges_at_random():
    row = _row(KARATE.graph, np.ones((34, 2)))
    density = 78 / (34 * 33 / 2)
    assert abs(row["edges_kept"] - density) < 0.2
    assert row == _row(KARATE.graph, np.ones((34, 2)))
    assert row != _row(KARATE.graph, np.ones((34, 2)), random_state=1)


def test_inversion_when_directed_then_ordered_pairs():
    graph = Graph.from_edges(range(9), range(1, 10), directed=True)
    source, target = np.eye(10), np.roll(np.eye(10), 1, axis=1).T
    row = _row(graph, (source, target))
    assert row["edges_kept"] >= 8 / 9  # ten pairs tie for nine places


def test_communities_when_some_have_none_then_left_out():
    labels = [None if i < 5 else int(c) for i, c in enumerate(KARATE.y)]
    assert _row(KARATE.graph, gr.AdjacencySVD(4), labels)["conductance_ratio"] > 0
    with pytest.raises(GraphValueError, match="one entry a node"):
        _row(KARATE.graph, gr.AdjacencySVD(4), [1, 2])


def test_inversion_when_no_edges_then_said():
    empty = Graph.from_codes(np.zeros(0, int), np.zeros(0, int), nodes=[1, 2, 3])
    with pytest.raises(GraphValueError, match="needs at least one edge"):
        _row(empty, np.ones((3, 1)))

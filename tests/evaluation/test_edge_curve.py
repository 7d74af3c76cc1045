"""The curve over all pairs against a ranking of all pairs by plain numpy."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from graphrep.datasets import load_karate, load_les_miserables
from graphrep.evaluation import EdgeCurveEvaluator, _top_pairs
from graphrep.evaluation._embeddings import read_embedding
from graphrep.evaluation._top_pairs import TopScores
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph


def random_graph(n, m, *, directed=False, weighted=False, seed=0):
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(0, n, (2, m))
    weights = rng.uniform(0.5, 3, m) if weighted else None
    return Graph.from_codes(
        rows, columns, weights, nodes=n, directed=directed, duplicates="max"
    )


def dense_hits(graph, scores, k, ties="expected"):
    """Edges among the first k of all pairs, from the definition."""
    n = graph.n_nodes
    edge = graph.to_scipy().toarray() != 0
    if graph.directed:
        wanted = ~np.eye(n, dtype=bool)
    else:
        scores = (scores + scores.T) / 2
        wanted = np.triu(np.ones((n, n), bool), 1)
    values, edge = scores[wanted], edge[wanted]
    hits = []
    for size in k:
        last = np.sort(values)[::-1][size - 1]
        certain = edge[values > last].sum()
        group, m = int((values == last).sum()), int(edge[values == last].sum())
        free = size - int((values > last).sum())
        drawn = {
            "expected": m * free / group,
            "max": min(m, free),
            "min": max(0, free - (group - m)),
        }
        hits.append(certain + drawn[ties])
    return np.array(hits)


def check(graph, X, scores, *, target=None, score="native", **parameters):
    evaluator = EdgeCurveEvaluator(scores=score, **parameters)
    curve = evaluator.evaluate(graph, X, target=target)
    hits = dense_hits(graph, scores, curve.k, parameters.get("ties", "expected"))
    assert_allclose(curve.precision[0] * curve.k, hits, rtol=1e-12, atol=1e-9)
    return curve


def integer_vectors(n, d, seed=1):
    """Vectors whose products are exact in float32 and often equal."""
    return np.random.default_rng(seed).integers(-2, 3, (n, d)).astype(np.float64)


@pytest.mark.parametrize("ties", ["expected", "min", "max"])
@pytest.mark.parametrize("directed", [False, True])
def test_curve_when_many_scores_are_equal_then_equals_all_pairs_sorted(directed, ties):
    graph = random_graph(90, 300, directed=directed)
    X = integer_vectors(90, 3)
    check(graph, X, X @ X.T, ties=ties)


@pytest.mark.parametrize("directed", [False, True])
def test_curve_when_no_scores_are_equal_then_equals_all_pairs_sorted(directed):
    graph = random_graph(80, 250, directed=directed)
    X = np.random.default_rng(2).integers(-900, 900, (80, 3)).astype(np.float64)
    curve = check(graph, X, X @ X.T)
    assert curve.k[-1] == 10 * curve.n_edges
    assert set(curve.k) >= {2, 10, 100, 200, 300, 500, 1000, curve.n_edges}


def test_curve_when_no_score_is_positive_then_no_pair_is_dropped():
    graph = random_graph(70, 250)
    X = integer_vectors(70, 3)
    S = -np.square(X[:, None] - X[None]).sum(axis=-1)
    curve = check(graph, X, S, score="euclidean", max_factor=1e6)
    assert curve.k[-1] == curve.n_pairs
    assert curve.recall[0, -1] == 1


def test_curve_when_a_vector_is_zero_then_its_cosine_is_zero():
    graph = random_graph(40, 120)
    X = np.eye(40)[:, :7] - np.eye(40, k=-20)[:, :7]  # axes, their negatives, zeros
    check(graph, 3 * X, X @ X.T, score="cosine")


def test_curve_when_source_and_target_differ_then_directed_takes_the_pair_as_it_is():
    graph = random_graph(70, 300, directed=True)
    X, Y = integer_vectors(70, 3), integer_vectors(70, 3, seed=5)
    check(graph, X, X @ Y.T, target=Y)


def test_curve_when_score_has_a_direction_and_graph_has_none_then_takes_the_mean():
    graph = random_graph(70, 300)
    X, Y = integer_vectors(70, 3), integer_vectors(70, 3, seed=5)
    check(graph, X, X @ Y.T, target=Y)
    check(graph, lambda rows: (X @ Y.T)[rows], X @ Y.T)


def test_mirror_when_blocks_are_narrow_then_is_the_mean_of_both_directions(
    monkeypatch,
):
    monkeypatch.setattr(_top_pairs, "_WIDE_BYTES", 8 * 70 * 9)
    monkeypatch.setattr(_top_pairs, "BLOCK_BYTES", 4 * 70 * 4)
    graph = random_graph(70, 300)
    S = np.random.default_rng(3).integers(-5, 6, (70, 70)).astype(np.float64)
    check(graph, lambda rows: S[rows], S)


def test_curve_when_vectors_are_constant_then_precision_is_chance_everywhere():
    graph = random_graph(400, 900)
    curve = EdgeCurveEvaluator().evaluate(graph, np.ones((400, 4)))
    assert_allclose(curve.precision, curve.chance, rtol=1e-12)
    assert_allclose(curve.precision_at_edges, curve.chance, rtol=1e-12)


def test_curve_when_vectors_are_constant_then_no_group_of_ties_is_held(monkeypatch):
    monkeypatch.setattr(_top_pairs, "BLOCK_BYTES", 1 << 18)
    monkeypatch.setattr(_top_pairs, "_FOUND_AT_ONCE", 1 << 12)
    graph = random_graph(3000, 2000)
    evaluator = EdgeCurveEvaluator(scores=("dot",), n_jobs=1)
    evaluator.evaluate(graph, np.ones((3000, 2), np.float32))
    tracemalloc.start()
    evaluator.evaluate(graph, np.ones((3000, 2), np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6  # 4.5 million pairs of 4 bytes would be 18 MB


@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_curve_when_threads_and_blocks_differ_then_bits_are_the_same(
    n_jobs, monkeypatch
):
    monkeypatch.setattr(_top_pairs, "_FOUND_AT_ONCE", 2048)
    graph = random_graph(300, 900)
    X = np.random.default_rng(0).normal(size=(300, 6)).round(1)
    first = EdgeCurveEvaluator(n_jobs=1).evaluate(graph, X)
    monkeypatch.setattr(_top_pairs, "BLOCK_BYTES", 4 * 300 * 7)
    again = EdgeCurveEvaluator(n_jobs=n_jobs).evaluate(graph, X)
    assert_array_equal(first.precision, again.precision)


@pytest.mark.parametrize("directed", [False, True])
def test_curve_when_nodes_are_renumbered_then_stays(directed):
    graph = random_graph(200, 700, directed=directed, weighted=True)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 200, 8))
    order = rng.permutation(200)
    turned = graph.subgraph(order.tolist())
    first = EdgeCurveEvaluator().evaluate(graph, X, target=Y)
    again = EdgeCurveEvaluator().evaluate(turned, X[order], target=Y[order])
    assert_allclose(first.precision, again.precision, atol=1e-6)
    assert_allclose(first.error, again.error, atol=1e-6)


def test_top_scores_when_fed_in_any_pieces_then_keeps_the_highest_and_counts_the_last(
    monkeypatch,
):
    monkeypatch.setattr(_top_pairs, "_FOUND_AT_ONCE", 16)
    rng = np.random.default_rng(0)
    for size in (1, 7, 50, 400):
        values = rng.integers(0, 30, 400).astype(np.float32)
        top = TopScores(size, np.float32)
        stale = top.threshold
        for part in np.array_split(values, 23):
            limit = stale if rng.random() < 0.5 else top.threshold
            stale = top.threshold
            top.add(part[part > limit], limit, int((part == limit).sum()))
        above, n_equal = top.sorted()
        last = np.sort(values)[::-1][size - 1]
        assert top.threshold == last
        assert_array_equal(above, np.sort(values[values > last]))
        assert n_equal == (values == last).sum()


def test_curve_when_graph_has_loops_then_they_are_no_edges():
    graph = Graph.from_edges([0, 1, 1, 2], [0, 1, 2, 3])
    curve = EdgeCurveEvaluator(k=(1,)).evaluate(graph, np.eye(4))
    assert (curve.n_edges, curve.n_pairs) == (2, 6)


def test_curve_when_pairs_are_few_then_places_beyond_them_are_left_out():
    graph = Graph.from_edges([0, 1], [1, 2])
    curve = EdgeCurveEvaluator().evaluate(graph, np.array([[1.0], [2.0], [3.0]]))
    assert curve.k[-1] == 3
    assert curve.at(3) == pytest.approx(2 / 3)
    assert curve.at(1) == 1  # 2 * 3 is the highest product
    assert curve.precision_at_edges[0] == pytest.approx(0.5)  # then 1 * 3


@pytest.mark.parametrize("n", [1, 4])
def test_curve_when_there_are_no_edges_then_recall_is_undefined(n):
    graph = Graph.from_edges([], [], nodes=list(range(n)))
    curve = EdgeCurveEvaluator().evaluate(graph, np.eye(n))
    row = curve.rows()[0]
    assert row["precision_at_edges"] is None
    assert row["recall"] == [None] * len(row["k"])
    assert not np.any(curve.precision)


def test_curve_when_graph_is_complete_then_every_pair_is_an_edge():
    n = 12
    graph = Graph(np.ones((n, n)) - np.eye(n))
    curve = EdgeCurveEvaluator().evaluate(graph, integer_vectors(n, 2))
    assert_allclose(curve.precision, 1)
    assert curve.chance == 1


def test_error_when_scores_are_the_weights_times_a_number_then_is_zero():
    graph = load_les_miserables().graph
    W = graph.to_scipy().toarray().astype(np.float64)
    curve = EdgeCurveEvaluator().evaluate(graph, lambda rows: W[rows] / 4)
    assert curve.error[0] == pytest.approx(0, abs=1e-6)
    assert curve.scale[0] == pytest.approx(4)
    assert curve.precision_at_edges[0] == 1


def test_error_when_scores_are_not_the_weights_then_is_that_of_least_squares():
    graph = random_graph(60, 200, weighted=True).remove_self_loops()
    X = integer_vectors(60, 4)
    rows, columns, weights = graph.edges()
    s = np.einsum("ij,ij->i", X[rows], X[columns])[:, None]
    residual = np.linalg.lstsq(s, weights.astype(np.float64), rcond=None)[1][0]
    expected = np.sqrt(residual) / np.linalg.norm(weights.astype(np.float64))
    curve = EdgeCurveEvaluator(scores=("dot",)).evaluate(graph, X)
    assert curve.error[0] == pytest.approx(expected, rel=1e-6)
    plain = EdgeCurveEvaluator(scores=("dot",)).evaluate(graph.unweighted(), X)
    assert np.isnan(plain.error[0])


def test_refusal_when_graph_is_too_large_then_says_why_in_a_sentence():
    graph = load_karate().graph
    evaluator = EdgeCurveEvaluator(max_flops=1000)
    read = read_embedding(graph, np.ones((34, 2)), "ones")
    reason = evaluator.refusal(graph, read)
    assert reason is not None
    assert "34 nodes" in reason
    with pytest.raises(GraphValueError, match="max_flops"):
        evaluator.evaluate(graph, read)
    assert EdgeCurveEvaluator().refusal(graph, read) is None


def test_refusal_when_directions_take_further_passes_then_counts_them():
    graph = load_karate().graph
    limit = EdgeCurveEvaluator(scores=("native",), max_flops=34 * 34 * 2)
    X = np.ones((34, 2))
    assert limit.refusal(graph, read_embedding(graph, X)) is None
    assert limit.refusal(graph, read_embedding(graph, (X, 2 * X))) is not None
    narrow = EdgeCurveEvaluator(scores=("native",), max_flops=34 * 34)

    def score(rows):
        return np.zeros((len(rows), 34))

    assert narrow.refusal(graph, read_embedding(graph, score)) is not None
    score.symmetric = True
    assert narrow.refusal(graph, read_embedding(graph, score)) is None


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"ties": "first"}, "ties"),
        ({"k": (0, 3)}, "k must"),
        ({"scores": ("warmth",)}, "warmth"),
        ({"scores": ()}, "scores"),
        ({"n_points": 0}, "n_points"),
        ({"max_factor": 0}, "max_factor"),
    ],
)
def test_evaluate_when_a_parameter_is_wrong_then_names_it(parameters, word):
    with pytest.raises(GraphValueError, match=word):
        EdgeCurveEvaluator(**parameters).evaluate(load_karate().graph, np.ones((34, 2)))


def test_result_when_shown_then_has_a_line_for_each_score():
    graph = load_karate().graph
    X = np.random.default_rng(0).normal(size=(34, 8))
    curve = EdgeCurveEvaluator().evaluate(graph, X, name="noise")
    assert [row["score"] for row in curve.rows()] == ["native", "cosine"]
    assert "noise" in str(curve)
    assert "p@100" in str(curve)
    assert len(curve.to_frame()) == 2 * len(curve.k)
    assert curve.at(10, "cosine") == curve.precision[1, list(curve.k).index(10)]
    with pytest.raises(GraphValueError, match="k=17"):
        curve.at(17)
    with pytest.raises(GraphValueError, match="'dot'"):
        curve.at(10, "dot")

"""ReconstructionEvaluator: oracles, invariances and edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

import graphrep as gr
from graphrep import Graph
from graphrep.evaluation import ReconstructionEvaluator
from graphrep.exceptions import GraphValueError, GraphWarning

PATH = Graph.from_edges([0, 1, 2], [1, 2, 3])
LINE = np.array([[0.0], [1.0], [2.0], [10.0]])


def _evaluate(graph, vectors, **parameters):
    return ReconstructionEvaluator(**parameters).evaluate(graph, vectors)


def _random(n, d=8, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def _graph(n=300, m=900, seed=0, directed=False):
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, n, (m, 2))
    pairs = np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)
    return Graph.from_codes(*pairs.T, nodes=np.arange(n), directed=directed)


def test_path_when_on_a_line_then_the_published_oracle():
    result = _evaluate(PATH, LINE, scores="euclidean")
    assert result.per_node("hop1").tolist() == pytest.approx([1, 1, 5 / 6, 1])
    assert result.mean("hop1").value == pytest.approx(0.958333, abs=1e-6)
    assert result.mean("ball2").value == pytest.approx(1.0)
    assert result.per_node("shell2").tolist() == pytest.approx(
        [1 / 2, 1 / 3, 1 / 2, 1 / 2]
    )
    assert result.mean("shell2").value == pytest.approx(0.458333, abs=1e-6)
    shell3 = result.per_node("shell3")
    assert shell3[[0, 3]] == pytest.approx([1 / 3, 1 / 3])
    assert np.isnan(shell3[[1, 2]]).all()
    assert result.mean("shell3").n_skipped == 2


def test_path_when_filtered_then_nearer_nodes_do_not_compete():
    result = _evaluate(PATH, LINE, scores="euclidean")
    assert result.per_node("shell2_filtered").tolist() == pytest.approx(
        [1, 1, 1, 1 / 1]
    )


@pytest.mark.parametrize("score", ["dot", "cosine", "euclidean"])
def test_average_precision_when_tie_free_then_as_scikit_learn(score):
    graph, x = _graph(), _random(300)
    result = _evaluate(graph, x, scores=score, hops=(1,))
    adjacency = graph.to_scipy().toarray() > 0
    wide = x.astype(np.float64)
    if score == "cosine":
        wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    scores = wide @ wide.T
    if score == "euclidean":
        scores = -((wide[:, None] - wide[None]) ** 2).sum(-1)
    for row, got in enumerate(result.per_node()):
        others = np.arange(300) != row
        if adjacency[row].any():
            expected = average_precision_score(
                adjacency[row][others], scores[row][others]
            )
            assert got == pytest.approx(expected, abs=1e-6)
        else:
            assert np.isnan(got)


@pytest.mark.parametrize("directed", [False, True])
def test_means_when_nodes_are_permuted_then_the_same(directed):
    graph, x = _graph(directed=directed), _random(300)
    order = np.random.default_rng(5).permutation(300)
    moved = graph.subgraph(graph.node_ids[order])
    one = _evaluate(graph, x, scores=("dot", "cosine", "euclidean"))
    two = _evaluate(moved, x[order], scores=("dot", "cosine", "euclidean"))
    back = np.argsort(order)
    np.testing.assert_allclose(two.values[..., back], one.values, atol=1e-6)
    for score in one.scores:
        same = two.per_node(score=score)[back] == one.per_node(score=score)
        assert (same | np.isnan(one.per_node(score=score))).all()
    assert one.mean("ball2").value == pytest.approx(two.mean("ball2").value, abs=1e-12)


def test_values_when_threads_differ_then_the_same_bits():
    graph, x = _graph(), _random(300)
    one = _evaluate(graph, x, n_jobs=1)
    two = _evaluate(graph, x, n_jobs=2)
    np.testing.assert_array_equal(one.values, two.values)


def test_ap_when_vectors_are_constant_then_exactly_chance():
    result = _evaluate(_graph(), np.ones((300, 4)))
    for truth in result.truths:
        got, chance = (result.per_node(truth, m) for m in ("ap", "ap_chance"))
        np.testing.assert_allclose(got, chance, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.int8, np.float16, np.float64])
def test_ap_when_types_differ_then_the_same_values(dtype):
    x = np.random.default_rng(0).integers(-3, 4, (300, 8))
    expected = _evaluate(_graph(), x.astype(np.float32), hops=(1, 2))
    np.testing.assert_allclose(
        _evaluate(_graph(), x.astype(dtype), hops=(1, 2)).values,
        expected.values, atol=1e-12,
    )  # fmt: skip


def test_zero_vector_when_cosine_then_all_scores_tie():
    x = _random(300)
    x[7] = 0
    result = _evaluate(_graph(), x, scores="cosine", hops=(1,))
    assert result.per_node()[7] == pytest.approx(result.per_node(metric="ap_chance")[7])


def test_graph_when_complete_then_perfect_and_auc_undefined():
    graph = Graph(np.ones((5, 5)) - np.eye(5))
    result = _evaluate(graph, _random(5))
    assert result.mean("hop1").value == 1.0
    assert result.mean("hop1", "auc").n_skipped == 5
    assert result.mean("shell2").n_scored == 0


def test_graph_when_loops_and_duplicates_then_the_same_as_without():
    with pytest.warns(GraphWarning):
        loud = Graph.from_edges([0, 0, 1, 1, 2], [0, 1, 0, 2, 3])
    np.testing.assert_array_equal(
        _evaluate(loud, LINE).values, _evaluate(PATH, LINE).values
    )


def test_graph_when_nodes_are_isolated_or_apart_then_skipped_and_never_reached():
    graph = Graph.from_codes(np.array([0, 2]), np.array([1, 3]), nodes=np.arange(6))
    result = _evaluate(graph, _random(6))
    assert result.mean("hop1").n_skipped == 2
    assert result.mean("ball3").n_scored == 4
    assert result.n_relevant[result.truths.index("ball3")].max() == 1


def test_graph_when_too_small_or_without_edges_then_said():
    with pytest.raises(GraphValueError, match="at least 2 nodes"):
        _evaluate(
            Graph.from_codes(np.zeros(0, int), np.zeros(0, int), nodes=[1]), [[1.0]]
        )
    empty = Graph.from_codes(np.zeros(0, int), np.zeros(0, int), nodes=[1, 2, 3])
    with pytest.warns(GraphWarning, match="has a neighbour to find"):
        assert np.isnan(_evaluate(empty, _random(3)).mean().value)


def test_directed_when_sinks_then_out_in_and_both_differ():
    graph = Graph.from_edges(["a", "b"], ["b", "c"], directed=True)
    x = np.array([[0.0], [1.0], [2.0]])
    skipped = {
        way: _evaluate(graph, x, direction=way).mean("hop1").n_skipped
        for way in ("out", "in", "both")
    }
    assert skipped == {"out": 1, "in": 1, "both": 0}
    reached = _evaluate(graph, x, direction="in").n_relevant
    assert reached[1].tolist() == [0, 1, 2]  # ball2: ancestors


def test_k_when_beyond_the_graph_then_its_own_denominator():
    result = _evaluate(PATH, LINE, scores="euclidean", k=(100,), hops=(1, 9))
    assert result.per_node("hop1", "p@100").tolist() == [0.01, 0.02, 0.02, 0.01]
    assert result.per_node("hop1", "capped_p@100").tolist() == [1, 1, 1, 1]
    assert result.per_node("hop1", "r@100").tolist() == [1, 1, 1, 1]


def test_candidates_when_a_subset_then_only_they_are_ranked():
    some = [1, 3]
    result = _evaluate(PATH, LINE, scores="euclidean", candidates=some, hops=(1,))
    assert result.n_candidates.tolist() == [[2, 1, 2, 1]]
    assert result.n_relevant.tolist() == [[1, 0, 2, 0]]


def test_queries_when_named_then_in_row_order_and_in_the_result():
    result = _evaluate(PATH, LINE, scores="euclidean", queries=[3, 0], hops=(1,))
    assert result.node_ids.tolist() == [0, 3]
    assert result.per_node().tolist() == [1, 1]


def test_queries_when_sampled_then_the_same_for_all_embeddings_and_near_the_truth():
    graph = gr.datasets.make_sbm(2000, 8000, random_state=0).graph
    x = gr.AdjacencySVD(16).fit_transform(graph)
    parameters = {"n_queries": 400, "hops": (1,), "random_state": 4}
    some = _evaluate(graph, x, **parameters)
    other = _evaluate(graph, _random(2000), **parameters)
    assert (some.queries == other.queries).all()
    estimate = some.mean()
    exact = _evaluate(graph, x, hops=(1,), n_queries=None).mean().value
    assert 0 < estimate.se < 0.05
    assert abs(estimate.value - exact) < 4 * estimate.se


def test_queries_when_an_error_is_asked_for_then_doubled_until_reached():
    graph = gr.datasets.make_sbm(3000, 9000, random_state=0).graph
    x = gr.AdjacencySVD(16).fit_transform(graph)
    result = _evaluate(graph, x, hops=(1,), target_se=0.006)
    assert result.mean().se <= 0.006
    assert 256 <= len(result.queries) < 3000


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"hops": (0,)}, "hops must be whole numbers"),
        ({"mode": "sphere"}, "mode must be one or more"),
        ({"nearer": ()}, "nearer must be one or more"),
        ({"ties": "first"}, "ties must be one of"),
        ({"direction": "up"}, "direction must be"),
        ({"scores": ()}, "at least one score"),
        ({"scores": "manhattan"}, "score must be one of"),
        ({"k": (0,)}, "k must hold whole numbers"),
        ({"metrics": ("map",)}, "no metric 'map'"),
        ({"n_queries": 0}, "n_queries must be"),
        ({"confidence": 1.0}, "confidence must lie"),
    ],
)
def test_parameters_when_wrong_then_one_sentence(parameters, words):
    with pytest.raises(GraphValueError, match=words):
        _evaluate(PATH, LINE, **parameters)


def test_edge_ranks_when_asked_for_then_average_precision_follows_from_them():
    graph, x = _graph(), _random(300)
    result = _evaluate(graph, x, hops=(1,), edge_ranks=True)
    edges = result.edges
    for position in (0, 11, 250):
        above = np.sort(edges.above[0][edges.query == position])
        if len(above):
            ranks = above + np.arange(1, len(above) + 1)
            ap = (np.arange(1, len(above) + 1) / ranks).mean()
            assert result.per_node()[position] == pytest.approx(ap)


def test_score_when_float64_then_close_values_are_told_apart():
    steps = 1 + np.arange(6) * 1e-12
    graph = Graph.from_edges([0], [5]).with_nodes([0, 5])
    graph = Graph.from_codes(np.array([0]), np.array([5]), nodes=np.arange(6))
    result = _evaluate(graph, lambda rows: np.tile(steps, (len(rows), 1)), hops=(1,))
    assert result.per_node()[0] == 1.0


@pytest.mark.shared
def test_cskg_mini_when_evaluated_then_the_regression_targets(shared_data):
    import gzip

    path = shared_data / "restore" / "cskg_mini" / "core2k_edges.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    graph = Graph.from_edges(
        np.array([r[0] for r in rows], object), np.array([r[2] for r in rows], object),
        duplicates="first",
    ).unweighted()  # fmt: skip
    assert (graph.n_nodes, graph.n_edges) == (1983, 15245)
    hope = _evaluate(graph, gr.HOPE(64, random_state=0), hops=(1,))
    assert hope.mean(score="native").value == pytest.approx(0.301, abs=0.002)
    chance = _evaluate(graph, gr.RandomVectors(64, random_state=0), hops=(1,))
    assert chance.mean(metric="ap_adjusted").value == pytest.approx(0.0, abs=0.002)

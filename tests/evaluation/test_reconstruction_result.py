"""Results of a reconstruction: averages by hand, breakdowns, pairs, tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from graphrep import Graph
from graphrep.datasets import load_les_miserables
from graphrep.evaluation import ReconstructionEvaluator, ReconstructionResult
from graphrep.evaluation import _statistics as statistics
from graphrep.evaluation._edge_ranks import EdgeRanks
from graphrep.exceptions import GraphTypeError, GraphValueError

LINE = np.array([[0.0], [1.0], [2.0], [10.0]])
SCHEMA = [
    "embedding", "score", "truth", "metric", "mean", "se", "low", "high",
    "edge_weighted", "degree_balanced", "chance", "n_scored", "n_skipped",
]  # fmt: skip


def path_graph():
    return Graph.from_edges([*"abc"], [*"bcd"])


def made(graph, given, relevant, *, name="X", truths=("hop1",), **changed):
    """Result with one score and one metric, values given by hand."""
    given = np.asarray(given, np.float64)
    m = len(given)
    parts = {
        "name": name, "graph": graph, "queries": np.arange(m), "weights": None,
        "strata": None, "stratum_sizes": None, "scores": ("dot",), "truths": truths,
        "metrics": ("ap",), "values": given.reshape(1, 1, 1, m),
        "n_relevant": np.reshape(relevant, (1, m)),
        "n_candidates": np.full((1, m), graph.n_nodes - 1), "settings": {},
        "seconds": 0.5, "confidence": 0.95, "edges": None,
    }  # fmt: skip
    return ReconstructionResult(**(parts | changed))


@pytest.fixture(scope="module")
def novel():
    """Graph of a novel, two embeddings of it, evaluated in full and in part."""
    graph = load_les_miserables().graph.unweighted()
    values, vectors = np.linalg.eigh(graph.to_scipy(np.float64).toarray())
    order = np.argsort(-np.abs(values))[:8]
    good = vectors[:, order] * np.sqrt(np.abs(values[order]))
    rng = np.random.default_rng(0)
    evaluator = ReconstructionEvaluator(
        hops=(1, 2), scores=("dot", "cosine"), k=(1, 10), edge_ranks=True, n_jobs=1
    )
    return {
        "graph": graph,
        "evaluator": evaluator,
        "vectors": good,
        "good": evaluator.evaluate(graph, good, name="good"),
        "random": evaluator.evaluate(graph, rng.normal(size=good.shape), name="random"),
    }


# -- averages --------------------------------------------------------------------
def test_path_when_evaluated_then_the_values_of_the_sheet():
    evaluator = ReconstructionEvaluator(scores="euclidean", n_jobs=1)
    result = evaluator.evaluate(path_graph(), LINE)
    assert result.per_node() == pytest.approx([1, 1, 5 / 6, 1])
    assert result.mean("hop1").value == pytest.approx(0.958333, abs=1e-6)
    assert result.mean("ball2").value == pytest.approx(1.0)
    assert result.mean("shell2").value == pytest.approx(0.458333, abs=1e-6)
    third = result.mean("shell3")
    assert third.value == pytest.approx(1 / 3)
    assert (third.n_scored, third.n_skipped) == (2, 2)
    assert result.node_ids.tolist() == [*"abcd"]


def test_means_when_averaged_in_three_ways_then_by_hand():
    # a star of three with a path of two and a node alone: degrees 3 1 1 1, 1 1, 0
    graph = Graph.from_edges([*"aaae"], [*"bcdf"], nodes=[*"abcdefg"])
    result = made(graph, [0.8, 0.1, 0.2, 0.3, 1, 0, np.nan], [3, 1, 1, 1, 1, 1, 0])
    macro = result.mean()
    assert macro.value == pytest.approx(2.4 / 6)
    assert (macro.se, macro.low, macro.high) == (0, macro.value, macro.value)
    assert (macro.n_scored, macro.n_skipped) == (6, 1)
    edges = result.mean(average="edge_weighted").value
    assert edges == pytest.approx((3 * 0.8 + 1.6) / 8)
    balanced = result.mean(average="degree_balanced").value
    assert balanced == pytest.approx((0.8 + 1.6 / 5) / 2)
    wide = result.mean(interval="population")
    assert wide.se == pytest.approx(
        np.std([0.8, 0.1, 0.2, 0.3, 1, 0], ddof=1) / 6**0.5, rel=0.1
    )
    with pytest.raises(GraphValueError, match="average"):
        result.mean(average="micro")


def test_names_when_unknown_then_the_error_lists_what_there_is():
    result = made(path_graph(), [1, 1, 1, 1], [1, 2, 2, 1])
    with pytest.raises(GraphValueError, match=r"no truth 'ball9'.*hop1"):
        result.mean("ball9")
    with pytest.raises(GraphValueError, match="no metric 'map'"):
        result.per_node(metric="map")
    with pytest.raises(GraphValueError, match="no score 'cosine'"):
        result.per_node(score="cosine")
    other = made(path_graph(), [1, 1, 1, 1], [1, 1, 1, 1], truths=("shell2",))
    assert other.mean().value == 1  # the first truth where there is no hop1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"values": np.ones((1, 1, 1, 3))}, "values must have the shape"),
        ({"n_relevant": np.ones((2, 4), int)}, "n_relevant must have the shape"),
        ({"strata": np.zeros(4, int)}, "belong together"),
        ({"weights": np.ones(4)}, "without strata"),
    ],
)
def test_result_when_parts_do_not_fit_then_an_error(changed, said):
    with pytest.raises(GraphValueError, match=said):
        made(path_graph(), [1, 1, 1, 1], [1, 2, 2, 1], **changed)


# -- samples ---------------------------------------------------------------------
@pytest.mark.parametrize("stratify", [True, False])
def test_sample_when_drawn_often_then_unbiased_for_the_real_graph(novel, stratify):
    graph, full = novel["graph"], novel["good"]
    degree, exact = graph.degree(), full.mean(score="dot").value
    found = []
    for seed in range(200):
        sample = statistics.sample_queries(degree, 30, stratify, seed)
        part = made(
            graph, np.zeros(30), np.zeros(30, int), queries=sample.rows,
            strata=sample.strata, stratum_sizes=sample.stratum_sizes,
            values=full.values[:1, :1, :1, sample.rows],
            n_relevant=full.n_relevant[:1, sample.rows],
            n_candidates=full.n_candidates[:1, sample.rows],
        )  # fmt: skip
        found.append(part.mean())
    means = np.array([e.value for e in found])
    assert abs(means.mean() - exact) < 4 * means.std() / np.sqrt(200)
    assert np.mean([e.low <= exact <= e.high for e in found]) > 0.88
    assert np.sqrt(np.mean([e.se**2 for e in found])) == pytest.approx(
        means.std(), rel=0.25
    )


def test_evaluator_when_it_samples_then_the_interval_holds_the_exact_mean(novel):
    part = ReconstructionEvaluator(
        hops=(1, 2), scores="dot", n_queries=40, n_jobs=1, confidence=0.999
    ).evaluate(novel["graph"], novel["vectors"])
    assert not part.exact
    assert novel["good"].exact
    for truth in part.truths:
        exact = novel["good"].mean(truth, score="dot").value
        found = part.mean(truth)
        assert found.se > 0
        assert found.low <= exact <= found.high


# -- tables ----------------------------------------------------------------------
def test_rows_when_listed_then_the_schema_and_json(novel):
    result = novel["good"]
    rows = result.rows()
    shape = len(result.scores) * len(result.truths) * len(result.metrics)
    assert len(rows) == shape
    assert all(list(row) == SCHEMA for row in rows)
    record = next(
        r for r in rows
        if (r["score"], r["truth"], r["metric"]) == ("dot", "hop1", "ap")
    )  # fmt: skip
    assert record["mean"] == result.mean().value
    assert record["embedding"] == "good"
    again = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert again["rows"] == rows
    assert again["exact"] is True
    assert again["settings"]["hops"] == [1, 2]
    wide = result.rows(interval="population")
    assert wide[0]["low"] < rows[0]["low"]


def test_rows_when_nothing_is_scored_then_none_and_no_error():
    graph = Graph.from_edges([], [], nodes=[*"abc"])
    result = made(graph, [np.nan] * 3, [0, 0, 0])
    (row,) = result.rows()
    assert row["mean"] is row["se"] is row["chance"] is row["degree_balanced"] is None
    assert row["n_skipped"] == 3
    assert result.by("degree")[0]["mean"] is None
    assert result.worst() == []
    assert "–" in str(result)


def test_chance_when_vectors_are_random_then_near_the_mean(novel):
    rows = [r for r in novel["random"].rows() if r["score"] == "cosine"]
    for row in rows:
        if row["metric"] in {"ap_adjusted", "auc", "ndcg", "r@10", "hits@10", "ap"}:
            assert row["mean"] == pytest.approx(row["chance"], abs=0.12), row
        assert row["chance"] is not None
    adjusted = next(r for r in rows if r["metric"] == "ap_adjusted")
    assert adjusted["chance"] == 0


def test_chance_when_all_scores_tie_then_the_mean_exactly(novel):
    result = novel["evaluator"].evaluate(novel["graph"], np.ones((77, 3)))
    for row in result.rows():
        assert row["mean"] == pytest.approx(row["chance"], rel=1e-9, abs=1e-12), row


def test_frame_and_text_when_made_then_hold_the_rows(novel):
    result = novel["good"]
    pandas = pytest.importorskip("pandas")
    table = result.to_frame()
    assert isinstance(table, pandas.DataFrame)
    assert len(table) == len(result.rows())
    assert list(table.columns) == SCHEMA
    text = str(result)
    assert text == result.table
    assert "good" in text.splitlines()[0]
    assert "shell2_filtered" in text
    assert f"{result.mean().value:.3f}" in text
    assert "queries=77" in repr(result)


# -- breakdowns ------------------------------------------------------------------
def test_by_degree_when_grouped_then_the_means_of_the_groups(novel):
    result, degree = novel["good"], novel["graph"].degree()
    rows = result.by("degree", score="cosine")
    assert [r["value"] for r in rows] == ["1", "2-3", "4-7", "8-15", "16-31", "32-63"]
    for row, (low, high) in zip(
        rows, [(1, 1), (2, 3), (4, 7), (8, 15), (16, 31), (32, 63)], strict=True
    ):
        own = (degree >= low) & (degree <= high)
        assert row["n"] == own.sum()
        assert row["mean"] == pytest.approx(result.per_node(score="cosine")[own].mean())
        chance = result.per_node(metric="ap_chance")[own].mean()
        assert row["chance"] == pytest.approx(chance)
        assert row["group"] == "degree"
    balanced = result.mean(score="cosine", average="degree_balanced").value
    assert balanced == pytest.approx(np.mean([r["mean"] for r in rows]))


def test_by_core_when_grouped_then_those_of_networkx(novel):
    networkx = pytest.importorskip("networkx")
    graph, result = novel["graph"], novel["good"]
    cores = networkx.core_number(graph.to_networkx())
    numbers = np.array([cores[node] for node in graph.nodes])
    rows = {r["value"]: r for r in result.by("core", metric="auc")}
    assert rows["4-7"]["n"] == ((numbers >= 4) & (numbers <= 7)).sum()
    inside = (numbers >= 4) & (numbers <= 7)
    assert rows["4-7"]["mean"] == pytest.approx(
        result.per_node(metric="auc")[inside].mean()
    )


def test_by_label_when_some_are_missing_then_they_are_left_out():
    result = made(path_graph(), [1.0, 0.5, 0.0, 0.5], [1, 2, 2, 1])
    rows = result.by(["x", "y", "y", None])
    assert [(r["value"], r["n"], r["mean"]) for r in rows] == [
        ("y", 2, 0.25), ("x", 1, 1.0),
    ]  # fmt: skip
    rows = result.by(np.array([0, 0, 0, 1]))
    assert [(r["value"], r["n"]) for r in rows] == [(0, 3), (1, 1)]
    with pytest.raises(GraphValueError, match="4 nodes; got 2"):
        result.by(["x", "y"])
    with pytest.raises(GraphValueError, match="'colour'"):
        result.by("colour")


def test_by_group_when_sampled_then_the_error_is_that_of_a_domain():
    graph = Graph.from_edges(np.arange(19), np.arange(1, 20))
    rows = np.array([0, 4, 8, 9])
    values = np.array([0.0, 1.0, 0.5, 0.25])
    result = made(
        graph, values, [1, 2, 2, 2], queries=rows,
        strata=np.zeros(4, int), stratum_sizes=np.array([20]),
    )  # fmt: skip
    (found,) = [r for r in result.by(["u"] * 5 + ["v"] * 15) if r["value"] == "u"]
    residuals = np.array([-0.5, 0.5, 0, 0]) / 2 * 4  # of the ratio, times m
    se = np.sqrt((1 - 4 / 20) * residuals.var(ddof=1) / 4)
    assert found["mean"] == 0.5
    assert found["se"] == pytest.approx(se)


# -- worst -----------------------------------------------------------------------
class Scorer:
    def __init__(self, scores):
        self.scores = np.asarray(scores, np.float32)

    def block(self, rows):
        return self.scores[rows]


def test_worst_when_listed_then_lowest_first_with_neighbours():
    result = made(path_graph(), [0.5, 0.2, 0.2, np.nan], [1, 2, 2, 0])
    rows = result.worst(2, names=["Ann", "Bob", "Cy", "Di"])
    assert [r["node"] for r in rows] == ["b", "c"]
    assert rows[0] == {
        "embedding": "X", "score": "dot", "truth": "hop1", "node": "b", "name": "Bob",
        "degree": 2, "ap": 0.2, "neighbours": ["a", "c"], "nearest": [],
    }  # fmt: skip
    scores = [[9, 1, 2, 3], [4, 9, 1, 5], [0, 0, 9, 0], [0, 0, 0, 9]]
    rows = result.worst(1, scorer=Scorer(scores), n_neighbors=2)
    assert rows[0]["nearest"] == ["d", "a"]
    assert rows[0]["name"] == "b"
    assert len(result.worst(10)) == 3


# -- pairs -----------------------------------------------------------------------
def test_compare_when_paired_then_the_mean_difference(novel):
    good, random = novel["good"], novel["random"]
    found = good.compare(random, "hop1", "ap", "dot")
    difference = good.per_node(score="dot") - random.per_node(score="dot")
    assert found.difference == pytest.approx(difference.mean())
    assert (found.se, found.low, found.high) == (0, found.difference, found.difference)
    assert found.p_value == pytest.approx(1 / 2001)
    assert found.n == 77
    wide = good.compare(random, score="dot", interval="population")
    assert wide.se == pytest.approx(difference.std(ddof=1) / np.sqrt(77))
    assert wide.low > 0
    back = random.compare(good, score="dot")
    assert back.difference == pytest.approx(-found.difference)
    own = good.compare(good, score="dot", other_score="cosine")
    assert own.difference == pytest.approx(
        good.mean(score="dot").value - good.mean(score="cosine").value
    )
    assert good.compare(good).p_value == 1


def test_compare_when_the_queries_differ_then_refused(novel):
    part = ReconstructionEvaluator(
        hops=(1, 2), scores=("dot", "cosine"), k=(1, 10), n_queries=20, n_jobs=1
    ).evaluate(novel["graph"], novel["vectors"])
    with pytest.raises(GraphValueError, match="different queries"):
        novel["good"].compare(part)
    other = made(path_graph(), [1, 1, 1, 1], [1, 2, 2, 1])
    same_size = made(Graph.from_edges([*"aab"], [*"bcd"]), [1, 1, 1, 1], [2, 2, 1, 1])
    with pytest.raises(GraphValueError, match="different queries"):
        other.compare(same_size)
    with pytest.raises(GraphTypeError, match="dict"):
        other.compare({})


# -- relations -------------------------------------------------------------------
def relation_oracle(reference, graph, vectors, typed, metric, ties):
    """Mean over the queries of each relation, by the slow definitions."""
    a = graph.to_scipy().toarray() > 0
    scores = vectors @ vectors.T
    sums = {}
    for query in range(graph.n_nodes):
        for relation in {r for _, _, r in typed}:
            own = {b if a_ == query else a_ for a_, b, r in typed
                   if r == relation and query in (a_, b)}  # fmt: skip
            if not own:
                continue
            rest = {j for j in range(graph.n_nodes) if j != query and not a[query, j]}
            row = reference.per_node_metrics(scores[query], own, own | rest, (1,), ties)
            sums.setdefault(relation, []).append(row[metric])
    return {r: (np.nanmean(v), np.isfinite(v).sum()) for r, v in sums.items()}


@pytest.mark.parametrize("ties", ["expected", "min", "max"])
@pytest.mark.parametrize("metric", ["ap", "ap_adjusted", "ap_chance", "auc"])
def test_by_relation_when_scores_tie_then_the_oracle(reference, metric, ties):
    rng = np.random.default_rng(4)
    vectors = rng.integers(-1, 2, (18, 2)).astype(float)  # many ties
    pairs = [(i, j) for i in range(18) for j in range(i) if rng.random() < 0.3]
    typed = [(i, j, str(rng.choice(["isa", "part", "near"]))) for i, j in pairs]
    typed += [(i, j, "near") for i, j in pairs[:6]]  # some hold two relations
    rows, columns, names = zip(*typed, strict=True)
    graph = Graph.from_codes(
        np.array(rows), np.array(columns), nodes=18, duplicates="first"
    )
    result = ReconstructionEvaluator(
        hops=(1,), scores="dot", edge_ranks=True, ties=ties, n_jobs=1
    ).evaluate(graph, vectors)
    found = result.by(
        "relation", metric=metric, relations=(np.array(rows), np.array(columns), names)
    )
    expected = relation_oracle(reference, graph, vectors, set(typed), metric, ties)
    assert {r["value"] for r in found} == set(expected)
    for row in found:
        mean, n = expected[row["value"]]
        assert row["mean"] == pytest.approx(mean), row
        assert row["n"] == n
        assert row["group"] == "relation"
    assert [r["n_edges"] for r in found] == sorted(
        (r["n_edges"] for r in found), reverse=True
    )


def test_by_relation_when_directed_then_only_the_followed_way_counts():
    graph = Graph.from_edges([0, 0, 2], [1, 2, 0], directed=True)
    relations = (np.array([0, 0, 2]), np.array([1, 2, 0]), ["r", "s", "s"])
    vectors = np.array([[0.0], [1.0], [3.0]])
    for direction, counts in [("out", {"r": 1, "s": 2}), ("in", {"r": 1, "s": 2})]:
        result = ReconstructionEvaluator(
            hops=(1,), scores="euclidean", edge_ranks=True, direction=direction,
            n_jobs=1,
        ).evaluate(graph, vectors)  # fmt: skip
        found = result.by("relation", relations=relations)
        assert {r["value"]: r["n_edges"] for r in found} == counts


def test_by_relation_when_something_is_missing_then_an_error(novel):
    good = novel["good"]
    with pytest.raises(GraphValueError, match="relations="):
        good.by("relation")
    with pytest.raises(GraphValueError, match="of one length"):
        good.by("relation", relations=([0, 1], [1, 2], ["r"]))
    with pytest.raises(GraphValueError, match="row numbers from 0 to 76"):
        good.by("relation", relations=([0, 1], [1, 99], ["r", "r"]))
    with pytest.raises(GraphValueError, match="By relation there are"):
        good.by("relation", metric="mrr", relations=([0], [1], ["r"]))
    bare = made(path_graph(), [1, 1, 1, 1], [1, 2, 2, 1])
    with pytest.raises(GraphValueError, match="edge_ranks=True"):
        bare.by("relation", relations=([0], [1], ["r"]))
    empty = EdgeRanks(*(np.empty(0, int),) * 2, *(np.empty((1, 0)),) * 2, np.empty(0))
    none = made(path_graph(), [1, 1, 1, 1], [1, 2, 2, 1], edges=empty)
    assert none.by("relation", relations=([0], [1], ["r"])) == []


# -- a graph of common knowledge -------------------------------------------------
@pytest.mark.shared
def test_samples_of_a_large_graph_when_drawn_then_they_find_the_exact_mean(shared_data):
    path = shared_data / "restore/cskg_mini/core2k_edges.tsv.gz"
    if not path.exists():
        pytest.skip("the graph is not among the data")
    rows = np.loadtxt(path, str, delimiter="\t", skiprows=1, comments=None)
    graph = Graph.from_edges(rows[:, 0], rows[:, 2], duplicates="first")
    vectors = np.linalg.eigh(graph.to_scipy(np.float64).toarray())[1][:, -32:]
    full = ReconstructionEvaluator(
        hops=(1,), scores="cosine", n_queries=None, n_jobs=1
    ).evaluate(graph, vectors)
    exact = full.mean().value
    assert 0.05 < exact < 0.9
    spread = {}
    for stratify in (True, False):
        found = []
        for seed in range(100):
            sample = statistics.sample_queries(graph.degree(), 200, stratify, seed)
            at = sample.rows
            found.append(
                statistics.mean_estimate(
                    full.per_node()[at], sample.strata, sample.stratum_sizes
                )
            )
        means = np.array([e.value for e in found])
        spread[stratify] = means.std()
        assert abs(means.mean() - exact) < 4 * means.std() / 10
        assert np.mean([e.low <= exact <= e.high for e in found]) > 0.88
    assert spread[True] < 1.1 * spread[False]
    lines = full.by("degree")
    assert sum(line["n"] for line in lines) == graph.n_nodes

"""assess: what it takes, what it gives, and what it does with trouble."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from graphrep import HOPE, AdjacencySVD, FastRP, Graph
from graphrep.datasets import load_karate, load_les_miserables
from graphrep.evaluation import NeighbourhoodScore, ReconstructionEvaluator, assess
from graphrep.evaluation import _assess_parts as parts_module
from graphrep.evaluation._assess_inputs import (
    by_row,
    default_components,
    named_values,
    relation_rows,
    semantic_evaluator,
)
from graphrep.evaluation._assess_parts import PARTS, Part, Task, chosen_parts
from graphrep.evaluation._assess_reconstruction import query_count
from graphrep.evaluation._embeddings import Embedding
from graphrep.exceptions import GraphTypeError, GraphValueError, GraphWarning
from graphrep.io import write_vectors

FEW = {"parts": ["reconstruction"], "baselines": ["random"]}


@pytest.fixture(scope="module")
def karate():
    return load_karate()


@pytest.fixture(scope="module")
def graph(karate):
    return karate.graph


@pytest.fixture(scope="module")
def found(karate):
    return assess(
        karate.graph, {"HOPE": HOPE(8), "FastRP": FastRP(8)}, parts="quick",
        labels=karate.y, graph_name="karate",
    )  # fmt: skip


class Broken(BaseEstimator):
    def fit(self, graph, y=None):
        raise RuntimeError("no luck")


# -- one result ------------------------------------------------------------------------
def test_assess_when_given_estimators_then_agrees_with_the_evaluator(found, graph):
    alone = ReconstructionEvaluator().evaluate(graph, HOPE(8, random_state=0))
    for truth in ("hop1", "shell2", "ball3"):
        for score in ("native", "cosine"):
            mean = alone.mean(truth, "ap", score).value
            assert found.value("HOPE", truth, "ap", score) == pytest.approx(mean)


def test_assess_when_done_then_has_all_keys_and_is_json(found):
    data = json.loads(found.to_json())
    assert data["format"] == "graphrep-assessment"
    assert {
        "title", "created", "graph", "settings", "versions", "embeddings",
        "reconstruction", "edge_curve", "ego", "semantic", "link_prediction",
        "node_classification", "geometry", "hubs", "distance_fidelity", "probes",
        "stability", "divergence", "inversion", "map", "problems",
    } <= set(data)  # fmt: skip
    assert data["graph"] == {
        "name": "karate", "n_nodes": 34, "n_edges": 78, "directed": False,
        "weighted": data["graph"]["weighted"], "n_loops": 0, "n_isolated": 0,
        "n_components": 1, "density": pytest.approx(78 / 561), "degree_min": 1,
        "degree_median": 3.0, "degree_mean": pytest.approx(156 / 34),
        "degree_max": 17,
    }  # fmt: skip
    assert data["problems"] == []


def test_assess_when_baselines_are_on_then_they_come_last_at_the_same_size(found):
    records = found.rows("embeddings")
    assert [r["name"] for r in records] == [
        "HOPE", "FastRP", "random", "degree", "common_neighbors", "adamic_adar",
        "resource_allocation", "adjacency_svd",
    ]  # fmt: skip
    assert [r["baseline"] for r in records] == [False] * 2 + [True] * 6
    sizes = {r["name"]: r["n_components"] for r in records}
    assert (sizes["random"], sizes["adjacency_svd"]) == (8, 8)
    assert all(r["fit_seconds"] is not None for r in records[:4])


def test_assess_when_queries_are_sampled_then_the_same_for_all_embeddings(graph):
    result = assess(graph, [HOPE(8), FastRP(16)], n_queries=12, **FEW)
    queries = [r.queries.tolist() for r in result.results.values()]
    assert len(queries[0]) == 12
    assert queries == [queries[0]] * 3
    assert not result.to_dict()["reconstruction"]["exact"]
    assert "±" in str(result)


def test_assess_when_run_twice_or_on_many_threads_then_gives_the_same(graph):
    runs = [
        assess(graph, [HOPE(8), FastRP(8)], parts="quick", n_jobs=n) for n in (1, 3)
    ]
    first, second = (
        {k: v for k, v in run.to_dict().items() if k not in ("created", "embeddings")}
        for run in runs
    )
    assert first == second


def test_assess_when_nodes_are_numbered_otherwise_then_means_stay(graph):
    vectors = HOPE(8, random_state=0).fit(graph).vectors_
    order = np.random.default_rng(0).permutation(graph.n_nodes)
    renumbered = graph.subgraph(graph.node_ids[order])
    means = [
        [row["mean"] for row in assess(g, {"X": vectors}, **FEW).rows()[:40]]
        for g in (graph, renumbered)
    ]
    assert means[0] == pytest.approx(means[1], abs=1e-6)


def test_assess_when_compared_then_with_best_baseline_and_best_of_all(found):
    rows = [
        r
        for r in found.rows("comparisons")
        if r["truth"] == "hop1" and r["score"] == "native"
    ]
    assert {r["reference"] for r in rows} == {"adjacency_svd"}  # best of all here
    assert {r["embedding"] for r in rows} == set(found.names) - {"adjacency_svd"}
    row = next(r for r in rows if r["embedding"] == "HOPE")
    gap = found.value("HOPE") - found.value("adjacency_svd")
    assert row["difference"] == pytest.approx(gap)
    assert row["low"] < row["difference"] < row["high"]


def test_assess_when_a_reference_is_named_then_all_are_compared_with_it(graph):
    result = assess(graph, [HOPE(8), FastRP(8)], reference="FastRP", **FEW)
    assert {r["reference"] for r in result.rows("comparisons")} == {"FastRP"}
    with pytest.raises(GraphValueError, match="reference must be one of 'HOPE'"):
        assess(graph, [HOPE(8)], reference="nobody", **FEW)


def test_assess_when_labels_are_given_then_breaks_down_and_colours(found, karate):
    groups = {r["group"] for r in found.rows("by")}
    assert groups == {"degree", "core", "label"}
    drawn = found.rows("map")[0]
    assert drawn["label"] == [int(label) for label in karate.y]
    assert len(drawn["x"]) == len(drawn["ap"]) == 34
    assert [m["embedding"] for m in found.rows("map")] == ["HOPE", "FastRP"]


def test_assess_when_relations_are_given_then_breaks_down_and_tells_directions():
    graph = load_les_miserables().graph
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))
    ends = graph.node_ids[rows], graph.node_ids[graph.indices]
    kinds = np.where(ends[0] < ends[1], "up", "down")
    result = assess(
        graph, HOPE(8), relations=(ends[0], kinds, ends[1]), baselines=False,
        parts=["reconstruction", "relations"],
    )  # fmt: skip
    by = [r["value"] for r in result.rows("by") if r["group"] == "relation"]
    assert set(by) == {"up", "down"}
    assert {r["relation"] for r in result.rows("relations")} == {"up", "down"}
    assert all(r["embedding"] == "HOPE" for r in result.rows("relations"))


def test_assess_when_worst_nodes_are_listed_then_by_their_names(karate):
    names = {node: f"member {node}" for node in karate.graph.node_ids.tolist()}
    result = assess(karate.graph, HOPE(8), names=names, **FEW)
    worst = result.rows("worst")
    assert all(r["name"] == f"member {r['node']}" for r in worst)
    assert all(len(r["nearest"]) == 10 for r in worst)
    assert {r["embedding"] for r in worst} == {"HOPE"}


def test_assess_when_semantic_tests_are_given_then_names_are_the_words(tmp_path):
    graph = Graph.from_edges(["n1", "n1", "n2", "n3"], ["n2", "n3", "n4", "n4"])
    (tmp_path / "men.tsv").write_text(
        "word1\tword2\tscore\ncat\tdog\t9\ncar\tbus\t8\ncat\tbus\t1\ndog\tcar\t2\n"
        "cat\tcar\t3\n"
    )
    words = dict(
        zip(["n1", "n2", "n3", "n4"], ["Cat", "dog", "car", "bus"], strict=True)
    )
    x = np.array([[1.0, 0.0], [0.9, 0.1], [0.1, 0.9], [0.0, 1.0]])
    result = assess(
        graph, {"X": x}, semantic=tmp_path, names=words, baselines=False,
        parts=["reconstruction", "semantic"],
    )  # fmt: skip
    row = next(r for r in result.rows("similarity") if r["score"] == "cosine")
    assert (row["test"], row["n_covered"]) == ("men", 5)
    assert row["spearman"] > 0.5
    assert result.rows("distance")[0]["unit_ratio"] > 0
    assert "men rho" in str(result)


# -- what it takes ---------------------------------------------------------------------
def test_assess_when_given_anything_then_reads_it(graph, tmp_path):
    model = HOPE(8, random_state=0).fit(graph)
    write_vectors(model.vectors_, tmp_path / "v.npz")
    x = np.asarray(model.embedding_)
    result = assess(
        graph,
        {
            "array": x, "fitted": model, "class": AdjacencySVD,
            "file": tmp_path / "v.npz", "vectors": model.vectors_,
            "pair": (x, x), "score": NeighbourhoodScore("jaccard"),
            "ids": dict(zip(graph.node_ids.tolist(), x, strict=True)),
        },
        parts=["reconstruction"], baselines=False,
    )  # fmt: skip
    kinds = {r["name"]: r["kind"] for r in result.rows("embeddings")}
    assert kinds == {
        "array": "vectors", "fitted": "estimator", "class": "estimator",
        "file": "file", "vectors": "vectors", "pair": "vectors", "score": "score",
        "ids": "vectors",
    }  # fmt: skip
    same = ["array", "file", "vectors", "pair", "ids"]
    assert len({round(result.value(name), 9) for name in same}) == 1
    sizes = {r["name"]: r["n_components"] for r in result.rows("embeddings")}
    assert sizes["class"] == 16


def test_named_values_when_a_list_repeats_a_class_then_numbers_it():
    assert list(named_values([HOPE(2), HOPE(4), FastRP(2)])) == [
        "HOPE", "HOPE 2", "FastRP",
    ]  # fmt: skip
    assert list(named_values(HOPE())) == ["HOPE"]
    assert list(named_values(np.zeros((3, 2)))) == ["X"]
    assert list(named_values({"a": [0.0, 1.0], "b": [1.0, 0.0]})) == ["X"]
    assert list(named_values((np.zeros((3, 2)), np.zeros((3, 2))))) == ["X"]
    assert list(named_values(["dir/a.npz"])) == ["a.npz"]


@pytest.mark.parametrize("nothing", [{}, [], None])
def test_named_values_when_empty_then_refuses(nothing):
    with pytest.raises(GraphValueError, match="nothing to assess"):
        named_values(nothing)


def test_default_components_when_graph_is_small_then_half_of_it():
    assert [default_components(n) for n in (2, 34, 256, 9999)] == [2, 16, 128, 128]


def test_by_row_when_given_a_mapping_then_none_stands_for_the_absent(graph):
    ids = graph.node_ids.tolist()
    assert by_row(graph, {ids[1]: "b"}, "names")[:3] == [None, "b", None]
    assert by_row(graph, {str(ids[1]): "b"}, "names")[1] == "b"
    with pytest.raises(GraphValueError, match="None of the 1 names"):
        by_row(graph, {"nobody": "b"}, "names")
    with pytest.raises(GraphValueError, match="34 nodes; got 2"):
        by_row(graph, ["a", "b"], "labels")
    with pytest.raises(GraphTypeError, match="labels must be a mapping"):
        by_row(graph, 3, "labels")


def test_relation_rows_when_ends_are_unknown_then_left_out_or_refused():
    graph = Graph.from_edges(["a", "b"], ["b", "c"])
    heads, kinds, tails = relation_rows(graph, (["a", "z"], ["r", "s"], ["b", "a"]))
    assert (heads.tolist(), kinds, tails.tolist()) == ([0], ["r"], [1])
    with pytest.raises(GraphValueError, match="None of the 1 relations"):
        relation_rows(graph, (["x"], ["r"], ["y"]))
    with pytest.raises(GraphValueError, match="of one length"):
        relation_rows(graph, (["a"], [], ["b"]))
    with pytest.raises(GraphTypeError, match="KnowledgeGraph or"):
        relation_rows(graph, "r")


def test_semantic_evaluator_when_a_folder_is_empty_then_refuses(tmp_path):
    assert semantic_evaluator(None, ("cosine",), 0, None) is None
    with pytest.raises(GraphValueError, match="holds no word tests"):
        semantic_evaluator(tmp_path, ("cosine",), 0, None)


@pytest.mark.parametrize(
    ("width", "n_queries", "expected"),
    [(8, "auto", None), (10**11, "auto", 34), (8, None, None), (8, 5, 5)],
)
def test_query_count_when_auto_then_all_while_that_is_cheap(
    graph, width, n_queries, expected
):
    class Wide(Embedding):
        n_components = width

    task = Task(graph, ("native",), (1,))
    assert query_count(n_queries, task, [Wide("X", None)]) == expected
    with pytest.raises(GraphValueError, match="n_queries must be"):
        query_count("many", task, [])


def test_assess_when_progress_is_a_function_then_tells_it(graph):
    heard = []
    assess(graph, HOPE(8), progress=lambda *call: heard.append(call), **FEW)
    assert ("Fitting HOPE", 0, 0) in heard
    assert any(label == "HOPE: reconstruction" for label, _, _ in heard)


# -- trouble ---------------------------------------------------------------------------
def test_assess_when_vectors_hold_nan_then_refuses_before_any_fit(graph):
    class Counted(BaseEstimator):
        def fit(self, graph, y=None):
            raise AssertionError("fitted")

    bad = np.zeros((34, 2))
    bad[3, 1] = np.nan
    with pytest.raises(GraphValueError, match=r"'bad' has NaN .* \(row 3\)"):
        assess(graph, {"model": Counted(), "bad": bad}, **FEW)


def test_assess_when_one_fit_fails_then_the_others_go_on(graph):
    with pytest.warns(GraphWarning, match="fit was left out for 'B': no luck"):
        result = assess(graph, {"B": Broken(), "HOPE": HOPE(8)}, **FEW)
    assert result.names == ["HOPE", "random"]
    assert result.problems == [{"part": "fit", "embedding": "B", "error": "no luck"}]
    with pytest.raises(RuntimeError, match="no luck"):
        assess(graph, Broken(), **FEW)


def test_assess_when_a_part_fails_then_the_rest_is_there(graph, monkeypatch):
    def fail(task, embedding):
        if embedding.name == "HOPE":
            raise ValueError("bad luck")
        return {"geometry": [{"embedding": embedding.name}]}

    def refuse(task, embedding):
        return "Too large."

    monkeypatch.setitem(PARTS, "geometry", Part(fail, "quick"))
    monkeypatch.setitem(PARTS, "edge_curve", Part(refuse, "quick"))
    with pytest.warns(GraphWarning) as caught:
        result = assess(
            graph, HOPE(8), parts=["reconstruction", "geometry", "edge_curve"],
            baselines=["random"],
        )  # fmt: skip
    assert result.rows("geometry") == [{"embedding": "random"}]
    assert result.value("HOPE") > 0
    texts = [str(w.message) for w in caught]
    assert "geometry was left out for 'HOPE': bad luck" in texts
    assert "edge curve was left out for 'HOPE', 'random': Too large." in texts
    assert len(result.problems) == 3
    assert "3 figures were left out" in str(result)


def test_assess_when_there_are_too_many_pairs_then_says_what_does_it(
    graph, monkeypatch
):
    monkeypatch.setattr(parts_module, "_CURVE_UP_TO", 33)
    with pytest.warns(GraphWarning, match="edge curve was left out for 'HOPE', 'rand"):
        result = assess(
            graph, HOPE(8), parts=["reconstruction", "edge_curve"],
            baselines=["random"],
        )  # fmt: skip
    assert result.rows("edge_curve") == []
    assert "EdgeCurveEvaluator" in result.problems[0]["error"]


def test_assess_when_seeds_are_surrounded_then_methods_are_fitted_again(graph):
    result = assess(
        graph, {"HOPE": HOPE(4), "X": np.eye(34)}, hops=(1, 2), baselines=False,
        parts=["reconstruction", "ego"],
    )  # fmt: skip
    rows = result.rows("ego")
    assert {r["embedding"] for r in rows} == {"HOPE"}  # vectors cannot be refitted
    assert {r["hop"] for r in rows} == {1, 2}


def test_chosen_parts_when_arguments_are_absent_then_selections_skip_them(graph):
    task = Task(graph, ("native",), (1,))
    assert "semantic" not in chosen_parts("full", task)
    assert chosen_parts("quick", task)[0] == "reconstruction"
    with pytest.raises(GraphValueError, match="'semantic' needs semantic="):
        chosen_parts(["semantic"], task)
    with pytest.raises(GraphValueError, match="no part 'nix'"):
        chosen_parts("nix", task)


def test_assess_when_a_name_is_that_of_a_baseline_then_the_baseline_steps_aside(graph):
    result = assess(graph, {"random": HOPE(8)}, **FEW)
    assert result.names == ["random", "random (baseline)"]
    with pytest.raises(GraphValueError, match="no baseline 'nix'"):
        assess(graph, HOPE(8), baselines=["nix"], parts=["reconstruction"])


def test_assess_when_the_graph_has_no_edges_then_figures_are_absent():
    graph = Graph.from_edges([], [], nodes=[0, 1, 2])
    with pytest.warns(GraphWarning):
        result = assess(graph, {"X": np.eye(3)}, parts="quick", baselines=False)
    assert np.isnan(result.value("X"))
    assert "–" in str(result)
    assert "X" in result.to_markdown()


def test_map_when_graph_is_large_then_draws_the_same_nodes_every_time(monkeypatch):
    monkeypatch.setattr(parts_module, "_ON_MAP", 10)
    rows = parts_module.map_rows(50, 0)
    assert len(rows) == 10
    assert rows.tolist() == parts_module.map_rows(50, 0).tolist()
    assert parts_module.map_rows(5, 0).tolist() == [0, 1, 2, 3, 4]


def test_assess_when_run_in_full_then_every_part_has_figures(karate):
    result = assess(
        karate.graph, {"HOPE": HOPE(8), "X": FastRP(8, random_state=0).fit_transform(
            karate.graph
        )},
        parts="full", labels=karate.y, baselines=["random", "common_neighbors"],
    )  # fmt: skip
    assert result.problems == []
    given = {"HOPE", "X", "random"}
    for part, names in (
        ("geometry", given), ("hubs", given), ("distance_fidelity", given),
        ("node_classification", given), ("divergence", given), ("probes", given),
        ("inversion", given | {"common_neighbors"}), ("stability", {"HOPE"}),
        ("edge_curve", given | {"common_neighbors"}), ("ego", {"HOPE"}),
    ):  # fmt: skip
        assert {row["embedding"] for row in result.rows(part)} == names, part
    fitted = {row["embedding"] for row in result.rows("link_prediction")}
    assert {"HOPE", "random"} <= fitted
    assert "X" not in fitted
    assert "## Geometry" in result.to_markdown()


def test_by_row_when_a_node_has_several_classes_then_keeps_them():
    graph = Graph.from_edges(["a", "b"], ["b", "c"])
    matrix = np.array([[1, 1], [0, 0], [0, 1]])
    assert by_row(graph, matrix, "labels") == [[0, 1], None, [1]]
    several = by_row(graph, {"a": ["x", "y"], "c": ["x"]}, "labels")
    assert several == [["x", "y"], None, ["x"]]
    vectors = {"X": np.eye(3)}
    result = assess(
        graph, vectors, labels=several, parts=["reconstruction", "map"], baselines=False
    )
    assert result.rows("map")[0]["label"] == ["x, y", None, "x"]

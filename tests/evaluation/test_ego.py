"""Subgraphs around seeds, and embedders that are fitted again on them."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from graphrep import FastRP, Graph
from graphrep.datasets import load_karate, load_les_miserables, make_sbm
from graphrep.embedding import HOPE
from graphrep.evaluation import (
    EgoReconstruction,
    ReconstructionEvaluator,
    SemanticEvaluator,
)
from graphrep.evaluation._ego_graphs import hops_from
from graphrep.exceptions import GraphTypeError, GraphValueError, GraphWarning


@pytest.fixture(scope="module")
def sbm():
    return make_sbm(800, 2400, n_communities=4, mixing=0.2, random_state=0).graph


@pytest.fixture
def karate():
    return load_karate().graph


def hope():
    return HOPE(4, random_state=0)


def test_hops_from_when_there_are_several_seeds_then_is_the_distance_to_the_nearest(
    sbm,
):
    seeds = np.array([3, 100, 417])
    far = nx.multi_source_dijkstra_path_length(sbm.to_networkx(), set(seeds.tolist()))
    expected = [
        far.get(node, -1) if far.get(node, 9) <= 3 else -1 for node in range(800)
    ]
    assert_array_equal(hops_from(sbm, seeds, 3), expected)


@pytest.mark.parametrize("union", [True, False])
def test_subgraphs_when_no_cap_is_reached_then_hold_the_whole_balls(sbm, union):
    ego = EgoReconstruction(n_seeds=3, hops=(1, 2), union=union)
    egos, n_missing = ego.subgraphs(sbm)
    foreign = sbm.to_networkx()
    assert n_missing == 0
    assert len(egos) == (2 if union else 6)
    for found in egos:
        near = set()
        for seed in found.seeds.tolist():
            near |= set(nx.ego_graph(foreign, seed, found.hop))
        induced = foreign.subgraph(near)
        assert set(found.graph.nodes) == near
        assert found.graph.n_edges == induced.number_of_edges()
        assert found.n_within == len(near)
        assert found.density == pytest.approx(nx.density(induced))


def test_subgraphs_when_there_are_too_many_nodes_then_the_nearest_are_kept(sbm):
    seeds = [5, 6]
    full, _ = EgoReconstruction(seeds=seeds, hops=(1, 2, 3)).subgraphs(sbm)
    inner = set(full[0].graph.nodes)
    second = set(full[1].graph.nodes)
    cap = (len(inner) + len(second)) // 2
    draws = []
    for random_state in range(3):
        ego = EgoReconstruction(
            seeds=seeds, hops=(2, 3), max_nodes=cap, random_state=random_state
        )
        for found in ego.subgraphs(sbm)[0]:
            nodes = set(found.graph.nodes)
            assert len(nodes) == cap
            assert inner < nodes < second
            draws.append(frozenset(nodes))
        assert found.n_within == full[2].n_within
    assert len(set(draws)) == 6  # other seeds and other hops draw others


def test_subgraphs_when_the_last_shell_is_cut_then_all_its_nodes_are_as_likely():
    star = Graph.from_edges([0] * 40, list(range(1, 41)))
    counts = np.zeros(41)
    for random_state in range(400):
        ego = EgoReconstruction(
            seeds=[0], hops=(1,), max_nodes=11, random_state=random_state
        )
        counts[list(ego.subgraphs(star)[0][0].graph.nodes)] += 1
    assert counts[0] == 400
    assert np.all(np.abs(counts[1:] - 100) < 45)  # five standard deviations


def test_subgraphs_when_graph_is_directed_then_directions_are_kept_but_not_followed():
    graph = Graph.from_edges([0, 2, 2], [1, 1, 3], directed=True)
    found = EgoReconstruction(seeds=[0], hops=(2,)).subgraphs(graph)[0][0]
    assert set(found.graph.nodes) == {0, 1, 2}
    assert found.graph.directed
    assert found.graph.n_edges == 2


def test_evaluate_when_union_then_equals_fit_and_rank_by_hand(sbm):
    ego = EgoReconstruction(n_seeds=4, hops=(1, 2), max_nodes=150)
    result = ego.evaluate(sbm, hope(), name="HOPE")
    rows = {(r["hop"], r["score"], r["metric"]): r for r in result.rows()}
    for found in ego.subgraphs(sbm)[0]:
        fitted = clone(hope()).fit(found.graph)
        by_hand = ReconstructionEvaluator(hops=(1,)).evaluate(found.graph, fitted)
        for score in ("native", "cosine"):
            row = rows[found.hop, score, "ap"]
            expected = by_hand.mean("hop1", "ap", score)
            assert row["mean"] == pytest.approx(expected.value, abs=1e-12)
            assert row["chance"] == pytest.approx(by_hand.chance("hop1", "ap"))
            assert row["n_nodes"] == found.graph.n_nodes
            assert row["n_edges"] == found.graph.n_edges
            assert row["density"] == found.density
            assert row["n_subgraphs"] == 1
            assert row["n_seeds"] == 4
    assert len(rows) == 2 * 2 * len(by_hand.metrics)


def test_evaluate_when_a_subgraph_a_seed_then_means_are_over_seeds(sbm):
    ego = EgoReconstruction(n_seeds=6, hops=(2,), union=False, scores=("native",))
    result = ego.evaluate(sbm, hope())
    values = [run.result.mean("hop1", "ap", "native").value for run in result.runs]
    row = next(row for row in result.rows() if row["metric"] == "ap")
    assert row["mean"] == pytest.approx(np.mean(values))
    assert row["se"] == pytest.approx(np.std(values, ddof=1) / np.sqrt(6))
    assert row["low"] < row["mean"] < row["high"]
    sizes = [run.ego.graph.n_nodes for run in result.runs]
    assert row["n_nodes"] == pytest.approx(np.mean(sizes))
    assert row["n_scored"] == row["n_subgraphs"] == 6


def test_evaluate_when_run_again_then_is_the_same_for_every_embedder(karate):
    ego = EgoReconstruction(n_seeds=3, hops=(1, 2))
    first, again = (ego.evaluate(karate, hope()) for _ in range(2))
    assert [row["mean"] for row in first.rows()] == [
        row["mean"] for row in again.rows()
    ]
    other = ego.evaluate(karate, FastRP(8, random_state=0))
    assert [run.ego.rows.tolist() for run in other.runs] == [
        run.ego.rows.tolist() for run in first.runs
    ]


def test_evaluate_when_estimator_is_fitted_then_it_stays_as_it_is(karate):
    fitted = hope().fit(karate)
    before = fitted.embedding_.copy()
    EgoReconstruction(n_seeds=2, hops=(1,)).evaluate(karate, fitted)
    assert_array_equal(fitted.embedding_, before)


def test_evaluate_when_some_seeds_cannot_be_used_then_they_are_counted(karate):
    with_dust = Graph.from_edges(
        *karate.edges()[:2], nodes=[*range(karate.n_nodes), 50, 51]
    )
    ego = EgoReconstruction(seeds=[0, 1, 50], hops=(1,), union=False)
    result = ego.evaluate(with_dust, hope())
    row = result.rows()[0]
    assert (row["n_subgraphs"], row["n_failed"], row["n_seeds"]) == (2, 1, 3)
    assert "no edges" in result.runs[2].problem
    missing = EgoReconstruction(seeds=[0, "nobody", 0], hops=(1,))
    with pytest.warns(GraphWarning, match="1 of 2 seeds"):
        assert missing.evaluate(karate, hope()).n_missing == 1


def test_evaluate_when_nothing_can_be_reconstructed_then_says_why(karate):
    lonely = Graph.from_edges([0], [1], nodes=[0, 1, 2])
    with pytest.raises(GraphValueError, match="fewer than three nodes"):
        EgoReconstruction(seeds=[0], hops=(1,)).evaluate(lonely, hope())
    with pytest.raises(GraphValueError, match="no edges"):
        EgoReconstruction().evaluate(Graph.from_edges([], [], nodes=[1, 2, 3]), hope())
    with pytest.raises(GraphTypeError, match="fits an embedder again"):
        EgoReconstruction().evaluate(karate, np.ones((34, 2)))


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"hops": ()}, "hops"),
        ({"hops": (0, 1)}, "hops"),
        ({"hops": (1, 1)}, "differ"),
        ({"n_seeds": 0}, "n_seeds"),
        ({"max_nodes": 2}, "max_nodes"),
        ({"seeds": []}, "empty"),
        ({"seeds": ["x"]}, "None of the 1 seeds"),
    ],
)
def test_evaluate_when_a_parameter_is_wrong_then_names_it(parameters, word, karate):
    with pytest.raises(GraphValueError, match=word):
        EgoReconstruction(**parameters).evaluate(karate, hope())


def test_evaluate_when_there_are_semantic_tests_then_gives_distances_by_hop():
    graph = load_les_miserables().graph
    hub = graph.node_ids[np.argmax(graph.degree())]
    near = graph.neighbors(hub)
    pairs = (near[:9], near[9:18], list(range(9)))
    semantic = SemanticEvaluator({"mine": pairs}, n_random=200)
    ego = EgoReconstruction(seeds=[hub], hops=(1, 2), semantic=semantic)
    result = ego.evaluate(graph, hope(), name="HOPE")
    rows = result.semantic_rows()["distance"]
    assert [row["hop"] for row in rows] == [1, 2]
    for row, run in zip(rows, result.runs, strict=True):
        by_hand = semantic.evaluate(run.ego.graph, clone(hope()).fit(run.ego.graph))
        assert row["raw"] == pytest.approx(by_hand.rows("distance")[0]["raw"])
        assert row["n_nodes"] == run.ego.graph.n_nodes
    assert result.to_dict()["semantic"]["similarity"][0]["test"] == "mine"


def test_result_when_shown_then_sizes_stand_beside_the_figures(karate):
    result = EgoReconstruction(n_seeds=2, hops=(1, 2)).evaluate(karate, hope())
    for word in ("n_nodes", "density", "chance", "HOPE", "ap_adjusted"):
        assert word in str(result)
    assert len(result.to_frame()) == len(result.rows())
    assert result.semantic_rows() == {}
    with pytest.raises(GraphValueError, match="hop must"):
        result.mean(3)
    assert_allclose(result.mean(2).value, result.runs[1].result.mean("hop1").value)

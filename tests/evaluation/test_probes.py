"""Probes: properties against networkx, ridge against scikit-learn, and what is seen."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from graphrep import Graph
from graphrep.datasets import load_karate
from graphrep.embedding import AdjacencySVD, RandomVectors
from graphrep.evaluation import NeighbourhoodScore, ProbeEvaluator
from graphrep.evaluation._node_properties import (
    PROPERTIES,
    betweenness,
    node_properties,
    pagerank,
    triangles,
)
from graphrep.evaluation._probes import _ridge, _solved
from graphrep.exceptions import GraphValueError


def of_networkx(peer) -> Graph:
    return Graph(nx.to_scipy_sparse_array(peer, weight=None).astype(float))


@pytest.fixture(scope="module")
def grown() -> Graph:
    hubs = nx.barabasi_albert_graph(300, 2, seed=2)
    return of_networkx(nx.compose(hubs, nx.gnm_random_graph(300, 600, seed=3)))


@pytest.mark.parametrize("peer", [nx.karate_club_graph(), nx.path_graph(5)])
def test_properties_when_undirected_then_as_networkx(peer):
    graph = of_networkx(peer)
    found = node_properties(graph, n_sources=graph.n_nodes)
    expected = {
        "degree": [d for _, d in peer.degree()],
        "pagerank": np.array(
            list(nx.pagerank(peer, weight=None, tol=1e-10, max_iter=999).values())
        )
        * len(peer),
        "core_number": list(nx.core_number(peer).values()),
        "triangles": list(nx.triangles(peer).values()),
        "betweenness": list(nx.betweenness_centrality(peer, normalized=False).values()),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(np.expm1(found[name]), values, rtol=1e-6, atol=1e-9)
    clustering = list(nx.clustering(peer).values())
    np.testing.assert_allclose(found["clustering"], clustering, atol=1e-12)


def test_pagerank_when_directed_with_dead_ends_then_as_networkx():
    peer = nx.gnp_random_graph(50, 0.04, seed=3, directed=True)
    matrix = nx.to_scipy_sparse_array(peer, weight=None).astype(float)
    expected = list(nx.pagerank(peer, tol=1e-11, max_iter=500).values())
    np.testing.assert_allclose(pagerank(Graph(matrix)), expected, atol=1e-8)


def test_betweenness_when_sampled_then_near_and_same_for_any_threads(grown):
    full = betweenness(grown, 300)
    some = betweenness(grown, 150, seed=1, n_jobs=1)
    np.testing.assert_array_equal(some, betweenness(grown, 150, seed=1, n_jobs=2))
    assert np.corrcoef(full, some)[0, 1] > 0.97


def test_triangles_when_there_are_no_edges_then_zero():
    graph = Graph(np.zeros((3, 3)))
    assert triangles(graph).tolist() == [0, 0, 0]


def test_solved_when_penalty_is_chosen_then_best_by_generalised_cv():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 12))
    y = x[:, :1] + rng.normal(size=(60, 1))
    x -= x.mean(0)
    y -= y.mean(0)
    weights = _solved(x.T @ x, x.T @ y, (y**2).sum(0), 60)

    def gcv(penalty):
        hat = x @ np.linalg.solve(x.T @ x + penalty * np.eye(12), x.T)
        return ((y - hat @ y) ** 2).sum() / (1 - (1 + np.trace(hat)) / 60) ** 2

    grid = np.logspace(-6, 3, 28) * np.linalg.eigvalsh(x.T @ x).mean()
    best = grid[np.argmin([gcv(p) for p in grid])]
    expected = np.linalg.solve(x.T @ x + best * np.eye(12), x.T @ y)
    np.testing.assert_allclose(weights, expected, rtol=1e-7)


def test_ridge_when_targets_are_linear_then_as_least_squares_of_each_fold():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(90, 5)) * [1, 10, 0.1, 3, 1e-3] + 7
    y = x @ rng.normal(size=(5, 2)) + 2
    folds = np.array_split(rng.permutation(90), 3)
    found = _ridge(x, y, folds)
    for rows in folds:
        train = np.setdiff1d(np.arange(90), rows)
        model = LinearRegression().fit(x[train], y[train])
        np.testing.assert_allclose(found[rows], model.predict(x[rows]), atol=1e-3)


def test_evaluate_when_property_is_in_the_vectors_then_found_and_noise_is_not(grown):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(300, 6))
    noise[:, 0] = node_properties(grown, ["degree"])["degree"]
    rows = ProbeEvaluator(methods=("ridge", "knn")).evaluate(grown, noise).rows()
    found = {(row["method"], row["property"]): row for row in rows}
    assert len(found) == 2 * len(PROPERTIES)
    degree = found["ridge", "degree"]
    assert degree["r2"] > 0.999
    assert degree["spearman"] > 0.97
    assert degree["r2_random"] < 0.1
    assert found["ridge", "clustering"]["r2"] < 0.6
    assert found["knn", "degree"]["r2"] > found["knn", "degree"]["r2_random"] + 0.1


def test_evaluate_when_vectors_are_random_then_about_zero(grown):
    for row in (
        ProbeEvaluator().evaluate(grown, RandomVectors(16, random_state=5)).rows()
    ):
        assert -0.2 < row["r2"] < 0.1


def test_evaluate_when_rows_are_permuted_or_threads_change_then_same(grown):
    vectors = AdjacencySVD(8).fit_transform(grown)
    order = np.random.default_rng(0).permutation(300)
    matrix = grown.to_scipy().toarray()[np.ix_(order, order)]
    other = Graph(matrix, nodes=order)
    both = ("ridge", "knn")
    first = ProbeEvaluator(methods=both, n_jobs=1).evaluate(grown, vectors).rows()
    again = ProbeEvaluator(methods=both, n_jobs=2).evaluate(grown, vectors).rows()
    assert first == again
    moved = ProbeEvaluator(methods=both).evaluate(other, vectors[order]).rows()
    for a, b in zip(first, moved, strict=True):
        for key in ("r2", "r2_sd", "spearman", "r2_random", "spearman_random"):
            assert a[key] == pytest.approx(b[key], abs=1e-6)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_evaluate_when_vectors_are_tiny_or_huge_then_scale_plays_no_role(grown, scale):
    vectors = AdjacencySVD(4).fit_transform(grown).astype(np.float64)
    vectors[:, 0] *= 1e-20  # columns may differ, too
    evaluator = ProbeEvaluator(("degree",), reference=False)
    (row,) = evaluator.evaluate(grown, vectors).rows()
    (other,) = evaluator.evaluate(grown, vectors * scale).rows()
    assert other["r2"] == pytest.approx(row["r2"], abs=1e-6)
    assert row["r2"] > 0.3


def test_evaluate_when_vectors_know_nothing_then_rank_correlation_is_not_negative():
    graph = load_karate().graph
    evaluator = ProbeEvaluator()
    for row in evaluator.evaluate(graph, np.zeros((34, 2))).rows():
        assert row["spearman"] is None
        assert row["r2"] <= 0
    found = [
        row["spearman"]
        for seed in range(30)
        for row in ProbeEvaluator(("degree", "clustering"), random_state=seed)
        .evaluate(graph, RandomVectors(2, random_state=seed))
        .rows()
    ]
    assert abs(np.mean(found)) < 0.1


def test_evaluate_when_property_is_constant_then_none():
    graph = of_networkx(nx.cycle_graph(40))
    vectors = np.random.default_rng(0).normal(size=(40, 3))
    vectors[:, 1] = 5  # a column that never varies
    (row,) = ProbeEvaluator(("triangles",)).evaluate(graph, vectors).rows()
    assert (row["r2"], row["r2_sd"], row["spearman"]) == (None, None, None)


def test_evaluate_when_settings_are_wrong_then_error_says_what():
    graph = load_karate().graph
    vectors = np.eye(34)
    with pytest.raises(GraphValueError, match="no property 'height'"):
        ProbeEvaluator(("height",)).evaluate(graph, vectors)
    with pytest.raises(GraphValueError, match="methods must be"):
        ProbeEvaluator(methods="forest").evaluate(graph, vectors)
    with pytest.raises(GraphValueError, match="n_folds=18 cannot divide"):
        ProbeEvaluator(n_folds=18).evaluate(graph, vectors)
    with pytest.raises(GraphValueError, match="no vectors to probe"):
        ProbeEvaluator().evaluate(graph, NeighbourhoodScore())

"""DistanceFidelityEvaluator against scikit-learn and scipy."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path
from scipy.spatial.distance import cdist
from scipy.stats import kendalltau, spearmanr
from sklearn.manifold import trustworthiness

import graphrep as gr
from graphrep import Graph
from graphrep.evaluation import DistanceFidelityEvaluator
from graphrep.exceptions import GraphValueError

PATH = Graph.from_edges(range(39), range(1, 40))


def _row(graph, x, score="euclidean", **parameters):
    evaluator = DistanceFidelityEvaluator((score,), **parameters)
    return evaluator.evaluate(graph, x).rows()[0]


def test_correlations_when_all_sources_then_near_scipy_over_all_pairs():
    graph = gr.datasets.load_karate().graph
    x = np.random.default_rng(0).standard_normal((34, 3))
    hops, gaps = shortest_path(graph.to_scipy(), unweighted=True), cdist(x, x)
    pairs = ~np.eye(34, dtype=bool)
    got = _row(graph, x, n_pairs=60_000)
    assert got["spearman"] == pytest.approx(
        spearmanr(hops[pairs], gaps[pairs]).statistic, abs=0.02
    )
    assert got["kendall"] == pytest.approx(
        kendalltau(hops[pairs], gaps[pairs]).statistic, abs=0.02
    )
    scale = (hops * gaps).sum() / (gaps**2).sum()
    expected = np.sqrt(((hops - scale * gaps) ** 2).sum() / (hops**2).sum())
    assert got["stress"] == pytest.approx(expected, abs=0.01)


def test_neighbourhoods_when_hops_do_not_tie_then_as_scikit_learn():
    # on a directed path, hops from a node are 1, 2, 3, …: no ties
    n = 40
    ring = Graph.from_edges(range(n), [*range(1, n), 0], directed=True)
    x = np.random.default_rng(1).standard_normal((n, 3))
    hops = (np.arange(n)[None] - np.arange(n)[:, None]) % n
    got = _row(ring, x, k=5)
    gaps = cdist(x, x)
    assert got["trustworthiness"] == pytest.approx(_trust(hops, gaps, 5))
    assert got["continuity"] == pytest.approx(_trust(gaps, hops, 5))


def _trust(truth, guess, k):
    """Trustworthiness of neighbourhoods of ``guess`` by ranks of ``truth``."""
    n, loss = len(truth), 0.0
    for i in range(n):
        rank = np.argsort(np.argsort(np.delete(truth[i], i))) + 1
        chosen = np.argsort(np.delete(guess[i], i))[:k]
        loss += np.maximum(rank[chosen] - k, 0).sum()
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * loss


def test_the_definition_when_distances_are_euclidean_then_as_scikit_learn():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((40, 5)), rng.standard_normal((40, 2))
    assert _trust(cdist(x, x), cdist(y, y), 6) == pytest.approx(
        trustworthiness(x, y, n_neighbors=6)
    )


def test_fidelity_when_laid_out_well_or_at_random_then_told_apart():
    grid = nx.convert_node_labels_to_integers(
        nx.grid_2d_graph(12, 12), label_attribute="at"
    )
    places = np.array([grid.nodes[i]["at"] for i in range(144)], float)
    graph = Graph(nx.to_scipy_sparse_array(grid))
    good, bad = (
        _row(graph, places),
        _row(graph, np.random.default_rng(0).random((144, 2))),
    )
    for key in ("spearman", "trustworthiness", "continuity", "knn_jaccard"):
        assert good[key] > bad[key] + 0.1
    assert good["stress"] < bad["stress"]


def test_pairs_when_apart_then_left_out_and_counted():
    two = Graph.from_codes(
        np.array([0, 1, 3, 4]), np.array([1, 2, 4, 5]), nodes=range(6)
    )
    got = _row(two, np.arange(6.0)[:, None], n_pairs=600)
    assert got["n_apart"] > 0
    assert got["n_apart"] + got["n_pairs"] < 600  # a node with itself is no pair
    assert got["trustworthiness"] is None  # three nodes have no neighbourhood of ten


def test_vectors_when_constant_then_no_correlation():
    got = _row(PATH, np.ones((40, 2)), "cosine")
    assert (got["spearman"], got["kendall"], got["stress"]) == (None, None, None)


def test_sources_when_sampled_then_reproducible():
    x = np.random.default_rng(0).standard_normal((40, 2))
    assert _row(PATH, x, n_sources=7) == _row(PATH, x, n_sources=7)
    assert _row(PATH, x, n_sources=7)["n_sources"] == 7


def test_graph_when_too_small_then_said():
    with pytest.raises(GraphValueError, match="at least 3 nodes"):
        _row(Graph.from_edges([0], [1]), np.ones((2, 2)))

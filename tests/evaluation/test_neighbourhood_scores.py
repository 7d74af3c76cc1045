"""Neighbourhood scores against networkx and against dense products."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import networkx as nx
import numpy as np
import pytest
from sklearn.base import clone

from graphrep import Graph
from graphrep.datasets import load_karate
from graphrep.evaluation._neighbourhood_scores import (
    BASELINE_KINDS,
    KINDS,
    NeighbourhoodScore,
    baseline_embeddings,
)
from graphrep.exceptions import GraphValueError

OF_NETWORKX = {
    "adamic_adar": nx.adamic_adar_index,
    "resource_allocation": nx.resource_allocation_index,
    "jaccard": nx.jaccard_coefficient,
    "preferential_attachment": nx.preferential_attachment,
}


def karate() -> Graph:
    return load_karate().graph.unweighted()


def random_directed(n: int = 40, seed: int = 3) -> Graph:
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.random((n, n)) < 0.2, 1) | np.tril(rng.random((n, n)) < 0.1)
    return Graph(matrix.astype(float), directed=True)


def off_diagonal(n: int) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.divmod(np.arange(n * n), n)
    keep = rows != columns
    return rows[keep], columns[keep]


@pytest.mark.parametrize("kind", sorted(OF_NETWORKX))
def test_scores_when_undirected_then_as_networkx(kind):
    graph = karate()
    rows, columns = off_diagonal(graph.n_nodes)
    peer = nx.from_scipy_sparse_array(graph.to_scipy())
    pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))
    expected = [p for _, _, p in OF_NETWORKX[kind](peer, pairs)]
    score = NeighbourhoodScore(kind).fit(graph)
    np.testing.assert_allclose(score.pairs(rows, columns), expected, rtol=1e-6)


def test_common_neighbors_when_undirected_then_entries_of_the_square():
    graph = karate()
    block = NeighbourhoodScore().fit(graph).block(np.arange(graph.n_nodes))
    square = (graph.to_scipy() @ graph.to_scipy()).toarray()
    np.testing.assert_array_equal(block, square)


@pytest.mark.parametrize("kind", KINDS)
def test_block_when_directed_then_same_as_pairs_and_as_dense_product(kind):
    graph = random_directed()
    n = graph.n_nodes
    a = graph.remove_self_loops().to_scipy().toarray() > 0
    degree = a.sum(0) + a.sum(1)
    shared = a.astype(float) @ a
    union = a.sum(1)[:, None] + a.sum(0)[None, :] - shared
    expected = {
        "common_neighbors": shared,
        "adamic_adar": a @ np.diag(1 / np.log(np.maximum(degree, 2))) @ a,
        "resource_allocation": a @ np.diag(1 / np.maximum(degree, 2)) @ a,
        "jaccard": np.divide(shared, union, out=np.zeros((n, n)), where=union > 0),
        "preferential_attachment": np.outer(a.sum(1), a.sum(0)),
    }[kind]
    score = NeighbourhoodScore(kind).fit(graph)
    assert not score.symmetric
    block = score.block(np.arange(n))
    assert block.dtype == np.float32
    rows, columns = off_diagonal(n)
    np.testing.assert_allclose(
        block[rows, columns], expected[rows, columns], rtol=1e-6, atol=1e-7
    )
    np.testing.assert_array_equal(score.pairs(rows, columns), block[rows, columns])


@pytest.mark.parametrize("kind", KINDS)
def test_block_when_nodes_are_renumbered_then_same_bits(kind):
    graph = Graph(nx.to_scipy_sparse_array(nx.gnm_random_graph(80, 400, seed=1)))
    order = np.random.default_rng(0).permutation(graph.n_nodes)
    other = Graph(graph.to_scipy().toarray()[np.ix_(order, order)])
    block = NeighbourhoodScore(kind).fit(graph).block(np.arange(80))
    moved = NeighbourhoodScore(kind).fit(other).block(np.arange(80))
    np.testing.assert_array_equal(block[np.ix_(order, order)], moved)


def test_block_when_called_from_threads_then_same_bits():
    score = NeighbourhoodScore("adamic_adar").fit(karate())
    parts = [np.arange(k, 34, 4) for k in range(4)]
    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(score.block, parts * 5))
    for part, block in zip(parts * 5, blocks, strict=True):
        np.testing.assert_array_equal(block, score.block(part))


def test_fit_when_graph_has_loops_and_weights_then_they_play_no_role():
    plain = karate()
    rows, columns, _ = plain.edges()
    weights = np.arange(1.0, len(rows) + 1)
    loaded = Graph.from_codes(rows, columns, weights, nodes=plain.nodes)
    loaded = loaded.add_self_loops()
    for kind in KINDS:
        np.testing.assert_array_equal(
            NeighbourhoodScore(kind).fit(plain).block([0, 33]),
            NeighbourhoodScore(kind).fit(loaded).block([0, 33]),
        )


def test_score_when_kind_is_unknown_or_unfitted_then_error_says_so():
    with pytest.raises(GraphValueError, match="kind must be one of"):
        NeighbourhoodScore("katz").fit(karate())
    with pytest.raises(GraphValueError, match="has not read a graph"):
        NeighbourhoodScore().block([0])


def test_baseline_embeddings_when_undirected_then_every_row_is_there():
    graph = karate()
    baselines = baseline_embeddings(graph, 8, random_state=0)
    assert set(baselines) == {"random", "degree", *BASELINE_KINDS, "adjacency_svd"}
    assert all(e.baseline and e.name == name for name, e in baselines.items())
    assert baselines["adjacency_svd"].source.shape == (34, 8)
    assert baselines["adamic_adar"].own(np.array([1])).shape == (1, 34)
    again = baseline_embeddings(graph, 8, random_state=0)
    np.testing.assert_array_equal(baselines["random"].source, again["random"].source)


def test_baseline_embeddings_when_directed_and_odd_then_rank_is_even():
    baselines = baseline_embeddings(random_directed(), 7)
    assert baselines["adjacency_svd"].source.shape[1] == 6


def test_score_when_cloned_or_set_then_kind_is_kept_and_fit_forgotten():
    score = NeighbourhoodScore("jaccard").fit(karate())
    assert repr(clone(score)) == "NeighbourhoodScore('jaccard')"
    assert score.set_params(kind="adamic_adar").name == "adamic_adar"
    with pytest.raises(GraphValueError, match="has not read a graph"):
        score.block([0])
    with pytest.raises(GraphValueError, match="no other parameter"):
        score.set_params(beta=1)

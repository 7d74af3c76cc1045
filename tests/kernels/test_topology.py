"""Triangles and betweenness against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from graphrep.kernels._topology import add_betweenness, count_triangles, forward_rows

GRAPHS = [
    nx.karate_club_graph(),
    nx.gnp_random_graph(60, 0.2, seed=1),
    nx.star_graph(8),
    nx.complete_graph(7),
    nx.disjoint_union(nx.cycle_graph(5), nx.empty_graph(3)),
]


def arrays(graph):
    matrix = nx.to_scipy_sparse_array(graph, weight=None, format="csr")
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("seed", [None, 0])
def test_count_triangles_when_any_order_then_as_networkx(graph, seed):
    indptr, indices = arrays(graph)
    n = len(indptr) - 1
    place = np.arange(n)
    if seed is not None:
        place = np.random.default_rng(seed).permutation(n)
    pointers, rows = np.empty(n + 1, np.int64), np.empty(len(indices) // 2, np.int32)
    forward_rows(indptr, indices, place, pointers, rows)
    counts = np.zeros(n, np.int64)
    count_triangles(pointers, rows, np.full(n, -1), counts)
    assert counts[place].tolist() == list(nx.triangles(graph).values())


@pytest.mark.parametrize("graph", GRAPHS)
def test_add_betweenness_when_all_are_sources_then_as_networkx(graph):
    indptr, indices = arrays(graph)
    n = len(indptr) - 1
    out = np.zeros(n)
    add_betweenness(
        indptr, indices, np.arange(n), np.empty(n, np.int32), np.empty(n, np.int64),
        np.empty(n), np.empty(n), out,
    )  # fmt: skip
    expected = nx.betweenness_centrality(graph, normalized=False)
    np.testing.assert_allclose(out / 2, list(expected.values()), atol=1e-9)

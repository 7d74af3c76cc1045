"""Triangles, cliques and weights of edges and nodes, against plain Python."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from graphrep import Graph
from graphrep.hypergraph import maximal_cliques
from graphrep.kernels import _edge_statistics as kernels


@pytest.fixture(params=range(4))
def graph(request):
    rng = np.random.default_rng(request.param)
    a = np.triu(rng.integers(1, 5, (30, 30)) * (rng.random((30, 30)) < 0.3), 1)
    return Graph((a + a.T).astype(float))


def _entries(graph):
    """Pairs of nodes of all entries, and the weight of each pair."""
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr)).tolist()
    pairs = list(zip(rows, graph.indices.tolist(), strict=True))
    return pairs, dict(zip(pairs, graph.weights.tolist(), strict=True))


def test_entry_when_looked_for_then_its_place_or_none(graph):
    pairs, _ = _entries(graph)
    for u in range(30):
        for v in range(30):
            place = pairs.index((u, v)) if (u, v) in pairs else -1
            assert kernels.entry_of(graph.indptr, graph.indices, u, v) == place


def test_common_neighbours_when_counted_then_those_of_sets(graph):
    pairs, weight = _entries(graph)
    near = {u: {v for a, v in pairs if a == u} for u in range(30)}
    counts, adamic, together = (np.empty(len(pairs)) for _ in range(3))
    kernels.common_neighbours(
        graph.indptr, graph.indices, graph.weights, counts, adamic, together
    )
    for e, (u, v) in enumerate(pairs):
        both = near[u] & near[v]
        assert counts[e] == len(both)
        assert adamic[e] == pytest.approx(sum(1 / np.log(len(near[z])) for z in both))
        assert together[e] == sum(min(weight[u, z], weight[v, z]) for z in both)


def _cliques_of_edges(graph, cliques):
    count, smallest, largest = np.zeros((3, len(graph.indices)), np.int64)
    kernels.cliques_of_edges(
        graph.indptr, graph.indices, cliques.indptr, cliques.indices,
        count, smallest, largest,
    )  # fmt: skip
    return count, smallest, largest


def test_cliques_of_edges_when_counted_then_those_that_hold_both_ends(graph):
    pairs, _ = _entries(graph)
    cliques = maximal_cliques(graph)
    sizes = {pair: [] for pair in pairs}
    for clique in cliques:
        for u, v in combinations(clique, 2):
            sizes[u, v].append(len(clique))
            sizes[v, u].append(len(clique))
    count, smallest, largest = _cliques_of_edges(graph, cliques)
    assert count.tolist() == [len(sizes[p]) for p in pairs]
    assert smallest.tolist() == [min(sizes[p]) for p in pairs]
    assert largest.tolist() == [max(sizes[p]) for p in pairs]


@pytest.mark.parametrize("hub", [0, 300_000])
def test_edges_when_a_hub_has_many_then_not_its_row_for_each(hub):
    n = 300_001
    outer = np.setdiff1d(np.arange(n), [hub])
    graph = Graph.from_codes(np.full(n - 1, hub), outer, nodes=n)
    count, smallest, _ = _cliques_of_edges(graph, maximal_cliques(graph))
    assert np.all(count == 1)
    assert np.all(smallest == 2)
    ones = np.ones(len(graph.indices))
    counts, adamic, together = np.ones((3, len(ones)))
    kernels.common_neighbours(
        graph.indptr, graph.indices, ones, counts, adamic, together
    )
    assert not np.any(counts + adamic + together)


def test_nodes_when_looked_at_then_clustering_degrees_and_weights(graph):
    networkx = pytest.importorskip("networkx")
    pairs, _ = _entries(graph)
    counts, adamic, together = (np.empty(len(pairs)) for _ in range(3))
    rows = (graph.indptr, graph.indices)
    kernels.common_neighbours(*rows, graph.weights, counts, adamic, together)
    clustering, nearby, strength = (np.empty(30) for _ in range(3))
    kernels.node_statistics(*rows, counts, graph.weights, clustering, nearby, strength)
    theirs = graph.to_networkx()
    assert clustering == pytest.approx([*networkx.clustering(theirs).values()])
    mean = networkx.average_neighbor_degree(theirs)
    assert nearby == pytest.approx([*mean.values()])
    assert strength == pytest.approx(graph.degree(weighted=True))

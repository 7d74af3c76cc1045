"""Cliques of k nodes and common parts of sets, against itertools and Python sets."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from graphrep import Graph, Hypergraph
from graphrep.hypergraph import maximal_cliques
from graphrep.kernels import _clique_tools as kernels
from graphrep.kernels._core_numbers import peel


def _random(n, density, seed):
    rng = np.random.default_rng(seed)
    a = np.triu(rng.random((n, n)) < density, 1)
    return Graph((a | a.T).astype(float))


def _later(graph):
    cores, order = peel(graph.indptr, graph.indices)
    place = np.empty(graph.n_nodes, np.int64)
    place[order] = np.arange(graph.n_nodes)
    pointers = np.empty(graph.n_nodes + 1, np.int64)
    rows = np.empty(len(graph.indices) // 2, graph.indices.dtype)
    kernels.later_rows(graph.indptr, graph.indices, place, pointers, rows)
    return pointers, rows, int(cores.max(initial=0))


def _k_cliques(graph, k, room=100_000, first=1 << 40):
    pointers, rows, most = _later(graph)
    out = np.full((room, k), -1, np.int32)
    n = kernels.k_cliques(pointers, rows, k, out, first, most)
    return n, out[:n]


def _expected(graph, k):
    """All sets of k nodes of which each two are joined."""
    near = [set(graph.neighbors(v)) for v in range(graph.n_nodes)]
    found = [(v,) for v in range(graph.n_nodes)]
    for _ in range(k - 1):
        found = [
            (*c, v)
            for c in found
            for v in sorted(set.intersection(*(near[u] for u in c)))
            if v > c[-1]
        ]
    return found


# -- cliques of k nodes ----------------------------------------------------------
@pytest.mark.parametrize("k", [2, 3, 4, 5, 6])
@pytest.mark.parametrize(("n", "density"), [(40, 0.3), (25, 0.7), (9, 0), (1, 0)])
def test_k_cliques_when_the_graph_is_random_then_all_once(n, density, k):
    graph = _random(n, density, k)
    n_found, found = _k_cliques(graph, k)
    assert n_found == len(found)
    assert sorted(tuple(sorted(c)) for c in found.tolist()) == _expected(graph, k)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_k_cliques_when_sets_take_several_words_then_all_once(k):
    rng = np.random.default_rng(1)
    a = np.triu(rng.random((140, 140)) < 0.02, 1)  # and all edges between two halves
    a[:70, 70:] = True
    graph = Graph((a | a.T).astype(float))
    assert _later(graph)[2] > 64
    n_found, found = _k_cliques(graph, k)
    assert n_found == len(found) == len(_expected(graph, k))
    assert len(np.unique(np.sort(found, axis=1), axis=0)) == n_found


@pytest.mark.parametrize("k", [2, 3, 4])
def test_k_cliques_when_there_is_little_room_then_the_first_and_their_number(k):
    graph = _random(40, 0.5, 2)
    n_all, everything = _k_cliques(graph, k)
    for room in (0, 1, 7, n_all - 1):
        n_found, found = _k_cliques(graph, k, room=room)
        assert n_found == n_all
        assert np.array_equal(found, everything[:room])
    for first in (1, 5, n_all - 1, n_all, n_all + 1):
        assert _k_cliques(graph, k, first=first)[0] == min(first, n_all)


def test_later_rows_when_made_then_each_edge_stands_once():
    graph = _random(30, 0.3, 3)
    pointers, rows, most = _later(graph)
    assert pointers[-1] == graph.n_edges
    assert np.diff(pointers).max() == most
    sources = np.repeat(np.arange(30), np.diff(pointers)).tolist()
    edges = {frozenset(e) for e in zip(sources, rows.tolist(), strict=True)}
    assert edges == {frozenset(e) for e in _expected(graph, 2)}


# -- common parts ----------------------------------------------------------------
def _sets(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 60))
    rows = [rng.choice(12, rng.integers(1, 7), replace=False) for _ in range(n)]
    return Hypergraph([r.tolist() for r in rows], range(12))


def _parts(sets, listed=()):
    """Find the distinct common parts of two nodes or more."""
    rows = [set(s) for s in sets]
    parts = [tuple(sorted(a & b)) for a, b in combinations(rows, 2)]
    wanted = [p for p in parts if len(p) >= 2 and len(p) not in listed]
    return sorted(set(wanted))


def _flags(listed):
    flags = np.zeros(max(listed, default=0) + 1, bool)
    flags[list(listed)] = True
    return flags


def _distinct(sets, listed=(), most=100_000):
    pointers, members = kernels.distinct_intersections(
        sets.indptr, sets.indices, *sets.transpose(), _flags(listed), most
    )
    return [tuple(members[i:j].tolist()) for i, j in pairwise(pointers)]


@pytest.mark.parametrize("listed", [(), (2,), (3, 4)])
@pytest.mark.parametrize("seed", range(8))
def test_intersections_when_distinct_then_those_of_all_pairs(seed, listed):
    sets = _sets(seed)
    found = _distinct(sets, listed)
    assert sorted(found) == _parts(sets, listed)


def test_intersections_when_of_maximal_cliques_then_those_of_all_pairs():
    cliques = maximal_cliques(_random(60, 0.4, 5))
    assert sorted(_distinct(cliques)) == _parts(cliques)


@pytest.mark.parametrize("most", [1, 3, 40, 120])
def test_intersections_when_too_many_then_a_share_that_does_not_depend_on_order(most):
    cliques = maximal_cliques(_random(60, 0.4, 6))
    everything = _distinct(cliques)
    found = _distinct(cliques, most=most)
    assert len(everything) > 200
    assert most / 5 <= len(found) + 1 <= most + 1
    assert set(found) < set(everything)
    turned = cliques.take(np.arange(len(cliques))[::-1])
    assert set(_distinct(turned, most=most)) == set(found)

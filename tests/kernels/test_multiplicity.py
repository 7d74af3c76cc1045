"""Kernels of weighted clique projections beside naive twins."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from graphrep.kernels import _multiplicity as kernels
from graphrep.kernels._marioh_features import N_FEATURES, clique_features


def _graph(seed, n=14, p=0.5):
    """Random weighted graph: networkx twin and the arrays of the kernels."""
    rng = np.random.default_rng(seed)
    twin = nx.gnp_random_graph(n, p, seed=seed)
    for u, v in twin.edges:
        twin[u][v]["weight"] = int(rng.integers(1, 6))
    matrix = nx.to_scipy_sparse_array(twin, nodelist=range(n), format="csr")
    matrix.sort_indices()
    indptr, indices = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    edges = np.empty(len(indices), np.int64)
    source, target = np.empty((2, len(indices) // 2), np.int64)
    kernels.number_edges(indptr, indices, edges, source, target)
    weights = np.array(
        [twin[u][v]["weight"] for u, v in zip(source, target, strict=True)], np.int64
    )
    return twin, (indptr, indices, edges), source, target, weights


def _shared(twin, u, v):
    common = set(twin[u]) & set(twin[v])
    return sum(min(twin[u][z]["weight"], twin[v][z]["weight"]) for z in common)


def _csr(rows):
    sizes = [len(r) for r in rows]
    members = np.array([v for r in rows for v in sorted(r)], np.int32)
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), members


@pytest.mark.parametrize("seed", range(3))
def test_number_edges_when_random_then_both_entries_agree(seed):
    _, (indptr, indices, edges), source, target, _ = _graph(seed)
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    assert np.array_equal(np.bincount(edges), np.full(len(source), 2))
    assert np.array_equal(source[edges], np.minimum(rows, indices))
    assert np.array_equal(target[edges], np.maximum(rows, indices))


@pytest.mark.parametrize("seed", range(5))
def test_shared_weight_when_random_then_as_by_definition(seed):
    twin, structure, source, target, weights = _graph(seed, p=0.2 + 0.15 * seed)
    out = np.zeros(len(weights), np.int64)
    kernels.shared_weight(*structure, weights, out)
    wanted = [_shared(twin, u, v) for u, v in zip(source, target, strict=True)]
    assert out.tolist() == wanted


@pytest.mark.parametrize("seed", range(4))
def test_consume_when_cliques_compete_then_as_one_after_another(seed):
    twin, structure, source, target, weights = _graph(seed, p=0.7)
    rng = np.random.default_rng(seed)
    cliques = [c for c in nx.enumerate_all_cliques(twin) if len(c) > 1] * 3
    order = rng.permutation(len(cliques))[:200]
    left = dict(zip(zip(source, target, strict=True), weights.tolist(), strict=True))
    wanted, gone = [], 0
    for c in order:
        pairs = list(combinations(sorted(cliques[c]), 2))
        if all(left[p] > 0 for p in pairs):
            wanted.append(c)
            for p in pairs:
                left[p] -= 1
                gone += left[p] == 0
    taken = np.zeros(len(cliques), np.bool_)
    ended = kernels.consume(order, *_csr(cliques), structure, weights, taken)
    assert ended == gone
    assert sorted(wanted) == np.flatnonzero(taken).tolist()
    assert weights.tolist() == list(left.values())


def test_consume_when_a_pair_is_no_edge_then_it_does_not_fit():
    _, structure, source, target, weights = _graph(0, p=0.5)
    joined = set(zip(source.tolist(), target.tolist(), strict=True))
    pair = next(p for p in combinations(range(14), 2) if p not in joined)
    taken = np.zeros(1, np.bool_)
    before = weights.copy()
    kernels.consume(np.array([0]), *_csr([pair]), structure, weights, taken)
    assert not taken[0]
    assert np.array_equal(weights, before)


def test_edge_use_when_cliques_overlap_then_counts_add_up():
    twin, structure, source, target, weights = _graph(1, p=0.7)
    cliques = [sorted(c) for c in nx.find_cliques(twin) if len(c) > 1]
    use = np.zeros(len(weights), np.int64)
    kernels.edge_use(np.arange(len(cliques)), *_csr(cliques), structure, use)
    wanted = [
        sum({u, v} <= set(c) for c in cliques)
        for u, v in zip(source.tolist(), target.tolist(), strict=True)
    ]
    assert use.tolist() == wanted


def test_living_graph_when_edges_are_gone_then_rows_are_renumbered():
    _, structure, source, target, weights = _graph(2, p=0.3)
    weights[::2] = 0
    weights[(source < 3) | (target < 3)] = 0
    n = len(structure[0]) - 1
    nodes, indptr = np.empty(n, np.int64), np.empty(n + 1, np.int64)
    indices = np.empty(len(structure[1]), np.int32)
    rows, entries = kernels.living_graph(*structure, weights, nodes, indptr, indices)
    found = {
        (int(nodes[i]), int(nodes[j]))
        for i in range(rows)
        for j in indices[indptr[i] : indptr[i + 1]]
        if i < j
    }
    alive = weights > 0
    wanted = set(zip(source[alive].tolist(), target[alive].tolist(), strict=True))
    assert found == wanted
    assert entries == 2 * alive.sum()
    assert set(nodes[:rows].tolist()) == {v for e in wanted for v in e}


def test_random_subsets_when_drawn_often_then_each_is_as_likely():
    indptr, members = _csr([(3, 5, 8, 9, 11), (1, 2)])
    n = 20_000
    parents = np.zeros(n, np.int64)
    keys = np.arange(n).astype(np.uint64)
    pointers = np.arange(0, 3 * n + 1, 3)
    out = np.empty(3 * n, np.int32)
    kernels.random_subsets(parents, keys, indptr, members, pointers, out)
    drawn = out.reshape(-1, 3)
    assert np.all(drawn[:, 1:] > drawn[:, :-1])
    subsets, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(subsets) == 10
    assert np.all(np.abs(counts - n / 10) < 5 * np.sqrt(n / 10))


def _five(values):
    if not len(values):
        return [0.0] * 5
    return [sum(values), min(values), np.mean(values), max(values), np.std(values)]


def _naive_features(twin, clique):
    edges = [p for p in combinations(clique, 2) if twin.has_edge(*p)]
    weights = [twin[u][v]["weight"] for u, v in edges]
    strength = [twin.degree(v, weight="weight") for v in clique]
    shared = [_shared(twin, u, v) for u, v in edges]
    shares = [s / w for s, w in zip(shared, weights, strict=True)]
    out = sum(strength) - 2 * sum(weights)
    inside = 1 - out / sum(strength) if sum(strength) else 1.0
    return [
        len(clique), *_five(weights), *_five(strength), *_five(shared), *_five(shares),
        -1.0, inside,
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_clique_features_when_random_then_as_by_definition(seed):
    twin, structure, _, _, weights = _graph(seed, p=0.6)
    twin.add_node(14)
    structure = (np.append(structure[0], structure[0][-1]), *structure[1:])
    cliques = [c for c in nx.enumerate_all_cliques(twin) if len(c) > 1]
    rng = np.random.default_rng(seed)
    sets = [rng.choice(15, size, replace=False).tolist() for size in (1, 2, 4, 7)]
    shared = np.zeros(len(weights), np.int64)
    kernels.shared_weight(*structure, weights, shared)
    strength = np.array([twin.degree(v, weight="weight") for v in range(15)])
    rows = cliques + sets
    out = np.full((len(rows), N_FEATURES), -1.0)
    clique_features(*_csr(rows), structure, weights, shared, strength, out)
    wanted = np.array([_naive_features(twin, c) for c in rows])
    np.testing.assert_allclose(out, wanted, rtol=1e-12, atol=1e-12)

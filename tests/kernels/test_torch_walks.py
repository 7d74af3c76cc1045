"""Walks on a device: those of the numba kernel, and the right distribution."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import sparse, stats

from graphrep import Graph
from graphrep.embedding._walk_tables import walk_graph, walk_rule
from graphrep.kernels import _walks as numba_walks

torch = pytest.importorskip("torch")

SEED = 7
RULES = [(1, 1), (0.25, 0.25), (4, 0.5), (1, 0.01), (1e-9, 1e9), (1e9, 1e-9)]


def make_graph(*, weighted, directed, n=40, density=0.15):
    rng = np.random.default_rng(0)
    a = (rng.random((n, n)) < density).astype(float)
    if weighted:
        a *= rng.random((n, n))
    np.fill_diagonal(a, 0)
    return Graph(sparse.csr_array(a if directed else np.maximum(a, a.T)))


def walks_of(place, graph, p, q, *, rounds, length, starts=None, extended=False):
    from graphrep.kernels.torch import _walks

    rule = walk_rule(p, q, extended=extended)
    tables = walk_graph(graph, extended=extended)
    starts = np.arange(graph.n_nodes) if starts is None else starts
    number = torch.arange(rounds, device=place).repeat_interleave(len(starts))
    tensors = torch.as_tensor(np.tile(starts, rounds), device=place)
    keys = _walks.walk_keys(SEED, number, tensors)
    moved = _walks.to_device(tables, rule, place)
    return _walks.walks(moved, rule, tensors, keys, length).cpu().numpy(), tables, rule


def numba_walks_of(tables, rule, *, rounds, length, n):
    starts = np.tile(np.arange(n), rounds)
    keys = np.empty(len(starts), np.uint64)
    numbers = np.repeat(np.arange(rounds), n)
    numba_walks.walk_keys(np.uint64(SEED), numbers, starts, keys)
    out = np.empty((len(starts), length), np.int32)
    lengths = np.empty(len(starts), np.int64)
    numba_walks.walks(tables, rule, starts, keys, length, out, lengths)
    return out


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(("p", "q"), RULES)
def test_walks_when_drawn_by_torch_then_those_of_numba(place, weighted, directed, p, q):
    graph = make_graph(weighted=weighted, directed=directed)
    got, tables, rule = walks_of(place, graph, p, q, rounds=5, length=12)
    n = graph.n_nodes
    assert np.array_equal(got, numba_walks_of(tables, rule, rounds=5, length=12, n=n))


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("q", [0.1, 2.0])
def test_walks_when_node2vec_plus_then_those_of_numba(place, directed, q):
    graph = make_graph(weighted=True, directed=directed)
    got, tables, rule = walks_of(
        place, graph, 0.5, q, rounds=5, length=12, extended=True
    )
    wanted = numba_walks_of(tables, rule, rounds=5, length=12, n=graph.n_nodes)
    assert np.array_equal(got, wanted)


def exact_triples(a, p, q):
    """Chance of each third node given the first two, by the definition."""
    n = len(a)
    chance = np.zeros((n, n, n))
    for t, v in itertools.product(range(n), repeat=2):
        if a[t, v]:
            bias = np.where(a[t] > 0, 1.0, 1 / q)
            bias[t] = 1 / p
            mass = a[v] * bias
            chance[t, v] = mass / mass.sum()
    return chance


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("p", "q"), [(1, 1), (0.25, 4), (1e-3, 0.5)])
def test_walks_when_counted_then_distribution_as_enumerated(place, weighted, p, q):
    a = np.zeros((6, 6))
    for i, j in [(0, 1), (0, 2), (1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (3, 5)]:
        a[i, j] = a[j, i] = 1.0 + weighted * (i + 2 * j)
    walks, *_ = walks_of(place, Graph(sparse.csr_array(a)), p, q, rounds=4000, length=3)
    chance = exact_triples(a, p, q)
    first = a / a.sum(axis=1, keepdims=True)
    expected = 4000 * first[:, :, None] * chance
    counts = np.zeros((6, 6, 6))
    np.add.at(counts, tuple(walks.T), 1)
    assert not counts[expected == 0].any()
    common = expected > 5
    value = ((counts - expected)[common] ** 2 / expected[common]).sum()
    assert stats.chi2.sf(value, int(common.sum()) - 6) > 1e-4


def test_walks_when_rows_looked_at_in_parts_then_the_same(place, monkeypatch):
    from graphrep.kernels.torch import _walks

    graph = make_graph(weighted=True, directed=False)
    options = {"rounds": 3, "length": 10}
    monkeypatch.setattr(_walks, "_GRACE", 0)  # nearly every step looks at the row
    wanted, *_ = walks_of(place, graph, 0.01, 100, **options)
    monkeypatch.setattr(_walks, "_ENTRIES_AT_ONCE", 50)
    got, *_ = walks_of(place, graph, 0.01, 100, **options)
    assert np.array_equal(got, wanted)


def test_walks_when_sinks_reached_then_end_with_minus_one(place):
    a = np.zeros((4, 4))
    a[0, 1] = a[1, 2] = 1
    graph = Graph(sparse.csr_array(a), directed=True)
    walks, *_ = walks_of(place, graph, 2, 1, rounds=1, length=5)
    assert walks.tolist() == [
        [0, 1, 2, -1, -1], [1, 2, -1, -1, -1], [2, -1, -1, -1, -1], [3, -1, -1, -1, -1]
    ]  # fmt: skip


def test_start_order_when_drawn_then_permutation_of_its_round(place):
    from graphrep.kernels.torch._walks import start_order

    nodes = torch.arange(3, 103, device=place)
    orders = [start_order(1, r, nodes) for r in (0, 0, 1)]
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])
    assert torch.equal(orders[0].sort().values, nodes)

"""Edges of sets, consumption, and the sampler against all subsets."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from graphrep import Graph, Hypergraph
from graphrep.hypergraph._explanation import cover_of, edge_numbers
from graphrep.kernels import _explanations as kernels


@pytest.fixture(scope="module")
def graph():
    rng = np.random.default_rng(0)
    a = np.triu((rng.random((12, 12)) < 0.5) * rng.integers(1, 4, (12, 12)), 1)
    return Graph((a + a.T).astype(float))


def test_edge_numbers_when_random_then_mirror_images_share_one(graph):
    number, first = edge_numbers(graph)
    rows = np.repeat(np.arange(12), np.diff(graph.indptr))
    names = {}
    for e, (u, v) in enumerate(zip(rows.tolist(), graph.indices.tolist(), strict=True)):
        assert names.setdefault(frozenset((u, v)), number[e]) == number[e]
        assert {rows[first[number[e]]], graph.indices[first[number[e]]]} == {u, v}
    assert sorted(names.values()) == list(range(graph.n_edges))


def test_edges_of_sets_when_sets_are_any_then_each_pair_or_minus_one(graph):
    number, first = edge_numbers(graph)
    ends = np.repeat(np.arange(12), np.diff(graph.indptr))[first]
    names = {
        (u, v): k
        for k, (u, v) in enumerate(
            zip(ends.tolist(), graph.indices[first].tolist(), strict=True)
        )
    }
    sets = Hypergraph([[0, 1, 2, 3], [5], [], [4, 9, 11], [2, 7]], 12)
    pointers = kernels.pair_pointers(sets.indptr)
    assert np.diff(pointers).tolist() == [6, 0, 0, 3, 1]
    out = np.full(pointers[-1], -9)
    kernels.edges_of_sets(
        graph.indptr, graph.indices, sets.indptr, sets.indices, number, out
    )
    expected = [names.get(p, -1) for s in sets for p in combinations(sorted(s), 2)]
    assert out.tolist() == expected
    assert -1 in expected


def test_cover_of_when_weights_are_counts_then_amounts(graph):
    sets = (np.array([0, 2]), np.array([0, graph.indices[0]], np.int32))
    cover = cover_of(graph, sets, True)
    assert cover.amount.sum() == graph.weights.sum() / 2
    assert cover.amount[cover.edges[0]] == graph.weights[0]
    assert set(cover_of(graph, sets, False).amount.tolist()) == {1}


@pytest.mark.parametrize("seed", range(5))
def test_consume_when_in_order_then_taken_while_edges_last(seed):
    rng = np.random.default_rng(seed)
    rows = [rng.choice(8, k, replace=False) for k in rng.integers(0, 4, 30)]
    pointers = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    left = rng.integers(0, 5, 8)
    order = rng.permutation(np.repeat(np.arange(30), 2))
    expected, counts = left.copy(), np.zeros(30, np.int64)
    for c in order:
        if len(rows[c]) and expected[rows[c]].min() >= 1:
            expected[rows[c]] -= 1
            counts[c] += 1
    taken = np.zeros(30, np.int64)
    kernels.consume(order, pointers, np.concatenate(rows), left, taken)
    np.testing.assert_array_equal(left, expected)
    np.testing.assert_array_equal(taken, counts)


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("price", [0.0, 0.7, 2.0])
def test_sampler_when_tiny_then_chances_as_by_all_subsets(counted, price):
    rows = [(0, 1, 2), (0,), (1, 3), (2, 3), (1,), ()]
    A = np.zeros((len(rows), 4), np.int64)
    for c, row in enumerate(rows):
        A[c, list(row)] = 1
    scores = np.array([-1.0, 0.4, -0.3, 0.2, -2.0, 0.5])
    amount = np.array([1, 2, 1, 2]) if counted else np.ones(4, np.int64)
    states = np.array(list(product((0, 1), repeat=len(rows))))
    left = amount - states @ A
    unexplained = np.abs(left) if counted else left > 0
    density = np.exp(states @ scores - price * unexplained.sum(axis=1))
    expected = density @ states / density.sum()
    pointers = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    edges = np.array([e for row in rows for e in row])
    taken, residual = np.zeros(len(rows), np.int8), amount.copy()
    found = kernels.sample_explanations(
        pointers,
        edges,
        residual,
        scores,
        price,
        counted,
        40_000,
        100,
        3,
        taken,
    )
    np.testing.assert_allclose(found, expected, atol=0.012)
    np.testing.assert_array_equal(residual, amount - taken @ A)
    if price == 0.0:
        np.testing.assert_allclose(found, 1 / (1 + np.exp(-scores)))


def test_sampler_when_seed_is_the_same_then_the_same_chances():
    args = (
        np.array([0, 1, 2, 4]), np.array([0, 1, 0, 1]), np.ones(2, np.int64),
        np.zeros(3), 1.0, False, 20, 5,
    )  # fmt: skip

    def run(seed):
        copied = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        return kernels.sample_explanations(*copied, seed, np.zeros(3, np.int8))

    np.testing.assert_array_equal(run(1), run(1))
    assert (run(1) != run(2)).any()
    assert kernels.sample_explanations(
        np.zeros(1, np.int64),
        *args[1:3],
        np.zeros(0),
        *args[4:],
        0,
        np.zeros(0, np.int8),
    ).shape == (0,)

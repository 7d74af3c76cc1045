"""Walks: every transition against exhaustive enumeration, and the edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from graphrep.embedding._walk_tables import walk_graph, walk_rule
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.kernels import _walks as kernels
from graphrep.kernels._jit import njit

_CHANCE = 1e-6
"""Least p-value that is not taken for a fault; seeds are fixed."""


def make(directed=False, weighted=False, loops=False, n=6):
    """A graph of six nodes with triangles, a tail and, if wanted, loops."""
    edges = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (0, 4)]
    if directed:
        edges += [(2, 0), (3, 1), (4, 3), (5, 4), (5, 0), (4, 2)]
    if loops:
        edges += [(1, 1), (4, 4)]
    source, target = np.array(edges).T
    weight = 0.25 + (np.arange(len(edges)) * 7 % 5) ** 2 if weighted else None
    return Graph.from_codes(source, target, weight, nodes=n, directed=directed)


def run(graph, p=1.0, q=1.0, *, extended=False, n=20000, length=12, seed=5):
    starts = np.arange(n, dtype=np.int64) % graph.n_nodes
    rounds = np.arange(n, dtype=np.int64) // graph.n_nodes
    keys = np.empty(n, np.uint64)
    kernels.walk_keys(seed, rounds, starts, keys)
    out, lengths = np.empty((n, length), np.int32), np.empty(n, np.int64)
    tables = walk_graph(graph, extended=extended)
    rule = walk_rule(p, q, extended=extended)
    kernels.walks(tables, rule, starts, keys, length, out, lengths)
    return out, lengths


def bias(A, t, v, x, p, q, extended):
    """The definition, on a dense matrix of weights (0: no edge)."""
    if x == t:
        return 1 / p
    if not extended:
        return 1.0 if A[t, x] else 1 / q
    mean = [row[row > 0].mean() if (row > 0).any() else 0.0 for row in A]
    if A[t, x] > 0 and A[t, x] >= mean[x]:
        return 1.0
    if A[v, x] < mean[v]:
        return min(1.0, 1 / q)
    tight = A[t, x] / mean[x] if A[t, x] else 0.0
    return 1 / q + (1 - 1 / q) * tight


def transitions(graph, p, q, extended=False):
    """Probability of each x after each (t, v)."""
    A = graph.to_scipy().toarray().astype(np.float64)
    found = {}
    for t, v in zip(*np.nonzero(A), strict=True):
        mass = np.array(
            [A[v, x] and A[v, x] * bias(A, t, v, x, p, q, extended)
             for x in range(len(A))]
        )  # fmt: skip
        if mass.sum():
            found[t, v] = mass / mass.sum()
    return found


def assert_fits(counts, probability):
    """Chi-square test; what is too rare for it must be rare in the counts too."""
    assert not counts[probability == 0].any()
    expected = counts.sum() * probability
    common = expected >= 5
    rest_seen, rest = counts[~common].sum(), expected[~common].sum()
    assert rest_seen <= rest + 6 * np.sqrt(rest) + 6
    if common.sum() > 1:
        seen = counts[common].astype(float)
        wanted = expected[common] * seen.sum() / expected[common].sum()
        assert stats.chisquare(seen, wanted).pvalue > _CHANCE


def assert_steps_fit(walks, expected):
    t, v, x = walks[:, :-2].ravel(), walks[:, 1:-1].ravel(), walks[:, 2:].ravel()
    tested = 0
    for (a, b), probability in expected.items():
        counts = np.bincount(
            x[(t == a) & (v == b) & (x >= 0)], minlength=len(probability)
        )
        if counts.sum():
            assert_fits(counts, probability)
            tested += 1
    assert tested > 0.6 * len(expected)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(
    ("p", "q"),
    [(1, 1), (0.25, 0.25), (0.25, 4), (4, 0.5), (4, 4), (0.01, 1), (1e-6, 1e6),
     (1e9, 1e9), (1e9, 1)],
)  # fmt: skip
def test_walks_when_all_transitions_are_enumerated_then_frequencies_fit(
    directed, weighted, p, q
):
    graph = make(directed, weighted, loops=True)
    walks, _ = run(graph, p, q)
    assert_steps_fit(walks, transitions(graph, p, q))


@pytest.mark.parametrize("weighted", [False, True])
def test_walks_when_first_step_is_counted_then_it_goes_by_weight(weighted):
    graph = make(directed=True, weighted=weighted, loops=True)
    A = graph.to_scipy().toarray().astype(float)
    walks, _ = run(graph, 0.1, 7, length=2, n=30000)
    for v in range(graph.n_nodes):
        counts = np.bincount(walks[walks[:, 0] == v, 1], minlength=graph.n_nodes)
        assert_fits(counts, A[v] / A[v].sum())


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(("p", "q"), [(1, 4), (0.25, 0.25), (0.1, 30), (3, 0.2)])
def test_walks_when_extended_then_frequencies_fit_node2vec_plus(directed, p, q):
    graph = make(directed, weighted=True, loops=True)
    walks, _ = run(graph, p, q, extended=True)
    expected = transitions(graph, p, q, extended=True)
    assert_steps_fit(walks, expected)
    plain = transitions(graph, p, q)
    assert any(not np.allclose(plain[e], expected[e]) for e in expected)


@pytest.mark.parametrize("weight", [None, 2.5, 0.1])
@pytest.mark.parametrize("q", [0.3, 4])
def test_walks_when_weights_are_equal_then_node2vec_plus_is_node2vec(weight, q):
    graph = make()
    if weight is not None:
        graph = Graph.from_csr(
            graph.indptr, graph.indices, np.full(len(graph.indices), weight)
        )
    plain, _ = run(graph, 0.5, q, n=500)
    extended, _ = run(graph, 0.5, q, n=500, extended=True)
    np.testing.assert_array_equal(plain, extended)


def test_walks_when_a_hub_is_left_for_good_then_steps_stay_cheap_and_uniform():
    n = 20_000
    leaves = np.arange(1, n + 1)
    graph = Graph.from_codes(np.zeros(n, np.int64), leaves, nodes=n + 1)
    tables, rule = walk_graph(graph), walk_rule(1e6, 1e6)
    starts = np.ones(2000, np.int64)
    keys = np.empty(2000, np.uint64)
    kernels.walk_keys(3, np.arange(2000), starts, keys)
    out, lengths = np.empty((2000, 3), np.int32), np.empty(2000, np.int64)
    kernels.walks(tables, rule, starts, keys, 3, out, lengths)
    third = out[:, 2]  # all leaves weigh 1e-6 alike, the way back too
    assert (third > 0).all()
    counts, _ = np.histogram(third, bins=20, range=(1, n))
    assert_fits(counts, np.full(20, 0.05))


def test_walks_when_a_hub_has_one_tiny_p_then_the_walk_goes_back_and_forth():
    n = 50_000
    graph = Graph.from_codes(np.zeros(n, np.int64), np.arange(1, n + 1), nodes=n + 1)
    tables, rule = walk_graph(graph), walk_rule(1e-12, 1.0)
    out = np.empty(40, np.int32)
    kernels.walk(tables, rule, 7, np.uint64(11), out)
    np.testing.assert_array_equal(out, [7, 0] * 20)


def test_walks_when_return_has_all_but_no_probability_then_a_dead_end_turns_back():
    graph = Graph.from_edges([0, 1], [1, 2])
    out = np.empty(5, np.int32)
    for key in range(50):
        n = kernels.walk(walk_graph(graph), walk_rule(1e30, 1), 0, np.uint64(key), out)
        assert n == 5
        assert out.tolist() == [0, 1, 2, 1, 0]


def test_walks_when_there_is_no_way_on_then_they_end():
    graph = Graph.from_codes(
        np.array([0, 1, 3]), np.array([1, 2, 3]), nodes=5, directed=True
    )
    walks, lengths = run(graph, 0.5, 2, n=5, length=4)
    assert lengths.tolist() == [3, 2, 1, 4, 1]
    assert walks.tolist() == [
        [0, 1, 2, -1], [1, 2, -1, -1], [2, -1, -1, -1], [3, 3, 3, 3], [4, -1, -1, -1],
    ]  # fmt: skip


def test_walks_when_length_is_one_then_only_the_start():
    walks, lengths = run(make(), 0.5, 2, n=6, length=1)
    assert walks.ravel().tolist() == list(range(6))
    assert lengths.tolist() == [1] * 6


def test_walks_when_weights_are_extreme_then_tables_hold():
    weights = np.array([1e300, 1e300, 1e-300, 3e-300, 5e-324])
    source, target = np.array([0, 0, 1, 1, 2]), np.array([1, 2, 0, 2, 0])
    graph = Graph.from_codes(source, target, weights, nodes=3, directed=True)
    walks, _ = run(graph, n=6000, length=3)
    assert_steps_fit(walks, transitions(graph, 1, 1))
    run(graph, 0.5, 2, extended=True, n=60)


def test_walk_keys_when_threads_or_order_differ_then_walks_do_not():
    import numba

    graph = make(weighted=True)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one, _ = run(graph, 0.25, 4, n=3000)
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        two, _ = run(graph, 0.25, 4, n=3000)
    finally:
        numba.set_num_threads(before)
    np.testing.assert_array_equal(one, two)
    assert len({tuple(row) for row in one[one[:, 0] == 0]}) > 50


@njit
def _positions(values, wanted, out):
    for i in range(wanted.shape[0]):
        out[i] = kernels._find(values, 1, values.shape[0] - 1, wanted[i])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 33])
def test_find_when_any_value_is_asked_for_then_its_position_or_none(size):
    inner = np.arange(size, dtype=np.int32) * 2
    values = np.concatenate([[-7], inner, [2 * size + 2]]).astype(np.int32)
    wanted = np.arange(-3, 2 * size + 4)
    out = np.empty(len(wanted), np.int64)
    _positions(values, wanted, out)
    expected = [1 + w // 2 if w in inner else -1 for w in wanted]
    assert out.tolist() == expected


@pytest.mark.parametrize("value", [0.0, -1.0, np.inf, np.nan, 1e40])
def test_walk_rule_when_out_of_range_then_says_so(value):
    with pytest.raises(GraphValueError, match="p must lie between"):
        walk_rule(value, 1.0)

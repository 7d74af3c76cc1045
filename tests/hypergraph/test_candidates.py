"""Candidates: families, the plan, and rows."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from graphrep import Graph, Hypergraph
from graphrep.hypergraph import maximal_cliques
from graphrep.hypergraph._candidates import (
    CandidatePlan,
    common_parts,
    count_k_cliques,
    distinct_rows,
    find_candidates,
    plan_candidates,
    pointers_of,
    residual_cliques,
    take_rows,
)


def _graph(seed, n=14, density=0.5):
    rng = np.random.default_rng(seed)
    a = np.triu(rng.random((n, n)) < density, 1)
    return Graph((a | a.T).astype(float))


def _sets(rows):
    pointers, members = rows
    parts = np.split(members, pointers[1:-1]) if len(pointers) > 1 else []
    return [tuple(part.tolist()) for part in parts]


def _parts(cliques, without=()):
    every = [set(c) for c in cliques]
    both = {tuple(sorted(a & b)) for a, b in combinations(every, 2)}
    return {c for c in both if len(c) > 1 and len(c) not in without}


def _all(graph, k):
    near = graph.to_scipy().toarray()
    return {
        c
        for c in combinations(range(graph.n_nodes), k)
        if all(near[p] for p in combinations(c, 2))
    }


@pytest.mark.parametrize("sizes", [(), (2,), (1, 2, 3), (4, 5)])
@pytest.mark.parametrize("parts", [False, True])
def test_find_candidates_when_planned_then_families_each_once(sizes, parts):
    graph = _graph(0)
    cliques = maximal_cliques(graph)
    plan = CandidatePlan(sizes, 10_000, parts)
    rows, kept = find_candidates(graph, cliques, plan)
    assert kept == plan
    found = _sets(rows)
    assert len(set(found)) == len(found)
    assert found[: len(cliques)] == [tuple(sorted(c)) for c in cliques]
    expected = {tuple(sorted(c)) for c in cliques}
    expected |= set().union(*(_all(graph, k) for k in sizes))
    if parts:
        expected |= _parts(cliques, sizes)
    assert set(found) == expected


def test_find_candidates_when_size_is_beyond_the_limit_then_parts_of_it_instead():
    graph = _graph(1, density=0.7)
    cliques = maximal_cliques(graph)
    few = len(_all(graph, 2)) + len(_parts(cliques))
    limit = max(len(_all(graph, 2)), len(_parts(cliques)))
    plan = CandidatePlan((2, 3), limit, True)
    assert len(_all(graph, 3)) > limit
    rows, kept = find_candidates(graph, cliques, plan)
    assert kept.sizes == (2,)
    found = set(_sets(rows))
    assert {c for c in _parts(cliques) if len(c) == 3} <= found
    assert len(found) <= few + len(cliques)


def test_find_candidates_when_denser_than_planned_then_size_is_left_out():
    sparse = _graph(1, density=0.3)
    source = Hypergraph([*sparse.to_networkx().edges, *_all(sparse, 3)], 14)
    plan = plan_candidates(source, sparse, maximal_cliques(sparse), 10**6, False)
    assert {2, 3, 6} <= set(plan.sizes)
    dense = Hypergraph([range(30)]).project()
    rows, kept = find_candidates(dense, maximal_cliques(dense), plan)
    assert kept.sizes == tuple(k for k in plan.sizes if k <= 3)
    assert len(kept.per_edge) == len(kept.sizes)
    assert len(rows[0]) - 1 == 30 * 29 // 2 + 30 * 29 * 28 // 6 + 1


def test_common_parts_when_too_many_then_some_of_them():
    cliques = maximal_cliques(_graph(2, 30, 0.6))
    every = _parts(cliques)
    assert set(_sets(common_parts(cliques, CandidatePlan((), 10**6, True)))) == every
    thinned = _sets(common_parts(cliques, CandidatePlan((), 50, True)))
    assert 20 <= len(thinned) <= 50
    assert set(thinned) < every
    assert _sets(common_parts(cliques, CandidatePlan((), 0, True))) == []
    none = Hypergraph([], 5)
    assert _sets(common_parts(none, CandidatePlan((), 10, True))) == []


def test_plan_when_small_cliques_are_hyperedges_then_listed():
    graph = Hypergraph([range(7), range(5, 12)]).project()
    cliques = maximal_cliques(graph)
    source = Hypergraph([(0,), (0, 1), (2, 3), (0, 1, 2, 3)], 12)
    plan = plan_candidates(source, graph, cliques, 1000, True)
    assert {1, 2, 4} <= set(plan.sizes)
    none = plan_candidates(source, graph, cliques, 0, False)
    assert (none.limit, none.intersections) == (0, False)
    assert set(none.sizes) <= {1}
    nothing = Hypergraph([], 12)
    assert plan_candidates(nothing, graph, cliques, 1000, True).sizes == ()


def test_residual_cliques_when_edges_are_gone_then_cliques_of_the_rest():
    graph = _graph(3)
    rows = np.repeat(np.arange(14), np.diff(graph.indptr))
    gone = {(0, 1), (2, 3), (4, 5), (6, 9)}
    left = np.array([
        (min(e), max(e)) not in gone for e in zip(rows, graph.indices, strict=True)
    ])  # fmt: skip
    dense = graph.to_scipy().toarray()
    for u, v in gone:
        dense[u, v] = dense[v, u] = 0
    cliques = maximal_cliques(Graph(dense), min_size=3)
    found = _sets(residual_cliques(graph, left, CandidatePlan((), 1000, True)))
    assert set(found) == {tuple(sorted(c)) for c in cliques} | _parts(cliques)


def test_distinct_rows_when_sets_stand_twice_then_the_first():
    rows = ([(0, 1), (2,)], [], [(2,), (0, 1, 2), (0, 1)])
    families = [Hypergraph(r, 9) for r in rows]
    found = _sets(distinct_rows([(h.indptr, h.indices) for h in families]))
    assert found == [(0, 1), (2,), (0, 1, 2)]


def test_take_rows_when_in_any_order_then_these():
    rows = Hypergraph([(0, 1), (2,), (3, 4, 5), ()], 9)
    found = _sets(take_rows(rows.indptr, rows.indices, np.array([2, 3, 0])))
    assert found == [(3, 4, 5), (), (0, 1)]
    assert pointers_of(np.array([3, 0, 2])).tolist() == [0, 3, 3, 5]
    assert pointers_of(np.array([], np.int64)).tolist() == [0]


def test_count_k_cliques_when_there_are_many_then_stops():
    from graphrep.hypergraph._candidates import _later

    graph = _graph(4)
    later = _later(graph)
    for k in (2, 3, 4, 5, 6):
        n = len(_all(graph, k))
        assert count_k_cliques(later, k, 10**6) == n
        assert count_k_cliques(later, k, 3) >= min(n, 3)

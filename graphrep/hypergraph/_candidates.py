"""Candidate hyperedges of a graph: cliques, and common parts of maximal cliques.

Which families of candidates are worth their number is learned from the hypergraph
that is given (`plan_candidates`) and kept for every graph after it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.graph import Graph, Hypergraph
from graphrep.graph._hyperedge_rows import RowTable
from graphrep.hypergraph._maximal_cliques import maximal_cliques
from graphrep.kernels import _clique_tools as kernels
from graphrep.kernels._core_numbers import peel
from graphrep.typing import AnyArray, IntArray

_LEAST_RATE = 3e-4  # hyperedges for each k-clique, below which k is not listed
_FEW = 20  # cliques for each hyperedge that are listed in any case
_LARGEST_K = 6
_DENSER = 10.0  # times as many k-cliques for each edge as where the plan was made

Rows = tuple[IntArray, IntArray]
_NONE = np.zeros(1, np.int64)


class CandidatePlan(NamedTuple):
    """Families of candidates.

    Attributes
    ----------
    sizes : tuple of int
        Numbers of nodes of which all cliques are candidates, not only maximal ones.
    limit : int
        Most candidates of a family; a larger one is thinned (common parts) or left
        out (cliques of k nodes).
    intersections : bool
        Whether common parts of maximal cliques are candidates.
    per_edge : tuple of float
        For each size, the most cliques for each edge of a graph; in a graph with more
        the size is left out (but for size 1). Empty for no such bound.
    """

    sizes: tuple[int, ...]
    limit: int
    intersections: bool
    per_edge: tuple[float, ...] = ()


def plan_candidates(
    source: Hypergraph, graph: Graph, cliques: Hypergraph, limit: int,
    intersections: bool,
) -> CandidatePlan:  # fmt: skip
    """Choose the sizes of which every clique is a candidate.

    A size is chosen where at least 3 of 10,000 of its cliques are hyperedges of the
    source that are neither maximal cliques nor common parts of them, or where there
    are no more than 20 for each hyperedge; and never beyond ``limit``.
    """
    plan = CandidatePlan((), limit, intersections)
    found = RowTable(*find_candidates(graph, cliques, plan)[0])
    missed = found.find(source.indptr, source.indices) < 0
    counts = np.bincount(source.sizes[missed], minlength=_LARGEST_K + 1)
    sizes, per_edge = ([1], [_DENSER]) if counts[1] else ([], [])
    n_edges = max(1, len(graph.indices) // 2)
    later = _later(graph)
    for k in range(2, _LARGEST_K + 1):
        most = min(limit, max(int(counts[k] / _LEAST_RATE), _FEW * len(source)))
        count = count_k_cliques(later, k, most + 1) if most else 1
        if count <= most:
            sizes.append(k)
            per_edge.append(_DENSER * max(1.0, count / n_edges))
    return plan._replace(sizes=tuple(sizes), per_edge=tuple(per_edge))


def find_candidates(
    graph: Graph, cliques: Hypergraph, plan: CandidatePlan
) -> tuple[Rows, CandidatePlan]:
    """Candidates of a graph as pointers and members, each set once.

    Maximal cliques first, then cliques of the planned sizes, then the common parts
    of maximal cliques that are none of these. A size of which the graph has more
    cliques than the plan allows is left out, also of the plan that is returned.
    """
    families = [(cliques.indptr, cliques.indices)]
    later = _later(graph) if plan.sizes else ((_NONE, _NONE), 0)
    n_edges = len(graph.indices) // 2
    kept = []
    for i, k in enumerate(plan.sizes):
        most = plan.per_edge[i] * n_edges if plan.per_edge else np.inf
        listed = _k_cliques(graph, later, k, int(min(plan.limit, most)))
        if listed is not None:
            families.append(listed)
            kept.append(i)
    plan = plan._replace(
        sizes=tuple(plan.sizes[i] for i in kept),
        per_edge=tuple(plan.per_edge[i] for i in kept if plan.per_edge),
    )
    if plan.intersections:
        families.append(common_parts(cliques, plan))
    return distinct_rows(families), plan


def common_parts(cliques: Hypergraph, plan: CandidatePlan) -> Rows:
    """Intersections of two maximal cliques, thinned at random where too many."""
    if not plan.limit:
        return _NONE, np.empty(0, np.int32)
    listed = np.zeros(_LARGEST_K + 1, np.bool_)
    listed[list(plan.sizes)] = True
    pointers, members = kernels.distinct_intersections(
        cliques.indptr, cliques.indices, *cliques.transpose(), listed, plan.limit
    )
    return pointers, members


def residual_cliques(graph: Graph, left: AnyArray, plan: CandidatePlan) -> Rows:
    """Maximal cliques of the entries of a graph that are left, and common parts.

    ``left`` is True for each entry of the graph that something has yet to explain.
    """
    source = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))[left]
    counts = np.bincount(source, minlength=graph.n_nodes)
    rest = Graph.from_csr(
        pointers_of(counts), graph.indices[left], nodes=graph.nodes, directed=False
    )
    cliques = maximal_cliques(rest, min_size=3, n_jobs=1)
    parts = common_parts(cliques, plan)
    return distinct_rows([(cliques.indptr, cliques.indices), parts])


def distinct_rows(families: list[Rows]) -> Rows:
    """Put families one after another and keep each set once, where it stood first."""
    pointers: list[IntArray] = [np.zeros(1, np.int64)]
    shift = 0
    for indptr, _ in families:
        pointers.append(indptr[1:] + shift)
        shift += int(indptr[-1])
    indptr = np.concatenate(pointers)
    members = np.concatenate([m for _, m in families]).astype(np.int32, copy=False)
    owner = RowTable(indptr, members).owner
    return take_rows(indptr, members, np.flatnonzero(owner == np.arange(len(owner))))


def take_rows(indptr: IntArray, members: IntArray, rows: IntArray) -> Rows:
    """Take some of the rows of pointers and members."""
    sizes = np.diff(indptr)[rows]
    pointers = pointers_of(sizes)
    spread = np.repeat(indptr[rows] - pointers[:-1], sizes)
    return pointers, members[spread + np.arange(pointers[-1])]


def pointers_of(sizes: IntArray) -> IntArray:
    """Pointers of rows of so many members."""
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


def count_k_cliques(later: tuple[Rows, int], k: int, most: int) -> int:
    """How many cliques of k nodes there are; counting stops at ``most``."""
    rows, degeneracy = later
    none = np.empty((0, k), rows[1].dtype)
    return int(kernels.k_cliques(*rows, k, none, most, degeneracy))


def _k_cliques(
    graph: Graph, later: tuple[Rows, int], k: int, limit: int
) -> Rows | None:
    """All cliques of k nodes, None where there are more than the limit."""
    if k == 1:
        nodes = np.arange(graph.n_nodes, dtype=np.int32)
        return np.arange(graph.n_nodes + 1, dtype=np.int64), nodes
    count = count_k_cliques(later, k, limit + 1)
    if count > limit:
        return None
    rows, degeneracy = later
    out = np.empty((count, k), rows[1].dtype)
    kernels.k_cliques(*rows, k, out, limit + 1, degeneracy)
    out.sort(axis=1)
    return np.arange(0, k * (count + 1), k), out.ravel().astype(np.int32, copy=False)


def _later(graph: Graph) -> tuple[Rows, int]:
    """Later neighbours of each node in a degeneracy order, and the degeneracy."""
    cores, order = peel(graph.indptr, graph.indices)
    place = np.empty(graph.n_nodes, np.int64)
    place[order] = np.arange(graph.n_nodes)
    pointers = np.empty(graph.n_nodes + 1, np.int64)
    rows = np.empty(len(graph.indices) // 2, graph.indices.dtype)
    kernels.later_rows(graph.indptr, graph.indices, place, pointers, rows)
    return (pointers, rows), int(cores.max(initial=0))

"""Properties that nodes have by where they stand in a graph, for probing vectors."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from graphrep._utils._parallel import resolve_n_jobs
from graphrep.evaluation._breakdowns import core_numbers
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.kernels import _topology
from graphrep.linalg import SparseOperator
from graphrep.typing import FloatArray, IntArray

kernels: Any = _topology  # kernels carry no annotations

PROPERTIES = (
    "degree", "pagerank", "clustering", "core_number", "triangles", "betweenness",
)  # fmt: skip
_ON_LOG = ("degree", "pagerank", "core_number", "triangles", "betweenness")
_DAMPING = 0.85
_ENOUGH = 1e-10
_MOST_STEPS = 200
_PARTS = 16  # of the sources: sums are taken in this order for any threads
_KNOWN: WeakKeyDictionary[Graph, dict[tuple[Any, ...], FloatArray]] = (
    WeakKeyDictionary()
)


def node_properties(
    graph: Graph,
    properties: Sequence[str] = PROPERTIES,
    *,
    n_sources: int = 256,
    seed: int = 0,
    n_jobs: int | None = None,
) -> dict[str, FloatArray]:
    """Compute properties of all nodes.

    Parameters
    ----------
    graph : Graph
        Weights and loops play no role; directions only for "pagerank".
    properties : sequence of str
        "degree"; "pagerank" (damping 0.85, times the number of nodes, so that 1 is
        the mean); "clustering" (closed pairs of neighbours, 0 for degrees below 2);
        "core_number"; "triangles"; "betweenness" (pairs of other nodes whose shortest
        paths run through a node, estimated from ``n_sources`` random sources).
    n_sources : int, default=256
        Sources of shortest paths; the betweenness is exact from n_nodes on.
    seed : int, default=0
        Draws the sources, by ids and not by rows.
    n_jobs : int or None, default=None
        Threads; None takes all. The result does not depend on it.

    Returns
    -------
    dict of str to ndarray of float64
        All but "clustering" as log(1 + x). What was computed for a graph is kept as
        long as the graph.
    """
    unknown = [name for name in properties if name not in PROPERTIES]
    if unknown:
        raise GraphValueError(
            f"There is no property {unknown[0]!r}; known are {', '.join(PROPERTIES)}."
        )
    known = _KNOWN.setdefault(graph, {})
    bare: Graph | None = None
    out = {}
    for name in properties:
        key = (name, n_sources, seed) if name == "betweenness" else (name,)
        if key not in known:
            bare = bare or graph.remove_self_loops().unweighted()
            values = _computed(bare, name, n_sources, seed, n_jobs)
            known[key] = np.log1p(values) if name in _ON_LOG else values
            known[key].setflags(write=False)
        out[name] = known[key]
    return out


def _computed(
    graph: Graph, name: str, n_sources: int, seed: int, n_jobs: int | None
) -> FloatArray:
    if name == "pagerank":
        return pagerank(graph) * graph.n_nodes
    both = graph.symmetrize()
    degree = np.asarray(both.degree(), np.float64)
    if name == "degree":
        return degree
    if name == "core_number":
        return core_numbers(both).astype(np.float64)
    if name == "betweenness":
        return betweenness(both, n_sources, seed, n_jobs)
    counted = triangles(both).astype(np.float64)
    if name == "triangles":
        return counted
    pairs = degree * (degree - 1) / 2
    return np.divide(counted, pairs, out=np.zeros(len(pairs)), where=pairs > 0)


def pagerank(graph: Graph, damping: float = _DAMPING) -> FloatArray:
    """PageRank by power iteration, weights aside; sums to one.

    Nodes without an edge out of them lead everywhere.
    """
    n = graph.n_nodes
    degree = np.asarray(graph.degree(), np.float64)
    ends = degree == 0
    into = graph.reverse() if graph.directed else graph
    operator = SparseOperator(into.unweighted().csr, symmetric=not graph.directed)
    rank = np.full(n, 1 / max(n, 1))
    for _ in range(_MOST_STEPS):
        flow = np.divide(rank, degree, out=np.zeros(n), where=~ends)
        lost = float(rank[ends].sum())
        new = damping * (operator.matmat(flow) + lost / n) + (1 - damping) / n
        change = float(np.abs(new - rank).sum())
        rank = new
        if change < _ENOUGH:
            break
    return rank


def triangles(graph: Graph) -> IntArray:
    """Triangles that each node of an undirected graph without loops is part of."""
    n = graph.n_nodes
    order = np.argsort(graph.degree(), kind="stable")
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    pointers = np.empty(n + 1, np.int64)
    rows = np.empty(len(graph.indices) // 2, graph.indices.dtype)
    kernels.forward_rows(graph.indptr, graph.indices, place, pointers, rows)
    counts = np.zeros(n, np.int64)
    kernels.count_triangles(pointers, rows, np.full(n, -1, np.int64), counts)
    return counts[place]


def betweenness(
    graph: Graph, n_sources: int, seed: int = 0, n_jobs: int | None = None
) -> FloatArray:
    """Pairs of nodes whose shortest paths run through each node, from some sources.

    Sums over random sources, scaled to all of them; an undirected pair counts once.
    """
    n = graph.n_nodes
    drawn = np.random.default_rng(seed).permutation(n)[: max(n_sources, 1)]
    order = graph.nodes.rank()
    sources = drawn if order is None else order[drawn]
    indptr, indices, _ = graph.csr

    def part(mine: IntArray) -> FloatArray:
        out = np.zeros(n)
        kernels.add_betweenness(
            indptr, indices, mine, np.empty(n, np.int32), np.empty(n, np.int64),
            np.empty(n), np.empty(n), out,
        )  # fmt: skip
        return out

    total = np.zeros(n)
    with ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool:
        for found in pool.map(part, np.array_split(sources, _PARTS)):
            total += found
    return total * (n / max(len(sources), 1) / 2)


__all__ = ["PROPERTIES", "betweenness", "node_properties", "pagerank", "triangles"]

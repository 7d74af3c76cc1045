"""CliqueCover: few cliques that together hold every edge, found greedily."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import Interval, StrOptions
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._isolated import with_isolated
from graphrep.hypergraph._reconstructor import Reconstructor
from graphrep.kernels import _clique_cover as kernels
from graphrep.kernels._core_numbers import core_numbers
from graphrep.typing import AnyArray, IntArray

_ROOM = 1 << 14  # cliques that a call of the kernel may write


class CliqueCover(Reconstructor):
    """Cover all edges by few cliques; nothing is learnt.

    The first edge that no clique holds yet is taken, and grown by the common
    neighbour that brings the most further such edges (of several the one that comes
    first in the graph) until none brings any. So on until no edge is left.

    Parameters
    ----------
    order : {"random", "nodes", "rare", "common"}, default="random"
        In which order edges are taken. "nodes": as the nodes stand in the graph.
        "rare" and "common": by the number of common neighbours of the ends, fewest
        or most first, in the order of the nodes where equal.
    min_size : int, default=2
        Smallest hyperedge to return and to score. 1 returns isolated nodes too.
    random_state : int, RandomState instance or None, default=None
        Seed of the random order. An int gives the same cover on every call.

    See Also
    --------
    BayesianMDL : The cover that takes the fewest bits to write down.
    MaximalCliques : All of them.

    Notes
    -----
    The smallest cover is hard to find (Kou, Stockmeyer and Wong, 1978); the greedy one
    depends on the order, and scores differ by about a point between seeds. Cliques
    need not be maximal: a node whose edges are all covered does not join. No clique
    occurs twice.

    O(n + m + sum of the degrees of the members of all cliques) time, O(n + m) memory
    for n nodes and m edges. "rare" and "common" add the cost of counting triangles.

    References
    ----------
    A. Conte, R. Grossi, A. Marino, "Clique covering of large real-world networks",
    ACM SAC 2016 (the heuristic).

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> from graphrep.hypergraph import CliqueCover
    >>> truth = Hypergraph([("a", "b", "c"), ("c", "d")])
    >>> CliqueCover(random_state=0).score(truth)
    1.0
    """

    _needs_source = False
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "order": [StrOptions({"random", "nodes", "rare", "common"})],
        "min_size": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        *,
        order: str = "random",
        min_size: int = 2,
        random_state: Any = None,
    ) -> None:
        self.order = order
        self.min_size = min_size
        self.random_state = random_state

    def _predict(self, graph: Graph) -> Hypergraph:
        self._validate_params()
        edges = self._in_order(graph, one_entry_an_edge(graph))
        return with_isolated(graph, *greedy_cover(graph, edges), self.min_size)

    def _in_order(self, graph: Graph, edges: IntArray) -> IntArray:
        if self.order == "nodes":
            return edges
        if self.order == "random":
            seed = draw_seed(self.random_state)
            return np.random.default_rng(seed).permutation(edges)
        common = np.empty(len(edges), np.int64)
        mark = np.full(graph.n_nodes, -1, np.int64)
        kernels.supports(graph.indptr, graph.indices, edges, mark, common)
        sign = 1 if self.order == "rare" else -1
        return edges[np.argsort(sign * common, kind="stable")]


def one_entry_an_edge(graph: Graph) -> IntArray:
    """Place of each edge in the row of its smaller end."""
    rows = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))
    return np.flatnonzero(rows < graph.indices)


def greedy_cover(graph: Graph, edges: IntArray) -> tuple[AnyArray, AnyArray]:
    """Sizes and members of the cliques of a greedy cover."""
    n, size = graph.n_nodes, len(graph.indices)
    rows = (graph.indptr, graph.indices)
    mate = np.empty(size, np.int64)
    kernels.mates(*rows, mate)
    largest = int(core_numbers(*rows).max(initial=0)) + 1
    state = (
        np.zeros(1, np.int64),
        np.ones(size, np.uint8),
        np.zeros(n, np.bool_),
        np.zeros(n, np.uint8),
        np.zeros(n, np.int64),
        np.empty(n, np.int64),
    )
    found = [(np.empty(0, np.int32), np.empty(0, np.int32))]
    while state[0][0] < len(edges):
        sizes = np.empty(_ROOM, np.int32)
        members = np.empty(max(4 * _ROOM, largest), np.int32)
        count, written = kernels.cover(
            *rows, mate, edges, state, largest, sizes, members
        )
        found.append((sizes[:count], members[:written]))
    sizes, members = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return sizes, members

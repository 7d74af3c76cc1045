"""HyperedgeSearch: a cover by hyperedges that takes few bits, by local changes."""

from __future__ import annotations

import numpy as np

from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._clique_cover import greedy_cover, one_entry_an_edge
from graphrep.hypergraph._description_length import Prior
from graphrep.kernels import _hyperedge_search as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray

_TIMES, _SPARE = 2, 64  # room, in hyperedges at hand and beyond
_LEAST = 1e-6  # bits that a sweep must save for another to follow


class HyperedgeSearch:
    """Starts at a greedy clique cover, and takes changes that save bits.

    Parameters
    ----------
    graph : Graph
        Undirected, without loops.
    cliques : Hypergraph
        Its maximal cliques of 2 and more nodes.
    seed : int
        Of the cover and of the order of the changes.

    Attributes
    ----------
    bits : float
        Description length of the current hyperedges.
    """

    _used: tuple[int, int]
    _hyperedges: tuple[IntArray, IntArray, IntArray]
    _held: tuple[IntArray, IntArray]
    _bits: tuple[FloatArray, FloatArray]

    def __init__(self, graph: Graph, cliques: Hypergraph, seed: int) -> None:
        self._graph = (graph.indptr, graph.indices)
        self._cliques = (cliques.indptr, cliques.indices)
        self._edges = one_entry_an_edge(graph)
        self._random = np.random.default_rng(seed)
        self._largest = int(cliques.sizes.max(initial=0))
        self._prior = Prior(graph.n_nodes, graph.n_edges, self._largest)
        cover = greedy_cover(graph, self._random.permutation(self._edges))
        all_of_them = (cliques.sizes, cliques.indices)
        sizes, members = min(cover, all_of_them, key=lambda c: self._measure(c[0]))
        self._set_up(sizes, members)
        order = np.argsort(-sizes, kind="stable")
        scratch = np.empty(self._largest, np.bool_)
        kernels.reduce_all(
            order, self._graph, self._hyperedges, self._held, self._bits, scratch
        )
        self.bits = self._measure(self.current()[0])

    def sweep(self) -> bool:
        """Try each maximal clique and each edge; return whether any saved bits."""
        n_cliques = len(self._cliques[0]) - 1
        moves = np.concatenate([np.arange(n_cliques), n_cliques + self._edges])
        moves = self._random.permutation(moves)
        place = 0
        while place < len(moves):
            place = self._try(moves, place)
            if place < len(moves):
                self._set_up(*self.current())
        before, self.bits = self.bits, self._measure(self.current()[0])
        return before - self.bits > _LEAST

    def current(self) -> tuple[IntArray, AnyArray]:
        """Sizes and members of the current hyperedges."""
        starts, sizes, pool = self._hyperedges
        rows = np.flatnonzero(sizes)
        kept = sizes[rows]
        ends = np.cumsum(kept)
        spread = np.repeat(starts[rows] - (ends - kept), kept)
        return kept, pool[spread + np.arange(len(spread))]

    def _try(self, moves: IntArray, place: int) -> int:
        """Make moves until all are made or there is no room; return how many were."""
        room = len(self._hyperedges[0])
        scratch = (
            np.empty(self._largest, np.bool_),
            np.empty(room, np.int64),
            np.empty(room, np.int64),
            np.full(room, -1, np.int64),
        )
        state = np.array([*self._used, place, 0], np.int64)
        kernels.search(
            moves, self._cliques, self._graph, self._hyperedges, self._held,
            self._bits, scratch, state,
        )  # fmt: skip
        self._used = (int(state[0]), int(state[1]))
        return int(state[2])

    def _set_up(self, sizes: IntArray, members: AnyArray) -> None:
        """Store hyperedges tightly, with room for as many again."""
        n = len(sizes)
        self._used = (n, len(members))
        room = _TIMES * n + 1 + _SPARE
        starts, padded = np.zeros(room, np.int64), np.zeros(room, np.int64)
        starts[:n], padded[:n] = np.cumsum(sizes) - sizes, sizes
        pool = np.zeros(_TIMES * len(members) + _SPARE * self._largest, np.int32)
        pool[: len(members)] = members
        self._hyperedges = (starts, padded, pool)
        count = len(self._graph[1])
        self._held = (np.zeros(count, np.int32), np.zeros(count, np.int32))
        kernels.hold_all(self._graph, (starts[:n], padded[:n], pool), self._held)
        by_size = self._prior.by_size(sizes, np.ones(n))
        self._bits = (self._prior.base, by_size)

    def _measure(self, sizes: AnyArray) -> float:
        return self._prior.bits(sizes, np.ones(len(sizes)))

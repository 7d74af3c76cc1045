"""HyperedgeChain: a Markov chain over the hypergraphs that project to a graph."""

from __future__ import annotations

import numpy as np

from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._description_length import Prior
from graphrep.kernels import _hyperedge_chain as kernels
from graphrep.typing import AnyArray, IntArray

_TIMES, _SPARE = 2, 1024  # room, in records at hand and beyond


class HyperedgeChain:
    """Starts at one hyperedge for each maximal clique, and changes one at a time.

    Parameters
    ----------
    graph : Graph
        Undirected, without loops.
    cliques : Hypergraph
        Its maximal cliques of 2 and more nodes.
    seed : int
        Of the random numbers.

    Attributes
    ----------
    bits : float
        Description length of the current hyperedges.
    n_changes : int
        Proposals that were taken.
    """

    def __init__(self, graph: Graph, cliques: Hypergraph, seed: int) -> None:
        self._graph = (graph.indptr, graph.indices)
        self._cliques = (cliques.indptr, cliques.indices.copy())
        self._seed = np.uint64(seed)
        largest = int(cliques.sizes.max(initial=0))
        self._subset = np.empty(largest, np.int32)
        self._prior = Prior(graph.n_nodes, graph.n_edges, largest)
        self._starts = cliques.indptr[:-1].copy()
        self._sizes = cliques.sizes
        self._counts = np.ones(len(cliques), np.int64)
        self._pool = cliques.indices.copy()
        self._hashes = np.empty(len(cliques), np.uint64)
        self._cover = np.zeros(len(graph.indices), np.int32)
        records = (self._starts, self._sizes)
        kernels.hash_records(*records, self._pool, self._hashes)
        kernels.count_all(*self._graph, *records, self._counts, self._pool, self._cover)
        self._by_size = self._prior.by_size(self._sizes, self._counts)
        self._state = np.array([0, 0, len(cliques), len(self._pool), 0], np.int64)
        self._grow()
        self.bits = self._measure()

    @property
    def n_changes(self) -> int:
        """Proposals that were taken."""
        return int(self._state[4])

    @property
    def counts(self) -> IntArray:
        """How often each record occurs now; records come to, and stay to the end."""
        return self._counts[: self._state[2]].copy()

    def sweep(self) -> float:
        """Propose as many changes as there are maximal cliques; return ``bits``."""
        n_steps = len(self._cliques[0]) - 1
        self._state[1] = 0
        while n_steps:
            records = (
                self._hashes, self._starts, self._sizes, self._counts, self._pool,
            )  # fmt: skip
            status = kernels.walk(
                n_steps, self._seed, self._graph, self._cliques,
                (self._prior.base, self._by_size), records, self._slots,
                self._cover, self._state, self._subset,
            )  # fmt: skip
            if status == kernels.DONE:
                break
            self._grow()
        self.bits = self._measure()
        return self.bits

    def pick(self, counts: IntArray) -> tuple[IntArray, AnyArray, IntArray]:
        """Sizes and members of the records with a count, and their numbers."""
        rows = np.flatnonzero(counts)
        sizes = self._sizes[rows]
        ends = np.cumsum(sizes)
        spread = np.repeat(self._starts[rows] - (ends - sizes), sizes)
        return sizes, self._pool[spread + np.arange(len(spread))], rows

    def _measure(self) -> float:
        n = self._state[2]
        return self._prior.bits(self._sizes[:n], self._counts[:n])

    def _grow(self) -> None:
        """Make room for more records, and enter those there are into a new table."""
        n, used = int(self._state[2]), int(self._state[3])
        room = _TIMES * n + _SPARE
        space = _TIMES * used + _SPARE * len(self._subset)
        self._starts = _longer(self._starts, n, room)
        self._sizes = _longer(self._sizes, n, room)
        self._counts = _longer(self._counts, n, room)
        self._hashes = _longer(self._hashes, n, room)
        self._pool = _longer(self._pool, used, space)
        self._slots = np.full(1 << (2 * room).bit_length(), -1, np.int64)
        kernels.enter(self._hashes[:n], self._slots)


def _longer(array: AnyArray, used: int, size: int) -> AnyArray:
    grown = np.zeros(size, array.dtype)
    grown[:used] = array[:used]
    return grown

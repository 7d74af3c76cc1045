"""maximal_cliques: all of them as a hypergraph, or one block after another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from graphrep._utils._parallel import resolve_n_jobs
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._inputs import undirected
from graphrep.kernels import _maximal_cliques as kernels
from graphrep.kernels._core_numbers import peel
from graphrep.typing import AnyArray, GraphLike, IntArray

_ROOM = 1 << 14  # cliques that a call of the kernel may write
_CHUNKS = 32  # for each thread, so that one dear root does not keep the others waiting
_POLL = 0.05  # seconds


def maximal_cliques(
    graph: GraphLike,
    *,
    min_size: int = 1,
    max_cliques: int | None = 50_000_000,
    max_seconds: float | None = None,
    n_jobs: int | None = None,
) -> Hypergraph:
    """All maximal cliques of a graph: sets of joined nodes that no node extends.

    Parameters
    ----------
    graph : graph-like
        Anything that `graphrep.as_graph` takes, undirected. Weights and loops do
        not matter.
    min_size : int, default=1
        Smallest clique to keep; 1 keeps isolated nodes.
    max_cliques : int or None, default=50_000_000
        Number of cliques beyond which the search is given up. A graph of n nodes may
        have 3**(n / 3).
    max_seconds : float or None, default=None
        Time after which it is given up, in seconds.
    n_jobs : int or None, default=None
        Threads; None takes all processors. The result does not depend on it.

    Returns
    -------
    Hypergraph
        One hyperedge a clique, on the nodes of the graph.

    Raises
    ------
    MemoryLimitError
        Beyond ``max_cliques``.
    TimeoutError
        Beyond ``max_seconds``.
    GraphValueError
        For a directed graph.

    See Also
    --------
    iter_maximal_cliques : Blocks of cliques in constant memory.

    Notes
    -----
    Bron-Kerbosch with pivots on bit sets from roots in degeneracy order:
    O(d n 3**(d / 3)) time at worst for degeneracy d, in practice near the size of the
    output. Memory of the output, and O(d (d + largest degree) / 8) bytes a thread.

    References
    ----------
    D. Eppstein, M. Löffler, D. Strash, "Listing all maximal cliques in sparse graphs
    in near-optimal time", ISAAC 2010.

    Examples
    --------
    >>> from graphrep.hypergraph import maximal_cliques
    >>> list(maximal_cliques([[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]]))
    [(0, 1, 2), (2, 3)]
    """
    given = undirected(graph)
    search = _Search(given, min_size)
    sizes, members = _run(search, max_cliques, max_seconds, resolve_n_jobs(n_jobs))
    pointers = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    return Hypergraph.from_csr(pointers, members, nodes=given.nodes)


def iter_maximal_cliques(
    graph: GraphLike, *, min_size: int = 1, block_size: int = _ROOM
) -> Iterator[Hypergraph]:
    """Maximal cliques block after block, none computed before it is asked for.

    Parameters
    ----------
    graph : graph-like
        As in `maximal_cliques`.
    min_size : int, default=1
        Smallest clique to keep.
    block_size : int, default=16384
        Most cliques in a block.

    Yields
    ------
    Hypergraph
        Some cliques, on the nodes of the graph, in the order of `maximal_cliques`.

    Notes
    -----
    Memory of one block. A graph with astronomically many cliques may be looked at:
    the search stops where the caller stops.
    """
    if block_size < 1:
        raise GraphValueError(f"block_size must be at least 1; got {block_size}.")
    given = undirected(graph)
    search = _Search(given, min_size)
    for sizes, members in search.blocks(search.order, [False], block_size):
        pointers = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        yield Hypergraph.from_csr(pointers, members, nodes=given.nodes)


class _Search:
    """What all threads share: the graph, its order and its later neighbours."""

    def __init__(self, graph: Graph, min_size: int) -> None:
        self.rows = (graph.indptr, graph.indices)
        cores, self.order = peel(*self.rows)
        place = np.empty(graph.n_nodes, np.int64)
        place[self.order] = np.arange(graph.n_nodes)
        pointers = np.empty(graph.n_nodes + 1, np.int64)
        later = np.empty(len(graph.indices) // 2, graph.indices.dtype)
        kernels.later_rows(*self.rows, place, pointers, later)
        self.later = (pointers, later)
        self.degeneracy = int(cores.max(initial=0))
        self.degree = int(np.diff(graph.indptr).max(initial=0))
        self.min_size = min_size

    def blocks(
        self, roots: IntArray, flag: Any, room: int
    ) -> Iterator[tuple[AnyArray, AnyArray]]:
        """Sizes and members of the cliques of some roots, block after block."""
        stop = np.asarray(flag)
        rows, stack = kernels.scratch(self.degeneracy, self.degree)
        local = np.full(len(self.order), -1, np.int64)
        sizes = np.empty(room, np.int32)
        members = np.empty(max(4 * room, self.degeneracy + 1), np.int32)
        state = np.array([0, 0, -1, 0, self.min_size, 0, 0], np.int64)
        while True:
            status = kernels.enumerate_cliques(
                roots, self.rows, self.later, local, rows, stack,
                sizes, members, state, stop,
            )  # fmt: skip
            if state[0]:
                yield sizes[: state[0]].copy(), members[: state[1]].copy()
            state[:2] = 0
            if status != kernels.FULL:
                return


def _run(
    search: _Search, max_cliques: int | None, max_seconds: float | None, n_jobs: int
) -> tuple[AnyArray, AnyArray]:
    """Share the roots out to threads; results come in the order of the roots."""
    flag = np.zeros(1, np.bool_)
    found = [0]

    def work(roots: IntArray) -> list[tuple[AnyArray, AnyArray]]:
        blocks = []
        for block in search.blocks(roots, flag, _ROOM):
            blocks.append(block)
            found[0] += len(block[0])
            if max_cliques is not None and found[0] > max_cliques:
                flag[0] = True
                break
        return blocks

    chunks = np.array_split(
        search.order,
        max(1, min(len(search.order), _CHUNKS * n_jobs if n_jobs > 1 else 1)),
    )
    timer = None
    if max_seconds is not None:
        timer = threading.Timer(max_seconds, flag.__setitem__, (0, True))
        timer.start()
    started = time.monotonic()
    try:
        if n_jobs == 1 and max_seconds is None:
            parts = [work(c) for c in chunks]
        else:
            with ThreadPoolExecutor(n_jobs) as pool:
                parts = list(pool.map(work, chunks))
    finally:
        if timer is not None:
            timer.cancel()
    if flag[0]:
        _give_up(found[0], max_cliques, max_seconds, time.monotonic() - started)
    blocks = [block for part in parts for block in part]
    sizes = [b[0] for b in blocks] or [np.empty(0, np.int32)]
    members = [b[1] for b in blocks] or [np.empty(0, np.int32)]
    return np.concatenate(sizes), np.concatenate(members)


def _give_up(
    found: int, max_cliques: int | None, max_seconds: float | None, seconds: float
) -> None:
    hint = (
        "Raise the limit, ask for larger cliques only (min_size=), or look at some of "
        "them with iter_maximal_cliques."
    )
    if max_cliques is not None and found > max_cliques:
        raise MemoryLimitError(
            f"The graph has more than max_cliques={max_cliques:,} maximal cliques. "
            f"{hint}"
        )
    raise TimeoutError(
        f"{found:,} maximal cliques were found in {seconds:.1f} seconds and the search "
        f"had not ended (max_seconds={max_seconds}). {hint}"
    )

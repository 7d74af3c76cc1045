"""maximal_cliques: all of them as a hypergraph, or one block after another."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

from graphrep._tasks._executors import check_executor
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._clique_search import CliqueSearch
from graphrep.hypergraph._inputs import undirected
from graphrep.typing import GraphLike, PathType


def maximal_cliques(
    graph: GraphLike,
    *,
    min_size: int = 1,
    max_cliques: int | None = 50_000_000,
    max_seconds: float | None = None,
    n_jobs: int | None = None,
    executor: Any = None,
    work_dir: PathType | None = None,
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
    executor : str, Executor, Client or None, default=None
        Where ranges of the search's roots are searched into files: "serial",
        "processes", "dask", the address of a Dask scheduler, or an object with
        ``submit``. None searches here. The result is the same.
    work_dir : str, path-like or None, default=None
        Folder for these files. A search that was interrupted goes on there.

    Returns
    -------
    Hypergraph
        One hyperedge a clique, on the nodes of the graph. Cliques come in the order
        of the search, which depends on the graph alone.

    Raises
    ------
    MemoryLimitError
        Beyond ``max_cliques``, and where the memory would not hold the cliques.
    TimeoutError
        Beyond ``max_seconds``.
    GraphValueError
        For a directed graph, and ``max_seconds`` with an executor.

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
    >>> graph = [[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]]
    >>> sorted(maximal_cliques(graph))
    [(0, 1, 2), (2, 3)]
    """
    _refuse_below(1, min_size=min_size, max_cliques=max_cliques)
    _refuse_below(0, max_seconds=max_seconds)
    if check_executor(executor) is not None:
        return _by_tasks(
            graph, min_size, max_cliques, max_seconds, executor=executor,
            work_dir=work_dir, n_jobs=n_jobs,
        )  # fmt: skip
    given = undirected(graph)
    search = CliqueSearch(
        given.indptr, given.indices, min_size, max_cliques, max_seconds
    )
    return Hypergraph._trusted(*search.run(resolve_n_jobs(n_jobs)), given.nodes)


def iter_maximal_cliques(
    graph: GraphLike, *, min_size: int = 1, block_size: int = 16384
) -> Iterator[Hypergraph]:
    """Maximal cliques block after block, none computed before it is asked for.

    Parameters
    ----------
    graph : graph-like
        As in `maximal_cliques`.
    min_size : int, default=1
        Smallest clique to keep.
    block_size : int, default=16384
        Most cliques in a block; it has fewer where they have over a million members.

    Yields
    ------
    Hypergraph
        Some cliques, on the nodes of the graph, in the order of `maximal_cliques`.

    Notes
    -----
    Memory of one block. A graph with astronomically many cliques may be looked at:
    the search stops where the caller stops.
    """
    _refuse_below(1, min_size=min_size, block_size=block_size)
    given = undirected(graph)
    return _blocks(
        CliqueSearch(given.indptr, given.indices, min_size), given, block_size
    )


def _by_tasks(
    graph: GraphLike, min_size: int, max_cliques: int | None, max_seconds: float | None,
    **where: Any,
) -> Hypergraph:  # fmt: skip
    from graphrep.hypergraph._clique_tasks import cliques_by_tasks

    if max_seconds is not None:
        raise GraphValueError(
            f"max_seconds={max_seconds} is of a search in this process. Leave it out, "
            "or the executor."
        )
    given = undirected(graph)
    rows, _ = cliques_by_tasks(
        given.indptr, given.indices, min_size, max_cliques, **where
    )
    return Hypergraph._trusted(*rows, given.nodes)


def _blocks(
    search: CliqueSearch, given: Graph, block_size: int
) -> Iterator[Hypergraph]:
    for pointers, members in search.blocks(block_size):
        yield Hypergraph._trusted(pointers, members, given.nodes)


def _refuse_below(least: int, **values: float | None) -> None:
    for name, value in values.items():
        if least and value is not None and not isinstance(value, Integral):
            raise GraphTypeError(f"{name} must be a whole number; got {value!r}.")
        if value is not None and value < least:
            raise GraphValueError(f"{name} must be at least {least}; got {value}.")

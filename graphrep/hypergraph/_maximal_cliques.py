"""maximal_cliques: all of them as a hypergraph, or one block after another."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np

from graphrep._tasks import Place, TaskPlan, choose_plan
from graphrep._tasks._executors import check_executor
from graphrep._utils._memory import human_bytes, memory_bytes
from graphrep._utils._parallel import check_n_jobs, resolve_n_jobs
from graphrep.exceptions import GraphTypeError, GraphValueError, MemoryLimitError
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._clique_costs import costs_of_cliques
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
    memory_limit: str | int | None = None,
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
    memory_limit : str, int or None, default=None
        Memory that may be used, in bytes or as "8GiB", graph and cliques among it.
        Cliques then go through files, and are joined if they fit.

    Returns
    -------
    Hypergraph
        One hyperedge a clique, on the nodes of the graph. Cliques come in the order
        of the search, which depends on the graph alone.

    Raises
    ------
    MemoryLimitError
        Beyond ``max_cliques``, and where the memory, or ``memory_limit``, would not
        hold the cliques.
    TimeoutError
        Beyond ``max_seconds``.
    GraphValueError
        For a directed graph, and ``max_seconds`` with an executor or a memory_limit.

    See Also
    --------
    iter_maximal_cliques : Blocks of cliques in constant memory.
    plan_maximal_cliques : Tells what the search takes before it starts.

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
    if check_executor(executor) is not None or memory_limit is not None:
        if max_seconds is not None:
            raise GraphValueError(
                f"max_seconds={max_seconds} is of a search in this process. Leave it "
                "out, or executor and memory_limit."
            )
        place = Place(executor, work_dir, n_jobs)
        return _by_tasks(undirected(graph), min_size, max_cliques, place, memory_limit)
    given = undirected(graph)
    search = CliqueSearch(
        given.indptr, given.indices, min_size, max_cliques, max_seconds
    )
    return Hypergraph._trusted(*search.run(resolve_n_jobs(n_jobs)), given.nodes)


def iter_maximal_cliques(
    graph: GraphLike,
    *,
    min_size: int = 1,
    block_size: int = 16384,
    max_cliques: int | None = None,
    n_jobs: int | None = None,
    executor: Any = None,
    work_dir: PathType | None = None,
    memory_limit: str | int | None = None,
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
    max_cliques : int or None, default=None
        Number of cliques beyond which the search is given up.
    n_jobs, executor, work_dir
        As in `maximal_cliques`. With an executor all cliques are searched into files
        when the first block is asked for, and read from there. Without one they are
        searched on one thread, as far as the caller goes.
    memory_limit : str, int or None, default=None
        Memory that the graph and the search may take, blocks of cliques aside. What
        takes more is refused before it starts.

    Yields
    ------
    Hypergraph
        Some cliques, on the nodes of the graph, in the order of `maximal_cliques`.

    Raises
    ------
    MemoryLimitError
        At once if the search does not keep to ``memory_limit``; later if there are
        more than ``max_cliques``.

    Notes
    -----
    Memory of one block. A graph with astronomically many cliques may be looked at:
    the search stops where the caller stops.
    """
    least = {"min_size": min_size, "block_size": block_size, "max_cliques": max_cliques}
    _refuse_below(1, **least)
    check_n_jobs(n_jobs)
    place = Place(check_executor(executor), work_dir, n_jobs)
    given = undirected(graph)
    search = CliqueSearch(given.indptr, given.indices, min_size, max_cliques)
    if memory_limit is not None:
        if place.executor is None:
            place = place._replace(n_jobs=1)
        plan = _plan(given, search, place, memory_limit)
        place = place._replace(n_jobs=plan.n_jobs, most=plan.workers)
    return _blocks(search, given, block_size, max_cliques, place)


def plan_maximal_cliques(
    graph: GraphLike,
    *,
    n_jobs: int | None = None,
    executor: Any = None,
    memory_limit: str | int | None = None,
) -> TaskPlan:
    """Tell what a search for maximal cliques takes, but for the cliques themselves.

    Parameters
    ----------
    graph, n_jobs, executor, memory_limit
        As in `maximal_cliques`.

    Returns
    -------
    TaskPlan
        Its ``memory`` and ``disk`` are those of graph and search. Each clique takes 8
        bytes and 4 for each member on top, and how many there are nobody knows before;
        so there are no ``cpu_seconds`` either.

    Raises
    ------
    MemoryLimitError
        If not even the search keeps to ``memory_limit``.

    Notes
    -----
    O(n + m) time: the graph is put in degeneracy order.
    """
    given = undirected(graph)
    search = CliqueSearch(given.indptr, given.indices)
    return _plan(given, search, Place(executor, None, n_jobs), memory_limit)


def _plan(
    given: Graph, search: CliqueSearch, place: Place, memory_limit: str | int | None
) -> TaskPlan:
    degrees = np.diff(given.indptr)
    costs = costs_of_cliques(
        given.n_nodes, len(given.indices), degeneracy=search.degeneracy,
        largest_degree=int(degrees.max(initial=0)),
    )  # fmt: skip
    limit = None if memory_limit is None else memory_bytes(memory_limit)
    executor = check_executor(place.executor)
    if executor is None and limit is not None:
        executor = "serial"  # how much there is to join is known only from files
    return choose_plan(costs, limit=limit, executor=executor, n_jobs=place.n_jobs)


def _by_tasks(
    given: Graph, min_size: int, max_cliques: int | None, place: Place,
    memory_limit: str | int | None,
) -> Hypergraph:  # fmt: skip
    from graphrep.hypergraph import _clique_tasks as tasks

    search = CliqueSearch(given.indptr, given.indices, min_size)
    plan = _plan(given, search, place, memory_limit)
    place = place._replace(n_jobs=plan.n_jobs, most=plan.workers)
    with tasks.clique_files(search, max_cliques, place) as paths:
        size = tasks.size_of_cliques(paths)
        base = 8 * (given.n_nodes + 1) + 4 * len(given.indices)
        if plan.limit is not None and base + size > plan.limit:
            raise MemoryLimitError(
                f"The maximal cliques need {human_bytes(size)} of memory beside "
                f"{human_bytes(base)} of the graph; memory_limit is "
                f"{human_bytes(plan.limit)}. Take them in blocks from "
                "iter_maximal_cliques, or larger ones only (min_size=)."
            )
        return Hypergraph._trusted(*tasks.joined_cliques(paths), given.nodes)


def _blocks(
    search: CliqueSearch, given: Graph, block_size: int, max_cliques: int | None,
    place: Place,
) -> Iterator[Hypergraph]:  # fmt: skip
    if place.executor is None:
        for pointers, members in search.blocks(block_size):
            search.count(len(pointers) - 1)
            yield Hypergraph._trusted(pointers, members, given.nodes)
        return
    from graphrep.hypergraph import _clique_tasks as tasks

    with tasks.clique_files(search, max_cliques, place) as paths:
        for pointers, members in tasks.blocks_of_cliques(paths, block_size):
            yield Hypergraph._trusted(pointers, members, given.nodes)


def _refuse_below(least: int, **values: float | None) -> None:
    for name, value in values.items():
        if least and value is not None and not isinstance(value, Integral):
            raise GraphTypeError(f"{name} must be a whole number; got {value!r}.")
        if value is not None and value < least:
            raise GraphValueError(f"{name} must be at least {least}; got {value}.")

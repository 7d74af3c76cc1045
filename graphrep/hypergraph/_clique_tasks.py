"""Maximal cliques by tasks: ranges of roots of one search, the dearest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np

from graphrep._tasks import (
    Place,
    Stage,
    Summary,
    TaskList,
    make_task,
    pure_task,
    run_tasks,
    save_input,
    work_folder,
)
from graphrep._utils._array_file import content_mark, map_arrays, write_arrays
from graphrep.exceptions import MemoryLimitError
from graphrep.hypergraph._clique_costs import TASKS
from graphrep.hypergraph._clique_search import BLOCK, HINT, CliqueSearch
from graphrep.typing import IntArray

_TASK = "graphrep.hypergraph._clique_tasks:search_roots"


@pure_task(version=1)
def search_roots(
    out: Path, *, graph: Path, first: int, last: int, min_size: int,
    max_cliques: int | None,
) -> None:  # fmt: skip
    """Find the maximal cliques of a range of roots."""
    search = CliqueSearch.from_arrays(map_arrays(graph), min_size, max_cliques)
    pointers, members = search.run_roots(first, last)
    write_arrays(out, {"pointers": pointers, "members": members})


@contextmanager
def clique_files(
    search: CliqueSearch, max_cliques: int | None, place: Place
) -> Iterator[list[Path]]:
    """Search maximal cliques by tasks; their files are there inside the block.

    Roots are cut into ranges that are thought to cost about the same; those of the
    dense core, whose cost is known least, are searched first. Files in a ``work_dir``
    outlive a block that fails, so that the next goes on.
    """
    mark = content_mark(search.to_arrays())
    with work_folder(place.work_dir, "cliques", mark) as folder:
        yield search_in_files(folder, search, max_cliques, place)[0]


def size_of_cliques(paths: Sequence[Path]) -> int:
    """Bytes that the cliques in files take when they are joined."""
    return sum(
        8 * len(part["pointers"]) + 4 * len(part["members"])
        for part in map(map_arrays, paths)
    )


def blocks_of_cliques(
    paths: Sequence[Path], n_cliques: int
) -> Iterator[tuple[IntArray, IntArray]]:
    """At most so many cliques at a time, in the order of roots."""
    for part in map(map_arrays, paths):
        pointers = part["pointers"]
        first, n = 0, len(pointers) - 1
        while first < n:
            most = int(np.searchsorted(pointers, pointers[first] + BLOCK, "right")) - 1
            last = min(n, first + n_cliques, max(most, first + 1))
            own = pointers[first : last + 1]
            yield own - own[0], part["members"][own[0] : own[-1]].copy()
            first = last


def search_in_files(
    folder: Path, search: CliqueSearch, max_cliques: int | None, place: Place
) -> tuple[list[Path], Summary]:
    """Search cliques into files of a folder, and give these in the order of roots."""
    graph = save_input(folder, "graph", search.to_arrays())
    tasks = [
        make_task(
            _TASK, folder, f"cliques-{first}", inputs={"graph": graph}, suffix=".bin",
            first=first, last=last, min_size=search.min_size, max_cliques=max_cliques,
        )
        for first, last in pairwise(_cuts(search))
    ]  # fmt: skip
    summary = run_tasks(
        TaskList([Stage("Searching cliques", tasks[::-1])]), place.executor,
        n_jobs=place.n_jobs, most=place.most,
    )  # fmt: skip
    paths = [task.output for task in tasks]
    found = sum(len(map_arrays(path)["pointers"]) - 1 for path in paths)
    if max_cliques is not None and found > max_cliques:
        raise MemoryLimitError(
            f"The graph has {found:,} maximal cliques, more than "
            f"max_cliques={max_cliques:,}. {HINT}"
        )
    return paths, summary


def joined_cliques(paths: Sequence[Path]) -> tuple[IntArray, IntArray]:
    """Put the cliques of all ranges in the order of their roots."""
    parts = [map_arrays(path) for path in paths]
    pointers = np.zeros(1 + sum(len(p["pointers"]) - 1 for p in parts), np.int64)
    members = np.empty(sum(len(p["members"]) for p in parts), np.int32)
    at = size = 0
    for part in parts:  # in place: a limit allows for no more than what comes out
        own, found = part["pointers"][1:], part["members"]
        np.add(own, size, out=pointers[at + 1 : at + 1 + len(own)])
        members[size : size + len(found)] = found
        at, size = at + len(own), size + len(found)
    return pointers, members


def _cuts(search: CliqueSearch) -> list[int]:
    """Bounds of ranges of roots of about one cost."""
    _, starts, middle, _ = search.ordered
    cost = np.cumsum((middle - starts[:-1] + 1) ** 2)
    if not len(cost):
        return [0]
    goals = np.linspace(0, int(cost[-1]), min(TASKS, len(cost)) + 1)[1:-1]
    inner = np.searchsorted(cost, goals) + 1
    bounds = np.unique(np.concatenate([[0], inner, [len(cost)]]))
    return [int(bound) for bound in bounds]

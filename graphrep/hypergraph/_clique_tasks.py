"""Maximal cliques by tasks: ranges of roots of one search, the dearest first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

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
from graphrep.hypergraph._clique_search import HINT, CliqueSearch
from graphrep.typing import IntArray, PathType

_TASK = "graphrep.hypergraph._clique_tasks:search_roots"
_TASKS = 96


@pure_task(version=1)
def search_roots(
    out: Path, *, graph: Path, first: int, last: int, min_size: int,
    max_cliques: int | None,
) -> None:  # fmt: skip
    """Find the maximal cliques of a range of roots."""
    search = CliqueSearch.from_arrays(map_arrays(graph), min_size, max_cliques)
    pointers, members = search.run_roots(first, last)
    write_arrays(out, {"pointers": pointers, "members": members})


def cliques_by_tasks(
    indptr: IntArray, indices: IntArray, min_size: int, max_cliques: int | None, *,
    executor: Any, work_dir: PathType | None, n_jobs: int | None,
) -> tuple[tuple[IntArray, IntArray], Summary]:  # fmt: skip
    """Maximal cliques as `cliques_csr` gives them, and what was run.

    Roots are cut into ranges that are thought to cost about the same; those of the
    dense core, whose cost is known least, are searched first.
    """
    search = CliqueSearch(indptr, indices, min_size)
    arrays = search.to_arrays()
    place = Place(executor, work_dir, n_jobs)
    with work_folder(work_dir, "cliques", content_mark(arrays)) as folder:
        paths, summary = search_in_files(folder, search, max_cliques, place)
        return joined_cliques(paths), summary


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
        n_jobs=place.n_jobs,
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
    pointers: list[IntArray] = [np.zeros(1, np.int64)]
    members: list[IntArray] = [np.empty(0, np.int32)]
    size = 0
    for part in map(map_arrays, paths):
        pointers.append(part["pointers"][1:] + size)
        members.append(part["members"])
        size += int(part["pointers"][-1])
    return np.concatenate(pointers), np.concatenate(members)


def _cuts(search: CliqueSearch) -> list[int]:
    """Bounds of ranges of roots of about one cost."""
    _, starts, middle, _ = search.ordered
    cost = np.cumsum((middle - starts[:-1] + 1) ** 2)
    if not len(cost):
        return [0]
    goals = np.linspace(0, int(cost[-1]), min(_TASKS, len(cost)) + 1)[1:-1]
    inner = np.searchsorted(cost, goals) + 1
    bounds = np.unique(np.concatenate([[0], inner, [len(cost)]]))
    return [int(bound) for bound in bounds]

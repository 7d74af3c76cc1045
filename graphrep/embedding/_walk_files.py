"""Walks drawn by tasks, a range of starts at a time, and read back in their order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from graphrep._tasks import (
    Stage,
    Summary,
    TaskList,
    make_task,
    pure_task,
    run_tasks,
    save_input,
    work_folder,
)
from graphrep._utils._array_file import content_mark, map_arrays
from graphrep._utils._npy_files import npy_header
from graphrep._utils._progress import Progress, silent
from graphrep.embedding._walk_costs import block_of
from graphrep.embedding._walk_tables import WalkGraph, WalkRule, draw_walks, read_only
from graphrep.kernels import _walks as kernels
from graphrep.typing import IntArray, PathType

_TASK = "graphrep.embedding._walk_files:draw_block"
_AT_ONCE = 1 << 14  # walks that a task holds


class Walks(NamedTuple):
    """Which walks there are.

    Attributes
    ----------
    graph : WalkGraph
        What to walk on; may be mapped.
    rule : WalkRule
        How a step is drawn.
    seed : int
        Seed of the walks.
    n_nodes : int
        Number of nodes.
    starts : ndarray of int64 or None
        Nodes to start from, in their order in each round. None: every node, in a
        random order of each round.
    rounds : int
        Walks from each start.
    length : int
        Most nodes of a walk.
    """

    graph: WalkGraph
    rule: WalkRule
    seed: int
    n_nodes: int
    starts: IntArray | None
    rounds: int
    length: int

    @property
    def n_starts(self) -> int:
        """Walks of a round."""
        return self.n_nodes if self.starts is None else len(self.starts)


class WalkFiles:
    """Walks in files, by round and place.

    Parameters
    ----------
    paths : list of list of Path
        Files of each round.
    step : int
        Walks of a file.
    summary : Summary
        What was run to make them.
    graph : WalkGraph
        What was walked on, mapped.
    """

    def __init__(
        self, paths: list[list[Path]], step: int, summary: Summary, graph: WalkGraph
    ) -> None:
        self._paths, self._step = paths, step
        self.summary, self.graph = summary, graph

    def let_go(self) -> None:
        """Unmap what was walked on; what is left tells its types alone.

        Who trains on walks that were drawn reads nothing else of it.
        """
        empty = (np.empty(0, array.dtype) for array in self.graph)
        self.graph = WalkGraph(*map(read_only, empty))

    def rows(self, round_: int, first: int, end: int) -> IntArray:
        """Read walks of a round, int32 (end - first, length), -1 behind their ends."""
        parts = []
        while first < end:
            number, at = divmod(first, self._step)
            last = min(end, (number + 1) * self._step)
            walks = np.load(self._paths[round_][number], mmap_mode="r")
            parts.append(walks[at : at + last - first])
            first = last
        whole: IntArray = np.concatenate(parts).astype(np.int32, copy=False)
        return whole


@pure_task(version=1)
def draw_block(
    out: Path,
    *,
    graph: Path,
    rule: list[Any],
    seed: int,
    round_: int,
    first: int,
    end: int,
    n_nodes: int,
    length: int,
    starts: Path | None = None,
) -> None:
    """Draw the walks of one round from a range of its starts."""
    nodes = _mapped(graph)
    if starts is None:
        own = kernels.start_order(seed, round_, n_nodes)[first:end]
    else:
        own = map_arrays(starts)["starts"][first:end]
    with out.open("wb") as file:
        file.write(npy_header(np.int32, (end - first, length)))
        for at in range(0, end - first, _AT_ONCE):
            part = np.ascontiguousarray(own[at : at + _AT_ONCE], np.int64)
            rounds = np.full(len(part), round_, np.int64)
            walks, _ = draw_walks(nodes, WalkRule(*rule), seed, part, rounds, length)
            file.write(walks.astype("<i4", copy=False).tobytes())


@contextmanager
def walk_files(
    walks: Walks, executor: Any, work_dir: PathType | None, n_jobs: int | None,
    progress: Progress = silent, most: int | None = None,
) -> Iterator[WalkFiles]:  # fmt: skip
    """Draw all walks by tasks; the files are there inside the block.

    Files in ``work_dir`` outlive a block that fails, so that the next goes on. ``most``
    is the number of workers that memory allows.
    """
    graph = dict(walks.graph._asdict())
    rule: list[Any] = [float(walks.rule.p), float(walks.rule.q)]
    rule += [bool(flag) for flag in walks.rule[2:]]
    n, total = walks.n_starts, walks.n_starts * walks.rounds
    key = f"{content_mark(graph)} {rule} {walks.seed} {walks.rounds} {walks.length}"
    size = total * walks.length * 4 + sum(part.nbytes for part in graph.values())
    with work_folder(
        work_dir, "walks", key, disk=size, hint=", or fewer or shorter walks"
    ) as folder:
        inputs = {"graph": save_input(folder, "graph", graph)}
        walks = walks._replace(graph=_mapped(inputs["graph"]))  # lets go of the other
        del graph
        if walks.starts is not None:
            arrays = {"starts": walks.starts}
            inputs["starts"] = save_input(folder, "starts", arrays)
        step = block_of(n)
        rounds = [
            [
                make_task(
                    _TASK, folder, f"walks-{round_}-{first}", inputs=inputs, rule=rule,
                    seed=walks.seed, round_=round_, first=first,
                    end=min(first + step, n), n_nodes=walks.n_nodes,
                    length=walks.length,
                )
                for first in range(0, n, step)
            ]
            for round_ in range(walks.rounds)
        ]  # fmt: skip
        tasks = [task for part in rounds for task in part]
        summary = run_tasks(
            TaskList([Stage("Walking", tasks)]), executor, n_jobs=n_jobs, most=most,
            progress=progress,
        )  # fmt: skip
        paths = [[task.output for task in part] for part in rounds]
        files = WalkFiles(paths, step, summary, walks.graph)
        del walks  # its graph is let go of as soon as the caller does
        yield files


def _mapped(path: Path) -> WalkGraph:
    arrays = map_arrays(path)
    return WalkGraph(*(read_only(arrays[name]) for name in WalkGraph._fields))

"""A FastRP fit by blocks of columns: files of operators, tasks, and the last pass."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from graphrep._tasks import (
    Stage,
    Summary,
    Task,
    TaskList,
    make_task,
    run_tasks,
    work_folder,
)
from graphrep._utils._parallel import numba_threads
from graphrep._utils._pieces import ahead
from graphrep._utils._progress import Progress, silent
from graphrep.embedding._fastrp_layout import Layout, block_name
from graphrep.embedding._fastrp_operator import Operator, save_operator
from graphrep.embedding._fastrp_plan import FastRPPlan
from graphrep.embedding._fastrp_rows import (
    Rows,
    RowsFile,
    after_rows,
    finish_of,
    fixed_of,
    rows_name,
)
from graphrep.embedding._fastrp_run import fuses, operators
from graphrep.embedding._fastrp_state import State
from graphrep.embedding._propagation import (
    FINISH_SUMS,
    column_statistics,
    standardize,
)
from graphrep.graph import Graph
from graphrep.typing import AnyArray, FloatArray, PathType

Writer: TypeAlias = Callable[[slice, AnyArray], None]
_TASKS = "graphrep.embedding._fastrp_tasks"
_ROWS_PER_TASK = 1 << 20


class Job(NamedTuple):
    """What a fit by columns works on, and where.

    Attributes
    ----------
    plan : FastRPPlan
        How it is cut.
    graph : Graph
        The graph; its arrays may be mapped.
    fingerprint : str
        What tells the graph from others.
    files : dict of str to Path or None
        Files of the graph's arrays, if it lies in some.
    executor : object
        Where tasks run.
    n_jobs : int or None
        Processes times threads.
    timeout : float or None
        Seconds after which a task is run anew.
    progress : callable
        Told how far it is.
    """

    plan: FastRPPlan
    graph: Graph
    fingerprint: str
    files: dict[str, Path] | None
    executor: Any = None
    n_jobs: int | None = None
    timeout: float | None = None
    progress: Progress = silent

    @property
    def layout(self) -> Layout:
        """The cut."""
        assert self.plan.layout is not None
        return self.plan.layout


def fit_columns(
    job: Job, write: Writer | None, make_out: Callable[[], FloatArray], folder: Path
) -> tuple[State, Summary]:
    """Run the tasks that are missing, then make the rows of the embedding.

    Parameters
    ----------
    job : Job
        The work.
    write : callable or None
        Called as ``write(slice(first, end), rows)`` for all rows in order.
    make_out : callable
        Makes the array that the rows go to instead, once the tasks are done.
    folder : Path
        Folder of the scratch.

    Returns
    -------
    state : State
        Its embedding is that array, or empty.
    summary : Summary
        What was run and what was there already.
    """
    layout = job.layout
    with numba_threads(job.n_jobs):
        bases = _prepare(job, folder)
    blocks, stages = _power_stages(job, bases, folder)
    inputs = {**bases, **blocks}
    sums = _sum_stages(job, inputs, folder)
    summary = run_tasks(
        TaskList([*stages, *sums]), job.executor, n_jobs=job.plan.n_jobs,
        most=job.plan.workers, timeout=job.timeout, progress=job.progress,
    )  # fmt: skip
    state = _statistics(layout, sums)
    state.n_isolated = _count_isolated(bases)
    if write is None:
        state.embedding = make_out()
        write = partial(_write_rows, state.embedding)
    with numba_threads(1):  # little is computed here: threads would only wait
        if sums:
            _standardize_rows(job, state, sums[0], write)
        else:
            rows = Rows(
                layout, list(bases.values()), inputs, streamed=job.plan.streamed
            )
            _make_rows(job, rows, write)
    return state, summary


def scratch(
    work_dir: PathType | None, beside: Path | None, job: Job
) -> AbstractContextManager[Path]:
    """Folder of a fit's files; see `graphrep._tasks.work_folder`."""
    key = f"{job.fingerprint} {job.layout.recipe} {job.layout.seed}"
    return work_folder(
        work_dir, "fastrp", key, beside=beside, disk=job.plan.disk,
        hint=", or fewer dimensions",
    )  # fmt: skip


def _prepare(job: Job, folder: Path) -> dict[str, Path]:
    """Write the files of the operators unless they are there."""
    recipe = job.layout.recipe
    parts = (recipe.direction, recipe.self_loops, recipe.degree, recipe.beta)
    key = f"{job.fingerprint} {parts} {recipe.work}"
    mark = blake2b(key.encode(), digest_size=8).hexdigest()
    paths = [folder / f"operator{i}-{mark}.json" for i in range(recipe.n_operators)]
    if not all(path.exists() for path in paths):
        job.progress("Preparing the graph", 0, 0)
        nodes = job.graph.nodes
        keys = None if nodes.is_range else nodes.keys()
        order = nodes.rank()
        for path, csr in zip(paths, operators(job.graph, recipe), strict=True):
            same = csr is job.graph.csr or csr.indices is job.graph.csr.indices
            files = dict(job.files) if same and job.files is not None else None
            save_operator(path, csr, files, order, keys, recipe)
    return {f"operator{i}": path for i, path in enumerate(paths)}


def _power_stages(
    job: Job, bases: dict[str, Path], folder: Path
) -> tuple[dict[str, Path], list[Stage]]:
    """Stages of propagation, and the files that the rows are made from."""
    layout = job.layout
    again = set(layout.read_again)
    raw = layout.to_dict()
    before: dict[tuple[int, int], Path] = {}
    blocks: dict[str, Path] = {}
    stages = []
    for stage, (first_power, last_power) in enumerate(layout.stages):
        tasks: list[Task] = []
        for operator in range(layout.recipe.n_operators):
            for first, width in layout.blocks:
                inputs = {"operator": bases[f"operator{operator}"]}
                if stage:
                    inputs["source"] = before[operator, first]
                task = make_task(
                    f"{_TASKS}:propagate_block", folder,
                    f"powers{first_power + 1}-{last_power}-{operator}-{first}",
                    inputs=inputs, hints={"streamed": job.plan.streamed},
                    layout=raw, stage=stage, first=first, width=width,
                )  # fmt: skip
                before[operator, first] = task.output
                if stage in again:
                    blocks[block_name(operator, stage, first)] = task.output
                tasks.append(task)
        label = f"Propagating: powers {first_power + 1} to {last_power}"
        kept = stage in again and finish_of(layout.recipe) != FINISH_SUMS
        stages.append(Stage(label, tasks, keep=kept))
    return blocks, stages


def _sum_stages(job: Job, inputs: dict[str, Path], folder: Path) -> list[Stage]:
    """Stages that make the rows and take the sums of their columns for the z-score."""
    layout, hints = job.layout, {"streamed": job.plan.streamed}
    if finish_of(layout.recipe) != FINISH_SUMS:
        return []
    raw, n = layout.to_dict(), layout.n_nodes
    made = [
        make_task(
            f"{_TASKS}:make_rows", folder, f"rows-{first}", inputs=inputs,
            hints=hints, layout=raw, first=first, end=min(first + _ROWS_PER_TASK, n),
        )
        for first in range(0, n, _ROWS_PER_TASK)
    ]  # fmt: skip
    stages = [Stage("Adding up the powers", made, keep=True)]
    if not fuses(layout.recipe):
        files = {rows_name(i): task.output for i, task in enumerate(made)}
        sums = [
            make_task(
                f"{_TASKS}:column_sums", folder, f"sums-{i}", inputs=files, layout=raw,
                number=i,
            )
            for i in range(len(made))
        ]  # fmt: skip
        stages.append(Stage("Adding up the columns", sums, keep=True))
    return stages


def _statistics(layout: Layout, stages: list[Stage]) -> State:
    """State with the statistics of the columns, from the files of the sums."""
    recipe = replace(layout.recipe, keep_layers=False)
    state = State(recipe, np.empty(0), 0)
    if stages:
        parts = [after_rows(task.output) for task in stages[0].tasks]
        most = None
        if len(stages) > 1:
            most = max(float(part[0]) for part in parts)
            parts = [np.load(t.output, allow_pickle=False) for t in stages[1].tasks]
        fixed = fixed_of(layout, most)
        state.mean, state.per = column_statistics(
            np.sum(parts, axis=0), fixed, recipe.accumulator
        )
    return state


def _make_rows(job: Job, rows: Rows, write: Writer) -> None:
    """Last pass: all rows in order, from the powers, to where they go."""
    n, recipe = job.layout.n_nodes, job.layout.recipe
    ranges = rows.ranges(0, n)
    rooms = [rows.room() for _ in range(2)]  # what is made ahead has its own

    def make(number: int) -> AnyArray:
        room = rooms[number % 2]
        return rows.make(*ranges[number], room, finish_of(recipe))[0]

    with closing(rows):
        for (first, end), part in zip(ranges, ahead(make, len(ranges)), strict=True):
            job.progress("Writing rows", first, n)
            write(slice(first, end), part.astype(recipe.dtype, copy=False))


def _standardize_rows(job: Job, state: State, made: Stage, write: Writer) -> None:
    """Last pass after the z-score's sums: all rows in order to where they go."""
    assert state.mean is not None
    assert state.per is not None
    n, first = job.layout.n_nodes, 0
    for task in made.tasks:
        with RowsFile(task.output, streamed=job.plan.streamed) as file:
            for part in file.parts():
                job.progress("Writing rows", first, n)
                standardize(part, state.mean, state.per, np.array([0, len(part)]))
                rows = slice(first, first + len(part))
                write(rows, part.astype(state.recipe.dtype, copy=False))
                first = rows.stop


def _write_rows(out: FloatArray, rows: slice, part: AnyArray) -> None:
    """Write rows to an array; of one in a file, nothing stays mapped."""
    out[rows] = part
    mapping: Any = getattr(out, "_mmap", None)  # numpy's, of arrays in files
    if getattr(out, "mode", None) in ("r+", "w+") and hasattr(mapping, "madvise"):
        mapping.madvise(mmap.MADV_DONTNEED)  # what was written stays in the file


def _count_isolated(bases: dict[str, Path]) -> int:
    counts = []
    for path in bases.values():
        operator = Operator(path)
        counts.append(int(np.count_nonzero(operator.inverse == 0)))
        operator.close()
    return max(counts)

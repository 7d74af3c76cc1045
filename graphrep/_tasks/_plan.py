"""TaskPlan: which way some work goes and what it will take, known before it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from graphrep._tasks._executors import DASK, PROCESSES, SERIAL, count_workers
from graphrep._utils._memory import human_bytes
from graphrep.exceptions import MemoryLimitError

MEMORY, FILES = "memory", "files"


@dataclass(frozen=True)
class TaskPlan:
    """What some work will do and take.

    Attributes
    ----------
    path : {"memory", "files"}
        Whole in memory, or as tasks that write files.
    unit : str
        What is cut into blocks, such as "records".
    block : int or None
        How many of these a task takes.
    n_tasks : int or None
        Number of tasks.
    workers, threads : int
        Tasks at once, and threads of each.
    memory : int
        Most bytes in memory at once over all workers, beyond what Python and the
        libraries take themselves (about 200 MB a process).
    limit : int or None
        Bytes that were allowed.
    disk : int
        Most bytes of scratch on disk.
    cpu_seconds : float or None
        Processor time, from costs measured on one machine: a guide, no promise. None
        where nothing is known.
    """

    path: str
    unit: str
    block: int | None
    n_tasks: int | None
    workers: int
    threads: int
    memory: int
    limit: int | None
    disk: int = 0
    cpu_seconds: float | None = None

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.facts())

    def facts(self) -> list[tuple[str, str]]:
        """Lines of a table: what, and how much."""
        way = "in memory"
        if self.path == FILES:
            way = f"{self.n_tasks:,} tasks of {self.block:,} {self.unit} in files"
        limit = "" if self.limit is None else f" of {human_bytes(self.limit)} allowed"
        facts = [
            ("path", way),
            ("workers", f"{self.workers}, threads of each: {self.threads}"),
            ("memory", f"{human_bytes(self.memory)}{limit}"),
            ("disk", human_bytes(self.disk)),
        ]
        if self.cpu_seconds is not None:
            facts.append(("processor time", f"about {self.cpu_seconds:,.0f} s"))
        return facts


@dataclass(frozen=True)
class Costs:
    """What some work takes, for `choose_plan`.

    Attributes
    ----------
    what : str
        The work, as the start of a sentence.
    unit : str
        What is cut into blocks.
    whole : int
        Bytes in memory if it is done whole.
    shared : int
        Bytes that all workers of one machine map together, or that the caller holds
        while tasks run.
    each : int
        Bytes of one task beside its block and its threads.
    per_unit : float
        Bytes of one task for each unit of its block.
    after : int
        Most bytes of the caller when no task runs.
    disk : int
        Bytes of scratch.
    blocks : sequence of int
        Sizes of a block to choose from, the largest first.
    n_tasks : callable
        From the size of a block to the number of tasks.
    cpu_seconds : float or None
        Processor time.
    per_thread : int
        Bytes of each thread of a task.
    """

    what: str
    unit: str
    whole: int
    shared: int
    each: int
    per_unit: float
    after: int
    disk: int
    blocks: tuple[int, ...]
    n_tasks: Callable[[int], int]
    cpu_seconds: float | None = None
    per_thread: int = 0


def halved(most: int, least: int) -> tuple[int, ...]:
    """Sizes of a block to choose from: the largest, its half and so on to the least."""
    sizes = [max(most, least)]
    while sizes[-1] > least:
        sizes.append(max(least, sizes[-1] // 2))
    return tuple(sizes)


def choose_plan(
    costs: Costs, *, limit: int | None, executor: Any, n_jobs: int | None
) -> TaskPlan:
    """Choose the way of some work from what it takes, or refuse with the numbers.

    It goes through files if an executor is given or the memory does not hold it whole:
    as many workers as were asked for, then the largest blocks that fit.

    Parameters
    ----------
    costs : Costs
        What it takes.
    limit : int or None
        Bytes of memory allowed; None for no limit.
    executor, n_jobs
        See `graphrep._tasks.open_backend`.

    Raises
    ------
    MemoryLimitError
        If no way keeps to the limit.
    """
    _, threads = count_workers(None, n_jobs)
    memory = costs.whole + threads * costs.per_thread
    whole = TaskPlan(
        MEMORY, costs.unit, None, None, 1, threads, memory, limit,
        cpu_seconds=costs.cpu_seconds,
    )  # fmt: skip
    if executor is None and (limit is None or memory <= limit):
        return whole
    wanted, each = count_workers(executor, n_jobs)
    least = None
    for workers in range(wanted, 0, -1):
        for block in costs.blocks:
            threads = max(1, wanted * each // workers)
            task = costs.each + threads * costs.per_thread
            task += int(costs.per_unit * block)
            memory = max(costs.shared + workers * task, costs.after)
            least = memory if least is None else min(least, memory)
            if limit is None or memory <= limit:
                return replace(
                    whole, path=FILES, block=block, n_tasks=costs.n_tasks(block),
                    workers=workers, threads=threads,
                    memory=memory, disk=costs.disk,
                )  # fmt: skip
    assert limit is not None
    assert least is not None
    advice, ours = "", executor in (None, SERIAL, PROCESSES, DASK)
    if ours and costs.per_thread and wanted * each > 1:
        share = human_bytes(costs.per_thread)
        advice = f" Each of {wanted * each} threads takes {share}; lower n_jobs."
    raise MemoryLimitError(
        f"{costs.what} needs {human_bytes(whole.memory)} in memory, and "
        f"{human_bytes(least)} at least through files; memory_limit is "
        f"{human_bytes(limit)}.{advice}"
    )

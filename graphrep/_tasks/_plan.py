"""TaskPlan: which way some work goes and what it will take, known before it starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from graphrep._tasks._executors import DASK, PROCESSES, SERIAL, count_workers
from graphrep._utils._memory import human_bytes
from graphrep.exceptions import MemoryLimitError

MEMORY, FILES = "memory", "files"


class PlanOfWork:
    """What plans have in common: threads, memory, and being printed."""

    workers: int
    threads: int
    memory: int
    limit: int | None
    asked: int | None

    @property
    def n_jobs(self) -> int:
        """Processes times threads that work."""
        return self.workers * self.threads

    def __str__(self) -> str:
        return "\n".join(f"{name}: {value}" for name, value in self.facts())

    def facts(self) -> list[tuple[str, str]]:
        """Lines of a table: what, and how much."""
        raise NotImplementedError

    def _facts_of_work(self, way: str) -> list[tuple[str, str]]:
        """First lines: the way in words, who works, and the memory."""
        facts = [
            ("path", way),
            ("workers", f"{self.workers}, threads of each: {self.threads}"),
        ]
        memory = human_bytes(self.memory)
        if self.limit is None:
            return [*facts, ("memory", memory)]
        limit = human_bytes(self.limit)
        if self.asked is not None:
            fewer = f"{self.asked} -> {self.n_jobs} to keep within {limit}"
            facts.append(("n_jobs", fewer))
        return [*facts, ("memory", f"{memory} of {limit} allowed")]


@dataclass(frozen=True)
class TaskPlan(PlanOfWork):
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
    asked : int or None
        Processes times threads that were asked for, where the limit allows fewer.
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
    asked: int | None = None

    def facts(self) -> list[tuple[str, str]]:
        """Lines of a table: what, and how much."""
        way = "in memory"
        if self.path == FILES:
            way = f"{self.n_tasks:,} tasks of {self.block:,} {self.unit} in files"
        facts = [*self._facts_of_work(way), ("disk", human_bytes(self.disk))]
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


def ways_to_share(
    wanted: int, each: int, *, fixed: bool = False
) -> Iterator[tuple[int, int]]:
    """Give numbers of workers and of threads of each, the most wanted first.

    First those that use all threads, with fewer and fewer workers; then those of one
    thread less, and so on to one worker with one thread.

    Parameters
    ----------
    wanted, each : int
        Workers that were asked for, and threads of each.
    fixed : bool, default=False
        Whether the threads of a worker are not ours to choose.
    """
    if fixed:
        yield from ((workers, each) for workers in range(wanted, 0, -1))
        return
    for jobs in range(wanted * each, 0, -1):
        for workers in range(min(wanted, jobs), 0, -1):
            if jobs % workers == 0:
                yield workers, jobs // workers


def is_ours(executor: Any) -> bool:
    """Whether an executor is made here, with as many threads as a plan says."""
    return executor is None or (
        isinstance(executor, str) and executor in (SERIAL, PROCESSES, DASK)
    )


def choose_plan(
    costs: Costs, *, limit: int | None, executor: Any, n_jobs: int | None
) -> TaskPlan:
    """Choose the way of some work from what it takes, or refuse with the numbers.

    It goes through files if an executor is given or the memory does not hold it whole,
    not even with half the threads: as many workers as were asked for, then the largest
    blocks that fit. Where nothing fits, the same with fewer threads; the plan then says
    how many were ``asked``.

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
        If no way keeps to the limit, not even with one thread.
    """
    wanted, each = count_workers(executor, n_jobs)
    fixed, jobs = not is_ours(executor), wanted * each
    if executor is None:
        for threads in range(jobs, (jobs + 1) // 2 - 1, -1):
            whole = _whole(costs, threads, limit)
            if limit is None or whole.memory <= limit:
                return replace(whole, asked=jobs if threads < jobs else None)
    for workers, threads in ways_to_share(wanted, each, fixed=fixed):
        asked = jobs if workers * threads < jobs else None
        whole = _whole(costs, threads, limit)
        if executor is None and (limit is None or whole.memory <= limit):
            return replace(whole, asked=asked)
        for block in costs.blocks:
            memory = _memory_of_tasks(costs, workers, threads, block)
            if limit is None or memory <= limit:
                return TaskPlan(
                    FILES, costs.unit, block, costs.n_tasks(block), workers, threads,
                    memory, limit, costs.disk, costs.cpu_seconds, asked,
                )  # fmt: skip
    assert limit is not None
    threads = each if fixed else 1
    least = _memory_of_tasks(costs, 1, threads, costs.blocks[-1])
    memory = _whole(costs, threads, limit).memory
    enough = min(least, memory) if executor is None else least
    raise MemoryLimitError(
        f"{costs.what} needs {human_bytes(memory)} in memory, and "
        f"{human_bytes(least)} at least through files, even with one thread; "
        f"memory_limit is {human_bytes(limit)}. Allow {enough:,} bytes or more."
    )


def _whole(costs: Costs, threads: int, limit: int | None) -> TaskPlan:
    memory = costs.whole + threads * costs.per_thread
    return TaskPlan(
        MEMORY, costs.unit, None, None, 1, threads, memory, limit,
        cpu_seconds=costs.cpu_seconds,
    )  # fmt: skip


def _memory_of_tasks(costs: Costs, workers: int, threads: int, block: int) -> int:
    task = costs.each + threads * costs.per_thread + int(costs.per_unit * block)
    return max(costs.shared + workers * task, costs.after)

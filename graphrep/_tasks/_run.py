"""Run a list of tasks on any executor: skip, retry, resubmit, tell, and sum up."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphrep._tasks._executors import Backend, open_backend
from graphrep._tasks._task import Task, run_task
from graphrep._tasks._task_list import TaskList
from graphrep._utils._memory import human_bytes
from graphrep._utils._progress import Progress, silent
from graphrep.exceptions import GraphRepError, TaskError

_POLL = 0.5  # seconds between looks at the clock
_GOES_ON = "Finished tasks are kept: the same call goes on from there."
_NOT_SHARED = "{} was written by the worker but is not here: is the folder shared?"
_MAIN_GUARD = (
    "A script that starts processes must do so under if __name__ == '__main__'."
)


@dataclass
class Summary:
    """What a run did.

    Attributes
    ----------
    run : int
        Tasks that were run.
    skipped : int
        Tasks whose file was there, or was used up by tasks that are done.
    retried : int
        Attempts beyond the first of a task.
    seconds : float
        Time that the tasks took, added up over the workers.
    bytes : int
        Size of the files that they wrote.
    executor : str
        What ran them.
    """

    run: int = 0
    skipped: int = 0
    retried: int = 0
    seconds: float = 0.0
    bytes: int = 0
    executor: str = ""

    def __add__(self, other: Summary) -> Summary:
        return Summary(
            self.run + other.run, self.skipped + other.skipped,
            self.retried + other.retried, self.seconds + other.seconds,
            self.bytes + other.bytes, self.executor or other.executor,
        )  # fmt: skip

    def __str__(self) -> str:
        return (
            f"{self.run} tasks run, {self.skipped} skipped, {self.retried} retried, "
            f"{self.seconds:.1f} s, {human_bytes(self.bytes)} written"
        )


def run_tasks(
    tasks: TaskList,
    executor: Any = None,
    *,
    n_jobs: int | None = None,
    most: int | None = None,
    retries: int = 3,
    timeout: float | None = None,
    progress: Progress = silent,
) -> Summary:
    """Run what is missing of a list of tasks.

    Parameters
    ----------
    tasks : TaskList
        The stages.
    executor : None, str, Executor or Client, default=None
        Where they run; see `graphrep._tasks.open_backend`. Nothing is opened if
        nothing is missing.
    n_jobs, most : int or None, default=None
        See `graphrep._tasks.open_backend`.
    retries : int, default=3
        Further attempts at a task that fails or whose worker dies. Errors of
        graphrep itself are not tried again: they would come again.
    timeout : float or None, default=None
        Seconds after which a task is taken for hung and run anew. Only executors
        that run elsewhere can be left like this.
    progress : callable, default=silent
        Told of every task that is done.

    Returns
    -------
    Summary

    Raises
    ------
    TaskError
        If a task keeps failing; its last error is the cause. Files of tasks that are
        done stay, so the same call goes on from there.
    """
    missing = tasks.missing()
    summary = Summary(skipped=tasks.n_tasks - sum(map(len, missing)))
    if not any(missing):
        for number in range(len(tasks.stages)):
            tasks.discard(number)
        return summary
    with open_backend(executor, n_jobs, most) as backend:
        summary.executor = backend.name
        for number, (stage, todo) in enumerate(zip(tasks.stages, missing, strict=True)):
            run = _StageRun(backend, summary, retries, timeout)
            total = len(stage.tasks)
            progress(stage.label, total - len(todo), total)
            for done in run.go(todo):
                progress(stage.label, total - len(todo) + done, total)
            tasks.discard(number)
    return summary


class _StageRun:
    """Runs the tasks of one stage, as many at once as the backend has workers."""

    def __init__(
        self, backend: Backend, summary: Summary, retries: int, timeout: float | None
    ) -> None:
        self.backend, self.summary = backend, summary
        self.retries, self.timeout = retries, timeout
        self.waiting: deque[Task] = deque()
        self.running: dict[Future[Any], tuple[Task, float]] = {}
        self.failures: Counter[Path] = Counter()
        self.breaks = 0  # of the executor, since a task was last done

    def go(self, todo: Sequence[Task]) -> Iterator[int]:
        """Run tasks; yields how many are done, after each."""
        self.waiting.extend(todo)
        n_done = 0
        while n_done < len(todo):
            self._fill()
            done, _ = wait_for(self.running, _POLL, FIRST_COMPLETED)
            for future in done:
                if future in self.running:  # not lost with a broken executor
                    task, _ = self.running.pop(future)
                    if self._take(task, future):
                        n_done += 1
                        yield n_done
            self._leave_hung()

    def _fill(self) -> None:
        while self.waiting and len(self.running) < self.backend.workers:
            task = self.waiting.popleft()
            try:
                future = self.backend.submit(
                    run_task, task.to_json(), self.backend.threads
                )
            except BrokenExecutor as error:
                self.waiting.appendleft(task)
                self._renew(error)
            else:
                self.running[future] = (task, time.monotonic())

    def _take(self, task: Task, future: Future[Any]) -> bool:
        """Book one finished attempt; tell whether the task is done."""
        try:
            result = future.result()
        except BrokenExecutor as error:
            self.waiting.appendleft(task)
            self._renew(error)
            return False
        except GraphRepError:
            raise  # a refusal of our own: it would come again
        except (Exception, CancelledError) as error:
            self._again(task, error)
            return False
        if not task.done:
            self._again(task, FileNotFoundError(_NOT_SHARED.format(task.output)))
            return False
        self.breaks = 0
        self.summary.run += 1
        self.summary.seconds += result["seconds"]
        self.summary.bytes += result["bytes"]
        return True

    def _again(self, task: Task, error: BaseException) -> None:
        self.failures[task.output] += 1
        tries = self.failures[task.output]
        if tries > self.retries:
            raise TaskError(
                f"The task {task.output.name} failed {tries} times, last with "
                f"{type(error).__name__}: {error}. {_GOES_ON}"
            ) from error
        self.summary.retried += 1
        self.waiting.append(task)

    def _renew(self, error: BaseException) -> None:
        """Make the executor anew and put all that ran in it back."""
        self.breaks += 1
        if self.breaks > self.retries or not self.backend.renew():
            hint = "" if self.summary.run else f" {_MAIN_GUARD}"
            raise TaskError(
                f"The workers of {self.backend.name} died {self.breaks} times in a row "
                f"without finishing a task: {error} They may have run out of memory."
                f"{hint} {_GOES_ON}"
            ) from error
        lost = [task for task, _ in self.running.values()]
        self.running.clear()
        self.summary.retried += 1 + len(lost)
        self.waiting.extendleft(reversed(lost))

    def _leave_hung(self) -> None:
        """Give up attempts that take too long and run their tasks anew."""
        if self.timeout is None:
            return
        now = time.monotonic()
        hung = [f for f, (_, at) in self.running.items() if now - at > self.timeout]
        if not hung:
            return
        error = TimeoutError(f"it took more than {self.timeout:g} s")
        for future in hung:
            task, _ = self.running.pop(future)
            future.cancel()
            self._again(task, error)
        lost = [task for task, _ in self.running.values()]
        if self.backend.renew():  # a hung process does not make room by itself
            self.running.clear()
            self.waiting.extendleft(reversed(lost))

"""TaskList: stages of tasks, what of them is still to do, and what can go."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from graphrep._tasks._task import Task


@dataclass(frozen=True)
class Stage:
    """Tasks that do not need each other.

    Attributes
    ----------
    label : str
        What is done, for progress.
    tasks : sequence of Task
        The tasks.
    keep : bool
        Whether their files stay when no task needs them any more.
    """

    label: str
    tasks: Sequence[Task]
    keep: bool = False


class TaskList:
    """Stages in order; one starts when the one before it is done.

    Parameters
    ----------
    stages : sequence of Stage
        The stages. Files of a stage that no later stage reads are results and stay,
        as those of a stage with ``keep=True`` do. All others are scratch: they are
        deleted when the last stage that reads them is done.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = list(stages)
        self._last_use: dict[Path, int] = {}
        for number, stage in enumerate(self.stages):
            for task in stage.tasks:
                for path in task.inputs.values():
                    self._last_use[path] = number

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return sum(len(stage.tasks) for stage in self.stages)

    def missing(self) -> list[list[Task]]:
        """Tasks of each stage that have to run.

        A task has to if its file is not there and is a result, or is read by a task
        that has to run. So scratch that was used up is not made again.
        """
        needed: set[Path] = set()
        missing: list[list[Task]] = []
        for stage in reversed(self.stages):
            part = [
                task
                for task in stage.tasks
                if (self._is_result(stage, task) or task.output in needed)
                and not task.done
            ]
            needed |= {path for task in part for path in task.inputs.values()}
            missing.append(part)
        return missing[::-1]

    def discard(self, number: int) -> None:
        """Delete the scratch that no stage after this one reads."""
        for stage in self.stages[: number + 1]:
            for task in stage.tasks:
                used = self._last_use.get(task.output, number + 1) <= number
                if used and not self._is_result(stage, task):
                    with suppress(FileNotFoundError):
                        task.output.unlink()

    def _is_result(self, stage: Stage, task: Task) -> bool:
        return stage.keep or task.output not in self._last_use

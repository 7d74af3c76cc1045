"""Options that say where tasks run, for commands whose estimator does not have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from graphrep.cli._help import Decorator, Function, option

if TYPE_CHECKING:
    from graphrep._tasks import TaskPlan
    from graphrep.cli._run import Run

EXECUTOR = "processes|dask|HOST:PORT"
EXECUTOR_HELP = (
    "Work by blocks in files: in this process (serial), in new processes, on a Dask "
    "cluster on this machine, or on that of a scheduler."
)
WORK_DIR_HELP = (
    "Folder for these files; the same command goes on there after an interruption."
)
MEMORY_HELP = "this much memory, such as 8GiB; what needs more is refused."


def dry_run_option() -> Decorator:
    """Give a command ``--dry-run``."""
    return option(
        "--dry-run",
        section="General",
        is_flag=True,
        help="Show the plan and what it takes; stop.",
    )


def memory_option(help: str) -> Decorator:
    """Give a command ``--memory-limit``."""
    return option("--memory-limit", metavar="SIZE", help=help)


def work_options(memory_help: str) -> Decorator:
    """Give a command threads, executor, folder, memory limit and ``--dry-run``."""
    every = [
        option(
            "--n-jobs",
            "--threads",
            type=click.IntRange(1),
            help="Processes times threads; all processors if not given.",
        ),
        option("--executor", metavar=EXECUTOR, help=EXECUTOR_HELP),
        option("--work-dir", metavar="DIR", help=WORK_DIR_HELP),
        memory_option(memory_help),
        dry_run_option(),
    ]

    def decorate(function: Function) -> Function:
        for one in reversed(every):
            function = one(function)
        return function

    return decorate


def show_way(
    run: Run, way: TaskPlan, name: str, n_nodes: int | None = None, what: str = "nodes"
) -> None:
    """Print a plan: of what, and what it takes."""
    from graphrep.cli._render import print_facts

    if run.as_json:
        result = {"dry_run": True, "plan": vars(way)}
        return run.report(n_nodes=n_nodes, result=result)
    size = [] if n_nodes is None else [(what, f"{n_nodes:,}")]
    return print_facts([("input", name), *size, *way.facts()])

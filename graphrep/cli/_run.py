"""One run of a command: what it says, how it shows progress, its JSON report."""

from __future__ import annotations

import functools
import json
import logging
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import click

from graphrep._utils._memory import human_bytes, peak_memory
from graphrep._utils._progress import Progress, show_progress
from graphrep._version import __version__
from graphrep.cli._errors import COMMAND_KEY, DEBUG_KEY, in_options
from graphrep.cli._help import GENERAL, Function, option
from graphrep.cli._render import duration, print_facts, printable

_MEGABYTE = 1_000_000
_general = functools.partial(option, section=GENERAL)
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


class Run:
    """One run of a command.

    Parameters
    ----------
    command : str
        Name of the command, such as ``"embed fastrp"``.
    quiet : bool, default=False
        Say nothing but warnings and errors.
    verbose : int, default=0
        How much to tell of the work.
    as_json : bool, default=False
        Print one JSON object on standard output at the end.
    """

    def __init__(
        self,
        command: str,
        *,
        quiet: bool = False,
        verbose: int = 0,
        as_json: bool = False,
    ) -> None:
        self.command = command
        self.quiet = quiet
        self.verbose = verbose
        self.as_json = as_json
        self._started = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.perf_counter() - self._started

    def say(self, message: str) -> None:
        """Tell people something, on standard error."""
        if not (self.quiet or self.as_json):
            click.echo(message, err=True)

    def facts(self, title: str, facts: Iterable[tuple[str, object]]) -> None:
        """Tell people a title and facts below it, on standard error."""
        if not (self.quiet or self.as_json):
            click.echo(click.style(title, bold=True), err=True)
            print_facts(facts, err=True)

    def progress(self) -> AbstractContextManager[Progress]:
        """Bars on standard error while a block runs, or a line now and then."""
        return show_progress(False if self.quiet else None, lines=True)

    def cost(self) -> list[tuple[str, object]]:
        """Time and memory so far, as facts."""
        peak = peak_memory()
        memory = [] if peak is None else [("peak memory", human_bytes(peak))]
        return [("time", duration(self.seconds)), *memory]

    def report(
        self,
        *,
        parameters: dict[str, Any] | None = None,
        n_nodes: int | None = None,
        n_edges: int | None = None,
        outputs: Iterable[str | Path] = (),
        result: Any = None,
    ) -> None:
        """Print the JSON object of the run, if it was asked for."""
        if not self.as_json:
            return
        peak = peak_memory()
        record = {
            "command": self.command,
            "version": __version__,
            "parameters": parameters or {},
            "n_nodes": n_nodes,
            "n_edges": n_edges,
            "seconds": round(self.seconds, 3),
            "peak_rss_mb": None if peak is None else round(peak / _MEGABYTE, 1),
            "outputs": [str(path) for path in outputs],
        }
        if result is not None:
            record["result"] = result
        click.echo(json.dumps(record, default=_to_plain, allow_nan=False))

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Show warnings and the library's log as lines on standard error."""
        logger = logging.getLogger("graphrep")
        handler = _Lines()
        before = logger.level
        logger.addHandler(handler)
        logger.setLevel(_LEVELS[min(self.verbose, len(_LEVELS) - 1)])
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _show_warning
                yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(before)


def command_options(function: Function) -> Function:
    """Give a command the options that all have, and its `Run` as first argument."""

    @_general("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @_general("-q", "--quiet", is_flag=True, help="Print only warnings and errors.")
    @_general("-v", "--verbose", count=True, help="Tell more; twice for all.")
    @_general("--debug", is_flag=True, help="Show the traceback of an error.")
    @functools.wraps(function)
    def command(
        *args: Any,
        as_json: bool,
        quiet: bool,
        verbose: int,
        debug: bool,
        **options: Any,
    ) -> None:
        ctx = click.get_current_context()
        ctx.meta[DEBUG_KEY] = debug
        ctx.meta[COMMAND_KEY] = ctx.command
        _, _, name = ctx.command_path.partition(" ")
        run = Run(name, quiet=quiet, verbose=verbose, as_json=as_json)
        with run.listening():
            function(run, *args, **options)

    return command


class _Lines(logging.Handler):
    """Writes records to what standard error is now: bars lay themselves over it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        _tell(printable(record.getMessage()))


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: str | None = None,
) -> None:
    label = click.style("Warning:", fg="yellow", bold=True)
    words = in_options(str(message), click.get_current_context(silent=True))
    _tell(f"{label} {printable(words)}")


def _tell(line: str) -> None:
    """Write to what standard error is now; where it is closed click means stdout."""
    if sys.stderr is not None:
        click.echo(line, file=sys.stderr)


def _to_plain(value: Any) -> Any:
    """Turn what JSON does not know into what it knows: arrays, paths, other ids."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)

"""Progress: what long work calls to say how far it is, and bars that show it.

Code that works long takes a `Progress`, a function of a label, the steps done and
the steps in all (0 where they are not known), and calls it now and then. It does not
know who looks: `show_progress` gives a function that draws bars on a terminal, or one
of which a line is printed now and then, and `silent` shows nothing.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from typing import Any, TextIO, TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
_EVERY = 30.0  # seconds from line to line, where there are no bars
_SHARE = 0.1  # of the time so far, when that is longer: the lines get fewer


def silent(label: str, done: int, total: int) -> None:
    """Show nothing."""


def can_draw(stream: TextIO | None = None) -> bool:
    """Tell whether a stream (standard error) is a terminal that can redraw a line."""
    stream = sys.stderr if stream is None else stream
    with suppress(AttributeError, ValueError):  # no stream, or a closed one
        return stream.isatty() and os.environ.get("TERM") != "dumb"
    return False


@contextmanager
def show_progress(
    enabled: bool | None = None, *, lines: bool = False
) -> Iterator[Progress]:
    """Give a function that draws progress on standard error while the block runs.

    Parameters
    ----------
    enabled : bool or None, default=None
        Whether to draw; None does so if standard error is a terminal.
    lines : bool, default=False
        Whether, under None, a pipe or a file gets a line after half a minute and then
        now and then.

    Yields
    ------
    Progress
        Called as ``progress(label, done, total)``. Bars vanish at the end. Drawn by
        rich where it is installed, else by click, else not at all. What stands after
        ": " in a label may change while the work is the same.
    """
    if not (can_draw() if enabled is None else enabled):
        if lines and enabled is None:
            with _lines() as progress:
                yield progress
        else:
            yield silent
    elif find_spec("rich") is not None:
        with _rich_bars() as progress:
            yield progress
    elif find_spec("click") is not None:
        with ExitStack() as stack:
            yield _ClickBars(stack)
    else:
        yield silent


class LastState:
    """What the work said last, as one line."""

    def __init__(self) -> None:
        self._last: tuple[str, int, int] | None = None

    def __call__(self, label: str, done: int, total: int) -> None:
        self._last = label, done, total

    def line(self, seconds: float) -> str:
        """Text of a line after so many seconds; empty before anything was said."""
        if self._last is None:
            return ""
        label, done, total = self._last
        shown = "".join(c if c.isprintable() else "?" for c in label)
        far = f", {done:,} of {total:,}" if total else ""
        minutes, rest = divmod(int(seconds), 60)
        return f"{shown}{far} ({minutes}:{rest:02} so far)"


def print_now_and_then(
    state: LastState, wait: Callable[[float], bool], clock: Callable[[], float]
) -> None:
    """Print lines of a state on standard error until ``wait`` says that it is over.

    Parameters
    ----------
    state : LastState
        What the work calls.
    wait : callable
        Waits so many seconds; true if the work has ended.
    clock : callable
        Seconds since some moment.
    """
    begin = clock()
    while not wait(max(_EVERY, _SHARE * (clock() - begin))):
        if text := state.line(clock() - begin):
            with suppress(AttributeError, ValueError, OSError):  # closed, or none
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()


@contextmanager
def _lines() -> Iterator[Progress]:
    """Lines from a thread: a long step without news is told of, too."""
    state, over = LastState(), threading.Event()
    printer = threading.Thread(
        target=print_now_and_then, args=(state, over.wait, time.monotonic), daemon=True
    )
    printer.start()
    try:
        yield state
    finally:
        over.set()
        printer.join()


@contextmanager
def _rich_bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import Progress as Bars

    shown: dict[str, Any] = {}
    console = Console(stderr=True)
    with Bars(*_rich_columns(), console=console, transient=True) as bars:

        def progress(label: str, done: int, total: int) -> None:
            work, _, _ = label.partition(": ")
            if work not in shown:  # one line: the work of now
                for task in shown.values():
                    bars.remove_task(task)
                shown.clear()
                shown[work] = bars.add_task(label, total=total or None)
            bars.update(
                shown[work], completed=done, total=total or None, description=label
            )
            bars.refresh()  # a kernel may keep rich's own thread waiting

        yield progress


def _rich_columns() -> tuple[Any, ...]:
    from rich.progress import (
        BarColumn,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text

    class Bar(BarColumn):
        """A bar where the length is known; nothing elsewhere."""

        def render(self, task: Any) -> Any:
            return Text() if task.total is None else super().render(task)

    return (
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        Bar(bar_width=32),
        TaskProgressColumn(show_speed=False),
        TimeElapsedColumn(),
    )


class _ClickBars:
    """One bar of click after the other; work of unknown length shows its label."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._label: str | None = None
        self._bar: Any = None
        self._done = 0

    def __call__(self, label: str, done: int, total: int) -> None:
        work, _, _ = label.partition(": ")
        if work != self._label:
            self._start(work, label, total)
        if self._bar is not None:
            self._bar.label = label
        if self._bar is not None and done > self._done:
            self._bar.update(done - self._done)
            self._done = done

    def _start(self, work: str, label: str, total: int) -> None:
        import click

        self._stack.close()
        self._label, self._bar, self._done = work, None, 0
        if total:
            bar: Any = click.progressbar(length=total, label=label, file=sys.stderr)
            self._bar = self._stack.enter_context(bar)
        else:
            click.echo(label, err=True)

"""Tables and numbers for people on a terminal, for programs in a pipe."""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

import click

from graphrep._utils._memory import human_bytes

_GAP = "  "
_CUT = ".."


def print_table(
    rows: Iterable[Sequence[object]],
    header: Sequence[str],
    *,
    err: bool = False,
    right: Sequence[int] = (),
) -> None:
    """Print rows: aligned on a terminal, else separated by tabs.

    Parameters
    ----------
    rows : iterable of sequences
        Cells; texts from files are made harmless for the terminal.
    header : sequence of str
        Names of the columns.
    err : bool, default=False
        Print on standard error, where tables are always aligned.
    right : sequence of int, default=()
        Columns to align at the right.
    """
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    if not err and not is_terminal():
        for row in (list(header), *cells):
            click.echo("\t".join(row))
        return
    widths = [
        max(map(display_width, column)) for column in zip(header, *cells, strict=True)
    ]
    most = shutil.get_terminal_size().columns
    title = _cropped(_line(header, widths, right), most)
    click.echo(click.style(title, dim=True), err=err)
    for row in cells:
        click.echo(_cropped(_line(row, widths, right), most), err=err)


def print_facts(facts: Iterable[tuple[str, object]], *, err: bool = False) -> None:
    """Print pairs of a name and a value, one a line."""
    pairs = [(name, printable(str(value))) for name, value in facts]
    if not err and not is_terminal():
        for name, value in pairs:
            click.echo(f"{name}\t{value}")
        return
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        click.echo(
            f"{_GAP}{click.style(name.ljust(width), dim=True)}{_GAP}{value}", err=err
        )


def printable(text: str) -> str:
    r"""Text with control characters escaped, so that a name cannot steer a terminal.

    Examples
    --------
    >>> print(printable("caf\u00e9 \x1b[31m"))
    café \x1b[31m
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal; wide characters take two.

    Examples
    --------
    >>> display_width("abc"), display_width("図")
    (3, 2)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    marks = sum(unicodedata.combining(c) != 0 for c in text)
    return len(text) + wide - marks


def duration(seconds: float) -> str:
    """Seconds as people say them.

    Examples
    --------
    >>> duration(0.004), duration(12.34), duration(125.0), duration(7320)
    ('0.00 s', '12.3 s', '2 min 5 s', '2 h 2 min')
    """
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    parts = []
    for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        fill = " " * (width - display_width(cell))
        parts.append(fill + cell if column in right else cell + fill)
    return (_GAP + _GAP.join(parts)).rstrip()


def _cropped(line: str, width: int) -> str:
    """Cut a line at the edge of the terminal; a wrapped table cannot be read."""
    if display_width(line) <= width:
        return line
    while line and display_width(line) > width - len(_CUT):
        line = line[:-1]
    return line + _CUT


def is_terminal() -> bool:
    """Tell whether standard output goes to a person."""
    with suppress(AttributeError, ValueError):
        return sys.stdout.isatty()
    return False


def memory_facts(
    parts: Mapping[str, int], total: int, free: int | None, about: str = ""
) -> list[tuple[str, object]]:
    """Lines of a plan about memory: what it is for, in all, and what is free."""
    facts: list[tuple[str, object]] = [
        *(
            (f"memory: {name.replace('_', ' ')}", human_bytes(count))
            for name, count in parts.items()
        ),
        ("memory in all", f"{about}{human_bytes(total)}"),
    ]
    if free is not None:
        verdict = "enough" if total <= free else "too little"
        facts.append(("memory free", f"{human_bytes(free)} ({verdict})"))
    return facts

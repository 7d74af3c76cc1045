"""Files that commands write: their options, and what is refused before work begins."""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from graphrep.cli._help import Decorator, Function, option

STANDARD_OUTPUT = "-"
_SECTION = "Output"


def output_options(
    help: str, *, required: bool = True, formats: list[str] | None = None
) -> Decorator:
    """Give a command ``-o``, ``--overwrite`` and, with formats, ``--format``."""

    def decorate(function: Function) -> Function:
        @option(
            "-o",
            "--output",
            section=_SECTION,
            required=required,
            metavar="FILE",
            help=help,
        )
        @option(
            "--overwrite",
            section=_SECTION,
            is_flag=True,
            help="Replace a file that is there.",
        )
        @functools.wraps(function)
        def command(*args: Any, **options: Any) -> Any:
            return function(*args, **options)

        if formats is not None:
            choose = option(
                "--format",
                section=_SECTION,
                type=click.Choice(formats),
                help="Format of FILE; its suffix decides if not given.",
            )
            return choose(command)
        return command

    return decorate


def check_output(path: str, *, overwrite: bool, as_json: bool = False) -> None:
    """Refuse an output that cannot or must not be written, before any work."""
    if path == STANDARD_OUTPUT:
        if as_json:
            raise click.UsageError(
                "--json and -o - would both write to standard output. "
                "Give -o the name of a file."
            )
        return
    check_file(Path(path), overwrite=overwrite)


def check_file(path: Path, *, overwrite: bool) -> None:
    """Refuse a file or folder that is there, and one whose folder is not."""
    if path.exists() and not overwrite:
        raise click.UsageError(
            f"{path} is there already. Pass --overwrite to replace it."
        )
    if not path.parent.is_dir():
        raise click.UsageError(
            f"The folder {path.parent} does not exist, so {path.name} cannot be "
            "written there."
        )


def refuse_terminal(format: str, is_text: bool) -> None:
    """Refuse to send bytes that are no text to a terminal."""
    with suppress(AttributeError, ValueError):
        if not is_text and sys.stdout.isatty():
            raise click.UsageError(
                f"Format {format!r} is not text; redirect standard output to a file "
                "or a pipe, or give -o the name of a file."
            )


def place(path: str | Path) -> str:
    """Name of an output as people find it."""
    return "standard output" if str(path) == STANDARD_OUTPUT else str(path)

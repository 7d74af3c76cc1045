"""Files that commands write: their options, and what is refused before work begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from graphrep.cli._help import Decorator, Function, option
from graphrep.cli._render import is_terminal

STANDARD_OUTPUT = "-"
VECTOR_FORMATS = (
    "npy",
    "npz",
    "parquet",
    "arrow",
    "csv",
    "tsv",
    "word2vec",
    "word2vec-bin",
    "safetensors",
    "store",
    "projector",
)
STORE = "store"
TEXT_FORMATS = ("csv", "tsv", "word2vec")
_SECTION = "Output"


def output_options(
    help: str, *, required: bool = True, formats: Sequence[str] | None = None
) -> Decorator:
    """Give a command ``-o``, ``--overwrite`` and, with formats, ``--format``."""

    def decorate(function: Function) -> Function:
        if formats is not None:
            function = _format_option(formats)(function)
        overwrite = option(
            "--overwrite",
            section=_SECTION,
            is_flag=True,
            help="Replace a file that is there.",
        )
        output = option(
            "-o",
            "--output",
            section=_SECTION,
            required=required,
            metavar="FILE",
            help=help,
        )
        return output(overwrite(function))

    return decorate


def _format_option(formats: Sequence[str]) -> Decorator:
    return option(
        "--format",
        section=_SECTION,
        type=click.Choice(formats),
        metavar="FORMAT",
        help=f"Format of FILE: {', '.join(formats)}. Its suffix decides if not given.",
    )


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
    _refuse_input(path)
    if not path.parent.is_dir():
        raise click.UsageError(
            f"The folder {path.parent} does not exist, so {path.name} cannot be "
            "written there."
        )


def _refuse_input(path: Path) -> None:
    """Refuse to write over a file that the command reads, whatever --overwrite says.

    A command that converts may do so: what comes is the same in another form.
    """
    ctx = click.get_current_context(silent=True)
    if ctx is None or ctx.info_name == "convert" or not path.is_file():
        return
    for param in ctx.command.params:
        given = ctx.params.get(param.name or "")
        for name in given if isinstance(given, tuple) else (given,):
            if not isinstance(param, click.Argument) or not isinstance(name, str):
                continue
            if Path(name).is_file() and path.samefile(name):
                raise click.UsageError(
                    f"{path} is the input of this command, which would be lost. Choose "
                    "another file for its output."
                )


def check_model(path: str | None, *, overwrite: bool) -> None:
    """Refuse what `check_file` does and, before any work, what `save` would refuse."""
    if path is None:
        return
    check_file(Path(path), overwrite=overwrite)
    from graphrep.persistence import _refuse_replacing

    try:
        _refuse_replacing(Path(path), overwrite=True)
    except FileExistsError as error:
        raise click.UsageError(str(error)) from error


def is_store(path: str, format: str | None) -> bool:
    """Whether vectors go to a store, a directory by its suffix."""
    return format == STORE or (format is None and path.endswith(f".{STORE}"))


def check_vector_format(path: str, format: str | None) -> None:
    """Refuse a file of vectors whose format is not clear, before any work."""
    from graphrep.exceptions import GraphFormatError
    from graphrep.io import _vectors

    if path == STANDARD_OUTPUT and format is None:
        raise click.UsageError("-o - needs --format, such as --format tsv.")
    try:
        name = format or _vectors._name_for_writing(path)
        _vectors._refuse_compression(name, path)
    except GraphFormatError as error:
        raise click.UsageError(str(error)) from error
    if path == STANDARD_OUTPUT and name not in TEXT_FORMATS and is_terminal():
        raise click.UsageError(
            f"Format {name!r} is not text; redirect standard output to a file or a "
            "pipe, or give -o the name of a file."
        )


def written_files(path: str) -> list[str]:
    """Files that stand for one output: itself and the ids beside it."""
    if path == STANDARD_OUTPUT:
        return []
    stem = path.removesuffix(".npy")
    beside = [f"{stem}.ids.txt", f"{stem}.ids.npy", f"{path}.ids.tsv"]
    return [path, *(name for name in beside if Path(name).is_file())]


def place(path: str | Path) -> str:
    """Name of an output as people find it."""
    return "standard output" if str(path) == STANDARD_OUTPUT else str(path)

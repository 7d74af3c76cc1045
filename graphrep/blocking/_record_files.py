"""Columns of records from CSV, TSV and Parquet files."""

from __future__ import annotations

import csv
import gc
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from graphrep._utils._optional import require
from graphrep.blocking._record_texts import without_zeros
from graphrep.exceptions import GraphFormatError
from graphrep.io._compression import open_input, strip_compression
from graphrep.typing import PathType

_BLOCK = 1 << 12  # rows that are turned into columns at once
_SEPARATORS = {"csv": None, "txt": None, "": None, "tsv": "\t", "tab": "\t"}
_PARQUET = ("parquet", "pq")
_logger = logging.getLogger(__name__)


class FileColumns(NamedTuple):
    """Columns of a file by name, and whether all of its values are texts."""

    columns: dict[str, Any]
    is_text: bool


def read_columns(path: PathType, *, kind: str | None = None) -> FileColumns:
    """Read the columns of a table.

    Parameters
    ----------
    path : path-like
        A .csv, .tsv or .txt file with a header line, compressed or not, or a
        .parquet file; ``"-"`` is standard input, CSV.
    kind : {"csv", "tsv", "parquet"} or None, default=None
        What the file is; None takes it from the suffix.

    Notes
    -----
    CSV is quoted as RFC 4180 says, TSV is not quoted. A CSV file is separated by the
    most frequent of comma, semicolon, tab and bar in its header. No word stands for a
    missing value; an empty field does.

    Raises
    ------
    GraphFormatError
        With the line, for lines of another number of fields and bytes that are not
        UTF-8; for files without a header, and of a kind that is not known.
    """
    if kind is None:
        name = strip_compression(path) if str(path) != "-" else ""
        kind = Path(name).suffix.lower().removeprefix(".")
    if kind in _PARQUET:
        return FileColumns(_read_parquet(path), False)
    if kind not in _SEPARATORS:
        raise GraphFormatError(
            f"The suffix .{kind} is of no table that can be read. Save it as .csv, "
            ".tsv or .parquet.",
            path=path,
        )
    with open_input(path) as stream:
        text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
        try:
            return FileColumns(_read_text(text, _SEPARATORS[kind], path), True)
        except UnicodeDecodeError as error:
            raise GraphFormatError(
                f"Byte 0x{error.object[error.start]:02x} is not UTF-8. Save the file "
                "as UTF-8.",
                path=path,
            ) from None


def _read_parquet(path: PathType) -> dict[str, Any]:
    parquet = require("pyarrow.parquet", extra="io", why="Reading a Parquet file")
    pyarrow = require("pyarrow", extra="io", why="Reading a Parquet file")
    if not Path(path).is_file():
        raise FileNotFoundError(2, "No such file", str(path))
    try:
        table = parquet.read_table(Path(path), page_checksum_verification=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise GraphFormatError(
            f"The file is no complete Parquet file: {error}".rstrip(".") + ".",
            path=path,
        ) from None
    _check_names(table.column_names, path)
    return dict(zip(table.column_names, table.columns, strict=True))


def _read_text(
    text: io.TextIOWrapper, separator: str | None, path: PathType
) -> dict[str, Any]:
    header = text.readline()
    if not header.strip():
        raise GraphFormatError(
            "The file has no header line. Its first line must name the columns.",
            path=path,
            line=1,
        )
    lines = chain([header], text)
    if separator is None:
        separator = max(",;\t|", key=header.count)
        _logger.info("%s: columns are separated by %r", path, separator)
        rows = csv.reader(lines, delimiter=separator, strict=True)
    else:
        rows = csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
    line = 1
    try:
        names = next(rows)
        _check_names(names, path)
        columns: list[list[str]] = [[] for _ in names]
        line = 1 + rows.line_num
        with _without_collection():
            while block := list(islice(rows, _BLOCK)):
                _add_block(block, columns, line, path)
                line = 1 + rows.line_num
    except csv.Error as error:
        raise GraphFormatError(
            f"The line cannot be read as CSV: {error}. Close quotes, and double those "
            "inside.",
            path=path,
            line=max(1, rows.line_num),
        ) from None
    return dict(zip(names, map(without_zeros, columns), strict=True))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Pause the search for cycles: rows have none, and looking takes seconds."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _add_block(
    block: list[list[str]], columns: list[list[str]], line: int, path: PathType
) -> None:
    """Append rows to columns; blank lines are skipped."""
    lengths = set(map(len, block))
    if lengths != {len(columns)}:
        if lengths - {0, len(columns)} or len(columns) == 1:
            _refuse_lengths(block, len(columns), line, path)
        block = [row for row in block if row]
    fields = list(chain.from_iterable(block))
    for at, column in enumerate(columns):
        column += fields[at :: len(columns)]


def _refuse_lengths(
    block: list[list[str]], n_columns: int, line: int, path: PathType
) -> None:
    """Refuse the first row of another length, by its line."""
    if n_columns == 1:  # a blank line is a record whose only value is missing
        for row in block:
            if not row:
                row.append("")
    for row in block:
        if row and len(row) != n_columns:
            _refuse_length(len(row), n_columns, line, path)
        line += 1 + sum(field.count("\n") for field in row)


def _refuse_length(n_fields: int, n_columns: int, line: int, path: Any) -> NoReturn:
    fields = "1 field" if n_fields == 1 else f"{n_fields:,} fields"
    columns = "1 column" if n_columns == 1 else f"{n_columns:,} columns"
    raise GraphFormatError(
        f"There are {fields} but {columns}. Quote fields that hold the separator.",
        path=path,
        line=line,
    )


def _check_names(names: list[str], path: PathType) -> None:
    for at, name in enumerate(names):
        if name in names[:at]:
            raise GraphFormatError(
                f"Column {name!r} stands twice. Give every column a name of its own.",
                path=path,
                line=1,
            )

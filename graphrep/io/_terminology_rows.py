"""Rows of tables without quoting, by the names in their header; lines are numbered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphrep.exceptions import GraphFormatError
from graphrep.io._lines import read_lines, shorten
from graphrep.typing import PathType

LONGEST_LINE = 1 << 24


def split_rows(
    path: PathType,
    n_columns: int,
    *,
    delimiter: str,
    marks: Sequence[str] = (),
    encoding: str = "utf-8",
) -> Iterator[tuple[int, list[str]]]:
    """Give number and fields of each line of a table without a header.

    With ``marks``, lines in which none of these texts stands are passed over unread.

    Raises
    ------
    GraphFormatError
        With the line, for another number of columns.
    """
    lines = read_lines(path, encoding=encoding, max_line_bytes=LONGEST_LINE)
    for number, line in lines:
        if marks:
            for mark in marks:
                if mark in line:
                    break
            else:
                continue
        fields = line.split(delimiter)
        if len(fields) != n_columns:
            if not line.strip():
                continue
            refuse_width(path, number, line, len(fields), n_columns)
        yield number, fields


def named_rows(
    path: PathType,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    delimiter: str = "\t",
    encoding: str = "utf-8",
) -> Iterator[tuple[int, list[str]]]:
    """Give number and chosen fields of each line; the first line names the columns.

    Nothing is quoted: a quote is a character like any other. Names of columns are
    compared in lower case; an optional column that is not there is empty.

    Raises
    ------
    GraphFormatError
        For a column that is not there, and for a line of another width than the
        header, with its number.
    """
    lines = read_lines(path, encoding=encoding, max_line_bytes=LONGEST_LINE)
    _, header = next(lines, (1, ""))
    names = [name.strip().lower() for name in header.split(delimiter)]
    places = [
        _place(path, names, name, name in optional) for name in (*columns, *optional)
    ]
    width = len(names)
    for number, line in lines:
        fields = line.split(delimiter)
        if len(fields) != width:
            if not line.strip():
                continue
            refuse_width(path, number, line, len(fields), width)
        fields.append("")
        yield number, [fields[place] for place in places]


def refuse_width(path: PathType, number: int, line: str, got: int, wanted: int) -> None:
    """Refuse a line of another number of columns."""
    raise GraphFormatError(
        f"The line has {got} columns instead of {wanted}: {shorten(line)}. Mend or "
        "remove it.",
        path=path,
        line=number,
    )


def _place(path: PathType, names: list[str], name: str, optional: bool) -> int:
    if name.lower() in names:
        return names.index(name.lower())
    if optional:
        return len(names)
    raise GraphFormatError(
        f"The header has no column {name!r}; it has {', '.join(names[:20])}.",
        path=path,
        line=1,
    )

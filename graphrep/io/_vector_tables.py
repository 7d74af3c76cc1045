"""Vectors as tables of text: .csv and .tsv with a header, an id and a column each."""

from __future__ import annotations

import csv
import re
from typing import Any

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Vectors
from graphrep.io._compression import open_input, open_output
from graphrep.io._ids import texts_of_index
from graphrep.io._lines import shorten
from graphrep.io._vector_text import (
    BOM,
    Layout,
    read_rows,
    vectors_of_rows,
    write_rows,
)
from graphrep.typing import PathType

_REFUSED = {b",": re.compile(r"[\0\r\n]"), b"\t": re.compile(r"[\0\r\n\t]")}
_QUOTED = re.compile(r'[,"]|^\s|\s$|^$')
_FORMULA = re.compile(r"[=+\-@\t\r]")


def write_table(
    vectors: Vectors, path: PathType, separator: bytes, *, escape_formulas: bool = False
) -> None:
    """Write a table with the header ``id, x0, x1, …``.

    Parameters
    ----------
    vectors : Vectors
        What to write.
    path : path-like
        Where to.
    separator : bytes
        A comma or a tab. Ids are quoted under a comma where they must be, and never
        under a tab.
    escape_formulas : bool, default=False
        Put a single quote before texts that a spreadsheet would take for a formula
        (those that begin with ``=``, ``+``, ``-``, ``@`` or a tab). Such a file is
        for people: the quotes are read back as part of the ids.

    Raises
    ------
    GraphValueError
        For an id with a line end, a NUL or, in a .tsv, a tab.
    """
    ids = texts_of_index(vectors.nodes, what="A table of text")
    for row, node in enumerate(ids):
        if hit := _REFUSED[separator].search(node):
            raise GraphValueError(
                f"Id {shorten(node)} of node {row} holds {hit.group()!r}, which a "
                "table of text cannot. Rename the node, or write npz or parquet."
            )
    if escape_formulas and not vectors.nodes.is_integer:
        ids = [f"'{node}" if _FORMULA.match(node) else node for node in ids]
    if separator == b",":
        ids = [_quote(node) if _QUOTED.search(node) else node for node in ids]
    header = ["id", *(f"x{i}" for i in range(vectors.n_components))]
    with open_output(path) as file:
        file.write(separator.join(name.encode() for name in header) + b"\n")
        write_rows(file, vectors.matrix, [node.encode() for node in ids], separator)


def read_table(
    path: PathType, separator: bytes, *, dtype: Any, id_dtype: str | None
) -> Vectors:
    """Read a table whose first column holds ids and all others numbers.

    A first line that is no header (all but its first field are numbers) counts as
    the first row.

    Raises
    ------
    GraphFormatError
        With the line, where it does not fit.
    """
    with open_input(path) as file:
        first = file.readline().removeprefix(BOM)
        fields = _fields(first, separator, path)
        if len(fields) < 2:
            raise GraphFormatError(
                "A table of vectors needs an id and at least one number a line.",
                path=path,
                line=1,
            )
        layout = Layout(separator, len(fields) - 1)
        has_header = not all(map(_is_number, fields[1:]))
        rows = read_rows(
            file,
            path,
            layout,
            dtype,
            first_line=1 + has_header,
            head=b"" if has_header else first,
        )
    return vectors_of_rows(rows, id_dtype, path)


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _fields(line: bytes, separator: bytes, path: PathType) -> list[str]:
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise GraphFormatError(
            f"The header is not UTF-8: {error}.", path=path, line=1
        ) from None
    if separator == b"\t":
        return text.split("\t")
    try:
        return next(csv.reader([text]), [])
    except csv.Error as error:
        raise GraphFormatError(f"{error}.", path=path, line=1) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

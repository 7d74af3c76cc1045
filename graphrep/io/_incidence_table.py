"""Files with one incidence a row: text columns of ids, and Parquet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Hypergraph
from graphrep.graph._hypergraph_to_foreign import incidence_columns, to_frame
from graphrep.graph._incidence_tables import hypergraph_of_pairs, hypergraph_of_table
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_input, open_output, strip_compression
from graphrep.io._dialect import split_line
from graphrep.io._hyperedge_list import tell_incidences_lost
from graphrep.io._ids import index_from_texts, refuse_characters, texts_of_index
from graphrep.io._lines import read_lines, shorten
from graphrep.typing import AnyArray, IntArray, PathType

_CANDIDATES = ("\t", ",", ";")
_NUMBERS = {"weight": "weights", "multiplicity": "multiplicities"}
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]")
_WRITE_ROWS = 1 << 16


def read_incidence_table(
    path: PathType,
    *,
    edge: str = "edge",
    node: str = "node",
    weight: str | None = "weight",
    delimiter: str | None = None,
    id_dtype: str | None = None,
    encoding: str = "utf-8",
    allow_empty: bool = False,
) -> Hypergraph:
    """Read a hypergraph from a text table with one incidence a row.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``. Its first line names the columns.
    edge, node : str, default="edge", "node"
        Columns of the ids.
    weight : str or None, default="weight"
        Column with the weight of the hyperedge, the same in each of its rows;
        ``"weight"`` may be absent. None reads none. A column ``multiplicity`` is
        read in the same way.
    delimiter : str or None, default=None
        One character between columns. None takes a tab, comma or semicolon, whichever
        stands in the first line. Fields may stand in double quotes, but not where
        tabs part them.
    id_dtype : {None, "int64", "str"}, default=None
        None gives integers where all ids of a column are canonical integers.
    encoding : str, default="utf-8"
        Encoding of the text.
    allow_empty : bool, default=False
        Whether a table without rows is fine.

    Returns
    -------
    Hypergraph
        Hyperedges in order of first appearance; nodes too, or ascending if integers.

    Raises
    ------
    GraphFormatError
        With the line, for a missing column, another number of fields, an empty id and
        a weight that is no number.
    """
    lines = read_lines(path, encoding=encoding, refuse_controls=True)
    names, delimiter = _read_header(lines, delimiter, path)
    wanted = [edge, node]
    if weight is not None and (weight in names or weight != "weight"):
        wanted.append(weight)
    if "multiplicity" in names and "multiplicity" not in wanted:
        wanted.append("multiplicity")
    for name in wanted:
        if names.count(name) != 1:
            how = "is missing" if name not in names else "stands twice"
            raise GraphFormatError(
                f"Column {name!r} {how}; the first line names "
                f"{', '.join(map(repr, names))}. Pass edge=, node= and weight=, or "
                "format='hyperedges' if each line holds the members of a hyperedge.",
                path=path,
                line=1,
            )
    rows = _Rows(names, wanted, delimiter, path)
    for number, text in lines:
        if text and not text.isspace():
            rows.add(text, number)
    if not rows.columns[0] and not allow_empty:
        raise GraphFormatError(
            "No incidences found. Pass allow_empty=True if that is right.", path=path
        )
    with blame_file(path):
        pairs = [_encoded(column, id_dtype, path) for column in rows.columns[:2]]
        values = {
            _NUMBERS.get(name, "weights"): np.array(column, np.float64)
            for name, column in zip(wanted[2:], rows.columns[2:], strict=True)
        }
        return hypergraph_of_pairs(pairs[0], pairs[1], values)


def write_incidence_table(
    hypergraph: Hypergraph, path: PathType, *, delimiter: str | None = None
) -> None:
    r"""Write a hypergraph to a text table with one incidence a row.

    Parameters
    ----------
    hypergraph : Hypergraph
        What to write.
    path : path-like
        Where to; a compression's suffix compresses.
    delimiter : {",", "\t", ";"} or None, default=None
        None takes a comma for ``.csv`` and a tab for all others.

    Raises
    ------
    GraphValueError
        For an id that is empty or holds a control character.

    Warns
    -----
    GraphWarning
        For nodes in no hyperedge, empty hyperedges and labels: there is no place for
        them.
    """
    if delimiter is None:
        suffix = Path(strip_compression(path)).suffix.lower()
        delimiter = "," if suffix == ".csv" else "\t"
    if delimiter not in _CANDIDATES:
        raise GraphValueError(f"delimiter must be one of {_CANDIDATES}.")
    what = "A table of incidences"
    remedy = "Rename it, or write HIF or npz."
    for index in (hypergraph.nodes, hypergraph.edge_ids):
        texts = texts_of_index(index, what=what)
        refuse_characters(texts, _UNWRITABLE, what=what, remedy=remedy)
    tell_incidences_lost(hypergraph, what)
    columns = incidence_columns(hypergraph)
    with open_output(path) as file:
        file.write((delimiter.join(columns) + "\n").encode())
        for start in range(0, len(hypergraph.indices), _WRITE_ROWS):
            part = [c[start : start + _WRITE_ROWS].tolist() for c in columns.values()]
            file.write(_text(zip(*part, strict=True), delimiter))


def read_incidence_parquet(
    path: PathType,
    *,
    edge: str = "edge",
    node: str = "node",
    weight: str | None = "weight",
) -> Hypergraph:
    """Read a hypergraph from a Parquet file with one incidence a row.

    The parameters are those of `read_incidence_table`; integers stay integers and
    texts stay texts.
    """
    pa = require("pyarrow", extra="io", why="Reading a Parquet file")
    parquet = require("pyarrow.parquet", extra="io", why="Reading a Parquet file")
    with open_input(path) as file:
        source = pa.BufferReader(file.read())
    try:
        opened = parquet.ParquetFile(source, page_checksum_verification=True)
        known = opened.schema_arrow.names
        wanted = [n for n in (edge, node, weight, "multiplicity") if n in known]
        table = opened.read(columns=list(dict.fromkeys(wanted)))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise GraphFormatError(
            f"pyarrow cannot read the file ({error}). Is it damaged or of another "
            "format?",
            path=path,
        ) from error
    with blame_file(path):
        return hypergraph_of_table(table, edge=edge, node=node, weight=weight)


def write_incidence_parquet(
    hypergraph: Hypergraph, path: PathType, *, compression: str = "zstd"
) -> None:
    """Write a hypergraph to a Parquet file with one incidence a row.

    Columns and warnings are those of `write_incidence_table`; pages carry checksums.
    ``compression`` is "zstd", "snappy", "gzip" or "none".
    """
    parquet = require("pyarrow.parquet", extra="io", why="Writing a Parquet file")
    what = "A table of incidences"
    for index in (hypergraph.nodes, hypergraph.edge_ids):
        texts_of_index(index, what=what)
    tell_incidences_lost(hypergraph, what)
    table = to_frame(hypergraph, "pyarrow")
    with open_output(path) as file:
        parquet.write_table(
            table, file, compression=compression, write_page_checksum=True
        )


class _Rows:
    """Collects the columns that are wanted."""

    def __init__(
        self, names: list[str], wanted: list[str], delimiter: str, path: PathType
    ) -> None:
        self.columns: list[list[Any]] = [[] for _ in wanted]
        self._places = [names.index(name) for name in wanted]
        self._wanted, self._n_columns = wanted, len(names)
        self._delimiter, self._path = delimiter, path

    def add(self, text: str, number: int) -> None:
        """Take one line."""
        row = split_line(text, self._delimiter, self._delimiter != "\t")
        if len(row) != self._n_columns:
            raise self._error(
                f"{len(row)} fields instead of {self._n_columns} stand in", text, number
            )
        for at, place in enumerate(self._places):
            value: Any = row[place]
            if at < 2 and not value:
                raise self._error(
                    f"The id in column {self._wanted[at]!r} is empty in", text, number
                )
            if at >= 2:
                try:
                    value = float(value)
                except ValueError:
                    raise self._error(
                        f"The {self._wanted[at]} is no number in", text, number
                    ) from None
            self.columns[at].append(value)

    def _error(self, problem: str, text: str, number: int) -> GraphFormatError:
        return GraphFormatError(
            f"{problem} {shorten(text)}.", path=self._path, line=number
        )


def _read_header(
    lines: Iterator[tuple[int, str]], delimiter: str | None, path: PathType
) -> tuple[list[str], str]:
    _, text = next(lines, (0, ""))
    if delimiter is None:
        found = [mark for mark in _CANDIDATES if mark in text]
        if not found:
            raise GraphFormatError(
                "The first line must name the columns, parted by tabs, commas or "
                f"semicolons; got {shorten(text)}. Pass format='hyperedges' if each "
                "line holds the members of a hyperedge.",
                path=path,
                line=1,
            )
        delimiter = found[0]
    elif len(delimiter.encode()) != 1 or delimiter in ' "\r\n\0':
        raise GraphValueError(
            f"delimiter must be one ASCII character and no space; got {delimiter!r}."
        )
    return split_line(text, delimiter, delimiter != "\t"), delimiter


def _encoded(
    column: list[str], id_dtype: str | None, path: PathType
) -> tuple[IntArray, AnyArray]:
    """Codes of a column of texts, and the ids under the usual rule."""
    table = {text: code for code, text in enumerate(dict.fromkeys(column))}
    codes = np.fromiter(map(table.__getitem__, column), np.int64, len(column))
    return codes, index_from_texts(list(table), id_dtype, path).ids


def _text(rows: Any, delimiter: str) -> bytes:
    if delimiter == "\t":
        return "".join("\t".join(map(str, row)) + "\n" for row in rows).encode()
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()

"""Read edge lists: text files with one edge a line, in blocks and in threads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import numpy as np

from graphrep._utils._parallel import available_cpus, check_n_jobs
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph, NodeIndex
from graphrep.io._dialect import (
    SINGLE_COLUMN,
    SNIFFED_LINES,
    Columns,
    find_dialect,
)
from graphrep.io._id_table import INTEGER, TEXT, IdTable, encode_ids
from graphrep.io._line_parser import LineParser, Parsed
from graphrep.io._read_ahead import Ahead, Block, read_blocks
from graphrep.typing import FloatArray, IntArray, NodeIds, PathType

T = TypeVar("T")
_BAD_LINE_RULES = ("error", "skip", "warn")
_LINE_BYTES = 1 << 20
_UNKNOWN = -2


def read_edgelist(
    path: PathType,
    *,
    delimiter: str | None = None,
    header: bool | None = None,
    columns: Columns | None = None,
    comments: str = "#%",
    quoting: bool | None = None,
    directed: bool = False,
    duplicates: str = "sum",
    nodes: NodeIds | NodeIndex | PathType | None = None,
    id_dtype: Any = None,
    encoding: str = "utf-8",
    on_bad_line: str = "error",
    allow_empty: bool = False,
    max_line_bytes: int = _LINE_BYTES,
    max_uncompressed_bytes: int | None = None,
    n_jobs: int | None = None,
) -> Graph:
    r"""Read a graph from a text file with one edge a line.

    Parameters
    ----------
    path : path-like
        File to read, compressed or not; ``"-"`` is standard input.
    delimiter : str or None, default=None
        One character between columns; a space stands for any run of spaces and
        tabs. None finds out from the first 50 data lines.
    header : bool or None, default=None
        Whether the first data line names the columns. None takes it for a header if
        it holds known names (source, target), if it alone has no number as weight,
        or if it alone has names where three lines or more have integers.
    columns : sequence of int or str, or None, default=None
        Source, target and perhaps weight, by number from 0 or by name. None takes
        them in this order from a file of two or three columns.
    comments : str, default="#%"
        A line that begins with one of these characters is passed over.
    quoting : bool or None, default=None
        Whether fields may stand in double quotes (RFC 4180). None says yes for
        commas and semicolons.
    directed : bool, default=False
        Whether ``(a, b)`` differs from ``(b, a)``.
    duplicates : {"sum", "first", "max", "mean", "error"}, default="sum"
        What to do with an edge that is given more than once.
    nodes : sequence of str or int, NodeIndex, path-like or None, default=None
        All nodes in row order, or a file with one id a line; another id is then an
        error. None takes the ids in order of first appearance, source before target.
    id_dtype : {"int64", "str"}, type or None, default=None
        Type of the ids. None makes them int64 if every id is a canonical integer (no
        sign, no leading zero, within int64), else texts, byte for byte.
    encoding : str, default="utf-8"
        Encoding of the file, on every platform.
    on_bad_line : {"error", "skip", "warn"}, default="error"
        Whether a line that cannot be read is an error, passed over, or passed over
        with a warning that counts such lines.
    allow_empty : bool, default=False
        Whether a file without edges gives a graph without edges.
    max_line_bytes : int, default=1 MiB
        A longer line is an error.
    max_uncompressed_bytes : int or None, default=None
        Limit for compressed files; None allows 100 times their size and 1 GiB more.
    n_jobs : int or None, default=None
        1 reads without threads; otherwise up to three overlap: one decompresses, one
        cuts lines, one numbers ids. The result is the same.

    Returns
    -------
    Graph

    Raises
    ------
    GraphFormatError
        For a line that breaks the format, with path and line; and for a file
        without edges.

    Notes
    -----
    A line with a single column is a node that may have no edge. Such lines before
    the last edge are warned of, with the number of the first: they may be edges that
    lost an end. `write_edgelist` puts them behind all edges. Time is O(bytes),
    memory O(edges + distinct ids): the text is never held as a whole.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "edges.tsv"
    ...     _ = path.write_text("a\tb\t0.5\nb\tc\t2\nd\n")
    ...     read_edgelist(path)
    Graph(n_nodes=4, n_edges=2, undirected, weighted)
    """
    source = _Source(encoding, max_line_bytes, max_uncompressed_bytes, comments)
    kind = id_kind(id_dtype)
    table, index = _known_nodes(nodes, kind, source)
    form = _Form(delimiter, header, columns, quoting, kind, on_bad_line)
    with _parsing(path, source, form, n_jobs) as (parser, records):
        edges = _number(records, table, parser)
    parser.report(warn=on_bad_line == "warn")
    if not len(edges.rows) and not allow_empty:
        lone = table.count if index is None else 0
        raise GraphFormatError(no_edges(lone), path=path)
    return _build(edges, table, index, kind, directed, duplicates)


def stream_edgelist(
    path: PathType,
    *,
    delimiter: str | None = None,
    header: bool | None = None,
    columns: Columns | None = None,
    comments: str = "#%",
    quoting: bool | None = None,
    id_dtype: Any = None,
    encoding: str = "utf-8",
    on_bad_line: str = "error",
    max_line_bytes: int = _LINE_BYTES,
    max_uncompressed_bytes: int | None = None,
    n_jobs: int | None = None,
) -> Iterator[Parsed]:
    """Yield the records of an edge list block by block; see `read_edgelist`.

    An error in a line comes with the records before it.
    """
    source = _Source(encoding, max_line_bytes, max_uncompressed_bytes, comments)
    kind = id_kind(id_dtype)
    form = _Form(delimiter, header, columns, quoting, kind, on_bad_line)
    with _parsing(path, source, form, n_jobs) as (parser, records):
        yield from records
    parser.report(warn=on_bad_line == "warn")


class _Form(NamedTuple):
    """How to read the lines of a file."""

    delimiter: str | None
    header: bool | None
    columns: Columns | None
    quoting: bool | None
    kind: str | None
    on_bad_line: str


@contextmanager
def _parsing(
    path: PathType, source: _Source, form: _Form, n_jobs: int | None
) -> Iterator[tuple[LineParser, Iterator[Parsed]]]:
    """Give a parser and the records that it cuts, perhaps ahead of time in threads."""
    check_n_jobs(n_jobs)
    if form.on_bad_line not in _BAD_LINE_RULES:
        raise GraphValueError(
            f"on_bad_line must be 'error', 'skip' or 'warn'; got {form.on_bad_line!r}."
        )
    with ExitStack() as stack:
        threads = n_jobs != 1 and available_cpus() > 1
        blocks = _ahead_if(threads, source.blocks(path), stack)
        head, lines = _head(blocks, source.comments)
        dialect = find_dialect(
            lines, path, delimiter=form.delimiter, quoting=form.quoting,
            header=form.header, columns=form.columns,
        )  # fmt: skip
        parser = LineParser(
            path, dialect, source.comments, source.max_line_bytes,
            skip_bad=form.on_bad_line != "error", integers=form.kind == INTEGER,
        )  # fmt: skip
        records = map(parser.parse, chain(head, blocks))
        yield parser, _ahead_if(threads, records, stack)


class _Source(NamedTuple):
    """How to read the bytes of a file."""

    encoding: str
    max_line_bytes: int
    max_uncompressed_bytes: int | None
    comments: str

    def blocks(self, path: PathType) -> Iterator[Block]:
        return read_blocks(
            path,
            encoding=self.encoding,
            max_line_bytes=self.max_line_bytes,
            max_uncompressed_bytes=self.max_uncompressed_bytes,
        )


class _Edges(NamedTuple):
    rows: IntArray
    columns: IntArray
    weights: FloatArray | None


def _ahead_if(threads: bool, source: Iterator[T], stack: ExitStack) -> Iterator[T]:
    """Run an iterator ahead in a thread that ends with the stack."""
    if not threads:
        return source
    runner = Ahead(source)
    stack.callback(runner.close)
    return runner


def _head(blocks: Iterator[Block], comments: str) -> tuple[list[Block], list[str]]:
    """Take blocks until there is a data line; return them and the first data lines."""
    taken: list[Block] = []
    lines: list[str] = []
    for block in blocks:
        taken.append(block)
        for line in block.data.tobytes().split(b"\n"):
            text = line.removesuffix(b"\r").decode()
            if text.strip(" ") and text[0] not in comments:
                lines.append(text)
                if len(lines) == SNIFFED_LINES:
                    return taken, lines
        if lines:
            break
    return taken, lines


def _number(records: Iterator[Parsed], table: IdTable, parser: LineParser) -> _Edges:
    """Turn the ids of all records into numbers; drop the missing partners."""
    weighted = parser.dialect.weight >= 0
    rows, columns, weights = [], [], []
    for parsed in records:
        codes = table.number(parsed.block.data, parsed.tokens, 2 * parsed.n_records)
        if table.frozen and len(codes) and int(codes.min()) == _UNKNOWN:
            codes, parsed = parser.refuse_unknown(codes, parsed)
        if parsed.error is not None:
            raise parsed.error
        source, target = codes[0::2], codes[1::2]
        paired = target >= 0 if parsed.n_lone else slice(None)
        rows.append(source[paired].copy())
        columns.append(target[paired].copy())
        if weighted:
            weights.append(parsed.weights[: len(source)][paired].copy())
    if not rows:
        return _Edges(np.empty(0, np.int32), np.empty(0, np.int32), None)
    return _Edges(
        _joined(rows), _joined(columns), _joined(weights) if weighted else None
    )


def _joined(parts: list[Any]) -> Any:
    """One array of many, each part let go as soon as it is copied."""
    dtype = np.result_type(*{part.dtype for part in parts})
    out = np.empty(sum(map(len, parts)), dtype)
    end = len(out)
    while parts:
        part = parts.pop()
        out[end - len(part) : end] = part
        end -= len(part)
    return out


def no_edges(lone: int) -> str:
    """Sentence for a file without edges but perhaps with single nodes."""
    also = f" but {lone:,} single nodes" if lone else ""
    return (
        f"No edges found in the file{also}. Check the delimiter and the comments, or "
        "pass allow_empty=True."
    )


def _build(
    edges: _Edges,
    table: IdTable,
    index: NodeIndex | None,
    kind: str | None,
    directed: bool,
    duplicates: str,
) -> Graph:
    rows, columns, weights = edges
    if index is None:
        index, merged = table.index(kind)
        if merged is not None:
            rows, columns = merged[rows], merged[columns]
    return Graph.from_codes(
        rows, columns, weights, nodes=index, directed=directed, duplicates=duplicates
    )


def id_kind(id_dtype: Any) -> str | None:
    """Kind of ids that a value of ``id_dtype=`` stands for."""
    if id_dtype is None:
        return None
    if id_dtype in (str, object, "str", "text", "object"):
        return TEXT
    if id_dtype in (int, "int", np.int64, "int64"):
        return INTEGER
    raise GraphValueError(f"id_dtype must be None, 'int64' or 'str'; got {id_dtype!r}.")


def _known_nodes(
    nodes: Any, kind: str | None, source: _Source
) -> tuple[IdTable, NodeIndex | None]:
    """Table of the nodes given, closed to others; an open one if none are given."""
    table = IdTable()
    if nodes is None:
        return table, None
    if isinstance(nodes, (str, os.PathLike)):
        _fill(table, source.blocks(nodes), nodes, source, kind)
        index, merged = table.index(kind)
        if merged is not None:
            raise GraphFormatError(
                "Two ids are the same integer. Leave id_dtype away.", path=nodes
            )
    else:
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        data, n_nodes = encode_ids(index.ids.tolist())
        block = [Block(data, n_nodes, 1)] if n_nodes else []
        _fill(table, iter(block), "nodes", source._replace(comments=""), kind)
        if table.count != n_nodes:
            raise GraphValueError(
                "nodes holds an id that no text file can: one that is blank or has a "
                "line break. Leave it out."
            )
    table.frozen = True
    return table, index


def _fill(
    table: IdTable,
    blocks: Iterator[Block],
    name: PathType,
    source: _Source,
    kind: str | None,
) -> None:
    """Enter ids that stand one a line."""
    parser = LineParser(
        name, SINGLE_COLUMN, source.comments, source.max_line_bytes,
        skip_bad=False, integers=kind == INTEGER,
    )  # fmt: skip
    for parsed in map(parser.parse, blocks):
        table.number(parsed.block.data, parsed.tokens, 2 * parsed.n_records)
        if parsed.error is not None:
            raise parsed.error

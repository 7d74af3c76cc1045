"""MatrixMarket (.mtx): a square sparse matrix as text, read and written by scipy."""

from __future__ import annotations

import io
import re
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from scipy import sparse
from scipy.io import mmread, mmwrite

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Graph
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_input, open_output
from graphrep.io._ids import tell_lost_ids
from graphrep.io._lines import shorten
from graphrep.typing import PathType

_DIRECTED_MARK = " graphrep: directed"
_HEAD_BYTES = 1 << 18
_SHORTEST_ENTRY = len("1 1\n")
_FIELDS = {"real", "double", "integer", "unsigned-integer", "pattern"}
_LINE = re.compile(r"^Line (\d+): ")


class _Header(NamedTuple):
    dense: bool
    symmetric: bool
    marked_directed: bool
    n_rows: int
    n_columns: int
    n_entries: int
    line: int


def read_matrixmarket(path: PathType, *, directed: bool | None = None) -> Graph:
    """Read a graph from a MatrixMarket file.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    directed : bool or None, default=None
        None takes a symmetric header for undirected and, for a general one, looks
        for an edge without its mirror image.

    Returns
    -------
    Graph
        The format has no ids: the node of row k has id k - 1.

    Raises
    ------
    GraphFormatError
        For a matrix that is complex, skew-symmetric or not square, and for a file
        that is cut off or damaged, with the line where it is known.
    """
    with open_input(path) as file:
        head = file.read(_HEAD_BYTES)
        header = _read_header(head, path)
        _check_size(header, head, file, path)
        matrix = _read_matrix(head, file, path)
    if directed is None and (header.symmetric or header.marked_directed):
        directed = not header.symmetric
    with blame_file(path):
        return Graph(matrix, directed=directed)


def write_matrixmarket(graph: Graph, path: PathType) -> None:
    """Write a graph to a MatrixMarket file.

    Parameters
    ----------
    graph : Graph
        Its weights are written so that they read back exactly; an unweighted graph
        gives a pattern, an undirected one a symmetric matrix.
    path : path-like
        Where to; a compression's suffix compresses.

    Warns
    -----
    GraphWarning
        If the graph has ids other than 0…n-1: the format has no place for them.
    """
    tell_lost_ids(graph, "MatrixMarket")
    with open_output(path) as file:
        mmwrite(
            file,
            graph.to_scipy(dtype=np.float64),
            comment=_DIRECTED_MARK if graph.directed else "",
            field="real" if graph.weighted else "pattern",
            symmetry="general" if graph.directed else "symmetric",
        )


def _read_header(head: bytes, path: PathType) -> _Header:
    lines = head.split(b"\n")
    banner = lines[0].decode("latin-1").lower().split()
    if len(banner) != 5 or banner[:2] != ["%%matrixmarket", "matrix"]:
        raise GraphFormatError(
            "The first line must read '%%MatrixMarket matrix format field symmetry'; "
            f"got {shorten(lines[0].decode('latin-1'))}.",
            path=path,
            line=1,
        )
    layout, field, symmetry = banner[2:]
    if field not in _FIELDS or symmetry not in {"general", "symmetric"}:
        raise GraphFormatError(
            f"A matrix that is {field} and {symmetry} is no graph; edge weights are "
            "real and a graph's matrix is general or symmetric.",
            path=path,
            line=1,
        )
    marked = False
    for number, line in enumerate(lines[1:], 2):
        if line.startswith(b"%"):
            marked |= line[1:].strip() == _DIRECTED_MARK.strip().encode()
        elif line.strip():
            size = _parse_size(line, layout, number, path)
            return _Header(
                layout == "array", symmetry == "symmetric", marked, *size, number
            )
    raise GraphFormatError("The line with the matrix's size is missing.", path=path)


def _parse_size(
    line: bytes, layout: str, number: int, path: PathType
) -> tuple[int, int, int]:
    tokens = line.split()
    wanted = {"array": 2, "coordinate": 3}.get(layout, 0)
    if len(tokens) != wanted or not all(t.isdigit() and len(t) < 19 for t in tokens):
        raise GraphFormatError(
            f"The size of a matrix in format {layout!r} is not "
            f"{shorten(line.decode('latin-1'))}; expected 'rows columns entries' for "
            "'coordinate', 'rows columns' for 'array'.",
            path=path,
            line=number,
        )
    rows, columns = int(tokens[0]), int(tokens[1])
    if rows != columns:
        raise GraphFormatError(
            f"The matrix has shape ({rows}, {columns}) and is not square. Read it with "
            "scipy.io.mmread and pass it to Graph.from_biadjacency for the graph "
            "between its rows and columns.",
            path=path,
            line=number,
        )
    return rows, columns, int(tokens[2]) if wanted == 3 else rows * columns


def _check_size(header: _Header, head: bytes, file: BinaryIO, path: PathType) -> None:
    """Refuse a header that speaks of more entries than the file has room for."""
    if not file.seekable():
        return
    position = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(position)
    least = header.n_entries * (2 if header.dense else _SHORTEST_ENTRY)
    if header.dense and header.symmetric:
        least //= 2
    if least > size + 2:
        raise GraphFormatError(
            f"The header speaks of {header.n_entries:,} entries but the file has only "
            f"{size:,} bytes. Was it cut off?",
            path=path,
            line=header.line,
        )


def _read_matrix(head: bytes, file: BinaryIO, path: PathType) -> Any:
    joined = io.BufferedReader(_Joined(head, file))
    try:
        matrix = mmread(cast("Any", joined), spmatrix=False)
    except (ValueError, OverflowError, MemoryError) as error:
        if isinstance(error, GraphFormatError):
            raise
        text = str(error)
        found = _LINE.match(text)
        raise GraphFormatError(
            f"scipy cannot read the matrix: {_LINE.sub('', text).rstrip('.')}.",
            path=path,
            line=int(found.group(1)) if found else None,
        ) from error
    return matrix if sparse.issparse(matrix) else np.asarray(matrix, np.float64)


class _Joined(io.RawIOBase):
    """The bytes read ahead, then the rest of the stream, then a line feed.

    Without that last line feed scipy reads beyond its memory when a file ends inside
    a line with something unexpected.
    """

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = memoryview(head), rest
        self._last = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        block: Any = self._head[: len(view)] or self._rest.read(len(view))
        self._head = self._head[len(view) :]
        if len(block):
            self._last = bytes(block[-1:])
        elif self._last != b"\n":
            block = self._last = b"\n"
        view[: len(block)] = block
        return len(block)

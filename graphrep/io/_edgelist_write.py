"""Write edge lists: one edge a line, every node kept, every weight exact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph
from graphrep.io._compression import open_output, strip_compression
from graphrep.io._dialect import SNIFFED_LINES, find_dialect
from graphrep.kernels._join import join_lines
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType

_DELIMITERS = {".csv": ",", ".ssv": " "}
_QUOTING = ",;"
_BLOCK_EDGES = 1 << 17
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_BYTE_ORDER_MARK = "\ufeff"
_COMMENTS = ("#", "%")

_Texts = tuple[AnyArray, IntArray]


def write_edgelist(
    graph: Graph,
    path: PathType,
    *,
    delimiter: str | None = None,
    header: bool | None = None,
    overwrite: bool = True,
) -> None:
    """Write a graph to a text file with one edge a line.

    Parameters
    ----------
    graph : Graph
        What to write. Ids must be texts or integers.
    path : path-like
        Where to, compressed by its last suffix; ``"-"`` is standard output.
    delimiter : str or None, default=None
        One character between columns. None takes a comma for ``.csv``, a space for
        ``.ssv`` and a tab for all others.
    header : bool or None, default=None
        Whether the first line names the columns: source, target and, if there are
        weights, weight. None writes it for ``.csv`` and where the first line would
        otherwise be misread.
    overwrite : bool, default=True
        Whether a file that is there may be replaced.

    Raises
    ------
    GraphValueError
        For an id that the format cannot hold: empty, with control characters, or,
        where there are no quotes (all but comma and semicolon), with the delimiter
        or ``#`` or ``%`` as its first character.
    GraphTypeError
        For an id that is neither a text nor an integer.

    Notes
    -----
    An undirected edge is written once; nodes without edges stand alone on a line at
    the end. Weights get the shortest text that gives back the same number of their
    type. `read_edgelist` numbers nodes by first appearance; pass ``nodes=`` to keep
    an order, and ``id_dtype="str"`` if texts that read as integers shall stay texts.
    """
    suffix = Path(strip_compression(path)).suffix.lower()
    if delimiter is None:
        delimiter = _DELIMITERS.get(suffix, "\t")
    if len(delimiter.encode()) != 1 or delimiter in '"\r\n\0':
        raise GraphValueError(
            f"delimiter must be one ASCII character; got {delimiter!r}."
        )
    texts = _id_texts(graph.node_ids.tolist(), delimiter)
    parts = _lines(graph, texts, delimiter)
    first = next(parts, b"")
    if header is None:
        header = suffix == ".csv" or _misread(first, path, delimiter, graph)
    with open_output(path, overwrite=overwrite) as file:
        if header:
            names = ["source", "target", *(["weight"] if graph.weighted else [])]
            file.write((delimiter.join(names) + "\n").encode())
        file.write(first)
        for part in parts:
            file.write(part)


def _lines(graph: Graph, texts: list[bytes], delimiter: str) -> Iterator[bytes]:
    """Yield the edges in blocks of lines, then the nodes without edges."""
    rows, columns, weights = graph.edges()
    ids = _arena(texts)
    sizes = np.diff(ids[1])
    for start in range(0, len(rows), _BLOCK_EDGES):
        part = slice(start, start + _BLOCK_EDGES)
        block = (rows[part].copy(), columns[part].copy())
        size = int(sizes[block[0]].sum() + sizes[block[1]].sum()) + 3 * len(block[0])
        words = _arena([b""])
        codes: IntArray = np.empty(0, np.int64)
        if weights is not None:
            written, codes = _weight_texts(weights[part])
            words = _arena(written)
            size += int(np.diff(words[1])[codes].sum())
        out = np.empty(size, np.uint8)
        used = join_lines(*block, ids, words, codes, ord(delimiter), out)
        yield out[:used].tobytes()
    alone = np.ones(graph.n_nodes, bool)
    alone[rows] = False
    alone[columns] = False
    if alone.any():
        yield b"".join(texts[i] + b"\n" for i in np.flatnonzero(alone))


def _weight_texts(weights: FloatArray) -> tuple[list[bytes], IntArray]:
    """Distinct weights as texts, and which of them each edge has."""
    values, codes = np.unique(weights, return_inverse=True)
    # The text of a numpy scalar is the shortest for its own type, float32 too.
    shortest = map(repr, values.tolist()) if values.itemsize == 8 else map(str, values)
    return [text.removesuffix(".0").encode() for text in shortest], codes


def _arena(texts: list[bytes]) -> _Texts:
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    return np.frombuffer(b"".join(texts), np.uint8), offsets


def _id_texts(ids: list[Any], delimiter: str) -> list[bytes]:
    """Ids as they stand in the file; refuses those that it cannot hold."""
    if ids and type(ids[0]) is int and all(type(node) is int for node in ids):
        return [b"%d" % node for node in ids]
    quoting = delimiter in _QUOTING
    special = re.compile(r'[,;|"]|^[#%]|^ *$')
    texts = []
    for node in ids:
        text = _text(node)
        if quoting:
            if special.search(text):
                text = '"' + text.replace('"', '""') + '"'
        elif delimiter in text or text.startswith(_COMMENTS) or not text.strip(" "):
            raise GraphValueError(
                f"Node id {node!r} cannot stand in a file with delimiter "
                f"{delimiter!r}: it holds the delimiter, is blank, or begins like a "
                "comment. Write a .csv file, which has quotes."
            )
        texts.append(text.encode())
    return texts


def _text(node: object) -> str:
    if isinstance(node, bool) or not isinstance(node, (str, int)):
        raise GraphTypeError(
            f"Node id {node!r} is neither a text nor an integer. Give such nodes "
            "names with graph.with_nodes(...)."
        )
    text = str(node)
    if not text or _CONTROL.search(text):
        raise GraphValueError(
            f"Node id {node!r} is empty or holds a control character, which no edge "
            "list can carry. Rename it with graph.with_nodes(...)."
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise GraphValueError(
            f"Node id {node!r} is not valid Unicode. Rename it with "
            "graph.with_nodes(...)."
        ) from None
    return text


def _misread(first: bytes, path: PathType, delimiter: str, graph: Graph) -> bool:
    """Tell whether the reader would take the first line for something else."""
    lines = first.decode().split("\n", SNIFFED_LINES)[:SNIFFED_LINES]
    lines = [line for line in lines if line]
    if not lines:
        return False
    if lines[0].startswith(_BYTE_ORDER_MARK) or graph.n_edges == 0:
        return True
    dialect = find_dialect(lines, path)
    return dialect.header or dialect.delimiter != delimiter

"""Plain lists of hyperedges: the members of one a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import chain, islice

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Hypergraph, NodeIndex
from graphrep.graph._hyperedge_ids import distinct_integers
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_output
from graphrep.io._ids import index_from_texts, refuse_characters, texts_of_index
from graphrep.io._lines import MAX_LINE_BYTES, read_lines, shorten
from graphrep.typing import IntArray, PathType

_SNIFFED_LINES = 50
_CANDIDATES = ("\t", ",", ";", "|")
# What makes a text of blanks and ids more than canonical integers of 18 digits.
_NOT_CANONICAL = re.compile(r"[^0-9 ]|(?<![0-9])0[0-9]|[0-9]{19}")
_COMMENTS = "#%"
_WRITE_LINES = 1 << 14
_UNWRITABLE = r"[\x00-\x1f\x7f]|^[#%]"
_LONG_LINE_BYTES = 64 * MAX_LINE_BYTES  # a hyperedge may have a million members


def read_hyperedge_list(
    path: PathType,
    *,
    delimiter: str | None = None,
    comments: str = _COMMENTS,
    id_dtype: str | None = None,
    encoding: str = "utf-8",
    allow_empty: bool = False,
    max_line_bytes: int = _LONG_LINE_BYTES,
) -> Hypergraph:
    """Read a hypergraph from a text file with the members of one hyperedge a line.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    delimiter : str or None, default=None
        One character between members; a space stands for any run of spaces and tabs.
        None looks at the first 50 hyperedges: a tab if one has any, else a comma,
        a semicolon, a bar, else spaces. Blanks around commas, semicolons and bars are
        dropped.
    comments : str, default="#%"
        A line that begins with one of these characters is passed over, as are blank
        lines.
    id_dtype : {None, "int64", "str"}, default=None
        None gives integers where all ids are canonical integers.
    encoding : str, default="utf-8"
        Encoding of the text.
    allow_empty : bool, default=False
        Whether a file without hyperedges is fine.
    max_line_bytes : int, default=64 MiB
        A longer line is an error.

    Returns
    -------
    Hypergraph
        In the order of the file; repeated lines stay. Integers ascend, other ids
        stand in order of first appearance.

    Raises
    ------
    GraphFormatError
        With the line, for an empty id, control characters and bytes of another
        encoding; and for a file without hyperedges.

    Warns
    -----
    GraphWarning
        If a line names a node twice: it counts once.
    """
    lines = (
        (number, text)
        for number, text in read_lines(
            path, encoding=encoding, refuse_controls=True, max_line_bytes=max_line_bytes
        )
        if text and not text.isspace() and text[0] not in comments
    )
    head = list(islice(lines, _SNIFFED_LINES))
    if delimiter is None:
        delimiter = _sniff([text for _, text in head])
    elif len(delimiter.encode()) != 1 or delimiter in '"\r\n\0':
        raise GraphValueError(
            f"delimiter must be one ASCII character; got {delimiter!r}. A space stands "
            "for any run of spaces and tabs."
        )
    sizes, flat = _collect(chain(head, lines), _splitter(delimiter), path)
    if not len(sizes) and not allow_empty:
        raise GraphFormatError(
            "No hyperedges found. Pass allow_empty=True if that is right.", path=path
        )
    with blame_file(path):
        return hypergraph_of_texts(sizes, flat, id_dtype, path)


def write_hyperedge_list(
    hypergraph: Hypergraph, path: PathType, *, delimiter: str = " "
) -> None:
    """Write a hypergraph to a text file with the members of one hyperedge a line.

    Parameters
    ----------
    hypergraph : Hypergraph
        A hyperedge that occurs several times has so many lines.
    path : path-like
        Where to; a compression's suffix compresses.
    delimiter : str, default=" "
        One character between members.

    Raises
    ------
    GraphValueError
        For an empty hyperedge, for an id that is empty, begins like a comment, or
        holds the delimiter or a control character, and for ids that would be read
        with another delimiter.

    Warns
    -----
    GraphWarning
        If nodes stand in no hyperedge, or there are weights, labels or ids of
        hyperedges: the format has no place for them.
    """
    if len(delimiter.encode()) != 1 or delimiter in '"\r\n\0':
        raise GraphValueError(
            f"delimiter must be one ASCII character; got {delimiter!r}."
        )
    empty = np.flatnonzero(hypergraph.sizes == 0)
    if len(empty):
        raise GraphValueError(
            f"A list of hyperedges has no empty ones, and hyperedge {empty[0]} is one. "
            "Call with_sizes(1) first, or write HIF or npz."
        )
    texts = texts_of_index(hypergraph.nodes, what="A list of hyperedges")
    blank = r"|\s" if delimiter == " " else r"|^\s|\s$"
    refuse_characters(
        texts,
        re.compile(f"{_UNWRITABLE}|{re.escape(delimiter)}{blank}"),
        what="A list of hyperedges",
        remedy="Rename it, or write HIF or npz.",
    )
    _refuse_misreading(hypergraph, texts, delimiter)
    lost = ["weights"] if hypergraph.weights is not None else []
    if not hypergraph.edge_ids.is_range:
        lost.append("ids of hyperedges")
    _tell(hypergraph, "A list of hyperedges", lost)
    bounds, counts = hypergraph.indptr.tolist(), hypergraph.counts.tolist()
    with open_output(path) as file:
        for start in range(0, len(hypergraph), _WRITE_LINES):
            stop = min(start + _WRITE_LINES, len(hypergraph))
            rows = hypergraph.indices[bounds[start] : bounds[stop]].tolist()
            base = bounds[start]
            for e in range(start, stop):
                inside = rows[bounds[e] - base : bounds[e + 1] - base]
                line = delimiter.join([texts[v] for v in inside]) + "\n"
                file.write(line.encode() * counts[e])


def hypergraph_of_texts(
    sizes: IntArray, flat: list[str], id_dtype: str | None, path: PathType
) -> Hypergraph:
    """Make a hypergraph of the members of all hyperedges, ids under the usual rule.

    Warns if a hyperedge names a node twice.
    """
    index, members = _numbered(flat, id_dtype, path)
    pointers = np.concatenate([[0], np.cumsum(sizes)])
    made = Hypergraph.from_csr(pointers, members, nodes=index)
    tell_repeats(made, sizes, path)
    return made


def _numbered(
    flat: list[str], id_dtype: str | None, path: PathType
) -> tuple[NodeIndex, IntArray]:
    """Index of the ids, integers ascending, and the row of each member."""
    joined = " ".join(flat)
    if id_dtype is None and flat and not _NOT_CANONICAL.search(joined):
        values = np.fromstring(joined, np.int64, sep=" ")
        if len(values) == len(flat):
            ids, members = distinct_integers(values)
            return NodeIndex(ids), members
    table = {text: row for row, text in enumerate(dict.fromkeys(flat))}
    members = np.fromiter(map(table.__getitem__, flat), np.int64, len(flat))
    index: NodeIndex = index_from_texts(list(table), id_dtype, path)
    if index.is_integer:
        order = np.argsort(index.ids, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        members, index = rank[members], index.take(order)
    return index, members


def tell_repeats(hypergraph: Hypergraph, sizes: IntArray, path: PathType) -> None:
    """Warn of hyperedges that named a node more than once."""
    again = np.flatnonzero(hypergraph.sizes != sizes)
    if len(again):
        warn_user(
            f"{path}: {len(again):,} hyperedges name a node more than once, the first "
            f"is number {again[0]} (counted from 0). A node counts once."
        )


def tell_incidences_lost(hypergraph: Hypergraph, what: str) -> None:
    """Warn of what a table of incidences has no place for."""
    empty = int(np.count_nonzero(hypergraph.sizes == 0))
    _tell(hypergraph, what, [f"{empty:,} empty hyperedges"] if empty else [])


def _tell(hypergraph: Hypergraph, what: str, lost: list[str]) -> None:
    alone = int(np.count_nonzero(hypergraph.degree() == 0))
    if alone:
        lost.append(f"{alone:,} nodes in no hyperedge")
    if hypergraph.node_labels or hypergraph.edge_labels:
        lost.append("labels")
    if lost:
        warn_user(
            f"{what} has no place for {', '.join(lost)}. Write HIF or npz to keep all."
        )


def _refuse_misreading(
    hypergraph: Hypergraph, texts: list[str], delimiter: str
) -> None:
    """Refuse ids that the reader would cut, since it looks at the first lines."""
    rows = [
        [texts[v] for v in part]
        for part in np.split(
            hypergraph.indices[: hypergraph.indptr[: _SNIFFED_LINES + 1][-1]],
            hypergraph.indptr[1:_SNIFFED_LINES],
        )
        if len(part)
    ]
    lines = [delimiter.join(row) for row in rows]
    found = _sniff(lines)
    for row, line in zip(rows, lines, strict=True):
        if _splitter(found)(line) != row:
            raise GraphValueError(
                f"The line {shorten(line)} would be read with the delimiter {found!r}. "
                "Choose another delimiter=, such as a tab, rename the nodes, or write "
                "HIF or npz."
            )


def _sniff(lines: list[str]) -> str:
    for delimiter in _CANDIDATES:
        if any(delimiter in line for line in lines):
            return delimiter
    return " "


def _splitter(delimiter: str) -> Callable[[str], list[str]]:
    if delimiter == " ":
        return str.split
    if delimiter in ",;|":
        return lambda text: [part.strip(" \t") for part in text.split(delimiter)]
    return lambda text: text.split(delimiter)


def _collect(
    lines: Iterable[tuple[int, str]], split: Callable[[str], list[str]], path: PathType
) -> tuple[IntArray, list[str]]:
    """Sizes of the hyperedges, and the texts of all members."""
    sizes: list[int] = []
    flat: list[str] = []
    for number, text in lines:
        row = split(text)
        if "" in row:
            raise GraphFormatError(
                f"A member is empty in {shorten(text)}. Pass delimiter= if members are "
                "parted by another character.",
                path=path,
                line=number,
            )
        sizes.append(len(row))
        flat.extend(row)
    return np.array(sizes, np.int64), flat

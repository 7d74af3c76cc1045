"""Edge files of KGTK, the form in which CSKG ships: columns named by a header."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph, KnowledgeGraph
from graphrep.io._blame import blame_file
from graphrep.io._chosen_relations import (
    chosen_relations,
    refuse_unknown_relations,
)
from graphrep.io._ids import index_from_texts
from graphrep.io._lines import read_lines, shorten
from graphrep.typing import IntArray, PathType

_RELATIONS = ("relation", "label", "predicate")  # the first of them that is there
_NODES = ("id", "label")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BARS = re.compile(r"(?<!\\)\|")
_STRING = re.compile(r"""(?s)"(.*)"|'(.*)'@[\w-]+""")
_ESCAPED = re.compile(r"\\([\\'\"|])")
_Lines = Iterator[tuple[int, str]]
_Row = tuple[int, str, list[str]]  # line, its text and its cells


def read_kgtk(
    path: PathType,
    *,
    nodes: str = "id",
    relations: str | list[str] | None = None,
    encoding: str = "utf-8",
    allow_empty: bool = False,
) -> KnowledgeGraph:
    r"""Read the statements of a KGTK edge file.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``: columns separated by tabs and named by
        the first line. ``node1``, ``node2`` and ``relation`` (or ``label``) must be
        among them; ``node1;label`` and ``node2;label`` are read too, all other
        columns passed over.
    nodes : {"id", "label"}, default="id"
        What the entities are: the ids, or words, that is the first label in lower
        case, so that nodes called the same become one. A node without a label
        keeps its id.
    relations : str, list of str or None, default=None
        Relations to read; None reads all.
    encoding : str, default="utf-8"
        Encoding of the text.
    allow_empty : bool, default=False
        Whether a file without statements is fine.

    Returns
    -------
    KnowledgeGraph
        Triples with ``labels``; ids are texts, in order of first appearance.
        ``n_dropped`` counts the statements of other relations.

    Raises
    ------
    GraphFormatError
        For a header without these columns; with the line, for a line of too few or
        too many columns and an empty id or relation; for a relation that is not
        there.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> header = ["node1", "relation", "node2", "node1;label"]
    >>> row = ["/c/en/cat", "/r/IsA", "Q7", "Cat|cats"]
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "cskg.tsv")
    ...     _ = path.write_text("\n".join(map("\t".join, [header, row])))
    ...     print(list(read_kgtk(path, nodes="label")))
    [('cat', '/r/IsA', 'Q7')]
    """
    if nodes not in _NODES:
        raise GraphValueError(f"nodes must be 'id' or 'label'; got {nodes!r}.")
    wanted = chosen_relations(relations)
    lines = read_lines(path, encoding=encoding)
    columns = _columns(lines, path)
    found = _Found()
    n_read = _collect(_rows(lines, path, columns), path, columns, wanted, found)
    if not n_read and not allow_empty:
        raise GraphFormatError(
            "No statements found. Pass allow_empty=True if that is right.", path=path
        )
    refuse_unknown_relations(wanted, found.all_kinds, path)
    return _statements(found, n_read, nodes == "label", path)


def read_kgtk_graph(
    path: PathType,
    *,
    nodes: str = "id",
    relations: str | list[str] | None = None,
    directed: bool = True,
    duplicates: str = "first",
    encoding: str = "utf-8",
    allow_empty: bool = False,
) -> Graph:
    """Read a graph from a KGTK edge file: an edge from node1 to node2.

    Statements of all relations that are read become edges of one kind.

    Parameters
    ----------
    path, nodes, relations, encoding, allow_empty
        See `read_kgtk`.
    directed : bool, default=True
        Whether edges keep their direction.
    duplicates : {"first", "sum", "max", "mean", "error"}, default="first"
        What to do when a pair is joined more than once: "first" gives weight one,
        "sum" counts.

    Returns
    -------
    Graph
        Over the entities of the relations that are read.
    """
    statements = read_kgtk(
        path, nodes=nodes, relations=relations, encoding=encoding,
        allow_empty=allow_empty,
    )  # fmt: skip
    with blame_file(path):
        return statements.graph(collapse=True, directed=directed, duplicates=duplicates)


def is_kgtk_header(line: str) -> bool:
    """Whether a line names the columns of a KGTK edge file."""
    names = line.rstrip("\r\n").split("\t")
    return {"node1", "node2"} <= set(names) and any(r in names for r in _RELATIONS)


# -- private -------------------------------------------------------------------------
@dataclass(frozen=True)
class _Columns:
    """Places of the columns, of those of labels -1 where there are none."""

    node1: int
    relation: int
    node2: int
    label1: int
    label2: int
    n_columns: int


@dataclass
class _Found:
    """Statements in numbers, and the names of the numbers."""

    codes: tuple[array[int], array[int], array[int]] = field(
        default_factory=lambda: (array("q"), array("q"), array("q"))
    )
    names: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    all_kinds: dict[str, int] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def _columns(lines: _Lines, path: PathType) -> _Columns:
    """Read the header."""
    number, header = next(((n, t) for n, t in lines if t.strip()), (1, ""))
    names = header.split("\t")
    relation = next((name for name in _RELATIONS if name in names), None)
    if relation is None or not is_kgtk_header(header):
        raise GraphFormatError(
            "The first line of a KGTK edge file names the columns, node1, relation "
            f"(or label) and node2 among them, with tabs between; got "
            f"{shorten(header)}. Add such a line, or read the file as triples.",
            path=path,
            line=number,
        )
    repeated = [name for name in names if names.count(name) > 1 and name]
    if repeated:
        raise GraphFormatError(
            f"Two columns are called {repeated[0]!r}; rename one.",
            path=path,
            line=number,
        )
    place = {name: at for at, name in enumerate(names)}
    return _Columns(
        place["node1"], place[relation], place["node2"],
        place.get("node1;label", -1), place.get("node2;label", -1), len(names),
    )  # fmt: skip


def _rows(lines: _Lines, path: PathType, columns: _Columns) -> Iterator[_Row]:
    """Lines with their cells."""
    needed = max(columns.node1, columns.relation, columns.node2) + 1
    for number, text in lines:
        if not text or text.isspace():
            continue
        row = text.split("\t")
        if not needed <= len(row) <= columns.n_columns:
            raise _bad_columns(text, len(row), columns.n_columns, number, path)
        yield number, text, row


def _collect(
    rows: Iterator[_Row],
    path: PathType,
    columns: _Columns,
    wanted: frozenset[str] | None,
    found: _Found,
) -> int:
    """Give numbers to the names of what is wanted; returns how many rows there were."""
    names, labels = found.names, found.labels
    head, relation, tail = found.codes
    sides = (
        (columns.node1, columns.label1, head),
        (columns.node2, columns.label2, tail),
    )
    n_read = 0
    for number, text, row in rows:
        kind = row[columns.relation]
        n_read += 1
        if kind not in found.all_kinds:
            _check(kind, "relation", text, number, path)
            found.all_kinds[kind] = len(found.all_kinds)
        if wanted is not None and kind not in wanted:
            continue
        for side, where, codes in sides:
            node = row[side]
            code = names.get(node)
            if code is None:
                _check(node, "node", text, number, path)
                code = names[node] = len(names)
            codes.append(code)
            if 0 <= where < len(row) and row[where] and node not in labels:
                labels[node] = row[where]
        relation.append(found.kinds.setdefault(kind, len(found.kinds)))
    return n_read


def _statements(
    found: _Found, n_read: int, by_label: bool, path: PathType
) -> KnowledgeGraph:
    codes: list[IntArray] = [np.array(part, np.int64) for part in found.codes]
    labels = {node: _split(text) for node, text in found.labels.items()}
    names = list(found.names)
    if by_label:
        names, rows, labels = _by_label(names, labels)
        codes[0], codes[2] = rows[codes[0]], rows[codes[2]]
    with blame_file(path):
        entities = index_from_texts(names, "str", path)
        kinds = index_from_texts(list(found.kinds), "str", path)
    rows = np.stack(codes, axis=1)
    return KnowledgeGraph(
        rows, entities, kinds, labels=labels, n_dropped=n_read - len(rows)
    )


def _split(text: str) -> tuple[str, ...]:
    """Labels of a cell, without the quotes and escapes of KGTK."""
    if "|" not in text and text[0] not in "\"'" and "\\" not in text:
        return (text,)
    out = []
    for part in _BARS.split(text):
        quoted = _STRING.fullmatch(part)
        plain = (quoted[1] or quoted[2] or "") if quoted else part
        plain = _ESCAPED.sub(r"\1", plain)
        if plain and plain not in out:
            out.append(plain)
    return tuple(out)


def _by_label(
    ids: list[str], labels: dict[str, tuple[str, ...]]
) -> tuple[list[str], IntArray, dict[str, tuple[str, ...]]]:
    """Words in place of ids: their names, the row of each id, their labels."""
    rows = np.empty(len(ids), np.int64)
    words: dict[str, int] = {}
    merged: dict[str, dict[str, None]] = {}
    for at, node in enumerate(ids):
        known = labels.get(node, ())
        word = next((w for label in known if (w := label.strip().lower())), node)
        rows[at] = words.setdefault(word, len(words))
        if known:
            merged.setdefault(word, {}).update(dict.fromkeys(known))
    return list(words), rows, {word: tuple(all_) for word, all_ in merged.items()}


def _check(name: str, what: str, text: str, number: int, path: PathType) -> None:
    """Refuse an id that is empty or would break other files."""
    if name and not _CONTROL.search(name):
        return
    problem = "is empty" if not name else f"holds a control character: {name!r}"
    raise GraphFormatError(
        f"A {what} {problem}, in {shorten(text)}. Correct the line.",
        path=path,
        line=number,
    )


def _bad_columns(
    text: str, n_found: int, n_columns: int, number: int, path: PathType
) -> GraphFormatError:
    return GraphFormatError(
        f"{n_found} columns instead of {n_columns} stand in {shorten(text)}. Columns "
        "are separated by tabs, as in the header; correct the line.",
        path=path,
        line=number,
    )

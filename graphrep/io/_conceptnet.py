"""Assertions of ConceptNet, its dumps and ConceptNet-100K, with words as nodes."""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator
from itertools import chain

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Graph, KnowledgeGraph
from graphrep.io._blame import blame_file
from graphrep.io._chosen_relations import (
    chosen_relations,
    refuse_unknown_relations,
)
from graphrep.io._ids import index_from_texts
from graphrep.io._lines import read_lines, shorten
from graphrep.typing import PathType

_DUMP = "/a/"  # how every line of a dump starts
_N_DUMP = 5
_N_SHORT = (3, 4)
_WORD = 3  # place of the word in /c/<language>/<word>/<part of speech>
_Lines = Iterator[tuple[int, str]]
_Row = tuple[int, str, str, str, float]  # line, relation, head, tail, weight


def read_conceptnet(
    path: PathType,
    *,
    language: str | None = "en",
    senses: bool = False,
    relations: str | list[str] | None = None,
    allow_empty: bool = False,
) -> KnowledgeGraph:
    r"""Read assertions of ConceptNet.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``, in UTF-8: a dump of ConceptNet 5
        (``conceptnet-assertions-5.7.0.csv.gz``: assertion, relation, start, end and
        details in JSON), or the columns relation, head, tail and perhaps weight of
        ConceptNet-100K, of which the tuples of weight 0, the wrong ones, are left
        out. Tabs separate the columns of both. Options other than ``relations`` are
        for dumps.
    language : str or None, default="en"
        Both ends must be in this language; None takes all.
    senses : bool, default=False
        Whether ``/c/en/dog/n`` and ``/c/en/dog/v`` stay apart, under these names.
        Otherwise they are one node, ``dog``, or ``/c/en/dog`` where the language is
        None.
    relations : str, list of str or None, default=None
        Relations to read, such as "IsA"; None reads all.
    allow_empty : bool, default=False
        Whether a file without statements that fit is fine.

    Returns
    -------
    KnowledgeGraph
        Triples with ``weights`` where the file has them, and with ``labels`` where
        entities are not words already. ``n_dropped`` counts the others.

    Raises
    ------
    GraphFormatError
        With the line, for other columns, an empty name, and a weight that is no
        number of at least 0; for a relation that no statement has.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> line = ["/a/[...]", "/r/IsA", "/c/en/guide_dog/n", "/c/en/dog", '{"weight": 2}']
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "assertions.csv")
    ...     _ = path.write_text("\t".join(line))
    ...     print(list(read_conceptnet(path)))
    [('guide dog', 'IsA', 'dog')]
    """
    wanted = chosen_relations(relations)
    if wanted is not None:
        wanted = frozenset(name.removeprefix("/r/") for name in wanted)
    table = _Table()
    rows = _rows(read_lines(path), path, language, senses, table)
    _collect(rows, wanted, table, path)
    if not table.head and not allow_empty and not (wanted and table.all_kinds):
        raise GraphFormatError(
            f"None of the {table.n_read:,} statements fits. Pass another language=, or "
            "allow_empty=True if that is right.",
            path=path,
        )
    refuse_unknown_relations(wanted, table.all_kinds, path)
    return table.statements(path)


def read_conceptnet_graph(
    path: PathType,
    *,
    language: str | None = "en",
    senses: bool = False,
    relations: str | list[str] | None = None,
    directed: bool = True,
    duplicates: str = "first",
    weighted: bool = False,
    allow_empty: bool = False,
) -> Graph:
    """Read a graph from assertions of ConceptNet: an edge from start to end.

    Statements of all relations that are read become edges of one kind.

    Parameters
    ----------
    path, language, senses, relations, allow_empty
        See `read_conceptnet`.
    directed : bool, default=True
        Whether edges keep their direction.
    duplicates : {"first", "sum", "max", "mean", "error"}, default="first"
        What to do when a pair is joined more than once.
    weighted : bool, default=False
        Whether edges have the weights of the file, else one.

    Returns
    -------
    Graph
    """
    statements = read_conceptnet(
        path, language=language, senses=senses, relations=relations,
        allow_empty=allow_empty,
    )  # fmt: skip
    with blame_file(path):
        return statements.graph(
            collapse=True, directed=directed, duplicates=duplicates, weighted=weighted
        )


# -- private -------------------------------------------------------------------------
class _Table:
    """Statements in numbers, and the names of the numbers."""

    def __init__(self) -> None:
        self.head, self.relation, self.tail = array("q"), array("q"), array("q")
        self.weights: array[float] | None = array("d")
        self.names: dict[str, int] = {}
        self.kinds: dict[str, int] = {}
        self.all_kinds: dict[str, int] = {}
        self.labels: dict[str, tuple[str, ...]] = {}
        self.n_read = 0

    def statements(self, path: PathType) -> KnowledgeGraph:
        """Put them into arrays."""
        codes = (self.head, self.relation, self.tail)
        rows = np.stack([np.asarray(part, np.int64) for part in codes], axis=1)
        with blame_file(path):
            entities = index_from_texts(list(self.names), "str", path)
            kinds = index_from_texts(list(self.kinds), "str", path)
        weights = None if self.weights is None else np.array(self.weights)
        n_dropped = self.n_read - len(rows)
        return KnowledgeGraph(
            rows, entities, kinds,
            weights=weights, labels=self.labels, n_dropped=n_dropped,
        )  # fmt: skip


def _collect(
    rows: Iterator[_Row], wanted: frozenset[str] | None, table: _Table, path: PathType
) -> None:
    """Give numbers to the names of the statements that are wanted."""
    names, kinds = table.names, table.kinds
    for number, relation, head, tail, weight in rows:
        if not (relation and head and tail):
            raise GraphFormatError(
                f"A name is empty in {relation!r}, {head!r}, {tail!r}. Correct the "
                "line.",
                path=path,
                line=number,
            )
        table.all_kinds.setdefault(relation, len(table.all_kinds))
        if wanted is not None and relation not in wanted:
            continue
        table.head.append(names.setdefault(head, len(names)))
        table.relation.append(kinds.setdefault(relation, len(kinds)))
        table.tail.append(names.setdefault(tail, len(names)))
        if table.weights is not None:
            table.weights.append(weight)


def _rows(
    lines: _Lines, path: PathType, language: str | None, senses: bool, table: _Table
) -> Iterator[_Row]:
    """Statements of either kind of file."""
    lines = ((number, text) for number, text in lines if text and not text.isspace())
    first = next(lines, None)
    if first is None:
        return iter(())
    lines = chain([first], lines)
    if first[1].startswith(_DUMP):
        return _rows_of_dump(lines, path, language, senses, table)
    return _short_rows(lines, path, table)


def _rows_of_dump(
    lines: _Lines, path: PathType, language: str | None, senses: bool, table: _Table
) -> Iterator[_Row]:
    mark = f"\t/c/{language}/" if language else "\t/c/"
    for number, text in lines:
        table.n_read += 1
        row = text.split("\t") if text.count(mark) > 1 else []
        if not row and text.count("\t") == _N_DUMP - 1:
            continue  # an end in another language, or the address of a page
        if len(row) != _N_DUMP or not row[1].startswith("/r/"):
            raise _bad_line(
                text, "assertion, /r/relation, start, end, details", path, number
            )
        ends = [_node(uri, language, senses, table) for uri in row[2:4]]
        weight = _weight_of_details(row[4], path, number)
        if weight == 0.0:
            continue
        yield number, row[1][len("/r/") :], ends[0], ends[1], weight


def _node(uri: str, language: str | None, senses: bool, table: _Table) -> str:
    """Name of the node of a concept."""
    parts = uri.split("/")
    word = parts[_WORD].replace("_", " ") if len(parts) > _WORD else ""
    if language and not senses:
        return word
    name = uri if senses else "/".join(parts[: _WORD + 1])
    table.labels.setdefault(name, (word,))
    return name if word else ""


def _short_rows(lines: _Lines, path: PathType, table: _Table) -> Iterator[_Row]:
    n_columns = 0
    for number, text in lines:
        row = text.split("\t")
        if not n_columns:
            n_columns = len(row)
            if n_columns == min(_N_SHORT):
                table.weights = None
        if len(row) != n_columns or n_columns not in _N_SHORT:
            what = "relation, head, tail and perhaps weight, as many on every line"
            raise _bad_line(text, what, path, number)
        table.n_read += 1
        weight = 1.0
        if n_columns == max(_N_SHORT):
            weight = _weight(row[-1], path, number)
            if weight == 0.0:
                continue
        yield number, row[0].removeprefix("/r/"), row[1], row[2], weight


def _weight_of_details(text: str, path: PathType, number: int) -> float:
    try:
        details = json.loads(text)
    except ValueError:
        details = None
    if not isinstance(details, dict) or "weight" not in details:
        raise GraphFormatError(
            f"The fifth column must be JSON with a weight; got {shorten(text)}. "
            "Correct the line.",
            path=path,
            line=number,
        )
    return _weight(details["weight"], path, number)


def _weight(value: object, path: PathType, number: int) -> float:
    try:
        weight = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        weight = math.nan
    if not 0.0 <= weight < math.inf:
        raise GraphFormatError(
            f"Weight {shorten(str(value))} is no finite number of at least 0. Correct "
            "the line.",
            path=path,
            line=number,
        )
    return weight


def _bad_line(text: str, columns: str, path: PathType, number: int) -> GraphFormatError:
    return GraphFormatError(
        f"Expected the columns {columns}, with tabs between; got {shorten(text)}. "
        "Correct the line.",
        path=path,
        line=number,
    )

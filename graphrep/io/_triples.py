"""Text files of triples: head, relation and tail on a line."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph, KnowledgeGraph, NodeIndex
from graphrep.graph._knowledge_graph import triples_of_graph
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_output
from graphrep.io._ids import index_from_texts, refuse_characters, texts_of_index
from graphrep.io._lines import read_lines, shorten
from graphrep.typing import AnyArray, PathType

ORDERS = ("hrt", "htr", "rht", "rth", "thr", "trh")
_HEADERS = {
    ("head", "relation", "tail"),
    ("h", "r", "t"),
    ("subject", "predicate", "object"),
    ("subj", "pred", "obj"),
    ("s", "p", "o"),
}
_WRITE_LINES = 1 << 16
_RELATION = "related_to"
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f]")
_N_COLUMNS = 3


def read_triples(
    path: PathType,
    *,
    order: str = "hrt",
    delimiter: str | None = None,
    header: bool | None = None,
    count_line: bool = False,
    comment: str | None = None,
    entities: NodeIndex | None = None,
    relations: NodeIndex | None = None,
    unseen: str = "error",
    id_dtype: str | None = None,
    encoding: str = "utf-8",
    allow_empty: bool = False,
) -> KnowledgeGraph:
    """Read triples from a text file.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    order : str, default="hrt"
        Order of head, relation and tail on a line, such as "htr".
    delimiter : str or None, default=None
        None takes from the first line: tab, else comma, else any white space.
    header : bool or None, default=None
        Whether the first line names the columns; None looks for usual names such as
        ``head relation tail``.
    count_line : bool, default=False
        Whether the first line is the number of triples (files of OpenKE).
    comment : str or None, default=None
        Beginning of lines to pass over.
    entities, relations : NodeIndex or None, default=None
        Ids known already, such as those of the training file.
    unseen : {"error", "drop"}, default="error"
        What to do with a triple of an id that is not among those given.
    id_dtype : {None, "int64", "str"}, default=None
        None gives integers where all ids of a kind are canonical integers.
    encoding : str, default="utf-8"
        Encoding of the text.
    allow_empty : bool, default=False
        Whether a file without triples is fine.

    Returns
    -------
    KnowledgeGraph
        In the order of the file; ids in order of first appearance.

    Raises
    ------
    GraphFormatError
        With the line, for a line that has not three columns, an empty id, control
        characters, bytes of another encoding, an unseen id and a wrong count.
    """
    if order not in ORDERS:
        raise GraphValueError(f"order must be one of {ORDERS}; got {order!r}.")
    if unseen not in {"error", "drop"}:
        raise GraphValueError(f"unseen must be 'error' or 'drop'; got {unseen!r}.")
    lines = read_lines(path, encoding=encoding, refuse_controls=True)
    if comment:
        lines = ((n, text) for n, text in lines if not text.startswith(comment))
    expected = read_count(lines, path) if count_line else None
    places = (order.index("h"), order.index("r"), order.index("t"))
    names, kinds = _known(entities), _known(relations)
    numbers, *codes = _collect(lines, path, places, delimiter, header, names, kinds)
    n_read = len(numbers)
    if expected is not None and expected != n_read:
        raise GraphFormatError(
            f"The first line speaks of {expected:,} triples but {n_read:,} follow.",
            path=path,
            line=1,
        )
    if not n_read and not allow_empty:
        raise GraphFormatError(
            "No triples found. Pass allow_empty=True if that is right.", path=path
        )
    kept = _seen(codes, numbers, (names, entities), (kinds, relations), unseen, path)
    rows = np.stack([np.asarray(c, np.int64)[kept] for c in codes], axis=1)
    with blame_file(path):
        if entities is None:
            entities = index_from_texts(list(names), id_dtype, path)
        if relations is None:
            relations = index_from_texts(list(kinds), id_dtype, path)
    return KnowledgeGraph(rows, entities, relations, n_dropped=n_read - len(rows))


def read_triples_graph(
    path: PathType,
    *,
    relation: str | int | list[str] | list[int] | None = None,
    collapse: bool = False,
    directed: bool = True,
    duplicates: str = "first",
    order: str = "hrt",
    delimiter: str | None = None,
    header: bool | None = None,
    count_line: bool = False,
    comment: str | None = None,
    id_dtype: str | None = None,
    encoding: str = "utf-8",
    allow_empty: bool = False,
) -> Graph:
    """Read a graph from a text file of triples: an edge from head to tail.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    relation : id, list of ids or None, default=None
        Relations to take; None takes all, which must be one unless ``collapse``.
    collapse : bool, default=False
        Whether several relations may become edges of one kind.
    directed : bool, default=True
        Whether edges keep their direction.
    duplicates : {"first", "sum", "max", "mean", "error"}, default="first"
        What to do when a pair is joined more than once: "first" gives weight one,
        "sum" counts.
    order, delimiter, header, count_line, comment, id_dtype, encoding, allow_empty
        See `read_triples`.

    Returns
    -------
    Graph
        Over all entities, also those that only other relations mention.
    """
    triples = read_triples(
        path, order=order, delimiter=delimiter, header=header, count_line=count_line,
        comment=comment, id_dtype=id_dtype, encoding=encoding, allow_empty=allow_empty,
    )  # fmt: skip
    with blame_file(path):
        return triples.graph(
            relation, collapse=collapse, directed=directed, duplicates=duplicates
        )


def write_triples(
    triples: KnowledgeGraph | Graph,
    path: PathType,
    *,
    order: str = "hrt",
    relation: str = _RELATION,
) -> None:
    """Write triples to a text file, tabs between the columns.

    Parameters
    ----------
    triples : KnowledgeGraph or Graph
        What to write. A graph must be unweighted; an undirected edge is one triple.
    path : path-like
        Where to; a compression's suffix compresses.
    order : str, default="hrt"
        Order of head, relation and tail on a line.
    relation : str, default="related_to"
        Relation of the edges of a graph.

    Raises
    ------
    GraphValueError
        If an id is empty or holds a control character such as a tab.

    Warns
    -----
    GraphWarning
        If entities stand in no triple: the format has no place for them.
    """
    if order not in ORDERS:
        raise GraphValueError(f"order must be one of {ORDERS}; got {order!r}.")
    if isinstance(triples, Graph):
        triples = triples_of_graph(triples, relation)
    names = texts_of_index(triples.entities, what="A file of triples")
    kinds = texts_of_index(triples.relations, what="A file of triples")
    for texts in (names, kinds):
        refuse_characters(
            texts, _UNWRITABLE, what="A file of triples",
            remedy="Rename it, or write npz or parquet.",
        )  # fmt: skip
    tell_lonely(triples, "A file of triples")
    parts = {
        "h": (triples.head, names),
        "r": (triples.relation, kinds),
        "t": (triples.tail, names),
    }
    columns = [parts[letter] for letter in order]
    with open_output(path) as file:
        for start in range(0, len(triples), _WRITE_LINES):
            span = slice(start, start + _WRITE_LINES)
            cells = [[texts[i] for i in c[span].tolist()] for c, texts in columns]
            rows = zip(*cells, strict=True)
            file.write("".join("\t".join(row) + "\n" for row in rows).encode())


def tell_lonely(triples: KnowledgeGraph, what: str) -> None:
    """Warn that entities without a triple will be lost."""
    used = np.zeros(len(triples.entities), bool)
    used[triples.head] = True
    used[triples.tail] = True
    lost = len(used) - int(used.sum())
    if lost:
        warn_user(
            f"{what} has no place for the {lost:,} entities that stand in no triple, "
            f"such as {triples.entities[int(np.argmin(used))]!r}. Keep their ids "
            "beside the file, or write npz or parquet."
        )


# -- private -------------------------------------------------------------------------
def _known(index: NodeIndex | None) -> dict[str, int]:
    if index is None:
        return {}
    return {str(node): row for row, node in enumerate(index)}


def _collect(
    lines: Iterator[tuple[int, str]],
    path: PathType,
    places: tuple[int, int, int],
    delimiter: str | None,
    header: bool | None,
    names: dict[str, int],
    kinds: dict[str, int],
) -> tuple[array[int], array[int], array[int], array[int]]:
    """Read the lines; number new ids in the two tables as they come."""
    numbers, head, relation, tail = (array("q") for _ in range(4))
    h, r, t = places
    number_of, kind_of = names.setdefault, kinds.setdefault
    split: Callable[[str], list[str]] | None = None
    for number, text in lines:
        if not text or text.isspace():
            continue
        if split is None:
            split = _splitter(text, delimiter, number, path)
            titles = tuple(cell.strip().lower() for cell in split(text))
            if header or (header is None and titles in _HEADERS):
                continue
        row = split(text)
        if len(row) != _N_COLUMNS or "" in row:
            raise _bad_line(text, row, number, path)
        head.append(number_of(row[h], len(names)))
        relation.append(kind_of(row[r], len(kinds)))
        tail.append(number_of(row[t], len(names)))
        numbers.append(number)
    return numbers, head, relation, tail


def _splitter(
    text: str, delimiter: str | None, number: int, path: PathType
) -> Callable[[str], list[str]]:
    if delimiter is not None:
        return lambda line: line.split(delimiter)
    for mark in ("\t", ","):
        if text.count(mark) == _N_COLUMNS - 1:
            return lambda line: line.split(mark)
    if len(text.split()) == _N_COLUMNS:
        return str.split
    raise GraphFormatError(
        f"No tab, comma or white space cuts the first line into three columns: "
        f"{shorten(text)}. Pass delimiter=.",
        path=path,
        line=number,
    )


def _bad_line(
    text: str, row: list[str], number: int, path: PathType
) -> GraphFormatError:
    problem = "An id is empty in"
    if len(row) != _N_COLUMNS:
        problem = f"{len(row)} columns instead of 3 stand in"
    return GraphFormatError(f"{problem} {shorten(text)}.", path=path, line=number)


def read_count(lines: Iterator[tuple[int, str]], path: PathType) -> int:
    """Read the count on the first line that is not blank."""
    for number, text in lines:
        if text.strip():
            if text.strip().isascii() and text.strip().isdigit():
                return int(text)
            raise GraphFormatError(
                f"The first line must be the number of triples; got {shorten(text)}.",
                path=path,
                line=number,
            )
    return 0


def _seen(
    codes: list[array[int]],
    numbers: array[int],
    entities: tuple[dict[str, int], NodeIndex | None],
    relations: tuple[dict[str, int], NodeIndex | None],
    unseen: str,
    path: PathType,
) -> AnyArray:
    """Mask of the triples whose ids are among those given."""
    kept = np.ones(len(numbers), bool)
    strange_names = []
    for code, (table, index) in zip(
        codes, (entities, relations, entities), strict=True
    ):
        if index is None or len(table) == len(index):
            continue
        strange = np.asarray(code) >= len(index)
        kept &= ~strange
        if unseen == "error" and strange.any():
            at = int(np.argmax(strange))
            name = next(k for k, row in table.items() if row == code[at])
            strange_names.append((at, name))
    if strange_names:
        at, name = min(strange_names)
        raise GraphFormatError(
            f"{shorten(name)} is not among the ids given. Pass unseen='drop' to leave "
            "such triples out.",
            path=path,
            line=numbers[at],
        )
    return kept

"""as_terminology: the one gate through which names of concepts come in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph, NodeIndex, Terminology
from graphrep.graph._from_tables import is_table
from graphrep.graph._ids import is_missing
from graphrep.typing import IntArray

_ACCEPTED = (
    "a Terminology, a path, a mapping of ids to names, a table with columns of ids and "
    "names, a Graph with names="
)
_CODES = ("code", "id", "concept_id", "cui")
_TERMS = ("term", "name", "text", "label", "concept_name")
_LANGUAGES, _TYPES = ("language", "lang"), ("semantic_tag", "type", "types")
_PARENTS = ("parents", "parent", "parent_id", "parent_ids", "parentids")
_PREFERRED, _YES = ("mainterm", "preferred"), {"1", "true", "yes", "y", "1.0"}


def as_terminology(
    x: Any,
    *,
    names: Mapping[Any, Any] | None = None,
    term: str | None = None,
    code: str | None = None,
) -> Terminology:
    """Make a terminology of anything that holds names of concepts.

    Parameters
    ----------
    x : Terminology, path, mapping, table or Graph
        A `Terminology` comes back as it is; a path is read with `read_terminology`.
        A mapping leads from ids to a name or a list of names, the preferred one first.
        A table (pandas, polars, pyarrow) has one name a row; columns ``language``,
        ``semantic_tag``, ``mainterm`` and ``parent`` (one id, or several in a list or
        parted by ``|``) are used if they are there. The directed
        edges of a `Graph` lead from child to parent.
    names : mapping of id to str or list of str, or None, default=None
        Names of the nodes of a `Graph`; None takes ids that are texts as names.
    term, code : str or None, default=None
        Columns of names and ids of a table; None knows the usual ones.

    Returns
    -------
    Terminology

    Raises
    ------
    GraphTypeError
        For anything else.
    GraphValueError
        For a table without such columns, and for names of ids that are no node.

    Examples
    --------
    >>> from graphrep.io import as_terminology
    >>> as_terminology({"D1": ["influenza", "flu"], "D2": "cough"})
    Terminology(2 concepts, 3 names, 0 parent links)
    """
    if isinstance(x, Terminology):
        return x
    if isinstance(x, (str, os.PathLike)):
        from graphrep.io._terminology_formats import read_terminology

        return read_terminology(x)
    if isinstance(x, Graph):
        return _of_graph(x, names)
    if isinstance(x, Mapping):
        return _of_mapping(x)
    if is_table(x):
        return _of_table(x, term, code)
    kind = type(x)
    name = f"{kind.__module__}.{kind.__name__}".removeprefix("builtins.")
    raise GraphTypeError(f"as_terminology cannot read a {name}; it takes {_ACCEPTED}.")


def _of_mapping(x: Mapping[Any, Any], **more: Any) -> Terminology:
    texts: list[str] = []
    rows: list[int] = []
    for row, (concept, found) in enumerate(x.items()):
        found = _names_of(concept, found)
        texts += found
        rows += [row] * len(found)
    index = more.pop("index", None)
    return Terminology(
        NodeIndex(list(x)) if index is None else index,
        texts,
        np.array(rows, np.int64),
        **more,
    )


def _names_of(concept: Any, found: Any) -> list[str]:
    if isinstance(found, str):
        return [found]
    if isinstance(found, Iterable):
        return list(found)
    raise GraphTypeError(
        f"The names of {concept!r} must be a text or a list of texts; got {found!r}. "
        "Give [] to a concept without names."
    )


def _of_graph(graph: Graph, names: Mapping[Any, Any] | None) -> Terminology:
    ids = graph.nodes.ids.tolist()
    if names is None:
        if graph.nodes.is_integer:
            raise GraphTypeError(
                "The ids of the graph are integers; pass names= with a name or a list "
                "of names for each node."
            )
        names = {node: str(node) for node in ids}
    unknown = [node for node in names if node not in graph.nodes]
    if unknown:
        raise GraphValueError(
            f"names has the key {unknown[0]!r}, which is no node of the graph."
        )
    parents = None
    if graph.directed:
        child = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))
        parents = (child, graph.indices)
    found = {node: names.get(node, ()) for node in ids}
    return _of_mapping(found, index=graph.nodes, parents=parents)


def _of_table(table: Any, term: str | None, code: str | None) -> Terminology:
    columns = _column_lists(table)
    codes = columns[_chosen(columns, code, _CODES, "code")]
    named = _chosen(columns, term, _TERMS, "term")
    texts = columns[named]
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise GraphTypeError(
                f"Row {row} of column {named!r} (counted from 0) is {text!r}; names "
                "must be texts. Drop rows without a name, or fill in ''."
            )
    places: dict[Any, int] = {}
    rows = np.fromiter(
        (places.setdefault(value, len(places)) for value in codes), np.int64
    )
    index = NodeIndex(list(places))
    more: dict[str, Any] = {}
    if column := _first(columns, _LANGUAGES):
        more["name_languages"] = ["" if v is None else str(v) for v in columns[column]]
    if column := _first(columns, _TYPES):
        types: list[dict[str, None]] = [{} for _ in places]
        for row, value in zip(rows.tolist(), columns[column], strict=True):
            if isinstance(value, str) and value:
                types[row][value] = None
        more["types"] = [tuple(found) for found in types]
    if column := _first(columns, _PREFERRED):
        chosen = [str(value).lower() in _YES for value in columns[column]]
        more["name_kinds"] = np.where(chosen, 0, 1).astype(np.uint8)
    if column := _first(columns, _PARENTS):
        more["parents"] = _parents(columns[column], rows, places)
    return Terminology(index, texts, rows, **more)


def _parents(
    column: list[Any], rows: IntArray, places: dict[Any, int]
) -> tuple[list[int], list[int]]:
    """Positions of children and parents; ids of no concept are left out, and told."""
    links: dict[tuple[int, int], None] = {}
    lost: dict[Any, None] = {}
    for child, value in zip(rows.tolist(), column, strict=True):
        for parent in _parent_ids(value):
            if parent in places:
                links[child, places[parent]] = None
            else:
                lost[parent] = None
    if lost:
        one = next(iter(lost))
        warn_user(
            f"{len(lost):,} ids of parents are no ids of the table, {one!r} among "
            "them; links to them are left out."
        )
    return [child for child, _ in links], [parent for _, parent in links]


def _parent_ids(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split("|") if part.strip()]
    if isinstance(value, Iterable):
        return list(value)
    return [] if is_missing(value) else [value]


def _column_lists(table: Any) -> dict[str, list[Any]]:
    """Columns as lists by name; integers stay integers."""
    if hasattr(table, "to_pydict"):
        found: dict[str, list[Any]] = table.to_pydict()
        return found
    if hasattr(table, "to_dict") and hasattr(table, "columns"):
        return {str(name): table[name].tolist() if hasattr(table[name], "tolist")
                else table[name].to_list() for name in table.columns}  # fmt: skip
    from graphrep._utils._optional import require

    arrow = require("pyarrow", extra="io", why="An Arrow stream")
    return dict(arrow.table(table).to_pydict())


def _first(columns: Mapping[str, Any], usual: tuple[str, ...]) -> str | None:
    lower = {name.lower(): name for name in columns}
    return next((lower[name] for name in usual if name in lower), None)


def _chosen(
    columns: Mapping[str, Any], wanted: str | None, usual: tuple[str, ...], what: str
) -> str:
    name = _first(columns, usual) if wanted is None else wanted
    if name is None or name not in columns:
        missing = (
            f"no column {wanted!r}" if wanted else f"no column {' or '.join(usual)}"
        )
        raise GraphValueError(
            f"The table has {missing}; it has {', '.join(columns)}. Pass {what}=."
        )
    return name

"""as_knowledge_graph: the one gate through which statements become a KnowledgeGraph."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import KnowledgeGraph, NodeIndex
from graphrep.graph._from_tables import (
    column_names,
    is_table,
    number_columns,
    plain_table,
    weights_of_column,
)
from graphrep.typing import AnyArray, IntArray, NodeIds

_ACCEPTED = (
    "a KnowledgeGraph, a list or array of (head, relation, tail), a pandas, polars or "
    "pyarrow table with columns head, relation and tail, a networkx MultiDiGraph, a "
    "PyTorch Geometric HeteroData, a PyKEEN TriplesFactory, a path"
)
_NAMES = (
    ("head", "relation", "tail"),
    ("subject", "predicate", "object"),
    ("source", "relation", "target"),
    ("h", "r", "t"),
    ("s", "p", "o"),
)
_MEMBERS = 3


def as_knowledge_graph(
    x: Any,
    *,
    entities: NodeIds | NodeIndex | None = None,
    relations: NodeIds | NodeIndex | None = None,
    columns: tuple[str, str, str] | None = None,
    weight: str | None = "weight",
    format: str | None = None,
) -> KnowledgeGraph:
    """Make a knowledge graph of anything that holds statements.

    Parameters
    ----------
    x : KnowledgeGraph, statements, table, foreign graph or path
        Statements are rows (head, relation, tail) *in ids*; for row numbers and
        vocabularies call `KnowledgeGraph`. Of a networkx graph an edge's relation is
        its attribute ``relation``, else its key in a multigraph. Nodes of a
        ``HeteroData`` are called ``(type, row)``, its relations are its edge types.
        A PyKEEN factory keeps its numbers. A path is read by its format, else as a
        table of triples.
    entities, relations : ids, NodeIndex or None, default=None
        Vocabularies to use, such as those of a model; they may hold more ids than
        the statements. None takes what is there: integers ascending, other ids in
        order of first appearance.
    columns : tuple of (str, str, str) or None, default=None
        Columns of a table. None looks for head, relation and tail and their usual
        other names; three columns numbered 0, 1, 2, as pandas reads files without
        names, stand in this order.
    weight : str or None, default="weight"
        Column or edge attribute of the weights; it may be absent. None reads none.
    format : str or None, default=None
        Of a file: "triples", "ntriples", "openke", "kgtk", "conceptnet" or "obo".

    Returns
    -------
    KnowledgeGraph

    Raises
    ------
    GraphTypeError
        For anything else.
    GraphValueError
        For a row that is no statement, and for an id that a vocabulary given lacks.

    Examples
    --------
    >>> from graphrep import as_knowledge_graph
    >>> as_knowledge_graph([("aspirin", "treats", "pain")])
    KnowledgeGraph(1 triple, 2 entities, 1 relation)
    """
    graph = _read(x, columns, weight, format)
    return _in_vocabulary(graph, entities, relations)


def _read(x: Any, columns: Any, weight: Any, format: Any) -> KnowledgeGraph:
    if isinstance(x, KnowledgeGraph):
        return x
    if isinstance(x, (str, os.PathLike)):
        return _of_path(x, format)
    for kind in type(x).__mro__:
        reader = _READERS.get(kind.__module__.split(".")[0])
        if reader is not None:
            return reader(x, weight)
    if is_table(x):
        return _of_table(x, columns, weight)
    if isinstance(x, (np.ndarray, list, tuple)):
        return _of_rows(x)
    kind = type(x)
    name = f"{kind.__module__}.{kind.__name__}".removeprefix("builtins.")
    raise GraphTypeError(
        f"as_knowledge_graph cannot read a {name}; it takes {_ACCEPTED}."
    )


def _in_vocabulary(
    graph: KnowledgeGraph, entities: Any, relations: Any
) -> KnowledgeGraph:
    """Renumber a graph in the vocabularies that are given."""
    names = graph.entities if entities is None else _index(entities)
    kinds = graph.relations if relations is None else _index(relations)
    if names == graph.entities and kinds == graph.relations:
        return graph
    triples = np.empty((len(graph), _MEMBERS), np.int64)
    moved = _rows_in(graph.entities, names, graph.triples[:, [0, 2]], "entities")
    triples[:, [0, 2]] = moved
    triples[:, 1] = _rows_in(graph.relations, kinds, graph.triples[:, 1], "relations")
    return KnowledgeGraph(
        triples, names, kinds,
        weights=graph.weights, labels=graph.labels, n_dropped=graph.n_dropped,
    )  # fmt: skip


def _rows_in(old: NodeIndex, new: NodeIndex, numbers: IntArray, what: str) -> IntArray:
    used = np.unique(numbers)
    rows = np.full(len(old), -1, np.int64)
    try:
        rows[used] = new.indexer(old.ids[used])
    except NodeNotFoundError:
        lost = next(i for i in old.ids[used].tolist() if i not in new)
        raise GraphValueError(
            f"{lost!r} is not among the {len(new):,} {what} given. Leave out its "
            f"triples, or give {what} that hold it."
        ) from None
    return rows[numbers]


def _index(ids: Any) -> NodeIndex:
    return ids if isinstance(ids, NodeIndex) else NodeIndex(ids)


# -- statements ----------------------------------------------------------------------
def _of_rows(x: Any) -> KnowledgeGraph:
    array = x if isinstance(x, np.ndarray) else None
    if array is not None and (array.ndim != 2 or array.shape[1] != _MEMBERS):
        raise GraphValueError(
            f"An array of statements must have the shape (n_triples, 3); got "
            f"{array.shape}."
        )
    if array is not None and array.dtype.kind in "iu":
        return _of_numbers(array)
    if array is not None and array.dtype.kind == "f":
        raise GraphTypeError(
            f"Statements must be ids; got an array of {array.dtype}. Pass "
            "array.astype(int) if these are integers."
        )
    rows = [_statement(i, row) for i, row in enumerate(x if array is None else array)]
    return _of_columns(rows)


def _statement(i: int, row: Any) -> tuple[Hashable, ...]:
    if isinstance(row, (str, bytes)) or not isinstance(row, Iterable):
        raise GraphValueError(
            f"Statement {i} is {row!r}; it must be (head, relation, tail)."
        )
    members = tuple(row.tolist() if isinstance(row, np.ndarray) else row)
    if len(members) != _MEMBERS:
        raise GraphValueError(
            f"Statement {i} has {len(members)} members; it must be (head, relation, "
            "tail)."
        )
    for member in members:
        if member is None or member != member:
            raise GraphValueError(f"Statement {i} misses a member: {members!r}.")
    return members


def _of_columns(
    rows: Sequence[tuple[Hashable, ...]],
    nodes: Iterable[Hashable] = (),
    weights: list[float] | None = None,
) -> KnowledgeGraph:
    """Give numbers in order of first appearance, to nodes that are known first."""
    names: dict[Hashable, int] = {}
    kinds: dict[Hashable, int] = {}
    for node in nodes:
        names.setdefault(node, len(names))
    codes = np.empty((len(rows), _MEMBERS), np.int64)
    try:
        for i, (h, r, t) in enumerate(rows):
            codes[i, 0] = names.setdefault(h, len(names))
            codes[i, 1] = kinds.setdefault(r, len(kinds))
            codes[i, 2] = names.setdefault(t, len(names))
    except TypeError as error:
        raise GraphTypeError(f"Every id must be hashable: {error}.") from None
    entities, codes[:, [0, 2]] = _ordered(list(names), codes[:, [0, 2]])
    relations, codes[:, 1] = _ordered(list(kinds), codes[:, 1])
    return KnowledgeGraph(codes, entities, relations, weights=weights)


def _ordered(ids: list[Hashable], codes: IntArray) -> tuple[NodeIndex, IntArray]:
    """Integers ascending, other ids as they are."""
    index = NodeIndex(ids)
    if not index.is_integer or not len(index):
        return index, codes
    order = np.argsort(index.ids, kind="stable")
    return NodeIndex(index.ids[order]), np.argsort(order)[codes]


def _of_numbers(array: AnyArray) -> KnowledgeGraph:
    if not array.size:
        return KnowledgeGraph(np.zeros((0, _MEMBERS), np.int64))
    entities, ends = np.unique(array[:, [0, 2]], return_inverse=True)
    relations, kinds = np.unique(array[:, 1], return_inverse=True)
    codes = np.empty(array.shape, np.int64)
    codes[:, [0, 2]] = ends.reshape(-1, 2)
    codes[:, 1] = kinds.reshape(-1)
    return KnowledgeGraph(codes, NodeIndex(entities), NodeIndex(relations))


def _of_table(table: Any, columns: Any, weight: str | None) -> KnowledgeGraph:
    table = plain_table(table)
    there = column_names(table)
    names = columns or next((n for n in _NAMES if set(n) <= set(there)), None)
    if names is None and [*map(str, there)] == ["0", "1", "2"]:  # pandas had no names
        names = tuple(there)
    missing = [] if names is None else [n for n in names if n not in there]
    if names is None or missing:
        raise GraphValueError(
            f"The table has no columns {', '.join(missing or _NAMES[0])}; it has "
            f"{', '.join(map(repr, there)) or 'none'}. Name the right ones with "
            "columns=(head, relation, tail)."
        )
    head, tail, names_of = number_columns(table, names[0], names[2], None)
    kind, _, kinds_of = number_columns(table, names[1], names[1], None)
    codes = np.stack([head, kind, tail], axis=1).astype(np.int64)
    entities, codes[:, [0, 2]] = _ordered(names_of.ids.tolist(), codes[:, [0, 2]])
    relations, codes[:, 1] = _ordered(kinds_of.ids.tolist(), codes[:, 1])
    weights = weights_of_column(table[weight]) if weight in there else None
    return KnowledgeGraph(codes, entities, relations, weights=weights)


# -- files ---------------------------------------------------------------------------
def _of_path(path: Any, format: str | None) -> KnowledgeGraph:
    from graphrep import io
    from graphrep.io._formats import sniff

    readers: dict[str, Callable[[Any], KnowledgeGraph]] = {
        "triples": io.read_triples,
        "ntriples": io.read_ntriples,
        "openke": io.read_openke,
        "kgtk": io.read_kgtk,
        "conceptnet": io.read_conceptnet,
        "obo": lambda file: io.read_obo(file).triples(),
    }
    if format is not None and format not in readers:
        raise GraphValueError(
            f"format must be one of {tuple(readers)} or None; got {format!r}."
        )
    if format is None:
        found = sniff(path)
        format = found if found in readers else "triples"
    return readers[format](path)


# -- other libraries -----------------------------------------------------------------
def _of_networkx(foreign: Any, weight: str | None) -> KnowledgeGraph:
    rows, weights = [], []
    multi = foreign.is_multigraph()
    edges = foreign.edges(keys=True, data=True) if multi else foreign.edges(data=True)
    for edge in edges:
        head, tail, data = edge[0], edge[1], edge[-1]
        kind = data.get("relation", edge[2] if multi else None)
        if kind is None:
            raise GraphValueError(
                f"The edge {head!r} to {tail!r} has no attribute 'relation'. Give it "
                "one, or use the key of a MultiDiGraph."
            )
        rows.append((head, kind, tail))
        weights.append(data.get(weight, 1.0) if weight else 1.0)
    if not foreign.is_directed():
        raise GraphTypeError(
            f"A {type(foreign).__name__} has no heads and tails; pass a MultiDiGraph."
        )
    heavy = weights if any(w != 1.0 for w in weights) else None
    return _of_columns(rows, foreign.nodes, heavy)


def _of_hetero_data(foreign: Any, weight: str | None) -> KnowledgeGraph:
    if not hasattr(foreign, "edge_types"):
        raise GraphTypeError(
            f"A {type(foreign).__name__} has one kind of edge; pass a HeteroData."
        )
    starts: dict[str, int] = {}
    ids: list[Hashable] = []
    for kind in foreign.node_types:
        starts[kind] = len(ids)
        ids.extend((kind, row) for row in range(int(foreign[kind].num_nodes)))
    parts = []
    for number, kind in enumerate(foreign.edge_types):
        source, target = (np.asarray(p) for p in foreign[kind].edge_index)
        codes = np.full((len(source), _MEMBERS), number, np.int64)
        codes[:, 0] = source + starts[kind[0]]
        codes[:, 2] = target + starts[kind[2]]
        parts.append(codes)
    rows = np.concatenate(parts) if parts else np.zeros((0, _MEMBERS), np.int64)
    kinds = [tuple(kind) for kind in foreign.edge_types]
    return KnowledgeGraph(rows, NodeIndex(ids), NodeIndex(kinds))


def _of_pykeen(foreign: Any, weight: str | None) -> KnowledgeGraph:
    if not hasattr(foreign, "mapped_triples"):
        raise GraphTypeError(
            f"A {type(foreign).__name__} holds no triples; pass a TriplesFactory."
        )
    rows = np.asarray(foreign.mapped_triples)
    vocabularies = []
    for table, size in (
        (getattr(foreign, "entity_to_id", None), foreign.num_entities),
        (getattr(foreign, "relation_to_id", None), foreign.num_relations),
    ):
        if table is None:
            vocabularies.append(NodeIndex(int(size)))
        else:
            vocabularies.append(NodeIndex(sorted(table, key=table.__getitem__)))
    return KnowledgeGraph(rows, *vocabularies)


_READERS: dict[str, Callable[[Any, str | None], KnowledgeGraph]] = {
    "networkx": _of_networkx,
    "torch_geometric": _of_hetero_data,
    "pykeen": _of_pykeen,
}

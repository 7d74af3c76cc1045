"""KnowledgeGraph: triples of entities and relations, with the ids of both."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._graph import Graph
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray, NodeIds

_COLUMNS = ("head", "relation", "tail")


class KnowledgeGraph:
    """Statements (head, relation, tail) about entities, immutable.

    Parameters
    ----------
    triples : array-like of int of shape (n_triples, 3)
        Row numbers of head, relation and tail in the vocabularies.
    entities, relations : ids, NodeIndex or None, default=None
        Ids of the rows; None numbers them from 0. An entity may stand in no triple.
    weights : array-like of shape (n_triples,) or None, default=None
        A positive weight for each triple.

    Attributes
    ----------
    triples : ndarray of int64 of shape (n_triples, 3)
        Read-only.
    entities, relations : NodeIndex
        Ids, in the order of their numbers.
    weights : ndarray of float64 of shape (n_triples,) or None
        Read-only.

    Raises
    ------
    GraphValueError
        For a table of another shape, for a number outside a vocabulary, and for
        weights that are not positive and finite.

    Notes
    -----
    Memory is 24 bytes a triple. Repeated triples are kept as they come; see
    `without_duplicates`.

    Examples
    --------
    >>> from graphrep.graph import KnowledgeGraph
    >>> kg = KnowledgeGraph([[0, 0, 1], [1, 0, 2]], ["a", "b", "c"], ["treats"])
    >>> kg
    KnowledgeGraph(2 triples, 3 entities, 1 relation)
    """

    def __init__(
        self,
        triples: Any,
        entities: NodeIds | NodeIndex | None = None,
        relations: NodeIds | NodeIndex | None = None,
        *,
        weights: Any = None,
    ) -> None:
        rows = _read_rows(triples)
        self._entities = _index(entities, rows[:, [0, 2]])
        self._relations = _index(relations, rows[:, 1])
        for column, name in enumerate(_COLUMNS):
            index = self._relations if column == 1 else self._entities
            _refuse_outside(rows[:, column], len(index), name)
        rows.setflags(write=False)
        self._triples = rows
        self._weights = None if weights is None else _read_weights(weights, len(rows))

    # -- reading -----------------------------------------------------------------
    @property
    def triples(self) -> IntArray:
        """Numbers of head, relation and tail, int64 (n_triples, 3), read-only."""
        return self._triples

    @property
    def entities(self) -> NodeIndex:
        """Ids of the entities."""
        return self._entities

    @property
    def relations(self) -> NodeIndex:
        """Ids of the relations."""
        return self._relations

    @property
    def weights(self) -> FloatArray | None:
        """Weights of the triples, float64 (n_triples,), read-only, or None."""
        return self._weights

    @property
    def n_triples(self) -> int:
        """Number of triples."""
        return len(self._triples)

    @property
    def n_entities(self) -> int:
        """Number of entities, those without a triple included."""
        return len(self._entities)

    @property
    def n_relations(self) -> int:
        """Number of relations."""
        return len(self._relations)

    def __len__(self) -> int:
        return len(self._triples)

    def __repr__(self) -> str:
        counts = (
            _count(len(self), "triple"),
            _count(self.n_entities, "entity", "entities"),
            _count(self.n_relations, "relation"),
        )
        return f"KnowledgeGraph({', '.join(counts)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KnowledgeGraph):
            return NotImplemented
        return (
            np.array_equal(self.triples, other.triples)
            and self.entities == other.entities
            and self.relations == other.relations
            and _same_weights(self.weights, other.weights)
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self._triples, self._entities, self._relations, self._weights)
        return (_rebuild, parts)

    # -- ids ---------------------------------------------------------------------
    def labelled(self) -> AnyArray:
        """Triples in ids: object (n_triples, 3)."""
        out = np.empty((len(self), 3), object)
        names, kinds = self.entities.ids, self.relations.ids
        out[:, 0] = names[self.triples[:, 0]]
        out[:, 1] = kinds[self.triples[:, 1]]
        out[:, 2] = names[self.triples[:, 2]]
        return out

    def encode(self, labelled: Any) -> IntArray:
        """Numbers of triples that are given in ids: int64 (n_triples, 3).

        Raises
        ------
        NodeNotFoundError
            For an id that is in neither vocabulary; the message names it.
        """
        rows = [tuple(row) for row in labelled]
        for i, row in enumerate(rows):
            if len(row) != 3:
                raise GraphValueError(
                    f"Triple {i} has {len(row)} members; it needs head, relation and "
                    "tail."
                )
        out = np.empty((len(rows), 3), np.int64)
        if rows:
            heads, kinds, tails = zip(*rows, strict=True)
            out[:, 0] = self.entities.indexer(list(heads))
            out[:, 1] = self.relations.indexer(list(kinds))
            out[:, 2] = self.entities.indexer(list(tails))
        return out

    # -- parts -------------------------------------------------------------------
    def take(self, rows: Any) -> KnowledgeGraph:
        """Keep some of the triples (numbers or a mask) and the vocabularies."""
        weights = None if self.weights is None else self.weights[rows]
        return KnowledgeGraph(
            self.triples[rows], self.entities, self.relations, weights=weights
        )

    def without_duplicates(self) -> KnowledgeGraph:
        """Each triple once, where it stood first; weights of repeats are added."""
        _, first, owner = np.unique(
            self.triples, axis=0, return_index=True, return_inverse=True
        )
        order = np.argsort(first)
        kept = self.take(first[order])
        if self.weights is not None:
            sums = np.bincount(owner.reshape(-1), self.weights)[order]
            return KnowledgeGraph(
                kept.triples, self.entities, self.relations, weights=sums
            )
        return kept

    def with_inverses(self, suffix: str = "_inverse") -> KnowledgeGraph:
        """Every triple and its inverse, whose relation r is r + n_relations.

        Parameters
        ----------
        suffix : str, default="_inverse"
            What follows the id of a relation in that of its inverse.
        """
        kinds = self.relations.ids.tolist()
        back = self.triples[:, [2, 1, 0]] + np.array([0, self.n_relations, 0])
        weights = None if self.weights is None else np.tile(self.weights, 2)
        return KnowledgeGraph(
            np.concatenate([self.triples, back]),
            self.entities,
            [*map(str, kinds), *(f"{k}{suffix}" for k in kinds)],
            weights=weights,
        )

    def graph(self, *, directed: bool = True, duplicates: str = "first") -> Graph:
        """Graph of the entities, an edge for each pair that a triple joins."""
        return Graph.from_codes(
            self.triples[:, 0],
            self.triples[:, 2],
            nodes=self.entities,
            directed=directed,
            duplicates=duplicates,
        )

    # -- other libraries ---------------------------------------------------------
    def to_frame(self) -> Any:
        """Make a pandas table of ids: head, relation, tail and, if there, weight."""
        from graphrep._utils._optional import require

        pandas = require("pandas", extra="pandas", why="to_frame")
        frame = pandas.DataFrame(self.labelled(), columns=list(_COLUMNS))
        if self.weights is not None:
            frame["weight"] = self.weights
        return frame

    def to_networkx(self) -> Any:
        """Make a networkx MultiDiGraph whose edge keys are the relations."""
        from graphrep._utils._optional import require

        networkx = require("networkx", extra="networkx", why="to_networkx")
        out = networkx.MultiDiGraph()
        out.add_nodes_from(self.entities)
        for row, (h, r, t) in enumerate(self.labelled().tolist()):
            data = {} if self.weights is None else {"weight": float(self.weights[row])}
            out.add_edge(h, t, key=r, **data)
        return out


def _read_rows(triples: Any) -> IntArray:
    rows = np.asarray(triples)
    if rows.size == 0:
        rows = np.zeros((0, 3), np.int64)
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise GraphValueError(
            f"Triples must have the shape (n_triples, 3); got {rows.shape}."
        )
    if rows.dtype.kind not in "iu":
        raise GraphTypeError(
            f"Triples must be integers, the numbers of entities and relations; got "
            f"{rows.dtype}."
        )
    return np.array(rows, np.int64, order="C")


def _index(ids: NodeIds | NodeIndex | None, numbers: IntArray) -> NodeIndex:
    if isinstance(ids, NodeIndex):
        return ids
    if ids is None:
        return NodeIndex(int(numbers.max()) + 1 if numbers.size else 0)
    return NodeIndex(ids)


def _refuse_outside(numbers: IntArray, size: int, name: str) -> None:
    bad = np.flatnonzero((numbers < 0) | (numbers >= size))
    if len(bad):
        kind = "relations" if name == "relation" else "entities"
        raise GraphValueError(
            f"The {name} of triple {bad[0]} is {numbers[bad[0]]}, outside the "
            f"{size:,} {kind} there are."
        )


def _read_weights(weights: Any, n_triples: int) -> FloatArray:
    values = np.array(weights, np.float64)
    if values.shape != (n_triples,):
        raise GraphValueError(
            f"There must be one weight for each of the {n_triples:,} triples; got the "
            f"shape {values.shape}."
        )
    bad = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if len(bad):
        raise GraphValueError(
            f"The weight of triple {bad[0]} is {values[bad[0]]}; weights must be "
            "positive and finite."
        )
    values.setflags(write=False)
    return values


def _same_weights(one: FloatArray | None, two: FloatArray | None) -> bool:
    if one is None or two is None:
        return one is two
    return np.array_equal(one, two)


def _rebuild(
    triples: IntArray, entities: NodeIndex, relations: NodeIndex, weights: Any
) -> KnowledgeGraph:
    return KnowledgeGraph(triples, entities, relations, weights=weights)


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"

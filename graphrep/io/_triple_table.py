"""Triples: statements head, relation, tail as codes, with the names of the codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from graphrep.exceptions import GraphValueError, NodeNotFoundError
from graphrep.graph import Graph, NodeIndex
from graphrep.typing import AnyArray, IntArray

_LISTED_RELATIONS = 5


@dataclass(frozen=True, eq=False, repr=False)
class Triples:
    """Statements (head, relation, tail) about entities.

    Attributes
    ----------
    head, relation, tail : ndarray of int64 of shape (n_triples,)
        Rows in ``entities``, ``relations`` and ``entities``, in the order given.
    entities, relations : NodeIndex
        Ids; entities may stand in no triple.
    n_dropped : int
        Triples left out while reading, because the caller had asked for that.
    """

    head: IntArray
    relation: IntArray
    tail: IntArray
    entities: NodeIndex
    relations: NodeIndex
    n_dropped: int = 0

    def __len__(self) -> int:
        return len(self.head)

    def __iter__(self) -> Iterator[tuple[object, object, object]]:
        names, kinds = self.entities.ids.tolist(), self.relations.ids.tolist()
        codes = (self.head.tolist(), self.relation.tolist(), self.tail.tolist())
        for h, r, t in zip(*codes, strict=True):
            yield names[h], kinds[r], names[t]

    def __repr__(self) -> str:
        return (
            f"Triples({len(self):,} of {len(self.entities):,} entities and "
            f"{len(self.relations):,} relations)"
        )

    def graph(
        self,
        relation: object = None,
        *,
        collapse: bool = False,
        directed: bool = True,
        duplicates: str = "first",
    ) -> Graph:
        """Graph over all entities with an edge from head to tail.

        Parameters
        ----------
        relation : id, list of ids or None, default=None
            Relations to take. None takes all, which must be one unless ``collapse``.
        collapse : bool, default=False
            Whether several relations may become edges of one kind.
        directed : bool, default=True
            Whether edges keep their direction.
        duplicates : {"first", "sum", "max", "mean", "error"}, default="first"
            What to do when a pair is joined more than once: "first" gives weight
            one, "sum" counts.

        Returns
        -------
        Graph

        Raises
        ------
        GraphValueError
            For several relations with neither choice made, or an unknown relation.
        """
        kept = self._kept(relation, collapse)
        return Graph.from_codes(
            self.head[kept],
            self.tail[kept],
            nodes=self.entities,
            directed=directed,
            duplicates=duplicates,
        )

    def _kept(self, relation: object, collapse: bool) -> AnyArray:
        """Mask of the triples of the relations that are wanted."""
        if relation is not None:
            return np.isin(self.relation, self._wanted(relation))
        if collapse or len(self.relations) <= 1:
            return np.ones(len(self), bool)
        raise GraphValueError(
            f"The triples have {len(self.relations):,} relations "
            f"({self._list_relations()}). Choose relation= or collapse=True."
        )

    def _wanted(self, relation: object) -> IntArray:
        chosen = relation if isinstance(relation, list | tuple | set) else [relation]
        try:
            return np.array([self.relations.index(r) for r in chosen], np.int64)
        except NodeNotFoundError:
            known = self.relations
            unknown = next(r for r in chosen if r not in known)
            raise GraphValueError(
                f"Relation {unknown!r} is not among the {len(known):,} relations "
                f"({self._list_relations()})."
            ) from None

    def _list_relations(self) -> str:
        first = self.relations.ids[:_LISTED_RELATIONS].tolist()
        more = ", …" if len(self.relations) > _LISTED_RELATIONS else ""
        return ", ".join(map(repr, first)) + more


def triples_of_graph(graph: Graph, relation: str) -> Triples:
    """Make triples of a graph's edges, all of one relation; weights must be one."""
    if graph.weighted:
        raise GraphValueError(
            "Triples have no weights and this graph has. Call graph.unweighted() "
            "first, or write another format, such as npz."
        )
    rows, columns, _ = graph.edges()
    return Triples(
        rows.astype(np.int64),
        np.zeros(len(rows), np.int64),
        columns.astype(np.int64),
        graph.nodes,
        NodeIndex([relation]),
    )

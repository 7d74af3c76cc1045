"""Statements: triples with the labels of their entities and their weights."""

from __future__ import annotations

from dataclasses import dataclass, field

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Graph
from graphrep.io._triple_table import Triples
from graphrep.typing import FloatArray, PathType

_LISTED = 5


@dataclass(frozen=True, eq=False, repr=False)
class Statements(Triples):
    """Triples of a knowledge graph with what its file says beside them.

    Attributes
    ----------
    labels : dict of str to tuple of str
        Labels of the entities that have any, for ``names=`` of an evaluation.
    weights : ndarray of float64 of shape (n_triples,) or None
        How sure the source is of each statement, where it says so.
    """

    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    weights: FloatArray | None = None

    def graph(
        self,
        relation: object = None,
        *,
        collapse: bool = True,
        directed: bool = True,
        duplicates: str = "first",
        weighted: bool = False,
    ) -> Graph:
        """Graph over all entities with an edge from head to tail.

        Parameters
        ----------
        relation : id, list of ids or None, default=None
            Relations to take; None takes all.
        collapse : bool, default=True
            Whether several relations may become edges of one kind.
        directed : bool, default=True
            Whether edges keep their direction.
        duplicates : {"first", "sum", "max", "mean", "error"}, default="first"
            What to do when a pair is joined more than once.
        weighted : bool, default=False
            Whether statements weigh what their source says.

        Returns
        -------
        Graph

        Raises
        ------
        GraphValueError
            For an unknown relation, and for weights where there are none.
        """
        if not weighted:
            return super().graph(
                relation, collapse=collapse, directed=directed, duplicates=duplicates
            )
        if self.weights is None:
            raise GraphValueError(
                "The statements have no weights; leave weighted=True away."
            )
        kept = self._kept(relation, collapse)
        return Graph.from_codes(
            self.head[kept],
            self.tail[kept],
            self.weights[kept],
            nodes=self.entities,
            directed=directed,
            duplicates=duplicates,
        )


def chosen_relations(given: object) -> frozenset[str] | None:
    """Relations that a caller wants, None for all of them."""
    if given is None:
        return None
    if isinstance(given, str):
        return frozenset((given,))
    if isinstance(given, (list, tuple, set, frozenset)):
        return frozenset(map(str, given))
    raise GraphValueError(
        f"relations must be a relation, a list of relations or None; got {given!r}."
    )


def refuse_unknown_relations(
    wanted: frozenset[str] | None, found: dict[str, int], path: PathType
) -> None:
    """Refuse a wanted relation that no statement of the file has."""
    unknown = sorted((wanted or frozenset()) - set(found))
    if unknown:
        known = ", ".join(map(repr, list(found)[:_LISTED]))
        raise GraphFormatError(
            f"No statement has the relation {unknown[0]!r}; there are {known}"
            f"{', …' if len(found) > _LISTED else ''}.",
            path=path,
        )

"""KnowledgeGraph: triples of entities and relations, with the ids of both."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError, NodeNotFoundError
from graphrep.graph._graph import Graph
from graphrep.graph._node_index import NodeIndex
from graphrep.graph._triple_rows import (
    both_directions,
    index_of_column,
    read_rows,
    read_weights,
    refuse_outside,
    same_weights,
)
from graphrep.typing import AnyArray, FloatArray, IntArray, NodeIds

_COLUMNS = ("head", "relation", "tail")
_LISTED_RELATIONS = 5


class KnowledgeGraph:
    """Statements (head, relation, tail) about entities, immutable.

    Parameters
    ----------
    triples : array-like of int of shape (n_triples, 3)
        Row numbers of head, relation and tail in the vocabularies. Statements in ids
        are read by `graphrep.as_knowledge_graph`.
    entities, relations : ids, NodeIndex or None, default=None
        Ids of the rows; None numbers them from 0. An entity may stand in no triple.
    weights : array-like of shape (n_triples,) or None, default=None
        A positive weight for each triple.
    labels : mapping of id to str or tuple of str, or None, default=None
        What people call the entities that have names beside their ids.
    n_dropped : int, default=0
        Triples that a reader left out because its caller had asked for that.

    Attributes
    ----------
    triples : ndarray of int64 of shape (n_triples, 3)
        Read-only.
    entities, relations : NodeIndex
        Ids, in the order of their numbers.
    weights : ndarray of float64 of shape (n_triples,) or None
        Read-only.
    labels : dict of id to tuple of str
        Names of the entities that have any, for ``names=`` of an evaluation.
    n_dropped : int
        As given.

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
    >>> from graphrep import KnowledgeGraph
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
        labels: Mapping[Any, Any] | None = None,
        n_dropped: int = 0,
    ) -> None:
        rows = read_rows(triples)
        self._entities = index_of_column(entities, rows[:, [0, 2]])
        self._relations = index_of_column(relations, rows[:, 1])
        for column, name in enumerate(_COLUMNS):
            index = self._relations if column == 1 else self._entities
            refuse_outside(rows[:, column], len(index), name)
        rows.setflags(write=False)
        self._triples = rows
        self._weights = None if weights is None else read_weights(weights, len(rows))
        self._labels: dict[Hashable, tuple[str, ...]] = {
            node: (names,) if isinstance(names, str) else tuple(names)
            for node, names in (labels or {}).items()
        }
        self._n_dropped = n_dropped

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
    def labels(self) -> dict[Hashable, tuple[str, ...]]:
        """Names of the entities that have any."""
        return self._labels

    @property
    def n_dropped(self) -> int:
        """Triples that a reader left out, as asked."""
        return self._n_dropped

    @property
    def head(self) -> IntArray:
        """Numbers of the heads, a view of shape (n_triples,)."""
        return self._triples[:, 0]

    @property
    def relation(self) -> IntArray:
        """Numbers of the relations, a view of shape (n_triples,)."""
        return self._triples[:, 1]

    @property
    def tail(self) -> IntArray:
        """Numbers of the tails, a view of shape (n_triples,)."""
        return self._triples[:, 2]

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

    def __iter__(self) -> Iterator[tuple[Hashable, Hashable, Hashable]]:
        names, kinds = self.entities.ids.tolist(), self.relations.ids.tolist()
        for h, r, t in self.triples.tolist():
            yield names[h], kinds[r], names[t]

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
            and same_weights(self.weights, other.weights)
            and self.labels == other.labels
        )

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        options = {
            "weights": self._weights,
            "labels": self._labels,
            "n_dropped": self._n_dropped,
        }
        return (_rebuild, (self._triples, self._entities, self._relations, options))

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
        return self._with(self.triples[rows], weights)

    def without_duplicates(self) -> KnowledgeGraph:
        """Each triple once, where it stood first; weights of repeats are added."""
        _, first, owner = np.unique(
            self.triples, axis=0, return_index=True, return_inverse=True
        )
        order = np.argsort(first)
        weights = self.weights
        if weights is not None:
            sums = np.bincount(owner.reshape(-1), weights, len(first))
            weights = sums.astype(np.float64)[order]
        return self._with(self.triples[first[order]], weights)

    def with_inverses(self, suffix: str = "_inverse") -> KnowledgeGraph:
        """Every triple and its inverse, whose relation r is r + n_relations.

        Parameters
        ----------
        suffix : str, default="_inverse"
            What follows the id of a relation in that of its inverse.
        """
        kinds = self.relations.ids.tolist()
        weights = None if self.weights is None else np.tile(self.weights, 2)
        return self._with(
            both_directions(self.triples, self.n_relations),
            weights,
            NodeIndex([*map(str, kinds), *(f"{k}{suffix}" for k in kinds)]),
        )

    def graph(
        self,
        relation: object = None,
        *,
        collapse: bool = False,
        directed: bool = True,
        duplicates: str = "first",
        weighted: bool = False,
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
        weighted : bool, default=False
            Whether edges have the weights of their triples, else one.

        Returns
        -------
        Graph

        Raises
        ------
        GraphValueError
            For several relations with neither choice made, an unknown relation, and
            weights where there are none.
        """
        if weighted and self.weights is None:
            raise GraphValueError(
                "The triples have no weights; leave weighted=True away."
            )
        kept = self._kept(relation, collapse)
        weights = self.weights if weighted else None
        return Graph.from_codes(
            self.head[kept],
            self.tail[kept],
            None if weights is None else weights[kept],
            nodes=self.entities,
            directed=directed,
            duplicates=duplicates,
        )

    def _with(
        self, triples: IntArray, weights: Any, relations: NodeIndex | None = None
    ) -> KnowledgeGraph:
        """Other triples of the same entities."""
        return KnowledgeGraph(
            triples,
            self.entities,
            self.relations if relations is None else relations,
            weights=weights,
            labels=self.labels,
        )

    def _kept(self, relation: object, collapse: bool) -> AnyArray:
        """Mask of the triples of the relations that are wanted."""
        if relation is not None:
            return np.isin(self.relation, self._wanted(relation))
        if collapse or self.n_relations <= 1:
            return np.ones(len(self), bool)
        raise GraphValueError(
            f"The triples have {self.n_relations:,} relations "
            f"({self._list_relations()}). Choose relation= or collapse=True."
        )

    def _wanted(self, relation: object) -> IntArray:
        chosen = relation if isinstance(relation, list | tuple | set) else [relation]
        try:
            return np.array([self.relations.index(r) for r in chosen], np.int64)
        except NodeNotFoundError:
            unknown = next(r for r in chosen if r not in self.relations)
            raise GraphValueError(
                f"Relation {unknown!r} is not among the {self.n_relations:,} relations "
                f"({self._list_relations()})."
            ) from None

    def _list_relations(self) -> str:
        first = self.relations.ids[:_LISTED_RELATIONS].tolist()
        more = ", …" if self.n_relations > _LISTED_RELATIONS else ""
        return ", ".join(map(repr, first)) + more

    # -- other libraries ---------------------------------------------------------
    def to_frame(self) -> Any:
        """Make a pandas table of ids: head, relation, tail and, if there, weight."""
        from graphrep._utils._optional import require

        pandas = require("pandas", extra="pandas", why="to_frame")
        frame = pandas.DataFrame(self.labelled(), columns=list(_COLUMNS))
        if self.weights is not None:
            frame["weight"] = self.weights
        return frame

    def to_hetero_data(self) -> Any:
        """Make a ``HeteroData`` of PyTorch Geometric, one edge type for each relation.

        Row i of the nodes "entity" is entity i; edges of relation r are
        ``data["entity", str(r), "entity"].edge_index``.
        """
        from graphrep._utils._optional import require

        pyg = require(
            "torch_geometric.data", extra="torch-geometric", why="to_hetero_data"
        )
        torch = require("torch", extra="torch", why="to_hetero_data")
        data = pyg.HeteroData()
        data["entity"].num_nodes = self.n_entities
        for number, name in enumerate(self.relations.ids.tolist()):
            rows = self.triples[self.relation == number][:, [0, 2]]
            edges = torch.from_numpy(np.ascontiguousarray(rows.T))
            data["entity", str(name), "entity"].edge_index = edges
        return data

    def to_pykeen(self, **options: Any) -> Any:
        """Make a ``CoreTriplesFactory`` of PyKEEN with the same numbers.

        Parameters
        ----------
        **options
            Of ``CoreTriplesFactory``, such as ``create_inverse_triples``.
        """
        from graphrep._utils._optional import require

        pykeen = require("pykeen.triples", extra="pykeen", why="to_pykeen")
        torch = require("torch", extra="torch", why="to_pykeen")
        return pykeen.CoreTriplesFactory(
            torch.tensor(self.triples), self.n_entities, self.n_relations, **options
        )

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


def in_one_numbering(parts: Sequence[KnowledgeGraph]) -> list[KnowledgeGraph]:
    """Give several graphs the entities, relations and labels of all of them.

    Vocabularies are in order of first appearance, that of the first graph in front.
    """
    entities = dict.fromkeys(e for part in parts for e in part.entities.ids.tolist())
    relations = dict.fromkeys(r for part in parts for r in part.relations.ids.tolist())
    labels = {k: v for part in reversed(parts) for k, v in part.labels.items()}
    none = np.zeros((0, 3), np.int64)
    whole = KnowledgeGraph(none, list(entities), list(relations), labels=labels)
    return [whole._with(whole.encode(p.labelled()), p.weights) for p in parts]


def _rebuild(
    triples: IntArray,
    entities: NodeIndex,
    relations: NodeIndex,
    options: dict[str, Any],
) -> KnowledgeGraph:
    return KnowledgeGraph(triples, entities, relations, **options)


def triples_of_graph(graph: Graph, relation: str) -> KnowledgeGraph:
    """Make triples of a graph's edges, all of one relation; weights must be one."""
    if graph.weighted:
        raise GraphValueError(
            "Triples have no weights and this graph has. Call graph.unweighted() "
            "first, or write another format, such as npz."
        )
    rows, columns, _ = graph.edges()
    codes = np.zeros((len(rows), 3), np.int64)
    codes[:, 0], codes[:, 2] = rows, columns
    return KnowledgeGraph(codes, graph.nodes, [relation])


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"

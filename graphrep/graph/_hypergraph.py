"""Hypergraph: hyperedges over nodes in compressed rows, with the ids of both."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, cast

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._csr import CSR, transpose
from graphrep.graph._graph import Graph
from graphrep.graph._hyperedge_rows import (
    RowTable,
    read_counts,
    read_values,
    tidy,
)
from graphrep.graph._ids import shown
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray, NodeIds


class Hypergraph:
    """Sets of nodes, immutable.

    Parameters
    ----------
    hyperedges : iterable of iterables of node ids
        Members of each hyperedge; a member that is repeated counts once. An empty
        hyperedge is kept.
    nodes : ids, NodeIndex or None, default=None
        All ids in row order, so that nodes in no hyperedge are kept. None takes the
        ids that occur: integers ascending, others in order of first appearance.
    multiplicities : array-like of int of shape (n_hyperedges,) or None, default=None
        How often each hyperedge occurs, at least once. None means once each. Equal
        rows may also stand several times; `distinct` merges them.
    weights : array-like of float of shape (n_hyperedges,) or None, default=None
        A number for each hyperedge, such as its probability. Not used by `project`.
    edge_ids : ids, NodeIndex or None, default=None
        Ids of the hyperedges. None numbers them.
    node_labels, edge_labels : mapping of id to str, or None, default=None
        What people call them.

    Attributes
    ----------
    indptr, indices : ndarray of int64, ndarray of int32
        Members of hyperedge e are ``indices[indptr[e]:indptr[e + 1]]``, as rows of
        ``nodes``, ascending. Read-only.
    nodes, edge_ids : NodeIndex
        Ids of nodes and of hyperedges.

    Raises
    ------
    GraphValueError
        For members that are not among ``nodes``, and for multiplicities or weights
        that do not fit.
    GraphTypeError
        For a text in place of a hyperedge.

    Notes
    -----
    Memory is 4 bytes an incidence and 8 a hyperedge, beside the ids. The transpose
    is made when it is first asked for.

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> h = Hypergraph([("a", "b", "c"), ("b", "c"), ("d",)])
    >>> h
    Hypergraph(n_nodes=4, n_hyperedges=3, sizes 1 to 3)
    >>> h.project()
    Graph(n_nodes=4, n_edges=3, undirected, weighted)
    """

    __slots__ = (
        "__weakref__",
        "_counts",
        "_edge_ids",
        "_edge_labels",
        "_indices",
        "_indptr",
        "_node_labels",
        "_nodes",
        "_table",
        "_transpose",
        "_weights",
    )

    def __init__(
        self,
        hyperedges: Iterable[Iterable[Hashable]],
        nodes: NodeIds | NodeIndex | None = None,
        *,
        multiplicities: Any = None,
        weights: Any = None,
        edge_ids: NodeIds | NodeIndex | None = None,
        node_labels: Mapping[Any, str] | None = None,
        edge_labels: Mapping[Any, str] | None = None,
    ) -> None:
        rows = [_members(e, at) for at, e in enumerate(hyperedges)]
        sizes = np.fromiter(map(len, rows), np.int64, len(rows))
        flat = list(chain.from_iterable(rows))
        index = _index_of(flat, nodes)
        self._take(
            np.concatenate([[0], np.cumsum(sizes)]),
            index.indexer(flat) if flat else np.empty(0, np.int64),
            index,
            multiplicities=multiplicities,
            weights=weights,
            edge_ids=edge_ids,
            node_labels=node_labels,
            edge_labels=edge_labels,
        )

    @classmethod
    def from_csr(
        cls,
        indptr: AnyArray,
        indices: AnyArray,
        *,
        nodes: NodeIds | NodeIndex | int | None = None,
        **options: Any,
    ) -> Hypergraph:
        """Make a hypergraph from the two arrays of hyperedges in row numbers.

        Parameters
        ----------
        indptr : array-like of int of shape (n_hyperedges + 1,)
            Where each hyperedge begins in ``indices``.
        indices : array-like of int
            Members as row numbers in ``[0, n_nodes)``; order and repeats are put
            right.
        nodes : ids, NodeIndex, int or None, default=None
            Ids of the rows or their number; None takes the largest index there is.
        **options
            The other parameters of the class.

        Raises
        ------
        GraphValueError
            For pointers that do not ascend and for an index outside ``nodes``.
        """
        made = cls.__new__(cls)
        members = np.asarray(indices)
        if nodes is None:
            nodes = int(members.max()) + 1 if members.size else 0
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        made._take(indptr, members, index, **options)
        return made

    @classmethod
    def from_incidence(
        cls,
        incidence: Any,
        nodes: NodeIds | NodeIndex | None = None,
        **options: Any,
    ) -> Hypergraph:
        """Make a hypergraph from an incidence matrix of shape (n_nodes, n_hyperedges).

        Parameters
        ----------
        incidence : sparse matrix, sparse array or 2-D array-like
            Entry (v, e) is not zero where node v is in hyperedge e.
        nodes : ids, NodeIndex or None, default=None
            Ids of the rows.
        **options
            The other parameters of the class.
        """
        matrix = sparse.coo_array(incidence)
        if matrix.ndim != 2:
            raise GraphValueError(
                f"An incidence matrix has two dimensions; got shape {matrix.shape}."
            )
        matrix.eliminate_zeros()
        n_nodes, n_edges = matrix.shape
        order = np.argsort(matrix.col, kind="stable")
        counts = np.bincount(matrix.col, minlength=n_edges)
        index = _index_of_size(nodes, n_nodes)
        return cls.from_csr(
            np.concatenate([[0], np.cumsum(counts)]),
            matrix.row[order],
            nodes=index,
            **options,
        )

    def _take(
        self,
        indptr: Any,
        indices: Any,
        index: NodeIndex,
        *,
        multiplicities: Any = None,
        weights: Any = None,
        edge_ids: NodeIds | NodeIndex | int | None = None,
        node_labels: Mapping[Any, str] | None = None,
        edge_labels: Mapping[Any, str] | None = None,
    ) -> None:
        self._indptr, self._indices = tidy(indptr, indices, len(index))
        size = len(self._indptr) - 1
        self._nodes = index
        self._edge_ids = _index_of_size(edge_ids, size)
        self._counts = read_counts(multiplicities, size)
        self._weights = read_values(weights, size)
        self._node_labels = dict(node_labels or {})
        self._edge_labels = dict(edge_labels or {})
        self._transpose: tuple[IntArray, IntArray] | None = None
        self._table: RowTable | None = None

    # -- size and arrays ---------------------------------------------------------
    @property
    def n_nodes(self) -> int:
        """Number of nodes, those in no hyperedge included."""
        return len(self._nodes)

    @property
    def n_hyperedges(self) -> int:
        """Number of hyperedges as they stand; a multiplicity counts once."""
        return len(self._indptr) - 1

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the incidence matrix: (n_nodes, n_hyperedges)."""
        return self.n_nodes, self.n_hyperedges

    @property
    def indptr(self) -> IntArray:
        """Where each hyperedge begins in ``indices``, int64, read-only."""
        return self._indptr

    @property
    def indices(self) -> IntArray:
        """Members of the hyperedges as row numbers, int32, read-only."""
        return self._indices

    @property
    def sizes(self) -> IntArray:
        """Number of members of each hyperedge, int64."""
        return np.diff(self._indptr)

    @property
    def nodes(self) -> NodeIndex:
        """Ids of the nodes in row order."""
        return self._nodes

    @property
    def node_ids(self) -> AnyArray:
        """Ids of the nodes as an array, int64 or object."""
        return self._nodes.ids

    @property
    def edge_ids(self) -> NodeIndex:
        """Ids of the hyperedges."""
        return self._edge_ids

    @property
    def multiplicities(self) -> IntArray | None:
        """How often each hyperedge occurs, int64, read-only; None where all once."""
        return self._counts

    @property
    def counts(self) -> IntArray:
        """How often each hyperedge occurs, ones where nothing was said."""
        if self._counts is None:
            return np.ones(self.n_hyperedges, np.int64)
        return self._counts

    @property
    def weights(self) -> FloatArray | None:
        """A number for each hyperedge, float64, read-only, or None."""
        return self._weights

    @property
    def node_labels(self) -> dict[Any, str]:
        """What people call the nodes that have a label."""
        return self._node_labels

    @property
    def edge_labels(self) -> dict[Any, str]:
        """What people call the hyperedges that have a label."""
        return self._edge_labels

    def degree(self) -> IntArray:
        """Number of hyperedges of each node, int64 of shape (n_nodes,)."""
        return np.bincount(self._indices, minlength=self.n_nodes).astype(np.int64)

    def transpose(self) -> tuple[IntArray, IntArray]:
        """Hyperedges of each node: pointers (int64) and hyperedge numbers (int32)."""
        if self._transpose is None:
            rows = transpose(CSR(self._indptr, self._indices, None), self.n_nodes)
            self._transpose = (rows.indptr, rows.indices.astype(np.int32, copy=False))
        return self._transpose

    def incidence(self) -> sparse.csr_array:
        """Incidence matrix of shape (n_nodes, n_hyperedges), float64 ones."""
        pointers, edges = self.transpose()
        ones = np.ones(len(edges))
        return sparse.csr_array((ones, edges, pointers), shape=self.shape)

    # -- as a collection ---------------------------------------------------------
    def __len__(self) -> int:
        return self.n_hyperedges

    def __getitem__(self, row: int) -> tuple[Hashable, ...]:
        if not -len(self) <= row < len(self):
            raise IndexError(f"There are {len(self):,} hyperedges; got number {row}.")
        at = int(row) % len(self)
        members = self._indices[self._indptr[at] : self._indptr[at + 1]]
        return tuple(self.node_ids[members].tolist())

    def __iter__(self) -> Iterator[tuple[Hashable, ...]]:
        ids = self.node_ids[self._indices].tolist()
        bounds = self._indptr.tolist()
        for start, stop in zip(bounds[:-1], bounds[1:], strict=True):
            yield tuple(ids[start:stop])

    def __contains__(self, hyperedge: object) -> bool:
        if isinstance(hyperedge, (str, bytes)) or not isinstance(hyperedge, Iterable):
            return False
        members = list(cast("Iterable[Hashable]", hyperedge))
        if not all(m in self._nodes for m in members):
            return False
        return bool(self.find(Hypergraph([members], self._nodes))[0] >= 0)

    def __repr__(self) -> str:
        parts = [f"n_nodes={self.n_nodes:,}", f"n_hyperedges={self.n_hyperedges:,}"]
        if self.n_hyperedges:
            low, high = int(self.sizes.min()), int(self.sizes.max())
            parts.append(f"size {low}" if low == high else f"sizes {low} to {high}")
        if self._counts is not None:
            parts.append(f"{int(self._counts.sum()):,} with repeats")
        return f"Hypergraph({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Hypergraph):
            return NotImplemented
        return (
            self._nodes == other._nodes
            and self._edge_ids == other._edge_ids
            and np.array_equal(self._indptr, other._indptr)
            and np.array_equal(self._indices, other._indices)
            and np.array_equal(self.counts, other.counts)
            and _same(self._weights, other._weights)
            and self._node_labels == other._node_labels
            and self._edge_labels == other._edge_labels
        )

    __hash__ = None  # type: ignore[assignment]

    def __sklearn_clone__(self) -> Hypergraph:
        return self  # immutable: scikit-learn need not copy it

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            _rebuild,
            (self._indptr, self._indices, self._nodes, self._options()),
        )

    # -- deriving ----------------------------------------------------------------
    def find(self, other: Hypergraph) -> IntArray:
        """Number of the hyperedge here that has the members of each one there.

        Returns
        -------
        ndarray of int64 of shape (other.n_hyperedges,)
            -1 where there is none; of equal rows here the first. Members are
            compared by id. O(incidences) time.
        """
        if self._table is None:
            self._table = RowTable(self._indptr, self._indices)
        if other._nodes is self._nodes or other._nodes == self._nodes:
            return self._table.find(other._indptr, other._indices)
        known = np.array([v in self._nodes for v in other._nodes], bool)
        rows = np.full(other.n_nodes, self.n_nodes, np.int64)  # of unknown nodes
        rows[known] = self._nodes.indexer(other.node_ids[known])
        members = rows[other._indices]
        sizes = tidy(other._indptr, members, self.n_nodes + 1)
        found = self._table.find(*sizes)
        outside = np.add.reduceat(
            np.append(members >= self.n_nodes, False), other._indptr[:-1]
        )
        found[(outside > 0) & (other.sizes > 0)] = -1
        return found

    def take(self, rows: Any) -> Hypergraph:
        """Keep some of the hyperedges (numbers or a mask) and all nodes."""
        chosen = np.arange(self.n_hyperedges)[rows]
        sizes = self.sizes[chosen]
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        spread = np.repeat(self._indptr[chosen] - pointers[:-1], sizes)
        members = self._indices[spread + np.arange(pointers[-1])]
        options = self._options()
        for name in ("multiplicities", "weights"):
            if options[name] is not None:
                options[name] = options[name][chosen]
        options["edge_ids"] = self._edge_ids.take(chosen)
        kept = set(options["edge_ids"])
        labels = {k: v for k, v in self._edge_labels.items() if k in kept}
        options["edge_labels"] = labels
        return Hypergraph.from_csr(pointers, members, nodes=self._nodes, **options)

    def with_sizes(self, low: int = 1, high: int | None = None) -> Hypergraph:
        """Keep the hyperedges of ``low`` to ``high`` members, and all nodes."""
        sizes = self.sizes
        return self.take((sizes >= low) & (sizes <= (high or sizes.max(initial=0))))

    def distinct(self) -> Hypergraph:
        """Each set of members once, where it stood first; multiplicities are added.

        Weights and ids are those of the first.
        """
        owner = RowTable(self._indptr, self._indices).owner
        first = np.flatnonzero(owner == np.arange(len(owner)))
        if len(first) == len(owner):
            return self
        sums = np.bincount(owner, self.counts, len(owner)).astype(np.int64)
        kept = self.take(first)
        kept._counts = read_counts(sums[first], len(first))
        return kept

    def simple(self) -> Hypergraph:
        """Each set of members once, multiplicities forgotten."""
        kept = self.distinct()
        if kept._counts is None:
            return kept
        options = kept._options() | {"multiplicities": None}
        return Hypergraph.from_csr(
            kept._indptr, kept._indices, nodes=kept._nodes, **options
        )

    def project(self, weighted: bool = True) -> Graph:
        """Clique projection: nodes are joined that share a hyperedge.

        Parameters
        ----------
        weighted : bool, default=True
            Whether an edge weighs the number of hyperedges that hold both ends,
            repeated and multiple ones counted each time; else one.

        Returns
        -------
        Graph
            Undirected, without loops, on all nodes; those in no hyperedge or only
            in hyperedges of one member are isolated.

        Notes
        -----
        O(sum of squared sizes) time, memory of the result and O(n_nodes).
        """
        from graphrep.graph._clique_projection import clique_projection

        return clique_projection(self, weighted)

    def _options(self) -> dict[str, Any]:
        return {
            "multiplicities": self._counts,
            "weights": self._weights,
            "edge_ids": self._edge_ids,
            "node_labels": self._node_labels,
            "edge_labels": self._edge_labels,
        }


def _rebuild(
    indptr: IntArray, indices: IntArray, nodes: NodeIndex, options: dict[str, Any]
) -> Hypergraph:
    return Hypergraph.from_csr(indptr, indices, nodes=nodes, **options)


def _members(hyperedge: Any, at: int) -> list[Hashable]:
    if isinstance(hyperedge, (str, bytes)) or not isinstance(hyperedge, Iterable):
        raise GraphTypeError(
            f"Hyperedge {at} (counted from 0) is {shown(hyperedge)}; a hyperedge is a "
            "list or set of node ids."
        )
    return hyperedge.tolist() if isinstance(hyperedge, np.ndarray) else list(hyperedge)


def _index_of(flat: list[Hashable], nodes: NodeIds | NodeIndex | None) -> NodeIndex:
    if isinstance(nodes, NodeIndex):
        return nodes
    if nodes is not None:
        return NodeIndex(nodes)
    unique = list(dict.fromkeys(flat))
    if all(isinstance(v, (int, np.integer)) for v in unique):
        unique.sort()  # type: ignore[type-var]
    return NodeIndex(unique)


def _index_of_size(ids: NodeIds | NodeIndex | int | None, size: int) -> NodeIndex:
    if ids is None:
        return NodeIndex(size)
    index = ids if isinstance(ids, NodeIndex) else NodeIndex(ids)
    if len(index) != size:
        raise GraphValueError(f"{len(index):,} ids were given for {size:,} rows.")
    return index


def _same(a: AnyArray | None, b: AnyArray | None) -> bool:
    if a is None or b is None:
        return a is b
    return np.array_equal(a, b)

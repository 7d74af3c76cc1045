"""HypergraphStore: the arrays of a hypergraph and the questions they answer."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, cast

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphValueError
from graphrep.graph._csr import CSR, transpose
from graphrep.graph._hyperedge_rows import RowTable, read_counts, read_values, tidy
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray, NodeIds


class HypergraphStore:
    """What a hypergraph holds and can be asked; `Hypergraph` makes and derives."""

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

    def _hold(self, indptr: IntArray, indices: IntArray, index: NodeIndex) -> None:
        """Take over rows that are known to be tidy, nothing said beside them."""
        for array in (indptr, indices):
            array.setflags(write=False)
        self._indptr, self._indices = indptr, indices
        self._nodes = index
        self._edge_ids = NodeIndex(len(indptr) - 1)
        self._counts: IntArray | None = None
        self._weights: FloatArray | None = None
        self._node_labels: dict[Any, str] = {}
        self._edge_labels: dict[Any, str] = {}
        self._transpose: tuple[IntArray, IntArray] | None = None
        self._table: RowTable | None = None

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
        self._hold(*tidy(indptr, indices, len(index)), index)
        size = len(self._indptr) - 1
        self._edge_ids = index_of_size(edge_ids, size)
        self._counts = read_counts(multiplicities, size)
        self._weights = read_values(weights, size)
        self._node_labels = dict(node_labels or {})
        self._edge_labels = dict(edge_labels or {})

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
    def shape(self) -> tuple[int]:
        """Length of the column of hyperedges: (n_hyperedges,).

        The incidence matrix has shape (n_nodes, n_hyperedges).
        """
        return (self.n_hyperedges,)

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
        """Count the hyperedges of each node; int64 of shape (n_nodes,)."""
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
        shape = (self.n_nodes, self.n_hyperedges)
        return sparse.csr_array((ones, edges, pointers), shape=shape)

    # -- as a collection ---------------------------------------------------------
    def __len__(self) -> int:
        return self.n_hyperedges

    def members(self, row: int) -> tuple[Hashable, ...]:
        """Ids of the members of one hyperedge, in row order."""
        if not -len(self) <= row < len(self):
            raise IndexError(f"There are {len(self):,} hyperedges; got number {row}.")
        at = int(row) % len(self)
        members = self._indices[self._indptr[at] : self._indptr[at + 1]]
        return tuple(self.node_ids[members].tolist())

    def __iter__(self) -> Iterator[tuple[Hashable, ...]]:
        ids = self.node_ids[self._indices].tolist()
        bounds = self._indptr.tolist()
        for start, stop in pairwise(bounds):
            yield tuple(ids[start:stop])

    def __contains__(self, hyperedge: object) -> bool:
        if isinstance(hyperedge, (str, bytes)) or not isinstance(hyperedge, Iterable):
            return False
        members = list(cast("Iterable[Hashable]", hyperedge))
        if not all(m in self._nodes for m in members):
            return False
        rows = self._nodes.indexer(members)
        row = tidy([0, len(rows)], rows, self.n_nodes)
        return bool(self._find_rows(*row)[0] >= 0)

    def __repr__(self) -> str:
        parts = [f"n_nodes={self.n_nodes:,}", f"n_hyperedges={self.n_hyperedges:,}"]
        if self.n_hyperedges:
            low, high = int(self.sizes.min()), int(self.sizes.max())
            parts.append(f"size {low}" if low == high else f"sizes {low} to {high}")
        if self._counts is not None:
            parts.append(f"{int(self._counts.sum()):,} with repeats")
        return f"Hypergraph({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HypergraphStore):
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

    def find(self, other: HypergraphStore) -> IntArray:
        """Find the hyperedge here that has the members of each one there.

        Returns
        -------
        ndarray of int64 of shape (other.n_hyperedges,)
            -1 where there is none; of equal rows here the first. Members are
            compared by id. O(incidences) time.
        """
        if other._nodes is self._nodes or other._nodes == self._nodes:
            return self._find_rows(other._indptr, other._indices)
        rows = self._nodes.find(other.node_ids)
        rows[rows < 0] = self.n_nodes  # in no hyperedge here
        members = rows[other._indices]
        return self._find_rows(*tidy(other._indptr, members, self.n_nodes + 1))

    def _find_rows(self, indptr: IntArray, indices: IntArray) -> IntArray:
        if self._table is None:
            self._table = RowTable(self._indptr, self._indices)
        return self._table.find(indptr, indices)

    def _options(self) -> dict[str, Any]:
        return {
            "multiplicities": self._counts,
            "weights": self._weights,
            "edge_ids": self._edge_ids,
            "node_labels": self._node_labels,
            "edge_labels": self._edge_labels,
        }


def index_of_size(ids: NodeIds | NodeIndex | int | None, size: int) -> NodeIndex:
    """Index of so many ids, numbered where none are given."""
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

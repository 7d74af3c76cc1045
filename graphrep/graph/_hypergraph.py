"""Hypergraph: hyperedges over nodes in compressed rows, with the ids of both."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from itertools import chain
from typing import Any, cast

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._graph import Graph
from graphrep.graph._hyperedge_rows import RowTable, read_counts
from graphrep.graph._hypergraph_store import HypergraphStore, index_of_size
from graphrep.graph._ids import shown
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, IntArray, NodeIds


class Hypergraph(HypergraphStore):
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

    __slots__ = ()

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
        index = index_of_size(nodes, n_nodes)
        return cls.from_csr(
            np.concatenate([[0], np.cumsum(counts)]),
            matrix.row[order],
            nodes=index,
            **options,
        )

    # -- deriving ----------------------------------------------------------------
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

    # -- Python ------------------------------------------------------------------
    def __sklearn_clone__(self) -> Hypergraph:
        return self  # immutable: scikit-learn need not copy it

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            _rebuild,
            (self._indptr, self._indices, self._nodes, self._options()),
        )


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
        return NodeIndex(sorted(cast("list[int]", unique)))
    return NodeIndex(unique)

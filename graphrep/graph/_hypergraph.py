"""Hypergraph: hyperedges over nodes in compressed rows, with the ids of both."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph._graph import Graph
from graphrep.graph._hyperedge_ids import chosen_rows, number_members, read_incidence
from graphrep.graph._hyperedge_rows import RowTable, read_counts
from graphrep.graph._hypergraph_store import HypergraphStore, index_of_size
from graphrep.graph._ids import shown
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, IntArray, NodeIds

if TYPE_CHECKING:
    import networkx as nx


class Hypergraph(HypergraphStore):
    """Sets of nodes, immutable.

    Parameters
    ----------
    hyperedges : iterable of iterables of node ids
        Members of each hyperedge; a member that is repeated counts once. An empty
        hyperedge is kept.
    nodes : ids, NodeIndex, int or None, default=None
        All ids in row order, or their number, so that nodes in no hyperedge are kept.
        None takes the ids that occur: integers ascending, others in order of first
        appearance, the members of a set in sorted order.
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
        For a text in place of a hyperedge, and for a matrix or a mapping, which
        `from_incidence` and `graphrep.as_hypergraph` read.

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
        nodes: NodeIds | NodeIndex | int | None = None,
        *,
        multiplicities: Any = None,
        weights: Any = None,
        edge_ids: NodeIds | NodeIndex | None = None,
        node_labels: Mapping[Any, str] | None = None,
        edge_labels: Mapping[Any, str] | None = None,
    ) -> None:
        index, sizes, members = number_members(hyperedges, nodes)
        self._take(
            np.concatenate([[0], np.cumsum(sizes)]),
            members,
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
            whole = members.dtype.kind in "iu" and members.size > 0
            nodes = int(members.max()) + 1 if whole else 0
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        made._take(indptr, members, index, **options)
        return made

    @classmethod
    def _trusted(
        cls, indptr: IntArray, indices: IntArray, nodes: NodeIndex
    ) -> Hypergraph:
        """Take over int64 pointers and int32 members that are tidy; no checks."""
        made = cls.__new__(cls)
        made._hold(indptr, indices, nodes)
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
            Entry (v, e) is not zero where node v is in hyperedge e; repeated entries
            are summed first. The values are not kept.
        nodes : ids, NodeIndex or None, default=None
            Ids of the rows.
        **options
            The other parameters of the class.

        Raises
        ------
        GraphValueError
            For another number of dimensions, NaN, and ids that do not fit.
        GraphTypeError
            For entries that are no numbers.
        """
        matrix = read_incidence(incidence)
        index = index_of_size(nodes, matrix.shape[0])
        return cls.from_csr(matrix.indptr, matrix.indices, nodes=index, **options)

    # -- deriving ----------------------------------------------------------------
    def __getitem__(self, at: Any) -> Any:
        """Members of one hyperedge by its number, or `take` of many.

        Also takes the pair (numbers, ...) that scikit-learn asks arrays with, so
        that ``KFold``, ``GridSearchCV`` and the like cut hypergraphs by hyperedges.
        """
        if isinstance(at, tuple) and len(at) == 2 and at[1] is Ellipsis:
            at = at[0]
        if isinstance(at, (int, np.integer)) and not isinstance(at, (bool, np.bool_)):
            return self.members(int(at))
        return self.take(at)

    def take(self, rows: Any) -> Hypergraph:
        """Keep some of the hyperedges and all nodes.

        Parameters
        ----------
        rows : array-like of int or bool, or slice
            Numbers of the hyperedges, each once, in the order wanted; or a mask.

        Raises
        ------
        GraphValueError
            For a number that is not there or stands twice, and a mask of another
            length.
        """
        chosen = chosen_rows(rows, self.n_hyperedges)
        sizes = self.sizes[chosen]
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        spread = np.repeat(self._indptr[chosen] - pointers[:-1], sizes)
        members = self._indices[spread + np.arange(pointers[-1])]
        options = self._options()
        for name in ("multiplicities", "weights"):
            if options[name] is not None:
                options[name] = options[name][chosen]
        options["edge_ids"] = self._edge_ids.take(chosen)
        if self._edge_labels:
            kept = set(options["edge_ids"])
            labels = {k: v for k, v in self._edge_labels.items() if k in kept}
            options["edge_labels"] = labels
        return Hypergraph.from_csr(pointers, members, nodes=self._nodes, **options)

    def with_sizes(self, low: int = 1, high: int | None = None) -> Hypergraph:
        """Keep the hyperedges of ``low`` to ``high`` members, and all nodes."""
        sizes = self.sizes
        top = sizes.max(initial=0) if high is None else high
        return self.take((sizes >= low) & (sizes <= top))

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

    def on_nodes(self, nodes: NodeIds | NodeIndex | int) -> Hypergraph:
        """Return the same hyperedges on other rows.

        Parameters
        ----------
        nodes : ids, NodeIndex or int
            All ids in row order, those of the hypergraph and perhaps more.

        Raises
        ------
        GraphValueError
            If an id of the hypergraph is not among them.
        """
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        if index == self._nodes:
            return self
        rows = index.find(self.node_ids)
        missing = np.flatnonzero(rows < 0)
        if len(missing):
            raise GraphValueError(
                f"nodes lacks {len(missing):,} nodes of the hypergraph, such as "
                f"{shown(self._nodes[int(missing[0])])}. Name all of them."
            )
        return Hypergraph.from_csr(
            self._indptr, rows[self._indices], nodes=index, **self._options()
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
        O(sum of squared sizes) time; at most 2.5 times the memory of the result and
        O(incidences).
        """
        from graphrep.graph._clique_projection import clique_projection

        return clique_projection(self, weighted)

    # -- handing over ------------------------------------------------------------
    def to_hif(self) -> dict[str, Any]:
        """Make a dictionary in the Hypergraph Interchange Format, without loss.

        Ids must be texts or integers. Labels and multiplicities are ``attrs`` of
        nodes and edges, weights the ``weight`` of edges.
        """
        from graphrep.graph._hif import hif_of_hypergraph

        return hif_of_hypergraph(self)

    def to_frame(self, backend: str = "pandas") -> Any:
        """Table of incidences: columns edge, node and, if any, weight, multiplicity.

        Nodes in no hyperedge and empty hyperedges have no row.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default="pandas"
            Library of the table.
        """
        from graphrep.graph._hypergraph_to_foreign import to_frame

        return to_frame(self, backend)

    def to_networkx(self) -> nx.Graph[Any]:
        """Bipartite ``networkx.Graph``: attribute ``bipartite`` 0 node, 1 hyperedge.

        Where an id is both a node's and a hyperedge's, hyperedges are called
        ``("hyperedge", id)``.
        """
        from graphrep.graph._hypergraph_to_foreign import to_networkx

        return to_networkx(self)

    def to_pyg(self) -> Any:
        """``torch_geometric.data.HyperGraphData``.

        Its ``edge_index`` is what ``HypergraphConv`` calls hyperedge_index: row 0
        nodes, row 1 hyperedges. ``num_hyperedges``, ``hyperedge_weight``, ``node_id``
        and ``hyperedge_id`` stand beside it where they say something; multiplicities
        and labels do not.
        """
        from graphrep.graph._hypergraph_to_foreign import to_pyg

        return to_pyg(self)

    def to_xgi(self) -> Any:
        """``xgi.Hypergraph`` with the same ids, weights and labels as attributes."""
        from graphrep.graph._hypergraph_to_foreign import to_xgi

        return to_xgi(self)

    def to_hypernetx(self) -> Any:
        """``hypernetx.Hypergraph``; it has no nodes alone and no empty hyperedges."""
        from graphrep.graph._hypergraph_to_foreign import to_hypernetx

        return to_hypernetx(self)

    def to_hypergraphx(self) -> Any:
        """``hypergraphx.Hypergraph``: each set once.

        Its weights are those here, else how often each hyperedge occurs.
        """
        from graphrep.graph._hypergraph_to_foreign import to_hypergraphx

        return to_hypergraphx(self)

    def to_dhg(self) -> Any:
        """``dhg.Hypergraph`` over row numbers: each set once, weights as there are.

        Its weights are those here, else how often each hyperedge occurs.
        """
        from graphrep.graph._hypergraph_to_foreign import to_dhg

        return to_dhg(self)

    # -- Python ------------------------------------------------------------------
    def __sklearn_clone__(self) -> Hypergraph:
        return self  # immutable: scikit-learn need not copy it

    def __copy__(self) -> Hypergraph:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Hypergraph:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            _rebuild,
            (self._indptr, self._indices, self._nodes, self._options()),
        )


def _rebuild(
    indptr: IntArray, indices: IntArray, nodes: NodeIndex, options: dict[str, Any]
) -> Hypergraph:
    return Hypergraph.from_csr(indptr, indices, nodes=nodes, **options)

"""WeightedProjection: a graph whose weights count hyperedges, edge by edge."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.graph._ids import shown
from graphrep.kernels import _multiplicity as kernels
from graphrep.typing import AnyArray, IntArray

_LARGEST = 2**53  # above it float64 skips integers


class WeightedProjection:
    """Structure and whole-numbered weights of an undirected graph without loops.

    Rows are in the canonical order of the node ids, so that what is computed does not
    depend on the order in which the nodes were given.

    Attributes
    ----------
    structure : tuple of (indptr, indices, edges)
        Rows of neighbours, and the number of the edge at each entry.
    source, target : ndarray of int64 of shape (n_edges,)
        Ends of each edge, ``source < target``.
    weights : ndarray of int64 of shape (n_edges,)
    rows : ndarray of int64 of shape (n_nodes,)
        Row of the given graph for each row here.
    """

    def __init__(
        self,
        indptr: IntArray,
        indices: IntArray,
        weights: IntArray | None,
        rows: IntArray,
    ) -> None:
        edges = np.empty(len(indices), np.int64)
        self.source = np.empty(len(indices) // 2, np.int64)
        self.target = np.empty(len(indices) // 2, np.int64)
        kernels.number_edges(indptr, indices, edges, self.source, self.target)
        self.structure = (indptr, indices, edges)
        self.weights = np.ones(len(self.source), np.int64)
        if weights is not None:
            self.weights[edges] = weights
        self.rows = rows

    @classmethod
    def of(cls, graph: Graph) -> WeightedProjection:
        """Read a graph; weights must be whole numbers.

        Raises
        ------
        GraphValueError
            For a weight that is not whole, naming its edge.
        """
        rank = graph.nodes.rank()
        given = graph if rank is None else graph._subgraph_of_rows(rank)
        rows = np.arange(graph.n_nodes) if rank is None else rank
        weights = None if given.weights is None else whole_weights(given)
        return cls(given.indptr, given.indices, weights, rows)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.rows)

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return len(self.weights)

    @cached_property
    def shared(self) -> IntArray:
        """MHH of each edge, int64: most hyperedges of three or more that hold it."""
        out = np.zeros(self.n_edges, np.int64)
        kernels.shared_weight(*self.structure, self.weights, out)
        return out

    @cached_property
    def strength(self) -> IntArray:
        """Sum of the weights at each node, int64."""
        both = np.zeros(self.n_nodes, np.int64)
        np.add.at(both, self.source, self.weights)
        np.add.at(both, self.target, self.weights)
        return both

    def reweighted(self, weights: IntArray) -> WeightedProjection:
        """Return the same nodes under other weights; edges of weight 0 are left out."""
        indptr, indices, edges = self.structure
        alive = weights[edges] > 0
        ends = np.concatenate([[0], np.cumsum(alive)])[indptr]
        return WeightedProjection(
            ends, indices[alive], weights[edges[alive]], self.rows
        )

    def living(self, weights: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Rows of the graph of the edges with weight left, and their numbers here."""
        nodes = np.empty(self.n_nodes, np.int64)
        indptr = np.empty(self.n_nodes + 1, np.int64)
        indices = np.empty(2 * self.n_edges, self.structure[1].dtype)
        rows, entries = kernels.living_graph(
            *self.structure, weights, nodes, indptr, indices
        )
        return indptr[: rows + 1], indices[:entries], nodes[:rows]


def whole_weights(graph: Graph) -> AnyArray:
    """Weights of the entries of a graph that has any, int64; refused if not whole."""
    weights = np.asarray(graph.weights, np.float64)
    bad = np.flatnonzero((weights != np.floor(weights)) | (weights > _LARGEST))
    if len(bad):
        at = int(bad[0])
        u = int(np.searchsorted(graph.indptr, at, side="right")) - 1
        ends = (shown(graph.nodes[int(i)]) for i in (u, graph.indices[at]))
        raise GraphValueError(
            f"The edge between {' and '.join(ends)} weighs {weights[at]:g}; weights "
            "must be whole numbers up to 2**53, the number of hyperedges that hold "
            "both ends. Pass graph.unweighted() to a method that needs none if the "
            "weights are something else."
        )
    return weights.astype(np.int64)

"""Nine counts that describe a candidate hyperedge among the maximal cliques."""

from __future__ import annotations

import numpy as np

from graphrep.graph import Graph, Hypergraph
from graphrep.graph._csr import CSR, transpose
from graphrep.hypergraph._clique_sampler import Candidates
from graphrep.kernels import _shyre_features as kernels
from graphrep.kernels import _topology
from graphrep.typing import FloatArray, IntArray

COUNT_FEATURES = (
    "is_nested",
    "size",
    "edges_shared",
    "edge_cliques",
    "degree",
    "neighbour_degree",
    "node_cliques",
    "clustering",
    "n_drawn",
)
"""Names of the columns of `count_features`."""


def count_features(
    graph: Graph, cliques: Hypergraph, candidates: Candidates
) -> FloatArray:
    """Describe candidates by nine counts.

    Parameters
    ----------
    graph : Graph
        Undirected, without loops.
    cliques : Hypergraph
        All its maximal cliques.
    candidates : Candidates
        Cliques of the graph.

    Returns
    -------
    ndarray of float64 of shape (n_candidates, 9)
        1 whether it is no maximal clique; 2 its size; 3 whether each of its edges is
        in two or more maximal cliques (no for one member); 4 mean number of maximal
        cliques of its edges (0 for one member); means over its members of 5 the
        degree, 6 the mean degree of the neighbours, 7 the number of maximal cliques,
        8 the local clustering coefficient; 9 how often the sampler drew it.

    Notes
    -----
    O(m^1.5 + sum of squared sizes of cliques and candidates) time for m edges.
    """
    rows = candidates.indptr, candidates.members
    n, sizes = len(candidates), candidates.sizes
    of_node = rows_of_nodes(*rows, graph.n_nodes)
    counts = cliques_of_edges(graph, cliques)
    sums, shared = np.zeros(n, np.int64), sizes > 1
    kernels.sum_edge_counts(
        graph.indptr, graph.indices, counts, *rows, *of_node, sums, shared
    )
    means = np.empty((n, 4))
    kernels.mean_node_values(_node_table(graph, cliques), *rows, means)
    out = np.empty((n, len(COUNT_FEATURES)))
    out[:, 0] = np.arange(n) >= candidates.n_maximal
    out[:, 1] = sizes
    out[:, 2] = shared
    out[:, 3] = sums / np.maximum(1, sizes * (sizes - 1) // 2)
    out[:, 4:8] = means
    out[:, 8] = candidates.n_drawn
    return out


def rows_of_nodes(
    indptr: IntArray, members: IntArray, n_nodes: int
) -> tuple[IntArray, IntArray]:
    """Numbers of the rows that each node is a member of, ascending."""
    turned = transpose(CSR(indptr, members, None), n_nodes)
    return turned.indptr, turned.indices


def cliques_of_edges(graph: Graph, cliques: Hypergraph) -> IntArray:
    """Count the maximal cliques of each entry (u, v), u < v, of the graph."""
    counts = np.zeros(len(graph.indices), np.int64)
    rows = cliques.indptr, cliques.indices
    kernels.cliques_of_edges(
        graph.indptr, graph.indices, *rows, *cliques.transpose(), counts
    )
    return counts


def _node_table(graph: Graph, cliques: Hypergraph) -> FloatArray:
    """Degree, mean degree of neighbours, number of cliques, clustering coefficient."""
    table = np.empty((graph.n_nodes, 4))
    degrees = np.diff(graph.indptr)
    table[:, 0] = degrees
    beside = np.empty(graph.n_nodes)
    kernels.neighbour_degrees(graph.indptr, graph.indices, beside)
    table[:, 1] = beside
    table[:, 2] = cliques.degree()
    pairs = degrees * (degrees - 1) / 2
    table[:, 3] = _triangles(graph, degrees) / np.maximum(1.0, pairs)
    return table


def _triangles(graph: Graph, degrees: IntArray) -> IntArray:
    n = graph.n_nodes
    place = np.empty(n, np.int64)
    place[np.argsort(degrees, kind="stable")] = np.arange(n)
    pointers = np.empty(n + 1, np.int64)
    forward = np.empty(len(graph.indices) // 2, graph.indices.dtype)
    _topology.forward_rows(graph.indptr, graph.indices, place, pointers, forward)
    counts = np.zeros(n, np.int64)
    _topology.count_triangles(pointers, forward, np.full(n, -1, np.int64), counts)
    return counts[place]

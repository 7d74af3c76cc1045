"""CandidateFeatures: what a graph tells about a set of its nodes, one row a set."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from graphrep.graph import Graph, Hypergraph
from graphrep.kernels import _candidate_features as kernels
from graphrep.kernels import _edge_statistics as statistics
from graphrep.kernels._core_numbers import peel
from graphrep.typing import AnyArray, FloatArray, IntArray

_BLOCKS = 8  # for each thread
_OWN = (
    "size", "is_maximal", "common_neighbours", "near_neighbours", "neighbours",
    "n_parents", "smallest_parent", "largest_parent", "mean_parent",
    "share_of_smallest_parent", "share_of_largest_parent", "exclusive_edges",
    "exclusive_share", "nodes_in_one_clique", "conductance", "parent_share",
    "near_parent_share",
)  # fmt: skip
_EDGE = (
    "triangles", "adamic_adar", "cliques_of_edge", "smallest_clique_of_edge",
    "largest_clique_of_edge", "jaccard",
)  # fmt: skip
_NODE = ("degree", "cliques_of_node", "clustering", "neighbour_degree", "core")
_EDGE_WEIGHTED = ("weight", "explained_by_triangles", "residual", "explained_share")
_NODE_WEIGHTED = ("strength", "mean_weight")
_AGGREGATES = ("min", "mean", "max", "std")
_ARRAYS = (
    "indptr", "indices", "clique_pointers", "node_pointers", "node_cliques",
    "edge_cliques", "edges", "nodes",
)  # fmt: skip


def feature_names(weighted: bool) -> list[str]:
    """Names of the columns, in their order."""
    edge = _EDGE + (_EDGE_WEIGHTED if weighted else ())
    node = _NODE + (_NODE_WEIGHTED if weighted else ())
    return [*_OWN, *(f"{name}_{a}" for name in edge + node for a in _AGGREGATES)]


class CandidateFeatures:
    """Features of sets of nodes of one graph.

    The tables of edges and nodes are made once; `rows` may then be asked for any
    candidates. None of them depends on ids or on the order of nodes.

    Parameters
    ----------
    graph : Graph
        Undirected, without loops.
    cliques : Hypergraph
        Its maximal cliques.
    weighted : bool
        Whether weights count hyperedges.
    """

    def __init__(self, graph: Graph, cliques: Hypergraph, weighted: bool) -> None:
        self._graph = (graph.indptr, graph.indices)
        self._sets = (cliques.indptr, *cliques.transpose())
        count, tables = _edge_table(graph, cliques, weighted)
        self._edge_cliques = count
        self._edges = tables
        self._nodes = _node_table(graph, cliques, tables[:, 0], weighted)

    @property
    def width(self) -> int:
        """Number of features."""
        width = self._edges.shape[1] + self._nodes.shape[1]
        return int(kernels.N_OWN + kernels.N_AGGREGATES * width)

    def to_arrays(self) -> dict[str, AnyArray]:
        """Graph, cliques of nodes and tables, for a file."""
        kept = (*self._graph, *self._sets, self._edge_cliques, self._edges, self._nodes)
        return dict(zip(_ARRAYS, kept, strict=True))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, AnyArray]) -> CandidateFeatures:
        """Take them together again of what `to_arrays` gave; may be mapped."""
        made = cls.__new__(cls)
        kept = [arrays[name] for name in _ARRAYS]
        made._graph, made._sets = (kept[0], kept[1]), (kept[2], kept[3], kept[4])
        made._edge_cliques, made._edges, made._nodes = kept[5:]
        return made

    def rows(self, indptr: IntArray, members: IntArray, n_jobs: int = 1) -> FloatArray:
        """Features of candidates: float32 (n_candidates, n_features)."""
        n = len(indptr) - 1
        out = np.empty((n, self.width), np.float32)
        fixed: tuple[Any, ...] = (
            *self._graph, indptr, members, self._edges, self._nodes,
            self._edge_cliques, *self._sets, out,
        )  # fmt: skip
        bounds = np.linspace(0, n, max(1, _BLOCKS * n_jobs) + 1).astype(np.int64)
        spans = [(a, b) for a, b in pairwise(bounds) if a < b]
        if n_jobs == 1:
            for a, b in spans:
                kernels.candidate_features(a, b, *fixed)
            return out
        with ThreadPoolExecutor(n_jobs) as pool:
            work = [pool.submit(kernels.candidate_features, *s, *fixed) for s in spans]
            for part in work:
                part.result()
        return out


def _weights_of(graph: Graph) -> FloatArray:
    """Give the weight of each entry; ones where the graph has none."""
    if graph.weights is None:
        return np.ones(len(graph.indices))
    return np.asarray(graph.weights, np.float64)


def _edge_table(
    graph: Graph, cliques: Hypergraph, weighted: bool
) -> tuple[IntArray, FloatArray]:
    m = len(graph.indices)
    weights = _weights_of(graph)
    triangles, adamic, explained = (np.zeros(m) for _ in range(3))
    statistics.common_neighbours(
        graph.indptr, graph.indices, weights, triangles, adamic, explained
    )
    count, smallest, largest = (np.zeros(m, np.int64) for _ in range(3))
    statistics.cliques_of_edges(
        graph.indptr, graph.indices, cliques.indptr, cliques.indices,
        count, smallest, largest,
    )  # fmt: skip
    degree = np.diff(graph.indptr)
    source = np.repeat(np.arange(graph.n_nodes), degree)
    around = degree[source] + degree[graph.indices] - triangles - 2
    columns: list[AnyArray] = [
        triangles, adamic, count, smallest, largest, triangles / np.maximum(1, around)
    ]  # fmt: skip
    if weighted:
        rest = weights - explained
        columns += [weights, explained, rest, explained / weights]
    return count, np.ascontiguousarray(np.stack(columns, 1), np.float64)


def _node_table(
    graph: Graph, cliques: Hypergraph, triangles: FloatArray, weighted: bool
) -> FloatArray:
    clustering, nearby, strength = (np.zeros(graph.n_nodes) for _ in range(3))
    weights = _weights_of(graph)
    statistics.node_statistics(
        graph.indptr, graph.indices, triangles, weights, clustering, nearby, strength
    )
    degree = np.diff(graph.indptr)
    core = peel(graph.indptr, graph.indices)[0]
    columns: list[AnyArray] = [degree, cliques.degree(), clustering, nearby, core]
    if weighted:
        columns += [strength, strength / np.maximum(1, degree)]
    return np.ascontiguousarray(np.stack(columns, 1), np.float64)

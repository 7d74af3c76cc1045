"""The clique projection of a hypergraph: what is left when hyperedges are forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphrep.graph._csr import CSR, index_dtype
from graphrep.graph._graph import Graph
from graphrep.kernels import _incidence as kernels
from graphrep.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from graphrep.graph._hypergraph import Hypergraph


def clique_projection(hypergraph: Hypergraph, weighted: bool) -> Graph:
    """Join nodes that share a hyperedge; see `Hypergraph.project`."""
    n = hypergraph.n_nodes
    upper, lower = _upper(hypergraph)
    pointers = np.empty(n + 1, np.int64)
    neighbours = np.empty(2 * int(upper[0][-1]), index_dtype(n))
    weights = np.empty(len(neighbours), np.float64)
    kernels.mirror_upper(upper, lower, pointers, neighbours, weights)
    told = weighted and bool(np.any(weights != 1.0))
    csr = CSR(pointers, neighbours, weights if told else None)
    graph = Graph.__new__(Graph)
    graph._take(csr, hypergraph.nodes, True)
    graph._directed = False  # symmetric by construction
    return graph


def _upper(
    hypergraph: Hypergraph,
) -> tuple[tuple[IntArray, IntArray, FloatArray], IntArray]:
    """Rows above the diagonal, and how many entries of each row are left of it."""
    rows = (hypergraph.indptr, hypergraph.indices)
    n = hypergraph.n_nodes
    counts = hypergraph.counts.astype(np.float64)
    pointers, lower = np.zeros(n + 1, np.int64), np.zeros(n, np.int64)
    together = np.zeros(n, np.float64)
    room = len(hypergraph.indices) + n
    columns, weights = np.empty(room, index_dtype(n)), np.empty(room, np.float64)
    done = 0
    while True:
        upper = (pointers, columns, weights)
        done = kernels.project_upper(
            rows, counts, hypergraph.transpose(), done, upper, lower, together
        )
        if done == n:
            return upper, lower
        columns = np.concatenate([columns, np.empty_like(columns)])
        weights = np.concatenate([weights, np.empty_like(weights)])

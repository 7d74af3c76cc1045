"""The clique projection of a hypergraph: what is left when hyperedges are forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphrep.graph._csr import index_dtype
from graphrep.graph._graph import Graph
from graphrep.kernels import _incidence as kernels

if TYPE_CHECKING:
    from graphrep.graph._hypergraph import Hypergraph


def clique_projection(hypergraph: Hypergraph, weighted: bool) -> Graph:
    """Join nodes that share a hyperedge; see `Hypergraph.project`."""
    rows = (hypergraph.indptr, hypergraph.indices)
    of_node = hypergraph.transpose()
    n = hypergraph.n_nodes
    pointers = np.empty(n + 1, np.int64)
    kernels.project_counts(*rows, *of_node, np.full(n, -1, np.int64), pointers)
    neighbours = np.empty(pointers[-1], index_dtype(n))
    weights = np.empty(pointers[-1], np.float64)
    counts = hypergraph.counts.astype(np.float64)
    kernels.project(*rows, counts, *of_node, pointers, neighbours, weights)
    return Graph.from_csr(
        pointers,
        neighbours,
        weights if weighted else None,
        nodes=hypergraph.nodes,
        directed=False,
    )

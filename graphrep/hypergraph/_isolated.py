"""Isolated nodes: the one trace that hyperedges of one node leave in a graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.graph import Graph, Hypergraph
from graphrep.typing import AnyArray


def with_isolated(
    graph: Graph,
    sizes: AnyArray,
    members: AnyArray,
    min_size: int,
    **numbers: AnyArray,
) -> Hypergraph:
    """Hyperedges of at least ``min_size`` nodes on the nodes of a graph.

    Where hyperedges of one node are wanted, each isolated node becomes one, behind
    the others. ``numbers`` are multiplicities and weights of those given; an isolated
    node gets a one.
    """
    if min_size <= 1:
        alone = np.flatnonzero(np.diff(graph.indptr) == 0)
        members = np.concatenate([members, alone])
        sizes = np.concatenate([sizes, np.ones(len(alone), np.int64)])
        for name, array in numbers.items():
            numbers[name] = np.concatenate([array, np.ones(len(alone), array.dtype)])
    pointers = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    options: dict[str, Any] = {"nodes": graph.nodes, **numbers}
    return Hypergraph.from_csr(pointers, members, **options).with_sizes(min_size)

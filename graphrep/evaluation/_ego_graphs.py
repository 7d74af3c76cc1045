"""Subgraphs around seeds: all nodes within some hops, cut down where they are many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.graph import Graph
from graphrep.typing import AnyArray, IntArray


class EgoGraph(NamedTuple):
    """The subgraph induced by the nodes near one or more seeds.

    Attributes
    ----------
    hop : int
        Largest distance from the seeds.
    seeds : ndarray of int64
        Row numbers of the seeds in the whole graph.
    rows : ndarray of int64
        Row numbers of the nodes in the whole graph, ascending.
    n_within : int
        Nodes within ``hop`` of the seeds; more than ``len(rows)`` where the subgraph
        was cut down.
    graph : Graph
        The subgraph; ids are kept.
    """

    hop: int
    seeds: IntArray
    rows: IntArray
    n_within: int
    graph: Graph

    @property
    def density(self) -> float:
        """Share of the pairs of different nodes that are edges."""
        n = self.graph.n_nodes
        n_edges = self.graph.n_edges - self.graph.n_loops
        n_pairs = n * (n - 1) if self.graph.directed else n * (n - 1) // 2
        return n_edges / n_pairs if n_pairs else float("nan")


def hops_from(graph: Graph, seeds: IntArray, most: int) -> IntArray:
    """Distance of every node from the nearest seed; -1 beyond ``most`` hops.

    Edges are taken as they stand, so pass a symmetric graph. O(n + m).
    """
    distance: IntArray = np.full(graph.n_nodes, -1, np.int64)
    distance[seeds] = 0
    frontier: AnyArray = np.unique(seeds)
    for hop in range(1, most + 1):
        reached = _targets(graph, frontier)
        frontier = np.unique(reached[distance[reached] < 0])
        if not len(frontier):
            break
        distance[frontier] = hop
    return distance


def ego_graph(
    graph: Graph,
    seeds: IntArray,
    distance: IntArray,
    hop: int,
    max_nodes: int,
    random: np.random.Generator,
) -> EgoGraph:
    """Subgraph of the nodes within ``hop`` of the seeds, at most ``max_nodes``.

    The nearest nodes are kept; of the first distance at which they become too many,
    nodes are drawn at random, and farther ones are left out.
    """
    parts: list[AnyArray] = []
    left = max_nodes
    for d in range(hop + 1):
        shell = np.flatnonzero(distance == d)
        if len(shell) > left:
            shell = random.choice(shell, left, replace=False)
        parts.append(shell)
        left -= len(shell)
    rows = np.sort(np.concatenate(parts))
    n_within = int(np.count_nonzero((distance >= 0) & (distance <= hop)))
    return EgoGraph(hop, seeds, rows, n_within, graph.subgraph(graph.node_ids[rows]))


def _targets(graph: Graph, rows: AnyArray) -> AnyArray:
    """Heads of all edges out of some rows, repeats included."""
    start = graph.indptr[rows]
    count = graph.indptr[rows + 1] - start
    offset = np.repeat(start - (np.cumsum(count) - count), count)
    targets: AnyArray = graph.indices[offset + np.arange(len(offset))]
    return targets


__all__ = ["EgoGraph", "ego_graph", "hops_from"]

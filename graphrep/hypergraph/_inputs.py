"""Graphs as the methods of this room need them: undirected, without loops."""

from __future__ import annotations

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.io import as_graph
from graphrep.typing import GraphLike


def undirected(graph: GraphLike) -> Graph:
    """Read a graph; loops are left out, a directed one is refused."""
    given: Graph = as_graph(graph)
    if given.directed:
        raise GraphValueError(
            "A clique projection has no directions, and the graph has edges without "
            "a mirror image. Pass graph.symmetrize() if directions do not matter."
        )
    return given.remove_self_loops()

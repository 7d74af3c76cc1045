"""as_hypergraph: the one gate through which hyperedges become a Hypergraph."""

from __future__ import annotations

from typing import Any

from graphrep.graph import Hypergraph


def as_hypergraph(x: Any) -> Hypergraph:
    """Make a hypergraph of anything that holds hyperedges."""
    if isinstance(x, Hypergraph):
        return x
    return Hypergraph(x)

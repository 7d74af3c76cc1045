"""Hypergraphs: projection to a graph, and what can be got back from it."""

from graphrep.hypergraph._clique_cover import CliqueCover
from graphrep.hypergraph._maximal_cliques import (
    iter_maximal_cliques,
    maximal_cliques,
)
from graphrep.hypergraph._maximal_cliques_estimator import MaximalCliques
from graphrep.hypergraph._reconstructor import Reconstructor

__all__ = [
    "CliqueCover",
    "MaximalCliques",
    "Reconstructor",
    "iter_maximal_cliques",
    "maximal_cliques",
]

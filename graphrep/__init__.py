"""Graphs and knowledge into vectors, and text into nodes of a graph.

Every public name is resolved on first use, so ``import graphrep`` costs no more
than a few small modules: neither numba nor scikit-learn nor torch is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from graphrep._version import __version__

if TYPE_CHECKING:
    from graphrep import datasets as datasets
    from graphrep import io as io
    from graphrep.embedding import HOPE as HOPE
    from graphrep.embedding import LLE as LLE
    from graphrep.embedding import SDNE as SDNE
    from graphrep.embedding import AdjacencySVD as AdjacencySVD
    from graphrep.embedding import DeepWalk as DeepWalk
    from graphrep.embedding import DegreeVectors as DegreeVectors
    from graphrep.embedding import FastRP as FastRP
    from graphrep.embedding import GraphFactorization as GraphFactorization
    from graphrep.embedding import GraRep as GraRep
    from graphrep.embedding import LaplacianEigenmaps as LaplacianEigenmaps
    from graphrep.embedding import NetMF as NetMF
    from graphrep.embedding import Node2Vec as Node2Vec
    from graphrep.embedding import Node2VecPlus as Node2VecPlus
    from graphrep.embedding import ProNE as ProNE
    from graphrep.embedding import RandomVectors as RandomVectors
    from graphrep.embedding import RandomWalks as RandomWalks
    from graphrep.embedding import Spectral as Spectral
    from graphrep.graph import Graph as Graph
    from graphrep.graph import Hypergraph as Hypergraph
    from graphrep.graph import KnowledgeGraph as KnowledgeGraph
    from graphrep.graph import Terminology as Terminology
    from graphrep.io import as_graph as as_graph
    from graphrep.io import as_hypergraph as as_hypergraph
    from graphrep.io import as_knowledge_graph as as_knowledge_graph
    from graphrep.io import as_terminology as as_terminology
    from graphrep.io import read as read
    from graphrep.io import read_hypergraph as read_hypergraph
    from graphrep.io import read_terminology as read_terminology
    from graphrep.io import write as write
    from graphrep.io import write_hypergraph as write_hypergraph
    from graphrep.persistence import load as load

_EMBEDDING = (
    "AdjacencySVD",
    "DeepWalk",
    "DegreeVectors",
    "FastRP",
    "GraRep",
    "GraphFactorization",
    "HOPE",
    "LLE",
    "LaplacianEigenmaps",
    "NetMF",
    "Node2Vec",
    "Node2VecPlus",
    "ProNE",
    "RandomVectors",
    "RandomWalks",
    "SDNE",
    "Spectral",
)
_HOME = {
    **dict.fromkeys(_EMBEDDING, "graphrep.embedding"),
    "Graph": "graphrep.graph",
    "Hypergraph": "graphrep.graph",
    "KnowledgeGraph": "graphrep.graph",
    "Terminology": "graphrep.graph",
    "as_graph": "graphrep.io",
    "as_hypergraph": "graphrep.io",
    "as_knowledge_graph": "graphrep.io",
    "as_terminology": "graphrep.io",
    "load": "graphrep.persistence",
    "read": "graphrep.io",
    "read_hypergraph": "graphrep.io",
    "read_terminology": "graphrep.io",
    "write": "graphrep.io",
    "write_hypergraph": "graphrep.io",
    "show_versions": "graphrep._utils._versions",
}
_ROOMS = (
    "blocking",
    "datasets",
    "embedding",
    "evaluation",
    "exceptions",
    "graph",
    "hypergraph",
    "io",
    "kge",
    "metrics",
    "model_selection",
    "plot",
    "retrieval",
)

__all__ = ["__version__", *sorted(_HOME), *_ROOMS]


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return import_module(f"graphrep.{name}")
    raise AttributeError(f"module 'graphrep' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

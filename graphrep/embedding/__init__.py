"""Node embedders: one file each, named after the method.

Every name is resolved on first use, so that FastRP does not pay for the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphrep.embedding._adjacency_svd import AdjacencySVD as AdjacencySVD
    from graphrep.embedding._deepwalk import DeepWalk as DeepWalk
    from graphrep.embedding._degree_vectors import DegreeVectors as DegreeVectors
    from graphrep.embedding._fastrp import FastRP as FastRP
    from graphrep.embedding._fastrp_plan import FastRPPlan as FastRPPlan
    from graphrep.embedding._fastrp_tune import TuneResult as TuneResult
    from graphrep.embedding._fastrp_tune import tune_fastrp as tune_fastrp
    from graphrep.embedding._graph_factorization import (
        GraphFactorization as GraphFactorization,
    )
    from graphrep.embedding._grarep import GraRep as GraRep
    from graphrep.embedding._hope import HOPE as HOPE
    from graphrep.embedding._laplacian_eigenmaps import (
        LaplacianEigenmaps as LaplacianEigenmaps,
    )
    from graphrep.embedding._lle import LLE as LLE
    from graphrep.embedding._netmf import NetMF as NetMF
    from graphrep.embedding._node2vec import Node2Vec as Node2Vec
    from graphrep.embedding._node2vec_plus import Node2VecPlus as Node2VecPlus
    from graphrep.embedding._prone import ProNE as ProNE
    from graphrep.embedding._random_vectors import RandomVectors as RandomVectors
    from graphrep.embedding._random_walks import RandomWalks as RandomWalks
    from graphrep.embedding._sdne import SDNE as SDNE
    from graphrep.embedding._spectral import Spectral as Spectral

_HOME = {
    "AdjacencySVD": "_adjacency_svd",
    "DeepWalk": "_deepwalk",
    "DegreeVectors": "_degree_vectors",
    "FastRP": "_fastrp",
    "FastRPPlan": "_fastrp_plan",
    "GraRep": "_grarep",
    "GraphFactorization": "_graph_factorization",
    "HOPE": "_hope",
    "LLE": "_lle",
    "LaplacianEigenmaps": "_laplacian_eigenmaps",
    "NetMF": "_netmf",
    "Node2Vec": "_node2vec",
    "Node2VecPlus": "_node2vec_plus",
    "ProNE": "_prone",
    "RandomVectors": "_random_vectors",
    "RandomWalks": "_random_walks",
    "SDNE": "_sdne",
    "Spectral": "_spectral",
    "TuneResult": "_fastrp_tune",
    "tune_fastrp": "_fastrp_tune",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(import_module(f"graphrep.embedding.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'graphrep.embedding' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

"""Hypergraphs: projection to a graph, and what can be got back from it."""

from graphrep.hypergraph._bayesian_mdl import BayesianMDL
from graphrep.hypergraph._clique_cover import CliqueCover
from graphrep.hypergraph._description_length import description_length
from graphrep.hypergraph._dropout_mlp import DropoutMLP
from graphrep.hypergraph._marioh import MARIOH
from graphrep.hypergraph._maximal_cliques import (
    iter_maximal_cliques,
    maximal_cliques,
)
from graphrep.hypergraph._maximal_cliques_estimator import MaximalCliques
from graphrep.hypergraph._multiplicity_filter import certain_pairs
from graphrep.hypergraph._projection_loss import projection_loss
from graphrep.hypergraph._projection_loss_result import ProjectionLoss
from graphrep.hypergraph._reconstructor import Reconstructor
from graphrep.hypergraph._shyre import SHyRe

__all__ = [
    "MARIOH",
    "BayesianMDL",
    "CliqueCover",
    "DropoutMLP",
    "MaximalCliques",
    "ProjectionLoss",
    "Reconstructor",
    "SHyRe",
    "certain_pairs",
    "description_length",
    "iter_maximal_cliques",
    "maximal_cliques",
    "projection_loss",
]

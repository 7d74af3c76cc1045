"""Hypergraphs: projection to a graph, and what can be got back from it.

Every name is resolved on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphrep.hypergraph._bayesian_mdl import BayesianMDL as BayesianMDL
    from graphrep.hypergraph._binary_mlp import BinaryMLP as BinaryMLP
    from graphrep.hypergraph._clique_cover import CliqueCover as CliqueCover
    from graphrep.hypergraph._description_length import (
        description_length as description_length,
    )
    from graphrep.hypergraph._dropout_mlp import DropoutMLP as DropoutMLP
    from graphrep.hypergraph._hypergraph_reconstructor import (
        HypergraphReconstructor as HypergraphReconstructor,
    )
    from graphrep.hypergraph._marioh import MARIOH as MARIOH
    from graphrep.hypergraph._maximal_cliques import (
        iter_maximal_cliques as iter_maximal_cliques,
    )
    from graphrep.hypergraph._maximal_cliques import maximal_cliques as maximal_cliques
    from graphrep.hypergraph._maximal_cliques import (
        plan_maximal_cliques as plan_maximal_cliques,
    )
    from graphrep.hypergraph._maximal_cliques_estimator import (
        MaximalCliques as MaximalCliques,
    )
    from graphrep.hypergraph._multiplicity_filter import certain_pairs as certain_pairs
    from graphrep.hypergraph._projection_loss import projection_loss as projection_loss
    from graphrep.hypergraph._projection_loss_result import (
        ProjectionLoss as ProjectionLoss,
    )
    from graphrep.hypergraph._reconstructor import Reconstructor as Reconstructor
    from graphrep.hypergraph._shyre import SHyRe as SHyRe

_HOME = {
    "BayesianMDL": "_bayesian_mdl",
    "BinaryMLP": "_binary_mlp",
    "CliqueCover": "_clique_cover",
    "DropoutMLP": "_dropout_mlp",
    "HypergraphReconstructor": "_hypergraph_reconstructor",
    "MARIOH": "_marioh",
    "MaximalCliques": "_maximal_cliques_estimator",
    "ProjectionLoss": "_projection_loss_result",
    "Reconstructor": "_reconstructor",
    "SHyRe": "_shyre",
    "certain_pairs": "_multiplicity_filter",
    "description_length": "_description_length",
    "iter_maximal_cliques": "_maximal_cliques",
    "maximal_cliques": "_maximal_cliques",
    "plan_maximal_cliques": "_maximal_cliques",
    "projection_loss": "_projection_loss",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'graphrep.hypergraph' has no attribute {name!r}")
    value = getattr(import_module(f"graphrep.hypergraph.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME)

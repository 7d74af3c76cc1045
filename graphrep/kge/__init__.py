"""Knowledge-graph embedding: models of triples, and how well they rank.

Every name is resolved on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphrep.kge._complex import ComplEx as ComplEx
    from graphrep.kge._distmult import DistMult as DistMult
    from graphrep.kge._flow_kge import FlowKGE as FlowKGE
    from graphrep.kge._nfe import NFE as NFE
    from graphrep.kge._rank_plan import plan_rank_triples as plan_rank_triples
    from graphrep.kge._rank_triples import rank_triples as rank_triples
    from graphrep.kge._rescal import RESCAL as RESCAL
    from graphrep.kge._rotate import RotatE as RotatE
    from graphrep.kge._scorer import TripleScorer as TripleScorer
    from graphrep.kge._transe import TransE as TransE
    from graphrep.kge._triple_model import TripleModel as TripleModel
    from graphrep.kge._triple_ranks import TripleRanks as TripleRanks

_HOME = {
    "ComplEx": "_complex",
    "DistMult": "_distmult",
    "FlowKGE": "_flow_kge",
    "NFE": "_nfe",
    "RESCAL": "_rescal",
    "RotatE": "_rotate",
    "TransE": "_transe",
    "TripleModel": "_triple_model",
    "TripleRanks": "_triple_ranks",
    "TripleScorer": "_scorer",
    "plan_rank_triples": "_rank_plan",
    "rank_triples": "_rank_triples",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'graphrep.kge' has no attribute {name!r}")
    value = getattr(import_module(f"graphrep.kge.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME)

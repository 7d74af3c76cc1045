"""Blocking: which records of two tables, or of one, are worth comparing.

Every name is resolved on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphrep.blocking._block_profile import BlockProfile as BlockProfile
    from graphrep.blocking._blocker import Blocker as Blocker
    from graphrep.blocking._blocking_report import BlockingReport as BlockingReport
    from graphrep.blocking._blocking_report import blocking_report as blocking_report
    from graphrep.blocking._candidate_pairs import CandidatePairs as CandidatePairs
    from graphrep.blocking._certificate import LSHCertificate as LSHCertificate
    from graphrep.blocking._embedding_blocker import (
        EmbeddingBlocker as EmbeddingBlocker,
    )
    from graphrep.blocking._hash_codes import HashIndex as HashIndex
    from graphrep.blocking._key_blocker import KeyBlocker as KeyBlocker
    from graphrep.blocking._lexical_encoder import LexicalEncoder as LexicalEncoder
    from graphrep.blocking._listed_pairs import ListedPairs as ListedPairs
    from graphrep.blocking._losses import MatchLoss as MatchLoss
    from graphrep.blocking._meta_blocker import MetaBlocker as MetaBlocker
    from graphrep.blocking._miner import TupleMiner as TupleMiner
    from graphrep.blocking._minhash_blocker import MinHashBlocker as MinHashBlocker
    from graphrep.blocking._nlsh_blocker import NLSHBlocker as NLSHBlocker
    from graphrep.blocking._pair_matcher import PairMatcher as PairMatcher
    from graphrep.blocking._recall_estimate import estimate_recall as estimate_recall
    from graphrep.blocking._recommend import Recommendation as Recommendation
    from graphrep.blocking._recommend import recommend as recommend
    from graphrep.blocking._records import Records as Records
    from graphrep.blocking._records import as_records as as_records
    from graphrep.blocking._score_mixture import RecallEstimate as RecallEstimate
    from graphrep.blocking._sorted_neighbourhood_blocker import (
        SortedNeighbourhoodBlocker as SortedNeighbourhoodBlocker,
    )
    from graphrep.blocking._static_encoder import StaticEncoder as StaticEncoder
    from graphrep.blocking._tfidf_blocker import TfidfBlocker as TfidfBlocker
    from graphrep.blocking._transformer_encoder import (
        TransformerEncoder as TransformerEncoder,
    )
    from graphrep.blocking._union_blocker import (
        IntersectionBlocker as IntersectionBlocker,
    )
    from graphrep.blocking._union_blocker import UnionBlocker as UnionBlocker

_HOME = {
    "BlockProfile": "_block_profile",
    "Blocker": "_blocker",
    "BlockingReport": "_blocking_report",
    "CandidatePairs": "_candidate_pairs",
    "EmbeddingBlocker": "_embedding_blocker",
    "HashIndex": "_hash_codes",
    "IntersectionBlocker": "_union_blocker",
    "KeyBlocker": "_key_blocker",
    "LSHCertificate": "_certificate",
    "LexicalEncoder": "_lexical_encoder",
    "ListedPairs": "_listed_pairs",
    "MatchLoss": "_losses",
    "MetaBlocker": "_meta_blocker",
    "MinHashBlocker": "_minhash_blocker",
    "NLSHBlocker": "_nlsh_blocker",
    "PairMatcher": "_pair_matcher",
    "RecallEstimate": "_score_mixture",
    "Recommendation": "_recommend",
    "Records": "_records",
    "SortedNeighbourhoodBlocker": "_sorted_neighbourhood_blocker",
    "StaticEncoder": "_static_encoder",
    "TfidfBlocker": "_tfidf_blocker",
    "TransformerEncoder": "_transformer_encoder",
    "TupleMiner": "_miner",
    "UnionBlocker": "_union_blocker",
    "as_records": "_records",
    "blocking_report": "_blocking_report",
    "estimate_recall": "_recall_estimate",
    "recommend": "_recommend",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'graphrep.blocking' has no attribute {name!r}")
    value = getattr(import_module(f"graphrep.blocking.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOME)

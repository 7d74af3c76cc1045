"""Scores: plain functions of arrays and of hypergraphs."""

from graphrep.metrics._blocking import (
    BlockingScores,
    RecallCurve,
    blocking_scores,
    recall_curve,
)
from graphrep.metrics._classification import top_k_f1
from graphrep.metrics._hyperedges import (
    HyperedgeScores,
    hyperedge_jaccard,
    hyperedge_scores,
)
from graphrep.metrics._ranking import pair_scores, ranking_auc

__all__ = [
    "BlockingScores",
    "HyperedgeScores",
    "RecallCurve",
    "blocking_scores",
    "hyperedge_jaccard",
    "hyperedge_scores",
    "pair_scores",
    "ranking_auc",
    "recall_curve",
    "top_k_f1",
]

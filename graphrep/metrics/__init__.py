"""Scores: plain functions of arrays and of hypergraphs."""

from graphrep.metrics._blocking import (
    BlockingScores,
    RecallCurve,
    blocking_scores,
    recall_curve,
)
from graphrep.metrics._classification import top_k_f1
from graphrep.metrics._hubness import (
    HubnessScores,
    antihub_occurrence,
    atkinson_index,
    gini_index,
    hub_occurrence,
    hubness_scores,
    k_occurrence,
    robin_hood_index,
    skewness,
    truncated_normal_skewness,
)
from graphrep.metrics._hyperedges import (
    HyperedgeScores,
    hyperedge_jaccard,
    hyperedge_scores,
)
from graphrep.metrics._ranking import pair_scores, ranking_auc

__all__ = [
    "BlockingScores",
    "HubnessScores",
    "HyperedgeScores",
    "RecallCurve",
    "antihub_occurrence",
    "atkinson_index",
    "blocking_scores",
    "gini_index",
    "hub_occurrence",
    "hubness_scores",
    "hyperedge_jaccard",
    "hyperedge_scores",
    "k_occurrence",
    "pair_scores",
    "ranking_auc",
    "recall_curve",
    "robin_hood_index",
    "skewness",
    "top_k_f1",
    "truncated_normal_skewness",
]

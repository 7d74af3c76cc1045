"""Scores: plain functions of arrays and of hypergraphs."""

from graphrep.metrics._blocking import (
    BlockingScores,
    RecallCurve,
    blocking_scores,
    recall_curve,
)
from graphrep.metrics._bootstrap import (
    Interval,
    PairedTest,
    bootstrap_interval,
    paired_bootstrap,
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
from graphrep.metrics._linking import (
    Gold,
    StrictScores,
    accuracy_at_k,
    gold_hits,
    gold_ranks,
    hierarchy_values,
    linking_values,
    mean_average_precision,
    mean_reciprocal_rank,
    read_gold,
    recall_at_k,
    strict_scores,
    top_concepts,
)
from graphrep.metrics._ranking import pair_scores, ranking_auc

__all__ = [
    "BlockingScores",
    "Gold",
    "HubnessScores",
    "HyperedgeScores",
    "Interval",
    "PairedTest",
    "RecallCurve",
    "StrictScores",
    "accuracy_at_k",
    "antihub_occurrence",
    "atkinson_index",
    "blocking_scores",
    "bootstrap_interval",
    "gini_index",
    "gold_hits",
    "gold_ranks",
    "hierarchy_values",
    "hub_occurrence",
    "hubness_scores",
    "hyperedge_jaccard",
    "hyperedge_scores",
    "k_occurrence",
    "linking_values",
    "mean_average_precision",
    "mean_reciprocal_rank",
    "pair_scores",
    "paired_bootstrap",
    "ranking_auc",
    "read_gold",
    "recall_at_k",
    "recall_curve",
    "robin_hood_index",
    "skewness",
    "strict_scores",
    "top_concepts",
    "top_k_f1",
    "truncated_normal_skewness",
]

"""Scores: plain functions of arrays."""

from graphrep.metrics._classification import top_k_f1
from graphrep.metrics._ranking import pair_scores, ranking_auc

__all__ = ["pair_scores", "ranking_auc", "top_k_f1"]

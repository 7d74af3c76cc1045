"""Nearest neighbours among vectors and sparse rows, and features of texts."""

from graphrep.retrieval._cluster_index import ClusterIndex
from graphrep.retrieval._exact import ExactIndex, top_k
from graphrep.retrieval._hubness_corrector import HubnessCorrector
from graphrep.retrieval._sparse_index import SparseIndex
from graphrep.retrieval._text_features import TextFeatures

__all__ = [
    "ClusterIndex",
    "ExactIndex",
    "HubnessCorrector",
    "SparseIndex",
    "TextFeatures",
    "top_k",
]

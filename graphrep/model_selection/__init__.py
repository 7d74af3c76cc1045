"""Splits and protocols that embeddings are chosen and compared by."""

from graphrep.model_selection._edge_split import EdgeSplit, split_edges
from graphrep.model_selection._node_classification import (
    OneVsRestLogistic,
    node_classification,
)

__all__ = ["EdgeSplit", "OneVsRestLogistic", "node_classification", "split_edges"]

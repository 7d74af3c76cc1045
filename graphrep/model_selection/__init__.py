"""Splits and protocols that embeddings are chosen and compared by."""

from graphrep.model_selection._edge_split import EdgeSplit, split_edges
from graphrep.model_selection._node_classification import (
    OneVsRestLogistic,
    node_classification,
)
from graphrep.model_selection._triple_split import (
    TripleSplit,
    split_triples,
    triple_leakage,
)

__all__ = [
    "EdgeSplit",
    "OneVsRestLogistic",
    "TripleSplit",
    "node_classification",
    "split_edges",
    "split_triples",
    "triple_leakage",
]

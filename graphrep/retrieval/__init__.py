"""Nearest neighbours among vectors."""

from graphrep.retrieval._exact import ExactIndex, top_k

__all__ = ["ExactIndex", "top_k"]

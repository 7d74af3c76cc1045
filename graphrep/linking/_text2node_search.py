"""Nearest nodes of mapped phrases."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from graphrep._utils._devices import on_processor
from graphrep.retrieval import top_k
from graphrep.typing import AnyArray, FloatArray, IntArray


def search(
    model: Any, queries: FloatArray, filled: IntArray, k: int
) -> tuple[IntArray, IntArray, AnyArray]:
    """Find the nodes nearest to some of the queries.

    Parameters
    ----------
    model : Text2Node
        Fitted.
    queries : ndarray of shape (n_queries, n_components)
        Mapped phrases.
    filled : ndarray of int of shape (n_filled,)
        Those to look up; others get nothing.
    k : int
        Most nodes of each.

    Returns
    -------
    offsets, concepts, scores : ndarray
        As of `CandidateList`.
    """
    known = np.flatnonzero(model.node_vectors_.any(axis=1))
    base = model.node_vectors_[known]
    k = min(k, len(known))
    if len(filled) and k:
        if model.hubness is None:
            device = "cpu" if on_processor(model.device) else model.device
            rows, scores = top_k(
                queries[filled], base, k, n_jobs=model.n_jobs, device=device
            )
        else:
            rows, scores = model._hubness.kneighbors(queries[filled], k)
    else:
        rows, scores = np.zeros((0, k), np.int64), np.zeros((0, k), np.float32)
    sizes = np.zeros(len(queries), np.int64)
    sizes[filled] = k
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return offsets, known[rows].reshape(-1), scores.reshape(-1)


def fit_corrector(
    corrector: Any, vectors: FloatArray, bank: FloatArray, nodes: IntArray
) -> Any:
    """Fit a copy of a corrector of hubs to the nodes of which something is known.

    Parameters
    ----------
    corrector : HubnessCorrector
        Anything with ``fit(X, query_bank=, query_groups=)`` and ``kneighbors(X, k)``.
    vectors : ndarray of shape (n_nodes, n_components)
        Of all nodes.
    bank : ndarray of shape (n_phrases, n_components)
        Mapped phrases.
    nodes : ndarray of int of shape (n_phrases,)
        A right node of each.
    """
    known = vectors.any(axis=1)
    places = np.cumsum(known) - 1
    return clone(corrector).fit(
        vectors[known], query_bank=bank, query_groups=places[nodes]
    )


__all__ = ["fit_corrector", "search"]

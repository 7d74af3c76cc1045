"""Scores of pairs of nodes, and how well they rank true pairs above others."""

from __future__ import annotations

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

_PAIRS_AT_ONCE = 1 << 16


def pair_scores(
    vectors: AnyArray, left: IntArray, right: IntArray, metric: str = "cosine"
) -> FloatArray:
    """Score pairs of rows of a matrix.

    Parameters
    ----------
    vectors : ndarray of shape (n_nodes, n_components)
        One vector a node.
    left, right : ndarray of int of shape (n_pairs,)
        Rows of each pair.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        "euclidean" gives the negative distance, so that higher is nearer.

    Returns
    -------
    ndarray of float64 of shape (n_pairs,)
        A zero vector has cosine 0 with everything.
    """
    if metric not in {"cosine", "dot", "euclidean"}:
        raise GraphValueError(
            f"metric must be 'cosine', 'dot' or 'euclidean'; got {metric!r}."
        )
    out = np.empty(len(left), np.float64)
    for start in range(0, len(left), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        a = np.asarray(vectors[left[part]], np.float64)
        b = np.asarray(vectors[right[part]], np.float64)
        if metric == "euclidean":
            out[part] = -np.linalg.norm(a - b, axis=1)
            continue
        dot = np.einsum("ij,ij->i", a, b)
        if metric == "cosine":
            norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
            dot = np.divide(dot, norms, out=np.zeros_like(dot), where=norms > 0)
        out[part] = dot
    return out


def ranking_auc(positive: FloatArray, negative: FloatArray) -> float:
    """Probability that a true pair scores above another one; ties count a half.

    The area under the ROC curve, by ranks: O(n log n).

    Examples
    --------
    >>> ranking_auc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    if not len(positive) or not len(negative):
        raise GraphValueError("ranking_auc needs at least one pair of either kind.")
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    upto = np.searchsorted(ordered, positive, side="right")
    return float((below + upto).mean() / (2 * len(negative)))

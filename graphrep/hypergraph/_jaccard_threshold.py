"""The probability from which on a hyperedge belongs to the best answer.

A set of candidates with calibrated probabilities has the highest expected Jaccard
index J where it holds all that have p >= J / (1 + J).
"""

from __future__ import annotations

import numpy as np

from graphrep.typing import AnyArray, FloatArray, IntArray

_ROUNDS = 60


def jaccard_at(chosen: AnyArray, y: IntArray, n_missed: int) -> float:
    """Jaccard index of chosen candidates; hyperedges that are none are missed."""
    common = int(y[chosen].sum())
    either = int(y.sum()) + n_missed + int(np.count_nonzero(chosen)) - common
    return common / either if either else 1.0


def jaccard_threshold(
    probabilities: FloatArray, y: IntArray, n_missed: int
) -> tuple[float, float]:
    """Threshold J / (1 + J) that reproduces itself, and its J.

    Parameters
    ----------
    probabilities : ndarray of shape (n_candidates,)
        Calibrated, by models that have not seen the candidate.
    y : ndarray of int of shape (n_candidates,)
        Whether each is a hyperedge.
    n_missed : int
        Hyperedges that are no candidate.
    """
    score = 0.5
    for _ in range(_ROUNDS):
        threshold = score / (1.0 + score)
        new = jaccard_at(probabilities >= threshold, y, n_missed)
        if new == score:
            break
        score = new
    return threshold, score

"""F1 of multi-label node classification where the number of labels is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.typing import AnyArray, FloatArray


def top_k_f1(y_true: Any, scores: FloatArray) -> tuple[float, float]:
    """Micro and macro F1 when each node is given its true number of labels.

    Node i gets the ``k_i`` best-scored labels, ``k_i`` being how many it truly has:
    the protocol of DeepWalk and of nearly every later node embedding.

    Parameters
    ----------
    y_true : array of 0 and 1 of shape (n_nodes, n_labels)
        True labels.
    scores : ndarray of shape (n_nodes, n_labels)
        Higher means more likely; ties go to the lower label.

    Returns
    -------
    micro, macro : float
        In [0, 1]. A label that is neither true nor predicted anywhere counts as 0
        in the macro mean, as in scikit-learn.

    References
    ----------
    Perozzi, Al-Rfou, Skiena. DeepWalk. KDD 2014, section 6.1.

    Examples
    --------
    >>> top_k_f1(np.array([[1, 0], [0, 1]]), np.array([[0.9, 0.1], [0.8, 0.2]]))
    (0.5, 0.333...)
    """
    truth = np.asarray(y_true) > 0
    predicted = _top_labels(np.asarray(scores), truth.sum(axis=1))
    hits = (predicted & truth).sum(axis=0)
    either = predicted.sum(axis=0) + truth.sum(axis=0)
    f1 = np.divide(2.0 * hits, either, out=np.zeros(len(hits)), where=either > 0)
    return float(2 * hits.sum() / max(either.sum(), 1)), float(f1.mean())


def _top_labels(scores: FloatArray, counts: AnyArray) -> AnyArray:
    """Mark the ``counts[i]`` best labels of each row."""
    order = np.argsort(-scores, axis=1, kind="stable")
    taken = np.arange(scores.shape[1])[None, :] < counts[:, None]
    out = np.zeros(scores.shape, bool)
    np.put_along_axis(out, order, taken, axis=1)
    return out

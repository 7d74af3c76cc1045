"""How far mapped phrases are from their nodes, and the slopes of that."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.typing import AnyArray, FloatArray, IntArray

LOSSES = ("cosine", "mse", "contrastive")
_TINY = np.float32(1e-12)


class Slopes(NamedTuple):
    """Loss of a batch and its derivatives.

    Attributes
    ----------
    loss : float
        Weighted mean over the phrases.
    outputs : ndarray of float32 of shape (n_phrases, n_components)
        Derivative by the mapped phrases.
    """

    loss: float
    outputs: FloatArray


def cosine_loss(F: FloatArray, Y: FloatArray, weights: FloatArray) -> Slopes:
    """1 - cos of each phrase and its node; ``Y`` has rows of length 1."""
    lengths = np.sqrt(np.maximum((F * F).sum(axis=1, keepdims=True), _TINY))
    U = F / lengths
    cosines = (U * Y).sum(axis=1, keepdims=True)
    share = (weights / max(float(weights.sum()), 1e-12))[:, None]
    slopes = share * (cosines * U - Y) / lengths
    return Slopes(float((share * (1 - cosines)).sum()), slopes.astype(np.float32))


def mse_loss(F: FloatArray, Y: FloatArray, weights: FloatArray) -> Slopes:
    """Mean squared error over components."""
    share = (weights / max(float(weights.sum()), 1e-12))[:, None]
    gap = F - Y
    loss = float((share * gap * gap).sum()) / F.shape[1]
    return Slopes(loss, (2 * share * gap / F.shape[1]).astype(np.float32))


def contrastive_loss(
    F: FloatArray, Y: FloatArray, rows: IntArray, columns: IntArray,
    weights: FloatArray, tau: float,
) -> Slopes:  # fmt: skip
    """Softmax over all targets of a batch with several right ones for a phrase.

    The loss of phrase i is ``-log(sum_{v right} exp(s_iv / tau) / sum_v
    exp(s_iv / tau))``, s the cosine.

    Parameters
    ----------
    F : (n_phrases, n_components)
    Y : (n_targets, n_components), rows of length 1
    rows, columns : pairs of a phrase and a right target, at least one for a phrase
    weights : (n_phrases,)
    tau : temperature
    """
    lengths = np.sqrt(np.maximum((F * F).sum(axis=1, keepdims=True), _TINY))
    U = F / lengths
    scores = (U @ Y.T) / np.float32(tau)
    scores -= scores.max(axis=1, keepdims=True)
    chances = np.exp(scores)
    total = chances.sum(axis=1, keepdims=True)
    right = np.zeros_like(chances)
    right[rows, columns] = np.maximum(chances[rows, columns], np.float32(1e-37))
    of_right = right.sum(axis=1, keepdims=True)
    share = (weights / max(float(weights.sum()), 1e-12))[:, None]
    loss = float((share * (np.log(total) - np.log(of_right))).sum())
    slopes = (chances / total - right / of_right) * (share / np.float32(tau))
    along = slopes @ Y
    outputs = (along - (along * U).sum(axis=1, keepdims=True) * U) / lengths
    return Slopes(loss, outputs.astype(np.float32))


def unit(X: AnyArray) -> FloatArray:
    """Rows scaled to length 1 in float32; zero rows stay."""
    X = np.asarray(X, np.float32)
    lengths = np.sqrt((X.astype(np.float64) ** 2).sum(axis=1, keepdims=True))
    out: FloatArray = (X / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return out


__all__ = [
    "LOSSES",
    "Slopes",
    "contrastive_loss",
    "cosine_loss",
    "mse_loss",
    "unit",
]

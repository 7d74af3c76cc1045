"""ChoiceMixture: two choice models, and for each list how far either is believed."""

from __future__ import annotations

import numpy as np

from graphrep._learners._choice_model import ChoiceModel
from graphrep.typing import AnyArray, FloatArray, IntArray


class ChoiceMixture:
    """Mixture of two multinomial logits with a logistic gate.

    The chance of an alternative is g p + (1 - g) q, with p and q its chances by the
    two models and g, one for each list, the logistic function of facts about the list:
    those that are given and the log odds of either model's largest chance. The models
    are learnt each from lists of its kind, the gate from all, by likelihood with a
    penalty on its squares [1]_.

    Parameters
    ----------
    first, second : ChoiceModel
    gate : ndarray of float64 of shape (3, n_facts + 3)
        Means, deviations and coefficients; the intercept ends the last row.

    References
    ----------
    .. [1] R. A. Jacobs, M. I. Jordan, S. J. Nowlan, G. E. Hinton, "Adaptive mixtures of
       local experts", Neural Computation 3, 1991. There models and gate are learnt
       together; here the models know their kind of list.
    """

    def __init__(self, first: ChoiceModel, second: ChoiceModel, gate: AnyArray) -> None:
        self.first, self.second, self.gate = first, second, gate

    @classmethod
    def fit(
        cls, first: ChoiceModel, second: ChoiceModel, X: FloatArray, facts: FloatArray,
        chosen: AnyArray, offsets: IntArray, l2: float = 1.0, max_iter: int = 200,
    ) -> ChoiceMixture:  # fmt: skip
        """Learn the gate of two models from lists of alternatives.

        Lists are ``offsets[i]:offsets[i + 1]``; lists without a chosen alternative are
        left out. ``facts`` has a row for each list.
        """
        from scipy.optimize import minimize

        p = shares_of(first.decision_function(X), offsets)
        q = shares_of(second.decision_function(X), offsets)
        sizes = np.diff(offsets)
        lists = np.repeat(np.arange(len(sizes)), sizes)
        of_first = np.bincount(lists, p * chosen, len(sizes))
        of_second = np.bincount(lists, q * chosen, len(sizes))
        columns = _facts(p, q, offsets, facts)
        mean, scale = columns.mean(axis=0), columns.std(axis=0)
        scale[scale == 0] = 1.0
        useful = of_first + of_second > 0
        rows = np.ones((int(useful.sum()), columns.shape[1] + 1))
        rows[:, :-1] = (columns[useful] - mean) / scale
        of_first, of_second = of_first[useful], of_second[useful]

        def loss(weights: AnyArray) -> tuple[float, AnyArray]:
            share = _logistic(rows @ weights)
            chance = share * of_first + (1 - share) * of_second + 1e-300
            slope = share * (1 - share) * (of_second - of_first) / chance
            value = -np.log(chance).sum() + 0.5 * l2 * weights @ weights
            return float(value), slope @ rows + l2 * weights

        start = np.zeros(rows.shape[1])
        found = minimize(
            loss, start, jac=True, method="L-BFGS-B", options={"maxiter": max_iter}
        )
        gate = np.zeros((3, rows.shape[1]))
        gate[0, :-1], gate[1, :-1], gate[2] = mean, scale, found.x
        return cls(first, second, gate)

    def shares(self, X: FloatArray, facts: FloatArray, offsets: IntArray) -> FloatArray:
        """Give the chance of each alternative: float64 (n_rows,)."""
        p = shares_of(self.first.decision_function(X), offsets)
        q = shares_of(self.second.decision_function(X), offsets)
        mean, scale, weights = self.gate
        columns = (_facts(p, q, offsets, facts) - mean[:-1]) / scale[:-1]
        share = _logistic((columns * weights[:-1]).sum(axis=1) + weights[-1])
        of_each = np.repeat(share, np.diff(offsets))
        out: FloatArray = of_each * p + (1 - of_each) * q
        return out


def shares_of(utilities: FloatArray, offsets: IntArray) -> FloatArray:
    """Shares of exponentials within each list."""
    sizes = np.diff(offsets)
    starts = offsets[:-1][sizes > 0]
    if not len(starts):
        return np.zeros(len(utilities))
    filled = sizes[sizes > 0]
    peaks = np.maximum.reduceat(utilities, starts)
    shares = np.exp(utilities - np.repeat(peaks, filled))
    out: FloatArray = shares / np.repeat(np.add.reduceat(shares, starts), filled)
    return out


def _facts(
    p: FloatArray, q: FloatArray, offsets: IntArray, facts: FloatArray
) -> FloatArray:
    """Facts about lists, and the log odds of the largest share by either model."""
    some = np.flatnonzero(np.diff(offsets) > 0)
    best = np.full((len(offsets) - 1, 2), 0.5)
    for column, shares in enumerate((p, q)):
        if len(some):
            best[some, column] = np.maximum.reduceat(shares, offsets[some])
    best = np.clip(best, 1e-6, 1 - 1e-6)
    return np.concatenate([facts, np.log(best / (1 - best))], axis=1)


def _logistic(odds: FloatArray) -> FloatArray:
    out: FloatArray = 1.0 / (1.0 + np.exp(-np.clip(odds, -500, 500)))
    return out

"""ChoiceModel: which of the alternatives of a list is chosen, linear in features."""

from __future__ import annotations

import numpy as np

from graphrep.typing import AnyArray, FloatArray, IntArray


class ChoiceModel:
    """Multinomial logit: the chance of an alternative is its share of exponentials.

    Alternatives come in lists. One whose utility ``x @ weights`` is u has the chance
    exp(u) / sum(exp(u of its list)); weights are those of largest likelihood, with a
    penalty on their squares after features are scaled to deviation 1 [1]_.

    Parameters
    ----------
    weights : ndarray of float64 of shape (n_features,)

    References
    ----------
    .. [1] D. McFadden, "Conditional logit analysis of qualitative choice behavior",
       Frontiers in Econometrics, 1974.
    """

    def __init__(self, weights: AnyArray) -> None:
        self.weights = weights

    @classmethod
    def fit(
        cls, X: FloatArray, chosen: AnyArray, offsets: IntArray, l2: float = 1.0,
        max_iter: int = 200,
    ) -> ChoiceModel:  # fmt: skip
        """Learn from lists of alternatives, ``offsets[i]:offsets[i + 1]``.

        Several may be chosen in a list: then any of them would have been right. Lists
        without a chosen one are left out.
        """
        from scipy.optimize import minimize

        sizes = np.diff(offsets)
        some = np.flatnonzero(sizes > 0)
        useful = np.zeros(len(sizes), bool)
        useful[some] = np.logical_or.reduceat(chosen, offsets[some]) if len(some) else 0
        keep = np.repeat(useful, sizes)
        rows, right = X[keep].astype(np.float64), np.asarray(chosen[keep], bool)
        if not len(rows):
            return cls(np.zeros(X.shape[1]))
        sizes = sizes[useful]
        starts = np.cumsum(sizes) - sizes
        scale = rows.std(axis=0)
        scale[scale == 0] = 1.0
        rows /= scale

        def loss(weights: AnyArray) -> tuple[float, AnyArray]:
            utility = rows @ weights
            utility -= np.repeat(np.maximum.reduceat(utility, starts), sizes)
            shares = np.exp(utility)
            of_right = np.where(right, shares, 0.0)
            every = np.add.reduceat(shares, starts)
            good = np.maximum(np.add.reduceat(of_right, starts), 1e-300)
            slope = shares / np.repeat(every, sizes) - of_right / np.repeat(good, sizes)
            value = np.log(every).sum() - np.log(good).sum()
            value += 0.5 * l2 * weights @ weights
            return float(value), slope @ rows + l2 * weights

        start = np.zeros(rows.shape[1])
        found = minimize(
            loss, start, jac=True, method="L-BFGS-B", options={"maxiter": max_iter}
        )
        return cls(found.x / scale)

    def decision_function(self, X: FloatArray) -> FloatArray:
        """Give the utility of each alternative: float64 (n_rows,)."""
        out: FloatArray = X.astype(np.float64) @ self.weights
        return out

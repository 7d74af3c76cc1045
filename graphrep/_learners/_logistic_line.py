"""LogisticLine: logistic regression of standardised features."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.typing import AnyArray, FloatArray


class LogisticLine:
    """Log odds of two classes, linear in features of mean 0 and deviation 1.

    Parameters
    ----------
    line : ndarray of float64 of shape (3, n_features + 1)
        Means, deviations and coefficients; the intercept ends the last row.
    """

    def __init__(self, line: AnyArray) -> None:
        self.line = line

    @classmethod
    def fit(cls, X: FloatArray, y: AnyArray, **parameters: Any) -> LogisticLine:
        """Learn from rows of X with labels 0 and 1; parameters are scikit-learn's."""
        from sklearn.linear_model import LogisticRegression

        mean, scale = X.mean(axis=0), X.std(axis=0)
        scale = np.where(scale == 0, 1.0, scale)
        model = LogisticRegression(**{"max_iter": 200, **parameters})
        model.fit((X - mean) / scale, y)
        line = np.zeros((3, X.shape[1] + 1))
        line[0, :-1], line[1, :-1], line[2, :-1] = mean, scale, model.coef_[0]
        line[2, -1] = model.intercept_[0]
        return cls(line)

    def decision_function(self, X: FloatArray) -> FloatArray:
        """Log odds of class 1: float64 (n_rows,)."""
        mean, scale, weights = self.line
        odds: FloatArray = ((X - mean[:-1]) / scale[:-1]) @ weights[:-1] + weights[-1]
        return odds

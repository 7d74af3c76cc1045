"""HyperedgeClassifier: calibrated odds that a candidate is a hyperedge.

Two learners answer, boosted trees and a logistic model on logarithms of the features,
each fitted once for each fold. How much each is believed is learned from their
answers on the folds that they have not seen, so that on a small hypergraph the simple
model speaks and on a large one the trees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from graphrep._learners import BoostedTrees, LogisticLine
from graphrep.typing import AnyArray, FloatArray, IntArray

_TREES: dict[str, Any] = {
    "max_iter": 150,
    "learning_rate": 0.06,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 10,
    "l2_regularization": 1.0,
}
_LOGISTIC_C = 0.1
_STACK_C = 1e3
_MOST_ROWS = 40_000  # that one model is fitted on; further negatives are thinned
_LARGEST = 16.0  # log odds


class HyperedgeClassifier:
    """Blend of boosted trees and a logistic model, calibrated across folds.

    Attributes
    ----------
    out_of_fold : ndarray of float64 of shape (n_candidates,)
        Log odds of the candidates that it was fitted on, each by models that had not
        seen it. Not kept in a file.
    """

    out_of_fold: FloatArray

    def __init__(self, models: list[tuple[Any, Any]], stack: FloatArray) -> None:
        self._models = models
        self._stack = stack

    @classmethod
    def fit(
        cls, X: FloatArray, y: IntArray, *, n_folds: int, seed: int, n_jobs: int
    ) -> HyperedgeClassifier:
        """Fit on candidates with labels 0 and 1, in any number of either."""
        few = int(min(y.sum(), len(y) - y.sum()))
        if few == 0:
            share = (y.sum() + 0.5) / (len(y) + 1.0)
            made = cls([], np.array([0.0, 0.0, np.log(share / (1.0 - share))]))
            made.out_of_fold = np.full(len(y), made._stack[2])
            return made
        folds = _folds(y, min(n_folds, few), seed)
        answers = np.empty((len(y), 2))

        def fit_fold(fold: int) -> tuple[BoostedTrees, FloatArray]:
            train = folds != fold if folds.any() else folds == fold
            return _fit_pair(X, y, np.flatnonzero(train), seed + fold)

        # in this thread: scikit-learn's trees change the warning filters, and limits
        # of OpenMP belong to the thread that sets them
        with threadpool_limits(1):
            models = [fit_fold(fold) for fold in range(folds.max() + 1)]
            for fold, pair in enumerate(models):
                test = folds == fold
                answers[test] = _answers(pair, X[test], n_jobs)
            made = cls(models, _fit_stack(answers, y))
        made.out_of_fold = made._blend(answers)
        return made

    def decision_function(self, X: FloatArray, n_jobs: int = 1) -> FloatArray:
        """Log odds of being a hyperedge: float64 (n_candidates,).

        Those of a row have the same bits whatever the other rows are.
        """
        if not self._models or not len(X):
            return np.full(len(X), self._stack[2])
        columns = _logarithms(X).T.copy()
        parts = [_answers(pair, X, n_jobs, columns) for pair in self._models]
        return self._blend(np.mean(parts, axis=0))

    def _blend(self, answers: FloatArray) -> FloatArray:
        odds = _sums_of(answers.T, self._stack[:2], self._stack[2])
        clipped: FloatArray = np.clip(odds, -_LARGEST, _LARGEST)
        return clipped

    def state(self) -> dict[str, AnyArray]:
        """Arrays that it is made of, under names that `from_state` reads."""
        out: dict[str, AnyArray] = {"stack": self._stack}
        for i, (trees, line) in enumerate(self._models):
            out |= {f"trees{i}_{k}": v for k, v in trees.state().items()}
            out[f"logistic{i}"] = line
        return out

    @classmethod
    def from_state(cls, arrays: dict[str, AnyArray]) -> HyperedgeClassifier:
        """Make the classifier again."""
        models: list[tuple[Any, Any]] = []
        while f"logistic{len(models)}" in arrays:
            i = len(models)
            prefix = f"trees{i}_"
            trees = {
                k.removeprefix(prefix): v
                for k, v in arrays.items()
                if k.startswith(prefix)
            }
            models.append((BoostedTrees(trees), arrays[f"logistic{i}"]))
        return cls(models, np.asarray(arrays["stack"]))


def _folds(y: IntArray, n_folds: int, seed: int) -> IntArray:
    """Draw the fold of each candidate, as many of each class in each."""
    out = np.zeros(len(y), np.int64)
    if n_folds < 2:
        return out
    draw = np.random.default_rng(seed)
    for label in (0, 1):
        rows = draw.permutation(np.flatnonzero(y == label))
        out[rows] = np.arange(len(rows)) % n_folds
    return out


def _fit_pair(
    X: FloatArray, y: IntArray, rows: IntArray, seed: int
) -> tuple[BoostedTrees, FloatArray]:
    """Both learners on some rows; where these are many, each stands for more.

    Thinning one class moves the log odds by a constant, which is taken back.
    """
    shift = 0.0
    if len(rows) > _MOST_ROWS:
        positive, negative = rows[y[rows] == 1], rows[y[rows] == 0]
        draw = np.random.default_rng(seed)
        kept = _thin(positive, _MOST_ROWS // 2, draw)
        others = _thin(negative, _MOST_ROWS - len(kept), draw)
        shift = np.log(len(positive) / len(kept) * len(others) / len(negative))
        rows = np.concatenate([kept, others])
    data, labels = X[rows], y[rows]
    trees = BoostedTrees.fit(data, labels, seed, **_TREES)
    trees.move(shift)
    line = LogisticLine.fit(_logarithms(data), labels, C=_LOGISTIC_C).line
    line[2, -1] += shift
    return trees, line


def _thin(rows: IntArray, most: int, draw: np.random.Generator) -> IntArray:
    if len(rows) <= most:
        return rows
    return np.sort(draw.choice(rows, most, replace=False))


def _logarithms(X: FloatArray) -> FloatArray:
    values = np.nan_to_num(X.astype(np.float64), nan=0.0)
    return np.sign(values) * np.log1p(np.abs(values))


def _answers(
    pair: tuple[Any, Any], X: FloatArray, n_jobs: int, columns: FloatArray | None = None
) -> FloatArray:
    """Log odds of both learners; ``columns`` are the logarithms of those of X."""
    trees, line = pair
    out = np.empty((len(X), 2))
    out[:, 0] = trees.decision_function(X, n_jobs)
    slope = line[2, :-1] / line[1, :-1]
    intercept = line[2, -1] - slope @ line[0, :-1]
    columns = _logarithms(X).T.copy() if columns is None else columns
    out[:, 1] = _sums_of(columns, slope, intercept)
    return np.clip(out, -_LARGEST, _LARGEST)


def _sums_of(columns: FloatArray, slope: FloatArray, intercept: float) -> FloatArray:
    """Weighted sum of columns, one after another: a product of BLAS would not do.

    There the rounding of a row depends on how many rows there are.
    """
    total = np.full(columns.shape[1], intercept)
    for column, weight in zip(columns, slope, strict=True):
        total += weight * column
    return total


def _fit_stack(answers: FloatArray, y: IntArray) -> FloatArray:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=_STACK_C).fit(answers, y)
    return np.append(model.coef_[0], model.intercept_)

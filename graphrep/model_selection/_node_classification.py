"""Node classification: logistic regressions on vectors, the DeepWalk protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize

from graphrep._utils._random import draw_seed
from graphrep.exceptions import GraphValueError
from graphrep.graph._ids import is_missing
from graphrep.metrics import top_k_f1
from graphrep.typing import AnyArray, FloatArray

if TYPE_CHECKING:
    from typing import Self


class OneVsRestLogistic:
    """One logistic regression for each label, all solved as one problem.

    Parameters
    ----------
    C : float, default=1.0
        Inverse strength of the L2 penalty, as in scikit-learn.
    penalize_intercept : bool, default=False
        Whether the penalty includes the intercept, as in liblinear, which the
        scoring script of DeepWalk and most papers after it ran on.
    max_iter : int, default=200
        Most L-BFGS iterations.
    tol : float, default=1e-5
        Relative decrease of the loss at which to stop.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features + 1, n_labels)
        Coefficients, the intercepts in the last row.

    Notes
    -----
    The objective is the sum over labels of what
    ``OneVsRestClassifier(LogisticRegression(C))`` minimises for each; solving them
    together turns all work into two matrix products an iteration.
    """

    def __init__(
        self,
        C: float = 1.0,
        *,
        penalize_intercept: bool = False,
        max_iter: int = 200,
        tol: float = 1e-5,
    ) -> None:
        self.C = C
        self.penalize_intercept = penalize_intercept
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: AnyArray, Y: AnyArray) -> Self:
        """Fit to vectors (n_samples, n_features) and 0/1 labels of each sample."""
        x = np.asarray(X, np.float32)
        sign = np.where(np.asarray(Y) > 0, np.float32(1), np.float32(-1))
        shape = (x.shape[1] + 1, sign.shape[1])
        penalty = np.ones((shape[0], 1))
        penalty[-1] = self.penalize_intercept

        def loss(flat: FloatArray) -> tuple[float, FloatArray]:
            w = flat.reshape(shape).astype(np.float32)
            margin = sign * (x @ w[:-1] + w[-1])
            slope = -sign / (1 + np.exp(np.clip(margin, -60, 60)))
            gradient = flat.reshape(shape) * penalty
            gradient[:-1] += self.C * (x.T @ slope)
            gradient[-1] += self.C * slope.sum(axis=0)
            value = self.C * np.logaddexp(0, -margin).sum(dtype=np.float64)
            value += 0.5 * float((penalty * flat.reshape(shape) ** 2).sum())
            return value, gradient.ravel()

        result = minimize(
            loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B",
            options={"maxiter": self.max_iter, "ftol": self.tol, "maxcor": 10},
        )  # fmt: skip
        self.coef_ = result.x.reshape(shape).astype(np.float32)
        return self

    def decision_function(self, X: AnyArray) -> FloatArray:
        """Score every label of every sample."""
        scores: FloatArray = (
            np.asarray(X, np.float32) @ self.coef_[:-1] + self.coef_[-1]
        )
        return scores


def node_classification(
    vectors: AnyArray,
    labels: Any,
    *,
    train_fractions: Sequence[float] = (0.1, 0.5, 0.9),
    C: float = 1.0,
    n_splits: int = 5,
    standardize: bool = False,
    penalize_intercept: bool = False,
    random_state: Any = 0,
) -> dict[float, dict[str, float]]:
    """Score vectors by how well labels can be learnt from them.

    Parameters
    ----------
    vectors : ndarray of shape (n_nodes, n_components)
        One vector a node.
    labels : sparse or dense 0/1 matrix (n_nodes, n_labels), or 1-D array of classes
        Nodes without a label (a row of zeros; None or NaN among classes) are left out.
    train_fractions : sequence of float, default=(0.1, 0.5, 0.9)
        Shares of the labelled nodes to train on.
    C : float, default=1.0
        Inverse strength of the penalty of the logistic regression. It matters as
        much as the method: state it beside every figure.
    n_splits : int, default=5
        Random splits for each share.
    standardize : bool, default=False
        Bring columns to mean 0 and variance 1 first.
    penalize_intercept : bool, default=False
        See `OneVsRestLogistic`; True reproduces published protocols.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the splits.

    Returns
    -------
    dict of float to dict
        For each share the means "micro" and "macro" and the standard deviations
        "micro_sd" and "macro_sd" of `graphrep.metrics.top_k_f1`.

    Notes
    -----
    This is the transductive protocol: all nodes were embedded, labels are hidden.
    """
    Y = _label_matrix(labels)
    if Y.shape[0] != len(vectors):
        raise GraphValueError(
            f"labels has {Y.shape[0]:,} rows but there are {len(vectors):,} vectors."
        )
    used = np.flatnonzero(Y.sum(axis=1) > 0)
    x, Y = np.asarray(vectors, np.float32)[used], Y[used]
    Y = Y[:, Y.sum(axis=0) > 0]
    if standardize:
        scale = x.std(axis=0)
        x = (x - x.mean(axis=0)) / np.where(scale > 0, scale, 1)
    _check_fractions(train_fractions, len(x))
    rng = np.random.default_rng(draw_seed(random_state))
    orders = [rng.permutation(len(x)) for _ in range(n_splits)]
    model = OneVsRestLogistic(C, penalize_intercept=penalize_intercept)
    return {f: _score(model, x, Y, orders, f) for f in train_fractions}


def _check_fractions(fractions: Sequence[float], n_labelled: int) -> None:
    for fraction in fractions:
        if not 1 <= int(fraction * n_labelled) < n_labelled:
            raise GraphValueError(
                f"train_fractions: {fraction!r} of {n_labelled:,} labelled nodes "
                "leaves nothing to train or to test on; take a share between 0 and 1."
            )


def _score(
    model: OneVsRestLogistic,
    x: FloatArray,
    Y: AnyArray,
    orders: list[AnyArray],
    fraction: float,
) -> dict[str, float]:
    pairs = []
    for order in orders:
        cut = int(fraction * len(x))
        train, test = order[:cut], order[cut:]
        model.fit(x[train], Y[train])
        pairs.append(top_k_f1(Y[test], model.decision_function(x[test])))
    micro, macro = np.array(pairs).T
    return {
        "micro": float(micro.mean()), "macro": float(macro.mean()),
        "micro_sd": float(micro.std()), "macro_sd": float(macro.std()),
    }  # fmt: skip


def _label_matrix(labels: Any) -> AnyArray:
    """Labels as a dense boolean matrix."""
    array = np.asarray(labels.toarray() if hasattr(labels, "toarray") else labels)
    if array.ndim == 2:
        return array > 0
    known = np.array([not is_missing(label) for label in array.tolist()], bool)
    classes, codes = np.unique(array[known], return_inverse=True)
    out = np.zeros((len(array), len(classes)), bool)
    out[np.flatnonzero(known), codes] = True
    return out

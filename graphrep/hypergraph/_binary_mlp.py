"""BinaryMLP: one hidden layer, two classes, trained by Adam in compiled loops."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from graphrep._utils._sklearn_compat import Interval, fit_context
from graphrep.exceptions import GraphValueError
from graphrep.kernels import _mlp as kernels
from graphrep.typing import AnyArray, FloatArray

if TYPE_CHECKING:
    from typing import Self


class BinaryMLP(ClassifierMixin, BaseEstimator):
    """scikit-learn's MLPClassifier for two classes and one hidden layer, faster.

    Same initial weights, batches, steps and rule to stop as
    ``sklearn.neural_network.MLPClassifier`` with the same parameters and seed: weights
    differ by rounding alone. Rectified units, log-loss, Adam.

    Parameters
    ----------
    n_hidden : int, default=100
        Units of the hidden layer.
    alpha : float, default=0.0001
        Strength of the penalty on squared weights.
    batch_size : int, default=200
        Samples a step.
    learning_rate : float, default=0.001
        Size of a step.
    max_iter : int, default=2000
        Most passes over the samples.
    tol : float, default=0.0001
        An improvement of the loss by less than this counts as none.
    n_iter_no_change : int, default=10
        More passes in a row without an improvement end the training.
    random_state : int, RandomState instance or None, default=None
        Decides initial weights and order of the samples.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The two classes, ascending.
    coefs_, intercepts_ : list of ndarray
        Weights and intercepts of the two layers, as scikit-learn has them.
    loss_curve_ : list of float
        Loss of each pass.
    n_iter_ : int
        Number of passes.
    n_features_in_ : int
        Number of columns of the fitted samples.

    Notes
    -----
    O(n_iter · n_samples · n_features · n_hidden) time.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_hidden": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_hidden: int = 100,
        *,
        alpha: float = 1e-4,
        batch_size: int = 200,
        learning_rate: float = 1e-3,
        max_iter: int = 2000,
        tol: float = 1e-4,
        n_iter_no_change: int = 10,
        random_state: Any = None,
    ) -> None:
        self.n_hidden = n_hidden
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Train on samples of two classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)

        Raises
        ------
        GraphValueError
            For another number of classes than two.
        """
        x, y = validate_data(self, X, y, dtype=np.float64, order="C")
        check_classification_targets(y)
        self.classes_, target = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise GraphValueError(
                "Only binary classification is supported. The target has another "
                f"number of classes than two: {len(self.classes_)} class(es)."
            )
        random = check_random_state(self.random_state)
        w, w2 = self._start(x.shape[1], random)
        self._train(x, target.astype(np.float64), w, w2, random)
        n, hidden = x.shape[1], self.n_hidden
        self.coefs_ = [w[:n, :hidden].copy(), w2[:hidden, None].copy()]
        self.intercepts_ = [w[n, :hidden].copy(), w2[-1:].copy()]
        return self

    def decision_function(self, X: Any) -> FloatArray:
        """Logarithm of the odds of the second class, shape (n_samples,)."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, order="C", reset=False)
        n, hidden = self.n_features_in_, self.n_hidden
        w = np.zeros(kernels.shape(n, hidden))
        w[:n, :hidden], w[n, :hidden] = self.coefs_[0], self.intercepts_[0]
        w2 = np.zeros(w.shape[1] + 1)
        w2[:hidden], w2[-1] = self.coefs_[1][:, 0], self.intercepts_[1][0]
        out = np.empty(len(x))
        kernels.outputs(x, w, w2, kernels.scratch(n, hidden), out)
        return out

    def predict_proba(self, X: Any) -> FloatArray:
        """Probability of both classes, shape (n_samples, 2)."""
        odds = self.decision_function(X)
        with np.errstate(over="ignore"):  # exp(-odds) may be infinite: 0 comes out
            second = 1 / (1 + np.exp(-odds))
        return np.column_stack([1 - second, second])

    def predict(self, X: Any) -> AnyArray:
        """More likely class of each sample."""
        second = self.decision_function(X) > 0
        likely: AnyArray = self.classes_[second.astype(np.intp)]
        return likely

    def _start(
        self, n: int, random: np.random.RandomState
    ) -> tuple[FloatArray, FloatArray]:
        """Draw initial weights by Glorot and Bengio, in scikit-learn's order."""
        hidden = self.n_hidden
        w = np.zeros(kernels.shape(n, hidden))
        w2 = np.zeros(w.shape[1] + 1)
        bound = np.sqrt(6 / (n + hidden))
        w[:n, :hidden] = random.uniform(-bound, bound, (n, hidden))
        w[n, :hidden] = random.uniform(-bound, bound, hidden)
        bound = np.sqrt(6 / (hidden + 1))
        w2[:hidden] = random.uniform(-bound, bound, hidden)
        w2[-1] = random.uniform(-bound, bound)
        return w, w2

    def _train(
        self,
        x: FloatArray,
        y: FloatArray,
        w: FloatArray,
        w2: FloatArray,
        random: np.random.RandomState,
    ) -> None:
        moments = tuple(np.zeros_like(a) for a in (w, w, w2, w2))
        memory = kernels.scratch(x.shape[1], self.n_hidden)
        rates = (float(self.alpha), float(self.learning_rate), 0.9, 0.999, 1e-8)
        batch = min(self.batch_size, len(x))
        order = np.arange(len(x))
        self.loss_curve_: list[float] = []
        best, idle, step = np.inf, 0, 0
        for _ in range(self.max_iter):
            shuffled = np.arange(len(x))
            random.shuffle(shuffled)
            order = order[shuffled]
            loss, step = kernels.epoch(
                x, y, order, batch, w, w2, moments, step, rates, memory
            )
            self.loss_curve_.append(loss)
            idle = idle + 1 if loss > best - self.tol else 0
            best = min(best, loss)
            if idle > self.n_iter_no_change:
                break
        else:
            warnings.warn(
                f"The network had not converged after max_iter={self.max_iter} passes.",
                ConvergenceWarning,
                stacklevel=4,
            )
        self.n_iter_ = len(self.loss_curve_)

"""DropoutMLP: a small network for two classes, with dropout, on one processor."""

from __future__ import annotations

from itertools import pairwise
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import Interval, fit_context
from graphrep.exceptions import GraphValueError
from graphrep.kernels import _dropout_mlp, _gemm
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

kernels: Any = _dropout_mlp  # kernels carry no annotations
gemm: Any = _gemm
_LEAK = 0.01
_BETAS = (0.9, 0.999)
_EPSILON = 1e-8
_FAR = 80.0  # exp of it is finite in float32
_BLOCK = 8192  # rows that are scored at a time


class DropoutMLP(ClassifierMixin, BaseEstimator):
    """Layers of leaky rectifiers with dropout, two outputs, cross-entropy, Adam.

    The classifier of `MARIOH`, without torch.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default=(256, 128)
        Units of each hidden layer.
    dropout : float, default=0.25
        Share of hidden units that are left out at each step of the training.
    learning_rate : float, default=0.005
        Step size of Adam.
    batch_size : int, default=512
        Rows a step.
    n_epochs : int, default=30
        Passes over the rows, each in a new random order.
    dropout_at_inference : bool, default=False
        Leave units out when probabilities are computed, too. They are random then,
        the same for the same rows.
    random_state : int, RandomState instance or None, default=None
        An int gives the same network on every call.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The two classes; the second is the one that `predict_proba` counts for.
    coefs_, intercepts_ : list of ndarray of float32
        Weights and offsets of the layers.
    n_features_in_ : int
        Number of columns.

    Notes
    -----
    Weights and offsets begin uniform in +-1 / sqrt(inputs), the slope below zero is
    0.01. Products run in one BLAS thread, so the bits do not depend on the number of
    processors. O(rows * n_epochs * weights) time.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[0.0, 1.0], [1.0, 0.0]] * 50)
    >>> model = DropoutMLP((8, 8), learning_rate=0.1, random_state=0).fit(X, X[:, 0])
    >>> model.predict([[1.0, 0.0], [0.0, 1.0]]).tolist()
    [1.0, 0.0]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "hidden_layer_sizes": ["array-like"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_epochs": [Interval(Integral, 1, None, closed="left")],
        "dropout_at_inference": ["boolean"],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        hidden_layer_sizes: tuple[int, ...] = (256, 128),
        *,
        dropout: float = 0.25,
        learning_rate: float = 0.005,
        batch_size: int = 512,
        n_epochs: int = 30,
        dropout_at_inference: bool = False,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_epochs = n_epochs
        self.dropout_at_inference = dropout_at_inference
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> Self:
        """Train on rows of two classes.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Columns of about unit variance do best.
        y : array-like of shape (n_rows,)
            Class of each row, two of them.
        """
        rows, labels = validate_data(self, X, y, dtype=np.float32)
        self.classes_, codes = _two_classes(labels)
        seed = draw_seed(self.random_state)
        self.random_seed_ = seed
        net = _Network(rows.shape[1], tuple(self.hidden_layer_sizes), seed)
        with single_blas_thread():
            self._train(net, rows, codes.astype(np.float32), seed)
        self.coefs_, self.intercepts_ = net.weights, net.offsets
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Probability of each class, float64 of shape (n_rows, 2)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float32, reset=False)
        out = np.empty((len(rows), 2))
        dropped = self._dropped() if self.dropout_at_inference else 0
        with single_blas_thread():
            for start in range(0, len(rows), _BLOCK):
                block = rows[start : start + _BLOCK]
                key = _key(self.random_seed_, crc32(block.tobytes()) if dropped else 0)
                odds = _forward(self.coefs_, self.intercepts_, block, dropped, key)[-1]
                difference = np.clip(
                    (odds[:, 1] - odds[:, 0]).astype(np.float64), -700.0, 700.0
                )
                out[start : start + _BLOCK, 1] = 1.0 / (1.0 + np.exp(-difference))
                out[start : start + _BLOCK, 0] = 1.0 / (1.0 + np.exp(difference))
        return out

    def predict(self, X: Any) -> AnyArray:
        """Return the likelier class of each row."""
        check_is_fitted(self)
        chosen: AnyArray = self.classes_[
            (self.predict_proba(X)[:, 1] > 0.5).astype(np.intp)
        ]
        return chosen

    def _dropped(self) -> int:
        return round(65536 * self.dropout)

    def _train(self, net: _Network, X: AnyArray, y: AnyArray, seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        step = 0
        for _ in range(self.n_epochs):
            order = rng.permutation(len(X))
            for start in range(0, len(X), self.batch_size):
                chosen = order[start : start + self.batch_size]
                step += 1
                net.backward(X[chosen], y[chosen], self._dropped(), _key(seed, step))
                kernels.adam_step(
                    net.values, net.slopes, net.first, net.second,
                    self.learning_rate, step, *_BETAS, _EPSILON,
                )  # fmt: skip


class _Network:
    """Parameters in one flat array, with their slopes and what Adam remembers."""

    def __init__(self, n_inputs: int, hidden: tuple[int, ...], seed: int) -> None:
        sizes = (n_inputs, *hidden, 2)
        pairs = list(pairwise(sizes))
        total = sum((a + 1) * b for a, b in pairs)
        self.values = np.empty(total, np.float32)
        self.slopes, self.first, self.second = np.zeros((3, total), np.float32)
        self.weights, self.offsets = _views(self.values, pairs)
        self.weight_slopes, self.offset_slopes = _views(self.slopes, pairs)
        rng = np.random.default_rng([seed, 0])
        for weight, offset in zip(self.weights, self.offsets, strict=True):
            bound = 1.0 / np.sqrt(weight.shape[0])
            weight[:] = rng.uniform(-bound, bound, weight.shape)
            offset[:] = rng.uniform(-bound, bound, offset.shape)

    def backward(self, X: AnyArray, y: AnyArray, dropped: int, key: np.uint64) -> None:
        """Fill the slopes of the mean cross-entropy of some rows."""
        slopes: list[AnyArray] = []
        layers = _forward(self.weights, self.offsets, X, dropped, key, slopes)
        odds = layers[-1]
        against = np.clip(odds[:, 0] - odds[:, 1], -_FAR, _FAR)
        error = 1.0 / (1.0 + np.exp(against)) - y
        flow = np.empty_like(odds)
        flow[:, 1] = error / len(y)
        flow[:, 0] = -flow[:, 1]
        for at in range(len(self.weights) - 1, -1, -1):
            np.matmul(layers[at].T, flow, out=self.weight_slopes[at])
            flow.sum(axis=0, out=self.offset_slopes[at])
            if at:
                flow = flow @ self.weights[at].T
                flow *= slopes[at - 1]


def _views(
    flat: AnyArray, pairs: list[tuple[int, int]]
) -> tuple[list[AnyArray], list[AnyArray]]:
    weights, offsets, at = [], [], 0
    for a, b in pairs:
        weights.append(flat[at : at + a * b].reshape(a, b))
        offsets.append(flat[at + a * b : at + (a + 1) * b])
        at += (a + 1) * b
    return weights, offsets


def _forward(
    weights: list[AnyArray],
    offsets: list[AnyArray],
    X: AnyArray,
    dropped: int,
    key: np.uint64,
    slopes: list[AnyArray] | None = None,
) -> list[AnyArray]:
    """Values of all layers, the rows first and the odds last."""
    layers = [X]
    for at, (weight, offset) in enumerate(zip(weights, offsets, strict=True)):
        rows = layers[-1]
        values = _product(rows, weight) if slopes is None else rows @ weight
        values += offset
        if at < len(weights) - 1:
            slope = np.empty_like(values)
            kernels.leaky_dropout(
                values.ravel(), slope.ravel(), _LEAK, dropped, _key(int(key), at)
            )
            if slopes is not None:
                slopes.append(slope)
        layers.append(values)
    return layers


def _product(rows: AnyArray, weight: AnyArray) -> AnyArray:
    """Product whose rows do not depend on each other, as those of a BLAS do."""
    n, depth = rows.shape
    width = gemm.padded(weight.shape[1], gemm.WIDTH)
    wide = np.zeros((depth, width), np.float32)
    wide[:, : weight.shape[1]] = weight
    panels = np.empty((width // gemm.WIDTH, depth, gemm.WIDTH), np.float32)
    gemm.panels(wide, depth, panels)
    high = np.zeros((gemm.padded(n, gemm.HEIGHT), depth), np.float32)
    high[:n] = rows
    out = np.empty((len(high), width), np.float32)
    gemm.multiply(high.ravel(), depth, 1, panels, depth, out, len(high), False)
    return np.ascontiguousarray(out[:n, : weight.shape[1]])


def _key(seed: int, counter: int) -> np.uint64:
    words = np.random.SeedSequence([seed, counter]).generate_state(1, np.uint64)
    return np.uint64(words[0])


def _two_classes(labels: AnyArray) -> tuple[AnyArray, IntArray]:
    check_classification_targets(labels)
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) > 2:
        kind = type_of_target(labels)
        raise GraphValueError(
            f"Only binary classification is supported. The type of the target is "
            f"{kind}: y has {len(classes)} classes."
        )
    if len(classes) < 2:
        raise GraphValueError(
            f"DropoutMLP tells two classes apart; y has 1 class, {classes[0]!r}."
        )
    return classes, codes

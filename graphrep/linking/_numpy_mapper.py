"""Maps of means of word vectors into the space of nodes: linear, and with one layer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from graphrep.kernels._adam import adam
from graphrep.kernels._dropout_mlp import leaky_dropout
from graphrep.kernels._hash import hash64
from graphrep.linking._phrase_encoder import PhraseEncoder, Phrases
from graphrep.typing import AnyArray, FloatArray

_BETAS, _EPSILON = (0.9, 0.999), 1e-8
_BLOCK = 4096
_PARTS = 1 << 16


class NumpyMapper:
    """A linear map, or one with a hidden layer of rectified units, trained by Adam.

    Parameters
    ----------
    encoder : PhraseEncoder
        Gives the means.
    n_outputs : int
        Components of a node.
    n_hidden : int
        Units of the hidden layer, 0 for a linear map.
    dropout : float
        Share of hidden units that are left out in training.
    seed : int
        Start of the weights and dropout.
    """

    def __init__(
        self, encoder: PhraseEncoder, n_outputs: int, n_hidden: int, dropout: float,
        seed: int,
    ) -> None:  # fmt: skip
        self.encoder = encoder
        self.dropped = round(dropout * _PARTS)
        self.n_outputs, self.n_hidden = n_outputs, n_hidden
        self.key = np.uint64(seed)
        self.n_steps = 0
        self.arrays: dict[str, AnyArray] = {}
        self._moments: dict[str, AnyArray] = {}
        self._made: tuple[FloatArray, ...] = ()

    # -- training ----------------------------------------------------------------
    def prepare(self, phrases: Phrases) -> None:
        """Look at the phrases of the training once."""
        means = self.encoder.means(phrases)
        filled = means[phrases.sizes > 0].astype(np.float64)
        spread = filled.std(axis=0)
        self.arrays["shift"] = filled.mean(axis=0).astype(np.float32)
        self.arrays["scale"] = (1 / np.where(spread > 0, spread, 1)).astype(np.float32)
        self._inputs = self._scaled(means)
        draw = np.random.default_rng(int(self.key))
        widths = [means.shape[1], *([self.n_hidden] * bool(self.n_hidden))]
        widths.append(self.n_outputs)
        for layer, (n, m) in enumerate(pairwise(widths)):
            weights = draw.standard_normal((n, m)) * np.sqrt(1 / n)
            self.arrays[f"weights{layer}"] = weights.astype(np.float32)
            self.arrays[f"bias{layer}"] = np.zeros(m, np.float32)

    def forward(self, some: AnyArray) -> FloatArray:
        """Map some of the phrases given to `prepare`, with dropout."""
        X = self._inputs[some]
        self.n_steps += 1
        if not self.n_hidden:
            self._made = (X,)
            return self._layer(X, 0)
        H = self._layer(X, 0)
        slopes = np.empty_like(H)
        key = np.uint64(hash64(self.key, np.uint64(self.n_steps)))
        leaky_dropout(H.reshape(-1), slopes.reshape(-1), 0.0, self.dropped, key)
        self._made = (X, H, slopes)
        return self._layer(H, 1)

    def backward(self, slopes: FloatArray, rate: float) -> None:
        """Take one step against the slopes of the outputs of `forward`."""
        last = 1 if self.n_hidden else 0
        X = self._made[-2] if self.n_hidden else self._made[0]
        of_hidden = slopes @ self.arrays["weights1"].T if self.n_hidden else None
        self._step(f"weights{last}", X.T @ slopes, rate)
        self._step(f"bias{last}", slopes.sum(axis=0), rate)
        if of_hidden is not None:
            X, _, local = self._made
            of_hidden *= local
            self._step("weights0", X.T @ of_hidden, rate)
            self._step("bias0", of_hidden.sum(axis=0), rate)

    def _step(self, name: str, slopes: AnyArray, rate: float) -> None:
        for kind in ("first_", "second_"):
            if kind + name not in self._moments:
                self._moments[kind + name] = np.zeros_like(self.arrays[name])
        adam(
            self.arrays[name].reshape(-1),
            np.ascontiguousarray(slopes, np.float32).reshape(-1),
            self._moments["first_" + name].reshape(-1),
            self._moments["second_" + name].reshape(-1),
            rate, self.n_steps, *_BETAS, _EPSILON,
        )  # fmt: skip

    def finish(self) -> None:
        """Drop what only training needs."""
        self._moments, self._made = {}, ()
        self.__dict__.pop("_inputs", None)

    # -- use ---------------------------------------------------------------------
    def predict(self, phrases: Phrases) -> FloatArray:
        """Map phrases, without dropout."""
        out = np.empty((len(phrases.sizes), self.n_outputs), np.float32)
        for start in range(0, len(out), _BLOCK):
            part = slice(start, start + _BLOCK)
            some = phrases._replace(rows=phrases.rows[part], sizes=phrases.sizes[part])
            X = self._scaled(self.encoder.means(some))
            if self.n_hidden:
                X = np.maximum(self._layer(X, 0), 0)
            out[part] = self._layer(X, 1 if self.n_hidden else 0)
        return out

    def state(self) -> dict[str, AnyArray]:
        """Copy the weights."""
        return {name: array.copy() for name, array in self.arrays.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
        self.arrays = {name: np.array(array) for name, array in state.items()}

    def _layer(self, X: FloatArray, number: int) -> FloatArray:
        out: FloatArray = X @ self.arrays[f"weights{number}"]
        out += self.arrays[f"bias{number}"]
        return out

    def _scaled(self, means: FloatArray) -> FloatArray:
        scaled: FloatArray = (means - self.arrays["shift"]) * self.arrays["scale"]
        return scaled


__all__ = ["NumpyMapper"]

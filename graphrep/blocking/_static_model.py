"""StaticModel: token vectors with gains and a map, their derivatives and Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.blocking._losses import MatchLoss
from graphrep.typing import AnyArray, FloatArray

_TINY = 1e-8
_BETA_1, _BETA_2 = 0.9, 0.999
_SPAN = 1 << 16  # tokens of a batch whose derivatives are summed at a time


class StaticModel:
    """Means of token vectors: unit(S diag(exp(gains)) table @ map).

    Parameters
    ----------
    table : ndarray of shape (n_tokens, d)
        Vectors of tokens, never changed.
    gains : ndarray of shape (n_tokens,)
        Logarithms of factors of the tokens.
    map : ndarray of shape (d, n_components)
        Linear map of the mean.
    """

    def __init__(self, table: FloatArray, gains: FloatArray, map: FloatArray) -> None:
        self.table, self.gains, self.map = table, gains, map
        self.steps = 0

    def copy(self) -> None:
        """Let the parameters be changed without changing those given."""
        self.gains, self.map = self.gains.copy(), self.map.copy()
        self._moments = [np.zeros_like(x) for x in (*[self.gains] * 2, *[self.map] * 2)]

    def pooled(self, rows: Any) -> FloatArray:
        """Sum the token vectors of sparse rows of weighted counts."""
        scaled = rows.copy()
        scaled.data = scaled.data * np.exp(self.gains[scaled.indices])
        sums: FloatArray = scaled @ self.table
        return sums

    def step(
        self, rows: Any, loss: MatchLoss, weights: FloatArray, same: AnyArray,
        rates: tuple[float, float],
    ) -> float:  # fmt: skip
        """Take a step of Adam.

        Parameters
        ----------
        rows : csr_array of shape (n * (2 + m), n_tokens)
            Weighted counts of all p, then all q, then the m negatives of each.
        loss : MatchLoss
            What to make small.
        weights : ndarray of shape (n,)
            Of the tuples.
        same : ndarray of bool of shape (n, n)
            See `MatchLoss.of_vectors`.
        rates : tuple of float
            Learning rates of gains and map; 0 keeps them.

        Returns
        -------
        float
            The loss before the step.
        """
        value, by_gains, by_map = self.slopes(rows, loss, weights, same)
        self.steps += 1
        for at, (slope, rate) in enumerate(zip((by_gains, by_map), rates, strict=True)):
            if rate:
                self._adam(at, slope, rate)
        return value

    def slopes(
        self, rows: Any, loss: MatchLoss, weights: FloatArray, same: AnyArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """Loss, and its derivatives by gains and map."""
        n = len(weights)
        sums = self.pooled(rows)
        mapped = sums @ self.map
        lengths = np.maximum(np.linalg.norm(mapped, axis=1, keepdims=True), _TINY)
        Z = mapped / lengths
        found = loss.of_vectors(
            Z[:n], Z[n : 2 * n], Z[2 * n :].reshape(n, -1, Z.shape[1]), weights, same
        )
        by_z = np.concatenate([found.p, found.q, found.r.reshape(-1, Z.shape[1])])
        by_mapped = (by_z - Z * (by_z * Z).sum(axis=1, keepdims=True)) / lengths
        by_mapped = by_mapped.astype(np.float32)
        by_map: FloatArray = sums.T @ by_mapped
        return found.value, self._by_gains(rows, by_mapped @ self.map.T), by_map

    def _by_gains(self, rows: Any, by_sums: FloatArray) -> FloatArray:
        own = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        tokens = rows.indices
        each = np.empty(len(tokens), np.float32)
        for start in range(0, len(tokens), _SPAN):
            part = slice(start, start + _SPAN)
            vectors = self.table[tokens[part]]
            each[part] = np.einsum("ij,ij->i", by_sums[own[part]], vectors)
        each *= rows.data * np.exp(self.gains[tokens])
        total = np.bincount(tokens, each, minlength=len(self.gains))
        slope: FloatArray = total.astype(np.float32)
        return slope

    def _adam(self, at: int, slope: FloatArray, rate: float) -> None:
        first, second = self._moments[2 * at : 2 * at + 2]
        first += (1.0 - _BETA_1) * (slope - first)
        second += (1.0 - _BETA_2) * (slope**2 - second)
        scale = np.sqrt(second / (1.0 - _BETA_2**self.steps)) + _TINY
        change = rate * first / (1.0 - _BETA_1**self.steps) / scale
        target = self.gains if at == 0 else self.map
        target -= change.astype(np.float32)

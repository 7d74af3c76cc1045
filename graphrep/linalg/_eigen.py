"""Converged eigenpairs of symmetric operators: block Lanczos with thick restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.linalg._operators import dense_of
from graphrep.linalg._panels import (
    canonical_signs,
    gram,
    orthonormalize,
    small_eigh,
    subtract,
    times,
)
from graphrep.typing import FloatArray, IntArray

if TYPE_CHECKING:
    from graphrep.linalg._operators import Operator

_DENSE_BELOW = 512
_BLOCK = 32
_GUARD = 16
_MOST_RESTARTS = 300
_TOLERANCE = {"f": 1e-5, "d": 1e-11}


def eigsh(
    operator: Operator,
    rank: int,
    *,
    which: str = "LA",
    seed: int,
    tol: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Eigenpairs at an end of the spectrum of a symmetric operator, converged.

    Parameters
    ----------
    operator : SparseOperator or FunctionOperator of shape (n, n)
        Symmetric; that is not checked.
    rank : int
        Number of pairs; at most n come back.
    which : {"LA", "SA", "LM"}, default="LA"
        The largest, the smallest, or the ones largest in magnitude.
    seed : int
        Seed of the block at the start.
    tol : float, default=0
        Largest residual ``norm(A v - λ v)`` in units of the largest magnitude of an
        eigenvalue; 0 for 1e-11 in float64 and 1e-5 in float32.

    Returns
    -------
    values : ndarray of shape (rank,)
        float64; descending ("SA": ascending, "LM": descending magnitude, of two of
        the same magnitude the positive one first).
    vectors : ndarray of shape (n, rank)
        Orthonormal columns with the signs of `canonical_signs`.

    Notes
    -----
    Block Lanczos with full orthogonalisation and thick restarts [1]_; all heavy
    work is products of panels. Up to 512 nodes, or four times ``rank``, all
    eigenpairs are computed densely instead.

    References
    ----------
    .. [1] Wu, K., Simon, H. (2000). Thick-restart Lanczos method for large symmetric
       eigenvalue problems. SIAM J. Matrix Anal. Appl. 22(2).
       https://doi.org/10.1137/S0895479898334605
    """
    if which not in ("LA", "SA", "LM"):
        raise GraphValueError(
            f"which must be 'LA', 'SA' or 'LM'; got {which!r}. Choose one of them."
        )
    n = operator.shape[0]
    if n <= max(_DENSE_BELOW, 4 * rank):
        values, vectors = small_eigh(dense_of(operator))
        order = _order(values, which)[:rank]
        values = values[order]
        vectors = np.ascontiguousarray(vectors[:, order], operator.dtype)
    else:
        lanczos = _Lanczos(operator, rank, which, seed, tol)
        values, vectors = lanczos.run()
    canonical_signs(vectors)
    return values, vectors


class _Lanczos:
    """One computation: a basis, the operator projected on it, and its restarts."""

    def __init__(
        self, operator: Operator, rank: int, which: str, seed: int, tol: float
    ) -> None:
        self.operator, self.rank, self.which = operator, rank, which
        self.tol = tol or _TOLERANCE[operator.dtype.char]
        self.random = np.random.default_rng(seed)
        n = operator.shape[0]
        self.keep = rank + _GUARD
        blocks = max(4, -(-self.keep // _BLOCK))
        self.size = min(self.keep + blocks * _BLOCK, n // _BLOCK * _BLOCK)
        self.basis: FloatArray = np.empty((n, self.size + _BLOCK), operator.dtype)
        self.projected: FloatArray = np.zeros((self.size, self.size))
        self.used = 0

    def run(self) -> tuple[FloatArray, FloatArray]:
        """Restart until the wanted pairs have converged."""
        block = self._fresh(_BLOCK)
        for restart in range(_MOST_RESTARTS):
            coupling = self._fill(block)
            values, small = small_eigh(self.projected[: self.used, : self.used])
            order = _order(values, self.which)
            values, small = values[order], small[:, order]
            last = coupling.shape[1]
            residual = np.linalg.norm(
                coupling @ small[self.used - last :, : self.rank], axis=0
            )
            done = residual.max() <= self.tol * np.abs(values).max()
            if done or restart == _MOST_RESTARTS - 1:
                break
            block = self._restart(values, small)
        vectors = times(self.basis[:, : self.used], small[:, : self.rank])
        return values[: self.rank], vectors

    def _fill(self, block: FloatArray) -> FloatArray:
        """Extend the basis to its full size; return how the last block couples."""
        coupling: FloatArray = np.zeros((_BLOCK, _BLOCK))
        while True:
            start, end = self.used, self.used + _BLOCK
            self.basis[:, start:end] = block
            if end > self.size:
                return coupling
            self.used = end
            product = self.operator.matmat(block)
            old = self.basis[:, :end]
            part = gram(old, product)
            self.projected[:end, start:end] = part
            self.projected[start:end, :end] = part.T
            diagonal = self.projected[start:end, start:end]
            diagonal[:] = (diagonal + diagonal.T) / 2
            subtract(product, old, part)
            subtract(product, old, gram(old, product))
            block = self._next(product, np.abs(part).max())
            coupling = gram(block, product)

    def _next(self, product: FloatArray, size: float) -> FloatArray:
        """Orthonormal basis of what is left, filled up where nothing is left."""
        eps = float(np.finfo(self.operator.dtype).eps)
        left = np.sqrt(np.diagonal(gram(product)))
        nothing = left <= 10 * eps * max(size, np.finfo(np.float64).tiny)
        if np.any(nothing):
            product = product.copy()
            product[:, nothing] = self._fresh(int(nothing.sum()))
        block = orthonormalize(product)
        return orthonormalize(self._cleared(block))

    def _fresh(self, width: int) -> FloatArray:
        """Random block orthogonal to the basis."""
        block = self.random.standard_normal((self.operator.shape[0], width))
        block = orthonormalize(block.astype(self.operator.dtype))
        return orthonormalize(self._cleared(self._cleared(block)))

    def _cleared(self, block: FloatArray) -> FloatArray:
        if self.used:
            old = self.basis[:, : self.used]
            subtract(block, old, gram(old, block))
        return block

    def _restart(self, values: FloatArray, small: FloatArray) -> FloatArray:
        """Keep the best Ritz vectors; return the block that goes on."""
        block = np.ascontiguousarray(self.basis[:, self.used : self.used + _BLOCK])
        keep = self.keep
        self.basis[:, :keep] = times(self.basis[:, : self.used], small[:, :keep])
        self.projected[:] = 0
        np.fill_diagonal(self.projected[:keep, :keep], values[:keep])
        self.used = keep
        return block


def _order(values: FloatArray, which: str) -> IntArray:
    """Positions of eigenvalues in the order in which they are wanted."""
    if which == "SA":
        return np.argsort(values, kind="stable")
    if which == "LA":
        return np.argsort(-values, kind="stable")
    return np.lexsort((-values, -np.abs(values)))


__all__ = ["eigsh"]

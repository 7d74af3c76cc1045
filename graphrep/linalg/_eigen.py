"""Converged eigenpairs of symmetric operators: block Lanczos with thick restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator
from scipy.sparse.linalg import eigsh as arpack

from graphrep._utils._blas import single_blas_thread
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
_ARPACK_UP_TO = 2**29
"""Bytes of a basis up to which one vector at a time is quicker than blocks."""

_BLOCK = 16
_GUARD = 16
_BLOCKS_A_RESTART = 16
_WELL_APART = 0.01
"""Singular values of a block above this, in units of the operator, stay orthogonal."""

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
    Up to 512 nodes, or four times ``rank``, all eigenpairs are computed densely.
    Above that ARPACK does it in float64 with one BLAS thread, as long as its basis
    is small; then block Lanczos with full orthogonalisation and thick restarts [1]_
    takes over, in which all heavy work is products of panels. Of an eigenvalue with
    very many copies some may be missed, as by all Krylov methods.

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
    with single_blas_thread():
        values, vectors = _eigenpairs(operator, rank, which, seed, tol)
        canonical_signs(vectors)
    return values, vectors


def krylov_eigsh(
    operator: Operator, rank: int, *, block_size: int, n_blocks: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Approximate largest eigenpairs from one block Krylov space, without restarts.

    Parameters
    ----------
    operator : SparseOperator or FunctionOperator of shape (n, n)
        Symmetric, with n above ``block_size * (n_blocks + 1)``.
    rank : int
        Number of pairs, at most ``block_size * n_blocks``.
    block_size : int
        Random vectors to start from.
    n_blocks : int
        Products with the operator.
    seed : int
        Seed of the start.

    Returns
    -------
    values : ndarray of shape (rank,)
        Ritz values, descending: never above the eigenvalues.
    vectors : ndarray of shape (n, rank)
        Orthonormal Ritz vectors with the signs of `canonical_signs`.
    """
    with single_blas_thread():
        lanczos = _Lanczos(operator, rank, "LA", seed, 1.0, block_size)
        lanczos.allocate(block_size * n_blocks)
        values, vectors = lanczos.run(n_restarts=1)
        canonical_signs(vectors)
    return values, vectors


def _eigenpairs(
    operator: Operator, rank: int, which: str, seed: int, tol: float
) -> tuple[FloatArray, FloatArray]:
    n = operator.shape[0]
    if n <= max(_DENSE_BELOW, 4 * rank):
        values, vectors = small_eigh(dense_of(operator))
        order = _order(values, which)[:rank]
        return values[order], np.ascontiguousarray(vectors[:, order], operator.dtype)
    found = None
    if n * (2 * rank + 1) * np.dtype(np.float64).itemsize <= _ARPACK_UP_TO:
        found = _arpack(operator, rank, which, seed, tol)
    if found is None:
        lanczos = _Lanczos(operator, rank, which, seed, tol, _BLOCK)
        lanczos.allocate(lanczos.keep + _BLOCKS_A_RESTART * _BLOCK)
        found = lanczos.run(_MOST_RESTARTS)
    return found


def _arpack(
    operator: Operator, rank: int, which: str, seed: int, tol: float
) -> tuple[FloatArray, FloatArray] | None:
    """Eigenpairs by ARPACK, or None if it gives up (on a matrix of zeros, say)."""
    n = operator.shape[0]
    start = np.random.default_rng(seed).standard_normal(n)

    def product(x: FloatArray) -> FloatArray:
        return operator.matmat(x.reshape(n, 1)).reshape(n).astype(np.float64)

    matrix = LinearOperator((n, n), matvec=product, dtype=np.float64)
    solve: Any = arpack
    tol = tol or (0.0 if operator.dtype.char == "d" else _TOLERANCE["f"])
    try:
        values, vectors = solve(matrix, rank, which=which, v0=start, tol=tol)
    except ArpackError:
        return None
    order = _order(values, which)
    if not np.all(np.isfinite(values)):
        return None
    return values[order], np.ascontiguousarray(vectors[:, order], operator.dtype)


class _Lanczos:
    """One computation: a basis, the operator projected on it, and its restarts."""

    def __init__(
        self,
        operator: Operator,
        rank: int,
        which: str,
        seed: int,
        tol: float,
        block: int,
    ) -> None:
        self.operator, self.rank, self.which, self.block = operator, rank, which, block
        self.tol = tol or _TOLERANCE[operator.dtype.char]
        self.random = np.random.default_rng(seed)
        self.keep = rank + _GUARD
        self.used = 0

    def allocate(self, size: int) -> None:
        """Make room for a basis of about so many vectors, and one more block."""
        n = self.operator.shape[0]
        self.size = min(size, n - self.block)
        self.basis: FloatArray = np.empty(
            (n, self.size + self.block), self.operator.dtype
        )
        self.projected: FloatArray = np.zeros((self.size, self.size), np.float64)

    def run(self, n_restarts: int) -> tuple[FloatArray, FloatArray]:
        """Restart until the wanted pairs have converged, or so many times."""
        block = self._fresh(self.block)
        for restart in range(n_restarts):
            coupling = self._fill(block)
            values, small = small_eigh(self.projected[: self.used, : self.used])
            order = _order(values, self.which)
            values, small = values[order], small[:, order]
            last = small[self.used - self.block :, : self.rank]
            residual = np.linalg.norm(coupling @ last, axis=0)
            done = residual.max() <= self.tol * np.abs(values).max()
            if done or restart == n_restarts - 1:
                break
            block = self._restart(values, small)
        vectors = times(self.basis[:, : self.used], small[:, : self.rank])
        return values[: self.rank], vectors

    def _fill(self, block: FloatArray) -> FloatArray:
        """Extend the basis to its full size; return how the last block couples."""
        coupling: FloatArray = np.zeros((self.block, self.block), np.float64)
        while True:
            start, end = self.used, self.used + self.block
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
        products = gram(product)
        left = np.sqrt(np.diagonal(products))
        nothing = left <= 10 * eps * max(size, np.finfo(np.float64).tiny)
        if np.any(nothing):
            product = product.copy()
            product[:, nothing] = self._fresh(int(nothing.sum()))
        least = np.sqrt(max(small_eigh(products)[0][0], 0.0))
        block = orthonormalize(product)
        if least > _WELL_APART * size:
            return block
        return orthonormalize(self._cleared(block))

    def _fresh(self, width: int) -> FloatArray:
        """Random block orthogonal to the basis."""
        start = self.random.standard_normal((self.operator.shape[0], width))
        block = orthonormalize(start.astype(self.operator.dtype))
        return orthonormalize(self._cleared(self._cleared(block)))

    def _cleared(self, block: FloatArray) -> FloatArray:
        if self.used:
            old = self.basis[:, : self.used]
            subtract(block, old, gram(old, block))
        return block

    def _restart(self, values: FloatArray, small: FloatArray) -> FloatArray:
        """Keep the best Ritz vectors; return the block that goes on."""
        block = np.ascontiguousarray(self.basis[:, self.used : self.used + self.block])
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


__all__ = ["eigsh", "krylov_eigsh"]

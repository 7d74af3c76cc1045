"""Truncated singular value decompositions of operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep.linalg._eigen import eigsh
from graphrep.linalg._operators import FunctionOperator, dense_of
from graphrep.linalg._panels import (
    canonical_signs,
    gram,
    orthonormalize,
    small_svd,
    times,
)
from graphrep.typing import FloatArray

if TYPE_CHECKING:
    from graphrep.linalg._operators import Operator

    SVD = tuple[FloatArray, FloatArray, FloatArray]

_DENSE_BELOW = 512


def randomized_svd(
    operator: Operator,
    rank: int,
    *,
    n_oversamples: int = 16,
    n_iter: int = 3,
    seed: int,
) -> SVD:
    """Approximate leading singular triplets by block power iteration.

    Parameters
    ----------
    operator : SparseOperator or FunctionOperator of shape (m, n)
    rank : int
        Number of triplets; at most min(m, n) come back.
    n_oversamples : int, default=16
        Further vectors in the block.
    n_iter : int, default=3
        Products with the operator and its transpose before the last ones; the block
        is made orthonormal after each.
    seed : int
        Seed of the Gaussian block at the start.

    Returns
    -------
    U : ndarray of shape (m, rank)
    s : ndarray of shape (rank,)
        Descending, float64.
    Vt : ndarray of shape (rank, n)
        Signs as `canonical_signs` sets them by U.

    References
    ----------
    .. [1] Halko, N., Martinsson, P.-G., Tropp, J. A. (2011). Finding structure with
       randomness. SIAM Review 53(2). https://doi.org/10.1137/090771806
    """
    with single_blas_thread():
        return _randomized(operator, rank, n_oversamples, n_iter, seed)


def _randomized(
    operator: Operator, rank: int, n_oversamples: int, n_iter: int, seed: int
) -> SVD:
    least = min(operator.shape)
    width = min(rank + n_oversamples, least)
    if least <= _DENSE_BELOW or 2 * width >= least:
        return _dense_svd(operator, rank)
    start = np.random.default_rng(seed).standard_normal(
        (operator.shape[1], width), np.float32
    )
    basis = orthonormalize(operator.matmat(start.astype(operator.dtype, copy=False)))
    for _ in range(n_iter):
        basis = orthonormalize(operator.rmatmat(basis))
        basis = orthonormalize(operator.matmat(basis))
    return _from_basis(operator, basis, min(rank, least))


def svds(operator: Operator, rank: int, *, seed: int, tol: float = 0.0) -> SVD:
    """Leading singular triplets, converged.

    Parameters
    ----------
    operator : SparseOperator or FunctionOperator of shape (m, n)
    rank : int
        Number of triplets; at most min(m, n) come back.
    seed : int
        Seed of the start.
    tol : float, default=0
        Largest residual of the eigenvectors of the operator times its transpose, in
        units of the largest eigenvalue; 0 for what the type's rounding allows.

    Returns
    -------
    U, s, Vt
        As of `randomized_svd`.
    """
    with single_blas_thread():
        return _converged(operator, rank, seed, tol)


def _converged(operator: Operator, rank: int, seed: int, tol: float) -> SVD:
    n_rows, n_columns = operator.shape
    least = min(n_rows, n_columns)
    if least <= max(_DENSE_BELOW, 4 * rank):
        return _dense_svd(operator, rank)
    tall = n_rows >= n_columns

    def product(X: FloatArray) -> FloatArray:
        if tall:
            return operator.rmatmat(operator.matmat(X))
        return operator.matmat(operator.rmatmat(X))

    square = FunctionOperator((least, least), product, dtype=operator.dtype)
    _, vectors = eigsh(square, rank, which="LA", seed=seed, tol=tol)
    if tall:
        vectors = orthonormalize(operator.matmat(vectors))
    return _from_basis(operator, vectors, rank)


def _from_basis(operator: Operator, basis: FloatArray, rank: int) -> SVD:
    """Singular triplets of the operator's projection on a basis of its rows."""
    other = operator.rmatmat(basis)
    columns = orthonormalize(other)
    u, s, vt = small_svd(gram(other, columns))
    left = times(basis, u[:, :rank])
    right = times(columns, vt[:rank].T)
    return _ordered(left, s[:rank], right)


def _dense_svd(operator: Operator, rank: int) -> SVD:
    u, s, vt = small_svd(dense_of(operator))
    return _ordered(
        np.ascontiguousarray(u[:, :rank], operator.dtype),
        s[:rank],
        np.ascontiguousarray(vt[:rank].T, operator.dtype),
    )


def _ordered(left: FloatArray, s: Any, right: FloatArray) -> SVD:
    canonical_signs(left, right)
    return left, np.asarray(s, np.float64), right.T


__all__ = ["randomized_svd", "svds"]

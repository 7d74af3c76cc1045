"""Products and bases of tall panels, on fixed blocks of rows.

BLAS runs with one thread on blocks whose borders depend on the number of rows only;
the blocks are shared out among as many threads as numba's kernels may use, and
partial results are added in the order of the blocks. So the bits of a result depend
neither on the number of threads nor on how BLAS would have used them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from scipy import linalg

from graphrep._utils._blas import single_blas_thread
from graphrep.typing import AnyArray, FloatArray

_ROWS = 2048
_MOST_BLOCKS = 256
_TIE = 1e-6
_CLOSE = 0.1
"""How far from orthonormal the second Cholesky QR may find a basis."""

T = TypeVar("T")


def over_rows(n_rows: int, work: Callable[[slice], T]) -> Iterator[T]:
    """Call ``work`` on every block of rows; yield the results in the blocks' order."""
    size = max(_ROWS, -(-n_rows // _MOST_BLOCKS))
    blocks = [slice(a, min(a + size, n_rows)) for a in range(0, n_rows, size)]
    n_threads = min(_n_threads(), len(blocks))
    with single_blas_thread():
        if n_threads <= 1:
            yield from map(work, blocks)
            return
        with ThreadPoolExecutor(n_threads) as pool:
            yield from pool.map(work, blocks)


def gram(X: AnyArray, Y: AnyArray | None = None) -> FloatArray:
    """Product ``X.T @ Y`` of two tall panels.

    Parameters
    ----------
    X : ndarray of shape (n, k)
    Y : ndarray of shape (n, l) or None, default=None
        None for X itself; the result is then exactly symmetric.

    Returns
    -------
    ndarray of shape (k, l)
        Partial products in the panels' type, their sum in float64.
    """
    right = X if Y is None else Y
    total: FloatArray = np.zeros((X.shape[1], right.shape[1]))
    for part in over_rows(len(X), lambda rows: X[rows].T @ right[rows]):
        total += part
    if Y is None:
        total = (total + total.T) / 2
    return total


def times(X: AnyArray, W: AnyArray) -> FloatArray:
    """Product of a tall panel with a small matrix.

    Parameters
    ----------
    X : ndarray of shape (n, k)
    W : ndarray of shape (k, l)

    Returns
    -------
    ndarray of shape (n, l)
        In the type of X.
    """
    small = np.ascontiguousarray(W, X.dtype)
    out: FloatArray = np.empty((len(X), small.shape[1]), X.dtype)

    def work(rows: slice) -> None:
        np.matmul(X[rows], small, out=out[rows])

    for _ in over_rows(len(X), work):
        pass
    return out


def subtract(X: FloatArray, V: AnyArray, W: AnyArray) -> None:
    """Subtract ``V @ W`` from a tall panel X in place."""
    small = np.ascontiguousarray(W, X.dtype)

    def work(rows: slice) -> None:
        X[rows] -= V[rows] @ small

    for _ in over_rows(len(X), work):
        pass


def orthonormalize(X: AnyArray) -> FloatArray:
    """Orthonormal basis of the span of a panel's columns.

    Parameters
    ----------
    X : ndarray of shape (n, k)

    Returns
    -------
    ndarray of shape (n, min(n, k))
        In the type of X. If the columns are dependent, further directions fill up.

    Notes
    -----
    Cholesky QR, twice, on columns brought to unit length: two products of the panel
    with itself and two with a triangle. Where the columns are so nearly dependent
    that this loses orthogonality, Householder QR in float64 takes over.
    """
    with single_blas_thread():
        return _orthonormal(X)


def _orthonormal(X: AnyArray) -> FloatArray:
    if X.shape[0] > X.shape[1] > 0:
        norms = np.sqrt(np.diagonal(gram(X)))
        if np.all(norms > 0):
            first = _cholesky_step(X, None)
            basis = None if first is None else _cholesky_step(first, _CLOSE)
            if basis is not None:
                return basis
    basis, _ = linalg.qr(np.asarray(X, np.float64), mode="economic")
    return np.ascontiguousarray(basis, X.dtype)


def canonical_signs(U: FloatArray, V: FloatArray | None = None) -> None:
    """Flip columns in place so that the largest entry of each column is positive.

    Parameters
    ----------
    U : ndarray of shape (n, k)
        The entry of largest magnitude decides, the first one among those that are
        as large up to a relative 1e-6.
    V : ndarray of shape (m, k) or None, default=None
        Its columns are flipped along with those of U.
    """
    if not U.size:
        return
    size = np.abs(U)
    first = np.argmax(size >= size.max(axis=0) * (1 - _TIE), axis=0)
    flip = U[first, np.arange(U.shape[1])] < 0
    U[:, flip] *= -1
    if V is not None:
        V[:, flip] *= -1


def _cholesky_step(X: FloatArray, most_off: float | None) -> FloatArray | None:
    """One Cholesky QR; None where the Gram matrix is too far from what it must be."""
    products = gram(X)
    if most_off is not None:
        off = np.abs(products - np.eye(len(products))).max()
        if not off < most_off:
            return None
    scale = 1 / np.sqrt(np.diagonal(products))
    try:
        upper = linalg.cholesky(products * np.outer(scale, scale))
        inverse = linalg.solve_triangular(upper, np.eye(len(upper)))
    except linalg.LinAlgError:
        return None
    return times(X, scale[:, None] * inverse)


def _n_threads() -> int:
    import numba

    count: int = numba.get_num_threads()
    return count


def small_svd(matrix: AnyArray) -> tuple[Any, Any, Any]:
    """Singular value decomposition of a small matrix with one BLAS thread."""
    with single_blas_thread():
        try:
            u, s, vt = linalg.svd(matrix, full_matrices=False)
        except linalg.LinAlgError:  # the quicker driver can fail to converge
            u, s, vt = linalg.svd(matrix, full_matrices=False, lapack_driver="gesvd")
    return u, s, vt


def small_eigh(matrix: AnyArray) -> tuple[Any, Any]:
    """Eigenvalues, ascending, and vectors of a small symmetric matrix."""
    with single_blas_thread():
        values, vectors = linalg.eigh(matrix)
    return values, vectors


__all__ = [
    "canonical_signs",
    "gram",
    "orthonormalize",
    "over_rows",
    "small_eigh",
    "small_svd",
    "subtract",
    "times",
]

"""Operators: matrices that are only multiplied with panels of vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from graphrep.graph import CSR
from graphrep.kernels._gather import LANES
from graphrep.kernels._propagation import equal_work_cuts
from graphrep.kernels._spmm import (
    multiply_panel,
    multiply_vector,
    multiply_vector_parallel,
)
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import TypeAlias

    Operator: TypeAlias = "SparseOperator | FunctionOperator"
    Product: TypeAlias = Callable[[FloatArray], FloatArray]

_N_TASKS = 256
_ENTRIES_OF_A_ROW = 4
"""A row costs about as much as this many entries, besides its own."""

_WORTH_THREADS = 2**21
"""Entries from which threads pay off in a product with one vector."""

_NO_WEIGHTS = np.empty(0, np.int8)
_NO_SCALE = np.empty(0, np.float32)


class SparseOperator:
    """Sparse matrix that multiplies panels of vectors with the library's own kernel.

    Parameters
    ----------
    matrix : CSR or scipy sparse matrix
        The matrix. Values that are all one take no memory.
    n_columns : int or None, default=None
        Columns of a `CSR`; None for a square one.
    symmetric : bool, default=False
        Promise that the transpose is the same matrix, so that it is not built.
    dtype : dtype, default=float64
        float32 or float64: type of the products.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype

    Notes
    -----
    A product takes O(entries · columns) time; each row is summed in the order of its
    entries, on any number of threads.
    """

    def __init__(
        self,
        matrix: Any,
        *,
        n_columns: int | None = None,
        symmetric: bool = False,
        dtype: Any = np.float64,
    ) -> None:
        self.dtype = np.dtype(dtype)
        self.symmetric = symmetric
        self._arrays, self.shape = _arrays_of(matrix, n_columns, self.dtype)
        self._flipped: _Rows | None = None

    def matmat(self, X: AnyArray) -> FloatArray:
        """Product with a panel (n_columns, k), or with a vector (n_columns,)."""
        return self._arrays.product(X, self.dtype)

    def rmatmat(self, X: AnyArray) -> FloatArray:
        """Product of the transpose with a panel (n_rows, k), or with a vector."""
        if self.symmetric:
            return self.matmat(X)
        if self._flipped is None:
            self._flipped = self._arrays.transposed(self.shape)
        return self._flipped.product(X, self.dtype)


class FunctionOperator:
    """Operator that is given by functions: series, products, centred matrices.

    Parameters
    ----------
    shape : tuple of int
    matmat : callable
        Takes a panel (n_columns, k), returns (n_rows, k).
    rmatmat : callable or None, default=None
        The same for the transpose; None for a symmetric operator.
    dtype : dtype, default=float64
        Type of the products.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    symmetric : bool
        Whether no function was given for the transpose.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        matmat: Product,
        rmatmat: Product | None = None,
        dtype: Any = np.float64,
    ) -> None:
        self.shape = (int(shape[0]), int(shape[1]))
        self.dtype = np.dtype(dtype)
        self.symmetric = rmatmat is None
        self._matmat = matmat
        self._rmatmat = matmat if rmatmat is None else rmatmat

    def matmat(self, X: AnyArray) -> FloatArray:
        """Product with a panel (n_columns, k)."""
        return np.asarray(self._matmat(np.asarray(X, self.dtype)), self.dtype)

    def rmatmat(self, X: AnyArray) -> FloatArray:
        """Product of the transpose with a panel (n_rows, k)."""
        return np.asarray(self._rmatmat(np.asarray(X, self.dtype)), self.dtype)


def scaled(
    matrix: Any, left: AnyArray | None = None, right: AnyArray | None = None
) -> sparse.csr_array:
    """Scale rows and columns: ``diag(left) @ matrix @ diag(right)``.

    Parameters
    ----------
    matrix : CSR or scipy sparse matrix
        A `CSR` is taken as square unless ``right`` is given.
    left, right : ndarray or None, default=None
        Factors of the rows and of the columns; None for ones.

    Returns
    -------
    scipy.sparse.csr_array
        A new matrix, float64 unless the values are float32 and the factors too.
    """
    if isinstance(matrix, CSR):
        n_rows = len(matrix.indptr) - 1
        shape = (n_rows, n_rows if right is None else len(right))
        indptr, indices = matrix.indptr, matrix.indices
        data: Any = matrix.weights
    else:
        rows = sparse.csr_array(matrix)
        shape, indptr, indices, data = rows.shape, rows.indptr, rows.indices, rows.data
    factors = [f for f in (data, left, right) if f is not None]
    dtype = np.result_type(*factors, np.float32) if factors else np.dtype(np.float64)
    values = np.ones(len(indices), dtype) if data is None else data.astype(dtype)
    if left is not None:
        values *= np.repeat(np.asarray(left, dtype), np.diff(indptr))
    if right is not None:
        values *= np.asarray(right, dtype)[indices]
    return sparse.csr_array((values, indices, indptr), shape=shape)


def dense_of(operator: Operator) -> FloatArray:
    """All entries of an operator as a float64 matrix."""
    n_rows, n_columns = operator.shape
    if n_rows < n_columns:
        out = operator.rmatmat(np.eye(n_rows, dtype=operator.dtype)).T
    else:
        out = operator.matmat(np.eye(n_columns, dtype=operator.dtype))
    return np.ascontiguousarray(out, np.float64)


class _Rows:
    """CSR arrays in the types that the kernels are compiled for."""

    def __init__(self, indptr: IntArray, indices: IntArray, weights: AnyArray) -> None:
        self.indptr = np.ascontiguousarray(indptr, np.int64)
        self.indices = np.ascontiguousarray(indices)
        self.weights = weights
        self.cuts = np.empty(_N_TASKS + 1, np.int64)
        equal_work_cuts(self.indptr, _ENTRIES_OF_A_ROW, _N_TASKS, self.cuts)

    def product(self, X: AnyArray, dtype: np.dtype[Any]) -> FloatArray:
        n_rows = len(self.indptr) - 1
        if X.ndim == 1:
            x = np.ascontiguousarray(X, dtype)
            out: FloatArray = np.empty(n_rows, dtype)
            given = self.indptr, self.indices, self.weights, x
            if len(self.indices) < _WORTH_THREADS:
                multiply_vector(*given, 0, n_rows, out)
            else:
                multiply_vector_parallel(*given, self.cuts, out)
            return out
        width = X.shape[1]
        if width == 1:
            return self.product(X[:, 0], dtype).reshape(n_rows, 1)
        panel = _padded(X, -(-width // LANES) * LANES, dtype)
        out = np.empty((n_rows, panel.shape[1]), dtype)
        multiply_panel(
            self.indptr, self.indices, self.weights, panel, _NO_SCALE, self.cuts, out
        )
        return out if panel.shape[1] == width else np.ascontiguousarray(out[:, :width])

    def transposed(self, shape: tuple[int, int]) -> _Rows:
        weighted = len(self.weights) == len(self.indices)
        data = self.weights if weighted else np.ones(len(self.indices), np.int8)
        flipped = sparse.csr_array(
            (data, self.indices, self.indptr), shape=shape
        ).T.tocsr()
        weights = flipped.data if weighted else _NO_WEIGHTS
        return _Rows(flipped.indptr, flipped.indices, weights)


def _padded(X: AnyArray, width: int, dtype: np.dtype[Any]) -> FloatArray:
    if X.shape[1] == width:
        return np.ascontiguousarray(X, dtype)
    panel: FloatArray = np.zeros((len(X), width), dtype)
    panel[:, : X.shape[1]] = X
    return panel


def _arrays_of(
    matrix: Any, n_columns: int | None, dtype: np.dtype[Any]
) -> tuple[_Rows, tuple[int, int]]:
    if isinstance(matrix, CSR):
        n_rows = len(matrix.indptr) - 1
        shape = (n_rows, n_rows if n_columns is None else n_columns)
        data = matrix.weights
        indptr, indices = matrix.indptr, matrix.indices
    else:
        rows = sparse.csr_array(matrix)
        shape = (int(rows.shape[0]), int(rows.shape[1]))
        indptr, indices, data = rows.indptr, rows.indices, rows.data
    if data is None or (len(data) and np.all(data == 1)):
        weights: AnyArray = _NO_WEIGHTS
    else:
        weights = np.ascontiguousarray(data, dtype)
    return _Rows(indptr, indices, weights), shape


__all__ = ["FunctionOperator", "SparseOperator", "dense_of", "scaled"]

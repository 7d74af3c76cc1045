"""Matrices of positive logarithms, built from panels and kept as small as they are.

`log_matrix` asks for some rows first: where few entries stay positive the matrix is
kept sparse, else dense in one piece. What it would take is compared with the memory
that is free before anything large is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy import sparse

from graphrep._utils._memory import available_memory, human_bytes
from graphrep.exceptions import MemoryLimitError
from graphrep.kernels._log_matrix import compress_rows, positive_logs
from graphrep.linalg import FunctionOperator, SparseOperator, gram, times
from graphrep.typing import AnyArray, FloatArray, IntArray

WIDTH = 128
"""Rows that are made at a time."""

_DENSE_FROM = 0.25
_SAMPLE = 64
_SPARE = 1.1
_GROWTH = 1.25

Operator: TypeAlias = "SparseOperator | FunctionOperator"


class Ratios(NamedTuple):
    """Rows of a matrix of ratios: ``panel[i, c] * left[i] * right[c]`` at (c, i)."""

    panel: AnyArray
    left: FloatArray
    right: FloatArray


Producer: TypeAlias = Callable[[IntArray], list[Ratios]]


def panels(n_nodes: int) -> list[IntArray]:
    """Rows of each panel, in order."""
    return [
        np.arange(first, min(first + WIDTH, n_nodes))
        for first in range(0, n_nodes, WIDTH)
    ]


def log_matrices(
    produce: Producer, n_nodes: int, dtype: np.dtype[Any], advice: str,
    steps: Iterator[int], *, symmetric: bool,
) -> list[Operator]:  # fmt: skip
    """Positive logarithms of all rows, as operators: one for each kind of ratio.

    Parameters
    ----------
    produce : callable
        Takes row numbers; returns the ratios of these rows, of each kind.
    n_nodes : int
    dtype : dtype
        Type of the logarithms.
    advice : str
        What to do instead where memory does not suffice.
    steps : iterator
        Advanced for each panel.
    symmetric : bool
        Whether the matrices are symmetric.

    Raises
    ------
    MemoryLimitError
        Where the matrices would not fit, before they are made.
    """
    rows: IntArray = np.unique(np.linspace(0, n_nodes - 1, _SAMPLE).astype(np.int64))
    scratch = np.empty((WIDTH, n_nodes), dtype)
    shares = [_logs(r, scratch)[1].mean() / n_nodes for r in produce(rows)]
    stores = [_store_for(share, n_nodes, dtype) for share in shares]
    _require(sum(store.wanted for store in stores), n_nodes, advice)
    for rows in panels(n_nodes):
        next(steps, None)
        for store, ratios in zip(stores, produce(rows), strict=True):
            store.add(rows, ratios, scratch)
    return [store.operator(symmetric=symmetric) for store in stores]


def _logs(ratios: Ratios, out: FloatArray) -> tuple[FloatArray, IntArray]:
    width = ratios.panel.shape[1]
    counts = np.empty(width, np.int64)
    positive_logs(ratios.panel, ratios.left, ratios.right, out[:width], counts)
    return out[:width], counts


class _DenseStore:
    """All entries in one array."""

    def __init__(self, n_nodes: int, dtype: np.dtype[Any]) -> None:
        self.wanted = n_nodes * n_nodes * dtype.itemsize
        self.shape, self.dtype = (n_nodes, n_nodes), dtype
        self.table: FloatArray | None = None

    def add(self, rows: IntArray, ratios: Ratios, scratch: FloatArray) -> None:
        if self.table is None:
            self.table = np.empty(self.shape, self.dtype)
        _logs(ratios, self.table[rows[0] : rows[-1] + 1])

    def operator(self, *, symmetric: bool) -> Operator:
        table = self.table
        assert table is not None
        return FunctionOperator(
            self.shape, lambda X: times(table, X),
            None if symmetric else lambda X: gram(table, X), dtype=self.dtype,
        )  # fmt: skip


class _SparseStore:
    """Positive entries in compressed rows, in arrays that grow as needed."""

    def __init__(self, n_nodes: int, dtype: np.dtype[Any], share: float) -> None:
        self.n_nodes, self.dtype = n_nodes, dtype
        size = int(_SPARE * share * n_nodes * n_nodes) + n_nodes
        self.wanted = size * (dtype.itemsize + np.dtype(np.int32).itemsize)
        self.size = size
        self.indptr: IntArray = np.zeros(n_nodes + 1, np.int64)
        self.indices: IntArray = np.empty(0, np.int32)
        self.data: FloatArray = np.empty(0, dtype)

    def add(self, rows: IntArray, ratios: Ratios, scratch: FloatArray) -> None:
        block, counts = _logs(ratios, scratch)
        first, end = int(rows[0]), int(rows[-1]) + 1
        start = self.indptr[first]
        self.indptr[first + 1 : end + 1] = start + np.cumsum(counts)
        stop = int(self.indptr[end])
        if stop > len(self.indices):
            self._resize(
                max(self.size, stop if end == self.n_nodes else int(stop * _GROWTH))
            )
        compress_rows(block, self.indptr[first:], self.indices, self.data)

    def _resize(self, size: int) -> None:
        """Grow in place; pages that were never touched cost nothing."""
        self.indices.resize(size, refcheck=False)
        self.data.resize(size, refcheck=False)

    def operator(self, *, symmetric: bool) -> Operator:
        self._resize(int(self.indptr[-1]))
        arrays = (self.data, self.indices, self.indptr)
        matrix = sparse.csr_array(arrays, shape=(self.n_nodes, self.n_nodes))
        return SparseOperator(matrix, symmetric=symmetric, dtype=self.dtype)


def _store_for(
    share: float, n_nodes: int, dtype: np.dtype[Any]
) -> _DenseStore | _SparseStore:
    if share > _DENSE_FROM:
        return _DenseStore(n_nodes, dtype)
    return _SparseStore(n_nodes, dtype, share)


def _require(wanted: int, n_nodes: int, advice: str) -> None:
    free = available_memory()
    if free is not None and wanted > free:
        raise MemoryLimitError(
            f"The logarithms of {n_nodes:,} x {n_nodes:,} pairs of nodes would take "
            f"{human_bytes(wanted)} but {human_bytes(free)} are free. {advice}"
        )


__all__ = ["Ratios", "log_matrices", "panels"]

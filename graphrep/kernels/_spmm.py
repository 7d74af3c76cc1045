"""Sparse matrix times a panel of vectors: the gather of propagation, and no more.

Each row of the product is summed in the order of the row's entries, so the result
depends neither on the blocks of rows nor on the number of threads.
"""

import numpy as np
from numba import types
from numba.extending import overload

from graphrep.kernels._gather import gather_row
from graphrep.kernels._jit import njit, prange


@njit(parallel=True)
def multiply_panel(indptr, indices, weights, x, scale, cuts, out):
    """Write ``A @ x`` to ``out``; both have a multiple of ``LANES`` columns.

    ``weights`` of an integer type stand for ones; ``scale`` is not read. Rows
    ``cuts[b] <= i < cuts[b + 1]`` are one task.
    """
    for b in prange(cuts.shape[0] - 1):
        for i in range(cuts[b], cuts[b + 1]):
            gather_row(x, scale, indices, weights, indptr[i], indptr[i + 1], out[i])


@njit
def multiply_vector(indptr, indices, weights, x, first, end, out):
    """Write rows ``first`` to ``end`` of ``A @ x`` for one vector ``x`` to ``out``."""
    for i in range(first, end):
        total = out.dtype.type(0)
        for e in range(indptr[i], indptr[i + 1]):
            total += _entry(weights, e, x[np.int64(indices[e])])
        out[i] = total


@njit(parallel=True)
def multiply_vector_parallel(indptr, indices, weights, x, cuts, out):
    """Write ``A @ x`` for one vector, rows ``cuts[b]`` to ``cuts[b + 1]`` a task."""
    for b in prange(cuts.shape[0] - 1):
        multiply_vector(indptr, indices, weights, x, cuts[b], cuts[b + 1], out)


def _entry(weights, e, value):
    raise NotImplementedError  # pragma: no cover - replaced in compiled code


@overload(_entry, inline="always")
def _entry_in(weights, e, value):
    if isinstance(weights.dtype, types.Float):
        return lambda weights, e, value: weights[e] * value
    return lambda weights, e, value: value

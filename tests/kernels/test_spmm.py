"""Products of sparse matrices with panels and vectors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep.kernels._spmm import (
    multiply_panel,
    multiply_vector,
    multiply_vector_parallel,
)


def _matrix(index_dtype=np.int32):
    matrix = sparse.random_array((50, 40), density=0.1, format="csr", random_state=0)
    return matrix.indptr.astype(np.int64), matrix.indices.astype(index_dtype), matrix


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("weighted", [True, False])
def test_multiply_panel_when_weighted_or_not_then_equals_scipy(dtype, weighted):
    indptr, indices, matrix = _matrix()
    weights = matrix.data.astype(dtype) if weighted else np.empty(0, np.int8)
    if not weighted:
        matrix = (matrix != 0).astype(float)
    x = np.random.default_rng(1).standard_normal((40, 48)).astype(dtype)
    out = np.full((50, 48), np.nan, dtype)
    cuts = np.array([0, 7, 7, 50])
    multiply_panel(indptr, indices, weights, x, np.empty(0, np.float32), cuts, out)
    np.testing.assert_allclose(out, matrix @ x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
def test_multiply_vector_when_parallel_or_not_then_same_bits_as_each_other(index_dtype):
    indptr, indices, matrix = _matrix(index_dtype)
    x = np.random.default_rng(1).standard_normal(40)
    one, many = np.empty(50), np.empty(50)
    multiply_vector(indptr, indices, matrix.data, x, 0, 50, one)
    cuts = np.array([0, 3, 50])
    multiply_vector_parallel(indptr, indices, matrix.data, x, cuts, many)
    assert one.tobytes() == many.tobytes()
    np.testing.assert_allclose(one, matrix @ x, atol=1e-12)

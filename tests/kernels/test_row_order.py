"""Neighbours in the order of a permutation, as a copy in memory has them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep.graph._csr import CSR, reorder_neighbours
from graphrep.kernels._row_order import order_rows


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("cuts", [[0, 50], [0, 1, 1, 20, 50]])
def test_rows_when_ordered_in_place_then_those_of_the_copy(weighted, cuts):
    rng = np.random.default_rng(0)
    a = sparse.random_array((50, 50), density=0.3, format="csr", rng=rng)
    order = rng.permutation(50)
    place = np.empty(50, np.int64)
    place[order] = np.arange(50)
    indptr, indices = a.indptr.astype("i8"), a.indices.astype("i4")
    csr = CSR(indptr, indices, a.data if weighted else None)
    wanted = reorder_neighbours(csr, order)
    columns, weights = indices.copy(), csr.data.copy()
    order_rows(indptr, columns, weights, weighted, place, np.array(cuts))
    assert np.array_equal(columns, wanted.indices)
    assert np.array_equal(weights, wanted.data)

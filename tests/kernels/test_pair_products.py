"""Products whose entries do not depend on where they stand."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels import _pair_products as kernels

MULTIPLY = {np.float32: kernels.products, np.float64: kernels.products_double}


def _product(x, y, dtype):
    out = np.full((len(x), len(y)), np.nan, dtype)
    queries = kernels.pack(x.astype(dtype), kernels.QUERIES)
    base = kernels.pack(y.astype(dtype), kernels.BASE)
    MULTIPLY[dtype](queries, base, len(x), out)
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("m", "n", "d"), [(1, 1, 1), (7, 33, 3), (72, 500, 100)])
def test_products_when_of_any_shape_then_as_numpy(m, n, d, dtype):
    rng = np.random.default_rng(d)
    x, y = rng.standard_normal((m, d)), rng.standard_normal((n, d))
    assert _product(x, y, dtype) == pytest.approx(x @ y.T, abs=3e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_when_rows_repeat_then_their_entries_are_equal(dtype):
    rng = np.random.default_rng(1)
    few = rng.standard_normal((5, 77))
    which = rng.integers(0, 5, 300)
    scores = _product(few[which][:80], few[which], dtype)
    for a in range(5):
        for b in range(5):
            block = scores[which[:80] == a][:, which == b]
            assert (block == block[0, 0]).all()


def test_rows_when_packed_and_unpacked_then_the_same():
    x = np.random.default_rng(2).standard_normal((70, 9)).astype(np.float32)
    rows = np.array([69, 0, 33])
    out = np.empty((3, 9), np.float32)
    kernels.unpack(kernels.pack(x, kernels.BASE), rows, out)
    assert (out == x[rows]).all()

"""Sums of gathered rows are the sums that numpy gives, for every stored type."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels._gather import LANES, gather_row, sum_squares
from graphrep.kernels._jit import njit

_NO_WEIGHTS = np.empty(0, np.int8)


@njit
def _gather(x, scale, indices, weights, start, end, out):
    gather_row(x, scale, indices, weights, start, end, out)


@njit
def _squares(x):
    return sum_squares(x)


def _stored(kind, n, width):
    """(array as stored, factors of its rows, the numbers it stands for)."""
    rng = np.random.default_rng(0)
    if kind == "int8":
        codes = rng.integers(-127, 128, (n, width)).astype(np.int8)
        scale = rng.random(n).astype(np.float32)
        return codes, scale, codes * scale[:, None].astype(float)
    x = rng.standard_normal((n, width)).astype(
        np.float32 if kind != "float64" else np.float64
    )
    if kind == "bfloat16":
        bits = (x.view(np.uint32) >> 16).astype(np.uint16)
        return (
            bits,
            np.empty(0, np.float32),
            ((bits.astype(np.uint32) << 16).view(np.float32).astype(float)),
        )
    return x, np.empty(0, np.float32), x.astype(float)


@pytest.mark.parametrize("kind", ["float32", "float64", "bfloat16", "int8"])
@pytest.mark.parametrize("weighted", [True, False])
def test_gather_row_when_any_width_then_the_weighted_sum_of_rows(kind, weighted):
    work = np.float64 if kind == "float64" else np.float32
    rng = np.random.default_rng(1)
    indices = rng.integers(0, 30, 50).astype(np.int32)
    weights = rng.random(50).astype(work) if weighted else _NO_WEIGHTS
    for width in range(LANES, 20 * LANES, LANES):  # every mixture of tiles
        x, scale, plain = _stored(kind, 30, width)
        for start, end in [(0, 50), (3, 4), (7, 7), (45, 50)]:
            out = np.full(width, np.nan, work)
            _gather(x, scale, indices, weights, start, end, out)
            factor = (
                weights[start:end].astype(float) if weighted else np.ones(end - start)
            )
            wanted = factor @ plain[indices[start:end]]
            atol = 1e-12 if work == np.float64 else 2e-3 if kind == "int8" else 2e-5
            np.testing.assert_allclose(out, wanted, atol=atol)


def test_gather_row_when_wider_then_shared_columns_keep_their_bits():
    """A column's sum does not depend on the tile that it is computed in."""
    indices = np.random.default_rng(1).integers(0, 30, 50).astype(np.int32)
    weights = np.random.default_rng(2).random(50).astype(np.float32)
    x, scale, _ = _stored("float32", 30, 20 * LANES)
    whole = np.empty(20 * LANES, np.float32)
    _gather(x, scale, indices, weights, 0, 50, whole)
    for width in range(LANES, 20 * LANES, LANES):
        part = np.ascontiguousarray(x[:, :width])
        out = np.empty(width, np.float32)
        _gather(part, scale, indices, weights, 0, 50, out)
        assert out.tobytes() == whole[:width].tobytes()


def test_gather_row_when_no_edges_at_all_then_zero():
    x, scale, _ = _stored("float32", 30, LANES)
    out = np.full(LANES, np.nan, np.float32)
    _gather(x, scale, np.empty(0, np.int32), np.empty(0, np.float32), 0, 0, out)
    assert not out.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sum_squares_when_any_width_then_as_numpy_in_float64(dtype):
    for width in range(LANES, 20 * LANES, LANES):
        x = np.random.default_rng(width).standard_normal(width).astype(dtype)
        np.testing.assert_allclose(
            _squares(x), (x.astype(float) ** 2).sum(), rtol=1e-13
        )
    huge = np.full(LANES, 1e30, np.float32)
    np.testing.assert_allclose(_squares(huge), LANES * 1e60, rtol=1e-6)

"""Scores of pairs: side by side or alone, near or far from 1, the same bits."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels import _aligned, _pair_scores


@pytest.mark.parametrize("metric", [0, 1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_score_rows_when_side_by_side_then_the_bits_of_pairs(dtype, metric):
    draw = np.random.default_rng(metric)
    base = draw.standard_normal((50, 37)).astype(dtype)
    queries = _pair_scores.near_one(draw.standard_normal((5, 37)))
    q = np.repeat(np.arange(5), [1, 8, 9, 0, 21])
    rows = draw.integers(0, 50, len(q))
    found, expected = np.empty(len(q)), np.empty(len(q))
    _pair_scores.score_rows(queries, base, metric, q, rows, found)
    pairs = queries[q], base[rows].astype(np.float64)
    _pair_scores.score_pairs(*pairs, metric, expected)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("factor", [1e-310, 1e-170, 1.0, 1e170, 1e300])
def test_cosine_when_numbers_are_huge_or_tiny_then_that_of_one(factor):
    draw = np.random.default_rng(0)
    x, base = draw.standard_normal((1, 20)), draw.standard_normal((8, 20))
    cosines = (base @ x[0]) / np.linalg.norm(base, axis=1) / np.linalg.norm(x)
    found = np.empty(8)
    queries = _pair_scores.near_one(x * factor)
    q, rows = np.zeros(8, np.int64), np.arange(8)
    _pair_scores.score_rows(queries, base * factor, 0, q, rows, found)
    np.testing.assert_allclose(found, cosines, rtol=1e-12 if factor > 1e-300 else 1e-2)


@pytest.mark.parametrize("top", [0.0, 5e-324, 0.5, 1.0, 3.0, 1.7e308])
def test_unit_of_when_any_size_then_a_power_of_two_that_brings_it_near_one(top):
    unit = _pair_scores.unit_of(top)
    assert np.frexp(unit)[0] == 0.5
    if top > 1e-300:
        assert 0.5 <= top * unit < 1
    rows = np.array([[top, -top / 2]])
    np.testing.assert_array_equal(_pair_scores.near_one(rows), rows * unit)


@pytest.mark.parametrize("shape", [0, 7, (3, 5), (2, 3, 4)])
def test_aligned_zeros_when_made_then_they_begin_with_a_line(shape):
    for dtype in (np.uint8, np.float32, np.uint32):
        out = _aligned.zeros(shape, dtype)
        assert out.ctypes.data % _aligned.LINE == 0 or not out.size
        assert out.shape == np.zeros(shape).shape
        assert out.dtype == dtype
        assert not out.any()

"""Gram matrices, bases and signs of tall panels."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep._utils._parallel import numba_threads
from graphrep.linalg import canonical_signs, gram, orthonormalize, times

RANDOM = np.random.default_rng(0)


def _panel(n, k, dtype=np.float64):
    return np.random.default_rng(n + k).standard_normal((n, k)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 5, 5000])
def test_gram_and_times_when_any_size_then_equal_numpy(n, dtype):
    x, y = _panel(n, 4, dtype), _panel(n, 3, dtype)
    tolerance = {"rtol": 1e-4, "atol": 1e-3 if dtype == np.float32 else 1e-9}
    np.testing.assert_allclose(gram(x, y), x.T @ y, **tolerance)
    np.testing.assert_array_equal(gram(x), gram(x).T)
    small = RANDOM.standard_normal((4, 2))
    assert times(x, small).dtype == dtype
    np.testing.assert_allclose(times(x, small), x @ small.astype(dtype), **tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_when_one_or_two_threads_then_same_bits(dtype):
    x = _panel(9000, 40, dtype)
    found = []
    for n_jobs in (1, 2):
        with numba_threads(n_jobs):
            results = gram(x), times(x, x[:40]), orthonormalize(x)
            found.append([r.tobytes() for r in results])
    assert found[0] == found[1]


def _nearly_dependent():
    x = _panel(3000, 6)
    x[:, 3] = x[:, 0] + 1e-12 * x[:, 3]
    return x


@pytest.mark.parametrize(
    "panel",
    [
        _panel(3000, 20),
        _panel(3000, 20, np.float32),
        _panel(3000, 6) * 10.0 ** np.arange(-30, 30, 10),
        _nearly_dependent(),
        np.ones((3000, 5)),
        np.zeros((3000, 3)),
        _panel(7, 7),
        _panel(3, 7),
        np.zeros((3, 0)),
    ],
)
def test_orthonormalize_when_well_or_badly_posed_then_orthonormal_same_span(panel):
    basis = orthonormalize(panel)
    assert basis.dtype == panel.dtype
    assert basis.shape == (len(panel), min(panel.shape))
    eps = np.finfo(panel.dtype).eps
    assert np.abs(basis.T @ basis - np.eye(basis.shape[1])).max(initial=0) < 200 * eps
    norms = np.linalg.norm(panel, axis=0)
    unit = panel / np.where(norms > 0, norms, 1)
    assert np.abs(unit - basis @ (basis.T @ unit)).max(initial=0) < 1000 * eps


def test_canonical_signs_when_largest_is_negative_then_both_sides_flip():
    u = np.array([[0.6, -0.8, 0.0], [-0.8, 0.8 - 1e-9, 0.0]])
    v = np.ones((3, 3))
    canonical_signs(u, v)
    np.testing.assert_allclose(u[:, 0], [-0.6, 0.8])
    assert u[0, 1] > 0  # first of two that are as large
    np.testing.assert_array_equal(v, [[-1.0, -1.0, 1.0]] * 3)

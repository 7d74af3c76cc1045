"""Cosines under weights and their derivatives, against dense formulas."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from graphrep.kernels import _weighted_cosines as kernels


def _rows(seed, n=6, d=12):
    rng = np.random.default_rng(seed)
    dense = rng.random((n, d)) * (rng.random((n, d)) < 0.5)
    dense[0] = 0
    X = sparse.csr_array(dense.astype(np.float32))
    return (X.indptr.astype(np.int64), X.indices.astype(np.int32), X.data), X.toarray()


def _cosines(X, Y, x, y, logs):
    w = np.exp(logs)
    xy = (w * X[x] * Y[y]).sum(axis=1)
    xx, yy = (w * X[x] ** 2).sum(axis=1), (w * Y[y] ** 2).sum(axis=1)
    length = np.sqrt(xx * yy)
    return np.where(length > 0, xy / np.where(length > 0, length, 1), 0.0)


def test_cosines_and_slopes_when_compared_with_differences_then_equal():
    (a, X), (b, Y) = _rows(0), _rows(1)
    X, Y = X.astype(float), Y.astype(float)
    rng = np.random.default_rng(2)
    x, y = rng.integers(6, size=30), rng.integers(6, size=30)
    logs, slopes = rng.normal(size=12), rng.normal(size=30)
    out = np.empty((30, 3))
    kernels.weighted_cosines(*a, *b, x, y, np.exp(logs), out)
    np.testing.assert_allclose(out[:, 0], _cosines(X, Y, x, y, logs), atol=1e-12)
    found = np.zeros(12)
    kernels.add_cosine_slopes(*a, *b, x, y, np.exp(logs), out, slopes, found)
    for t in range(12):
        step = np.zeros(12)
        step[t] = 1e-5
        high, low = (_cosines(X, Y, x, y, logs + s) @ slopes for s in (step, -step))
        np.testing.assert_allclose(found[t], (high - low) / 2e-5, atol=1e-7)


def test_view_cosines_when_summed_then_products_of_the_parts():
    (a, X), (b, Y) = _rows(3), _rows(4)
    view_of = np.repeat(np.arange(3), [5, 4, 3])
    x, y = np.repeat(np.arange(6), 6), np.tile(np.arange(6), 6)
    out = np.full((36, 3), 9, np.float32)
    kernels.view_cosines(0, 36, *a, *b, x, y, view_of, out)
    for v in range(3):
        part = view_of == v
        expected = (X[x][:, part] * Y[y][:, part]).sum(axis=1)
        np.testing.assert_allclose(out[:, v], expected, rtol=1e-5)

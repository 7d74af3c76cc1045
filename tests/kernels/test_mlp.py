"""Tiles of the network against numpy; its loops against formulas."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels import _mlp as kernels
from graphrep.kernels import _mlp_tiles as tiles
from graphrep.kernels._jit import njit


@njit
def _add(left, a_row, a_step, right, depth, out, add):
    tiles.add_products(
        left, 0, a_row, a_step, right, 0, right.shape[1], depth,
        out, 0, out.shape[1], add,
    )  # fmt: skip


@njit
def _activate(inputs, weights, depth, w2, active, lanes):
    tiles.activate(
        inputs, 0, inputs.shape[1], weights, 0, weights.shape[1], depth,
        w2, active, 0, lanes,
    )  # fmt: skip


@pytest.mark.parametrize("depth", [1, 2, 17])
def test_add_products_when_transposed_or_added_then_as_numpy(depth):
    rng = np.random.default_rng(depth)
    left = rng.standard_normal((tiles.ROWS, depth))
    right = rng.standard_normal((depth, tiles.UNITS))
    out = np.full((tiles.ROWS, tiles.UNITS), 7.0)
    _add(left, depth, 1, right, depth, out, False)
    np.testing.assert_allclose(out, left @ right, atol=1e-13)
    _add(left.T.copy(), 1, tiles.ROWS, right, depth, out, True)
    np.testing.assert_allclose(out, 2 * left @ right, atol=1e-13)


def test_activate_when_called_then_units_above_zero_and_what_they_add():
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((tiles.ROWS, 6))
    weights = rng.standard_normal((6, tiles.UNITS))
    w2 = rng.standard_normal(tiles.UNITS)
    active = np.empty((tiles.ROWS, tiles.UNITS))
    lanes = np.ones(tiles.ROWS * tiles.LANES)
    _activate(inputs, weights, 6, w2, active, lanes)
    sums = inputs @ weights
    np.testing.assert_array_equal(active, sums > 0)
    added = lanes.reshape(tiles.ROWS, tiles.LANES).sum(axis=1) - tiles.LANES
    np.testing.assert_allclose(added, np.maximum(sums, 0) @ w2, atol=1e-12)


@pytest.mark.parametrize(("n", "d", "hidden"), [(1, 1, 1), (33, 9, 100), (40, 20, 250)])
def test_outputs_when_any_shape_then_as_the_formula(n, d, hidden):
    rng = np.random.default_rng(n)
    x = rng.standard_normal((n, d))
    w = np.zeros(kernels.shape(d, hidden))
    w[: d + 1, :hidden] = rng.standard_normal((d + 1, hidden))
    w2 = np.zeros(w.shape[1] + 1)
    w2[:hidden], w2[-1] = rng.standard_normal(hidden), 0.5
    out = np.empty(n)
    kernels.outputs(x, w, w2, kernels.scratch(d, hidden), out)
    wanted = np.maximum(x @ w[:d] + w[d], 0) @ w2[:-1] + 0.5
    np.testing.assert_allclose(out, wanted, rtol=1e-11, atol=1e-11)


def test_epoch_when_one_batch_then_a_step_of_adam_along_the_slopes():
    rng = np.random.default_rng(1)
    n, d, hidden, alpha = 50, 4, 6, 0.01
    x, y = rng.standard_normal((n, d)), (rng.random(n) < 0.5).astype(float)
    w = np.zeros(kernels.shape(d, hidden))
    w[: d + 1, :hidden] = rng.standard_normal((d + 1, hidden))
    w2 = np.zeros(w.shape[1] + 1)
    w2[:hidden] = rng.standard_normal(hidden)

    def loss(w, w2):
        z = np.maximum(x @ w[:d] + w[d], 0) @ w2[:-1] + w2[-1]
        penalty = 0.5 * alpha * ((w[:d] ** 2).sum() + (w2[:-1] ** 2).sum())
        return np.mean(np.logaddexp(0, z) - y * z) + penalty / n

    before, before2 = w.copy(), w2.copy()
    moments = tuple(np.zeros_like(a) for a in (w, w, w2, w2))
    memory = kernels.scratch(d, hidden)
    rates = (alpha, 1e-3, 0.9, 0.999, 1e-8)
    found, step = kernels.epoch(x, y, np.arange(n), n, w, w2, moments, 0, rates, memory)
    assert step == 1
    assert found == pytest.approx(loss(before, before2), rel=1e-12)
    small = 1e-6
    for (i, j), slope in np.ndenumerate(moments[0][: d + 1, :hidden] / 0.1):
        up, down = before.copy(), before.copy()
        up[i, j] += small
        down[i, j] -= small
        wanted = (loss(up, before2) - loss(down, before2)) / (2 * small)
        assert slope == pytest.approx(wanted, abs=1e-7)
    slopes = moments[0] / 0.1
    size = np.abs(slopes) + 1e-8 / np.sqrt(0.001)
    np.testing.assert_allclose(before - w, 1e-3 * slopes / size, atol=1e-9)
    assert not w[d + 1 :].any()
    assert not w[:, hidden:].any()

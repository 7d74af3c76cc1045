"""The skip-gram kernel does what its formula says."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels._alias import alias_table
from graphrep.kernels._sgns import STRIDE, TILE, train_center
from graphrep.kernels._skipgram import initialize

ONES = np.ones(9, np.float32)


def _targets(rows, rate):
    n_tiles = -(-len(rows) // TILE)
    targets = np.zeros(n_tiles * STRIDE, np.int32)
    rates, labels = np.zeros((2, n_tiles * STRIDE), np.float32)
    for e, row in enumerate(rows):
        at = e // TILE * STRIDE + e % TILE
        targets[at], rates[at] = row, rate
    labels[0] = 1
    return targets, rates, labels, n_tiles


def _step(u, v, contexts, rows, rate, shares):
    """One step as it is written: all gradients first, then all updates."""
    sign = np.zeros(len(rows))
    sign[0] = 1
    g = rate * shares[:, None] * (sign - 1 / (1 + np.exp(-(u[contexts] @ v[rows].T))))
    new_u, new_v = u.copy(), v.copy()
    new_u[contexts] += g @ v[rows]
    new_v[rows] += g.T @ u[contexts]
    return new_u, new_v


@pytest.mark.parametrize("width", [16, 48, 128])
@pytest.mark.parametrize("n_contexts", [1, 2, 7, 20])
def test_train_center_when_five_negatives_then_equals_the_formula(width, n_contexts):
    rng = np.random.default_rng(n_contexts)
    u, v = rng.normal(size=(2, 40, width)).astype(np.float32)
    contexts = np.append(rng.permutation(40)[:n_contexts], 0).astype(np.int32)
    rows = rng.permutation(40)[:6]
    shares = np.linspace(0.1, 1, n_contexts + 1, dtype=np.float32)
    wanted = _step(*np.float64([u, v]), contexts[:-1], rows, 0.1, shares[:-1])
    targets, rates, labels, n_tiles = _targets(rows, 0.1)
    work = np.zeros((n_contexts + 1) * STRIDE * n_tiles, np.float32)
    train_center(
        u, contexts, 0, n_contexts, v, targets, 0, n_tiles, rates, labels, shares, work,
        0,
    )  # fmt: skip
    np.testing.assert_allclose(u, wanted[0], atol=3e-5)
    np.testing.assert_allclose(v, wanted[1], atol=3e-5)


def test_train_center_when_two_tiles_then_second_sees_the_first():
    rng = np.random.default_rng(0)
    u, v = 0.1 * rng.normal(size=(2, 30, 32)).astype(np.float32)
    contexts, rows = np.array([1, 2, 3, 0], np.int32), np.arange(12)
    wanted = _step(*np.float64([u, v]), contexts[:-1], rows, 0.01, np.ones(3))
    targets, rates, labels, n_tiles = _targets(rows, 0.01)
    assert n_tiles == 2
    work = np.zeros(4 * STRIDE * n_tiles, np.float32)
    train_center(
        u, contexts, 0, 3, v, targets, 0, n_tiles, rates, labels, ONES, work, 0
    )
    np.testing.assert_allclose(u, wanted[0], atol=1e-6)
    np.testing.assert_allclose(v, wanted[1], atol=1e-4)  # differs in second order


def test_train_center_when_rate_is_zero_then_row_stays():
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, 9, 16)).astype(np.float32)
    before = v.copy()
    targets, rates, labels, n_tiles = _targets([1, 2, 3], 0.1)
    targets[3:6] = 8  # the row for no target
    work = np.zeros(4 * STRIDE, np.float32)
    contexts = np.array([0, 1, 0], np.int32)
    train_center(
        u, contexts, 0, 2, v, targets, 0, n_tiles, rates, labels, ONES, work, 0
    )
    np.testing.assert_array_equal(v[4:], before[4:])
    assert np.all(v[1:4] != before[1:4])


def test_train_center_when_scores_are_extreme_then_finite():
    u = np.full((2, 16), 1e4, np.float32)
    v = np.array([np.full(16, 1e4), np.full(16, -1e4)] * 3, np.float32)
    targets, rates, labels, n_tiles = _targets(range(6), 0.5)
    work = np.zeros(4 * STRIDE, np.float32)
    contexts = np.array([0, 1, 0], np.int32)
    train_center(
        u, contexts, 0, 2, v, targets, 0, n_tiles, rates, labels, ONES, work, 0
    )
    assert np.isfinite(u).all()
    assert np.isfinite(v).all()


@pytest.mark.parametrize("weights", [[1.0], [3.0, 1, 0, 7, 0.5], np.ones(100)])
def test_alias_table_when_added_up_then_the_distribution(weights):
    weights = np.asarray(weights, np.float64)
    n = len(weights)
    accept, alias = np.empty(n, np.float32), np.empty(n, np.int32)
    alias_table(weights, accept, alias)
    got = accept.astype(np.float64)
    np.add.at(got, alias, 1.0 - accept)
    np.testing.assert_allclose(got / n, weights / weights.sum(), atol=1e-7)


def test_initialize_when_padded_then_uniform_and_zero():
    out = np.ones((500, 32), np.float32)
    initialize(np.uint64(3), 20, out)
    np.testing.assert_array_equal(out[:, 20:], 0)
    assert abs(out[:, :20]).max() <= 1 / 40
    assert out[:, :20].std() == pytest.approx(1 / 20 / np.sqrt(12), rel=0.03)

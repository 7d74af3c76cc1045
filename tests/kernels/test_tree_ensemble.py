"""Sums of trees against scikit-learn, and least squares against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from graphrep._learners import BoostedTrees
from graphrep.kernels._multiplicity_fit import descend


def _rows(n, seed, *, missing):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6)).astype(np.float32)
    X[:, 2] = rng.integers(0, 4, n)
    X[:, 5] = X[:, 0]  # ties between columns
    if missing:
        X[rng.random(X.shape) < 0.2] = np.nan
    y = (np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 2]) > 1.2) ^ (rng.random(n) < 0.1)
    return X, y.astype(np.int64)


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize("missing", [False, True])
def test_decision_function_when_fitted_then_as_scikit_learn(missing):
    X, y = _rows(600, 0, missing=missing)
    options = {"max_iter": 20, "max_leaf_nodes": 9, "min_samples_leaf": 5}
    model = HistGradientBoostingClassifier(
        random_state=7, early_stopping=False, **options
    ).fit(X, y)
    trees = BoostedTrees.fit(X, y, 7, **options)
    new = np.concatenate([X, _rows(20_000, 1, missing=True)[0]])
    new[-1] = np.nan
    new[-2], new[-3] = np.inf, -np.inf
    for n_jobs in (1, 3):
        found = trees.decision_function(new, n_jobs)
        np.testing.assert_allclose(
            found, model.decision_function(new), rtol=0, atol=1e-12
        )
    # on a threshold, and next to it
    column, bounds = trees.state()["features"], trees.state()["thresholds"]
    at = np.flatnonzero(column >= 0)[:200]
    edges = np.repeat(X[:1], 3 * len(at), axis=0)
    exact = bounds[at].astype(np.float32)
    for k, value in enumerate(
        (exact, np.nextafter(exact, np.float32(9)), np.nextafter(exact, np.float32(-9)))
    ):
        edges[np.arange(len(at)) * 3 + k, column[at]] = value
    np.testing.assert_allclose(
        trees.decision_function(edges), model.decision_function(edges), atol=1e-12
    )


def test_state_when_given_back_then_same_answers_and_move_adds():
    X, y = _rows(200, 2, missing=True)
    trees = BoostedTrees.fit(X, y, 0, max_iter=5)
    again = BoostedTrees({k: v.copy() for k, v in trees.state().items()})
    np.testing.assert_array_equal(
        again.decision_function(X), trees.decision_function(X)
    )
    again.move(0.5)
    np.testing.assert_allclose(
        again.decision_function(X), trees.decision_function(X) + 0.5
    )
    assert again.decision_function(X[:0]).shape == (0,)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ridge", [0.5, 0.01])
def test_descend_when_random_then_as_bounded_least_squares(seed, ridge):
    rng = np.random.default_rng(seed)
    n, m = 12, 30
    rows = [np.sort(rng.choice(m, k, replace=False)) for k in rng.integers(1, 9, n)]
    rows[3] = rows[3][:0]  # a hyperedge of one node covers nothing
    w = rng.integers(0, 7, m).astype(float)
    pointers = np.concatenate([[0], np.cumsum([len(r) for r in rows])])
    A = np.zeros((m, n))
    for c, row in enumerate(rows):
        A[row, c] = 1
    both = np.vstack([A, np.sqrt(ridge) * np.eye(n)])
    target = np.concatenate([w, np.full(n, np.sqrt(ridge))])
    expected = lsq_linear(both, target, (1, np.inf), tol=1e-12).x
    x, left = np.ones(n), w.copy()
    descend(pointers, np.concatenate(rows), left, x, ridge, 5000)
    np.testing.assert_allclose(x, expected, atol=0.02)
    np.testing.assert_allclose(left, w - A @ x, atol=1e-9)


def test_fit_when_a_column_holds_no_number_then_it_says_nothing():
    X, y = _rows(200, 3, missing=False)
    X[:, 1] = np.nan
    trees = BoostedTrees.fit(X, y, 0, max_iter=5)
    other = X.copy()
    other[:, 1] = 7.0
    np.testing.assert_array_equal(
        trees.decision_function(X), trees.decision_function(other)
    )

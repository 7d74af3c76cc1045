"""BinaryMLP: scikit-learn's network, weight for weight; its own checks."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from graphrep.exceptions import GraphValueError
from graphrep.hypergraph._binary_mlp import BinaryMLP


def samples(n, d, seed=0):
    X = np.random.default_rng(seed).standard_normal((n, d))
    return X, X[:, 0] * X[:, -1] + 0.3 * X[:, d // 2] > 0


@pytest.mark.parametrize(
    ("n", "d", "hidden", "max_iter"),
    [
        (537, 9, 100, 200),  # a last batch that is not full
        (319, 19, 100, 200),
        (90, 3, 100, 300),  # less than a batch
        (401, 5, 7, 100),  # units and inputs that fill no tile; a batch of one sample
        (260, 1, 210, 50),  # several tiles of units
    ],
)
def test_fit_when_same_seed_then_the_weights_of_scikit_learn(n, d, hidden, max_iter):
    X, y = samples(n, d)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        ours = BinaryMLP(hidden, max_iter=max_iter, random_state=3).fit(X, y)
        theirs = MLPClassifier((hidden,), max_iter=max_iter, random_state=3).fit(X, y)
    assert ours.n_iter_ == theirs.n_iter_
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-10)
    for a, b in zip(
        ours.coefs_ + ours.intercepts_,
        theirs.coefs_ + theirs.intercepts_,
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=1e-10
    )
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_fit_when_loss_stands_still_then_stopped_as_scikit_learn_is():
    X, y = samples(300, 4)
    ours = BinaryMLP(tol=0.01, random_state=0).fit(X, y)
    theirs = MLPClassifier(tol=0.01, max_iter=2000, random_state=0).fit(X, y)
    assert ours.n_iter_ == theirs.n_iter_ < 2000


def test_fit_when_passes_run_out_then_warned():
    with pytest.warns(ConvergenceWarning, match="max_iter=3"):
        BinaryMLP(max_iter=3, random_state=0).fit(*samples(50, 2))


@pytest.mark.parametrize("classes", [["no"], ["a", "b", "c"]])
def test_fit_when_not_two_classes_then_refused(classes):
    X, _ = samples(30, 2)
    with pytest.raises(GraphValueError, match=f": {len(classes)} class"):
        BinaryMLP().fit(X, np.resize(classes, 30))


def test_predict_when_odds_are_extreme_then_zero_and_one():
    X, y = samples(80, 2)
    model = BinaryMLP(max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    model.coefs_[1] *= 1e6
    probabilities = model.predict_proba(X)
    assert np.isin(probabilities, (0.0, 1.0)).any()
    assert np.isfinite(probabilities).all()


def test_fit_when_units_never_fire_then_no_faint_weights_are_left():
    # inputs of one sign and a target without signal: some units die and decay
    X = np.abs(np.random.default_rng(0).standard_normal((60, 2))) * 50
    y = np.arange(60) % 2 == 0
    model = BinaryMLP(max_iter=3000, n_iter_no_change=3000, alpha=1.0, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    for array in model.coefs_ + model.intercepts_:
        assert not np.any((array != 0) & (np.abs(array) < 1e-140))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [BinaryMLP(10, max_iter=100, random_state=0)],
    expected_failed_checks=lambda _: {},
)
def test_contract_of_scikit_learn_when_checked_then_kept(estimator, check):
    check(estimator)

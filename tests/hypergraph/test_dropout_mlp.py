"""DropoutMLP: scikit-learn's contract, its slopes, its draws."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from graphrep.exceptions import GraphValueError
from graphrep.hypergraph import DropoutMLP
from graphrep.hypergraph._dropout_mlp import _forward, _key, _Network


@parametrize_with_checks([DropoutMLP((16, 8), learning_rate=0.02)])
def test_estimator_when_checked_by_scikit_learn_then_passes(estimator, check):
    check(estimator)


def _moons(n, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(int)


def test_fit_when_classes_need_a_bend_then_learnt():
    model = DropoutMLP((32, 16), n_epochs=60, batch_size=64, random_state=0)
    model.fit(*_moons(1500, 0))
    assert model.score(*_moons(1500, 1)) > 0.93


@pytest.mark.parametrize("dropped", [0, 20_000])
def test_backward_when_moved_a_little_then_loss_follows_the_slope(dropped):
    X, y = (a.astype(np.float32) for a in _moons(40, 2))
    net = _Network(4, (7, 5), 0)
    net.values *= 2
    key = _key(3, 1)

    def loss(values):
        kept = net.values.copy()
        net.values[:] = values
        odds = _forward(net.weights, net.offsets, X, dropped, key)[-1].astype(float)
        net.values[:] = kept
        sign = np.where(y > 0, 1, -1)
        return np.log1p(np.exp(-sign * (odds[:, 1] - odds[:, 0]))).mean()

    net.backward(X, y, dropped, key)
    rng = np.random.default_rng(0)
    for _ in range(10):
        way = rng.normal(size=len(net.values)).astype(np.float32)
        step = np.float32(1e-3)
        ends = [loss(net.values + s * step * way) for s in (1, -1)]
        assert (ends[0] - ends[1]) / 2e-3 == pytest.approx(net.slopes @ way, abs=4e-3)


def test_fit_when_seed_is_given_then_same_bits():
    X, y = _moons(200, 0)
    a, b, c = (
        DropoutMLP((8,), random_state=s).fit(X, y).predict_proba(X) for s in (1, 1, 2)
    )
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


def test_predict_proba_when_dropout_stays_on_then_random_but_the_same_again():
    X, y = _moons(200, 0)
    model = DropoutMLP((64, 64), random_state=0).fit(X, y)
    calm = model.predict_proba(X)
    model.dropout_at_inference = True
    noisy = model.predict_proba(X)
    assert np.abs(noisy - calm).mean() > 0.01
    assert np.corrcoef(noisy[:, 1], calm[:, 1])[0, 1] > 0.8
    assert np.array_equal(noisy, model.predict_proba(X))


def test_predict_proba_when_far_away_then_finite_and_sums_to_one():
    X, y = _moons(200, 0)
    far = DropoutMLP((8,), random_state=0).fit(X, y).predict_proba(1e6 * X)
    assert np.all((far >= 0) & (far <= 1))
    np.testing.assert_allclose(far.sum(axis=1), 1.0)


def test_predict_when_pickled_then_same_and_labels_are_kept():
    X, y = _moons(100, 0)
    model = DropoutMLP((8,), random_state=0).fit(X, np.array(["no", "yes"])[y])
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(model.predict(X), again.predict(X))
    assert set(model.predict(X)) <= {"no", "yes"}


@pytest.mark.parametrize(
    ("y", "words"), [([1, 1, 1], "1 class"), ([0, 1, 2], "Only binary")]
)
def test_fit_when_not_two_classes_then_error(y, words):
    with pytest.raises(GraphValueError, match=words):
        DropoutMLP().fit(np.eye(3), y)

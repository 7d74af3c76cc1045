"""HyperedgeClassifier and the Jaccard threshold: folds, thinning, odds, state."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from graphrep.hypergraph import _hyperedge_classifier as module
from graphrep.hypergraph._hyperedge_classifier import HyperedgeClassifier
from graphrep.hypergraph._jaccard_threshold import jaccard_at, jaccard_threshold


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    monkeypatch.setitem(module._TREES, "max_iter", 20)


def _rows(n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.gamma(2.0, 4.0, (n, 5)).astype(np.float32)
    X[rng.random(n) < 0.1, 4] = np.nan
    odds = X[:, 0] / 4 - X[:, 1] / 4 - 1.0
    return X, (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.int64)


def _fit(X, y, **options):
    return HyperedgeClassifier.fit(
        X, y, **({"n_folds": 3, "seed": 0, "n_jobs": 1} | options)
    )


def _chance(odds):
    return 1 / (1 + np.exp(-odds))


def test_odds_when_unseen_then_ranked_and_calibrated():
    X, y = _rows(1500)
    model = _fit(X, y)
    new, truth = _rows(1500, 1)
    for odds, labels in ((model.out_of_fold, y), (model.decision_function(new), truth)):
        assert roc_auc_score(labels, odds) > 0.75
        assert log_loss(labels, _chance(odds)) < log_loss(
            labels, np.full(len(labels), labels.mean())
        )
        assert abs(_chance(odds).mean() - labels.mean()) < 0.03


def test_out_of_fold_when_labels_are_noise_then_nothing_is_learned():
    X, _ = _rows(600)
    y = np.random.default_rng(5).integers(0, 2, 600)
    assert abs(roc_auc_score(y, _fit(X, y).out_of_fold) - 0.5) < 0.1


def test_fit_when_threads_differ_then_the_same():
    X, y = _rows(300)
    one, two = _fit(X, y), _fit(X, y, n_jobs=2)
    np.testing.assert_array_equal(one.out_of_fold, two.out_of_fold)
    np.testing.assert_array_equal(one.decision_function(X), two.decision_function(X, 2))


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("n", [0, 1, 30])
def test_fit_when_one_class_then_constant(label, n):
    X = _rows(max(n, 1))[0][:n]
    model = _fit(X, np.full(n, label))
    odds = model.decision_function(_rows(4)[0])
    assert len(set(odds)) == 1
    assert np.isfinite(odds).all()
    if n:
        assert (odds[0] > 0) == bool(label)
    assert len(model.out_of_fold) == n


@pytest.mark.parametrize("few", [1, 2, 3])
def test_fit_when_a_class_is_tiny_then_fewer_folds(few):
    X, _ = _rows(60)
    y = np.zeros(60, np.int64)
    y[:few] = 1
    for labels in (y, 1 - y):
        model = _fit(X, labels, n_folds=5)
        assert np.isfinite(model.out_of_fold).all()
        assert len(model._models) == few


def test_folds_when_drawn_then_classes_are_spread():
    y = (np.arange(103) < 20).astype(np.int64)
    folds = module._folds(y, 4, 0)
    assert np.bincount(folds[y == 1]).tolist() == [5, 5, 5, 5]
    assert np.ptp(np.bincount(folds[y == 0])) <= 1


def test_fit_when_rows_are_thinned_then_odds_do_not_move(monkeypatch):
    X, y = _rows(6000)
    y &= (np.random.default_rng(0).random(6000) < 0.2).astype(np.int64)
    whole = _fit(X, y)
    monkeypatch.setattr(module, "_MOST_ROWS", 1000)
    thinned = _fit(X, y)
    for model in (whole, thinned):
        assert abs(_chance(model.out_of_fold).mean() - y.mean()) < 0.01
    trees, line = thinned._models[0]
    raw = module._answers((trees, line), X, 1)
    assert np.abs(_chance(raw).mean(axis=0) - y.mean()).max() < 0.04


def test_state_when_given_back_then_same_odds():
    X, y = _rows(200)
    for model in (_fit(X, y), _fit(X, y * 0)):
        again = HyperedgeClassifier.from_state(model.state())
        np.testing.assert_array_equal(
            again.decision_function(X), model.decision_function(X)
        )


def test_threshold_when_calibrated_then_best_of_all():
    rng = np.random.default_rng(0)
    p = rng.beta(0.6, 1.2, 20_000)
    y = (rng.random(20_000) < p).astype(np.int64)
    for missed in (0, 4000):
        threshold, score = jaccard_threshold(p, y, missed)
        best = max(jaccard_at(p >= t, y, missed) for t in np.linspace(0.01, 0.99, 197))
        assert score == pytest.approx(jaccard_at(p >= threshold, y, missed), abs=1e-3)
        assert score > best - 0.004
        assert threshold == pytest.approx(score / (1 + score), abs=1e-3)


def test_threshold_when_there_is_nothing_then_one():
    none = np.empty(0)
    assert jaccard_threshold(none, none.astype(np.int64), 0) == (0.5, 1.0)
    assert jaccard_threshold(none, none.astype(np.int64), 3)[1] == 0.0

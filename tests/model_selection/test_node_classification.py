"""The classifier is scikit-learn's in one problem; the protocol is DeepWalk's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from graphrep.exceptions import GraphValueError
from graphrep.metrics import top_k_f1
from graphrep.model_selection import OneVsRestLogistic, node_classification


def _labelled(n=200, d=8, n_labels=4, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    y = x @ rng.standard_normal((d, n_labels)) + rng.standard_normal((n, n_labels)) > 1
    y[np.arange(n), rng.integers(0, n_labels, n)] = True
    return x, y.astype(int)


@pytest.mark.parametrize("C", [0.01, 1.0, 10.0])
@pytest.mark.parametrize("penalize_intercept", [False, True])
def test_classifier_when_compared_with_scikit_learn_then_same_coefficients(
    C, penalize_intercept
):
    x, y = _labelled()
    solver = "liblinear" if penalize_intercept else "lbfgs"
    theirs = OneVsRestClassifier(
        LogisticRegression(C=C, solver=solver, tol=1e-8, max_iter=2000)
    ).fit(x, y)
    ours = OneVsRestLogistic(
        C, penalize_intercept=penalize_intercept, tol=1e-9, max_iter=2000
    ).fit(x, y)
    coefficients = np.array([m.coef_[0] for m in theirs.estimators_]).T
    intercepts = np.array([m.intercept_[0] for m in theirs.estimators_])
    np.testing.assert_allclose(ours.coef_[:-1], coefficients, atol=5e-3)
    np.testing.assert_allclose(ours.coef_[-1], intercepts, atol=5e-3)
    scores = ours.decision_function(x)
    np.testing.assert_allclose(scores, theirs.decision_function(x), atol=2e-2)


def test_classifier_when_default_tolerance_then_ranks_as_scikit_learn():
    x, y = _labelled(400, 32)
    theirs = OneVsRestClassifier(LogisticRegression(C=1.0, max_iter=1000)).fit(x, y)
    wanted = top_k_f1(y, theirs.decision_function(x))
    got = top_k_f1(y, OneVsRestLogistic(1.0).fit(x, y).decision_function(x))
    np.testing.assert_allclose(got, wanted, atol=0.01)


def test_classifier_when_a_label_is_everywhere_or_nowhere_then_finite():
    x, y = _labelled()
    y[:, 0], y[:, 1] = 0, 1
    scores = OneVsRestLogistic(1.0).fit(1e3 * x, y).decision_function(1e3 * x)
    assert np.isfinite(scores).all()
    assert (scores[:, 0].mean() < 0) & (scores[:, 1].mean() > 0)


def test_protocol_when_labels_in_any_form_then_same_scores():
    x, _ = _labelled()
    classes = np.array(list("pqr"))[np.argmax(x[:, :3], axis=1)]
    one_hot = (classes[:, None] == np.unique(classes)).astype(int)
    options = {"train_fractions": (0.5,), "n_splits": 2}
    wanted = node_classification(x, classes, **options)
    assert wanted[0.5]["micro"] > 0.8
    for labels in (one_hot, sparse.csr_array(one_hot), one_hot.astype(bool)):
        assert node_classification(x, labels, **options) == wanted


def test_protocol_when_computed_by_hand_then_same_scores():
    x, y = _labelled()
    got = node_classification(x, y, train_fractions=(0.3,), C=0.5, n_splits=3)[0.3]
    rng = np.random.default_rng(0)
    pairs = []
    for order in [rng.permutation(200) for _ in range(3)]:
        model = OneVsRestLogistic(0.5).fit(x[order[:60]], y[order[:60]])
        pairs.append(top_k_f1(y[order[60:]], model.decision_function(x[order[60:]])))
    assert got["micro"] == pytest.approx(np.mean(pairs, axis=0)[0])
    assert got["macro_sd"] == pytest.approx(np.std(pairs, axis=0)[1])


def test_protocol_when_some_nodes_have_no_label_then_left_out():
    x, y = _labelled()
    options = {"train_fractions": (0.5,), "n_splits": 2}
    wanted = node_classification(x, y, **options)
    more_x = np.vstack([x, np.full((50, 8), 1e3)])
    more_y = np.hstack(
        [np.vstack([y, np.zeros((50, 4), int)]), np.zeros((250, 2), int)]
    )
    assert node_classification(more_x, more_y, **options) == wanted


def test_protocol_when_standardized_then_scale_of_columns_does_not_matter():
    x, y = _labelled()
    options = {"train_fractions": (0.5,), "n_splits": 2, "standardize": True}
    constant = np.hstack([x, np.full((200, 1), 3.0)])
    scaled = constant * 2.0 ** np.arange(9)
    got = node_classification(scaled, y, **options)[0.5]
    wanted = node_classification(constant, y, **options)[0.5]
    assert got["micro"] == pytest.approx(wanted["micro"], abs=0.01)


def test_protocol_when_shapes_or_shares_do_not_fit_then_error():
    x, y = _labelled()
    with pytest.raises(GraphValueError, match="199 rows but there are 200 vectors"):
        node_classification(x, y[:-1])
    for fraction in (0.0, 1.0, 0.001, 1.5):
        with pytest.raises(GraphValueError, match="train_fractions"):
            node_classification(x, y, train_fractions=(fraction,))
    with pytest.raises(GraphValueError, match="train_fractions"):
        node_classification(x, 0 * y)


@pytest.mark.parametrize("missing", [None, np.nan])
@pytest.mark.parametrize("classes", [("a", "b"), (0.0, 1.0)])
def test_protocol_when_a_class_is_missing_then_its_node_is_left_out(classes, missing):
    x, y = _labelled(60, 4, 2)
    labels = np.array([classes[i] for i in y[:, 0]], object)
    labels[::7] = missing
    kept = np.arange(60) % 7 != 0
    wanted = node_classification(x[kept], labels[kept], train_fractions=[0.5])
    assert node_classification(x, labels, train_fractions=[0.5]) == wanted

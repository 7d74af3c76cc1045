"""PairMatcher and PairFeatures: features by hand, labels, pseudo-labels, real data."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import f1_score

from graphrep.blocking import CandidatePairs, Records, as_records
from graphrep.blocking._pair_features import PairFeatures
from graphrep.blocking._pair_matcher import PairMatcher
from graphrep.exceptions import GraphValueError

WORDS = ["alpha", "beta", "gamma", "delta", "sigma", "omega", "kappa", "theta"]


def _toy(n=60, seed=0):
    rng = np.random.default_rng(seed)
    names = [f"{' '.join(rng.choice(WORDS, 3))} m{i:03d}" for i in range(n)]
    A = Records({"name": names, "price": [str(10 + i) for i in range(n)]})
    B = Records({"name": [f"{x} new" for x in names], "price": A.columns["price"]})
    left = np.repeat(np.arange(n), 5)
    right = (left + np.tile([0, 1, 7, 11, 23], n)) % n
    pairs = CandidatePairs(left, right, left_ids=A.index, right_ids=B.index)
    return A, B, pairs, (pairs.left_rows == pairs.right_rows).astype(int)


def test_pair_features_when_small_then_by_hand():
    A = Records({"name": ["red fox m10", ""], "price": ["10", "5"]})
    B = Records({"name": ["red fox x m10 m11", "hen"], "price": ["8.0", ""]})
    features = PairFeatures().fit(A, B)
    X = features.transform(A, B, np.array([0, 1]), np.array([0, 1]))
    found = dict(zip(features.names_, X.T, strict=True))
    assert found["name: words of the shorter"][0] == 1.0
    assert found["name: codes"][0] == 0.5
    assert found["name: codes of the shorter"][0] == 1.0
    assert found["price: difference of numbers"][0] == pytest.approx(0.2)
    assert found["*: less than the best of left"][0] == pytest.approx(0, abs=1e-6)
    assert np.isnan(found["name: 3-grams"][1])
    assert np.isnan(found["price: difference of numbers"][1])


@pytest.mark.parametrize("model", ["trees", "logistic"])
def test_predict_when_labels_are_few_then_pseudo_labels_find_matches(model):
    A, B, pairs, true = _toy()
    labels = np.full(len(pairs), -1)
    known = np.random.default_rng(1).permutation(len(pairs))[:40]
    labels[known] = true[known]
    matcher = PairMatcher(model, random_state=0).fit(pairs, A, B, labels)
    assert matcher.n_pseudo_[0] > 0
    assert f1_score(true, matcher.predict(pairs, A, B)) > 0.9
    proba = matcher.predict_proba(pairs, A, B)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    again = clone(matcher).fit(pairs, A, B, labels).predict_proba(pairs, A, B)
    np.testing.assert_array_equal(proba, again)


def test_fit_when_no_pseudo_labels_then_none():
    A, B, pairs, true = _toy()
    matcher = PairMatcher(pseudo_labels=0, random_state=0).fit(pairs, A, B, true)
    assert matcher.n_pseudo_ == (0, 0)
    assert (matcher.predict(pairs, A, B) == true).all()
    assert matcher.predict_proba(pairs.take([]), A, B).shape == (0, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda y: y[:-1], "for each of the 300 pairs"),
        (lambda y: y + 1, "-1 for not known; got"),
        (lambda y: np.zeros(len(y)), "got 0 and 300"),
    ],
)
def test_fit_when_labels_are_bad_then_error(change, said):
    A, B, pairs, true = _toy()
    with pytest.raises(GraphValueError, match=said):
        PairMatcher().fit(pairs, A, B, change(true))


@pytest.mark.shared
@pytest.mark.slow
def test_predict_when_abt_buy_and_100_labels_then_pseudo_labels_help(shared_data):
    folder = shared_data / "blocking" / "abt_buy"
    A, B = (as_records(folder / f"table{side}.csv") for side in "AB")

    def read(name):
        with (folder / f"{name}.csv").open() as file:
            rows = np.array(
                [[int(x) for x in row] for row in list(csv.reader(file))[1:]]
            )
        left, right = A.index.find(rows[:, 0]), B.index.find(rows[:, 1])
        pairs = CandidatePairs(left, right, left_ids=A.index, right_ids=B.index)
        labels = dict(zip(left * len(B) + right, rows[:, 2], strict=True))
        return pairs, np.array([labels[key] for key in pairs.keys.tolist()])

    (train, known), (test, true) = read("train"), read("test")
    labels = np.full(len(train), -1)
    some = np.random.default_rng(0).permutation(len(train))[:100]
    labels[some] = known[some]
    found = [
        f1_score(true, PairMatcher(pseudo_labels=n, random_state=0)
                 .fit(train, A, B, labels).predict(test, A, B))
        for n in (0, 8)
    ]  # fmt: skip
    assert found[1] > found[0]
    assert found[1] > 0.85

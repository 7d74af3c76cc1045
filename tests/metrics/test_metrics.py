"""Scores agree with scikit-learn's, and with hand counts where it has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from graphrep.exceptions import GraphValueError
from graphrep.metrics import pair_scores, ranking_auc, top_k_f1

SCORES = st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=30)


@given(SCORES, SCORES)
@settings(max_examples=60, deadline=None)
def test_ranking_auc_when_ties_or_not_then_scikit_learns(positive, negative):
    truth = np.repeat([1, 0], [len(positive), len(negative)])
    wanted = roc_auc_score(truth, positive + negative)
    got = ranking_auc(np.array(positive), np.array(negative))
    assert got == pytest.approx(wanted, abs=1e-12)


def test_ranking_auc_when_a_kind_is_missing_then_error():
    for pair in [([], [1.0]), ([1.0], [])]:
        with pytest.raises(GraphValueError, match="either kind"):
            ranking_auc(*map(np.array, pair))


@pytest.mark.parametrize("n", [10, 70_000])
def test_pair_scores_when_compared_then_those_of_scikit_learn(n):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((12, 5)).astype(np.float32)
    x[4] = 0
    left, right = rng.integers(0, 12, (2, n))
    wide = x.astype(float)
    wanted = {
        "cosine": cosine_similarity(wide), "dot": wide @ wide.T,
        "euclidean": -euclidean_distances(wide),
    }  # fmt: skip
    for metric, table in wanted.items():
        got = pair_scores(x, left, right, metric)
        np.testing.assert_allclose(got, table[left, right], atol=1e-6)
    with pytest.raises(GraphValueError, match="'manhattan'"):
        pair_scores(x, left, right, "manhattan")


def test_pair_scores_when_no_pairs_then_empty():
    none = np.empty(0, int)
    assert pair_scores(np.ones((3, 2)), none, none).shape == (0,)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_top_k_f1_when_compared_with_scikit_learn_then_same(seed):
    rng = np.random.default_rng(seed)
    truth = rng.random((15, 6)) < rng.random()
    scores = rng.integers(0, 4, (15, 6)).astype(float)  # with ties
    predicted = np.zeros((15, 6), int)
    for row in range(15):
        best = sorted(range(6), key=lambda j: (-scores[row, j], j))
        predicted[row, best[: truth[row].sum()]] = 1
    micro, macro = top_k_f1(truth.astype(int), scores)
    options = {"y_true": truth.astype(int), "y_pred": predicted, "zero_division": 0}
    assert micro == pytest.approx(f1_score(average="micro", **options))
    assert macro == pytest.approx(f1_score(average="macro", **options))


def test_top_k_f1_when_perfect_or_empty_then_1_or_0():
    truth = np.eye(4)
    assert top_k_f1(truth, truth) == (1.0, 1.0)
    assert top_k_f1(np.zeros((3, 2)), np.ones((3, 2))) == (0.0, 0.0)

"""The oracle itself: by hand, by enumeration and by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

GROUPS = [
    [(1, 1), (1, 0)],
    [(4, 2)],
    [(6, 6)],
    [(3, 1), (2, 2), (4, 1)],
    [(2, 0), (5, 2), (1, 0), (3, 1)],
    [(1, 0), (1, 0), (7, 3)],
    [(5, 1), (4, 0)],
]


@pytest.mark.parametrize("groups", GROUPS)
def test_expected_metrics_when_every_order_is_listed_then_their_mean(reference, groups):
    ks = (1, 2, 3, 5, 8, 40)
    closed = reference.expected_metrics(groups, ks)
    listed = reference.enumerated_metrics(groups, ks)
    assert list(closed) == list(listed) == reference.names(ks)
    for name, value in listed.items():
        assert closed[name] == pytest.approx(value, abs=1e-12, nan_ok=True), name


def test_chance_when_every_order_is_listed_then_their_mean(reference):
    for size in range(1, 8):
        for hits in range(1, size + 1):
            listed = reference.enumerated_metrics([(size, hits)])["ap"]
            assert reference.chance_ap(size, hits) == pytest.approx(listed, abs=1e-12)


def test_chance_when_the_sheet_names_a_value_then_that(reference):
    assert reference.chance_ap(200, 9) == pytest.approx(0.0684, abs=5e-5)


def test_mcsherry_najork_when_written_with_harmonic_numbers_then_the_same(reference):
    def harmonic(n):
        return sum(1 / r for r in range(1, n + 1))

    for groups in GROUPS:
        total, s, h = 0.0, 0, 0
        for t, m in groups:
            d = harmonic(s + t) - harmonic(s)
            c = (m - 1) / (t - 1) if t > 1 else 0
            total += m / t * ((h + 1) * d + c * (t - (s + 1) * d))
            s, h = s + t, h + m
        assert reference.expected_metrics(groups)["ap"] == pytest.approx(total / h)


@given(st.integers(0, 2**32), st.integers(2, 25))
@settings(max_examples=30, deadline=None)
def test_metrics_when_there_are_no_ties_then_those_of_scikit_learn(
    reference, seed, size
):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=size + 1)
    candidates = np.arange(1, size + 1)
    relevant = rng.choice(candidates, rng.integers(1, size), replace=False)
    truth = np.isin(candidates, relevant)
    kept = scores[candidates]
    found = {
        ties: reference.per_node_metrics(scores, relevant, candidates, (1, 3), ties)
        for ties in ("expected", "min", "max")
    }
    for row in found.values():
        assert row == pytest.approx(found["max"])
    row = found["expected"]
    assert row["ap"] == pytest.approx(average_precision_score(truth, kept))
    assert row["auc"] == pytest.approx(roc_auc_score(truth, kept))
    assert row["ndcg"] == pytest.approx(ndcg_score([truth], [kept]))


def test_metrics_when_scores_tie_then_pessimist_expected_optimist(reference):
    scores = [9.0, 1.0, 1.0, 1.0, 0.5]
    args = scores, [2], [1, 2, 3, 4]
    low, mid, high = (
        reference.per_node_metrics(*args, (1, 2), ties)
        for ties in ("min", "expected", "max")
    )
    assert [low["ap"], high["ap"]] == pytest.approx([1 / 3, 1])
    assert mid["ap"] == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert [r["mean_rank"] for r in (low, mid, high)] == pytest.approx([3, 2, 1])
    assert [r["hits@1"] for r in (low, mid, high)] == pytest.approx([0, 1 / 3, 1])
    assert [r["auc"] for r in (low, mid, high)] == pytest.approx([1 / 3, 2 / 3, 1])


def test_metrics_when_the_list_is_short_then_k_stays_the_denominator(reference):
    row = reference.per_node_metrics([0, 3, 2, 1], [1, 3], [1, 2, 3], (2, 10))
    assert row["p@10"] == pytest.approx(0.2)
    assert row["capped_p@10"] == row["r@10"] == row["hits@10"] == 1
    assert row["ap"] == pytest.approx((1 + 2 / 3) / 2)
    assert row["r_precision"] == row["p@2"] == 0.5


def test_metrics_when_nothing_or_all_is_relevant_then_undefined_ones_are_nan(reference):
    empty = reference.per_node_metrics([0, 1, 2], [], [1, 2])
    assert all(np.isnan(value) for value in empty.values())
    full = reference.per_node_metrics([0, 1, 1], [1, 2], [1, 2])
    assert full["ap"] == full["ap_chance"] == full["ndcg"] == full["mrr"] == 1
    assert np.isnan(full["auc"])
    assert np.isnan(full["ap_adjusted"])


def test_constant_scores_when_expected_then_chance(reference):
    row = reference.per_node_metrics(np.zeros(30), range(1, 8), range(1, 30))
    assert row["ap"] == pytest.approx(row["ap_chance"])
    assert row["ap_adjusted"] == pytest.approx(0, abs=1e-12)
    assert row["auc"] == 0.5


def test_path_when_scored_by_distance_then_the_values_of_the_sheet(reference):
    x = np.array([0.0, 1, 2, 10])
    scores = -((x[:, None] - x) ** 2)
    hop = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))

    def ap(row, inside):
        others = np.flatnonzero(np.arange(4) != row)
        relevant = np.flatnonzero(inside(hop[row]))
        return reference.per_node_metrics(scores[row], relevant, others)["ap"]

    one = [ap(i, lambda h: h == 1) for i in range(4)]
    assert one == pytest.approx([1, 1, 5 / 6, 1])
    assert [ap(i, lambda h: (h > 0) & (h < 3)) for i in range(4)] == pytest.approx(
        [1, 1, 1, 1]
    )
    assert [ap(i, lambda h: h == 2) for i in range(4)] == pytest.approx(
        [1 / 2, 1 / 3, 1 / 2, 1 / 2]
    )
    third = [ap(i, lambda h: h == 3) for i in range(4)]
    assert third == pytest.approx([1 / 3, np.nan, np.nan, 1 / 3], nan_ok=True)

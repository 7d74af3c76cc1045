"""Scores relative to what is near: by hand, and the recall estimate that uses them."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import Records, TfidfBlocker
from graphrep.blocking._recall_estimate import copy_scores
from graphrep.blocking._relative import (
    ASSIGNMENTS,
    Neighbours,
    levels_of,
    relative_pairs,
    union_of,
)

NEAR = Neighbours(np.array([[0, 1], [1, -1]]), np.array([[0.8, 0.4], [0.5, 0.0]]))
BACK = Neighbours(np.array([[0, -1], [1, 0]]), np.array([[0.8, 0.0], [0.5, 0.4]]))


def test_union_when_pairs_are_in_both_lists_then_once():
    left, right, scores = union_of(NEAR, BACK)
    assert list(zip(left, right, strict=True)) == [(0, 0), (0, 1), (1, 1)]
    assert scores.tolist() == [0.8, 0.4, 0.5]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_relative_pairs_when_by_hand_then_equal(assignment):
    left, right, found = relative_pairs(NEAR, BACK, assignment)
    for a, b, score in zip(left, right, found, strict=True):
        s = {(0, 0): 0.8, (0, 1): 0.4, (1, 1): 0.5}[int(a), int(b)]
        expected = 2 * (2 * s - NEAR.scores[a].mean() - BACK.scores[b].mean())
        for side, row in ((NEAR, a), (BACK, b)):
            if (assignment == "one-to-many" and side is NEAR) or (
                assignment == "many-to-one" and side is BACK
            ):
                continue
            if assignment != "many-to-many":
                best, rival = side.scores[row]
                expected += s / best + 0.25 * s / (rival + 0.05)
        np.testing.assert_allclose(score, expected, rtol=1e-6)


def test_levels_when_lists_are_empty_or_short_then_zero():
    none = levels_of(np.zeros((3, 0)))
    assert [part.tolist() for part in none] == [[0, 0, 0]] * 3
    assert levels_of(np.array([[0.5]])).rivals.tolist() == [0]


def test_copy_scores_when_search_misses_then_minus_infinity():
    records = Records({"name": [f"record number {i}" for i in range(9)]})
    near = Neighbours(np.full((9, 1), -1), np.zeros((9, 1)))

    def nothing(copies):
        return Neighbours(np.full((len(copies), 2), -1), np.zeros((len(copies), 2)))

    def itself(copies):
        return Neighbours(np.arange(len(copies))[:, None], np.ones((len(copies), 1)))

    assert (copy_scores(records, near, nothing, "one-to-one", seed=0) == -np.inf).all()
    assert (copy_scores(records, near, itself, "one-to-one", seed=0) > 2).all()


def test_budget_when_it_grows_then_only_adds():
    A = Records({"name": [f"alpha beta {i % 7} gamma {i}" for i in range(30)]})
    B = Records({"name": [f"beta {i % 5} gamma {i} delta" for i in range(40)]})
    before = None
    for budget in (5, 40, 2.0, 200):
        pairs = TfidfBlocker(budget=budget).fit_candidate_pairs(A, B)
        if before is not None:
            assert set(before.keys.tolist()) <= set(pairs.keys.tolist())
        before = pairs
    kept = TfidfBlocker(budget=30, min_per_record=1).fit_candidate_pairs(A, B)
    assert len(np.unique(kept.left_rows)) == 30
    few = TfidfBlocker(budget=None, per_record=2).fit_candidate_pairs(A, B)
    assert np.bincount(few.left_rows).max() == 2

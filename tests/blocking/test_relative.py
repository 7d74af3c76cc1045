"""Scores relative to what is near: by hand, and the recall estimate that uses them."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import Records, TfidfBlocker
from graphrep.blocking._copy_scores import copy_scores
from graphrep.blocking._relative import (
    ASSIGNMENTS,
    Neighbours,
    assignment_of,
    levels_of,
    scored_pairs,
    union_of,
    without_twins,
)

NEAR = Neighbours(np.array([[0, 1], [1, -1]]), np.array([[0.8, 0.4], [0.5, 0.0]]))
BACK = Neighbours(np.array([[0, -1], [1, 0]]), np.array([[0.8, 0.0], [0.5, 0.4]]))


def test_union_when_pairs_are_in_both_lists_then_once():
    left, right, scores = union_of(NEAR, BACK)
    assert list(zip(left, right, strict=True)) == [(0, 0), (0, 1), (1, 1)]
    assert scores.tolist() == [0.8, 0.4, 0.5]


@pytest.mark.parametrize("assignment", ["one-to-one", "one-to-many", "many-to-one"])
def test_scored_pairs_when_by_hand_then_equal(assignment):
    found = scored_pairs(NEAR, BACK, assignment, one_table=False)
    for a, b, score in zip(found.left, found.right, found.scores, strict=True):
        s = {(0, 0): 0.8, (0, 1): 0.4, (1, 1): 0.5}[int(a), int(b)]
        expected = 2 * (2 * s - NEAR.scores[a].mean() - BACK.scores[b].mean())
        for side, row in ((NEAR, a), (BACK, b)):
            if (assignment == "one-to-many" and side is NEAR) or (
                assignment == "many-to-one" and side is BACK
            ):
                continue
            best, rival = side.scores[row]
            expected += s / best + 0.25 * s / (rival + 0.05)
        np.testing.assert_allclose(score, expected, rtol=1e-6)


def test_scored_pairs_when_many_match_then_held_against_the_sixth_to_fifteenth():
    scores = np.linspace(0.9, 0.2, 20)[None, :]
    near = Neighbours(np.arange(20)[None, :], scores)
    back = Neighbours(np.zeros((20, 1), int), scores.T)
    found = scored_pairs(near, back, "many-to-many", one_table=False)
    expected = 2 * scores[0] - scores[0, 5:15].mean()  # right ones have no others
    np.testing.assert_allclose(found.scores, expected, rtol=1e-6)


def test_scored_pairs_when_one_table_then_each_once_lower_row_left():
    near = Neighbours(np.array([[1], [0], [1]]), np.array([[0.9], [0.9], [0.3]]))
    found = scored_pairs(near, near, "many-to-many", one_table=True)
    assert list(zip(found.left, found.right, strict=True)) == [(0, 1), (1, 2)]


def test_assignment_when_auto_then_by_copies_between_tables():
    A = Records({"name": ["a", "b", "c", "d"]})
    B = Records({"name": ["a", "b", "c", "x", "y"]})
    C = Records({"name": ["a", "b", "u", "v"]})
    assert assignment_of("auto", A, B, False) == "many-to-many"
    assert assignment_of("auto", A, C, False) == "one-to-one"  # half is not most
    assert assignment_of("auto", A, A, True) == "many-to-many"
    assert assignment_of("one-to-many", A, B, False) == "one-to-many"
    assert set(ASSIGNMENTS) >= {"auto", "many-to-many", "one-to-one"}


def test_without_twins_when_some_say_the_same_then_others_move_up():
    lists = Neighbours(np.array([[2, 0, 1], [1, -1, -1]]),
                       np.array([[0.9, 0.5, 0.2], [0.7, 0.0, 0.0]]))  # fmt: skip
    found = without_twins(lists, np.array([7, 8]), np.array([5, 7, 7]))
    assert found.rows.tolist() == [[0, -1, -1], [1, -1, -1]]
    assert found.scores.tolist() == [[0.5, 0, 0], [0.7, 0, 0]]
    kept = without_twins(lists, np.array([1, 2]), np.array([5, 7, 7]))
    assert kept is lists


def test_levels_when_lists_are_empty_or_short_then_zero():
    none = levels_of(np.zeros((3, 0)))
    assert [part.tolist() for part in none] == [[0, 0, 0]] * 4
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

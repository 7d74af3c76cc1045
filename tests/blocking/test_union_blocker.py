"""UnionBlocker and IntersectionBlocker: which pairs, and their fused scores."""

from __future__ import annotations

import pickle
from collections import Counter

import numpy as np
import pytest
from sklearn.base import clone

from graphrep.blocking import (
    IntersectionBlocker,
    KeyBlocker,
    SortedNeighbourhoodBlocker,
    TfidfBlocker,
    UnionBlocker,
)
from graphrep.exceptions import GraphTypeError, GraphValueError

A = {"name": ["red fox", "grey owl", "blue hen", "old inn"], "zip": list("1223")}
B = {"name": ["redfox", "grey owl", "inn", "blue  hen"], "zip": list("1123")}
PARTS = [
    KeyBlocker("zip", budget=None),
    TfidfBlocker(columns=["name"], budget=None),
    SortedNeighbourhoodBlocker("name", window=3, budget=None),
]


def _rows(found):
    return list(zip(found.left_rows.tolist(), found.right_rows.tolist(), strict=True))


@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 0.5]])
@pytest.mark.parametrize("one_table", [False, True])
def test_scores_when_fused_then_reciprocal_ranks(weights, one_table):
    tables = (A,) if one_table else (A, B)
    scores, times = Counter(), Counter()
    for blocker, weight in zip(PARTS, weights or [1, 1, 1], strict=True):
        found = blocker.fit_candidate_pairs(*tables)
        for pair, score in zip(_rows(found), found.scores, strict=True):
            rank = 1 + int((found.scores > score).sum())
            scores[pair] += weight / (60 + rank)
            times[pair] += 1
    union = UnionBlocker(PARTS, weights=weights, budget=None)
    found = union.fit_candidate_pairs(*tables)
    got = dict(zip(_rows(found), found.scores.tolist(), strict=True))
    assert got == pytest.approx(dict(scores))
    assert len(found) <= union.n_pairs_ <= (6 if one_table else 16)
    for least in (None, 1, 2, 3):
        both = IntersectionBlocker(
            PARTS, at_least=least, weights=weights, budget=None
        ).fit_candidate_pairs(*tables)
        expected = {p: s for p, s in scores.items() if times[p] >= (least or 3)}
        got = dict(zip(_rows(both), both.scores.tolist(), strict=True))
        assert got == pytest.approx(expected)


def test_fit_when_apart_then_same_pairs():
    parts = [clone(part) for part in PARTS]
    union = UnionBlocker(parts)
    one = union.fit_candidate_pairs(A, B)
    two = clone(union).fit(A, B).candidate_pairs(A, B)
    three = pickle.loads(pickle.dumps(union)).candidate_pairs(A, B)
    for other in (two, three):
        np.testing.assert_array_equal(one.keys, other.keys)
        np.testing.assert_array_equal(one.scores, other.scores)
    assert not hasattr(parts[0], "n_pairs_")


def test_blockers_when_wrong_then_said():
    with pytest.raises(GraphValueError, match="at least one"):
        UnionBlocker([]).fit(A, B)
    with pytest.raises(GraphTypeError, match="got 'zip'"):
        UnionBlocker(["zip"]).fit(A, B)
    with pytest.raises(GraphValueError, match="each of 3 blockers"):
        UnionBlocker(PARTS, weights=[1.0]).fit(A, B)
    with pytest.raises(GraphValueError, match="at_least=4"):
        IntersectionBlocker(PARTS, at_least=4).fit(A, B)


def test_pairs_when_none_found_then_empty():
    nothing = [KeyBlocker("zip")]
    assert len(UnionBlocker(nothing).fit_candidate_pairs({"zip": ["", ""]})) == 0

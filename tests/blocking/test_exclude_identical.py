"""Records that say the same, left out; budgets that are none, refused."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import (
    EmbeddingBlocker,
    KeyBlocker,
    MetaBlocker,
    MinHashBlocker,
    NLSHBlocker,
    Records,
    SortedNeighbourhoodBlocker,
    TfidfBlocker,
    UnionBlocker,
)
from graphrep.exceptions import GraphValueError

NAMES = ["canon eos 5d camera", "sony tv 42 inch", "apple ipod nano", "nikon d90 kit"]
A = Records({"name": NAMES})
B = Records({"name": ["Canon  EOS 5D camera", "sony tv 42 inch screen", "ipod nano"]})


def _letters(texts):
    return np.array([[t.count(c) for c in "abcdeinostv0245"] for t in texts], float)


BLOCKERS = [
    TfidfBlocker(budget=None),
    NLSHBlocker(budget=None, random_state=0),
    EmbeddingBlocker(_letters, budget=None),
    KeyBlocker(columns=["name"], budget=None),
    MetaBlocker(budget=None),
    MinHashBlocker(threshold=0.1, budget=None, random_state=0),
    SortedNeighbourhoodBlocker("name", budget=None),
    UnionBlocker([TfidfBlocker(budget=None)], budget=None),
]


@pytest.mark.parametrize("blocker", BLOCKERS, ids=lambda b: type(b).__name__)
def test_identical_when_excluded_then_no_pair_says_the_same(blocker):
    found = blocker.fit_candidate_pairs(A, B)
    pairs = set(zip(found.left_rows.tolist(), found.right_rows.tolist(), strict=True))
    blocker.set_params(exclude_identical=True)
    fewer = blocker.fit_candidate_pairs(A, B)
    blocker.set_params(exclude_identical=False)
    kept = set(zip(fewer.left_rows.tolist(), fewer.right_rows.tolist(), strict=True))
    assert (0, 0) in pairs
    assert (0, 0) not in kept
    assert kept <= pairs


def test_identical_when_excluded_then_scores_are_those_without_it():
    blocker = TfidfBlocker(budget=None, assignment="one-to-one", exclude_identical=True)
    found = blocker.fit_candidate_pairs(A, B)
    plain = blocker.set_params(exclude_identical=False).fit_candidate_pairs(A, B)
    score = dict(zip(zip(found.left_rows, found.right_rows, strict=True), found.scores,
                     strict=True))  # fmt: skip
    before = dict(zip(zip(plain.left_rows, plain.right_rows, strict=True), plain.scores,
                      strict=True))  # fmt: skip
    shared = [pair for pair in score if 0 in (pair[0], pair[1])]
    assert shared
    assert all(score[pair] > before[pair] for pair in shared)


def test_text_groups_when_empty_then_like_none():
    left, right = Records({"x": ["", "a", ""]}).text_groups(Records({"x": ["", "A "]}))
    assert left[1] == right[1]
    assert not set(left.tolist()) - {left[1]} & set(right.tolist())
    assert left[0] != left[2]


@pytest.mark.parametrize("budget", [-1, -0.5, float("nan")])
def test_fit_when_budget_is_negative_or_nan_then_refused(budget):
    with pytest.raises(GraphValueError, match="budget must be a number of 0 or more"):
        TfidfBlocker(budget=budget).fit(A, B)


def test_n_pairs_when_fitted_then_bounds_what_comes():
    blocker = TfidfBlocker(n_neighbors=2, budget=None).fit(A, B)
    assert len(blocker.candidate_pairs(A, B)) <= blocker.n_pairs_ == 12
    assert TfidfBlocker(budget=3).fit(A, B).n_pairs_ == 3
    assert NLSHBlocker(budget=None, n_neighbors=1, random_state=0).fit(A).n_pairs_ == 4


def test_max_postings_when_large_then_pairs_of_the_exact_search():
    for make in (TfidfBlocker, NLSHBlocker):
        options = {"random_state": 0} if make is NLSHBlocker else {}
        exact = make(**options).fit_candidate_pairs(A, B)
        bounded = make(max_postings=10_000, **options).fit_candidate_pairs(A, B)
        assert np.array_equal(exact.left_rows, bounded.left_rows)
        assert np.array_equal(exact.scores, bounded.scores)

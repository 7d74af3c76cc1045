"""KeyBlocker: keys of all kinds, purging, weights, the estimate and the profile."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from graphrep.blocking import KeyBlocker, as_records
from graphrep.exceptions import GraphTypeError, GraphValueError, MemoryLimitError

A = {
    "name": ["Red Fox", "grey owl", "", "red fox"],
    "zip": ["10", "20", "20", None],
}
B = {
    "name": ["red  fox", "Owl", "brown bear"],
    "zip": ["10", "20", ""],
}


def _pairs(keys, **options):
    options.setdefault("budget", None)
    found = KeyBlocker(keys, **options).fit_candidate_pairs(A, B)
    return set(zip(found.left_rows.tolist(), found.right_rows.tolist(), strict=True))


def first_letter(records):
    return [text[:1] for text in records.columns["name"]]


def words(records):
    return [text.split() for text in records.columns["name"]]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("name", {(0, 0), (3, 0)}),
        ("zip", {(0, 0), (1, 1), (2, 1)}),
        (("name", "zip"), {(0, 0)}),
        (["name", "zip"], {(0, 0), (3, 0), (1, 1), (2, 1)}),
        (first_letter, {(0, 0), (3, 0)}),
        ((first_letter, "zip"), {(0, 0)}),
        (words, {(0, 0), (3, 0), (1, 1)}),
        ("tokens", {(0, 0), (3, 0), (1, 1), (2, 1)}),
    ],
)
def test_pairs_when_key_then_those_that_share_it(keys, expected):
    assert _pairs(keys) == expected


def test_qgrams_when_shared_then_pairs():
    assert (1, 1) in _pairs("qgrams", q=3, columns=["name"])
    assert (1, 1) not in _pairs("qgrams", q=6, columns=["name"])


@pytest.mark.parametrize(
    ("weight", "expected"),
    [("size", 1 / 3), ("pairs", 1 / 2), ("log", np.log(7 / 3) ** 2)],
)
def test_scores_when_weight_then_sum_over_shared_blocks(weight, expected):
    blocker = KeyBlocker(["name", "zip"], weight=weight, budget=None)
    found = blocker.fit_candidate_pairs(A, B)
    scores = dict(
        zip(
            zip(found.left_rows.tolist(), found.right_rows.tolist(), strict=True),
            found.scores.tolist(),
            strict=True,
        )
    )
    zip_10 = {"size": 1 / 2, "pairs": 1.0, "log": np.log(7 / 2) ** 2}[weight]
    assert scores[3, 0] == pytest.approx(expected)
    assert scores[0, 0] == pytest.approx(expected + zip_10)


def test_one_table_when_blocked_then_each_pair_once():
    found = KeyBlocker("name", budget=None).fit_candidate_pairs(A)
    assert found.one_table
    assert (found.left_rows.tolist(), found.right_rows.tolist()) == ([0], [3])


def test_large_blocks_when_bound_then_purged_and_said():
    blocker = KeyBlocker("zip", max_block=2, budget=None).fit(A, B)
    assert (blocker.n_blocks_, blocker.n_purged_, blocker.n_pairs_) == (2, 1, 1)
    assert len(blocker.candidate_pairs(A, B)) == 1


def test_estimate_when_fitted_then_bounds_the_pairs():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(list("abcdefghijkl"), 3)) for _ in range(120)]
    left, right = {"t": texts[:50]}, {"t": texts[50:]}
    blocker = KeyBlocker("tokens", budget=None).fit(left, right)
    n = len(blocker.candidate_pairs(left, right))
    assert n <= blocker.n_pairs_ <= 50 * 70
    unique = KeyBlocker("t", budget=None).fit(left, right)
    assert unique.n_pairs_ == len(unique.candidate_pairs(left, right))


def test_pairs_when_beyond_bound_then_error_before_any_is_made():
    same = {"t": ["x"] * 400}
    blocker = KeyBlocker("t", max_pairs=1000).fit(same)
    assert blocker.n_pairs_ == 400 * 399 // 2
    with pytest.raises(MemoryLimitError, match="79,800 pairs, more than max_pairs"):
        blocker.candidate_pairs(same)


def test_profile_when_asked_then_largest_blocks_by_name():
    profile = KeyBlocker(["zip", "tokens"], max_block=2).profile(A, B, n=3)
    assert profile.rows[0][:5] == ("tokens", "20", 2, 1, 2) or profile.rows[0][:2] == (
        "zip",
        "20",
    )
    assert {row.value for row in profile.rows} <= {"20", "red", "fox"}
    assert all(row.purged for row in profile.rows)
    assert "purged" in str(profile)
    assert list(profile.to_frame().columns)[:2] == ["key", "value"]
    assert profile.n_pairs < profile.n_pairs_all
    assert (profile.n_left_without, profile.n_right_without) == (2, 1)


@pytest.mark.parametrize("q", [1, 3, 6, 30])
def test_profile_when_tokens_or_runs_then_spelled_as_in_the_text(q):
    tables = {"t": ["Größe 5, a-b_c", "größe 5 x", "ab"]}
    rows = KeyBlocker(["tokens", "qgrams"], q=q).profile(tables, n=1000).rows
    assert {r.value for r in rows if r.key == "tokens"} == {"größe", "5"}
    for row in rows:
        if row.key == "qgrams":
            assert sum(row.value in f" {t.lower()} " for t in tables["t"]) >= row.n_left


def test_keys_when_wrong_then_said():
    with pytest.raises(GraphValueError, match="no column 'street'"):
        KeyBlocker("street").fit(A, B)
    with pytest.raises(GraphTypeError, match="got 5"):
        KeyBlocker([5]).fit(A, B)
    with pytest.raises(GraphValueError, match="empty list"):
        KeyBlocker([]).fit(A, B)
    with pytest.raises(GraphValueError, match="each of 4 records; got 1"):
        KeyBlocker(lambda r: ["x"]).fit(A, B)
    with pytest.raises(GraphTypeError, match="one text for each record"):
        KeyBlocker(lambda r: "x").fit(A, B)
    with pytest.raises(GraphValueError, match="composite key"):
        KeyBlocker((words, "zip")).fit(A, B)


def test_tables_when_empty_or_without_keys_then_no_pairs():
    none = {"name": []}
    assert len(KeyBlocker("name").fit_candidate_pairs(none, A)) == 0
    assert len(KeyBlocker("tokens").fit_candidate_pairs(A, none)) == 0
    assert len(KeyBlocker("tokens").fit_candidate_pairs({"t": ["", None]})) == 0


def test_blocker_when_cloned_then_same_result():
    blocker = KeyBlocker(["zip", first_letter], budget=2)
    one = blocker.fit_candidate_pairs(as_records(A), B)
    two = clone(blocker).set_params(n_jobs=2).fit_candidate_pairs(A, B)
    np.testing.assert_array_equal(one.keys, two.keys)
    np.testing.assert_array_equal(one.scores, two.scores)

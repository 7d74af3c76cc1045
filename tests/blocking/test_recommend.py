"""recommend: samples, the order of the blockers, and the budget of the best."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import (
    KeyBlocker,
    SortedNeighbourhoodBlocker,
    TfidfBlocker,
    as_records,
    recommend,
)
from graphrep.blocking._recommend import _drawn, _mistyped
from graphrep.exceptions import GraphTypeError, GraphValueError


def _tables(n=120, seed=0):
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(list("abcdefghij"), 5)) for _ in range(60)]
    names = [" ".join(rng.choice(words, 4, replace=False)) for _ in range(n)]
    order = rng.permutation(n)
    left = {"name": names, "group": [str(i % 4) for i in range(n)]}
    right = {"name": [names[i] for i in order], "group": [str(i % 4) for i in order]}
    return left, right, [(int(i), int(np.flatnonzero(order == i)[0])) for i in range(n)]


BLOCKERS = {"group": KeyBlocker("group", budget=None), "tfidf": TfidfBlocker()}


def test_best_when_matches_known_then_fewest_pairs():
    A, B, matches = _tables()
    found = recommend(A, B, matches, blockers=BLOCKERS, target_recall=1.0)
    assert (found.basis, found.n_records, found.n_matches) == ("matches", 120, 120)
    assert [row.name for row in found.rows] == ["tfidf", "group"]
    assert found.rows[0].per_record == 1.0
    assert found.rows[1].per_record > 20
    assert found.reached
    pairs = found.best.fit_candidate_pairs(A, B)
    assert len(pairs) == 120
    assert set(
        zip(pairs.left_rows.tolist(), pairs.right_rows.tolist(), strict=True)
    ) == (set(matches))


def test_best_when_none_reaches_then_highest_recall():
    A, B, matches = _tables()
    tried = [
        SortedNeighbourhoodBlocker("name", 2),
        SortedNeighbourhoodBlocker("group", 2),
    ]
    found = recommend(A, B, [*matches[:3], (0, 5)], blockers=tried, target_recall=1.0)
    assert not found.reached
    recalls = [row.recall for row in found.rows]
    assert recalls == sorted(recalls, reverse=True)
    assert found.best.budget == 100.0
    assert "-" in str(found)


def test_sample_when_smaller_table_is_either_then_same_recall():
    A, B, matches = _tables()
    extra = {k: v + v[:30] for k, v in B.items()}
    one = recommend(A, extra, matches, blockers=BLOCKERS, sample=50)
    flipped = [(b, a) for a, b in matches]
    two = recommend(extra, A, flipped, blockers=BLOCKERS, sample=50)
    assert one.n_records == two.n_records == 50
    for a, b in zip(one.rows, two.rows, strict=True):
        assert a.recall == pytest.approx(b.recall, abs=0.1)


def test_matches_when_unknown_then_copies_and_all_usual_blockers():
    A, B, _ = _tables()
    found = recommend(A, B, sample=80)
    assert (found.basis, found.n_matches) == ("synthetic", 80)
    frame = found.to_frame()
    assert {"tfidf-characters", "minhash", "key: name"} <= set(frame["name"])
    again = recommend(A, B, sample=80)
    columns = [c for c in frame.columns if c != "seconds"]
    assert frame[columns].equals(again.to_frame()[columns])
    assert "made-up copies" in str(found)


def test_one_table_when_given_then_matches_or_copies():
    A, _, _ = _tables()
    twice = {k: v + v for k, v in A.items()}
    matches = [(i, i + 120) for i in range(120)]
    found = recommend(twice, matches=matches, blockers=BLOCKERS, target_recall=0.99)
    assert found.rows[0].name == "tfidf"
    assert found.best.fit_candidate_pairs(twice).one_table
    cut = recommend(twice, matches=matches, blockers=BLOCKERS, sample=6)
    assert cut.n_records == 120
    assert recommend(twice, blockers=BLOCKERS, sample=40).n_matches == 40


def test_blocker_when_it_cannot_run_then_last_with_a_note():
    A, B, matches = _tables()
    tried = {"huge": KeyBlocker("group", max_pairs=10), "tfidf": TfidfBlocker()}
    found = recommend(A, B, matches, blockers=tried)
    assert found.rows[-1].name == "huge"
    assert "max_pairs=10" in found.rows[-1].note


def test_drawn_when_few_match_then_half_of_the_sample():
    rng = np.random.default_rng(0)
    matched = np.arange(40)
    rows = _drawn(1000, matched, 60, rng)
    assert len(rows) == len(set(rows.tolist())) == 60
    assert np.isin(rows, matched).sum() >= 30
    assert _drawn(10, matched, 60, rng).tolist() == list(range(10))


def test_typos_when_made_then_near_the_text():
    rng = np.random.default_rng(0)
    text = "the quick brown fox jumps over the lazy dog" * 3
    made = [_mistyped(text, rng) for _ in range(20)]
    assert any(m != text for m in made)
    assert all(abs(len(m) - len(text)) < 25 for m in made)
    assert _mistyped("", rng) == ""


def test_parameters_when_wrong_then_said():
    A, B, matches = _tables(10)
    with pytest.raises(GraphValueError, match="target_recall must be"):
        recommend(A, B, matches, target_recall=0.0)
    with pytest.raises(GraphValueError, match="must be positive"):
        recommend(A, B, matches, sample=0)
    with pytest.raises(GraphTypeError, match="got str"):
        recommend(A, B, matches, blockers=["tfidf"])
    with pytest.raises(GraphTypeError, match="got str"):
        recommend(A, B, matches, blockers="tfidf")
    with pytest.raises(GraphValueError, match="at least one"):
        recommend(A, B, matches, blockers={})
    with pytest.raises(GraphValueError, match="no match to measure"):
        recommend(A, B, [])


@pytest.mark.shared
@pytest.mark.slow
def test_recommend_when_real_then_budget_holds_on_the_whole(shared_data):
    from graphrep.blocking._matches import as_matches

    folder = shared_data / "blocking" / "abt_buy"
    A, B = (as_records(folder / f"table{side}.csv", id="id") for side in "AB")
    gold = as_matches(folder / "matches_full.csv", A, B)
    found = recommend(A, B, gold, sample=500)
    assert found.reached
    assert {row.name for row in found.rows[:2]} == {"nlsh", "tfidf-characters"}
    pairs = found.best.fit_candidate_pairs(A, B)
    hit = np.isin(gold.left * len(B) + gold.right, pairs.keys)
    assert hit.mean() >= 0.92

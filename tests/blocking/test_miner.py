"""TupleMiner: matches from labels, rules and neighbours; negatives that are none."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import Records
from graphrep.blocking._lexical_neighbours import lexical_neighbours
from graphrep.blocking._matches import Matches
from graphrep.blocking._miner import TupleMiner
from graphrep.blocking._positives import mutual_positives
from graphrep.blocking._relative import Neighbours
from graphrep.exceptions import GraphValueError

WORDS = ["alpha", "beta", "gamma", "delta", "sigma", "omega", "kappa", "theta"]


def _tables(n=40, seed=0):
    rng = np.random.default_rng(seed)
    names = [" ".join(rng.choice(WORDS, 4)) + f" {i:03d}" for i in range(n)]
    A = Records({"name": names, "year": [str(1900 + i) for i in range(n)]})
    B = Records({"name": names[::-1], "year": [str(1900 + i) for i in range(n)][::-1]})
    return A, B, Matches(np.arange(n), np.arange(n)[::-1].copy())


def _equal(first, second):
    for x, y in zip(first, second, strict=True):
        assert x.side == y.side
        for a, b in zip(x[1:5], y[1:5], strict=True):
            np.testing.assert_array_equal(a, b)
        assert x.copies == y.copies


def test_tuples_when_matches_then_both_sides_and_no_match_as_negative():
    A, B, matches = _tables()
    miner = TupleMiner(n_negatives=4, random_state=0).fit(A, B, matches)
    left, right = miner.tuples(0)
    assert (left.side, right.side) == ("left", "right")
    for part in (left, right):
        assert part.r.shape == (40, 4)
        assert (part.q == 39 - part.p).all()
        assert (part.r != part.q[:, None]).all()
        assert ((part.r >= 0) & (part.r < 40)).all()
    assert miner.source_ == "matches"


def test_tuples_when_same_seed_then_same_and_epochs_differ():
    A, B, matches = _tables()
    first, second = (
        TupleMiner(augment="all", random_state=3).fit(A, B, matches) for _ in range(2)
    )
    _equal(first.tuples(1), second.tuples(1))
    assert (first.tuples(1)[0].r != first.tuples(2)[0].r).any()


def test_tuples_when_all_hard_then_negatives_are_near():
    A, B, matches = _tables()
    near = lexical_neighbours(A, B, k=5)
    miner = TupleMiner(hard_share=1.0, hard_ranks=(2, 5), random_state=0)
    part = miner.fit(A, B, matches, neighbours=near).tuples(0)[0]
    assert all(r in near[0].rows[p] for p, r in zip(part.p, part.r[:, 0], strict=True))


def test_tuples_when_half_hard_then_about_half_are_near():
    A, B, matches = _tables(400)
    near = lexical_neighbours(A, B, k=10)
    part = TupleMiner(n_negatives=2, random_state=0).fit(A, B, matches).tuples(0)[0]
    miner = TupleMiner(n_negatives=2, hard_ranks=(2, 10), random_state=0)
    part = miner.fit(A, B, matches, neighbours=near).tuples(0)[0]
    inside = (near[0].rows[part.p][:, None, :] == part.r[:, :, None]).any(axis=2)
    assert inside[:, 0].all()
    assert 0 < inside[:, 1].mean() < 0.2


def test_tuples_when_new_neighbours_then_negatives_from_them():
    A, B, matches = _tables()
    miner = TupleMiner(hard_share=1.0, random_state=0).fit(A, B, matches)
    lists = Neighbours(np.full((40, 1), 7), np.ones((40, 1), np.float32))
    left = miner.tuples(0, (lists, lists))[0]
    assert (left.r[left.q != 7] == 7).all()


def test_tuples_when_texts_are_the_same_then_never_negatives():
    A = Records({"t": ["Red  Fox", "red fox", "blue hen"]})
    B = Records({"t": ["red fox", "RED FOX", "hen blue", "owl"]})
    miner = TupleMiner(n_negatives=3, random_state=0).fit(A, B, Matches([0], [0]))
    for epoch in range(5):
        left, right = miner.tuples(epoch)
        assert set(left.r.ravel()) <= {2, 3}
        assert set(right.r.ravel()) <= {2}


def test_tuples_when_no_other_record_then_left_out():
    A, B = Records({"t": ["x"]}), Records({"t": ["x y"]})
    assert TupleMiner(random_state=0).fit(A, B, Matches([0], [0])).tuples(0) == []


def test_fit_when_rule_is_boolean_then_its_pairs_and_never_negatives():
    A, B, _ = _tables()

    def near_years(left, right):
        years = [x.columns["year"].astype(int) for x in (left, right)]
        return np.abs(years[0] - years[1]) <= 1

    miner = TupleMiner(rule=near_years, n_negatives=3, random_state=0).fit(A, B)
    assert miner.source_ == "rule"
    left, right, weights = miner.positives_
    assert (np.abs(left - (39 - right)) <= 1).all()
    assert len(left) > 40
    assert (weights == 1).all()
    part = miner.tuples(0)[0]
    assert (np.abs(part.p[:, None] - (39 - part.r)) > 1).all()


def test_tuples_when_rule_has_weights_then_loss_or_sampling_weights():
    A, B, _ = _tables()

    def weighted(left, right):
        same = left.columns["year"] == right.columns["year"]
        return same * np.where(left.columns["year"] == "1900", 50.0, 0.5)

    part = TupleMiner(rule=weighted, random_state=0).fit(A, B).tuples(0)[0]
    assert (part.weights == np.where(part.p == 0, 50.0, 0.5)).all()
    miner = TupleMiner(rule=weighted, weighting="sampling", random_state=0)
    part = miner.fit(A, B).tuples(0)[0]
    assert (part.weights == 1).all()
    assert (part.p == 0).mean() > 0.4


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda left, right: np.ones(3), "for each pair"),
        (lambda left, right: np.full(len(left), "x"), "a bool or a number"),
        (lambda left, right: np.full(len(left), -1.0), "weights of 0 or more"),
        (lambda left, right: np.full(len(left), np.nan), "weights of 0 or more"),
    ],
)
def test_fit_when_rule_returns_nonsense_then_error(answer, said):
    A, B, _ = _tables()
    with pytest.raises(GraphValueError, match=said):
        TupleMiner(rule=answer).fit(A, B)


def test_mutual_positives_when_small_then_by_hand():
    of_left = Neighbours(
        np.array([[0, 1], [1, 0], [1, 0]]),
        np.float32([[0.9, 0.5], [0.8, 0.75], [1, 0]]),
    )
    of_right = Neighbours(
        np.array([[0, 1], [2, 1]]), np.float32([[0.9, 0.7], [1, 0.8]])
    )
    found = mutual_positives((of_left, of_right), 0.15, one_table=False)
    assert (found.left.tolist(), found.right.tolist()) == ([0, 2], [0, 1])
    strict = mutual_positives((of_left, of_right), 0.27, one_table=False)
    assert strict.left.tolist() == [0]


def test_fit_when_nothing_is_known_then_mutual_neighbours_and_copies():
    A, B, _ = _tables()
    miner = TupleMiner(random_state=0).fit(A, B)
    assert miner.source_ == "neighbours"
    assert (miner.positives_.right == 39 - miner.positives_.left).all()
    parts = miner.tuples(0)
    assert [part.side for part in parts] == ["left", "right"] * 2
    assert parts[0].copies is None
    assert len(parts[2].copies) == len(parts[2].p) == 40
    assert parts[2].q.tolist() == list(range(40))


def test_fit_when_one_table_then_a_record_is_not_its_own_negative():
    A, _, _ = _tables()
    matches = Matches(np.arange(0, 40, 2), np.arange(1, 40, 2))
    miner = TupleMiner(n_negatives=5, augment="all", random_state=0)
    parts = miner.fit(A, A, matches, one_table=True).tuples(0)
    assert [part.side for part in parts] == ["left", "right", "left"]
    for part in parts:
        assert (part.r != part.p[:, None]).all()
        assert (part.r != (part.p ^ 1)[:, None]).all()


def test_split_when_half_then_held_out_are_neither_positives_nor_negatives():
    A, B, matches = _tables()
    miner, out = (
        TupleMiner(n_negatives=20, random_state=0).fit(A, B, matches).split(0.5)
    )
    assert len(out.left) == len(miner.positives_.left) == 20
    assert not set(out.left) & set(miner.positives_.left)
    assert (miner.tuples(0)[0].r != 39 - miner.tuples(0)[0].p[:, None]).all()


def test_tuples_when_capped_then_so_many():
    A, B, matches = _tables()
    parts = TupleMiner(n_tuples=10, random_state=0).fit(A, B, matches).tuples(0)
    assert [len(part.p) for part in parts] == [10, 10]


def test_fit_when_nothing_to_learn_from_then_error():
    A, B = Records({"t": ["aaa"]}), Records({"t": ["bbb"]})
    with pytest.raises(GraphValueError, match="no match to learn from"):
        TupleMiner(augment=None).fit(A, B)


@pytest.mark.parametrize(
    "options",
    [
        {"n_negatives": 0},
        {"hard_share": 1.5},
        {"hard_ranks": (0, 5)},
        {"margin": -1},
        {"weighting": "both"},
        {"n_tuples": 0},
    ],
)
def test_fit_when_parameter_is_bad_then_named(options):
    A, B, matches = _tables()
    with pytest.raises(GraphValueError, match=next(iter(options))):
        TupleMiner(**options).fit(A, B, matches)


@pytest.mark.parametrize("n", [0, 1])
def test_fit_when_table_is_empty_then_no_tuples(n):
    A, B = Records({"t": ["x y"] * n}), Records({"t": []})
    assert TupleMiner(random_state=0).fit(A, B).tuples(0) == []

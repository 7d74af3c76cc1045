"""Recall without labels: against truth on made-up scores and records."""

from __future__ import annotations

import re
import tracemalloc
import warnings

import numpy as np
import pytest

from graphrep.blocking import (
    CandidatePairs,
    KeyBlocker,
    NLSHBlocker,
    RecallEstimate,
    Records,
    TfidfBlocker,
    UnionBlocker,
    as_records,
    blocking_report,
    estimate_recall,
)
from graphrep.blocking._recall_estimate import LikelyMatches
from graphrep.blocking._score_mixture import MANY, SECOND, SINGLE, ScoreMixture
from graphrep.datasets import make_records
from graphrep.exceptions import GraphValueError, GraphWarning, MemoryLimitError
from graphrep.plot import blocking_page


@pytest.fixture(scope="module")
def made():
    data = make_records(700, errors=6, random_state=3)
    return as_records(data.left), as_records(data.right), data.matches


def truth(pairs, matches):
    found = set(zip(pairs.left_ids.tolist(), pairs.right_ids.tolist(), strict=True))
    return len(found & set(matches)) / len(matches)


def drawn(centre, width, slope, n_matches, prior, seed=0):
    rng = np.random.default_rng(seed)
    matches = rng.normal(centre, width, n_matches)
    others = prior.start - 3 * prior.step + rng.exponential(1 / slope, 20_000)
    return matches, others


@pytest.mark.parametrize(
    ("prior", "centre", "width", "slope"),
    [(SINGLE, 3.4, 0.6, 2.0), (SINGLE, 4.8, 0.9, 1.6), (MANY, 1.0, 0.25, 8.0)],
)
@pytest.mark.parametrize("n_matches", [1_000, 4_000])
def test_mixture_when_drawn_from_it_then_near_the_truth(
    prior, centre, width, slope, n_matches
):
    matches, others = drawn(centre, width, slope, n_matches, prior)
    scores = np.concatenate([matches, others])
    mixture = ScoreMixture(scores, prior)
    for share in (0.5, 0.8, 0.95):
        level = np.quantile(matches, 1 - share)
        inside = np.bincount(
            mixture.bins(scores[scores >= level]), minlength=len(mixture.totals_)
        )
        found = mixture.estimate(inside)
        assert found.low < share < found.high
        if n_matches > 1_000:  # of few the priors have their say
            assert abs(found.recall - share) < 0.08


def test_mixture_when_all_pairs_are_taken_then_one_and_none_then_zero():
    matches, others = drawn(4.0, 0.8, 2.0, 300, SINGLE)
    mixture = ScoreMixture(np.concatenate([matches, others]), SINGLE)
    np.testing.assert_allclose(mixture.masses_.sum(axis=1), 1.0)
    np.testing.assert_allclose(mixture.weights_.sum(), 1.0)
    assert mixture.estimate(mixture.totals_)[:3] == pytest.approx((1, 1, 1))
    assert mixture.estimate(0 * mixture.totals_)[:3] == (0, 0, 0)
    assert mixture.expected() @ mixture.totals_ == pytest.approx(1.0)
    nothing = ScoreMixture(np.zeros(0), SINGLE)
    assert np.isfinite(nothing.masses_).all()
    assert not nothing.stands_out_


@pytest.mark.parametrize("prior", [SINGLE, MANY, SECOND])
def test_mixture_when_no_match_stands_out_then_says_so(prior):
    centre, fall = prior.start + 12 * prior.step, 0.5 / prior.step
    for rate in (0.5 * fall, fall, 2 * fall):  # of whatever rate
        matches, others = drawn(centre, 3 * prior.step, rate, 0, prior)
        assert not ScoreMixture(others, prior).stands_out_
    matches, others = drawn(centre, 3 * prior.step, fall, 1_500, prior)
    assert ScoreMixture(np.concatenate([matches, others]), prior).stands_out_


def test_mixture_when_copies_are_found_then_estimate_moves_their_way():
    matches, others = drawn(3.2, 0.8, 1.8, 60, SINGLE)
    scores = np.concatenate([matches, others[:2_000]])
    level = 3.0
    found = []
    for share in (0.2, None, 0.99):
        copies = None if share is None else (level, share)
        mixture = ScoreMixture(scores, SINGLE, copies)
        inside = mixture.bins(scores[scores >= level])
        counts = np.bincount(inside, minlength=len(mixture.totals_))
        found.append(mixture.estimate(counts).recall)
    assert found == sorted(found)
    assert found[2] > found[0] + 0.02


def test_estimate_when_pairs_are_of_any_blocker_then_near_the_truth(made):
    A, B, matches = made
    chosen = [
        TfidfBlocker(budget=times, n_jobs=1).fit_candidate_pairs(A, B)
        for times in (1.0, 2.0, 5.0)
    ]
    chosen.append(KeyBlocker("brand").fit_candidate_pairs(A, B))
    chosen.append(chosen[2].take(np.arange(len(chosen[2])) % 2 == 0))
    for pairs in chosen:
        found = estimate_recall(pairs, A, B, n_jobs=1)
        assert abs(found.recall - truth(pairs, matches)) < 0.1
        assert found.low - 0.01 <= truth(pairs, matches) <= found.high + 0.01
        assert 0 <= found.low <= found.recall <= found.high <= 1
    assert truth(chosen[3], matches) < 0.3  # what is hard to find is among them


def test_estimate_when_pairs_are_far_from_each_other_then_they_count_nothing(made):
    A, B, _ = made
    pairs = TfidfBlocker(budget=0.5, n_jobs=1).fit_candidate_pairs(A, B)
    near = LikelyMatches(A, B, False, n_jobs=1)
    (part,) = near.readings
    every = np.arange(len(A) * len(B))
    far = np.setdiff1d(every, np.concatenate([part.keys, pairs.keys]))
    left, right = np.divmod(np.concatenate([pairs.keys, far]), len(B))
    assert len(far) > len(pairs)
    assert near.estimate(left, right) == near.estimate(*np.divmod(pairs.keys, len(B)))


def test_estimate_when_most_records_are_in_both_tables_then_allows_for_both():
    data = make_records(300, kind="persons", errors=4, one_table=True, random_state=1)
    A = as_records(data.left)
    B = A.repeat(np.arange(len(A)))
    row = {name: at for at, name in enumerate(A.ids.tolist())}
    second = np.array([[row[a], row[b]] for a, b in data.matches])
    second = np.concatenate([second, second[:, ::-1]])
    copies = np.repeat(np.arange(len(A))[:, None], 2, axis=1)
    for times in (1.0, 2.0):
        model = TfidfBlocker(budget=times, n_jobs=1).fit(A, B)
        pairs = model.candidate_pairs(A, B)
        with pytest.warns(GraphWarning, match="Whether such copies count") as by_model:
            found = model.estimate_recall(A, B, pairs=pairs)
        with pytest.warns(GraphWarning, match="Whether such copies count") as told:
            assert estimate_recall(pairs, A, B, n_jobs=1) == found
        assert {one.filename for one in [*by_model, *told]} == {__file__}
        assert "allows for both" in found.doubts[0]
        for matches in (second, np.concatenate([second, copies])):
            keys = matches[:, 0] * len(B) + matches[:, 1]
            share = np.isin(keys, pairs.keys).mean()
            assert found.low - 0.02 <= share <= found.high + 0.02
    model = TfidfBlocker(budget=1.0, exclude_identical=True, n_jobs=1)
    pairs = model.fit_candidate_pairs(A, B)
    keys = second[:, 0] * len(B) + second[:, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = model.estimate_recall(A, B, pairs=pairs)
        assert found == estimate_recall(pairs, A, B, exclude_identical=True)
        other = estimate_recall(pairs, A, B, assignment="one-to-one")
    assert abs(found.recall - np.isin(keys, pairs.keys).mean()) < 0.08
    assert found.doubts == other.doubts == ()


def test_estimate_when_one_table_then_near_the_truth():
    data = make_records(400, errors=4, one_table=True, random_state=0)
    A = as_records(data.left)
    pairs = TfidfBlocker(budget=2.0, n_jobs=1).fit_candidate_pairs(A)
    right = {frozenset(pair) for pair in data.matches}
    ids = zip(pairs.left_ids.tolist(), pairs.right_ids.tolist(), strict=True)
    share = len({frozenset(pair) for pair in ids} & right) / len(right)
    found = estimate_recall(pairs, A)
    assert abs(found.recall - share) < 0.1
    assert found.low <= share <= found.high + 0.02


def test_target_recall_when_reached_then_fewer_pairs_and_about_the_recall(made):
    A, B, matches = made
    whole = TfidfBlocker(budget=5.0, n_jobs=1).fit_candidate_pairs(A, B)
    sizes = []
    for target in (0.6, 0.9, 0.95):
        model = TfidfBlocker(target_recall=target, budget=5.0, n_jobs=1)
        pairs = model.fit_candidate_pairs(A, B)
        assert pairs == whole.head(len(pairs))
        assert truth(pairs, matches) > target - 0.03
        assert model.recall_estimate_.recall >= target - 1e-6
        again = model.estimate_recall(A, B, pairs=pairs)
        assert again[:3] == pytest.approx(model.recall_estimate_[:3])
        sizes.append(len(pairs))
    assert sizes == sorted(sizes)
    assert sizes[-1] < len(whole)
    learnt = NLSHBlocker(target_recall=0.9, random_state=0, n_jobs=1)
    assert truth(learnt.fit_candidate_pairs(A, B), matches) > 0.87


def test_target_recall_when_budget_is_too_small_then_all_of_it_and_a_warning(made):
    A, B, _ = made
    model = TfidfBlocker(target_recall=0.95, budget=100, n_jobs=1).fit(A, B)
    with pytest.warns(GraphWarning, match="Raise budget"):
        pairs = model.candidate_pairs(A, B)
    assert len(pairs) == 100
    assert model.recall_estimate_.recall < 0.5
    with pytest.warns(GraphWarning, match="0 pairs"):
        assert len(model.set_params(budget=0.0004).candidate_pairs(A, B)) == 0


def test_target_recall_when_records_have_bounds_then_told_of_the_pairs_chosen(made):
    A, B, _ = made
    for options in ({"per_record": 3}, {"min_per_record": 2}):
        model = TfidfBlocker(target_recall=0.9, budget=5.0, n_jobs=1, **options)
        pairs = model.fit_candidate_pairs(A, B)
        again = model.estimate_recall(A, B, pairs=pairs)
        assert again[:3] == pytest.approx(model.recall_estimate_[:3])
        assert again.recall >= 0.9
        one_less = TfidfBlocker(budget=len(pairs) - 1, n_jobs=1, **options)
        fewer = one_less.fit_candidate_pairs(A, B)
        assert estimate_recall(fewer, A, B, n_jobs=1).recall < 0.9
        assert np.isin(fewer.keys, pairs.keys).all()
    with pytest.warns(GraphWarning, match="Raise budget or per_record"):
        model.set_params(per_record=1, min_per_record=0).candidate_pairs(A, B)
    assert model.recall_estimate_.recall < 0.9


def test_target_recall_when_matches_are_known_then_their_share_or_a_warning(made):
    A, B, matches = made
    known = matches[:200]
    model = NLSHBlocker(target_recall=0.9, random_state=0, n_jobs=1)
    pairs = model.fit_candidate_pairs(A, B, known)
    assert truth(pairs, known) == pytest.approx(0.9, abs=0.006)
    assert truth(pairs.head(len(pairs) - 1), known) < truth(pairs, known)
    model.set_params(budget=20)
    with pytest.warns(GraphWarning, match="20 pairs have an estimated"):
        assert len(model.candidate_pairs(A, B)) == 20
    assert not hasattr(model, "recall_estimate_")


def test_rules_when_they_drop_pairs_then_these_are_no_matches(made):
    A, B, _ = made

    def brands_differ(left, right):
        return left.columns["brand"] != right.columns["brand"]

    keyed = KeyBlocker("brand", budget=None).fit_candidate_pairs(A, B)
    same = KeyBlocker("brand", budget=None, exclude=brands_differ).fit(A, B)
    free = KeyBlocker("brand", budget=None).fit(A, B)
    ruled = same.estimate_recall(A, B, pairs=keyed)
    assert ruled.recall > free.estimate_recall(A, B, pairs=keyed).recall + 0.2


def test_estimate_when_repeated_or_by_threads_then_the_same(made):
    A, B, _ = made
    union = UnionBlocker([TfidfBlocker(n_jobs=1), KeyBlocker("brand")])
    pairs = union.fit_candidate_pairs(A, B)
    found = union.estimate_recall(A, B)
    assert found == estimate_recall(pairs, A, B, n_jobs=2)
    assert isinstance(found, RecallEstimate)
    assert str(found) == f"{found[0]:.3f} ({found[1]:.3f} to {found[2]:.3f})"


def test_estimate_when_tables_are_empty_or_wrong_then_zero_or_refused(made):
    A, B, _ = made
    nothing = Records({name: [] for name in A.columns})
    empty = TfidfBlocker(n_jobs=1).fit_candidate_pairs(A, nothing)
    assert estimate_recall(empty, A, nothing)[:3] == (0, 0, 0)
    blank = Records({"name": ["", "", ""]})
    pairs = TfidfBlocker(n_jobs=1, target_recall=0.9).fit_candidate_pairs(blank, blank)
    assert len(pairs) == 0
    pairs = TfidfBlocker(n_jobs=1).fit_candidate_pairs(A, B)
    with pytest.raises(GraphValueError, match="assignment must be one of"):
        estimate_recall(pairs, A, B, assignment="one")
    with pytest.raises(GraphValueError, match="Pass the tables"):
        estimate_recall(pairs, A, A)
    with pytest.raises(GraphValueError, match="Pass the tables"):
        TfidfBlocker(n_jobs=1).fit(A, B).estimate_recall(A, A, pairs=pairs)
    far = Records({"name": ["aaaa", "bbbb"]}), Records({"name": ["yyyy", "zzzz"]})
    unlike = CandidatePairs(
        [0, 1], [0, 1], left_ids=far[0].index, right_ids=far[1].index
    )
    found = estimate_recall(unlike, *far)
    assert found[:3] == (0, 0, 1)  # nothing is known of them
    assert "nothing is known" in found.doubts[0]
    model = TfidfBlocker(target_recall=0.9, executor="serial").fit(A, B)
    with pytest.raises(GraphValueError, match="looks at all pairs at once"):
        model.candidate_pairs(A, B)


@pytest.mark.parametrize("excluded", [False, True])
def test_estimate_when_memory_is_limited_then_kept_to_or_refused(made, excluded):
    A, B, _ = made
    model = TfidfBlocker(n_jobs=1, exclude_identical=excluded).fit(A, B)
    pairs = model.candidate_pairs(A, B)
    model.estimate_recall(A, B, pairs=pairs)  # compiles
    model.set_params(memory_limit=1)
    with pytest.raises(MemoryLimitError, match="records works in memory") as error:
        model.estimate_recall(A, B, pairs=pairs)
    told = re.search(r"Allow ([0-9,]+) bytes", str(error.value))
    model.set_params(memory_limit=int(told[1].replace(",", "")))
    tracemalloc.start()
    try:
        found = model.estimate_recall(A, B, pairs=pairs)
        assert tracemalloc.get_traced_memory()[1] <= model.memory_limit
    finally:
        tracemalloc.stop()
    options = {"exclude_identical": excluded, "n_jobs": 1}
    assert found == estimate_recall(pairs, A, B, **options)


def test_estimate_when_copies_may_be_left_out_then_their_memory_counts(made):
    A = made[0]
    B = A.repeat(np.arange(len(A)))
    told = []
    for options in ({}, {"exclude_identical": True}, {"assignment": "one-to-one"}):
        model = TfidfBlocker(n_jobs=1, **options).fit(A, B).set_params(memory_limit=1)
        with pytest.raises(MemoryLimitError) as error:
            model._check_estimate(A, B)
        told.append(
            int(re.search(r"Allow ([0-9,]+)", str(error.value))[1].replace(",", ""))
        )
    assert told[0] == told[1] > told[2]


def test_report_when_given_an_estimate_then_shows_it(made):
    A, B, _ = made
    pairs = TfidfBlocker(n_jobs=1).fit_candidate_pairs(A, B)
    guess = RecallEstimate(0.912, 0.8, 0.97, ("Too <few> records.",))
    report = blocking_report(pairs, A, B, recall_estimate=guess)
    assert ("estimated recall", "0.912 (0.800 to 0.970)") in report.facts()
    assert ("doubt", "Too <few> records.") in report.facts()
    assert report.to_dict()["recall_estimate"] == guess._asdict()
    page = blocking_page(report)
    assert "91.2% of all matches" in page
    assert "80.0% to 97.0%" in page
    assert "Too &lt;few&gt; records." in page
    assert "of all matches" not in blocking_page(blocking_report(pairs, A, B))

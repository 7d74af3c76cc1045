"""Means of samples: by hand, unbiased, with intervals that cover; paired tests."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from graphrep.evaluation import _statistics as statistics
from graphrep.exceptions import GraphValueError


def population(n=2000, seed=0, most=400):
    """Degrees of a heavy tail, a value that grows with them, some skipped."""
    rng = np.random.default_rng(seed)
    degree = np.minimum(rng.zipf(2.0, n), most) - (rng.random(n) < 0.1)
    values = np.clip(0.1 + 0.09 * np.log2(degree + 1) + rng.normal(0, 0.15, n), 0, 1)
    values[degree == 0] = np.nan
    return degree, values


# -- bins and samples ------------------------------------------------------------
def test_bins_when_degrees_are_powers_of_two_then_each_opens_a_bin():
    codes, labels = statistics.degree_bins([0, 1, 2, 3, 4, 7, 8, 1024])
    assert codes.tolist() == [0, 1, 2, 2, 3, 3, 4, 11]
    assert labels[:5] == ("0", "1", "2-3", "4-7", "8-15")
    assert labels[11] == "1024-2047"
    assert statistics.degree_bins([])[1] == ("0",)


def test_sample_when_stratified_then_proportional_and_two_of_each():
    degree, _ = population()
    sample = statistics.sample_queries(degree, 200, True, 3)
    bins, sizes = np.unique(statistics.degree_bins(degree)[0], return_counts=True)
    drawn = np.bincount(sample.strata)
    assert len(sample.rows) == len(set(sample.rows.tolist())) == drawn.sum() == 200
    assert np.all(np.diff(sample.rows) > 0)
    np.testing.assert_array_equal(sample.stratum_sizes, sizes)
    assert np.all(drawn >= np.minimum(sizes, 2))
    big = sizes > 50
    np.testing.assert_allclose(drawn[big], sizes[big] * 0.1, atol=2)
    np.testing.assert_array_equal(
        bins[sample.strata], statistics.degree_bins(degree)[0][sample.rows]
    )
    assert np.bincount(sample.strata, sample.weights) == pytest.approx(sizes)


def test_sample_when_doubled_then_it_holds_the_smaller_one():
    degree, _ = population()
    small, large = (statistics.sample_queries(degree, m, True, 9) for m in (100, 200))
    assert set(small.rows.tolist()) < set(large.rows.tolist())
    again = statistics.sample_queries(degree, 100, True, 9)
    other = statistics.sample_queries(degree, 100, True, 10)
    assert np.array_equal(small.rows, again.rows)
    assert not np.array_equal(small.rows, other.rows)


@pytest.mark.parametrize("m", [1, 2, 3, 5, 8, 13, 30])
def test_sample_when_small_then_strata_merge_and_the_size_is_kept(m):
    degree, _ = population()
    sample = statistics.sample_queries(degree, m, True, 0)
    assert len(sample.rows) == m
    assert sample.stratum_sizes.sum() == len(degree)
    assert sample.weights.sum() == pytest.approx(len(degree))
    if m > 1:
        drawn = np.bincount(sample.strata, minlength=len(sample.stratum_sizes))
        assert np.all(drawn >= np.minimum(sample.stratum_sizes, 2))


def test_sample_when_all_are_asked_for_then_all():
    sample = statistics.sample_queries(np.array([1, 1, 5]), 10, True, 0)
    assert sample.rows.tolist() == [0, 1, 2]
    assert sample.weights.tolist() == [1, 1, 1]
    plain = statistics.sample_queries(np.array([1, 1, 5]), 2, False, 0)
    assert plain.stratum_sizes.tolist() == [3]
    with pytest.raises(GraphValueError, match="got 0"):
        statistics.sample_queries(np.ones(3), 0)


# -- means -----------------------------------------------------------------------
def test_mean_when_drawn_alike_then_the_formula_of_the_textbook():
    y = np.array([0.1, 0.4, 0.4, 0.9])
    found = statistics.mean_estimate(y, stratum_sizes=[10])
    se = y.std(ddof=1) * np.sqrt((1 - 4 / 10) / 4)
    half = stats.t.ppf(0.975, 3) * se
    assert found.value == pytest.approx(0.45)
    assert found.se == pytest.approx(se)
    assert (found.low, found.high) == pytest.approx((0.45 - half, 0.45 + half))
    endless = statistics.mean_estimate(y)
    assert endless.se == pytest.approx(y.std(ddof=1) / 2)
    wide = statistics.mean_estimate(y, stratum_sizes=[10], confidence=0.99)
    assert wide.high > found.high


def test_mean_when_stratified_then_by_hand():
    # strata of 6 and 4 nodes, two drawn of each
    y = np.array([0.0, 1.0, 2.0, 4.0])
    found = statistics.mean_estimate(y, np.array([0, 0, 1, 1]), np.array([6, 4]))
    assert found.value == pytest.approx((6 * 0.5 + 4 * 3) / 10)
    variance = (6**2 * (1 - 2 / 6) * 0.5 / 2 + 4**2 * (1 - 2 / 4) * 2 / 2) / 100
    assert found.se == pytest.approx(np.sqrt(variance))
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 2) * found.se)


def test_mean_when_all_were_scored_then_a_fact_but_not_for_the_population():
    y = np.array([0.0, 0.5, 1.0, np.nan])
    fact = statistics.mean_estimate(y, stratum_sizes=[4])
    assert (fact.value, fact.se, fact.low, fact.high) == (0.5, 0, 0.5, 0.5)
    assert (fact.n_scored, fact.n_skipped) == (3, 1)
    wide = statistics.mean_estimate(y[:3], stratum_sizes=[3], interval="population")
    assert wide.se == pytest.approx(0.5 / np.sqrt(3))
    assert wide.low == pytest.approx(0.5 - stats.t.ppf(0.975, 2) * wide.se)
    with pytest.raises(GraphValueError, match="interval"):
        statistics.mean_estimate(y, interval="all")


def test_mean_when_weighted_or_grouped_then_by_hand():
    y = np.array([1.0, 0.0, 0.5, np.nan])
    sizes = [4]
    heavy = statistics.mean_estimate(y, None, sizes, importance=[1, 3, 2, 9])
    assert heavy.value == pytest.approx(2 / 6)
    groups = np.array([0, 0, 2, 3])  # group 1 is empty, group 3 skipped
    balanced = statistics.mean_estimate(y, None, sizes, groups=groups)
    assert balanced.value == pytest.approx((0.5 + 0.5) / 2)
    weighted = statistics.mean_estimate(
        np.array([1.0, 0.0, 0.5, 0.5]), np.array([0, 0, 1, 1]), np.array([8, 2]),
        groups=np.array([0, 1, 1, 1]),
    )  # fmt: skip
    assert weighted.value == pytest.approx((1 + (4 * 0 + 2 * 0.5) / 6) / 2)


def test_mean_when_little_is_scored_then_the_error_is_not_known():
    nothing = statistics.mean_estimate([np.nan, np.nan], stratum_sizes=[9])
    assert np.isnan([nothing.value, nothing.se, nothing.low, nothing.high]).all()
    one = statistics.mean_estimate([0.25, np.nan], stratum_sizes=[9])
    assert one.value == 0.25
    assert np.isnan(one.se)
    single = statistics.mean_estimate(
        [0.25, 0.5, 0.5], np.array([0, 1, 1]), np.array([5, 5])
    )
    assert np.isnan(single.se)


@pytest.mark.parametrize("stratify", [True, False])
@pytest.mark.parametrize("average", ["macro", "edge_weighted", "degree_balanced"])
def test_estimate_when_repeated_then_unbiased_and_the_interval_covers(
    stratify, average
):
    degree, values = population(most=40)
    bins = statistics.degree_bins(degree)[0]
    bins = np.where(bins > 5, 5, bins)  # rarer ones are not in every plain sample
    n = len(degree)

    def estimate(rows, strata, sizes):
        return statistics.mean_estimate(
            values[rows], strata, sizes,
            importance=degree[rows] if average == "edge_weighted" else None,
            groups=bins[rows] if average == "degree_balanced" else None,
        )  # fmt: skip

    truth = estimate(np.arange(n), None, np.array([n])).value
    found = []
    for seed in range(300):
        sample = statistics.sample_queries(degree, 250, stratify, seed)
        found.append(estimate(sample.rows, sample.strata, sample.stratum_sizes))
    means = np.array([e.value for e in found])
    spread = means.std(ddof=1)
    assert abs(means.mean() - truth) < 4 * spread / np.sqrt(300) + 2e-3
    errors = np.sqrt(np.mean([e.se**2 for e in found]))
    assert errors == pytest.approx(spread, rel=0.2)
    covered = np.mean([e.low <= truth <= e.high for e in found])
    assert covered > 0.88


def test_strata_when_the_value_follows_the_degree_then_tighter():
    degree, values = population()
    spread = {
        stratify: np.std([
            statistics.mean_estimate(values[s.rows], s.strata, s.stratum_sizes).value
            for s in (
                statistics.sample_queries(degree, 200, stratify, i) for i in range(200)
            )
        ])
        for stratify in (True, False)
    }  # fmt: skip
    assert spread[True] < 0.95 * spread[False]


# -- pairs -----------------------------------------------------------------------
def test_difference_when_paired_then_tighter_than_apart():
    rng = np.random.default_rng(1)
    hard = rng.random(100)
    a, b = hard + 0.05, hard + rng.normal(0, 0.01, 100)
    b[0] = np.nan
    found = statistics.paired_difference(a, b, None, np.array([1000]))
    assert found.n_scored == 99
    assert found.value == pytest.approx(0.05, abs=0.005)
    apart = statistics.mean_estimate(a, None, np.array([1000])).se
    assert found.se < apart / 10
    assert found.low < 0.05 < found.high


def test_permutation_when_few_pairs_then_near_the_exact_share():
    a = np.array([0.5, 0.7, 0.9, 0.4, 0.8, 0.6])
    b = a - np.array([0.1, 0.2, 0.1, -0.05, 0.3, 0.02])
    d = a - b
    signs = np.array(np.meshgrid(*[[1, -1]] * 6)).reshape(6, -1)
    exact = np.mean(np.abs(d @ signs) >= abs(d.sum()) - 1e-12)
    found = statistics.paired_permutation_test(a, b, 20_000, 5)
    assert found == pytest.approx(exact, abs=0.01)


def test_permutation_when_nothing_differs_then_one_and_when_all_then_tiny():
    a = np.random.default_rng(0).random(300)
    assert statistics.paired_permutation_test(a, a) == 1.0
    assert statistics.paired_permutation_test(a, a - 0.1) == pytest.approx(1 / 2001)
    noise = np.random.default_rng(1).normal(0, 0.1, 300)
    assert statistics.paired_permutation_test(a, a + noise - noise.mean()) > 0.9
    holes = np.where(np.arange(300) < 100, np.nan, a)
    assert statistics.paired_permutation_test(a, holes) == 1.0


def test_permutation_when_the_null_holds_then_p_is_uniform():
    rng = np.random.default_rng(2)
    found = [
        statistics.paired_permutation_test(
            rng.normal(size=20), rng.normal(size=20), 200, seed
        )
        for seed in range(300)
    ]
    assert stats.kstest(found, "uniform").pvalue > 1e-3


def test_permutation_when_weighted_then_heavy_nodes_decide():
    a, b = np.array([1.0] * 10 + [0.0] * 10), np.full(20, 0.5)
    assert statistics.paired_permutation_test(a, b) > 0.9
    weights = np.array([1.0] * 10 + [1e-6] * 10)
    assert statistics.paired_permutation_test(a, b, weights=weights) < 0.02


def test_fisher_when_known_then_the_values_of_the_formula():
    low, high = statistics.fisher_interval(0.5, 103)
    assert (low, high) == pytest.approx(
        (np.tanh(np.arctanh(0.5) - 0.1959964), np.tanh(np.arctanh(0.5) + 0.1959964)),
        abs=1e-6,
    )
    assert np.isnan(statistics.fisher_interval(0.5, 3)).all()
    assert np.isnan(statistics.fisher_interval(np.nan, 30)).all()
    assert statistics.fisher_interval(1.0, 30) == (1.0, 1.0)

"""Statistics of hubness against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.metrics import (
    antihub_occurrence,
    atkinson_index,
    gini_index,
    hub_occurrence,
    hubness_scores,
    k_occurrence,
    robin_hood_index,
    skewness,
    truncated_normal_skewness,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=40))
def test_indices_when_any_counts_then_as_defined(counts):
    x = np.array(counts, float)
    n, total = len(x), x.sum()
    apart = np.abs(x[:, None] - x).sum()
    assert gini_index(counts) == pytest.approx(apart / (2 * n * max(total, 1)))
    hoover = np.abs(x - x.mean()).sum() / 2 / max(total, 1)
    assert robin_hood_index(counts) == pytest.approx(hoover)
    if x.std():
        assert skewness(counts) == pytest.approx(stats.skew(x), abs=1e-9)
        a = -x.mean() / x.std(ddof=1)
        want = stats.truncnorm(a, np.inf).moment(3)
        assert truncated_normal_skewness(counts) == pytest.approx(want, rel=1e-4)
    else:
        assert skewness(counts) == 0
        assert np.isnan(truncated_normal_skewness(counts))
    if total:
        level = np.mean(np.sqrt(x)) ** 2
        assert atkinson_index(counts) == pytest.approx(1 - level / x.mean())
        level = stats.gmean(x) if x.all() else 0.0
        assert atkinson_index(counts, 1) == pytest.approx(1 - level / x.mean())
    assert antihub_occurrence(counts) == np.mean(x == 0)


def test_occurrence_when_rows_are_missing_then_zeros_count():
    counts = k_occurrence([[0, 1], [0, -1]], 3)
    assert counts.tolist() == [2, 1, 0]
    assert k_occurrence(np.empty((0, 5)), 2).tolist() == [0, 0]
    with pytest.raises(GraphValueError, match="3 targets"):
        k_occurrence([[3]], 3)
    with pytest.raises(GraphTypeError, match="integers"):
        k_occurrence([[0.5]], 3)


def test_hubs_when_at_twice_k_then_their_share_of_slots():
    assert hub_occurrence([4, 3, 1, 0], k=2) == 0.5
    assert hub_occurrence([4, 3, 1, 0], k=2, factor=1) == 7 / 8
    assert hub_occurrence([0, 0], k=1) == 0
    scores = hubness_scores(np.array([4, 3, 1, 0]), k=2)
    assert scores.largest == 4
    assert scores.antihubs == 0.25


def test_counts_when_wrong_then_refused():
    for bad in ([], [[1]], [-1.0], [np.nan]):
        with pytest.raises(GraphValueError, match="counts"):
            hubness_scores(bad, 1)
    with pytest.raises(GraphTypeError, match="numbers"):
        gini_index(["a"])
    with pytest.raises(GraphValueError, match="k must"):
        hub_occurrence([1], 0)
    with pytest.raises(GraphValueError, match="aversion"):
        atkinson_index([1], 0)

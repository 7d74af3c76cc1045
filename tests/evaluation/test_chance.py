"""Chance levels are those of the oracle where every score is equal."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.evaluation._chance import chance_level, expected_ap

KS = (1, 3, 10, 50)


def test_chance_when_all_scores_tie_then_the_expected_metrics(reference):
    cases = [(r, n) for n in (1, 2, 5, 12, 40) for r in range(1, n + 1)]
    r, n = np.array(cases).T
    for name in reference.names(KS):
        expected = [reference.expected_metrics([(b, a)], KS)[name] for a, b in cases]
        found = chance_level(name, r, n)
        np.testing.assert_allclose(found, expected, atol=1e-12, err_msg=name)


def test_chance_when_the_list_is_long_then_still_exact():
    assert expected_ap([9], [200])[0] == pytest.approx(0.0684, abs=5e-5)
    one = chance_level("mrr", np.array([1]), np.array([100_000]))[0]
    assert one == pytest.approx((1 / np.arange(1, 100_001)).mean(), rel=1e-12)
    rng = np.random.default_rng(0)
    drawn = np.array([rng.permutation(5000)[:40].min() + 1 for _ in range(4000)])
    found = chance_level("mrr", np.array([40]), np.array([5000]))[0]
    assert found == pytest.approx((1 / drawn).mean(), rel=0.1)


def test_chance_when_nothing_is_relevant_or_unknown_then_nan():
    assert np.isnan(chance_level("ap", [0], [5])).all()
    assert np.isnan(chance_level("made_up", [1], [5])).all()
    assert np.isnan(chance_level("made_up@3", [1], [5])).all()
    assert len(chance_level("mrr", [], [])) == 0

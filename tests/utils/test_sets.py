"""Sets of integers, against numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep._utils._sets import distinct, is_in


@pytest.mark.parametrize("n", [0, 1, 2, 50, 1000])
def test_sets_when_drawn_then_those_of_numpy(n):
    rng = np.random.default_rng(n)
    values, others = rng.integers(-20, 300, (2, n))
    assert np.array_equal(distinct(values), np.unique(values))
    assert np.array_equal(is_in(values, distinct(others)), np.isin(values, others))
    assert not is_in(values, np.zeros(0, np.int64)).any()

"""Warnings point at the line of the user, not into the library."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from graphrep import FastRP
from graphrep.exceptions import GraphWarning


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_warning_when_raised_below_decorators_then_points_at_the_caller(method):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(FastRP(4, random_state=0), method)(np.zeros((3, 3)))
    told = [w for w in caught if issubclass(w.category, GraphWarning)]
    assert [w.filename for w in told] == [__file__]

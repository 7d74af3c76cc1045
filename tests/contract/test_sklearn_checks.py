"""All of scikit-learn's common checks; two cannot hold for transductive methods."""

from __future__ import annotations

import warnings


def test_common_check_when_run_then_passes(checked_name, checked, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(checked)

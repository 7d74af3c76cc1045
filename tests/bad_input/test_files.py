"""Every row of the table of bad and odd input of files comes out as it says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location(
    "graphrep_file_cases", Path(__file__).with_name("file_cases.py")
)
cases = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(cases)


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.id)
def test_odd_input_when_used_then_error_or_result_as_in_the_table(case):
    if case.needs is not None:
        pytest.importorskip(case.needs)
    kind, message, result = cases.run(case)
    expected = case.raises or case.warns
    assert kind == (expected.__name__ if expected else "ok"), message
    assert case.says in message
    if case.gives:
        assert result == case.gives


def test_ids_of_the_cases_when_compared_then_unique():
    names = [case.id for case in cases.CASES]
    assert len(names) == len(set(names))

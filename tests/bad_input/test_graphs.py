"""Every row of the table of bad and odd graphs comes out as the table says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _load_cases():
    path = Path(__file__).with_name("cases.py")
    spec = importlib.util.spec_from_file_location("graphrep_bad_input_cases", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


cases = _load_cases()


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.id)
def test_odd_input_when_read_then_error_warning_or_result_as_in_the_table(case):
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


def test_table_when_printed_then_one_line_a_case():
    few = cases.CASES[:3]
    assert len(cases.markdown(few).splitlines()) == 2 + len(few)

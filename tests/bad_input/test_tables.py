"""Every row of the tables of bad and odd input comes out as the table says."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from bad_input_case import markdown, run

NAMES = sorted(path.stem for path in Path(__file__).parent.glob("*cases.py"))
TABLES = {name: import_module(name) for name in NAMES}
CASES = [
    pytest.param(case, id=f"{name}-{case.id}")
    for name, table in TABLES.items()
    for case in table.CASES
]


@pytest.mark.parametrize("case", CASES)
def test_odd_input_when_used_then_error_warning_or_result_as_in_the_table(case):
    if case.needs is not None:
        pytest.importorskip(case.needs)
    kind, message, result = run(case)
    expected = case.raises or case.warns
    assert kind == (expected.__name__ if expected else "ok"), message
    assert case.says in message
    if case.gives:
        assert result == case.gives


def test_tables_when_listed_then_all_are_there():
    assert {"cases", "estimator_cases", "file_cases", "method_cases"} <= set(TABLES)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_ids_of_the_cases_when_compared_then_unique(table):
    names = [case.id for case in table.CASES]
    assert len(names) == len(set(names))


def test_table_when_printed_then_one_line_a_case():
    few = TABLES["cases"].CASES[:3]
    assert len(markdown(few).splitlines()) == 2 + len(few)

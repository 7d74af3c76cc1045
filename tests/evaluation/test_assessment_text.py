"""Records laid out as text and as markdown."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.evaluation._assessment_text import cell, interval, table

ROWS = [
    {"method": "HOPE", "ap": 0.27, "rank": 12.0, "nodes": 4955},
    {"method": "図", "ap": np.float32(0.5), "rank": np.nan, "nodes": np.int64(7)},
    {"method": "a|b", "ap": None, "rank": 1.5, "nodes": None},
]


def test_table_when_plain_then_every_line_ends_at_its_column():
    lines = table(ROWS, ["method", "ap"]).split("\n")
    assert lines == ["method     ap", "------  -----", "HOPE    0.270",
                     "図      0.500", "a|b         –"]  # fmt: skip


def test_table_when_best_is_asked_then_it_is_marked_by_direction():
    text = table(ROWS, best={"ap": "max", "rank": "min"})
    assert "0.500*" in text
    assert "1.500*" in text
    assert text.count("*") == 2
    lines = text.split("\n")
    # The wide character counts as two columns.
    assert lines[2].index("0.270") == lines[3].index("0.500") + 1


def test_table_when_markdown_then_pipes_are_escaped_and_best_is_bold():
    lines = table(ROWS, markdown=True, best={"ap": "max"}, title="T").split("\n")
    assert lines[:4] == [
        "**T**", "", "| method | ap | rank | nodes |", "|:--|--:|--:|--:|",
    ]  # fmt: skip
    assert "**0.500**" in lines[5]
    assert r"a\|b" in lines[6]


def test_table_when_a_mapping_names_columns_then_these_stand_above():
    assert table(ROWS, {"ap": "AP of 1 hop"}).split("\n")[0].strip() == "AP of 1 hop"


def test_table_when_there_are_no_rows_then_the_head_alone():
    assert table([], ["a", "b"]) == "a  b\n-  -"
    assert table([]) == "\n"


def test_table_when_all_are_equal_then_none_is_best():
    assert "*" not in table([{"a": 1.0}, {"a": 1.0}], best={"a": "max"})


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567, "1,234,567"), (12345.6, "12,346"), (1234.56, "1,234.6"), (0.0, "0.000"),
     (1e-5, "1.0e-05"), (-1e-17, "0.000"),
     (None, "–"), (float("nan"), "–"), (np.True_, "yes"),
     ("a\x1b[3m", "a\\x1b[3m"), ([0.5, 2], "0.500, 2")],
)  # fmt: skip
def test_cell_when_given_any_value_then_as_people_read_it(value, text):
    assert cell(value) == text


def test_table_when_fixed_then_small_numbers_are_zero():
    assert table([{"a": -1e-5}], fixed=True).endswith("\n0.000")


def test_interval_when_columns_hold_them_then_they_are_aligned_right():
    rows = [{"m": interval(0.5, 0.01)}, {"m": interval(0.5, 0.0)}]
    assert table(rows).split("\n")[-1] == "       0.500"

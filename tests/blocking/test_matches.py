"""Known matches: from ids of any form to rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from graphrep.blocking import CandidatePairs, Records, as_records
from graphrep.blocking._matches import Matches, as_matches
from graphrep.exceptions import GraphTypeError, GraphValueError

A = Records({"x": list("pqr")}, [10, 20, 30])
B = Records({"x": list("uv")}, ["1", "2"])


def _pairs(matches):
    return list(zip(matches.left.tolist(), matches.right.tolist(), strict=True))


@pytest.mark.parametrize(
    "given",
    [
        [(30, "1"), (10, "2"), (30, "1")],
        [["30", 1], ["10", 2]],
        {"l": [30, 10], "r": ["1", "2"]},
        {"l": ["30", "10"], "r": [1.0, 2.0]},
        [{"l": 30, "r": 1}, {"l": 10, "r": 2}],
        np.array([[30, 1], [10, 2]]),
        {"l": [30, 20, 10], "label": [1, 0, 1], "r": ["1", "2", "2"]},
        {"l": [30, 20, 10], "r": ["1", "2", "2"], "is_match": [True, False, True]},
        {"l": [30, 10], "r": ["1", "2"], "score": [1, 0]},
        {"l": [30, 10], "r": ["1", "2"], "same": [1, 1]},
        {"l": [30, 10], "r": ["1", "2"], "year": [1999, 0]},
        pd.MultiIndex.from_tuples([(30, "1"), (10, "2")]),
        Matches(np.array([2, 0]), np.array([0, 1])),
    ],
)
def test_matches_when_of_any_form_then_rows(given):
    assert _pairs(as_matches(given, A, B)) == [(0, 1), (2, 0)]


def test_matches_when_of_a_file_then_rows(tmp_path):
    path = tmp_path / "gold.csv"
    path.write_text("l,r,label\n30,1,1\n20,1,0\n10,2,1\n", "utf-8")
    assert _pairs(as_matches(path, A, B)) == [(0, 1), (2, 0)]
    assert _pairs(as_matches(as_matches(path, A, B), A, B)) == [(0, 1), (2, 0)]


def test_matches_when_in_one_table_then_each_once_and_no_selves():
    given = [(30, 10), (10, 30), (20, 20), (10, 20)]
    assert _pairs(as_matches(given, A)) == [(0, 1), (0, 2)]
    assert _pairs(as_matches(given, A, A, one_table=True)) == [(0, 1), (0, 2)]


def test_matches_when_pairs_then_theirs():
    pairs = CandidatePairs([1], [0], left_ids=A.index, right_ids=B.index)
    assert _pairs(as_matches(pairs, A, B)) == [(1, 0)]
    with pytest.raises(GraphValueError, match="other tables"):
        as_matches(pairs, B, A)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ([(30, "3")], GraphValueError, "Match 1 names '3'.*right table"),
        ([(30, "1"), ("010", "1")], GraphValueError, "Match 2 names '010'.*left"),
        ([("x", "1")], GraphValueError, "names 'x'"),
        ({"l": [1]}, GraphValueError, "two columns"),
        ([(1, 2, 3)], GraphTypeError, "Match 1 must be two ids"),
        (["ab"], GraphTypeError, "two ids"),
        ({"l": [30], "r": ["1"], "label": ["maybe"]}, GraphValueError, "'maybe'"),
        ({"l": [30], "r": ["1"], "same": [False]}, GraphValueError, "Call it 'label'"),
        ({"l": [30], "r": ["1"], "ok": ["no"]}, GraphValueError, "Column 'ok' says"),
        (Matches(np.array([3]), np.array([0])), GraphValueError, "rows from 3"),
    ],
)
def test_matches_when_wrong_then_refused(given, error, words):
    with pytest.raises(error, match=words):
        as_matches(given, A, B)


def test_matches_when_none_then_empty():
    assert _pairs(as_matches([], A, B)) == []
    assert _pairs(as_matches({"l": [], "r": []}, as_records({}), as_records({}))) == []

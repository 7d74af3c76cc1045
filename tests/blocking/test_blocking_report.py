"""The report of candidate pairs, in figures and examples."""

from __future__ import annotations

import json

import pytest

from graphrep.blocking import CandidatePairs, TfidfBlocker, as_records, blocking_report
from graphrep.exceptions import GraphValueError
from graphrep.metrics import blocking_scores, recall_curve

A = as_records({"id": ["a", "b", "c"], "name": ["red lamp", "blue cup", "old map"]})
B = as_records(
    {"id": [1, 2, 3], "name": ["lamp", "cup blue", "map old"], "y": ["", "", "9"]}
)


@pytest.fixture
def pairs():
    return CandidatePairs(
        [0, 0, 1, 1], [1, 0, 1, 2], [0.9, 0.8, 0.7, 0.2], left_ids=A.index,
        right_ids=B.index,
    )  # fmt: skip


def test_report_when_matches_are_known_then_scores_and_examples(pairs):
    gold = [("a", 1), ("b", 2), ("c", 3)]
    report = blocking_report(pairs, A, B, gold)
    true, rows = [(0, 0), (1, 1), (2, 2)], (pairs.left_rows, pairs.right_rows)
    assert report.scores == blocking_scores(true, rows, 3, 3)
    assert report.curve.hits.tolist() == recall_curve(true, rows, 3, 3).hits.tolist()
    assert [(e.left_id, e.right_id) for e in report.missed] == [("c", 3)]
    assert report.missed[0].fields == (("name", "old map", "map old"), ("y", "", "9"))
    assert (report.missed[0].common_words, report.missed[0].words) == (2, 3)
    assert [e.rank for e in report.found] == [2, 3]
    assert [e.rank for e in report.wrong] == [1, 4]
    assert report.without_pairs == (1, 0)
    assert (report.n_groups, report.largest_group) == (1, 5)
    assert report.recall_at() == {
        "1x": pytest.approx(2 / 3),
        "all": pytest.approx(2 / 3),
    }
    assert {c.n_pairs for c in report.crowds} == {2}
    assert json.loads(report.to_json())["n_missed"] == 1
    assert "2 of 3 found" in str(report)
    assert repr(report) == f"BlockingReport:\n{report}"  # no arrays in a notebook


def test_report_when_ids_lost_their_zeros_then_shows_what_ids_are_there():
    table = as_records({"id": ["007", "012"], "name": ["red lamp", "old map"]})
    pairs = TfidfBlocker(budget=1).fit_candidate_pairs(table)
    with pytest.raises(GraphValueError, match=r"names 7, .* ids are '007', '012'"):
        blocking_report(pairs, table, matches=[(7, 12)])


def test_report_when_nothing_is_known_then_sizes(pairs):
    report = blocking_report(pairs, A, B)
    assert report.scores is report.curve is None
    assert report.recall_at() == {}
    assert json.loads(report.to_json())["scores"] is None
    assert "pairs" in str(report)


def test_report_when_one_table_then_both_sides_count():
    table = {"name": ["red lamp", "red lamp x", "cup"]}
    pairs = TfidfBlocker(budget=3).fit_candidate_pairs(table)
    report = blocking_report(pairs, table, matches=[(1, 0)])
    assert report.one_table
    assert list(report.side_curves) == ["left"]
    assert report.scores.pair_completeness == 1.0
    assert "3" in dict(report.facts())["records"]


def test_report_when_examples_are_few_then_best_and_worst_found():
    table = {"name": [f"thing {i}" for i in range(20)]}
    records = as_records(table)
    rows = list(range(20))
    pairs = CandidatePairs(
        rows, rows, rows[::-1], left_ids=records.index, right_ids=records.index
    )
    gold = list(zip(rows, rows, strict=True))
    report = blocking_report(pairs, table, table, gold, n_examples=4)
    assert [e.rank for e in report.found] == [1, 2, 19, 20]
    assert report.missed == report.wrong == ()
    none = blocking_report(pairs, table, table, gold, n_examples=0)
    assert none.found == none.crowds == ()


def test_report_when_of_other_tables_then_refused(pairs):
    with pytest.raises(GraphValueError, match="two tables; pass as many"):
        blocking_report(pairs, A)
    with pytest.raises(GraphValueError, match="other ids"):
        blocking_report(pairs, B, A)
    with pytest.raises(GraphValueError, match="n_examples"):
        blocking_report(pairs, A, B, n_examples=-1)


@pytest.mark.shared
def test_report_when_of_real_tables_then_recall_of_the_floor(shared_data):
    folder = shared_data / "blocking" / "abt_buy"
    A, B = (as_records(folder / f"table{side}.csv") for side in "AB")
    pairs = TfidfBlocker(budget=5.0).fit_candidate_pairs(A, B)
    report = blocking_report(pairs, A, B, folder / "matches_full.csv")
    assert report.scores.n_true == 1097
    assert report.scores.pair_completeness >= 0.985
    assert report.side_curves["left"].at(10) >= 0.98
    assert len(report.missed_rows.left) == 1097 - report.scores.n_found

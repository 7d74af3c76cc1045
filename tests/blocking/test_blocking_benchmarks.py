"""What the benchmarks of blocking count with: places, pairs once, F1 by k, peers."""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from graphrep.blocking import Records

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
FOLDER = Path(__file__).resolve().parents[2] / "examples" / "benchmarks"


def _script(name: str) -> dict[str, Any]:
    """Names of a script, without the number of threads that it sets for itself."""
    with mock.patch.dict(os.environ):
        return runpy.run_path(str(FOLDER / name))


@pytest.fixture(scope="module")
def peers():
    return _script("blocking_peers.py")


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return _script("blocking.py")


def test_scores_by_place_when_sorted_then_nearest_of_all_come_before_second_ones(peers):
    own = np.array([0, 1, 0, 1, 2])
    scores = np.array([0.9, 0.2, 0.8, 0.1, 0.3])
    order = np.argsort(-peers["by_place"](own, scores))
    assert order.tolist() == [0, 4, 1, 2, 3]


def test_distinct_pairs_when_one_table_then_once_where_first_and_never_a_record_alone(
    peers,
):
    tables = peers["Tables"]({}, {}, ["a", "b", "c"], ["a", "b", "c"], True)
    left, right = np.array([2, 1, 0, 0]), np.array([0, 1, 1, 2])
    found = peers["distinct"](left, right, tables)
    assert [column.tolist() for column in found] == [[0, 0], [2, 1]]
    two = tables._replace(one=False)
    found = peers["distinct"](left, right, two)
    assert [column.tolist() for column in found] == [[2, 1, 0, 0], [0, 1, 1, 2]]


def test_telling_columns_when_few_values_or_mostly_empty_then_left_out(peers):
    names, kinds = [f"n{i}" for i in range(10)], ["x", "y"] * 5
    table = {"name": names, "kind": kinds, "note": ["long"] + [""] * 9}
    tables = peers["Tables"](table, table, names, names, False)
    assert peers["telling"](tables) == ["name"]


@pytest.mark.parametrize(("target", "k", "recall"), [(0.5, 1, 0.5), (0.9, 3, 1.0)])
def test_f1_of_k_nearest_when_each_asking_record_has_one_match_then_2r_over_k_plus_1(
    target, k, recall
):
    nearest = _script("blocking_published.py")["nearest"]
    rows = np.array([[a, b] for a in range(3) for b in range(4)])
    scores = np.array([4.0, 3, 2, 1, 4, 3, 2, 1, 9, 9, 9, 9])  # 2 has no match: silent
    gold = {0 * 4 + 0, 1 * 4 + 2}
    found = nearest(rows, scores, 0, gold, 4, target)
    assert found == pytest.approx((recall, 2 * recall / (k + 1), k))


def test_peer_when_asked_in_another_interpreter_then_its_pairs_best_first(benchmark):
    names = ["red fox", "old owl", "blue hen", "small cow"]
    A, B = Records({"name": names}), Records({"name": names[::-1]})
    left, right, facts = benchmark["ask_peer"](sys.executable, "scikit-learn", A, B)
    assert len(left) == 16
    assert sorted(left[:4].tolist()) == [0, 1, 2, 3]
    assert (left[:4] + right[:4] == 3).all()
    assert facts["cpu"] > 0
    assert facts["MiB"] > 0


def test_peer_when_its_package_is_missing_then_its_last_line(benchmark, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such package >&2\nexit 1\n")
    python.chmod(0o755)
    A = Records({"name": ["red fox", "old owl"]})
    with pytest.raises(SystemExit, match="splink: no such package"):
        benchmark["ask_peer"](str(python), "splink", A, None)


def test_peer_when_ended_by_a_limit_then_the_signal_is_named(benchmark, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nkill -XCPU $$\n")
    python.chmod(0o755)
    A = Records({"name": ["red fox", "old owl"]})
    with pytest.raises(SystemExit, match="splink: ended by SIGXCPU"):
        benchmark["ask_peer"](str(python), "splink", A, None)


def test_peer_that_learns_when_asked_then_it_gets_the_matches_and_the_seed(
    benchmark, tmp_path
):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ncp $3 {tmp_path}/given.json\nexit 1\n")
    python.chmod(0o755)
    A = Records({"name": ["red fox", "old owl"]})
    told = (np.array([0, 1]), np.array([1, 0]))
    with pytest.raises(SystemExit, match="dedupe: no output"):
        benchmark["ask_peer"](str(python), "dedupe", A, A, told, 3)
    given = json.loads((tmp_path / "given.json").read_text("utf-8"))
    assert given["matches"] == [[0, 1], [1, 0]]
    assert given["seed"] == 3


def test_points_of_a_curve_when_a_method_runs_out_of_pairs_then_the_line_ends_there():
    points = _script("blocking_plot.py")["points"]
    row = {
        "recall": {"full": [0.5, 0.8, 0.9, 0.9]},
        "whole": {"full": 0.9},
        "budgets": [100, 200, 500, 1000],
        "pairs": 300,
    }
    x, missed, ends = points(row, "full", (1, 2, 5, 10), ())
    assert x == [1, 2, 3.0]
    assert missed == pytest.approx([0.5, 0.2, 0.1])
    assert ends
    fine = row | {"pairs": 2000, "curve": {"full": [0.1, 0.5, 1.0]}}
    x, missed, ends = points(fine, "full", (1, 2, 5, 10), (0.1, 1, 10))
    assert x == [1, 10]
    assert missed == pytest.approx([0.5, 0.001])  # the axis ends there
    assert not ends


def test_picture_when_rows_have_the_gold_then_a_panel_for_each_set(tmp_path):
    pytest.importorskip("matplotlib")
    save = _script("blocking_plot.py")["save_curves"]
    row = {
        "set": "one", "method": "nlsh", "seed": 0, "recall": {"full": [0.5, 0.8]},
        "whole": {"full": 0.9}, "budgets": [10, 20], "pairs": 90,
    }  # fmt: skip
    other = row | {"set": "two", "method": "splink", "pairs": 15}
    save([row, other], tmp_path / "a.svg", "full", (1, 2), ())
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    assert all(f"<!-- {text} -->" in drawn for text in ("one", "two", "Splink"))
    with pytest.raises(SystemExit, match="No row has the gold 'held'"):
        save([row], tmp_path / "b.svg", "held", (1, 2), ())

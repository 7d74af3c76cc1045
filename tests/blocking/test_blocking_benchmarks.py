"""What the benchmarks of blocking count with: places, pairs once, F1 by k, peers."""

from __future__ import annotations

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

"""The benchmark of the device kernels runs at the sizes of a test, on the CPU."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "examples" / "benchmarks" / "gpu.py"


def test_benchmark_when_small_and_on_the_cpu_then_a_row_for_each_work(
    monkeypatch, tmp_path
):
    pytest.importorskip("torch")
    out = tmp_path / "rows.json"
    given = ["--device", "cpu", "--small", "--repeats", "1", "--out", str(out)]
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *given])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["facts"]["device"] == "cpu"
    works = (
        "triad", "product", "FastRP signs", "FastRP power", "FastRP, 4", "walks by",
        "skip-gram step", "NFE epoch", "ExactIndex",
    )  # fmt: skip
    for work in works:
        rows = [row for row in found["rows"] if row["name"].startswith(work)]
        assert rows, work
        assert all(row["seconds"] > 0 for row in rows)

"""The real data sets may be missing, unless they are said to be there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(("required", "outcome"), [("0", "skipped"), ("1", "error")])
def test_shared_data_when_missing_then_a_skip_or_a_failure(tmp_path, required, outcome):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-m", "shared"),
            *("-p", "no:cacheprovider", "tests/io/test_triples.py"),
        ],
        cwd=ROOT,
        env=os.environ
        | {
            "GRAPHREP_SHARED_DATA": str(tmp_path / "missing"),
            "GRAPHREP_REQUIRE_SHARED": required,
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) is (required == "0")
    assert f"1 {outcome}" in done.stdout

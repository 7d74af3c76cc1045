"""All tests of this folder under Triton's interpreter, in a process of its own.

The variable must be set before triton is imported, and holds for the whole process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"


@pytest.mark.skipif(INTERPRETED, reason="this process is interpreted itself")
def test_kernels_when_interpreted_then_all_tests_pass():
    pytest.importorskip("torch")
    pytest.importorskip("triton")
    folder = Path(__file__).parent
    command = [
        sys.executable, "-m", "pytest", str(folder), "-q", "-m", "not gpu",
        "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(folder.parents[2]),
    ]  # fmt: skip
    done = subprocess.run(
        command, env=os.environ | {"TRITON_INTERPRET": "1"}, cwd=folder.parents[2],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert int(re.findall(r"(\d+) passed", done.stdout)[-1]) >= 34

"""Memory: what is free, what was used, and how bytes are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphrep._utils import _memory
from graphrep._utils._memory import available_memory, human_bytes, peak_memory
from graphrep.exceptions import GraphValueError


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_600, "1 MB"),
        (1_536_000, "1.54 MB"),
        (5.8e12, "5.8 TB"),
        (3e21, "3e+03 EB"),
    ],
)
def test_human_bytes_when_given_a_count_then_uses_a_decimal_unit(
    count: float, text: str
) -> None:
    assert human_bytes(count) == text


def test_peak_memory_when_an_array_is_touched_then_grows() -> None:
    before = peak_memory()
    assert before is not None
    block = np.ones(40_000_000, np.uint8)
    after = peak_memory()
    assert after is not None
    assert after >= before
    assert after > block.nbytes


def test_available_memory_on_this_machine_then_is_positive() -> None:
    free = available_memory()
    assert free is None or 0 < free < 2**60


def test_available_memory_when_a_container_has_a_limit_then_the_limit_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, use = tmp_path / "memory.max", tmp_path / "memory.current"
    limit.write_text("1000\n")
    use.write_text("600\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 100\n")
    pair = (str(limit), str(use), "inactive_file")
    monkeypatch.setattr(_memory, "_CGROUP_PAIRS", (pair,))
    assert available_memory() == 500
    limit.write_text("max\n")
    free = available_memory()
    assert free is None or free > 500


@pytest.mark.parametrize(
    ("given", "expected"),
    [(5, 5), ("7", 7), ("2GiB", 2**31), ("1.5 MB", 1_500_000), ("3k", 3000)],
)
def test_memory_bytes_when_given_a_size_then_bytes(given, expected):
    assert _memory.memory_bytes(given) == expected


@pytest.mark.parametrize("given", [0, -1, True, 1.5, "", "2 iB", "GiB", "-2GB", "2 QB"])
def test_memory_bytes_when_no_size_then_says_what_is(given):
    with pytest.raises(GraphValueError, match="memory_limit must be a number of bytes"):
        _memory.memory_bytes(given)

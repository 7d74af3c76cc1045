"""The quickstart writes what it says, and its neighbours make sense."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("simple_icd_10_cm")
pytest.importorskip("matplotlib")

from graphrep import quickstart
from graphrep.exceptions import NodeNotFoundError


@pytest.mark.slow
def test_run_when_done_then_files_and_neighbours_are_there(tmp_path) -> None:
    steps = []
    result = quickstart.run(
        tmp_path / "out", seeds=("E11.9", "I10"), max_points=500,
        progress=lambda label, done, total: steps.append((label, done, total)),
    )  # fmt: skip
    for path in (result.vectors, result.map_png, result.map_html, result.report):
        assert path.stat().st_size > 10_000
    assert [step[0] for step in steps] == list(result.seconds)
    assert all(code.startswith("E11") for code, _, _ in result.neighbours["E11.9"])
    names = [name.lower() for _, name, _ in result.neighbours["I10"][:4]]
    assert sum("hypertensi" in name for name in names) >= 3
    page = result.report.read_text("utf-8")
    assert "{{" not in page
    assert not re.search(r'(src|href)="https?:', page)
    assert "Type 2 diabetes mellitus without complications" in page


def test_run_when_seed_is_no_code_then_says_so(tmp_path) -> None:
    with pytest.raises(NodeNotFoundError, match="'X' is no code"):
        quickstart.run(tmp_path, seeds=("X",))

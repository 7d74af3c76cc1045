"""The quickstart writes what it says, and its neighbours make sense."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("simple_icd_10_cm")
pytest.importorskip("matplotlib")

from graphrep import quickstart
from graphrep.datasets import load_icd10cm_terminology
from graphrep.exceptions import NodeNotFoundError


@pytest.mark.slow
def test_run_when_done_then_files_and_neighbours_are_there(tmp_path) -> None:
    steps = []
    result = quickstart.run(
        tmp_path / "out", seeds=("E11.9", "I10"), max_points=500, phrases=(),
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
    assert result.links == {}
    assert "Codes for phrases" not in page


def test_run_when_seed_is_no_code_then_says_so(tmp_path) -> None:
    with pytest.raises(NodeNotFoundError, match="'X' is no code"):
        quickstart.run(tmp_path, seeds=("X",))


@pytest.mark.slow
def test_run_when_phrases_are_given_then_their_codes_are_on_the_page(
    tmp_path, monkeypatch
) -> None:
    lungs = load_icd10cm_terminology().subset(ancestor="CH10")
    monkeypatch.setattr(quickstart, "load_icd10cm_terminology", lambda: lungs)
    phrases = ("asthma attack, mild intermittent", "a broken <window>", "")
    result = quickstart.run(
        tmp_path / "out", n_components=16, seeds=("I10",), max_points=300,
        phrases=phrases,
    )  # fmt: skip
    assert [*result.links] == [*phrases]
    code, name, chance = result.links[phrases[0]][0]
    assert (code[:5], name[:17]) == ("J45.2", "Mild intermittent")
    assert chance > quickstart.LEAST_CHANCE > result.links[phrases[1]][0][2]
    assert result.links[""] == []
    page = result.report.read_text("utf-8")
    assert "Codes for phrases" in page
    assert "a broken &lt;window&gt;" in page
    assert "asthma attack" in result.review.read_text("utf-8")
    assert "Finding codes for phrases" in result.seconds

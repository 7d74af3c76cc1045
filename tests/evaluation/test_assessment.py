"""Assessment: reading, comparing, saving and printing a result."""

from __future__ import annotations

import json
import math

import pytest

from graphrep import HOPE, FastRP
from graphrep.datasets import load_karate
from graphrep.evaluation import Assessment, assess
from graphrep.exceptions import GraphFormatError, GraphValueError


@pytest.fixture(scope="module")
def found():
    return assess(
        load_karate().graph, {"HOPE": HOPE(8), "Fast|RP": FastRP(8)}, parts="quick"
    )


@pytest.fixture
def again(found):
    return Assessment.from_json(found.to_json())


def test_json_when_read_again_then_is_the_same(found, again, tmp_path):
    found.to_json(tmp_path / "a.json")
    from_file = Assessment.from_json(tmp_path / "a.json")
    assert from_file.to_dict() == again.to_dict() == found.to_dict()
    assert str(again) == str(found)
    assert again.title == "2 embeddings of a graph of 34 nodes"


def test_json_when_written_then_holds_no_nan(found):
    def refuse(constant):
        raise AssertionError(constant)

    json.loads(found.to_json(), parse_constant=refuse)


@pytest.mark.parametrize(
    ("text", "message"),
    [('{"format": "x"}', "format is 'x'"), ("{", "must be JSON"),
     ('{"format": "graphrep-assessment", "version": 99}', "version 99")],
)  # fmt: skip
def test_from_json_when_it_is_something_else_then_refuses(text, message):
    with pytest.raises(GraphFormatError, match=message):
        Assessment.from_json(text)


def test_from_json_when_the_file_holds_a_list_then_refuses(tmp_path):
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(GraphFormatError, match=r"JSON object.*a\.json|a\.json.*object"):
        Assessment.from_json(tmp_path / "a.json")


def test_best_when_asked_then_leaves_baselines_out_unless_wanted(found):
    assert found.best(score="native") == "HOPE"
    assert found.best(score="native", baselines=True) == "adjacency_svd"
    ranks = {n: found.value(n, metric="mean_rank") for n in ("HOPE", "Fast|RP")}
    assert found.best(metric="mean_rank", score="native") == min(ranks, key=ranks.get)
    with pytest.raises(GraphValueError, match="No embedding has a mean of 'nix'"):
        found.best(metric="nix")


def test_value_when_absent_then_refuses(found):
    with pytest.raises(GraphValueError, match="no mean of 'ap' for 'nix'"):
        found.value("nix")


def test_rows_when_the_part_is_unknown_then_refuses(found):
    assert found.rows("stability") == []
    with pytest.raises(GraphValueError, match="no part 'nix'"):
        found.rows("nix")


def test_rows_when_changed_then_the_result_is_not(found):
    found.rows()[0]["mean"] = math.inf
    assert found.rows()[0]["mean"] != math.inf


def test_compare_when_values_are_at_hand_then_pairs_them(found):
    forth = found.compare("HOPE", "Fast|RP")
    back = found.compare("Fast|RP", "HOPE")
    gap = found.value("HOPE") - found.value("Fast|RP")
    assert forth.difference == pytest.approx(gap)
    assert forth.difference == pytest.approx(-back.difference)
    assert forth.se > 0


def test_compare_when_read_from_a_file_then_finds_what_was_kept(found, again):
    kept = again.compare("HOPE", "adjacency_svd")
    assert kept == pytest.approx(found.compare("HOPE", "adjacency_svd").__dict__) or (
        kept.difference
        == pytest.approx(found.compare("HOPE", "adjacency_svd").difference)
    )
    with pytest.raises(GraphValueError, match="no comparison of 'HOPE' with 'Fast"):
        again.compare("HOPE", "Fast|RP")


def test_table_when_printed_then_marks_best_and_baselines(found):
    text = str(found)
    lines = text.splitlines()
    assert lines[0].startswith("2 embeddings of a graph of 34 nodes (34 nodes, 78")
    assert "random °" in text
    row = next(line for line in lines if line.startswith("HOPE"))
    assert f"{found.value('HOPE'):.3f}" in row
    best = next(line for line in lines if line.startswith("adjacency_svd"))
    assert "*" in best
    assert len({len(line) for line in lines[2:4]}) == 1


def test_cells_when_asked_then_fit_their_titles(found):
    titles, cells, notes = found.cells()
    assert titles[:3] == ["embedding", "AP native", "AP cosine"]
    assert all(len(row) == len(titles) for row in cells)
    assert "chance" in notes
    assert found.headline()[0]["method"] == "HOPE"


def test_markdown_when_written_then_has_a_section_for_each_part(found, tmp_path):
    text = found.to_markdown(tmp_path / "a.md")
    assert (tmp_path / "a.md").read_text("utf-8") == text
    for title in (
        "# 2 embeddings", "## Reconstruction by distance", "## Differences",
        "## By degree", "## Worst nodes", "## All pairs at once",
    ):  # fmt: skip
        assert title in text
    assert r"Fast\|RP" in text
    tables = [part for part in text.split("\n\n") if part.startswith("|")]
    for table in tables:
        counts = {line.replace(r"\|", "").count("|") for line in table.splitlines()}
        assert len(counts) == 1


def test_report_when_written_then_the_page_of_the_same_record(found, tmp_path):
    found.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert all(name in page for name in found.names if "<" not in name)


def test_html_when_shown_in_a_notebook_then_is_escaped(found):
    assert found._repr_html_().startswith("<pre>")
    assert "<b>" not in found._repr_html_()
    assert repr(found).startswith("Assessment('2 embeddings")


def test_to_frame_when_pandas_is_there_then_has_the_rows(found):
    pytest.importorskip("pandas")
    frame = found.to_frame("comparisons")
    assert len(frame) == len(found.rows("comparisons"))
    assert {"embedding", "reference", "p_value"} <= set(frame.columns)

"""Curves and pages of candidate pairs."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

from graphrep.blocking import TfidfBlocker, as_records, blocking_report
from graphrep.datasets import make_records
from graphrep.exceptions import GraphValueError
from graphrep.metrics import recall_curve
from graphrep.plot import (
    _svg,
    blocking_page,
    draw_recall_curve,
    save_blocking_report,
    save_recall_curve,
)


class Balance(HTMLParser):
    void = frozenset({"meta", "line", "br", "circle", "rect", "path", "polygon"})

    def __init__(self):
        super().__init__()
        self.open, self.linked = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.void:
            self.open.append(tag)
        self.linked += [v for k, v in attrs if k in {"src", "href"} and v[0] != "#"]

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def made():
    data = make_records(120, errors=8, random_state=0)
    left, right = as_records(data.left), as_records(data.right)
    pairs = TfidfBlocker(budget=0.7).fit_candidate_pairs(left, right)
    return data, left, right, pairs


@pytest.fixture(scope="module")
def report(made):
    data, left, right, pairs = made
    return blocking_report(pairs, left, right, data.matches, n_examples=4)


def _whole(page):
    parser = Balance()
    parser.feed(page)
    return not parser.open and not parser.linked


def test_page_when_written_then_whole_and_alone(report, tmp_path):
    path = tmp_path / "report.html"
    other = recall_curve([(0, 0)], [(0, 1), (0, 0)], 3, 3)
    save_blocking_report(
        report, path, title="<Lamps>", curves={"<other>": other}, settings={"n": 3}
    )
    page = path.read_text("utf-8")
    assert _whole(page)
    assert "&lt;Lamps&gt;" in page
    assert "&lt;other&gt;" in page
    for heading in ("Recall over", "Figures", "Missed", "no match", "Found", "Largest"):
        assert f"{heading}" in page
    assert page.count('class="pair"') <= 12
    assert f"{report.scores.n_found:,} of the {report.scores.n_true:,}" in page


def test_page_when_words_differ_then_they_are_marked(report):
    page = blocking_page(report)
    assert "<mark>" in page
    assert "words in common" in page


def test_page_when_there_are_no_matches_then_sizes_only(made):
    _, left, right, pairs = made
    page = blocking_page(blocking_report(pairs, left, right))
    assert _whole(page)
    assert "Missed matches" not in page
    assert f"{len(pairs):,} pairs" in page


def test_page_when_one_table_with_markup_in_it_then_escaped():
    table = {"name": ["<b>lamp", "<b>lamp x", "kettle"]}
    pairs = TfidfBlocker(budget=2.0).fit_candidate_pairs(table)
    page = blocking_page(blocking_report(pairs, table, matches=[(0, 1), (1, 2)]))
    assert _whole(page)
    assert "<b>lamp" not in page
    assert "3 records in one table" in page


def test_page_when_no_pair_then_still_a_page():
    pairs = TfidfBlocker().fit_candidate_pairs({"a": []}, {"a": []})
    page = blocking_page(blocking_report(pairs, {"a": []}, {"a": []}, []))
    assert _whole(page)


def test_curve_when_saved_then_a_picture(made, tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    data, left, right, pairs = made
    true = np.array(
        [(left.index.index(a), right.index.index(b)) for a, b in data.matches]
    )
    rows = (pairs.left_rows, pairs.right_rows)
    curve = recall_curve(true, rows, *pairs.shape)
    save_recall_curve({"ours": curve, "same": curve}, tmp_path / "c.png", dpi=40)
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    save_recall_curve(curve, tmp_path / "c.svg")
    assert "<svg" in (tmp_path / "c.svg").read_text("utf-8")
    figure = draw_recall_curve(curve, title="T")
    assert isinstance(figure, matplotlib.figure.Figure)
    (line,) = figure.axes[0].get_lines()[:1]
    assert line.get_ydata()[-1] == curve.at(curve.n_pairs)


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        ((108, 2162), [200, 500, 1000, 2000]),
        ((1, 1000), [1, 10, 100, 1000]),
        ((300, 400), [300, 320, 340, 360, 380, 400]),
    ],
)
def test_ticks_of_budgets_when_powers_are_few_then_finer(ends, wanted):
    assert _svg.powers(*ends) == wanted


def test_curve_when_empty_or_missing_then_drawn_or_refused():
    pytest.importorskip("matplotlib")
    draw_recall_curve(recall_curve([(0, 0)], [], 2, 2))
    with pytest.raises(GraphValueError, match="no recall curve"):
        draw_recall_curve({})


def test_legend_when_many_curves_then_beside_them_highest_first():
    pytest.importorskip("matplotlib")
    names = ["low", "a name as long as sorted-neighbourhood", "high"]
    true = np.stack([np.arange(10)] * 2, axis=1)
    curves = {
        name: recall_curve(true, true[:n], n_left=10, n_right=10)
        for name, n in zip(names, (2, 5, 8), strict=True)
    }
    figure = draw_recall_curve(curves)
    figure.canvas.draw()
    axes = figure.axes[0]
    box, legend = axes.get_window_extent(), axes.get_legend()
    beside = legend.get_window_extent()
    assert box.x1 <= beside.x0
    assert beside.x1 <= figure.bbox.x1
    shown = [text.get_text().split(":")[0] for text in legend.get_texts()]
    assert shown == ["high", names[1], "low"]


def test_marks_when_lines_are_drawn_then_named_above_them():
    line = _svg.Series("recall", [1.0, 10.0], [0.5, 1.0], "#000000")
    options = {"title": "t", "text": "t", "x_label": "x", "y_label": "y"}
    drawn = _svg.lines([line], y_range=(0.0, 1.0), marks=[(5.0, "5x")], **options)
    before = drawn[: drawn.index(">5x<")]
    y = float(before[before.rindex(' y="') + 4 :].split('"')[0])
    top = float(before[before.rindex(' y1="') + 5 :].split('"')[0])
    assert y < top + 6

"""The report of an assessment: whole, safe, and true to its record."""

from __future__ import annotations

import copy
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

import graphrep as gr
from graphrep.evaluation import assess
from graphrep.exceptions import GraphValueError
from graphrep.plot import report_page, save_report
from graphrep.plot._report_data import short

VOID = {"meta", "br", "img", "input", "link", "hr"}
NASTY = '<script>alert("x")</script> & {{title}} \u00e9\u4e2d' + "y" * 60


class _Checker(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.scripts, self.urls, self.text = [], 0, [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.scripts += tag == "script"
        self.urls += [v for k, v in attrs if k in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_data(self, data):
        self.text.append(data)


def _checked(page):
    checker = _Checker()
    checker.feed(page)
    assert not checker.open
    assert checker.scripts == 1
    assert all(url.startswith("#") for url in checker.urls)
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", page)
    for drawing in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        ET.fromstring(drawing)
    return checker


@pytest.fixture(scope="module")
def record():
    karate = gr.datasets.load_karate()
    models = {"spectral": gr.LaplacianEigenmaps(8), NASTY: gr.FastRP(8, random_state=0)}
    found = assess(
        karate.graph, models, parts="full", labels=karate.y.tolist(),
        names=[f"member {i} {NASTY}" for i in range(34)], random_state=0,
    )  # fmt: skip
    return json.loads(json.dumps(found.to_dict()))


def test_report_when_full_then_balanced_safe_and_without_network(record):
    page = report_page(record)
    checker = _checked(page)
    assert "alert" in "".join(checker.text)  # the name is shown as text
    anchors = re.findall(r'<section id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    for anchor in (
        "table", "decoder", "hops", "pairs", "degree", "maps", "worst", "geometry",
        "probes", "stability", "divergence", "inversion", "link-prediction",
        "node-classification", "distance-fidelity", "about",
    ):  # fmt: skip
        assert anchor in anchors


def test_report_when_written_then_its_figures_are_those_of_the_record(record):
    text = "".join(_checked(report_page(record)).text)
    shown = {
        short(row["mean"])
        for row in record["reconstruction"]["rows"]
        if row["truth"] == "hop1" and row["metric"] in ("ap", "auc", "mrr")
    }
    assert all(value in text for value in shown)
    rows = record["geometry"]
    assert all(short(row["effective_rank"]) in text for row in rows)


def test_report_when_saved_by_a_result_then_the_same_page(record, tmp_path):
    save_report(record, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page == report_page(record)
    assert len(page) < 2_000_000


@pytest.mark.parametrize(
    "part",
    ["edge_curve", "map", "geometry", "hubs", "probes", "reconstruction", "semantic"],
)
def test_report_when_a_part_is_absent_then_its_section_is_too(record, part):
    less = {key: value for key, value in record.items() if key != part}
    _checked(report_page(less))


def test_report_when_values_are_missing_then_a_dash(record):
    def hollow(value):
        if isinstance(value, dict):
            return {k: hollow(v) for k, v in value.items()}
        if isinstance(value, list):
            return [hollow(v) for v in value]
        return None if isinstance(value, float) else value

    data = copy.deepcopy(record)
    for key in ("reconstruction", "geometry", "probes", "stability", "link_prediction"):
        data[key] = hollow(data[key])
    assert "–" in report_page(data)
    _checked(report_page(data))


@pytest.mark.parametrize("n", [1, 25])
def test_report_when_few_or_many_embeddings_then_drawn(n):
    graph = gr.datasets.load_karate().graph
    rng = np.random.default_rng(0)
    many = {f"vectors {i}": rng.standard_normal((34, 4)) for i in range(n)}
    found = assess(graph, many, parts="quick", baselines=n > 1)
    page = report_page(found.to_dict())
    _checked(page)
    assert page.count("figcaption>") == 2 * n


def test_report_when_there_is_a_problem_then_said(record):
    data = {
        **record,
        "problems": [{"part": "probes", "embedding": "a", "error": "No <b>"}],
    }
    assert "No &lt;b&gt;" in report_page(data)


def test_report_when_no_assessment_then_refused():
    with pytest.raises(GraphValueError, match="format must be"):
        report_page({"format": "other"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (float("nan"), "–"), (1e-9, "0.000"), (-1e-9, "0.000"),
     (12345, "12,345"), (123456.7, "123,457"), (True, "yes"), ("", "–")],
)  # fmt: skip
def test_short_when_any_value_then_readable(value, expected):
    assert short(value) == expected

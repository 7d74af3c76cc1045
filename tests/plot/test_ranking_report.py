"""The report of a model of triples, and the curve of its training."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from graphrep import KnowledgeGraph
from graphrep.exceptions import GraphValueError
from graphrep.kge import NFE, rank_triples
from graphrep.plot import ranking_page, save_ranking_report, save_training_curve


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    rows = np.unique(rng.integers(0, [15, 3, 15], (120, 3)), axis=0)
    names = [f"e{i}" for i in range(15)], ["plain", '<b>&"', "third"]
    graph = KnowledgeGraph(rows, *names)
    test = graph.take(slice(0, None, 6))
    model = NFE(6, n_epochs=15, random_state=0).fit(graph, validation=test)
    return model, rank_triples(model, test, graph)


class _Balance(HTMLParser):
    void = frozenset({"meta", "line", "br", "circle", "rect", "path", "polygon"})

    def __init__(self):
        super().__init__()
        self.open, self.scripts = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.void:
            self.open.append(tag)
        self.scripts += [v for k, v in attrs if k in {"src", "href"}]

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag


def test_page_when_written_then_whole_escaped_and_alone(fitted, tmp_path):
    model, ranks = fitted
    path = tmp_path / "r.html"
    save_ranking_report(ranks, path, model=model, title="Ranks <of> triples")
    text = path.read_text("utf-8")
    parser = _Balance()
    parser.feed(text)
    assert not parser.open
    assert all(link.startswith("#") for link in parser.scripts)
    assert "<h1>Ranks &lt;of&gt; triples</h1>" in text
    assert '<b>&"' not in text
    found = ranks.metrics()
    assert f"<b>{found['mrr']:.3f}</b>" in text
    for row in ranks.by_relation():
        assert f"{row['mrr']:.3f}" in text
    assert re.findall(r'<section id="(\w+)"', text) == [
        "overall", "relations", "kinds", "training", "settings",
    ]  # fmt: skip
    assert "nan" not in text.lower().replace("nanum", "")


def test_page_when_there_is_no_model_or_nothing_then_the_rest(fitted):
    model, ranks = fitted
    assert "Training" not in ranking_page(ranks)
    nothing = rank_triples(model, model.known_.take(slice(0, 0)), model.known_)
    assert "nothing to rank" in ranking_page(nothing, model=model)


def test_curve_when_saved_then_a_picture(fitted, tmp_path):
    pytest.importorskip("matplotlib")
    model, _ = fitted
    save_training_curve(model, tmp_path / "c.png", dpi=60)
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    plain = NFE(3, n_epochs=2, random_state=0).fit(model.known_)
    save_training_curve(plain, tmp_path / "d.png", dpi=60)
    plain.history_ = []
    with pytest.raises(GraphValueError, match="holds no loss"):
        save_training_curve(plain, tmp_path / "e.png")
    assert not (tmp_path / "e.png").exists()

"""The report of a projection as a page."""

from __future__ import annotations

from html.parser import HTMLParser

from graphrep.hypergraph import projection_loss
from graphrep.plot import projection_page, save_projection_report


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


def test_page_when_written_then_whole_escaped_and_alone(tmp_path):
    loss = projection_loss([("<a>", "b", "c"), ("<a>", "b"), ("c", "d"), ("d", "<a>")])
    path = tmp_path / "report.html"
    save_projection_report(loss, path, title="Loss of <my> data")
    page = path.read_text("utf-8")
    parser = Balance()
    parser.feed(page)
    assert not parser.open
    assert not parser.linked
    assert "<a>" not in page.replace('<a>"', "").split("<main", 1)[-1]
    assert "Loss of &lt;my&gt; data" in page
    assert "inside another hyperedge: 1 (25.0%)" in page
    assert "&lt;a&gt;, b" in page


def test_page_when_not_all_was_computed_then_it_says_so():
    pairs = [(u, v) for u in range(20) for v in range(u) if u // 2 != v // 2]
    page = projection_page(projection_loss(pairs, max_cliques=10, n_jobs=1))
    assert "Not computed: maximal cliques: there are more than 10." in page


def test_page_when_there_are_no_hyperedges_then_a_page_still():
    assert "There are no hyperedges" in projection_page(projection_loss([]))


def test_page_when_many_sizes_then_the_large_ones_share_a_bar():
    page = projection_page(projection_loss([range(k) for k in range(2, 40)]))
    assert "26 to 39 nodes" in page

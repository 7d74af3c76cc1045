"""The review sheet of a linker: what the page holds, and that it stands alone."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Terminology
from graphrep.linking import CandidateList, NGramIndex
from graphrep.plot import _link_review, link_review


def _data(page):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    return json.loads(found[1])


@pytest.fixture
def terminology():
    return Terminology(
        ["D0", "D1", "D2", "D3"],
        ["disease", "influenza", "flu", "cough", "asthma"],
        [0, 1, 1, 2, 3],
        parents=([1, 2, 2, 3], [0, 0, 3, 0]),
        types=["group", "infection", ["sign", "symptom"], "chronic"],
        definitions=[None, "A fever </script><b>.", None, "x" * 900],
        title="Ills & co",
    )


@pytest.fixture
def found(terminology):
    return NGramIndex().fit(terminology).candidates(["flu", "asthmas", "zzz", ""], k=3)


def test_page_when_made_then_candidates_with_names_ways_and_types(found):
    data = _data(link_review(found))
    phrase, candidates, gold, _, identity, context = data["phrases"][0]
    concept, score, name, bits = candidates[0]
    assert (phrase, score, name, bits, gold) == ("flu", 1.0, "flu", 1, None)
    assert (identity, context) == (None, None)
    own = data["concepts"][concept]
    assert own[:2] == ["D1", "influenza"]
    assert own[4:] == [["infection"], "A fever </script><b>."]
    assert data["concepts"][own[2]][:3] == ["D0", "disease", -1]
    second = data["phrases"][1][1][0]
    assert second[2] == 0  # the preferred name matched
    assert len(data["concepts"][second[0]][5]) == 400
    assert data["sources"] == ["ngram"]


def test_page_when_made_then_stands_alone_and_escapes(found, tmp_path):
    page = link_review(found, tmp_path / "r.html", title="<i>mine</i>")
    assert (tmp_path / "r.html").read_text("utf-8") == page
    assert "<title>&lt;i&gt;mine&lt;/i&gt;</title>" in page
    assert "of Ills &amp; co" in page
    assert page.count("</script>") == 3
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert "{{" not in page.replace(page[page.index("<script") :], "")


def test_page_when_threshold_and_gold_then_nil_uncertain_right_and_wrong(terminology):
    found = CandidateList.from_arrays(
        [0, 1, 1, 2, 3, 0], [0.95, 0.9, 0.5, 0.55, 0.2, 0.1], terminology,
        queries=[0, 0, 1, 2, 2, 3], n_queries=5, mentions=list("abcde"),
    )  # fmt: skip
    nil, unsure, wrong, right = 1, 2, 4, 8
    page = link_review(found, threshold=0.52, gold=[1, [], [2, 3], 0, -1])
    data = _data(page)
    flags = [phrase[3] for phrase in data["phrases"]]
    assert flags == [
        unsure | wrong,
        nil | unsure | right,
        unsure | right,
        nil | wrong,
        nil | right,
    ]
    assert [len(phrase[2]) for phrase in data["phrases"]] == [1, 0, 2, 1, 0]
    assert data["threshold"] == 0.52
    assert "<b>2 of 5 phrases</b> have a link" in page
    assert "<b>3</b> agree with the gold standard (60.0%)" in page
    plain = _data(link_review(found))
    assert [phrase[3] for phrase in plain["phrases"]] == [unsure, 0, 0, 0, nil]


def test_page_when_concept_has_several_parents_or_a_cycle_then_ends():
    ring = Terminology(["a", "b"], ["x", "y"], [0, 1], parents=([0, 1], [1, 0]))
    found = CandidateList.from_arrays([[0]], [[2.5]], ring, mentions=["x"])
    data = _data(link_review(found))
    assert [row[2] for row in data["concepts"]] == [1, 0]
    assert data["most"] == 2.5
    many = Terminology(
        np.arange(3), ["x", "y", "z"], [0, 1, 2], parents=([0, 0], [1, 2])
    )
    found = CandidateList.from_arrays([[0]], [[0.5]], many, mentions=["x"])
    row = _data(link_review(found))["concepts"][0]
    assert (row[0], row[3]) == ("0", 1)


def test_page_when_more_phrases_than_fit_then_says_so(found, monkeypatch):
    assert "This sheet holds" not in link_review(found)
    monkeypatch.setattr(_link_review, "_MOST", 2)
    page = link_review(found, gold=[1, 3, -1, -1])
    assert "This sheet holds the first 2 of 4 phrases" in page
    assert len(_data(page)["phrases"]) == 2
    assert "of 4 phrases</b> have a link" in page


def test_page_when_ids_and_contexts_given_then_shown(found):
    long = "word " * 200 + "the asthmas of " + "word " * 200
    data = _data(
        link_review(
            found, k=1, ids=["p1", 2, "p3", "p4"], contexts=[None, long, "zzz.", ""]
        )
    )
    assert [phrase[4] for phrase in data["phrases"]] == ["p1", "2", "p3", "p4"]
    around = data["phrases"][1][5]
    assert "the asthmas of" in around
    assert len(around) < 270
    assert data["phrases"][2][5] == "zzz."
    assert all(len(phrase[1]) <= 1 for phrase in data["phrases"])


def test_page_when_made_twice_then_same_key_of_decisions(found):
    first, second = _data(link_review(found)), _data(link_review(found, title="other"))
    assert first["key"] == second["key"]
    assert first["key"] != _data(link_review(found[:2]))["key"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"k": 0}, "k must be"),
        ({"ids": ["a"]}, "ids must have one entry for each of 4"),
        ({"contexts": ["a"]}, "contexts must have one entry"),
        ({"gold": [1]}, "gold is for 1 queries"),
        ({"gold": [1, 2, 3, 9]}, "gold holds 9"),
        ({"threshold": float("nan")}, "threshold must be a finite number"),
    ],
)
def test_review_when_columns_do_not_fit_then_refused(found, arguments, words):
    with pytest.raises(GraphValueError, match=words):
        link_review(found, **arguments)


def test_review_when_there_is_nothing_to_show_then_refused(terminology):
    with pytest.raises(GraphTypeError, match="terminology"):
        link_review(CandidateList([0, 1], [0], [0.5], mentions=["a"]))
    with pytest.raises(GraphValueError, match="mentions"):
        link_review(CandidateList([0, 1], [0], [0.5], terminology))


def test_page_when_gold_holds_ids_then_as_with_positions(found):
    gold = ["D1", "D3", None, ["D0", "D2"]]
    by_id = _data(link_review(found, gold=gold, gold_kind="ids"))
    assert by_id == _data(link_review(found, gold=[1, 3, -1, [0, 2]]))
    with pytest.raises(GraphTypeError, match=r"Pass gold=read_gold.*gold_kind='ids'"):
        link_review(found, gold=gold)

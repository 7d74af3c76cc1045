"""CandidateList: order, merging, other forms, files."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.graph import Terminology
from graphrep.linking import CandidateList


@pytest.fixture
def terminology():
    return Terminology(
        ["01", "02", "03"],
        ["red fox", "fox", "hen", "old <hen>", "owl"],
        [0, 0, 1, 1, 2],
        types=[("mammal",), ("bird",), ("bird", "night")],
    )


@pytest.fixture
def found(terminology):
    return CandidateList.from_arrays(
        [[2, 0, 2], [1, -1, -1], [-1, -1, -1]],
        [[0.5, 0.5, 0.9], [0.25, 0, 0], [0, 0, 0]],
        terminology,
        names=[[4, 1, 4], [3, -1, -1], [-1, -1, -1]],
        sources=[[1, 2, 2], [1, 0, 0], [0, 0, 0]],
        source_names=("exact", "ngram"),
        mentions=["fox at night", "hens", ""],
    )


def test_from_arrays_when_repeated_then_best_score_and_all_sources(found):
    assert found.offsets.tolist() == [0, 2, 3, 3]
    assert found.concepts.tolist() == [2, 0, 1]
    assert found.scores.tolist() == [np.float32(0.9), 0.5, 0.25]
    assert found.sources.tolist() == [3, 2, 1]
    assert found.sources.dtype == np.uint8
    assert found.ids() == [["03", "01"], ["02"], []]
    assert found.ids(1) == [["03"], ["02"], []]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 6), st.integers(-3, 3)),
        max_size=40,
    )
)
def test_from_arrays_when_any_entries_then_as_a_dictionary_would(entries):
    q, c, s = (list(x) for x in zip(*entries, strict=True)) if entries else ([], [], [])
    found = CandidateList.from_arrays(c, s, queries=q, n_queries=5)
    best = {}
    for query, concept, score in entries:
        key = (query, concept)
        best[key] = max(best.get(key, -9), score)
    for query in range(5):
        want = sorted(
            ((-s, c) for (p, c), s in best.items() if p == query),
        )
        have = [(-x.score, x.concept_id) for x in found[query]]
        assert have == want
    again = CandidateList(found.offsets, found.concepts, found.scores)
    assert again == found


def test_init_when_out_of_order_or_wrong_then_says_so(terminology):
    with pytest.raises(GraphValueError, match="entry 1 does not"):
        CandidateList([0, 2], [0, 1], [0.1, 0.2])
    with pytest.raises(GraphValueError, match="entry 1 does not"):
        CandidateList([0, 2], [1, 0], [0.2, 0.2])
    with pytest.raises(GraphValueError, match="no concept twice"):
        CandidateList([0, 2], [1, 1], [0.3, 0.2])
    with pytest.raises(GraphValueError, match="NaN"):
        CandidateList([0, 1], [1], [float("nan")])
    with pytest.raises(GraphValueError, match="rise from 0"):
        CandidateList([0, 3], [1], [0.5])
    with pytest.raises(GraphValueError, match="the terminology has 3"):
        CandidateList([0, 1], [3], [0.5], terminology)
    with pytest.raises(GraphTypeError, match="whole numbers"):
        CandidateList([0, 1], [1.0], [0.5])
    with pytest.raises(GraphValueError, match="below 0"):
        CandidateList([0, 1], [-1], [0.5])
    with pytest.raises(GraphValueError, match="need queries"):
        CandidateList.from_arrays([1], [0.5])
    with pytest.raises(GraphValueError, match="source names leave"):
        CandidateList([0, 1], [0], [0.5], sources=[2], source_names=("a",))


def test_scores_that_are_equal_across_queries_then_in_order():
    found = CandidateList([0, 1, 1, 3], [5, 2, 7], [0.5, 0.5, 0.5])
    assert found.counts.tolist() == [1, 0, 2]


def test_from_names_when_no_concepts_then_looked_up(terminology):
    found = CandidateList.from_arrays(
        None, [[0.9, 0.8, 0.7]], terminology, names=[[1, 0, -1]]
    )
    assert found.ids() == [["01"]]
    assert found[0][0].name == "fox"


def test_top_above_restrict_and_slice_then_only_those(found):
    assert found.top(1).concepts.tolist() == [2, 1]
    assert found.top(0).n_candidates == 0
    assert found.above(0.5).concepts.tolist() == [2, 0]
    assert found.restrict("bird").ids() == [["03"], ["02"], []]
    assert found.restrict([{"mammal"}, None, "bird"]).ids() == [["01"], ["02"], []]
    mask = np.array([True, False, False])
    assert found.restrict(mask=mask).ids() == [["01"], [], []]
    part = found[np.array([1, 0])]
    assert part.ids() == [["02"], ["03", "01"]]
    assert part.mentions == ("hens", "fox at night")
    assert found[::2].ids() == [["03", "01"], []]
    with pytest.raises(GraphValueError, match="list of 1"):
        found.restrict(["bird"])
    with pytest.raises(GraphValueError, match="one bool"):
        found.restrict(mask=[True])
    with pytest.raises(IndexError):
        found[3]


def test_merge_when_sources_overlap_then_bits_are_moved(found, terminology):
    other = CandidateList.from_arrays(
        [[0, 1], [0, 1], [1, 2]],
        [[1.0, 0.2], [0.1, 0.3], [0.5, 0.5]],
        terminology,
        source_names=("dense", "exact"),
    )
    joined = found.merge(other, weights=[1.0, 0.5])
    assert joined.source_names == ("exact", "ngram", "dense")
    assert joined.ids() == [["03", "01", "02"], ["02", "01"], ["02", "03"]]
    assert joined[0][1].sources == ("exact", "ngram", "dense")
    assert joined[1][0].score == 0.25
    assert joined.mentions == found.mentions
    with pytest.raises(GraphValueError, match="different terminology"):
        found.merge(CandidateList([0, 0, 0, 0], [], []))
    with pytest.raises(GraphValueError, match="3 and 1 queries"):
        found.merge(CandidateList([0, 0], [], [], terminology))
    with pytest.raises(GraphValueError, match="positive"):
        found.merge(other, weights=[1.0, 0.0])


def test_forms_when_exported_then_what_the_others_read(found):
    entities = [{"id": str(i), "normalized": [{"db_id": "old"}]} for i in range(3)]
    linked = found.to_bigbio(entities, "ANIMALS")
    assert linked[0]["normalized"][0]["db_id"] == "03"
    assert linked[0]["normalized"][0]["predicted_by"] == ["exact", "ngram"]
    assert linked[2]["normalized"] == []
    assert entities[0]["normalized"] == [{"db_id": "old"}]
    first = found.to_scispacy()[0]
    assert first[0]._fields == ("concept_id", "aliases", "similarities")
    assert first[1] == ("01", ["fox"], [0.5])
    names, codes, scores = found.to_clinlinker(1)
    assert names == [["owl"], ["old <hen>"], []]
    assert codes == [["03"], ["02"], []]
    assert scores[1] == [0.25]
    assert found.to_records(1)[1] == {
        "query": 1, "mention": "hens", "rank": 1, "concept_id": "02",
        "name": "old <hen>", "score": 0.25, "sources": "exact",
    }  # fmt: skip
    with pytest.raises(GraphValueError, match="1 entities for 3"):
        found.to_bigbio([{}], "X")


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_frame_when_made_then_ids_stay_texts(found, backend):
    pytest.importorskip(backend)
    frame = found.to_frame(backend=backend)
    assert list(frame["concept_id"]) == ["03", "01", "02"]
    empty = found[2:].to_frame(backend=backend)
    assert list(empty.columns) == list(frame.columns)


def test_repr_then_sizes_and_escaped_names(found):
    assert repr(found).startswith("CandidateList(n_queries=3, n_candidates=3")
    page = found._repr_html_()
    assert "old &lt;hen&gt;" in page
    assert "no candidate" in page


def test_save_when_loaded_then_the_same(found, terminology, tmp_path):
    path = tmp_path / "found.npz"
    found.save(path)
    again = CandidateList.load(path, terminology)
    assert again == found
    assert again.mentions == found.mentions
    assert CandidateList.load(path) == found
    with pytest.raises(GraphTypeError, match="no terminology"):
        CandidateList.load(path).ids()
    other = Terminology(["x", "y", "z"], list("abcde"), [0, 0, 1, 1, 2])
    with pytest.raises(GraphValueError, match="another terminology"):
        CandidateList.load(path, other)
    np.savez(path, a=np.zeros(2))
    with pytest.raises(GraphFormatError, match="no candidate list"):
        CandidateList.load(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(GraphFormatError):
        CandidateList.load(path)


def test_pickle_and_arrays_then_equal_and_read_only(found):
    assert pickle.loads(pickle.dumps(found)) == found
    with pytest.raises(ValueError, match="read-only"):
        found.scores[0] = 1


def test_ids_when_integers_then_stay_integers():
    terminology = Terminology([900000000000013009, 7], ["a", "b"], [0, 1])
    found = CandidateList.from_arrays([[0, 1]], [[0.1, 0.2]], terminology)
    assert found.ids() == [[7, 900000000000013009]]
    assert all(type(i) is int for i in found.ids()[0])

"""Documents in the BigBIO schema in and out, and xMEN's interface over them."""

from __future__ import annotations

import copy
import json
from importlib import import_module

import pytest

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.integrations import bigbio, xmen
from graphrep.linking import NameDictionary, Text2Node


def _entity(number, text, kind="DISO", gold=(), long_form=None):
    parts = [text] if isinstance(text, str) else text
    return {
        "id": str(number), "type": kind, "text": parts, "offsets": [[0, 1]],
        "normalized": [{"db_name": "toy", "db_id": one} for one in gold],
        "long_form": long_form,
    }  # fmt: skip


@pytest.fixture
def documents():
    return [
        {"id": "0", "document_id": "a", "passages": [], "entities": [
            _entity(0, "influenzae", gold=["D1"]),
            _entity(1, ["common", "cold"], gold=["D3", "S1"]),
            _entity(2, "xyzzyx"),
        ]},
        {"id": "1", "document_id": "b", "passages": [], "entities": []},
        {"id": "2", "document_id": "c", "passages": [], "entities": [
            _entity(0, "cold", "SYMP"), _entity(1, "DM", long_form="diabetes mellitus"),
        ]},
    ]  # fmt: skip


def _ids(documents):
    return [
        [[link["db_id"] for link in e["normalized"]] for e in d["entities"]]
        for d in documents
    ]


def test_read_mentions_when_read_then_flat(documents):
    found = bigbio.read_mentions(documents, db_name="toy")
    assert found.texts == ["influenzae", "common cold", "xyzzyx", "cold", "DM"]
    assert found.gold == [["D1"], ["D3", "S1"], [], [], []]
    assert found.labels[3:] == ["SYMP", "DISO"]
    assert found.documents == ["a", "a", "a", "c", "c"]
    assert bigbio.read_mentions(documents, db_name="UMLS").gold == [[]] * 5


def test_link_documents_when_linked_then_schema_is_filled(linker, documents):
    before = copy.deepcopy(documents)
    linked = bigbio.link_documents(linker, documents, db_name="toy", k=2)
    assert documents == before
    assert _ids(linked)[0][0][0] == "D1"
    assert _ids(linked)[0][1][0] == "D3"
    assert _ids(linked)[0][2] == []
    assert _ids(linked)[2][0] == ["D3", "S1"]
    assert _ids(linked)[2][1][0] == "D2"
    first = linked[2]["entities"][0]["normalized"][0]
    assert first == {
        "db_id": "D3", "db_name": "toy", "score": 1.0, "predicted_by": ["ngram"]
    }  # fmt: skip
    json.dumps(linked)
    assert [d["document_id"] for d in linked] == ["a", "b", "c"]


def test_link_documents_when_types_are_mapped_then_others_are_left_out(
    linker, documents
):
    types = {"SYMP": {"symptom"}}
    linked = bigbio.link_documents(linker, documents, k=3, types=types)
    assert _ids(linked)[2][0] == ["S1"]
    assert _ids(linked)[0][1][0] == "D3"
    dictionary = NameDictionary().fit(linker.terminology_)  # has no types= itself
    linked = bigbio.link_documents(dictionary, documents, k=3, types=types)
    assert _ids(linked)[2][0] == ["S1"]


def test_link_documents_when_options_are_set_then_used(linker, documents):
    linked = bigbio.link_documents(linker, documents, threshold=0.99)
    assert _ids(linked)[0] == [[], ["D3"], []]
    linked = bigbio.link_documents(linker, documents, long_forms=False, threshold=0.9)
    assert _ids(linked)[2][1] == []
    assert bigbio.link_documents(linker, []) == []


def test_link_documents_when_schema_is_broken_then_said(linker):
    with pytest.raises(GraphFormatError, match="Document 0 has no 'entities'"):
        bigbio.link_documents(linker, [{"id": 1}])
    with pytest.raises(GraphFormatError, match="Entity 7 has no 'text'"):
        bigbio.link_documents(linker, [{"entities": [{"id": 7}]}])
    with pytest.raises(GraphTypeError, match="needs a method candidates"):
        xmen.XmenLinker("not a linker")
    with pytest.raises(GraphTypeError, match="fitted linker with terminology_"):
        xmen.XmenLinker(Text2Node())


def test_xmen_when_duck_typed_then_all_three_ways_agree(linker, documents):
    made = xmen.entity_linker(linker, "toy", k=2)
    linked = made.predict_batch(documents, batch_size=1)
    assert linked == bigbio.link_documents(linker, documents, db_name="toy", k=2)
    assert made.predict([], documents[0]["entities"]) == linked[0]["entities"]
    assert made.predict_batch({"test": documents})["test"] == linked
    alone = made.predict_no_context("cold", label="SYMP")
    assert alone["normalized"] == linked[2]["entities"][0]["normalized"]
    assert [e["type"] for e in made.predict_no_context(["cold", "flu"])] == [None] * 2
    with pytest.raises(GraphValueError, match="1 labels for 2"):
        made.predict_no_context(["cold", "flu"], label=["DISO"])
    with pytest.raises(GraphTypeError, match="got int"):
        made.predict_batch(3)


def test_xmen_when_data_set_is_of_datasets_then_mapped(linker, documents):
    datasets = pytest.importorskip("datasets")
    given = datasets.Dataset.from_list(documents)
    linked = xmen.XmenLinker(linker, "toy", k=2).predict_batch(given, batch_size=2)
    expected = bigbio.link_documents(linker, documents, db_name="toy", k=2)
    assert _ids(linked) == _ids(expected)
    both = datasets.DatasetDict({"test": given})
    made = xmen.XmenLinker(linker, "toy", k=2).predict_batch(both)
    assert _ids(made["test"]) == _ids(expected)


def test_concept_details_when_made_then_five_keys(known):
    details = xmen.concept_details(known)
    assert [*details] == ["D1", "D2", "D3", "S1"]
    assert details["D1"] == {
        "concept_id": "D1", "canonical_name": "influenza", "aliases": ["flu", "grippe"],
        "types": ["disease"], "definition": "A viral infection.",
    }  # fmt: skip


def test_get_concept_details_when_configured_then_read_and_cut(tmp_path, known):
    known.to_jsonl(tmp_path / "toy.jsonl")
    custom = {"path": str(tmp_path / "toy.jsonl"), "types": ["symptom"]}
    config = {"name": "toy", "dict": {"custom": custom}}
    assert [*xmen.get_concept_details(config)] == ["S1"]
    with pytest.raises(GraphValueError, match=r"needs dict\.custom\.path"):
        xmen.get_concept_details({"dict": {}})
    with pytest.raises(GraphValueError, match="the key 'colour'"):
        xmen.get_concept_details({"dict": {"custom": custom | {"colour": 1}}})


def test_entity_linker_when_xmen_is_there_then_it_joins_an_ensemble(linker, documents):
    linkers = pytest.importorskip("xmen.linkers")
    datasets = pytest.importorskip("datasets")
    made = xmen.entity_linker(linker, "toy", k=3)
    assert isinstance(made, linkers.EntityLinker)
    rest = {"events": [], "coreferences": [], "relations": []}  # which xMEN wants
    columns = {key: [d[key] for d in documents] for key in documents[0]}
    columns |= {key: [value] * 3 for key, value in rest.items()}
    features = import_module("xmen.data").features
    given = datasets.Dataset.from_dict(
        import_module("xmen.data.util").init_schema(columns), features=features
    )
    expected = bigbio.link_documents(linker, documents, db_name="toy", k=3)
    assert _ids(made.predict_batch(given)) == _ids(expected)
    names = xmen.entity_linker(NameDictionary().fit(linker.terminology_), "toy")
    ensemble = linkers.EnsembleLinker()
    ensemble.add_linker("ngram", made, k=3)
    ensemble.add_linker("names", names, k=3, weight=0.5)
    linked = ensemble.predict_batch(given)
    best = linked[2]["entities"][0]["normalized"]
    assert {link["db_id"] for link in best[:2]} == {"D3", "S1"}
    assert sorted(best[0]["predicted_by"]) == ["names", "ngram"]

"""ClinLinker, FHIR, SSSOM and dictionaries of other tools."""

from __future__ import annotations

import csv
import gzip
import json

import numpy as np
import pytest

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Terminology
from graphrep.integrations import clinlinker, dictionaries, fhir, sssom
from graphrep.io import read_mapping
from graphrep.linking import CandidateList, NameDictionary, PhraseLinker


@pytest.fixture(scope="module")
def found(known):
    return CandidateList(
        [0, 2, 3, 3], [0, 2, 1], [1.0, 0.5, 0.75], known,
        mentions=["Flu", "sugar disease", "nothing"],
    )  # fmt: skip


# -- ClinLinker ------------------------------------------------------------------
def test_encoder_when_given_a_vocabulary_then_unique_codes_come_back(known):
    pandas = pytest.importorskip("pandas")
    vocab = pandas.DataFrame(
        {"term": ["cold", "common cold", "flu"], "code": [7, 7, 9]}
    )
    encoder = clinlinker.CandidateEncoder(vocab)
    encoder.fit_faiss(batch_size=8)
    names, codes, scores = encoder.get_candidates(["common colds", "flu"], k=2)
    assert codes == [["7"], ["9"]]
    assert names == [["common cold"], ["flu"]]
    assert scores[1] == [1.0]
    assert encoder.getCandidates(["flu"], 1)[1] == [["9"]]
    dictionary = clinlinker.CandidateEncoder(vocab, NameDictionary())
    assert dictionary.get_candidates(["colds"])[1] == [["7"]]
    with pytest.raises(GraphValueError, match="Pass vocab"):
        clinlinker.CandidateEncoder()


# -- FHIR ------------------------------------------------------------------------
@pytest.mark.parametrize("version", ["R4", "R5"])
def test_concept_map_when_made_then_our_reader_reads_it(found, tmp_path, version):
    resource = fhir.to_concept_map(
        found, ["a", "b", "c"], source="urn:s", target="urn:t", version=version,
        url="urn:map", top=2,
    )  # fmt: skip
    path = tmp_path / "map.json"
    path.write_text(json.dumps(resource), encoding="utf-8")
    links = read_mapping(path, "fhir")
    assert links.targets_of("a") == ["D1", "D3"]
    assert links.targets_of("b") == ["D2"]
    assert links.targets_of("c") == []
    assert links.source_title == "urn:s"
    element = resource["group"][0]["element"][0]
    assert element["display"] == "Flu"
    assert element["target"][0]["display"] == "influenza"
    assert element["target"][1]["comment"] == "score 0.5000"
    assert resource["status"] == "draft"


def test_concept_map_when_relations_are_written_then_by_version(found):
    four = fhir.to_concept_map(found)["group"][0]["element"]
    assert four[0]["code"] == "Flu"
    assert four[0]["target"][0]["equivalence"] == "equivalent"
    assert four[1]["target"][0]["equivalence"] == "inexact"
    assert four[2]["target"] == [{"equivalence": "unmatched"}]
    five = fhir.to_concept_map(found, version="R5", threshold=0.8)["group"][0]
    assert five["element"][0]["target"][0]["relationship"] == "equivalent"
    assert five["element"][1]["noMap"] is True
    with pytest.raises(GraphValueError, match="version must be"):
        fhir.to_concept_map(found, version="R3")
    with pytest.raises(GraphValueError, match="Codes are needed for 3 queries; got 1"):
        fhir.to_concept_map(found, ["a"])


def test_translate_when_answered_then_parameters(found):
    answer = fhir.translate(found, 0, system="urn:t")
    assert answer["resourceType"] == "Parameters"
    result, first, second = answer["parameter"]
    assert result == {"name": "result", "valueBoolean": True}
    assert first["part"][1] == {
        "name": "concept",
        "valueCoding": {"system": "urn:t", "code": "D1", "display": "influenza"},
    }
    assert second["part"][2] == {"name": "score", "valueDecimal": 0.5}
    nothing = fhir.translate(found, 2)
    assert [p["name"] for p in nothing["parameter"]] == ["result", "message"]
    assert nothing["parameter"][0]["valueBoolean"] is False
    assert len(fhir.translate(found, 0, scores=False)["parameter"][1]["part"]) == 2


# -- SSSOM -----------------------------------------------------------------------
def test_sssom_when_written_then_read_back(found, tmp_path):
    path = tmp_path / "map.sssom.tsv"
    sssom.write_sssom(found, path, ["a", "b", "c"], metadata={"license": "CC0"})
    assert path.read_text("utf-8").startswith("#object_source: toy\n#mapping_tool")
    links = read_mapping(path)
    assert list(links) == [
        ("a", "skos:exactMatch", "D1"), ("b", "skos:closeMatch", "D2"),
        ("c", "skos:closeMatch", ""),
    ]  # fmt: skip
    np.testing.assert_allclose(links.confidence, [1.0, 0.75, np.nan])
    assert links.flags["subject_label"].tolist() == ["Flu", "sugar disease", "nothing"]
    assert links.flags["mapping_justification"][0] == "semapv:LexicalMatching"


def test_to_mapping_when_options_are_set_then_rows_differ(found):
    links = sssom.to_mapping(found, top=2, threshold=0.6, keep_unmapped=False)
    assert list(links) == [
        ("Flu", "skos:exactMatch", "D1"), ("sugar disease", "skos:closeMatch", "D2")
    ]  # fmt: skip
    assert sssom.to_mapping(found, exact=0.7).predicates[1] == "skos:exactMatch"
    one = CandidateList([0, 1], [0], np.float32([0.9]), found.terminology)
    assert sssom.to_mapping(one, ["a"]).confidence.tolist() == [0.9]
    empty = CandidateList([0], [], [], found.terminology, mentions=[])
    assert len(sssom.to_mapping(empty)) == 0
    with pytest.raises(GraphValueError, match="Subjects are needed for 3 queries"):
        sssom.to_mapping(found, ["a"])


def test_to_mapping_when_ids_are_integers_then_kept():
    known = Terminology([5, 73211009], ["a", "b"], [0, 1])
    found = CandidateList([0, 1], [1], [1.0], known)
    assert sssom.to_mapping(found, [4]).targets.tolist() == [73211009]


# -- dictionaries ----------------------------------------------------------------
def test_sapbert_when_written_then_one_name_a_line(known, tmp_path):
    dictionaries.write_sapbert(known, tmp_path / "names.txt")
    lines = (tmp_path / "names.txt").read_text("utf-8").splitlines()
    assert lines[0] == "D1||influenza"
    assert lines[4] == "D2||sugar disease"
    assert len(lines) == known.n_names
    with pytest.raises(GraphFormatError, match="has '||' in it".replace("|", r"\|")):
        dictionaries.write_sapbert({"a||b": "x"}, tmp_path / "bad.txt")


def test_gilda_when_written_then_columns_and_status(tmp_path):
    known = Terminology(
        ["G1"], ["Beta-2 Agent", "old\u2010name", "Ménière", ""], [0] * 4,
        name_kinds=["preferred", "former", "exact", "exact"],
    )  # fmt: skip
    dictionaries.write_gilda(known, tmp_path / "terms.tsv.gz", db="TOY")
    with gzip.open(tmp_path / "terms.tsv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [r["norm_text"] for r in rows] == ["beta2 agent", "oldname", "meniere"]
    assert [r["status"] for r in rows] == ["name", "former_name", "synonym"]
    assert rows[1]["entry_name"] == "Beta-2 Agent"
    assert (rows[0]["db"], rows[0]["source"], rows[0]["id"]) == ("TOY", "toy", "G1")


def test_medcat_when_written_then_columns_and_status(known, tmp_path):
    dictionaries.write_medcat(known, tmp_path / "cdb.csv", ontology="TOY")
    with (tmp_path / "cdb.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["name_status"] for r in rows[:3]] == ["P", "A", "A"]
    assert rows[0]["description"] == "A viral infection."
    assert rows[1]["description"] == ""
    assert rows[5]["type_ids"] == "disease|infection"


def test_flair_when_made_then_arguments(known):
    first = next(dictionaries.flair_candidates(known, "TOY"))
    assert first == {
        "concept_id": "D1", "concept_name": "influenza", "database_name": "TOY",
        "additional_ids": ["MSH:D007251"], "synonyms": ["flu", "grippe"],
        "description": "A viral infection.",
    }  # fmt: skip


# -- what is the same ------------------------------------------------------------
@pytest.fixture(scope="module")
def judged():
    """Chances as `PhraseLinker` without labels gives them, each for one phrase."""
    known = Terminology(
        ["HP:1", "HP:2", "HP:3"],
        ["Seizure", "Seizures", "Fit", "Turn", "Cold", "Cold"],
        [0, 0, 0, 0, 1, 2],
        name_kinds=["preferred", "exact", "broad", "layperson", *["preferred"] * 2],
    )  # fmt: skip
    rows = [
        ("seizures ", 0, 0.9, 1, True), ("HP:1", 0, 0.9, 1, True),
        ("Fit", 0, 0.9, 1, False), ("Turn", 0, 0.9, 1, True),
        ("Cold", 1, 0.45, 1, False),
        ("seizured", 0, 0.9, 1, False), ("Seizure", 0, 0.9, 2, False),
        ("convulsion", 0, 1.0, 2, True),
    ]  # fmt: skip
    mentions, concepts, scores, bits, same = zip(*rows, strict=True)
    found = CandidateList(
        range(len(rows) + 1), concepts, scores, known, sources=bits,
        source_names=("exact", "char"), mentions=mentions,
    )  # fmt: skip
    return found, list(same)


def test_maps_when_the_exact_stage_found_the_name_then_it_is_the_same(judged):
    found, same = judged
    group = fhir.to_concept_map(found)["group"][0]["element"]
    words = [one["target"][0]["equivalence"] for one in group]
    assert words == ["equivalent" if one else "inexact" for one in same]
    parts = [
        fhir.translate(found, q, version="R5")["parameter"][1]["part"][0]["valueCode"]
        for q in range(len(found))
    ]
    assert parts == ["equivalent" if one else "related-to" for one in same]
    predicates = sssom.to_mapping(found).predicates.tolist()
    assert predicates == [f"skos:{'exact' if one else 'close'}Match" for one in same]


def test_maps_when_a_dictionary_finds_a_name_of_another_kind_then_it_is_close(judged):
    known = judged[0].terminology
    found = NameDictionary().fit(known).candidates(["Fit", "Turn", "HP:1", "Seizure"])
    assert found.scores.tolist() == [1.0] * 4
    predicates = sssom.to_mapping(found).predicates.tolist()
    assert predicates == ["skos:closeMatch", *["skos:exactMatch"] * 3]
    both = Terminology(["A"], ["fit", "Fit"], [0, 0], name_kinds=["broad", "exact"])
    found = NameDictionary().fit(both).candidates(["FIT"])
    assert sssom.to_mapping(found).predicates.tolist() == ["skos:exactMatch"]


def test_maps_when_exact_is_a_score_in_float32_then_it_counts(judged):
    found, _ = judged
    predicates = sssom.to_mapping(found, exact=0.9).predicates.tolist()
    assert predicates.count("skos:closeMatch") == 1  # the one with .45
    one = fhir.translate(found, 2, exact=0.9)["parameter"][1]["part"][0]
    assert one["valueCode"] == "equivalent"


def test_maps_when_a_phrase_linker_finds_a_name_then_it_is_the_same():
    organs = ["heart", "kidney", "liver", "lung", "skin", "spleen", "stomach"]
    signs = ["pain", "swelling", "cancer", "rash", "bleeding", "cyst", "failure"]
    known = {f"{o}:{s}": [f"{o} {s}", f"{s} of {o}"] for o in organs for s in signs}
    linker = PhraseLinker(encoder=None, random_state=0).fit(known)
    found = linker.candidates(["Heart  pain", "old heart pains"], 2)
    assert 0.5 < found.scores[0] < 0.95
    assert sssom.to_mapping(found).predicates.tolist() == [
        "skos:exactMatch", "skos:closeMatch",
    ]  # fmt: skip

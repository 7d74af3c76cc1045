"""Maps between terminologies: read, written, looked up."""

import json

import numpy as np
import pytest

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import ConceptMap
from graphrep.io import read_mapping, write_mapping


def test_lookups():
    links = ConceptMap([1, 1, 2], ["01", "1", ""], flags={"no_map": [0, 0, 1]})
    assert links.targets_of(1) == ["01", "1"]
    assert links.targets_of(2) == links.targets_of(9) == []
    assert links.where(no_map=0).sources.tolist() == [1, 1]
    assert len(links) == 3
    with pytest.raises(GraphValueError, match="no flag 'x'; there are no_map"):
        links.where(x=1)
    with pytest.raises(GraphValueError, match="targets has 1 rows; sources has 2"):
        ConceptMap(["a", "b"], ["c"])
    with pytest.raises(GraphValueError, match="between 0 and 1"):
        ConceptMap(["a"], ["c"], confidence=[2])
    pytest.importorskip("pandas")
    assert list(links.to_frame().columns) == ["source", "target", "predicate", "no_map"]


GEM = "0010  A000  00000\n0011 A001 10000\n01000 NoDx 11000\nE8120 V4352XA 10111\n"


def test_gem(tmp_path):
    path = tmp_path / "2018_I9gem.txt"
    path.write_text(GEM)
    links = read_mapping(path)
    assert links.sources.tolist() == ["0010", "0011", "01000", "E8120"]
    assert links.targets_of("01000") == []
    assert links.flags["approximate"].tolist() == [0, 1, 1, 1]
    assert links.flags["combination"].tolist() == [0, 0, 0, 1]
    assert links.flags["scenario"].tolist() == [0, 0, 0, 1]
    assert links.predicates.tolist()[:2] == ["skos:exactMatch", "skos:closeMatch"]
    dotted = read_mapping(path, dotted=True)
    assert list(dotted)[3][::2] == ("E812.0", "V43.52XA")
    assert next(iter(dotted))[::2] == ("001.0", "A00.0")
    path.write_text("A000 0010 00000\n")
    back = read_mapping(path, dotted=True, reverse=True)
    assert next(iter(back))[::2] == ("A00.0", "001.0")
    assert (back.source_title, back.target_title) == ("ICD-10-CM", "ICD-9-CM")
    path.write_text(
        '"icd10cm","icd9cm","flags","approximate","no_map","combination","scenario",'
        '"choice_list"\n"A000","0010","10000",1,0,0,0,0\n'
    )
    table = read_mapping(path, dotted=True)
    assert list(table) == [("A00.0", "skos:closeMatch", "001.0")]
    assert table.source_title == "ICD-10-CM"
    path.write_text(GEM + "0012 A009\n")
    with pytest.raises(GraphFormatError, match=r"gem.txt:5: The line is not"):
        read_mapping(path)


@pytest.mark.shared
def test_gem_of_icd9cm(shared_data):
    links = read_mapping(shared_data / "terminology/icd9cm/gem_to_icd10cm.tsv.gz")
    assert len(links) == 23_912
    assert links.targets_of("0010") == ["A000"]
    assert len(set(links.where(no_map=0, combination=0).sources.tolist())) == 13_500


SSSOM = (
    "#curie_map:\n#  HP: http://x\nsubject_id\tpredicate_id\tobject_id\t"
    "mapping_justification\tconfidence\nHP:1\tskos:exactMatch\tX:1\tsemapv:Lexical\t0.5\n"
    "HP:2\tskos:broadMatch\tsssom:NoTermFound\tsemapv:Manual\t\n"
)


def test_sssom_there_and_back(tmp_path):
    path = tmp_path / "m.sssom.tsv"
    path.write_text(SSSOM)
    links = read_mapping(path)
    assert links.targets_of("HP:1") == ["X:1"]
    assert links.targets_of("HP:2") == []
    assert links.confidence[0] == 0.5
    assert np.isnan(links.confidence[1])
    write_mapping(links, tmp_path / "n.sssom.tsv.gz")
    assert read_mapping(tmp_path / "n.sssom.tsv.gz") == links
    path.write_text(SSSOM.replace("0.5", "5"))
    with pytest.raises(GraphFormatError, match="tsv:4: confidence is '5'"):
        read_mapping(path)


def test_sssom_has_its_head_and_a_justification(tmp_path):
    path = tmp_path / "m.tsv"
    links = ConceptMap(["a"], ["b"], source_title="X", target_title="Y")
    write_mapping(links, path, metadata={"license": "CC0"})
    assert path.read_text().splitlines() == [
        "#subject_source: X",
        "#object_source: Y",
        "#license: CC0",
        "subject_id\tpredicate_id\tobject_id\tmapping_justification",
        "a\tskos:exactMatch\tb\tsemapv:UnspecifiedMatching",
    ]
    with pytest.raises(GraphValueError, match="tab or a line feed"):
        write_mapping(ConceptMap(["a\tb"], ["c"]), path)


def test_csv(tmp_path):
    links = ConceptMap(["a,b"], [7], confidence=[0.25], flags={"n": [3]})
    write_mapping(links, tmp_path / "m.csv")
    assert (tmp_path / "m.csv").read_text() == (
        'source,predicate,target,confidence,n\n"a,b",skos:exactMatch,7,0.25,3\n'
    )
    with pytest.raises(GraphValueError, match="sssom, fhir or csv; got 'xls'"):
        write_mapping(links, tmp_path / "m.xls", format="xls")


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_fhir_there_and_back(tmp_path, version):
    path = tmp_path / "m.json"
    links = ConceptMap(
        ["a", "a", "b", "c"],
        ["x", "y", "", "z"],
        predicates=[f"skos:{w}Match" for w in ("exact", "broad", "related", "narrow")],
        source_title="http://s",
        target_title="http://t",
    )  # fmt: skip
    write_mapping(links, path, version=version, url="http://m")
    resource = json.loads(path.read_text())
    elements = resource["group"][0]["element"]
    assert [e["code"] for e in elements] == ["a", "b", "c"]
    key, value = {
        "R4": ("equivalence", "wider"),
        "R5": ("relationship", "source-is-narrower-than-target"),
    }[version]
    assert elements[0]["target"][1] == {"code": "y", key: value}
    assert elements[1].get("noMap", False) == (version == "R5")
    assert read_mapping(path) == links
    resource["group"][0]["element"][0]["target"][0][key] = "odd"
    path.write_text(json.dumps(resource))
    with pytest.raises(GraphFormatError, match=f"The {key} 'odd' is not one of"):
        read_mapping(path)


def test_omop_maps_to(omop_folder):
    links = read_mapping(omop_folder)
    assert list(links) == [(3, "skos:exactMatch", 2)]
    assert links.sources.dtype == np.int64
    assert len(read_mapping(omop_folder, relation="Is a")) == 1


def test_unknown_formats(tmp_path):
    (tmp_path / "x.txt").write_text("hello\n")
    with pytest.raises(GraphFormatError, match="not recognised"):
        read_mapping(tmp_path / "x.txt")
    with pytest.raises(GraphFormatError, match="no format 'odd' of maps"):
        read_mapping(tmp_path / "x.txt", format="odd")

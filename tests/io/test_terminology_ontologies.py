"""Readers of OBO, OBO-Graphs and OWL give the same terminology."""

import inspect
import json
import tracemalloc
from importlib import import_module

import pytest

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphWarning
from graphrep.io import read_terminology, sniff_terminology, terminology_formats

OBO = """format-version: 1.2
data-version: 2025-01
ontology: x
default-namespace: spaces

[Term]
id: X:1
name: all

[Term]
id: X:2
name: fever {source="a"} ! a comment
def: "Hot." [ref:1]
synonym: "pyrexia" EXACT []
synonym: "so \\"hot\\"" NARROW layperson [x:1]
synonym: "FVR" EXACT abbreviation []
xref: UMLS:C1
alt_id: X:99
is_a: X:1 ! all
relationship: part_of X:1

[Term]
id: X:3
name: obsolete thing
is_obsolete: true
replaced_by: X:2
"""

GRAPHS = {
    "graphs": [
        {
            "id": "x",
            "meta": {"version": "2025-01"},
            "nodes": [
                {
                    "id": "http://purl.obolibrary.org/obo/X_1",
                    "lbl": "all",
                    "type": "CLASS",
                },
                {
                    "id": "http://purl.obolibrary.org/obo/X_2",
                    "lbl": "fever",
                    "type": "CLASS",
                    "meta": {
                        "definition": {"val": "Hot."},
                        "synonyms": [
                            {"pred": "hasExactSynonym", "val": "pyrexia"},
                            {
                                "pred": "hasNarrowSynonym",
                                "val": 'so "hot"',
                                "synonymType": "http://purl.obolibrary.org/obo/hp#layperson",
                            },
                            {
                                "pred": "hasExactSynonym",
                                "val": "FVR",
                                "synonymType": "http://purl.obolibrary.org/obo/hp#abbreviation",
                            },
                        ],
                        "xrefs": [{"val": "UMLS:C1"}],
                        "basicPropertyValues": [
                            {
                                "pred": "http://www.geneontology.org/formats/oboInOwl#hasAlternativeId",
                                "val": "X:99",
                            }
                        ],
                    },
                },
                {
                    "id": "http://purl.obolibrary.org/obo/X_3",
                    "lbl": "obsolete thing",
                    "type": "CLASS",
                    "meta": {
                        "deprecated": True,
                        "basicPropertyValues": [
                            {
                                "pred": "http://purl.obolibrary.org/obo/IAO_0100001",
                                "val": "http://purl.obolibrary.org/obo/X_2",
                            }
                        ],
                    },
                },
                {"id": "http://x/part_of", "lbl": "part of", "type": "PROPERTY"},
            ],
            "edges": [
                {
                    "sub": "http://purl.obolibrary.org/obo/X_2",
                    "pred": "is_a",
                    "obj": "http://purl.obolibrary.org/obo/X_1",
                },
                {
                    "sub": "http://purl.obolibrary.org/obo/X_2",
                    "pred": "http://purl.obolibrary.org/obo/BFO_0000050",
                    "obj": "http://purl.obolibrary.org/obo/X_1",
                },
            ],
        }
    ]
}

_OWL_HEAD = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#"
 xmlns:owl="http://www.w3.org/2002/07/owl#" xmlns:obo="http://purl.obolibrary.org/obo/"
 xmlns:oio="http://www.geneontology.org/formats/oboInOwl#">
"""
OWL = (
    _OWL_HEAD
    + """<owl:Ontology rdf:about="x">
 <owl:versionInfo>2025-01</owl:versionInfo>
</owl:Ontology>
<owl:ObjectProperty rdf:about="http://purl.obolibrary.org/obo/BFO_0000050"/>
<owl:Class rdf:about="http://purl.obolibrary.org/obo/X_1"><rdfs:label>all</rdfs:label></owl:Class>
<owl:Class rdf:about="http://purl.obolibrary.org/obo/X_2">
 <rdfs:subClassOf rdf:resource="http://purl.obolibrary.org/obo/X_1"/>
 <rdfs:subClassOf><owl:Restriction>
  <owl:onProperty rdf:resource="http://purl.obolibrary.org/obo/BFO_0000050"/>
  <owl:someValuesFrom rdf:resource="http://purl.obolibrary.org/obo/X_1"/>
 </owl:Restriction></rdfs:subClassOf>
 <owl:equivalentClass><owl:Class><owl:intersectionOf rdf:parseType="Collection">
  <rdf:Description rdf:about="http://purl.obolibrary.org/obo/X_1"/>
 </owl:intersectionOf></owl:Class></owl:equivalentClass>
 <obo:IAO_0000115>Hot.</obo:IAO_0000115>
 <oio:hasExactSynonym>pyrexia</oio:hasExactSynonym>
 <oio:hasNarrowSynonym>so "hot"</oio:hasNarrowSynonym>
 <oio:hasExactSynonym>FVR</oio:hasExactSynonym>
 <oio:hasDbXref>UMLS:C1</oio:hasDbXref>
 <oio:hasAlternativeId>X:99</oio:hasAlternativeId>
 <rdfs:label>fever</rdfs:label>
</owl:Class>
<owl:Axiom>
 <owl:annotatedSource rdf:resource="http://purl.obolibrary.org/obo/X_2"/>
 <owl:annotatedProperty rdf:resource="http://www.geneontology.org/formats/oboInOwl#hasNarrowSynonym"/>
 <owl:annotatedTarget>so "hot"</owl:annotatedTarget>
 <oio:hasSynonymType rdf:resource="http://purl.obolibrary.org/obo/hp#layperson"/>
</owl:Axiom>
<owl:Axiom>
 <owl:annotatedSource rdf:resource="http://purl.obolibrary.org/obo/X_2"/>
 <owl:annotatedProperty rdf:resource="http://www.geneontology.org/formats/oboInOwl#hasExactSynonym"/>
 <owl:annotatedTarget>FVR</owl:annotatedTarget>
 <oio:hasSynonymType rdf:resource="http://purl.obolibrary.org/obo/hp#abbreviation"/>
</owl:Axiom>
<owl:Class rdf:about="http://purl.obolibrary.org/obo/X_3">
 <rdfs:label>obsolete thing</rdfs:label><owl:deprecated>true</owl:deprecated>
 <obo:IAO_0100001 rdf:resource="http://purl.obolibrary.org/obo/X_2"/>
</owl:Class>
</rdf:RDF>
"""
)


@pytest.fixture(params=["x.obo", "x.json", "x.owl"])
def ontology(request, tmp_path):
    text = {"x.obo": OBO, "x.json": json.dumps(GRAPHS), "x.owl": OWL}[request.param]
    path = tmp_path / request.param
    path.write_text(text, "utf-8")
    return path


def test_the_three_formats_agree(ontology):
    t = read_terminology(ontology)
    assert t.ids.tolist() == ["X:1", "X:2"]
    assert t.names("X:2") == ["fever", "pyrexia", 'so "hot"', "FVR"]
    kinds = [t.KINDS[code] for code in t.name_kinds]
    assert kinds == ["preferred", "preferred", "exact", "narrow", "abbreviation"]
    assert t.ancestors("X:2") == ["X:1"]
    assert t.definitions.tolist() == [None, "Hot."]
    assert t.xrefs == [(), ("UMLS:C1",)]
    assert t.version == "2025-01"
    assert t.resolve("X:99") == ["X:2"]
    assert t.resolve("X:3") == ["X:2"]
    (relation,) = t.relations.values()
    assert [column.tolist() for column in relation] == [[1], [0]]


def test_retired_concepts_and_relations_are_a_choice(ontology):
    t = read_terminology(ontology, retired=True, relations=False)
    assert t.ids.tolist() == ["X:1", "X:2", "X:3"]
    assert t.retired.tolist() == [False, False, True]
    assert t.relations == {}


def test_namespaces_are_types(tmp_path):
    (tmp_path / "x.obo").write_text(OBO)
    assert read_terminology(tmp_path / "x.obo").types == [("spaces",), ("spaces",)]


def test_links_to_parents_outside_the_file_are_counted(tmp_path):
    (tmp_path / "x.obo").write_text("[Term]\nid: A\nname: a\nis_a: B\n")
    with pytest.warns(
        GraphWarning, match="1 links to parents that the source does not"
    ):
        t = read_terminology(tmp_path / "x.obo")
    assert t.ids.tolist() == ["A"]


def test_purls_can_stay(tmp_path):
    (tmp_path / "x.owl").write_text(OWL)
    t = read_terminology(tmp_path / "x.owl", contract=False)
    assert t.ids[0] == "http://purl.obolibrary.org/obo/X_1"


def test_owl_memory_does_not_grow_with_the_file(tmp_path):
    def peak(count):
        path = tmp_path / f"{count}.owl"
        padding = f"<x>{'long comment ' * 40}</x>"
        with path.open("w") as file:
            file.write(_OWL_HEAD)
            for i in range(count):
                about = f'rdf:about="http://purl.obolibrary.org/obo/X_{i % 50}"'
                file.write(f"<owl:Class {about}>{padding}</owl:Class>\n")
            file.write("</rdf:RDF>")
        tracemalloc.start()
        assert read_terminology(path).n_concepts == 50
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(50)
    assert peak(6000) < peak(600) + 300_000


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "x.owl",
            "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><a>\n<b></a>",
            "x.owl:2: The XML is not well",
        ),
        ("x.json", '{"graphs": [\n}', "x.json:2: This is no JSON"),
        ("x.obo", "nothing here\n", "No .Term. with an id"),
        ("x.json", '{"graphs": 3}', "no list"),
    ],
)
def test_bad_files_get_one_sentence(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(GraphFormatError, match=message):
        read_terminology(path)


def test_formats_and_options_are_checked(tmp_path):
    path = tmp_path / "x.obo"
    path.write_text(OBO)
    assert sniff_terminology(path) == "obo"
    with pytest.raises(GraphTypeError, match="reader of obo has no option 'dialect'"):
        read_terminology(path, dialect="x")
    with pytest.raises(GraphFormatError, match="no format 'odd'"):
        read_terminology(path, format="odd")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_terminology(tmp_path / "y.obo")
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.4")
    with pytest.raises(GraphFormatError, match="not recognised; pass format="):
        read_terminology(tmp_path / "x.pdf")


def test_every_format_has_a_reader_that_explains_itself():
    for entry in terminology_formats():
        module, _, function = entry.reader.partition(":")
        reader = getattr(import_module(module), function)
        assert reader.__doc__
        assert next(iter(inspect.signature(reader).parameters)) == "path"


def test_lay_words_are_so_if_they_mean_the_concept(tmp_path):
    path = tmp_path / "x.obo"
    path.write_text(
        "[Term]\nid: X:1\nname: seizure\n"
        'synonym: "fits" EXACT layperson []\nsynonym: "epilepsy" RELATED layperson []\n'
        'synonym: "attack" BROAD layperson []\nsynonym: "spell" layperson []\n'
    )
    t = read_terminology(path)
    kinds = [t.KINDS[code] for code in t.name_kinds]
    assert dict(zip(t.name_texts, kinds, strict=True)) == {
        "seizure": "preferred", "fits": "layperson", "epilepsy": "related",
        "attack": "broad", "spell": "related",
    }  # fmt: skip
    rows = "".join(
        f"X:1\t{scope}\tlayperson\t{text}\n"
        for scope, text in (("EXACT", "fits"), ("RELATED", "epilepsy"), ("", "spell"))
    )
    table = tmp_path / "synonyms.tsv"
    table.write_text(f"id\tscope\ttype\ttext\nX:1\tNAME\t\tseizure\n{rows}")
    t = read_terminology(table)
    kinds = [t.KINDS[code] for code in t.name_kinds]
    assert kinds == ["preferred", "layperson", "related", "layperson"]

"""ICD-10 in ClaML, ICD-10-CM in XML, MeSH, MEDIC, OMOP and FHIR."""
# ruff: noqa: E501

import json

import pytest

from graphrep.exceptions import GraphFormatError, GraphWarning
from graphrep.io import read_terminology, sniff_terminology

CLAML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ClaML SYSTEM "ClaML.dtd">
<ClaML version="2.0.0">
<Title date="2016-01-01" name="ICD-10-XY" version="2016">Classification</Title>
<Modifier code="E10_4"><SubClass code=".0"/><SubClass code=".1"/></Modifier>
<Modifier code="M00_5"/>
<ModifierClass code=".0" modifier="E10_4"><SuperClass code="E10_4"/>
 <Rubric kind="preferred"><Label xml:lang="en">With coma</Label></Rubric></ModifierClass>
<ModifierClass code=".1" modifier="E10_4">
 <Rubric kind="preferred"><Label xml:lang="en">With ketoacidosis</Label></Rubric></ModifierClass>
<ModifierClass code="0" modifier="M00_5">
 <Rubric kind="preferred"><Label xml:lang="en">Multiple sites</Label></Rubric></ModifierClass>
<ModifierClass code="1" modifier="M00_5">
 <Rubric kind="preferred"><Label xml:lang="en">Shoulder</Label></Rubric></ModifierClass>
<Class code="IV" kind="chapter"><SubClass code="E10-E14"/>
 <Rubric kind="preferred"><Label xml:lang="en">Endocrine</Label></Rubric></Class>
<Class code="E10-E14" kind="block"><SuperClass code="IV"/>
 <ModifiedBy code="E10_4"/>
 <Rubric kind="preferred"><Label xml:lang="en">Diabetes</Label></Rubric></Class>
<Class code="E10" kind="category"><SuperClass code="E10-E14"/>
 <Rubric kind="preferred"><Label xml:lang="en">Type 1
   diabetes</Label></Rubric>
 <Rubric kind="inclusion"><Label xml:lang="en"><Fragment type="item">brittle</Fragment><Fragment type="item">diabetes (<Reference>R73</Reference>)</Fragment></Label></Rubric>
 <Rubric kind="exclusion"><Label xml:lang="en">not this</Label></Rubric></Class>
<Class code="E14" kind="category" usage="dagger"><SuperClass code="E10-E14"/>
 <ExcludeModifier code="E10_4"/>
 <Rubric kind="preferred"><Label xml:lang="en">Other</Label></Rubric></Class>
<Class code="M00" kind="category"><SubClass code="M00.2"/>
 <ModifiedBy code="M00_5" all="false"><ValidModifierClass code="1"/></ModifiedBy>
 <Rubric kind="preferred"><Label xml:lang="en">Arthritis</Label></Rubric></Class>
<Class code="M00.2" kind="category"><SuperClass code="M00"/>
 <Rubric kind="preferred"><Label xml:lang="en">Streptococcal</Label></Rubric></Class>
<Class code="M45" kind="category"><ModifiedBy code="M00_5"/>
 <Rubric kind="preferred"><Label xml:lang="en">Spondylitis</Label></Rubric></Class>
</ClaML>
"""


def test_claml_expands_modifiers(tmp_path):
    path = tmp_path / "icd10.xml"
    path.write_text(CLAML, "utf-8")
    assert sniff_terminology(path) == "claml"
    t = read_terminology(path)
    made = ["E10.0", "E10.1", "M00.21", "M45.X0", "M45.X1"]
    classes = ["IV", "E10-E14", "E10", "E14", "M00", "M00.2", "M45"]
    assert t.ids.tolist() == [*classes, *made]
    assert t.names("E10.0") == ["Type 1 diabetes: With coma"]
    assert t.ancestors("E10.1") == ["E10", "E10-E14", "IV"]
    assert t.names("M00.21") == ["Streptococcal: Shoulder"]
    assert t.types[3] == ("category", "dagger")
    assert t.names("E10") == ["Type 1 diabetes", "brittle diabetes"]
    assert not any("not this" in name for name in t.name_texts)
    assert t.languages == ("en",)
    assert (t.title, t.version) == ("ICD-10-XY", "2016")
    plain = read_terminology(path, expand_modifiers=False)
    assert plain.ids.tolist() == classes


def test_a_described_code_that_is_there_stays(tmp_path):
    path = tmp_path / "icd10.xml"
    own = """<Class code="E10.0" kind="category"><SuperClass code="E10"/>
<Rubric kind="preferred"><Label xml:lang="en">Own name</Label></Rubric></Class></ClaML>"""
    path.write_text(CLAML.replace("</ClaML>", own), "utf-8")
    t = read_terminology(path)
    assert t.names("E10.0") == ["Own name"]
    assert t.names("E10.1") == ["Type 1 diabetes: With ketoacidosis"]
    assert "E10.00" not in t


ICD10CM = """<?xml version="1.0"?>
<ICD10CM.tabular><version>2026</version>
<chapter><name>1</name><desc>Certain infections (A00-B99)</desc>
 <includes><note>communicable diseases</note></includes>
 <section id="A00-A09"><desc>Intestinal infections (A00-A09)</desc>
  <diag><name>A00</name><desc>Cholera</desc>
   <inclusionTerm><note>Vibrio  disease</note></inclusionTerm>
   <excludes1><note>not this (A09)</note></excludes1>
   <diag><name>A00.0</name><desc>Classical cholera</desc>
    <sevenChrDef><extension char="A">initial encounter</extension></sevenChrDef></diag>
  </diag></section>
 <section id="C7A"><desc>Tumors (C7A)</desc>
  <diag><name>C7A</name><desc>Carcinoid tumors</desc></diag></section>
</chapter></ICD10CM.tabular>
"""


def test_icd10cm(tmp_path):
    path = tmp_path / "tabular.xml"
    path.write_text(ICD10CM)
    assert sniff_terminology(path) == "icd10cm"
    t = read_terminology(path)
    assert t.ids.tolist() == ["CH01", "A00-A09", "A00", "A00.0", "C7A"]
    assert t.names("C7A") == ["Carcinoid tumors"]  # not the section of the same id
    assert t.names("A00") == ["Cholera", "Vibrio disease"]
    assert t.names("CH01") == ["Certain infections", "communicable diseases"]
    assert t.types == [
        (k,) for k in ("chapter", "block", "category", "code", "category")
    ]
    assert t.ancestors("A00.0") == ["A00", "A00-A09", "CH01"]
    assert t.ancestors("C7A") == ["CH01"]
    assert read_terminology(path, includes=False).names("CH01") == [
        "Certain infections"
    ]
    path.write_text(ICD10CM.replace("</chapter>", "</chapte>"))
    with pytest.raises(GraphFormatError, match=r"tabular.xml:14: The XML is not well"):
        read_terminology(path)


def test_medic_of_2012(tmp_path):
    path = tmp_path / "medic.txt"
    path.write_text("C567755|613097||Tooth Agenesis, 6|STHAG6\n145250||LYELL&apos;S\n")
    t = read_terminology(path)
    assert t.ids.tolist() == ["C567755", "145250"]
    assert t.names("C567755") == ["Tooth Agenesis, 6", "STHAG6"]
    assert t.names("145250") == ["LYELL'S"]
    assert t.resolve("613097") == ["C567755"]


def test_a_dictionary_with_one_name_a_line(tmp_path):
    path = tmp_path / "d.txt"
    path.write_text("D1||flu\nD1||influenza\nD2||cold\n")
    t = read_terminology(path)
    assert t.names("D1") == ["flu", "influenza"]
    assert t.name_kinds.tolist() == [0, 1, 0]
    path.write_text("D1||flu\n||cold\n")
    with pytest.raises(
        GraphFormatError, match=r"d.txt:2: The line is not 'id\|\|name'"
    ):
        read_terminology(path)


CTD = """# CTD diseases
# Fields:
# DiseaseName\tDiseaseID\tAltDiseaseIDs\tDefinition\tParentIDs\tTreeNumbers\tParentTreeNumbers\tSynonyms\tSlimMappings
#
Neoplasms\tMESH:D009369\t\tNew tissue.\tMESH:C\tC04\tC\tCancer|Tumors\tCancer
"Odd" one\tMESH:D2\tDO:DOID:1|OMIM:12\t\tMESH:D009369|MESH:C\tC04.1\tC04\t\t
"""


def test_medic_of_ctd(tmp_path):
    path = tmp_path / "CTD_diseases.tsv"
    path.write_text(CTD)
    assert sniff_terminology(path) == "medic"
    with pytest.warns(GraphWarning, match="2 links to parents"):
        t = read_terminology(path)
    assert t.ids.tolist() == ["MESH:D009369", "MESH:D2"]
    assert t.names("MESH:D009369") == ["Neoplasms", "Cancer", "Tumors"]
    assert t.names("MESH:D2") == ['"Odd" one']
    assert t.ancestors("MESH:D2") == ["MESH:D009369"]
    assert t.resolve("OMIM:12") == ["MESH:D2"]
    assert t.types == [("Cancer",), ()]
    path.write_text(CTD + "short\tline\n")
    with pytest.raises(GraphFormatError, match=r"tsv:7: .* 2 columns instead of 9"):
        read_terminology(path)


MESH = """<?xml version="1.0"?>
<!DOCTYPE DescriptorRecordSet SYSTEM "x.dtd">
<DescriptorRecordSet LanguageCode="eng">
<DescriptorRecord><DescriptorUI>D1</DescriptorUI>
 <DescriptorName><String>Heart Diseases</String></DescriptorName>
 <TreeNumberList><TreeNumber>C14.280</TreeNumber></TreeNumberList>
</DescriptorRecord>
<DescriptorRecord><DescriptorUI>D9</DescriptorUI>
 <DescriptorName><String>Myocardial Infarction</String></DescriptorName>
 <TreeNumberList><TreeNumber>C14.280.647</TreeNumber><TreeNumber>C23.1</TreeNumber></TreeNumberList>
 <ConceptList>
  <Concept PreferredConceptYN="Y"><ConceptUI>M1</ConceptUI><ScopeNote>Necrosis.</ScopeNote>
   <ConceptRelationList><ConceptRelation RelationName="NRW"><Concept1UI>M1</Concept1UI><Concept2UI>M2</Concept2UI></ConceptRelation></ConceptRelationList>
   <TermList><Term LexicalTag="NON"><String>Myocardial Infarction</String></Term>
    <Term LexicalTag="ABB"><String>MI</String></Term><Term LexicalTag="NON"><String>Infarct</String></Term></TermList></Concept>
  <Concept PreferredConceptYN="N"><ConceptUI>M2</ConceptUI>
   <TermList><Term LexicalTag="NON"><String>Silent Infarct</String></Term></TermList></Concept>
 </ConceptList></DescriptorRecord>
</DescriptorRecordSet>
"""


def test_mesh_descriptors(tmp_path):
    path = tmp_path / "desc2025.xml"
    path.write_text(MESH)
    assert sniff_terminology(path) == "mesh"
    t = read_terminology(path)
    assert t.ids.tolist() == ["D1", "D9"]
    assert t.names("D9") == ["Myocardial Infarction", "MI", "Infarct", "Silent Infarct"]
    kinds = [t.KINDS[code] for code in t.name_kinds[1:]]
    assert kinds == ["preferred", "abbreviation", "exact", "narrow"]
    assert t.ancestors("D9") == ["D1"]
    assert t.definitions.tolist() == [None, "Necrosis."]
    assert t.xrefs[1] == ("C14.280.647", "C23.1")


def test_mesh_tree_numbers_are_positions(tmp_path):
    path = tmp_path / "mtrees2025.bin"
    path.write_text("Eye;A01.456\nBody;A01\nFace;A02\nEye;A02.7\nBad\n")
    with pytest.raises(GraphFormatError, match="bin:5: The line is not 'name;tree"):
        read_terminology(path)
    path.write_text("Eye;A01.456\nBody;A01\nFace;A02\nEye;A02.7\n")
    t = read_terminology(path)
    assert t.ids.tolist() == ["Eye", "Body", "Face"]
    assert t.n_names == 3
    assert sorted(t.ancestors("Eye")) == ["Body", "Face"]


def test_omop(omop_folder):
    t = read_terminology(omop_folder)
    assert t.ids.tolist() == [1, 2, 4]
    assert t.names(2) == ['So-called "flu', "Grippe", "grip"]
    assert [t.languages[c] for c in t.name_languages[1:4]] == ["", "4182504", "en"]
    assert t.ancestors(2) == [1]
    assert t.types[2] == ("Drug", "Ingredient")
    assert t.xrefs[1] == ("SNOMED:6142004",)
    assert t.resolve(5) == [2]
    assert read_terminology(omop_folder, domains="Drug").ids.tolist() == [4]
    every = read_terminology(
        omop_folder, standard=False, retired=True, relations=["Maps to"]
    )
    assert every.ids.tolist() == [1, 2, 3, 4, 5]
    assert [c.tolist() for c in every.relations["Maps to"]] == [[2], [1]]
    with (omop_folder / "CONCEPT.csv").open("a") as file:
        file.write("x" + "\tS" * 9 + "\n")
    with pytest.raises(GraphFormatError, match="csv:7: 'x' is no concept_id"):
        read_terminology(omop_folder)


def test_fhir_code_system(tmp_path):
    path = tmp_path / "c.json"
    resource = {
        "resourceType": "CodeSystem",
        "name": "X",
        "version": "4",
        "language": "en",
        "concept": [
            {
                "code": "a",
                "display": "Animal",
                "concept": [
                    {
                        "code": "01",
                        "display": "Dog",
                        "definition": "Barks.",
                        "designation": [
                            {
                                "language": "de",
                                "use": {"code": "display"},
                                "value": "Hund",
                            },
                            {"value": "Hound"},
                        ],
                        "property": [{"code": "parent", "valueCode": "p"}],
                    }
                ],
            },
            {
                "code": "p",
                "display": "Pet",
                "property": [{"code": "child", "valueCode": "q"}],
            },
            {"code": "q", "display": "Cat"},
            {
                "code": "z",
                "display": "Dodo",
                "property": [{"code": "status", "valueCode": "retired"}],
            },
        ],
    }
    path.write_text(json.dumps(resource))
    t = read_terminology(path)
    assert t.ids.tolist() == ["a", "01", "p", "q"]
    assert sorted(t.ancestors("01")) == ["a", "p"]
    assert t.ancestors("q") == ["p"]
    assert t.names("01") == ["Dog", "Hund", "Hound"]
    assert [t.languages[c] for c in t.name_languages[1:4]] == ["en", "de", "en"]
    assert t.subset(languages="de").names("01") == ["Hund"]
    assert read_terminology(path, retired=True).retired.tolist() == [0, 0, 0, 0, 1]


def test_fhir_value_set(tmp_path):
    path = tmp_path / "v.json"
    inner = {
        "contains": [{"display": "group", "contains": [{"code": "x", "display": "X"}]}]
    }
    path.write_text(json.dumps({"resourceType": "ValueSet", "expansion": inner}))
    assert read_terminology(path).names("x") == ["X"]
    path.write_text(json.dumps({"resourceType": "ValueSet"}))
    with pytest.raises(GraphFormatError, match="has no expansion"):
        read_terminology(path)
    path.write_text(json.dumps({"resourceType": "Patient"}))
    with pytest.raises(GraphFormatError, match="The resource is 'Patient'"):
        read_terminology(path)

"""Tables of concepts, JSON lines, and whatever else as_terminology takes."""

import numpy as np
import pytest

from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
)
from graphrep.graph import Graph, Terminology
from graphrep.io import as_terminology, read_terminology, write_terminology
from graphrep.linking import NameDictionary


def test_a_table_with_a_header(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text(
        "code\tname\tsynonyms\tparents\ttypes\n"
        '01\tfe"ver\tpyrexia|hot\t\tsymptom\n'
        "1\thigh fever\t\t01|\tsymptom|sign\n"
    )
    t = read_terminology(path)
    assert t.ids.tolist() == ["01", "1"]
    assert t.names("01") == ['fe"ver', "pyrexia", "hot"]
    assert t.ancestors("1") == ["01"]
    assert t.types == [("symptom",), ("symptom", "sign")]


def test_a_table_without_a_header_has_a_fixed_order(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("x1\tfever\nx2\tcough\n")
    assert read_terminology(path).names("x2") == ["cough"]


def test_one_name_a_row(tmp_path):
    """The gazetteer of ClinLinker."""
    path = tmp_path / "g.tsv"
    path.write_text(
        "code\tlanguage\tterm\tsemantic_tag\tmainterm\n"
        "22298006\tes\tinfarto\tdisorder\t0\n"
        "22298006\tes\tinfarto de miocardio\tdisorder\t1\n"
    )
    t = read_terminology(path)
    assert t.names("22298006") == ["infarto de miocardio", "infarto"]
    assert t.languages == ("es",)
    assert t.types == [("disorder",)]


def test_csv_has_quotes_and_tables_have_not(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('id,name,notes\na,"fever, high","two\nlines"\nb,"say ""ah""",x\n')
    t = read_terminology(path)
    assert t.names("a") == ["fever, high"]
    assert t.names("b") == ['say "ah"']


def test_columns_can_be_named(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("Nr\tBezeichnung\n7\tFieber\n")
    t = read_terminology(path, columns={"id": "Nr", "name": "Bezeichnung"})
    assert t.names("7") == ["Fieber"]
    with pytest.raises(GraphFormatError, match="no column 'No'"):
        read_terminology(path, columns={"id": "No"})
    with pytest.raises(GraphValueError, match="columns has the key 'ids'"):
        read_terminology(path, columns={"ids": "Nr"})
    path.write_text("name\ttypes\nfever\tx\n")
    with pytest.raises(GraphFormatError, match="No column holds ids"):
        read_terminology(path)


def test_a_row_of_another_width_is_named(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("id\tname\na\tb\nc\n")
    with pytest.raises(GraphFormatError, match="tsv:3: The line has 1 columns"):
        read_terminology(path)


def test_a_folder_of_tables(tmp_path):
    (tmp_path / "nodes.tsv").write_text("id\tname\talt_ids\na\tall\t\nb\t\tB9 B8\n")
    (tmp_path / "synonyms.tsv").write_text(
        "id\tscope\ttype\ttext\nb\tEXACT\t\tbee\nb\tEXACT\tlayperson\tbuzz\n"
        "a\tNAME\t\tall\nb\tNARROW\t\tsmall bee\nb\tEXACT\tabbreviation\tB.\n"
    )
    (tmp_path / "edges.tsv").write_text(
        "child\tparent\trelation\nb\ta\tis_a\nb\ta\tlikes\n"
    )
    (tmp_path / "xrefs.tsv").write_text("id\txref\nb\tUMLS:C1\n")
    t = read_terminology(tmp_path)
    assert t.names("b") == ["bee", "buzz", "small bee", "B."]
    kinds = [t.KINDS[code] for code in t.name_kinds]
    assert kinds == ["preferred", "preferred", "layperson", "narrow", "abbreviation"]
    assert t.ancestors("b") == ["a"]
    assert [*t.relations] == ["likes"]
    assert t.resolve("B8") == ["b"]
    assert t.xrefs == [(), ("UMLS:C1",)]


def test_a_table_of_synonyms_alone(tmp_path):
    path = tmp_path / "synonyms.tsv"
    head = "id\tscope\ttype\ttext\n"
    path.write_text(
        f"{head}b\tRELATED\t\thoney maker\nb\tNAME\t\tbee\nb\tEXACT\tplural\tbees\n"
        "b\tEXACT\tlayperson\tbuzz\na\tNAME\t\tall\n"
    )
    t = read_terminology(path)
    kinds = [t.KINDS[code] for code in t.name_kinds]
    assert dict(zip(t.name_texts, kinds, strict=True)) == {
        "honey maker": "related", "bee": "preferred", "bees": "exact",
        "buzz": "layperson", "all": "preferred",
    }  # fmt: skip
    assert t.preferred_names == ["bee", "all"]
    assert not any(t.types)
    path.write_text(path.read_text("utf-8").replace("scope", "s"))
    assert read_terminology(path).types[0] == ("plural", "layperson")  # of concepts
    named = read_terminology(path, columns={"kind": "s", "types": "type"})
    kinds = [named.KINDS[code] for code in named.name_kinds]
    assert kinds[:3] == ["preferred", "related", "exact"]
    assert named.types[0] == ("plural", "layperson")
    lay = read_terminology(path, columns={"kind": "type"})
    assert [lay.KINDS[code] for code in lay.name_kinds].count("layperson") == 1


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "concepts", "names", "links", "deepest"),
    [
        ("icd10cm", 47_161, 60_756, 47_139, 6),
        ("hpo", 19_034, 42_499, 23_392, 14),
        ("medic", 11_915, 76_239, 0, 0),
    ],
)
def test_real_folders(shared_data, name, concepts, names, links, deepest):
    t = read_terminology(shared_data / "terminology" / name)
    assert (t.n_concepts, t.n_names, t.parents.nnz) == (concepts, names, links)
    assert t.depth.max() == deepest
    assert all(t.preferred_names)


def test_json_lines_that_repeat_an_id(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text(
        '{"concept_id": 1, "canonical_name": "a", "aliases": ["b"]}\n\n'
        '{"concept_id": 1, "canonical_name": "c", "aliases": ["b"], "types": ["T"]}\n'
    )
    t = read_terminology(path)
    assert t.ids.tolist() == [1]
    assert t.names(1) == ["a", "b", "c"]
    assert t.types == [("T",)]
    path.write_text('{"concept_id": 1}\n{"x": 2}\n')
    with pytest.raises(GraphFormatError, match="jsonl:2: The line is no object with"):
        read_terminology(path)


# -- as_terminology --------------------------------------------------------------
def test_mappings():
    t = as_terminology({5: ["flu", "grip"], 900000000000527005: "cough", 6: []})
    assert t.ids.tolist() == [5, 900000000000527005, 6]
    assert t.names(5) == ["flu", "grip"]
    assert t.names(6) == []
    assert as_terminology(t) is t


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_of_names(library):
    module = pytest.importorskip(library)
    big = 900000000000527005
    data = {
        "term": ["flu", "influenza", "cough"],
        "code": [big, big, 3],
        "language": ["en", "en", "en"],
        "mainterm": [0, 1, 1],
        "semantic_tag": ["disorder", "disorder", "finding"],
    }
    table = module.table(data) if library == "pyarrow" else module.DataFrame(data)
    t = as_terminology(table)
    assert t.ids.tolist() == [big, 3]
    assert t.names(big) == ["influenza", "flu"]
    assert t.types == [("disorder",), ("finding",)]
    with pytest.raises(GraphValueError, match="no column 'name'"):
        as_terminology(table, term="name")


@pytest.mark.parametrize("missing", [None, np.nan, ""])
def test_tables_with_parents(missing):
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(
        {
            "id": ["01", "02", "02", "3"],
            "name": ["all", "heart", "cor", "vessel"],
            "parent": [missing, "01", "01", "01|02"],
        }
    )
    read = as_terminology(table)
    assert read.ancestors("02") == ["01"]
    assert sorted(read.ancestors("3")) == ["01", "02"]
    assert read.ancestors("01") == []
    numbers = pd.DataFrame({"id": [1, 2], "name": ["a", "b"], "parent": [missing, 1]})
    assert as_terminology(numbers).ancestors(2) == [1]
    table.loc[1, "parent"] = "1"
    with pytest.warns(
        GraphWarning, match=r"1 ids of parents are no ids.*'1' among"
    ) as told:
        assert len(NameDictionary().fit(table).terminology_.ancestors("3")) == 2
    assert [one.filename for one in told] == [__file__]


def test_names_that_are_missing():
    with pytest.raises(GraphTypeError, match=r"names of 'D1' must be .* got None"):
        as_terminology({"D0": "x", "D1": None})
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"id": ["1", "2"], "label": ["x", np.nan]})
    with pytest.raises(GraphTypeError, match=r"Row 1 of column 'label'.* is nan"):
        as_terminology(table)


def test_graphs_with_names():
    graph = Graph.from_edges(["flu"], ["disease"], directed=True)
    t = as_terminology(graph)
    assert t.ancestors("flu") == ["disease"]
    assert t.names("flu") == ["flu"]
    t = as_terminology(graph, names={"flu": ["influenza", "flu"]})
    assert t.names("flu") == ["influenza", "flu"]
    assert t.names("disease") == []
    with pytest.raises(GraphValueError, match="key 'cold', which is no node"):
        as_terminology(graph, names={"cold": "x"})
    numbered = Graph(np.array([[0.0, 1.0], [1.0, 0.0]]))
    with pytest.raises(GraphTypeError, match="ids of the graph are integers"):
        as_terminology(numbered)
    assert as_terminology(numbered, names={0: "a"}).parents.nnz == 0


def test_paths_and_other_things(tmp_path):
    Terminology(["a"], ["b"], [0]).save(tmp_path / "t")
    assert as_terminology(tmp_path / "t").names("a") == ["b"]
    with pytest.raises(GraphTypeError, match="cannot read a int; it takes"):
        as_terminology(3)


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("t.jsonl", "1 links to parents, 1 old ids, 1 kinds of .*, 1 languages"),
        ("t.tsv", "place for 1 old ids, 1 kinds of .*, 1 languages"),
    ],
)
def test_what_a_format_cannot_hold_is_told(tmp_path, name, lost):
    rich = Terminology(
        ["a", "b"], ["x", "y", "z"], [0, 1, 1], name_kinds=[0, 0, 2],
        name_languages=["", "de", ""], parents=([1], [0]), replaced_by={"old": ["b"]},
    )  # fmt: skip
    with pytest.warns(GraphWarning, match=lost):
        write_terminology(rich, tmp_path / name)
    plain = Terminology(["a", "b"], ["x", "y", "z"], [0, 1, 1])
    write_terminology(plain, tmp_path / f"plain-{name}")  # nothing is lost, no word
    write_terminology(rich, tmp_path / "saved")
    assert Terminology.load(tmp_path / "saved") == rich

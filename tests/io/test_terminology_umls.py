"""UMLS in Rich Release Format, on made files in the real layout."""

import gzip
import tracemalloc

import pytest

from graphrep.exceptions import GraphFormatError
from graphrep.io import read_terminology


def conso(
    cui, text, lat="ENG", ts="P", stt="PF", pref="Y", sab="MSH", tty="MH", supp="N"
):
    fields = [
        cui,
        lat,
        ts,
        "L1",
        stt,
        "S1",
        pref,
        "A1",
        "",
        "",
        "",
        sab,
        tty,
        "D1",
        text,
    ]
    return "|".join([*fields, "0", supp, "", ""])


def rel(one, relation, two, sab="MSH", supp="N"):
    fields = [
        one,
        "A1",
        "CUI",
        relation,
        two,
        "A2",
        "CUI",
        "",
        "R1",
        "",
        sab,
        sab,
        "",
        "",
    ]
    return "|".join([*fields, supp, "", ""])


CONSO = [
    conso("C1", "Disease"),
    conso("C2", 'Fever "high"'),
    conso("C2", "Pyrexia", ts="S", tty="ET"),
    conso("C2", "Pyrexia", ts="S", sab="CHV", tty="SY"),
    conso("C2", "feeling hot", ts="S", sab="CHV", tty="SY"),
    conso("C2", "FVR", ts="S", tty="AB"),
    conso("C2", "old fever", ts="S", supp="O"),
    conso("C2", "Fieber", lat="GER"),
    conso("C3", "Cough", sab="SNOMEDCT_US", tty="PT"),
    conso("C4", "Nichts", lat="GER"),
]
REL = [
    rel("C2", "PAR", "C1"),  # C1 is the parent of C2
    rel("C1", "CHD", "C2"),  # the same, seen from above
    rel("C1", "CHD", "C3", sab="SNOMEDCT_US"),
    rel("C1", "PAR", "C2", supp="O"),
    rel("C1", "RN", "C3"),
    rel("C2", "PAR", "C2"),
    rel("C2", "PAR", "C777"),
    rel("C2", "RO", "C3"),
]
STY = ["C1|T047|B2|Disease or Syndrome|AT1||", "C2|T184|A2|Sign or Symptom|AT2||"]
DEF = ["C2|A1|AT1||MSH|Too hot.|N||", "C2|A1|AT1||NCI|Later.|N||", "C3|A|A||X|no|Y||"]


@pytest.fixture
def meta(tmp_path):
    for name, rows in (("CONSO", CONSO), ("REL", REL), ("STY", STY), ("DEF", DEF)):
        (tmp_path / f"MR{name}.RRF").write_text("\n".join(rows) + "\n", "utf-8")
    return tmp_path


def test_names_types_definitions_and_links(meta):
    t = read_terminology(meta)
    assert t.ids.tolist() == ["C1", "C2", "C3"]
    assert t.names("C2") == ['Fever "high"', "Pyrexia", "feeling hot", "FVR"]
    kinds = [t.KINDS[code] for code in t.name_kinds[1:5]]
    assert kinds == ["preferred", "exact", "layperson", "abbreviation"]
    assert t.types == [("Disease or Syndrome",), ("Sign or Symptom",), ()]
    assert t.definitions.tolist() == [None, "Too hot.", None]
    assert t.edge_index.T.tolist() == [[1, 0], [2, 0]]
    assert t.languages == ("ENG",)


@pytest.mark.parametrize("row", [rel("C2", "PAR", "C1"), rel("C1", "CHD", "C2")])
def test_a_row_says_that_the_second_is_something_to_the_first(meta, row):
    (meta / "MRREL.RRF").write_text(row + "\n")
    t = read_terminology(meta)
    assert t.ancestors("C2") == ["C1"]
    assert t.ancestors("C1") == []


def test_languages_sources_and_types_choose(meta):
    assert read_terminology(meta, languages=None).names("C4") == ["Nichts"]
    assert read_terminology(meta, languages="GER").ids.tolist() == ["C2", "C4"]
    some = read_terminology(meta, sources=["SNOMEDCT_US"])
    assert some.ids.tolist() == ["C3"]
    assert read_terminology(meta, types="T184").ids.tolist() == ["C2"]
    assert read_terminology(meta, types=["Disease or Syndrome"]).ids.tolist() == ["C1"]
    with pytest.raises(GraphFormatError, match="No concept is of type 'T999'"):
        read_terminology(meta, types="T999")


def test_suppressed_names_and_links_are_a_choice(meta):
    t = read_terminology(meta, suppressed=True)
    assert "old fever" in t.names("C2")
    assert t.KINDS[t.name_kinds[t.name_texts.tolist().index("old fever")]] == "former"
    assert t.ancestors("C1") == ["C2"]  # now there is a cycle
    assert t.depth.tolist() == [-1, -1, -1]


def test_broader_links_are_a_choice(meta):
    t = read_terminology(meta, broader=True, sources=None)
    assert t.ancestors("C3") == ["C1"]
    bare = read_terminology(meta, hierarchy=False, definitions=False)
    assert bare.parents.nnz == 0
    assert bare.definitions is None


def test_compressed_parts_are_read_in_order(meta):
    for at, part in enumerate((CONSO[:4], CONSO[4:])):
        name = f"MRCONSO.RRF.a{'ab'[at]}.gz"
        (meta / name).write_bytes(gzip.compress(("\n".join(part) + "\n").encode()))
    (meta / "MRCONSO.RRF").unlink()
    assert read_terminology(meta).n_names == 6


def test_a_bad_line_is_named(meta):
    with (meta / "MRREL.RRF").open("a") as file:
        file.write("C1|A1|PAR|\n")
    with pytest.raises(
        GraphFormatError, match=r"MRREL.RRF:9: .* 4 columns instead of 17"
    ):
        read_terminology(meta)
    (meta / "MRCONSO.RRF").unlink()
    with pytest.raises(GraphFormatError, match=r"no MRCONSO.RRF"):
        read_terminology(meta, format="umls")


def test_memory_is_that_of_the_result(tmp_path):
    """Rows that are filtered out, and repeated links, leave nothing behind."""

    def peak(count):
        folder = tmp_path / str(count)
        folder.mkdir()
        with (folder / "MRCONSO.RRF").open("w") as file:
            for i in range(count):
                file.write(conso(f"C{i}", f"name {i}", lat="GER") + "\n")
                if i < 100:
                    file.write(conso(f"C{i}", f"name {i}") + "\n")
        with (folder / "MRREL.RRF").open("w") as file:
            for i in range(count):
                file.write(rel(f"C{i}", "RO", f"C{i + 1}") + "\n")
        tracemalloc.start()
        assert read_terminology(folder).n_names == 100
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1000)
    assert peak(60_000) < peak(36_000) + 500_000  # one is 3 MB larger on disk

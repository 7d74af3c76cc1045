"""SNOMED CT in Release Format 2, on made files in the real layout."""
# ruff: noqa: E501

import pytest

from graphrep.exceptions import GraphFormatError, GraphTypeError
from graphrep.io import read_mapping, read_terminology

FSN, SYN = "900000000000003001", "900000000000013009"
ISA, US, GB = "116680003", "900000000000509007", "900000000000508004"
PREF, ACC = "900000000000548007", "900000000000549004"
INF, STATED = "900000000000011006", "900000000000010007"
ROOT, MI, HEART, OLD = "138875005", "22298006", "80891009", "155304006"


def write(folder, name, header, rows):
    folder.mkdir(parents=True, exist_ok=True)
    lines = [header.split(), *rows]
    text = "".join("\t".join(line) + "\r\n" for line in lines)
    (folder / name).write_bytes(text.encode("utf-8"))


def concepts(folder, rows, where="INT", time="20250101"):
    header = "id effectiveTime active moduleId definitionStatusId"
    rows = [[i, t, a, "m", "d"] for i, t, a in rows]
    write(folder, f"sct2_Concept_Snapshot_{where}_{time}.txt", header, rows)


def descriptions(folder, rows, where="INT", time="20250101"):
    header = "id effectiveTime active moduleId conceptId languageCode typeId term caseSignificanceId"
    rows = [[i, t, a, "m", c, lang, k, term, "x"] for i, t, a, c, lang, k, term in rows]
    write(folder, f"sct2_Description_Snapshot-en_{where}_{time}.txt", header, rows)


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "Snapshot" / "Terminology"
    concepts(
        folder,
        [
            (ROOT, "2002", "1"),
            (MI, "2002", "1"),
            (HEART, "2002", "1"),
            (OLD, "2010", "0"),
        ],
    )
    descriptions(
        folder,
        [
            ("1", "2002", "1", ROOT, "en", FSN, "SNOMED CT Concept (SNOMED RT+CTV3)"),
            ("2", "2002", "1", MI, "en", FSN, "Myocardial infarction (disorder)"),
            ("3", "2002", "1", MI, "en", SYN, 'Heart "attack"'),
            ("4", "2002", "1", MI, "en", SYN, "Myocardial infarction"),
            ("5", "2002", "0", MI, "en", SYN, "Infarction of heart"),
            ("6", "2002", "1", MI, "es", SYN, "infarto"),
            ("7", "2002", "1", HEART, "en", FSN, "Heart structure (body structure)"),
            ("8", "2002", "1", OLD, "en", FSN, "Myocardial infarct (disorder)"),
        ],
    )
    write(
        folder,
        "sct2_Relationship_Snapshot_INT_20250101.txt",
        "id effectiveTime active moduleId sourceId destinationId relationshipGroup typeId "
        "characteristicTypeId modifierId",
        [
            ["1", "2002", "1", "m", MI, ROOT, "0", ISA, INF, "x"],
            ["2", "2002", "1", "m", HEART, ROOT, "0", ISA, INF, "x"],
            ["3", "2002", "0", "m", MI, HEART, "0", ISA, INF, "x"],
            ["4", "2002", "1", "m", HEART, MI, "0", ISA, STATED, "x"],
            ["5", "2002", "1", "m", MI, HEART, "1", "363698007", INF, "x"],
        ],
    )
    write(
        tmp_path / "Snapshot" / "Refset" / "Language",
        "der2_cRefset_LanguageSnapshot-en_INT_20250101.txt",
        "id effectiveTime active moduleId refsetId referencedComponentId acceptabilityId",
        [
            ["a", "2002", "1", "m", US, "4", PREF],
            ["b", "2002", "1", "m", US, "3", ACC],
            ["c", "2002", "1", "m", GB, "3", PREF],
        ],
    )
    write(
        tmp_path / "Snapshot" / "Refset" / "Content",
        "der2_cRefset_AssociationSnapshot_INT_20250101.txt",
        "id effectiveTime active moduleId refsetId referencedComponentId targetComponentId",
        [["a", "2010", "1", "m", "900000000000527005", OLD, MI]],
    )
    return tmp_path


def test_inactive_rows_of_all_tables_are_dropped(release):
    t = read_terminology(release)
    assert t.ids.tolist() == [ROOT, MI, HEART]
    assert t.names(MI)[0] == "Myocardial infarction"
    assert "Infarction of heart" not in t.names(MI)
    assert t.ancestors(MI) == [ROOT]
    assert t.parents.nnz == 2
    assert t.version == "20250101"


def test_nothing_is_quoted(release):
    assert 'Heart "attack"' in read_terminology(release).names(MI)


def test_the_tag_of_the_full_name_becomes_the_type(release):
    t = read_terminology(release)
    assert t.types == [("SNOMED RT+CTV3",), ("disorder",), ("body structure",)]
    assert t.names(HEART) == ["Heart structure"]
    assert not any("(disorder)" in name for name in t.name_texts)


def test_the_dialect_says_which_name_is_preferred(release):
    assert read_terminology(release, dialect=GB).names(MI)[0] == 'Heart "attack"'
    with pytest.raises(GraphFormatError, match="reference set has the id '1'"):
        read_terminology(release, dialect="1")


def test_retired_concepts_have_successors(release):
    assert read_terminology(release).resolve(OLD) == [MI]
    t = read_terminology(release, retired=True)
    assert t.retired.tolist() == [False, False, False, True]
    assert t.resolve(OLD) == [MI]


def test_ids_as_integers_and_relations(release):
    t = read_terminology(release, integer_ids=True, relations=True, languages="en")
    assert t.ids.tolist() == [int(ROOT), int(MI), int(HEART)]
    assert t.relations["363698007"][0].tolist() == [1]
    assert "infarto" not in t.names(int(MI))
    assert t.languages == ("en",)


def test_of_several_packages_the_latest_row_counts(release, tmp_path):
    extension = tmp_path / "ext"
    concepts(
        extension, [(HEART, "2024", "0"), ("999000001", "2024", "1")], "ES", "2025"
    )
    descriptions(
        extension,
        [
            ("6", "2024", "0", MI, "es", SYN, "infarto"),
            ("3", "1999", "1", MI, "en", SYN, "too old"),
            ("90", "2024", "1", "999000001", "es", SYN, "nuevo"),
        ],
        "ES",
        "2025",
    )
    base = release / "Snapshot"
    t = read_terminology([base, extension])
    assert t.ids.tolist() == [ROOT, MI, "999000001"]
    assert "infarto" not in t.names(MI)
    assert "too old" not in t.names(MI)
    assert t.names("999000001") == ["nuevo"]


def test_only_snomed_comes_in_several_folders(release):
    with pytest.raises(
        GraphTypeError, match="read as SNOMED CT only; got format='umls'"
    ):
        read_terminology([release, release], format="umls")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_terminology([release, release / "nowhere"])


def test_the_extended_map(release):
    write(
        release / "Snapshot" / "Refset" / "Map",
        "der2_iisssccRefset_ExtendedMapSnapshot_INT_20250101.txt",
        "id effectiveTime active moduleId refsetId referencedComponentId mapGroup mapPriority "
        "mapRule mapAdvice mapTarget correlationId mapCategoryId",
        [
            [
                "a",
                "2020",
                "1",
                "m",
                "r",
                MI,
                "1",
                "1",
                "TRUE",
                "ALWAYS I21.9",
                "I21.9",
                "c",
                "k",
            ],
            ["b", "2020", "0", "m", "r", MI, "1", "2", "TRUE", "", "I21.4", "c", "k"],
            ["c", "2020", "1", "m", "r", HEART, "1", "1", "TRUE", "", "", "c", "k"],
        ],
    )
    links = read_mapping(release)
    assert list(links) == [
        (MI, "skos:closeMatch", "I21.9"),
        (HEART, "skos:closeMatch", ""),
    ]
    assert links.targets_of(HEART) == []
    assert links.flags["map_group"].tolist() == [1, 1]
    assert links.flags["map_rule"].tolist() == ["TRUE", "TRUE"]


def test_a_bad_line_is_named(release):
    path = next(release.rglob("sct2_Description*"))
    with path.open("ab") as file:
        file.write(b"9\t2002\t1\r\n")
    with pytest.raises(GraphFormatError, match=r"\.txt:10: .* 3 columns instead of 9"):
        read_terminology(release)
    with pytest.raises(GraphFormatError, match="No file sct2_Concept_Delta"):
        read_terminology(release, view="Delta")

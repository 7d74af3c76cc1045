"""Terminology: saved and loaded, as JSON lines and as frames."""

import json
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphrep
from graphrep.exceptions import GraphFormatError, GraphTypeError
from graphrep.graph import Terminology
from graphrep.io import read_terminology


@pytest.mark.parametrize("mmap", [True, False])
def test_saved_and_loaded(tmp_path, mmap, small):
    t = small
    t.save(tmp_path / "t")
    back = Terminology.load(tmp_path / "t", mmap=mmap)
    assert back == t
    assert isinstance(back.name_texts.data, np.memmap) == mmap
    assert back.ancestors("F") == ["D"]
    assert {file.suffix for file in (tmp_path / "t").iterdir()} == {".npy", ".json"}


def test_integer_ids_come_back_as_integers(tmp_path):
    t = Terminology([900000000000527005, 3], ["a"], [1], replaced_by={7: [3]})
    t.save(tmp_path / "t")
    back = graphrep.load(tmp_path / "t")
    assert back == t
    assert back.replaced_by == {7: (3,)}


def test_an_empty_one_survives(tmp_path):
    t = Terminology([], [], [])
    t.save(tmp_path / "t")
    assert Terminology.load(tmp_path / "t") == t
    assert t.depth.tolist() == []
    assert t.preferred_names == []


def test_saving_replaces_only_what_was_saved(tmp_path, small):
    small.save(tmp_path / "t")
    small.subset(active=True).save(tmp_path / "t")
    assert Terminology.load(tmp_path / "t").n_concepts == 3
    with pytest.raises(FileExistsError, match="overwrite=True"):
        small.save(tmp_path / "t", overwrite=False)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.tex").write_text("dear")
    with pytest.raises(FileExistsError, match="choose another path"):
        small.save(other)
    assert (other / "thesis.tex").read_text() == "dear"


def test_mixed_ids_cannot_be_saved(tmp_path):
    with pytest.raises(GraphTypeError, match="all integers or all texts"):
        Terminology(["a", 1], [], []).save(tmp_path / "t")
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("name", ["name_texts_data", "ids_offsets", "parents_indices"])
def test_a_damaged_directory_is_refused(tmp_path, name, small):
    small.save(tmp_path / "t")
    file = tmp_path / "t" / f"{name}.npy"
    np.save(file, np.array([9, 9, 9, 9, 9], np.load(file).dtype))
    with pytest.raises(GraphFormatError, match="damaged"):
        Terminology.load(tmp_path / "t")
    file.unlink()
    with pytest.raises(GraphFormatError, match="damaged"):
        Terminology.load(tmp_path / "t")


def test_a_newer_format_and_a_missing_directory_are_refused(tmp_path, small):
    with pytest.raises(FileNotFoundError):
        Terminology.load(tmp_path / "t")
    small.save(tmp_path / "t")
    manifest = tmp_path / "t" / "terminology.json"
    text = manifest.read_text().replace('"format_version": 1', '"format_version": 99')
    manifest.write_text(text)
    with pytest.raises(GraphFormatError, match="format 99"):
        Terminology.load(tmp_path / "t")


def test_jsonl_has_the_five_keys_of_scispacy(tmp_path, small):
    path = tmp_path / "t.jsonl"
    small.to_jsonl(path)
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert records[1] == {
        "concept_id": "F",
        "canonical_name": "influenza",
        "aliases": ["Grippe", "flu"],
        "types": ["T1", "T2"],
        "definition": None,
    }
    keys = ["concept_id", "canonical_name", "aliases", "types", "definition"]
    assert all(list(record) == keys for record in records)
    assert records[3]["canonical_name"] == "X"  # never empty
    assert records[2]["types"] == []
    back = read_terminology(path)
    assert back.ids.tolist() == ["D", "F", "C", "X"]
    assert back.names("F") == small.names("F")
    assert back.definitions.tolist() == ["ill", None, "a cold", None]


def test_jsonl_makes_the_tuples_of_scispacy(tmp_path, small):
    class Entity(NamedTuple):  # its fields and defaults, an unknown key is an error
        concept_id: str
        canonical_name: str
        aliases: list[str]
        types: list[str] = []
        definition: str | None = None

    small.to_jsonl(tmp_path / "t.jsonl")
    lines = (tmp_path / "t.jsonl").read_text("utf-8").splitlines()
    entities = [Entity(**json.loads(line)) for line in lines]
    assert [entity.concept_id for entity in entities] == small.ids.tolist()
    assert all(entity.canonical_name for entity in entities)


_names = st.lists(st.tuples(st.integers(0, 3), st.text(max_size=5)), max_size=12)


@given(_names, st.lists(st.text(max_size=4), min_size=4, max_size=4, unique=True))
@settings(max_examples=40)
def test_any_texts_survive_in_a_folder_and_in_lines(tmp_path_factory, names, ids):
    folder = tmp_path_factory.mktemp("t")
    t = Terminology(ids, [n for _, n in names], [c for c, _ in names])
    t.save(folder / "saved")
    assert Terminology.load(folder / "saved") == t
    t.to_jsonl(folder / "t.jsonl")
    back = read_terminology(folder / "t.jsonl")
    assert back.ids.tolist() == ids
    for concept in ids:
        known = [n.strip() for n in t.names(concept) if n] or [concept]
        assert set(back.names(concept)) == {n for n in map(str.strip, known) if n}


def test_integer_ids_become_texts_in_jsonl(tmp_path):
    Terminology([1], ["Ünïcode \u2028 name"], [0]).to_jsonl(tmp_path / "t.jsonl")
    assert json.loads((tmp_path / "t.jsonl").read_text("utf-8"))["concept_id"] == "1"
    assert read_terminology(tmp_path / "t.jsonl").names("1") == ["Ünïcode \u2028 name"]


def test_frames(small):
    pandas = pytest.importorskip("pandas")
    frame = small.to_frame()
    assert list(frame.columns) == ["term", "code"]
    assert frame.code.tolist() == ["D", "F", "F", "F", "C", "C"]
    more = small.to_frame(term="t", code="c", details=True)
    assert list(more.columns) == ["t", "c", "kind", "language", "preferred"]
    assert more.preferred.tolist() == [True, True, False, False, True, False]
    integers = Terminology([2**53 + 1], ["a"], [0]).to_frame()
    assert integers.code.tolist() == [2**53 + 1]
    assert isinstance(frame, pandas.DataFrame)


def test_networkx_has_names(small):
    graph = small.to_networkx()
    assert set(graph.edges) == {("F", "D"), ("C", "D")}
    assert graph.nodes["F"]["name"] == "influenza"

"""``graphrep terminology``: figures of a terminology, and other formats of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphrep.io import read, read_terminology

Invoke = Callable[..., Any]

OBO = """format-version: 1.2
data-version: 7

[Term]
id: X:1
name: all

[Term]
id: X:2
name: fever
synonym: "pyrexia" EXACT []
is_a: X:1

[Term]
id: X:3
name: Fever
is_a: X:4

[Term]
id: X:4
is_a: X:3

[Term]
id: X:5
name: gone
is_obsolete: true
"""


@pytest.fixture
def obo(tmp_path: Path) -> Path:
    path = tmp_path / "x.obo"
    path.write_text(OBO)
    return path


def test_info_counts_and_tells_what_looks_wrong(invoke: Invoke, obo: Path) -> None:
    done = invoke("terminology", "info", obo, "--json")
    record = json.loads(done.stdout)
    assert record["n_nodes"] == 4
    found = record["result"]
    assert found["names"] == 4
    assert found["kinds"] == {"preferred": 3, "exact": 1}
    assert (found["roots"], found["depth"], found["parent_links"]) == (1, 1, 3)
    assert found["concepts_in_cycles"] == 2
    assert found["concepts_below_no_root"] == 2
    assert found["concepts_without_names"] == 1
    assert found["names_of_several_concepts"] == 1
    assert found["version"] == "7"


def test_info_is_a_table_for_people_and_programs(invoke: Invoke, obo: Path) -> None:
    done = invoke("terminology", "info", obo, "--retired")
    assert done.exit_code == 0
    lines = dict(line.split("\t") for line in done.stdout.splitlines())
    assert lines["concepts"] == "5"
    assert lines["retired"] == "1"
    assert lines["kinds"] == "preferred 4, exact 1"
    assert lines["first ids"] == "X:1, X:2, X:3"


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz", "x.tsv", "saved"])
def test_convert_keeps_names(
    invoke: Invoke, obo: Path, tmp_path: Path, name: str
) -> None:
    done = invoke("terminology", "convert", obo, tmp_path / name)
    assert done.exit_code == 0, done.stderr
    assert "concepts     4" in done.stderr
    back = read_terminology(tmp_path / name)
    assert back.names("X:2") == ["fever", "pyrexia"]
    if "jsonl" not in name:
        assert back.ancestors("X:2") == ["X:1"]
    again = invoke("terminology", "convert", obo, tmp_path / name)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr
    over = invoke("terminology", "convert", obo, tmp_path / name, "--overwrite")
    assert over.exit_code == 0


def test_convert_writes_the_hierarchy_as_edges(
    invoke: Invoke, obo: Path, tmp_path: Path
) -> None:
    path = tmp_path / "edges.tsv"
    done = invoke("terminology", "convert", obo, path, "--format", "edgelist")
    assert done.exit_code == 0, done.stderr
    graph = read(path, directed=True)
    matrix, nodes = graph.to_scipy(), graph.nodes
    assert graph.n_edges == 3
    assert matrix[nodes.index("X:2"), nodes.index("X:1")] == 1


def test_a_table_refuses_a_name_that_it_cannot_hold(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"concept_id": "a", "canonical_name": "b", "aliases": ["c|d"]}\n')
    done = invoke("terminology", "convert", path, tmp_path / "d.tsv")
    assert done.exit_code == 3
    assert "'c|d' of concept 'a' has the separator '|'" in done.stderr
    assert not (tmp_path / "d.tsv").exists()
    odd = invoke("terminology", "convert", path, tmp_path / "d.xls")
    assert "written as jsonl, tsv, saved" in odd.stderr


def test_a_format_without_the_option_says_so(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "d.txt"
    path.write_text("D1||flu\n")
    done = invoke("terminology", "info", path, "--retired")
    assert done.exit_code == 3
    assert "reader of medic has no option 'retired'" in done.stderr

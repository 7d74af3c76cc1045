"""ICD-10-CM as a graph: its tree, its references, its weights."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

pytest.importorskip("simple_icd_10_cm")

from graphrep.datasets import _icd10cm, load_icd10cm
from graphrep.exceptions import GraphValueError


@pytest.fixture(scope="module")
def tree():
    return load_icd10cm(references=False, edge_weight="one")


def test_tree_when_loaded_then_is_a_forest_of_chapters(tree) -> None:
    graph = tree.graph
    assert graph.n_edges == graph.n_nodes - len(tree.y_names) == graph.n_nodes - 22
    assert graph.connected_components().max() == 21
    assert tree.names["J45"] == "Asthma"
    assert tree.names["CH09"] == "Diseases of the circulatory system"
    assert "E08-E13" in graph.neighbors("E11")


def test_size_weights_when_summed_then_go_up_as_often_as_down(tree) -> None:
    sized = load_icd10cm(references=False).graph
    assert (sized.n_nodes, sized.n_edges) == (tree.graph.n_nodes, tree.graph.n_edges)
    row, parent = (sized.nodes.index(code) for code in ("E11", "E08-E13"))
    up = sized.to_scipy()[row, parent]
    down = sized.degree(weighted=True)[row] - up
    assert up == down + 1


def test_references_when_added_then_follow_the_notes(tree) -> None:
    graph = load_icd10cm().graph
    assert graph.n_edges > tree.graph.n_edges + 5000
    # E11: "use additional code ... insulin (Z79.4)", "excludes1 ... (E10.-)"
    assert {"Z79.4", "E10", "P70.2"} <= set(graph.neighbors("E11"))
    rows, columns = (graph.nodes.index(code) for code in ("E11", "Z79.4"))
    assert graph.to_scipy()[rows, columns] == 0.25


@pytest.mark.parametrize(
    ("note", "targets"),
    [
        ("gout (M1A.-, M10.-)", [("M1A.", ""), ("M10.", "")]),
        ("agents (B95-B97)", [("B95", "B97")]),
        ("complications (E11.0-E11.8)", [("E11.0", "E11.8")]),
        ("the underlying condition", []),
    ],
)
def test_targets_when_note_names_codes_then_finds_them(note, targets) -> None:
    assert list(_icd10cm._targets(note)) == targets


def test_load_when_parameter_is_wrong_then_says_so() -> None:
    with pytest.raises(GraphValueError, match="edge_weight"):
        load_icd10cm(edge_weight="big")
    with pytest.raises(GraphValueError, match="references=False"):
        load_icd10cm(reference_weight=0)


@pytest.mark.slow
def test_public_functions_when_file_is_not_found_then_give_the_tree(
    tree, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr(_icd10cm, "source_path", lambda: tmp_path)
    other = load_icd10cm(references=False, edge_weight="one")
    ours = dict(zip(tree.graph.node_ids, tree.parents, strict=True))
    theirs = dict(zip(other.graph.node_ids, other.parents, strict=True))
    shared = ours.keys() & theirs.keys()
    assert len(shared) == tree.graph.n_nodes
    assert all(ours[code] == theirs[code] for code in shared)
    assert all(tree.names[code] == other.names[code] for code in shared)


@pytest.mark.shared
def test_tree_when_compared_with_another_extract_then_agrees(tree, shared_data) -> None:
    path = shared_data / "terminology" / "icd10cm" / "nodes.tsv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream][1:]
    assert [row[0] for row in rows] == tree.graph.node_ids.tolist()
    assert [row[1] for row in rows] == tree.parents
    assert [row[2] for row in rows] == list(tree.names.values())
    assert [row[3] for row in rows] == tree.kinds
    assert np.unique(tree.y).size == 22

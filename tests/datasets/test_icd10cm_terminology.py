"""ICD-10-CM as a terminology."""

import pytest

from graphrep.datasets import load_icd10cm, load_icd10cm_terminology
from graphrep.io import read_terminology

pytest.importorskip("simple_icd_10_cm")


@pytest.fixture(scope="module")
def icd():
    return load_icd10cm_terminology()


def test_nodes_names_and_hierarchy_are_those_of_the_graph(icd):
    bunch = load_icd10cm(references=False)
    assert icd.index == bunch.graph.nodes
    assert icd.preferred_names == list(bunch.names.values())
    assert icd.types == [(kind,) for kind in bunch.kinds]
    ids = icd.ids.tolist()
    above = [""] * icd.n_concepts
    for child, parent in icd.edge_index.T.tolist():
        above[child] = ids[parent]
    assert above == bunch.parents
    assert icd.version == bunch.release


def test_inclusion_terms_are_names(icd):
    assert "Classical cholera" in icd.names("A00.0")
    assert icd.lca("E10.9", "E11.9") == ["E08-E13"]


def _folded(terminology):
    """Names with their concepts; the tables keep double blanks, not letters' case."""
    names = (" ".join(text.lower().split()) for text in terminology.name_texts)
    return set(zip(terminology.name_concepts.tolist(), names, strict=True))


@pytest.mark.shared
def test_equals_the_tables(icd, shared_data):
    tables = read_terminology(shared_data / "terminology" / "icd10cm")
    assert tables.index == icd.index
    assert _folded(tables) == _folded(icd)
    assert tables.depth.tolist() == icd.depth.tolist()

"""Vectors of nodes from embedders and linkers into files."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

import graphrep
from graphrep.exceptions import GraphTypeError
from graphrep.graph import Vectors
from graphrep.integrations.vectors import export_vectors, node_vectors
from graphrep.io import read_vectors

MATRIX = np.array([[0.1, -2.0], [3.0, 1e-7]], np.float32)


def test_node_vectors_when_source_differs_then_found():
    vectors = Vectors(MATRIX, ["a", "b"])
    assert node_vectors(vectors) is vectors
    linker = SimpleNamespace(node_vectors_=MATRIX, node_ids_=np.array([7, 9]))
    assert node_vectors(linker)[9].tolist() == MATRIX[1].tolist()
    graph = graphrep.Graph.from_edges(["a", "b"], ["b", "c"])
    embedder = graphrep.RandomVectors(3, random_state=0).fit(graph)
    assert node_vectors(embedder).node_ids.tolist() == ["a", "b", "c"]
    with pytest.raises(GraphTypeError, match="No vectors of nodes were found in dict"):
        node_vectors({})


@pytest.mark.parametrize("name", ["v.vec", "v.npz", "v.tsv.gz"])
def test_export_when_our_reader_reads_then_same(tmp_path, name):
    export_vectors(Vectors(MATRIX, ["a", "b"]), tmp_path / name)
    found = read_vectors(tmp_path / name)
    assert found.node_ids.tolist() == ["a", "b"]
    np.testing.assert_array_equal(found.matrix.astype(np.float32), MATRIX)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_export_when_jsonl_then_an_object_a_line(tmp_path, dtype):
    matrix = MATRIX.astype(dtype) / 3
    export_vectors(Vectors(matrix, [73211009, 5]), tmp_path / "v.jsonl")
    lines = [json.loads(x) for x in (tmp_path / "v.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [73211009, 5]
    for line, row in zip(lines, matrix, strict=True):
        np.testing.assert_array_equal(np.array(line["vector"], dtype), row)

"""Vectors: ids and rows together."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from graphrep import FastRP
from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import NodeIndex, Vectors
from graphrep.io import write_vectors


@pytest.fixture
def vectors():
    matrix = np.array([[1, 0], [0.9, 0.1], [0, 1], [0, 0]], np.float32)
    return Vectors(matrix, ["a", "b", "c", "zero"])


def test_vectors_when_asked_by_id_then_gives_rows(vectors):
    assert vectors["b"].tolist() == pytest.approx([0.9, 0.1])
    assert vectors[["c", "a"]].tolist() == [[0, 1], [1, 0]]
    assert "a" in vectors
    assert "x" not in vectors
    assert (len(vectors), vectors.shape, vectors.dtype) == (4, (4, 2), np.float32)
    assert vectors.node_ids.tolist() == ["a", "b", "c", "zero"]
    assert repr(vectors) == "Vectors(n_nodes=4, n_components=2, float32)"
    with pytest.raises(NodeNotFoundError, match="'zer' is not in"):
        vectors["zer"]


def test_vectors_when_ids_are_integers_or_tuples_then_kept():
    assert Vectors(np.eye(2), [7, -3])[-3].tolist() == [0, 1]
    assert Vectors(np.eye(2))[1].tolist() == [0, 1]
    assert Vectors(np.eye(2))[np.array([1, 0])].tolist() == [[0, 1], [1, 0]]
    assert Vectors(np.eye(2), [("a", 1), ("b", 2)])[("b", 2)].tolist() == [0, 1]


def test_vectors_when_made_then_read_only_without_a_copy():
    matrix = np.eye(3)
    vectors = Vectors(matrix)
    assert np.shares_memory(matrix, vectors.matrix)
    with pytest.raises(ValueError, match="read-only"):
        vectors.matrix[0, 0] = 5
    matrix[0, 0] = 2  # the caller's array stays writable


def test_vectors_when_mapped_then_stay_on_disk(tmp_path):
    np.save(tmp_path / "m.npy", np.eye(4, dtype=np.float16))
    vectors = Vectors(np.load(tmp_path / "m.npy", mmap_mode="r"))
    assert isinstance(vectors.matrix, np.memmap)
    assert vectors.most_similar(0, k=1) == [(1, 0.0)]


@pytest.mark.parametrize(
    ("matrix", "ids", "error", "text"),
    [
        ([[1.0, np.nan]], ["a"], GraphValueError, "node 'a' .* NaN"),
        ([[1.0], [np.inf]], None, GraphValueError, "row 1"),
        ([1.0, 2.0], None, GraphValueError, r"shape \(2,\)"),
        (np.empty((3, 0)), None, GraphValueError, "at least one component"),
        ([[1j]], None, GraphTypeError, "real numbers"),
        ([["a"]], None, GraphTypeError, "real numbers"),
        ([[1.0]], ["a", "b"], GraphValueError, "2 node ids were given for 1 vectors"),
        ([[1.0], [2.0]], ["a", "a"], GraphValueError, "stands twice"),
    ],
)
def test_vectors_when_input_is_bad_then_says_what(matrix, ids, error, text):
    with pytest.raises(error, match=text):
        Vectors(matrix, ids)


def test_vectors_when_given_other_numbers_then_become_native_floats():
    assert Vectors([[1, 2]]).dtype == np.float64
    assert Vectors(np.ones((1, 2), ">f4")).dtype == np.dtype("=f4")
    assert Vectors(np.ones((1, 2), np.longdouble)).dtype == np.float64


def test_most_similar_when_given_a_node_then_leaves_it_out(vectors):
    found = vectors.most_similar("a", k=2)
    assert [i for i, _ in found] == ["b", "c"]
    assert found[0][1] == pytest.approx(0.9 / np.hypot(0.9, 0.1), rel=1e-6)
    assert vectors.most_similar("a", k=1, exclude_self=False) == [("a", 1.0)]
    assert len(vectors.most_similar("a", k=99)) == 3
    assert vectors.most_similar("zero", k=4) == [("a", 0.0), ("b", 0.0), ("c", 0.0)]


def test_most_similar_when_given_a_vector_then_ranks_all(vectors):
    assert vectors.most_similar([0.0, 2.0], k=1, metric="dot") == [("c", 2.0)]
    found = vectors.most_similar(np.array([0.0, 1.0]), k=2, metric="euclidean")
    assert found == [("c", 0.0), ("zero", 1.0)]
    with pytest.raises(GraphValueError, match="must be 2 numbers"):
        vectors.most_similar([1.0])
    with pytest.raises(GraphValueError, match="Several nodes are looked up one by one"):
        vectors.most_similar(["a", "b"])
    with pytest.raises(GraphValueError, match="NaN"):
        vectors.most_similar([np.nan, 1.0])
    with pytest.raises(GraphValueError, match="metric must be one of"):
        vectors.most_similar("a", metric="l1")
    with pytest.raises(GraphValueError, match="positive integer"):
        vectors.most_similar("a", k=0)
    assert Vectors([[1.0]], ["only"]).most_similar("only") == []


def test_subset_when_asked_then_in_that_order(vectors):
    part = vectors.subset(["c", "a"])
    assert part.node_ids.tolist() == ["c", "a"]
    assert part.matrix.tolist() == [[0, 1], [1, 0]]
    with pytest.raises(NodeNotFoundError):
        vectors.subset(["nobody"])


def test_to_frame_when_asked_then_ids_and_columns(vectors):
    frame = vectors.to_frame(prefix="fastrp")
    assert isinstance(frame, pd.DataFrame)
    assert frame.index.name == "id"
    assert list(frame.columns) == ["fastrp0", "fastrp1"]
    assert frame.loc["c"].tolist() == [0, 1]
    table = vectors.to_frame("polars")
    assert isinstance(table, pl.DataFrame)
    assert table.columns == ["id", "x0", "x1"]
    assert table["id"].to_list() == ["a", "b", "c", "zero"]
    assert vectors.to_frame("pyarrow").column_names == ["id", "x0", "x1"]
    assert Vectors(np.eye(2), [5, 6]).to_frame().index.tolist() == [5, 6]
    with pytest.raises(GraphValueError, match="backend must be"):
        vectors.to_frame("excel")


def test_vectors_when_copied_then_equal(vectors):
    assert pickle.loads(pickle.dumps(vectors)) == vectors
    assert copy.deepcopy(vectors) == vectors
    assert vectors != Vectors(vectors.matrix, NodeIndex(4))
    assert vectors != Vectors(vectors.matrix.astype(float), vectors.nodes)
    assert np.array_equal(np.asarray(vectors), vectors.matrix)


def test_vectors_when_a_model_is_given_then_told_where_its_vectors_are(tmp_path):
    model = FastRP(2, random_state=0).fit(np.ones((4, 4)))
    with pytest.raises(GraphTypeError, match=r"got a FastRP. Pass those .*vectors_"):
        write_vectors(model, tmp_path / "v.csv")
    with pytest.raises(FileNotFoundError, match=r"nowhere does not exist, so v\.csv"):
        write_vectors(model.vectors_, tmp_path / "nowhere" / "v.csv")

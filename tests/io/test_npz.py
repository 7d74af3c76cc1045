"""npz: our own files without loss, others' layouts, and files meant to harm."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib import format as npy
from scipy import sparse

from graphrep import Graph
from graphrep.exceptions import GraphFormatError
from graphrep.io import read_npz_arrays
from graphrep.io._npz import read_npz, write_npz


@given(data=st.data(), compress=st.booleans())
@settings(max_examples=60, deadline=None)
def test_round_trip_of_any_graph_loses_nothing(
    data, compress, graphs, any_character, there_and_back
):
    graph = data.draw(graphs(alphabet=any_character))
    back = there_and_back(graph, write_npz, read_npz, "g.npz", {"compress": compress})
    assert back == graph
    assert back.dtype == graph.dtype
    assert back.nodes.is_integer == graph.nodes.is_integer


def test_same_graph_written_twice_gives_the_same_bytes(tmp_path):
    graph = Graph.from_edges(["a", "b"], ["b", "c"], [1.0, 2.0])
    for name in "xy":
        write_npz(graph, tmp_path / f"{name}.npz")
    assert (tmp_path / "x.npz").read_bytes() == (tmp_path / "y.npz").read_bytes()


@pytest.mark.parametrize("layout", ["csr", "csc", "coo"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
def test_files_of_scipy_are_read_in_every_orientation(tmp_path, layout, kind):
    dense = np.array([[0, 2.0, 0], [0, 0, 3], [0, 0, 1]])
    make = getattr(sparse, f"{layout}_{kind}")
    sparse.save_npz(tmp_path / "a.npz", make(dense))
    graph = read_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(graph.to_scipy().toarray(), dense)
    assert graph.directed


def test_repeated_entries_of_a_coo_file_are_summed(tmp_path):
    matrix = sparse.coo_array(([1.0, 2.0, 3.0], ([0, 0, 1], [1, 1, 0])), (2, 2))
    sparse.save_npz(tmp_path / "a.npz", matrix)
    graph = read_npz(tmp_path / "a.npz")
    assert graph.to_scipy().toarray().tolist() == [[0, 3], [3, 0]]
    assert not graph.directed


def test_files_of_pecanpy_keep_their_ids(tmp_path):
    ids = np.array(["x", "ü", "z"])
    indptr, indices = np.array([0, 1, 2, 2], np.uint32), np.array([1, 0], np.uint32)
    data = np.array([0.5, 0.5], np.float32)
    path = tmp_path / "sparse.npz"
    np.savez(path, IDs=ids, data=data, indptr=indptr, indices=indices)
    graph = read_npz(path)
    assert graph.node_ids.tolist() == ["x", "ü", "z"]
    assert graph.edges()[2].tolist() == [0.5]

    dense = tmp_path / "dense.npz"
    np.savez(dense, IDs=ids, data=graph.to_scipy().toarray())
    assert read_npz(dense) == graph


def test_benchmark_layout_ignores_labels_and_takes_names(tmp_path):
    np.savez(
        tmp_path / "b.npz", indptr=[0, 1, 2, 2], indices=np.array([1, 0], np.int32),
        n_nodes=3, directed=False, node_names=["p", "q", "r"], label_indices=[1],
    )  # fmt: skip
    graph = read_npz(tmp_path / "b.npz")
    assert (graph.n_nodes, graph.n_edges, graph.directed) == (3, 1, False)
    assert graph.node_ids.tolist() == ["p", "q", "r"]
    assert read_npz_arrays(tmp_path / "b.npz", ["label_indices"])[
        "label_indices"
    ].tolist() == [1]


def test_edge_index_layout_counts_isolated_nodes(tmp_path):
    np.savez(tmp_path / "e.npz", edge_index=[[0, 1], [1, 0]], num_nodes=4)
    graph = read_npz(tmp_path / "e.npz")
    assert (graph.n_nodes, graph.n_edges, graph.weighted) == (4, 1, False)


@pytest.mark.shared
def test_benchmark_file_has_the_size_that_is_published(shared_data):
    graph = read_npz(shared_data / "nodes" / "blogcatalog.npz")
    assert (graph.n_nodes, graph.n_edges, graph.directed) == (10_312, 333_983, False)


@pytest.mark.shared
def test_directed_weighted_file_with_names_is_read(shared_data):
    graph = read_npz(shared_data / "nodes" / "debian_packages.npz")
    assert (graph.n_nodes, graph.n_edges) == (63_666, 330_926)
    assert graph.directed
    assert graph.weighted
    assert "libc6" in graph


# -- bad input -----------------------------------------------------------------------
def _npz(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def _member(array, shape=None, dtype=None) -> bytes:
    array = np.asarray(array)
    out = io.BytesIO()
    header = {
        "descr": dtype or npy.dtype_to_descr(array.dtype),
        "fortran_order": False,
        "shape": shape or array.shape,
    }
    npy.write_array_header_1_0(out, header)
    return out.getvalue() + array.tobytes()


GOOD = {"indptr": np.array([0, 1, 2]), "indices": np.array([1, 0])}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"indices": _member([1, 0], shape=(10**15,))}, "speaks of int64 of shape"),
        ({"indices": _member([1, 0], shape=(1,))}, "speaks of int64 of shape"),
        ({"indices": b"no array"}, "cannot be read"),
        ({"indices": b""}, "cannot be read"),
        ({"indices": _member([1, 9])}, "outside a graph of 2"),
        ({"indices": _member([1, -1])}, "outside a graph of 2"),
        ({"indices": _member([0.5, 1.0])}, "must hold integers"),
        ({"weights": _member([1.0, np.nan])}, "NaN"),
        ({"graphrep_format": _member(99)}, "version 99"),
        ({"directed": _member([True, False])}, "must be one value"),
        ({"n_nodes": _member(5)}, "5 node ids were given for 2 rows"),
        ({"node_names": _member([1, 1])}, "stands twice"),
        (
            {"ids_utf8": _member([97], dtype="|u1"), "ids_ends": _member([1, 2])},
            "speaks of",
        ),
        (
            {
                "ids_utf8": _member(np.array([97], np.uint8)),
                "ids_ends": _member([1, 2]),
            },
            "does not cut",
        ),
        (
            {
                "ids_utf8": _member(np.array([97, 255], np.uint8)),
                "ids_ends": _member([1, 2]),
            },
            "not UTF-8",
        ),
    ],
)
def test_bad_array_is_refused_with_the_file_named(tmp_path, change, message):
    members = {name: _member(array) for name, array in GOOD.items()} | change
    path = _npz(tmp_path / "bad.npz", **members)
    with pytest.raises(GraphFormatError, match=message) as caught:
        read_npz(path)
    assert str(path) in str(caught.value)


def test_object_array_is_never_unpickled(tmp_path):
    names = np.array([{"a": 1}, None], dtype=object)
    np.savez(tmp_path / "o.npz", **GOOD, node_names=names)
    with pytest.raises(GraphFormatError, match="objects are never loaded"):
        read_npz(tmp_path / "o.npz")


def test_archive_that_grows_too_much_is_refused_before_reading(tmp_path):
    zeros = np.zeros(1_000_000, np.int64)
    path = _npz(
        tmp_path / "bomb.npz", indptr=_member(zeros), indices=_member(zeros[:0])
    )
    with pytest.raises(GraphFormatError, match="would take 8,000,128 bytes"):
        read_npz(path, max_uncompressed_bytes=1_000_000)


def test_cut_and_changed_archives_are_refused(tmp_path):
    path = tmp_path / "g.npz"
    write_npz(Graph.from_edges([1, 2], [2, 3]), path, compress=False)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(GraphFormatError, match="no complete zip archive"):
        read_npz(path)
    at = whole.index(b"NUMPY", whole.index(b"indices.npy")) + 130
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    with pytest.raises(GraphFormatError, match="CRC"):
        read_npz(path)


def test_unknown_layout_lists_what_is_there(tmp_path):
    np.savez(tmp_path / "u.npz", embedding=np.eye(2))
    with pytest.raises(
        GraphFormatError, match=r"embedding are no graph; expected indptr"
    ):
        read_npz(tmp_path / "u.npz")
    with pytest.raises(GraphFormatError, match="'labels' is missing; the file has emb"):
        read_npz_arrays(tmp_path / "u.npz", ["labels"])


def test_rectangular_and_odd_scipy_files_say_what_to_do(tmp_path):
    sparse.save_npz(tmp_path / "r.npz", sparse.csr_array(np.ones((2, 3))))
    with pytest.raises(GraphFormatError, match="from_biadjacency"):
        read_npz(tmp_path / "r.npz")
    sparse.save_npz(tmp_path / "b.npz", sparse.bsr_array(np.ones((2, 2))))
    with pytest.raises(GraphFormatError, match="tocsr"):
        read_npz(tmp_path / "b.npz")


def test_missing_file_stays_an_oserror(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_npz(tmp_path / "none.npz")

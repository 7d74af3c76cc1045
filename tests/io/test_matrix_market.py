"""MatrixMarket: exact round trips, the headers of the format, and damaged files."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.io import mmread, mmwrite

from graphrep import Graph
from graphrep.exceptions import GraphFormatError, GraphWarning
from graphrep.io._matrix_market import read_matrixmarket, write_matrixmarket

BANNER = "%%MatrixMarket matrix coordinate"


@given(data=st.data(), name=st.sampled_from(["g.mtx", "g.mtx.gz"]))
@settings(max_examples=50, deadline=None)
def test_round_trip_without_ids_loses_nothing(data, name, graphs, there_and_back):
    graph = data.draw(graphs(ids=("range",)))
    back = there_and_back(graph, write_matrixmarket, read_matrixmarket, name)
    assert back == graph


def test_ids_are_lost_with_a_warning(tmp_path):
    graph = Graph.from_edges(["a"], ["b"])
    with pytest.warns(GraphWarning, match="no place for ids"):
        write_matrixmarket(graph, tmp_path / "g.mtx")
    assert read_matrixmarket(tmp_path / "g.mtx").nodes.is_range


def test_scipy_reads_what_we_write_and_we_read_what_scipy_writes(tmp_path):
    dense = np.array([[0, 2.5, 0], [2.5, 1, 0], [0, 0, 0]])
    write_matrixmarket(Graph(dense), tmp_path / "ours.mtx")
    np.testing.assert_array_equal(mmread(tmp_path / "ours.mtx").toarray(), dense)
    for symmetry in ("general", "symmetric"):
        mmwrite(tmp_path / "their.mtx", sparse.coo_array(dense), symmetry=symmetry)
        graph = read_matrixmarket(tmp_path / "their.mtx")
        np.testing.assert_array_equal(graph.to_scipy().toarray(), dense)
        assert not graph.directed


@pytest.mark.parametrize(
    ("text", "edges", "directed"),
    [
        (f"{BANNER} pattern symmetric\n% note\n3 3 2\n2 1\n3 3\n", 2, False),
        (f"{BANNER} integer general\n2 2 1\n1 2 7\n", 1, True),
        (f"{BANNER} real general\n2 2 3\n1 2 1\n2 1 .5\n2 1 .5\n", 1, False),
        ("%%MatrixMarket MATRIX array real general\n2 2\n0\n1\n1\n0\n", 1, False),
        (f"{BANNER} pattern general\n2 2 0\n", 0, False),
    ],
)
def test_header_is_honoured(tmp_path, text, edges, directed):
    (tmp_path / "g.mtx.gz").write_bytes(gzip.compress(text.encode()))
    graph = read_matrixmarket(tmp_path / "g.mtx.gz")
    assert (graph.n_edges, graph.directed) == (edges, directed)


def test_direction_can_be_asked_for(tmp_path):
    (tmp_path / "g.mtx").write_text(f"{BANNER} pattern general\n2 2 1\n1 2\n")
    assert read_matrixmarket(tmp_path / "g.mtx").directed
    with pytest.raises(GraphFormatError, match="no equal mirror image"):
        read_matrixmarket(tmp_path / "g.mtx", directed=False)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "first line must read"),
        ("1 2\n", 1, "first line must read"),
        (f"{BANNER} complex general\n1 1 0\n", 1, "complex and general is no graph"),
        (f"{BANNER} real skew-symmetric\n1 1 0\n", 1, "skew-symmetric is no graph"),
        (f"{BANNER} real general\n% only\n", None, "size is missing"),
        (f"{BANNER} real general\n2 2\n", 2, "is not '2 2'"),
        (f"{BANNER} real general\n-2 2 1\n", 2, "is not '-2 2 1'"),
        (f"{BANNER} real general\n%\n2 3 1\n1 1 1\n", 3, "from_biadjacency"),
        (f"{BANNER} real general\n2 2 {10**15}\n1 1 1\n", 2, "only 73 bytes"),
        (f"{BANNER} real general\n%\n2 2 1\n1 2 x\n", 4, "Invalid floating"),
        (f"{BANNER} real general\n2 2 1\n1 3 1\n", 3, "out of bounds"),
        (f"{BANNER} real general\n2 2 1\n0 1 1\n", 3, "out of bounds"),
        (f"{BANNER} real general\n2 2 2\n1 2 1\n", None, "Truncated"),
        (f"{BANNER} real general\n2 2 1\n1 2 nan\n", None, "NaN"),
        (f"{BANNER} real general\n2 2 1\n1 2 -1\n", None, "Negative values"),
        (f"{BANNER} integer general\n2 2 1\n1 2 {10**30}\n", 3, "out of range"),
    ],
)
def test_bad_file_is_refused_with_its_line(tmp_path, text, line, message):
    path = tmp_path / "bad.mtx"
    path.write_text(text)
    with pytest.raises(GraphFormatError, match=message) as caught:
        read_matrixmarket(path)
    assert caught.value.line == line
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("end", ["S", "\xff", " x", "", " "])
def test_last_line_without_a_line_feed_is_no_danger(tmp_path, end):
    text = f"{BANNER} pattern symmetric\n4 4 2\n2 1\n3 2{end}"
    (tmp_path / "g.mtx").write_bytes(text.encode("latin-1"))
    assert read_matrixmarket(tmp_path / "g.mtx").n_edges == 2


def test_size_that_no_memory_holds_is_refused_in_a_compressed_file(tmp_path):
    text = f"{BANNER} real general\n2 2 {10**15}\n1 1 1\n"
    (tmp_path / "g.mtx.gz").write_bytes(gzip.compress(text.encode()))
    with pytest.raises(GraphFormatError):
        read_matrixmarket(tmp_path / "g.mtx.gz")


def test_cut_compressed_file_is_refused(tmp_path):
    path = tmp_path / "g.mtx.gz"
    write_matrixmarket(Graph(np.ones((50, 50))), path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(GraphFormatError, match="was it cut off"):
        read_matrixmarket(path)

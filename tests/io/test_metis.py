"""METIS: round trips, flags of the header, and every way a file contradicts itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep import Graph
from graphrep.exceptions import GraphFormatError, GraphValueError, GraphWarning
from graphrep.io._metis import read_metis, write_metis


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_round_trip_of_what_the_format_can_hold_loses_nothing(
    data, graphs, there_and_back
):
    graph = data.draw(
        graphs(ids=("range",), directed=(False,), weights=(None, np.int64), loops=False)
    )
    assert there_and_back(graph, write_metis, read_metis, "g.graph") == graph


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("% c\n3 1\n2\n1\n\n", None),
        ("3 1 0\n2\n% between\n1\n\n", None),
        ("3 1 001\n2 5\n1 5\n\n", [5.0]),
        ("3 1 1\r\n2 5\r\n1 5\r\n\r\n", [5.0]),
        ("3 1 010\n9 2\n9 1\n9\n", None),
        ("3 1 011 2\n9 9 2 4\n9 9 1 4\n9 9\n", [4.0]),
        ("3 1 100\n7 2\n7 1\n7\n", None),
        ("3 1 111 1\n7 9 2 3\n7 9 1 3\n7 9", [3.0]),
        ("3 1\n2\n1\n\n\n\n", None),
    ],
)
def test_every_flag_of_the_header_is_honoured(tmp_path, text, weights):
    (tmp_path / "g.graph").write_bytes(text.encode())
    graph = read_metis(tmp_path / "g.graph")
    expected = Graph.from_codes(
        np.array([0]), np.array([1]), None if weights is None else np.array(weights),
        nodes=3,
    )  # fmt: skip
    assert graph == expected


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "file is empty"),
        ("% only\n", None, "file is empty"),
        ("3\n", 1, "header must read"),
        ("3 1 2\n", 1, "header must read"),
        ("3 x\n", 1, "header must read"),
        ("% c\n3 1 0011\n", 2, "header must read"),
        ("2 1\n2\nx\n", 3, "'x' is no neighbour"),
        ("2 1\n2\n1.0\n", 3, "'1.0' is no neighbour"),
        ("2 1 1\n2 abc\n1 5\n", 2, "'abc' is no weight"),
        ("2 1 1\n2 1,5\n1 5\n", 2, "'1,5' is no weight"),
        ("2 1 1\n2 5\n1\n", 3, "pairs"),
        ("2 1 1\n2 nan\n1 nan\n", 2, "not a positive number"),
        ("2 1 1\n2 -5\n1 -5\n", 2, "not a positive number"),
        ("2 1\n2\n3\n", 3, "Neighbour 3 is outside 1…2"),
        ("2 1\n2\n0\n", 3, "Neighbour 0 is outside 1…2"),
        (f"2 1\n2\n{10**30}\n", 3, "does not fit int64"),
        ("2 1\n1 2\n1\n", 2, "its own neighbour"),
        ("2 1\n2 2\n1\n", 2, "listed twice"),
        ("3 2\n2 3\n1\n\n", 2, r"line of node 3 \(line 4\)"),
        ("2 1 1\n2 5\n1 6\n", 2, "same weight|and the same"),
        ("% c\n2 2\n2\n1\n", 2, "speaks of 2 edges but the lines list 2"),
        ("3 1\n2\n1\n", 1, "3 nodes but 2 lines"),
        ("2 1\n2\n1\n\n1\n", 5, "2 nodes but more lines"),
        ("2 1\n2\n\xff\n", 3, "not utf-8"),
    ],
)
def test_bad_file_is_refused_with_its_line(tmp_path, text, line, message):
    path = tmp_path / "bad.graph"
    path.write_bytes(text.encode("latin-1" if "\xff" in text else "utf-8"))
    with pytest.raises(GraphFormatError, match=message) as caught:
        read_metis(path)
    assert caught.value.line == line
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (Graph.from_edges([0], [1], directed=True), "symmetrize"),
        (Graph.from_edges([0, 1], [1, 1]), "remove_self_loops"),
        (Graph.from_edges([0], [1], [0.5]), r"weight 0\.5.*unweighted"),
    ],
)
def test_graph_that_the_format_cannot_hold_is_refused(tmp_path, graph, message):
    with pytest.raises(GraphValueError, match=message):
        write_metis(graph, tmp_path / "g.graph")
    assert not (tmp_path / "g.graph").exists()


def test_ids_are_lost_with_a_warning(tmp_path):
    with pytest.warns(GraphWarning, match="no place for ids"):
        write_metis(Graph.from_edges(["a"], ["b"]), tmp_path / "g.graph")
    assert (tmp_path / "g.graph").read_text() == "2 1\n2\n1\n"

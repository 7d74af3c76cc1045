"""Graphs and tables that commands read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphrep.cli._inputs import GraphSource, parse_ids, read_names
from graphrep.exceptions import GraphFormatError
from graphrep.graph import NodeIndex

Invoke = Callable[..., Any]


def test_source_when_unweighted_is_asked_then_weights_are_dropped(
    tmp_path: Path,
) -> None:
    path = tmp_path / "e.tsv"
    path.write_text("a\tb\t2.5\nb\tc\t1\n")
    assert GraphSource(str(path)).read().weighted
    graph = GraphSource(str(path), unweighted=True, directed=True).read()
    assert not graph.weighted
    assert graph.directed
    assert graph.node_ids.tolist() == ["a", "b", "c"]


def test_options_when_given_then_reach_the_reader(
    invoke: Invoke, tmp_path: Path
) -> None:
    (tmp_path / "e.txt").write_text("w\tto\tfrom\n2\tb\ta\n3\tc\tb\n3\tb\ta\n")
    (tmp_path / "n.txt").write_text("c\nb\na\nz\n")
    done = invoke(
        "info", tmp_path / "e.txt", "--directed", "--columns", "from,to,w",
        "--header", "--nodes", tmp_path / "n.txt", "-O", "duplicates=max",
        "-O", "allow-empty=false",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    facts = dict(line.split("\t") for line in done.stdout.splitlines())
    assert facts["directed"] == "true"
    assert facts["nodes"] == "4"
    assert facts["edges"] == "2"
    assert facts["first_ids"] == "c, b, a"


def test_option_when_the_format_has_no_such_then_is_a_usage_error(
    invoke: Invoke, edges: Path
) -> None:
    done = invoke("info", edges, "-O", "colour=red")
    assert done.exit_code == 2
    assert "Unknown option 'colour'" in done.stderr
    assert invoke("info", edges, "-O", "colour").exit_code == 2


def test_option_when_directions_are_given_by_the_wrong_one_then_is_a_usage_error(
    invoke: Invoke, edges: Path
) -> None:
    """The option of its own would win, and the graph be undirected without a word."""
    done = invoke("info", edges, "-O", "directed=true")
    assert done.exit_code == 2
    assert "Say --directed or --undirected" in done.stderr


def test_file_when_an_option_of_its_reader_is_wanted_then_is_named_as_one(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "e.tsv"
    path.write_bytes(b"Z\xfcrich\tBern\n")
    assert "Pass -O encoding= with" in invoke("info", path).stderr
    assert invoke("info", path, "-O", "encoding=latin-1").exit_code == 0
    path.write_text("from\tto\tdate\tw\n1\t2\t2020\t3\n")
    assert "Pass --columns with those" in invoke("info", path).stderr


def test_graph_when_file_is_missing_then_is_a_usage_error(invoke: Invoke) -> None:
    done = invoke("info", "no-such-file.tsv")
    assert done.exit_code == 2
    assert "no-such-file.tsv" in done.stderr


def test_graph_when_a_line_is_bad_then_names_path_and_line(
    invoke: Invoke, tmp_path: Path
) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text("a\tb\t1\nb\tc\tmany\n")
    done = invoke("info", path)
    assert done.exit_code == 3
    assert f"{path}:2:" in done.stderr
    assert done.stdout == ""


def test_graph_when_it_comes_through_a_pipe_then_is_read(invoke: Invoke) -> None:
    done = invoke("info", "-", input="a\tb\n")
    assert done.exit_code == 0, done.stderr
    assert "nodes\t2\n" in done.stdout


def test_parse_ids_when_index_has_integers_then_converts_those_that_are() -> None:
    assert parse_ids(["3", "-4", "x"], NodeIndex([3, -4])) == [3, -4, "x"]
    assert parse_ids(["3"], NodeIndex(["3", "a"])) == ["3"]


def test_read_names_when_lines_repeat_then_the_first_counts(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_bytes(b'\xef\xbb\xbfid\tname\r\nA\t5" tube, long\tmore\r\n\r\nA\tno\r\n')
    assert read_names(str(path)) == {"id": "name", "A": '5" tube, long'}


def test_read_names_when_csv_is_compressed_then_quotes_count(tmp_path: Path) -> None:
    path = tmp_path / "names.csv.gz"
    path.write_bytes(gzip.compress(b'A,"x, y"\n'))
    assert read_names(str(path)) == {"A": "x, y"}


def test_read_names_when_a_line_has_one_column_then_says_where(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("A\tx\nB\n")
    with pytest.raises(GraphFormatError, match=r"names.tsv:2: expected an id and"):
        read_names(str(path))

"""KGTK edge files: columns by name, ids or labels as nodes, and what is wrong."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphrep
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.io import read_kgtk, sniff
from graphrep.io._kgtk import read_kgtk_graph

_HEADER = (
    "id\tnode1\trelation\tnode2\tnode1;label\tnode2;label\trelation;label\t"
    "relation;dimension\tsource\tsentence"
)
_ROWS = [
    "e1\tfn:use\tfn:HasUnit\t/c/en/music\t\t\t\tlexical\tFNC\t",
    "e2\t/c/en/piano\t/r/UsedFor\t/c/en/music\tPiano|pianoforte\tmusic\tused for\t"
    "utility\tCN\t[[a piano]] is for [[music]]",
    "e3\tQ5994\t/r/IsA\tQ34379\tpiano\tinstrument\tis a\ttaxonomic\tWD\t",
    "e4\tQ5994\t/r/UsedFor\t/c/en/music\tpiano\tmusic\tused for\tutility\tWD\t",
    "e5\tfn:use\t/r/IsA\tQ34379\tuse\tinstrument\tis a\ttaxonomic\tWD\t",
]


@pytest.fixture
def cskg(tmp_path):
    path = tmp_path / "cskg.tsv.gz"
    path.write_bytes(gzip.compress("\n".join([_HEADER, *_ROWS, ""]).encode()))
    return path


def _write(tmp_path, *lines):
    path = tmp_path / "k.tsv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_read_when_nodes_are_ids_then_triples_in_file_order(cskg) -> None:
    found = read_kgtk(cskg)
    assert list(found)[:2] == [
        ("fn:use", "fn:HasUnit", "/c/en/music"),
        ("/c/en/piano", "/r/UsedFor", "/c/en/music"),
    ]
    assert len(found) == 5
    assert found.labels["/c/en/piano"] == ("Piano", "pianoforte")
    assert found.labels["fn:use"] == ("use",)
    assert found.weights is None


def test_read_when_nodes_are_labels_then_the_same_words_are_one_node(cskg) -> None:
    found = read_kgtk(cskg, nodes="label")
    assert list(found.entities) == ["use", "music", "piano", "instrument"]
    assert list(found)[3] == ("piano", "/r/UsedFor", "music")
    assert found.labels["piano"] == ("Piano", "pianoforte", "piano")
    graph = read_kgtk_graph(cskg, nodes="label", directed=False)
    assert (graph.n_nodes, graph.n_edges, graph.weighted) == (4, 4, False)
    assert read_kgtk_graph(cskg, nodes="label", duplicates="sum").weighted


def test_read_when_relations_are_chosen_then_only_theirs(cskg) -> None:
    found = read_kgtk(cskg, relations="/r/IsA")
    assert len(found) == 2
    assert found.n_dropped == 3
    assert list(found.relations) == ["/r/IsA"]
    assert list(found.entities) == ["Q5994", "Q34379", "fn:use"]
    both = read_kgtk_graph(cskg, relations=["/r/IsA", "fn:HasUnit"])
    assert both.n_edges == 3
    with pytest.raises(GraphFormatError, match="relation 'IsA'; there are 'fn:HasUnit"):
        read_kgtk(cskg, relations="IsA")
    with pytest.raises(GraphValueError, match="relations must be"):
        read_kgtk(cskg, relations=7)
    with pytest.raises(GraphValueError, match="nodes must be"):
        read_kgtk(cskg, nodes="labels")


def test_read_when_the_path_is_given_to_graphrep_then_the_header_tells(cskg) -> None:
    assert sniff(cskg) == "kgtk"
    graph = graphrep.read(cskg, directed=False, nodes="label")
    assert graph.n_edges == 4
    unknown = cskg.with_name("cskg")
    unknown.write_bytes(cskg.read_bytes())
    assert graphrep.read(unknown).n_edges == 5


def test_read_when_labels_are_quoted_then_quotes_and_escapes_go(tmp_path) -> None:
    path = _write(
        tmp_path,
        "node1\tlabel\tnode2\tnode2;label\tnode1;label",
        'a\tr\tb\t\'chat\'@fr|\'cat\'@en\t"personx \\\'d"|"a\\|b"|""',
    )
    found = read_kgtk(path)
    assert found.labels == {"a": ("personx 'd", "a|b"), "b": ("chat", "cat")}


def test_read_when_last_cells_are_missing_then_they_are_empty(tmp_path) -> None:
    path = _write(tmp_path, "node1\trelation\tnode2\tnode2;label", "a\tr\tb", "")
    assert list(read_kgtk(path, nodes="label")) == [("a", "r", "b")]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["node1\tnode2", "a\tb"], r"k\.tsv:1: .*names the columns"),
        (["a\tr\tb"], r"k\.tsv:1: .*got 'a\\tr\\tb'"),
        ([""], r"k\.tsv:1: .*names the columns"),
        (["node1\tlabel\tnode2\tnode2"], "Two columns are called 'node2'"),
        (["node1\tlabel\tnode2", "a\tr"], r"k\.tsv:2: 2 columns instead of 3"),
        (["node1\tlabel\tnode2", "", "a\tr\tb\tc"], r"k\.tsv:3: 4 columns instead"),
        (["node1\tlabel\tnode2", "a\tr\t"], r"k\.tsv:2: A node is empty"),
        (["node1\tlabel\tnode2", "a\t\tb"], r"k\.tsv:2: A relation is empty"),
        (["node1\tlabel\tnode2", "a\x07\tr\tb"], r"k\.tsv:2: .*control character"),
        (["node1\tlabel\tnode2"], "No statements found"),
    ],
)
def test_read_when_a_line_is_bad_then_says_where(tmp_path, lines, message) -> None:
    with pytest.raises(GraphFormatError, match=message):
        read_kgtk(_write(tmp_path, *lines))


def test_read_when_empty_is_allowed_then_no_statements(tmp_path) -> None:
    path = _write(tmp_path, "node1\tlabel\tnode2")
    assert len(read_kgtk(path, allow_empty=True)) == 0
    assert read_kgtk_graph(path, allow_empty=True).n_nodes == 0


_NAME = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5
).filter(lambda text: not text.isspace() and not text.startswith("\ufeff"))


@given(rows=st.lists(st.tuples(_NAME, _NAME, _NAME), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_read_when_any_ids_are_written_then_they_come_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("k") / "k.tsv"
    lines = ["node2\trelation\tnode1", *("\t".join(row) for row in rows)]
    path.write_bytes("\n".join(lines).encode())
    assert list(read_kgtk(path)) == [(t, r, h) for h, r, t in rows]


def test_triples_when_given_to_an_evaluation_then_relations_are_told_apart(cskg):
    from graphrep.evaluation._assess_inputs import relation_rows

    found = read_kgtk(cskg)
    heads, kinds, tails = relation_rows(
        found.graph(collapse=True, directed=False), found
    )
    assert len(heads) == len(tails) == 5
    assert set(kinds) == {"fn:HasUnit", "/r/UsedFor", "/r/IsA"}

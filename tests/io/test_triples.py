"""Triples: round trips, orders and delimiters, known ids, OpenKE, and bad lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep import Graph
from graphrep.exceptions import GraphFormatError, GraphValueError, GraphWarning
from graphrep.graph import KnowledgeGraph
from graphrep.io import read_openke, read_triples, write_triples
from graphrep.io._triples import ORDERS, read_triples_graph

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5)
TEXT = TEXT.filter(lambda text: not text.isspace() and not text.startswith("\ufeff"))


def _triples(rows) -> KnowledgeGraph:
    names = list(dict.fromkeys(x for h, _, t in rows for x in (h, t)))
    kinds = list(dict.fromkeys(r for _, r, _ in rows))
    codes = np.array(
        [(names.index(h), kinds.index(r), names.index(t)) for h, r, t in rows]
    ).reshape(-1, 3)
    return KnowledgeGraph(codes, names, kinds)


def _write(tmp_path, text, name="t.tsv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@given(
    rows=st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=8),
    order=st.sampled_from(ORDERS),
    name=st.sampled_from(["t.tsv", "t.tsv.gz"]),
)
@settings(max_examples=60, deadline=None)
def test_round_trip_of_any_text_loses_nothing(rows, order, name, there_and_back):
    back = there_and_back(
        _triples(rows), write_triples, read_triples, name, {"order": order},
        order=order, id_dtype="str", delimiter="\t", header=False,
    )  # fmt: skip
    assert list(back) == rows


def test_integer_ids_are_integers_only_if_all_are_canonical(tmp_path):
    path = _write(tmp_path, "1\tr\t20\n3\t0\t1\n")
    triples = read_triples(path)
    assert list(triples) == [(1, "r", 20), (3, "0", 1)]
    path = _write(tmp_path, "01\tr\t20\n")
    assert list(read_triples(path)) == [("01", "r", "20")]
    path = _write(tmp_path, f"1\tr\t{2**63}\n")
    assert list(read_triples(path)) == [("1", "r", str(2**63))]


@pytest.mark.parametrize(
    "text",
    [
        "a\tr\tb c\n\n#d\tr\ta\n",
        "a,r,b c\r\n#d,r,a\r\n",
        "\ufeffa\tr\tb c\n#d\tr\ta",
        "head\trelation\ttail\na\tr\tb c\n#d\tr\ta\n",
        "Subject,Predicate,Object\na,r,b c\n#d,r,a\n",
    ],
)
def test_delimiter_and_header_are_found(tmp_path, text):
    expected = [("a", "r", "b c"), ("#d", "r", "a")]
    assert list(read_triples(_write(tmp_path, text))) == expected


def test_options_say_what_cannot_be_found(tmp_path):
    path = _write(tmp_path, "# note\nx|y|z\na|b|r\n")
    triples = read_triples(path, delimiter="|", comment="#", header=True, order="htr")
    assert list(triples) == [("a", "r", "b")]
    assert list(read_triples(_write(tmp_path, "a r  b\n"))) == [("a", "r", "b")]


def test_known_ids_are_kept_and_strange_ones_refused_or_dropped(tmp_path):
    train = read_triples(_write(tmp_path, "5\tr\t7\n7\tr\t9\n"))
    path = _write(tmp_path, "9\tr\t5\n\n5\tr\t11\n5\tq\t7\n", "test.tsv")
    known = {"entities": train.entities, "relations": train.relations}
    with pytest.raises(GraphFormatError, match="'11' is not among") as caught:
        read_triples(path, **known)
    assert caught.value.line == 3
    test = read_triples(path, **known, unseen="drop")
    assert test.entities is train.entities
    assert list(test) == [(9, "r", 5)]
    assert test.n_dropped == 2


# -- the graph -----------------------------------------------------------------------
def test_several_relations_must_be_chosen_or_collapsed(tmp_path):
    path = _write(tmp_path, "a\tr\tb\nb\tq\tc\na\tq\tb\n")
    with pytest.raises(
        GraphFormatError,
        match=r"2 relations \('r', 'q'\). Choose relation= or collapse=T",
    ):
        read_triples_graph(path)
    collapsed = read_triples_graph(path, collapse=True)
    assert collapsed == Graph.from_edges(["a", "b"], ["b", "c"], directed=True)
    counted = read_triples_graph(path, collapse=True, duplicates="max", directed=False)
    assert counted == Graph.from_edges(["a", "b"], ["b", "c"])
    one = read_triples_graph(path, relation="r")
    assert one.node_ids.tolist() == ["a", "b", "c"]
    assert one.n_edges == 1
    assert read_triples_graph(path, relation=["q", "r"]) == collapsed
    with pytest.raises(GraphFormatError, match="'x' is not among the 2 relations"):
        read_triples_graph(path, relation="x")


def test_graph_goes_out_and_comes_back(tmp_path):
    graph = Graph.from_edges([3, 1], [1, 1], directed=True)
    write_triples(graph, tmp_path / "g.triples", relation="near")
    assert (tmp_path / "g.triples").read_text() == "3\tnear\t1\n1\tnear\t1\n"
    assert read_triples_graph(tmp_path / "g.triples") == graph


def test_what_triples_cannot_hold_is_refused_or_told(tmp_path):
    path = tmp_path / "g.triples"
    with pytest.raises(GraphValueError, match="no weights"):
        write_triples(Graph.from_edges([1], [2], [0.5]), path)
    with pytest.raises(GraphValueError, match=r"'a\\tb' does not fit"):
        write_triples(Graph.from_edges(["a\tb"], ["c"]), path)
    with pytest.raises(GraphValueError, match="id 0 is empty"):
        write_triples(Graph.from_edges([""], ["c"]), path)
    with pytest.warns(GraphWarning, match="the 1 entities .* such as 'lone'"):
        write_triples(Graph.from_edges(["a"], ["b"], nodes=["a", "b", "lone"]), path)


# -- OpenKE --------------------------------------------------------------------------
def test_openke_files_are_read_with_their_names(tmp_path):
    path = _write(tmp_path, "2\n0 2 1\n2 1 0\n", "train2id.txt")
    assert list(read_openke(path)) == [(0, 1, 2), (2, 0, 1)]
    entities = _write(tmp_path, "3\nx y\t0\nz\t1\n/m/0\t2\n", "entity2id.txt")
    relations = _write(tmp_path, "2\n/a/b 0\n/c/d 1\n", "relation2id.txt")
    triples = read_openke(path, entities=entities, relations=relations)
    assert list(triples) == [("x y", "/c/d", "/m/0"), ("/m/0", "/a/b", "z")]
    assert triples.entities.ids.tolist() == ["x y", "z", "/m/0"]


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        ("3\n0 1 0\n", None, "speaks of 3 triples but 1"),
        ("0 1 0\n", None, "must be the number of triples"),
        ("1\n0 1 0\n", "1\na\t0\n", "Number 1 has no name"),
        ("1\n0 1 0\n", "2\na\t0\n", "speaks of 2 names but 1"),
        ("1\n0 1 0\n", "2\na\t0\nb\t5\n", "number below 2"),
        ("1\n0 1 0\n", "2\na\t0\na\t1\n", "stands twice"),
        ("1\n0 x 0\n", None, "is no integer"),
    ],
)
def test_openke_files_that_contradict_themselves_are_refused(
    tmp_path, text, names, message
):
    path = _write(tmp_path, text)
    named = None if names is None else _write(tmp_path, names, "entity2id.txt")
    with pytest.raises(GraphFormatError, match=message):
        read_openke(path, entities=named)


# -- bad input -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("", None, "No triples found"),
        ("\n\n", None, "No triples found"),
        ("head\trelation\ttail\n", None, "No triples found"),
        ("a\tb\n", 1, "cuts the first line into three"),
        ("a\tr\tb\n\na\tr\n", 3, "2 columns instead of 3 stand in 'a.tr'"),
        ("a\tr\tb\na\tr\tb\tc\n", 2, "4 columns"),
        ("a\tr\tb\na\t\tb\n", 2, "id is empty"),
        (b"a\tr\tb\na\tr\t\xe9\n", 2, "Byte 0xe9 at offset 10 is not utf-8"),
        ("a\tr\tb\n\na\tr\tc\x00\n", 3, "Control character"),
        ("a\tr\tb\r\na\tr\tc\x1b[0m\r\n", 2, "Control character"),
        ("a\tr\tb\ra\tr\tc\r", 1, "Control character"),
        ("a\tr\tb\n" + "x" * (2 << 20), 2, "longer than"),
    ],
)
def test_bad_line_is_refused_with_its_number(tmp_path, content, line, message):
    path = _write(tmp_path, content)
    with pytest.raises(GraphFormatError, match=message) as caught:
        read_triples(path)
    assert caught.value.line == line
    assert str(path) in str(caught.value)


def test_other_encodings_and_empty_files_can_be_asked_for(tmp_path):
    path = _write(tmp_path, "a\tr\té\n".encode("latin-1"))
    assert list(read_triples(path, encoding="latin-1")) == [("a", "r", "é")]
    assert len(read_triples(_write(tmp_path, ""), allow_empty=True)) == 0


def test_bad_options_are_refused(tmp_path):
    path = _write(tmp_path, "a\tr\tb\n")
    for options in ({"order": "hhh"}, {"unseen": "x"}, {"id_dtype": "float"}):
        with pytest.raises(GraphValueError, match="must be"):
            read_triples(path, **options)


# -- real data -----------------------------------------------------------------------
@pytest.mark.shared
def test_published_splits_have_the_sizes_published(shared_data):
    folder = shared_data / "kg"
    train = read_triples(folder / "wn18rr" / "train.tsv.gz")
    assert (len(train), len(train.relations)) == (86_835, 11)
    assert all(isinstance(e, str) for e in train.entities.ids[:5])  # leading zeros
    known = {"entities": train.entities, "relations": train.relations}
    valid = read_triples(folder / "wn18rr" / "valid.tsv", **known, unseen="drop")
    assert (len(valid), valid.n_dropped) == (3_034 - 210, 210)
    umls = read_triples(folder / "umls" / "train.tsv")
    assert (len(umls), len(umls.entities), len(umls.relations)) == (5_216, 135, 46)
    graph = read_triples_graph(folder / "umls" / "train.tsv", relation="isa")
    assert graph.n_nodes == 135

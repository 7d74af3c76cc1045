"""OBO: the traps of the format, what is counted as malformed, graphs and labels."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep import Graph
from graphrep.exceptions import GraphFormatError, GraphValueError, GraphWarning
from graphrep.io import read_obo
from graphrep.io._obo import read_obo_graph, write_obo
from graphrep.io._obo_lines import Synonym

TRAPS = r"""format-version: 1.2
data-version: toy/2026 ! a comment
default-namespace: toy
remark: a\nb
remark: second

! a comment on its own
[Term]
id: T:1 ! the root
name: root \{of\} all\: "quoted"
namespace: top
def: "All of it; \"quoted\" ! and {braces}\nnext." [PMID:1, "a \] b"] {source="x"} ! c

[Term] ! with a comment
id: T:2
name: type 2 {of="modifier"} ! comment
name-like: ignored
is_a: T:1 {source="a ! b", is_inferred="true"} ! root
is_a: T:1
relationship: part_of T:3 {x="y"} ! three
intersection_of: T:1 ! root
intersection_of: has_part T:3 ! three
alt_id: T:02
alt_id: T:002
subset: slim
synonym: "five\" tube!" EXACT []
synonym: "wide" BROAD layperson [X:1, Y:2] {a="b"} ! c
synonym: "bare"
exact_synonym: "old style" [X:1]
xref: UMLS:C01 "a description" {a="b"}
xref: with\:escape\Wand\,comma
comment: N-{x}amine! is kept ! this is not

[Term]
id: T:3
name: a name that goes \
on
def: "" []
is_a: EXT:9 ! part of another ontology
is_a: T:4

[Term]
id: T:4
name: gone
is_obsolete: true
replaced_by: T:2
consider: T:3
consider: T:1

[Term]
id: T:2
xref: second stanza of the same term

[Term]
id: lone

[Typedef]
id: part_of
name: part of
is_transitive: true

[Instance]
id: I:1
name: left alone
"""
BROKEN = """format-version: 1.2

[Term]
name: before its id
id: T:1
is_a:
this line has no colon
synonym: "never ends EXACT []
synonym: no quotes EXACT []
synonym: "text" EXACT [X:1] more
is_a: T:2 T:3
relationship: part_of
is_obsolete: perhaps
def: unquoted
name: root

[Term
id: T:2
"""


@pytest.fixture
def traps(tmp_path):
    path = tmp_path / "toy.obo"
    path.write_text(TRAPS, encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_obo(path, strict=True)


def test_columns_hold_what_the_lines_say(traps):
    assert traps.ids == ["T:1", "T:2", "T:3", "T:4", "lone"]
    assert traps.names == [
        'root {of} all: "quoted"', "type 2", "a name that goes on", "gone", "",
    ]  # fmt: skip
    assert traps.namespaces[0] == "top"
    assert traps.definitions[0] == 'All of it; "quoted" ! and {braces}\nnext.'
    assert traps.comments[1] == "N-{x}amine! is kept"
    assert traps.alt_ids[1] == ["T:02", "T:002"]
    assert traps.subsets[1] == ["slim"]
    assert traps.xrefs[1] == ["UMLS:C01", "with:escape and,comma", "second"]
    assert traps.obsolete == [False, False, False, True, False]
    assert traps.replaced_by[3] == ["T:2"]
    assert traps.consider[3] == ["T:3", "T:1"]
    assert traps.n_malformed == 0


def test_synonyms_keep_scope_and_type(traps):
    assert traps.synonyms[1] == [
        Synonym('five" tube!', "EXACT", ""),
        Synonym("wide", "BROAD", "layperson"),
        Synonym("bare", "RELATED", ""),
        Synonym("old style", "EXACT", ""),
    ]


def test_header_and_relations_are_kept(traps):
    assert traps.header["data-version"] == ["toy/2026"]
    assert traps.header["remark"] == ["a\nb", "second"]
    assert traps.relation_names == {"part_of": "part of"}
    assert traps.edges == [
        ("T:2", "is_a", "T:1"), ("T:2", "is_a", "T:1"), ("T:2", "part_of", "T:3"),
        ("T:3", "is_a", "EXT:9"), ("T:3", "is_a", "T:4"),
    ]  # fmt: skip
    assert traps.intersections == [("T:2", "is_a", "T:1"), ("T:2", "has_part", "T:3")]


def test_graph_leads_from_child_to_parent_without_obsolete_terms(traps):
    graph = traps.graph()
    assert graph == Graph.from_edges(
        ["T:2", "T:3"], ["T:1", "EXT:9"],
        nodes=["T:1", "T:2", "T:3", "lone", "EXT:9"], directed=True,
    )  # fmt: skip
    everything = traps.graph(
        ("is_a", "part_of", "has_part"), include_obsolete=True, intersections=True
    )
    assert everything.node_ids.tolist() == [*traps.ids, "EXT:9"]
    assert everything.neighbors("T:3") == ["T:4", "EXT:9"]
    assert everything.neighbors("T:2") == ["T:1", "T:3"]
    assert not traps.graph("part_of", directed=False).directed


def test_labels_and_triples_are_given(traps):
    assert traps.labels()["T:2"] == "type 2"
    assert "lone" not in traps.labels()
    triples = traps.triples()
    assert list(triples) == traps.edges
    assert len(triples.entities) == 6


def test_unknown_relation_lists_those_there_are(traps):
    with pytest.raises(GraphValueError, match=r"'regulates'.*is_a, part_of"):
        traps.graph(["regulates"])


def test_malformed_lines_are_counted_and_reported_once(tmp_path):
    path = tmp_path / "broken.obo"
    path.write_text(BROKEN)
    with pytest.warns(
        GraphWarning, match=r"11 malformed lines.*first is line 4"
    ) as seen:
        document = read_obo(path)
    assert len(seen) == 1
    assert document.n_malformed == 11
    lines = [bad.line for bad in document.malformed]
    assert lines == [4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17]
    assert document.ids == ["T:1", "T:2"]
    assert document.names == ["root", ""]
    assert document.edges == []


def test_strict_reading_stops_at_the_first_malformed_line(tmp_path):
    path = tmp_path / "broken.obo"
    path.write_text(BROKEN)
    with pytest.raises(GraphFormatError, match="tag before the id") as caught:
        read_obo(path, strict=True)
    assert caught.value.line == 4
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "No .Term."),
        (b"format-version: 1.2\n", "No .Term."),
        (b"[Term]\nid: a\nname: \xff\n", "not utf-8"),
        (b"[Term]\nid: a\nname: " + b"x" * (1 << 20), "longer than"),
    ],
)
def test_file_that_is_no_ontology_is_refused(tmp_path, content, message):
    path = tmp_path / "bad.obo"
    path.write_bytes(content)
    with pytest.raises(GraphFormatError, match=message):
        read_obo(path)


def test_byte_order_mark_and_windows_lines_are_read(tmp_path):
    path = tmp_path / "w.obo"
    path.write_bytes(b"\xef\xbb\xbf" + TRAPS.replace("\n", "\r\n").encode())
    document = read_obo(path, strict=True)
    assert document.header["format-version"] == ["1.2"]
    assert len(document) == 5
    assert document.names[2] == "a name that goes on"


@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_written_graph_reads_back(data, graphs, there_and_back):
    alphabet = st.sampled_from("aé :!{}\\\"'\t\n日[],1#")
    graph = data.draw(
        graphs(ids=("text",), directed=(True,), weights=(None,), alphabet=alphabet)
    )
    if graph.n_nodes:
        back = there_and_back(graph, write_obo, read_obo_graph, "g.obo", strict=True)
        assert back == graph


def test_names_are_written_and_misfits_are_refused(tmp_path):
    graph = Graph.from_edges(["a"], ["b"], directed=True)
    write_obo(graph, tmp_path / "g.obo", names={"a": 'the {first} "one"! \\ :'})
    assert read_obo(tmp_path / "g.obo", strict=True).labels() == {
        "a": 'the {first} "one"! \\ :'
    }
    with pytest.raises(GraphValueError, match="undirected"):
        write_obo(graph.symmetrize(), tmp_path / "g.obo")
    weighted = Graph.from_edges(["a"], ["b"], [2.0], directed=True)
    with pytest.raises(GraphValueError, match="unweighted"):
        write_obo(weighted, tmp_path / "g.obo")

"""N-Triples: terms and escapes, literals, prefixes, round trips and bad lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep import Graph
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import KnowledgeGraph
from graphrep.io import read_ntriples, write_ntriples
from graphrep.io._ntriples import read_ntriples_graph

EXAMPLE = r"""# comment
<http://x/a> <http://x/p> <http://x/b> .
<http://x/a><http://x/p><http://x/caf\u00E9>.# tight

_:b1.x	<http://x/p> _:b2.
<http://x/a> <http://x/label> "say \"hi\"\n\U0001F600"@en-GB .
<http://x/a> <http://x/age> "3"^^<http://www.w3.org/2001/XMLSchema#int> .
<http://x/a> <http://x/q> <http://x/b> <http://x/graph> .
<http://x/café> <http://x/q> <http://x/a> _:g .
"""


def _write(tmp_path, text):
    path = tmp_path / "t.nt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_terms_escapes_and_quads_are_understood(tmp_path):
    triples = read_ntriples(_write(tmp_path, EXAMPLE))
    assert list(triples) == [
        ("http://x/a", "http://x/p", "http://x/b"),
        ("http://x/a", "http://x/p", "http://x/café"),
        ("_:b1.x", "http://x/p", "_:b2"),
        ("http://x/a", "http://x/q", "http://x/b"),
        ("http://x/café", "http://x/q", "http://x/a"),
    ]
    assert triples.n_dropped == 2


def test_literals_are_kept_on_request(tmp_path):
    triples = read_ntriples(_write(tmp_path, EXAMPLE), literals="keep")
    tails = [t for _, _, t in triples]
    assert '"say "hi"\n😀"@en-GB' in tails
    assert '"3"^^http://www.w3.org/2001/XMLSchema#int' not in tails
    assert '"3"^^<http://www.w3.org/2001/XMLSchema#int>' in tails
    assert triples.n_dropped == 0


def test_longest_prefix_shortens(tmp_path):
    prefixes = {"x": "http://x/", "c": "http://x/caf"}
    triples = read_ntriples(_write(tmp_path, EXAMPLE), prefixes=prefixes)
    assert list(triples)[1] == ("x:a", "x:p", "c:é")
    clash = _write(tmp_path, "<x:a> <http://x/p> <http://x/a> .\n")
    with pytest.raises(GraphFormatError, match="reads like one shortened") as caught:
        read_ntriples(clash, prefixes=prefixes)
    assert caught.value.line == 1


def test_graph_takes_one_relation_or_all(tmp_path):
    path = _write(tmp_path, EXAMPLE)
    with pytest.raises(GraphFormatError, match="relation= or collapse=True"):
        read_ntriples_graph(path)
    graph = read_ntriples_graph(path, relation="x:q", prefixes={"x": "http://x/"})
    assert graph.neighbors("x:a") == ["x:b"]
    assert graph.n_nodes == 5
    assert read_ntriples_graph(path, collapse=True).n_edges == 4


_CHARACTER = st.characters(exclude_categories=["Cs"])
_IRI = st.text(st.sampled_from("aé日/#-_.~%"), max_size=5).map(
    lambda t: f"http://x/{t}"
)
_BLANK = st.text(st.sampled_from("ab1é-_"), min_size=1, max_size=4).map("_:{}".format)
_LITERAL = st.builds(
    '"{}"{}'.format,
    st.text(_CHARACTER, max_size=6),
    st.sampled_from(["", "@en", "@de-AT", "^^<http://x/t>"]),
)


@given(
    rows=st.lists(
        st.tuples(_IRI | _BLANK, _IRI, _IRI | _BLANK | _LITERAL), min_size=1, max_size=6
    )
)
@settings(max_examples=80, deadline=None)
def test_round_trip_of_any_terms_loses_nothing(rows, there_and_back):
    names = list(dict.fromkeys(x for h, _, t in rows for x in (h, t)))
    kinds = list(dict.fromkeys(r for _, r, _ in rows))
    codes = np.array(
        [(names.index(h), kinds.index(r), names.index(t)) for h, r, t in rows]
    )
    triples = KnowledgeGraph(codes, names, kinds)
    back = there_and_back(
        triples, write_ntriples, read_ntriples, "t.nt.gz", literals="keep"
    )
    assert list(back) == rows


def test_shortened_ids_are_written_in_full(tmp_path):
    prefixes = {"HP": "http://purl.obolibrary.org/obo/HP_"}
    graph = Graph.from_edges(["HP:0000118"], ["HP:0000001"], directed=True)
    path = tmp_path / "g.nt"
    write_ntriples(graph, path, prefixes=prefixes)
    assert "<http://purl.obolibrary.org/obo/HP_0000118> <http" in path.read_text()
    assert read_ntriples_graph(path, prefixes=prefixes) == graph
    numbers = Graph.from_edges([1], [2], directed=True)
    write_ntriples(numbers, path, prefixes={"": "http://x/"})
    back = read_ntriples_graph(path, prefixes={"": "http://x/"})
    assert back.node_ids.tolist() == ["1", "2"]


def test_ids_that_are_no_terms_are_refused(tmp_path):
    path = tmp_path / "g.nt"
    with pytest.raises(GraphValueError, match="'a b' is no absolute IRI"):
        write_ntriples(Graph.from_edges(["a b"], ["http://x/c"]), path)
    with pytest.raises(GraphValueError, match="is a subject"):
        write_ntriples(Graph.from_edges(['"a"'], ["http://x/c"], directed=True), path)
    with pytest.raises(GraphValueError, match="is no IRI"):
        write_ntriples(Graph.from_edges(["x:a"], ["x:c"]), path, relation="_:b")
    assert not path.exists()


GOOD = "<http://x/a> <http://x/p> <http://x/b> .\n"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("", None, "No triples found"),
        ("# only\n", None, "No triples found"),
        ('<http://x/a> <http://x/p> "x" .\n', None, "literals='keep'"),
        (GOOD + "<http://x/a> <http://x/p> <http://x/b>\n", 2, "no triple"),
        (GOOD + "<http://x/a> _:p <http://x/b> .\n", 2, "no triple"),
        (GOOD + '"a" <http://x/p> <http://x/b> .\n', 2, "no triple"),
        (GOOD + "<http://x/a b> <http://x/p> <http://x/b> .\n", 2, "no triple"),
        (GOOD + '<http://x/a> <http://x/p> "open .\n', 2, "no triple"),
        (GOOD + "<http://x/a> <http://x/p> <http://x/b> . x\n", 2, "no triple"),
        (GOOD + r"<http://x/\uD800> <http://x/p> <http://x/b> .", 2, "no character"),
        (GOOD + r"<http://x/\U00110000> <http://x/p> <http://x/b> .", 2, "no char"),
        (GOOD + r"<http://x/\z> <http://x/p> <http://x/b> .", 2, "not known"),
        (GOOD + r"<http://x/\u12> <http://x/p> <http://x/b> .", 2, "not known"),
        (GOOD.encode() + b"\xe9\n", 2, "not utf-8"),
        (GOOD + "a,b\n", 2, "no triple"),
    ],
)
def test_bad_line_is_refused_with_its_number(tmp_path, content, line, message):
    path = _write(tmp_path, content)
    with pytest.raises(GraphFormatError, match=message) as caught:
        read_ntriples(path)
    assert caught.value.line == line
    assert str(path) in str(caught.value)


def test_bad_escape_in_a_dropped_literal_does_not_matter(tmp_path):
    text = GOOD + r'<http://x/a> <http://x/p> "\z" .'
    assert len(read_ntriples(_write(tmp_path, text))) == 1

"""GraphML: round trips, exchange with networkx, and documents that are refused."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep import Graph
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.io._graphml import read_graphml, write_graphml


@given(data=st.data(), name=st.sampled_from(["g.graphml", "g.graphml.gz"]))
@settings(max_examples=60, deadline=None)
def test_round_trip_of_any_graph_loses_nothing(data, name, graphs, there_and_back):
    alphabet = st.sampled_from("aé<>&\"'\t\n\r 日😀1")
    graph = data.draw(graphs(alphabet=alphabet, least_integer=0))
    id_dtype = "int64" if graph.nodes.is_integer and graph.n_nodes else "str"
    if not graph.n_nodes:
        id_dtype = None
    back = there_and_back(
        graph, write_graphml, read_graphml, name, id_dtype=id_dtype, allow_empty=True
    )
    assert back.n_nodes == graph.n_nodes
    if graph.n_nodes:
        assert back == graph
        assert back.dtype == graph.dtype


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("weights", [None, [1.5, 2.0, 0.1]])
def test_networkx_reads_what_we_write_and_we_read_its_files(
    tmp_path, directed, weights
):
    source, target = ["a", "b<&", "c"], ["b<&", "c", "c"]
    nodes = ["a", "b<&", "c", "lone"]
    graph = Graph.from_edges(source, target, weights, nodes=nodes, directed=directed)
    write_graphml(graph, tmp_path / "ours.graphml")
    theirs = nx.read_graphml(tmp_path / "ours.graphml")
    assert list(theirs) == nodes
    assert theirs.is_directed() == directed
    expected = {} if weights is None else {"weight": weights[0]}
    assert theirs.edges["a", "b<&"] == expected
    nx.write_graphml(theirs, tmp_path / "their.graphml")
    assert read_graphml(tmp_path / "their.graphml") == graph


def _document(body: str, edgedefault: str = "undirected", keys: str = "") -> str:
    return (
        '<?xml version="1.0"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        f'{keys}\n<graph edgedefault="{edgedefault}">\n{body}\n</graph>\n</graphml>\n'
    )


NODES = '<node id="a"/><node id="b"/>'
KEY = '<key id="d0" for="edge" attr.name="weight" attr.type="double">{}</key>'


def _read(tmp_path, text, **options):
    path = tmp_path / "g.graphml"
    path.write_text(text, encoding="utf-8")
    return read_graphml(path, **options)


def test_default_weight_and_missing_weight_are_filled_in(tmp_path):
    edges = (
        '<edge source="a" target="b"/><edge source="a" target="a"><data key="d0">3'
        '</data><data key="x">text</data></edge>'
    )
    graph = _read(tmp_path, _document(NODES + edges, keys=KEY.format("")))
    assert graph.edges()[2].tolist() == [3.0, 1.0]
    with_default = KEY.format("<default>0.5</default>")
    graph = _read(tmp_path, _document(NODES + edges, keys=with_default))
    assert graph.edges()[2].tolist() == [3.0, 0.5]
    assert not _read(tmp_path, _document(NODES + edges, keys=KEY), weight=None).weighted


def test_ids_are_integers_only_if_all_are_canonical(tmp_path):
    body = '<node id="7"/><node id="10"/><edge source="7" target="10"/>'
    assert _read(tmp_path, _document(body)).node_ids.tolist() == [7, 10]
    padded = body.replace('"7"', '"007"')
    assert _read(tmp_path, _document(padded)).node_ids.tolist() == ["007", "10"]
    texts = _read(tmp_path, _document(body), id_dtype="str")
    assert texts.node_ids.tolist() == ["7", "10"]
    with pytest.raises(GraphFormatError, match="is no integer"):
        _read(tmp_path, _document(NODES), id_dtype="int64")


def test_edges_before_their_nodes_keep_the_order_of_the_nodes(tmp_path):
    body = '<edge source="b" target="a"/>' + NODES
    graph = _read(tmp_path, _document(body, "directed"))
    assert graph == Graph.from_edges(["b"], ["a"], nodes=["a", "b"], directed=True)


def test_edges_that_agree_among_themselves_decide_the_direction(tmp_path):
    body = NODES + '<edge source="b" target="a" directed="true"/>'
    assert _read(tmp_path, _document(body)).directed


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "no element found"),
        ("<html/>", 1, "root element is <html>"),
        (_document(NODES)[:-20], 5, "not well formed|well formed"),
        (_document(NODES + "\n<edge source='a' target='zz'/>"), 5, "ends at 'zz'"),
        (_document(NODES + "\n<edge source='a'/>"), 5, "lacks the attribute 'target'"),
        (_document(NODES + "\n<node id='a'/>"), 5, "'a' is declared twice"),
        (_document("\n\n<node/>"), 6, "lacks the attribute 'id'"),
        (_document("<hyperedge/>"), 4, "Hyperedges"),
        (
            _document("<node id='a'>\n<graph edgedefault='directed'/></node>"),
            5,
            "second",
        ),
        (_document(NODES, "both"), 3, "edgedefault must be"),
        (
            _document(
                NODES + "<edge source='a' target='b'/>\n"
                "<edge source='a' target='b' directed='true'/>"
            ),
            5,
            "mixed",
        ),
        (
            _document("<node id='a'/>\n<edge source='a' target='a' directed='x'/>"),
            5,
            "tru",
        ),
        ("<graphml>\n<node id='a'/></graphml>", 2, "outside <graph>"),
        (_document(""), None, "No nodes found"),
        (
            _document(NODES, keys=KEY.format("").replace("double", "string")),
            2,
            "attr.type",
        ),
    ],
)
def test_bad_document_is_refused_with_its_line(tmp_path, text, line, message):
    with pytest.raises(GraphFormatError, match=message) as caught:
        _read(tmp_path, text)
    assert caught.value.line == line
    assert "g.graphml" in str(caught.value)


@pytest.mark.parametrize("value", ["1,5", "abc", "", "nan", "inf", "-1"])
def test_bad_weight_is_refused_with_its_line(tmp_path, value):
    edge = f"\n<edge source='a' target='b'><data key='d0'>{value}</data></edge>"
    with pytest.raises(GraphFormatError, match="no finite number") as caught:
        _read(tmp_path, _document(NODES + edge, keys=KEY.format("")))
    assert caught.value.line == 5


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE graphml [<!ENTITY a "b">]>',
        '<!DOCTYPE graphml SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE graphml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_document_types_and_entities_are_refused(tmp_path, doctype):
    text = _document(NODES).replace("<graphml", f"{doctype}<graphml")
    with pytest.raises(GraphFormatError, match="document type or entities"):
        _read(tmp_path, text)


def test_control_characters_cannot_be_written(tmp_path):
    graph = Graph.from_edges(["a\x01"], ["b"])
    with pytest.raises(GraphValueError, match=r"'a\\x01' does not fit"):
        write_graphml(graph, tmp_path / "g.graphml")


def test_other_encodings_are_read(tmp_path):
    text = _document('<node id="é"/>').replace('"1.0"', '"1.0" encoding="ISO-8859-1"')
    (tmp_path / "g.graphml").write_bytes(text.encode("latin-1"))
    assert read_graphml(tmp_path / "g.graphml").node_ids.tolist() == ["é"]


def test_large_weights_and_float32_are_exact(tmp_path):
    weights = np.array([0.1, 1e30], np.float32)
    graph = Graph.from_edges([0, 1], [1, 2], weights)
    write_graphml(graph, tmp_path / "g.graphml")
    back = read_graphml(tmp_path / "g.graphml")
    assert back == graph
    assert back.dtype == np.float32

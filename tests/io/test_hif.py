"""HIF: what is read, what is refused, and that other libraries read what we write."""

from __future__ import annotations

import json
import types

import pytest

from graphrep import Hypergraph, as_hypergraph
from graphrep.exceptions import (
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    GraphWarning,
)
from graphrep.io import read_hif, write_hif

ID = {"type": ["string", "integer"]}
NUMBER, ATTRS = {"type": "number"}, {"type": "object"}


def _records(required, **properties):
    return {
        "type": "array",
        "items": {
            "type": "object",
            "required": required,
            "properties": properties | {"weight": NUMBER, "attrs": ATTRS},
            "additionalProperties": False,
        },
    }


SCHEMA = {  # what the standard says, in the words of JSON Schema
    "type": "object",
    "required": ["incidences"],
    "additionalProperties": False,
    "properties": {
        "network-type": {"enum": ["undirected", "directed", "asc"]},
        "metadata": ATTRS,
        "incidences": _records(
            ["edge", "node"], edge=ID, node=ID, direction={"enum": ["head", "tail"]}
        ),
        "nodes": _records(["node"], node=ID),
        "edges": _records(["edge"], edge=ID),
    },
}


def rich():
    return Hypergraph(
        [("a", "bé"), (), ("bé", "c")], nodes=["z", "a", "bé", "c"], edge_ids=[7, 3, 9],
        weights=[1, 0.1, 2], multiplicities=[2, 1, 1], node_labels={"a": "Ä"},
        edge_labels={9: "nine"},
    )  # fmt: skip


def plain():
    return Hypergraph([(0, 1, 2), (1, 2), (), (5,)], nodes=7)


def _write(folder, hif):
    path = folder / "h.json"
    path.write_text(hif if isinstance(hif, str) else json.dumps(hif), encoding="utf-8")
    return path


# -- writing and reading back --------------------------------------------------------
@pytest.mark.parametrize(
    "suffix", [".json", ".hif", ".json.gz", ".json.xz", ".json.zst"]
)
@pytest.mark.parametrize("h", [rich(), plain(), Hypergraph([])])
def test_file_when_written_and_read_then_the_same_and_the_same_bytes(
    tmp_path, suffix, h
):
    if suffix.endswith(".zst"):
        pytest.importorskip("zstandard")
    one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    write_hif(h, one)
    back = read_hif(one)
    assert back == h
    assert back.nodes.is_integer == h.nodes.is_integer
    write_hif(back, two)
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [one.name, two.name]


def test_file_when_written_then_json_that_fits_the_standard(tmp_path):
    check = pytest.importorskip("fastjsonschema").compile(SCHEMA)
    for h in (rich(), plain(), Hypergraph([])):
        path = tmp_path / "h.json"
        write_hif(h, path, metadata={"title": "x"})
        data = json.loads(path.read_text(encoding="utf-8"))
        check(data)
        check(h.to_hif())
        assert data["metadata"] == {"title": "x"}
        assert {k: v for k, v in data.items() if k != "metadata"} == {
            k: v for k, v in h.to_hif().items() if k != "metadata"
        }


def test_many_records_when_written_then_all_are_there(tmp_path):
    h = Hypergraph([(i, i + 1) for i in range(5000)])
    write_hif(h, tmp_path / "h.json")
    assert read_hif(tmp_path / "h.json") == h


@pytest.mark.parametrize(
    ("h", "says"),
    [
        (Hypergraph([[(1, 2)]]), "node \\(1, 2\\) is of type tuple"),
        (Hypergraph([[1]], edge_ids=[2.5j]), "hyperedge 2.5j is of type complex"),
    ],
)
def test_ids_when_json_cannot_hold_them_then_said(h, says):
    with pytest.raises(GraphTypeError, match=says):
        h.to_hif()


def test_writing_when_something_cannot_be_told_then_no_file(tmp_path):
    path = tmp_path / "h.json"
    with pytest.raises(GraphTypeError, match="metadata"):
        write_hif(plain(), path, metadata={"x": {1, 2}})
    with pytest.raises(GraphTypeError, match="metadata"):
        write_hif(plain(), path, metadata={"x": float("nan")})
    with pytest.raises(GraphValueError, match="Unicode"):
        write_hif(Hypergraph([["\ud800"]]), path)
    assert not list(tmp_path.iterdir())


# -- other libraries -----------------------------------------------------------------
@pytest.mark.parametrize("h", [rich(), plain()], ids=["rich", "plain"])
def test_file_when_xgi_reads_it_then_the_same_hyperedges(tmp_path, h):
    xgi = pytest.importorskip("xgi")
    write_hif(h, tmp_path / "h.json")
    foreign = xgi.read_hif(str(tmp_path / "h.json"))
    back = as_hypergraph(foreign, nodes=h.nodes)
    assert {e: set(m) for e, m in zip(back.edge_ids, back, strict=True)} == {
        e: set(m) for e, m in zip(h.edge_ids, h, strict=True)
    }
    assert back.node_labels == h.node_labels
    xgi.write_hif(foreign, str(tmp_path / "x.json"))
    again = read_hif(tmp_path / "x.json")
    assert again.n_nodes == h.n_nodes
    assert sorted(again.sizes.tolist()) == sorted(h.sizes.tolist())


def test_file_when_hypergraphx_reads_it_then_the_same_hyperedges(tmp_path):
    pytest.importorskip("hypergraphx")
    from hypergraphx.readwrite import read_hif as read

    h = Hypergraph(
        [("a", "b"), ("b", "c", "d")], edge_ids=["x", "y"], nodes=list("zabcd")
    )
    write_hif(h, tmp_path / "h.json")
    back = as_hypergraph(read(str(tmp_path / "h.json")), nodes=h.nodes)
    assert back == h


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_file_when_hypernetx_reads_it_then_the_same_hyperedges(tmp_path, monkeypatch):
    hnx = pytest.importorskip("hypernetx")
    answer = types.SimpleNamespace(text=json.dumps(SCHEMA))  # it would ask the network
    monkeypatch.setattr(hnx.hif.requests, "get", lambda url: answer)
    h = Hypergraph([("a", "b"), ("b", "c", "d")], edge_ids=["x", "y"], weights=[1, 0.5])
    write_hif(h, tmp_path / "h.json")
    foreign = hnx.from_hif(filename=str(tmp_path / "h.json"))
    assert as_hypergraph(foreign) == h
    assert as_hypergraph(hnx.to_hif(foreign)).counts.tolist() == [1, 1]


# -- reading -------------------------------------------------------------------------
def test_ids_when_numbers_and_texts_then_kept_apart():
    h = as_hypergraph(
        {"incidences": [{"edge": "1", "node": 2}, {"edge": "1", "node": 1}]}
    )
    assert h.node_ids.tolist() == [1, 2]
    assert list(h.edge_ids) == ["1"]
    mixed = {"incidences": [{"edge": 0, "node": 1}, {"edge": 0, "node": "1"}]}
    with pytest.raises(GraphValueError, match="'1'"):
        as_hypergraph(mixed)


def test_order_when_records_are_complete_then_theirs_else_the_usual():
    incidences = [{"edge": "f", "node": 5}, {"edge": "e", "node": 3}]
    listed = {"nodes": [{"node": 5}, {"node": 9}, {"node": 3}]}
    h = as_hypergraph({"incidences": incidences, **listed})
    assert h.node_ids.tolist() == [5, 9, 3]
    assert list(h.edge_ids) == ["f", "e"]
    h = as_hypergraph({"incidences": incidences, "nodes": [{"node": 9}]})
    assert h.node_ids.tolist() == [3, 5, 9]
    h = as_hypergraph({"incidences": incidences, "edges": [{"edge": "g"}]})
    assert list(h.edge_ids) == ["f", "e", "g"]
    assert h.sizes.tolist() == [1, 1, 0]


def test_attributes_when_there_then_weight_label_and_multiplicity_are_read():
    h = as_hypergraph(
        {
            "network-type": "asc",
            "metadata": {"x": 1},
            "incidences": [{"edge": 1, "node": "a", "attrs": {"t": 3}, "weight": 1}],
            "nodes": [{"node": "a", "weight": 2, "attrs": {"name": "A", "x": []}}],
            "edges": [
                {
                    "edge": 1,
                    "attrs": {"weight": 2.5, "label": "one", "multiplicity": 3},
                },
                {"edge": 2, "attrs": {"weight": "heavy"}},
            ],
        }
    )
    assert h.weights.tolist() == [2.5, 1]
    assert h.counts.tolist() == [3, 1]
    assert h.node_labels == {"a": "A"}
    assert h.edge_labels == {1: "one"}


def test_weights_of_incidences_when_there_then_told(tmp_path):
    hif = {"incidences": [{"edge": 1, "node": 2, "weight": 0.5}]}
    with pytest.warns(GraphWarning, match="1 incidences have a weight"):
        read_hif(_write(tmp_path, hif))


INCIDENCE = {"edge": 1, "node": 2}


@pytest.mark.parametrize(
    ("hif", "says"),
    [
        ({}, "needs the key 'incidences'"),
        ([], "an object at the top"),
        ({"incidences": {}}, "incidences must be a list"),
        ({"incidences": [], "nodes": None}, "nodes must be a list; got None"),
        ({"incidences": [], "type": "undirected"}, "HIF has no key 'type'"),
        ({"incidences": [], "network-type": "multi"}, "network-type must be one of"),
        ({"incidences": [], "network-type": "directed"}, "it is directed"),
        ({"incidences": [], "metadata": []}, "metadata must be an object"),
        ({"incidences": [3]}, r"incidences\[0\] must be an object; got 3"),
        (
            {"incidences": [INCIDENCE, {"edge": 1}]},
            r"incidences\[1\] .*'node'; got None",
        ),
        ({"incidences": [{"edge": 1.5, "node": 1}]}, "integer as 'edge'; got 1.5"),
        ({"incidences": [{"edge": 1, "node": True}]}, "'node'; got True"),
        ({"incidences": [INCIDENCE | {"w": 1}]}, r"incidences\[0\] has the key 'w'"),
        ({"incidences": [INCIDENCE | {"weight": "1"}]}, "has the weight '1'"),
        ({"incidences": [INCIDENCE | {"attrs": 1}]}, r"attrs of incidences\[0\]"),
        ({"incidences": [INCIDENCE | {"direction": "up"}]}, "direction 'up'"),
        ({"incidences": [INCIDENCE | {"direction": "head"}]}, "it is directed"),
        ({"incidences": [], "nodes": [{"edge": 1}]}, r"nodes\[0\] has the key 'edge'"),
        ({"incidences": [], "edges": [{"edge": 1}] * 2}, "second record of the edge 1"),
        (
            {"incidences": [], "edges": [{"edge": 1, "attrs": {"multiplicity": 0}}]},
            "multiplicity 0",
        ),
    ],
)
def test_file_when_it_breaks_the_standard_then_says_where(tmp_path, hif, says):
    path = _write(tmp_path, hif)
    with pytest.raises(GraphFormatError, match=says) as caught:
        read_hif(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("", "no JSON", 1),
        ('{"incidences":\n [', "no JSON", 2),
        ('{"incidences": [],\n\n "nodes": [}', "no JSON", 3),
        ('{"incidences": [{"edge": 1, "node": 1, "weight": NaN}]}', "NaN", None),
        ("[" * 200_000, "no JSON", None),
    ],
    ids=["empty", "cut", "syntax", "nan", "deep"],
)
def test_file_when_no_json_then_says_the_line(tmp_path, text, says, line):
    with pytest.raises(GraphFormatError, match=says) as caught:
        read_hif(_write(tmp_path, text))
    assert caught.value.line == line


def test_file_when_not_utf8_or_with_a_mark_then_told_or_read(tmp_path):
    path = tmp_path / "h.json"
    path.write_bytes(b'{\n"incidences": [{"edge": "\xe9", "node": 1}]}')
    with pytest.raises(GraphFormatError, match="offset 27 is not UTF-8") as caught:
        read_hif(path)
    assert caught.value.line == 2
    path.write_bytes(b'\xef\xbb\xbf{"incidences": []}')
    assert read_hif(path).n_nodes == 0


def test_dictionary_of_members_when_a_key_is_incidences_then_no_hif():
    h = as_hypergraph({"incidences": (1, 2), "other": (2, 3)})
    assert list(h.edge_ids) == ["incidences", "other"]

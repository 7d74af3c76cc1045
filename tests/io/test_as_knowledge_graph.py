"""as_knowledge_graph: statements in every form people have, and what is refused."""

from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from graphrep import KnowledgeGraph, as_knowledge_graph
from graphrep.exceptions import GraphTypeError, GraphValueError

ROWS = [("b", "treats", "a"), ("a", "is", "c"), ("c", "treats", "a")]
EXPECTED = KnowledgeGraph(
    [[0, 0, 1], [1, 1, 2], [2, 0, 1]], ["b", "a", "c"], ["treats", "is"]
)
FRAME = pd.DataFrame(ROWS, columns=["head", "relation", "tail"])


@pytest.mark.parametrize(
    "x",
    [
        ROWS,
        tuple(ROWS),
        [list(row) for row in ROWS],
        np.array(ROWS),
        np.array(ROWS, object),
        FRAME,
        FRAME.astype("category"),
        FRAME.rename(columns={"head": "s", "relation": "p", "tail": "o"}),
        pl.DataFrame(FRAME),
        pa.Table.from_pandas(FRAME),
        EXPECTED,
    ],
    ids=lambda x: type(x).__module__ + "." + type(x).__name__,
)
def test_statements_when_in_any_form_then_the_same(x):
    assert as_knowledge_graph(x) == EXPECTED


def test_statements_when_integers_then_they_stay_ints_ascending():
    rows = np.array([[30, 7, 10], [10, 5, 20]])
    for x in (
        rows,
        rows.tolist(),
        rows.astype(np.uint8),
        pd.DataFrame(rows, columns=["h", "r", "t"]),
    ):
        graph = as_knowledge_graph(x)
        assert graph.entities.ids.tolist() == [10, 20, 30]
        assert graph.relations.ids.tolist() == [5, 7]
        assert graph.labelled().tolist() == rows.tolist()


def test_table_when_weighted_then_weights_are_read():
    frame = FRAME.assign(weight=[1.0, 2.0, 3.0])
    assert as_knowledge_graph(frame).weights.tolist() == [1, 2, 3]
    assert as_knowledge_graph(frame, weight=None).weights is None
    renamed = frame.rename(columns={"head": "from", "tail": "to"})
    graph = as_knowledge_graph(renamed, columns=("from", "relation", "to"))
    assert graph.take(slice(None)) == as_knowledge_graph(frame)


def test_vocabularies_when_given_then_used_and_unknown_ids_refused():
    names, kinds = ["a", "b", "c", "d"], ["is", "was", "treats"]
    graph = as_knowledge_graph(ROWS, entities=names, relations=kinds)
    assert graph.entities.ids.tolist() == names
    assert graph.relations.ids.tolist() == kinds
    assert list(graph) == ROWS
    again = as_knowledge_graph(EXPECTED, entities=graph.entities, relations=kinds)
    assert again == graph
    with pytest.raises(GraphValueError, match="'c' is not among the 2 entities"):
        as_knowledge_graph(ROWS, entities=["a", "b"])
    with pytest.raises(GraphValueError, match="'treats' is not among the 1 relations"):
        as_knowledge_graph(ROWS, relations=["is"])


def test_networkx_when_multigraph_then_key_or_attribute_is_the_relation():
    graph = nx.MultiDiGraph()
    graph.add_node("lonely")
    graph.add_edge("b", "a", key="treats")
    graph.add_edge("b", "a", relation="is", weight=2)
    found = as_knowledge_graph(graph)
    assert list(found) == [("b", "treats", "a"), ("b", "is", "a")]
    assert found.n_entities == 3
    assert found.weights.tolist() == [1, 2]
    plain = nx.DiGraph([("a", "b", {"relation": "is"})])
    assert list(as_knowledge_graph(plain)) == [("a", "is", "b")]
    back = as_knowledge_graph(EXPECTED.to_networkx())
    assert set(back) == set(EXPECTED)
    with pytest.raises(GraphValueError, match="no attribute 'relation'"):
        as_knowledge_graph(nx.DiGraph([("a", "b")]))
    with pytest.raises(GraphTypeError, match="no heads and tails"):
        as_knowledge_graph(nx.MultiGraph([("a", "b")]))


def test_hetero_data_then_all_kinds_are_taken():
    torch = pytest.importorskip("torch")
    data = pytest.importorskip("torch_geometric.data").HeteroData()
    data["drug"].num_nodes = 2
    data["disease"].num_nodes = 3
    data["drug", "treats", "disease"].edge_index = torch.tensor([[0, 1], [2, 0]])
    data["disease", "is", "disease"].edge_index = torch.tensor([[1], [2]])
    graph = as_knowledge_graph(data)
    assert (graph.n_entities, graph.n_relations) == (5, 2)
    assert next(iter(graph)) == (
        ("drug", 0),
        ("drug", "treats", "disease"),
        ("disease", 2),
    )
    with pytest.raises(GraphTypeError, match="one kind of edge"):
        as_knowledge_graph(pytest.importorskip("torch_geometric.data").Data())


def test_pykeen_factory_then_its_numbers_stay():
    class TriplesFactory(SimpleNamespace):
        pass

    TriplesFactory.__module__ = "pykeen.triples.triples_factory"
    factory = TriplesFactory(
        mapped_triples=np.array([[1, 0, 0]]),
        entity_to_id={"x": 1, "a": 0},
        relation_to_id={"is": 0},
        num_entities=2,
        num_relations=1,
    )
    graph = as_knowledge_graph(factory)
    assert graph.triples.tolist() == [[1, 0, 0]]
    assert list(graph) == [("x", "is", "a")]
    core = TriplesFactory(
        mapped_triples=np.array([[1, 0, 0]]), num_entities=3, num_relations=1
    )
    assert as_knowledge_graph(core).n_entities == 3


def test_path_when_triples_or_ntriples_then_read(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("".join("\t".join(row) + "\n" for row in ROWS))
    assert as_knowledge_graph(path) == EXPECTED
    assert as_knowledge_graph(str(path), format="triples") == EXPECTED
    path = tmp_path / "t.nt"
    path.write_text("<http://x/a> <http://x/r> <http://x/b> .\n")
    assert list(as_knowledge_graph(path)) == [
        ("http://x/a", "http://x/r", "http://x/b")
    ]
    with pytest.raises(GraphValueError, match="format must be one of"):
        as_knowledge_graph(path, format="pdf")


@pytest.mark.parametrize(
    ("x", "error", "match"),
    [
        (7, GraphTypeError, "cannot read a int; it takes a KnowledgeGraph"),
        ([("a", "b")], GraphValueError, "Statement 0 has 2 members"),
        ([ROWS[0], "abc"], GraphValueError, "Statement 1 is 'abc'"),
        ([("a", None, "b")], GraphValueError, "Statement 0 misses a member"),
        ([("a", "r", float("nan"))], GraphValueError, "Statement 0 misses"),
        ([(["a"], "r", "b")], GraphTypeError, "Every id must be hashable"),
        (np.zeros((2, 2), int), GraphValueError, r"\(n_triples, 3\); got \(2, 2\)"),
        (np.zeros((2, 3)), GraphTypeError, "array of float64"),
        (FRAME.drop(columns="tail"), GraphValueError, r"columns=\(head, relation, t"),
    ],
)
def test_statements_when_malformed_then_one_sentence(x, error, match):
    with pytest.raises(error, match=match):
        as_knowledge_graph(x)


def test_a_pandas_table_without_names_stands_in_order():
    pd = pytest.importorskip("pandas")
    rows = [("01", "r", "02"), ("02", "s", "01")]
    assert as_knowledge_graph(pd.DataFrame(rows)) == as_knowledge_graph(rows)
    with pytest.raises(GraphValueError, match="no columns head, relation, tail"):
        as_knowledge_graph(pd.DataFrame([(*row, 1) for row in rows]))
    with pytest.raises(GraphValueError, match="no columns head, relation, tail"):
        as_knowledge_graph(pd.DataFrame(rows, columns=["a", "b", "c"]))

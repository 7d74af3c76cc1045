"""KnowledgeGraph: vocabularies, parts, inverses, exchange and refusals."""

import pickle

import networkx as nx
import numpy as np
import pytest

from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph import KnowledgeGraph

ROWS = [[0, 0, 1], [1, 1, 2], [0, 0, 1], [2, 0, 0]]


def _kg(**options) -> KnowledgeGraph:
    return KnowledgeGraph(ROWS, ["a", "b", "c", "lonely"], ["treats", "is"], **options)


def test_knowledge_graph_when_ids_are_given_then_they_survive():
    kg = _kg()
    assert (len(kg), kg.n_entities, kg.n_relations) == (4, 4, 2)
    assert kg.labelled().tolist() == [
        ["a", "treats", "b"],
        ["b", "is", "c"],
        ["a", "treats", "b"],
        ["c", "treats", "a"],
    ]
    assert kg.encode(kg.labelled()).tolist() == ROWS
    assert repr(kg) == "KnowledgeGraph(4 triples, 4 entities, 2 relations)"


def test_knowledge_graph_when_no_ids_then_numbered_as_ints():
    kg = KnowledgeGraph(np.array(ROWS, np.uint8))
    assert kg.triples.dtype == np.int64
    assert kg.entities.ids.tolist() == [0, 1, 2]
    assert kg.labelled().tolist() == ROWS


def test_knowledge_graph_when_the_source_changes_then_it_does_not():
    rows = np.array(ROWS)
    kg = KnowledgeGraph(rows)
    rows[:] = 0
    assert kg.triples.tolist() == ROWS
    with pytest.raises(ValueError, match="read-only"):
        kg.triples[0, 0] = 1


def test_without_duplicates_when_weighted_then_weights_are_added():
    kg = _kg(weights=[1, 2, 4, 8]).without_duplicates()
    assert kg.triples.tolist() == [[0, 0, 1], [1, 1, 2], [2, 0, 0]]
    assert kg.weights is not None
    assert kg.weights.tolist() == [5, 2, 8]
    assert _kg().without_duplicates().weights is None


def test_with_inverses_then_each_triple_is_there_backwards():
    kg = _kg(weights=[1, 2, 4, 8]).with_inverses()
    assert kg.relations.ids.tolist() == [
        "treats",
        "is",
        "treats_inverse",
        "is_inverse",
    ]
    assert kg.labelled()[5].tolist() == ["c", "is_inverse", "b"]
    assert kg.weights is not None
    assert kg.weights.tolist() == [1, 2, 4, 8, 1, 2, 4, 8]


def test_take_when_mask_or_rows_then_the_vocabularies_stay():
    kg = _kg(weights=[1, 2, 4, 8])
    assert kg.take([1, 3]) == kg.take(np.array([False, True, False, True]))
    assert kg.take([1]).n_entities == 4


def test_equality_and_pickle_then_all_parts_count():
    kg = _kg(weights=[1, 2, 4, 8])
    assert pickle.loads(pickle.dumps(kg)) == kg
    assert kg != _kg()
    assert kg != kg.take([0])
    assert kg != "something else"


def test_graph_then_an_edge_for_each_pair():
    graph = _kg().graph(collapse=True)
    assert graph.directed
    assert (graph.n_nodes, graph.n_edges) == (4, 3)
    assert graph.nodes.ids.tolist() == ["a", "b", "c", "lonely"]
    assert _kg().graph("treats").n_edges == 2
    assert _kg().graph("treats", duplicates="sum").weighted
    heavy = _kg(weights=[1, 2, 4, 8]).graph("is", weighted=True)
    assert heavy.to_scipy().sum() == 2


def test_graph_when_it_may_be_meant_in_two_ways_then_refused():
    with pytest.raises(GraphValueError, match=r"2 relations .*Choose relation="):
        _kg().graph()
    with pytest.raises(GraphValueError, match="'causes' is not among the 2 relations"):
        _kg().graph("causes")
    with pytest.raises(GraphValueError, match="have no weights"):
        _kg().graph("is", weighted=True)


def test_labels_and_n_dropped_when_given_then_kept():
    kg = _kg(labels={"a": "Aspirin", "b": ("Pain", "ache")}, n_dropped=3)
    assert kg.labels == {"a": ("Aspirin",), "b": ("Pain", "ache")}
    assert kg.take([0]).labels == kg.with_inverses().labels == kg.labels
    back = pickle.loads(pickle.dumps(kg))
    assert (back, back.n_dropped) == (kg, 3)
    assert kg != _kg()
    assert list(kg) == [tuple(row) for row in kg.labelled().tolist()]


def test_to_frame_and_networkx_then_nothing_is_lost():
    kg = _kg(weights=[1, 2, 4, 8]).without_duplicates()
    frame = kg.to_frame()
    assert frame.columns.tolist() == ["head", "relation", "tail", "weight"]
    assert frame.iloc[:, :3].to_numpy().tolist() == kg.labelled().tolist()
    out = kg.to_networkx()
    assert isinstance(out, nx.MultiDiGraph)
    assert set(out.nodes) == {"a", "b", "c", "lonely"}
    assert out.edges["b", "c", "is"]["weight"] == 2


def test_knowledge_graph_when_empty_then_it_is_whole():
    kg = KnowledgeGraph([], ["a"], ["r"])
    assert (len(kg), kg.n_entities, kg.n_relations) == (0, 1, 1)
    assert kg.with_inverses().n_relations == 2
    assert kg.labelled().shape == (0, 3)
    assert kg.encode([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("triples", "options", "error", "match"),
    [
        ([[0, 1]], {}, GraphValueError, r"\(n_triples, 3\); got \(1, 2\)"),
        ([[0.5, 0, 1]], {}, GraphTypeError, "must be integers"),
        ([["a", "r", "b"]], {}, GraphTypeError, "must be integers"),
        ([[0, 0, 1], [0, 0, 7]], {"entities": "ab"}, GraphValueError, "tail of.* 1 is"),
        ([[0, 3, 1]], {"relations": ["r"]}, GraphValueError, "relation of triple 0"),
        ([[-1, 0, 1]], {}, GraphValueError, "head of triple 0 is -1"),
        ([[0, 0, 1]], {"weights": [1, 2]}, GraphValueError, "one weight for each"),
        ([[0, 0, 1]], {"weights": [0.0]}, GraphValueError, "triple 0 is 0.0"),
        ([[0, 0, 1]], {"weights": [np.nan]}, GraphValueError, "positive and finite"),
    ],
)
def test_knowledge_graph_when_malformed_then_one_sentence(
    triples, options, error, match
):
    if isinstance(options.get("entities"), str):
        options = {**options, "entities": list(options["entities"])}
    with pytest.raises(error, match=match):
        KnowledgeGraph(triples, **options)


def test_encode_when_id_is_unknown_then_it_is_named():
    with pytest.raises(NodeNotFoundError, match="ghost"):
        _kg().encode([("a", "treats", "ghost")])
    with pytest.raises(GraphValueError, match="Triple 1 has 2 members"):
        _kg().encode([("a", "treats", "b"), ("a", "b")])


def test_to_hetero_data_then_one_edge_type_each():
    pytest.importorskip("torch_geometric")
    graph = KnowledgeGraph([[0, 0, 1], [2, 1, 0], [1, 0, 2]], list("abc"), ["r", 7])
    data = graph.to_hetero_data()
    assert data["entity"].num_nodes == 3
    assert data["entity", "r", "entity"].edge_index.tolist() == [[0, 1], [1, 2]]
    assert data["entity", "7", "entity"].edge_index.tolist() == [[2], [0]]


def test_to_pykeen_then_the_same_numbers():
    pytest.importorskip("pykeen")
    from graphrep import as_knowledge_graph

    graph = KnowledgeGraph([[0, 0, 1], [2, 1, 0]], list("abcd"), ["r", "s"])
    factory = graph.to_pykeen()
    assert (factory.num_entities, factory.num_relations) == (4, 2)
    assert as_knowledge_graph(factory).triples.tolist() == graph.triples.tolist()

"""A graph goes through scikit-learn's tools as a matrix does, and keeps its ids."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import graphrep
from graphrep import Graph
from graphrep.embedding import AdjacencySVD
from graphrep.exceptions import GraphTypeError


def _graph():
    return Graph.from_edges(list("abcad"), list("bcdde"), [1.0, 2, 1, 3, 1])


@pytest.mark.parametrize("given", ["graph", "networkx", "edges"])
@pytest.mark.parametrize("kind", [graphrep.FastRP, AdjacencySVD])
def test_frame_when_nodes_have_ids_then_they_are_its_index(kind, given):
    pytest.importorskip("pandas")
    graph = _graph()
    x = {"graph": graph, "networkx": graph.to_networkx(), "edges": graph.to_frame()}
    model = kind(2).set_output(transform="pandas")
    frame = model.fit_transform(x[given])
    assert frame.index.tolist() == model.node_ids_.tolist()
    assert sorted(frame.index) == list("abcde")
    assert list(frame.columns) == model.get_feature_names_out().tolist()
    again = model.transform(x[given])
    np.testing.assert_array_equal(again.loc["d"], frame.loc["d"])
    new = model.transform(np.eye(5, dtype=np.float32)[:2])  # nodes without ids
    assert new.index.tolist() == [0, 1]


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("as_list", [True, False])
def test_matrix_when_it_may_be_a_list_of_edges_then_refused_as_by_as_graph(
    size, as_list
):
    numbers = 1 - np.eye(size, dtype=int)
    given = numbers.tolist() if as_list else numbers
    for take in (graphrep.as_graph, graphrep.FastRP(2).fit, AdjacencySVD(2).fit):
        with pytest.raises(GraphTypeError, match=r"may be a list of edges"):
            take(given)
        take(numbers.astype(float))


@pytest.mark.parametrize("kind", [graphrep.FastRP, AdjacencySVD])
def test_cross_validation_when_a_graph_then_its_ids_are_in_every_fold(kind, two_groups):
    a, y = two_groups
    graph = Graph(a, nodes=[f"v{i}" for i in range(len(a))])
    pipeline = make_pipeline(kind(16), StandardScaler(), LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=3)
    assert search.fit(graph, y).best_score_ > 0.8
    folds = cross_validate(pipeline, graph, y, cv=3, return_estimator=True)
    ids = [set(model[0].node_ids_) for model in folds["estimator"]]
    assert set.union(*ids) == set(graph.nodes)
    assert [len(part) for part in ids] == [40] * 3

"""Node classification: the protocol, forms of labels, the same splits for all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import FastRP, Graph
from graphrep.datasets import load_karate
from graphrep.embedding import AdjacencySVD
from graphrep.evaluation import NeighbourhoodScore, NodeClassificationEvaluator
from graphrep.evaluation._node_labels import read_labels
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.model_selection import node_classification


@pytest.fixture(scope="module")
def karate():
    return load_karate()


@pytest.fixture(scope="module")
def vectors(karate):
    return FastRP(8, random_state=0).fit_transform(karate.graph)


def quick(**changes) -> NodeClassificationEvaluator:
    settings = {"train_fractions": (0.5,), "n_splits": 4}
    return NodeClassificationEvaluator(**{**settings, **changes})


def test_evaluate_when_single_label_then_as_node_classification(karate, vectors):
    found = quick().evaluate(karate.graph, vectors, karate.y)
    seeds = np.random.SeedSequence(0).generate_state(4).tolist()
    expected = [
        node_classification(
            vectors, karate.y, train_fractions=(0.5,), n_splits=1, standardize=True,
            random_state=seed,
        )[0.5]
        for seed in seeds
    ]  # fmt: skip
    row = found.rows()[0]
    for metric in ("micro", "macro"):
        values = [r[metric] for r in expected]
        assert row[metric] == pytest.approx(np.mean(values))
        assert row[f"{metric}_sd"] == pytest.approx(np.std(values, ddof=1))
    assert row["labels"] == "2 labels, one a node"
    assert (row["C"], row["standardize"], row["n_labelled"]) == (1.0, True, 34)


def test_evaluate_when_labels_come_in_any_form_then_same_rows(karate, vectors):
    y = karate.y
    ids = karate.graph.node_ids.tolist()
    onehot = (y[:, None] == np.unique(y)[None, :]).astype(int)
    forms = [
        y.tolist(), dict(zip(ids, y.tolist(), strict=True)), onehot,
        sparse.csr_array(onehot), [[value] for value in y.tolist()],
    ]  # fmt: skip
    first = quick().evaluate(karate.graph, vectors, y).rows()
    for labels in forms:
        assert quick().evaluate(karate.graph, vectors, labels).rows() == first


def test_evaluate_when_rows_are_permuted_then_same_figures(karate, vectors):
    order = np.random.default_rng(0).permutation(34)
    graph = karate.graph
    other = Graph(
        graph.to_scipy().toarray()[np.ix_(order, order)], nodes=graph.node_ids[order]
    )
    first = quick().evaluate(graph, vectors, karate.y).rows()[0]
    second = quick().evaluate(other, vectors[order], karate.y[order]).rows()[0]
    assert first["micro"] == pytest.approx(second["micro"])
    assert first["macro"] == pytest.approx(second["macro"])


def test_evaluate_when_multi_label_then_nodes_without_one_are_left_out(karate, vectors):
    y = karate.y.tolist()
    labels = [None if i % 5 == 0 else {y[i], f"odd{i % 2}"} for i in range(34)]
    row = quick().evaluate(karate.graph, vectors, labels).rows()[0]
    assert row["labels"].endswith("several a node")
    assert row["n_labelled"] == 27
    assert 0 < row["macro"] <= 1


def test_evaluate_when_several_embeddings_then_compared_on_same_splits(karate, vectors):
    rng = np.random.default_rng(0)
    models = {"frp": vectors, "noise": rng.normal(size=(34, 8)), "svd": AdjacencySVD(4)}
    found = quick(n_splits=6).evaluate(karate.graph, models, karate.y)
    assert [row["embedding"] for row in found.rows()] == ["frp", "noise", "svd"]
    (row,) = found.compare("frp", "noise", "micro")
    assert row["difference"] > 0.2
    assert row["p_value"] < 0.05
    assert row["train_fraction"] == 0.5
    twin = quick(n_splits=6).evaluate(
        karate.graph, {"a": vectors, "b": vectors}, karate.y
    )
    assert twin.compare("a", "b", "micro")[0]["difference"] == 0


def test_evaluate_when_there_are_no_vectors_then_refused(karate):
    with pytest.raises(GraphValueError, match="no vectors to learn from"):
        quick().evaluate(karate.graph, NeighbourhoodScore(), karate.y)


def test_read_labels_when_wrong_then_error_says_what(karate):
    graph = karate.graph
    with pytest.raises(GraphValueError, match="34 nodes; got 3 rows"):
        read_labels(graph, [1, 2, 3])
    with pytest.raises(GraphValueError, match="two labels or more"):
        read_labels(graph, {"nobody": 1})
    with pytest.raises(GraphTypeError, match="labels must be"):
        read_labels(graph, "a")


def test_read_labels_when_ids_are_numbers_and_keys_are_texts_then_found(karate):
    graph = karate.graph
    pairs = zip(graph.node_ids.tolist(), karate.y.tolist(), strict=True)
    read = read_labels(graph, {str(node): label for node, label in pairs})
    assert read.n_labelled == 34

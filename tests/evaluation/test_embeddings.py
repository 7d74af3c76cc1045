"""Embeddings in every form, brought into the order of the graph's nodes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import graphrep as gr
from graphrep.evaluation._embeddings import read_embedding
from graphrep.evaluation._scores import pair_scorer
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Vectors

GRAPH = gr.Graph.from_edges(["c", "a", "b"], ["a", "b", "d"])
X = np.arange(8.0).reshape(4, 2)


def _by_id():
    return dict(zip(GRAPH.node_ids.tolist(), X, strict=True))


def _gensim():
    ids = sorted(_by_id())
    keys = {node: i for i, node in enumerate(ids)}
    return SimpleNamespace(
        key_to_index=keys, vectors=np.stack([_by_id()[i] for i in ids])
    )


@pytest.mark.parametrize(
    "value",
    [
        X,
        X.tolist(),
        Vectors(X[::-1], GRAPH.node_ids[::-1]),
        {"extra": [9.0, 9.0], **dict(sorted(_by_id().items()))},
        pd.DataFrame(_by_id()).T.sort_index(),
        _gensim(),
    ],
    ids=["array", "list", "vectors", "mapping", "frame", "keyed_vectors"],
)
def test_embedding_when_in_any_form_then_rows_follow_the_graph(value):
    assert read_embedding(GRAPH, value).source.tolist() == X.tolist()


@pytest.mark.parametrize("suffix", [".npy", ".csv", ".w2v"])
def test_embedding_when_a_file_then_read_and_named(tmp_path, suffix):
    path = tmp_path / f"v{suffix}"
    gr.io.write_vectors(Vectors(X[::-1], GRAPH.node_ids[::-1]), path)
    found = read_embedding(GRAPH, path)
    assert (found.name, found.kind) == (path.name, "file")
    assert found.source.tolist() == X.tolist()


def test_embedding_when_a_text_names_no_file_then_told_what_to_pass():
    with pytest.raises(FileNotFoundError, match=r"'fastrp'.* pass its class"):
        read_embedding(GRAPH, "fastrp")


def test_embedding_when_an_array_file_has_no_ids_then_by_row(tmp_path):
    np.save(tmp_path / "x.npy", X)
    assert read_embedding(GRAPH, tmp_path / "x.npy").source.tolist() == X.tolist()


def test_embedding_when_estimator_then_a_clone_is_fitted_and_seeded():
    model = gr.FastRP(4)
    found = read_embedding(GRAPH, model, random_state=3)
    again = read_embedding(GRAPH, model, "b", random_state=3)
    assert not hasattr(model, "embedding_")
    assert (found.name, again.name) == ("FastRP", "b")
    assert (found.source == again.source).all()
    assert found.fit_seconds is not None
    fitted = gr.FastRP(4, random_state=0).fit(GRAPH)
    kept = read_embedding(GRAPH, fitted)
    assert kept.estimator is fitted
    assert kept.fit_seconds is None


def test_embedding_when_fitted_on_another_order_then_rows_are_matched():
    other = GRAPH.subgraph(GRAPH.node_ids[::-1])
    fitted = gr.DegreeVectors(4).fit(other)
    found = read_embedding(GRAPH, fitted)
    assert found.source.tolist() == fitted.vectors_[GRAPH.node_ids].tolist()


def test_embedding_when_a_pipeline_then_its_last_step_scores():
    steps = make_pipeline(FunctionTransformer(), gr.FastRP(4, random_state=0))
    found = read_embedding(GRAPH, steps)
    assert found.source.shape == (4, 4)


def test_embedding_when_hope_then_native_multiplies_source_and_target():
    graph = gr.datasets.load_karate().graph
    model = gr.HOPE(8, random_state=0).fit(graph)
    found = read_embedding(graph, model)
    rows = np.array([0, 5])
    assert found.n_components == 8
    assert pair_scorer(found).block(rows) == pytest.approx(
        model.decoder_score(rows[:, None], np.arange(34)), abs=1e-6
    )


@pytest.mark.parametrize("name", ["hope", "hope.zip"])
def test_embedding_when_a_saved_model_then_scores_as_the_method_does(tmp_path, name):
    """Vectors in a file have no decoder; a saved model has."""
    model = gr.HOPE(4, random_state=0).fit(GRAPH)
    model.save(tmp_path / name)
    found = read_embedding(GRAPH, tmp_path / name, "mine")
    assert (found.name, found.kind) == ("mine", "estimator")
    wanted = read_embedding(GRAPH, model)
    for one, other in zip(found.factors, wanted.factors, strict=True):
        np.testing.assert_array_equal(one, other)


def test_embedding_when_the_decoder_is_a_network_then_both_directions_are_added():
    pytest.importorskip("torch")
    graph = gr.datasets.load_karate().graph
    model = gr.SDNE(4, hidden=(8,), n_epochs=2, random_state=0).fit(graph)
    scores = pair_scorer(read_embedding(graph, model)).block(np.arange(34))
    one_way = model.decoder_score(np.arange(34)[:, None], np.arange(34))
    assert scores == pytest.approx(one_way + one_way.T, abs=1e-5)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (X[:3], GraphValueError, "has 3 vectors but the graph has 4 nodes"),
        ({"a": [1.0]}, GraphValueError, "no vector for 3 of the 4 nodes"),
        (np.full((4, 2), np.nan), GraphValueError, r"'c' \(row 0\)"),
        (X[0], GraphTypeError, "must be a matrix"),
        (object(), GraphTypeError, "cannot be assessed"),
    ],
    ids=["short", "missing", "nan", "flat", "object"],
)
def test_embedding_when_it_does_not_fit_then_one_sentence(value, error, words):
    with pytest.raises(error, match=words):
        read_embedding(GRAPH, value)

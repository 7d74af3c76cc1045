"""Walks drawn by tasks: those of one process, and the vectors trained on them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone

from graphrep import DeepWalk, Graph, Node2Vec
from graphrep.datasets import make_sbm
from graphrep.embedding import (
    Node2VecPlus,
    RandomWalks,
    _skip_gram_run,
    _walk_costs,
    _walk_files,
)
from graphrep.exceptions import GraphValueError
from graphrep.io import write_graph_store


@pytest.fixture(scope="module")
def graph():
    made = make_sbm(300, 1200, random_state=0).graph
    weights = np.random.default_rng(0).random(len(made.indices)).round(2) + 0.1
    return Graph.from_csr(made.indptr, made.indices, weights, directed=True)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(_walk_costs, "_LEAST", 70)
    monkeypatch.setattr(_walk_files, "_AT_ONCE", 32)
    monkeypatch.setattr(_skip_gram_run, "_CHUNK", 128)


@pytest.mark.parametrize(
    "options", [{}, {"p": 0.5, "q": 2.0}, {"q": 0.3, "extended": True}], ids=str
)
@pytest.mark.parametrize("starts", [None, [7, 3, 250]])
def test_walks_when_drawn_by_tasks_then_those_of_one_process(graph, options, starts):
    options = {"walk_length": 12, "walks_per_node": 3, "random_state": 1, **options}
    wanted = RandomWalks(**options).walks(graph, starts)
    walker = RandomWalks(**options, executor="serial")
    assert np.array_equal(walker.walks(graph, starts), wanted)
    batches = list(walker.iterate(graph, starts, batch_size=33))
    assert max(map(len, batches)) <= 33
    assert np.array_equal(np.concatenate(batches), wanted)
    assert walker.walks(graph, starts, ids=True)[0][0] == wanted[0, 0]


@pytest.mark.parametrize(
    ("method", "options"),
    [
        (Node2Vec, {"q": 0.5, "sample": 1e-2}),
        (Node2VecPlus, {"p": 2.0, "n_epochs": 2}),
        (DeepWalk, {"self_loops": "keep", "isolated": "keep"}),
    ],
)
def test_fit_when_walks_are_drawn_by_tasks_then_the_same_vectors(
    graph, method, options
):
    common = {"walk_length": 12, "walks_per_node": 2, "random_state": 0, **options}
    wanted = method(8, **common).fit(graph)
    model = method(8, **common, executor="serial").fit(graph)
    assert np.array_equal(model.embedding_, wanted.embedding_)
    assert np.array_equal(model.target_embedding_, wanted.target_embedding_)
    assert model.n_tokens_ == wanted.n_tokens_
    assert model.tasks_.run == 5 * 2 * common.get("n_epochs", 1)
    assert wanted.tasks_ is None


def test_fit_when_the_graph_is_a_store_and_in_threads_then_the_same_vectors(
    graph, tmp_path
):
    store = write_graph_store(graph, tmp_path / "graph.store")
    options = {"walk_length": 8, "walks_per_node": 2, "random_state": 0}
    wanted = Node2Vec(8, **options).fit(graph)
    with ThreadPoolExecutor(3) as pool:
        model = Node2Vec(8, **options, executor=pool)
        assert clone(model).executor is pool
        assert model.walker().executor is pool
        assert np.array_equal(model.fit(store).embedding_, wanted.embedding_)


def test_fit_when_one_thread_is_without_locks_then_the_same_vectors(graph):
    options = {"walk_length": 8, "walks_per_node": 2, "random_state": 0}
    options |= {"mode": "hogwild", "n_jobs": 1}
    wanted = Node2Vec(8, **options).fit(graph).embedding_
    found = Node2Vec(8, **options, executor="serial").fit(graph).embedding_
    assert np.array_equal(found, wanted)


def test_fit_when_stopped_then_the_walks_are_found(graph, tmp_path):
    options = {"walk_length": 8, "walks_per_node": 2, "random_state": 0}
    model = Node2Vec(8, **options, executor="serial", work_dir=tmp_path)

    def stop(label, done, total):
        if label != "Walking" and done == 1:
            raise KeyboardInterrupt

    model._progress = stop
    with pytest.raises(KeyboardInterrupt):
        model.fit(graph)
    model._progress = None
    model.fit(graph)
    assert (model.tasks_.run, model.tasks_.skipped) == (0, 10)
    wanted = Node2Vec(8, **options).fit(graph).embedding_
    assert np.array_equal(model.embedding_, wanted)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"executor": "cloud"}, "executor must be"),
        ({"executor": "serial", "backend": "gensim"}, "An executor draws walks for"),
        ({"executor": "serial", "device": "torch:cpu"}, "An executor draws walks for"),
    ],
)
def test_fit_when_asked_wrongly_then_refused(graph, options, words):
    with pytest.raises(GraphValueError, match=words):
        Node2Vec(8, **options).fit(graph)

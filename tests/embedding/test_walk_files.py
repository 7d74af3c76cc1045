"""Walks drawn by tasks: those of one process, and the vectors trained on them."""

from __future__ import annotations

import re
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone

from graphrep import DeepWalk, Graph, Node2Vec, load
from graphrep.datasets import make_sbm
from graphrep.embedding import (
    Node2VecPlus,
    RandomWalks,
    _skip_gram_run,
    _walk_costs,
    _walk_files,
)
from graphrep.exceptions import GraphValueError, MemoryLimitError
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


# -- within a limit of memory ---------------------------------------------------------
SHORT = {"walk_length": 12, "walks_per_node": 2, "random_state": 0, "n_jobs": 1}
METHODS = [(Node2Vec, {"q": 0.5}), (Node2VecPlus, {"p": 2.0}), (DeepWalk, {})]


def _limit_of_files(model, graph):
    """Least memory that goes through files."""
    with pytest.raises(MemoryLimitError) as error:
        clone(model).set_params(memory_limit=1).plan(graph)
    return int(
        re.search(r"Allow ([0-9,]+) bytes", str(error.value))[1].replace(",", "")
    )


@pytest.mark.parametrize(("method", "options"), METHODS)
def test_fit_when_memory_is_limited_then_through_files_and_the_same_vectors(
    graph, tmp_path, method, options
):
    model = method(8, **SHORT, **options, work_dir=tmp_path)
    wanted = clone(model).fit(graph)
    assert wanted.plan_.path == "memory"
    least = _limit_of_files(model, graph)
    assert least < wanted.plan_.memory
    model.set_params(memory_limit=least)
    plan = model.plan(graph)
    assert (plan.path, plan.memory, list(tmp_path.iterdir())) == ("files", least, [])
    assert model.fit(graph).plan_ == plan
    assert model.tasks_.run == plan.n_tasks == 10
    assert np.array_equal(model.embedding_, wanted.embedding_)
    assert np.array_equal(model.target_embedding_, wanted.target_embedding_)
    model.set_params(memory_limit=wanted.plan_.memory)
    assert model.fit(graph).plan_.path == "memory"
    assert model.tasks_ is None


def test_fit_when_nothing_keeps_to_the_limit_then_refused_before_it_starts(graph):
    model = Node2Vec(8, **SHORT)
    model.set_params(memory_limit=_limit_of_files(model, graph) - 1)
    with pytest.raises(MemoryLimitError, match="Node2Vec of 300 nodes and 2,400"):
        model.fit(graph)
    assert not hasattr(model, "embedding_")
    for options in ({"backend": "gensim"}, {"device": "torch:cpu"}):
        with pytest.raises(GraphValueError, match="memory_limit is for backend="):
            Node2Vec(8, memory_limit="1GB", **options).fit(graph)
    with pytest.raises(GraphValueError, match="memory_limit must be"):
        Node2Vec(8, memory_limit="much").plan(graph)


def test_partial_fit_when_larger_than_the_limit_then_refused_and_nothing_lost(graph):
    model = Node2Vec(8, **SHORT).fit(graph)
    kept = model.embedding_.copy()
    grown = Graph.from_csr(
        np.append(graph.indptr, graph.indptr[-1] + 1), np.append(graph.indices, 0),
        np.append(graph.weights, 1.0), directed=True,
    )  # fmt: skip
    model.set_params(memory_limit="100kB")
    with pytest.raises(MemoryLimitError, match=r"partial_fit of 301 nodes works in"):
        model.partial_fit(grown)
    assert np.array_equal(model.embedding_, kept)
    assert model.set_params(memory_limit="1GB").partial_fit(grown).embedding_.shape == (
        301, 8,
    )  # fmt: skip


def test_model_when_walks_were_drawn_by_tasks_then_saved(graph, tmp_path):
    model = Node2Vec(8, **SHORT, executor="serial").fit(graph)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert np.array_equal(again.embedding_, model.embedding_)
    assert again.n_tokens_ == model.n_tokens_


@pytest.mark.parametrize("stored", [False, True])
def test_memory_when_limited_then_no_more_is_taken(tmp_path, monkeypatch, stored):
    monkeypatch.setattr(_skip_gram_run, "_CHUNK", 1 << 10)
    rng = np.random.default_rng(0)
    indices = np.sort(rng.integers(0, 2000, (2000, 300)), axis=1)
    indices += np.arange(300)  # ascending, none twice
    given = Graph.from_csr(
        np.arange(2001) * 300, indices.ravel() % 2000, rng.random(600_000) + 0.1,
        directed=True,
    )  # fmt: skip
    held = 8 * 2001 + 12 * 600_000  # by the caller
    if stored:
        given, held = write_graph_store(given, tmp_path / "graph.store").graph(), 0
    model = Node2Vec(
        256, walk_length=10, walks_per_node=1, self_loops="keep", n_jobs=1,
        random_state=0,
    )  # fmt: skip
    whole = model.fit(given).plan_.memory
    taken = {}
    for limit in (None, _limit_of_files(model, given)):
        model.set_params(memory_limit=limit).fit(given)
        tracemalloc.start()
        model.fit(given)
        taken[model.plan_.path] = tracemalloc.get_traced_memory()[1] + held
        tracemalloc.stop()
    mapped = 0 if held else 8 * 2001 + 12 * 600_000
    assert 0.9 * whole < taken["memory"] + mapped <= whole
    assert 0.6 * limit < taken["files"] <= limit == model.plan_.memory
    assert limit < 0.9 * whole

"""Reconstruction by tasks: the figures of one process, whatever the executor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from graphrep import HOPE, FastRP
from graphrep.datasets import make_sbm
from graphrep.evaluation import ReconstructionEvaluator, _rank_costs, assess
from graphrep.evaluation import _scores as scores
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.io import EmbeddingStore, write_graph_store


def _product(some, every):
    return some @ every.T


OPTIONS = [
    {},
    {"edge_ranks": True, "scores": ("euclidean", _product, "cosine")},
    {"n_queries": 200, "candidates": range(250), "metrics": ("ap", "p@5"), "k": 5},
    {"target_se": 0.02, "ties": "min", "hops": (1,)},
    {"scores": _product, "queries": [3, 5]},
]


@pytest.fixture(scope="module")
def graph():
    return make_sbm(500, 2500, random_state=0).graph


@pytest.fixture(autouse=True)
def few_tasks(monkeypatch):
    monkeypatch.setattr(_rank_costs, "_TASKS", 4)


def _equal(a, b):
    same = [
        np.array_equal(getattr(a, name), getattr(b, name), equal_nan=name == "values")
        for name in ("values", "n_relevant", "n_candidates", "queries")
    ]
    assert a.scores == b.scores
    assert (a.edges is None) == (b.edges is None)
    if a.edges is not None:
        pairs = zip(vars(a.edges).values(), vars(b.edges).values(), strict=True)
        same += [np.array_equal(x, y) for x, y in pairs]
    return all(same)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o) or "default")
@pytest.mark.parametrize("method", [FastRP, HOPE])
def test_evaluate_when_by_tasks_then_the_figures_of_one_process(graph, method, options):
    embedding = method(12, random_state=0).fit(graph)
    wanted = ReconstructionEvaluator(**options).evaluate(graph, embedding)
    evaluator = ReconstructionEvaluator(**options, executor="serial")
    found = evaluator.evaluate(graph, embedding)
    assert _equal(found, wanted)
    assert evaluator.tasks_.skipped == 0
    assert (evaluator.tasks_.run > 0) == (options.get("scores") is not _product)
    assert found.settings == wanted.settings


def test_evaluate_when_stores_and_threads_then_the_figures_of_one_process(
    graph, tmp_path
):
    store = write_graph_store(graph, tmp_path / "graph.store")
    FastRP(12, random_state=0).fit_transform(store, out=tmp_path / "vectors.store")
    wanted = ReconstructionEvaluator().evaluate(graph, tmp_path / "vectors.store")
    with ThreadPoolExecutor(3) as pool:
        evaluator = ReconstructionEvaluator(executor=pool)
        vectors = EmbeddingStore(tmp_path / "vectors.store")
        assert _equal(evaluator.evaluate(store, vectors), wanted)
    assert evaluator.tasks_.run == 4


def test_evaluate_when_stopped_then_the_same_call_goes_on(graph, tmp_path):
    X = FastRP(12, random_state=0).fit_transform(graph)
    evaluator = ReconstructionEvaluator(executor="serial", work_dir=tmp_path)

    def stop(label, done, total):
        if done >= 2 * 125:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluator.evaluate(graph, X, progress=stop)
    found = evaluator.evaluate(graph, X)
    assert (evaluator.tasks_.run, evaluator.tasks_.skipped) == (2, 2)
    assert _equal(found, ReconstructionEvaluator().evaluate(graph, X))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scale", [1.0, 1e20])
def test_scorer_when_read_back_then_the_same_scores(monkeypatch, scale):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 130, 7)) * scale
    for kind, target in [("cosine", X), ("euclidean", X), ("dot", Y)]:
        scorer = scores.VectorScorer(kind, kind, X, target)
        again = scores.VectorScorer.from_arrays(scorer.to_arrays())
        rows = np.array([0, 129, 5])
        assert np.array_equal(again.block(rows), scorer.block(rows))
        assert again.symmetric == scorer.symmetric
        arrays = scorer.to_arrays()  # as if another processor had packed it
        for name in {"target", "source"} & arrays.keys():
            plain = np.empty((130, 7), scorer.dtype)
            scores.kernels.unpack(arrays[name], np.arange(130), plain)
            arrays[name] = scores.kernels.pack(plain, 8)
        again = scores.VectorScorer.from_arrays(arrays)
        assert np.array_equal(again.block(rows), scorer.block(rows))


def test_assess_when_by_tasks_then_the_same_figures(graph):
    options = {"parts": ["reconstruction"], "n_queries": 100}
    wanted = assess(graph, {"x": FastRP(8)}, **options)
    found = assess(graph, {"x": FastRP(8)}, **options, executor="serial")
    assert found.to_dict()["reconstruction"] == wanted.to_dict()["reconstruction"]
    with pytest.raises(GraphValueError, match="executor must be"):
        assess(graph, {"x": FastRP(8)}, executor="cloud")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"executor": "cloud"}, GraphValueError, "executor must be"),
        ({"executor": 3}, GraphTypeError, "executor must be"),
        ({"executor": "serial", "device": "torch:cpu"}, GraphValueError, "on device"),
        ({"executor": "serial", "metrics": ("nice",)}, GraphValueError, "no metric"),
    ],
)
def test_evaluate_when_asked_wrongly_then_refused(graph, options, error, words):
    with pytest.raises(error, match=words):
        ReconstructionEvaluator(**options).evaluate(graph, np.ones((500, 2)))

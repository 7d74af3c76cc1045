"""Scores of candidates by tasks: those of one process, to the last bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone

from graphrep import Hypergraph
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.hypergraph import HypergraphReconstructor, _hyperedge_classifier
from graphrep.hypergraph import _candidate_tasks as tasks


def _domain(seed, n=36):
    rng = np.random.default_rng(seed)
    rows = [rng.choice(40, k, replace=False) for k in rng.integers(2, 6, n)]
    return Hypergraph([row.tolist() for row in rows], range(40)).simple()


@pytest.fixture(scope="module")
def model():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_hyperedge_classifier._TREES, "max_iter", 20)
        return HypergraphReconstructor(n_folds=2, random_state=0, n_jobs=1).fit(
            _domain(0)
        )


@pytest.fixture(scope="module", params=[False, True], ids=["unweighted", "weighted"])
def case(request, model):
    """A graph, and its candidates by one process with all features at once."""
    graph = _domain(1).project(request.param)
    return graph, model.predict_proba(graph)


@pytest.fixture
def elsewhere(model, tmp_path):
    """The model with an executor, the cliques and candidates cut into many tasks."""

    def make(executor, **parameters):
        twin = clone(model).set_params(executor=executor, **parameters)
        twin.models_, twin.method_ = model.models_, None
        twin.random_seed_ = model.random_seed_
        return twin

    return make


def _cut(patch, least, rows=1 << 14):
    patch.setattr(tasks, "_LEAST", least)
    patch.setattr(tasks, "_ROWS", rows)


@pytest.mark.parametrize(("least", "rows"), [(17, 7), (64, 1 << 14), (10_000, 16)])
def test_odds_when_by_tasks_then_those_of_one_process(
    case, elsewhere, monkeypatch, least, rows
):
    graph, wanted = case
    assert 150 < len(wanted) < 1000
    _cut(monkeypatch, least, rows)
    assert elsewhere(None).predict_proba(graph) == wanted
    serial = elsewhere("serial")
    assert serial.predict_proba(graph) == wanted
    n_tasks = serial.tasks_.run
    _cut(monkeypatch, 10_000)  # cliques by tasks, their scores here
    assert serial.predict_proba(graph) == wanted
    assert (n_tasks > serial.tasks_.run) == (least < 10_000)
    _cut(monkeypatch, least, rows)
    with ThreadPoolExecutor(3) as pool:
        assert elsewhere(pool).predict_proba(graph) == wanted


def test_odds_when_rows_are_few_or_many_then_the_same_bits(model):
    X = (
        np.random.default_rng(0)
        .gamma(
            2, 9, (500, model.models_["weighted"].classifier._models[0][1].shape[1] - 1)
        )
        .astype(np.float32)
    )
    classifier = model.models_["weighted"].classifier
    whole = classifier.decision_function(X)
    for step in (3, 64, 200):
        parts = [X[i : i + step] for i in range(0, len(X), step)]
        found = np.concatenate([classifier.decision_function(part) for part in parts])
        assert np.array_equal(found, whole)


@pytest.mark.parametrize("stop", [("Searching cliques", 2), ("Scoring candidates", 3)])
def test_predict_when_stopped_then_the_same_call_goes_on(
    case, elsewhere, monkeypatch, tmp_path, stop
):
    graph, wanted = case
    _cut(monkeypatch, 40)
    model = elsewhere("serial", work_dir=tmp_path)

    def interrupt(label, done, total):
        if (label, done) == stop:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        for name in ("graphrep.hypergraph._clique_tasks", tasks.__name__):
            module = __import__(name, fromlist=["run_tasks"])
            real = module.run_tasks
            patch.setattr(
                module, "run_tasks",
                lambda *a, _real=real, **k: _real(*a, **k, progress=interrupt),
            )  # fmt: skip
        with pytest.raises(KeyboardInterrupt):
            model.predict_proba(graph)
    (folder,) = tmp_path.iterdir()
    done = [p.name for p in folder.iterdir() if p.name.startswith(("cliques", "odds"))]
    assert len(done) >= stop[1]
    assert model.predict_proba(graph) == wanted
    assert model.tasks_.skipped == len(done)
    assert list(tmp_path.iterdir()) == []


def test_predict_when_limits_or_methods_do_not_fit_then_said(model, elsewhere):
    graph = _domain(1).project()
    with pytest.raises(MemoryLimitError, match="max_cliques=3"):
        elsewhere("serial", max_cliques=3).predict(graph)
    with pytest.raises(GraphValueError, match="executor must be"):
        elsewhere("cloud").predict(graph)
    for given in (
        HypergraphReconstructor("cover", executor="serial"),
        HypergraphReconstructor(executor="serial"),  # without hyperedges: mdl
    ):
        with pytest.raises(GraphValueError, match="Leave executor out"):
            given.fit(None)
    here = HypergraphReconstructor("max_cliques").fit(None)
    with pytest.raises(GraphValueError, match="MaximalCliques, which runs here"):
        here.set_params(executor="serial").predict(graph)


def test_clone_when_executor_cannot_be_copied_then_shared(model):
    with ThreadPoolExecutor(1) as pool:
        assert clone(clone(model).set_params(executor=pool)).executor is pool

"""Work by tasks on executors that are unruly, and on Dask: always the same result."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Executor, Future

import numpy as np
import pytest

from graphrep import FastRP
from graphrep.blocking import TfidfBlocker
from graphrep.datasets import make_records, make_sbm
from graphrep.embedding import RandomWalks
from graphrep.evaluation import ReconstructionEvaluator
from graphrep.graph import Hypergraph, KnowledgeGraph
from graphrep.hypergraph import (
    HypergraphReconstructor,
    _candidate_tasks,
    _hyperedge_classifier,
    maximal_cliques,
)
from graphrep.kge import DistMult, rank_triples


class Unruly(Executor):
    """Gathers tasks for a moment; runs them last first, each lost once, then twice."""

    _max_workers = 5

    def __init__(self):
        self._held, self._lost = [], set()
        self._lock, self._closed = threading.Lock(), False
        self.n_lost = self.n_calls = self.n_gathered = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        with self._lock:
            self._held.append((future, fn, args))
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._closed = True
        self._thread.join()

    def _run(self):
        while not self._closed:
            time.sleep(0.003)
            with self._lock:
                held, self._held = self._held[::-1], []
            self.n_gathered = max(self.n_gathered, len(held))
            for future, fn, args in held:
                if args not in self._lost:
                    self._lost.add(args)
                    self.n_lost += 1
                    future.set_exception(ConnectionError("the worker is lost"))
                    continue
                self.n_calls += 2
                fn(*args)
                future.set_result(fn(*args))


@pytest.fixture(scope="module", autouse=True)
def small():
    """Few trees, and candidates scored by tasks though there are few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_hyperedge_classifier._TREES, "max_iter", 10)
        patch.setattr(_candidate_tasks, "_LEAST", 40)
        yield


@pytest.fixture(scope="module")
def graph():
    return make_sbm(300, 1500, random_state=0).graph


def _fastrp(graph):
    def run(executor):
        model = FastRP(48, random_state=0, executor=executor, n_jobs=1)
        return model.fit_transform(graph)

    return run


def _blocking(graph):
    made = make_records(300, random_state=0)

    def run(executor):
        model = TfidfBlocker("word", n_neighbors=4, executor=executor, n_jobs=1)
        pairs = model.fit_candidate_pairs(made.left, made.right)
        return np.stack([pairs.left_rows, pairs.right_rows, pairs.scores])

    return run


def _ranking(graph):
    X = np.random.default_rng(0).normal(size=(graph.n_nodes, 8))

    def run(executor):
        evaluator = ReconstructionEvaluator((1, 2), executor=executor, n_jobs=1)
        return evaluator.evaluate(graph, X).values

    return run


def _triples(graph):
    rows = np.unique(
        np.random.default_rng(0).integers(0, [400, 2, 400], (600, 3)), axis=0
    )
    known = KnowledgeGraph(rows, range(400), range(2))
    model = DistMult(4, n_epochs=1, random_state=0).fit(known)

    def run(executor):
        found = rank_triples(model, known, executor=executor, n_jobs=1)
        return np.stack([found.above, found.equal])

    return run


def _walks(graph):
    def run(executor):
        options = {"p": 0.5, "random_state": 0, "executor": executor, "n_jobs": 1}
        return RandomWalks(8, 3, **options).walks(graph)

    return run


def _cliques(graph):
    def run(executor):
        return maximal_cliques(graph, executor=executor, n_jobs=1).indices

    return run


def _candidates(graph):
    rng = np.random.default_rng(0)
    rows = [rng.choice(40, k, replace=False) for k in rng.integers(2, 5, 40)]
    known = Hypergraph([row.tolist() for row in rows], range(40)).simple()
    model = HypergraphReconstructor(n_folds=2, random_state=0, n_jobs=1).fit(known)

    def run(executor):
        found = model.set_params(executor=executor).predict_proba(known.project())
        return np.concatenate([found.indices, found.weights])

    return run


WORK = [_fastrp, _blocking, _ranking, _triples, _walks, _cliques, _candidates]


@pytest.fixture(scope="module", params=WORK, ids=lambda make: make.__name__[1:])
def work(request, graph):
    """What to call with an executor, and its result in this process."""
    run = request.param(graph)
    return run, run(None)


@pytest.fixture(scope="module")
def cluster():
    """One cluster of threads for all work; a client is an executor too."""
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, host="127.0.0.1", processes=False,
            dashboard_address=None, silence_logs=50, protocol="tcp",
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        yield client


def test_result_when_tasks_are_lost_repeated_and_out_of_order_then_the_same(work):
    run, wanted = work
    with Unruly() as executor:
        assert np.array_equal(run(executor), wanted, equal_nan=True)
    assert executor.n_lost > 2
    assert executor.n_calls == 2 * executor.n_lost
    assert executor.n_gathered > 1


def test_result_when_on_dask_then_the_same(work, cluster, monkeypatch):
    run, wanted = work
    submitted, real = [], cluster.submit
    monkeypatch.setattr(
        cluster, "submit", lambda *a, **k: submitted.append(a) or real(*a, **k)
    )
    assert np.array_equal(run(cluster), wanted, equal_nan=True)
    assert len(submitted) > 2
    assert cluster.status == "running"

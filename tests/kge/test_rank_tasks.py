"""Ranking triples by tasks: the counts of one process, whatever the executor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph
from graphrep.kge import NFE, _rank_costs, _rank_tasks, rank_triples


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    rows = np.unique(rng.integers(0, [60, 3, 60], (600, 3)), axis=0)
    graph = KnowledgeGraph(rows, range(60), range(3))
    cut = rng.random(len(graph)) < 0.5
    model = NFE(8, n_epochs=1, random_state=0).fit(graph.take(~cut))
    return model, graph.take(cut), graph.take(~cut)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(_rank_costs, "LEAST", 50)


def _equal(a, b):
    names = ("above", "equal", "n_candidates")
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in names)


def test_ranks_when_by_tasks_then_those_of_one_process(case, monkeypatch):
    model, test, known = case
    wanted = rank_triples(model, test, known)
    assert _equal(rank_triples(model, test, known, executor="serial"), wanted)
    with ThreadPoolExecutor(3) as pool:
        assert _equal(rank_triples(model, test, known, executor=pool), wanted)
    monkeypatch.setattr("graphrep.kge._rank_triples._QUERIES_AT_A_TIME", 70)
    assert _equal(rank_triples(model, test, known, executor="serial"), wanted)


def test_ranks_when_packed_on_another_processor_then_the_same(case, monkeypatch):
    model, test, known = case
    wanted = rank_triples(model, test, known)

    def narrow(keys):
        out = np.zeros((-(-len(keys) // 4), keys.shape[1], 4), keys.dtype)
        for row, key in enumerate(keys):
            out[row // 4, :, row % 4] = key
        return out

    from graphrep.kernels import _triple_ranking as kernels

    real, calls = kernels.panels_of_keys, []

    def panels(keys):
        calls.append(len(keys))
        return narrow(keys) if len(calls) == 1 else real(keys)

    monkeypatch.setattr(kernels, "panels_of_keys", panels)
    assert _equal(rank_triples(model, test, known, executor="serial"), wanted)
    assert set(calls) == {60}
    assert len(calls) > 1


def test_ranks_when_stopped_then_the_same_call_goes_on(case, monkeypatch, tmp_path):
    model, test, known = case
    real, made = _rank_tasks.run_tasks, []

    def stop(*arguments, **options):
        def progress(label, done, total):
            if done == 2:
                raise KeyboardInterrupt

        return real(*arguments, **options, progress=progress)

    monkeypatch.setattr(_rank_tasks, "run_tasks", stop)
    options = {"executor": "serial", "work_dir": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        rank_triples(model, test, known, **options)

    def go_on(*arguments, **options):
        made.append(real(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(_rank_tasks, "run_tasks", go_on)
    found = rank_triples(model, test, known, **options)
    assert made[0].skipped == 2
    assert made[0].run >= 2
    assert _equal(found, rank_triples(model, test, known))
    assert list(tmp_path.iterdir()) == []


def test_ranks_when_asked_wrongly_then_refused(case):
    model, test, known = case
    with pytest.raises(GraphValueError, match="ranks on device='cpu'"):
        rank_triples(model, test, known, executor="serial", device="torch:cpu")
    with pytest.raises(GraphValueError, match="executor must be"):
        rank_triples(model, test, known, executor="cloud")

"""Maximal cliques by tasks: those of one process, in the same order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from graphrep import Graph
from graphrep._utils._array_file import write_arrays
from graphrep.datasets import make_sbm
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.hypergraph import _clique_tasks as tasks
from graphrep.hypergraph import maximal_cliques


@pytest.fixture(scope="module")
def graph():
    dense = make_sbm(300, 6000, random_state=0).graph
    return Graph.from_csr(
        np.concatenate([dense.indptr, np.full(5, dense.indptr[-1])]), dense.indices
    )  # five nodes without edges


def _same(a, b):
    return np.array_equal(a.indptr, b.indptr) and np.array_equal(a.indices, b.indices)


@pytest.mark.parametrize("min_size", [1, 4])
@pytest.mark.parametrize("n_tasks", [1, 7, 1000])
def test_cliques_when_by_tasks_then_those_of_one_process(
    graph, monkeypatch, min_size, n_tasks
):
    monkeypatch.setattr(tasks, "TASKS", n_tasks)
    wanted = maximal_cliques(graph, min_size=min_size)
    assert len(wanted) > 50
    found = maximal_cliques(graph, min_size=min_size, executor="serial")
    assert _same(found, wanted)
    with ThreadPoolExecutor(3) as pool:
        assert _same(maximal_cliques(graph, min_size=min_size, executor=pool), wanted)


def test_cliques_when_there_are_no_nodes_or_edges_then_the_same():
    for given in (np.zeros((0, 0)), np.zeros((3, 3))):
        empty = Graph(given)
        assert _same(maximal_cliques(empty, executor="serial"), maximal_cliques(empty))


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_cliques_when_a_worker_is_killed_then_the_same(graph, monkeypatch):
    killed, seen, real = [], [], tasks.run_tasks

    def run(*arguments, **options):
        def progress(label, done, total):
            if done == 1 and not killed:
                killed.append(multiprocessing.active_children()[0].pid)
                os.kill(killed[0], signal.SIGKILL)

        seen.append(real(*arguments, **options, progress=progress))
        return seen[-1]

    monkeypatch.setattr(tasks, "run_tasks", run)
    monkeypatch.setattr(tasks, "TASKS", 12)
    found = maximal_cliques(graph, executor="processes", n_jobs=2)
    assert killed
    assert seen[0].retried >= 1
    assert _same(found, maximal_cliques(graph))


def test_cliques_when_stopped_then_the_same_call_goes_on(graph, monkeypatch, tmp_path):
    seen, real = [], tasks.run_tasks

    def run(*arguments, **options):
        def progress(label, done, total):
            if done == 3 and not seen:
                seen.append(None)
                raise KeyboardInterrupt

        seen.append(real(*arguments, **options, progress=progress))
        return seen[-1]

    monkeypatch.setattr(tasks, "run_tasks", run)
    monkeypatch.setattr(tasks, "TASKS", 8)
    options = {"executor": "serial", "work_dir": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        maximal_cliques(graph, **options)
    assert _same(maximal_cliques(graph, **options), maximal_cliques(graph))
    assert seen[-1].skipped == 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n_tasks", [1, 20])
def test_cliques_when_too_many_then_refused(graph, monkeypatch, n_tasks):
    monkeypatch.setattr(tasks, "TASKS", n_tasks)
    with pytest.raises(MemoryLimitError, match="max_cliques=40"):
        maximal_cliques(graph, max_cliques=40, executor="serial")
    with pytest.raises(GraphValueError, match="max_seconds=3"):
        maximal_cliques(graph, max_seconds=3, executor="serial")
    with pytest.raises(GraphValueError, match="executor must be"):
        maximal_cliques(graph, executor="cloud")


def test_joined_when_cliques_are_many_then_no_more_memory_than_they_take(tmp_path):
    paths = [tmp_path / "a.bin", tmp_path / "b.bin"]
    for path in paths:
        pointers, members = np.arange(200_001), np.arange(200_000, dtype=np.int32)
        write_arrays(path, {"pointers": pointers, "members": members})
    tracemalloc.start()
    pointers, members = tasks.joined_cliques(paths)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.05 * tasks.size_of_cliques(paths)
    np.testing.assert_array_equal(pointers, np.arange(400_001))
    np.testing.assert_array_equal(members, np.tile(np.arange(200_000), 2))

"""Ranking with workers and drivers killed: it ends with the right figures."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from graphrep.datasets import make_sbm
from graphrep.evaluation import ReconstructionEvaluator

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
N_TASKS = 42  # of 72 queries

DRIVER = """
import os, signal, sys
import numpy as np
from graphrep.datasets import make_sbm
from graphrep.evaluation import ReconstructionEvaluator

def progress(label, done, total):
    if done >= 30 * 72:
        os.kill(os.getpid(), signal.SIGKILL)

graph = make_sbm(3000, 9000, random_state=0).graph
X = np.random.default_rng(0).normal(size=(3000, 8))
evaluator = ReconstructionEvaluator((1,), executor="serial", work_dir=sys.argv[1])
evaluator.evaluate(graph, X, progress=progress)
"""


@pytest.fixture(scope="module")
def case():
    graph = make_sbm(3000, 9000, random_state=0).graph
    X = np.random.default_rng(0).normal(size=(3000, 8))
    return graph, X, ReconstructionEvaluator((1,)).evaluate(graph, X)


def test_ranking_when_a_worker_is_killed_then_the_right_figures(case):
    graph, X, wanted = case
    killed = []

    def progress(label, done, total):
        if done and not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    evaluator = ReconstructionEvaluator((1,), executor="processes", n_jobs=2)
    found = evaluator.evaluate(graph, X, progress=progress)
    assert np.array_equal(found.values, wanted.values, equal_nan=True)
    assert killed
    assert evaluator.tasks_.run == N_TASKS
    assert evaluator.tasks_.retried >= 1


def test_ranking_when_the_driver_is_killed_then_the_same_call_goes_on(case, tmp_path):
    graph, X, wanted = case
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path)], capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    evaluator = ReconstructionEvaluator((1,), executor="serial", work_dir=tmp_path)
    found = evaluator.evaluate(graph, X)
    assert np.array_equal(found.values, wanted.values, equal_nan=True)
    assert evaluator.tasks_.skipped == 30
    assert evaluator.tasks_.run == N_TASKS - 30
    assert list(tmp_path.iterdir()) == []

"""Walks with workers and drivers killed: they end as they would have."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from graphrep.datasets import make_sbm
from graphrep.embedding import RandomWalks

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
OPTIONS = {"walk_length": 10, "walks_per_node": 4, "random_state": 0}

DRIVER = """
import os, signal, sys
from graphrep.datasets import make_sbm
from graphrep.embedding import RandomWalks

def progress(label, done, total):
    if done == 5:
        os.kill(os.getpid(), signal.SIGKILL)

walker = RandomWalks(10, 4, random_state=0, executor="serial", work_dir=sys.argv[1])
stream = walker._stream(make_sbm(3000, 9000, random_state=0).graph, None)
stream.progress = progress
list(stream.batches(100))
"""


@pytest.fixture(scope="module")
def case():
    graph = make_sbm(3000, 9000, random_state=0).graph
    return graph, RandomWalks(**OPTIONS).walks(graph)


def test_walks_when_a_worker_is_killed_then_the_right_walks(case):
    graph, wanted = case
    killed = []

    def progress(label, done, total):
        if done == 1 and not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    walker = RandomWalks(**OPTIONS, executor="processes", n_jobs=2)
    stream = walker._stream(graph, None)
    stream.progress = progress
    assert np.array_equal(np.concatenate(list(stream.batches(5000))), wanted)
    assert killed
    assert stream.summary.run == 12
    assert stream.summary.retried >= 1


def test_walks_when_the_driver_is_killed_then_the_same_call_goes_on(case, tmp_path):
    graph, wanted = case
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path)], capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    walker = RandomWalks(**OPTIONS, executor="serial", work_dir=tmp_path)
    stream = walker._stream(graph, None)
    assert np.array_equal(np.concatenate(list(stream.batches(5000))), wanted)
    assert (stream.summary.run, stream.summary.skipped) == (7, 5)
    assert list(tmp_path.iterdir()) == []

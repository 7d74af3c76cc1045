"""Blocking with workers and drivers killed: it ends with the right pairs."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from graphrep.blocking import TfidfBlocker
from graphrep.datasets import make_records

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
OPTIONS = {"analyzer": "word", "n_neighbors": 5}

DRIVER = """
import os, signal, sys
from graphrep.blocking import TfidfBlocker
from graphrep.datasets import make_records

def progress(label, done, total):
    if label == "Looking for near records" and done == 2:
        os.kill(os.getpid(), signal.SIGKILL)

made = make_records(800, random_state=0)
model = TfidfBlocker("word", n_neighbors=5, executor="serial", work_dir=sys.argv[1])
model._progress = progress
model.fit_candidate_pairs(made.left, made.right)
"""


@pytest.fixture(scope="module")
def tables():
    made = make_records(800, random_state=0)
    return made.left, made.right


@pytest.fixture(scope="module")
def wanted(tables):
    return TfidfBlocker(**OPTIONS).fit_candidate_pairs(*tables)


def test_blocking_when_a_worker_is_killed_then_the_right_pairs(tables, wanted):
    killed = []

    def progress(label, done, total):
        if label == "Looking for near records" and done == 1 and not killed:
            killed.append(multiprocessing.active_children()[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    model = TfidfBlocker(**OPTIONS, executor="processes", n_jobs=2)
    model._progress = progress
    assert model.fit_candidate_pairs(*tables) == wanted
    assert killed
    assert model.tasks_.run == model.plan_.n_tasks
    assert model.tasks_.retried >= 1


def test_blocking_when_the_driver_is_killed_then_the_same_call_goes_on(
    tables, wanted, tmp_path
):
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path)], capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    model = TfidfBlocker(**OPTIONS, executor="serial", work_dir=tmp_path)
    assert model.fit_candidate_pairs(*tables) == wanted
    # features and indexes are made, and two blocks looked up
    assert model.tasks_.skipped >= 2 + 2
    assert model.tasks_.run < model.plan_.n_tasks
    assert list(tmp_path.iterdir()) == []

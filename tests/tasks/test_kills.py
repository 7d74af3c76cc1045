"""Workers and drivers killed in the middle: the fit ends with the right bits."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graphrep import FastRP
from graphrep._tasks import open_backend
from graphrep.datasets import make_sbm
from graphrep.embedding._fastrp_plan import Planner
from graphrep.exceptions import GraphValueError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
N_NODES, N_EDGES, D = 65_536, 300_000, 32
N_TASKS = 2 * 4 + 1  # blocks of 16 columns, one power a task, and the sums

DRIVER = """
import os, signal, sys
from dataclasses import replace
import multiprocessing
from graphrep import FastRP
from graphrep.datasets import make_sbm
from graphrep.embedding._fastrp_plan import Planner
from graphrep.exceptions import GraphValueError

def columns(self):
    plan = self._columns_of(16, 2, 1)
    return replace(plan, layout=replace(plan.layout, powers=1))

def progress(label, done, total):
    if label.startswith("Propagating: powers 3") and done == 2:
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    Planner._columns = columns
    model = FastRP(%d, random_state=0, executor=sys.argv[2], work_dir=sys.argv[1])
    model._progress = progress
    model.fit(make_sbm(%d, %d, random_state=0).graph)
""" % (D, N_NODES, N_EDGES)  # noqa: UP031


@pytest.fixture(scope="module")
def graph():
    return make_sbm(N_NODES, N_EDGES, random_state=0).graph


@pytest.fixture(scope="module")
def wanted(graph):
    return FastRP(D, random_state=0).fit_transform(graph)


@pytest.fixture
def fit(graph, monkeypatch):
    def columns(self):
        plan = self._columns_of(16, 2, 1)
        return replace(plan, layout=replace(plan.layout, powers=1))

    monkeypatch.setattr(Planner, "_columns", columns)

    def run(work_dir, executor, progress=None):
        model = FastRP(
            D, random_state=0, executor=executor, n_jobs=2, work_dir=work_dir
        )
        model._progress = progress
        return model.fit(graph)

    return run


class KillOnce:
    """Progress that kills a process when the first task of a stage is done."""

    def __init__(self, find):
        self.find, self.killed = find, None

    def __call__(self, label, done, total):
        here = label.startswith("Propagating: powers 2") and done == 1
        if here and self.killed is None:
            self.killed = self.find()
            os.kill(self.killed, signal.SIGKILL)


def test_fit_when_a_worker_process_is_killed_then_the_right_bits(fit, wanted, tmp_path):
    kill = KillOnce(lambda: multiprocessing.active_children()[0].pid)
    model = fit(tmp_path, "processes", kill)
    assert kill.killed is not None
    assert (model.tasks_.run, model.tasks_.skipped) == (N_TASKS, 0)
    assert model.tasks_.retried >= 1
    assert np.array_equal(model.embedding_, wanted)
    assert list(tmp_path.iterdir()) == []


def test_fit_when_a_dask_worker_is_killed_then_the_right_bits(fit, wanted, tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", memory_limit=0,
            dashboard_address=None, silence_logs=50,
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        kill = KillOnce(lambda: next(iter(client.run(os.getpid).values())))
        model = fit(tmp_path, client, kill)
        assert kill.killed is not None
        assert client.status == "running"  # it is not ours to close
    assert (model.tasks_.run, model.tasks_.skipped) == (N_TASKS, 0)
    assert np.array_equal(model.embedding_, wanted)


@pytest.mark.parametrize("executor", ["serial", "processes"])
def test_fit_when_the_driver_is_killed_then_the_same_call_goes_on(
    fit, wanted, tmp_path, executor
):
    script = tmp_path / "driver.py"
    script.write_text(DRIVER, encoding="utf-8")
    work = tmp_path / "work"
    done = subprocess.run(
        [sys.executable, str(script), str(work), executor], capture_output=True,
        text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
    for pid in map(int, done.stdout.split()):
        _wait_until_gone(pid)
    model = fit(work, executor)
    # powers 1 to 3 of both blocks were made; power 4 and the sums are left
    assert (model.tasks_.run, model.tasks_.skipped) == (3, 6)
    assert np.array_equal(model.embedding_, wanted)
    assert list(work.iterdir()) == []


def _wait_until_gone(pid, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1]
        except OSError:
            return
        if state.split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError(f"worker {pid} outlived its driver")


def test_dask_when_started_here_then_runs_tasks_on_the_loopback_only():
    pytest.importorskip("distributed", reason="dask is not installed")
    with open_backend("dask", 1) as backend:
        assert (backend.workers, backend.threads) == (1, 1)
        assert backend.submit(os.getpid).result(30) != os.getpid()
        assert backend.client.scheduler.address.startswith("tcp://127.0.0.1:")


def test_address_when_a_scheduler_is_there_then_its_workers_count(graph, wanted):
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, host="127.0.0.1", processes=False,
        dashboard_address=None, silence_logs=50, protocol="tcp",
    ) as cluster:  # fmt: skip
        model = FastRP(D, random_state=0, executor=cluster.scheduler_address)
        model.fit(graph)
    assert (model.plan_.workers, model.plan_.n_blocks) == (2, 2)
    assert np.array_equal(model.embedding_, wanted)


def test_address_when_nobody_answers_then_one_sentence(graph):
    pytest.importorskip("distributed", reason="dask is not installed")
    import dask

    settings = {"distributed.comm.timeouts.connect": "0.3s"}
    model = FastRP(D, executor="tcp://127.0.0.1:9")
    with (
        dask.config.set(settings),
        pytest.raises(GraphValueError, match="No Dask scheduler answers at"),
    ):
        model.fit(graph)

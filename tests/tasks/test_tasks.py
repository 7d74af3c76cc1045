"""Tasks: skipped, retried, resumed; whoever runs them writes the same file."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest

from graphrep._tasks import (
    Stage,
    TaskList,
    make_task,
    open_backend,
    run_task,
    run_tasks,
)
from graphrep._tasks._executors import count_workers
from graphrep.exceptions import (
    GraphTypeError,
    GraphValueError,
    MissingDependencyError,
    TaskError,
)

MODULE = "graphrep._tasks_of_the_tests"
WANTED = str(sum(range(6)) + 3 * 10)


def _last(tasks):
    return tasks.stages[-1].tasks[0].output


def test_run_when_serial_then_result_and_scratch_is_gone(ladder, tmp_path):
    tasks = ladder()
    seen = []
    summary = run_tasks(tasks, progress=lambda *step: seen.append(step))
    assert _last(tasks).read_text() == WANTED
    assert [path.name for path in tmp_path.iterdir()] == [_last(tasks).name]
    assert (summary.run, summary.skipped, summary.retried) == (10, 0, 0)
    assert summary.bytes == 6 + 3 * 2 + 2
    assert seen[0] == ("First", 0, 6)
    assert seen[-1] == ("Last", 1, 1)


def test_run_when_result_is_there_then_nothing_is_opened_or_run(ladder, calls):
    run_tasks(ladder())
    n_calls = len(calls.log)
    summary = run_tasks(ladder(), "an executor that is: never opened")
    assert (summary.run, summary.skipped) == (0, 10)
    assert len(calls.log) == n_calls


def test_run_when_stopped_between_then_only_the_rest_is_run(ladder, calls):
    tasks = ladder()

    def stop(label, done, total):
        if (label, done) == ("Second", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks(tasks, progress=stop)
    calls.log.clear()
    summary = run_tasks(ladder())
    assert (summary.run, summary.skipped) == (2, 8)
    assert [name for name, _ in calls.log] == ["add", "add"]
    assert _last(tasks).read_text() == WANTED


def test_run_when_scratch_is_lost_then_only_what_it_takes_is_made_anew(ladder):
    tasks = ladder()

    def stop(label, done, total):
        if label == "Last":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks(tasks, progress=stop)
    tasks.stages[1].tasks[0].output.unlink()
    assert [len(part) for part in tasks.missing()] == [2, 1, 1]
    assert run_tasks(tasks).skipped == 6
    assert _last(tasks).read_text() == WANTED


def test_run_when_executor_is_unruly_then_the_same_result(ladder, bad_executor):
    tasks = ladder()
    executor = bad_executor(gather=1)
    summary = run_tasks(tasks, executor)
    assert _last(tasks).read_text() == WANTED
    assert (summary.run, summary.retried) == (10, 10)
    assert executor.n_calls == 20


def test_run_when_out_of_order_then_the_same_result(ladder, bad_executor):
    class LastFirst(bad_executor):
        def submit(self, fn, /, *args, **kwargs):
            future = super().submit(fn, *args)
            if len(self.held) == 1 and len(self.failed) >= 9:
                self.flush()  # the last stage has one task only
            return future

    tasks = ladder()
    summary = run_tasks(tasks, LastFirst(gather=3), retries=2)
    assert _last(tasks).read_text() == WANTED
    assert summary.retried == 10


def test_run_when_in_threads_then_the_same_result(ladder):
    tasks = ladder(n=40)
    with ThreadPoolExecutor(4) as pool:
        run_tasks(tasks, pool)
        assert pool.submit(int).result() == 0  # it was left open
    assert _last(tasks).read_text() == str(sum(range(40)) + 20 * 10)


def test_run_when_a_task_keeps_failing_then_the_cause_is_told(calls, tmp_path):
    task = make_task(f"{MODULE}:fail", tmp_path, "bad", why="the disk is gone")
    with pytest.raises(TaskError, match=r"failed 3 times, last with .*disk is gone"):
        run_tasks(TaskList([Stage("Bad", [task])]), retries=2)
    assert len(calls.log) == 3
    assert list(tmp_path.iterdir()) == []


def test_run_when_the_error_is_ours_then_it_is_not_tried_again(calls, tmp_path):
    calls.Ours = GraphValueError
    task = make_task(f"{MODULE}:fail", tmp_path, "bad", why="ours")
    with pytest.raises(GraphValueError, match="ours"):
        run_tasks(TaskList([Stage("Bad", [task])]))
    assert len(calls.log) == 1


def test_run_when_a_worker_hangs_then_its_task_is_given_to_another(ladder):
    class Hanging(Executor):
        _max_workers = 3
        hung = 0

        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            if self.hung < 2:
                self.hung += 1
            else:
                future.set_result(fn(*args))
            return future

    tasks = ladder()
    summary = run_tasks(tasks, Hanging(), timeout=0.1)
    assert _last(tasks).read_text() == WANTED
    assert summary.retried == 2


def test_run_when_the_file_is_not_here_then_the_folder_is_not_shared(ladder):
    class Elsewhere(Executor):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            future.set_result({"skipped": False, "seconds": 0, "bytes": 0})
            return future

    with pytest.raises(TaskError, match="is the folder shared"):
        run_tasks(ladder(), Elsewhere())


def test_task_when_anything_changes_then_another_file(calls, tmp_path):
    def name(folder=tmp_path, **options):
        options = {"number": 1, "inputs": {"a": folder / "x.npy"}, **options}
        return make_task(f"{MODULE}:add", folder, "sum", **options).output.name

    same = name(folder=tmp_path / "elsewhere")
    others = {name(number=2), name(inputs={"a": tmp_path / "y.npy"}), name()}
    assert name() == same
    assert len(others) == 3
    calls.add.task_version = 2
    assert name() != same


def test_task_when_arguments_are_not_json_then_refused(calls, tmp_path):
    for odd in (np.zeros(2), float("nan"), tmp_path):
        with pytest.raises(GraphTypeError, match="numbers, texts"):
            make_task(f"{MODULE}:write", tmp_path, "odd", number=odd)


@pytest.mark.parametrize(
    "function", ["os:remove", "graphrep.graph", f"{MODULE}:unmarked", f"{MODULE}:no"]
)
def test_task_when_function_is_not_a_task_of_ours_then_refused(
    calls, tmp_path, function
):
    with pytest.raises(GraphValueError, match="is no task"):
        make_task(function, tmp_path, "foreign")
    spec = '{"function": "%s", "output": "%s", "inputs": {}, "arguments": {}}'
    with pytest.raises(GraphValueError, match="is no task"):
        run_task(spec % (function, tmp_path / "x"))


@pytest.mark.parametrize("executor", ["threads", 7, object()])
def test_executor_when_unknown_then_refused(executor):
    error = GraphValueError if isinstance(executor, str) else GraphTypeError
    with pytest.raises(error, match="executor must be"), open_backend(executor):
        pass


def test_executor_when_dask_is_missing_then_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with (
        pytest.raises(MissingDependencyError, match=r'"graphrep\[dask\]"'),
        open_backend("dask"),
    ):
        pass


def test_workers_when_memory_holds_fewer_then_more_threads_each():
    assert count_workers("processes", 4) == (4, 1)
    assert count_workers("processes", 4, most=2) == (2, 2)
    assert count_workers("processes", 4, most=1) == (1, 4)
    assert count_workers(None, 1) == (1, 1)

"""Small tasks under a name of the package, and executors that behave badly."""

from __future__ import annotations

import sys
import types
from concurrent.futures import Executor, Future

import pytest

from graphrep._tasks import Stage, TaskList, make_task, pure_task

MODULE = "graphrep._tasks_of_the_tests"


class BadExecutor(Executor):
    """Collects tasks, then runs them last first, each failing once, then twice."""

    def __init__(self, gather=3):
        self.gather, self._max_workers = gather, gather
        self.held, self.failed, self.n_calls = [], set(), 0

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.held.append((future, fn, args))
        if len(self.held) >= self.gather or args in self.failed:
            self.flush()
        return future

    def flush(self):
        held, self.held = self.held[::-1], []
        for future, fn, args in held:
            if args not in self.failed:
                self.failed.add(args)
                future.set_exception(ConnectionError("lost"))
                continue
            self.n_calls += 2
            fn(*args)
            future.set_result(fn(*args))


@pytest.fixture
def bad_executor():
    return BadExecutor


@pytest.fixture
def calls():
    """Tasks ``write`` and ``add`` and the list of their calls."""
    module = types.ModuleType(MODULE)
    log = []

    @pure_task(version=1)
    def write(out, *, number):
        log.append(("write", number))
        out.write_text(str(number))

    @pure_task(version=1)
    def add(out, *, number, **inputs):
        log.append(("add", number))
        total = number + sum(int(path.read_text()) for path in inputs.values())
        out.write_text(str(total))

    @pure_task(version=1)
    def fail(out, *, why):
        log.append(("fail", why))
        raise (ValueError if why != "ours" else module.Ours)(why)

    module.write, module.add, module.fail, module.log = write, add, fail, log
    module.unmarked = lambda out: None
    sys.modules[MODULE] = module
    yield module
    del sys.modules[MODULE]


@pytest.fixture
def ladder(tmp_path, calls):
    """Three stages: numbers, sums of two of them, and the sum of all."""

    def make(n=6, step=10):
        def task(function, name, **arguments):
            return make_task(f"{MODULE}:{function}", tmp_path, name, **arguments)

        first = [task("write", "first", number=i, suffix=".txt") for i in range(n)]
        pairs = zip(first[::2], first[1::2], strict=True)
        second = [
            task(
                "add", "second", number=step, suffix=".txt",
                inputs={"a": a.output, "b": b.output},
            )
            for a, b in pairs
        ]  # fmt: skip
        inputs = {f"x{i}": t.output for i, t in enumerate(second)}
        last = task("add", "last", number=0, suffix=".txt", inputs=inputs)
        stages = [Stage("First", first), Stage("Second", second), Stage("Last", [last])]
        return TaskList(stages)

    return make

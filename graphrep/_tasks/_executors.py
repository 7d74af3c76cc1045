"""Backends: where tasks run, behind one small interface."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any

from graphrep._utils._optional import module_of, require
from graphrep._utils._parallel import available_cpus, resolve_n_jobs
from graphrep.exceptions import GraphTypeError, GraphValueError

PROCESSES, DASK, SERIAL = "processes", "dask", "serial"
_WHY = "executor='dask'"
_ALLOWED_FAILURES = 10  # every task on a dying worker gets a strike


class Backend:
    """An executor, how many tasks it runs at once, and the threads of each.

    Parameters
    ----------
    executor : Executor
        Anything with ``submit``.
    workers : int
        Tasks that run at once.
    threads : int
        Threads of the kernels inside a task.
    name : str
        What it is, for people.
    """

    def __init__(
        self, executor: Executor, workers: int, threads: int, name: str
    ) -> None:
        self.executor = executor
        self.workers = workers
        self.threads = threads
        self.name = name

    def submit(self, function: Any, *args: Any) -> Future[Any]:
        """Start a task."""
        return self.executor.submit(function, *args)

    def renew(self) -> bool:
        """Make a broken executor anew; False where that is not ours to do."""
        return False

    def stop(self) -> None:
        """Give up what still runs, soon."""

    def close(self) -> None:
        """Let go of what was made for the run."""


class SerialExecutor(Executor):
    """Runs each task in this thread as it is submitted."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a call; its future is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class _Pool(Backend):
    """Worker processes of our own, made anew when one of them dies."""

    def __init__(self, workers: int, threads: int) -> None:
        super().__init__(self._make(workers), workers, threads, PROCESSES)

    @staticmethod
    def _make(workers: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(workers, context, initializer=_begin_worker)

    def renew(self) -> bool:
        self.stop()
        self.executor = self._make(self.workers)
        return True

    def stop(self) -> None:
        processes = dict(getattr(self.executor, "_processes", None) or {})
        self.executor.shutdown(wait=False, cancel_futures=True)
        for process in processes.values():
            with contextlib.suppress(OSError, ValueError):
                process.kill()

    def close(self) -> None:
        self.executor.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Leave Ctrl-C to the parent, and go when it goes."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        watch = threading.Thread(
            target=_follow, args=(parent.sentinel,), name="parent", daemon=True
        )
        watch.start()


def _follow(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


class _Dask(Backend):
    """A Dask cluster through its executor interface."""

    def __init__(
        self, client: Any, threads: int, name: str, owned: Any = (),
        most: int | None = None,
    ) -> None:  # fmt: skip
        self.client = client
        self._owned = owned
        workers = _at_most(_n_threads(client), most)
        executor = client.get_executor(pure=False, retries=3)
        super().__init__(executor, workers, threads, name)

    def stop(self) -> None:
        self.executor.shutdown(wait=False)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.executor.shutdown(wait=False)
        for thing in self._owned:
            thing.close()


def check_executor(executor: Any) -> Any:
    """Refuse what is no executor; nothing is started."""
    if executor is None or isinstance(executor, Executor) or _is_client(executor):
        return executor
    if isinstance(executor, str):
        if executor in (SERIAL, PROCESSES, DASK) or ":" in executor:
            return executor
        raise GraphValueError(
            f"executor must be 'serial', 'processes', 'dask' or the address of a Dask "
            f"scheduler such as 'tcp://10.0.0.1:8786'; got {executor!r}."
        )
    raise GraphTypeError(
        "executor must be None, a text, a concurrent.futures.Executor or a Dask "
        f"client; got {type(executor).__name__}."
    )


def count_workers(
    executor: Any, n_jobs: int | None, most: int | None = None
) -> tuple[int, int]:
    """Tasks at once and threads of each, before an executor is opened.

    The scheduler at an address is asked.

    Parameters
    ----------
    executor : object
        See `open_backend`.
    n_jobs : int or None
        Processes times threads.
    most : int or None, default=None
        Most tasks at once, where memory sets a bound.
    """
    jobs = resolve_n_jobs(n_jobs)
    if executor is None or executor == SERIAL:
        return 1, jobs
    if isinstance(executor, str) and executor in (PROCESSES, DASK):
        jobs = max(1, n_jobs if n_jobs and n_jobs > 0 else min(jobs, available_cpus()))
        workers = max(1, min(jobs, most or jobs))
        return workers, max(1, jobs // workers)
    if isinstance(executor, str):
        client = _connect(executor)
        try:
            return _at_most(_n_threads(client), most), 1
        finally:
            client.close()
    if _is_client(executor):
        return _at_most(_n_threads(executor), most), 1
    return _at_most(int(getattr(executor, "_max_workers", 0) or jobs), most), 1


@contextmanager
def open_backend(
    executor: Any = None, n_jobs: int | None = None, most: int | None = None
) -> Iterator[Backend]:
    """Give the backend of an executor, and close it if it was made for the run.

    Parameters
    ----------
    executor : None, str, Executor or Client, default=None
        None or "serial": this thread. "processes": a pool of new processes. "dask":
        a Dask cluster on this machine, not reachable from others. A text with a
        colon: the address of a Dask scheduler. An executor or a Dask client is used
        as it is and left open.
    n_jobs : int or None, default=None
        Processes times threads on this machine, None for all processors.
    most : int or None, default=None
        Most tasks at once, where memory sets a bound.

    Yields
    ------
    Backend
    """
    backend = _open(check_executor(executor), n_jobs, most)
    try:
        yield backend
    except BaseException:
        backend.stop()
        raise
    finally:
        backend.close()


def _open(executor: Any, n_jobs: int | None, most: int | None) -> Backend:
    workers, threads = (1, 1)
    if not isinstance(executor, str) or executor in (SERIAL, PROCESSES, DASK):
        workers, threads = count_workers(executor, n_jobs, most)
    if executor is None or executor == SERIAL:
        return Backend(SerialExecutor(), 1, threads, SERIAL)
    if executor == PROCESSES:
        return _Pool(workers, threads)
    if executor == DASK:
        return _local_dask(workers, threads)
    if isinstance(executor, str):
        client = _connect(executor)
        return _Dask(client, 1, f"Dask at {executor}", (client,), most)
    if _is_client(executor):
        return _Dask(executor, 1, "Dask", most=most)
    return Backend(executor, workers, threads, type(executor).__name__)


def _local_dask(workers: int, threads: int) -> Backend:
    distributed = require("distributed", extra="dask", why=_WHY)
    dask = require("dask", extra="dask", why=_WHY)
    settings = {"distributed.scheduler.allowed-failures": _ALLOWED_FAILURES}
    with dask.config.set(settings):
        cluster = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1",
            dashboard_address=None, memory_limit=0, silence_logs=50,
        )  # fmt: skip
    try:
        client = distributed.Client(cluster, set_as_default=False)
    except BaseException:
        cluster.close()
        raise
    return _Dask(client, threads, DASK, (client, cluster))


def _connect(address: str) -> Any:
    distributed = require("distributed", extra="dask", why="A Dask scheduler")
    try:
        return distributed.Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise GraphValueError(
            f"No Dask scheduler answers at {address!r} ({error}). Start one with dask "
            "scheduler, and give the address that it prints."
        ) from error


def _at_most(workers: int, most: int | None) -> int:
    return workers if most is None else max(1, min(workers, most))


def _n_threads(client: Any) -> int:
    return max(1, int(sum(client.nthreads().values())))


def _is_client(executor: Any) -> bool:
    return module_of(executor) == "distributed" and hasattr(executor, "get_executor")

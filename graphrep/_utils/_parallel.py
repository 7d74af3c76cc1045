"""Threads of the numba kernels: set for one block of code, then put back."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from graphrep.exceptions import GraphValueError

_WORKQUEUE_LOCK = threading.RLock()
_MOST: ContextVar[int | None] = ContextVar("most_threads", default=None)


def available_cpus() -> int:
    """Count the processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # platforms without affinity
        return os.cpu_count() or 1


def check_n_jobs(n_jobs: int | None) -> None:
    """Refuse 0 threads, as joblib does.

    Raises
    ------
    GraphValueError
        If ``n_jobs`` is 0.
    """
    if n_jobs == 0:
        raise GraphValueError(
            "n_jobs=0 threads can do nothing; pass 1 or more, None or -1 for all "
            "processors."
        )


def resolve_n_jobs(n_jobs: int | None) -> int:
    """Turn ``n_jobs`` into a number of threads, joblib's way for negative values."""
    check_n_jobs(n_jobs)
    from numba import config

    most: int = config.NUMBA_NUM_THREADS
    most = min(most, _MOST.get() or most)
    if n_jobs is None:
        return min(most, available_cpus())
    if n_jobs < 0:
        n_jobs = max(1, available_cpus() + 1 + n_jobs)
    return max(1, min(n_jobs, most))


@contextmanager
def at_most_threads(most: int) -> Iterator[None]:
    """Keep whatever runs in the block to so many threads, also where more are asked.

    For a plan with fewer threads than ``n_jobs``, which a limit of memory made. The
    bound is the calling thread's: one that a pool starts does not see it, so work asks
    `resolve_n_jobs` before it opens a pool, as all of it does.
    """
    token = _MOST.set(most)
    try:
        yield
    finally:
        _MOST.reset(token)


@contextmanager
def numba_threads(n_jobs: int | None) -> Iterator[int]:
    """Run the block with this many numba threads.

    Numba's ``workqueue`` layer ends the process when two Python threads enter a
    parallel kernel, so calls are taken one at a time under it.
    """
    import numba

    wanted = resolve_n_jobs(n_jobs)
    before = numba.get_num_threads()
    locked = _layer_is_workqueue()
    if locked:
        _WORKQUEUE_LOCK.acquire()
    try:
        numba.set_num_threads(wanted)
        yield wanted
    finally:
        numba.set_num_threads(before)
        if locked:
            _WORKQUEUE_LOCK.release()


def _layer_is_workqueue() -> bool:
    """Tell whether numba runs, or may come to run, on its workqueue layer."""
    import numba

    try:
        return bool(numba.threading_layer() == "workqueue")
    except ValueError:  # no parallel kernel has run yet: the layer is not chosen
        return True

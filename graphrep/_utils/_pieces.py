"""Pieces of some work in threads of Python, and things made ahead in one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def for_pieces(
    work: Callable[..., None], pieces: Sequence[tuple[Any, ...]], n_threads: int
) -> None:
    """Call ``work(slot, *piece)`` for every piece, in several threads.

    What reads, computes without the interpreter's lock, and writes keeps disk and
    processors busy this way: no thread waits for the others between pieces.

    Parameters
    ----------
    work : callable
        The work on one piece. ``slot`` is below ``n_threads`` and no two calls have
        the same one at a time, so it may stand for buffers.
    pieces : sequence of tuple
        The pieces, such as a first and an end, taken in order.
    n_threads : int
        Number of threads; 1 is the calling one.

    Raises
    ------
    BaseException
        What the first call that failed raised; no piece is begun after it.
    """
    todo = iter(pieces)
    stop = threading.Event()

    def run(slot: int) -> None:
        try:
            for piece in todo:
                if stop.is_set():
                    return
                work(slot, *piece)
        except BaseException:
            stop.set()
            raise

    if n_threads == 1:
        run(0)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        running = [pool.submit(run, slot) for slot in range(n_threads)]
        try:
            for future in running:
                future.result()
        finally:
            stop.set()


def ahead(make: Callable[[int], T], n: int) -> Iterator[T]:
    """Yield ``make(0)`` to ``make(n - 1)``, the next one made in a thread meanwhile."""
    if not n:
        return
    with ThreadPoolExecutor(1) as thread:
        making = thread.submit(make, 0)
        for number in range(1, n + 1):
            made = making.result()
            if number < n:
                making = thread.submit(make, number)
            yield made

"""The search for maximal cliques on plain arrays: output, limits and threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from graphrep.exceptions import MemoryLimitError
from graphrep.kernels import _clique_state as kept
from graphrep.kernels._degeneracy import degeneracy_rows
from graphrep.kernels._maximal_cliques import enumerate_cliques
from graphrep.typing import IntArray

_SLICE = 1 << 23  # steps of one call of the kernel, some tens of milliseconds
_TASTE = 1 << 16  # steps before other threads are called, less than a millisecond
_CHUNKS = 32  # of roots for each thread, so that a dear one is not waited for
_BLOCK = 1 << 20  # members of a block that may be shorter than asked for
_HINT = (
    "Raise the limit, ask for larger cliques only (min_size=), or look at some of them "
    "with iter_maximal_cliques."
)


def cliques_csr(
    indptr: IntArray, indices: IntArray, min_size: int = 1, *, n_jobs: int = 1
) -> tuple[IntArray, IntArray]:
    """Maximal cliques of a graph that is known to be in order; nothing is checked.

    Parameters
    ----------
    indptr, indices : ndarray of int64, ndarray of int32
        Symmetric rows, ascending, without loops.
    min_size : int, default=1
        Smallest clique to keep.
    n_jobs : int, default=1
        Threads.

    Returns
    -------
    pointers, members : ndarray of int64, ndarray of int32
        Clique k is ``members[pointers[k]:pointers[k + 1]]``, its nodes ascending.
    """
    return CliqueSearch(indptr, indices, min_size).run(n_jobs)


class CliqueSearch:
    """A graph in degeneracy order, and what the threads that search it share.

    Parameters
    ----------
    indptr, indices, min_size
        As in `cliques_csr`.
    max_cliques, max_seconds : int, float or None, default=None
        Where to give up.
    """

    def __init__(
        self,
        indptr: IntArray,
        indices: IntArray,
        min_size: int = 1,
        max_cliques: int | None = None,
        max_seconds: float | None = None,
    ) -> None:
        self._started = time.monotonic()
        self._limits = (max_cliques, max_seconds)
        self._lock = threading.Lock()
        self._found = 0
        self._cancelled = False
        self.min_size = min_size
        n = len(indptr) - 1
        order, middle = np.empty(n, np.int32), np.empty(n, np.int64)
        starts, rows = np.empty(n + 1, np.int64), np.empty(len(indices), np.int32)
        self.ordered = (order, starts, middle, rows)
        self.degeneracy = int(degeneracy_rows(indptr, indices, *self.ordered))
        self.n_excluded = int(kept.excluded_words(starts, middle))

    @property
    def n_roots(self) -> int:
        """Roots of the search, one for each node."""
        return len(self.ordered[0])

    def run(self, n_jobs: int = 1) -> tuple[IntArray, IntArray]:
        """All cliques. Threads share the roots out; results keep the roots' order."""
        worker = _Worker(self)
        worker.start(0, self.n_roots)
        if n_jobs == 1 or worker.go_on(self.n_roots, _TASTE) == kept.DONE:
            return worker.collect(self.n_roots)
        with ThreadPoolExecutor(n_jobs) as pool:
            try:
                return self._share_out(worker, pool, n_jobs)
            except BaseException:
                self._cancelled = True
                raise

    def _share_out(
        self, worker: _Worker, pool: ThreadPoolExecutor, n_jobs: int
    ) -> tuple[IntArray, IntArray]:
        """Let one thread end the root that was begun, and all share what is left."""
        first = int(worker.state[kept.ROOT]) + 1
        _, starts, middle, _ = self.ordered
        cost = np.cumsum((middle[first:] - starts[first:-1] + 1) ** 2)
        shares = np.linspace(0, cost[-1] if len(cost) else 0, _CHUNKS * n_jobs + 1)
        cuts = np.unique(np.searchsorted(cost, shares[1:-1])) + first
        idle = [_Worker(self) for _ in range(n_jobs - 1)]

        def work(chunk: tuple[int, int] | None) -> tuple[IntArray, IntArray]:
            if chunk is None:
                own, last = worker, first
            else:
                own, last = idle.pop(), chunk[1]
                own.start(*chunk)
            found = own.collect(last)
            idle.append(own)
            return found

        chunks = pairwise([first, *cuts.tolist(), self.n_roots])
        return _joined(list(pool.map(work, [None, *chunks])))

    def blocks(self, n_cliques: int) -> Iterator[tuple[IntArray, IntArray]]:
        """At most so many cliques at a time, none searched before it is asked for."""
        worker = _Worker(self)
        worker.start(0, 0, n_cliques)
        status = kept.FULL
        while status != kept.DONE:
            status = worker.go_on(self.n_roots, _SLICE)
            if status != kept.PAUSED and worker.state[kept.CLIQUES]:
                yield worker.found()

    def count(self, found: int) -> None:
        """Add cliques to those of all threads; raise where a limit is passed."""
        max_cliques, max_seconds = self._limits
        if self._cancelled:
            raise _CancelledError
        with self._lock:
            self._found += found
        if max_cliques is not None and self._found > max_cliques:
            raise MemoryLimitError(
                f"The graph has more than max_cliques={max_cliques:,} maximal "
                f"cliques. {_HINT}"
            )
        seconds = time.monotonic() - self._started
        if max_seconds is not None and seconds > max_seconds:
            raise TimeoutError(
                f"{self._found:,} maximal cliques were found in {seconds:.1f} seconds "
                f"and the search had not ended (max_seconds={max_seconds}). {_HINT}"
            )


class _CancelledError(Exception):
    """Another thread has given up."""


class _Worker:
    """Scratch of one thread, and the cliques of the roots it is at."""

    def __init__(self, search: CliqueSearch) -> None:
        self._search = search
        self._scratch = kept.clique_scratch(search.n_roots, search.degeneracy)
        self._excluded = np.empty(2 * search.n_excluded + 256, np.uint64)
        self.state = kept.clique_state(0, search.min_size)

    def start(self, first: int, last: int, n_cliques: int | None = None) -> None:
        """Make room for the cliques of some roots; ``n_cliques`` of them if given."""
        starts = self._search.ordered[1]
        largest = self._search.degeneracy + 1
        if n_cliques is None:
            n_cliques = last - first + 64
            size = max(4 * n_cliques, int(starts[last] - starts[first]) // 2)
        else:
            size = max(4 * n_cliques, min(n_cliques * largest, _BLOCK))
        self._pointers = np.zeros(n_cliques + 1, np.int64)
        self._members = np.empty(size + largest, np.int32)
        self._counted = 0
        self.state = kept.clique_state(first, self._search.min_size)

    def go_on(self, last: int, steps: int) -> int:
        """Search so many steps on; return the status of the kernel."""
        self.state[kept.FUEL] = steps
        while True:
            status = enumerate_cliques(
                last, self._search.ordered, self._scratch, self._excluded,
                self._pointers, self._members, self.state,
            )  # fmt: skip
            if status != kept.ROOM:
                return int(status)
            more = np.empty_like(self._excluded)
            self._excluded = np.concatenate([self._excluded, more])

    def collect(self, last: int) -> tuple[IntArray, IntArray]:
        """Search to the end, in longer and longer arrays."""
        status = kept.PAUSED
        while status != kept.DONE:
            status = self.go_on(last, _SLICE)
            done = int(self.state[kept.CLIQUES])
            self._search.count(done - self._counted)
            self._counted = done
            if status == kept.FULL:
                self._lengthen()
        n, size = self._done()
        self._pointers.resize(n + 1, refcheck=False)
        self._members.resize(size, refcheck=False)
        return self._pointers, self._members

    def found(self) -> tuple[IntArray, IntArray]:
        """Take copies of the cliques written so far and make room for others."""
        n, size = self._done()
        self.state[[kept.CLIQUES, kept.MEMBERS]] = 0
        return self._pointers[: n + 1].copy(), self._members[:size].copy()

    def _done(self) -> tuple[int, int]:
        n, size = self.state[[kept.CLIQUES, kept.MEMBERS]].tolist()
        return n, size

    def _lengthen(self) -> None:
        """Grow in place, as memory is moved and not copied where it is much."""
        n, size = self._done()
        if n + 1 == len(self._pointers):
            self._pointers.resize(2 * (n + 1), refcheck=False)
        if size + self._search.degeneracy >= len(self._members):
            self._members.resize(2 * len(self._members), refcheck=False)


def _joined(parts: list[tuple[IntArray, IntArray]]) -> tuple[IntArray, IntArray]:
    """One list of cliques of several."""
    sizes = np.cumsum([0, *(len(members) for _, members in parts)])
    shifted = [p[1:] + at for (p, _), at in zip(parts, sizes[:-1], strict=True)]
    return (
        np.concatenate([np.zeros(1, np.int64), *shifted]),
        np.concatenate([members for _, members in parts]),
    )

"""The search for maximal cliques on plain arrays: output, limits and threads."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from threading import Lock, Thread

import numpy as np

from graphrep._utils._memory import available_memory, human_bytes
from graphrep.exceptions import MemoryLimitError
from graphrep.kernels import _clique_state as kept
from graphrep.kernels._degeneracy import degeneracy_rows
from graphrep.kernels._maximal_cliques import enumerate_cliques
from graphrep.typing import IntArray

Ordered = tuple[IntArray, IntArray, IntArray, IntArray]
_SLICE = 1 << 23  # steps of one call of the kernel, some tens of milliseconds
_TASTE = 1 << 15  # steps before other threads are called, under a millisecond
_MUCH = 1 << 27  # bytes beyond which it is asked whether they are there
_ARRAYS = ("order", "starts", "middle", "rows", "numbers")
BLOCK = 1 << 20
"""Members of a block that may be shorter than asked for."""
HINT = (
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
        self._begin(min_size, max_cliques, max_seconds)
        n = len(indptr) - 1
        order, middle = np.empty(n, np.int32), np.empty(n, np.int64)
        starts, rows = np.empty(n + 1, np.int64), np.empty(len(indices), np.int32)
        self.ordered: Ordered = (order, starts, middle, rows)
        self.degeneracy = int(degeneracy_rows(indptr, indices, *self.ordered))
        self.n_excluded = int(kept.excluded_words(starts, middle))

    def _begin(
        self, min_size: int, max_cliques: int | None, max_seconds: float | None
    ) -> None:
        self._started = time.monotonic()
        self._limits = (max_cliques, max_seconds)
        self._lock = Lock()
        self._found = 0
        self._cancelled = False
        self._error: BaseException | None = None
        self.min_size = min_size

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, IntArray], min_size: int, max_cliques: int | None
    ) -> CliqueSearch:
        """Take a search together again of what `to_arrays` gave; may be mapped."""
        made = cls.__new__(cls)
        made._begin(min_size, max_cliques, None)
        order, starts, middle, rows, numbers = (arrays[name] for name in _ARRAYS)
        made.ordered = (order, starts, middle, rows)
        made.degeneracy, made.n_excluded = numbers.tolist()
        return made

    def to_arrays(self) -> dict[str, IntArray]:
        """Graph in degeneracy order, for a file."""
        numbers = np.array([self.degeneracy, self.n_excluded])
        return dict(zip(_ARRAYS, (*self.ordered, numbers), strict=True))

    @property
    def n_roots(self) -> int:
        """Roots of the search, one for each node."""
        return len(self.ordered[0])

    def run(self, n_jobs: int = 1) -> tuple[IntArray, IntArray]:
        """All cliques. Threads share the roots out; results keep the roots' order."""
        worker = _Worker(self, self.n_roots + 64)
        if n_jobs == 1 or worker.taste(self.n_roots) == kept.DONE:
            worker.collect(0, self.n_roots)
            return worker.found()
        first = int(worker.state[kept.ROOT]) + 1
        shares = _Shares(self.ordered, first, n_jobs)
        others = [_Worker(self, shares.size + 64) for _ in range(n_jobs - 1)]
        threads = [Thread(target=self._help, args=(w, shares)) for w in others]
        for thread in threads:
            thread.start()
        try:
            worker.collect(0, first)
            worker.work(shares)
        except _CancelledError:
            pass  # the error of the other thread is raised below
        except BaseException:
            self._cancelled = True
            raise
        finally:
            for thread in threads:
                thread.join()
        if self._error is not None:
            raise self._error
        return _joined([worker, *others])

    def run_roots(self, first: int, last: int) -> tuple[IntArray, IntArray]:
        """All cliques of a range of roots, on one thread."""
        worker = _Worker(self, last - first + 64)
        worker.state[kept.ROOT], worker.state[kept.DEPTH] = first, -1
        worker.collect(first, last)
        return worker.found()

    def _help(self, worker: _Worker, shares: _Shares) -> None:
        """Work in a thread of its own; keep the error for the one that waits."""
        try:
            worker.work(shares)
        except _CancelledError:
            pass
        except BaseException as error:
            self._error = error
            self._cancelled = True

    def blocks(self, n_cliques: int) -> Iterator[tuple[IntArray, IntArray]]:
        """At most so many cliques at a time, none searched before it is asked for."""
        room = max(4 * n_cliques, min(n_cliques * (self.degeneracy + 1), BLOCK))
        worker = _Worker(self, n_cliques, room)
        status = kept.FULL
        while status != kept.DONE:
            status = worker.go_on(self.n_roots, _SLICE)
            if status != kept.PAUSED and worker.state[kept.CLIQUES]:
                yield worker.flush()

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
                f"cliques. {HINT}"
            )
        seconds = time.monotonic() - self._started
        if max_seconds is not None and seconds > max_seconds:
            raise TimeoutError(
                f"{self._found:,} maximal cliques were found in {seconds:.1f} seconds "
                f"and the search had not ended (max_seconds={max_seconds}). {HINT}"
            )


class _CancelledError(Exception):
    """Another thread has given up."""


class _Shares:
    """Roots that threads take in ever smaller shares: the dear ones come last."""

    def __init__(self, ordered: tuple[IntArray, ...], first: int, n_jobs: int) -> None:
        _, starts, middle, _ = ordered
        self._cost = np.cumsum((middle[first:] - starts[first:-1] + 1) ** 2)
        self._first, self._at = first, 0
        self._parts = 2 * n_jobs
        self._least = max(int(self._cost[-1]) >> 7, 1) if len(self._cost) else 1
        self._lock = Lock()
        self.size = len(self._cost) // n_jobs

    def take(self) -> tuple[int, int] | None:
        """First root of the next share and the one after its last; None at the end."""
        with self._lock:
            begin, total = self._at, len(self._cost)
            if begin == total:
                return None
            done = int(self._cost[begin - 1]) if begin else 0
            share = max((int(self._cost[-1]) - done) // self._parts, self._least)
            end = int(np.searchsorted(self._cost, done + share)) + 1
            self._at = min(end, total)
            return self._first + begin, self._first + self._at


class _Worker:
    """Scratch of one thread, and the cliques that it has found.

    Attributes
    ----------
    shares : list of (first root, first clique, end)
        Which cliques are of which roots.
    """

    def __init__(
        self, search: CliqueSearch, n_cliques: int, n_members: int = 0
    ) -> None:
        self._search = search
        self._scratch = kept.clique_scratch(search.n_roots, search.degeneracy)
        self._excluded = np.empty(2 * search.n_excluded + 256, np.uint64)
        self.state = kept.clique_state(0, search.min_size)
        self.pointers = np.zeros(n_cliques + 1, np.int64)
        room = max(n_members, 4 * n_cliques) + search.degeneracy + 1
        self.members = np.empty(room, np.int32)
        self.shares: list[tuple[int, int, int]] = []

    def taste(self, last: int) -> int:
        """Search a little; return the status of the kernel."""
        status = self.go_on(last, _TASTE)
        while status == kept.FULL:
            self._lengthen()
            status = self.go_on(last)
        return status

    def go_on(self, last: int, steps: int | None = None) -> int:
        """Search so many steps, or those left, on; return the status of the kernel."""
        if steps is not None:
            self.state[kept.FUEL] = steps
        while True:
            status = enumerate_cliques(
                last, self._search.ordered, self._scratch, self._excluded,
                self.pointers, self.members, self.state,
            )  # fmt: skip
            if status != kept.ROOM:
                return int(status)
            more = np.empty_like(self._excluded)
            self._excluded = np.concatenate([self._excluded, more])

    def work(self, shares: _Shares) -> None:
        """Search the shares that this thread gets hold of."""
        while (share := shares.take()) is not None:
            self.state[kept.ROOT], self.state[kept.DEPTH] = share[0], -1
            self.collect(*share)

    def collect(self, first: int, last: int) -> None:
        """Search up to a root, in longer and longer arrays."""
        start = counted = self.shares[-1][2] if self.shares else 0
        status = kept.PAUSED
        while status != kept.DONE:
            status = self.go_on(last, _SLICE)
            done = int(self.state[kept.CLIQUES])
            self._search.count(done - counted)
            counted = done
            if status == kept.FULL:
                self._lengthen()
        self.shares.append((first, start, counted))

    def found(self) -> tuple[IntArray, IntArray]:
        """Cut the arrays of the cliques to their length."""
        n, size = self._done()
        self.pointers.resize(n + 1, refcheck=False)
        self.members.resize(size, refcheck=False)
        return self.pointers, self.members

    def flush(self) -> tuple[IntArray, IntArray]:
        """Take copies of the cliques written so far and make room for others."""
        n, size = self._done()
        self.state[[kept.CLIQUES, kept.MEMBERS]] = 0
        return self.pointers[: n + 1].copy(), self.members[:size].copy()

    def _done(self) -> tuple[int, int]:
        n, size = self.state[[kept.CLIQUES, kept.MEMBERS]].tolist()
        return n, size

    def _lengthen(self) -> None:
        """Grow in place, as memory is moved and not copied where it is much."""
        n, size = self._done()
        if n + 1 == len(self.pointers):
            _require(self.pointers.nbytes)
            self.pointers.resize(2 * (n + 1), refcheck=False)
        if size + self._search.degeneracy >= len(self.members):
            _require(self.members.nbytes)
            self.members.resize(2 * len(self.members), refcheck=False)


def _require(size: int) -> None:
    """Refuse to take so many bytes more where they are many and not there."""
    free = available_memory() if size > _MUCH else None
    if free is not None and size > free:
        raise MemoryLimitError(
            f"The maximal cliques need {human_bytes(size)} more of memory and "
            f"{human_bytes(free)} are left. Ask for larger cliques only (min_size=), "
            "or take them in blocks from iter_maximal_cliques."
        )


def _joined(workers: list[_Worker]) -> tuple[IntArray, IntArray]:
    """Put the cliques of several threads in the order of their roots."""
    _require(sum(w.members.nbytes + w.pointers.nbytes for w in workers))
    parts = sorted((s[0], k, s[1:]) for k, w in enumerate(workers) for s in w.shares)
    pointers, members, size = [np.zeros(1, np.int64)], [], 0
    for _, k, (start, end) in parts:
        own = workers[k].pointers
        low, high = int(own[start]), int(own[end])
        pointers.append(own[start + 1 : end + 1] + (size - low))
        members.append(workers[k].members[low:high])
        size += high - low
    return np.concatenate(pointers), np.concatenate(members)

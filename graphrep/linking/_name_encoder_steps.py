"""Steps of a `NameEncoder` by numba: sums of features, their loss, and Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.kernels import _bag_encoder
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

kernels: Any = _bag_encoder  # kernels carry no annotations
LOG_RATE = 10 / 3
"""Learning rate of the weights of features, in those of their vectors."""
LEAST_MASS = 1e-30
"""Share of all exponentials that names of a concept have at least."""
TINY = 1e-9
"""Length of a sum at least, where it divides."""
_BLOCK = 128  # anchors that one thread takes at a time
_SPAN = 1 << 12  # features, or texts, likewise


class Table(NamedTuple):
    """Features of texts, and what is learnt of features.

    Attributes
    ----------
    bags : csr_array of float32 of shape (n_texts, n_buckets)
        How often each feature is there.
    vectors : ndarray of float32 of shape (n_buckets, n_components)
        Of the features; steps change them in place.
    logs : ndarray of float32 of shape (n_buckets,)
        Logarithms of their weights, likewise.
    """

    bags: Any
    vectors: FloatArray
    logs: FloatArray


class Steps:
    """Sums and steps on the processor; the result does not depend on the threads.

    Used as a context: outside it no threads are kept.

    Parameters
    ----------
    table : Table
        What is summed and learnt.
    concepts : ndarray of int64 of shape (n_texts,) or None
        Concept of each text; None where nothing is learnt.
    temperature : float
        By which cosines are divided.
    n_jobs : int or None
        Threads.
    """

    def __init__(
        self, table: Table, concepts: IntArray | None, temperature: float,
        n_jobs: int | None,
    ) -> None:  # fmt: skip
        self._table, self._concepts = table, concepts
        self._temperature, self._n_jobs = temperature, n_jobs
        self._stack = ExitStack()
        self._state: tuple[AnyArray, AnyArray] | None = None

    def __enter__(self) -> Self:
        self._stack.enter_context(single_blas_thread())
        threads = ThreadPoolExecutor(resolve_n_jobs(self._n_jobs))
        self._pool = self._stack.enter_context(threads)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def units(self) -> FloatArray:
        """Vectors of all texts: of length 1, or 0 without features."""
        return _scaled(self._sums(np.arange(self._table.bags.shape[0])))[0]

    def step(self, rows: IntArray, n: int, rate: float, number: int) -> float:
        """One step of Adam, the first n rows being anchors. Return the summed loss."""
        assert self._concepts is not None
        units, lengths = _scaled(self._sums(rows))
        others, concepts = units[n:], self._concepts
        slopes = np.zeros_like(units)

        def block(first: int) -> tuple[float, FloatArray]:
            span = slice(first, min(first + _BLOCK, n))
            loss, slope = contrast(
                units[span] @ others.T, rows[span], rows[n:], concepts,
                self._temperature,
            )  # fmt: skip
            slope /= n
            slopes[span] = slope @ others
            return loss, slope.T @ units[span]

        total = 0.0
        for loss, slope in self._pool.map(block, range(0, n, _BLOCK)):
            total += loss
            slopes[n:] += slope
        inward = np.einsum("ij,ij->i", slopes, units)[:, None]
        slopes = (slopes - units * inward) / lengths
        self._descend(rows, slopes, rate, number)
        return total

    def _descend(
        self, rows: IntArray, slopes: FloatArray, rate: float, number: int
    ) -> None:
        bags, vectors, logs = self._table
        if self._state is None:
            shape = (2, *vectors.shape)
            self._state = np.zeros(shape, np.float32), np.zeros(shape[:2], np.float32)
        state = self._state
        size = int((bags.indptr[rows + 1] - bags.indptr[rows]).sum())
        starts = np.empty(len(vectors) + 1, np.int64)
        places, shares = np.empty(size, np.int32), np.empty(size, np.float32)
        kernels.by_feature(
            rows, bags.indptr, bags.indices, bags.data, starts, places, shares
        )
        rates = np.float32(rate), np.float32(rate * LOG_RATE)

        def work(span: tuple[int, int]) -> None:
            kernels.adam_step(
                *span, starts, places, shares, slopes, vectors, logs, *state, *rates,
                np.float32(number),
            )  # fmt: skip

        _each(self._pool, work, _spans(len(vectors)))

    def _sums(self, rows: IntArray) -> FloatArray:
        bags, vectors, logs = self._table
        out = np.empty((len(rows), vectors.shape[1]), np.float32)
        scales = np.exp(logs)

        def work(span: tuple[int, int]) -> None:
            kernels.bag_sums(
                *span, rows, bags.indptr, bags.indices, bags.data, scales, vectors, out
            )

        _each(self._pool, work, _spans(len(rows), 256))
        return out


def contrast(
    cosines: FloatArray, anchors: IntArray, others: IntArray, concepts: IntArray,
    temperature: float,
) -> tuple[float, FloatArray]:  # fmt: skip
    """Sum the loss of some anchors; give its slope by the cosines, too."""
    logits = cosines / np.float32(temperature)
    itself = anchors[:, None] == others[None, :]
    logits[itself] = -np.inf
    match = (concepts[anchors][:, None] == concepts[others][None, :]) & ~itself
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    of_match = np.where(match, shares, 0.0)
    mass = np.maximum(of_match.sum(axis=1, keepdims=True), LEAST_MASS)
    slope = (shares - of_match / mass) / np.float32(temperature)
    loss = -np.log(mass).sum(dtype=np.float64)
    return float(loss), slope.astype(np.float32)


def _scaled(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rows of length 1, zeros stay; and the lengths, a column."""
    lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), TINY)
    return (sums / lengths).astype(np.float32), lengths.astype(np.float32)


def _spans(n: int, size: int = _SPAN) -> Iterator[tuple[int, int]]:
    return ((first, min(first + size, n)) for first in range(0, n, size))


def _each(
    pool: ThreadPoolExecutor, work: Callable[[tuple[int, int]], None],
    spans: Iterator[tuple[int, int]],
) -> None:  # fmt: skip
    for _ in pool.map(work, spans):
        pass

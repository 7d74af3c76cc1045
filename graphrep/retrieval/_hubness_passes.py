"""Passes over all pairs of two sets of vectors, a tile of scores at a time.

A pass takes tiles of rows, each on one thread, and goes through all columns in blocks,
keeping a few numbers for each row. Extents of tiles are fixed, so results do not depend
on the number of threads; memory is that of one tile a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.kernels import _hubness, _topk
from graphrep.typing import AnyArray, FloatArray, IntArray

masks: Any = _hubness  # kernels carry no annotations
heaps: Any = _topk
_TILE, _BLOCK = 512, 1024
_LEAST = 1e-300  # of minus the log of a proximity


@dataclass(frozen=True)
class Side:
    """One of the two sets.

    Attributes
    ----------
    rows : ndarray of float32 or csr_array of float32
        Vectors.
    codes : ndarray of int64 or None
        Group of each; pairs of one group are left out. None for no groups.
    """

    rows: Any
    codes: IntArray | None = None

    def __len__(self) -> int:
        return int(self.rows.shape[0])


class Passes(Protocol):
    """What the corrector asks of a device."""

    def log_sum_exp(
        self, rows: Side, columns: Side, betas: FloatArray, shift: AnyArray | None
    ) -> FloatArray:
        """Log of the sum over columns of exp(beta (score + shift)), by beta and row."""

    def top_k(self, rows: Side, columns: Side, k: int) -> tuple[IntArray, FloatArray]:
        """Find the k best columns of each row; -1 and -inf where there are none."""

    def moments(self, rows: Side, columns: Side, square: Any) -> FloatArray:
        """Mean and standard deviation of the distances of each row: (2, n_rows)."""

    def proximity(
        self, rows: Side, columns: Side, k: int, square: Any, normals: Any
    ) -> tuple[IntArray, FloatArray]:
        """Find the k columns of the largest mutual proximity with each row."""


Square = tuple[FloatArray, FloatArray] | None
"""Squared lengths of rows and columns; None where all are 1."""


class CpuPasses:
    """Passes on the processor, with BLAS or scipy's sparse product."""

    def __init__(self, n_jobs: int | None) -> None:
        self.n_jobs = n_jobs

    def log_sum_exp(
        self, rows: Side, columns: Side, betas: FloatArray, shift: AnyArray | None
    ) -> FloatArray:
        """Log of the sum over columns of exp(beta (score + shift)), by beta and row."""
        out = np.empty((len(betas), len(rows)))
        added = None if shift is None else np.asarray(shift, np.float32)

        def work(first: int, tiles: Iterator[tuple[int, FloatArray]]) -> None:
            n = min(_TILE, len(rows) - first)
            top = np.full(n, -np.inf, np.float32)
            total = np.zeros((len(betas), n))
            for start, scores in tiles:
                if added is not None:
                    scores += added[start : start + scores.shape[1]]
                _add_exponentials(scores, betas, top, total)
            with np.errstate(divide="ignore", invalid="ignore"):
                found = betas[:, None] * top.astype(np.float64) + np.log(total)
            out[:, first : first + n] = np.where(total > 0, found, -np.inf)

        self._run(rows, columns, work)
        return out

    def top_k(self, rows: Side, columns: Side, k: int) -> tuple[IntArray, FloatArray]:
        """Find the k best columns of each row; -1 and -inf where there are none."""
        zeros = np.zeros(len(columns), np.float32)
        return self._best(rows, columns, k, zeros, None)

    def moments(self, rows: Side, columns: Side, square: Square) -> FloatArray:
        """Mean and standard deviation of the distances of each row: (2, n_rows)."""
        out = np.empty((2, len(rows)))

        def work(first: int, tiles: Iterator[tuple[int, FloatArray]]) -> None:
            n = min(_TILE, len(rows) - first)
            count, total, squares = np.zeros((3, n))
            for start, scores in tiles:
                there = np.isfinite(scores)
                gaps = distances(scores, _part(square, first, n, start, scores), np)
                gaps[~there] = 0
                count += there.sum(axis=1)
                total += gaps.sum(axis=1, dtype=np.float64)
                squares += np.square(gaps).sum(axis=1, dtype=np.float64)
            count = np.maximum(count, 1)
            mean = total / count
            spread = np.sqrt(np.maximum(squares / count - mean**2, 0))
            out[:, first : first + n] = mean, spread

        self._run(rows, columns, work)
        return out

    def proximity(
        self, rows: Side, columns: Side, k: int, square: Square, normals: Any
    ) -> tuple[IntArray, FloatArray]:
        """Find the k columns of the largest mutual proximity with each row."""
        from scipy.special import log_ndtr

        def score(first: int, start: int, scores: FloatArray) -> FloatArray:
            part = _part(square, first, len(scores), start, scores)
            gaps = distances(scores, part, np)
            at = slice(first, first + len(scores))
            of = slice(start, start + scores.shape[1])
            found: FloatArray = log_proximity(
                gaps.astype(np.float64), normals, at, of, log_ndtr, np
            )
            return found.astype(np.float32)

        zeros = np.zeros(len(columns), np.float32)
        return self._best(rows, columns, k, zeros, score)

    # -- private -----------------------------------------------------------------
    def _best(
        self, rows: Side, columns: Side, k: int, shift: FloatArray,
        transform: Callable[[int, int, FloatArray], FloatArray] | None,
    ) -> tuple[IntArray, FloatArray]:  # fmt: skip
        n_columns = len(columns)
        k = min(k, n_columns)
        index = np.full((len(rows), k), n_columns, np.int64)
        best = np.full((len(rows), k), -np.inf, np.float32)

        def work(first: int, tiles: Iterator[tuple[int, FloatArray]]) -> None:
            part = slice(first, min(first + _TILE, len(rows)))
            nobody = np.full(len(best[part]), -1, np.int64)
            for start, scores in tiles:
                if transform is not None:
                    scores = transform(first, start, scores)
                heaps.push_tile(scores, shift, start, nobody, best[part], index[part])
            order = np.lexsort((index[part], -best[part]), axis=-1)
            index[part] = np.take_along_axis(index[part], order, axis=1)
            best[part] = np.take_along_axis(best[part], order, axis=1)

        if k:
            self._run(rows, columns, work)
        index[index == n_columns] = -1
        return index, best

    def _run(
        self, rows: Side, columns: Side,
        work: Callable[[int, Iterator[tuple[int, FloatArray]]], None],
    ) -> None:  # fmt: skip
        blocks = _transposed_blocks(columns.rows)

        def one(first: int) -> None:
            work(first, _tiles(first, rows, columns, blocks))

        with (
            single_blas_thread(),
            ThreadPoolExecutor(resolve_n_jobs(self.n_jobs)) as pool,
        ):
            for _ in pool.map(one, range(0, len(rows), _TILE)):
                pass


def is_sparse(rows: Any) -> bool:
    """Whether these are rows of scipy.sparse."""
    return bool(sparse.issparse(rows))


def distances(scores: Any, square: Any, library: Any) -> Any:
    """Euclidean distances of inner products; ``square`` is that of the tile."""
    gaps = 2 - 2 * scores if square is None else square - 2 * scores
    return library.sqrt(library.clip(gaps, 0, None))


def log_proximity(
    gaps: Any, normals: Any, at: Any, of: Any, log_ndtr: Any, library: Any
) -> Any:
    """``-ln(-ln p)`` with the product p of both survival functions, of normal fits.

    For near pairs p is 1 in any floating point; in this form they keep their order.
    ``normals``: mean and inverse deviation of rows, then of columns.
    """
    row_mean, row_scale, mean, scale = normals
    of_rows = log_ndtr((row_mean[at, None] - gaps) * row_scale[at, None])
    logs = of_rows + log_ndtr((mean[of] - gaps) * scale[of])
    return -library.log(library.clip(-logs, _LEAST, None))


def _part(
    square: Square, first: int, n: int, start: int, scores: FloatArray
) -> FloatArray | None:
    if square is None:
        return None
    columns = square[1][start : start + scores.shape[1]]
    return np.asarray(square[0][first : first + n, None] + columns)


def _transposed_blocks(columns: Any) -> list[Any]:
    """Blocks of columns, turned for the product; dense ones are views."""
    parts = [columns[s : s + _BLOCK] for s in range(0, columns.shape[0], _BLOCK)]
    if is_sparse(columns):
        return [sparse.csr_array(part.T) for part in parts]
    return [part.T for part in parts]


def _tiles(
    first: int, rows: Side, columns: Side, blocks: list[Any]
) -> Iterator[tuple[int, FloatArray]]:
    """Give (first column, scores) for a tile of rows, masked."""
    tile = rows.rows[first : first + _TILE]
    for number, block in enumerate(blocks):
        start = number * _BLOCK
        scores: Any = tile @ block
        if is_sparse(scores):
            scores = scores.toarray()
        if rows.codes is not None and columns.codes is not None:
            masks.mask_groups(
                scores,
                rows.codes[first : first + _TILE],
                columns.codes[start : start + _BLOCK],
            )
        yield start, scores


def _add_exponentials(
    scores: FloatArray, betas: FloatArray, top: FloatArray, total: FloatArray
) -> None:
    """Add a tile to running sums of exponentials, each relative to the top so far."""
    raised = np.maximum(top, scores.max(axis=1))
    base = np.where(np.isfinite(raised), raised, np.float32(0))
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        step = np.where(np.isfinite(top), top - base, -np.inf).astype(np.float64)
        scores -= base[:, None]
        for i, beta in enumerate(betas):
            last = i == len(betas) - 1
            powers = np.multiply(scores, np.float32(beta), out=scores if last else None)
            np.exp(powers, out=powers)
            total[i] = total[i] * np.exp(beta * step) + powers.sum(axis=1)
    top[:] = raised

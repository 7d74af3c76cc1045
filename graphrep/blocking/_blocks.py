"""Blocks: which records share a key, and the pairs that follow from it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep._utils._parallel import resolve_n_jobs
from graphrep.exceptions import MemoryLimitError
from graphrep.kernels import _block_pairs
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _block_pairs  # kernels carry no annotations
_SPAN = 1 << 20  # pairs that one thread writes at a time, unless one record has more
_SMOOTHING = 1.025  # of the rule that finds blocks too large to be worth it


class BlockPairs(NamedTuple):
    """Pairs that share blocks, each once."""

    left: IntArray
    right: IntArray
    counts: IntArray  # blocks that a pair shares
    totals: FloatArray  # their weights together


class Blocks:
    """Blocks of the records of two tables, or of one.

    Parameters
    ----------
    left, right : sparse array of shape (n_records, n_blocks)
        Stored entries say which record is in which block, their values do not matter.
        For one table both are the same object.
    one_table : bool
        Whether records of one table are compared with each other.
    name : callable
        Name of a block by its number.
    numbers : ndarray of shape (n_blocks,) or None
        Numbers of the blocks; None counts from 0.

    Notes
    -----
    Blocks that no pair comes from are dropped.
    """

    def __init__(
        self, left: Any, right: Any, one_table: bool, name: Callable[[int], Any],
        numbers: IntArray | None = None,
    ) -> None:  # fmt: skip
        self.one_table = one_table
        self.name = name
        self.left = _membership(left)
        self.right = self.left if one_table else _membership(right)
        self.numbers = np.arange(self.left.shape[1]) if numbers is None else numbers
        useful = self.cardinalities > 0
        if not useful.all():
            self._slice(useful)

    def __len__(self) -> int:
        return int(self.left.shape[1])

    def _slice(self, mask: AnyArray) -> None:
        self.left = _columns_of(self.left, mask)
        self.right = self.left if self.one_table else _columns_of(self.right, mask)
        self.numbers = self.numbers[mask]

    def keep(self, mask: AnyArray) -> Blocks:
        """Blocks of a mask only."""
        right = _columns_of(self.right, mask)
        left = right if self.one_table else _columns_of(self.left, mask)
        return Blocks(left, right, self.one_table, self.name, self.numbers[mask])

    # -- sizes -------------------------------------------------------------------
    @property
    def left_sizes(self) -> IntArray:
        """Left records in each block."""
        return np.bincount(self.left.indices, minlength=len(self))

    @property
    def right_sizes(self) -> IntArray:
        """Right records in each block."""
        return np.bincount(self.right.indices, minlength=len(self))

    @property
    def sizes(self) -> IntArray:
        """Records in each block."""
        if self.one_table:
            return self.left_sizes
        total: IntArray = self.left_sizes + self.right_sizes
        return total

    @property
    def cardinalities(self) -> IntArray:
        """Pairs that each block gives."""
        n = self.left_sizes.astype(np.int64)
        if self.one_table:
            pairs: IntArray = n * (n - 1) // 2
        else:
            pairs = n * self.right_sizes
        return pairs

    @property
    def bounds(self) -> IntArray:
        """Most different pairs of each left record: (n_left,)."""
        partners = self.right_sizes.astype(np.int64) - int(self.one_table)
        sums = _row_sums(self.left, partners)
        most = max(0, self.right.shape[0] - int(self.one_table))
        bounds: IntArray = np.minimum(sums, most)
        return bounds

    @property
    def n_pairs(self) -> int:
        """Most different pairs that there can be, from the sizes of the blocks."""
        total = int(self.bounds.sum())
        return total // 2 if self.one_table else total

    # -- cleaning ----------------------------------------------------------------
    def purge(self) -> Blocks:
        """Leave out the blocks that cost more comparisons than they are worth.

        Comparison-based block purging [1]_: blocks are taken from the largest down
        until the share of entries (records in blocks) a comparison costs stops
        improving by more than 2.5 per cent.

        References
        ----------
        .. [1] G. Papadakis et al., "A blocking framework for entity resolution in
           highly heterogeneous information spaces", IEEE TKDE 25(12), 2013.
        """
        cards = self.cardinalities
        levels, inverse = np.unique(cards, return_inverse=True)
        weight = np.bincount(inverse, self.sizes)
        entries = np.cumsum(weight)
        pairs = np.cumsum(np.bincount(inverse, cards.astype(float)))
        most = levels[min(1, len(levels) - 1)] if len(levels) else 0
        for i in range(len(levels) - 2, -1, -1):
            if entries[i] * pairs[i + 1] < _SMOOTHING * pairs[i] * entries[i + 1]:
                most = levels[i + 1]
                break
        return self.keep(cards <= most)

    def filter(self, ratio: float) -> Blocks:
        """Keep each record only in its smallest blocks, this share of them [1]_.

        References
        ----------
        .. [1] G. Papadakis et al., "Scaling entity resolution to large, heterogeneous
           data with enhanced meta-blocking", EDBT 2016.
        """
        cards = self.cardinalities
        left = _smallest_of(self.left, cards, ratio)
        right = left if self.one_table else _smallest_of(self.right, cards, ratio)
        return Blocks(left, right, self.one_table, self.name, self.numbers)

    # -- pairs -------------------------------------------------------------------
    def check_pairs(self, most: int, advice: str) -> None:
        """Refuse to list more than ``most`` pairs."""
        if self.n_pairs > most:
            n, m = self.left.shape[0], self.right.shape[0]
            raise MemoryLimitError(
                f"The blocks of {n:,} and {m:,} records give up to {self.n_pairs:,} "
                f"pairs, more than max_pairs={most:,}; the largest block alone gives "
                f"{int(self.cardinalities.max()):,}. {advice}"
            )

    def pairs(self, weights: FloatArray, n_jobs: int | None = None) -> BlockPairs:
        """List the pairs, each once, with the sum of the weights of its blocks.

        O(comparisons + n_right for each thread); 20 bytes for each pair.
        """
        m = self.right.shape[0]
        by_block = self.right.T.tocsr()
        by_block.sort_indices()
        fixed = (
            self.left.indptr, self.left.indices, by_block.indptr, by_block.indices,
            np.asarray(weights, np.float64), self.one_table,
        )  # fmt: skip
        bounds = self.bounds
        ends = np.cumsum(bounds)
        local = threading.local()

        def work(span: tuple[int, int]) -> tuple[AnyArray, ...]:
            if not hasattr(local, "scratch"):
                local.scratch = (
                    np.zeros(m, np.int32), np.zeros(m), np.empty(m, np.int32)
                )  # fmt: skip
            size = int(bounds[span[0] : span[1]].sum())
            out = (
                np.empty(size, np.int32), np.empty(size, np.int32),
                np.empty(size, np.int32), np.empty(size),
            )  # fmt: skip
            found = kernels.shared_blocks(*span, *fixed, *local.scratch, *out)
            return tuple(part[:found].copy() for part in out)

        with ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool:
            parts = list(pool.map(work, spans_of(ends, _SPAN)))
        if not parts:
            none = np.zeros(0, np.int32)
            return BlockPairs(none, none, none, np.zeros(0))
        return BlockPairs(*(np.concatenate(p) for p in zip(*parts, strict=True)))


def stack(parts: list[Blocks], one_table: bool) -> Blocks:
    """Blocks of several passes side by side; names come from their pass."""
    if len(parts) == 1:
        return parts[0]
    owners = np.concatenate([np.full(len(b), i) for i, b in enumerate(parts)])
    numbers = np.concatenate([b.numbers for b in parts])
    left = sparse.hstack([b.left for b in parts], format="csr")
    right = left if one_table else sparse.hstack([b.right for b in parts], format="csr")

    def name(block: int) -> Any:
        return parts[owners[block]].name(int(numbers[block]))

    return Blocks(left, right, one_table, name)


def spans_of(ends: IntArray, size: int) -> list[tuple[int, int]]:
    """Cut rows into spans of about ``size`` units of work; ``ends`` add it up."""
    if not len(ends):
        return []
    marks = np.arange(size, int(ends[-1]) + size, size)
    cuts = np.searchsorted(ends, marks, side="right")
    edges = np.unique(np.concatenate([[0], cuts, [len(ends)]]))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _membership(matrix: Any) -> Any:
    """Make a csr_array of ones, columns sorted, int64 pointers."""
    rows = sparse.csr_array(matrix)
    data = np.ones(len(rows.indices), np.float32)
    rows = sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)
    rows.sum_duplicates()
    rows.data = np.ones(len(rows.indices), np.float32)
    rows.indptr = rows.indptr.astype(np.int64)
    rows.indices = rows.indices.astype(np.int32)
    return rows


def _columns_of(rows: Any, mask: AnyArray) -> Any:
    """Columns of a mask, numbered anew."""
    places = np.cumsum(mask, dtype=np.int64) - 1
    return _entries_of(rows, mask[rows.indices], places, int(mask.sum()))


def _entries_of(
    rows: Any, kept: AnyArray, places: IntArray | None = None, width: int | None = None
) -> Any:
    """Take some entries of a csr_array, their columns moved to new places."""
    ends = np.concatenate([[0], np.cumsum(kept)])
    columns = rows.indices[kept]
    columns = columns if places is None else places[columns]
    width = rows.shape[1] if width is None else width
    data = np.ones(len(columns), np.float32)
    return sparse.csr_array((data, columns, ends[rows.indptr]), (rows.shape[0], width))


def _row_sums(rows: Any, values: IntArray) -> IntArray:
    """Sum of a value of the columns that each row has, in whole numbers."""
    ends = np.concatenate([[0], np.cumsum(values[rows.indices])])
    sums: IntArray = ends[rows.indptr[1:]] - ends[rows.indptr[:-1]]
    return sums


def _smallest_of(rows: Any, cards: IntArray, ratio: float) -> Any:
    """Entries of the smallest blocks of each record; at least one, ties by number."""
    sizes = np.diff(rows.indptr)
    own = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((rows.indices, cards[rows.indices], own))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(rows.indptr[:-1], sizes)
    limits = np.maximum(1, np.floor(ratio * sizes + 0.5))
    return _entries_of(rows, rank < limits[own])

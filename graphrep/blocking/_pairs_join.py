"""PairsJoin: the best pairs of a stream of blocks, as `select_pairs` chooses them."""

from __future__ import annotations

import numpy as np

from graphrep.blocking._budget import select_pairs
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.graph import NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray

_ROOM = 1 << 20  # pairs beyond the budget that are held before some are let go


class PairsJoin:
    """Pairs block after block; what cannot be among the chosen is let go.

    Parameters
    ----------
    left_ids, right_ids : NodeIndex
        Ids of the records.
    one_table : bool
        Whether both are of one table.
    budget, per_record, min_per_record
        See `Blocker`.

    Notes
    -----
    All pairs of a left record come in one block. For two tables, and for one without
    bounds for each record, O(budget) memory; else all pairs are held.
    """

    def __init__(
        self, left_ids: NodeIndex, right_ids: NodeIndex, *, one_table: bool,
        budget: int | None, per_record: int | None, min_per_record: int,
    ) -> None:  # fmt: skip
        self._tables = left_ids, right_ids, one_table
        self._budget, self._per_record = budget, per_record
        self._least = min_per_record
        bounded = per_record is not None or min_per_record > 0
        self._cuts = budget is not None and not (one_table and bounded)
        self._parts: list[tuple[IntArray, IntArray, FloatArray, AnyArray]] = []
        self._size = 0

    def add(self, left: IntArray, right: IntArray, scores: FloatArray) -> None:
        """Add the pairs of a block of left records."""
        kept = np.zeros(len(left), bool)
        if self._cuts and (self._per_record is not None or self._least > 0):
            ranks = self._ranks(left, right, scores)
            kept = ranks < self._least
            if self._per_record is not None:
                few = ranks < self._per_record
                left, right, kept = left[few], right[few], kept[few]
                scores = scores[few]
        rows = left.astype(np.int32), right.astype(np.int32)
        self._parts.append((*rows, scores, kept))
        self._size += len(left)
        budget = self._budget if self._cuts else None
        if budget is not None and self._size > 2 * budget + _ROOM:
            self._cut(budget)

    def pairs(self) -> CandidatePairs:
        """All that were chosen."""
        left_ids, right_ids, one_table = self._tables
        if self._cuts and self._budget is not None and self._size > self._budget:
            self._cut(self._budget)
        empty = (np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, "f4"))
        parts = [empty, *(part[:3] for part in self._parts)]
        left, right, scores = (np.concatenate(p) for p in zip(*parts, strict=True))
        self._parts = []
        whole = not self._cuts
        return select_pairs(
            left, right, scores, left_ids, right_ids, one_table=one_table,
            budget=self._budget if whole else None,
            per_record=self._per_record if whole else None,
            min_per_record=self._least if whole else 0,
        )  # fmt: skip

    def _cut(self, most: int) -> None:
        """Keep the best: those that a record is to keep first, ties by rows."""
        left, right, scores, kept = (
            np.concatenate(p) for p in zip(*self._parts, strict=True)
        )
        order = np.lexsort((right, left, -scores, ~kept))[:most]
        self._parts = [(left[order], right[order], scores[order], kept[order])]
        self._size = len(order)

    @staticmethod
    def _ranks(left: IntArray, right: IntArray, scores: FloatArray) -> IntArray:
        """Rank of each pair among those of its left record, the best 0."""
        order = np.lexsort((right, -scores, left))
        ordered = left[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        sizes = np.diff(starts, append=len(ordered))
        ranks = np.empty(len(left), np.int64)
        ranks[order] = np.arange(len(left)) - np.repeat(starts, sizes)
        return ranks

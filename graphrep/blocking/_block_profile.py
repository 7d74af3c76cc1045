"""BlockProfile: how many pairs the blocks give, and which are the largest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._optional import require
from graphrep.blocking._blocks import Blocks


class BlockRow(NamedTuple):
    """One block: the key it comes from, what its records share, and its size."""

    key: str
    value: str
    n_left: int
    n_right: int
    n_pairs: int
    purged: bool


@dataclass(frozen=True)
class BlockProfile:
    """What blocks cost, before any pair is made.

    Attributes
    ----------
    rows : list of BlockRow
        The largest blocks, by pairs.
    n_blocks, n_purged : int
        Blocks that give pairs, and how many of them are left out for their size.
    n_pairs : int
        Most different pairs of the blocks that are kept.
    n_pairs_all : int
        Most different pairs of all blocks.
    n_left_without, n_right_without : int
        Records that are in no kept block and so get no pairs.
    """

    rows: list[BlockRow]
    n_blocks: int
    n_purged: int
    n_pairs: int
    n_pairs_all: int
    n_left_without: int
    n_right_without: int

    def __str__(self) -> str:
        head = (
            f"{self.n_blocks:,} blocks, {self.n_purged:,} purged; up to "
            f"{self.n_pairs:,} pairs; without pairs: {self.n_left_without:,} left and "
            f"{self.n_right_without:,} right records"
        )
        lines = [
            f"{row.n_pairs:>14,}  {row.n_left:,} x {row.n_right:,}  {row.key}: "
            f"{row.value!r}{'  (purged)' if row.purged else ''}"
            for row in self.rows
        ]
        return "\n".join([head, *lines])

    def to_frame(self) -> Any:
        """Largest blocks as a pandas DataFrame, one a row."""
        pandas = require("pandas", extra="pandas", why="BlockProfile.to_frame")
        return pandas.DataFrame(self.rows, columns=list(BlockRow._fields))


def profile_of(blocks: Blocks, kept: Blocks, n: int) -> BlockProfile:
    """Profile of all blocks and of those that are kept."""
    cards = blocks.cardinalities
    order = np.lexsort((np.arange(len(cards)), -cards))[:n]
    stay = np.isin(blocks.numbers, kept.numbers)
    left, right = blocks.left_sizes, blocks.right_sizes
    rows = []
    for block in order.tolist():
        key, value = blocks.name(int(blocks.numbers[block]))
        sizes = int(left[block]), int(right[block]), int(cards[block])
        rows.append(BlockRow(key, value, *sizes, not stay[block]))
    without = [
        int((np.diff(table.indptr) == 0).sum()) for table in (kept.left, kept.right)
    ]
    return BlockProfile(
        rows, len(blocks), int((~stay).sum()), kept.n_pairs, blocks.n_pairs, *without
    )

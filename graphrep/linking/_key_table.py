"""KeyTable: rows by the hash of a text, in two flat arrays that can be mapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graphrep.graph._text_column import TextColumn
from graphrep.kernels import _hash
from graphrep.typing import AnyArray, IntArray

kernels: Any = _hash  # kernels carry no annotations


class KeyTable:
    """Which rows have a key: sorted hashes of the keys and the row of each.

    12 bytes a row. Rows of the empty key are not held.

    Parameters
    ----------
    hashes : ndarray of uint64 of shape (n_held,)
        Sorted.
    rows : ndarray of int32 of shape (n_held,)
        Ascending where hashes are equal.
    """

    def __init__(self, hashes: AnyArray, rows: AnyArray) -> None:
        if hashes.shape != rows.shape or rows.ndim != 1:
            raise ValueError("hashes and rows of a table of keys differ in shape")
        self.hashes, self.rows = hashes, rows

    @classmethod
    def of(cls, keys: Sequence[str]) -> KeyTable:
        """Table of the keys of rows 0, 1, and so on."""
        hashes = _hashes(keys)
        filled = np.fromiter(map(bool, keys), bool, len(keys))
        rows = np.flatnonzero(filled).astype(np.int32)
        hashes = hashes[rows]
        order = np.argsort(hashes, kind="stable")
        return cls(hashes[order], rows[order])

    def find(
        self, keys: Sequence[str], key_of_row: Callable[[int], str]
    ) -> tuple[IntArray, IntArray]:
        """Find all rows of keys: place of the key and row of each, both int64.

        Sorted by place, then by row. ``key_of_row`` gives the key that a row has,
        which is compared: equal hashes are not enough.
        """
        wanted = _hashes(keys)
        first = np.searchsorted(self.hashes, wanted, "left")
        counts = np.searchsorted(self.hashes, wanted, "right") - first
        counts[[i for i, key in enumerate(keys) if not key]] = 0
        places = np.repeat(np.arange(len(keys)), counts)
        steps = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = np.asarray(self.rows[first[places] + steps], np.int64)
        own = {row: key_of_row(row) for row in np.unique(rows).tolist()}
        pairs = zip(places.tolist(), rows.tolist(), strict=True)
        same = np.fromiter((own[r] == keys[p] for p, r in pairs), bool, len(rows))
        return places[same], rows[same]


def _hashes(keys: Sequence[str]) -> AnyArray:
    column = TextColumn(keys)
    out = np.empty(len(column), np.uint64)
    kernels.hash_texts(np.array(column.data), np.array(column.offsets[1:]), out)
    return out

"""CandidatePairs: which records are to be compared, best first."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError
from graphrep.graph import NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray


class CandidatePairs:
    """Pairs of rows of two tables, or of one, with a score; the best come first.

    Parameters
    ----------
    left, right : array-like of int of shape (n_pairs,)
        Rows of the first and of the second table.
    scores : array-like of float of shape (n_pairs,) or None, default=None
        The higher, the likelier a match; None for all 1.
    left_ids, right_ids : NodeIndex
        Ids of the records of both tables.
    one_table : bool, default=False
        Whether both are the same table; a pair is then kept once, the lower row left.

    Attributes
    ----------
    left_rows, right_rows : ndarray of int32 of shape (n_pairs,)
        Rows, sorted by score from high to low, ties by rows.
    scores : ndarray of float32 of shape (n_pairs,)
        Their scores.
    shape : tuple of int
        Numbers of records of both tables.

    Notes
    -----
    12 bytes a pair. Equal pairs given twice are kept once, with the higher score.
    """

    def __init__(
        self, left: Any, right: Any, scores: Any = None, *, left_ids: NodeIndex,
        right_ids: NodeIndex, one_table: bool = False,
    ) -> None:  # fmt: skip
        a, b = np.asarray(left, np.int64), np.asarray(right, np.int64)
        s = np.ones(len(a), np.float32) if scores is None else np.asarray(scores, "f4")
        if not len(a) == len(b) == len(s):
            raise GraphValueError(
                f"left, right and scores must have one length; got {len(a):,}, "
                f"{len(b):,} and {len(s):,}."
            )
        self.left_index, self.right_index = left_ids, right_ids
        self.one_table = one_table
        if one_table:
            a, b = np.minimum(a, b), np.maximum(a, b)
            other = a != b
            a, b, s = a[other], b[other], s[other]
        order = np.lexsort((b, a, -s))
        a, b, s = a[order], b[order], s[order]
        keys = a * np.int64(max(1, len(right_ids))) + b
        first = np.sort(np.unique(keys, return_index=True)[1])
        self.left_rows = a[first].astype(np.int32)
        self.right_rows = b[first].astype(np.int32)
        self.scores: FloatArray = s[first]

    def __len__(self) -> int:
        return len(self.left_rows)

    def __repr__(self) -> str:
        n, m = self.shape
        return (
            f"CandidatePairs(n_pairs={len(self):,}, shape=({n:,}, {m:,}), "
            f"one_table={self.one_table})"
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of records of both tables."""
        return len(self.left_index), len(self.right_index)

    @property
    def n_possible(self) -> int:
        """Number of pairs that there could be."""
        n, m = self.shape
        return n * (n - 1) // 2 if self.one_table else n * m

    @property
    def keys(self) -> IntArray:
        """One number for each pair: left row times right records plus right row."""
        width = np.int64(max(1, self.shape[1]))
        keys: IntArray = self.left_rows.astype(np.int64) * width + self.right_rows
        return keys

    @property
    def left_ids(self) -> AnyArray:
        """Ids of the left records of the pairs."""
        return self.left_index.ids[self.left_rows]

    @property
    def right_ids(self) -> AnyArray:
        """Ids of the right records of the pairs."""
        return self.right_index.ids[self.right_rows]

    def head(self, n: int) -> CandidatePairs:
        """Take the n best pairs."""
        return self.take(np.arange(min(n, len(self))))

    def take(self, which: Any) -> CandidatePairs:
        """Take some of the pairs, by position or by a mask."""
        return CandidatePairs(
            self.left_rows[which], self.right_rows[which], self.scores[which],
            left_ids=self.left_index, right_ids=self.right_index,
            one_table=self.one_table,
        )  # fmt: skip

    def union(self, other: CandidatePairs) -> CandidatePairs:
        """Pairs of either; of a pair in both the higher score."""
        self._same_tables(other)
        return self._of(
            np.concatenate([self.left_rows, other.left_rows]),
            np.concatenate([self.right_rows, other.right_rows]),
            np.concatenate([self.scores, other.scores]),
        )

    def intersection(self, other: CandidatePairs) -> CandidatePairs:
        """Pairs in both, with the scores of this one."""
        self._same_tables(other)
        return self.take(np.isin(self.keys, other.keys))

    def difference(self, other: CandidatePairs) -> CandidatePairs:
        """Pairs that are not in the other."""
        self._same_tables(other)
        return self.take(~np.isin(self.keys, other.keys))

    def _of(self, left: Any, right: Any, scores: Any) -> CandidatePairs:
        return CandidatePairs(
            left, right, scores, left_ids=self.left_index, right_ids=self.right_index,
            one_table=self.one_table,
        )  # fmt: skip

    def _same_tables(self, other: CandidatePairs) -> None:
        same = (
            self.left_index == other.left_index
            and self.right_index == other.right_index
            and self.one_table == other.one_table
        )
        if not same:
            raise GraphValueError(
                f"The pairs are of other tables: {self.shape} and {other.shape}. "
                "Block the same tables."
            )

    # -- other forms -------------------------------------------------------------
    def to_scipy(self) -> Any:
        """Scores as a csr_array of shape (n_left, n_right)."""
        return sparse.csr_array(
            (self.scores, (self.left_rows, self.right_rows)), shape=self.shape
        )

    def to_frame(self, backend: str = "pandas") -> Any:
        """Table with columns left_id, right_id and score, best first.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default="pandas"
            Library of the table.
        """
        if backend not in ("pandas", "polars", "pyarrow"):
            raise GraphValueError(
                f"backend must be 'pandas', 'polars' or 'pyarrow'; got {backend!r}."
            )
        columns = {
            "left_id": self.left_ids, "right_id": self.right_ids, "score": self.scores
        }  # fmt: skip
        extra = {"pandas": "pandas", "polars": "polars", "pyarrow": "io"}[backend]
        library = require(backend, extra=extra, why=f"to_frame({backend!r})")
        if backend == "pandas":
            return library.DataFrame(columns)
        plain = {
            name: values.tolist() if values.dtype == object else values
            for name, values in columns.items()
        }
        return library.DataFrame(plain) if backend == "polars" else library.table(plain)

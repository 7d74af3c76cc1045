"""CandidatePairs: which records are to be compared, best first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from graphrep._utils._sets import distinct, is_in
from graphrep.exceptions import GraphValueError
from graphrep.graph import NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray, PathType


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

    Raises
    ------
    GraphValueError
        For arrays of different lengths, rows that no record has, scores that are NaN.

    Notes
    -----
    12 bytes a pair. Equal pairs given twice are kept once, with the higher score.
    O(n log n) time, O(n) for pairs that come sorted.
    """

    def __init__(
        self, left: Any, right: Any, scores: Any = None, *, left_ids: NodeIndex,
        right_ids: NodeIndex, one_table: bool = False,
    ) -> None:  # fmt: skip
        a: IntArray = np.asarray(left, np.int64)
        b: IntArray = np.asarray(right, np.int64)
        s = np.ones(len(a), np.float32) if scores is None else np.asarray(scores, "f4")
        if not len(a) == len(b) == len(s):
            raise GraphValueError(
                f"left, right and scores must have one length; got {len(a):,}, "
                f"{len(b):,} and {len(s):,}."
            )
        _check_rows(a, len(left_ids), "left")
        _check_rows(b, len(right_ids), "right")
        if np.isnan(s).any():
            at = int(np.isnan(s).argmax())
            raise GraphValueError(f"The score of pair {at:,} is NaN. Drop the pair.")
        if one_table:
            a, b = np.minimum(a, b), np.maximum(a, b)
            other = a != b
            a, b, s = a[other], b[other], s[other]
        a, b, s = _best_first(a, b, s, len(right_ids))
        self.left_index, self.right_index = left_ids, right_ids
        self.one_table = one_table
        self.left_rows: IntArray = a.astype(np.int32)
        self.right_rows: IntArray = b.astype(np.int32)
        self.scores: FloatArray = s

    def _with(self, left: Any, right: Any, scores: Any) -> CandidatePairs:
        """Pairs of the same tables that are sorted and checked already."""
        made = CandidatePairs.__new__(CandidatePairs)
        made.left_index, made.right_index = self.left_index, self.right_index
        made.one_table = self.one_table
        made.left_rows, made.right_rows, made.scores = left, right, scores
        return made

    def __len__(self) -> int:
        return len(self.left_rows)

    def __iter__(self) -> Iterator[tuple[Any, Any, float]]:
        """Give left id, right id and score of each pair, best first."""
        columns = (self.left_ids, self.right_ids, self.scores)
        return zip(*(values.tolist() for values in columns), strict=True)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CandidatePairs):
            return NotImplemented
        return (
            self._is_of_tables_of(other)
            and len(self) == len(other)
            and np.array_equal(self.left_rows, other.left_rows)
            and np.array_equal(self.right_rows, other.right_rows)
            and np.array_equal(self.scores, other.scores)
        )

    __hash__ = None  # type: ignore[assignment]

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

    def degrees(self) -> tuple[IntArray, IntArray]:
        """Count the pairs of each left and of each right record.

        In one table both are the same: the pairs that a record is in.
        """
        n, m = self.shape
        of_left: IntArray = np.bincount(self.left_rows, minlength=n)
        of_right: IntArray = np.bincount(self.right_rows, minlength=m)
        if self.one_table:
            of_left = of_right = of_left + of_right
        return of_left, of_right

    # -- choosing ----------------------------------------------------------------
    def head(self, n: int) -> CandidatePairs:
        """Take the n best pairs."""
        if n < 0:
            raise GraphValueError(f"n must be 0 or more; got {n}.")
        return self._with(self.left_rows[:n], self.right_rows[:n], self.scores[:n])

    def take(self, which: Any) -> CandidatePairs:
        """Take some of the pairs, by position or by a mask."""
        which = np.asarray(which)
        if which.dtype != bool:
            which = distinct(np.asarray(which, np.int64))  # in order: best first
        return self._with(
            self.left_rows[which], self.right_rows[which], self.scores[which]
        )

    def union(self, other: CandidatePairs) -> CandidatePairs:
        """Pairs of either; of a pair in both the higher score."""
        self._same_tables(other)
        return CandidatePairs(
            np.concatenate([self.left_rows, other.left_rows]),
            np.concatenate([self.right_rows, other.right_rows]),
            np.concatenate([self.scores, other.scores]),
            left_ids=self.left_index, right_ids=self.right_index,
            one_table=self.one_table,
        )  # fmt: skip

    def intersection(self, other: CandidatePairs) -> CandidatePairs:
        """Pairs in both, with the scores of this one."""
        self._same_tables(other)
        return self.take(is_in(self.keys, distinct(other.keys)))

    def difference(self, other: CandidatePairs) -> CandidatePairs:
        """Pairs that are not in the other."""
        self._same_tables(other)
        return self.take(~is_in(self.keys, distinct(other.keys)))

    def _is_of_tables_of(self, other: CandidatePairs) -> bool:
        return (
            self.left_index == other.left_index
            and self.right_index == other.right_index
            and self.one_table == other.one_table
        )

    def _same_tables(self, other: CandidatePairs) -> None:
        if not self._is_of_tables_of(other):
            raise GraphValueError(
                f"The pairs are of other tables: {self.shape} and {other.shape}. "
                "Block the same tables."
            )

    # -- files -------------------------------------------------------------------
    def write(self, path: PathType, *, format: str | None = None) -> None:
        """Write the pairs to a file, best first.

        Parameters
        ----------
        path : path-like
            Where to; ``"-"`` is standard output. CSV and TSV may be compressed by
            their suffix, such as ``.csv.gz``.
        format : {"csv", "tsv", "parquet", "npz"} or None, default=None
            None takes it from the suffix.

        Raises
        ------
        GraphFormatError
            If the suffix tells no format.
        GraphTypeError
            If ids are neither all integers nor all texts.

        Notes
        -----
        Tables have the columns ``left_id``, ``right_id`` and ``score``. The npz file
        has rows instead of ids and the ids of all records once: the smallest, and
        the only one that `read` needs no tables for. The file is complete or absent.
        """
        from graphrep.blocking._pair_files import write_pairs

        write_pairs(self, path, format)

    @staticmethod
    def read(
        path: PathType, left: Any = None, right: Any = None, *,
        format: str | None = None,
    ) -> CandidatePairs:  # fmt: skip
        """Read pairs from a file of `write`, or from any table of pairs of ids.

        Parameters
        ----------
        path : path-like
            A .csv, .tsv, .parquet or .npz file. Columns are found by their names
            ``left_id``, ``right_id`` and ``score``, else the first two are ids and the
            third, if there is one, the score.
        left, right : table-like or None, default=None
            The tables; see `as_records`. Without the right one the pairs are within
            the left one. An npz file has the ids of both and needs neither.
        format : {"csv", "tsv", "parquet", "npz"} or None, default=None
            None takes it from the suffix.

        Raises
        ------
        GraphFormatError
            For a file that breaks its format.
        GraphValueError
            For an id that no record has.
        """
        from graphrep.blocking._pair_files import read_pairs

        return read_pairs(path, left, right, format)

    # -- other forms -------------------------------------------------------------
    def to_csr(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Right rows and scores of each left record, in compressed rows.

        Returns
        -------
        indptr : ndarray of int64 of shape (n_left + 1,)
        indices : ndarray of int32 of shape (n_pairs,)
            Right rows of left record i at ``indptr[i]`` to ``indptr[i + 1]``, best
            first.
        scores : ndarray of float32 of shape (n_pairs,)
        """
        order = np.argsort(self.left_rows, kind="stable")
        indptr = np.zeros(self.shape[0] + 1, np.int64)
        np.cumsum(np.bincount(self.left_rows, minlength=self.shape[0]), out=indptr[1:])
        return indptr, self.right_rows[order], self.scores[order]

    def to_scipy(self) -> Any:
        """Scores as a csr_array of shape (n_left, n_right)."""
        entries = (self.scores, (self.left_rows, self.right_rows))
        return sparse.csr_array(entries, shape=self.shape)

    def to_frame(self, backend: str = "pandas") -> Any:
        """Table with columns left_id, right_id and score, best first.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"}, default="pandas"
            Library of the table.
        """
        from graphrep.blocking._pair_tables import frame_of_pairs

        return frame_of_pairs(self, backend)

    def to_duckdb(
        self, connection: Any, table: str, *, overwrite: bool = False
    ) -> None:
        """Create a table of a DuckDB database, with the columns of `to_frame`.

        Parameters
        ----------
        connection : duckdb.DuckDBPyConnection
            The database.
        table : str
            Name of the table, or ``schema.table``.
        overwrite : bool, default=False
            Whether to replace a table that is there.

        Raises
        ------
        GraphValueError
            If the table is there already.
        """
        from graphrep.blocking._pair_tables import table_in_duckdb

        table_in_duckdb(self, connection, table, overwrite)

    def to_networkx(self) -> Any:
        """Bipartite graph of all records, each pair an edge with its ``score``.

        Nodes are ``("left", id)`` with ``bipartite=0`` and ``("right", id)`` with
        ``bipartite=1``, for both tables may have the same ids. Of one table it is a
        graph whose nodes are the ids.
        """
        from graphrep.blocking._pair_tables import networkx_of_pairs

        return networkx_of_pairs(self)

    # -- other packages ----------------------------------------------------------
    def to_recordlinkage(self) -> Any:
        """Pairs of ids as the MultiIndex that recordlinkage compares, best first.

        Pass it to ``recordlinkage.Compare().compute(pairs, A, B)``, where the tables
        have their ids as index. Of one table the higher row comes first, as its own
        indexers give them.
        """
        from graphrep.blocking._pair_handover import recordlinkage_index

        return recordlinkage_index(self)

    def to_splink(
        self, left_name: str = "left_table", right_name: str = "right_table"
    ) -> Any:
        """Table of pairs to score with Splink 5.

        Parameters
        ----------
        left_name, right_name : str, default="left_table", "right_table"
            Names of the tables in Splink: ``dataset_display_name=`` of its
            ``db_api.register``, or the values of their column ``source_dataset``. (It
            takes no names that are words of SQL, such as "left".) Of no effect for one
            table.

        Returns
        -------
        pyarrow.Table
            Columns ``match_key``, ``join_key_l`` and ``join_key_r``, for
            ``linker.table_management.register_blocked_pairs_for_predict``.

        Notes
        -----
        The lesser name, and in one table the lesser id, is on the left, as Splink has
        it. Splink 4 takes no pairs from outside; see `pair_numbers`.
        """
        from graphrep.blocking._pair_handover import splink_table

        return splink_table(self, left_name, right_name)

    def pair_numbers(self) -> tuple[list[list[int]], list[list[int]]]:
        """Numbers of the pairs that each record is in, for left and right records.

        Two records share a number if they are a pair, and one only. As a column of
        both tables that makes pairs a blocking rule of any package that can explode
        arrays, such as Splink 4: ``{"blocking_rule": "l.pair = r.pair",
        "arrays_to_explode": ["pair"]}``. In one table both lists are the same.
        """
        from graphrep.blocking._pair_handover import numbers_of_records

        return numbers_of_records(self)

    def to_dedupe(
        self, left: Any, right: Any = None
    ) -> Iterator[tuple[tuple[Any, Any], tuple[Any, Any]]]:
        """Pairs as dedupe's ``score`` takes them, made one by one.

        Parameters
        ----------
        left, right : mapping of id to record, or table-like
            The data that dedupe was trained on, or the tables; see `as_records`. Values
            of a table are texts, None where they are missing.

        Yields
        ------
        tuple
            ``((left_id, left_record), (right_id, right_record))``.
        """
        from graphrep.blocking._pair_handover import dedupe_pairs

        return dedupe_pairs(self, left, right)


def _check_rows(rows: IntArray, n: int, side: str) -> None:
    if rows.ndim != 1:
        raise GraphValueError(
            f"{side} must be one-dimensional; got an array of shape {rows.shape}."
        )
    if len(rows) and not (rows.min() >= 0 and rows.max() < n):
        bad = rows[(rows < 0) | (rows >= n)][0]
        raise GraphValueError(
            f"Row {bad} is outside the {side} table of {n:,} records. Pass rows, and "
            "the ids of the table that they are of."
        )


def _best_first(
    a: IntArray, b: IntArray, s: FloatArray, n_right: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Each pair once with its best score, by score and then by rows."""
    keys = a * np.int64(max(1, n_right)) + b
    if not (keys[1:] > keys[:-1]).all():
        order = np.argsort(keys, kind="stable")
        keys, a, b, s = keys[order], a[order], b[order], s[order]
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        a, b, s = a[first], b[first], np.maximum.reduceat(s, first)
    order = np.argsort(-s, kind="stable")
    return a[order], b[order], s[order]

"""SortedNeighbourhoodBlocker: records that stand close in a sorted list."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import Interval
from graphrep.blocking._blocker import COMMON, Blocker, RawPairs
from graphrep.blocking._keys import as_passes, key_values, label_of
from graphrep.blocking._records import Records
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.kernels import _block_pairs
from graphrep.retrieval._text_features import normal_form
from graphrep.typing import AnyArray, IntArray

kernels: Any = _block_pairs  # kernels carry no annotations


class SortedNeighbourhoodBlocker(Blocker):
    """Pairs of records at most ``window - 1`` places apart in a list sorted by a key.

    Parameters
    ----------
    keys : str, callable, tuple, list of these or None, default=None
        Sorting keys, one pass for each: names of columns, functions of `Records` that
        return the text of each record, or tuples of them, joined. None makes a pass by
        the whole text and one by each column.
    window : int, default=10
        Places in a window; the two records of a pair are less than this apart.
    max_pairs : int, default=50_000_000
        Bound on the pairs of all passes, before rules and budget.

    Attributes
    ----------
    n_pairs_ : int
        Pairs of all passes for the fitted tables, from the sorted lists alone; one that
        several passes find is counted in each.

    Raises
    ------
    MemoryLimitError
        If the windows hold more than ``max_pairs``, before any pair is made.

    Notes
    -----
    The multi-pass method of Hernandez and Stolfo [1]_. A pair d places apart scores
    ``(window - d) / window``, summed over the passes that find it. Both tables are
    sorted into one list; records with equal keys stand in the order of their whole
    text, then left before right, then by row. Records without a key are left out of a
    pass. O(n log n + n window) time for each pass, whatever the keys.

    References
    ----------
    .. [1] M. Hernandez, S. Stolfo, "The merge/purge problem for large databases",
       SIGMOD 1995.

    Examples
    --------
    >>> from graphrep.blocking import SortedNeighbourhoodBlocker
    >>> A = {"name": ["smith", "adams"]}
    >>> B = {"name": ["smyth", "zorn", "adam"]}
    >>> blocker = SortedNeighbourhoodBlocker("name", window=2)
    >>> blocker.fit_candidate_pairs(A, B).to_frame().values.tolist()
    [[0.0, 0.0, 0.5], [1.0, 2.0, 0.5]]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "keys": [str, tuple, list, callable, None],
        "window": [Interval(Integral, 2, None, closed="left")],
        "max_pairs": [Interval(Integral, 0, None, closed="left")],
        **COMMON,
    }

    def __init__(
        self,
        keys: Any = None,
        window: int = 10,
        *,
        max_pairs: int = 50_000_000,
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        exclude_identical: bool = False,
    ) -> None:
        self.keys = keys
        self.window = window
        self.max_pairs = max_pairs
        self.budget = budget
        self.per_record = per_record
        self.min_per_record = min_per_record
        self.columns = columns
        self.include = include
        self.exclude = exclude
        self.exclude_identical = exclude_identical

    def _fit(self, A: Records, B: Records, matches: Any, one_table: bool) -> None:
        lists = self._sorted_lists(A, B, one_table)
        self.n_pairs_ = sum(self._count(*one, one_table) for one in lists)

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        lists = self._sorted_lists(A, B, one_table)
        counts = [self._count(*one, one_table) for one in lists]
        if sum(counts) > self.max_pairs:
            raise MemoryLimitError(
                f"Windows of {self.window:,} over {len(lists)} sorted lists hold "
                f"{sum(counts):,} pairs, more than max_pairs={self.max_pairs:,}. Make "
                "the window smaller, use fewer keys, or raise max_pairs."
            )
        parts = []
        for (table, rows), count in zip(lists, counts, strict=True):
            out = [np.empty(count, np.int32) for _ in range(3)]
            if count:
                kernels.window_pairs(table, rows, self.window, one_table, *out)
            if one_table:
                out[:2] = np.minimum(*out[:2]), np.maximum(*out[:2])
            parts.append(out)
        left, right, apart = (np.concatenate(p) for p in zip(*parts, strict=True))
        keys, inverse = np.unique(
            left.astype(np.int64) * max(1, len(B)) + right, return_inverse=True
        )
        scores = np.bincount(inverse, (self.window - apart) / self.window, len(keys))
        a, b = np.divmod(keys, max(1, len(B)))
        return RawPairs(a, b, scores.astype(np.float32))

    def _count(self, table: AnyArray, rows: IntArray, one_table: bool) -> int:
        none = np.zeros(0, np.int32)
        args = (table, rows, self.window, one_table, none, none, none)
        return int(kernels.window_pairs(*args))

    def _sorted_lists(
        self, A: Records, B: Records, one_table: bool
    ) -> list[tuple[AnyArray, IntArray]]:
        """Table and row of each place of the sorted list of each pass."""
        tables = [A] if one_table else [A, B]
        texts = [[normal_form(text) for text in t.texts()] for t in tables]
        passes: list[Any] = [None]
        if self.keys is None:
            passes += [name for name in A.columns if name in B.columns]
        else:
            passes = as_passes(self.keys)
        return [_sorted_list(key, tables, texts) for key in passes]


def _sorted_list(
    key: Any, tables: list[Records], texts: list[list[str]]
) -> tuple[AnyArray, IntArray]:
    places = []
    for t, table in enumerate(tables):
        values = texts[t] if key is None else key_values(key, table)
        for row, value in enumerate(values):
            if isinstance(value, tuple):
                raise GraphValueError(
                    f"Sorting key {label_of(key)!r} must give one text for a record; "
                    f"got {len(value)} for record {row}."
                )
            if value:
                places.append((value, texts[t][row], t, row))
    places.sort()
    table_of = np.array([place[2] for place in places], np.int8)
    rows = np.array([place[3] for place in places], np.int32)
    return table_of, rows

"""ListedPairs: a rule that knows pairs by the ids of their records."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._utils._sets import distinct
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._matches import as_matches, id_columns
from graphrep.blocking._record_rows import rows_of_ids
from graphrep.blocking._records import Records
from graphrep.graph import NodeIndex
from graphrep.typing import AnyArray, IntArray


class ListedPairs:
    """Pairs of ids as the ``include`` or ``exclude`` of a blocker.

    With ``include`` no other pairs are chosen, with ``exclude`` none of these: those
    that were judged already, for example.

    Parameters
    ----------
    pairs : table-like, array-like of shape (n, 2), CandidatePairs or path
        The first two columns are ids of the left and of the right table. Unlike known
        matches all rows count, whatever a column "label" says: those judged to be no
        matches were judged, too.

    Raises
    ------
    GraphValueError
        When a blocker meets an id that no record has, or a table of one column.

    Notes
    -----
    In one table either record may come first. O(n log n) time for each pair of tables,
    O(log n) for each pair that is looked up.

    Examples
    --------
    >>> from graphrep.blocking import ListedPairs, TfidfBlocker
    >>> A = {"id": ["a", "b"], "name": ["red fox", "red owl"]}
    >>> B = {"id": ["x", "y"], "name": ["red foxes", "red owls"]}
    >>> blocker = TfidfBlocker(exclude=ListedPairs([("a", "x")]))
    >>> pairs = blocker.fit_candidate_pairs(A, B)
    >>> sorted(zip(pairs.left_ids.tolist(), pairs.right_ids.tolist()))
    [('a', 'y'), ('b', 'x'), ('b', 'y')]
    """

    def __init__(self, pairs: Any) -> None:
        self.pairs = pairs
        self._known: tuple[NodeIndex, NodeIndex, bool, IntArray] | None = None

    def __repr__(self) -> str:
        told = self.pairs if isinstance(self.pairs, str) else type(self.pairs).__name__
        return f"ListedPairs({told})"

    def prepare(self, A: Records, B: Records) -> IntArray:
        """Look the ids up in two tables, or one; return sorted numbers of the pairs."""
        known, one = self._known, A is B
        of_these = known is not None and known[0] is A.index and known[1] is B.index
        if known is None or not of_these or known[2] is not one:
            keys = distinct(_keys(*self._rows(A, B), A, B))
            self._known = known = (A.index, B.index, one, keys)
        return known[3]

    def mask(self, left: IntArray, right: IntArray, A: Records, B: Records) -> AnyArray:
        """Tell which pairs of rows of two tables, or one, are listed."""
        listed = self.prepare(A, B)
        if not len(listed):
            return np.zeros(len(left), bool)
        keys = _keys(left, right, A, B)
        at = np.minimum(np.searchsorted(listed, keys), len(listed) - 1)
        found: AnyArray = listed[at] == keys
        return found

    def _rows(self, A: Records, B: Records) -> tuple[IntArray, IntArray]:
        if isinstance(self.pairs, CandidatePairs):
            found = as_matches(self.pairs, A, B, one_table=A is B)
            return found.left, found.right
        first, second = id_columns(self.pairs, labelled=False)
        return (
            rows_of_ids(first, A.index, "Pair", "left"),
            rows_of_ids(second, B.index, "Pair", "left" if A is B else "right"),
        )


def _keys(left: IntArray, right: IntArray, A: Records, B: Records) -> IntArray:
    """Numbers of pairs of rows; in one table the order of a pair does not matter."""
    left, right = np.asarray(left, np.int64), np.asarray(right, np.int64)
    if A is B:
        left, right = np.minimum(left, right), np.maximum(left, right)
    keys: IntArray = left * np.int64(max(1, len(B))) + right
    return keys

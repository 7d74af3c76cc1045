"""thinned: parts of large tables that are enough to learn from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphrep.blocking._matches import Matches
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours

_FEW = 5
_LEARN = 20_000  # records of a table that are learnt from


def thinned(
    A: Records, B: Records, matches: Matches | None,
    nearest: Callable[[Records, Records, int], Neighbours], *, one_table: bool,
    seed: int,
) -> tuple[Records, Records, Matches | None]:  # fmt: skip
    """Take some of the left records, what is near them, and the matches of both.

    Parameters
    ----------
    A, B : Records
        The tables; with no more than 40,000 records they come back as they are.
    matches : Matches or None
        Rows of known matches; 10,000 at most are kept.
    nearest : callable
        From records, a table and k to the k records of the table near each.
    one_table : bool
        Whether B is A.
    seed : int
        Draws records.

    Returns
    -------
    A, B : Records
    matches : Matches or None
        With the rows of the parts.
    """
    if max(len(A), len(B)) <= 2 * _LEARN:
        return A, B, matches
    draw = np.random.default_rng(seed)
    if matches is not None and len(matches.left):
        chosen = draw.permutation(len(matches.left))[: _LEARN // 2]
        matches = Matches(matches.left[chosen], matches.right[chosen])
    rows = draw.choice(len(A), min(_LEARN // 2, len(A)), replace=False)
    extra = np.zeros(0, np.int64) if matches is None else matches.left
    left = np.unique(np.concatenate([rows, extra]))
    near = nearest(A.take(left), B, _FEW)
    right = np.unique(near.rows[near.rows >= 0])
    if matches is not None:
        right = np.unique(np.concatenate([right, matches.right]))
    if one_table:
        left = right = np.unique(np.concatenate([left, right]))
    if matches is not None:
        matches = Matches(
            np.searchsorted(left, matches.left), np.searchsorted(right, matches.right)
        )
    some = A.take(left)
    return some, some if one_table else B.take(right), matches

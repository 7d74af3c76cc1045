"""copy_scores: how high changed copies of records would score.

Copies of records with tokens lost, moved and values dropped are matches that are known.
How many of them score high bears on how many true matches do, which mostly differ more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphrep.blocking._augment import augment
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours, levels_of, relative_scores
from graphrep.typing import FloatArray, IntArray

Search = Callable[[Records], Neighbours]
_MOST = 500


def copy_scores(
    records: Records, near: Neighbours, search: Search, assignment: str, *, seed: int,
    operator: str = "all", n_copies: int = _MOST,
) -> FloatArray:  # fmt: skip
    """Scores of pairs of a copy and its original, -inf where it was not found.

    Parameters
    ----------
    records : Records
        Of which copies are made.
    near : Neighbours
        Records of the other table near each of them.
    search : callable
        From records to the nearest ones among ``records``.
    assignment : str
        See `scored_pairs`.
    seed : int
        Draws records and changes.
    operator : str, default="all"
        See `augment`.
    n_copies : int, default=500
        Most copies.

    Returns
    -------
    ndarray of float64 of shape (n_copies,)
    """
    draw = np.random.default_rng(seed)
    size = min(n_copies, len(records))
    rows = np.sort(draw.choice(len(records), size, replace=False))
    found = search(augment(records, operator, rows=rows, seed=seed))
    own = found.rows == rows[:, None]
    known = own.any(axis=1)
    scores = np.where(own, found.scores, 0.0).max(axis=1, initial=0.0)
    copies = levels_of(found.scores)
    originals = levels_of(_inserted(near, rows, scores))
    out: FloatArray = relative_scores(scores, copies, originals, assignment)
    return np.where(known, out, -np.inf)


def _inserted(near: Neighbours, rows: IntArray, scores: FloatArray) -> FloatArray:
    """Scores of the neighbours of some rows with one more, best first."""
    lists = np.concatenate([near.scores[rows], scores[:, None]], axis=1)
    return -np.sort(-lists, axis=1)

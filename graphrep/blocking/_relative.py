"""Scores of pairs relative to what else is near either record.

A budget for all pairs needs scores that can be compared between records: .5 is much for
a record that has nothing near and little for one with ten near copies. The score of a
pair is the sum over both records of its similarity

- over the best one of the record, which counts where it has one match at most,
- over the mean of the next five, a quarter of it, likewise,
- less the mean of the nearest five, twice: cross-domain similarity local scaling, CSLS
  [Conneau et al., "Word translation without parallel data", ICLR 2018].

The weights were chosen on eight public sets and are the same for all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.typing import FloatArray, IntArray

ASSIGNMENTS = ("one-to-one", "one-to-many", "many-to-one", "many-to-many")
_RIVALS = slice(1, 6)  # places of the other records that a pair is compared with
_LEVEL = 0.05
_TINY = 1e-9
_SHARE = 0.25
_LOCAL = 2.0


class Neighbours(NamedTuple):
    """Nearest records of each record: rows (-1 for none) and scores, best first."""

    rows: IntArray
    scores: FloatArray


def relative_pairs(
    of_left: Neighbours, of_right: Neighbours, assignment: str
) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of both lists of neighbours with relative scores.

    Parameters
    ----------
    of_left : Neighbours
        Right records near each left one.
    of_right : Neighbours
        Left records near each right one.
    assignment : {"one-to-one", "one-to-many", "many-to-one", "many-to-many"}
        How many matches a left and a right record have at most; see `TfidfBlocker`.

    Returns
    -------
    left, right, scores : ndarray
    """
    left, right, scores = union_of(of_left, of_right)
    here, there = levels_of(of_left.scores), levels_of(of_right.scores)
    total = relative_scores(scores, here.take(left), there.take(right), assignment)
    return left, right, total.astype(np.float32)


class Levels(NamedTuple):
    """What is near a record: best score, mean of the next five, mean of the best."""

    best: FloatArray
    rivals: FloatArray
    near: FloatArray

    def take(self, rows: IntArray) -> Levels:
        """Levels of some records."""
        return Levels(self.best[rows], self.rivals[rows], self.near[rows])


def levels_of(scores: FloatArray) -> Levels:
    """Levels of records from the scores of their neighbours, best first."""
    n = len(scores)
    parts = (scores[:, :1], scores[:, _RIVALS], scores[:, :5])
    means = [p.mean(axis=1) if p.shape[1] else np.zeros(n) for p in parts]
    return Levels(*means)


def relative_scores(
    scores: FloatArray, left: Levels, right: Levels, assignment: str
) -> FloatArray:
    """Relative score of each pair; levels are those of its records."""
    total: FloatArray = _LOCAL * (2.0 * scores - left.near - right.near)
    if assignment in ("one-to-one", "many-to-one"):
        total = total + _share_of(left, scores)
    if assignment in ("one-to-one", "one-to-many"):
        total = total + _share_of(right, scores)
    return total


def _share_of(levels: Levels, scores: FloatArray) -> FloatArray:
    share: FloatArray = scores / np.maximum(levels.best, _TINY)
    return share + _SHARE * scores / (levels.rivals + _LEVEL)


def union_of(
    of_left: Neighbours, of_right: Neighbours
) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of either list, each once, in the order of rows."""
    a, b, s = _pairs_of(of_left)
    d, c, t = _pairs_of(of_right)
    left, right = np.concatenate([a, c]), np.concatenate([b, d])
    width = np.int64(max(1, len(of_right.rows)))
    _, first = np.unique(left * width + right, return_index=True)
    return left[first], right[first], np.concatenate([s, t])[first]


def _pairs_of(lists: Neighbours) -> tuple[IntArray, IntArray, FloatArray]:
    known = lists.rows >= 0
    own = np.repeat(np.arange(len(lists.rows)), known.sum(axis=1))
    return own, lists.rows[known], lists.scores[known]

"""Scores of pairs relative to what else is near either record.

A budget for all pairs needs scores that can be compared between records: .5 is much for
a record that has nothing near and little for one with ten near copies. Where records
have one match at most, the score of a pair is the sum over both records of its
similarity

- over the best one of the record, which counts where it has one match at most,
- over the mean of the next five, a quarter of it, likewise,
- less the mean of the nearest five, twice: cross-domain similarity local scaling, CSLS
  [Conneau et al., "Word translation without parallel data", ICLR 2018].

Where they may have many, the nearest records are no rivals but perhaps matches too, so
that what a pair is held against must lie farther out: the score is twice its similarity
less the means of the sixth to the fifteenth nearest of both records.

The weights were chosen on nine public sets and are the same for all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.blocking._records import Records
from graphrep.typing import FloatArray, IntArray

ASSIGNMENTS = ("auto", "one-to-one", "one-to-many", "many-to-one", "many-to-many")
_RIVALS = slice(1, 6)  # places of the other records that a pair is compared with
_BEYOND = slice(5, 15)  # places beyond the matches of a record that may have many
_LEVEL = 0.05
_TINY = 1e-9
_SHARE = 0.25
_LOCAL = 2.0
_SINGLE = "one-to-one"


class Neighbours(NamedTuple):
    """Nearest records of each record: rows (-1 for none) and scores, best first."""

    rows: IntArray
    scores: FloatArray


def assignment_of(assignment: str, A: Records, B: Records, one_table: bool) -> str:
    """Decide what "auto" means for two tables.

    In one table a record may have many copies. Two tables are taken for tables without
    copies, unless most records of the smaller one stand in the other as they are: those
    matches are found anyhow, and what else there is to find is then a second match.
    """
    if assignment != "auto":
        return assignment
    return "many-to-many" if one_table or mostly_shared(A, B) else _SINGLE


def mostly_shared(A: Records, B: Records) -> bool:
    """Whether most records of the smaller table stand in the other as they are."""
    left, right = set(A.texts()), set(B.texts())
    return 2 * len(left & right) > min(len(A), len(B))


def without_twins(lists: Neighbours, own: IntArray, other: IntArray) -> Neighbours:
    """Leave out neighbours that say the same.

    Parameters
    ----------
    lists : Neighbours
        Of each record.
    own, other : ndarray of int
        Number of the text of each record, and of each possible neighbour.
    """
    twin = (lists.rows >= 0) & (other[lists.rows] == own[:, None])
    if not twin.any():
        return lists
    order = np.argsort(twin, axis=1, kind="stable")
    rows, scores = np.where(twin, -1, lists.rows), np.where(twin, 0, lists.scores)
    return Neighbours(
        np.take_along_axis(rows, order, 1), np.take_along_axis(scores, order, 1)
    )


class Levels(NamedTuple):
    """What is near a record: best score, and means over places among the nearest."""

    best: FloatArray
    rivals: FloatArray
    near: FloatArray
    beyond: FloatArray

    def take(self, rows: IntArray) -> Levels:
        """Levels of some records."""
        return Levels(*(part[rows] for part in self))


class Scored(NamedTuple):
    """Near pairs: rows, similarity, levels of both records, relative score."""

    left: IntArray
    right: IntArray
    similarities: FloatArray
    here: Levels
    there: Levels
    scores: FloatArray


def scored_pairs(
    of_left: Neighbours, of_right: Neighbours, assignment: str, *, one_table: bool
) -> Scored:
    """Pairs of both lists of neighbours with relative scores.

    Parameters
    ----------
    of_left : Neighbours
        Right records near each left one.
    of_right : Neighbours
        Left records near each right one.
    assignment : {"one-to-one", "one-to-many", "many-to-one", "many-to-many"}
        How many matches a left and a right record have at most; see `TfidfBlocker`.
    one_table : bool
        Whether both lists are one; each pair is then given once, its lower row left.
    """
    left, right, similarities = union_of(of_left, of_right)
    if one_table:
        once = left < right  # the union holds each pair both ways
        left, right, similarities = left[once], right[once], similarities[once]
    here, there = levels_of(of_left.scores), levels_of(of_right.scores)
    here, there = here.take(left), there.take(right)
    total = relative_scores(similarities, here, there, assignment).astype(np.float32)
    return Scored(left, right, similarities, here, there, total)


def levels_of(scores: FloatArray) -> Levels:
    """Levels of records from the scores of their neighbours, best first."""
    n = len(scores)
    places = (slice(1), _RIVALS, slice(5), _BEYOND)
    parts = [scores[:, at] for at in places]
    means = [p.mean(axis=1) if p.shape[1] else np.zeros(n) for p in parts]
    return Levels(*means)


def relative_scores(
    scores: FloatArray, left: Levels, right: Levels, assignment: str
) -> FloatArray:
    """Relative score of each pair; levels are those of its records."""
    if assignment == "many-to-many":
        return 2.0 * scores - left.beyond - right.beyond
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
    a, b, s = pairs_of(of_left)
    d, c, t = pairs_of(of_right)
    left, right = np.concatenate([a, c]), np.concatenate([b, d])
    width = np.int64(max(1, len(of_right.rows)))
    _, first = np.unique(left * width + right, return_index=True)
    return left[first], right[first], np.concatenate([s, t])[first]


def pairs_of(lists: Neighbours) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of lists: own row, near row, score."""
    known = lists.rows >= 0
    own = np.repeat(np.arange(len(lists.rows)), known.sum(axis=1))
    return own, lists.rows[known], lists.scores[known]

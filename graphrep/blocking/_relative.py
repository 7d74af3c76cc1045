"""Scores of pairs relative to what else is near either record.

A budget for all pairs needs scores that can be compared between records: .5 is much for
a record that has nothing near and little for one with ten near copies.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphrep.typing import AnyArray, FloatArray, IntArray

ASSIGNMENTS = ("one-to-one", "one-to-many", "many-to-one", "many-to-many")
_RIVALS = slice(1, 6)  # places of the other records that a pair is compared with
_LEVEL = 0.05
_SHARE = 0.25


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
    total = np.zeros(len(left))
    if assignment in ("one-to-one", "many-to-one"):
        total += _relative(of_left, left, scores)
    if assignment in ("one-to-one", "one-to-many"):
        total += _relative(of_right, right, scores)
    if assignment == "many-to-many":
        total = 2.0 * scores - _mean_of(of_left)[left] - _mean_of(of_right)[right]
    return left, right, total.astype(np.float32)


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


def _relative(lists: Neighbours, rows: IntArray, scores: FloatArray) -> AnyArray:
    """Score over the best score of a record, and over the mean of its rivals."""
    best = lists.scores[:, 0] if lists.scores.shape[1] else np.zeros(len(lists.rows))
    rivals = lists.scores[:, _RIVALS]
    mean = rivals.mean(axis=1) if rivals.shape[1] else np.zeros(len(best))
    share: Any = scores / np.maximum(best, 1e-9)[rows]
    return share + _SHARE * scores / (mean + _LEVEL)[rows]


def _mean_of(lists: Neighbours) -> AnyArray:
    """Mean score of the nearest five of each record, as CSLS takes it."""
    near = lists.scores[:, :5]
    return near.mean(axis=1) if near.shape[1] else np.zeros(len(near))

"""Matches to learn from: known ones, those of a rule, and mutual nearest records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from graphrep.blocking._matches import Matches
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Neighbours, union_of
from graphrep.exceptions import GraphValueError
from graphrep.typing import FloatArray, IntArray

_SPAN = 1 << 17  # pairs that a rule is asked about at a time


class Positives(NamedTuple):
    """Rows of matches of both tables, and how much each counts."""

    left: IntArray
    right: IntArray
    weights: FloatArray


def known_positives(matches: Matches) -> Positives:
    """Known matches; each counts 1."""
    left, right = (np.asarray(rows, np.int64) for rows in matches)
    return Positives(left, right, np.ones(len(left), np.float32))


def rule_positives(
    rule: Callable[[Records, Records], Any], A: Records, B: Records,
    neighbours: tuple[Neighbours, Neighbours], one_table: bool,
) -> Positives:  # fmt: skip
    """Near pairs that satisfy a rule, with the weights that it gives."""
    left, right, _ = union_of(*neighbours)
    if one_table:
        left, right = np.minimum(left, right), np.maximum(left, right)
        keys = np.unique(left * np.int64(max(1, len(B))) + right)
        left, right = np.divmod(keys, max(1, len(B)))
    weights = rule_weights(rule, A, B, left, right)
    true = weights > 0
    return Positives(left[true], right[true], weights[true])


def rule_weights(
    rule: Callable[[Records, Records], Any], A: Records, B: Records, left: IntArray,
    right: IntArray,
) -> FloatArray:  # fmt: skip
    """Ask a rule about pairs of rows: float32, 0 for no match."""
    parts = []
    for start in range(0, len(left), _SPAN):
        a, b = left[start : start + _SPAN], right[start : start + _SPAN]
        said = np.asarray(rule(A.whole.repeat(a), B.whole.repeat(b)))
        if said.shape != a.shape or said.dtype.kind not in "biuf":
            raise GraphValueError(
                "A rule must return a bool or a number for each pair, an array of "
                f"shape ({len(a):,},); got {said.dtype} of shape {said.shape}."
            )
        said = said.astype(np.float32)
        if not (np.isfinite(said).all() and (said >= 0).all()):
            raise GraphValueError(
                "A rule must return weights of 0 or more; got "
                f"{said[~(np.isfinite(said) & (said >= 0))][0]}."
            )
        parts.append(said)
    return np.concatenate([np.zeros(0, np.float32), *parts])


def mutual_positives(
    neighbours: tuple[Neighbours, Neighbours], margin: float, one_table: bool
) -> Positives:
    """Find records that are each other's nearest, and nothing is nearly as near."""
    of_left, of_right = neighbours
    n = len(of_left.rows)
    if not n or not of_left.rows.shape[1] or not of_right.rows.shape[1]:
        none = np.zeros(0, np.int64)
        return Positives(none, none, np.zeros(0, np.float32))
    best = of_left.rows[:, 0]
    clear = _clear(of_left, margin)
    mutual = (best >= 0) & (of_right.rows[best, 0] == np.arange(n))
    mutual &= clear & _clear(of_right, margin)[best]
    if one_table:
        mutual &= np.arange(n) < best
    left = np.flatnonzero(mutual)
    return Positives(left, best[left], np.ones(len(left), np.float32))


def joined(parts: Sequence[Positives], width: int) -> Positives:
    """All matches, each once, sorted; the first part that has one says its weight."""
    left, right, weights = (np.concatenate(x) for x in zip(*parts, strict=True))
    _, first = np.unique(left * np.int64(width) + right, return_index=True)
    return Positives(left[first], right[first], weights[first])


def _clear(lists: Neighbours, margin: float) -> Any:
    """Tell whose nearest record is nearer than the second by a margin."""
    scores = lists.scores
    second = scores[:, 1] if scores.shape[1] > 1 else np.zeros(len(scores))
    return scores[:, 0] >= (1.0 + margin) * second

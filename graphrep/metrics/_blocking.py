"""How well pairs of records were chosen: scores, and recall over the budget."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._sets import distinct, is_in
from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

_SIDES = (None, "left", "right")


class BlockingScores(NamedTuple):
    """Scores of candidate pairs, each in [0, 1], and the counts behind them.

    Attributes
    ----------
    pair_completeness : float
        Recall: true pairs among the candidates over all true pairs.
    pair_quality : float
        Precision: true pairs among the candidates over all candidates.
    f1 : float
        Harmonic mean of the two.
    cssr : float
        Candidate set size ratio: candidates over all pairs that there could be.
    reduction_ratio : float
        ``1 - cssr``.
    f1_reduction : float
        Harmonic mean of pair completeness and reduction ratio, which some papers
        call F1.
    left_coverage, right_coverage : float
        Of the left (right) records that have a match, the share with at least one of
        theirs among the candidates. In one table both are the same.
    n_pairs, n_true, n_found, n_possible : int
        Candidates, true pairs, true pairs among the candidates, and all pairs.
    """

    pair_completeness: float
    pair_quality: float
    f1: float
    cssr: float
    reduction_ratio: float
    f1_reduction: float
    left_coverage: float
    right_coverage: float
    n_pairs: int
    n_true: int
    n_found: int
    n_possible: int


@dataclass(frozen=True)
class RecallCurve:
    """Recall of ranked pairs at every budget.

    Attributes
    ----------
    hits : ndarray of int64
        Budgets at which one more true pair is found, ascending.
    n_true : int
        True pairs.
    n_pairs : int
        Largest budget: the number of pairs, or of pairs of one record.
    unit : int
        Budget that counts as 1x: records of the smaller table, or 1 for budgets of
        each record.
    """

    hits: IntArray
    n_true: int
    n_pairs: int
    unit: int

    def at(self, budgets: Any) -> Any:
        """Recall at a budget or at several; 1 where there is no true pair.

        Parameters
        ----------
        budgets : float or array-like of float
            Numbers of pairs.
        """
        if not self.n_true:
            return np.ones_like(np.asarray(budgets, np.float64))[()]
        found = np.searchsorted(self.hits, np.asarray(budgets), side="right")
        return (found / self.n_true)[()]

    def budget_for(self, recall: float) -> int | None:
        """Smallest budget with at least this recall; None where none has it."""
        wanted = math.ceil(recall * self.n_true - 1e-9)
        if wanted <= 0:
            return 0
        return int(self.hits[wanted - 1]) if wanted <= len(self.hits) else None

    def area(self, low: float | None = None, high: float | None = None) -> float:
        """Mean recall over the logarithm of the budget, from ``low`` to ``high``.

        Parameters
        ----------
        low, high : float or None, default=None
            Ends; None takes 1x and 10x the unit, whatever the number of pairs, so
            that areas of several methods can be compared.

        Notes
        -----
        Exact: the curve is a step function.
        """
        low = self.unit if low is None else low
        high = 10 * self.unit if high is None else high
        if not 0 < low < high:
            raise GraphValueError(
                f"An area needs 0 < low < high; got low={low}, high={high}."
            )
        inner = self.hits[(self.hits > low) & (self.hits < high)]
        ends = np.concatenate([[low], inner, [high]])
        steps = np.diff(np.log(ends))
        return float((self.at(ends[:-1]) * steps).sum() / steps.sum())

    def points(self, n: int = 200) -> tuple[IntArray, FloatArray]:
        """Budgets and their recall, evenly spread over the logarithm.

        Parameters
        ----------
        n : int, default=200
            Most points.
        """
        most = max(self.n_pairs, 1)
        budgets = np.unique(np.rint(np.geomspace(1, most, n)).astype(np.int64))
        return budgets, np.asarray(self.at(budgets), np.float64)


def blocking_scores(
    true: Any, found: Any, n_left: int, n_right: int | None = None
) -> BlockingScores:
    """Compare candidate pairs with the true ones.

    Parameters
    ----------
    true, found : array-like of int of shape (n, 2), or tuple of two ndarrays
        Rows of the left and of the right table. The order does not matter; pairs given
        twice count once.
    n_left : int
        Records of the left table.
    n_right : int or None, default=None
        Records of the right table; None for pairs within the left one, where (a, b) is
        (b, a) and a record makes no pair with itself.

    Returns
    -------
    BlockingScores
        Shares of nothing are 1.

    Raises
    ------
    GraphValueError
        For rows that no record has.

    Notes
    -----
    O(n log n). F1 is that of NLSHBlock (Wang et al., 2024), of completeness and
    quality.

    Examples
    --------
    >>> scores = blocking_scores([(0, 0), (1, 1)], [(0, 0), (0, 1), (2, 1)], 3, 2)
    >>> scores.pair_completeness, round(scores.pair_quality, 3), scores.cssr
    (0.5, 0.333, 0.5)
    """
    wanted = distinct(_keys(true, n_left, n_right, "true"))
    candidates = distinct(_keys(found, n_left, n_right, "found"))
    hits = is_in(wanted, candidates)
    n_found = int(np.count_nonzero(hits))
    n_possible = n_left * (n_left - 1) // 2 if n_right is None else n_left * n_right
    recall = _share(n_found, len(wanted))
    quality = _share(n_found, len(candidates))
    cssr = len(candidates) / n_possible if n_possible else 0.0
    left, right = np.divmod(wanted, np.int64(max(1, _width(n_left, n_right))))
    if n_right is None:
        left = right = np.concatenate([left, right])
        hits = np.concatenate([hits, hits])
    return BlockingScores(
        pair_completeness=recall,
        pair_quality=quality,
        f1=_harmonic(recall, quality),
        cssr=cssr,
        reduction_ratio=1.0 - cssr,
        f1_reduction=_harmonic(recall, 1.0 - cssr),
        left_coverage=_coverage(left, hits),
        right_coverage=_coverage(right, hits),
        n_pairs=len(candidates),
        n_true=len(wanted),
        n_found=n_found,
        n_possible=n_possible,
    )


def recall_curve(
    true: Any,
    ranked: Any,
    n_left: int,
    n_right: int | None = None,
    *,
    side: str | None = None,
) -> RecallCurve:
    """Recall of ranked pairs at growing budgets.

    Parameters
    ----------
    true : array-like of int of shape (n, 2), or tuple of two ndarrays
        True pairs, as for `blocking_scores`.
    ranked : array-like of int of shape (n, 2), or tuple of two ndarrays
        Candidate pairs, the best first, each once.
    n_left, n_right : int
        Records of the tables, as for `blocking_scores`.
    side : {"left", "right", None}, default=None
        Whose budget it is. None counts pairs in all; "left" counts pairs of each left
        record, so that recall at k is that of the k best pairs of every one; in one
        table a pair counts where it stands higher.

    Returns
    -------
    RecallCurve

    Examples
    --------
    >>> curve = recall_curve([(0, 0), (1, 1)], [(0, 0), (1, 0), (1, 1)], 2, 2)
    >>> curve.at([1, 2, 3]).tolist(), curve.budget_for(1.0)
    ([0.5, 0.5, 1.0], 3)
    """
    if side not in _SIDES:
        raise GraphValueError(f"side must be 'left', 'right' or None; got {side!r}.")
    wanted = distinct(_keys(true, n_left, n_right, "true"))
    keys = _keys(ranked, n_left, n_right, "ranked", keep_selves=True)
    if len(distinct(keys)) < len(keys):
        raise GraphValueError(
            "Ranked pairs must stand once each; some stand twice. Keep the first of "
            "each."
        )
    left, right = np.divmod(keys, np.int64(max(1, _width(n_left, n_right))))
    if side is None:
        places: IntArray = np.arange(1, len(keys) + 1)
    elif n_right is None:
        both = np.stack([left, right], axis=1).ravel()
        places = _places(both).reshape(-1, 2).min(axis=1)
    else:
        places = _places(left if side == "left" else right)
    smaller = n_left if n_right is None else min(n_left, n_right)
    return RecallCurve(
        hits=np.sort(places[is_in(keys, wanted)]),
        n_true=len(wanted),
        n_pairs=int(places.max()) if len(places) else 0,
        unit=max(1, smaller) if side is None else 1,
    )


def _keys(
    pairs: Any, n_left: int, n_right: int | None, name: str, keep_selves: bool = False
) -> IntArray:
    """One number for each pair; in one table the lower row comes first."""
    left, right = _two_arrays(pairs, name)
    width = _width(n_left, n_right)
    for rows, n in ((left, n_left), (right, width)):
        if len(rows) and not (rows.min() >= 0 and rows.max() < n):
            raise GraphValueError(
                f"{name} has rows from {rows.min()} to {rows.max()}, but the table has "
                f"{n:,} records. Pass rows of the tables, left then right."
            )
    if n_right is None:
        left, right = np.minimum(left, right), np.maximum(left, right)
        if not keep_selves:
            other = left != right
            left, right = left[other], right[other]
    keys: IntArray = left * np.int64(max(1, width)) + right
    return keys


def _two_arrays(pairs: Any, name: str) -> tuple[IntArray, IntArray]:
    if isinstance(pairs, tuple) and all(isinstance(p, np.ndarray) for p in pairs):
        shapes = {part.shape for part in pairs}
        if len(pairs) != 2 or len(shapes) > 1:
            raise GraphValueError(
                f"{name} must be two arrays of one length; got lengths "
                f"{', '.join(str(len(part)) for part in pairs)}."
            )
        pairs = np.stack(pairs, axis=1)
    array = np.asarray(pairs, np.int64)
    if array.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise GraphValueError(
            f"{name} must be pairs of rows, of shape (n, 2), or two arrays of one "
            f"length; got shape {array.shape}."
        )
    return array[:, 0], array[:, 1]


def _width(n_left: int, n_right: int | None) -> int:
    return n_left if n_right is None else n_right


def _places(groups: AnyArray) -> IntArray:
    """Place of each entry among those of its group, from 1."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(first, len(ordered)))
    places = np.empty(len(groups), np.int64)
    places[order] = np.arange(1, len(groups) + 1) - np.repeat(first, sizes)
    return places


def _coverage(rows: IntArray, hits: AnyArray) -> float:
    return _share(len(distinct(rows[hits])), len(distinct(rows)))


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0

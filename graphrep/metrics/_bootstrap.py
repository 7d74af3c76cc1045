"""Intervals and tests by drawing queries anew."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray

_DRAWS_AT_ONCE = 1 << 22


class Interval(NamedTuple):
    """A figure, the ends of its interval, and the number of queries behind it."""

    value: float
    low: float
    high: float
    n: int


class PairedTest(NamedTuple):
    """Difference of two figures over the same queries.

    Attributes
    ----------
    difference, low, high : float
        Mean of ``a - b``, and the ends of its interval.
    p_value : float
        Two-sided: twice the smaller share of draws on one side of 0, 1 at most.
    n : int
        Queries that have both.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n: int


def bootstrap_interval(
    values: Any, denominator: Any = None, *, confidence: float = 0.95, n: int = 2000,
    random_state: int = 0,
) -> Interval:  # fmt: skip
    """Percentile interval of a mean, or of a ratio of sums, over queries.

    Parameters
    ----------
    values : array-like of float of shape (n_queries,)
        NaN does not count.
    denominator : array-like of float of shape (n_queries,) or None, default=None
        Gives ``sum(values) / sum(denominator)``, such as a precision.
    confidence : float, default=0.95
    n : int, default=2000
        Draws with replacement.
    random_state : int, default=0
        The same one gives the same interval.

    Returns
    -------
    Interval
        All NaN where nothing counts.

    Notes
    -----
    O(n * n_queries) time, blocks of draws in memory.

    Examples
    --------
    >>> found = bootstrap_interval([1.0, 0.0, 1.0, 1.0] * 25)
    >>> found.value, found.n, found.low < 0.75 < found.high
    (0.75, 100, True)
    """
    top = np.asarray(values, np.float64)
    below = np.ones_like(top) if denominator is None else np.asarray(denominator, float)
    if top.ndim != 1 or below.shape != top.shape:
        raise GraphValueError(
            f"values and denominator must be flat and of one length; got shapes "
            f"{top.shape} and {below.shape}."
        )
    known = ~(np.isnan(top) | np.isnan(below))
    top, below = top[known], below[known]
    if not len(top) or not below.sum():
        return Interval(np.nan, np.nan, np.nan, len(top))
    drawn = _ratios(top, below, n, random_state)
    low, high = _ends(drawn[~np.isnan(drawn)], confidence)
    return Interval(float(top.sum() / below.sum()), low, high, len(top))


def paired_bootstrap(
    a: Any, b: Any, *, confidence: float = 0.95, n: int = 2000, random_state: int = 0
) -> PairedTest:
    """Compare two figures of the same queries by drawing queries anew.

    Parameters
    ----------
    a, b : array-like of float of shape (n_queries,)
        Values of the same queries; one where either is NaN does not count.
    confidence : float, default=0.95
    n : int, default=2000
        Draws; the p-value is at least ``2 / (n + 1)``.
    random_state : int, default=0

    Returns
    -------
    PairedTest

    Examples
    --------
    >>> test = paired_bootstrap([1, 1, 1, 0] * 30, [1, 0, 0, 0] * 30)
    >>> test.difference, test.p_value < 0.01
    (0.5, True)
    """
    one, two = (np.asarray(x, np.float64) for x in (a, b))
    if one.shape != two.shape or one.ndim != 1:
        raise GraphValueError(
            f"a and b must be values of the same queries; got shapes {one.shape} and "
            f"{two.shape}."
        )
    gap = one - two
    gap = gap[~np.isnan(gap)]
    if not len(gap):
        return PairedTest(np.nan, np.nan, np.nan, np.nan, 0)
    drawn = _ratios(gap, np.ones_like(gap), n, random_state)
    low, high = _ends(drawn, confidence)
    side = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    p = min(1.0, 2 * (side + 1) / (n + 1))
    return PairedTest(float(gap.mean()), low, high, p, len(gap))


def _ratios(top: FloatArray, below: FloatArray, n: int, seed: int) -> FloatArray:
    if n < 1:
        raise GraphValueError(f"n must be at least 1 draw; got {n!r}.")
    rng = np.random.default_rng(seed)
    m = len(top)
    out = np.empty(n, np.float64)
    step = max(1, _DRAWS_AT_ONCE // m)
    for start in range(0, n, step):
        rows: AnyArray = rng.integers(0, m, (min(step, n - start), m))
        with np.errstate(invalid="ignore"):
            sums = top[rows].sum(axis=1), below[rows].sum(axis=1)
            out[start : start + len(rows)] = np.divide(
                *sums, out=np.full(len(rows), np.nan), where=sums[1] != 0
            )
    return out


def _ends(drawn: FloatArray, confidence: float) -> tuple[float, float]:
    if not 0 < confidence < 1:
        raise GraphValueError(f"confidence must be in (0, 1); got {confidence!r}.")
    outside = (1 - confidence) / 2
    low, high = np.quantile(drawn, [outside, 1 - outside])
    return float(low), float(high)

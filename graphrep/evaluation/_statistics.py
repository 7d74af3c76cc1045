"""Means over sampled nodes: drawing them, standard errors, intervals, paired tests.

Nodes are sampled, never candidates. Every mean here is a ratio of two weighted sums,
so its variance comes from one formula (Taylor linearisation of a ratio in a stratified
sample), whether nodes are skipped, weighted by their degree or averaged over bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

_LEAST_DRAWN = 2  # of a stratum: one value has no variance
_FLIPS_AT_ONCE = 1 << 22
_SAME = 1e-12  # relative; sums of the same numbers in another order
_INTERVALS = ("nodes", "population")


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error and interval.

    Parameters
    ----------
    value : float
        The mean; NaN where no node was scored.
    se, low, high : float
        Standard error and end points of the interval. Zero and ``value`` where all
        nodes were scored and the interval is about these nodes; NaN where one value
        says nothing of the spread.
    n_scored, n_skipped : int
        Values that are numbers, and those that are not.
    """

    value: float
    se: float
    low: float
    high: float
    n_scored: int
    n_skipped: int


class QuerySample(NamedTuple):
    """Nodes drawn for evaluation, in row order.

    Parameters
    ----------
    rows : ndarray of int64 of shape (n_queries,)
        Their row numbers, sorted.
    strata : ndarray of int64 of shape (n_queries,)
        Stratum of each.
    weights : ndarray of float64 of shape (n_queries,)
        Nodes of the graph that each stands for.
    stratum_sizes : ndarray of int64
        Nodes of the graph in each stratum.
    """

    rows: IntArray
    strata: IntArray
    weights: FloatArray
    stratum_sizes: IntArray


def degree_bins(degree: AnyArray) -> tuple[IntArray, tuple[str, ...]]:
    """Bin whole numbers by powers of two: 0, 1, 2-3, 4-7, 8-15, ….

    Returns
    -------
    codes : ndarray of int64
        Bin of each number.
    labels : tuple of str
        Name of every bin up to the last one used.

    Examples
    --------
    >>> codes, labels = degree_bins([0, 1, 3, 4, 9])
    >>> codes.tolist(), labels
    ([0, 1, 2, 3, 4], ('0', '1', '2-3', '4-7', '8-15'))
    """
    whole = np.asarray(degree).astype(np.int64)
    codes = np.frexp(whole)[1].astype(np.int64)
    last = int(codes.max(initial=0))
    spans = [(0, 0)] + [(1 << i, (2 << i) - 1) for i in range(last)]
    return codes, tuple(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def sample_queries(
    degree: AnyArray, m: int, stratify: bool = True, seed: int = 0
) -> QuerySample:
    """Draw ``m`` nodes without replacement, by default alike from all degrees.

    Parameters
    ----------
    degree : ndarray of int of shape (n_nodes,)
        Degree of every node.
    m : int
        Nodes to draw; all of them where there are no more.
    stratify : bool, default=True
        Draw from each bin of `degree_bins` in proportion to its size, but at least
        two (one where it has one). Bins are merged with their neighbours, smallest
        first, until that many fit into ``m``.
    seed : int, default=0

    Returns
    -------
    QuerySample

    Notes
    -----
    Each node has one random number and each stratum gives those with the smallest
    ones. So for one seed a sample of 2 m nodes holds the sample of m nodes, as long
    as no bins had to be merged. O(n log n).
    """
    degree = np.asarray(degree)
    n = len(degree)
    if m < 1:
        raise GraphValueError(f"At least one query must be drawn; got {m}.")
    strata, sizes = _strata(degree, min(m, n), stratify)
    take = _allocate(sizes, min(m, n))
    order = np.lexsort((np.random.default_rng(seed).random(n), strata))
    place = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = np.sort(order[place < np.repeat(take, sizes)])
    drawn = strata[rows]
    return QuerySample(rows, drawn, (sizes / np.maximum(take, 1))[drawn], sizes)


def _strata(degree: AnyArray, m: int, stratify: bool) -> tuple[IntArray, IntArray]:
    """Stratum of every node, and the sizes; merged until all of them can be drawn."""
    bins = degree_bins(degree)[0] if stratify else np.zeros(len(degree), np.int64)
    codes = np.unique(bins, return_inverse=True)[1].astype(np.int64)
    sizes = np.bincount(codes).astype(np.int64)
    while len(sizes) > 1 and np.minimum(sizes, _LEAST_DRAWN).sum() > m:
        small = int(np.argmin(sizes))
        into = max(small - 1, 0)
        codes = codes - (codes > into)
        sizes = np.bincount(codes).astype(np.int64)
    return codes, sizes


def _allocate(sizes: IntArray, m: int) -> IntArray:
    """Numbers to draw: proportional, at least two each, summing to m."""
    least = np.minimum(sizes, min(_LEAST_DRAWN, m))
    quota = m * sizes / max(sizes.sum(), 1)
    take = np.clip(quota.astype(np.int64), least, sizes)
    while take.sum() != m:
        step = 1 if take.sum() < m else -1
        free = take < sizes if step > 0 else take > least
        take[np.argmax(np.where(free, step * (quota - take), -np.inf))] += step
    return np.asarray(take)


def mean_estimate(
    values: AnyArray,
    strata: IntArray | None = None,
    stratum_sizes: IntArray | None = None,
    *,
    importance: AnyArray | None = None,
    groups: IntArray | None = None,
    confidence: float = 0.95,
    interval: str = "nodes",
) -> Estimate:
    """Estimate a mean over all nodes from the values of some.

    Parameters
    ----------
    values : ndarray of float of shape (m,)
        Value of each sampled node; NaN where it was skipped.
    strata : ndarray of int of shape (m,) or None, default=None
        Stratum of each; None says that all were drawn alike.
    stratum_sizes : ndarray of int or None, default=None
        Nodes of the graph in each stratum. None says that there is no end of nodes.
    importance : ndarray of float of shape (m,) or None, default=None
        Gives ``sum(importance * values) / sum(importance)`` over all nodes.
    groups : ndarray of int of shape (m,) or None, default=None
        Gives the mean of the means of the groups.
    confidence : float, default=0.95
    interval : {"nodes", "population"}, default="nodes"
        "nodes": what would the mean over all nodes of this graph be? Nothing is
        uncertain where all were scored. "population": the nodes are themselves a
        sample, of nodes that come into being as these did.

    Returns
    -------
    Estimate

    Notes
    -----
    With weights ``w = N_h / n_h``, importances ``u`` and the estimate
    ``t = sum(w u y) / sum(w u)``, the residuals ``e = u (y - t) / sum(w u)``, zero for
    skipped nodes, give the variance ``sum_h N_h^2 (1 - n_h / N_h) s_h^2(e) / n_h``,
    which is ``(1 - m / n) s^2 / m`` for a plain mean of one stratum. The interval is
    that of Student's t with ``sum_h (n_h - 1)`` degrees of freedom over the strata
    that were not drawn completely; it may end outside the range of the metric. With
    importances of a heavy tail (degrees) it is too narrow, as all linearised ratios
    are: a few nodes decide, and a sample may lack them.
    For a population it is ``m / (m - 1) * sum((w e - mean)^2)`` without strata.

    Examples
    --------
    >>> found = mean_estimate([0.0, 1.0, 1.0], stratum_sizes=[6])
    >>> round(found.value, 3), round(found.se, 3)
    (0.667, 0.236)
    """
    y = np.asarray(values, np.float64)
    if interval not in _INTERVALS:
        raise GraphValueError(
            f"interval must be 'nodes' or 'population'; got {interval!r}."
        )
    scored = ~np.isnan(y)
    n_scored = int(scored.sum())
    counts = n_scored, len(y) - n_scored
    if not n_scored:
        return Estimate(np.nan, np.nan, np.nan, np.nan, *counts)
    codes = np.zeros(len(y), np.int64) if strata is None else np.asarray(strata)
    sizes = None if stratum_sizes is None else np.asarray(stratum_sizes, np.float64)
    weights = query_weights(codes, sizes)
    value, residuals = _ratio(y, scored, weights, importance, groups)
    if sizes is None or interval == "population":
        variance, freedom = _variance_of_population(weights * residuals, n_scored)
    else:
        variance, freedom = _variance_of_nodes(residuals, codes, sizes, n_scored)
    se = float(np.sqrt(variance))
    half = se * _t_quantile(freedom, confidence) if se > 0 else se
    return Estimate(value, se, value - half, value + half, *counts)


def query_weights(codes: IntArray, sizes: AnyArray | None) -> FloatArray:
    """Return how many nodes of the graph each sampled node stands for."""
    if sizes is None:
        return np.ones(len(codes))
    drawn = np.bincount(codes, minlength=len(sizes))
    return np.asarray((sizes / np.maximum(drawn, 1))[codes])


def _ratio(
    y: FloatArray,
    scored: AnyArray,
    weights: FloatArray,
    importance: AnyArray | None,
    groups: IntArray | None,
) -> tuple[float, FloatArray]:
    """Mean of the groups' means, and the linearised residual of every node."""
    u = np.where(scored, 1.0 if importance is None else importance, 0.0)
    y = np.where(scored, y, 0.0)
    codes = np.zeros(len(y), np.int64) if groups is None else np.asarray(groups)
    total = np.bincount(codes, weights * u)
    used = total > 0
    share = np.divide(1.0, total, out=np.zeros_like(total), where=used)
    means = np.bincount(codes, weights * u * y) * share
    n_used = max(int(used.sum()), 1)
    residuals = u * (y - means[codes]) * share[codes] / n_used
    value = float(means.sum() / n_used) if used.any() else float("nan")
    return value, residuals


def _variance_of_population(parts: FloatArray, n_scored: int) -> tuple[float, int]:
    if n_scored < _LEAST_DRAWN:
        return float("nan"), 0
    m = len(parts)
    return float(m / (m - 1) * np.square(parts - parts.mean()).sum()), n_scored - 1


def _variance_of_nodes(
    residuals: FloatArray, codes: IntArray, sizes: FloatArray, n_scored: int
) -> tuple[float, int]:
    """Stratified variance of a weighted sum, and the degrees of freedom."""
    drawn = np.bincount(codes, minlength=len(sizes))
    open_ones = (drawn > 0) & (drawn < sizes)
    if not open_ones.any():
        return 0.0, 1
    if n_scored < _LEAST_DRAWN or (drawn[open_ones] < _LEAST_DRAWN).any():
        return float("nan"), 0
    safe = np.maximum(drawn, 1)
    mean = np.bincount(codes, residuals, len(sizes)) / safe
    squares = np.bincount(codes, np.square(residuals - mean[codes]), len(sizes))
    spread = squares / np.maximum(drawn - 1, 1)
    terms = sizes**2 * (1 - drawn / sizes) * spread / safe
    return float(terms[open_ones].sum()), int((drawn[open_ones] - 1).sum())


def _t_quantile(freedom: int, confidence: float) -> float:
    return float(stdtrit(freedom, 0.5 + confidence / 2))


def paired_difference(
    a: AnyArray,
    b: AnyArray,
    strata: IntArray | None = None,
    stratum_sizes: IntArray | None = None,
    *,
    confidence: float = 0.95,
    interval: str = "nodes",
) -> Estimate:
    """Estimate the mean of ``a - b`` over the nodes that have both.

    The parameters are those of `mean_estimate`. Far tighter than the difference of
    two means, for what is hard at a node is hard for both.
    """
    return mean_estimate(
        np.asarray(a, np.float64) - np.asarray(b, np.float64),
        strata, stratum_sizes, confidence=confidence, interval=interval,
    )  # fmt: skip


def paired_permutation_test(
    a: AnyArray,
    b: AnyArray,
    n: int = 2000,
    seed: int = 0,
    *,
    weights: AnyArray | None = None,
) -> float:
    """Two-sided p-value of the sign-flip test on paired values.

    Parameters
    ----------
    a, b : ndarray of float of shape (m,)
        Values of the same nodes; a node where either is NaN does not count.
    n : int, default=2000
        Random flips. The p-value is at least ``1 / (n + 1)``.
    seed : int, default=0
    weights : ndarray of float of shape (m,) or None, default=None
        Weight of each node in the sum.

    Returns
    -------
    float
        Share of the flips, the observed one counted, whose sum is as large. The
        null hypothesis: at every node, either is as likely to be the better one.
    """
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    if weights is not None:
        difference = difference * np.asarray(weights, np.float64)
    difference = difference[~np.isnan(difference) & (difference != 0)]
    m = len(difference)
    if not m:
        return 1.0
    total = difference.sum()
    bound = abs(total) - _SAME * np.abs(difference).sum()
    rng = np.random.default_rng(seed)
    at_once = max(_FLIPS_AT_ONCE // m, 1)
    reached = 0
    for start in range(0, n, at_once):
        rows = min(at_once, n - start)
        kept = rng.integers(0, 256, (rows, -(-m // 8)), np.uint8)
        signs = np.unpackbits(kept, axis=1, count=m).astype(np.float64)
        reached += int((np.abs(2 * (signs @ difference) - total) >= bound).sum())
    return (reached + 1) / (n + 1)


def fisher_interval(
    rho: float, m: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of a correlation of ``m`` pairs by Fisher's z.

    Returns
    -------
    low, high : float
        ``tanh(atanh(rho) -+ q / sqrt(m - 3))`` with the normal quantile ``q``; NaN
        for less than four pairs or a correlation that is NaN.

    Examples
    --------
    >>> low, high = fisher_interval(0.5, 103)
    >>> round(low, 3), round(high, 3)
    (0.339, 0.632)
    """
    if m <= 3 or np.isnan(rho):
        return float("nan"), float("nan")
    half = float(ndtri(0.5 + confidence / 2)) / np.sqrt(m - 3)
    with np.errstate(divide="ignore"):
        z = np.arctanh(np.clip(rho, -1.0, 1.0))
    return float(np.tanh(z - half)), float(np.tanh(z + half))

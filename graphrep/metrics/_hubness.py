"""Hubness: how unevenly targets occur among the nearest neighbours of queries."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.typing import AnyArray, FloatArray, IntArray

_HUB_FACTOR = 2.0


class HubnessScores(NamedTuple):
    """Statistics of k-occurrences; every target counts, those never found too.

    Attributes
    ----------
    skewness : float
        Third standardised moment; 0 where all targets are found alike.
    truncated_skewness : float
        Third moment of a normal distribution with their mean and deviation that is
        cut off below 0, as scikit-hubness and kiez report it.
    robin_hood : float
        Share of all slots that would have to move to make all targets alike.
    gini : float
        0 where all are alike, close to 1 where one takes all.
    atkinson : float
        Atkinson's index with aversion 0.5, in [0, 1].
    antihubs : float
        Share of targets that are never found.
    hubs : float
        Share of all slots that go to hubs, targets found ``2 k`` times or more.
    largest : int
        Most occurrences of one target.
    """

    skewness: float
    truncated_skewness: float
    robin_hood: float
    gini: float
    atkinson: float
    antihubs: float
    hubs: float
    largest: int


def k_occurrence(neighbours: Any, n_targets: int) -> IntArray:
    """Count how often each target is among the neighbours of the queries.

    Parameters
    ----------
    neighbours : array-like of int of shape (n_queries, k)
        Rows of the targets; negative ones stand for none.
    n_targets : int
        Number of targets.

    Returns
    -------
    ndarray of int64 of shape (n_targets,)

    Examples
    --------
    >>> k_occurrence([[0, 1], [0, 2]], 4).tolist()
    [2, 1, 1, 0]
    """
    rows = np.asarray(neighbours)
    if rows.size and rows.dtype.kind not in "iu":
        raise GraphTypeError(f"neighbours must be integers; got dtype {rows.dtype}.")
    flat = rows.ravel().astype(np.int64)
    if len(flat) and flat.max() >= n_targets:
        raise GraphValueError(
            f"neighbours holds {flat.max()}, but there are {n_targets:,} targets."
        )
    return np.bincount(flat[flat >= 0], minlength=n_targets).astype(np.int64)


def hubness_scores(counts: Any, k: int) -> HubnessScores:
    """Compute all statistics of k-occurrences.

    Parameters
    ----------
    counts : array-like of shape (n_targets,)
        Occurrences of every target, zeros included; see `k_occurrence`.
    k : int
        Length of the lists of neighbours.

    Returns
    -------
    HubnessScores

    Notes
    -----
    O(n log n) time, for Gini's index by sorting. Skewness after [1]_, the other
    indices after [2]_.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos, M. Ivanović, "Hubs in space: popular nearest
       neighbors in high-dimensional data", JMLR 11, 2010.
    .. [2] R. Feldbauer, M. Leodolter, C. Plant, A. Flexer, "Fast approximate hubness
       reduction for large high-dimensional data", ICBK 2018.

    Examples
    --------
    >>> scores = hubness_scores([4, 0, 0, 0], k=1)
    >>> scores.gini, scores.robin_hood, scores.antihubs, scores.hubs
    (0.75, 0.75, 0.75, 1.0)
    """
    x = _counts(counts)
    return HubnessScores(
        skewness(x),
        truncated_normal_skewness(x),
        robin_hood_index(x),
        gini_index(x),
        atkinson_index(x),
        antihub_occurrence(x),
        hub_occurrence(x, k),
        int(x.max()),
    )


def skewness(counts: Any) -> float:
    """Third standardised moment of the occurrences; 0 where they are all equal."""
    x = _counts(counts)
    apart = x - x.mean()
    spread = float(np.sqrt(np.mean(apart**2)))
    return float(np.mean(apart**3)) / spread**3 if spread > 0 else 0.0


def truncated_normal_skewness(counts: Any) -> float:
    """Third moment of the fitted normal distribution cut off below 0, standardised.

    With ``a = -mean / deviation`` and the inverse Mills ratio ``m = phi(a) / Q(a)``
    the moment is ``m (a^2 + 2)``. NaN where all occurrences are equal.
    """
    from scipy.special import log_ndtr

    x = _counts(counts)
    spread = float(x.std(ddof=1)) if len(x) > 1 else 0.0
    if spread == 0:
        return float("nan")
    a = -float(x.mean()) / spread
    mills = np.exp(-0.5 * a * a - 0.5 * np.log(2 * np.pi) - log_ndtr(-a))
    return float(mills * (a * a + 2))


def robin_hood_index(counts: Any) -> float:
    """Half the mean deviation over the mean (Hoover's index); 0 for no occurrences."""
    x = _counts(counts)
    total = float(x.sum())
    return float(np.abs(x - x.mean()).sum()) / (2 * total) if total > 0 else 0.0


def gini_index(counts: Any) -> float:
    """Gini's index by sorting, O(n log n); 0 where there are no occurrences."""
    x = np.sort(_counts(counts))
    n, total = len(x), float(x.sum())
    weights = 2 * np.arange(1, n + 1) - n - 1
    return float(weights @ x) / (n * total) if total > 0 else 0.0


def atkinson_index(counts: Any, aversion: float = 0.5) -> float:
    """Atkinson's index; 0 where all are alike or there are no occurrences.

    Parameters
    ----------
    counts : array-like of shape (n_targets,)
    aversion : float, default=0.5
        In (0, 1]: how much more a target with few occurrences counts. With 1 a single
        target that is never found gives 1.
    """
    if not 0 < aversion <= 1:
        raise GraphValueError(f"aversion must be in (0, 1]; got {aversion!r}.")
    x = _counts(counts)
    mean = float(x.mean())
    if mean == 0:
        return 0.0
    if aversion == 1:
        with np.errstate(divide="ignore"):
            level = float(np.exp(np.log(x).mean()))
    else:
        power = 1 - aversion
        level = float(np.mean(x**power)) ** (1 / power)
    return 1 - level / mean


def antihub_occurrence(counts: Any) -> float:
    """Share of targets that are never found."""
    return float(np.mean(_counts(counts) == 0))


def hub_occurrence(counts: Any, k: int, factor: float = _HUB_FACTOR) -> float:
    """Share of all slots that hold hubs, targets found ``factor * k`` times or more."""
    if k < 1:
        raise GraphValueError(f"k must be at least 1; got {k!r}.")
    x = _counts(counts)
    total = float(x.sum())
    return float(x[x >= factor * k].sum()) / total if total > 0 else 0.0


def _counts(counts: Any) -> FloatArray:
    x: AnyArray = np.asarray(counts)
    if x.ndim != 1 or not len(x):
        raise GraphValueError(
            f"counts must be a flat array of one target or more; got shape {x.shape}."
        )
    if x.dtype.kind not in "iuf":
        raise GraphTypeError(f"counts must be numbers; got dtype {x.dtype}.")
    x = x.astype(np.float64)
    if not (np.isfinite(x).all() and x.min() >= 0):
        raise GraphValueError("counts must be finite and not negative.")
    return x

"""ScoreMixture: how the matches lie among the scores of near pairs, without labels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import logit, ndtr

from graphrep.typing import AnyArray, FloatArray, IntArray

_TEMPER = 0.03  # what a pair counts: scores of pairs depend on each other
_ROUNDS = 40  # of expectation and maximisation
_BELOW = 8  # bins below where the rest of the pairs fall off
_TRUST = 2.0  # standard deviation of what copies say, in logits
_ODD_SHIFT = 2.5  # widths by which odd matches score lower
_TAILS = (0.05, 0.95)
_PICKED = 0.25  # half width for pairs that scores do not tell from those left out
_SURE = 0.005
_PARAMETERS = 3.0  # of matches: how many, mean, standard deviation
_FALLS = np.geomspace(0.25, 4.0, 60)  # rates that others may fall at, of the usual one
_TINY = 1e-9


class Prior(NamedTuple):
    """What is known of scores before any is seen; scales of relative scores.

    Attributes
    ----------
    start, step : float
        Score above which other pairs fall off exponentially, and width of bins.
    centre, width, slope : tuple of two floats
        Mean and standard deviation of the mean of matches, of the logarithm of their
        standard deviation, and of the rate at which other pairs fall off.
    odd : tuple of pairs of floats
        Shares of matches that score lower than the others, and how likely each is.
    grid : tuple of three ndarrays
        Values of the three that are tried.
    """

    start: float
    step: float
    centre: tuple[float, float]
    width: tuple[float, float]
    slope: tuple[float, float]
    odd: tuple[tuple[float, float], ...]
    grid: tuple[FloatArray, FloatArray, FloatArray]


SINGLE = Prior(
    1.75, 0.25, (4.1, 0.8), (float(np.log(0.8)), 0.25), (1.9, 0.4),
    ((0.0, 0.5), (0.02, 0.25), (0.05, 0.15), (0.1, 0.1)),
    (np.arange(2.6, 6.6, 0.15), np.arange(0.45, 1.5, 0.1), np.arange(1.0, 3.4, 0.3)),
)  # fmt: skip
"""Scores where records have one match at most."""
MANY = Prior(
    0.15, 0.06, (0.9, 0.35), (float(np.log(0.3)), 0.3), (8.0, 2.0),
    ((0.0, 0.5), (0.02, 0.25), (0.08, 0.15), (0.2, 0.1)),
    (np.arange(0.0, 1.7, 0.05), np.geomspace(0.1, 0.6, 12), np.arange(4.0, 16.0, 1.5)),
)  # fmt: skip
"""Scores where records may have many matches."""
SECOND = MANY._replace(
    centre=(0.9, 10.0), grid=(np.arange(-0.6, 1.7, 0.05), *MANY.grid[1:])
)
"""Scores of what else matches a record that stands in both tables as it is.

That may be a copy with errors or another offer: any mean is as likely as any other."""


class RecallEstimate(NamedTuple):
    """Recall as it is estimated without labels.

    Attributes
    ----------
    recall : float
        Estimated share of the matches that is among the pairs.
    low, high : float
        Where the share lies with a probability of nine in ten, under the assumptions
        of `estimate_recall`.
    doubts : tuple of str
        Sentences on why these tables give little to estimate it from; mostly none.
    """

    recall: float
    low: float
    high: float
    doubts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.recall:.3f} ({self.low:.3f} to {self.high:.3f})"


class ScoreMixture:
    """Scores of near pairs as those of matches and of other pairs.

    Above a score other pairs fall off exponentially, and matches are normally
    distributed. Their mean and standard deviation and the rate of the fall are tried on
    a grid; how many pairs there are of either kind is fitted for each point by
    expectation and maximisation. Points count by the likelihood of the numbers of pairs
    in bins, raised to the power .03 because pairs depend on each other, times priors.

    Parameters
    ----------
    scores : ndarray of float of shape (n,)
        Relative scores of near pairs; see `scored_pairs`.
    prior : Prior
        `SINGLE` or `MANY`, by the assignment.
    copies : tuple of two floats or None, default=None
        A score, and the share of changed copies of records that score as much or more
        with their originals. A standard deviation of 2 in logits says how far that is
        from the share of matches.

    Attributes
    ----------
    masses_ : ndarray of float64 of shape (n_points, n_bins)
        Share of the matches in each bin, as each point of the grid has it.
    weights_ : ndarray of float64 of shape (n_points,)
        Posterior probabilities of the points.
    totals_ : ndarray of float64 of shape (n_bins,)
        Pairs in each bin.
    stands_out_ : bool
        Whether the scores themselves speak for matches: whether Akaike's criterion,
        with the same power of the likelihood, prefers the best mixture to other pairs
        alone. Where it does not, means and spreads come from the priors.

    Notes
    -----
    A share of the matches, 0 to a tenth, or to a fifth where records may have many, is
    taken to be odd: 2.5 standard deviations lower. The data do not tell this share; it
    widens intervals.

    The priors are rounded means and spreads over public sets of records, the same for
    all tables. O(n + 40 points bins) time: some hundredths of a second.
    """

    def __init__(
        self, scores: FloatArray, prior: Prior,
        copies: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        top = float(scores.max(initial=prior.start + _BELOW * prior.step))
        n_above = int((top - prior.start) / prior.step) + 1
        self._first = prior.start - _BELOW * prior.step
        self._step, self._n_bins = prior.step, _BELOW + n_above
        edges = self._first + prior.step * np.arange(self._n_bins + 1)
        self.totals_ = np.bincount(self.bins(scores), minlength=self._n_bins) * 1.0
        centre, width, slope = (
            axis.ravel() for axis in np.meshgrid(*prior.grid, indexing="ij")
        )
        logs = _log_likelihoods(
            self.totals_[_BELOW:], edges[_BELOW:], centre, width, slope
        )
        alone = _log_likelihood_alone(self.totals_[_BELOW:], edges[_BELOW:], prior)
        self.stands_out_ = bool(_TEMPER * (logs.max() - alone) > _PARAMETERS)
        logs = _TEMPER * logs - 0.5 * (
            _squared(centre, prior.centre)
            + _squared(np.log(width), prior.width)
            + _squared(slope, prior.slope)
        )
        if copies is not None:
            at, share = copies
            logs -= 0.5 * _squared(
                _logit(ndtr((centre - at) / width)), (_logit(share), _TRUST)
            )
        kept = np.flatnonzero(logs > logs.max() - 9.0)
        likely = np.exp(logs[kept] - logs.max())
        shares, chances = zip(*prior.odd, strict=True)
        usual = _masses(edges, centre[kept], width[kept])
        low = _masses(edges, centre[kept] - _ODD_SHIFT * width[kept], width[kept])
        self.weights_ = np.outer(chances, likely / likely.sum()).ravel()
        self.masses_ = np.concatenate([(1 - o) * usual + o * low for o in shares])
        self._give_empty_bins_away()

    def bins(self, scores: FloatArray) -> IntArray:
        """Bin of each score."""
        at = np.floor((scores - self._first) / self._step).astype(np.int64)
        bins: IntArray = np.clip(at, 0, self._n_bins - 1)
        return bins

    def expected(self) -> FloatArray:
        """Mean share of all matches that one pair of each bin stands for."""
        mean = self.weights_ @ self.masses_
        out: FloatArray = mean / np.maximum(self.totals_, 1.0)
        return out

    def estimate(self, counts: AnyArray) -> RecallEstimate:
        """Estimate the recall of some of the pairs.

        Parameters
        ----------
        counts : ndarray of shape (n_bins,)
            How many of the pairs of each bin these are. Matches of a bin are taken to
            be among them as often as other pairs of the bin are. Where that is neither
            never nor always, the interval is wider: by a quarter of the root of the
            mean of share times rest.
        """
        shares = counts / np.maximum(self.totals_, 1.0)
        recalls = self.masses_ @ shares
        mixed = _PICKED * np.sqrt(self.weights_ @ self.masses_ @ (shares - shares**2))
        order = np.argsort(recalls)
        reached = np.cumsum(self.weights_[order])
        at = np.searchsorted(reached, _TAILS)
        low, high = recalls[order][np.minimum(at, len(order) - 1)]
        mean = min(1.0, float(self.weights_ @ recalls))
        low = mean - np.hypot(min(0.0, low - mean), mixed)
        high = mean + np.hypot(max(0.0, high - mean), mixed)
        return RecallEstimate(mean, max(0.0, float(low)), min(1.0, float(high)))

    def _give_empty_bins_away(self) -> None:
        """Let matches of a bin without pairs lie in the nearest one that has some."""
        full = np.flatnonzero(self.totals_)
        if not len(full):
            return
        empty = np.flatnonzero(self.totals_ == 0)
        nearest = full[np.abs(empty[:, None] - full[None, :]).argmin(axis=1)]
        for source, target in zip(empty.tolist(), nearest.tolist(), strict=True):
            self.masses_[:, target] += self.masses_[:, source]
            self.masses_[:, source] = 0.0


def _log_likelihoods(
    counts: FloatArray, edges: FloatArray, centre: FloatArray, width: FloatArray,
    slope: FloatArray,
) -> FloatArray:  # fmt: skip
    """Log-likelihood of counts in bins at each point, with the best two amounts."""
    matches = np.diff(ndtr((edges - centre[:, None]) / width[:, None]), axis=1)
    others = -np.diff(np.exp(-slope[:, None] * (edges - edges[0])), axis=1)
    others /= others.sum(axis=1, keepdims=True)
    seen = matches.sum(axis=1) + _TINY
    n_matches = np.full(len(centre), 0.2 * counts.sum() + _TINY)
    n_others = np.full(len(centre), 0.8 * counts.sum() + _TINY)
    for _ in range(_ROUNDS):
        expected = n_matches[:, None] * matches
        share = expected / (expected + n_others[:, None] * others + _TINY)
        n_matches = (counts * share).sum(axis=1) / seen + _TINY
        n_others = (counts * (1.0 - share)).sum(axis=1) + _TINY
    rates = n_matches[:, None] * matches + n_others[:, None] * others + _TINY
    logs: FloatArray = (counts * np.log(rates) - rates).sum(axis=1)
    return logs


def _log_likelihood_alone(counts: FloatArray, edges: FloatArray, prior: Prior) -> float:
    """Log-likelihood of counts in bins where there are no matches, at the best rate."""
    slopes = prior.slope[0] * _FALLS
    others = -np.diff(np.exp(-slopes[:, None] * (edges - edges[0])), axis=1)
    others /= others.sum(axis=1, keepdims=True)
    rates = counts.sum() * others + _TINY
    return float((counts * np.log(rates) - rates).sum(axis=1).max())


def _masses(edges: FloatArray, centre: FloatArray, width: FloatArray) -> FloatArray:
    """Share of a normal distribution in each bin, the outer ones without end."""
    below = ndtr((edges - centre[:, None]) / width[:, None])
    below[:, 0], below[:, -1] = 0.0, 1.0
    masses: FloatArray = np.diff(below, axis=1)
    return masses


def _squared(values: FloatArray, prior: tuple[float, float]) -> Any:
    return ((values - prior[0]) / prior[1]) ** 2


def _logit(shares: Any) -> Any:
    return logit(np.clip(shares, _SURE, 1.0 - _SURE))

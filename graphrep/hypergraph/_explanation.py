"""Explanation: probabilities of hyperedges that together have to explain a graph.

A classifier looks at one candidate at a time. Here candidates compete: every edge of
an unweighted graph needs some hyperedge over it, and the weight of an edge is the
number of hyperedges over it. A Gibbs sampler draws sets of candidates with odds as the
classifier says and a price for each unit that is not explained; the chance that a
candidate is in the set is its new probability. The price is learned on the hypergraph
that the classifier was fitted on; a price of zero leaves its answers as they are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep.graph import Graph
from graphrep.hypergraph._candidates import Rows, take_rows
from graphrep.hypergraph._jaccard_threshold import jaccard_threshold
from graphrep.kernels import _explanations as kernels
from graphrep.typing import FloatArray, IntArray

_PRICES = {False: (0.5, 1.0, 2.0, 4.0), True: (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)}
_FEW_PRICES = (1.0, 4.0)
_OFFSETS = (1.0, -1.0, 0.0)
_HEAT, _COOLING, _SWEEPS = 4.0, 30, 100
_LEAST_GAIN = 0.5  # standard errors of the Jaccard index that decide; see below
_LEAST = 5e-4  # probability below which a candidate does not take part
_LEAST_ODDS = float(np.log(_LEAST / (1.0 - _LEAST)))
_LARGE = 50_000_000  # pairs of nodes in candidates times sweeps


class Cover(NamedTuple):
    """Which edges each candidate covers, and what there is to cover.

    Attributes
    ----------
    pointers, edges : ndarray of int64
        Edges of candidate c are ``edges[pointers[c]:pointers[c + 1]]``.
    amount : ndarray of int64 of shape (n_edges,)
        How many hyperedges hold each edge, ones where that is not known.
    """

    pointers: IntArray
    edges: IntArray
    amount: IntArray


class Explanation(NamedTuple):
    """How candidates compete.

    Attributes
    ----------
    price : float
        Of one unit of weight that is not explained, in log odds; 0 for none.
    offset : float
        Added to the log odds of every candidate.
    calibration : tuple of three float
        New log odds from those of the chance, those of the classifier, and one.
    counted : bool
        Whether weights count hyperedges.
    """

    price: float
    offset: float
    calibration: tuple[float, float, float]
    counted: bool


NONE = Explanation(0.0, 0.0, (0.0, 1.0, 0.0), False)


def cover_of(graph: Graph, candidates: Rows, counted: bool) -> Cover:
    """Edges of every candidate; edges are numbered by their first entry."""
    number, first = edge_numbers(graph)
    pointers = kernels.pair_pointers(candidates[0])
    edges = np.empty(pointers[-1], np.int64)
    kernels.edges_of_sets(graph.indptr, graph.indices, *candidates, number, edges)
    amount = np.ones(len(first), np.int64)
    if counted and graph.weights is not None:
        amount = np.rint(graph.weights[first]).astype(np.int64)
    return Cover(pointers, edges, amount)


def edge_numbers(graph: Graph) -> tuple[IntArray, IntArray]:
    """Give the number of the edge of each entry, and the first entry of each edge."""
    n = graph.n_nodes
    source = np.repeat(np.arange(n, dtype=np.int64), np.diff(graph.indptr))
    target = graph.indices.astype(np.int64)
    first = np.flatnonzero(source < target)
    number = np.empty(len(source), np.int64)
    number[first] = np.arange(len(first))
    # rows are sorted, so mirror images stand in the order of (target, source)
    mirror = np.flatnonzero(source > target)
    order = np.lexsort((source[mirror], target[mirror]))
    number[mirror[order]] = np.arange(len(first))
    return number, first


def fit_explanation(
    cover: Cover, odds: FloatArray, y: IntArray, n_missed: int, *,
    counted: bool, seed: int, n_jobs: int,
) -> tuple[Explanation, FloatArray]:  # fmt: skip
    """Learn the price from candidates whose truth is known.

    Returns
    -------
    Explanation, and the new log odds of the candidates.
    """
    _, before = jaccard_threshold(_chance(odds), y, n_missed)
    error = np.sqrt(before * (1.0 - before) / max(1, int(y.sum()) + n_missed))
    # that weights add up is a fact, that edges are covered tells little: the first is
    # left out only where it hurts, the second used only where it helps
    margin = _LEAST_GAIN * error * (-1.0 if counted else 1.0)
    best, best_odds, best_score = NONE, odds, before + margin
    if y.min(initial=1) >= y.max(initial=0) or not len(cover.amount):
        return NONE, odds
    large = len(cover.edges) * (_COOLING + _SWEEPS) > 100 * _LARGE
    prices = _FEW_PRICES if large else _PRICES[counted]
    grid = list(product(prices, (0.0,) if large else _OFFSETS))

    def attempt(choice: tuple[float, float]) -> FloatArray:
        return _sampled(cover, odds, *choice, counted, seed)

    with single_blas_thread(), ThreadPoolExecutor(n_jobs) as pool:
        for (price, offset), sampled in zip(grid, pool.map(attempt, grid), strict=True):
            calibration = _calibrate(sampled, odds, y)
            new = _combine(calibration, sampled, odds)
            _, score = jaccard_threshold(_chance(new), y, n_missed)
            if score >= best_score:  # of equal ones the higher price
                best = Explanation(price, offset, calibration, counted)
                best_odds, best_score = new, score
    return best, best_odds


def explain(how: Explanation, cover: Cover, odds: FloatArray, seed: int) -> FloatArray:
    """Give new log odds of candidates of a graph."""
    if how.price == 0.0 or not len(odds):
        return odds
    sampled = _sampled(cover, odds, how.price, how.offset, how.counted, seed)
    return _combine(how.calibration, sampled, odds)


def _sampled(
    cover: Cover, odds: FloatArray, price: float, offset: float, counted: bool,
    seed: int,
) -> FloatArray:  # fmt: skip
    """Log odds of the chance of each candidate under the sampler."""
    active = np.flatnonzero(odds > _LEAST_ODDS)
    pointers, edges = take_rows(cover.pointers, cover.edges, active)
    heats = np.geomspace(_HEAT, 1.0, _COOLING)
    temperatures = np.concatenate([heats, np.ones(_SWEEPS)])
    means = kernels.sample_explanations(
        pointers, edges, cover.amount.copy(), odds[active] + offset, price, counted,
        temperatures, _COOLING, seed, np.zeros(len(active), np.int8),
    )  # fmt: skip
    out = np.full(len(odds), _LEAST_ODDS)
    out[active] = _log_odds(means)
    return out


def _calibrate(
    sampled: FloatArray, odds: FloatArray, y: IntArray
) -> tuple[float, float, float]:
    """Weights of both log odds and a constant, by logistic regression."""
    from sklearn.linear_model import LogisticRegression

    known = np.stack([sampled, _bounded(odds)], axis=1)
    model = LogisticRegression(C=1.0).fit(known, y)
    a, b = model.coef_[0]
    return float(a), float(b), float(model.intercept_[0])


def _combine(
    calibration: tuple[float, float, float], sampled: FloatArray, odds: FloatArray
) -> FloatArray:
    a, b, c = calibration
    return a * sampled + b * _bounded(odds) + c


def _bounded(odds: FloatArray) -> FloatArray:
    """No surer than the sampler can be, so that neither drowns the other."""
    return np.clip(odds, _LEAST_ODDS, -_LEAST_ODDS)


def _chance(odds: FloatArray) -> FloatArray:
    return 1.0 / (1.0 + np.exp(-odds))


def _log_odds(p: FloatArray) -> FloatArray:
    clipped = np.clip(p, _LEAST, 1.0 - _LEAST)
    return np.log(clipped / (1.0 - clipped))

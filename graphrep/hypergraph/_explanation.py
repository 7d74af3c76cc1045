"""Explanation: probabilities of hyperedges that together have to explain a graph.

A classifier looks at one candidate at a time. Here candidates compete: every edge of
an unweighted graph needs some hyperedge over it, and the weight of an edge is the
number of hyperedges over it. A set of candidates has the energy

    minus the sum of their log odds + price * units that are not explained.

The set of least energy is found by linear programming (the relaxation is integral but
for few candidates), and a Gibbs sampler that starts there gives the chance of each
candidate under exp(-energy). A logistic model of both and of the classifier's odds
gives the new odds. It and the price are learned on the hypergraph that the classifier
was fitted on; a price of zero leaves the answers as they are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack

from graphrep._utils._blas import single_blas_thread
from graphrep.graph import Graph
from graphrep.hypergraph._candidates import Rows, take_rows
from graphrep.hypergraph._jaccard_threshold import jaccard_threshold
from graphrep.kernels import _explanations as kernels
from graphrep.typing import FloatArray, IntArray

_PRICES = {False: (0.5, 1.0, 2.0, 4.0, 8.0), True: (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)}
_FEW_PRICES = (1.0, 4.0)
_BOUND = {False: 16.0, True: 6.0}  # log odds of one candidate; weights are surer facts
_WARM_UP, _SWEEPS = 5, 100
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
    calibration : tuple of float
        New log odds from the columns of `_evidence`, and a constant.
    counted : bool
        Whether weights count hyperedges.
    """

    price: float
    calibration: tuple[float, ...]
    counted: bool


NONE = Explanation(0.0, (), False)


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
    large = len(cover.edges) * (_WARM_UP + _SWEEPS) > 100 * _LARGE
    prices = _FEW_PRICES if large else _PRICES[counted]

    def attempt(price: float) -> FloatArray:
        return _evidence(cover, odds, price, counted, seed)

    with single_blas_thread(), ThreadPoolExecutor(n_jobs) as pool:
        for price, seen in zip(prices, pool.map(attempt, prices), strict=True):
            calibration = _calibrate(seen, y)
            new = _combine(calibration, seen)
            _, score = jaccard_threshold(_chance(new), y, n_missed)
            if score >= best_score:  # of equal ones the higher price
                best = Explanation(price, calibration, counted)
                best_odds, best_score = new, score
    return best, best_odds


def explain(how: Explanation, cover: Cover, odds: FloatArray, seed: int) -> FloatArray:
    """Give new log odds of candidates of a graph."""
    if how.price == 0.0 or not len(odds):
        return odds
    seen = _evidence(cover, odds, how.price, how.counted, seed)
    return _combine(how.calibration, seen)


def _evidence(
    cover: Cover, odds: FloatArray, price: float, counted: bool, seed: int
) -> FloatArray:
    """Columns that tell about each candidate.

    Its share in the set of least energy, the log odds of its chance under the sampler,
    those of the classifier, and the products of the first with the others.
    """
    active = np.flatnonzero(odds > _LEAST_ODDS)
    pointers, edges = take_rows(cover.pointers, cover.edges, active)
    scores = np.clip(odds[active], -_BOUND[counted], _BOUND[counted])
    shares = least_energy(pointers, edges, cover.amount, scores, price, counted)
    taken = (shares > 0.5).astype(np.int8)
    held = np.repeat(taken, np.diff(pointers))
    residual = cover.amount - np.bincount(edges, held, len(cover.amount)).astype(int)
    chances = kernels.sample_explanations(
        pointers, edges, residual, scores, price, counted, _WARM_UP + _SWEEPS,
        _WARM_UP, seed, taken,
    )  # fmt: skip
    best = np.zeros(len(odds))
    best[active] = shares
    sampled = np.full(len(odds), _LEAST_ODDS)
    sampled[active] = _log_odds(chances)
    own = _bounded(odds)
    return np.stack([best, sampled, own, best * own, best * sampled], axis=1)


def least_energy(
    pointers: IntArray, edges: IntArray, amount: IntArray, scores: FloatArray,
    price: float, counted: bool,
) -> FloatArray:  # fmt: skip
    """Share of each candidate in the set of least energy: float64, 0 to 1.

    The linear program over shares x and, for each edge, what is left u and what is
    overdrawn v: minimise ``-scores @ x + price * (u + v)`` where ``A x + u - v`` is the
    amount (weights), or ``A x + u`` at least one (no weights).
    """
    n, m = len(scores), len(amount)
    if not n:
        return np.zeros(0)
    holds = csr_array((np.ones(len(edges)), edges, pointers), shape=(n, m)).T
    rows, slack = [holds, eye_array(m)], m
    if counted:
        rows.append(-eye_array(m))
        slack = 2 * m
    table = hstack(rows, format="csc")
    cost = np.concatenate([-scores, np.full(slack, price)])
    upper = np.concatenate([np.ones(n), np.full(slack, np.inf)])
    known: dict[str, Any] = {"A_eq": table, "b_eq": amount}
    if not counted:
        known = {"A_ub": -table, "b_ub": -amount.astype(np.float64)}
    bounds = np.stack([np.zeros(n + slack), upper], axis=1)
    solve: Any = linprog  # whose overloads know no keywords from a dict
    found = solve(cost, bounds=bounds, method="highs", **known)
    if found.x is None:
        raise RuntimeError(f"The linear program has no solution: {found.message}")
    shares: FloatArray = np.clip(found.x[:n], 0.0, 1.0)
    return shares


def _calibrate(seen: FloatArray, y: IntArray) -> tuple[float, ...]:
    """Weights of all columns and a constant, by logistic regression."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1.0).fit(seen, y)
    return (*(float(w) for w in model.coef_[0]), float(model.intercept_[0]))


def _combine(calibration: tuple[float, ...], seen: FloatArray) -> FloatArray:
    weights = np.array(calibration)
    new: FloatArray = seen @ weights[:-1] + weights[-1]
    return new


def _bounded(odds: FloatArray) -> FloatArray:
    """No surer than the sampler can be, so that neither drowns the other."""
    return np.clip(odds, _LEAST_ODDS, -_LEAST_ODDS)


def _chance(odds: FloatArray) -> FloatArray:
    return 1.0 / (1.0 + np.exp(-odds))


def _log_odds(p: FloatArray) -> FloatArray:
    clipped = np.clip(p, _LEAST, 1.0 - _LEAST)
    return np.log(clipped / (1.0 - clipped))

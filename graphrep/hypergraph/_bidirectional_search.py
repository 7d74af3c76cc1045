"""The search of MARIOH: cliques out of the weights, likely ones first, until all is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph._hyperedge_rows import RowTable
from graphrep.hypergraph._candidate_rows import Rows, joined
from graphrep.hypergraph._clique_search import CliqueSearch
from graphrep.hypergraph._weighted_projection import WeightedProjection
from graphrep.kernels import _multiplicity as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray

_STEPS = 20  # rounds in which the threshold comes down to zero

Score = Callable[[Rows], FloatArray]


class Found(NamedTuple):
    """Hyperedges in the order in which they were taken, with how often and how sure."""

    rows: Rows
    counts: IntArray
    probabilities: FloatArray
    n_rounds: int


def living_cliques(
    projection: WeightedProjection, weights: IntArray, max_cliques: int | None
) -> Rows:
    """Maximal cliques of two and more of the edges with weight left."""
    indptr, indices, nodes = projection.living(weights)
    pointers, members = CliqueSearch(indptr, indices, 2, max_cliques).run()
    own = nodes[members].astype(np.int32)  # nodes ascend: rows stay sorted
    return Rows(pointers, own).in_own_order()


class BidirectionalSearch:
    """Take cliques out of a weighted graph until no weight is left.

    Each round takes the maximal cliques above the threshold, likeliest first
    (exploit), then random subsets of the least likely ones, if they are above it
    (explore), and lowers the threshold by a twentieth of its first value. Below zero
    every maximal clique is taken, so the search ends and what it found adds up to the
    weights.

    Parameters
    ----------
    projection : WeightedProjection
        Only its structure is used; the weights are those of `run`.
    score : callable
        Probability of each of some candidates.
    threshold, share : float
        First threshold, and share of the rejected cliques that subsets are drawn of.
    seed : int
    max_cliques : int or None
    remember : bool, default=True
        Whether cliques that were there in the round before keep their probability.
    """

    def __init__(
        self,
        projection: WeightedProjection,
        score: Score,
        *,
        threshold: float,
        share: float,
        seed: int,
        max_cliques: int | None,
        remember: bool = True,
    ) -> None:
        self._projection = projection
        self._score = score
        self._threshold = threshold
        self._share = share
        self._max_cliques = max_cliques
        self._remember = remember
        self._rng = np.random.default_rng([seed, 3])
        self._taken: list[tuple[Rows, IntArray, FloatArray]] = []

    def run(self, weights: IntArray, cliques: Rows) -> Found:
        """Take all of these weights, one integer an edge; they are not changed.

        ``cliques`` are the maximal ones of the edges with weight.
        """
        left = weights.copy()
        n_rounds, gone = 0, 0
        scores = self._checked(cliques)
        while left.any():
            threshold = self._threshold * (1.0 - n_rounds / _STEPS)
            if gone:  # else the cliques are those of the round before
                before = cliques, scores
                cliques = living_cliques(self._projection, left, self._max_cliques)
                scores = self._scores(cliques, *before)
            above = scores > threshold
            gone, taken = self._take(cliques, scores, above, left)
            n_rounds += 1
            if above.all() and not gone:
                n_rounds += self._repeat(cliques, scores, taken, left, threshold)
                gone = 1
            rejected = np.flatnonzero(~above)
            gone += self._explore(cliques, scores, rejected, left, threshold)
        return self._found(n_rounds)

    def _take(
        self, rows: Rows, scores: FloatArray, above: AnyArray, left: IntArray
    ) -> tuple[int, IntArray]:
        """Take those above the threshold that still fit, likeliest first."""
        chosen = np.flatnonzero(above)
        order = chosen[np.argsort(-scores[chosen], kind="stable")]
        fits = np.zeros(len(rows), np.bool_)
        gone = kernels.consume(order, *rows, self._projection.structure, left, fits)
        taken = order[fits[order]]
        self._record(rows, scores, taken, 1)
        return int(gone), taken

    def _repeat(
        self,
        rows: Rows,
        scores: FloatArray,
        taken: IntArray,
        left: IntArray,
        threshold: float,
    ) -> int:
        """Do at once the coming rounds that take the same cliques again.

        Where all cliques were taken and no edge came to zero, the next round finds
        the same cliques and takes them all, and so on until some edge has no weight
        for all that hold it.
        """
        use = np.zeros(len(left), np.int64)
        kernels.edge_use(taken, *rows, self._projection.structure, use)
        used = use > 0
        times = int((left[used] // use[used]).min())
        if times:
            left -= times * use
            self._record(rows, scores, taken, times)
        return times

    def _explore(
        self,
        cliques: Rows,
        scores: FloatArray,
        rejected: IntArray,
        left: IntArray,
        threshold: float,
    ) -> int:
        """Try one random subset of each size of the least likely cliques."""
        n_lowest = math.ceil(len(rejected) * self._share)
        lowest = rejected[np.argsort(scores[rejected], kind="stable")[:n_lowest]]
        n_subsets = cliques.sizes[lowest] - 2
        parents = np.repeat(lowest, n_subsets)
        if not len(parents):
            return 0
        starts = np.cumsum(n_subsets) - n_subsets
        sizes = np.arange(len(parents)) - np.repeat(starts, n_subsets) + 2
        keys = self._rng.integers(0, 2**64, len(parents), np.uint64)
        subsets = cliques.subsets(parents, sizes, keys).in_own_order()
        scores = self._checked(subsets)
        return self._take(subsets, scores, scores > threshold, left)[0]

    def _scores(self, rows: Rows, known: Rows, before: FloatArray) -> FloatArray:
        """Rate cliques; those of the round before keep what they had."""
        if not self._remember:
            return self._checked(rows)
        at = RowTable(*known).find(*rows)
        scores = before[at]
        new = np.flatnonzero(at < 0)
        if len(new):
            scores[new] = self._checked(rows.take(new))
        return scores

    def _checked(self, rows: Rows) -> FloatArray:
        scores = self._score(rows) if len(rows) else np.empty(0)
        if np.isnan(scores).any():
            raise GraphValueError(
                "The classifier gave NaN as the probability of a clique; choose "
                "another one (classifier=) or a smaller learning rate."
            )
        return scores

    def _record(
        self, rows: Rows, scores: FloatArray, taken: IntArray, times: int
    ) -> None:
        counts = np.full(len(taken), times, np.int64)
        self._taken.append((rows.take(taken), counts, scores[taken]))

    def _found(self, n_rounds: int) -> Found:
        rows, counts, scores = (
            zip(*self._taken, strict=True) if self._taken else ((),) * 3
        )
        return Found(
            joined(list(rows)),
            np.concatenate([np.empty(0, np.int64), *counts]),
            np.concatenate([np.empty(0), *scores]),
            n_rounds,
        )

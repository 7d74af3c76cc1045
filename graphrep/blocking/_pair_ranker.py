"""PairRanker: how likely pairs are matches, learnt from some that are known.

The hash looks at records one by one; which of two pairs should be in a budget also
depends on what else is near their records, and on which columns agree. Two learners,
logistic and boosted trees, see both; how much they are believed beside the score of the
hash is decided by the recall on known matches that they have not seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from graphrep._learners import BoostedTrees, LogisticLine
from graphrep._utils._sets import is_in
from graphrep.blocking._matches import Matches
from graphrep.blocking._relative import Scored
from graphrep.typing import AnyArray, FloatArray, IntArray

_WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0)
_FOLDS = 3
_LEAST = 30  # known matches below which nothing is learnt
_MOST = 60_000  # pairs that a learner is fitted on
_TIMES = (1, 2, 5)
_TREES: dict[str, Any] = {
    "max_iter": 100,
    "learning_rate": 0.06,
    "max_leaf_nodes": 15,
    "l2_regularization": 1.0,
}
PAIRS_AT_ONCE = 1 << 15
"""Pairs that are scored together."""


class PairRanker:
    """Log odds of pairs beside their score.

    Attributes
    ----------
    weight_ : float
        Of the log odds of both learners beside the score; 0 where they do not help.
    recalls_ : dict of float to float
        Mean recall at 1, 2 and 5 times the records, of matches held out, by weight.
    """

    def fit(
        self, X: FloatArray, scores: FloatArray, left: IntArray, right: IntArray,
        known: Matches, n_left: int, n_right: int, *, seed: int,
    ) -> PairRanker:  # fmt: skip
        """Learn from pairs of records with a known match.

        Parameters
        ----------
        X : ndarray of float32 of shape (n_pairs, n_features)
            What is known of each pair, see `ranking_features`.
        scores : ndarray of shape (n_pairs,)
            Scores of the hash.
        left, right : ndarray of int of shape (n_pairs,)
            Rows of the pairs.
        known : Matches
            Rows of known matches; other pairs of their records count as no matches.
        n_left, n_right : int
            Records of both tables.
        seed : int
            Folds and thinning.
        """
        self.weight_, self.recalls_ = 0.0, {}
        self._models: tuple[Any, ...] = ()
        width = np.int64(max(1, n_right))
        keys, true = left * width + right, known.left * width + known.right
        if len(true) < _LEAST or not len(keys):
            return self
        draw = np.random.default_rng(seed)
        fold = draw.permutation(len(true)) % _FOLDS
        budgets = [t * min(n_left, n_right) for t in _TIMES]
        totals = dict.fromkeys(_WEIGHTS, 0.0)
        with threadpool_limits(1):
            for f in range(_FOLDS):
                kept = Matches(known.left[fold != f], known.right[fold != f])
                odds = _odds(
                    _learn(X, left, right, kept, keys, true[fold != f], draw), X
                )
                held = is_in(keys, true[fold == f])
                for weight in _WEIGHTS:
                    order = np.argsort(-(scores + weight * odds), kind="stable")
                    hits = np.cumsum(held[order])
                    found = [hits[min(b, len(hits)) - 1] for b in budgets]
                    totals[weight] += float(np.mean(found)) / len(true)
            self.recalls_ = totals
            self.weight_ = max(_WEIGHTS, key=lambda w: (totals[w], -w))
            if self.weight_:
                self._models = _learn(X, left, right, known, keys, true, draw)
        return self

    def scores(self, X: FloatArray, scores: FloatArray) -> FloatArray:
        """Scores of the hash with what was learnt added.

        They are taken `PAIRS_AT_ONCE` at a time, from the first pair on, so that those
        who hold a part of the pairs can get the same.
        """
        if not self._models:
            return scores
        new: FloatArray = np.empty(len(scores), np.float32)
        with threadpool_limits(1):
            for start in range(0, len(scores), PAIRS_AT_ONCE):
                part = slice(start, start + PAIRS_AT_ONCE)
                new[part] = scores[part] + self.weight_ * _odds(self._models, X[part])
        return new

    def state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Arrays and values that make the ranker again."""
        recalls = [[weight, recall] for weight, recall in self.recalls_.items()]
        values = {"weight": self.weight_, "recalls": recalls}
        if not self._models:
            return {}, values
        line, trees = self._models
        return {"line": line.line, **trees.state()}, values

    @classmethod
    def from_state(
        cls, arrays: dict[str, AnyArray], values: dict[str, Any]
    ) -> PairRanker:
        """Make the ranker again."""
        made = cls()
        made.weight_ = float(values["weight"])
        made.recalls_ = {float(w): float(recall) for w, recall in values["recalls"]}
        made._models = ()
        if arrays:
            trees = {key: part for key, part in arrays.items() if key != "line"}
            made._models = (LogisticLine(arrays["line"]), BoostedTrees(trees))
        return made


def ranking_features(found: Scored, views: FloatArray) -> FloatArray:
    """Put together what is known of pairs: likeness, rivals, likeness of views.

    Parameters
    ----------
    found : Scored
        The pairs.
    views : ndarray of shape (n_pairs, n_views)
        Cosine of each view.

    Returns
    -------
    ndarray of float32 of shape (n_pairs, 10 + n_views)
        Nothing depends on which table is the left one but the order of columns.
    """
    cosines, left, right = found.similarities, found.here, found.there
    shares = [cosines / np.maximum(side.best, 1e-9) for side in (left, right)]
    columns = [
        found.scores, cosines, np.minimum(*shares), np.maximum(*shares),
        cosines - left.near, cosines - right.near, cosines - left.rivals,
        cosines - right.rivals, left.best, right.best,
    ]  # fmt: skip
    return np.concatenate([np.stack(columns, axis=1), views], axis=1).astype(np.float32)


def _learn(
    X: FloatArray, left: IntArray, right: IntArray, known: Matches, keys: IntArray,
    true: IntArray, draw: np.random.Generator,
) -> tuple[Any, ...]:  # fmt: skip
    """Both learners on the pairs of records with a known match."""
    rows = np.flatnonzero(is_in(left, known.left) | is_in(right, known.right))
    y = is_in(keys[rows], true)
    if y.all() or not y.any():
        return ()
    if len(rows) > _MOST:
        chosen = draw.random(len(rows)) < _MOST / len(rows)
        rows, y = rows[chosen | y], y[chosen | y]
    line = LogisticLine.fit(X[rows].astype(np.float64), y, max_iter=500)
    return line, BoostedTrees.fit(X[rows], y, 0, **_TREES)


def _odds(models: tuple[Any, ...], X: FloatArray) -> AnyArray:
    """Sum of the log odds of both learners."""
    total: AnyArray = np.zeros(len(X))
    for model in models:
        total = total + np.clip(model.decision_function(X), -16.0, 16.0)
    return total

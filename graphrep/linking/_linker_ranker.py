"""Ranker: chances of the candidates of a phrase, learnt from phrases with an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep._learners import BoostedTrees, ChoiceModel, LogisticLine
from graphrep.linking._linker_features import NAMES, place
from graphrep.typing import AnyArray, FloatArray, IntArray

FEW = (
    "char", "word", "dense", "dense_mean", "query_cover", "name_cover",
    "own_cover", "numbers_missing", "numbers_added", "family_cover", "mass",
    "parent_mass", "sibling_gap", "parent_total",
)  # fmt: skip
"""Features that hold for made queries as for real ones."""

_FEW = np.array([NAMES.index(name) for name in FEW])
_TOTAL, _EXACT = NAMES.index("total"), NAMES.index("exact")
_SURE = 30.0  # utility of a name that is the phrase
_OF_QUERY = np.array(
    [NAMES.index(name) for name in ("total", "char", "dense", "query_cover", "exact")]
)
_TREES = {
    "max_iter": 300, "max_leaf_nodes": 15, "learning_rate": 0.06,
    "l2_regularization": 1.0, "min_samples_leaf": 100,
}  # fmt: skip
_ROWS = 300_000  # that trees are grown on, about
_LEAST = 30  # candidates of a phrase that are kept then
_NIL_SHARE = 0.15
_PARTS = 5


@dataclass
class Lists:
    """Candidates of phrases: features, which are right, and where each list starts."""

    features: FloatArray
    right: AnyArray
    offsets: IntArray
    concepts: IntArray

    def take(self, queries: IntArray) -> Lists:
        """Keep some phrases."""
        rows, offsets = rows_of(self.offsets, queries)
        return Lists(
            self.features[rows], self.right[rows], offsets, self.concepts[rows]
        )

    def only(self, keep: AnyArray) -> Lists:
        """Keep some candidates."""
        sums = np.concatenate([[0], np.cumsum(keep)])
        return Lists(
            self.features[keep], self.right[keep], sums[self.offsets],
            self.concepts[keep],
        )  # fmt: skip

    @staticmethod
    def joined(parts: list[Lists]) -> Lists:
        """Put lists of several searches one after the other."""
        ends = np.cumsum([0, *(part.offsets[-1] for part in parts)])
        offsets = [p.offsets[:-1] + end for p, end in zip(parts, ends, strict=False)]
        return Lists(
            np.concatenate([p.features for p in parts]),
            np.concatenate([p.right for p in parts]),
            np.concatenate([*offsets, ends[-1:]]),
            np.concatenate([p.concepts for p in parts]),
        )


class Ranker:
    """Chance of each candidate that it is what a phrase means.

    Parameters
    ----------
    model : ChoiceModel or BoostedTrees
    line : LogisticLine or None
        Chance that the first candidate is right.
    """

    def __init__(self, model: Any, line: LogisticLine | None) -> None:
        self.model, self.line = model, line

    @classmethod
    def choice(cls, lists: Lists, relatives: Any, n: int, seed: int) -> Ranker:
        """Weigh a few features, those that made queries can teach.

        That a name is the phrase is not one of them: where names are held out, another
        concept's equal name is wrong by the way queries are made. It counts for sure.
        """
        some = np.flatnonzero(np.diff(lists.offsets) > 0)
        plain = np.ones(len(lists.offsets) - 1, bool)
        sure = lists.features[:, _EXACT] > 0
        plain[some] = ~np.logical_or.reduceat(sure, lists.offsets[some])
        kept = lists.take(np.flatnonzero(plain))
        model = ChoiceModel.fit(kept.features[:, _FEW], kept.right, kept.offsets)
        made = cls(model, None)
        made._calibrate(lists, relatives, n, seed)
        return made

    @classmethod
    def trees(cls, lists: Lists, relatives: Any, n: int, seed: int) -> Ranker:
        """Grow trees on all features; a fifth of the phrases shows what chances are."""
        draw = np.random.default_rng(seed)
        part = draw.integers(_PARTS, size=len(lists.offsets) - 1)
        trial = cls(_grow(lists.take(np.flatnonzero(part > 0)), seed), None)
        trial._calibrate(lists.take(np.flatnonzero(part == 0)), relatives, n, seed)
        return cls(_grow(lists, seed), trial.line)

    def utilities(self, features: FloatArray, n_jobs: int = 1) -> FloatArray:
        """Score of each candidate on a scale of logarithms."""
        if isinstance(self.model, ChoiceModel):
            found = self.model.decision_function(features[:, _FEW])
            return found + _SURE * features[:, _EXACT]
        out: FloatArray = self.model.decision_function(features, n_jobs)
        return out

    def chances(
        self, features: FloatArray, offsets: IntArray, n_jobs: int = 1
    ) -> FloatArray:
        """Chance of each candidate: float64, of one list at most 1 together."""
        shares = shares_of(self.utilities(features, n_jobs), offsets)
        if self.line is None or not len(shares):
            return shares
        sizes = np.diff(offsets)
        some = np.flatnonzero(sizes > 0)
        facts, best = _facts(features, shares, offsets, some)
        odds = self.line.decision_function(facts)
        known = 1.0 / (1.0 + np.exp(-odds))
        ties = np.add.reduceat(shares == _each(best, sizes[some]), offsets[some])
        top = np.minimum(known, 1.0 / ties)
        rest = (1.0 - ties * top) / np.maximum(1.0 - ties * best, 1e-12)
        scale = _each(np.minimum(top / best, rest), sizes[some])
        first = shares == _each(best, sizes[some])
        out: FloatArray = np.where(first, _each(top, sizes[some]), shares * scale)
        return out

    def _calibrate(self, lists: Lists, relatives: Any, n: int, seed: int) -> None:
        """Learn how often the first candidate is right, some phrases having none."""
        draw = np.random.default_rng([seed, 1])
        queries = np.arange(len(lists.offsets) - 1)
        nil = queries[draw.random(len(queries)) < _NIL_SHARE]
        without = lists.take(nil)
        without = without.only(~without.right)
        if len(without.concepts):
            place(without.features, without.offsets, without.concepts, relatives, n)
        every = Lists.joined([lists, without])
        some = np.flatnonzero(np.diff(every.offsets) > 0)
        if not len(some):
            return
        shares = shares_of(self.utilities(every.features), every.offsets)
        facts, best = _facts(every.features, shares, every.offsets, some)
        first = shares == _each(best, np.diff(every.offsets)[some])
        hits = np.add.reduceat(first & every.right, every.offsets[some]) > 0
        if hits.any() and not hits.all():
            self.line = LogisticLine.fit(facts, hits, C=1.0)

    # -- keeping -----------------------------------------------------------------
    def state(self) -> dict[str, AnyArray]:
        """Arrays that the ranker is made of."""
        out = {} if self.line is None else {"line": self.line.line}
        if isinstance(self.model, ChoiceModel):
            return out | {"weights": self.model.weights}
        return out | {f"tree_{name}": a for name, a in self.model.state().items()}

    @classmethod
    def of_state(cls, arrays: dict[str, AnyArray]) -> Ranker:
        """Undo `state`."""
        line = LogisticLine(arrays["line"]) if "line" in arrays else None
        if "weights" in arrays:
            return cls(ChoiceModel(np.asarray(arrays["weights"])), line)
        trees = {n[5:]: a for n, a in arrays.items() if n.startswith("tree_")}
        return cls(BoostedTrees(trees), line)


def _grow(lists: Lists, seed: int) -> BoostedTrees:
    """Grow trees on the right candidates and the others that are most like them."""
    n = max(len(lists.offsets) - 1, 1)
    most = max(_LEAST, _ROWS // n)
    sizes = np.diff(lists.offsets)
    queries = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((-lists.features[:, _TOTAL], queries))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(lists.offsets[:-1], sizes)
    keep = lists.right | (rank < most)
    return BoostedTrees.fit(lists.features[keep], lists.right[keep], seed, **_TREES)


def shares_of(utilities: FloatArray, offsets: IntArray) -> FloatArray:
    """Shares of exponentials within each list."""
    sizes = np.diff(offsets)
    starts = offsets[:-1][sizes > 0]
    if not len(starts):
        return np.zeros(len(utilities))
    filled = sizes[sizes > 0]
    peaks = np.maximum.reduceat(utilities, starts)
    shares = np.exp(utilities - np.repeat(peaks, filled))
    out: FloatArray = shares / np.repeat(np.add.reduceat(shares, starts), filled)
    return out


def _facts(
    features: FloatArray, shares: FloatArray, offsets: IntArray, some: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Facts about each list that say how far its first candidate can be trusted."""
    starts = offsets[some]
    best = np.maximum.reduceat(shares, starts)
    clipped = np.clip(best, 1e-6, 1 - 1e-6)
    columns = [np.log(clipped / (1 - clipped))]
    columns += [np.maximum.reduceat(features[:, c], starts) for c in _OF_QUERY]
    return np.stack(columns, axis=1).astype(np.float64), best


def _each(values: FloatArray, sizes: IntArray) -> FloatArray:
    """Value of its list for each candidate."""
    return np.repeat(values, sizes)


def rows_of(offsets: IntArray, queries: IntArray) -> tuple[IntArray, IntArray]:
    """Rows of some lists, and where each list starts among them."""
    sizes = np.diff(offsets)[queries]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    rows = np.arange(ends[-1]) + np.repeat(offsets[queries] - ends[:-1], sizes)
    return rows, ends

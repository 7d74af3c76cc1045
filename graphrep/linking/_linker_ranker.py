"""Ranker: chances of the candidates of a phrase, learnt from phrases with an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep._learners import (
    BoostedTrees,
    ChoiceMixture,
    ChoiceModel,
    LogisticLine,
    shares_of,
)
from graphrep.linking._linker_features import NAMES, place
from graphrep.typing import AnyArray, FloatArray, IntArray

FEW = (
    "char", "word", "dense", "dense_mean", "query_cover", "name_cover",
    "own_cover", "numbers_missing", "numbers_added", "family_cover", "mass",
    "parent_mass", "sibling_gap", "parent_total", "near_cover", "near_family",
)  # fmt: skip
"""Features that hold for made queries as for real ones."""

_FEW = np.array([NAMES.index(name) for name in FEW])
_TOTAL, _EXACT = NAMES.index("total"), NAMES.index("exact")
_TINY = 1e-300
_SURE = 30.0  # utility of a name that is the phrase
_OF_QUERY = np.array(
    [NAMES.index(name) for name in ("total", "char", "dense", "query_cover", "exact")]
)
_TRUST = 0.9  # chance that a phrase means what has it as its name, where none is learnt
SYNONYM, REWRITTEN, LABELLED = range(3)
"""Kinds of phrases to learn from: names held out, names rewritten, and real ones."""

_OF_GATE = np.array(
    [NAMES.index(name) for name in ("char", "word", "dense", "query_cover", "unknown")]
)
_OF_A_KIND = 100  # phrases from which on a kind gets weights of its own
_OF_THE_OTHER = 0.125  # phrases of the other kind, for each of its own
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
    model : ChoiceModel, ChoiceMixture or BoostedTrees
    line : LogisticLine or None
        Chance that the first candidate is right.
    """

    def __init__(self, model: Any, line: LogisticLine | None) -> None:
        self.model, self.line = model, line

    @classmethod
    def choice(
        cls, lists: Lists, relatives: Any, n: int, seed: int,
        kinds: AnyArray | None = None,
    ) -> Ranker:  # fmt: skip
        """Weigh a few features, those that made queries can teach.

        Names held out and names rewritten get weights of their own where there are 100
        of both, and a gate that says for each phrase how far either count; ``kinds``
        tells which phrase is which. Real ones count for both, and an eighth as many of
        the other kind.

        That a name is the phrase is not one of the features: where names are held out,
        another concept's equal name is wrong by the way queries are made. It counts for
        sure, with a chance of .9 that is not learnt either.
        """
        some = np.flatnonzero(np.diff(lists.offsets) > 0)
        plain = np.ones(len(lists.offsets) - 1, bool)
        sure = lists.features[:, _EXACT] > 0
        plain[some] = ~np.logical_or.reduceat(sure, lists.offsets[some])
        kept = lists.take(np.flatnonzero(plain))
        made = cls(_weighed(kept, None if kinds is None else kinds[plain]), None)
        made._calibrate(kept, relatives, n, seed)
        return made

    @classmethod
    def trees(cls, lists: Lists, relatives: Any, n: int, seed: int) -> Ranker:
        """Grow trees on all features; a fifth of the phrases shows what chances are."""
        draw = np.random.default_rng(seed)
        part = draw.integers(_PARTS, size=len(lists.offsets) - 1)
        trial = cls(_grow(lists.take(np.flatnonzero(part > 0)), seed), None)
        trial._calibrate(lists.take(np.flatnonzero(part == 0)), relatives, n, seed)
        return cls(_grow(lists, seed), trial.line)

    def utilities(
        self, features: FloatArray, offsets: IntArray, n_jobs: int = 1
    ) -> FloatArray:
        """Score of each candidate on a scale of logarithms."""
        sure = _SURE * features[:, _EXACT]
        if isinstance(self.model, ChoiceModel):
            return self.model.decision_function(features[:, _FEW]) + sure
        if isinstance(self.model, ChoiceMixture):
            facts = _peaks(features, offsets, _OF_GATE)
            shares = self.model.shares(features[:, _FEW], facts, offsets)
            mixed: FloatArray = np.log(np.maximum(shares, _TINY)) + sure
            return mixed
        out: FloatArray = self.model.decision_function(features, n_jobs)
        return out

    def chances(
        self, features: FloatArray, offsets: IntArray, n_jobs: int = 1
    ) -> FloatArray:
        """Chance of each candidate: float64, of one list at most 1 together."""
        shares = shares_of(self.utilities(features, offsets, n_jobs), offsets)
        if self.line is None or not len(shares):
            return shares
        sizes = np.diff(offsets)
        some = np.flatnonzero(sizes > 0)
        facts, best = _facts(features, shares, offsets, some)
        odds = self.line.decision_function(facts)
        known = 1.0 / (1.0 + np.exp(-odds))
        if not isinstance(self.model, BoostedTrees):
            exact = np.maximum.reduceat(features[:, _EXACT], offsets[some]) > 0
            known = np.where(exact, _TRUST * best, known)
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
        utilities = self.utilities(every.features, every.offsets)
        shares = shares_of(utilities, every.offsets)
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
        if isinstance(self.model, ChoiceMixture):
            return out | {
                "weights": self.model.first.weights,
                "second": self.model.second.weights, "gate": self.model.gate,
            }  # fmt: skip
        return out | {f"tree_{name}": a for name, a in self.model.state().items()}

    @classmethod
    def of_state(cls, arrays: dict[str, AnyArray]) -> Ranker:
        """Undo `state`."""
        line = LogisticLine(arrays["line"]) if "line" in arrays else None
        if "weights" in arrays:
            model = ChoiceModel(np.asarray(arrays["weights"]))
            if "gate" not in arrays:
                return cls(model, line)
            other = ChoiceModel(np.asarray(arrays["second"]))
            gate = np.asarray(arrays["gate"])
            return cls(ChoiceMixture(model, other, gate), line)
        trees = {n[5:]: a for n, a in arrays.items() if n.startswith("tree_")}
        return cls(BoostedTrees(trees), line)


def _weighed(lists: Lists, kinds: AnyArray | None) -> ChoiceModel | ChoiceMixture:
    """Learn weights of the few features, one set of them or two and a gate."""
    few = lists.features[:, _FEW]
    if kinds is None or min(np.sum(kinds == SYNONYM), np.sum(kinds == REWRITTEN)) < (
        _OF_A_KIND
    ):
        return ChoiceModel.fit(few, lists.right, lists.offsets)
    first = _of_kind(lists, kinds, SYNONYM, REWRITTEN)
    second = _of_kind(lists, kinds, REWRITTEN, SYNONYM)
    facts = _peaks(lists.features, lists.offsets, _OF_GATE)
    return ChoiceMixture.fit(first, second, few, facts, lists.right, lists.offsets)


def _of_kind(lists: Lists, kinds: AnyArray, kind: int, other: int) -> ChoiceModel:
    """Learn weights from one kind of phrases, real ones and a few of the other kind."""
    mine = (kinds == kind) | (kinds == LABELLED)
    others = np.flatnonzero(kinds == other)
    some = min(int(_OF_THE_OTHER * np.sum(kinds == kind)), len(others))
    mine[others[np.linspace(0, len(others) - 1, some).astype(int)]] = True
    own = lists.take(np.flatnonzero(mine))
    return ChoiceModel.fit(own.features[:, _FEW], own.right, own.offsets)


def _peaks(features: FloatArray, offsets: IntArray, columns: AnyArray) -> FloatArray:
    """Largest value of features in each list, 0 for an empty one."""
    out = np.zeros((len(offsets) - 1, len(columns)))
    some = np.flatnonzero(np.diff(offsets) > 0)
    for i, column in enumerate(columns.tolist() if len(some) else ()):
        out[some, i] = np.maximum.reduceat(features[:, column], offsets[some])
    return out


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

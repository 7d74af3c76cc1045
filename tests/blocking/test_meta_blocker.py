"""MetaBlocker: weights and pruning against the definitions in plain Python."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest

from graphrep.blocking import MetaBlocker
from graphrep.exceptions import MemoryLimitError

WEIGHTINGS = ("CBS", "ECBS", "JS", "ARCS")
PRUNINGS = ("WEP", "CEP", "WNP", "CNP", "reciprocal-WNP", "reciprocal-CNP")


def _texts(n, seed):
    rng = np.random.default_rng(seed)
    chance = np.arange(1, 21)[::-1] ** 1.5
    words = [f"w{i}" for i in range(20)]
    return [
        " ".join(rng.choice(words, rng.integers(1, 6), p=chance / chance.sum()))
        for _ in range(n)
    ]


class _Plain:
    """Meta-blocking of texts by words, as the papers write it."""

    def __init__(self, left, right=None):
        self.one = right is None
        self.sets = {("l", i): set(t.split()) for i, t in enumerate(left)}
        if not self.one:
            self.sets |= {("r", i): set(t.split()) for i, t in enumerate(right)}
        blocks = defaultdict(list)
        for record, words in self.sets.items():
            for word in words:
                blocks[word].append(record)
        self.blocks = {w: b for w, b in blocks.items() if self._pairs(b)}
        self.of = {
            r: {w for w in words if w in self.blocks} for r, words in self.sets.items()
        }
        every = {p for b in self.blocks.values() for p in self._pairs(b)}
        self.shared = {p: self.of[p[0]] & self.of[p[1]] for p in every}

    def _pairs(self, block):
        return [
            (a, b)
            for a in block
            for b in block
            if (a < b if self.one else a[0] == "l" and b[0] == "r")
        ]

    def weight(self, pair, kind):
        a, b = (len(self.of[r]) for r in pair)
        common = len(self.shared[pair])
        if kind == "CBS":
            return common
        if kind == "ECBS":
            total = len(self.blocks)
            return common * math.log(total / a) * math.log(total / b)
        if kind == "JS":
            return common / (a + b - common)
        return sum(1 / len(self._pairs(self.blocks[w])) for w in self.shared[pair])

    def prune(self, weights, kind):
        entries = sum(map(len, self.blocks.values()))
        order = sorted(weights, key=lambda p: (-round(weights[p], 9), p))
        if kind == "WEP":
            mean = sum(weights.values()) / len(weights)
            return {p for p, w in weights.items() if w >= mean - 1e-9}
        if kind == "CEP":
            return set(order[: entries // 2])
        near = defaultdict(list)
        for p in order:
            near[p[0]].append(p)
            near[p[1]].append(p)
        asked = {}
        for record, pairs in near.items():
            if "WNP" in kind:
                mean = sum(weights[p] for p in pairs) / len(pairs)
                asked[record] = {p for p in pairs if weights[p] >= mean - 1e-9}
            else:
                k = max(1, entries // len(self.sets) - 1)
                asked[record] = set(pairs[:k])
        both = all if kind.startswith("reciprocal") else any
        return {p for p in weights if both(p in asked[r] for r in p)}


@pytest.mark.parametrize("one_table", [False, True])
@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_pairs_when_weighed_and_pruned_then_as_defined(weighting, one_table):
    tables = [_texts(30, 0)] if one_table else [_texts(30, 0), _texts(25, 1)]
    plain = _Plain(*tables)
    weights = {p: plain.weight(p, weighting) for p in plain.shared}
    for pruning in (*PRUNINGS, None):
        blocker = MetaBlocker(
            weighting=weighting, pruning=pruning, purge=False, filter_ratio=1.0,
            budget=None,
        )  # fmt: skip
        found = blocker.fit_candidate_pairs(*({"t": t} for t in tables))
        rows = zip(found.left_rows.tolist(), found.right_rows.tolist(), strict=True)
        second = "l" if one_table else "r"
        pairs = [(("l", a), (second, b)) for a, b in rows]
        assert len(set(pairs)) == len(pairs)
        expected = weights if pruning is None else plain.prune(weights, pruning)
        assert set(pairs) == set(expected)
        np.testing.assert_allclose(found.scores, [weights[p] for p in pairs], rtol=1e-5)
        assert len(found) <= blocker.n_pairs_


def test_cleaning_when_on_then_fewer_blocks_and_pairs():
    texts = [f"the common {i % 7} x{i % 40}" for i in range(120)]
    table = {"t": texts}
    plain = MetaBlocker(purge=False, filter_ratio=1.0).fit(table)
    clean = MetaBlocker().fit(table)
    assert clean.n_kept_blocks_ < clean.n_blocks_ == plain.n_kept_blocks_
    assert clean.n_pairs_ < plain.n_pairs_ == 120 * 119 // 2


def test_pairs_when_beyond_bound_then_error():
    table = {"t": ["a b"] * 50}
    blocker = MetaBlocker(purge=False, max_pairs=100).fit(table)
    with pytest.raises(MemoryLimitError, match="1,225 pairs"):
        blocker.candidate_pairs(table)


def test_tables_when_empty_then_no_pairs():
    for pruning in (*PRUNINGS, None):
        blocker = MetaBlocker(pruning=pruning)
        assert len(blocker.fit_candidate_pairs({"t": []}, {"t": ["a"]})) == 0
        assert len(blocker.fit_candidate_pairs({"t": ["a", "b"]})) == 0


@pytest.mark.shared
def test_recall_when_real_then_as_measured(shared_data):
    from graphrep.blocking import as_records
    from graphrep.blocking._matches import as_matches

    folder = shared_data / "blocking" / "amazon_google"
    A, B = (as_records(folder / f"table{side}.csv", id="id") for side in "AB")
    gold = as_matches(folder / "matches_full.csv", A, B)
    found = MetaBlocker(pruning="WNP", budget=None).fit_candidate_pairs(A, B)
    hit = np.isin(gold.left * len(B) + gold.right, found.keys)
    assert hit.mean() >= 0.97
    assert len(found) <= 30 * len(A)

"""The kernel that ranks: every metric equals that of the slow oracle."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from graphrep.kernels import _ranking

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "evaluation"))
import reference

LISTS = [([1], []), ([1, 2], []), ([2], []), ([2], [1]), ([1, 2, 3], []), ([3], [1, 2])]
KS = (1, 3, 10, 100)


def _bits(classes):
    return sum(1 << c for c in classes)


def _ranked(scores, classes, ties="expected", n_classes=3, ks=KS):
    shape = len(scores), len(LISTS)
    out = np.empty((*shape, _ranking.N_FIXED + 4 * len(ks)))
    n_relevant, n_candidates = np.empty(shape, np.int64), np.empty(shape, np.int64)
    n = scores.shape[1]
    _ranking.rank_metrics(
        scores, classes, n_classes, np.array([_bits(a) for a, _ in LISTS]),
        np.array([_bits(b) for _, b in LISTS]), np.array(ks), _ranking.TIES[ties],
        _ranking.harmonic_numbers(n), _ranking.discounts(n), out, n_relevant,
        n_candidates,
    )  # fmt: skip
    return out, n_relevant, n_candidates


def _names(ks=KS):
    cut = [f"{name}@{k}" for name in _ranking.METRICS_AT_K for k in ks]
    return [*_ranking.METRICS, *cut]


def _assert_as_reference(scores, classes, ties):
    out, n_relevant, n_candidates = _ranked(scores, classes, ties)
    for row, (values, kinds) in enumerate(zip(scores, classes, strict=True)):
        for at, (relevant, removed) in enumerate(LISTS):
            candidates = np.flatnonzero((kinds > 0) & ~np.isin(kinds, removed))
            wanted = np.flatnonzero(np.isin(kinds, relevant))
            assert n_relevant[row, at] == len(wanted)
            assert n_candidates[row, at] == len(candidates)
            if not len(wanted):
                assert np.isnan(out[row, at]).all()
                continue
            expected = reference.per_node_metrics(values, wanted, candidates, KS, ties)
            got = dict(zip(_names(), out[row, at], strict=True))
            assert got == pytest.approx(
                {name: expected[name] for name in got}, rel=1e-9, abs=1e-9, nan_ok=True
            )


def _draw(seed, n, tied, rare):
    rng = np.random.default_rng(seed)
    scores = rng.integers(-4, 5, (2, n)) if tied else rng.standard_normal((2, n))
    weights = np.array([0.02, rare, rare, rare, 1.0])
    classes = rng.choice(5, (2, n), p=weights / weights.sum())
    return scores.astype(np.float32), classes.astype(np.uint8)


@pytest.mark.parametrize("ties", ["expected", "min", "max"])
@pytest.mark.parametrize("tied", [False, True], ids=["distinct", "tied"])
@pytest.mark.parametrize(
    ("n", "rare"), [(2, 1.0), (9, 0.5), (70, 0.3), (400, 0.04), (400, 0.6)]
)
def test_ranks_when_drawn_then_as_the_oracle(n, rare, tied, ties):
    _assert_as_reference(*_draw(n, n, tied, rare), ties)


@pytest.mark.parametrize("n_members", [10, 2000])
def test_ranks_when_scores_are_constant_then_chance(n_members):
    classes = np.full((1, 4000), 4, np.uint8)
    classes[0, 0] = 0
    classes[0, 1 : 1 + n_members] = 1
    out, _, _ = _ranked(np.ones((1, 4000), np.float32), classes)
    assert out[0, 0, _ranking.AP] == pytest.approx(out[0, 0, _ranking.CHANCE], abs=1e-9)
    assert out[0, 0, _ranking.ADJUSTED] == pytest.approx(0.0, abs=1e-9)
    assert out[0, 0, _ranking.AUC] == pytest.approx(0.5)


@pytest.mark.parametrize("n_members", [5, 300, 3000])
def test_ranks_when_many_then_few_and_many_members_take_the_same_way(n_members):
    rng = np.random.default_rng(n_members)
    scores = np.round(rng.standard_normal((3, 9000)), 3).astype(np.float32)
    classes = np.full(scores.shape, 4, np.uint8)
    classes[:, 1 : 1 + n_members] = 1
    classes[:, 0] = 0
    out, _, _ = _ranked(scores, classes)
    for row in range(3):
        order = np.sort(scores[row, 1:])
        mine = np.sort(scores[row, 1 : 1 + n_members])
        above = len(order) - np.searchsorted(order, mine, side="right")
        same = np.searchsorted(order, mine, "right") - np.searchsorted(order, mine)
        mean_rank = (above + (same + 1) / 2).mean()
        assert out[row, 0, _ranking.MEAN_RANK] == pytest.approx(mean_rank, rel=1e-12)


def test_ranks_when_scores_are_infinite_or_zero_of_both_signs_then_still_ordered():
    scores = np.array([[-np.inf, -0.0, 0.0, np.inf, 1.0, -np.inf]], np.float32)
    for kinds in ([1, 4, 2, 3, 4, 4], [1, 1, 4, 4, 4, 1]):
        _assert_as_reference(scores, np.array([kinds], np.uint8), "expected")


@pytest.mark.parametrize("huge", [np.float32(3e38), np.float32(np.inf)])
def test_ranks_when_the_range_overflows_then_members_are_still_found(huge):
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((1, 500)).astype(np.float32)
    scores[0, :4] = huge, -huge, huge, -huge
    classes = np.full((1, 500), 4, np.uint8)
    classes[0, :200] = 1
    _assert_as_reference(scores, classes, "expected")


def test_edge_ranks_when_tied_then_above_and_equal_are_counted():
    scores = np.array([9.0, 3, 2, 2, 1, 5], np.float32)
    classes = np.array([0, 1, 1, 4, 4, 4], np.uint8)
    above, tied = np.empty(2), np.empty(2)
    n = _ranking.edge_ranks(
        scores, classes, np.array([1, 2]), np.empty(6, np.float32), above, tied
    )
    assert (n, above.tolist(), tied.tolist()) == (3, [1, 1], [0, 1])

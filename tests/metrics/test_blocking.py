"""Scores of candidate pairs and recall curves, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.exceptions import GraphValueError
from graphrep.metrics import blocking_scores, recall_curve


def _drawn(n_left, n_right, n, seed):
    rng = np.random.default_rng(seed)
    keys = rng.permutation(n_left * n_right)[:n]
    return np.stack(np.divmod(keys, n_right), axis=1)


@pytest.mark.parametrize("seed", range(5))
def test_scores_when_drawn_then_those_of_sets(seed):
    true, found = _drawn(9, 7, 12, seed), _drawn(9, 7, 30, seed + 50)
    scores = blocking_scores(true, np.concatenate([found, found[:4]]), 9, 7)
    wanted, given = set(map(tuple, true)), set(map(tuple, found))
    both = wanted & given
    assert scores.n_found == len(both)
    assert scores.pair_completeness == len(both) / 12
    assert scores.pair_quality == len(both) / 30
    assert scores.f1 == pytest.approx(2 * len(both) / (12 + 30))
    assert scores.cssr == pytest.approx(30 / 63)
    assert scores.reduction_ratio == pytest.approx(1 - 30 / 63)
    left = {a for a, _ in both}, {a for a, _ in wanted}
    assert scores.left_coverage == len(left[0]) / len(left[1])
    right = {b for _, b in both}, {b for _, b in wanted}
    assert scores.right_coverage == len(right[0]) / len(right[1])


def test_scores_when_one_table_then_order_and_selves_do_not_count():
    scores = blocking_scores([(0, 1), (3, 2)], [(1, 0), (2, 2), (0, 1), (1, 2)], 4)
    assert (scores.n_pairs, scores.n_true, scores.n_found) == (2, 2, 1)
    assert scores.n_possible == 6
    assert scores.left_coverage == scores.right_coverage == 0.5


def test_scores_when_nothing_is_given_then_shares_of_nothing():
    assert blocking_scores([], [], 3, 3).pair_completeness == 1.0
    assert blocking_scores([(0, 0)], [], 3, 3)[:3] == (0.0, 1.0, 0.0)
    assert blocking_scores([], [(0, 0)], 3, 3).pair_quality == 0.0
    assert blocking_scores([], [], 0, 0).cssr == 0.0


@pytest.mark.parametrize("true", [[(0, 7)], [(-1, 0)], [(9, 0)], [1, 2], [(1, 2, 3)]])
def test_scores_when_rows_are_wrong_then_refused(true):
    with pytest.raises(GraphValueError, match="true"):
        blocking_scores(true, [], 9, 7)


def test_scores_when_arrays_of_two_lengths_then_refused():
    with pytest.raises(GraphValueError, match="lengths 1, 2"):
        blocking_scores((np.arange(1), np.arange(2)), [], 9, 7)


@pytest.mark.parametrize("seed", range(3))
def test_curve_when_drawn_then_recall_of_every_prefix(seed):
    true, ranked = _drawn(9, 7, 12, seed), _drawn(9, 7, 40, seed + 9)
    curve = recall_curve(true, (ranked[:, 0], ranked[:, 1]), 9, 7)
    for n in range(41):
        scores = blocking_scores(true, ranked[:n], 9, 7)
        assert curve.at(n) == pytest.approx(scores.pair_completeness)
    assert (curve.unit, curve.n_pairs) == (7, 40)
    half = curve.budget_for(0.5)
    assert curve.at(half) >= 0.5 > curve.at(half - 1)
    grid = np.exp(np.linspace(np.log(7), np.log(70), 200_001))
    assert curve.area() == pytest.approx(curve.at(grid).mean(), abs=1e-3)


@pytest.mark.parametrize("side", ["left", "right"])
def test_curve_when_of_one_side_then_best_k_of_each(side):
    true, ranked = _drawn(9, 7, 12, 1), _drawn(9, 7, 40, 2)
    curve = recall_curve(true, ranked, 9, 7, side=side)
    column = 0 if side == "left" else 1
    for k in range(1, 8):
        kept = [
            pair
            for at, pair in enumerate(ranked)
            if (ranked[:at, column] == pair[column]).sum() < k
        ]
        scores = blocking_scores(true, kept, 9, 7)
        assert curve.at(k) == pytest.approx(scores.pair_completeness)
    assert curve.unit == 1


def test_curve_when_one_table_then_a_pair_counts_where_it_stands_higher():
    ranked = [(0, 1), (0, 2), (2, 3), (3, 0)]
    curve = recall_curve([(0, 2), (0, 3)], ranked, 4, side="left")
    assert curve.hits.tolist() == [1, 2]


def test_curve_when_recall_is_never_reached_then_none():
    curve = recall_curve([(0, 0), (1, 1)], [(0, 0)], 2, 2)
    assert (curve.budget_for(0.5), curve.budget_for(1.0)) == (1, None)
    assert curve.budget_for(0.0) == 0


def test_curve_when_pairs_repeat_then_refused():
    with pytest.raises(GraphValueError, match="stand once"):
        recall_curve([(0, 0)], [(0, 0), (0, 0)], 2, 2)
    with pytest.raises(GraphValueError, match="side"):
        recall_curve([(0, 0)], [(0, 0)], 2, 2, side="top")


def test_curve_when_empty_then_points_and_area_still_stand():
    curve = recall_curve([], [], 3, 2)
    assert curve.at(5) == 1.0
    assert curve.points()[0].tolist() == [1]
    assert recall_curve([(0, 0)], [], 3, 2).area() == 0.0
    with pytest.raises(GraphValueError, match="low"):
        curve.area(5, 5)


def test_points_when_many_then_from_one_to_all():
    curve = recall_curve(_drawn(30, 30, 50, 0), _drawn(30, 30, 800, 1), 30, 30)
    budgets, recall = curve.points(40)
    assert (budgets[0], budgets[-1]) == (1, 800)
    assert len(budgets) <= 40
    assert (np.diff(recall) >= 0).all()

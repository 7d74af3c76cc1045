"""Scores of hyperedges against plain Python sets and counters."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from graphrep import Hypergraph
from graphrep.metrics import hyperedge_jaccard, hyperedge_scores


def _rows(seed, names):
    """Some sets of 1 to 4 of 6 names, many of them twice, with multiplicities."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 40))
    rows = [rng.choice(names, rng.integers(1, 5), replace=False) for _ in range(n)]
    return [row.tolist() for row in rows], rng.integers(1, 4, n).tolist()


def _counter(rows, counts, min_size):
    total = Counter()
    for row, count in zip(rows, counts, strict=True):
        if len(row) >= min_size:
            total[frozenset(row)] += count
    return total


@pytest.mark.parametrize("min_size", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(12))
def test_scores_when_rows_are_random_then_those_of_sets_and_counters(seed, min_size):
    names = [*"abcdef"]
    sides = [_rows(2 * seed, names), _rows(2 * seed + 1, names[::-1])]
    true, found = (Hypergraph(r, multiplicities=c) for r, c in sides)
    a, b = (_counter(r, c, min_size) for r, c in sides)
    common, either = len(a.keys() & b.keys()), len(a.keys() | b.keys())
    scores = hyperedge_scores(true, found, min_size=min_size)
    assert (scores.n_true, scores.n_found, scores.n_common) == (len(a), len(b), common)
    assert scores.min_size == min_size
    assert scores.jaccard == (common / either if either else 1)
    assert scores.jaccard == hyperedge_jaccard(true, found, min_size=min_size)
    assert scores.jaccard == pytest.approx(scores.f1 / (2 - scores.f1))
    most = (a | b).total()
    assert scores.multi_jaccard == ((a & b).total() / most if most else 1)
    if a and b:
        assert scores.precision == common / len(b)
        assert scores.recall == common / len(a)


def test_scores_when_sides_change_places_then_precision_and_recall_do():
    a, b = (Hypergraph(_rows(seed, range(6))[0]) for seed in (1, 2))
    there, back = hyperedge_scores(a, b), hyperedge_scores(b, a)
    assert there.precision == back.recall
    assert there[0] == back[0]
    assert there.multi_jaccard == back.multi_jaccard


@pytest.mark.parametrize("min_size", [1, 3])
def test_scores_when_both_sides_are_empty_then_one(min_size):
    pairs = Hypergraph([(1, 2)]) if min_size == 3 else Hypergraph([])
    scores = hyperedge_scores(pairs, Hypergraph([]), min_size=min_size)
    assert scores == (1, 1, 1, 1, 1, 0, 0, 0, min_size)


def test_scores_when_one_side_is_empty_then_zero():
    some, none = Hypergraph([(1, 2), (3,)]), Hypergraph([], nodes=[1, 2, 3])
    assert hyperedge_scores(some, none) == (0, 0, 0, 0, 0, 2, 0, 0, 1)
    assert hyperedge_scores(none, some) == (0, 0, 0, 0, 0, 0, 2, 0, 1)


def test_scores_when_nodes_are_in_other_rows_then_matched_by_id():
    true = Hypergraph([(10, 20), (20, 30)], nodes=[30, 20, 10, 99])
    found = Hypergraph([(30, 20), (10, 77), (20, 10)], nodes=[10, 20, 30, 77])
    scores = hyperedge_scores(true, found)
    assert (scores.n_common, scores.recall, scores.precision) == (2, 1, 2 / 3)


def test_scores_when_no_node_is_shared_then_nothing_in_common():
    scores = hyperedge_scores(Hypergraph([("a", "b")]), Hypergraph([(0, 1)]))
    assert (scores.n_common, scores.jaccard) == (0, 0)


def test_scores_when_one_node_is_off_then_wrong():
    true = Hypergraph([range(20)])
    assert hyperedge_jaccard(true, Hypergraph([range(19)])) == 0
    assert hyperedge_jaccard(true, Hypergraph([range(19, -1, -1)])) == 1


def test_scores_when_rows_repeat_then_they_count_once_but_in_multi_jaccard():
    true = Hypergraph([(1, 2), (2, 1), (3, 4)])
    scores = hyperedge_scores(true, Hypergraph([(1, 2), (3, 4), (3, 4), (3, 4)]))
    assert scores.jaccard == 1
    assert scores.multi_jaccard == 2 / 5


def test_scores_when_hyperedges_are_empty_sets_then_left_out():
    true = Hypergraph([(), (1, 2)])
    assert hyperedge_scores(true, Hypergraph([(1, 2)])).n_true == 1

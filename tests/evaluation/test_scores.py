"""Scores of pairs: right, and the same wherever a pair stands."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.evaluation._embeddings import Embedding
from graphrep.evaluation._scores import has_score, pair_scorer
from graphrep.exceptions import GraphValueError


def _vectors(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def _expected(kind, x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    if kind == "dot":
        return x @ y.T
    if kind == "euclidean":
        return -(((x[:, None] - y[None]) ** 2).sum(-1))
    norms = np.linalg.norm(x, axis=1)[:, None] * np.linalg.norm(y, axis=1)[None]
    return np.divide(x @ y.T, norms, out=np.zeros_like(norms), where=norms > 0)


@pytest.mark.parametrize("kind", ["dot", "cosine", "euclidean"])
@pytest.mark.parametrize(("n", "d"), [(2, 1), (65, 7), (3000, 16)])
def test_scores_when_of_vectors_then_as_numpy(kind, n, d):
    x = _vectors(n, d)
    x[-1] = 0
    rows = np.unique(np.linspace(0, n - 1, min(n, 70)).astype(int))
    scorer = pair_scorer(Embedding("x", x), kind)
    expected = _expected(kind, x[rows], x)
    assert scorer.block(rows) == pytest.approx(expected, abs=2e-5)
    assert scorer.pairs(rows, rows[::-1]) == pytest.approx(
        _expected(kind, x[rows], x[rows[::-1]]).diagonal(), abs=2e-5
    )


@pytest.mark.parametrize("kind", ["dot", "cosine", "euclidean"])
@pytest.mark.parametrize("d", [1, 5, 64, 200])
def test_scores_when_nodes_are_permuted_then_the_same_bits(kind, d):
    x = _vectors(2300, d)
    order = np.random.default_rng(1).permutation(len(x))
    rows = np.arange(0, 2300, 23)
    plain = pair_scorer(Embedding("x", x), kind)
    moved = pair_scorer(Embedding("x", x[order]), kind)
    place = np.argsort(order)
    assert (plain.block(rows) == moved.block(place[rows])[:, place]).all()
    assert (plain.block(rows)[:, rows] == plain.block(rows)[:, rows].T).all()


@pytest.mark.parametrize("kind", ["dot", "cosine", "euclidean"])
def test_scores_when_vectors_are_equal_then_they_tie_exactly(kind):
    x = np.repeat(_vectors(60, 33), 50, axis=0)
    np.random.default_rng(0).shuffle(x)
    scores = pair_scorer(Embedding("x", x), kind).block(np.arange(130))
    assert all(len(np.unique(row)) <= 60 for row in scores)


def test_scores_when_source_and_target_differ_then_dot_uses_both():
    x, y = _vectors(9, 4), _vectors(9, 4, 1)
    pair = Embedding("x", x, y)
    assert pair_scorer(pair, "native").block(np.arange(9)) == pytest.approx(
        x @ y.T, abs=1e-5
    )
    assert pair_scorer(pair, "cosine").symmetric
    assert not pair_scorer(pair, "dot").symmetric


def test_scores_when_numbers_are_huge_then_products_are_in_double():
    x = _vectors(9, 4) * np.float32(1e20)
    scores = pair_scorer(Embedding("x", x), "dot").block(np.arange(9))
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()


def test_scores_when_callable_then_it_gets_vectors_and_is_checked():
    x = _vectors(9, 4)

    def manhattan(rows, every):
        return -np.abs(rows[:, None] - every[None]).sum(-1)

    scorer = pair_scorer(Embedding("x", x), manhattan)
    assert scorer.name == "manhattan"
    assert scorer.block(np.array([2, 5]))[1, 5] == 0
    with pytest.raises(GraphValueError, match=r"must return an array of shape"):
        pair_scorer(Embedding("x", x), lambda rows, _: rows).block(np.arange(3))
    with pytest.raises(GraphValueError, match="is NaN for pairs of row 1"):
        pair_scorer(
            Embedding("x", x), lambda rows, _: np.full((len(rows), 9), np.nan)
        ).block(np.array([1]))


def test_scores_when_there_are_no_vectors_then_only_native_exists():
    bare = Embedding("s", None, native="own", own=lambda rows: np.zeros((len(rows), 3)))
    assert has_score(bare, "native")
    assert not has_score(bare, "cosine")
    with pytest.raises(GraphValueError, match="has no vectors"):
        pair_scorer(bare, "cosine")
    with pytest.raises(GraphValueError, match="score must be one of"):
        pair_scorer(bare, "manhattan")

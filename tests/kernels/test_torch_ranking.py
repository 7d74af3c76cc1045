"""Ranking on a device: the numbers of the numba kernel, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphrep import Graph
from graphrep.evaluation import ReconstructionEvaluator
from graphrep.kernels import _ranking as numba_kernels

torch = pytest.importorskip("torch")

# hop1, ball2, shell2, shell2_filtered, and hop1 without the second shell
RELEVANT = np.array([0b010, 0b110, 0b100, 0b100, 0b010], np.int64)
REMOVED = np.array([0, 0, 0, 0b010, 0b100], np.int64)
KS = np.array([1, 3, 10, 5000], np.int64)


def ranked(scores, classes, ties, device=None, relevant=RELEVANT, removed=REMOVED):
    """(metrics, relevant, candidates) by numba, or by torch on a device."""
    n_rows, n = scores.shape
    n_metrics = numba_kernels.N_FIXED + 4 * len(KS)
    out = np.zeros((n_rows, len(relevant), n_metrics))
    sizes = np.zeros((2, n_rows, len(relevant)), np.int64)
    tables = numba_kernels.harmonic_numbers(n), numba_kernels.discounts(n)
    args = (scores, classes, 2, relevant, removed, KS, numba_kernels.TIES[ties])
    if device is None:
        numba_kernels.rank_metrics(*args, *tables, out, *sizes)
    else:
        from graphrep.kernels.torch import _ranking

        _ranking.rank_metrics(*args, *tables, out, *sizes, device=device)
    return out, *sizes


def assert_same(got, expected):
    for a, b in zip(got[1:], expected[1:], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(got[0], expected[0], rtol=1e-9, atol=1e-12)


def block(rng, n_rows, n, levels, shares):
    scores = rng.normal(size=(n_rows, n))
    if levels:
        scores = np.round(scores * levels) / levels
    classes = rng.choice(4, size=(n_rows, n), p=shares)
    return scores.astype(np.float32), classes.astype(np.uint8)


@pytest.mark.parametrize("ties", ["expected", "min", "max"])
@pytest.mark.parametrize("levels", [0, 1, 20])
def test_metrics_when_ranked_by_torch_then_those_of_numba(place, ties, levels):
    rng = np.random.default_rng(levels)
    for n, shares in [(7, (0.1, 0.3, 0.3, 0.3)), (3000, (0.01, 0.01, 0.1, 0.88))]:
        scores, classes = block(rng, 9, n, levels, shares)
        args = scores, classes, ties
        assert_same(ranked(*args, place), ranked(*args))


@given(st.integers(0, 2**32), st.integers(1, 40), st.sampled_from([0, 1, 2]))
@settings(max_examples=40, deadline=None)
def test_metrics_when_anything_is_ranked_then_those_of_numba(seed, n, levels):
    rng = np.random.default_rng(seed)
    scores, classes = block(rng, 4, n, levels, rng.dirichlet(np.ones(4)))
    for ties in numba_kernels.TIES:
        assert_same(ranked(scores, classes, ties, "cpu"), ranked(scores, classes, ties))


@pytest.mark.parametrize("ties", ["expected", "min", "max"])
def test_metrics_when_scores_are_odd_then_those_of_numba(place, ties):
    rng = np.random.default_rng(5)
    n = 5000
    scores = np.zeros((5, n), np.float32)
    scores[1] = np.where(rng.random(n) < 0.5, -0.0, 0.0)
    scores[2] = np.where(rng.random(n) < 0.5, -np.inf, 1.0)
    scores[3] = rng.choice(np.array([np.inf, -1.0, 3.4e38, 1e-45], np.float32), n)
    classes = np.full((5, n), 3, np.uint8)
    classes[:, :3] = 1  # few of many: a long series for the first rank
    classes[:, 3:40] = 2
    classes[4] = 3  # nothing to find
    got = ranked(scores, classes, ties, place)
    assert_same(got, ranked(scores, classes, ties))
    assert np.isnan(got[0][4]).all()
    everything = np.ones((5, n), np.uint8)
    assert_same(
        ranked(scores, everything, ties, place), ranked(scores, everything, ties)
    )


def test_metrics_when_repeated_then_the_same_bits(place):
    scores, classes = block(
        np.random.default_rng(1), 20, 2000, 5, (0.01, 0.05, 0.2, 0.74)
    )
    first, second = (ranked(scores, classes, "expected", place) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def test_evaluator_when_on_a_device_then_the_values_of_the_processor(device):
    rng = np.random.default_rng(3)
    rows, columns = rng.integers(0, 150, (2, 400))
    graph = Graph.from_codes(rows, columns, nodes=150, duplicates="first")
    vectors = rng.integers(-2, 3, (150, 4)).astype(np.float32)
    found = {
        name: ReconstructionEvaluator(
            scores=("dot", "cosine", "euclidean"), edge_ranks=True, device=name
        ).evaluate(graph, vectors)
        for name in ("cpu", device)
    }
    np.testing.assert_allclose(
        found[device].values, found["cpu"].values, rtol=1e-6, atol=1e-9
    )
    np.testing.assert_array_equal(found[device].n_relevant, found["cpu"].n_relevant)

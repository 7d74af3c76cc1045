"""The heap and the scores of pairs, against sorting."""

import numpy as np
import pytest

from graphrep.kernels import _topk as kernels


def test_push_tile_when_scores_tie_then_the_lowest_rows_stay():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 4, (5, 60)).astype(np.float32)
    shift = np.zeros(60, np.float32)
    best = np.full((5, 7), -np.inf, np.float32)
    index = np.full((5, 7), 60, np.int64)
    exclude = np.array([-1, 0, 5, -1, 59])
    for start in range(0, 60, 16):
        tile = scores[:, start : start + 16].copy()
        kernels.push_tile(tile, shift, start, exclude, best, index)
    for q in range(5):
        allowed = [j for j in range(60) if j != exclude[q]]
        expected = sorted(allowed, key=lambda j: (-scores[q, j], j))[:7]
        assert sorted(index[q]) == sorted(expected)
        assert np.array_equal(best[q], scores[q, index[q]])


@pytest.mark.parametrize("metric", kernels.METRICS)
def test_score_pairs_when_given_vectors_then_equals_numpy(metric):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 20, 9))
    out = np.empty(20)
    kernels.score_pairs(a, b, kernels.METRICS[metric], out)
    dot = (a * b).sum(1)
    expected = {
        "dot": dot,
        "cosine": dot / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1),
        "euclidean": -np.linalg.norm(a - b, axis=1),
    }[metric]
    assert np.allclose(out, expected, rtol=1e-12)


def test_norms_when_squares_overflow_then_still_right():
    matrix = np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0]])
    assert np.allclose(kernels.norms(matrix), [5e200, 5e-200, 0], rtol=1e-14, atol=0)


def test_first_bad_row_when_one_is_nan_then_found(monkeypatch):
    monkeypatch.setattr(kernels, "_BUDGET", 64)
    matrix = np.ones((50, 3), np.float16)
    assert kernels.first_bad_row(matrix) == -1
    matrix[37, 2] = np.inf
    matrix[41, 0] = np.nan
    assert kernels.first_bad_row(matrix) == 37


def test_block_size_when_k_is_large_then_memory_stays_in_budget():
    assert kernels.block_size(10, 10**6, 128) == 512
    assert kernels.block_size(10**6, 10**6, 128) * 12 * 10**6 <= 1 << 25

"""The scan of a block of scores against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels._edge_curve import collect_above


def scan(scores, first, upper, threshold, room):
    """Scan a block with so much room for what is found, resuming as often as needed."""
    out = np.empty(room, scores.dtype)
    at, found, equal, calls = 0, [], 0, 0
    while at < scores.size:
        at, kept, same = collect_above(scores, first, upper, threshold, at, out)
        found.extend(out[:kept].tolist())
        equal += same
        calls += 1
    return found, equal, calls


def expected(scores, first, upper, threshold):
    rows = np.arange(first, first + len(scores))[:, None]
    columns = np.arange(scores.shape[1])[None, :]
    wanted = columns > rows if upper else columns != rows
    values = scores[wanted]
    return values[values > threshold].tolist(), int((values == threshold).sum())


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threshold", [-np.inf, 0.0, 3.0, 9.0])
def test_collect_above_when_scores_are_integers_then_equals_numpy(
    upper, dtype, threshold
):
    scores = np.random.default_rng(0).integers(-9, 10, (40, 2500)).astype(dtype)
    found, equal, _ = scan(scores, 11, upper, dtype(threshold), 1 << 17)
    assert (found, equal) == expected(scores, 11, upper, threshold)


@pytest.mark.parametrize("upper", [False, True])
def test_collect_above_when_room_is_short_then_goes_on_where_it_stopped(upper):
    scores = np.random.default_rng(1).normal(size=(30, 3000)).astype(np.float32)
    found, equal, calls = scan(scores, 2990, upper, np.float32(-0.5), 1100)
    assert (found, equal) == expected(scores, 2990, upper, np.float32(-0.5))
    assert calls > 20 or upper

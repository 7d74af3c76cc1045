"""Texts as weighted sums of rows of a table, one for each of their features."""

import numpy as np

from graphrep.kernels._adam import _adam_chunk
from graphrep.kernels._jit import njit

_FIRST, _SECOND = np.float32(0.9), np.float32(0.99)  # decay of Adam's moments
_TINY = np.float32(1e-8)


@njit(nogil=True)
def bag_sums(first, last, rows, indptr, features, counts, scales, vectors, out):
    """Write to ``out[i]`` the sum of text ``rows[i]``, for ``first <= i < last``.

    A feature that is there c times counts ``counts[...] * scales[feature]``.
    """
    for i in range(first, last):
        row = rows[i]
        out[i] = np.float32(0.0)
        for e in range(indptr[row], indptr[row + 1]):
            feature = features[e]
            share = counts[e] * scales[feature]
            for k in range(out.shape[1]):
                out[i, k] += share * vectors[feature, k]


@njit(nogil=True)
def by_feature(rows, indptr, features, counts, starts, places, shares):
    """Sort the entries of some texts by feature.

    ``starts`` (n_features + 1) bounds the entries of each feature; ``places`` are
    places in ``rows``, ascending, ``shares`` the counts.
    """
    starts[:] = 0
    for i in range(rows.shape[0]):
        for e in range(indptr[rows[i]], indptr[rows[i] + 1]):
            starts[features[e] + 1] += 1
    for f in range(starts.shape[0] - 1):
        starts[f + 1] += starts[f]
    for i in range(rows.shape[0]):
        for e in range(indptr[rows[i]], indptr[rows[i] + 1]):
            at = starts[features[e]]
            places[at], shares[at] = i, counts[e]
            starts[features[e]] += 1
    for f in range(starts.shape[0] - 1, 0, -1):
        starts[f] = starts[f - 1]
    starts[0] = 0


@njit(nogil=True)
def adam_step(
    first, last, starts, places, shares, slopes, vectors, logs, moments, log_moments,
    rate, log_rate, step,
):  # fmt: skip
    """One step of Adam for the features ``first`` to ``last`` that have entries.

    ``slopes[i]`` is the slope of the loss by the sum of text i. Features without
    entries keep their moments: sparse Adam.
    """
    slope = np.empty(vectors.shape[1], np.float32)
    one = np.float32(1.0)
    rise, root = one / (one - _FIRST**step), one / np.sqrt(one - _SECOND**step)
    for f in range(first, last):
        if starts[f] == starts[f + 1]:
            continue
        slope[:] = np.float32(0.0)
        for e in range(starts[f], starts[f + 1]):
            for k in range(slope.shape[0]):
                slope[k] += shares[e] * slopes[places[e], k]
        scale, of_log = np.exp(logs[f]), np.float32(0.0)
        for k in range(slope.shape[0]):
            slope[k] *= scale
            of_log += slope[k] * vectors[f, k]
        _adam_chunk(
            vectors[f], slope, moments[0, f], moments[1, f], _FIRST, _SECOND,
            rate * rise, root, _TINY,
        )  # fmt: skip
        slope[0] = of_log
        _adam_chunk(
            logs[f : f + 1], slope[:1], log_moments[0, f : f + 1],
            log_moments[1, f : f + 1], _FIRST, _SECOND, log_rate * rise, root, _TINY,
        )  # fmt: skip

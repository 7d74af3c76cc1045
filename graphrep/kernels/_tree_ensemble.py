"""Predictions of boosted trees that lie in flat arrays."""

import numpy as np

from graphrep.kernels._jit import njit


@njit(nogil=True)
def sum_of_trees(
    start, stop, X, roots, features, thresholds, missing_left, left, right, values, out
):
    """Add to ``out`` the leaves that rows ``start`` to ``stop`` fall into.

    A leaf has feature -1. NaN goes left where ``missing_left``.
    """
    for i in range(start, stop):
        total = 0.0
        for t in range(roots.shape[0]):
            node = roots[t]
            while features[node] >= 0:
                x = X[i, features[node]]
                if np.isnan(x):
                    go_left = missing_left[node]
                else:
                    go_left = x <= thresholds[node]
                node = left[node] if go_left else right[node]
            total += values[node]
        out[i] += total

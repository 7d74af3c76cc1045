"""Alias tables: a draw from a distribution costs one number and one comparison.

Entry k is taken with the chance ``accept[k]``, and ``alias[k]`` otherwise (Walker;
Vose 1991).
"""

import numpy as np

from graphrep.kernels._jit import njit, prange


@njit
def _fill(weights, top, scale, accept, alias):
    """Alias table of one row; ``weights / top * scale`` have the mean one.

    Light entries are filled up by the first heavy one, which turns light at last
    and is filled up by the next; two scans, no stacks.
    """
    size = weights.shape[0]
    for k in range(size):
        accept[k] = 1.0
        alias[k] = k
    light, heavy = 0, 0
    while light < size and weights[light] / top * scale > 1.0:
        light += 1
    while heavy < size and weights[heavy] / top * scale <= 1.0:
        heavy += 1
    if heavy == size:
        return
    left = weights[heavy] / top * scale
    while True:
        if left > 1.0:
            if light >= size:
                return
            accept[light] = weights[light] / top * scale
            alias[light] = heavy
            left += weights[light] / top * scale - 1.0
            light += 1
            while light < size and weights[light] / top * scale > 1.0:
                light += 1
        else:
            following = heavy + 1
            while following < size and weights[following] / top * scale <= 1.0:
                following += 1
            if following >= size:
                return
            accept[heavy] = left
            alias[heavy] = following
            left += weights[following] / top * scale - 1.0
            heavy = following


@njit
def alias_table(weights, accept, alias):
    """Fill the table of one distribution; return its largest weight and its sum.

    ``accept`` (float32) and ``alias`` (int32) have the length of ``weights``; the sum
    is in units of the largest weight, so that none overflows.
    """
    size = weights.shape[0]
    top = np.float64(weights.max())
    total = 0.0
    for k in range(size):
        total += weights[k] / top
    _fill(weights, top, size / total, accept, alias)
    return top, total


@njit(parallel=True)
def alias_tables(indptr, weights, accept, alias, shares):
    """Fill the table of each row; ``shares`` gets weights that sum to one."""
    for i in prange(indptr.shape[0] - 1):
        first, end = indptr[i], indptr[i + 1]
        if first == end:
            continue
        row = weights[first:end]
        top, total = alias_table(row, accept[first:end], alias[first:end])
        for k in range(end - first):
            shares[first + k] = row[k] / top / total

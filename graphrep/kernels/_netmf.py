"""Ends of random walks, counted for each node that the walks start from.

A walk is a pure function of (seed, node, number of the walk), so the counts do not
depend on the threads. First steps are not drawn but dealt out evenly in proportion
to the weights, which takes most of the noise out of short walks.
"""

import numpy as np

from graphrep.kernels._hash import hash64
from graphrep.kernels._jit import njit, prange

_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53
_S11 = np.uint64(11)


@njit(inline="always")
def _unit(key, counter):
    """Uniform number in [0, 1)."""
    return np.float64(hash64(key, np.uint64(counter)) >> _S11) * _TO_UNIT


@njit
def _entry_at(cumulative, start, end, goal):
    """First entry of a row whose running sum of weights exceeds ``goal``."""
    low, high = start, end - 1
    while low < high:
        middle = (low + high) // 2
        if cumulative[middle] > goal:
            high = middle
        else:
            low = middle + 1
    return low


@njit
def _draw(indptr, cumulative, i, u):
    """Entry of row i at share u of its weight; no weights: all alike."""
    start, end = indptr[i], indptr[i + 1]
    if cumulative.shape[0] == 0:
        return start + min(np.int64(u * (end - start)), end - start - 1)
    base = cumulative[start - 1] if start > 0 else 0.0
    goal = base + u * (cumulative[end - 1] - base)
    return _entry_at(cumulative, start, end, goal)


@njit(parallel=True)
def walk_ends(indptr, indices, cumulative, seed, length, n_walks, first, begins, ends):
    """Write all nodes that walks reach in 2 to ``length`` steps, sorted by node.

    ``n_walks[r]`` walks start from node ``first + r``; theirs are
    ``ends[begins[r] : begins[r + 1]]``.
    """
    for r in prange(n_walks.shape[0]):
        at, i = begins[r], first + r
        key = hash64(seed, np.uint64(i))
        for w in range(n_walks[r]):
            u = (w + _unit(key, w * length)) / n_walks[r]
            here = indices[_draw(indptr, cumulative, i, u)]
            for s in range(1, length):
                u = _unit(key, w * length + s)
                here = indices[_draw(indptr, cumulative, here, u)]
                ends[at] = here
                at += 1
        ends[begins[r] : begins[r + 1]].sort()


@njit(parallel=True)
def count_distinct(begins, ends, counts):
    """Count the different ends of each node's walks."""
    for r in prange(counts.shape[0]):
        n = 0
        for k in range(begins[r], begins[r + 1]):
            if k == begins[r] or ends[k] != ends[k - 1]:
                n += 1
        counts[r] = n


@njit(parallel=True)
def fill_distinct(begins, ends, weight, indptr, indices, data):
    """Write each different end with ``weight[r]`` times the number of its visits."""
    for r in prange(weight.shape[0]):
        at = indptr[r] - 1
        for k in range(begins[r], begins[r + 1]):
            if k == begins[r] or ends[k] != ends[k - 1]:
                at += 1
                indices[at] = ends[k]
                data[at] = 0
            data[at] += weight[r]

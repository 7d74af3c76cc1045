"""Paths between concepts through common ancestors, on CSR arrays of parents.

Callers validate. Cycles are tolerated: a concept is visited once a walk.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit(nogil=True)
def _walk_up(indptr, indices, start, steps, mark, stamp, queue):
    """Breadth-first walk over parents; gives how many concepts are in ``queue``."""
    queue[0] = start
    steps[start] = 0
    mark[start] = stamp
    size, at = 1, 0
    while at < size:
        row = queue[at]
        at += 1
        for e in range(indptr[row], indptr[row + 1]):
            up = indices[e]
            if mark[up] != stamp:
                mark[up] = stamp
                steps[up] = steps[row] + 1
                queue[size] = up
                size += 1
    return size


@njit(nogil=True)
def ancestor_paths(indptr, indices, depth, first, second, distance, above, similarity):
    """Compare pairs of concepts.

    Parameters
    ----------
    indptr, indices : int arrays
        Row c lists the parents of c.
    depth : int array (n_concepts,)
        Steps from a root.
    first, second : int arrays (n_pairs,)
    distance : int64 array (n_pairs,)
        Written: steps of the shortest path through a common ancestor, -1 for none.
    above : int64 array (n_pairs,)
        Written: steps from second up to first, -1 where first is no ancestor of it.
    similarity : float64 array (n_pairs,)
        Written: 2 D / (2 D + a + b) with the depth D (from 1) of the deepest common
        ancestor and the steps a and b to it; 0 for none.
    """
    n = indptr.shape[0] - 1
    steps_a = np.zeros(n, np.int64)
    steps_b = np.zeros(n, np.int64)
    mark_a = np.full(n, -1, np.int64)
    mark_b = np.full(n, -1, np.int64)
    queue = np.empty(n, np.int64)
    for p in range(first.shape[0]):
        a, b = first[p], second[p]
        _walk_up(indptr, indices, a, steps_a, mark_a, p, queue)
        size = _walk_up(indptr, indices, b, steps_b, mark_b, p, queue)
        best, deepest, length = -1, -1, 0
        for i in range(size):
            row = queue[i]
            if mark_a[row] != p:
                continue
            total = steps_a[row] + steps_b[row]
            if best < 0 or total < best:
                best = total
            if depth[row] > deepest or (depth[row] == deepest and total < length):
                deepest, length = depth[row], total
        distance[p] = best
        above[p] = steps_b[a] if mark_b[a] == p else -1
        similarity[p] = 0.0
        if best >= 0:
            similarity[p] = 2.0 * (deepest + 1) / (2.0 * (deepest + 1) + length)

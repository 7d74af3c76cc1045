"""Neighbours of each row put into another order, in place, some rows at a time."""

import numpy as np

from graphrep.kernels._jit import njit, prange


@njit(parallel=True)
def order_rows(indptr, indices, weights, weighted, place, cuts):
    """Sort the entries of each row by ``place[column]``.

    ``indptr`` counts from the first entry given. Columns of a row differ, and so do
    the places of all columns. Rows ``cuts[b] <= i < cuts[b + 1]`` are one task.
    """
    for b in prange(cuts.shape[0] - 1):
        for i in range(cuts[b], cuts[b + 1]):
            start, end = indptr[i], indptr[i + 1]
            row = indices[start:end].copy()
            keys = np.empty(end - start, np.int64)
            for e in range(end - start):
                keys[e] = place[row[e]]
            order = np.argsort(keys)
            for e in range(end - start):
                indices[start + e] = row[order[e]]
            if weighted:
                old = weights[start:end].copy()
                for e in range(end - start):
                    weights[start + e] = old[order[e]]

"""Scores of pairs of nodes by what their neighbourhoods share, without a product A·A.

Sums are exact: the weights handed in are multiples of a power of two (`grid`), so the
order in which common neighbours are met leaves no trace and equal scores tie.
"""

import numpy as np

from graphrep.kernels._jit import njit

_GRID = 2.0**30  # sums below 2**23 stay exact in float64


def grid(weights):
    """Round weights to multiples of a power of two, so that sums are exact."""
    return np.round(np.asarray(weights, np.float64) * _GRID) / _GRID


@njit(nogil=True)
def shared_block(indptr, indices, weights, rows, total, out):
    """Fill ``out`` (n_rows, n_nodes): sum of weights of the nodes between two nodes.

    A node z is between i and j if i -> z -> j. ``total`` is float64 scratch of
    n_nodes numbers. O(n_nodes + sum of the neighbours' degrees) a row.
    """
    for b in range(rows.shape[0]):
        total[:] = 0.0
        i = rows[b]
        for e in range(indptr[i], indptr[i + 1]):
            z = indices[e]
            w = weights[z]
            for f in range(indptr[z], indptr[z + 1]):
                total[indices[f]] += w
        for j in range(total.shape[0]):
            out[b, j] = total[j]


@njit(nogil=True)
def shared_pairs(indptr, indices, in_indptr, in_indices, weights, rows, columns, out):
    """Write the same sums for some pairs; neighbours are sorted, so lists are merged.

    ``in_indptr, in_indices`` are the transpose.
    """
    for p in range(rows.shape[0]):
        a, a_end = indptr[rows[p]], indptr[rows[p] + 1]
        b, b_end = in_indptr[columns[p]], in_indptr[columns[p] + 1]
        total = 0.0
        while a < a_end and b < b_end:
            if indices[a] < in_indices[b]:
                a += 1
            elif indices[a] > in_indices[b]:
                b += 1
            else:
                total += weights[indices[a]]
                a += 1
                b += 1
        out[p] = total

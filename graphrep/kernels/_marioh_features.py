"""The 23 numbers that MARIOH knows of a candidate: sums and spreads of its parts."""

import numpy as np

from graphrep.kernels._jit import njit
from graphrep.kernels._multiplicity import entry_from

N_FEATURES = 23


@njit(error_model="numpy")
def _spread(values, out):
    """Sum, least, mean, largest and population standard deviation."""
    total = 0.0
    low, high = values[0], values[0]
    for x in values:
        total += x
        low = min(low, x)
        high = max(high, x)
    mean = total / values.shape[0]
    square = 0.0
    for x in values:
        square += (x - mean) * (x - mean)
    out[0], out[1], out[2], out[3] = total, low, mean, high
    out[4] = np.sqrt(square / values.shape[0])


@njit(error_model="numpy")
def clique_features(c_indptr, c_members, graph, weights, shared, strength, out):
    """Fill a row of 23 numbers for each candidate of at least one member.

    Size; five statistics each of the weights of its edges, of the strengths of its
    nodes, of ``shared`` over its edges and of shared / weight; whether it is maximal
    (left as it is); share of the strength that stays inside. Pairs that are no edge
    are passed over. O(size² * log degree) time a candidate.
    """
    indptr, indices, edges = graph
    most = 1
    for c in range(c_indptr.shape[0] - 1):
        most = max(most, c_indptr[c + 1] - c_indptr[c])
    held = np.empty((3, max(1, most * (most - 1) // 2)), np.float64)
    own = np.empty(most, np.float64)
    for c in range(c_indptr.shape[0] - 1):
        start, stop = c_indptr[c], c_indptr[c + 1]
        count = 0
        for i in range(start, stop):
            u = c_members[i]
            own[i - start] = strength[u]
            at, end = indptr[u], indptr[u + 1]
            for j in range(i + 1, stop):
                at = entry_from(indices, at, end, c_members[j])
                if at < end and indices[at] == c_members[j]:
                    e = edges[at]
                    held[0, count] = weights[e]
                    held[1, count] = shared[e]
                    held[2, count] = shared[e] / weights[e]
                    count += 1
        row = out[c]
        row[0] = stop - start
        row[1:6] = 0.0
        row[11:21] = 0.0
        if count > 0:
            _spread(held[0, :count], row[1:6])
            _spread(held[1, :count], row[11:16])
            _spread(held[2, :count], row[16:21])
        _spread(own[: stop - start], row[6:11])
        row[22] = 2.0 * row[1] / row[6] if row[6] > 0.0 else 1.0

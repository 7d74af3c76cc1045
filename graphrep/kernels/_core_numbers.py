"""Core numbers by peeling: the largest k such that a node survives in the k-core."""

import numpy as np

from graphrep.kernels._jit import njit


@njit
def core_numbers(indptr, indices):
    """Return the core number of every node of a symmetric structure without loops."""
    return peel(indptr, indices)[0]


@njit
def peel(indptr, indices):
    """Core numbers, and the nodes in the order in which they are peeled off.

    Nodes are peeled in the order of their remaining degree, kept sorted by counting
    (Batagelj and Zaversnik, 2003): O(n + m) time, four arrays of n integers.
    """
    n = indptr.shape[0] - 1
    degree = np.empty(n, np.int64)
    most = 0
    for v in range(n):
        degree[v] = indptr[v + 1] - indptr[v]
        most = max(most, degree[v])
    start = np.zeros(most + 2, np.int64)  # of each degree in the sorted order
    for v in range(n):
        start[degree[v] + 1] += 1
    for d in range(most + 1):
        start[d + 1] += start[d]
    order = np.empty(n, np.int64)
    place = np.empty(n, np.int64)
    free = start.copy()
    for v in range(n):
        place[v] = free[degree[v]]
        order[place[v]] = v
        free[degree[v]] += 1
    for i in range(n):
        v = order[i]
        for e in range(indptr[v], indptr[v + 1]):
            u = np.int64(indices[e])
            if degree[u] <= degree[v]:
                continue
            # u goes to the front of its degree, which then ends one later
            front = start[degree[u]]
            other = order[front]
            order[place[u]], order[front] = other, u
            place[other], place[u] = place[u], front
            start[degree[u]] = front + 1
            degree[u] -= 1
    return degree, order

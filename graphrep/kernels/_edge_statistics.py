"""What an edge and a node of a graph are part of: triangles, cliques, weights.

Structures are symmetric, without loops, rows sorted. Arrays of edges have one value
for each entry, so an edge has two equal ones.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit(inline="always")
def entry_of(indptr, indices, u, v):
    """Place of v in the row of u, -1 where they are not joined."""
    low, high = indptr[u], indptr[u + 1]
    while low < high:
        middle = (low + high) >> 1
        if indices[middle] < v:
            low = middle + 1
        else:
            high = middle
    if low < indptr[u + 1] and indices[low] == v:
        return low
    return -1


@njit(error_model="numpy")
def common_neighbours(indptr, indices, weights, counts, adamic, together):
    """Of each entry: common neighbours, their 1 / log(degree), least weights.

    ``together`` is the sum over common neighbours z of min(w(u, z), w(v, z)), at
    least the number of hyperedges of three or more members that hold u and v.
    O(sum over edges of the shorter degree * log) time.
    """
    n = indptr.shape[0] - 1
    mark = np.full(n, -1, np.int64)
    share = np.empty(n, np.float64)
    for z in range(n):
        share[z] = 1.0 / np.log(max(2, indptr[z + 1] - indptr[z]))
    for u in range(n):
        for e in range(indptr[u], indptr[u + 1]):
            mark[indices[e]] = e
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            own, other = indptr[u + 1] - indptr[u], indptr[v + 1] - indptr[v]
            if other > own or (other == own and v < u):
                continue  # the shorter row is read
            count, a, t = 0, 0.0, 0.0
            for f in range(indptr[v], indptr[v + 1]):
                z = indices[f]
                at = mark[z]
                if at >= 0:
                    count += 1
                    a += share[z]
                    t += min(weights[f], weights[at])
            counts[e], adamic[e], together[e] = count, a, t
            back = entry_of(indptr, indices, v, u)
            counts[back], adamic[back], together[back] = count, a, t
        for e in range(indptr[u], indptr[u + 1]):
            mark[indices[e]] = -1


@njit(inline="always")
def _place_from(indices, at, stop, v):
    """Place of v in the part of a row that holds it, by ever longer leaps."""
    high, leap = at, 1
    while high < stop and indices[high] < v:
        at = high + 1
        high += leap
        leap *= 2
    high = min(high, stop - 1)
    while at < high:
        middle = (at + high) >> 1
        if indices[middle] < v:
            at = middle + 1
        else:
            high = middle
    return at


@njit
def cliques_of_edges(indptr, indices, c_indptr, c_members, count, smallest, largest):
    """Of each entry: how many cliques hold the edge, the smallest and the largest.

    The three outputs come as zero. O(sum of squared sizes * log degree) time.
    """
    for c in range(c_indptr.shape[0] - 1):
        size = c_indptr[c + 1] - c_indptr[c]
        for i in range(c_indptr[c], c_indptr[c + 1]):
            u = c_members[i]
            at = indptr[u]
            for j in range(c_indptr[c], c_indptr[c + 1]):
                if i == j:
                    continue
                at = _place_from(indices, at, indptr[u + 1], c_members[j])
                count[at] += 1
                largest[at] = max(largest[at], size)
                smallest[at] = size if smallest[at] == 0 else min(smallest[at], size)


@njit(error_model="numpy")
def node_statistics(indptr, indices, counts, weights, clustering, nearby, strength):
    """Of each node: clustering, mean degree of neighbours, sum of weights."""
    for v in range(indptr.shape[0] - 1):
        degree = indptr[v + 1] - indptr[v]
        triangles, degrees, total = 0.0, 0.0, 0.0
        for e in range(indptr[v], indptr[v + 1]):
            u = indices[e]
            triangles += counts[e]
            degrees += indptr[u + 1] - indptr[u]
            total += weights[e]
        pairs = degree * (degree - 1)
        clustering[v] = triangles / pairs if pairs else 0.0
        nearby[v] = degrees / degree if degree else 0.0
        strength[v] = total

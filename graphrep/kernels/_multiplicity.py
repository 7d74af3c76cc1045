"""Weights of a clique projection: what triangles allow, and cliques taken out of them.

A structure is symmetric, without loops, rows sorted. Edges are numbered by their
entries above the diagonal, row by row; ``edges`` holds the number of each entry and
arrays of weights have one integer an edge.
"""

import numpy as np

from graphrep.kernels._hash import hash64
from graphrep.kernels._jit import njit


@njit
def number_edges(indptr, indices, edges, source, target):
    """Give both entries of each edge its number. O(n + m)."""
    n = indptr.shape[0] - 1
    cursor = indptr[:-1].copy()
    count = 0
    for u in range(n):
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            if v > u:
                edges[e] = count
                edges[cursor[v]] = count  # rows are met in order: so are u's
                cursor[v] += 1
                source[count], target[count] = u, v
                count += 1


@njit
def shared_weight(indptr, indices, edges, weights, out):
    """Sum over common neighbours z of min(w(u, z), w(v, z)), of each edge {u, v}.

    This is MHH of Lee, Lee and Shin (2025). ``out`` comes as zero. Each triangle is
    met once, from its node of the smallest degree: O(m * degeneracy) time.
    """
    n = indptr.shape[0] - 1
    mark = np.full(n, -1, np.int64)
    for u in range(n):
        degree = indptr[u + 1] - indptr[u]
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            if _before(degree, u, indptr[v + 1] - indptr[v], v):
                mark[v] = edges[e]
        for e in range(indptr[u], indptr[u + 1]):
            v = indices[e]
            if mark[v] < 0:
                continue
            uv = edges[e]
            size = indptr[v + 1] - indptr[v]
            for f in range(indptr[v], indptr[v + 1]):
                z = indices[f]
                uz = mark[z]
                if uz >= 0 and _before(size, v, indptr[z + 1] - indptr[z], z):
                    vz = edges[f]
                    out[uv] += min(weights[uz], weights[vz])
                    out[uz] += min(weights[uv], weights[vz])
                    out[vz] += min(weights[uv], weights[uz])
        for e in range(indptr[u], indptr[u + 1]):
            mark[indices[e]] = -1


@njit(inline="always")
def _before(degree_u, u, degree_v, v):
    return degree_u < degree_v or (degree_u == degree_v and u < v)


@njit(inline="always")
def entry_from(indices, low, high, v):
    """Place of v in ``indices[low:high]`` (ascending), or where it would stand."""
    while low < high:
        middle = (low + high) >> 1
        if indices[middle] < v:
            low = middle + 1
        else:
            high = middle
    return low


@njit
def consume(order, c_indptr, c_members, graph, weights, taken):
    """Take cliques out of a weighted graph, one after another, where they still fit.

    Clique ``c`` of ``order`` fits if all its edges have weight left; then each loses
    one and ``taken[c]`` is set. ``graph`` is (indptr, indices, edges). Returns the
    number of edges that came to zero. O(size² * log degree) time a clique.
    """
    indptr, indices, edges = graph
    most = 0
    for c in order:
        most = max(most, c_indptr[c + 1] - c_indptr[c])
    held = np.empty(most * (most - 1) // 2, np.int64)
    gone = 0
    for c in order:
        count = 0
        fits = True
        for i in range(c_indptr[c], c_indptr[c + 1]):
            u = c_members[i]
            at, end = indptr[u], indptr[u + 1]
            for j in range(i + 1, c_indptr[c + 1]):
                at = entry_from(indices, at, end, c_members[j])
                if at == end or indices[at] != c_members[j] or weights[edges[at]] == 0:
                    fits = False
                    break
                held[count] = edges[at]
                count += 1
            if not fits:
                break
        if fits:
            taken[c] = True
            for i in range(count):
                weights[held[i]] -= 1
                gone += weights[held[i]] == 0
    return gone


@njit
def edge_use(chosen, c_indptr, c_members, graph, use):
    """Add up how often each edge lies in the cliques of ``chosen``, all of them fit."""
    indptr, indices, edges = graph
    for c in chosen:
        for i in range(c_indptr[c], c_indptr[c + 1]):
            u = c_members[i]
            at, end = indptr[u], indptr[u + 1]
            for j in range(i + 1, c_indptr[c + 1]):
                at = entry_from(indices, at, end, c_members[j])
                use[edges[at]] += 1


@njit
def living_graph(indptr, indices, edges, weights, nodes, out_indptr, out_indices):
    """Write the edges with weight left among the nodes that have some.

    ``nodes`` gets the number here of each row there. Returns (rows, entries).
    """
    n = indptr.shape[0] - 1
    number = np.full(n, -1, np.int64)
    rows = 0
    for u in range(n):
        for e in range(indptr[u], indptr[u + 1]):
            if weights[edges[e]] > 0:
                number[u] = rows
                nodes[rows] = u
                rows += 1
                break
    count = 0
    out_indptr[0] = 0
    for i in range(rows):
        u = nodes[i]
        for e in range(indptr[u], indptr[u + 1]):
            if weights[edges[e]] > 0:
                out_indices[count] = number[indices[e]]
                count += 1
        out_indptr[i + 1] = count
    return rows, count


@njit
def random_subsets(parents, keys, c_indptr, c_members, out_indptr, out):
    """Draw one subset of each parent clique, uniformly among those of its size.

    Subset i has ``out_indptr[i + 1] - out_indptr[i]`` members, ascending; it depends
    on its parent and ``keys[i]`` (uint64) alone.
    """
    most = 0
    for c in parents:
        most = max(most, c_indptr[c + 1] - c_indptr[c])
    pool = np.empty(most, c_members.dtype)
    for i in range(parents.shape[0]):
        start = c_indptr[parents[i]]
        size = c_indptr[parents[i] + 1] - start
        for j in range(size):
            pool[j] = c_members[start + j]
        wanted = out_indptr[i + 1] - out_indptr[i]
        for j in range(wanted):
            bits = hash64(keys[i], np.uint64(j)) >> np.uint64(32)
            pick = j + np.int64((bits * np.uint64(size - j)) >> np.uint64(32))
            pool[j], pool[pick] = pool[pick], pool[j]
        row = out[out_indptr[i] : out_indptr[i + 1]]
        row[:] = pool[:wanted]
        row.sort()

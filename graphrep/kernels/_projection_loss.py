"""What a projection hides: hyperedges in others, triangles that no hyperedge holds.

Hyperedges are compressed rows, members ascending; ``t_*`` are the hyperedges of each
node, ascending; the graph is symmetric, without loops, rows ascending.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit
def _holds(indptr, indices, f, e):
    """Whether hyperedge f holds all members of hyperedge e."""
    at, end = indptr[f], indptr[f + 1]
    for i in range(indptr[e], indptr[e + 1]):
        v = indices[i]
        low, high = at, end
        while low < high:
            middle = (low + high) >> 1
            if indices[middle] < v:
                low = middle + 1
            else:
                high = middle
        if low == end or indices[low] != v:
            return False
        at = low + 1
    return True


@njit
def nested(indptr, indices, t_indptr, t_indices, out):
    """Larger hyperedge that holds each hyperedge, -1 where there is none.

    Only hyperedges of the rarest member are looked at. No hyperedge is empty.
    """
    n = indptr.shape[0] - 1
    for e in range(n):
        out[e] = -1
        size = indptr[e + 1] - indptr[e]
        rarest = indices[indptr[e]]
        for i in range(indptr[e] + 1, indptr[e + 1]):
            v = indices[i]
            if t_indptr[v + 1] - t_indptr[v] < t_indptr[rarest + 1] - t_indptr[rarest]:
                rarest = v
        for i in range(t_indptr[rarest], t_indptr[rarest + 1]):
            f = t_indices[i]
            if indptr[f + 1] - indptr[f] > size and _holds(indptr, indices, f, e):
                out[e] = f
                break


@njit
def count_triangles(graph, rows, of_node, most):
    """Count the triangles, and those that no hyperedge holds; stop beyond ``most``.

    Parameters
    ----------
    graph, rows, of_node : (indptr, indices)
        The projection, the hyperedges, the hyperedges of each node.

    Notes
    -----
    O(sum of cubed sizes of hyperedges, and of the degrees of the ends of all edges).
    """
    g_indptr, g_indices = graph
    indptr, indices = rows
    t_indptr, t_indices = of_node
    n = g_indptr.shape[0] - 1
    near = np.full(n, -1, np.int64)
    with_u = np.full(indptr.shape[0] - 1, -1, np.int64)
    held = np.full(n, -1, np.int64)
    total, bare = 0, 0
    for u in range(n):
        for i in range(g_indptr[u], g_indptr[u + 1]):
            near[g_indices[i]] = u
        for i in range(t_indptr[u], t_indptr[u + 1]):
            with_u[t_indices[i]] = u
        for i in range(g_indptr[u], g_indptr[u + 1]):
            v = g_indices[i]
            if v < u:
                continue
            for j in range(t_indptr[v], t_indptr[v + 1]):
                f = t_indices[j]
                if with_u[f] == u:
                    for m in range(indptr[f + 1] - 1, indptr[f], -1):
                        if indices[m] <= v:
                            break
                        held[indices[m]] = i
            for j in range(g_indptr[v + 1] - 1, g_indptr[v] - 1, -1):
                w = g_indices[j]
                if w <= v:
                    break
                if near[w] == u:
                    total += 1
                    bare += held[w] != i
        if total > most:
            break
    return total, bare

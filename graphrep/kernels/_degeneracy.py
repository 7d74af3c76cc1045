"""Rows of a graph in degeneracy order, later neighbours apart from earlier ones.

Nodes are peeled off as in Batagelj and Zaversnik (2003): one with at most k remaining
neighbours while there is one, k growing where there is none. At most k neighbours of a
node come later, and k ends as the degeneracy of the graph. The nodes that a peeled
node sets free are next, so that close nodes get close numbers and what walks over the
rows afterwards stays in the cache.
"""

import numpy as np

from graphrep.kernels._jit import njit

_WAITS, _FIRST_DONE = -1, -2


@njit(nogil=True, error_model="numpy")
def degeneracy_rows(indptr, indices, order, starts, middle, rows):
    """Give the nodes of a symmetric structure without loops numbers in this order.

    Parameters
    ----------
    indptr, indices : rows of the graph, ascending
    order : int32 (n,)
        Gets the node of each number.
    starts, middle : int64 (n + 1,) and (n,)
        Get the bounds of the row of each number: later neighbours lie in
        ``rows[starts[r]:middle[r]]``, earlier ones from there to ``starts[r + 1]``.
    rows : int32, as long as ``indices``
        Gets numbers; the later ones of a row in ascending order of their *nodes*.

    Returns
    -------
    int
        Degeneracy. O(n + m) time, three arrays of n integers.
    """
    n = indptr.shape[0] - 1
    left = np.empty(n, np.int32)  # neighbours, then _WAITS, then _FIRST_DONE - number
    open_nodes = np.empty(n, np.int32)
    stack = np.empty(n, np.int32)
    for v in range(n):
        left[v] = indptr[v + 1] - indptr[v]
        open_nodes[v] = v
    starts[0] = 0
    n_open, done, level, most = n, 0, 0, 0
    while done < n:
        kept = 0
        least = np.int32(2147483647)  # remaining degree above the level
        for i in range(n_open):
            s = open_nodes[i]
            if left[s] > level:
                open_nodes[kept] = s
                kept += 1
                least = min(least, left[s])
            elif left[s] >= 0:
                left[s] = _WAITS
                stack[0] = s
                n_stack = 1
                while n_stack > 0:
                    n_stack -= 1
                    v = stack[n_stack]
                    left[v] = _FIRST_DONE - done
                    order[done] = v
                    front = starts[done]
                    back = front + indptr[v + 1] - indptr[v]
                    starts[done + 1] = back
                    for e in range(indptr[v], indptr[v + 1]):
                        u = np.uint32(indices[e])
                        d = left[u]
                        if d <= _FIRST_DONE:
                            back -= 1
                            rows[back] = _FIRST_DONE - d
                            continue
                        rows[front] = u
                        front += 1
                        if d > level:
                            d -= 1
                            left[u] = d
                            if d > level:
                                least = min(least, d)
                        if 0 <= d <= level:
                            left[u] = _WAITS
                            stack[n_stack] = u
                            n_stack += 1
                    middle[done] = front
                    most = max(most, front - starts[done])
                    done += 1
        n_open = kept
        level = max(level + 1, least) if kept else level
    for r in range(n):
        for e in range(starts[r], middle[r]):
            rows[e] = _FIRST_DONE - left[np.uint32(rows[e])]
    return most

"""Cells of a clique sampler: which cliques hold a hyperedge, subsets of cliques.

Cliques and hyperedges are rows of ``indptr`` (int64) and members (int32, ascending);
``t_indptr`` and ``t_cliques`` are the cliques of each node, ascending.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit(inline="always")
def _holds(row, wanted):
    low, high = 0, row.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if row[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low < row.shape[0] and row[low] == wanted


@njit(nogil=True)
def containing_sizes(start, stop, indptr, members, t_indptr, t_cliques, slots, held):
    """Mark the sizes of the cliques that contain each hyperedge of a range.

    Parameters
    ----------
    start, stop : range of hyperedges
    indptr, members : the hyperedges
    slots : for each clique the number of its size
    held : bool of shape (stop - start, n_sizes) that comes as False

    The cliques of the rarest member are looked up among those of the others; sizes
    that were seen are passed over.
    """
    for e in range(start, stop):
        first, last = indptr[e], indptr[e + 1]
        if first == last:
            continue
        rarest = first
        for i in range(first + 1, last):
            v, best = members[i], members[rarest]
            if t_indptr[v + 1] - t_indptr[v] < t_indptr[best + 1] - t_indptr[best]:
                rarest = i
        v = members[rarest]
        for a in range(t_indptr[v], t_indptr[v + 1]):
            clique = t_cliques[a]
            if held[e - start, slots[clique]]:
                continue
            inside = True
            for i in range(first, last):
                u = members[i]
                if i != rarest and not _holds(
                    t_cliques[t_indptr[u] : t_indptr[u + 1]], clique
                ):
                    inside = False
                    break
            if inside:
                held[e - start, slots[clique]] = True


@njit
def subsets(indptr, members, rows, size, out):
    """Write all subsets of ``size`` members of some cliques, in their order.

    ``out`` has ``size`` columns and a row for each subset of each clique.
    """
    at = np.empty(size, np.int64)
    written = 0
    for r in range(rows.shape[0]):
        first = indptr[rows[r]]
        n = indptr[rows[r] + 1] - first
        if size > n:
            continue
        for i in range(size):
            at[i] = i
        while True:
            for i in range(size):
                out[written, i] = members[first + at[i]]
            written += 1
            i = size - 1
            while i >= 0 and at[i] == n - size + i:
                i -= 1
            if i < 0:
                break
            at[i] += 1
            for j in range(i + 1, size):
                at[j] = at[j - 1] + 1
    return written

"""Cliques of a graph besides the maximal ones: of k nodes, and common parts.

Graphs are symmetric CSR without loops, rows sorted; sets of nodes are CSR with
members ascending.
"""

import numpy as np

from graphrep.kernels._hash import hash64
from graphrep.kernels._jit import njit

_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53


@njit(inline="always")
def _holds(row, value):
    low, high = 0, row.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if row[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < row.shape[0] and row[low] == value


@njit
def later_rows(indptr, indices, place, l_indptr, l_indices):
    """Keep of each node the neighbours that come later in an order, ids ascending."""
    l_indptr[0] = 0
    kept = 0
    for v in range(indptr.shape[0] - 1):
        for e in range(indptr[v], indptr[v + 1]):
            if place[indices[e]] > place[v]:
                l_indices[kept] = indices[e]
                kept += 1
        l_indptr[v + 1] = kept


@njit(nogil=True)
def k_cliques(l_indptr, l_indices, k, out, first, degeneracy):
    """List cliques of k >= 2 nodes; returns how many there are, written or not.

    ``l_*`` are the neighbours of each node that come later in a degeneracy order, ids
    ascending. ``out`` (most, k) takes the first ones; counting goes on to ``first``
    and stops there. Members of a clique are not in order.
    """
    n = l_indptr.shape[0] - 1
    pool = np.empty((k, max(1, degeneracy)), l_indices.dtype)
    size, at = np.zeros(k, np.int64), np.zeros(k, np.int64)
    chosen = np.empty(k, l_indices.dtype)
    found = 0
    for v in range(n):
        chosen[0] = v
        size[1] = l_indptr[v + 1] - l_indptr[v]
        pool[1, : size[1]] = l_indices[l_indptr[v] : l_indptr[v + 1]]
        at[1] = 0
        depth = 1
        while depth >= 1:
            if at[depth] >= size[depth]:
                depth -= 1
                continue
            u = pool[depth, at[depth]]
            at[depth] += 1
            chosen[depth] = u
            if depth == k - 1:
                if found < out.shape[0]:
                    out[found, :] = chosen
                found += 1
                if found >= first:
                    return found
                continue
            row = l_indices[l_indptr[u] : l_indptr[u + 1]]
            count = 0
            for i in range(size[depth]):
                if _holds(row, pool[depth, i]):
                    pool[depth + 1, count] = pool[depth, i]
                    count += 1
            depth += 1
            size[depth], at[depth] = count, 0
    return found


@njit(nogil=True)
def clique_intersections(
    indptr, members, t_indptr, t_sets, listed, rate, sizes, out, counts, mark
):
    """Write the common parts, of two nodes or more, of pairs of sets.

    ``t_*`` are the sets of each node. Parts of a size that ``listed`` (bool) names are
    left out, and so is a share of ``1 - rate`` of the others, drawn by a hash of the
    pair. ``counts`` (n_sets,) and ``mark`` (n_nodes,) are scratch that comes as zero
    and as False. Returns the parts that there are, the parts and the members written;
    writing stops where there is no room. Equal parts stand several times.
    """
    n_sets = indptr.shape[0] - 1
    met = np.empty(n_sets, np.int64)
    there, n_parts, n_members = 0, 0, 0
    for a in range(n_sets):
        n_met = 0
        for i in range(indptr[a], indptr[a + 1]):
            v = members[i]
            mark[v] = True
            for f in range(t_indptr[v], t_indptr[v + 1]):
                b = t_sets[f]
                if b > a:
                    if counts[b] == 0:
                        met[n_met] = b
                        n_met += 1
                    counts[b] += 1
        for i in range(n_met):
            b = met[i]
            size = counts[b]
            counts[b] = 0
            if size < 2 or (size < listed.shape[0] and listed[size]):
                continue
            there += 1
            draw = hash64(np.uint64(a), np.uint64(b)) >> np.uint64(11)
            if draw * _TO_UNIT >= rate:
                continue
            if n_parts >= sizes.shape[0] or n_members + size > out.shape[0]:
                continue
            for j in range(indptr[b], indptr[b + 1]):
                if mark[members[j]]:
                    out[n_members] = members[j]
                    n_members += 1
            sizes[n_parts] = size
            n_parts += 1
        for i in range(indptr[a], indptr[a + 1]):
            mark[members[i]] = False
    return there, n_parts, n_members

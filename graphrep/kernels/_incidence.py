"""Incidence of hypergraphs: tidy rows, equal hyperedges, the clique projection.

A hypergraph is ``indptr`` (int64) and ``indices`` (int32): the members of hyperedge e
are ``indices[indptr[e] : indptr[e + 1]]``, ascending and distinct.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit
def tidy_rows(indptr, indices, out_indptr):
    """Sort each row in place and move its distinct members together.

    Returns the number of entries that are kept, at the front of ``indices``;
    ``out_indptr`` gets their pointers.
    """
    kept = 0
    out_indptr[0] = 0
    for e in range(indptr.shape[0] - 1):
        row = indices[indptr[e] : indptr[e + 1]]
        for i in range(1, row.shape[0]):
            if row[i - 1] >= row[i]:
                row.sort()
                break
        start = kept
        for i in range(row.shape[0]):
            if kept == start or indices[kept - 1] != row[i]:
                indices[kept] = row[i]
                kept += 1
        out_indptr[e + 1] = kept
    return kept


@njit
def row_hashes(indptr, indices):
    """64-bit hash of each row; equal rows have equal hashes."""
    n = indptr.shape[0] - 1
    out = np.empty(n, np.uint64)
    for e in range(n):
        h = np.uint64(0x9E3779B97F4A7C15) + np.uint64(indptr[e + 1] - indptr[e])
        for i in range(indptr[e], indptr[e + 1]):
            h ^= np.uint64(indices[i]) + np.uint64(0x632BE59BD9B4E019)
            h *= np.uint64(0xFF51AFD7ED558CCD)
            h ^= h >> np.uint64(32)
        out[e] = h
    return out


@njit(inline="always")
def same_row(indptr, indices, a, other_indptr, other_indices, b):
    """Whether row a of one incidence equals row b of another."""
    size = indptr[a + 1] - indptr[a]
    if other_indptr[b + 1] - other_indptr[b] != size:
        return False
    for i in range(size):
        if indices[indptr[a] + i] != other_indices[other_indptr[b] + i]:
            return False
    return True


@njit
def fill_row_table(hashes, indptr, indices, slots, owner):
    """Enter rows into an open-addressing table; ``owner`` gets the first equal row.

    ``slots`` is a power of two of int64 that comes as -1, at least twice the rows.
    """
    mask = np.uint64(slots.shape[0] - 1)
    for e in range(hashes.shape[0]):
        at = hashes[e] & mask
        while True:
            other = slots[at]
            if other < 0:
                slots[at] = e
                owner[e] = e
                break
            if hashes[other] == hashes[e] and same_row(
                indptr, indices, other, indptr, indices, e
            ):
                owner[e] = other
                break
            at = (at + np.uint64(1)) & mask


@njit
def find_rows(wanted, w_indptr, w_indices, hashes, indptr, indices, slots, out):
    """Row of a filled table that equals each wanted row, -1 where there is none."""
    mask = np.uint64(slots.shape[0] - 1)
    for e in range(wanted.shape[0]):
        at = wanted[e] & mask
        out[e] = -1
        while slots[at] >= 0:
            other = slots[at]
            if hashes[other] == wanted[e] and same_row(
                indptr, indices, other, w_indptr, w_indices, e
            ):
                out[e] = other
                break
            at = (at + np.uint64(1)) & mask


@njit
def project_upper(rows, counts, of_node, u, upper, lower, together):
    """Join each node with those of a larger number that share a hyperedge.

    ``rows`` are the hyperedges, ``of_node`` the hyperedges of each node, both as
    (indptr, indices); ``counts`` is how often each hyperedge counts. Node u and
    those behind it are written to ``upper`` (pointers, columns, weights) as far as
    there is room; the first that was not is returned. ``lower`` counts the smaller
    neighbours of each node, ``together`` is scratch; both come as zeros.
    """
    indptr, indices = rows
    t_indptr, t_indices = of_node
    pointers, columns, weights = upper
    n = t_indptr.shape[0] - 1
    at = pointers[u]
    while u < n:
        most = np.int64(0)
        for a in range(t_indptr[u], t_indptr[u + 1]):
            e = t_indices[a]
            most += indptr[e + 1] - indptr[e] - 1
        if at + min(most, n - 1 - u) > columns.shape[0]:
            return u
        start = at
        for a in range(t_indptr[u], t_indptr[u + 1]):
            e = t_indices[a]
            count = counts[e]
            for b in range(indptr[e + 1] - 1, indptr[e], -1):
                v = indices[b]
                if v == u:
                    break
                if together[v] == 0.0:
                    columns[at] = v
                    at += 1
                together[v] += count
        sort_short(columns[start:at])
        for i in range(start, at):
            v = columns[i]
            weights[i] = together[v]
            together[v] = 0.0
            lower[v] += 1
        u += 1
        pointers[u] = at
    return n


@njit
def mirror_upper(upper, lower, indptr, columns, weights):
    """Fill the rows of a symmetric matrix from those above its diagonal.

    ``lower`` counts the entries of each row left of the diagonal, and is used up.
    """
    u_indptr, u_columns, u_weights = upper
    n = u_indptr.shape[0] - 1
    indptr[0] = 0
    for u in range(n):
        indptr[u + 1] = indptr[u] + lower[u] + u_indptr[u + 1] - u_indptr[u]
        lower[u] = indptr[u]
    for u in range(n):
        to = indptr[u + 1] - (u_indptr[u + 1] - u_indptr[u])
        for i in range(u_indptr[u], u_indptr[u + 1]):
            v = u_columns[i]
            columns[to] = v
            weights[to] = u_weights[i]
            to += 1
            columns[lower[v]] = u
            weights[lower[v]] = u_weights[i]
            lower[v] += 1


@njit
def sort_short(row):
    """Sort in place; an insertion sort where the row is short."""
    if row.shape[0] > 40:
        row.sort()
        return
    for i in range(1, row.shape[0]):
        x = row[i]
        j = i - 1
        while j >= 0 and row[j] > x:
            row[j + 1] = row[j]
            j -= 1
        row[j + 1] = x

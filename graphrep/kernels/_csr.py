"""Checks and rebuildings of compressed sparse rows.

Arrays in, arrays or status codes out. The checks are the only kernels that may be
handed arrays nobody has looked at: they read no index before it is known to be in
range. All others rely on them.
"""

import numpy as np

from graphrep.kernels._jit import njit

OK, BAD_START, DECREASING, BAD_END, OUT_OF_RANGE = 0, 1, 2, 3, 4


@njit
def check_structure(indptr, indices, n_cols):
    """Return (code, position, sorted, duplicates) of a CSR structure.

    ``position`` is a row for DECREASING and an entry for OUT_OF_RANGE. ``sorted``
    is 1 when every row is sorted; then ``duplicates`` counts repeated columns.
    """
    n_rows = indptr.shape[0] - 1
    if n_rows < 0 or indptr[0] != 0:
        return BAD_START, 0, 0, 0
    for i in range(n_rows):
        if indptr[i + 1] < indptr[i]:
            return DECREASING, i, 0, 0
    if indptr[n_rows] != indices.shape[0]:
        return BAD_END, indptr[n_rows], 0, 0
    is_sorted = 1
    duplicates = 0
    for i in range(n_rows):
        last = np.int64(-1)
        for e in range(indptr[i], indptr[i + 1]):
            j = np.int64(indices[e])
            if j < 0 or j >= n_cols:
                return OUT_OF_RANGE, e, 0, 0
            if j < last:
                is_sorted = 0
            elif j == last:
                duplicates += 1
            last = j
    return OK, 0, is_sorted, duplicates


@njit
def check_weights(weights):
    """Return (first non-finite, first negative, zeros, entries that are not one)."""
    bad = -1
    negative = -1
    zeros = 0
    not_one = 0
    for e in range(weights.shape[0]):
        w = weights[e]
        if not np.isfinite(w):
            if bad < 0:
                bad = e
        elif w < 0 and negative < 0:
            negative = e
        if w == 0:
            zeros += 1
        if w != 1:
            not_one += 1
    return bad, negative, zeros, not_one


@njit
def first_asymmetry(indptr, indices, weights, weighted, tolerance):
    """Find the first entry without an equal mirror image; -1 when there is none.

    Rows must be sorted. Rows are visited in ascending order, so the mirror images
    in each row are met in ascending order too: one cursor a row is enough. A cursor
    that lags behind stands on an entry whose mirror image never came.
    """
    n = indptr.shape[0] - 1
    cursor = indptr[:-1].copy()
    for i in range(n):
        for e in range(indptr[i], indptr[i + 1]):
            j = indices[e]
            c = cursor[j]
            if c >= indptr[j + 1] or indices[c] > i:
                return e
            if indices[c] < i:
                return c
            if weighted:
                a = weights[e]
                b = weights[c]
                if abs(a - b) > tolerance * max(abs(a), abs(b)):
                    return e
            cursor[j] = c + 1
    return -1


@njit
def count_rows(rows, columns, mirror, indptr):
    """Write into ``indptr`` the row pointers of a list of edges.

    With ``mirror``, every edge counts in both directions and a loop once.
    """
    indptr[:] = 0
    for e in range(rows.shape[0]):
        indptr[rows[e] + 1] += 1
        if mirror and rows[e] != columns[e]:
            indptr[columns[e] + 1] += 1
    for i in range(indptr.shape[0] - 1):
        indptr[i + 1] += indptr[i]


@njit
def scatter_edges(rows, columns, weights, weighted, mirror, cursor, indices, data):
    """Place each edge in its row, in the order given; ``cursor`` is used up."""
    for e in range(rows.shape[0]):
        i = rows[e]
        j = columns[e]
        c = cursor[i]
        indices[c] = j
        if weighted:
            data[c] = weights[e]
        cursor[i] = c + 1
        if mirror and i != j:
            c = cursor[j]
            indices[c] = i
            if weighted:
                data[c] = weights[e]
            cursor[j] = c + 1


@njit
def transpose(indptr, indices, weights, weighted, t_cursor, t_indices, t_weights):
    """Write the transpose; its rows come out sorted, and stable among equals.

    ``t_cursor`` holds the row pointers of the transpose and is used up.
    """
    for i in range(indptr.shape[0] - 1):
        for e in range(indptr[i], indptr[i + 1]):
            j = indices[e]
            c = t_cursor[j]
            t_indices[c] = i
            if weighted:
                t_weights[c] = weights[e]
            t_cursor[j] = c + 1


@njit
def column_pointers(indices, t_indptr):
    """Write the row pointers of the transpose."""
    t_indptr[:] = 0
    for e in range(indices.shape[0]):
        t_indptr[indices[e] + 1] += 1
    for j in range(t_indptr.shape[0] - 1):
        t_indptr[j + 1] += t_indptr[j]


SUM, FIRST, MAX, MEAN = 0, 1, 2, 3


@njit
def merge_duplicates(indptr, indices, weights, weighted, rule):
    """Merge equal neighbours of sorted rows in place; return the entries kept.

    Without weights equal neighbours simply become one.
    """
    kept = 0
    start = indptr[0]
    for i in range(indptr.shape[0] - 1):
        end = indptr[i + 1]
        row = kept
        run = 0
        for e in range(start, end):
            if kept > row and indices[kept - 1] == indices[e]:
                run += 1
                if weighted:
                    _fold(weights, kept - 1, weights[e], rule, run)
            else:
                indices[kept] = indices[e]
                if weighted:
                    weights[kept] = weights[e]
                run = 1
                kept += 1
        start = end
        indptr[i + 1] = kept
    return kept


@njit
def _fold(weights, at, value, rule, run):
    if rule == SUM:
        weights[at] += value
    elif rule == MAX:
        weights[at] = max(weights[at], value)
    elif rule == MEAN:
        weights[at] += (value - weights[at]) / run


@njit
def drop_entries(indptr, indices, weights, weighted, drop_zeros, drop_loops):
    """Remove zero weights and (or) loops in place; return the entries kept."""
    kept = 0
    start = indptr[0]
    for i in range(indptr.shape[0] - 1):
        end = indptr[i + 1]
        for e in range(start, end):
            if drop_loops and indices[e] == i:
                continue
            if drop_zeros and weighted and weights[e] == 0:
                continue
            indices[kept] = indices[e]
            if weighted:
                weights[kept] = weights[e]
            kept += 1
        start = end
        indptr[i + 1] = kept
    return kept


@njit
def count_loops(indptr, indices):
    """Count the entries on the diagonal."""
    loops = 0
    for i in range(indptr.shape[0] - 1):
        for e in range(indptr[i], indptr[i + 1]):
            if indices[e] == i:
                loops += 1
    return loops


@njit
def join_components(indptr, indices, roots):
    """Write the smallest node of each node's (weakly) connected component.

    ``roots`` comes as ``0 … n-1``. Union-find that links the larger root to the
    smaller and halves the paths it walks.
    """
    for i in range(indptr.shape[0] - 1):
        for e in range(indptr[i], indptr[i + 1]):
            a, b = i, np.int64(indices[e])
            while roots[a] != a:
                roots[a] = roots[roots[a]]
                a = roots[a]
            while roots[b] != b:
                roots[b] = roots[roots[b]]
                b = roots[b]
            if a < b:
                roots[b] = a
            else:
                roots[a] = b
    for i in range(roots.shape[0]):  # a root is never larger than its nodes
        roots[i] = roots[roots[i]]


@njit
def row_sums(indptr, weights, out):
    """Write the sum of the weights of each row, in float64, in stored order."""
    for i in range(indptr.shape[0] - 1):
        total = 0.0
        for e in range(indptr[i], indptr[i + 1]):
            total += weights[e]
        out[i] = total


@njit
def reorder_rows(indptr, indices, weights, weighted, order, cursor, t_indices, t_data):
    """Rewrite rows with neighbours in the order given by a permutation of the nodes.

    ``indptr, indices`` are the *transpose* of the wanted matrix; ``cursor`` holds
    the row pointers of the wanted matrix and is used up.
    """
    for r in range(order.shape[0]):
        j = order[r]
        for e in range(indptr[j], indptr[j + 1]):
            i = indices[e]
            c = cursor[i]
            t_indices[c] = j
            if weighted:
                t_data[c] = weights[e]
            cursor[i] = c + 1


@njit
def pick_rows(indptr, indices, weights, weighted, rows, new_index, out):
    """Fill the sub-matrix of some rows and of the columns with a new index >= 0.

    ``out`` is (indptr, indices, weights); the arrays are large enough.
    """
    o_indptr, o_indices, o_weights = out
    kept = 0
    o_indptr[0] = 0
    for r in range(rows.shape[0]):
        for e in range(indptr[rows[r]], indptr[rows[r] + 1]):
            j = new_index[indices[e]]
            if j >= 0:
                o_indices[kept] = j
                if weighted:
                    o_weights[kept] = weights[e]
                kept += 1
        o_indptr[r + 1] = kept
    return kept

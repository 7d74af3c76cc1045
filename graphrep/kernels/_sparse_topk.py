"""Largest dot products of sparse rows by the lists of a query's features.

The rows of the base are asked through their columns (``p_indptr, p_rows, p_data``),
for queries that have few entries to read: the lists are added up, and the rows whose
sums can reach the k-th best are scored by their own entries, by ``_sparse_product``, so
results do not depend on threads. Queries of common features are for ``_sparse_tiles``.

With a bound on what is read of the lists, a query reads its rarest features only, and
the rows that are best by these alone are scored in full.

Rows may belong to groups, of which only the best row counts. Rows of group -1 are left
out.
"""

import numpy as np

from graphrep.kernels._jit import njit
from graphrep.kernels._sparse_heap import forget, pop, push
from graphrep.kernels._sparse_product import product

_FLOOR = np.float32(0.0)
_ROUNDING = 2.0**-24  # of one addition in float32, relative
_SHORTLIST = 4  # times k: rows that are scored in full where lists were left unread


@njit(nogil=True)
def largest_values(p_indptr, p_data, out):
    """Write the largest value of each column."""
    for t in range(out.shape[0]):
        best = np.float32(0.0)
        for i in range(p_indptr[t], p_indptr[t + 1]):
            best = max(best, p_data[i])
        out[t] = best


@njit(nogil=True)
def count_postings(q_indptr, q_indices, p_indptr, out):
    """Count the entries in the lists of each query's features."""
    for i in range(out.shape[0]):
        n = 0
        for p in range(q_indptr[i], q_indptr[i + 1]):
            t = np.uint32(q_indices[p])
            n += p_indptr[t + 1] - p_indptr[t]
        out[i] = n


@njit(nogil=True)
def sparse_top_k(
    queries, q_indptr, q_indices, q_data, p_indptr, p_rows, p_data, indptr, indices,
    data, left_out, k, most, groups, n_groups, out_rows, out_scores,
):  # fmt: skip
    """Write the k best rows of the base for the queries that are listed.

    All values are positive. ``left_out`` holds one row for each query, or -1. At
    ``most`` so many entries of lists are read for a query, but one list always. Rows of
    the outputs are sorted, best first, ties by the lower row; -1 and 0 fill the rest.
    ``groups`` is None or holds a number below ``n_groups`` for each row, -1 for rows to
    leave out; a group is found by its best row alone.
    """
    n = indptr.shape[0] - 1
    sums = np.zeros(n, np.float32)
    met = np.empty(n, np.int32)
    query = np.zeros(p_indptr.shape[0] - 1, np.float32)
    heap = np.empty(_SHORTLIST * k, np.float32)
    heap_rows = np.empty(_SHORTLIST * k, np.int64)
    places = np.full(n_groups, -1, np.int32)
    for i in queries:
        lo, hi = q_indptr[i], q_indptr[i + 1]
        lengths = np.empty(hi - lo, np.int64)
        for p in range(lo, hi):
            t = q_indices[p]
            query[t] = q_data[p]
            lengths[p - lo] = p_indptr[t + 1] - p_indptr[t]
        wanted = k
        if lengths.sum() > most:
            wanted = _SHORTLIST * k
            n_met = _collect_rarest(
                lo, lengths, most, q_indices, q_data, p_indptr, p_rows, p_data, sums,
                met,
            )  # fmt: skip
        else:
            n_met = _collect(
                lo, hi, q_indices, q_data, p_indptr, p_rows, p_data, sums, met
            )
        bar = _bar_of_few(
            sums, met, n_met, wanted, left_out[i], heap, heap_rows, groups, places
        )
        # Lists and scores add up in different orders: each is off by as many roundings
        # as there are products, at most.
        slack = np.float32(1 - (3 * (hi - lo) + 16) * _ROUNDING)
        n_met = _gather_few(sums, met, n_met, bar * slack)
        size = 0
        for m in range(n_met):
            row = np.int64(met[m])
            if row == left_out[i] or (groups is not None and groups[row] < 0):
                continue
            score = product(query, indices, data, indptr[row], indptr[row + 1])
            size = push(heap, heap_rows, size, k, score, row, groups, places)
        forget(heap_rows, size, groups, places)
        found = size
        while size > 1:
            size = pop(heap, heap_rows, size)
        out_rows[i, :found] = heap_rows[:found]
        out_scores[i, :found] = heap[:found]
        out_rows[i, found:] = -1
        out_scores[i, found:] = _FLOOR
        for p in range(lo, hi):
            query[q_indices[p]] = _FLOOR


@njit
def _collect(lo, hi, q_indices, q_data, p_indptr, p_rows, p_data, sums, met):
    """Add up all lists, few in all, and write which rows were met."""
    n_met = 0
    for p in range(lo, hi):
        n_met = _add_list(
            q_indices[p], q_data[p], p_indptr, p_rows, p_data, sums, met, n_met
        )
    return n_met


@njit
def _collect_rarest(
    lo, lengths, most, q_indices, q_data, p_indptr, p_rows, p_data, sums, met
):  # fmt: skip
    """Do the same with the shortest lists, ``most`` entries or one list."""
    order = np.argsort(lengths)
    n_met, read = 0, 0
    for done in range(order.shape[0]):
        read += lengths[order[done]]
        if done and read > most:
            break
        p = lo + order[done]
        n_met = _add_list(
            q_indices[p], q_data[p], p_indptr, p_rows, p_data, sums, met, n_met
        )
    return n_met


@njit(inline="always")
def _add_list(t, value, p_indptr, p_rows, p_data, sums, met, n_met):
    for e in range(p_indptr[t], p_indptr[t + 1]):
        row = p_rows[e]
        before = sums[row]
        sums[row] = before + value * p_data[e]
        # A product may be too small for float32: the row was not met then.
        if before == _FLOOR and sums[row] > _FLOOR:
            met[n_met] = row
            n_met += 1
    return n_met


@njit
def _bar_of_few(sums, met, n_met, k, left_out, heap, heap_rows, groups, places):
    """Partial sum of the k-th best row or group, 0 where fewer were met."""
    size = 0
    bar = _FLOOR
    for m in range(n_met):
        row = np.int64(met[m])
        if sums[row] > bar and row != left_out:
            size = push(heap, heap_rows, size, k, sums[row], row, groups, places)
            bar = heap[0] if size == k else _FLOOR
    forget(heap_rows, size, groups, places)
    return bar


@njit
def _gather_few(sums, met, n_met, least):
    """List the rows whose sum reaches ``least``; clear all sums."""
    kept = 0
    for m in range(n_met):
        row = met[m]
        if sums[row] >= least:
            met[kept] = row
            kept += 1
        sums[row] = _FLOOR
    return kept

"""Largest dot products of sparse rows: an inverted index with exact upper bounds.

The rows of the base are asked through their columns (``p_indptr, p_rows, p_data``).
A query takes its features from the rarest to the commonest. What the features that
are still to come can add is bounded by their largest value in the base; as soon as a
row that was not met so far cannot reach the k-th best, no further list is read: the
rows that were met and can still get there are scored by their own entries. Every score
that is returned is one sum in float32 in the order of the columns, so results depend
neither on pruning nor on threads. This is the MaxScore idea of Turtle and Flood (1995).

With a bound on what is read of the lists, a query reads its rarest features only, and
the rows that are best by these alone are scored in full.

Rows may belong to groups, of which only the best row counts: the heaps then hold at
most one row of a group, and know for each group where it stands (``places``, -1 where
it does not). What the worst on a heap has only grows, so a group that was thrown out
comes back only by a better row, and the bound stays exact. Rows of group -1 are left
out. Where ``groups`` is None that code is not compiled.
"""

import numpy as np

from graphrep.kernels._jit import njit

_FLOOR = np.float32(0.0)
_SPARSE = 8  # rows for each entry to read, above which the rows met are listed
_WORTH = 2  # entries still to read for each row, below which no look at the bound pays
_ENTRY_COST = 2.0  # of an entry read by row, in entries read by column
_BLOCK = 64
_SLACK = np.float32(1e-5)  # relative, for the rounding of partial sums
_SHORTLIST = 4  # times k: rows that are scored in full where lists were left unread


@njit(inline="always")
def _is_worse(score, row, other, other_row):
    return score < other or (score == other and row > other_row)


@njit(borrowed=True)
def _sink(scores, rows, size, at, score, row, groups, places):
    """Put an entry at a place of the heap or below it."""
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and _is_worse(
            scores[child + 1], rows[child + 1], scores[child], rows[child]
        ):
            child += 1
        if not _is_worse(scores[child], rows[child], score, row):
            break
        scores[at], rows[at] = scores[child], rows[child]
        if groups is not None:
            places[groups[rows[at]]] = at
        at = child
    scores[at], rows[at] = score, row
    if groups is not None:
        places[groups[row]] = at


@njit(borrowed=True)
def _push(scores, rows, size, k, score, row, groups, places):
    """Put an entry on a heap with the worst on top; return its new size.

    Of a group the best row alone is there, and its place is known; rows of none stay
    out.
    """
    if groups is not None:
        if groups[row] < 0:
            return size
        at = places[groups[row]]
        if at >= 0:
            if _is_worse(scores[at], rows[at], score, row):
                _sink(scores, rows, size, at, score, row, groups, places)
            return size
    if size == k:
        if not _is_worse(scores[0], rows[0], score, row):
            return size
        if groups is not None:
            places[groups[rows[0]]] = -1
        _sink(scores, rows, size, 0, score, row, groups, places)
        return size
    at = size
    while at:
        parent = (at - 1) >> 1
        if not _is_worse(score, row, scores[parent], rows[parent]):
            break
        scores[at], rows[at] = scores[parent], rows[parent]
        if groups is not None:
            places[groups[rows[at]]] = at
        at = parent
    scores[at], rows[at] = score, row
    if groups is not None:
        places[groups[row]] = at
    return size + 1


@njit(borrowed=True)
def _pop(scores, rows, size):
    """Take the worst from a heap to its end: heap sort, one step."""
    score, row = scores[size - 1], rows[size - 1]
    scores[size - 1], rows[size - 1] = scores[0], rows[0]
    _sink(scores, rows, size - 1, 0, score, row, None, None)
    return size - 1


@njit(borrowed=True)
def _forget(rows, size, groups, places):
    """Empty a heap: its groups stand nowhere."""
    if groups is not None:
        for at in range(size):
            places[groups[rows[at]]] = -1


@njit(nogil=True)
def largest_values(p_indptr, p_data, out):
    """Write the largest value of each column."""
    for t in range(out.shape[0]):
        best = np.float32(0.0)
        for i in range(p_indptr[t], p_indptr[t + 1]):
            best = max(best, p_data[i])
        out[t] = best


@njit(nogil=True)
def sparse_top_k(
    first, last, q_indptr, q_indices, q_data, p_indptr, p_rows, p_data, largest,
    indptr, indices, data, left_out, k, most, groups, n_groups, out_rows, out_scores,
):  # fmt: skip
    """Write the k best rows of the base for the queries ``first`` to ``last``.

    All values are positive. ``left_out`` holds one row for each query, or -1. At
    ``most`` so many entries of lists are read for a query, but one list always. Rows of
    the outputs are sorted, best first, ties by the lower row; -1 and 0 fill the rest.
    ``groups`` is None or holds a number below ``n_groups`` for each row, -1 for rows to
    leave out; a group is found by its best row alone.
    """
    n = indptr.shape[0] - 1
    tops = np.empty((n + _BLOCK - 1) // _BLOCK, np.float32)
    sums = np.zeros(len(tops) * _BLOCK, np.float32)
    met = np.empty(n, np.int32)
    query = np.zeros(largest.shape[0], np.float32)
    heap = np.empty(_SHORTLIST * k, np.float32)
    heap_rows = np.empty(_SHORTLIST * k, np.int64)
    places = np.full(n_groups, -1, np.int32)
    for i in range(first, last):
        lo, hi = q_indptr[i], q_indptr[i + 1]
        lengths = np.empty(hi - lo, np.int64)
        rest = _FLOOR
        for p in range(lo, hi):
            t = q_indices[p]
            query[t] = q_data[p]
            lengths[p - lo] = p_indptr[t + 1] - p_indptr[t]
            rest += q_data[p] * largest[t]
        total = lengths.sum()
        if total > most:
            n_met = _collect_rarest(
                lo, lengths, most, q_indices, q_data, p_indptr, p_rows, p_data, sums,
                met,
            )  # fmt: skip
            bar = _bar_of_few(
                sums, met, n_met, _SHORTLIST * k, left_out[i], heap, heap_rows, groups,
                places,
            )  # fmt: skip
            n_met = _gather_few(sums, met, n_met, bar - _SLACK)
        elif total * _SPARSE < n:
            n_met = _collect(
                lo, hi, q_indices, q_data, p_indptr, p_rows, p_data, sums, met
            )
            bar = _bar_of_few(
                sums, met, n_met, k, left_out[i], heap, heap_rows, groups, places
            )
            n_met = _gather_few(sums, met, n_met, bar - _SLACK)
        else:
            rest, bar = _sweep(
                lo, hi, lengths, q_indices, q_data, p_indptr, p_rows, p_data, largest,
                indptr, rest, left_out[i], sums, tops, k, heap, heap_rows, groups,
                places,
            )  # fmt: skip
            n_met = _gather(sums, tops, bar - rest * (1 + _SLACK) - _SLACK, met)
        size = 0
        for m in range(n_met):
            row = np.int64(met[m])
            if row == left_out[i] or (groups is not None and groups[row] < 0):
                continue
            score = _FLOOR
            for e in range(indptr[row], indptr[row + 1]):
                score += query[np.uint32(indices[e])] * data[e]
            size = _push(heap, heap_rows, size, k, score, row, groups, places)
        _forget(heap_rows, size, groups, places)
        found = size
        while size > 1:
            size = _pop(heap, heap_rows, size)
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
        if sums[row] == _FLOOR:
            met[n_met] = row
            n_met += 1
        sums[row] += value * p_data[e]
    return n_met


@njit
def _sweep(
    lo, hi, lengths, q_indices, q_data, p_indptr, p_rows, p_data, largest,
    indptr, rest, left_out, sums, tops, k, heap, heap_rows, groups, places,
):  # fmt: skip
    """Add up lists, the shortest first, until no row can come in that was not met.

    Returns what a row may still gain by the lists left unread, and the partial sum of
    the k-th best row.
    """
    n = sums.shape[0]
    order = np.argsort(lengths)
    left, since = lengths.sum(), 0
    for done in range(hi - lo):
        t, value = q_indices[lo + order[done]], q_data[lo + order[done]]
        for e in range(p_indptr[t], p_indptr[t + 1]):
            sums[np.uint32(p_rows[e])] += value * p_data[e]
        rest -= value * largest[t]
        left -= lengths[order[done]]
        since += lengths[order[done]]
        if since > n and left > _WORTH * n:
            since = 0
            bar = _bar(sums, tops, k, left_out, heap, heap_rows, groups, places)
            if rest * (1 + _SLACK) < bar:
                most = left / _ENTRY_COST
                if _cost_of_rest(sums, bar - rest, indptr, most) < most:
                    return rest, bar
    return _FLOOR, _bar(sums, tops, k, left_out, heap, heap_rows, groups, places)


@njit
def _cost_of_rest(sums, least, indptr, most):
    """Entries of the rows that can reach the bar; stops at ``most``."""
    cost = 0
    for row in range(indptr.shape[0] - 1):
        if sums[row] >= least:
            cost += indptr[row + 1] - indptr[row]
            if cost > most:
                break
    return cost


@njit
def _bar(sums, tops, k, left_out, heap, heap_rows, groups, places):
    """Partial sum of the k-th best row or group, 0 where fewer were met.

    The k-th largest maximum of blocks of rows is a bound from below, so that only
    blocks above it are looked into. Blocks may owe their places to one group: then
    there is no such bound.
    """
    n_blocks = _block_tops(sums, tops)
    bar = _FLOOR
    if groups is None:
        size = 0
        for b in range(n_blocks):
            size = _push(heap, heap_rows, size, k, tops[b], b, None, None)
        # one block may owe its place to the row that is left out
        floor = heap[0] if size == k and left_out < 0 else _FLOOR
        bar = np.nextafter(floor, np.float32(-1.0)) if floor > _FLOOR else _FLOOR
    size = 0
    for b in range(n_blocks):
        if tops[b] <= bar:
            continue
        for row in range(b * _BLOCK, (b + 1) * _BLOCK):
            if sums[row] > bar and row != left_out:
                size = _push(heap, heap_rows, size, k, sums[row], row, groups, places)
                bar = max(bar, heap[0] if size == k else _FLOOR)
    _forget(heap_rows, size, groups, places)
    return heap[0] * (1 - _SLACK) if size == k else _FLOOR


@njit
def _bar_of_few(sums, met, n_met, k, left_out, heap, heap_rows, groups, places):
    """Do the same where the rows that were met are listed."""
    size = 0
    bar = _FLOOR
    for m in range(n_met):
        row = np.int64(met[m])
        if sums[row] > bar and row != left_out:
            size = _push(heap, heap_rows, size, k, sums[row], row, groups, places)
            bar = heap[0] if size == k else _FLOOR
    _forget(heap_rows, size, groups, places)
    return bar * (1 - _SLACK)


@njit
def _block_tops(sums, tops):
    """Write the largest sum of each block of rows; return the number of blocks.

    Bits of numbers that are not negative are in the order of the numbers, and whole
    numbers are compared in lanes.
    """
    bits = sums.view(np.int32).reshape(tops.shape[0], _BLOCK)
    out = tops.view(np.int32)
    for b in range(tops.shape[0]):
        top = np.int32(0)
        for j in range(_BLOCK):
            top = max(top, bits[b, j])
        out[b] = top
    return tops.shape[0]


@njit
def _gather(sums, tops, least, met):
    """List the rows whose sum is positive and reaches ``least``; clear all sums."""
    below = max(np.nextafter(np.float32(least), np.float32(-1.0)), _FLOOR)
    kept = 0
    for b in range(_block_tops(sums, tops)):
        if tops[b] > below:
            for row in range(b * _BLOCK, (b + 1) * _BLOCK):
                if sums[row] > below:
                    met[kept] = row
                    kept += 1
    sums[:] = _FLOOR
    return kept


@njit
def _gather_few(sums, met, n_met, least):
    """Do the same where the rows that were met are listed."""
    kept = 0
    for m in range(n_met):
        row = met[m]
        if sums[row] >= least:
            met[kept] = row
            kept += 1
        sums[row] = _FLOOR
    return kept

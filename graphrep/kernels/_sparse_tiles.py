"""Largest dot products of sparse rows, tile by tile, for queries of common features.

Rows are taken in tiles, and in a tile one query after the other: a query adds its rare
features by their lists and its common ones by ``_common_columns``, in whole units of
16 bits. Sums are off by no more than is known, so the k best of them bound the k-th
score from below, and the rows that can reach it are scored by their own entries, as in
``_sparse_topk``: results are exact and do not depend on tiles.
"""

from collections import namedtuple

import numpy as np

from graphrep.kernels._bits import lowest_bit
from graphrep.kernels._common_columns import ROWS, add_common
from graphrep.kernels._jit import njit
from graphrep.kernels._lanes import (
    count_reaching,
    largest_at,
    prefetch,
    reaches,
)
from graphrep.kernels._sparse_heap import forget, pop, push
from graphrep.kernels._sparse_product import product

_TILE_BYTES = 1 << 22  # of common columns in a tile: they stay in cache
_LEAST_TILE, _MOST_TILE = 256, 16384
_MOST_ADDED = 20_000  # features of a query; what others can add counts as unknown
_MOST_SUM = 65_535
_LAST_ROW = 2**32 - 1
_LARGEST = 1e37
_MOST_UNITS = 1e42  # of a score of 1: what float32 cannot hold is less than a unit
_AHEAD = 6  # lists that are fetched before they are read
_ROWS_AHEAD, _ROW_ENTRIES = 3, 64  # the same for rows, and how much of each
_MOST_COUNTED = 1 << 20  # sums, in 16 bits of a lane
_MOST_RANKED = 256  # rows that are put in order by comparing all with all
_RANKED = 32  # of them, compared at once
_ROUNDING = 0.01  # units a feature, of exact scores: a sum in float32

_State = namedtuple(
    "_State",
    [
        # rare features: where they are in their list, its end, units for each value
        "rare", "rare_at", "rare_end", "rare_value",
        # common ones: where they are in a block, their factor, what all can add
        "common", "offset", "factor", "most",
        # units of a score of 1; units that sums may lack, and be wrong by
        "units", "under", "error",
        # sums that are looked at, and the rows that have one
        "least", "n_met", "met", "met_sum",
        # the best of those that were scored
        "n_best", "best", "best_row",
        # a query by feature, and the place of each group on a heap
        "query", "places", "group_sum",
        # scores of rows that were listed, and keys that order them
        "scores", "score_bits", "keys",
    ],
)  # fmt: skip
"""What is known of each query of a batch."""


@njit
def tile_rows(n_common):
    """Rows of a tile."""
    rows = _TILE_BYTES // max(n_common * ROWS, 1) * ROWS
    return min(max(rows, _LEAST_TILE), _MOST_TILE)


@njit(nogil=True)
def tiled_top_k(
    queries, q_indptr, q_indices, q_data, p_indptr, p_rows, p_data, largest, place,
    n_common, common, indptr, indices, data, longest, left_out, k, groups, n_groups,
    out_rows, out_scores,
):  # fmt: skip
    """Do what ``sparse_top_k`` does for the queries that are listed.

    ``place``, ``n_common`` and ``common`` are those of ``write_common``; ``longest``
    is the largest length of a row of the base.
    """
    n = indptr.shape[0] - 1
    state = _read(
        queries, q_indptr, q_indices, q_data, p_indptr, largest, place, longest, k,
        n_groups if groups is not None else 0,
    )  # fmt: skip
    sums = np.zeros(tile_rows(n_common), np.uint16)
    tops = np.empty(len(sums) // ROWS, np.int64)
    for first in range(0, n, len(sums)):
        _search_tile(
            first, min(first + len(sums), n), sums, tops, state, queries, q_indptr,
            q_indices, q_data, p_rows, p_data, n_common, common, indptr, indices, data,
            left_out, k, groups,
        )  # fmt: skip
    for i in range(len(queries)):
        _finish(
            i, queries[i], state, left_out, k, groups, q_indptr, q_indices, q_data,
            indptr, indices, data, out_rows, out_scores,
        )  # fmt: skip


@njit(borrowed=True)
def _search_tile(
    first, last, sums, tops, state, queries, q_indptr, q_indices, q_data, p_rows,
    p_data, n_common, common, indptr, indices, data, left_out, k, groups,
):  # fmt: skip
    """Look for rows of a tile that may be among the best, for all queries."""
    n_blocks = -(-(last - first) // ROWS)
    for i in range(len(queries)):
        met = _add_rare(i, first, last, sums, state, p_rows, p_data)
        if not met and state.most[i] < state.least[i]:
            continue
        q = queries[i]
        top = _add_blocks(i, first, n_blocks, met, sums, tops, state, n_common, common)
        if top >= state.least[i]:
            if first <= left_out[q] < last:
                sums[left_out[q] - first] = 0
            if groups is None:
                found = _kth(sums, 0, n_blocks * ROWS, k, k >> 3, state.least[i], top)
                state.least[i] = max(state.least[i], found - state.error[i])
            for b in range(n_blocks):
                if tops[b] < state.least[i]:
                    continue
                _take(first, b * ROWS, sums, i, state, groups)
                if state.n_met[i] + ROWS > state.met.shape[1]:
                    _make_room(
                        i, q, state, k, groups, q_indptr, q_indices, q_data, indptr,
                        indices, data,
                    )  # fmt: skip
        for j in range(n_blocks * ROWS):
            sums[j] = 0


@njit(borrowed=True)
def _add_blocks(i, first, n_blocks, met, sums, tops, state, n_common, common):
    """Add common features to the sums of a tile, block by block.

    Write and return the largest sums; 0 for blocks that cannot reach what is needed.
    """
    most, least, largest = state.most[i], state.least[i], np.int64(0)
    for b in range(n_blocks):
        at = b * ROWS
        tops[b] = 0
        if met and most < least and largest_at(sums, at) + most < least:
            continue
        tops[b] = add_common(
            sums, at, common, (first + at) * n_common, state.offset, state.factor,
            state.common[i], state.common[i + 1], ROWS * n_common,
        )  # fmt: skip
        largest = max(largest, tops[b])
    return largest


@njit
def _read(
    queries, q_indptr, q_indices, q_data, p_indptr, largest, place, longest, k, n_groups
):  # fmt: skip
    """Tell rare from common features, and choose the units of each query's sums.

    A score is at most the sum of its features' largest products, and at most the
    product of the two lengths; units are such that no sum passes 16 bits.
    """
    n, total = len(queries), 0
    for i in range(n):
        total += q_indptr[queries[i] + 1] - q_indptr[queries[i]]
    met = -(-(3 * k + 3 * ROWS) // ROWS) * ROWS
    scores = np.empty(met, np.float32)
    state = _State(
        np.zeros(n + 1, np.int64), np.empty(total, np.int64),
        np.empty(total, np.int64), np.empty(total, np.float32),
        np.zeros(n + 1, np.int64), np.empty(total, np.int32),
        np.empty(total, np.uint32), np.zeros(n, np.int64),
        np.zeros(n), np.zeros(n), np.zeros(n, np.int64),
        np.ones(n, np.int64), np.zeros(n, np.int64), np.empty((n, met), np.int32),
        np.empty((n, met), np.uint16),
        np.zeros(n, np.int64), np.empty((n, k), np.float32),
        np.empty((n, k), np.int64),
        np.zeros(len(largest), np.float32), np.full(n_groups, -1, np.int32),
        np.empty(met if n_groups else 0, np.uint16),
        scores, scores.view(np.uint32), np.empty(_MOST_RANKED, np.uint64),
    )  # fmt: skip
    n_rare, n_common = 0, 0
    for i in range(n):
        lo, hi = q_indptr[queries[i]], q_indptr[queries[i] + 1]
        bound, of_common, squares, most_value = 0.0, 0.0, 0.0, 1e-30
        for e in range(lo, hi):
            value = np.float64(q_data[e])
            product = value * largest[q_indices[e]]
            bound += product
            squares += value * value
            most_value = max(most_value, value)
            if place[q_indices[e]] >= 0:
                of_common += product
        bound = min(bound, np.sqrt(squares) * longest) * (1 + 1e-6)
        n_added = min(hi - lo, _MOST_ADDED)
        units = (_MOST_SUM - 2 * n_added - 8) / max(bound + of_common / 255, 1e-300)
        units = min(units, _LARGEST / most_value)  # units of a value fit float32
        units = min(units, _MOST_UNITS)
        over = under = 1 + _ROUNDING * (hi - lo)
        most = 0.0
        for e in range(lo, hi):
            t = q_indices[e]
            product = units * q_data[e] * largest[t]
            if e - lo >= _MOST_ADDED:
                under += product
            elif place[t] >= 0:
                factor = np.int64(product * (256 / 255) + 0.5)
                state.offset[n_common] = place[t] * ROWS
                state.factor[n_common] = factor << 16 | factor
                n_common += 1
                most += factor * 255 >> 8
                over += factor / 256 + 0.5
                under += factor / 512 + 1.5
            else:
                state.rare_at[n_rare] = p_indptr[t]
                state.rare_end[n_rare] = p_indptr[t + 1]
                state.rare_value[n_rare] = units * q_data[e]
                n_rare += 1
                over += 1.0
        state.rare[i + 1], state.common[i + 1] = n_rare, n_common
        state.units[i], state.under[i] = units, under
        state.error[i] = np.int64(over + under) + 1
        state.most[i] = np.int64(most)
    return state


@njit(borrowed=True)
def _add_rare(i, first, last, sums, state, p_rows, p_data):
    """Add the lists of rare features; tell whether there was an entry.

    One unit more for each, so that no row that was met has nothing.
    """
    met = False
    stop = state.rare[i + 1]
    for p in range(state.rare[i], stop):
        if p + _AHEAD < stop:
            prefetch(p_rows, state.rare_at[p + _AHEAD])
            prefetch(p_data, state.rare_at[p + _AHEAD])
        at, end = state.rare_at[p], state.rare_end[p]
        if at == end or p_rows[at] >= last:
            continue
        met = True
        value = state.rare_value[p]
        while at < end and p_rows[at] < last:
            units = np.uint16(np.int32(value * p_data[at]) + 1)
            sums[np.uint32(p_rows[at] - first)] += units
            at += 1
        state.rare_at[p] = at
    return met


@njit(borrowed=True)
def _take(first, at, sums, i, state, groups):
    """List the rows of a block that may be among the best."""
    to = state.n_met[i]
    bits = reaches(sums, at, np.uint16(state.least[i]))
    while bits:
        j = at + np.int64(lowest_bit(bits))
        if groups is None or groups[first + j] >= 0:
            state.met[i, to], state.met_sum[i, to] = first + j, sums[j]
            to += 1
        bits &= bits - np.uint64(1)
    state.n_met[i] = to


@njit(borrowed=True)
def _make_room(
    i, q, state, k, groups, q_indptr, q_indices, q_data, indptr, indices, data
):  # fmt: skip
    """Forget rows that fell behind; score those that are left if they are many."""
    _raise_least(i, state, k, groups)
    _forget_others(i, state)
    if state.n_met[i] + 2 * ROWS < state.met.shape[1]:
        return
    _products(i, q, state, q_indptr, q_indices, q_data, indptr, indices, data)
    _keep_best(i, state, k, groups)
    if state.n_best[i] == k:
        least = state.units[i] * state.best[i, 0] - state.under[i]
        state.least[i] = max(state.least[i], np.int64(least))


@njit(borrowed=True)
def _forget_others(i, state):
    """Forget rows that were met whose sums are less than needed."""
    kept, least = 0, state.least[i]
    for m in range(state.n_met[i]):
        if state.met_sum[i, m] >= least:
            state.met[i, kept] = state.met[i, m]
            state.met_sum[i, kept] = state.met_sum[i, m]
            kept += 1
    state.n_met[i] = kept


@njit(borrowed=True)
def _raise_least(i, state, k, groups):
    """Raise the least sum to what k rows, or groups, among those met surely pass."""
    n, padded = state.n_met[i], -(-state.n_met[i] // ROWS) * ROWS
    if n < k:
        return
    if groups is None:
        for m in range(n, padded):
            state.met_sum[i, m] = 0
        first = i * state.met_sum.shape[1]
        found = _kth(state.met_sum, first, padded, k, 0, state.least[i], _MOST_SUM)
    else:
        _best_of_groups(i, state, groups)
        for m in range(n, padded):
            state.group_sum[m] = 0
        found = _kth(state.group_sum, 0, padded, k, 0, state.least[i], _MOST_SUM)
    state.least[i] = max(state.least[i], found - state.error[i])


@njit(borrowed=True)
def _best_of_groups(i, state, groups):
    """Copy the sums of the rows met, 0 for those that are not the best of a group."""
    places, sums = state.places, state.group_sum
    for m in range(state.n_met[i]):
        group = groups[state.met[i, m]]
        before = places[group]
        sums[m] = state.met_sum[i, m]
        if before >= 0 and sums[before] >= sums[m]:
            sums[m] = 0
            continue
        if before >= 0:
            sums[before] = 0
        places[group] = m
    for m in range(state.n_met[i]):
        places[groups[state.met[i, m]]] = -1


@njit(borrowed=True)
def _count(sums, first, n, least):
    """Count those of n sums that reach ``least``."""
    count = np.int64(0)
    for at in range(first, first + n, _MOST_COUNTED):
        last = min(at + _MOST_COUNTED, first + n)
        count += count_reaching(sums, at, last, np.uint16(least))
    return count


@njit(borrowed=True)
def _kth(sums, first, n, k, slack, least, most):
    """Find the largest sum that k of n sums reach; 0 if it is below ``least``.

    One that up to ``slack`` more of them reach will do.
    """
    if _count(sums, first, n, least) < k:
        return np.int64(0)
    above = most + 1
    while above - least > 1:
        middle = (least + above) >> 1
        count = _count(sums, first, n, middle)
        if count < k:
            above = middle
            continue
        least = middle
        if count <= k + slack:
            break
    return least


@njit(borrowed=True)
def _products(i, q, state, q_indptr, q_indices, q_data, indptr, indices, data):
    """Score the rows that were listed by their own entries; forget scores of 0."""
    query, met, n, kept = state.query, state.met, state.n_met[i], 0
    for e in range(q_indptr[q], q_indptr[q + 1]):
        query[q_indices[e]] = q_data[e]
    for m in range(n):
        if m + _ROWS_AHEAD < n:
            at = indptr[met[i, m + _ROWS_AHEAD]]
            for line in range(0, _ROW_ENTRIES, 16):
                prefetch(indices, at + line)
                prefetch(data, at + line)
        lo, hi = indptr[met[i, m]], indptr[met[i, m] + 1]
        score = product(query, indices, data, lo, hi)
        met[i, kept], state.scores[kept] = met[i, m], score
        kept += score > 0
    state.n_met[i] = kept
    for e in range(q_indptr[q], q_indptr[q + 1]):
        query[q_indices[e]] = np.float32(0.0)


@njit
def _keep_best(i, state, k, groups):
    """Put rows that were scored on the heap of a query."""
    best, best_row, size = state.best[i], state.best_row[i], state.n_best[i]
    if groups is not None:
        for at in range(size):
            state.places[groups[best_row[at]]] = at
    for m in range(state.n_met[i]):
        row, score = np.int64(state.met[i, m]), state.scores[m]
        size = push(best, best_row, size, k, score, row, groups, state.places)
    forget(best_row, size, groups, state.places)
    state.n_best[i], state.n_met[i] = size, 0


@njit(borrowed=True)
def _finish(
    i, q, state, left_out, k, groups, q_indptr, q_indices, q_data, indptr, indices,
    data, out_rows, out_scores,
):  # fmt: skip
    """Write the best rows of a query in their order."""
    _raise_least(i, state, k, groups)
    _forget_others(i, state)
    _products(i, q, state, q_indptr, q_indices, q_data, indptr, indices, data)
    if groups is None and state.n_best[i] == 0 and state.n_met[i] <= _MOST_RANKED:
        found = _write_ranked(i, q, state, k, out_rows, out_scores)
    else:
        _keep_best(i, state, k, groups)
        found = _write_heap(i, q, state, out_rows, out_scores)
    worst = out_scores[q, k - 1] if found == k else np.float32(0.0)
    if _lacks_rows(i, state, worst, q_indptr[q + 1] - q_indptr[q]):
        _score_all(
            i, q, state, left_out[q], groups, q_indptr, q_indices, q_data, indptr,
            indices, data,
        )  # fmt: skip
        found = _write_heap(i, q, state, out_rows, out_scores)
    for at in range(found, k):
        out_rows[q, at], out_scores[q, at] = -1, np.float32(0.0)


@njit(borrowed=True)
def _write_ranked(i, q, state, k, out_rows, out_scores):
    """Write few rows in their order: a row's place is the number of better ones."""
    n, keys = state.n_met[i], state.keys
    padded = -(-n // _RANKED) * _RANKED
    for m in range(n, padded):
        keys[m] = 0
    for m in range(n):
        score = np.uint64(state.score_bits[m]) << np.uint64(32)
        keys[m] = score | np.uint64(_LAST_ROW - state.met[i, m])
    for m in range(n):
        key, place = keys[m], 0
        for j in range(padded):
            place += keys[j] > key
        if place < k:
            out_rows[q, place] = state.met[i, m]
            out_scores[q, place] = state.scores[m]
    return min(n, k)


@njit
def _write_heap(i, q, state, out_rows, out_scores):
    """Write the rows of a heap in their order."""
    size = found = state.n_best[i]
    best, best_row = state.best[i], state.best_row[i]
    while size > 1:
        size = pop(best, best_row, size)
    for at in range(found):
        out_rows[q, at], out_scores[q, at] = best_row[at], best[at]
    return found


@njit
def _lacks_rows(i, state, worst, n_features):
    """Tell whether rows with sums of no unit, which are not met, may be among the best.

    ``worst`` is the k-th score, 0 where there are fewer. Where all features are rare
    such a row shares none of them.
    """
    if state.common[i] == state.common[i + 1] and n_features <= _MOST_ADDED:
        return False
    return worst == 0 or state.units[i] * worst <= state.under[i]


@njit
def _score_all(
    i, q, state, left, groups, q_indptr, q_indices, q_data, indptr, indices, data
):  # fmt: skip
    """Score every row, whether it was met or not."""
    k = state.best.shape[1]
    for e in range(q_indptr[q], q_indptr[q + 1]):
        state.query[q_indices[e]] = q_data[e]
    best, best_row, size = state.best[i], state.best_row[i], 0
    for row in range(indptr.shape[0] - 1):
        if row == left or (groups is not None and groups[row] < 0):
            continue
        score = product(state.query, indices, data, indptr[row], indptr[row + 1])
        if score > 0:
            size = push(best, best_row, size, k, score, row, groups, state.places)
    forget(best_row, size, groups, state.places)
    for e in range(q_indptr[q], q_indptr[q + 1]):
        state.query[q_indices[e]] = np.float32(0.0)
    state.n_best[i] = size

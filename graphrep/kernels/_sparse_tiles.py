"""Largest dot products of sparse rows, tile by tile, for queries of common features.

Rows are taken in tiles, and in a tile one query after the other: a query adds its rare
features by their lists and its common ones by ``_common_columns``, in whole units of
16 bits. Sums are off by no more than is known, so the k best of them bound the k-th
score from below, and the rows that can reach it are scored by their own entries, as in
``_sparse_topk``: results are exact and do not depend on tiles.
"""

from collections import namedtuple

import numpy as np

from graphrep.kernels._common_columns import ROWS, add_common
from graphrep.kernels._jit import njit
from graphrep.kernels._lanes import clear, largest_at, lowest_bit, prefetch, reaches
from graphrep.kernels._sparse_heap import forget, pop, push
from graphrep.kernels._sparse_topk import product

_TILE_BYTES = 1 << 22  # of common columns in a tile: they stay in cache
_LEAST_TILE, _MOST_TILE = 512, 16384
_MOST_ADDED = 20_000  # features of a query; what others can add counts as unknown
_MOST_SUM = 65_535
_AHEAD = 6  # rows and lists that are fetched before they are read
_COARSE = 6  # bits that are dropped where sums are counted
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
        "query", "places", "counts",
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
    block = np.empty(ROWS, np.uint16)
    for first in range(0, n, len(sums)):
        _search_tile(
            first, min(first + len(sums), n), sums, block, state, queries, q_indptr,
            q_indices, q_data, p_rows, p_data, n_common, common, indptr, indices, data,
            left_out, k, groups,
        )  # fmt: skip
    for i in range(len(queries)):
        q = queries[i]
        lo, hi = q_indptr[q], q_indptr[q + 1]
        _finish(
            i, state, left_out[q], k, groups, q_indices[lo:hi], q_data[lo:hi], indptr,
            indices, data, out_rows[q], out_scores[q],
        )  # fmt: skip


@njit(borrowed=True)
def _search_tile(
    first, last, sums, block, state, queries, q_indptr, q_indices, q_data, p_rows,
    p_data, n_common, common, indptr, indices, data, left_out, k, groups,
):  # fmt: skip
    """Look for rows of a tile that may be among the best, for all queries."""
    for i in range(len(queries)):
        met = _add_rare(i, first, last, sums, state, p_rows, p_data)
        most, least = state.most[i], state.least[i]
        if not met and most < least:
            continue
        for at in range(0, last - first, ROWS):
            top = largest_at(sums, at) if met else 0
            if top + most < least:
                if top:
                    clear(sums, at)
                continue
            top = add_common(
                sums, at, common, (first + at) * n_common, state.offset, state.factor,
                state.common[i], state.common[i + 1], block, ROWS * n_common,
            )  # fmt: skip
            if top < least:
                continue
            full = _take(
                first + at, block, i, least, state.n_met, state.met, state.met_sum,
                left_out[queries[i]], groups,
            )  # fmt: skip
            if full:
                _make_room(
                    i, queries[i], state, k, groups, q_indptr, q_indices, q_data,
                    indptr, indices, data,
                )  # fmt: skip
                least = state.least[i]


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
    met = 3 * k + 3 * ROWS
    state = _State(
        np.zeros(n + 1, np.int64), np.empty(total, np.int64),
        np.empty(total, np.int64), np.empty(total, np.float32),
        np.zeros(n + 1, np.int64), np.empty(total, np.int32),
        np.empty(total, np.uint16), np.zeros(n, np.int64),
        np.zeros(n), np.zeros(n), np.zeros(n, np.int64),
        np.ones(n, np.int64), np.zeros(n, np.int64), np.empty((n, met), np.int32),
        np.empty((n, met), np.uint16),
        np.zeros(n, np.int64), np.empty((n, k), np.float32),
        np.empty((n, k), np.int64),
        np.zeros(len(largest), np.float32), np.full(n_groups, -1, np.int32),
        np.zeros((_MOST_SUM >> _COARSE) + 1, np.int64),
    )  # fmt: skip
    n_rare, n_common = 0, 0
    for i in range(n):
        lo, hi = q_indptr[queries[i]], q_indptr[queries[i] + 1]
        bound, of_common, squares = 0.0, 0.0, 0.0
        for e in range(lo, hi):
            value = np.float64(q_data[e])
            product = value * largest[q_indices[e]]
            bound += product
            squares += value * value
            if place[q_indices[e]] >= 0:
                of_common += product
        bound = min(bound, np.sqrt(squares) * longest) * (1 + 1e-6)
        n_added = min(hi - lo, _MOST_ADDED)
        units = (_MOST_SUM - 2 * n_added - 8) / (bound + of_common / 255)
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
                state.factor[n_common] = factor
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
def _take(first, block, i, least, n_met, met, met_sum, left, groups):
    """List the rows of a block that may be among the best; tell when there are many."""
    at = n_met[i]
    bits = reaches(block, 0, np.uint16(least))
    while bits:
        row = first + lowest_bit(bits)
        if row != left and (groups is None or groups[row] >= 0):
            met[i, at], met_sum[i, at] = row, block[row - first]
            at += 1
        bits &= bits - np.uint64(1)
    n_met[i] = at
    return at + ROWS > met.shape[1]


@njit
def _make_room(
    i, q, state, k, groups, q_indptr, q_indices, q_data, indptr, indices, data
):  # fmt: skip
    """Forget rows that fell behind; score those that are left if they are many."""
    found = _bar(
        state.met[i, : state.n_met[i]], state.met_sum[i], k, groups, state.places,
        state.counts,
    )  # fmt: skip
    state.least[i] = max(state.least[i], found - state.error[i])
    kept = 0
    for m in range(state.n_met[i]):
        if state.met_sum[i, m] >= state.least[i]:
            state.met[i, kept] = state.met[i, m]
            state.met_sum[i, kept] = state.met_sum[i, m]
            kept += 1
    state.n_met[i] = kept
    if kept + 2 * ROWS < state.met.shape[1]:
        return
    lo, hi = q_indptr[q], q_indptr[q + 1]
    _score(i, state, k, groups, q_indices[lo:hi], q_data[lo:hi], indptr, indices, data)
    if state.n_best[i] == k:
        least = state.units[i] * state.best[i, 0] - state.under[i]
        state.least[i] = max(state.least[i], np.int64(least))


@njit
def _bar(met, sums, k, groups, places, counts):
    """Find a sum that k rows, or groups, reach; 0 where there are fewer."""
    n = len(met)
    counts[:] = 0
    for m in range(n):
        if groups is None:
            counts[sums[m] >> _COARSE] += 1
            continue
        before = places[groups[met[m]]]
        if before >= 0:
            if sums[before] >= sums[m]:
                continue
            counts[sums[before] >> _COARSE] -= 1
        counts[sums[m] >> _COARSE] += 1
        places[groups[met[m]]] = m
    if groups is not None:
        for m in range(n):
            places[groups[met[m]]] = -1
    above = 0
    for at in range(len(counts) - 1, -1, -1):
        above += counts[at]
        if above >= k:
            return np.int64(at << _COARSE)
    return np.int64(0)


@njit
def _score(i, state, k, groups, q_indices, q_data, indptr, indices, data):
    """Score the rows that were listed by their own entries and keep the best."""
    for e in range(len(q_indices)):
        state.query[q_indices[e]] = q_data[e]
    best, best_row, size = state.best[i], state.best_row[i], state.n_best[i]
    if groups is not None:
        for at in range(size):
            state.places[groups[best_row[at]]] = at
    n = 0
    for m in range(state.n_met[i]):
        if state.met_sum[i, m] >= state.least[i]:
            state.met[i, n] = state.met[i, m]
            n += 1
    for m in range(n):
        if m + _AHEAD < n:
            at = indptr[state.met[i, m + _AHEAD]]
            for line in range(0, 6 * 16, 16):
                prefetch(indices, at + line)
                prefetch(data, at + line)
        row = np.int64(state.met[i, m])
        score = product(state.query, indices, data, indptr[row], indptr[row + 1])
        size = push(best, best_row, size, k, score, row, groups, state.places)
    forget(best_row, size, groups, state.places)
    for e in range(len(q_indices)):
        state.query[q_indices[e]] = np.float32(0.0)
    state.n_best[i], state.n_met[i] = size, 0


@njit
def _finish(
    i, state, left, k, groups, q_indices, q_data, indptr, indices, data, out_rows,
    out_scores,
):  # fmt: skip
    """Write the best rows of a query in their order."""
    found = _bar(
        state.met[i, : state.n_met[i]], state.met_sum[i], k, groups, state.places,
        state.counts,
    )  # fmt: skip
    state.least[i] = max(state.least[i], found - state.error[i])
    _score(i, state, k, groups, q_indices, q_data, indptr, indices, data)
    if _lacks_rows(i, state, k, len(q_indices)):
        _score_all(i, state, left, groups, q_indices, q_data, indptr, indices, data)
    size = found = state.n_best[i]
    best, best_row = state.best[i], state.best_row[i]
    while size > 1:
        size = pop(best, best_row, size)
    out_rows[:found] = best_row[:found]
    out_scores[:found] = best[:found]
    out_rows[found:] = -1
    out_scores[found:] = np.float32(0.0)


@njit
def _lacks_rows(i, state, k, n_features):
    """Tell whether rows with sums of no unit, which are not met, may be among the best.

    Where all features are rare such a row shares none of them.
    """
    if state.common[i] == state.common[i + 1] and n_features <= _MOST_ADDED:
        return False
    return state.n_best[i] < k or state.units[i] * state.best[i, 0] <= state.under[i]


@njit
def _score_all(i, state, left, groups, q_indices, q_data, indptr, indices, data):
    """Score every row, whether it was met or not."""
    k = state.best.shape[1]
    for e in range(len(q_indices)):
        state.query[q_indices[e]] = q_data[e]
    best, best_row, size = state.best[i], state.best_row[i], 0
    for row in range(indptr.shape[0] - 1):
        if row == left or (groups is not None and groups[row] < 0):
            continue
        score = product(state.query, indices, data, indptr[row], indptr[row + 1])
        if score > 0:
            size = push(best, best_row, size, k, score, row, groups, state.places)
    forget(best_row, size, groups, state.places)
    for e in range(len(q_indices)):
        state.query[q_indices[e]] = np.float32(0.0)
    state.n_best[i] = size

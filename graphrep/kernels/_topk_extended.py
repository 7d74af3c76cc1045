"""Exact search by scores with a term for each row, and for the best groups of rows.

The scan of `_topk`: products in tiles, heaps of the best, scores again in float64, and
a second scan where rounding could have hidden a row.
"""

import numpy as np

from graphrep.kernels import _best_heap as heaps
from graphrep.kernels import _topk as plain

_FAR = 1e15


def search(queries, base, scale, k, exclude, groups, n_groups, bias, scanner=None):
    """Return (indices, scores) of the k best rows, or of those of the k best groups.

    ``groups`` int64 (n_base,), or empty: the best row of each of ``n_groups`` counts;
    -1 is in none. ``bias`` float64 (n_base,), or empty, is added to the scores, which
    are no distances then. The row is that behind the last where there are too few.
    ``scanner`` scans the base instead of the processor.
    """
    if scanner is not None and len(groups):
        given = queries, base, scale, k, exclude, groups, n_groups, bias
        return _groups_by(scanner, *given)
    limit = n_groups if len(groups) else len(base)
    kept = kept_for(k, limit)
    block = plain._scaled_queries(queries, scale).astype(np.float32)
    gain, slack = gains(queries, scale.factor[:1], scale.metric, bias)
    slack[:, 0] += plain._margin(block, scale)
    unsure = np.zeros(len(queries), bool)
    if scanner is not None:
        best, index = scanner.best(block, kept, exclude, gain, bias.astype(np.float32))
    else:
        best, index, owner = heaps.empty(len(queries), kept, len(base))
        for start, keys in _keys(block, base, scale, gain, bias):
            heaps.push_keys(
                keys, start, exclude, groups, slack, best, index, owner, unsure
            )
    value = _score(queries, base, scale.metric, *plain._pairs_of(index), bias)
    value, index, order = heaps.in_order(value.reshape(index.shape), index, k)
    floor = heaps.thresholds(best, order, slack)
    unsure |= (best[:, 0] >= floor) & (kept < limit)
    if scale.metric != plain.EUCLIDEAN and not len(bias):
        unsure &= block.any(axis=1)  # all scores of a zero vector are 0
    if unsure.any():
        part = np.flatnonzero(unsure)
        value[part], index[part] = _rescan(
            queries[part], block[part], base, scale, floor[part], k, exclude[part],
            groups, gain[part], bias, scanner,
        )  # fmt: skip
    if scale.metric == plain.EUCLIDEAN:
        value = -value
    return index, value + np.float32(0)


def _groups_by(scanner, queries, base, scale, k, exclude, groups, n_groups, bias):
    """Search groups as `search` does: their scores first, then the rows in question.

    The scanner gives the score of the k-th best group, and then all rows that rounding
    could have kept from being the best of a group that is as good.
    """
    block = plain._scaled_queries(queries, scale).astype(np.float32)
    value = np.empty((len(queries), k), np.float32)
    index = np.empty((len(queries), k), np.int64)
    here = np.zeros(len(queries), bool)
    if scale.metric != plain.EUCLIDEAN and not len(bias):
        here = ~block.any(axis=1)  # all scores of a zero vector are 0
    if here.any():
        index[here], value[here] = search(
            queries[here], base, scale, k, exclude[here], groups, n_groups, bias
        )
    there = ~here
    if there.any():
        index[there], value[there] = _groups_of(
            scanner, queries[there], block[there], base, scale, k, exclude[there],
            groups, bias,
        )  # fmt: skip
    return index, value


def _groups_of(scanner, queries, block, base, scale, k, exclude, groups, bias):
    gain, slack = gains(queries, scale.factor[:1], scale.metric, bias)
    room = slack[:, 0] + plain._margin(block, scale)
    given = exclude, gain, bias.astype(np.float32)
    last = scanner.kth_group(block, groups, k, *given)
    with np.errstate(invalid="ignore"):
        floor = np.where(np.isfinite(last), last - room, -np.inf).astype(np.float32)
    floor = np.nextafter(floor, np.float32(-np.inf))
    wide = (1.25 * room).astype(np.float32)  # more than subtracting it rounds
    best, index, owner = heaps.empty(len(queries), k, len(base))
    for q, rows in scanner.above_in_groups(block, groups, floor, wide, *given):
        value = _score(queries, base, scale.metric, q, rows, bias)
        heaps.push_scored(q, rows, value, exclude, groups, best, index, owner)
    value, index, _ = heaps.in_order(best, index, k)
    if scale.metric == plain.EUCLIDEAN:
        value = -value
    return index, value + np.float32(0)


def kept_for(k, limit):
    """Entries of a heap: more than are wanted, since rounding moves some."""
    return min(limit, k + max(8, k // 4))


def gains(queries, factor, metric, bias):
    """Give what a bias is multiplied by for each query, and the rounding of that.

    Queries are scaled to length 1, and for products the base by ``factor``.
    """
    gain = np.ones(len(queries))
    slack = np.zeros((len(queries), 3))
    if not len(bias):
        return gain.astype(np.float32), slack
    if metric == plain.DOT:
        inverse = plain._inverse(plain.norms(queries.astype(np.float64)))
        with np.errstate(over="ignore"):
            gain = np.where(inverse > 0, inverse * float(factor[0] or 1.0), 1.0)
    top = float(np.abs(bias).max(initial=0.0))
    with np.errstate(over="ignore"):
        far = ~(gain * max(top, 1.0) < _FAR)
    gain = np.where(far, 1.0, gain)
    slack[:, 0] = 16 * plain._EPSILON * gain * top + plain._EPSILON
    slack[far, 0] = np.inf
    return gain.astype(np.float32), slack


def _keys(block, base, scale, gain, bias):
    added = bias.astype(np.float32)
    for start, keys in plain._tiles(block, base, scale):
        part = slice(start, start + keys.shape[1])
        keys -= scale.shift[part]
        if len(bias):
            keys += gain[:, None] * added[part]
        yield start, keys


def _above(block, base, scale, floor, exclude, gain, bias, scanner):
    if scanner is not None:
        added = bias.astype(np.float32)
        yield from scanner.above(block, floor, exclude, gain, added)
        return
    for start, keys in _keys(block, base, scale, gain, bias):
        q, rows = np.nonzero(keys >= floor[:, None])
        yield q, rows + start


def _score(queries, base, metric, q, rows, bias):
    exact = plain._exact_scores(queries, base, metric, q, rows, len(base))
    if len(bias):
        exact += bias[np.minimum(rows, len(base) - 1)]
    with np.errstate(over="ignore"):
        value = exact.astype(np.float32)
    value[rows == len(base)] = -np.inf
    return value


def _rescan(
    queries, block, base, scale, floor, k, exclude, groups, gain, bias, scanner
):  # fmt: skip
    best, index, owner = heaps.empty(len(queries), k, len(base))
    for q, rows in _above(block, base, scale, floor, exclude, gain, bias, scanner):
        value = _score(queries, base, scale.metric, q, rows, bias)
        heaps.push_scored(q, rows, value, exclude, groups, best, index, owner)
    return heaps.in_order(best, index, k)[:2]

"""Heaps of the best rows, or of the best row of each of the best groups.

A heap is a line of three arrays (n_queries, size): ``best`` float32, ``index`` int64
and ``owner`` int64, the group of a row. The root is the worst entry kept; an entry is
worse than another if its score is lower or, among equals, its row is higher. So what a
heap holds in the end does not depend on the order in which rows come.
"""

import numpy as np

from graphrep.kernels._jit import njit


@njit(borrowed=True)
def _sift(best, index, owner, q, at, key, row, group):
    """Put an entry in the place of a worse one at ``at``, and restore the heap."""
    size = best.shape[1]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        other = child + 1
        if other < size and (
            best[q, other] < best[q, child]
            or (best[q, other] == best[q, child] and index[q, other] > index[q, child])
        ):
            child = other
        worse = best[q, child] < key or (
            best[q, child] == key and index[q, child] > row
        )
        if not worse:
            break
        best[q, at] = best[q, child]
        index[q, at] = index[q, child]
        owner[q, at] = owner[q, child]
        at = child
    best[q, at] = key
    index[q, at] = row
    owner[q, at] = group


@njit(borrowed=True)
def push(best, index, owner, q, key, row):
    """Push a row."""
    if key > best[q, 0] or (key == best[q, 0] and row < index[q, 0]):
        _sift(best, index, owner, q, 0, key, row, row)


@njit(borrowed=True)
def push_group(best, index, owner, q, key, row, group, slack):
    """Push a row of a group; tell whether another of its rows was as near.

    As near is what differs by no more than a rounding that grows with the score:
    ``slack`` holds its three terms, see `allowance`.
    """
    if group < 0:
        return False
    for j in range(best.shape[1]):
        if owner[q, j] == group:
            old = best[q, j]
            if key > old or (key == old and row < index[q, j]):
                _sift(best, index, owner, q, j, key, row, group)
            return abs(key - old) <= allowance(slack, max(abs(key), abs(old)))
    if key > best[q, 0] or (key == best[q, 0] and row < index[q, 0]):
        _sift(best, index, owner, q, 0, key, row, group)
    return False


@njit(borrowed=True)
def allowance(slack, size):
    """How far rounding can set apart two scores of about a size that are equal."""
    return slack[0] + slack[1] * np.sqrt(size) + slack[2] * size


@njit(nogil=True)
def push_keys(keys, start, exclude, groups, slack, best, index, owner, unsure):
    """Push a tile of scores (n_queries, n_rows) whose first row is ``start``.

    ``groups`` int64 (n_base,), or empty for none; ``unsure`` bool (n_queries,) is set
    where two rows of a group are as near, so that the better one is not known.
    """
    grouped = groups.shape[0] > 0
    for q in range(keys.shape[0]):
        for r in range(keys.shape[1]):
            row = start + r
            if keys[q, r] < best[q, 0] or row == exclude[q]:
                continue
            if grouped:
                near = push_group(
                    best, index, owner, q, keys[q, r], row, groups[row], slack[q]
                )
                unsure[q] |= near
            else:
                push(best, index, owner, q, keys[q, r], row)


@njit(nogil=True)
def push_scored(q, rows, values, exclude, groups, best, index, owner):
    """Push scored pairs (query, row)."""
    nothing = np.full(3, -1.0)
    for p in range(q.shape[0]):
        if rows[p] == exclude[q[p]]:
            continue
        if groups.shape[0]:
            push_group(
                best, index, owner, q[p], values[p], rows[p], groups[rows[p]], nothing
            )
        else:
            push(best, index, owner, q[p], values[p], rows[p])


def empty(n_queries, size, n_base):
    """Heaps that hold nothing: scores of minus infinity, the row behind the last."""
    best = np.full((n_queries, size), -np.inf, np.float32)
    index = np.full((n_queries, size), n_base, np.int64)
    return best, index, np.full((n_queries, size), -1, np.int64)


def in_order(value, index, k):
    """Give the k best of each line, best first, ties by the lower row."""
    order = np.lexsort((index, -value), axis=-1)[:, :k]
    return (
        np.take_along_axis(value, order, axis=1),
        np.take_along_axis(index, order, axis=1),
        order,
    )


def thresholds(best, order, slack):
    """Least float32 score with which a row may be among the k best in truth."""
    last = np.take_along_axis(best, order, axis=1).min(axis=1, initial=np.inf)
    return _less(last, slack)


def least_of(best, k, slack):
    """Least float32 score of those kept with which they may be among the k best."""
    if k >= best.shape[1]:
        return np.full(len(best), -np.inf)
    at = best.shape[1] - k
    return _less(np.partition(best, at, axis=1)[:, at], slack)


def _less(last, slack):
    there = np.isfinite(last)
    size = np.where(there, np.abs(last), 0.0).astype(np.float64)
    room = slack[:, 0] + slack[:, 1] * np.sqrt(size) + slack[:, 2] * size
    with np.errstate(invalid="ignore"):
        least = np.where(there, last - room, -np.inf).astype(np.float32)
    return np.nextafter(least, np.float32(-np.inf))

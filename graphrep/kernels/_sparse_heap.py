"""The k best rows as a heap with the worst on top, at most one row of a group.

The heap knows for each group where it stands (``places``, -1 where it does not). What
the worst on it has only grows, so a group that was thrown out comes back only by a
better row. Where ``groups`` is None that code is not compiled.
"""

from graphrep.kernels._jit import njit


@njit(inline="always")
def is_worse(score, row, other, other_row):
    """Tell whether an entry ranks behind another: ties by the lower row."""
    return score < other or (score == other and row > other_row)


@njit(borrowed=True)
def sink(scores, rows, size, at, score, row, groups, places):
    """Put an entry at a place of the heap or below it."""
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and is_worse(
            scores[child + 1], rows[child + 1], scores[child], rows[child]
        ):
            child += 1
        if not is_worse(scores[child], rows[child], score, row):
            break
        scores[at], rows[at] = scores[child], rows[child]
        if groups is not None:
            places[groups[rows[at]]] = at
        at = child
    scores[at], rows[at] = score, row
    if groups is not None:
        places[groups[row]] = at


@njit(borrowed=True)
def push(scores, rows, size, k, score, row, groups, places):
    """Put an entry on a heap with the worst on top; return its new size.

    Of a group the best row alone is there, and its place is known; rows of none stay
    out.
    """
    if groups is not None:
        if groups[row] < 0:
            return size
        at = places[groups[row]]
        if at >= 0:
            if is_worse(scores[at], rows[at], score, row):
                sink(scores, rows, size, at, score, row, groups, places)
            return size
    if size == k:
        if not is_worse(scores[0], rows[0], score, row):
            return size
        if groups is not None:
            places[groups[rows[0]]] = -1
        sink(scores, rows, size, 0, score, row, groups, places)
        return size
    at = size
    while at:
        parent = (at - 1) >> 1
        if not is_worse(score, row, scores[parent], rows[parent]):
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
def pop(scores, rows, size):
    """Take the worst from a heap to its end: heap sort, one step."""
    score, row = scores[size - 1], rows[size - 1]
    scores[size - 1], rows[size - 1] = scores[0], rows[0]
    sink(scores, rows, size - 1, 0, score, row, None, None)
    return size - 1


@njit(borrowed=True)
def forget(rows, size, groups, places):
    """Empty a heap: its groups stand nowhere."""
    if groups is not None:
        for at in range(size):
            places[groups[rows[at]]] = -1

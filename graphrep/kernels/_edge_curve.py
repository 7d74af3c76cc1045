"""The scores of a block that lie above a threshold, and how many lie on it."""

from graphrep.kernels._jit import njit

_CHUNK = 256  # scores looked at together before any is looked at alone


@njit(nogil=True)
def collect_above(scores, first, upper, threshold, start, out):
    """Copy the scores above a threshold and count those that equal it.

    ``scores`` (n_rows, n_columns) are those of the rows ``first``, ``first + 1``, …
    with all columns. A row's score with itself is left out; ``upper`` also leaves
    out the columns before it, so that each unordered pair is met once. The scan
    starts at the flat position ``start`` and stops early where a further chunk might
    not fit into ``out``, which must be longer than a chunk. Returns the position to
    go on from (``scores.size`` at the end), the number copied and the number equal.
    """
    n_rows, n_columns = scores.shape
    kept = 0
    equal = 0
    row = start // n_columns
    column = start - row * n_columns
    while row < n_rows:
        own = first + row
        if column == own or (upper and column < own):
            column = own + 1
        while column < n_columns:
            stop = min(column + _CHUNK, n_columns)
            if column < own:
                stop = min(stop, own)
            above = 0
            reached = 0
            for c in range(column, stop):
                above += scores[row, c] > threshold
                reached += scores[row, c] >= threshold
            if above > 0:
                if kept + stop - column >= len(out):
                    return row * n_columns + column, kept, equal
                for c in range(column, stop):  # no branch: it would be guessed wrong
                    out[kept] = scores[row, c]
                    kept += scores[row, c] > threshold
            equal += reached - above
            column = stop + (stop == own)
        row += 1
        column = 0
    return n_rows * n_columns, kept, equal

"""Pairs of records that share blocks, each pair once, on plain arrays.

``ptr`` and ``blocks`` list the blocks of each left record, ``starts`` and ``rows`` the
right records of each block in ascending order. Callers validate.
"""

from graphrep.kernels._jit import njit


@njit(nogil=True)
def shared_blocks(
    first, last, ptr, blocks, starts, rows, weights, ordered, common, sums, met,
    left, right, counts, totals,
):  # fmt: skip
    """Write the pairs of the left records ``first`` to ``last``; return their number.

    Of each pair the number of shared blocks goes to ``counts`` (int32) and the sum of
    their ``weights`` to ``totals`` (float64), added in the order of the blocks. With
    ``ordered`` only right rows above the left one are taken. ``common`` and ``sums``
    (a place for each right record) must be zero and are left so; ``met`` is scratch.
    """
    at = 0
    for a in range(first, last):
        n_met = 0
        for p in range(ptr[a], ptr[a + 1]):
            block = blocks[p]
            weight = weights[block]
            for q in range(starts[block], starts[block + 1]):
                b = rows[q]
                if ordered and b <= a:
                    continue
                if common[b] == 0:
                    met[n_met] = b
                    n_met += 1
                common[b] += 1
                sums[b] += weight
        for m in range(n_met):
            b = met[m]
            left[at] = a
            right[at] = b
            counts[at] = common[b]
            totals[at] = sums[b]
            common[b] = 0
            sums[b] = 0.0
            at += 1
    return at


@njit(nogil=True)
def window_pairs(table, rows, window, one_table, left, right, distances):
    """Write the pairs of a sorted list that stand less than ``window`` places apart.

    ``table`` says 0 or 1 for each place; pairs of one table are left out unless
    ``one_table``. Returns the number of pairs; with empty outputs only counts them.
    """
    at = 0
    counting = left.shape[0] == 0
    for i in range(rows.shape[0]):
        for j in range(i + 1, min(i + window, rows.shape[0])):
            if not one_table and table[i] == table[j]:
                continue
            if not counting:
                flipped = table[i] == 1
                left[at] = rows[j] if flipped else rows[i]
                right[at] = rows[i] if flipped else rows[j]
                distances[at] = j - i
            at += 1
    return at

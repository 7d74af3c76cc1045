"""Integer ids of edge end points into consecutive numbers, by first appearance.

Two ways: by address where the ids lie close together, by an open-addressing hash
table where they do not. Both number the source of an edge before its target.
"""

import numpy as np

from graphrep.kernels._hash import mix64
from graphrep.kernels._jit import njit

EMPTY = -1


@njit
def number_by_address(source, target, low, codes, ids, rows, columns):
    """Give numbers to ids in ``[low, low + len(codes))``; return how many there are.

    ``codes`` comes filled with EMPTY; ``ids`` receives the id of each number.
    """
    count = 0
    for e in range(source.shape[0]):
        at = source[e] - low
        if codes[at] == EMPTY:
            codes[at] = count
            ids[count] = source[e]
            count += 1
        rows[e] = codes[at]
        at = target[e] - low
        if codes[at] == EMPTY:
            codes[at] = count
            ids[count] = target[e]
            count += 1
        columns[e] = codes[at]
    return count


@njit
def _slot(node, keys, codes):
    """Find the slot of an id, or the empty slot where it belongs."""
    mask = np.uint64(codes.shape[0] - 1)
    at = mix64(np.uint64(node)) & mask
    while codes[at] != EMPTY and keys[at] != node:
        at = (at + np.uint64(1)) & mask
    return at


@njit
def number_by_hash(source, target, start, count, table, ids, rows, columns):
    """Give numbers to ids from edge ``start`` on; return (edges done, ids numbered).

    ``table`` is (keys, codes), a power of two long. The work stops early when the
    next edge might not fit into ``ids``: enlarge both and call again.
    """
    keys, codes = table
    for e in range(start, source.shape[0]):
        if count + 2 > ids.shape[0]:
            return e, count
        for side in range(2):
            node = source[e] if side == 0 else target[e]
            at = _slot(node, keys, codes)
            if codes[at] == EMPTY:
                keys[at] = node
                codes[at] = count
                ids[count] = node
                count += 1
            if side == 0:
                rows[e] = codes[at]
            else:
                columns[e] = codes[at]
    return source.shape[0], count


@njit
def fill_table(ids, keys, codes):
    """Enter ids that are already numbered into an empty, larger table."""
    for code in range(ids.shape[0]):
        at = _slot(ids[code], keys, codes)
        keys[at] = ids[code]
        codes[at] = code

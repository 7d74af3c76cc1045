"""Edges into sorted rows by way of buckets: partition, radix sort, and unpacking.

An entry of the adjacency is one uint64: its row, counted from the first row of its
bucket, above its column. Sorting these numbers sorts rows and neighbours at once; the
sort is stable, so repeated entries keep the order in which they were given. The
kernels let go of the interpreter's lock: threads sort several buckets side by side.
"""

import numpy as np

from graphrep.kernels._jit import njit

DIGIT = 11
"""Bits that one pass of the radix sort looks at."""

_U1 = np.uint64(1)


@njit(nogil=True)
def count_ends(ends, mirror, counts):
    """Add the entries of each row to ``counts``.

    ``ends`` holds source and target in turn; a target below 0 is no edge. With
    ``mirror`` an edge counts in both rows and a loop once.
    """
    for e in range(0, ends.shape[0], 2):
        i = ends[e]
        j = ends[e + 1]
        if j >= 0:
            counts[i] += 1
            if mirror and i != j:
                counts[j] += 1


@njit(inline="always")
def _bucket(row, cuts, coarse, shift):
    b = np.int64(coarse[row >> shift])
    while row >= cuts[b + 1]:
        b += 1
    return b


@njit(nogil=True)
def partition_ends(
    ends, weights, weighted, mirror, cuts, coarse, shift, bits, starts, keys, data
):
    """Write the entries of some edges bucket by bucket; return how many there are.

    Bucket ``b`` has the rows from ``cuts[b]`` to ``cuts[b + 1]``; ``coarse`` holds the
    first bucket of every 2**shift rows. ``starts`` receives where each bucket begins
    in ``keys`` and ``data``, which have room for two entries an edge.
    """
    starts[:] = 0
    n_edges = ends.shape[0] // 2
    for e in range(n_edges):
        i = ends[2 * e]
        j = ends[2 * e + 1]
        if j >= 0:
            starts[_bucket(i, cuts, coarse, shift) + 1] += 1
            if mirror and i != j:
                starts[_bucket(j, cuts, coarse, shift) + 1] += 1
    for b in range(starts.shape[0] - 1):
        starts[b + 1] += starts[b]
    total = starts[starts.shape[0] - 1]
    places = np.uint64(bits)
    cursor = starts.copy()
    for e in range(n_edges):
        i = np.int64(ends[2 * e])
        j = np.int64(ends[2 * e + 1])
        if j < 0:
            continue
        b = _bucket(i, cuts, coarse, shift)
        at = cursor[b]
        cursor[b] = at + 1
        keys[at] = np.uint64(i - cuts[b]) << places | np.uint64(j)
        if weighted:
            data[at] = weights[e]
        if mirror and i != j:
            b = _bucket(j, cuts, coarse, shift)
            at = cursor[b]
            cursor[b] = at + 1
            keys[at] = np.uint64(j - cuts[b]) << places | np.uint64(i)
            if weighted:
                data[at] = weights[e]
    return total


@njit(nogil=True)
def sort_keys(keys, data, weighted, other_keys, other_data, bits):
    """Sort keys of so many bits, stable, and the weights with them.

    Return whether the result lies in ``other_keys`` and ``other_data``.
    """
    size = keys.shape[0]
    mask = np.uint64((1 << DIGIT) - 1)
    counts = np.empty((1 << DIGIT) + 1, np.int64)
    swapped = False
    for low in range(0, bits, DIGIT):
        shift = np.uint64(low)
        counts[:] = 0
        for e in range(size):
            counts[((keys[e] >> shift) & mask) + _U1] += 1
        if counts.max() == size:  # all have the same digit
            continue
        for d in range(counts.shape[0] - 1):
            counts[d + 1] += counts[d]
        for e in range(size):
            digit = (keys[e] >> shift) & mask
            at = counts[digit]
            counts[digit] = at + 1
            other_keys[at] = keys[e]
            if weighted:
                other_data[at] = data[e]
        keys, other_keys = other_keys, keys
        data, other_data = other_data, data
        swapped = not swapped
    return swapped


@njit(nogil=True)
def unpack_keys(keys, bits, indptr, indices):
    """Write the rows of sorted keys; return how many entries repeat another."""
    places = np.uint64(bits)
    mask = (_U1 << places) - _U1
    indptr[:] = 0
    repeated = 0
    for e in range(keys.shape[0]):
        indices[e] = keys[e] & mask
        indptr[np.int64(keys[e] >> places) + 1] += 1
        if e > 0 and keys[e] == keys[e - 1]:
            repeated += 1
    for i in range(indptr.shape[0] - 1):
        indptr[i + 1] += indptr[i]
    return repeated


@njit(nogil=True)
def count_diagonal(indptr, indices, first_row):
    """Count the loops of a range of rows."""
    loops = 0
    for i in range(indptr.shape[0] - 1):
        for e in range(indptr[i], indptr[i + 1]):
            if indices[e] == i + first_row:
                loops += 1
    return loops


@njit(nogil=True)
def count_columns(indices, counts):
    """Add to ``counts`` how often each column stands in ``indices``."""
    for e in range(indices.shape[0]):
        counts[indices[e]] += 1

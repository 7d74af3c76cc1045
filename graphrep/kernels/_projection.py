"""Very sparse random signs, each a pure function of (seed, node key, column).

Entry (i, j) is +1 or -1 with probability 1/(2s) each and 0 otherwise. The matrix is
kept as rows of codes ``2 * column + (sign < 0)``; ``s = sqrt(n)`` leaves d/sqrt(n)
entries a row, so it is far smaller than anything that is made from it. Any range of
columns can be drawn by itself: ``first`` is its first column, codes count from there.
"""

import numpy as np

from graphrep.kernels._hash import hash64
from graphrep.kernels._jit import njit, prange


@njit(inline="always")
def _row_key(seed, key):
    return hash64(seed, key)


@njit(parallel=True)
def count_signs(seed, keys, n_columns, first, half, counts):
    """Count the non-zero entries of each row; ``half`` is 2**63 / s."""
    for i in prange(keys.shape[0]):
        row = _row_key(seed, keys[i])
        found = 0
        for j in range(n_columns):
            bits = hash64(row, np.uint64(first + j))
            found += (bits >> np.uint64(1)) < half
        counts[i] = found


@njit(parallel=True)
def fill_signs(seed, keys, n_columns, first, half, indptr, codes):
    """Write the codes of each row, columns ascending."""
    for i in prange(keys.shape[0]):
        row = _row_key(seed, keys[i])
        e = indptr[i]
        if e == indptr[i + 1]:
            continue
        for j in range(n_columns):
            bits = hash64(row, np.uint64(first + j))
            if (bits >> np.uint64(1)) < half:
                codes[e] = 2 * j + np.int32(bits & np.uint64(1))
                e += 1


@njit(parallel=True)
def dense_signs(seed, keys, n_columns, first, half, out):
    """Write the signs as int8 (n, width >= n_columns); padding is zero."""
    for i in prange(keys.shape[0]):
        row = _row_key(seed, keys[i])
        for j in range(n_columns):
            bits = hash64(row, np.uint64(first + j))
            sign = np.int8(1) - np.int8(2) * np.int8(bits & np.uint64(1))
            out[i, j] = sign if (bits >> np.uint64(1)) < half else np.int8(0)
        for j in range(n_columns, out.shape[1]):
            out[i, j] = 0


@njit
def used_rows(indptr, bits):
    """Set a bit for each row that is not empty; ``bits`` is uint64 and zero."""
    for i in range(indptr.shape[0] - 1):
        if indptr[i] < indptr[i + 1]:
            bits[i >> 6] |= np.uint64(1) << np.uint64(i & 63)

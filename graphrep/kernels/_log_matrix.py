"""Positive logarithms of dense panels, kept as rows: dense or compressed.

A panel holds some rows of a matrix as its columns, the way products with a sparse
operator leave them. Columns are taken in tiles as wide as a cache line, so that the
turn to rows costs one pass.
"""

import numpy as np

from graphrep.kernels._jit import njit, prange

TILE = 16


@njit(parallel=True)
def positive_logs(panel, left, right, out, counts):
    """Write ``max(0, log(panel[i, c] left[i] right[c]))`` to ``out[c, i]``.

    ``counts[c]`` becomes the number of positive entries of a row of ``out``.
    """
    width = panel.shape[1]
    for t in prange((width + TILE - 1) // TILE):
        first, end = t * TILE, min(width, (t + 1) * TILE)
        for c in range(first, end):
            counts[c] = 0
        for i in range(panel.shape[0]):
            factor = left[i]
            for c in range(first, end):
                ratio = panel[i, c] * factor * right[c]
                if ratio > 1:
                    out[c, i] = np.log(ratio)
                    counts[c] += 1
                else:
                    out[c, i] = 0


@njit(parallel=True)
def compress_rows(block, indptr, indices, data):
    """Store the non-zeros of rows; row c goes to ``indptr[c]`` and on."""
    for c in prange(block.shape[0]):
        at = indptr[c]
        for i in range(block.shape[1]):
            if block[c, i] != 0:
                indices[at] = i
                data[at] = block[c, i]
                at += 1


@njit(parallel=True)
def positive_log_entries(indptr, indices, data, left, right):
    """Replace each entry by ``max(0, log(entry left[row] right[column]))``."""
    for i in prange(indptr.shape[0] - 1):
        for e in range(indptr[i], indptr[i + 1]):
            ratio = data[e] * left[i] * right[indices[e]]
            data[e] = np.log(ratio) if ratio > 1 else 0

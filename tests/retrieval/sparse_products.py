"""Scores of sparse rows as their kernel adds them, bit for bit."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def sparse_products(X, Y):
    """Products in float32: entry i of a row of Y goes to sum i % 16, in a fixed order.

    The sixteen sums are added in halves: the first eight to the last eight, and so on.
    """
    X, Y = X.toarray(), sparse.csr_array(Y)
    out = np.zeros((len(X), Y.shape[0]), np.float32)
    for row in range(Y.shape[0]):
        own = slice(*Y.indptr[row : row + 2])
        width = -(-(own.stop - own.start) // 16) * 16
        products = np.zeros((len(X), width), np.float32)
        products[:, : own.stop - own.start] = X[:, Y.indices[own]] * Y.data[own]
        sums = np.zeros((len(X), 16), np.float32)
        for at in range(0, width, 16):
            sums += products[:, at : at + 16]
        while sums.shape[1] > 1:
            half = sums.shape[1] // 2
            sums = sums[:, :half] + sums[:, half:]
        out[:, row] = sums[:, 0]
    return out

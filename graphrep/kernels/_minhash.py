"""MinHash signatures of sets of hashes, keys of their bands, and their agreement.

Sets lie one after another in ``hashes`` (uint64); set i is
``hashes[ends[i - 1] : ends[i]]``. Callers validate.
"""

import numpy as np

from graphrep.kernels._hash import hash64, mix64
from graphrep.kernels._jit import njit

_TOP = np.uint64(0xFFFFFFFFFFFFFFFF)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


@njit(nogil=True)
def signatures(first, last, ends, hashes, seeds, out):
    """Write the signature of each set: the least value of each of many functions.

    Function j maps a member h to 64 bits, all of them mixed with ``seeds[j]``; the low
    32 bits of the least value are kept (uint32), which are as good as any. The rows of
    empty sets are not written.
    """
    n_hashes = seeds.shape[0]
    least = np.empty(n_hashes, np.uint64)
    for i in range(first, last):
        start = ends[i - 1] if i else 0
        least[:] = _TOP
        for p in range(start, ends[i]):
            h = hashes[p]
            for j in range(n_hashes):
                least[j] = min(least[j], mix64(h ^ seeds[j]))
        if ends[i] > start:
            for j in range(n_hashes):
                out[i, j] = np.uint32(least[j] & _LOW)


@njit(nogil=True)
def band_keys(signatures, bands, rows, out):
    """Write one 64-bit key for each band of ``rows`` values of each signature."""
    for i in range(signatures.shape[0]):
        for band in range(bands):
            h = np.uint64(band)
            for j in range(band * rows, (band + 1) * rows):
                h = hash64(h, np.uint64(signatures[i, j]))
            out[i, band] = h


@njit(nogil=True)
def agreement(left, right, a, b, out):
    """Write the share of equal values of pairs of signatures: estimated Jaccard."""
    n_hashes = left.shape[1]
    for p in range(a.shape[0]):
        equal = 0
        for j in range(n_hashes):
            equal += left[a[p], j] == right[b[p], j]
        out[p] = np.float32(equal / n_hashes)

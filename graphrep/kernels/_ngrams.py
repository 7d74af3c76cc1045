"""Counts of hashed features of texts: runs of n characters, and words.

Texts lie one after another in ``codes`` (uint32, one number a character); text i is
``codes[ends[i - 1] : ends[i]]``. A feature is the 64-bit hash of its characters, so no
vocabulary of strings is ever built; that two features of a million share a hash has a
chance of 1 in 10^7.
"""

import numpy as np

from graphrep.kernels._hash import hash64, mix64
from graphrep.kernels._jit import njit

SPACE = np.uint32(32)


@njit(nogil=True)
def most_features(ends, first, last):
    """Most features that the texts ``first`` to ``last`` can have: one a character."""
    start = ends[first - 1] if first else 0
    return ends[last - 1] - start + 2 * (last - first)


@njit(nogil=True)
def char_ngrams(codes, ends, first, last, n, key, out):
    """Write the hash of every run of n characters of each text; return their counts.

    A text is taken with one space before and after it. A text of fewer than n
    characters, spaces included, is one run; an empty text has none.
    """
    counts = np.zeros(last - first, np.int64)
    at = 0
    for i in range(first, last):
        start = ends[i - 1] if i else 0
        size = ends[i] - start
        if size == 0:
            continue
        before = at
        for p in range(max(1, size + 3 - n)):
            h = key
            for q in range(p, min(p + n, size + 2)):
                inside = 0 < q <= size
                c = codes[start + q - 1] if inside else SPACE
                h = hash64(h, np.uint64(c))
            out[at] = h
            at += 1
        counts[i - first] = at - before
    return counts


@njit(nogil=True)
def words(codes, ends, first, last, kinds, key, out):
    """Write the hash of every word of each text; return their counts.

    ``kinds[c]`` is 1 for characters that words consist of (uint8, by code point).
    """
    counts = np.zeros(last - first, np.int64)
    at = 0
    for i in range(first, last):
        start = ends[i - 1] if i else 0
        before = at
        h, size = key, 0
        for p in range(start, ends[i] + 1):
            if p < ends[i] and kinds[codes[p]]:
                h = hash64(h, np.uint64(codes[p]))
                size += 1
            elif size:
                out[at] = mix64(h)
                at += 1
                h, size = key, 0
        counts[i - first] = at - before
    return counts


@njit(nogil=True)
def merge_repeats(counts, hashes, sizes, times):
    """Sort the hashes of each text, keep each once and count it; all in place.

    ``sizes`` receives the number of different ones; returns their total.
    """
    start = at = 0
    for i in range(counts.shape[0]):
        part = np.sort(hashes[start : start + counts[i]])
        start += counts[i]
        before = at
        for p in range(part.shape[0]):
            if p and part[p] == part[p - 1]:
                times[at - 1] += np.float32(1.0)
            else:
                hashes[at] = part[p]
                times[at] = np.float32(1.0)
                at += 1
        sizes[i] = at - before
    return at


@njit(nogil=True)
def look_up(hashes, vocabulary, starts, shift, out):
    """Write the place of each hash in a sorted vocabulary, -1 where it has none.

    ``starts[h >> shift]`` is where the hashes with these leading bits begin.
    """
    for i in range(hashes.shape[0]):
        h = hashes[i]
        bucket = np.int64(h >> np.uint64(shift))
        lo, hi = starts[bucket], starts[bucket + 1]
        while lo < hi:
            middle = (lo + hi) >> 1
            if vocabulary[middle] < h:
                lo = middle + 1
            else:
                hi = middle
        known = lo < starts[bucket + 1] and vocabulary[lo] == h
        out[i] = lo if known else -1

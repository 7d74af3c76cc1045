"""Character n-grams of words as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graphrep.kernels import _fasttext as kernels
from graphrep.retrieval._text_features import code_points
from graphrep.typing import AnyArray, IntArray

_KEY = np.uint64(0x6E6772616D)


def ngrams_of(
    words: Sequence[str], min_n: int, max_n: int, n_buckets: int
) -> tuple[IntArray, AnyArray]:
    """Bucket of every n-gram of each word, with ``<`` and ``>`` at the word's ends.

    Returns
    -------
    counts : ndarray of int64 of shape (n_words,)
        How many n-grams each word has.
    buckets : ndarray of int64 of shape (n_ngrams,)
        Those of the first word, then those of the second one.
    """
    counts = np.zeros(len(words), np.int64)
    if not len(words):
        return counts, np.zeros(0, np.int64)
    codes, ends = code_points(words)
    nothing = np.zeros(0, np.uint64)
    total = kernels.ngram_hashes(codes, ends, min_n, max_n, _KEY, counts, nothing)
    hashes = np.zeros(max(total, 1), np.uint64)
    kernels.ngram_hashes(codes, ends, min_n, max_n, _KEY, counts, hashes)
    return counts, (hashes[:total] % np.uint64(n_buckets)).astype(np.int64)


def rows_of_known(
    counts: IntArray, buckets: IntArray, known: IntArray, first_row: int
) -> tuple[IntArray, IntArray]:
    """Rows of the n-grams that are known, as ``indptr`` and ``rows``."""
    owner = np.repeat(np.arange(len(counts)), counts)
    if len(known):
        at = np.minimum(np.searchsorted(known, buckets), len(known) - 1)
        found = known[at] == buckets
    else:
        at, found = np.zeros(len(buckets), np.int64), np.zeros(len(buckets), bool)
    sizes = np.bincount(owner[found], minlength=len(counts))
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return indptr, at[found].astype(np.int64) + first_row


def with_own_rows(
    indptr: IntArray, rows: IntArray, own: IntArray
) -> tuple[IntArray, IntArray]:
    """Put the row of the word itself before those of its n-grams."""
    starts = indptr[:-1] + np.arange(len(own))
    out = np.empty(len(rows) + len(own), np.int64)
    mask = np.ones(len(out), bool)
    mask[starts] = False
    out[starts], out[mask] = own, rows
    return indptr + np.arange(len(indptr)), out


__all__ = ["ngrams_of", "rows_of_known", "with_own_rows"]

"""Bags of hashed words and character n-grams of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from graphrep.retrieval import TextFeatures
from graphrep.typing import AnyArray

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


def hashed_bags(
    texts: Sequence[str], orders: tuple[int, ...], n_buckets: int,
    n_jobs: int | None = None,
) -> Any:  # fmt: skip
    """Words and n-grams of texts, hashed to buckets.

    Parameters
    ----------
    texts : sequence of str
        Texts.
    orders : tuple of int
        Lengths of the runs of characters; words are counted always.
    n_buckets : int
        A power of two.
    n_jobs : int or None, default=None
        Threads.

    Returns
    -------
    csr_array of float32 of shape (n_texts, n_buckets)
        1 + ln of how often each is there; columns sorted.
    """
    shift = np.uint64(64 - (n_buckets - 1).bit_length())
    parts = []
    for key, (analyzer, n) in enumerate([("word", 1), *(("char", n) for n in orders)]):
        sizes, hashes, times = TextFeatures(analyzer, n, n_jobs=n_jobs)._count(texts)
        owner = np.repeat(np.arange(len(texts)), sizes)
        parts.append((owner, _buckets(hashes, key, shift), times))
    rows, columns, values = (np.concatenate(p) for p in zip(*parts, strict=True))
    bags: Any = sparse.csr_array(
        (values, (rows, columns)), shape=(len(texts), n_buckets)
    )
    bags.sum_duplicates()
    bags.data = (np.log(bags.data) + 1).astype(np.float32)
    bags.indptr = bags.indptr.astype(np.int64)
    bags.indices = bags.indices.astype(np.int64)
    return bags


def _buckets(hashes: AnyArray, key: int, shift: Any) -> AnyArray:
    mixed = hashes * _ODD + np.uint64(key)
    mixed = (mixed ^ (mixed >> _SHIFT)) * _MIX
    if int(shift) == 64:
        return np.zeros(len(hashes), np.int64)
    buckets: AnyArray = (mixed >> shift).astype(np.int64)
    return buckets

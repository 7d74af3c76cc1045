"""Candidates of many queries in flat arrays: sorting, merging, cutting."""

from __future__ import annotations

import numpy as np

from graphrep.linking._candidate_columns import Columns
from graphrep.typing import IntArray


def offsets_of(queries: IntArray, n_queries: int) -> IntArray:
    """Where each query's entries begin, from the sorted query of every entry."""
    counts = np.bincount(queries, minlength=n_queries)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def queries_of(offsets: IntArray) -> IntArray:
    """Query of every entry."""
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int64), np.diff(offsets))


def ranked(queries: IntArray, columns: Columns) -> tuple[IntArray, Columns]:
    """Keep the best entry of each query and concept, and sort by score.

    Of equal entries of a concept that with the lowest name row stays; the bits of
    the sources of all of them are joined. Ties go to the lower concept position.
    O(n log n).
    """
    order = np.lexsort((columns.names, -columns.scores, columns.concepts, queries))
    queries, columns = queries[order], columns.take(order)
    if len(queries):
        new = np.ones(len(queries), bool)
        new[1:] = (np.diff(queries) != 0) | (np.diff(columns.concepts) != 0)
        first = np.flatnonzero(new)
        joined = np.bitwise_or.reduceat(columns.sources, first)
        queries, columns = queries[first], columns.take(first)
        columns = columns._replace(sources=joined)
    order = np.lexsort((columns.concepts, -columns.scores, queries))
    return queries[order], columns.take(order)


def first_out_of_order(offsets: IntArray, columns: Columns) -> int:
    """Entry that should stand before the one above it, -1 if none."""
    scores, concepts = columns.scores, columns.concepts
    worse = (scores[1:] > scores[:-1]) | (
        (scores[1:] == scores[:-1]) & (concepts[1:] <= concepts[:-1])
    )
    starts = offsets[1:-1]
    worse[starts[(starts > 0) & (starts < len(scores))] - 1] = False
    at = np.flatnonzero(worse)
    return int(at[0]) + 1 if len(at) else -1


def has_repeats(offsets: IntArray, concepts: IntArray) -> bool:
    """Whether some query lists a concept twice."""
    queries = queries_of(offsets)
    order = np.lexsort((concepts, queries))
    same = (np.diff(queries[order]) == 0) & (np.diff(concepts[order]) == 0)
    return bool(same.any())


def cut(offsets: IntArray, k: int) -> tuple[IntArray, IntArray]:
    """Entries among the first k of each query: new offsets, kept rows."""
    sizes = np.minimum(np.diff(offsets), k)
    new = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.arange(new[-1]) + np.repeat(offsets[:-1] - new[:-1], sizes)
    return new, rows

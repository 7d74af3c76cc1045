"""Which concepts a phrase may mean: lists of several searches, joined."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.kernels import _link_pool, _topk
from graphrep.linking._linker_views import NameViews, Phrases
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _link_pool  # kernels carry no annotations
heaps: Any = _topk
_QUERIES = 64  # of a tile of products
_ROWS = 1 << 13
_SPAN = 64
_CAPACITY = 384


@dataclass
class Pool:
    """Pairs of a query and a concept, query after query."""

    offsets: IntArray
    concepts: IntArray
    bits: AnyArray
    exact: FloatArray

    @property
    def queries(self) -> IntArray:
        """Query of each pair."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


@dataclass
class Depths:
    """How far each search looks."""

    char: int = 60
    word: int = 40
    dense: int = 60
    best: int = 3
    family: int = 40


def find_pool(
    views: NameViews, phrases: Phrases, equal: tuple[IntArray, IntArray, FloatArray],
    relatives: Any, depths: Depths, allowed: AnyArray, held: AnyArray,
) -> Pool:  # fmt: skip
    """Join what the searches find, and relatives of the best.

    Parameters
    ----------
    equal : query, concept and level of names that are the phrase
    relatives : tuple
        Pointers and concepts of the parents, then of the children.
    allowed : ndarray of bool of shape (n_concepts,)
    held : ndarray of bool of shape (n_rows,)
        Names that count for no query.
    """
    n = len(phrases)
    owners = views.owners
    groups = np.where(held | ~allowed[owners], np.int32(-1), owners)
    lists, list_bits = [], []
    for depth, index, rows, bit in (
        (depths.char, views.char_index, phrases.char, kernels.CHAR),
        (depths.word, views.word_index, phrases.word, kernels.WORD),
    ):
        if depth:
            found, _ = index.query(rows, depth, groups=groups, n_jobs=views.n_jobs)
            lists.append(np.where(found >= 0, owners[found], -1))
            list_bits.append(bit)
    if depths.dense and phrases.vectors is not None:
        hidden = groups < 0
        find = nearest if views.clusters is None else nearest_in_clusters
        lists.append(find(views, phrases.vectors, depths.dense, hidden)[0])
        list_bits.append(kernels.DENSE)
    width = max((one.shape[1] for one in lists), default=1)
    table = np.full((len(lists), n, width), -1, np.int64)
    for s, one in enumerate(lists):
        table[s, :, : one.shape[1]] = one
    blank = [not text for text in phrases.words.plain]
    table[:, blank] = -1  # nothing is like a phrase without a word
    queries, concepts, levels = equal
    fine = allowed[concepts]
    queries, concepts, levels = queries[fine], concepts[fine], levels[fine]
    starts = np.searchsorted(queries, np.arange(n + 1))
    out = np.empty((n, _CAPACITY), np.int32)
    bits, sizes = np.zeros((n, _CAPACITY), np.uint8), np.zeros(n, np.int64)
    fixed = (
        starts, concepts, table, np.asarray(list_bits, np.uint8), depths.best,
        depths.family, *relatives, allowed, out, bits, sizes,
    )  # fmt: skip
    each_span(n, views.n_jobs, lambda a, b: kernels.collect(a, b, *fixed))
    there = np.arange(_CAPACITY) < sizes[:, None]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    pool = Pool(offsets, out[there].astype(np.int64), bits[there], np.zeros(0))
    pool.exact = _levels(pool, queries, concepts, levels, views.n_concepts)
    return pool


def _levels(
    pool: Pool, queries: IntArray, concepts: IntArray, levels: FloatArray, n: int
) -> FloatArray:
    """Level of each pair, 0 where no name is the phrase."""
    keys, wanted = queries * n + concepts, pool.queries * n + pool.concepts
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    if not len(keys):
        return np.zeros(len(wanted), np.float32)
    return np.where(keys[at] == wanted, levels[at], 0.0).astype(np.float32)


def nearest(
    views: NameViews, queries: FloatArray, k: int, left_out: AnyArray
) -> tuple[IntArray, FloatArray]:
    """Find the k concepts with the names of largest cosine: best first, -1 for none.

    A name's bias against hubs, below 1.5, is taken off its cosines.
    """
    n, k = len(queries), min(k, views.n_concepts)
    best, index = np.full((n, k), -3.5, np.float32), np.full((n, k), -1, np.int64)
    tiles = _tiles(views.offsets)
    nothing = np.full(_QUERIES, -1, np.int64)
    shift = np.zeros(views.n_concepts, np.float32)
    vectors: Any = views.vectors

    def work(a: int, b: int) -> None:
        block = queries[a:b]
        for first, last in tiles:
            start, end = views.offsets[first], views.offsets[last]
            if start == end:
                continue
            scores = block @ np.asarray(vectors[start:end], np.float32).T
            if views.bias is not None:
                scores -= views.bias[start:end]
            scores[:, left_out[start:end]] = -4.0
            groups = np.empty((b - a, last - first), np.float32)
            kernels.largest_of_groups(scores, first, last, views.offsets, groups)
            heaps.push_tile(
                groups, shift, first, nothing[: b - a], best[a:b], index[a:b]
            )

    with single_blas_thread():
        each_span(n, views.n_jobs, work, _QUERIES)
    order = np.lexsort((index, -best), axis=1)
    return (
        np.take_along_axis(index, order, axis=1),
        np.take_along_axis(best, order, axis=1),
    )


def nearest_in_clusters(
    views: NameViews, queries: FloatArray, k: int, left_out: AnyArray
) -> tuple[IntArray, FloatArray]:
    """Do what `nearest` does among the names of the nearest clusters alone."""
    groups = np.where(left_out, np.int32(-1), views.owners)
    bias = None if views.bias is None else -views.bias
    index: Any = views.clusters
    rows, scores = index.query(
        queries, k, groups=groups, bias=bias, n_jobs=views.n_jobs
    )
    return np.where(rows >= 0, views.owners[rows], -1), scores


def _tiles(offsets: IntArray) -> list[tuple[int, int]]:
    """Spans of concepts with about as many names."""
    out, first, n = [], 0, len(offsets) - 1
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + _ROWS, "right")) - 1
        last = min(max(last, first + 1), n)
        out.append((first, last))
        first = last
    return out


def each_span(n: int, n_jobs: int | None, work: Any, size: int = _SPAN) -> None:
    """Call ``work(first, last)`` for spans of n queries, on threads."""
    with ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool:
        spans = [(a, min(a + size, n)) for a in range(0, n, size)]
        for part in [pool.submit(work, *span) for span in spans]:
            part.result()

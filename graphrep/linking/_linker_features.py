"""Features of pairs of a phrase and a concept, for a ranker."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.kernels import _link_features, _link_pool
from graphrep.linking._linker_pool import Pool, each_span
from graphrep.linking._linker_views import NameViews, Phrases
from graphrep.linking._linker_words import CUES
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _link_features  # kernels carry no annotations
pools: Any = _link_pool
N_FEATURES = _link_features.CUE + _link_features.CUES
PRIORS = (kernels.DEPTH, kernels.CHILDREN, kernels.NAMES)
TEMPERATURE = 0.05
_CHUNK = 1 << 15  # names of pairs compared at a time

NAMES = (
    "char", "word", "dense", "dense_mean", "total", "query_cover", "name_cover",
    "own_cover", "family_cover", "numbers_missing", "numbers_added", "query_words",
    "name_words", "word_ratio", "exact", "unknown", "preferred", "labelled",
    "char_gap", "word_gap", "dense_gap", "total_gap", "char_rank", "word_rank",
    "dense_rank", "total_rank", "mass", "parent_mass", "grandparent_mass",
    "sibling_gap", "parent_total", "best_total", "depth", "children", "names",
    "near_cover", "near_family",
    *(f"cue_{word}" for word in CUES),
)  # fmt: skip
"""Names of the features, in the order of their columns."""


def compare(
    views: NameViews, phrases: Phrases, pool: Pool, relatives: Any, depth: IntArray,
    held: AnyArray,
) -> tuple[FloatArray, IntArray]:  # fmt: skip
    """Give the features of all pairs, float32, and the row of the best name of each."""
    starts = np.empty(len(pool.concepts) + 1, np.int64)
    fixed = (pool.concepts, views.offsets, held, starts)
    n = pools.rows_of_pairs(*fixed, np.empty(0, np.int64))
    rows = np.empty(n, np.int64)
    if n:
        pools.rows_of_pairs(*fixed, rows)
    dense = _cosines(views, phrases, pool, starts, rows)
    out = np.empty((len(pool.concepts), N_FEATURES), np.float32)
    best = np.empty(len(pool.concepts), np.int64)
    char, word = phrases.char, phrases.word
    c, w = views.char_index._base, views.word_index._base
    up, ups, down, _ = relatives
    arguments = (
        pool.offsets, pool.concepts, starts, rows, dense, held, pool.exact,
        char.indptr, char.indices, char.data, word.indptr, word.indices, word.data,
        phrases.unknown, phrases.unknown_numbers, views.rarest, *phrases.near,
        c.indptr, c.indices, c.data, w.indptr, w.indices, w.data,
        views.word_features.idf_, views.cue, views.number, views.offsets,
        views.preferred, views.labelled, views.n_words, up, ups, down, depth,
        len(views.char_features.vocabulary_), out, best,
    )  # fmt: skip

    def work(a: int, b: int) -> None:
        kernels.pair_features(a, b, *arguments)
        _place(a, b, pool.offsets, pool.concepts, relatives, views.n_concepts, out)

    each_span(len(phrases), views.n_jobs, work)
    return out, best


def place(
    features: FloatArray, offsets: IntArray, concepts: IntArray, relatives: Any, n: int
) -> None:
    """Fill in anew what depends on the other pairs of a query, where some are gone."""
    _place(0, len(offsets) - 1, offsets, concepts, relatives, n, features)


def _place(
    a: int, b: int, offsets: IntArray, concepts: IntArray, relatives: Any, n: int,
    out: FloatArray,
) -> None:  # fmt: skip
    up, ups = relatives[:2]
    kernels.list_features(a, b, offsets, concepts, up, ups, TEMPERATURE, n, out)


def _cosines(
    views: NameViews, phrases: Phrases, pool: Pool, starts: IntArray, rows: IntArray
) -> FloatArray:
    """Cosine of the vectors of each name and its query; 0 without vectors."""
    out = np.zeros(len(rows), np.float32)
    if phrases.vectors is None or views.vectors is None:
        return out
    queries = np.repeat(pool.queries, np.diff(starts))
    vectors, own = views.vectors, phrases.vectors

    def work(a: int, b: int) -> None:
        names = np.asarray(vectors[rows[a:b]], np.float32)
        np.einsum("ij,ij->i", own[queries[a:b]], names, out=out[a:b])

    each_span(len(rows), views.n_jobs, work, _CHUNK)
    return out

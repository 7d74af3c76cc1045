"""Best answers of a model: tails, heads and relations, without those that are known."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from graphrep._utils._numbers import positive_int
from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph, NodeIndex
from graphrep.graph._triple_rows import both_directions
from graphrep.kge._geometry import KL
from graphrep.kge._queries import Queries, group_queries
from graphrep.kge._scorer import TripleScorer
from graphrep.typing import FloatArray, IntArray

Answers = list[list[tuple[Hashable, float]]]
_BLOCK = 1 << 24  # scores held at a time


def predict_entities(
    model: TripleScorer,
    entities: IntArray,
    relations: IntArray,
    k: int,
    known: KnowledgeGraph | None,
    names: NodeIndex,
    index: Any = None,
) -> Answers:
    """Find the k best entities of each query, best first; equal scores by number.

    Time O(q n w) for q queries, n entities and rows of width w; memory O(n w) and
    2 ** 24 scores at a time. An ``index`` names candidates, which alone are scored.
    """
    k = positive_int(k, "k")
    if index is not None:
        return _from_index(model, entities, relations, k, known, names, index)
    keys = model.key_matrix()
    size = max(1, _BLOCK // max(len(keys), 1))
    truths = None
    if known is not None:
        truths = group_queries(both_directions(known.triples, known.n_relations))
    out: Answers = []
    for start in range(0, len(entities), size):
        span = slice(start, start + size)
        heads, kinds = entities[span], relations[span]
        scores = _finite(model.query_matrix(heads, kinds) @ keys.T)
        if truths is not None:
            _hide_known(scores, kinds * len(keys) + heads, truths)
        out += _best(scores, k, names)
    return out


def _from_index(
    model: Any,
    entities: IntArray,
    relations: IntArray,
    k: int,
    known: KnowledgeGraph | None,
    names: NodeIndex,
    index: Any,
) -> Answers:
    """Find the best among the candidates that an index of points names."""
    if model._shape.divergence == KL:
        raise GraphValueError(
            "Scores of divergence='kl' have a term for each entity that no index of "
            "embedding_ knows; leave index= out."
        )
    n, most = len(names), 0
    hidden: list[IntArray] = [np.zeros(0, np.int64)] * len(entities)
    if known is not None:
        truths = group_queries(both_directions(known.triples, known.n_relations))
        for i, tails in _known_answers(relations * n + entities, truths, n):
            hidden[i] = tails
            most = max(most, len(tails))
    rows = model.query_matrix(entities, relations)
    points = np.ascontiguousarray(model._shape.points_of(rows))
    found = _ask(index, points, min(n, k + most))
    out: Answers = []
    for place, row in enumerate(rows):
        candidates = np.unique(found[place])
        candidates = np.setdiff1d(candidates[candidates >= 0], hidden[place])
        scores = _finite(model.key_matrix(candidates) @ row)
        order = np.lexsort((candidates, -scores))[:k]
        out.append(
            [
                (names[int(candidates[j])], float(scores[j]))
                for j in order
                if scores[j] > -np.inf
            ]
        )
    return out


def _ask(index: Any, points: FloatArray, k: int) -> IntArray:
    """Numbers of the nearest rows by any of the usual interfaces."""
    if hasattr(index, "kneighbors"):  # scikit-learn
        found = index.kneighbors(points, n_neighbors=k, return_distance=False)
    elif hasattr(index, "knn_query"):  # hnswlib
        found = index.knn_query(points, k=k)[0]
    elif hasattr(index, "query"):  # ExactIndex, pynndescent
        found = index.query(points, k=k)[0]
    elif hasattr(index, "search"):  # faiss
        found = index.search(points, k)[1]
    else:
        raise GraphValueError(
            f"index is a {type(index).__name__}; it needs a method query, kneighbors, "
            "knn_query or search, as have ExactIndex, scikit-learn, hnswlib and faiss."
        )
    out: IntArray = np.asarray(found, np.int64).reshape(len(points), -1)
    return out


def predict_relations(
    model: TripleScorer,
    heads: IntArray,
    tails: IntArray,
    k: int,
    known: KnowledgeGraph | None,
    names: NodeIndex,
) -> Answers:
    """Find the k best relations of each pair, best first."""
    k = positive_int(k, "k")
    n = len(names)
    scores: FloatArray = np.empty((len(heads), n))
    for kind in range(n):
        rows = model.query_matrix(heads, np.full(len(heads), kind))
        scores[:, kind] = np.einsum("ij,ij->i", rows, model.key_matrix(tails))
    scores = _finite(scores)
    if known is not None:
        pair = known.head * model.n_entities_ + known.tail
        order = np.argsort(pair, kind="stable")
        asked = heads * model.n_entities_ + tails
        low = np.searchsorted(pair, asked, "left", order)
        high = np.searchsorted(pair, asked, "right", order)
        for i in range(len(asked)):
            scores[i, known.relation[order[low[i] : high[i]]]] = -np.inf
    return _best(scores, k, names)


def _finite(scores: FloatArray) -> FloatArray:
    """Scores that are not finite count as the lowest and are not given."""
    scores[~np.isfinite(scores)] = -np.inf
    return scores


def _hide_known(scores: FloatArray, asked: IntArray, truths: Queries) -> None:
    """Hide the known answers of queries, given by their codes."""
    for i, tails in _known_answers(asked, truths, scores.shape[1]):
        scores[i, tails] = -np.inf


def _known_answers(
    asked: IntArray, truths: Queries, n_entities: int
) -> Iterator[tuple[int, IntArray]]:
    """Give the places of the queries that have known answers, and these."""
    there = truths.codes(n_entities)
    at = np.minimum(np.searchsorted(there, asked), len(there) - 1)
    for i in np.flatnonzero(there[at] == asked):
        yield int(i), truths.tails[truths.pointers[at[i]] : truths.pointers[at[i] + 1]]


def _best(scores: FloatArray, k: int, names: NodeIndex) -> Answers:
    out: Answers = []
    for row in scores:
        chosen = np.arange(len(row))
        if k < len(row):
            edge = np.partition(row, len(row) - k)[len(row) - k]
            chosen = np.flatnonzero(row >= edge)
        order = chosen[np.lexsort((chosen, -row[chosen]))][:k]
        out.append([(names[int(e)], float(row[e])) for e in order if row[e] > -np.inf])
    return out

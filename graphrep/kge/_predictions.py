"""Best answers of a model: tails, heads and relations, without those that are known."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import KnowledgeGraph, NodeIndex
from graphrep.graph._triple_rows import both_directions
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
) -> Answers:
    """Find the k best entities of each query, best first; equal scores by number.

    Time O(q n w) for q queries, n entities and rows of width w; memory O(n w) and
    2 ** 24 scores at a time.
    """
    _refuse_bad_k(k)
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


def predict_relations(
    model: TripleScorer,
    heads: IntArray,
    tails: IntArray,
    k: int,
    known: KnowledgeGraph | None,
    names: NodeIndex,
) -> Answers:
    """Find the k best relations of each pair, best first."""
    _refuse_bad_k(k)
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


def _refuse_bad_k(k: Any) -> None:
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise GraphValueError(f"k must be a positive integer; got {k!r}.")


def _finite(scores: FloatArray) -> FloatArray:
    """Scores that are not finite count as the lowest and are not given."""
    scores[~np.isfinite(scores)] = -np.inf
    return scores


def _hide_known(scores: FloatArray, asked: IntArray, truths: Queries) -> None:
    """Hide the known answers of queries, given by their codes."""
    there = truths.codes(scores.shape[1])
    at = np.minimum(np.searchsorted(there, asked), len(there) - 1)
    for i in np.flatnonzero(there[at] == asked):
        ends = truths.pointers[at[i]], truths.pointers[at[i] + 1]
        scores[i, truths.tails[slice(*ends)]] = -np.inf


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

"""NLSHBlocker by files: rows of the learnt hash, and ranking in the stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._tasks import Costs
from graphrep.blocking._block_costs import costs_of_rows, costs_of_vectors, entries_of
from graphrep.blocking._block_files import Search, Workplace, scored_blocks
from graphrep.blocking._blocker import RawPairs
from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.blocking._encoder import vectors_of
from graphrep.blocking._lexical_encoder import LexicalEncoder
from graphrep.blocking._pair_ranker import PAIRS_AT_ONCE, PairRanker, ranking_features
from graphrep.blocking._records import Records
from graphrep.blocking._relative import Scored
from graphrep.typing import FloatArray

if TYPE_CHECKING:
    from graphrep.blocking._nlsh_blocker import NLSHBlocker

_ROW_BYTES = 4 * 384  # of a dense vector that is not made yet


def nlsh_costs(blocker: NLSHBlocker, A: Records, B: Records, one_table: bool) -> Costs:
    """Tell what choosing pairs takes."""
    n, m, k = len(A), len(B), blocker.n_neighbors
    rest = k, one_table, blocker.wanted_pairs(n, m, one_table)
    encoder: Any = getattr(blocker, "encoder_", blocker.encoder)
    if encoder != "lexical" and not isinstance(encoder, LexicalEncoder):
        return costs_of_vectors(n, m, _ROW_BYTES, blocker._n_tables(), *rest)
    times = 1 if len(A.columns) == 1 else 2  # the record, and its columns
    entries = [
        times * (entries_of(part, "char", 3) + entries_of(part, "word", 1))
        for part in (A, B)
    ]
    return costs_of_rows(n, m, (entries[0], entries[1]), *rest, counted=False)


def nlsh_search(blocker: NLSHBlocker, place: Workplace) -> Search:
    """Write what tasks search in: rows under the learnt weights, or vectors."""
    encoder = blocker.encoder_
    tables = [records for _, records in place.sides]
    if isinstance(encoder, LexicalEncoder):
        rows = [encoder.transform(records) for records in tables]
        return place.row_search(rows, blocker.max_postings)
    told = blocker.n_jobs, blocker._progress
    vectors = [vectors_of(encoder, records, *told) for records in tables]
    return place.vector_search(vectors, *blocker._hashing_in_files(place.one_table))


def nlsh_pairs(
    blocker: NLSHBlocker, A: Records, B: Records, one_table: bool
) -> CandidatePairs:
    """Choose the pairs of block after block."""
    ranker = blocker.ranker_
    ranks = ranker is not None and ranker.weight_ > 0
    join, groups = blocker._join(A, B, one_table), blocker._twins(A, B)
    blocks = scored_blocks(blocker, A, B, one_table, groups, details=ranks)
    stream: Iterable[RawPairs] = (_raw(part) for part in blocks)
    if ranks:
        assert ranker is not None
        seen = ((_raw(part), _features(blocker, A, B, part)) for part in blocks)
        stream = ranked_blocks(ranker, seen)
    encoder = blocker.encoder_
    remember = ranks and isinstance(encoder, LexicalEncoder) and encoder._memo is None
    if remember:
        encoder._memo = []  # rows of both tables, for the likeness of views
    try:
        for raw in stream:
            join.add(*blocker._apply_rules(raw, A, B, groups))
    finally:
        if remember:
            encoder.forget()
    return join.pairs()


def ranked_blocks(
    ranker: PairRanker, blocks: Iterable[tuple[RawPairs, FloatArray]]
) -> Iterator[RawPairs]:
    """Blocks of pairs with the scores that the ranker gives all of them at once."""
    waiting: list[RawPairs] = []
    held: list[tuple[FloatArray, FloatArray]] = []
    done: FloatArray = np.zeros(0, np.float32)
    for raw, X in blocks:
        waiting.append(raw)
        held.append((X, raw.scores))
        rows, scores = (np.concatenate(p) for p in zip(*held, strict=True))
        whole = len(scores) // PAIRS_AT_ONCE * PAIRS_AT_ONCE
        held = [(rows[whole:], scores[whole:])]
        done = np.concatenate([done, ranker.scores(rows[:whole], scores[:whole])])
        while waiting and len(waiting[0].left) <= len(done):
            size = len(waiting[0].left)
            yield waiting.pop(0)._replace(scores=done[:size])
            done = done[size:]
    if waiting:
        done = np.concatenate([done, ranker.scores(*held[0])])
    for raw in waiting:
        yield raw._replace(scores=done[: len(raw.left)])
        done = done[len(raw.left) :]


def _raw(found: Scored) -> RawPairs:
    return RawPairs(found.left, found.right, found.scores)


def _features(
    blocker: NLSHBlocker, A: Records, B: Records, found: Scored
) -> FloatArray:
    """Give the ranker what it looks at."""
    views = blocker.encoder_.view_cosines(A, B, found.left, found.right)
    return ranking_features(found, views)

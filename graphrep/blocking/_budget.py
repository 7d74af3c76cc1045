"""select_pairs: the best pairs of all within a budget, and some for each record."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.blocking._candidate_pairs import CandidatePairs
from graphrep.graph import NodeIndex
from graphrep.typing import AnyArray, FloatArray, IntArray


def select_pairs(
    left: IntArray, right: IntArray, scores: FloatArray, left_ids: NodeIndex,
    right_ids: NodeIndex, *, one_table: bool, budget: int | None,
    per_record: int | None, min_per_record: int,
) -> CandidatePairs:  # fmt: skip
    """Choose pairs: the best of each record first, then the best of all.

    Ties are broken by rows, so the choice does not depend on the order of the pairs,
    and a larger budget only adds pairs.
    """
    pairs = CandidatePairs(
        left, right, scores, left_ids=left_ids, right_ids=right_ids,
        one_table=one_table,
    )  # fmt: skip
    if per_record is not None:
        pairs = pairs.take(rank_within(pairs, one_table) < per_record)
    if budget is None or budget >= len(pairs):
        return pairs
    if min_per_record <= 0:
        return pairs.head(budget)
    order = spending_order(pairs, one_table, min_per_record)
    return pairs.take(np.sort(order[:budget]))


def spending_order(
    pairs: CandidatePairs, one_table: bool, min_per_record: int
) -> IntArray:
    """Order in which a growing budget adds pairs: those to keep first, best first."""
    if min_per_record <= 0:
        return np.arange(len(pairs))
    kept = rank_within(pairs, one_table) < min_per_record
    order: IntArray = np.argsort(~kept, kind="stable")
    return order


def rank_within(pairs: CandidatePairs, one_table: bool) -> IntArray:
    """Rank of each pair among those of its left record, the best 0.

    In one table the better of the ranks among the pairs of either record.
    """
    ranks: IntArray = _ranks(pairs.left_rows)
    if one_table:
        both = np.stack([pairs.left_rows, pairs.right_rows], axis=1).ravel()
        ranks = _ranks(both).reshape(-1, 2).min(axis=1)
    return ranks


def _ranks(groups: AnyArray) -> Any:
    """How many entries of the same group stand before each."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.append(first, len(ordered)))
    ranks = np.empty(len(groups), np.int64)
    ranks[order] = np.arange(len(groups)) - np.repeat(first, sizes)
    return ranks

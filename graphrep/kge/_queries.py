"""Triples grouped by what they ask: one query for all tails of a head and relation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.typing import FloatArray, IntArray


class Queries(NamedTuple):
    """Distinct (entity, relation) pairs and their known answers, sorted (CSR).

    Attributes
    ----------
    heads, relations : ndarray of shape (n_queries,)
        Relations r + n_relations are the inverses.
    pointers : ndarray of shape (n_queries + 1,)
        Where the answers of a query begin.
    tails : ndarray of shape (n_answers,)
        Answers, ascending in each query.
    weights : ndarray of shape (n_answers,)
        Weight of an answer: the sum over the triples that give it.
    """

    heads: IntArray
    relations: IntArray
    pointers: IntArray
    tails: IntArray
    weights: FloatArray

    def __len__(self) -> int:
        return len(self.heads)

    def codes(self, n_entities: int) -> IntArray:
        """One number for each query, ascending as the queries of `group_queries`."""
        return self.relations * n_entities + self.heads

    def take(self, rows: IntArray) -> Queries:
        """Keep some of the queries, in the order asked for."""
        sizes = np.diff(self.pointers)[rows]
        pointers = np.concatenate([[0], np.cumsum(sizes)])
        offsets = np.repeat(self.pointers[rows] - pointers[:-1], sizes)
        where = np.arange(pointers[-1]) + offsets
        return Queries(
            self.heads[rows],
            self.relations[rows],
            pointers,
            self.tails[where],
            self.weights[where],
        )

    def of_answers(self, rows: IntArray) -> Queries:
        """Keep only some answers, given by ascending number, and their queries."""
        owners = np.searchsorted(self.pointers, rows, side="right") - 1
        begins = np.flatnonzero(np.diff(owners, prepend=-1))
        chosen = owners[begins]
        return Queries(
            self.heads[chosen],
            self.relations[chosen],
            np.append(begins, len(rows)),
            self.tails[rows],
            self.weights[rows],
        )


def group_queries(triples: IntArray, weights: FloatArray | None = None) -> Queries:
    """Group (head, relation, tail) rows by head and relation.

    The order of the rows changes nothing. Repeated triples add their weights.
    Time O(m log m), memory O(m).
    """
    if weights is None:
        weights = np.ones(len(triples))
    order = np.lexsort((triples[:, 2], triples[:, 0], triples[:, 1]))
    rows, weights = triples[order], weights[order]
    first = np.ones(len(rows), bool)
    first[1:] = np.any(rows[1:] != rows[:-1], axis=1)
    starts = np.flatnonzero(first)
    rows = rows[starts]
    weights = np.add.reduceat(weights, starts) if len(starts) else weights
    new = np.ones(len(rows), bool)
    new[1:] = np.any(rows[1:, :2] != rows[:-1, :2], axis=1)
    begins = np.flatnonzero(new)
    return Queries(
        rows[begins, 0].copy(),
        rows[begins, 1].copy(),
        np.append(begins, len(rows)),
        rows[:, 2].copy(),
        weights,
    )

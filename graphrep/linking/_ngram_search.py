"""Names found by similarity, and names equal to the phrase put before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphrep.typing import AnyArray, IntArray

_BELOW_ONE = np.nextafter(np.float32(1), np.float32(0))


@dataclass
class Found:
    """Tables of shape (n_queries, k): concepts (-1 for none), scores, name rows."""

    concepts: IntArray
    scores: AnyArray
    names: IntArray

    @classmethod
    def empty(cls, n_queries: int, k: int) -> Found:
        """Give tables in which nothing is found."""
        shape = (n_queries, k)
        return cls(np.full(shape, -1), np.zeros(shape, np.float32), np.full(shape, -1))

    def put(self, rows: IntArray, part: Found) -> None:
        """Fill in some queries."""
        self.concepts[rows, : part.concepts.shape[1]] = part.concepts
        self.scores[rows, : part.scores.shape[1]] = part.scores
        self.names[rows, : part.names.shape[1]] = part.names


def with_equal_names(
    names: IntArray, scores: AnyArray, owners: IntArray, places: IntArray,
    equal: IntArray, k: int,
) -> Found:  # fmt: skip
    """Put equal names first, with score 1, and keep k concepts of each query.

    Parameters
    ----------
    names, scores : ndarray of shape (n_queries, k)
        Names found, one of a concept, best first; -1 for none.
    owners : ndarray of int64 of shape (n_names,)
        Concept of each name.
    places, equal : ndarray of int64 of shape (n_equal,)
        Query and name row, sorted by both.
    k : int
        Concepts to keep.
    """
    concepts = np.where(names >= 0, owners[names], -1)
    scores = np.minimum(scores, _BELOW_ONE)
    if not len(places):
        return Found(concepts, scores, names)
    own = owners[equal]
    new = np.ones(len(places), bool)  # names of one concept stand side by side
    new[1:] = (np.diff(places) != 0) | (np.diff(own) != 0)
    places, equal, own = places[new], equal[new], own[new]
    counts = np.bincount(places, minlength=len(names))
    at = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    few = at < k
    places, equal, own, at = places[few], equal[few], own[few], at[few]
    width = int(at.max()) + 1
    first_names = np.full((len(names), width), -1)
    first_concepts = np.full((len(names), width), -1)
    first_names[places, at], first_concepts[places, at] = equal, own
    for j in range(width):
        again = concepts == first_concepts[:, j : j + 1]
        concepts[again], names[again] = -1, -1
    concepts = np.hstack([first_concepts, concepts])
    names = np.hstack([first_names, names])
    scores = np.hstack([np.ones(first_names.shape, np.float32), scores])
    keep = np.argsort(concepts < 0, axis=1, kind="stable")[:, :k]
    concepts, names, scores = (
        np.take_along_axis(table, keep, axis=1) for table in (concepts, names, scores)
    )
    return Found(concepts, scores, names)

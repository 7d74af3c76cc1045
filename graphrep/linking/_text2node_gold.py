"""Nodes of phrases as people give them: one id each, or several."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.typing import IntArray

_SEVERAL = (set, frozenset, list, np.ndarray)


def gold_sets(terminology: Any, nodes: Any, n_phrases: int) -> list[IntArray]:
    """Positions of the node or nodes of each phrase.

    Parameters
    ----------
    terminology : Terminology
        Whose concepts they are.
    nodes : sequence of id, or of sets, lists or arrays of ids
        A tuple is one id.
    n_phrases : int
        How many there must be.

    Raises
    ------
    NodeNotFoundError
        If one is not in the taxonomy.
    GraphValueError
        If there are too many or too few, or a phrase has none.
    """
    given = list(nodes)
    if len(given) != n_phrases:
        raise GraphValueError(
            f"There are {n_phrases:,} phrases but nodes of {len(given):,}; each phrase "
            "needs its node."
        )
    if not given:
        raise GraphValueError("There are no phrases.")
    several = [list(one) if isinstance(one, _SEVERAL) else [one] for one in given]
    sizes = np.fromiter(map(len, several), np.int64, len(several))
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        raise GraphValueError(f"Phrase {empty[0]} has no node; leave it out.")
    flat = [node for one in several for node in one]
    positions = np.asarray(terminology.positions(flat), np.int64)
    return np.split(positions, np.cumsum(sizes)[:-1])


def share_found(found: Any, right: list[IntArray]) -> float:
    """Share of phrases with a right node among their candidates."""
    spans = zip(found.offsets[:-1], found.offsets[1:], strict=True)
    lists = [found.concepts[first:end] for first, end in spans]
    hits = [np.isin(a, b).any() for a, b in zip(lists, right, strict=True)]
    return float(np.mean(hits))


__all__ = ["gold_sets", "share_found"]

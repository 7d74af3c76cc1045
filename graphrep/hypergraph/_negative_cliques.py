"""Candidates that are no hyperedges: random subsets of maximal cliques."""

from __future__ import annotations

import numpy as np

from graphrep.graph._hyperedge_rows import RowTable
from graphrep.hypergraph._candidate_rows import Rows, joined

_DRAWS = 20  # at most, for each hyperedge


def negative_cliques(
    hyperedges: Rows, cliques: Rows, *, per_hyperedge: int, seed: int
) -> Rows:
    """Draw subsets of cliques that are none of the hyperedges, each once.

    The hyperedges come in random order. For each, up to 20 times, a clique that is
    not smaller is drawn, and of it a subset of the hyperedge's size, until there are
    ``per_hyperedge`` times as many as hyperedges. Both arguments stand in their own
    order (`Rows.in_own_order`), so that the draws depend on nothing else.
    """
    rng = np.random.default_rng([seed, 2])
    wanted = per_hyperedge * len(hyperedges)
    by_size = np.argsort(-cliques.sizes, kind="stable")
    largest = -cliques.sizes[by_size]
    sizes = hyperedges.sizes[rng.permutation(len(hyperedges))]
    sizes = sizes[np.searchsorted(largest, -sizes, side="right") > 0]
    known = RowTable(*hyperedges)
    drawn = joined([])
    block = max(1, wanted // _DRAWS)
    for start in range(0, len(sizes), block):
        if len(drawn) >= wanted:
            break
        size = np.repeat(sizes[start : start + block], _DRAWS)
        at_least = np.searchsorted(largest, -size, side="right")
        parents = by_size[rng.integers(0, at_least)]
        keys = rng.integers(0, 2**64, len(size), np.uint64)
        more = cliques.subsets(parents, size, keys)
        more = more.take(known.find(*more) < 0)
        drawn = joined([drawn, more])
        owner = RowTable(*drawn).owner
        drawn = drawn.take(np.flatnonzero(owner == np.arange(len(owner))))
    return drawn.take(np.arange(min(wanted, len(drawn))))

"""The share of rejected cliques that MARIOH explores, found on the source alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone

from graphrep.graph import Hypergraph
from graphrep.hypergraph._candidate_rows import Rows
from graphrep.metrics import hyperedge_jaccard
from graphrep.typing import IntArray

if TYPE_CHECKING:
    from graphrep.hypergraph._marioh import MARIOH

SHARES = (0.05, 0.2, 0.65, 1.0)
_LEAST = 20
"""Fewer hyperedges are not cut in halves: the smallest share is taken."""


def explore_scores(model: MARIOH, source: Hypergraph) -> dict[float, float]:
    """Mean Jaccard index under each share, of each half after learning the other.

    Each occurrence of a hyperedge falls into either half with equal chance, so one
    that is repeated may be in both. Empty for fewer than 20 distinct hyperedges.
    """
    whole = source.distinct()
    if len(whole) < _LEAST:
        return {}
    halves = _halves(whole, model.random_seed_)
    sums = dict.fromkeys(SHARES, 0.0)
    for known, hidden in (halves, halves[::-1]):
        half = clone(model)
        half.random_seed_ = model.random_seed_
        half._learn(known, known.project())
        graph = hidden.project()
        for share in SHARES:
            half.explore_share_ = share
            found = half._predict(graph)
            sums[share] += hyperedge_jaccard(hidden, found, min_size=2) / 2
    return sums


def _halves(whole: Hypergraph, seed: int) -> list[Hypergraph]:
    rng = np.random.default_rng([seed, 4])
    order = _own_order(whole)
    ours = np.empty(len(whole), np.int64)
    ours[order] = rng.binomial(whole.counts[order], 0.5)
    halves = []
    for counts in (ours, whole.counts - ours):
        rows = whole.simple().take(counts > 0)
        halves.append(
            Hypergraph.from_csr(
                rows.indptr,
                rows.indices,
                nodes=rows.nodes,
                multiplicities=counts[counts > 0],
            )
        )
    return halves


def _own_order(source: Hypergraph) -> IntArray:
    """Hyperedges in an order that depends on their members' ids alone."""
    rank = source.nodes.rank()
    if rank is None:
        rank = np.arange(source.n_nodes)
    place = np.empty(source.n_nodes, np.int64)
    place[rank] = np.arange(source.n_nodes)
    moved = Hypergraph.from_csr(
        source.indptr, place[source.indices], nodes=source.n_nodes
    )
    return np.argsort(Rows(moved.indptr, moved.indices).hashes(), kind="stable")

"""Answers that give the graph back: every weight is used up, or every edge covered."""

from __future__ import annotations

import numpy as np

from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._candidates import Rows, distinct_rows, pointers_of, take_rows
from graphrep.hypergraph._explanation import cover_of, edge_numbers
from graphrep.kernels import _explanations as kernels
from graphrep.typing import FloatArray, IntArray


def consistent(
    graph: Graph, rows: Rows, odds: FloatArray, weighted: bool, least: float
) -> tuple[Rows, FloatArray, IntArray]:
    """Candidates, best first, that together project to exactly this graph.

    Weighted: a candidate is taken as long as every edge has weight left, as often as
    ``least`` and repeats allow; weight that remains becomes hyperedges of two nodes.
    Unweighted: candidates above ``least`` are taken, then pairs for uncovered edges.

    Returns
    -------
    rows, log odds and multiplicities of what was taken. Pairs that no candidate of
    their own stood for have the log odds of ``least``.
    """
    cover = cover_of(graph, rows, weighted)
    left = cover.amount.copy()
    taken = np.zeros(len(odds), np.int64)
    order = np.argsort(-odds, kind="stable")
    likely = order[odds[order] >= least]
    if weighted:
        kernels.consume(likely, cover.pointers, cover.edges, left, taken)
    else:
        taken[likely] = 1
        chosen = take_rows(cover.pointers, cover.edges, np.sort(likely))[1]
        left[chosen] = 0
    single = np.flatnonzero((np.diff(rows[0]) == 1) & (odds >= least))
    taken[single] = 1
    return _with_pairs(graph, rows, odds, taken, left, least)


def _with_pairs(
    graph: Graph, rows: Rows, odds: FloatArray, taken: IntArray, left: IntArray,
    least: float,
) -> tuple[Rows, FloatArray, IntArray]:  # fmt: skip
    """Add what is left of each edge as copies of the pair."""
    _, first = edge_numbers(graph)
    source = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))[first]
    open_edges = np.flatnonzero(left > 0)
    pairs = np.stack([source, graph.indices[first]], axis=1)[open_edges]
    chosen = np.flatnonzero(taken)
    kept = take_rows(*rows, chosen)
    sizes = np.full(len(pairs), 2, np.int64)
    added = (pointers_of(sizes), pairs.ravel().astype(np.int32))
    counts = np.concatenate([taken[chosen], left[open_edges]])
    merged = distinct_rows([kept, added])
    every = Hypergraph.from_csr(
        np.concatenate([kept[0], added[0][1:] + kept[0][-1]]),
        np.concatenate([kept[1], added[1]]),
        nodes=graph.nodes,
        multiplicities=counts if len(counts) else None,
    ).distinct()
    new_odds = np.full(len(merged[0]) - 1, least)
    new_odds[: len(chosen)] = odds[chosen]
    return merged, new_odds, every.counts

"""Held-out edges: what they are compared with, and what each node has to rank."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.metrics import ranking_auc
from graphrep.model_selection import split_edges
from graphrep.typing import AnyArray, FloatArray, IntArray

_ROUNDS = 100
_KNOWN, _HELD_OUT, _OTHER = 0, 1, 2


class HeldOut(NamedTuple):
    """A graph to train on, edges held out of it, and pairs without an edge.

    Attributes
    ----------
    train : Graph
    positive, negative : ndarray of int of shape (n_pairs, 2)
        Row numbers.
    hard : ndarray of int of shape (n_hard, 2) or None
        Pairs without an edge whose ends are popular; see `degree_matched`.
    """

    train: Graph
    positive: IntArray
    negative: IntArray
    hard: IntArray | None = None


def hold_out(
    graph: Graph, fraction: float, seed: int, *, hard: bool = False
) -> HeldOut:
    """Split the edges of a graph; the forest that joins it stays in training."""
    train, positive, negative = split_edges(graph, fraction, random_state=seed)
    popular = degree_matched(graph, train, len(positive), seed) if hard else None
    return HeldOut(train, positive, negative, popular)


class HeldOutTruth:
    """Held-out neighbours are relevant; known ones and the node itself are masked.

    Parameters
    ----------
    held : HeldOut

    Attributes
    ----------
    queries : ndarray of int64
        Nodes with a held-out edge: sources in a directed graph, both ends otherwise.
    """

    def __init__(self, held: HeldOut) -> None:
        self.names: tuple[str, ...] = ("held_out",)
        self.relevant: IntArray = np.array([1 << _HELD_OUT], np.int64)
        self.removed: IntArray = np.zeros(1, np.int64)
        self.n_classes: int = _HELD_OUT
        rows, columns = held.positive.T
        self._known = held.train.csr
        self._held = Graph.from_codes(
            rows, columns, nodes=held.train.nodes, directed=held.train.directed
        ).csr
        self.queries: IntArray = np.flatnonzero(np.diff(self._held.indptr))

    def fill(self, rows: IntArray, classes: AnyArray, queue: IntArray) -> None:
        """Write the class of every node for each query."""
        classes[:] = _OTHER
        for row, goal in zip(rows.tolist(), classes, strict=True):
            goal[row] = _KNOWN
            for csr, value in ((self._known, _KNOWN), (self._held, _HELD_OUT)):
                goal[csr.indices[csr.indptr[row] : csr.indptr[row + 1]]] = value


def degree_matched(whole: Graph, train: Graph, n_pairs: int, seed: int) -> IntArray:
    """Draw pairs without an edge whose ends are drawn as often as ends of edges.

    Sources and targets of two random edges of the training graph make a pair, as in
    the configuration model; loops, edges and repeats are drawn again.

    Returns
    -------
    ndarray of int of shape (n_pairs, 2)
        Fewer pairs where popular nodes are all joined.
    """
    rng = np.random.default_rng([seed, 1])
    n = whole.n_nodes
    sources = np.repeat(np.arange(n), np.diff(train.indptr))
    rows, columns, _ = whole.edges()
    edges = rows.astype(np.int64) * n + columns
    found = np.empty(0, np.int64)
    for _ in range(_ROUNDS):
        size = (2, 2 * n_pairs)
        first, second = rng.integers(0, len(sources), size)
        pairs = np.stack([sources[first], train.indices[second]], axis=1)
        if not whole.directed:
            pairs.sort(axis=1)
        keys = pairs[pairs[:, 0] != pairs[:, 1]] @ np.array([n, 1])
        found = np.concatenate([found, keys[~np.isin(keys, edges)]])
        _, places = np.unique(found, return_index=True)
        found = found[np.sort(places)][:n_pairs]
        if len(found) == n_pairs:
            break
    if not len(found):
        raise GraphValueError(
            "All popular nodes are joined to each other: no hard pairs without an "
            "edge were found. Pass hard=False."
        )
    return np.stack(np.divmod(found, n), axis=1)


def two_way(positive: FloatArray, negative: FloatArray) -> tuple[float, float]:
    """AUC and average precision of some scores among others.

    Ties count as the mean over their orders. The average precision divides by all
    positives.
    """
    return ranking_auc(positive, negative), _average_precision(positive, negative)


def _average_precision(positive: FloatArray, negative: FloatArray) -> float:
    """Compute the average precision expected of a random order within ties."""
    levels, codes = np.unique(np.concatenate([positive, negative]), return_inverse=True)
    size = np.bincount(codes, minlength=len(levels))[::-1].astype(np.float64)
    hits = np.bincount(codes[: len(positive)], minlength=len(levels))[::-1]
    hits = hits.astype(np.float64)
    above = np.cumsum(size) - size
    above_hits = np.cumsum(hits) - hits
    harmonic = np.zeros(len(codes) + 1)
    np.cumsum(1 / np.arange(1, len(codes) + 1), out=harmonic[1:])
    ends = (above + size).astype(np.int64)
    gain = harmonic[ends] - harmonic[above.astype(np.int64)]
    spread = np.where(size > 1, (hits - 1) / np.maximum(size - 1, 1), 0.0)
    parts = (above_hits + 1) * gain + spread * (size - (above + 1) * gain)
    return float((hits / size * parts).sum() / len(positive))


__all__ = ["HeldOut", "HeldOutTruth", "degree_matched", "hold_out", "two_way"]

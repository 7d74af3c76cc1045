"""The best pairs of a graph's nodes by score: a scan in blocks that keeps only those.

No matrix of all pairs is ever held. Each block of rows is compared with a running
threshold, which is the lowest score that can still be among the best; what lies above
it goes into a buffer of twice the number wanted, and what lies on it is only counted.
So a group of equal scores may be as large as it likes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.evaluation._embeddings import Embedding
from graphrep.evaluation._scores import (
    PairScorer,
    VectorScorer,
    block_rows,
    is_symmetric,
    pair_scorer,
)
from graphrep.graph import Graph
from graphrep.kernels import _edge_curve
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _edge_curve  # kernels carry no annotations

BLOCK_BYTES = 1 << 25
_MOST_ROWS = 1024
_FOUND_AT_ONCE = 1 << 17
_WIDE_BYTES = 1 << 28  # of a block whose mirror image takes all other blocks


class TopScores:
    """The ``size`` highest of many scores, equal ones at the end only counted.

    Parameters
    ----------
    size : int
        How many scores matter; at least one.
    dtype : dtype
        Type of the scores.

    Attributes
    ----------
    threshold : float
        All scores above it are kept and all equal to it are counted; no score below
        it can be among the ``size`` highest.
    n_equal : int
        How many scores were equal to the threshold.
    """

    def __init__(self, size: int, dtype: Any) -> None:
        self._size = size
        self._buffer = np.empty(size + max(size, _FOUND_AT_ONCE), dtype)
        self._n_kept = 0
        self._lock = threading.Lock()
        self.threshold: Any = self._buffer.dtype.type(-np.inf)
        self.n_equal = 0

    def add(self, found: FloatArray, threshold: Any, n_equal: int) -> None:
        """Take the scores above ``threshold`` and the count of those equal to it."""
        with self._lock:
            if threshold < self.threshold:  # another thread has raised it since
                n_equal = int(np.count_nonzero(found == self.threshold))
                found = found[found > self.threshold]
            self.n_equal += n_equal
            while len(found):
                part = found[: len(self._buffer) - self._n_kept]
                self._buffer[self._n_kept : self._n_kept + len(part)] = part
                self._n_kept += len(part)
                found = found[len(part) :]
                if self._n_kept == len(self._buffer):
                    self._cut()
                    self.n_equal += int(np.count_nonzero(found == self.threshold))
                    found = found[found > self.threshold]

    def sorted(self) -> tuple[FloatArray, int]:
        """Scores above the final threshold, ascending, and how many equal it."""
        if self._n_kept >= self._size:
            self._cut()
        return np.sort(self._buffer[: self._n_kept]), self.n_equal

    def _cut(self) -> None:
        """Raise the threshold to the score at place ``size`` of those kept."""
        kept = self._buffer[: self._n_kept]
        kept.partition(len(kept) - self._size)
        self.threshold = kept[len(kept) - self._size]
        self.n_equal = int(np.count_nonzero(kept == self.threshold))
        above = kept[kept > self.threshold]
        self._n_kept = len(above)
        self._buffer[: len(above)] = above


class Ranking(NamedTuple):
    """What `scan_pairs` finds.

    Attributes
    ----------
    above : ndarray of shape (n_above,)
        Scores above the threshold, ascending.
    threshold : float
        Score at the last place that matters.
    n_equal : int
        Pairs whose score is the threshold.
    edges : ndarray of shape (n_edges,)
        Scores of the edges, ascending.
    """

    above: FloatArray
    threshold: float
    n_equal: int
    edges: FloatArray

    def hits(self, k: IntArray, ties: str) -> FloatArray:
        """Count the edges among the first ``k`` pairs, for each ``k`` of an array.

        Equal scores stand in random order ("expected"), edges last ("min") or edges
        first ("max").
        """
        n_above = len(self.above)
        place = np.maximum(n_above - np.asarray(k, np.int64), 0)
        inside = np.asarray(k) <= n_above
        value = np.full(len(k), self.threshold, self.edges.dtype)
        if n_above:
            value[inside] = self.above[place[inside]]
        before = n_above - np.searchsorted(self.above, value, side="right")
        tied = n_above - np.searchsorted(self.above, value, side="left") - before
        tied = np.where(inside, tied, self.n_equal)
        high = np.searchsorted(self.edges, value, side="right")
        group = high - np.searchsorted(self.edges, value, side="left")
        certain = len(self.edges) - high
        free = np.asarray(k) - before  # places left for the group of equal scores
        if ties == "expected":
            drawn: AnyArray = group * (free / np.maximum(tied, 1))
        elif ties == "max":
            drawn = np.minimum(group, free)
        else:
            drawn = np.maximum(free - (tied - group), 0)
        return np.asarray(certain + drawn, np.float64)


def scan_pairs(
    graph: Graph,
    blocks: PairBlocks,
    size: int,
    n_jobs: int | None,
) -> Ranking:
    """Rank all pairs of a graph's nodes as far as place ``size``.

    Parameters
    ----------
    graph : Graph
        Its edges are the true pairs; unordered pairs unless it is directed.
    blocks : PairBlocks
        Scores of these nodes.
    size : int
        The last place that matters.
    n_jobs : int or None
        Number of threads; the result does not depend on it.
    """
    n, upper, height = graph.n_nodes, not graph.directed, blocks.height
    top: list[TopScores] = []
    lock = threading.Lock()

    def work(first: int) -> FloatArray:
        rows = np.arange(first, min(first + height, n))
        scores = np.ascontiguousarray(blocks.block(rows))
        with lock:
            if not top:
                top.append(TopScores(size, scores.dtype))
        edges = _edge_scores(graph, scores, first, upper)
        _feed(top[0], scores, first, upper)
        return edges

    starts = range(0, n, height)
    own_products = isinstance(blocks.scorer, VectorScorer)  # they need no BLAS
    one_thread = nullcontext() if own_products else single_blas_thread()
    with one_thread, ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool:
        edges = np.concatenate(list(pool.map(work, starts)))
    above, n_equal = top[0].sorted()
    return Ranking(above, float(top[0].threshold), n_equal, np.sort(edges))


class PairBlocks(NamedTuple):
    """Scores of pairs by blocks of rows, whatever the scorer's direction.

    Attributes
    ----------
    scorer : PairScorer
        Scores as they are.
    block : callable
        Row numbers -> scores of these rows with all nodes. On an undirected graph a
        score that tells the two directions of a pair apart is replaced by their mean
        (for columns from the first of the rows on).
    height : int
        Rows of a block; it does not depend on the number of threads.
    """

    scorer: PairScorer
    block: Callable[[IntArray], FloatArray]
    height: int


def pair_blocks(embedding: Embedding, score: Any, *, directed: bool) -> PairBlocks:
    """Make the blocks of a score for a graph that is directed or is not."""
    scorer = pair_scorer(embedding, score)
    height = _height(scorer.n_nodes)
    if directed or scorer.symmetric:
        return PairBlocks(scorer, scorer.block, height)
    if isinstance(scorer, VectorScorer) and embedding.factors is not None:
        turned = replace(embedding, decoder=embedding.factors[::-1])
        back = pair_scorer(turned, "dot")
        return PairBlocks(
            scorer, lambda rows: _half(scorer.block(rows), back.block(rows)), height
        )
    wide = _width(scorer.n_nodes)
    return PairBlocks(scorer, lambda rows: _with_mirror(scorer, rows, height), wide)


def n_passes(graph: Graph, embedding: Embedding, score: Any) -> int:
    """How often each score must be computed, roughly; cheap to ask."""
    if graph.directed:
        return 1
    kind = embedding.native if score == "native" else score
    function = embedding.own if kind == "own" else kind
    if callable(function):
        n = graph.n_nodes
        return 1 if is_symmetric(function) else 1 + -(-n // _width(n))
    one_sided = (
        embedding.factors is None or embedding.factors[0] is embedding.factors[1]
    )
    return 1 if kind != "dot" or one_sided else 2


def pairs_of_edges(
    scorer: PairScorer, rows: IntArray, columns: IntArray, *, directed: bool
) -> FloatArray:
    """Scores of given pairs in float64, in both directions where they differ."""
    scores: FloatArray = np.asarray(scorer.pairs(rows, columns), np.float64)
    if not directed and not scorer.symmetric:
        scores = (scores + scorer.pairs(columns, rows)) / 2
    return scores


def _half(forward: FloatArray, back: FloatArray) -> FloatArray:
    """Mean of two new arrays, in the place of the first."""
    forward += back
    forward *= 0.5
    return forward


def _with_mirror(scorer: PairScorer, rows: IntArray, height: int) -> FloatArray:
    """Mean of the scores of these rows and of their columns; later rows only."""
    total: FloatArray = np.array(scorer.block(rows))
    first, last = int(rows[0]), int(rows[-1]) + 1
    for start in range(first, scorer.n_nodes, height):
        others = np.arange(start, min(start + height, scorer.n_nodes))
        mirror = scorer.block(others)[:, first:last]
        total[:, start : start + height] += mirror.T
    total *= 0.5
    return total


def _height(n_nodes: int) -> int:
    """Rows of a block: what fits, in whole pieces of the scorer's products."""
    piece = block_rows(n_nodes)
    fitting = min(BLOCK_BYTES // (4 * max(n_nodes, 1)), _MOST_ROWS)
    return max(piece, fitting // piece * piece)


def _width(n_nodes: int) -> int:
    """Rows of a block whose mirror image is computed beside it."""
    return min(max(1, _WIDE_BYTES // (8 * max(n_nodes, 1))), max(n_nodes, 1))


def _edge_scores(
    graph: Graph, scores: FloatArray, first: int, upper: bool
) -> FloatArray:
    start, stop = graph.indptr[first], graph.indptr[first + len(scores)]
    degree = np.diff(graph.indptr[first : first + len(scores) + 1])
    rows = np.repeat(np.arange(len(scores)), degree)
    columns = graph.indices[start:stop]
    wanted = columns > rows + first if upper else columns != rows + first
    found: FloatArray = scores[rows[wanted], columns[wanted]]
    return found


def _feed(top: TopScores, scores: FloatArray, first: int, upper: bool) -> None:
    found = np.empty(_FOUND_AT_ONCE, scores.dtype)
    at = 0
    while at < scores.size:
        threshold = top.threshold
        at, kept, equal = kernels.collect_above(
            scores, first, upper, threshold, at, found
        )
        top.add(found[:kept], threshold, equal)


__all__ = [
    "PairBlocks",
    "Ranking",
    "TopScores",
    "n_passes",
    "pair_blocks",
    "pairs_of_edges",
    "scan_pairs",
]

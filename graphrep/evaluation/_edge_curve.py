"""EdgeCurveEvaluator: how many of the K best-scored pairs of nodes are edges."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from graphrep.base import read_graph
from graphrep.evaluation._edge_curve_result import GEM_K, EdgeCurveResult
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._scores import has_score
from graphrep.evaluation._top_pairs import (
    Ranking,
    n_passes,
    pair_blocks,
    pairs_of_edges,
    scan_pairs,
)
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

Score = str | Callable[..., Any]

_TIES = ("expected", "min", "max")


class EdgeCurveEvaluator(BaseEstimator):
    """Precision of the K best-scored pairs of all nodes, as in the GEM survey.

    All pairs of different nodes, unordered in an undirected graph and ordered in a
    directed one, are ranked by score. The curve tells the share of edges among the
    first K of them.

    Parameters
    ----------
    scores : sequence of str or callable, or one, default=("native", "cosine")
        How pairs are scored; "native" is the method's own decoder, further ones are
        "dot", "cosine" and "euclidean". A score of pairs without vectors has
        "native" only, and others are left out.
    k : sequence of int, default=(2, 10, 100, 200, 300, 500, 1000)
        Places to read the curve at, besides those on a logarithmic scale and the
        number of edges. Places beyond the number of pairs are left out.
    max_factor : float, default=10
        How far the logarithmic scale reaches, in multiples of the number of edges.
    n_points : int, default=40
        Places on the logarithmic scale.
    ties : {"expected", "min", "max"}, default="expected"
        Pairs of equal score: the mean over their random orders, edges last, or
        edges first.
    max_flops : float, default=1e13
        Largest number of multiplications to accept for a score: ``n_nodes ** 2 *
        n_components``, twice that where the two directions of a pair differ; see
        `refusal`.
    n_jobs : int or None, default=None
        Number of threads; the result does not depend on it.

    Notes
    -----
    **Definitions.** With E the edges without loops, and S(K) the first K pairs,
    precision is ``|S(K) & E| / K`` and recall ``|S(K) & E| / |E|``; the two are equal
    at K = ``|E|``. Where a group of t equal scores with m edges among them is cut so
    that f of its pairs are inside, the expected number of edges is ``m * f / t``; the
    group is counted in full, however large it is.

    In a graph with weights, the reconstruction error is ``norm(w - c * s) / norm(w)``
    with w the weights and s the scores of the edges, and c the factor that makes it
    smallest: 0 is perfect and 1 is no better than nothing.

    On an undirected graph, a score that tells (i, j) from (j, i) is replaced by the
    mean of the two. (GEM takes the score of (i, j) with i < j, so that its result
    changes with the numbering of the nodes; it also drops pairs with a score that is
    not positive.) Global precision rewards vectors whose lengths are calibrated over
    the whole graph; `ReconstructionEvaluator` ranks each node's neighbours alone.

    **Cost.** O(n_nodes ** 2 * n_components) time: one thread takes about 2 s for two
    scores of 20,000 nodes and 128 components. Each thread holds a block of 32 MB (up
    to 75 MB from 130,000 nodes on), two where the directions of a pair differ, and
    the best scores take ``8 * max(k)`` bytes (twice that for float64 scores); nothing
    grows with the square of the number of nodes. A callable whose attribute
    ``symmetric`` is not true, on an undirected graph, takes 256 MB a thread, and a
    pass over all nodes for every such block.

    References
    ----------
    Goyal, Ferrara: Graph embedding techniques, applications, and performance: a
    survey. Knowledge-Based Systems 151, 2018.

    Examples
    --------
    >>> from graphrep.datasets import load_karate
    >>> from graphrep.embedding import HOPE
    >>> from graphrep.evaluation import EdgeCurveEvaluator
    >>> graph = load_karate().graph
    >>> curve = EdgeCurveEvaluator(k=(10, 50)).evaluate(graph, HOPE(16), name="HOPE")
    >>> curve.at(10, "native") > curve.chance
    True
    """

    def __init__(
        self,
        scores: Score | Sequence[Score] = ("native", "cosine"),
        k: Sequence[int] = GEM_K,
        max_factor: float = 10,
        *,
        n_points: int = 40,
        ties: str = "expected",
        max_flops: float = 1e13,
        n_jobs: int | None = None,
    ) -> None:
        self.scores = scores
        self.k = k
        self.max_factor = max_factor
        self.n_points = n_points
        self.ties = ties
        self.max_flops = max_flops
        self.n_jobs = n_jobs

    def refusal(self, graph: Graph, embedding: Embedding) -> str | None:
        """Say in one sentence why a graph is too large, or None where it is not."""
        width = embedding.n_components or 1
        passes = [
            n_passes(graph, embedding, score)
            for score in self._wanted()
            if has_score(embedding, score)
        ]
        flops = float(graph.n_nodes) ** 2 * width * max(passes, default=1)
        if flops <= self.max_flops:
            return None
        return (
            f"The curve over all pairs of {graph.n_nodes:,} nodes with {width} "
            f"components takes {flops:.1e} multiplications, more than max_flops="
            f"{self.max_flops:.1e}; raise max_flops, or take the precision of each "
            "node's own ranking, which a sample of nodes estimates."
        )

    def evaluate(
        self,
        graph: GraphLike,
        embedding: Any,
        *,
        target: Any = None,
        name: str | None = None,
    ) -> EdgeCurveResult:
        """Rank all pairs by their scores and count the edges among the first.

        Parameters
        ----------
        graph : graph in any form
            The graph to find again.
        embedding : array, Vectors, path, estimator, …
            Anything that `ReconstructionEvaluator.evaluate` takes.
        target : array or None, default=None
            Second vector of each node, for arrays with a source and a target side.
        name : str or None, default=None
            Name in the result; None takes that of the embedding.

        Returns
        -------
        EdgeCurveResult

        Raises
        ------
        GraphValueError
            For unusable parameters or vectors, and where `refusal` says so.
        """
        self._check_parameters()
        nodes = read_graph(graph)
        value = embedding if target is None else (np.asarray(embedding), target)
        read = read_embedding(nodes, value, name)
        reason = self.refusal(nodes, read)
        if reason is not None:
            raise GraphValueError(reason)
        before = time.process_time()
        result = self._run(nodes.remove_self_loops(), read)
        seconds = time.process_time() - before
        return EdgeCurveResult(
            name=read.name, seconds=seconds, settings=self._settings(), **result
        )

    def _run(self, graph: Graph, embedding: Embedding) -> dict[str, Any]:
        n, n_edges = graph.n_nodes, graph.n_edges
        n_pairs = n * (n - 1) if graph.directed else n * (n - 1) // 2
        k = self._places(n_edges, n_pairs)
        scores = [s for s in self._wanted() if has_score(embedding, s)]
        keys = [embedding.native if s == "native" else s for s in scores]
        done: dict[Any, tuple[FloatArray, float, float, float]] = {}
        for key, score in zip(keys, scores, strict=True):
            if key not in done:
                done[key] = self._curve(graph, embedding, score, k)
        found = [done[key] for key in keys]
        hits = np.array([f[0] for f in found]).reshape(len(scores), len(k))
        return {
            "scores": tuple(s if isinstance(s, str) else _label(s) for s in scores),
            "k": k,
            "precision": hits / np.maximum(k, 1),
            "recall": hits / n_edges if n_edges else np.full(hits.shape, np.nan),
            "precision_at_edges": np.array([f[1] for f in found]),
            "error": np.array([f[2] for f in found]),
            "scale": np.array([f[3] for f in found]),
            "n_edges": n_edges,
            "n_pairs": n_pairs,
        }

    def _curve(
        self, graph: Graph, embedding: Embedding, score: Score, k: IntArray
    ) -> tuple[FloatArray, float, float, float]:
        """Hits at each place, precision at the number of edges, error and scale."""
        if not len(k):
            return np.empty(0), float("nan"), float("nan"), float("nan")
        blocks = pair_blocks(embedding, score, directed=graph.directed)
        ranking = scan_pairs(graph, blocks, int(k[-1]), self.n_jobs)
        hits = ranking.hits(k, self.ties)
        at_edges = _at_edges(ranking, graph.n_edges, self.ties)
        return hits, at_edges, *_weight_error(graph, blocks.scorer)

    def _wanted(self) -> list[Score]:
        if isinstance(self.scores, str) or callable(self.scores):
            return [self.scores]
        return list(self.scores)

    def _places(self, n_edges: int, n_pairs: int) -> IntArray:
        """Numbers of pairs to read the curve at, ascending, none above n_pairs."""
        most = min(int(self.max_factor * n_edges), n_pairs)
        scale = np.geomspace(1, max(most, 1), self.n_points).round().astype(np.int64)
        k = np.unique(np.concatenate([np.asarray(self.k, np.int64), scale, [n_edges]]))
        places: IntArray = k[(k > 0) & (k <= n_pairs)]
        return places

    def _settings(self) -> dict[str, Any]:
        return {
            "k": [int(k) for k in self.k],
            "max_factor": self.max_factor,
            "n_points": self.n_points,
            "ties": self.ties,
        }

    def _check_parameters(self) -> None:
        if self.ties not in _TIES:
            raise GraphValueError(
                f"ties must be one of {', '.join(map(repr, _TIES))}; got {self.ties!r}."
            )
        if len(self.k) and min(self.k) < 1:
            raise GraphValueError(
                f"k must hold numbers of at least 1; got {min(self.k)!r}."
            )
        if not self._wanted():
            raise GraphValueError("scores must name at least one score; got none.")
        if self.n_points < 1 or self.max_factor <= 0:
            raise GraphValueError(
                "n_points must be at least 1 and max_factor above 0; got "
                f"{self.n_points!r} and {self.max_factor!r}."
            )


def _label(score: Callable[..., Any]) -> str:
    return str(getattr(score, "__name__", type(score).__name__))


def _at_edges(ranking: Ranking, n_edges: int, ties: str) -> float:
    if n_edges == 0:
        return float("nan")
    return float(ranking.hits(np.array([n_edges]), ties)[0] / n_edges)


def _weight_error(graph: Graph, scorer: Any) -> tuple[float, float]:
    """Error of the weights of the edges after the best factor, and the factor."""
    if not graph.weighted:
        return float("nan"), float("nan")
    rows, columns, weights = graph.edges()
    wanted: AnyArray = np.asarray(weights, np.float64)
    scores = pairs_of_edges(
        scorer, rows.astype(np.int64), columns.astype(np.int64), directed=graph.directed
    )
    power = float(scores @ scores)
    scale = float(wanted @ scores) / power if power > 0 else 0.0
    error = np.linalg.norm(wanted - scale * scores) / np.linalg.norm(wanted)
    return float(error), scale


__all__ = ["EdgeCurveEvaluator", "EdgeCurveResult"]

"""DistanceFidelityEvaluator: do distances of vectors follow distances of nodes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._records import Records
from graphrep.evaluation._scores import PairScorer, block_rows, has_score, pair_scorer
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.kernels import _hops
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

kernels: Any = _hops  # kernels carry no annotations

_DEEPEST = 254  # hops are bytes


class _Sampled(NamedTuple):
    """Hops and scores of sampled pairs."""

    hops: FloatArray
    scores: FloatArray
    n_apart: int


class DistanceFidelityEvaluator(BaseEstimator):
    """Compare distances in a graph with distances, or scores, of vectors.

    Parameters
    ----------
    scores : sequence of str, default=("cosine", "euclidean")
        Scores to compare, see `ReconstructionEvaluator`; higher is nearer.
    k : int, default=10
        Nearest neighbours, for trustworthiness, continuity and "knn_jaccard".
    n_sources : int, default=300
        Nodes from which distances are measured, to all other nodes.
    n_pairs : int, default=100000
        Pairs, drawn from these, for the correlations and the stress.
    random_state : int, RandomState, Generator or None, default=0
        Draws sources and pairs.

    Notes
    -----
    Pairs that no path joins have no distance: they are left out and counted
    ("n_apart"). Edges of directed graphs are followed, weights play no part, and nodes
    farther than 254 hops count as apart.

    - "spearman", "kendall": correlation of hops with minus the score; Kendall's tau-b,
      since hops are tied often.
    - "stress": ``sqrt(sum (h - c e)² / sum h²)`` over pairs with hops h and distances
      e, for the best c: for "euclidean" only.
    - "trustworthiness": ``1 - 2 / (m k (2 n - 3 k - 1)) * sum (r - k)`` over the k
      nearest by score of each of m sources that are not among its k nearest by hops,
      r their rank by hops (Venna & Kaski 2001); "continuity" with both roles changed.
      Hops tie, so ranks by hops are means over the tied nodes, and a node is among the
      k nearest by hops if its mean rank, rounded down, is no larger than k.
    - "knn_jaccard": neighbours in the graph against as many nearest ones by score,
      shared ones over all of either.

    O(n_sources (n d + n log n + edges)); never n x n.

    References
    ----------
    Venna, Kaski. Neighborhood preservation in nonlinear projection methods. ICANN 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from graphrep import Graph
    >>> path = Graph.from_edges(range(29), range(1, 30))
    >>> line = np.arange(30.0)[:, None]
    >>> found = DistanceFidelityEvaluator(scores=("euclidean",), k=4)
    >>> row = found.evaluate(path, line).rows()[0]
    >>> row["spearman"], row["stress"], row["trustworthiness"]
    (1.0, 0.0, 1.0)
    """

    def __init__(
        self,
        scores: Any = ("cosine", "euclidean"),
        *,
        k: int = 10,
        n_sources: int = 300,
        n_pairs: int = 100_000,
        random_state: Any = 0,
    ) -> None:
        self.scores = scores
        self.k = k
        self.n_sources = n_sources
        self.n_pairs = n_pairs
        self.random_state = random_state

    def evaluate(
        self, graph: GraphLike, embedding: Any, *, name: str | None = None
    ) -> Records:
        """Evaluate one embedding; a row for each score.

        Parameters
        ----------
        graph : graph in any form
            Whose distances should be kept.
        embedding : object
            See `graphrep.evaluation._embeddings.read_embedding`.
        name : str or None, default=None
            What to call it.

        Returns
        -------
        Records
        """
        nodes = read_graph(graph)
        if nodes.n_nodes < 3:
            raise GraphValueError(
                f"Distances need a graph of at least 3 nodes; got {nodes.n_nodes}."
            )
        read = read_embedding(nodes, embedding, name)
        rng = np.random.default_rng(draw_seed(self.random_state))
        n = nodes.n_nodes
        sources = np.sort(rng.choice(n, min(n, self.n_sources), replace=False))
        hops = _hops_from(nodes, sources)
        drawn = (
            rng.integers(0, len(sources), self.n_pairs),
            rng.integers(0, n, self.n_pairs),
        )
        one = isinstance(self.scores, str)
        wanted = [self.scores] if one else list(self.scores)
        rows = [
            self._row(nodes, read, score, sources, hops, drawn)
            for score in wanted
            if has_score(read, score)
        ]
        return Records(read.name, rows)

    def _row(
        self,
        graph: Graph,
        embedding: Embedding,
        score: str,
        sources: IntArray,
        hops: AnyArray,
        drawn: tuple[IntArray, IntArray],
    ) -> dict[str, Any]:
        scorer = pair_scorer(embedding, score)
        local = np.zeros((3, len(sources)))
        parts = []
        for start in range(0, len(sources), block_rows(graph.n_nodes)):
            rows = slice(start, start + block_rows(graph.n_nodes))
            with single_blas_thread():
                block = _scores_of(scorer, sources[rows])
            inside = (drawn[0] >= start) & (drawn[0] < rows.stop)
            at = drawn[0][inside], drawn[1][inside]
            parts.append((hops[at], block[at[0] - start, at[1]]))
            for i, (distance, values) in enumerate(
                zip(hops[rows], block, strict=True), start
            ):
                local[:, i] = self._local(graph, int(sources[i]), distance, values)
        far = np.concatenate([part[0] for part in parts]).astype(np.float64)
        near = np.concatenate([part[1] for part in parts]).astype(np.float64)
        joined = (far > 0) & (far <= _DEEPEST)
        sampled = _Sampled(far[joined], near[joined], int((far > _DEEPEST).sum()))
        means = [_mean(values) for values in local]
        return {
            "embedding": embedding.name, "score": score, **_correlations(sampled),
            "stress": _stress(sampled) if scorer_is_distance(scorer) else None,
            "trustworthiness": means[0], "continuity": means[1],
            "knn_jaccard": means[2], "k": self.k, "n_pairs": len(sampled.hops),
            "n_apart": sampled.n_apart, "n_sources": len(sources),
        }  # fmt: skip

    def _local(
        self, graph: Graph, source: int, hops: AnyArray, scores: FloatArray
    ) -> tuple[float, float, float]:
        """Trustworthiness, continuity and overlap of the neighbourhood of one node."""
        others = (np.arange(len(hops)) != source) & (hops <= _DEEPEST)
        distance, values = hops[others], scores[others]
        n = len(values) + 1
        k = min(self.k, n - 1)
        ends = graph.csr.indptr[source : source + 2]
        neighbours = graph.csr.indices[ends[0] : ends[1]]
        jaccard = _jaccard(neighbours[neighbours != source], source, scores)
        span = n * 2 - 3 * k - 1
        if k < 1 or k >= n / 2 or span <= 0:
            return np.nan, np.nan, jaccard
        by_hops, by_score = _mean_ranks(distance), _mean_ranks(-values)
        scale = 2.0 / (k * span)
        chosen, close = np.floor(by_score) <= k, np.floor(by_hops) <= k
        intruders = chosen & ~close
        missed = close & ~chosen
        share = k / max(close.sum(), 1)  # tied nodes share the k places
        return (
            1.0 - scale * float((by_hops[intruders] - k).sum()),
            1.0 - scale * share * float((by_score[missed] - k).sum()),
            jaccard,
        )


def scorer_is_distance(scorer: PairScorer) -> bool:
    """Whether minus the root of minus the score is a distance of vectors."""
    return getattr(scorer, "kind", None) == "euclidean"


def _hops_from(graph: Graph, sources: IntArray) -> AnyArray:
    """Hops from each source to all nodes, 255 where there is no path."""
    hops = np.empty((len(sources), graph.n_nodes), np.uint8)
    queue = np.empty(graph.n_nodes, np.int64)
    csr = graph.csr
    kernels.hop_classes(csr.indptr, csr.indices, sources, _DEEPEST, hops, queue)
    return hops


def _scores_of(scorer: PairScorer, rows: IntArray) -> FloatArray:
    """Scores in float64; squared distances become distances."""
    scores: FloatArray = scorer.block(rows).astype(np.float64)
    if scorer_is_distance(scorer):
        scores = -np.sqrt(np.maximum(-scores, 0.0))
    return scores


def _mean_ranks(values: AnyArray) -> FloatArray:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), np.float64)


def _jaccard(neighbours: IntArray, source: int, scores: FloatArray) -> float:
    """Neighbours against as many nearest ones, ties at the end by row."""
    m = len(neighbours)
    if not m:
        return np.nan
    ranked = scores.copy()
    ranked[source] = -np.inf
    nearest = np.argsort(-ranked, kind="stable")[:m]
    shared = len(np.intersect1d(nearest, neighbours))
    return shared / (2 * m - shared)


def _correlations(sampled: _Sampled) -> dict[str, float | None]:
    from scipy.stats import kendalltau, rankdata

    hops, near = sampled.hops, -sampled.scores
    if len(hops) < 2 or not np.ptp(hops) or not np.ptp(near):
        return {"spearman": None, "kendall": None}
    rho = np.corrcoef(rankdata(hops), rankdata(near))[0, 1]
    return {"spearman": _plain(rho), "kendall": _plain(kendalltau(hops, near)[0])}


def _stress(sampled: _Sampled) -> float | None:
    hops, distance = sampled.hops, -sampled.scores
    size = float(distance @ distance)
    if not len(hops):
        return None
    scale = float(hops @ distance) / size if size > 0 else 0.0
    gap = hops - scale * distance
    return _plain(np.sqrt(float(gap @ gap) / float(hops @ hops)))


def _mean(values: FloatArray) -> float | None:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else None


def _plain(value: Any) -> float:
    return round(float(value), 12)

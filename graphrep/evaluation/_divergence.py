"""DivergenceEvaluator: would a graph drawn from the vectors have these communities."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._optional import require
from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._records import Records
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.metrics import ranking_auc
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

_STEP = 0.25  # of alpha
_LARGEST = 10.0
_PATIENCE = 5  # values of alpha without a lower score
_CLOSE = 1e-3  # of the mean degree
_SWEEPS = 2000
_PRIOR = 1.0  # added to each count, as CGE.jl does
_LEAST = 1e-300


class _Points(NamedTuple):
    """What the model is fitted to: nodes, or landmarks that stand for several.

    Attributes
    ----------
    place : ndarray of shape (n_points, n_components)
    weight : ndarray of shape (n_points,)
        Degrees, summed.
    spread : ndarray of shape (n_points,)
        Distance of a point to itself: the mean one between its nodes.
    part : ndarray of int of shape (n_points,)
        Community.
    of : ndarray of int of shape (n_nodes,)
        Point of each node.
    """

    place: FloatArray
    weight: FloatArray
    spread: FloatArray
    part: IntArray
    of: IntArray


class DivergenceEvaluator(BaseEstimator):
    """Score vectors by a random graph drawn from them: CGE, without labels or tasks.

    Parameters
    ----------
    max_points : int, default=1500
        Graphs of more nodes are replaced by this many landmarks.
    n_pairs : int, default=10000
        Edges, and as many pairs without an edge, for the local score.
    random_state : int, RandomState, Generator or None, default=0
        Draws pairs and landmarks, and finds communities where none are given.

    Raises
    ------
    GraphValueError
        If there are no edges, or vectors.
    MissingDependencyError
        If communities are to be found and networkx is not installed.

    Notes
    -----
    The geometric Chung-Lu model joins i and j with the expected number of edges
    ``x_i x_j g(d_ij)``, ``g(d) = (1 - (d - min) / (max - min))^alpha``, where d are
    Euclidean distances of the vectors and x is fitted so that expected degrees are the
    true ones. For each alpha in 0.25, 0.5, …, 10 (until five of them bring nothing)

    - edges within each community, and between each two, are counted in the graph and
      in the model. "global_score" is the Jensen-Shannon divergence (natural logarithm,
      one added to each count) of the counts within, and of those between, the mean of
      both, at the best alpha: 0 is a perfect match;
    - "local_score" is one minus the chance that the model gives a true edge more than
      a pair without one, at its own best alpha: 0.5 is chance.

    The best alpha is near 0 where distances say nothing. Vectors of the same score are
    told apart by the local one.

    **Landmarks.** Beyond ``max_points`` nodes, k-means inside each community, with as
    many centres as its share of the nodes, makes landmarks: means weighted by degree.
    The local score then takes nodes' own distances and shares of their landmark's x.

    Directions and weights: directions are dropped, weights counted. Time is
    O(points² (d + 40 sweeps)), memory 24 bytes x points².

    **Deviations.** x is found by ``x <- x sqrt(w / s)``, s being the expected degrees,
    which settles faster than steps of a quarter; ties of the local score count half;
    landmarks come from k-means, not from splits by the residual sum of squares. The
    program CGE.jl takes counts within and between as one list unless told otherwise
    (``--split-global``); this is the definition of the paper.

    References
    ----------
    Kamiński, Prałat, Théberge. An unsupervised framework for comparing graph
    embeddings. Journal of Complex Networks 8(5), 2020.
    Kamiński, Kraiński, Prałat, Théberge. A multi-purposed unsupervised framework for
    comparing embeddings of undirected and directed graphs. Network Science 10(4), 2022.

    Examples
    --------
    >>> from graphrep import LaplacianEigenmaps, RandomVectors
    >>> from graphrep.datasets import load_karate
    >>> karate = load_karate()
    >>> good, bad = (
    ...     DivergenceEvaluator().evaluate(
    ...         karate.graph, model, communities=karate.y).rows()[0]["global_score"]
    ...     for model in (LaplacianEigenmaps(2), RandomVectors(2, random_state=0)))
    >>> good < bad
    True
    """

    def __init__(
        self,
        *,
        max_points: int = 1500,
        n_pairs: int = 10_000,
        random_state: Any = 0,
    ) -> None:
        self.max_points = max_points
        self.n_pairs = n_pairs
        self.random_state = random_state

    def evaluate(
        self,
        graph: GraphLike,
        embedding: Any,
        *,
        communities: Any = None,
        name: str | None = None,
    ) -> Records:
        """Evaluate one embedding.

        Parameters
        ----------
        graph : graph in any form
            Whose edges are counted.
        embedding : object
            See `graphrep.evaluation._embeddings.read_embedding`.
        communities : sequence of shape (n_nodes,) or None, default=None
            Community of each node, in row order; nodes with None make one of their
            own. None finds them by Louvain's method (networkx).
        name : str or None, default=None
            What to call it.

        Returns
        -------
        Records
            One row.
        """
        nodes = read_graph(graph).remove_self_loops()
        if nodes.directed:
            nodes = nodes.symmetrize()
        read: Embedding = read_embedding(nodes, embedding, name)
        if read.source is None or not nodes.n_edges:
            raise GraphValueError(
                f"The divergence of {read.name!r} needs vectors and a graph with "
                f"edges; there are {nodes.n_edges:,} edges and "
                f"{'no' if read.source is None else 'some'} vectors."
            )
        seed = draw_seed(self.random_state)
        if communities is None:
            parts = _louvain(nodes, seed)
        else:
            parts = _codes(communities, nodes.n_nodes)
        vectors = read.source.astype(np.float64)
        with single_blas_thread():
            points = self._points(nodes, vectors, parts, seed)
            found = self._search(nodes, vectors, points, seed)
        record = {
            "embedding": read.name, **found, "n_communities": int(parts.max()) + 1,
            "n_points": len(points.place),
        }  # fmt: skip
        return Records(read.name, [record])

    def _points(
        self, graph: Graph, vectors: FloatArray, parts: IntArray, seed: int
    ) -> _Points:
        degree: FloatArray = np.ravel(graph.to_scipy().sum(axis=1)).astype(float)
        n = graph.n_nodes
        if n <= self.max_points:
            return _Points(vectors, degree, np.zeros(n), parts, np.arange(n))
        return _landmarks(vectors, degree, parts, self.max_points, seed)

    def _search(
        self, graph: Graph, vectors: FloatArray, points: _Points, seed: int
    ) -> dict[str, Any]:
        """Best scores over alpha."""
        rows, columns, weights = graph.edges()
        counts = _between(
            points.part[points.of[rows]], points.part[points.of[columns]],
            np.ones(len(rows)) if weights is None else weights, points.part,
        )  # fmt: skip
        near = _nearness(points)
        sample = _sample(graph, vectors, points, self.n_pairs, seed)
        best: dict[str, Any] = {"global_score": np.inf, "local_score": np.inf}
        patience = {"global_score": _PATIENCE, "local_score": _PATIENCE}
        x: FloatArray = np.ones(len(points.place))
        for alpha in np.arange(_STEP, _LARGEST + _STEP / 2, _STEP):
            likely = near**alpha
            x = _fit(likely, points.weight, x)
            expected = _expected(likely, x, points.part)
            scores = {
                "global_score": _divergence(counts, expected),
                "local_score": 1.0 - _local_auc(sample, points, x, alpha),
            }
            for key, value in scores.items():
                if patience[key] and value < best[key]:
                    best[key], patience[key] = value, _PATIENCE
                    best["alpha" if key == "global_score" else "local_alpha"] = alpha
                else:
                    patience[key] = max(0, patience[key] - 1)
            if not any(patience.values()):
                break
        return {key: float(value) for key, value in best.items()}


class _Sample(NamedTuple):
    """Nearness and ends of edges, then of pairs without an edge; edges' weights."""

    near: FloatArray
    share: FloatArray
    ends: IntArray
    n_edges: int


def _codes(communities: Any, n_nodes: int) -> IntArray:
    values = list(communities)
    if len(values) != n_nodes:
        raise GraphValueError(
            f"communities must have one entry a node ({n_nodes:,}); got "
            f"{len(values):,}."
        )
    known = {c: i for i, c in enumerate(dict.fromkeys(values))}
    return np.array([known[c] for c in values], np.int64)


def _louvain(graph: Graph, seed: int) -> IntArray:
    networkx = require("networkx", extra="networkx", why="Finding communities")
    drawn = networkx.from_scipy_sparse_array(graph.to_scipy())
    found = networkx.community.louvain_communities(drawn, seed=seed % 2**32)
    out = np.empty(graph.n_nodes, np.int64)
    for code, members in enumerate(sorted(found, key=min)):
        out[list(members)] = code
    return out


def _landmarks(
    vectors: FloatArray, degree: FloatArray, parts: IntArray, most: int, seed: int
) -> _Points:
    """Centres of k-means inside each community, weighted by degree."""
    from sklearn.cluster import MiniBatchKMeans

    sizes = np.bincount(parts)
    wanted = np.clip(np.rint(most * sizes / len(parts)).astype(int), 1, sizes)
    of = np.empty(len(parts), np.int64)
    made = 0
    for code, k in enumerate(wanted):
        rows = np.flatnonzero(parts == code)
        if k >= len(rows):
            codes = np.arange(len(rows))
        elif k == 1:
            codes = np.zeros(len(rows), np.int64)
        else:
            means = MiniBatchKMeans(k, n_init=1, random_state=seed % 2**32)
            codes = means.fit_predict(vectors[rows])
            codes = np.unique(codes, return_inverse=True)[1]
        of[rows] = codes + made
        made += int(codes.max()) + 1
    share = np.maximum(degree, _LEAST)
    total = np.bincount(of, share, made)
    place = np.zeros((made, vectors.shape[1]))
    np.add.at(place, of, vectors * share[:, None])
    place /= total[:, None]
    gap = ((vectors - place[of]) ** 2).sum(axis=1)
    # two nodes of a landmark are sqrt(2) times as far apart as each from its centre
    spread = np.sqrt(2 * np.bincount(of, share * gap, made) / total)
    part: IntArray = np.zeros(made, np.int64)
    part[of] = parts
    weight = np.asarray(np.bincount(of, degree, made), np.float64)
    return _Points(place, weight, spread, part, of)


def _distances(place: FloatArray) -> FloatArray:
    squares = (place * place).sum(axis=1)
    gap = squares[:, None] + squares - 2 * (place @ place.T)
    out: FloatArray = np.sqrt(np.maximum(gap, 0.0))
    np.fill_diagonal(out, 0.0)
    return out


def _nearness(points: _Points) -> FloatArray:
    """One minus the distance, on a scale from the least to the largest."""
    distance = _distances(points.place - points.place.mean(axis=0))
    np.fill_diagonal(distance, points.spread)
    low, high = float(distance.min()), float(distance.max())
    if high <= low:
        return np.ones_like(distance)
    near: FloatArray = 1.0 - (distance - low) / (high - low)
    return near


def _fit(likely: FloatArray, weight: FloatArray, x: FloatArray) -> FloatArray:
    """Find x with ``x * (likely @ x) = weight``, from the x of the last alpha."""
    x = np.where(weight > 0, np.maximum(x, _LEAST), 0.0)
    close = _CLOSE * max(float(weight.mean()), _LEAST)
    for _ in range(_SWEEPS):
        expected = x * (likely @ x)
        if np.abs(expected - weight).max() <= close:
            break
        x = x * np.sqrt(weight / np.maximum(expected, _LEAST))
    return x


def _between(
    first: IntArray, second: IntArray, counts: AnyArray, part: IntArray
) -> FloatArray:
    """Sum the counts by pairs of communities, the lower one first."""
    n = int(part.max()) + 1
    low, high = np.minimum(first, second), np.maximum(first, second)
    flat = np.bincount(low * n + high, counts, n * n)
    return np.asarray(flat, np.float64).reshape(n, n)


def _expected(likely: FloatArray, x: FloatArray, part: IntArray) -> FloatArray:
    """Sum the expected edges by pairs of communities, each pair of points once."""
    n = int(part.max()) + 1
    member = np.zeros((len(part), n))
    member[np.arange(len(part)), part] = x
    both = member.T @ (likely @ member)
    own = np.bincount(part, x * x * np.diag(likely), n)
    out = np.triu(both, 1)
    np.fill_diagonal(out, (np.diag(both) + own) / 2)
    return out


def _divergence(counts: FloatArray, expected: FloatArray) -> float:
    """Mean of the divergence within communities and of that between each two."""
    within, between = np.diag_indices(len(counts)), np.triu_indices(len(counts), 1)
    total = _jensen_shannon(counts[within], expected[within])
    if len(between[0]):
        total += _jensen_shannon(counts[between], expected[between])
    return total / 2


def _jensen_shannon(p: FloatArray, q: FloatArray) -> float:
    p, q = p + _PRIOR, q + _PRIOR
    p, q = p / p.sum(), q / q.sum()
    mean = (p + q) / 2
    return float((p * np.log(p / mean) + q * np.log(q / mean)).sum() / 2)


def _sample(
    graph: Graph, vectors: FloatArray, points: _Points, n_pairs: int, seed: int
) -> _Sample:
    """Edges and pairs without an edge, with their nodes' own nearness."""
    rng = np.random.default_rng(seed)
    rows, columns, weights = graph.edges()
    chance = None if weights is None else weights / weights.sum()
    some = rng.choice(len(rows), n_pairs, p=chance)
    n = graph.n_nodes
    left, right = rng.integers(0, n, (2, 2 * n_pairs))
    keys = np.minimum(left, right) * n + np.maximum(left, right)
    known = np.minimum(rows, columns).astype(np.int64) * n + np.maximum(rows, columns)
    free = np.flatnonzero(~np.isin(keys, known) & (left != right))[:n_pairs]
    ends = np.stack([
        np.concatenate([rows[some], left[free]]),
        np.concatenate([columns[some], right[free]]),
    ]).astype(np.int64)  # fmt: skip
    gap = np.linalg.norm(vectors[ends[0]] - vectors[ends[1]], axis=1)
    far = _farthest(vectors, gap)
    near = 1.0 - gap / far if far > 0 else np.ones(len(gap))
    degree = np.asarray(graph.to_scipy().sum(axis=1), np.float64).ravel()
    share = degree / np.maximum(points.weight[points.of], _LEAST)
    return _Sample(np.clip(near, 0.0, 1.0), share, ends, len(some))


def _farthest(vectors: FloatArray, seen: FloatArray) -> float:
    """Largest distance of two nodes: exact for few, else from the farthest out."""
    if len(vectors) <= 2000:
        return float(_distances(vectors - vectors.mean(axis=0)).max(initial=0.0))
    gap = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
    outer = vectors[np.argsort(-gap, kind="stable")[:1000]]
    outer = outer - outer.mean(axis=0)
    return max(float(_distances(outer).max()), float(seen.max(initial=0.0)))


def _local_auc(sample: _Sample, points: _Points, x: FloatArray, alpha: float) -> float:
    own = x[points.of] * sample.share
    chance = own[sample.ends[0]] * own[sample.ends[1]] * sample.near**alpha
    edges, others = chance[: sample.n_edges], chance[sample.n_edges :]
    return ranking_auc(edges, others) if len(others) else 1.0

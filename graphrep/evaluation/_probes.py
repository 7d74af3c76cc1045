"""ProbeEvaluator: which properties of nodes can be read off their vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import numba_threads
from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import read_embedding
from graphrep.evaluation._node_properties import PROPERTIES, node_properties
from graphrep.evaluation._records import Records
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.linalg import gram, times
from graphrep.retrieval import ExactIndex
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

METHODS = ("ridge", "knn")
_PENALTIES = np.logspace(-6, 3, 28)  # times the mean eigenvalue
_LEAST_FREE = 1e-3  # share of the degrees of freedom that must be left
_ALL_UP_TO = 1e12  # multiplications for the nearest neighbours of all nodes
_CONSTANT = 1e-12
_SHOWN = (
    "embedding", "property", "method", "r2", "r2_sd", "spearman", "r2_random",
    "spearman_random",
)  # fmt: skip


class ProbeEvaluator(BaseEstimator):
    """Predict properties of nodes from their vectors, out of sample.

    Parameters
    ----------
    properties : sequence of str
        What to predict; default "degree", "pagerank", "clustering", "core_number",
        "triangles" and "betweenness".
    methods : {"ridge", "knn"} or sequence of them, default="ridge"
        What predicts: what a linear map finds, or what near vectors have in common.
    n_folds : int, default=5
        Parts of the nodes, each predicted from the others.
    n_neighbors : int, default=10
        Of "knn".
    n_sources : int, default=256
        Sources of shortest paths that the betweenness is estimated from.
    reference : bool, default=True
        Whether to put random vectors of the same dimension through the same.
    random_state : int, RandomState, Generator or None, default=0
        Seed of folds, sources and random vectors, which depend on ids, not on rows.
    n_jobs : int or None, default=None
        Threads; None takes all. Results do not depend on it.

    Notes
    -----
    Properties are those of the undirected graph without weights and loops (but
    "pagerank" follows directions), all but "clustering" as log(1 + x): they are
    heavy-tailed, and a few hubs would decide a squared error.

    - "ridge": columns of variance 1, the penalty of each property chosen on the
      training part by generalised cross-validation (Golub, Heath & Wahba 1979). One
      eigendecomposition a fold serves all properties and penalties: O(n d² + d³).
    - "knn": the mean over the nearest other nodes by Euclidean distance, so that each
      node is left out once; O(n² d), of a sample of nodes where that exceeds 1e12.

    "r2" is the mean over folds of 1 - SSE / SST on the held-out part, "r2_sd" its
    standard deviation (n - 1), "spearman" the mean over folds of the rank correlation
    of predictions and truth (over all folds at once, what knows nothing would come out
    negative, for the mean of the others is low where a fold is high; Airola et al.
    2011). What knows nothing gets about 0, or an "r2" below it. None: the property, or
    what is predicted, is the same for all nodes. "_random" is what random vectors get.

    What is known of a graph is kept as long as the graph, so that properties are
    computed once for several embeddings.

    References
    ----------
    .. [1] S. Bonner et al. Exploring the semantic content of unsupervised graph
       embeddings: an empirical study. Data Science and Engineering 4, 2019.
       https://doi.org/10.1007/s41019-019-0097-5
    .. [2] A. Airola et al. An experimental comparison of cross-validation techniques
       for estimating the area under the ROC curve. Computational Statistics & Data
       Analysis 55, 2011 (pooling and averaging).

    Examples
    --------
    >>> from graphrep import AdjacencySVD
    >>> from graphrep.datasets import load_karate
    >>> evaluator = ProbeEvaluator(("degree",))
    >>> row = evaluator.evaluate(load_karate().graph, AdjacencySVD(4)).rows()[0]
    >>> row["r2"] > 0.5 > row["r2_random"]
    True
    """

    def __init__(
        self,
        properties: Sequence[str] = PROPERTIES,
        *,
        methods: str | Sequence[str] = "ridge",
        n_folds: int = 5,
        n_neighbors: int = 10,
        n_sources: int = 256,
        reference: bool = True,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.properties = properties
        self.methods = methods
        self.n_folds = n_folds
        self.n_neighbors = n_neighbors
        self.n_sources = n_sources
        self.reference = reference
        self.random_state = random_state
        self.n_jobs = n_jobs

    def evaluate(
        self, graph: GraphLike, embedding: Any, *, name: str | None = None
    ) -> Records:
        """Evaluate one embedding.

        Parameters
        ----------
        graph : graph in any form
            Whose nodes the vectors belong to.
        embedding : object
            Anything with vectors; see `ReconstructionEvaluator.evaluate`.
        name : str or None, default=None
            What to call it.

        Returns
        -------
        Records
            A row for each property and method.

        Raises
        ------
        GraphValueError
            If the embedding has no vectors, there are fewer nodes than two for each
            fold, or a property or method is unknown.
        """
        nodes = read_graph(graph)
        methods = self._checked(nodes)
        read = read_embedding(nodes, embedding, name)
        if read.source is None:
            raise GraphValueError(
                f"{read.name!r} has no vectors to probe; it is a score of pairs."
            )
        seed = draw_seed(self.random_state)
        folds = self._folds(nodes, seed)
        with numba_threads(self.n_jobs), single_blas_thread():
            known = node_properties(
                nodes, self.properties, n_sources=self.n_sources, seed=seed,
                n_jobs=self.n_jobs,
            )  # fmt: skip
            targets = np.column_stack(list(known.values()))
            vectors = [np.asarray(read.source)]
            if self.reference:
                vectors.append(_random_vectors(nodes, vectors[0].shape[1], seed))
            found = {
                method: [self._scored(method, X, targets, folds) for X in vectors]
                for method in methods
            }
        rows = [
            {"embedding": read.name, "property": title, "method": method}
            | _record([scores[p] for scores in found[method]])
            for method in methods
            for p, title in enumerate(known)
        ]
        return Records(read.name, rows, _SHOWN if self.reference else _SHOWN[:-2])

    def _checked(self, graph: Graph) -> list[str]:
        methods = [self.methods] if isinstance(self.methods, str) else [*self.methods]
        wrong = [method for method in methods if method not in METHODS]
        if wrong or not methods:
            raise GraphValueError(
                f"methods must be one or more of {', '.join(map(repr, METHODS))}; got "
                f"{self.methods!r}."
            )
        if self.n_folds < 2 or graph.n_nodes < 2 * self.n_folds:
            raise GraphValueError(
                f"n_folds={self.n_folds} cannot divide {graph.n_nodes:,} nodes; take 2 "
                "or more, and at most half as many as there are nodes."
            )
        return methods

    def _folds(self, graph: Graph, seed: int) -> list[IntArray]:
        """Rows of each fold, drawn by ids."""
        drawn = np.random.default_rng([seed, 0]).permutation(graph.n_nodes)
        order = graph.nodes.rank()
        rows = drawn if order is None else order[drawn]
        return [np.sort(part) for part in np.array_split(rows, self.n_folds)]

    def _scored(
        self, method: str, X: AnyArray, Y: FloatArray, folds: list[IntArray]
    ) -> list[_Score]:
        if method == "ridge":
            return _scores(Y, _ridge(X, Y, folds), folds)
        most = int(_ALL_UP_TO / max(len(X) * X.shape[1], 1) / len(folds))
        folds = [rows[: max(most, 2)] for rows in folds]
        k = min(self.n_neighbors, len(X) - 1)
        return _scores(Y, _nearest(X, Y, folds, k, self.n_jobs), folds)


class _Score(NamedTuple):
    r2: float
    r2_sd: float
    spearman: float


def _record(scores: list[_Score]) -> dict[str, float | None]:
    """Row of an embedding's score and, after it, that of random vectors."""
    own = {key: _plain(value) for key, value in scores[0]._asdict().items()}
    if len(scores) > 1:
        own["r2_random"] = _plain(scores[1].r2)
        own["spearman_random"] = _plain(scores[1].spearman)
    return own


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _random_vectors(graph: Graph, n_components: int, seed: int) -> FloatArray:
    drawn = np.random.default_rng([seed, 1]).standard_normal(
        (graph.n_nodes, n_components)
    )
    order = graph.nodes.rank()
    if order is None:
        return drawn
    out = np.empty_like(drawn)
    out[order] = drawn
    return out


def _ridge(X: AnyArray, Y: FloatArray, folds: list[IntArray]) -> FloatArray:
    """Predictions of each fold by a ridge regression on the others."""
    wide = X.astype(np.float64)
    peak = np.abs(wide).max(axis=0, initial=0.0)
    wide /= np.where(peak > 0, peak, 1.0)  # squares stay within range
    wide -= wide.mean(axis=0)
    spread = np.sqrt(np.einsum("ij,ij->j", wide, wide) / max(len(wide), 1))
    wide /= np.where(spread > _CONSTANT, spread, np.inf)
    means = Y.mean(axis=0)
    centred = Y - means
    parts = [_moments(wide[rows], centred[rows]) for rows in folds]
    total = [np.sum([part[i] for part in parts], axis=0) for i in range(5)]
    out = np.empty_like(Y)
    for rows, part in zip(folds, parts, strict=True):
        n = len(X) - len(rows)
        train = [whole - own for whole, own in zip(total, part, strict=True)]
        x_mean, y_mean = train[3] / n, train[4] / n
        weights = _solved(
            train[0] - n * np.outer(x_mean, x_mean),
            train[1] - n * np.outer(x_mean, y_mean),
            train[2] - n * y_mean**2, n,
        )  # fmt: skip
        out[rows] = times(wide[rows] - x_mean, weights) + y_mean + means
    return out


def _moments(X: FloatArray, Y: FloatArray) -> tuple[Any, ...]:
    return gram(X), gram(X, Y), (Y**2).sum(axis=0), X.sum(axis=0), Y.sum(axis=0)


def _solved(xx: FloatArray, xy: FloatArray, yy: FloatArray, n: int) -> FloatArray:
    """Coefficients of each target, its penalty chosen by generalised CV."""
    values, basis = np.linalg.eigh(xx)
    values = np.clip(values, 0.0, None)
    mean = values.mean() if len(values) else 0.0
    if mean <= 0:
        return np.zeros(xy.shape)
    along = basis.T @ xy
    grid = _PENALTIES * mean
    damped = values[:, None] + grid  # (d, n_penalties)
    free = 1 - (1 + (values[:, None] / damped).sum(axis=0)) / n
    # |y - X w|^2 = yy - sum over directions of along^2 (s + 2 a) / (s + a)^2
    gain = (damped + grid) / damped**2
    left = np.clip(yy[:, None] - (along**2).T @ gain, 0.0, None)
    scores = np.where(
        free > _LEAST_FREE, left / np.maximum(free, _LEAST_FREE) ** 2, np.inf
    )
    best = grid[np.argmin(scores, axis=1)]
    return np.asarray(basis @ (along / (values[:, None] + best)))


def _nearest(
    X: AnyArray, Y: FloatArray, folds: list[IntArray], k: int, n_jobs: int | None
) -> FloatArray:
    """Mean of the nearest other nodes for each node of the folds."""
    rows = np.sort(np.concatenate(folds))
    index = ExactIndex(X, "euclidean")
    found, _ = index.query(X[rows], k, exclude=rows, n_jobs=n_jobs)
    out = np.full_like(Y, np.nan)
    out[rows] = Y[found].mean(axis=1)
    return out


def _scores(
    Y: FloatArray, predicted: FloatArray, folds: list[IntArray]
) -> list[_Score]:
    """Means over folds of R² and Spearman's rho, for each target."""
    out = []
    for y, guess in zip(Y.T, predicted.T, strict=True):
        r2 = _finite(_r2(y[part], guess[part]) for part in folds)
        rho = _finite(_spearman(y[part], guess[part]) for part in folds)
        spread = float(r2.std(ddof=1)) if len(r2) > 1 else np.nan
        out.append(_Score(_mean(r2), spread, _mean(rho)))
    return out


def _finite(values: Iterable[float]) -> FloatArray:
    found: FloatArray = np.array(list(values), np.float64)
    return np.asarray(found[np.isfinite(found)])


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else np.nan


def _r2(y: FloatArray, guess: FloatArray) -> float:
    total = float(((y - y.mean()) ** 2).sum())
    if total <= _CONSTANT * float((y**2).sum()):
        return float("nan")
    return 1 - float(((y - guess) ** 2).sum()) / total


def _spearman(a: FloatArray, b: FloatArray) -> float:
    ranks = [rankdata(values) for values in (a, b)]
    if min(np.ptp(r) for r in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


__all__ = ["METHODS", "ProbeEvaluator"]

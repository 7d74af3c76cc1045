"""StabilityEvaluator: how much of a result is the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._reconstruction import ReconstructionEvaluator
from graphrep.evaluation._records import Records
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph
from graphrep.linalg import gram
from graphrep.retrieval import ExactIndex
from graphrep.typing import FloatArray, GraphLike, IntArray

_SEED = "random_state"


class StabilityEvaluator(BaseEstimator):
    """Fit an embedder with several seeds and see what stays.

    Parameters
    ----------
    n_seeds : int, default=5
        Fits.
    k : int, default=10
        Nearest neighbours that are compared.
    n_queries : int, default=1000
        Nodes whose neighbours and average precision are compared.
    random_state : int, RandomState, Generator or None, default=0
        Draws the seeds and the nodes.
    n_jobs : int or None, default=None
        Threads of the evaluation.

    Raises
    ------
    GraphTypeError
        If what is evaluated is no estimator: vectors have no seed to change.

    Notes
    -----
    Over all pairs of fits,

    - "procrustes": ``1 - |X'Y|_* ² / (|X|_F² |Y|_F²)``, what is left of the squared
      difference when one is turned and scaled onto the other in the best way; 0 is the
      same up to rotation, near 1 nothing in common;
    - "knn_overlap": share of the k nearest (by cosine) that two fits agree on;
    - "ap_mean", "ap_sd": mean and standard deviation over fits of the 1-hop average
      precision by the native score, on the same nodes.

    An embedder without a seed (``random_state`` in none of its steps) is fitted once
    and reports no spread; "deterministic" says so. Memory holds all fits.

    Examples
    --------
    >>> from graphrep import LaplacianEigenmaps
    >>> from graphrep.datasets import load_karate
    >>> found = StabilityEvaluator(n_seeds=2).evaluate(
    ...     load_karate().graph, LaplacianEigenmaps(4))
    >>> found.rows()[0]["knn_overlap"]
    1.0
    """

    def __init__(
        self,
        n_seeds: int = 5,
        *,
        k: int = 10,
        n_queries: int = 1000,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_seeds = n_seeds
        self.k = k
        self.n_queries = n_queries
        self.random_state = random_state
        self.n_jobs = n_jobs

    def evaluate(
        self, graph: GraphLike, embedding: Any, *, name: str | None = None
    ) -> Records:
        """Evaluate an estimator.

        Parameters
        ----------
        graph : graph in any form
            What it is fitted on.
        embedding : estimator, or Embedding of one
            Fitted or not; clones of it are fitted.
        name : str or None, default=None
            What to call it.

        Returns
        -------
        Records
            One row.
        """
        if self.n_seeds < 2:
            raise GraphValueError(f"n_seeds must be at least 2; got {self.n_seeds!r}.")
        nodes = read_graph(graph)
        title, estimator = _estimator_of(embedding, name)
        rng = np.random.default_rng(draw_seed(self.random_state))
        seeded = [key for key in estimator.get_params() if key.split("__")[-1] == _SEED]
        fits = [
            self._fit(nodes, estimator, title, dict.fromkeys(seeded, int(seed)))
            for seed in rng.integers(0, 2**31, self.n_seeds if seeded else 1)
        ]
        n = min(self.n_queries, nodes.n_nodes)
        rows = np.sort(rng.choice(nodes.n_nodes, n, replace=False))
        precision = self._precision(nodes, fits, rows)
        vectors = [fit.source for fit in fits if fit.source is not None]
        near = [self._nearest(x, rows) for x in vectors]
        pairs = [(a, b) for b in range(len(fits)) for a in range(b)]
        record = {
            "embedding": title,
            "n_seeds": self.n_seeds,
            "deterministic": not seeded,
            "procrustes": _mean(
                [_procrustes(vectors[a], vectors[b]) for a, b in pairs]
            ),
            "knn_overlap": _mean([_overlap(near[a], near[b]) for a, b in pairs], 1.0),
            "ap_mean": _plain(float(np.mean(precision))),
            "ap_sd": _plain(float(np.std(precision, ddof=1)) if pairs else 0.0),
            "n_queries": n,
        }
        return Records(title, [record])

    def _fit(
        self, graph: Graph, estimator: Any, title: str, seeds: dict[str, int]
    ) -> Embedding:
        fresh = clone(estimator).set_params(**seeds)
        return read_embedding(graph, fresh, title)

    def _precision(
        self, graph: Graph, fits: list[Embedding], rows: IntArray
    ) -> list[float]:
        evaluator = ReconstructionEvaluator(
            (1,), scores=("native",), metrics=("ap",), queries=graph.node_ids[rows],
            n_jobs=self.n_jobs,
        )  # fmt: skip
        return [evaluator.evaluate(graph, fit).mean().value for fit in fits]

    def _nearest(self, vectors: FloatArray, rows: IntArray) -> IntArray:
        k = min(self.k, len(vectors) - 1)
        index = ExactIndex(vectors, "cosine")
        found, _ = index.query(vectors[rows], k, exclude=rows, n_jobs=self.n_jobs)
        return np.sort(found, axis=1)


def _estimator_of(embedding: Any, name: str | None) -> tuple[str, Any]:
    """Name and estimator of what was given."""
    estimator = embedding
    if isinstance(embedding, Embedding):
        name, estimator = name or embedding.name, embedding.estimator
    title = name or type(estimator).__name__
    if not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")):
        raise GraphTypeError(
            f"Stability needs an estimator to fit again; {title!r} has no seed to "
            "change. Pass the estimator instead of its vectors."
        )
    return title, estimator


def _procrustes(x: FloatArray, y: FloatArray) -> float:
    x, y = x.astype(np.float64), y.astype(np.float64)
    size = float((x * x).sum() * (y * y).sum())
    if size == 0:
        return 0.0
    common = np.linalg.svd(gram(x, y), compute_uv=False).sum()
    return float(np.clip(1.0 - common**2 / size, 0.0, 1.0))


def _overlap(a: IntArray, b: IntArray) -> float:
    """Share of the members of each sorted row of ``a`` that are in that of ``b``."""
    n, k = a.shape
    if not n or not k:
        return 1.0
    width = int(max(a.max(), b.max())) + 1
    offset = (np.arange(n) * width)[:, None]
    return float(np.isin((a + offset).ravel(), (b + offset).ravel()).mean())


def _mean(values: list[float], alone: float = 0.0) -> float:
    return float(np.mean(values)) if values else alone


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None

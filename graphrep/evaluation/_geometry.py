"""GeometryEvaluator: the health of vectors as such, before any task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._records import Records
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.kernels import _topk
from graphrep.linalg import gram
from graphrep.retrieval import ExactIndex
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

kernels: Any = _topk  # kernels carry no annotations

_ALL_UP_TO = 1e12  # multiplications for the nearest neighbours of all nodes
_ANTIHUB = 0  # occurrences
_DEAD = 1e-12  # of the largest variance
_DIRECTIONS = 1 << 10  # rows at a time, where every row meets all directions


@dataclass(frozen=True, repr=False)
class GeometryResult(Records):
    """One record of figures, and the nodes that are neighbours of too many.

    Parameters
    ----------
    name, found, columns
        See `Records`.
    hubs : list of dict
        Nodes that occur most often among the nearest of others, most first.
    """

    hubs: list[dict[str, Any]] = field(default_factory=list)


class GeometryEvaluator(BaseEstimator):
    """Look at vectors without a task: do they use their space, and are there hubs.

    Parameters
    ----------
    k : int, default=10
        Nearest neighbours that are counted for hubness.
    n_queries : int or None, default=None
        Nodes whose neighbours are found; None takes all while that costs at most
        1e12 multiplications, and so many as cost that otherwise.
    n_hubs : int, default=10
        Hubs to name.
    n_pairs : int, default=20000
        Random pairs of nodes, for the mean cosine.
    random_state : int, RandomState, Generator or None, default=0
        Draws pairs and queries.
    n_jobs : int or None, default=None
        Threads; None takes all processors. Results do not depend on it.

    Notes
    -----
    Let s be the singular values of the vectors (not centred), l the eigenvalues of
    their covariance.

    - "effective_rank": exp of the entropy of s / sum(s) (Roy & Vetterli 2007, RankMe
      of Garrido et al. 2023): how many directions are in use; "stable_rank":
      sum(s²) / max(s)²; "participation_ratio": sum(l)² / sum(l²).
    - "isotropy": min over max of the partition function Z(c) = sum_i exp(x_i · c) over
      the eigenvectors c, vectors scaled to a mean length of 1 (Mu & Viswanath 2018):
      1 is the same in all directions. "mean_cosine" is that of random pairs: near 0
      where directions are spread, near 1 in a narrow cone.
    - "norm_degree_correlation": Spearman's rho of length and degree. Large lengths of
      hubs rule dot products.
    - "hubness_skewness": skewness of N_k, how often each node is among the k nearest
      (by cosine) of others (Radovanović et al. 2010); above 1 a few nodes are near
      everything. "antihubs": share of nodes that are near nothing.
    - "dead_dimensions": columns without variance; "duplicates": nodes whose vector
      another node has too; "zero_vectors"; "not_finite": vectors with NaN or an
      infinity, which are left out of all the rest.

    O(n d²) and the nearest neighbours, O(n_queries n d), in blocks.

    References
    ----------
    Roy, Vetterli. The effective rank. EUSIPCO 2007.
    Garrido et al. RankMe. ICML 2023.
    Mu, Viswanath. All-but-the-top. ICLR 2018.
    Radovanović, Nanopoulos, Ivanović. Hubs in space. JMLR 11, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from graphrep.datasets import load_karate
    >>> line = np.outer(np.arange(34.0), [1.0, 2.0])
    >>> found = GeometryEvaluator().evaluate(load_karate().graph, line)
    >>> round(found.rows()[0]["effective_rank"], 3)
    1.0
    """

    def __init__(
        self,
        *,
        k: int = 10,
        n_queries: int | None = None,
        n_hubs: int = 10,
        n_pairs: int = 20_000,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.k = k
        self.n_queries = n_queries
        self.n_hubs = n_hubs
        self.n_pairs = n_pairs
        self.random_state = random_state
        self.n_jobs = n_jobs

    def evaluate(
        self,
        graph: GraphLike,
        embedding: Any,
        *,
        name: str | None = None,
        names: Any = None,
    ) -> GeometryResult:
        """Evaluate one embedding.

        Parameters
        ----------
        graph : graph in any form
            Whose nodes the vectors belong to.
        embedding : object
            See `graphrep.evaluation._embeddings.read_embedding`; an array may hold
            values that are not finite, which are counted.
        name : str or None, default=None
            What to call it.
        names : sequence or None, default=None
            What to call the nodes in the list of hubs, in row order.

        Returns
        -------
        GeometryResult

        Raises
        ------
        GraphValueError
            If the embedding has no vectors, or ``k`` is no positive number.
        """
        if self.k < 1:
            raise GraphValueError(f"k must be at least 1; got {self.k!r}.")
        nodes = read_graph(graph)
        title, vectors = _vectors_of(nodes, embedding, name)
        finite = np.asarray(np.isfinite(vectors).all(axis=1))
        rows = np.flatnonzero(finite)
        rng = np.random.default_rng(draw_seed(self.random_state))
        kept = np.ascontiguousarray(vectors[rows])
        record: dict[str, Any] = {"embedding": title, "n_components": vectors.shape[1]}
        record |= _spectrum(kept)
        record |= _directions(kept, self.n_pairs, rng)
        record |= _lengths(kept, np.asarray(nodes.degree())[rows])
        counts, n_queries = self._occurrences(kept, rng)
        record |= _hubness(counts, n_queries, len(kept))
        record |= {"not_finite": int(len(finite) - len(rows))}
        record = {key: _plain(value) for key, value in record.items()}
        hubs = self._hubs(title, nodes, rows, counts, n_queries, names)
        return GeometryResult(title, [record], None, hubs)

    def _occurrences(
        self, vectors: FloatArray, rng: np.random.Generator
    ) -> tuple[IntArray, int]:
        """Count how often each row is among the k nearest of the queries."""
        n, d = vectors.shape
        if n < 2 or not d:
            return np.zeros(n, np.int64), 0
        wanted = self.n_queries
        if wanted is None:
            wanted = int(min(n, max(1, _ALL_UP_TO / (float(n) * d))))
        rows = np.arange(n)
        if wanted < n:
            rows = np.sort(rng.choice(n, wanted, replace=False))
        index = ExactIndex(vectors, "cosine")
        found, _ = index.query(
            vectors[rows], min(self.k, n - 1), exclude=rows, n_jobs=self.n_jobs
        )
        return np.bincount(found.ravel(), minlength=n), len(rows)

    def _hubs(
        self,
        title: str,
        graph: Graph,
        rows: IntArray,
        counts: IntArray,
        n_queries: int,
        names: Any,
    ) -> list[dict[str, Any]]:
        if not n_queries:
            return []
        degree = graph.degree()
        out = []
        for at in np.argsort(-counts, kind="stable")[: self.n_hubs]:
            row = int(rows[at])
            node = graph.nodes[row]
            name = None if names is None else names[row]
            out.append({
                "embedding": title, "node": node,
                "name": str(node if name is None else name),
                "count": int(counts[at]), "degree": int(degree[row]),
                "n_queries": n_queries,
            })  # fmt: skip
        return out


def _vectors_of(
    graph: Graph, embedding: Any, name: str | None
) -> tuple[str, FloatArray]:
    """Vectors in row order; an array is taken as it is, whatever it holds."""
    if isinstance(embedding, np.ndarray) and embedding.ndim == 2:
        if len(embedding) != graph.n_nodes:
            raise GraphValueError(
                f"There are {len(embedding):,} vectors but the graph has "
                f"{graph.n_nodes:,} nodes; pass one row a node."
            )
        return name or "X", embedding.astype(np.float64, copy=False)
    read: Embedding = read_embedding(graph, embedding, name)
    if read.source is None:
        raise GraphValueError(
            f"{read.name!r} has no vectors to look at; it is a score of pairs."
        )
    return read.name, read.source


def _spectrum(vectors: FloatArray) -> dict[str, Any]:
    """Ranks from the d x d products, and columns that never vary."""
    n, d = vectors.shape
    if not n or not d:
        return dict.fromkeys(
            ("effective_rank", "stable_rank", "participation_ratio", "dead_dimensions")
        )
    wide = vectors.astype(np.float64)
    peak = float(np.abs(wide).max())
    wide /= peak if peak > 0 else 1.0
    product = gram(wide)
    squares = np.clip(np.linalg.eigvalsh(product), 0.0, None)
    squares[squares < squares.max(initial=0.0) * np.finfo(np.float64).eps * d] = 0.0
    values = np.sqrt(squares)
    mean = wide.mean(axis=0)
    covariance = product / n - np.outer(mean, mean)
    spread = np.clip(np.linalg.eigvalsh(covariance), 0.0, None)
    variance = np.diag(covariance)
    return {
        "effective_rank": _effective_rank(values),
        "stable_rank": _ratio(squares.sum(), squares.max()),
        "participation_ratio": _ratio(spread.sum() ** 2, (spread**2).sum()),
        "dead_dimensions": int((variance <= _DEAD * max(variance.max(), 0.0)).sum()),
    }


def _effective_rank(values: FloatArray) -> float:
    total = values.sum()
    if total <= 0:
        return 0.0
    share = values[values > 0] / total
    return float(np.exp(-(share * np.log(share)).sum()))


def _directions(
    vectors: FloatArray, n_pairs: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Isotropy, and the mean cosine of random pairs."""
    n, d = vectors.shape
    length = kernels.norms(vectors) if n and d else np.zeros(n)
    if n < 2 or not length.any():
        return {"isotropy": None, "mean_cosine": None}
    left = rng.integers(0, n, n_pairs)
    right = (left + rng.integers(1, n, n_pairs)) % n
    unit = vectors / np.where(length > 0, length, 1.0)[:, None]
    cosine = np.einsum("ij,ij->i", unit[left], unit[right])
    scaled = vectors / length.mean()
    _, axes = np.linalg.eigh(gram(scaled.astype(np.float64)))
    total = np.zeros((2, d))
    for start in range(0, n, _DIRECTIONS):
        along = np.clip(scaled[start : start + _DIRECTIONS] @ axes, -700.0, 700.0)
        total[0] += np.exp(along).sum(axis=0)
        total[1] += np.exp(-along).sum(axis=0)
    return {"isotropy": float(total.min() / total.max()), "mean_cosine": cosine.mean()}


def _lengths(vectors: FloatArray, degree: AnyArray) -> dict[str, Any]:
    """Lengths, their relation to degrees, and vectors that occur twice."""
    from scipy.stats import rankdata

    n, d = vectors.shape
    length = kernels.norms(vectors) if n and d else np.zeros(n)
    ranks = rankdata(length), rankdata(degree)
    correlated = None
    if n > 1 and all(np.ptp(part) > 0 for part in ranks):
        correlated = float(np.corrcoef(*ranks)[0, 1])
    distinct = len(np.unique(vectors, axis=0)) if d else min(n, 1)
    return {
        "norm_degree_correlation": correlated,
        "mean_norm": length.mean() if n else None,
        "sd_norm": length.std() if n else None,
        "duplicates": n - distinct,
        "zero_vectors": int((length == 0).sum()),
    }


def _hubness(counts: IntArray, n_queries: int, n: int) -> dict[str, Any]:
    """Skewness of how often nodes are neighbours, and the share that never are."""
    if not n_queries:
        return {"hubness_skewness": None, "antihubs": None, "n_queries": 0}
    gap = counts - counts.mean()
    spread = float((gap**2).mean())
    skewness = float((gap**3).mean() / spread**1.5) if spread > 0 else 0.0
    return {
        "hubness_skewness": skewness,
        "antihubs": float((counts == _ANTIHUB).sum() / n),
        "n_queries": n_queries,
    }


def _ratio(above: Any, below: Any) -> float:
    return float(above / below) if below > 0 else 0.0


def _plain(value: Any) -> Any:
    """Value as JSON has it."""
    if isinstance(value, (np.floating, float)):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value

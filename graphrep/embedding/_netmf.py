"""NetMF: the matrix that DeepWalk factorises implicitly, factorised."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.embedding._log_matrix import (
    WIDTH,
    Operator,
    Ratios,
    log_matrices,
    panels,
)
from graphrep.embedding._netmf_walks import sampled_bytes, sampled_logs
from graphrep.embedding._propagation import strengths
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.linalg import SparseOperator, eigsh, randomized_svd, scaled, times
from graphrep.typing import AnyArray, FloatArray, IntArray

_MOST_FOR_ALL_PAIRS = 20_000
_SMALL_WINDOW = 2
_ADVICE = 'Pass mode="sampled", or use ProNE or FastRP, which store edges only.'
_FLOAT = np.dtype(np.float32).itemsize


class NetMF(TransductiveEmbedder):
    r"""Factorise the matrix that DeepWalk factorises implicitly.

    The vectors that endless random walks and skip-gram would lead to, without a walk.
    For all pairs of nodes up to some ten thousand nodes, for sampled pairs above.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding.
    window : int, default=10
        Longest distance T on a walk at which two nodes are a pair.
    negative : float, default=1.0
        Number b of negative samples.
    rank : int, default=256
        Eigenpairs that stand for the walks under ``mode="large"``.
    mode : {"auto", "small", "large", "sampled"}, default="auto"
        How the matrix is found. "small": exactly, by products with the graph.
        "large": through the top ``rank`` eigenpairs, whatever the window. "sampled":
        from walks, for the pairs that they meet. "auto" is "sampled" above 20,000
        nodes and otherwise "small" for a window up to 2 and "large" from 3 on.
    walks_per_edge : float, default=5.0
        Walks of ``window`` steps that start from an edge in each direction, on
        average, under ``mode="sampled"``. More find more pairs, in more memory.
    self_loops : {"drop", "keep"}, default="drop"
        What to do with edges from a node to itself.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        An int gives the same embedding on every call. All that is random without
        sampling is the start of iterations that are run until they converge.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its steps (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Vectors U S^½ of the fitted nodes; zero for isolated nodes.
    target_embedding_ : ndarray of shape (n_nodes, n_components)
        V S^½: the product of a source and a target approximates the matrix. For this
        symmetric matrix U and V differ in the signs of columns only.
    singular_values_ : ndarray of shape (n_found,)
        Singular values, descending.
    mode_ : str
        What "auto" came to.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_isolated_ : int
        Number of nodes without edges.
    random_seed_ : int
        The 64-bit seed that was used.

    Raises
    ------
    MemoryLimitError
        Where the matrix would not fit, before it is made.

    See Also
    --------
    ProNE : Edges only, then a filter: millions of nodes.
    GraRep : One factorisation for each length of walks.
    DeepWalk : The walks themselves.

    Notes
    -----
    With P = D⁻¹ A and vol the sum of all degrees, twice the number of edges,

    .. math:: M = \log \max\left(1, \frac{vol}{b\,T}
        \sum_{r=1}^{T} P^r D^{-1}\right) = U S V^\top.

    "large" takes the top eigenpairs (μ, u) of N = D^-½ A D^-½ and

    .. math:: M \approx \log \max\left(1, \frac{vol}{b} D^{-1/2} U f(\mu) U^\top
        D^{-1/2}\right), \quad f(\mu) = \max\left(0, \frac{\mu (1 - \mu^T)}{(1 - \mu) T}
        \right), \; f(1) = 1.

    "sampled" follows NetSMF [2]_: the sum over r is estimated by where walks get. It
    differs in what is drawn, not in what is estimated: a step along an edge is
    counted exactly, first steps are dealt out evenly, one walk serves all lengths,
    and weights need no correction since starts are proportional to degrees. The
    matrix is as sparse as the walks are few, and entries of rarely met pairs are
    noise: on PubMed (mean degree 4.5) labels are learnt as well as from "large" at a
    fortieth of the time, on graphs of larger degrees less well than from ProNE
    (BlogCatalog, mean degree 65: 15 points less than "large"). Raise
    ``walks_per_edge`` there, or compare with ProNE.

    M is built 128 rows at a time and stored as compressed rows where less than a
    quarter of its entries is positive, else as one dense array, in float32 unless the
    input was a float64 matrix. M is symmetric, so its singular triplets are read off
    its eigenpairs, computed until they converge; a sampled M is decomposed by a
    randomised power iteration.

    Time is O(window · n_edges · n_nodes) for "small", O(rank · n_nodes²) for "large"
    and O(walks_per_edge · window · n_edges · n_components) for "sampled"; memory is
    at most n_nodes² numbers, or 8 bytes for each positive entry.

    Directions are dropped with a warning; weights count as multiplicities.
    Components need no care: pairs of different ones get 0.

    References
    ----------
    .. [1] J. Qiu, Y. Dong, H. Ma, J. Li, K. Wang and J. Tang, "Network embedding as
       matrix factorization: unifying DeepWalk, LINE, PTE, and node2vec", WSDM 2018.
    .. [2] J. Qiu, Y. Dong, H. Ma, J. Li, C. Wang, K. Wang and J. Tang, "NetSMF:
       large-scale network embedding as sparse matrix factorization", WWW 2019.

    Examples
    --------
    >>> from graphrep import Graph, NetMF
    >>> graph = Graph.from_edges(["a", "b", "c", "d"], ["b", "c", "a", "a"])
    >>> model = NetMF(3, window=2, random_state=0).fit(graph)
    >>> model.embedding_.shape, model.mode_
    ((4, 3), 'small')
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "window": [Interval(Integral, 1, None, closed="left")],
        "negative": [Interval(Real, 0, None, closed="neither")],
        "rank": [Interval(Integral, 1, None, closed="left")],
        "mode": [StrOptions({"auto", "small", "large", "sampled"})],
        "walks_per_edge": [Interval(Real, 0, None, closed="neither")],
        "self_loops": [StrOptions({"drop", "keep"})],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        window: int = 10,
        negative: float = 1.0,
        rank: int = 256,
        mode: str = "auto",
        walks_per_edge: float = 5.0,
        self_loops: str = "drop",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.window = window
        self.negative = negative
        self.rank = rank
        self.mode = mode
        self.walks_per_edge = walks_per_edge
        self.self_loops = self_loops
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def estimate_memory(self, n_nodes: int, n_entries: int) -> dict[str, int]:
        """Bytes that a fit would need at most, by what they are for.

        Parameters
        ----------
        n_nodes, n_entries : int
            Nodes and stored entries of the adjacency.

        Returns
        -------
        dict of str to int
            Bytes by purpose, and their sum under "total".
        """
        if self._mode_for(n_nodes) == "sampled":
            matrix = sampled_bytes(n_entries, self.window, self.walks_per_edge)
        else:
            matrix = n_nodes * (n_nodes + 4 * WIDTH) * _FLOAT
        basis = 2 * max(self.n_components, self.rank) + 256
        parts = {
            "graph": 8 * (n_nodes + 1) + 8 * n_entries,
            "matrix": matrix,
            "vectors": n_nodes * (basis + 2 * self.n_components) * _FLOAT,
        }
        return {**parts, "total": sum(parts.values())}

    def _mode_for(self, n_nodes: int) -> str:
        if self.mode != "auto":
            return self.mode
        if n_nodes > _MOST_FOR_ALL_PAIRS:
            return "sampled"
        return "small" if self.window <= _SMALL_WINDOW else "large"

    def _embed(self, task: Task) -> Fitted:
        n = task.graph.n_nodes
        mode = self._mode_for(n)
        n_panels = 0 if mode == "sampled" else len(panels(n))
        steps = self._steps(task, "panel", n_panels + 1)
        left: AnyArray = np.zeros((n, 1))
        right: AnyArray = left
        values: AnyArray = np.zeros(1)
        if len(task.graph.indices):
            operator = self._matrix(task, mode, steps)
            width = min(self.n_components, n)
            if mode == "sampled":
                left, values, turned = randomized_svd(operator, width, seed=task.seed)
                right = turned.T
            else:
                found, left = eigsh(operator, width, which="LM", seed=task.seed)
                values, right = np.abs(found), np.where(found < 0, -left, left)
        for _ in steps:
            pass
        root = np.sqrt(values).astype(task.dtype)
        attributes = {"singular_values_": values, "mode_": mode}
        return Fitted(left * root, right * root, attributes)

    def _matrix(self, task: Task, mode: str, steps: Iterator[int]) -> Operator:
        csr, dtype = task.graph.csr, task.dtype
        if mode == "sampled":
            matrix = sampled_logs(
                csr, window=self.window, negative=self.negative,
                walks_per_edge=self.walks_per_edge, seed=task.seed, dtype=dtype,
            )  # fmt: skip
            return SparseOperator(matrix, symmetric=True, dtype=dtype)
        strength = strengths(csr)
        inverse = 1 / np.sqrt(np.where(strength > 0, strength, 1))
        walk = SparseOperator(
            scaled(csr, inverse, inverse), symmetric=True, dtype=dtype
        )
        factor = strength.sum() / self.negative
        if mode == "small":
            source: _Powers | _Filtered = _Powers(walk, self.window)
        else:
            source = _Filtered(walk, self.window, self.rank, task.seed)
        left, right = inverse.astype(dtype), (factor * inverse).astype(dtype)

        def produce(rows: IntArray) -> list[Ratios]:
            return [Ratios(source.columns(rows), left, right[rows])]

        return log_matrices(
            produce, task.graph.n_nodes, dtype, _ADVICE, steps, symmetric=True
        )[0]


class _Powers:
    """Columns of the mean of the first powers of N."""

    def __init__(self, walk: SparseOperator, window: int) -> None:
        self.walk, self.window = walk, window

    def columns(self, rows: IntArray) -> FloatArray:
        """By Horner's rule: as many products as powers."""
        shape = (self.walk.shape[0], len(rows))
        panel: FloatArray = np.zeros(shape, self.walk.dtype)
        for _ in range(self.window):
            panel[rows, np.arange(len(rows))] += 1
            panel = self.walk.matmat(panel)
        panel /= self.window
        return panel


class _Filtered:
    """Columns of the same mean, from the top eigenpairs of N."""

    def __init__(self, walk: SparseOperator, window: int, rank: int, seed: int) -> None:
        rank = min(rank, walk.shape[0])
        values, self.vectors = eigsh(walk, rank, which="LA", seed=seed)
        self.factors = mean_power(values, window)

    def columns(self, rows: IntArray) -> FloatArray:
        return times(self.vectors, self.factors[:, None] * self.vectors[rows].T)


def mean_power(values: AnyArray, window: int) -> FloatArray:
    """Mean of the first powers of eigenvalues; nothing for negative ones."""
    below = np.minimum(values, 1)
    mean = np.zeros(len(below))
    power = np.ones(len(below))
    for _ in range(window):
        power *= below
        mean += power
    return np.maximum(mean / window, 0)


__all__ = ["NetMF"]

"""ProNE: a factorisation of the edges, smoothed by a filter of the spectrum."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, NamedTuple

import numba
import numpy as np
from scipy import sparse, special

from graphrep._utils._arrays import aligned_empty
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.embedding._propagation import padded, strengths
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.graph import CSR
from graphrep.kernels._prone import lazy_step
from graphrep.kernels._propagation import equal_work_cuts
from graphrep.linalg import SparseOperator, canonical_signs, randomized_svd
from graphrep.typing import AnyArray, FloatArray, IntArray

_NO_WEIGHTS = np.empty(0, np.int8)
_OVERSAMPLES = 16
_ROWS_AT_ONCE = 1 << 13
_BLOCKS = 256
_ENTRIES_PER_BLOCK = 1 << 15
_WORK_PER_ROW = 8


class ProNE(TransductiveEmbedder):
    r"""Factorise the edges, then smooth the vectors over the graph.

    Fast, of spectral quality, and fit for graphs of millions of nodes: nothing but
    the edges and a few tables of vectors is ever stored.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding.
    order : int, default=10
        Number of terms of the Chebyshev expansion; 1 leaves the second stage out, as
        the authors' program does.
    theta : float, default=0.5
        Width of the filter.
    mu : float, default=0.2
        Centre of the filter: the part of the spectrum that is kept.
    negative : float, default=1.0
        Number of negative samples that the factorisation stands for.
    power : float, default=0.75
        Exponent of the distribution of negative samples.
    stage : {"propagation", "factorization"}, default="propagation"
        The last stage to run; "factorization" stops before the smoothing.
    n_iter : int, default=5
        Power iterations of the randomised factorisation; 3 lose next to nothing.
    self_loops : {"drop", "keep"}, default="drop"
        What to do with edges from a node to itself.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        An int gives the same embedding on every call.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its steps (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Vectors of the fitted nodes, rows of unit length; zero for isolated nodes.
    target_embedding_ : None
        There is no second side.
    singular_values_ : ndarray of shape (n_found,)
        Singular values of the table of the last stage, descending.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_isolated_ : int
        Number of nodes without edges.
    random_seed_ : int
        The 64-bit seed that was used.

    See Also
    --------
    Spectral : The same kind of vectors from a better-tuned filter.
    NetMF : The factorisation over longer walks.
    FastRP : No factorisation at all.

    Notes
    -----
    With C = D⁻¹ A and q_j proportional to (Σ_i C_ij)^power, the first stage takes the
    singular value decomposition U S Vᵀ of

    .. math:: F_{ij} = \log C_{ij} - \log(\mathrm{negative} \cdot q_j)
        \quad\text{on the edges},

    and R = U S^½ with rows of unit length. The second stage filters the spectrum of
    the Laplacian of A + I. With M = (1 - mu) I - D₊⁻¹(A + I), where D₊ holds the row
    sums of A + I, T_0 = R, T_1 = M²R/2 - R and T_{k+1} = M²T_k - 2T_k - T_{k-1},

    .. math:: R' = (A + I)\left(R - I_0(\theta) T_0
        - 2 \sum_{k=1}^{order-1} (-1)^k I_k(\theta) T_k\right)

    where I_k are modified Bessel functions; the result is U S^½ of R' itself, rows
    brought to unit length again.

    What differs from the authors' program, none of it visible in the result beyond
    rounding: the last decomposition is read off the n_components² matrix R'ᵀR'
    instead of the tall R'; terms whose Bessel factor is below the precision of the
    vectors are not computed (with theta = 0.5, in float32, those from the seventh
    on). Signs are fixed so that the largest entry of a column is positive.

    Directed graphs are read along their edges: C and M hold the rows of outgoing
    edges, and a node that no edge leaves gets a zero vector. Because of A + I, the
    result depends on the scale of weights. Components share coordinates.

    O((n_iter + order) · n_edges · n_components + n_nodes · n_components²) time and
    six tables of n_nodes · n_components numbers.

    References
    ----------
    .. [1] J. Zhang, Y. Dong, Y. Wang, J. Tang and M. Ding, "ProNE: fast and scalable
       network representation learning", IJCAI 2019.

    Examples
    --------
    >>> from graphrep import Graph, ProNE
    >>> graph = Graph.from_edges(["a", "b", "c", "d"], ["b", "c", "a", "a"])
    >>> ProNE(2, random_state=0).fit_transform(graph).shape
    (4, 2)
    """

    _takes_directed = True
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "order": [Interval(Integral, 1, None, closed="left")],
        "theta": [Interval(Real, 0, None, closed="neither")],
        "mu": [Interval(Real, 0, 2, closed="both")],
        "negative": [Interval(Real, 0, None, closed="neither")],
        "power": [Interval(Real, 0, None, closed="left")],
        "stage": [StrOptions({"propagation", "factorization"})],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "self_loops": [StrOptions({"drop", "keep"})],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        order: int = 10,
        theta: float = 0.5,
        mu: float = 0.2,
        negative: float = 1.0,
        power: float = 0.75,
        stage: str = "propagation",
        n_iter: int = 5,
        self_loops: str = "drop",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.order = order
        self.theta = theta
        self.mu = mu
        self.negative = negative
        self.power = power
        self.stage = stage
        self.n_iter = n_iter
        self.self_loops = self_loops
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def estimate_memory(self, n_nodes: int, n_entries: int) -> dict[str, int]:
        """Bytes that a fit would need, by what they are for.

        Parameters
        ----------
        n_nodes, n_entries : int
            Nodes and stored entries of the adjacency.

        Returns
        -------
        dict of str to int
            Bytes by purpose, and their sum under "total".
        """
        table = 4 * n_nodes * padded(self.n_components + _OVERSAMPLES)
        parts = {
            "graph": 8 * (n_nodes + 1) + 8 * n_entries,
            "matrix": (8 + 4 + 4 + 8 + 8) * n_entries,
            "vectors": 6 * table,
        }
        return {**parts, "total": sum(parts.values())}

    def _embed(self, task: Task) -> Fitted:
        csr, dtype = task.graph.csr, task.dtype
        smooths = self.stage == "propagation" and self.order > 1
        terms = filter_terms(self.order, self.theta, dtype) if smooths else []
        steps = self._steps(task, "pass", 1 + max(0, len(terms) - 1))
        next(steps)
        matrix = edge_matrix(csr, negative=self.negative, power=self.power)
        left, values, _ = randomized_svd(
            SparseOperator(matrix, dtype=dtype),
            min(self.n_components, matrix.shape[0]), n_oversamples=_OVERSAMPLES,
            n_iter=self.n_iter, seed=task.seed,
        )  # fmt: skip
        del matrix
        table = left * np.sqrt(values).astype(dtype)
        table[np.diff(csr.indptr) == 0] = 0  # rounding must not become a direction
        table = unit_rows(table)
        if smooths:
            table = filtered(csr, table, terms, self.mu, steps)
            table, values = principal(table)
        for _ in steps:
            pass
        return Fitted(table, None, {"singular_values_": values})


def edge_matrix(csr: CSR, *, negative: float, power: float) -> sparse.csr_array:
    """Logarithm of each step's probability over that of a negative sample."""
    n = len(csr.indptr) - 1
    counts = np.diff(csr.indptr)
    strength = strengths(csr)
    safe = np.where(strength > 0, strength, 1)
    steps = np.repeat(1 / safe, counts)
    if csr.weights is not None:
        steps *= csr.weights
    noise = np.bincount(csr.indices, weights=steps, minlength=n) ** power
    noise *= negative / max(noise.sum(), np.finfo(float).tiny)
    with np.errstate(divide="ignore"):  # where nothing arrives, no entry asks
        data = np.log(steps) - np.log(noise)[csr.indices]
    return sparse.csr_array((data, csr.indices, csr.indptr), shape=(n, n))


def filter_terms(order: int, theta: float, dtype: np.dtype[Any]) -> list[float]:
    """Coefficients of the filter's terms, without those below the precision."""
    k = np.arange(order)
    factors = np.where(k > 0, 2.0, 1.0) * (-1.0) ** k * special.iv(k, theta)
    largest = np.flatnonzero(np.abs(factors) > np.finfo(dtype).eps * factors[0])
    terms: list[float] = factors[: largest[-1] + 1].tolist()
    return terms


class _Walk(NamedTuple):
    """A + I and the inverse of its row sums, in the form that the kernel takes."""

    matrix: tuple[IntArray, IntArray, AnyArray]
    inverse: FloatArray
    ones: FloatArray
    cuts: IntArray

    @classmethod
    def of(cls, csr: CSR, dtype: np.dtype[Any]) -> _Walk:
        n = len(csr.indptr) - 1
        inverse = (1 / (strengths(csr) + 1)).astype(dtype)
        work = len(csr.indices) + _WORK_PER_ROW * n
        n_blocks = int(np.clip(work // _ENTRIES_PER_BLOCK, 1, _BLOCKS))
        cuts = np.empty(n_blocks + 1, np.int64)
        equal_work_cuts(csr.indptr, _WORK_PER_ROW, n_blocks, cuts)
        weights: AnyArray = _NO_WEIGHTS if csr.weights is None else csr.weights
        matrix = (csr.indptr, csr.indices, weights)
        return cls(matrix, inverse, np.full(n, -1, dtype), cuts)

    def step(self, x: AnyArray, plan: tuple[float, ...], *tables: AnyArray) -> None:
        """Run one step: tables are old, older, out and the total."""
        old, older, out, total = tables
        with numba.parallel_chunksize(1):
            lazy_step(
                *self.matrix, self.inverse, x, plan, old, older, self.cuts, out, total
            )

    def smoothed(self, x: AnyArray, out: AnyArray) -> None:
        """Write (A + I) x."""
        self._replace(inverse=self.ones).step(
            x, (0.0, 1.0, 0.0, 0.0, 0.0), x, x, out, x
        )


def filtered(
    csr: CSR, start: AnyArray, terms: list[float], mu: float, steps: Any = None
) -> AnyArray:
    """Filter the vectors by a Chebyshev expansion and smooth them with A + I."""
    n, width = start.shape
    walk = _Walk.of(csr, start.dtype)
    tables = [aligned_empty((n, padded(width)), start.dtype) for _ in range(4)]
    now, before, half, total = tables
    before[:, :width], before[:, width:] = start, 0
    np.multiply(before, 1 - terms[0], out=total)
    shift = 1.0 - mu
    for k, term in enumerate(terms[1:], start=1):
        source = before if k == 1 else now
        walk.step(source, (shift, 1.0, 0.0, 0.0, 0.0), source, source, half, total)
        if k == 1:
            plan = (shift, 0.5, -1.0, 0.0, -term)
            walk.step(half, plan, before, before, now, total)
        else:
            plan = (shift, 1.0, -2.0, -1.0, -term)
            walk.step(half, plan, now, before, before, total)
            now, before = before, now
        if steps is not None:
            next(steps, None)
    walk.smoothed(total, half)
    return half[:, :width]


def principal(table: AnyArray) -> tuple[AnyArray, FloatArray]:
    """Return unit rows of U S^½ of a tall table, and S, through its Gram matrix."""
    n, width = table.shape
    gram = np.zeros((width, width))
    for first in range(0, n, _ROWS_AT_ONCE):
        block = table[first : first + _ROWS_AT_ONCE].astype(np.float64)
        gram += block.T @ block
    squares, vectors = np.linalg.eigh(gram)
    squares, vectors = squares[::-1], vectors[:, ::-1]
    noise = width * np.finfo(table.dtype).eps
    values = np.sqrt(np.where(squares > noise**2 * squares[0], squares, 0))
    used = values > 0
    root = np.sqrt(values[used])
    out = np.zeros((n, width), table.dtype)
    turn = (vectors[:, used] / root).astype(table.dtype)
    for first in range(0, n, _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        out[rows, : len(root)] = table[rows] @ turn
    canonical_signs(out)
    return unit_rows(out), values


def unit_rows(table: AnyArray) -> AnyArray:
    """Rows brought to unit length in place; zero rows stay."""
    norms = np.sqrt(np.einsum("ij,ij->i", table, table, dtype=np.float64))
    table /= np.where(norms > 0, norms, 1).astype(table.dtype)[:, None]
    return table


__all__ = ["ProNE"]

"""The two ways in which GraphFactorization finds its tables, sweep by sweep."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.polynomial import polynomial
from scipy import linalg

from graphrep.graph import CSR, Graph
from graphrep.graph._csr import transpose
from graphrep.kernels import _graph_factorization as kernels
from graphrep.linalg import canonical_signs, gram, times
from graphrep.typing import AnyArray, FloatArray, IntArray

_TASKS = 256
"""Pieces that a loop over rows or edges is cut into; the same for any threads."""

_MOST_BLOCKS = 32
_ROWS_IN_BLOCK = 32
_NO_WEIGHTS: FloatArray = np.empty(0)


class Edges(NamedTuple):
    """Ends and scaled weights (none where all are one) of edges, each listed once."""

    rows: IntArray
    columns: IntArray
    weights: FloatArray

    def select(self, which: AnyArray) -> Edges:
        """Take some of the edges, or all in another order."""
        weights = self.weights[which] if len(self.weights) else self.weights
        return Edges(self.rows[which], self.columns[which], weights)


def scaled_edges(graph: Graph) -> tuple[Edges, float]:
    """List the edges with weights of mean 1, and what the mean was."""
    rows, columns, weights = graph.edges()
    if weights is None or not len(weights):
        return Edges(rows, columns, _NO_WEIGHTS), 1.0
    scaled = weights.astype(np.float64)
    unit = mean_weight(graph)
    return Edges(rows, columns, scaled / unit), unit


def mean_weight(graph: Graph) -> float:
    """Mean of the stored weights, 1 for a graph without any."""
    if graph.weights is None or not len(graph.weights):
        return 1.0
    return float(np.mean(graph.weights, dtype=np.float64))


def random_start(
    n_rows: int, n_components: int, used: AnyArray, seed: int
) -> FloatArray:
    """Gaussian rows of about unit length; zeros for nodes without edges."""
    random = np.random.default_rng(seed)
    table: FloatArray = random.standard_normal((n_rows, n_components))
    table /= np.sqrt(n_components)
    table[~used] = 0
    return table


class LeastSquares:
    """Weighted alternating least squares over all pairs of nodes.

    Attributes
    ----------
    x, y : ndarray of shape (n_nodes, n_components)
        Source and target table; one and the same for an undirected graph.
    """

    def __init__(
        self, graph: Graph, x: FloatArray, zero_weight: float, regularization: float
    ) -> None:
        self.zero_weight, self.regularization = zero_weight, regularization
        self.directed = graph.directed
        edges, unit = scaled_edges(graph)
        data = None if graph.weights is None else graph.weights / np.float64(unit)
        self._out = CSR(graph.indptr, graph.indices, data)
        self._in = transpose(self._out, graph.n_nodes) if self.directed else self._out
        loops = edges.rows == edges.columns
        split = not self.directed and bool(loops.any())
        self._edges = edges.select(~loops) if split else edges
        self._loops = edges.select(loops) if split else None
        self.x = self.y = x
        if self.directed:
            self.x = np.zeros_like(x)

    def sweep(self) -> float:
        """Improve the tables once; return the loss."""
        if not self.directed:
            return self._descend()
        self.x = self._solve(self._out, self.y)
        self.y = self._solve(self._in, self.x)
        return self._loss()

    def _solve(self, csr: CSR, table: FloatArray) -> FloatArray:
        """Best rows for the other side's table.

        All rows share the part ``c0 Y'Y + lambda I``; in its Cholesky basis what is
        left of a row's system is the identity plus one rank for each neighbour.
        """
        d = table.shape[1]
        shared = self.zero_weight * gram(table) + self.regularization * np.eye(d)
        factor = linalg.cholesky(shared, lower=True)
        inverse = linalg.solve_triangular(factor, np.eye(d), lower=True)
        basis = times(table, inverse.T)
        out = np.empty((len(csr.indptr) - 1, d))
        data = csr.weights if csr.weights is not None else _NO_WEIGHTS
        kernels.least_squares_rows(
            csr.indptr, csr.indices, data, basis, 1.0 - self.zero_weight,
            _row_cuts(csr.indptr, d), out,
        )  # fmt: skip
        return times(out, inverse)

    def _descend(self) -> float:
        """Step towards the rows' own optima, as far as the loss falls."""
        step = self._solve(self._out, self.x)
        step -= self.x
        loss = self._loss_along(step)
        slope = polynomial.polyder(loss)
        turns = polynomial.polyroots(slope)
        turns = turns[np.abs(turns.imag) <= 1e-9 * np.abs(turns)].real
        turns = np.append(turns[turns > 0], 0.0)
        values = polynomial.polyval(turns, loss)
        best = turns[np.argmin(values)]
        self.x = self.y = self.x + best * step
        return float(values.min())

    def _loss_along(self, step: FloatArray) -> FloatArray:
        """Coefficients of the loss of ``x + t step``, a quartic in t."""
        g, h, e = gram(self.x), gram(self.x, step), gram(step)
        both = h + h.T
        every = np.array([
            np.sum(g * g), 2 * np.sum(g * both),
            np.sum(both * both) + 2 * np.sum(g * e), 2 * np.sum(both * e),
            np.sum(e * e),
        ])  # fmt: skip
        norms = np.array([np.trace(g), 2 * np.trace(h), np.trace(e), 0, 0])
        seen = 2 * self._observed(self._edges, step)
        if self._loops is not None:
            seen += self._observed(self._loops, step)
        pairs: FloatArray = self.zero_weight * every + seen
        return pairs / 4 + self.regularization / 2 * norms

    def _observed(self, edges: Edges, step: FloatArray) -> FloatArray:
        """Sum what edges add to the loss beyond their share of all pairs."""
        cuts = _even_cuts(len(edges.rows))
        parts = np.zeros((len(cuts) - 1, 10))
        kernels.edge_sums(*edges, self.x, step, cuts, parts)
        ww, w0, w1, w2, s00, s01, s11, s02, s12, s22 = parts.sum(axis=0)
        more = 1.0 - self.zero_weight
        return np.array([
            ww - 2 * w0 + more * s00, -2 * w1 + 2 * more * s01,
            -2 * w2 + more * (s11 + 2 * s02), 2 * more * s12, more * s22,
        ])  # fmt: skip

    def _loss(self) -> float:
        gx, gy = gram(self.x), gram(self.y)
        off, square = _residuals(self._edges, self.x, self.y)
        pairs = self.zero_weight * (np.sum(gx * gy) - square) + off
        norms = np.trace(gx) + np.trace(gy)
        return float(pairs / 2 + self.regularization / 2 * norms)


class Descent:
    """Stochastic gradient descent over the edges alone, in strata.

    Attributes
    ----------
    z : ndarray of shape (n_rows, n_components)
        The table; sources above targets for a directed graph.
    """

    def __init__(
        self, graph: Graph, z: AnyArray, regularization: float, seed: int
    ) -> None:
        edges, _ = scaled_edges(graph)
        if graph.directed:
            edges = edges._replace(columns=edges.columns + np.int64(graph.n_nodes))
        self.z, self.regularization = z, regularization
        self._random = np.random.default_rng([seed, 1])
        self._edges, self._cuts = self._stratified(edges)
        touched = np.bincount(edges.rows, minlength=len(z))
        touched += np.bincount(edges.columns, minlength=len(z))
        self._shrink = (regularization / np.maximum(touched, 1)).astype(z.dtype)

    def sweep(self, rate: float) -> float:
        """Visit every edge once; return the loss."""
        step = self.z.dtype.type(rate)
        for r in self._random.permutation(len(self._cuts)):
            kernels.descend(*self._edges, self.z, self._shrink, step, self._cuts[r])
        return self.loss()

    def loss(self) -> float:
        """Half of the squared residuals, and the regularisation."""
        off, _ = _residuals(self._edges, self.z, self.z)
        norms = float(np.trace(gram(self.z)))
        return off / 2 + self.regularization / 2 * norms

    def _stratified(self, edges: Edges) -> tuple[Edges, IntArray]:
        """Order edges so that rounds of strata without common rows follow each other.

        Rows are dealt to P blocks, an edge belongs to a pair of blocks, and the
        pairs are played like a tournament: in each of P - 1 rounds every block meets
        one other, in a last round itself.
        """
        n_rows = len(self.z)
        p = min(_MOST_BLOCKS, 2 * max(1, n_rows // (2 * _ROWS_IN_BLOCK)))
        block = self._random.permutation(n_rows) % p
        edges = edges.select(self._random.permutation(len(edges.rows)))
        a, b = block[edges.rows], block[edges.columns]
        low, high = np.minimum(a, b), np.maximum(a, b)
        last = p - 1
        turn = np.where(high == last, 2 * low, low + high) % max(last, 1)
        turn = np.where(low == high, last, turn)
        stratum = turn * p + low
        order = np.argsort(stratum, kind="stable")
        ends = np.cumsum(np.bincount(stratum, minlength=p * p))
        cuts = np.concatenate([[0], ends])
        rounds = np.stack([cuts[r * p : (r + 1) * p + 1] for r in range(p)])
        return edges.select(order), rounds


def principal_axes(x: AnyArray, y: AnyArray | None) -> None:
    """Turn tables in place so that columns are uncorrelated, the strongest first.

    One rotation for both sides: no dot product changes.
    """
    total = gram(x) if y is None else gram(x) + gram(y)
    _, axes = linalg.eigh(total)
    axes = np.ascontiguousarray(axes[:, ::-1])
    x[:] = times(x, axes)
    if y is not None:
        y[:] = times(y, axes)
    canonical_signs(x, y)


def _residuals(edges: Edges, x: AnyArray, y: AnyArray) -> tuple[float, float]:
    cuts = _even_cuts(len(edges.rows))
    parts = np.zeros((len(cuts) - 1, 2))
    kernels.residual_sums(*edges, x, y, cuts, parts)
    off, square = parts.sum(axis=0)
    return float(off), float(square)


def _even_cuts(n: int) -> IntArray:
    cuts: IntArray = np.linspace(0, n, _TASKS + 1).astype(np.int64)
    return cuts


def _row_cuts(indptr: IntArray, d: int) -> IntArray:
    """Borders of runs of rows with about equal work."""
    degree = np.diff(indptr)
    small = np.minimum(degree, d)
    work = np.cumsum(1 + degree * small * d + small**3 // 3, dtype=np.float64)
    inner = np.searchsorted(work, np.linspace(0, work[-1], _TASKS + 1)[1:-1])
    return np.concatenate([[0], inner, [len(degree)]]).astype(np.int64)

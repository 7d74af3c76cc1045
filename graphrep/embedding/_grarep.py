"""GraRep: one factorisation for each number of steps of a random walk."""

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
from graphrep.embedding._propagation import strengths
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.graph import CSR
from graphrep.linalg import SparseOperator, scaled, svds
from graphrep.typing import AnyArray, FloatArray, IntArray

_ADVICE = "Lower order, or use ProNE or FastRP, which store edges only."
_FLOAT = np.dtype(np.float32).itemsize
_NOTHING = 1e-7
"""Singular values below this share of the largest are rounding and give zeros."""


class GraRep(TransductiveEmbedder):
    r"""Factorise the walks of each number of steps on their own and join the vectors.

    Keeps apart what is near by and what is far; for graphs of up to some ten thousand
    nodes.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding, shared out among the orders.
    order : int, default=4
        Largest number K of steps; each of 1 … K gets ``n_components / K`` columns.
    negative : float, default=1.0
        Number of negative samples that the factorisation stands for.
    power_norm : {"l2"} or None, default=None
        "l2" brings the vectors of each order to unit length before they are joined.
    self_loops : {"drop", "keep"}, default="drop"
        What to do with edges from a node to itself.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its steps (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Vectors U_k S_k^½ of all orders side by side; zero for isolated nodes.
    target_embedding_ : ndarray of shape (n_nodes, n_components)
        V_k S_k^½: without ``power_norm`` the product of a source and a target
        approximates the sum of the matrices of all orders.
    order_starts_ : ndarray of shape (order + 1,)
        Columns ``order_starts_[k - 1]`` up to ``order_starts_[k]`` are of order k.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_isolated_ : int
        Number of nodes without edges.

    Raises
    ------
    MemoryLimitError
        Where the matrices would not fit, before they are made.

    See Also
    --------
    NetMF : One factorisation of the mean over all numbers of steps.
    ProNE : Edges only, then a filter: millions of nodes.

    Notes
    -----
    With P = D⁻¹ A, for each k from 1 to K the singular value decomposition
    U_k S_k V_kᵀ of

    .. math:: X^{(k)}_{ij} = \max\left(0, \log \frac{P^k_{ij}}{\sum_{i'} P^k_{i'j}}
        - \log \frac{\mathrm{negative}}{n} \right).

    All parts of the definition are there that other programs lack: the first order,
    the sum over the column inside the logarithm, and the positive part (karateclub
    1.3.3 starts from the second order, has no column sum and keeps the *negative*
    scores; OpenNE divides columns where rows are meant).

    Where ``order`` does not divide ``n_components``, the first orders get a column
    more; orders beyond ``n_components`` get none. An order never gets more columns
    than the graph has nodes; what is missing is filled with zeros at the end.

    X is built 128 rows at a time for all orders at once and stored as compressed
    rows where less than a quarter of its entries is positive, else as one dense
    array, in float32 unless the input was a float64 matrix; nothing else of size
    n_nodes² is made. The decompositions are computed until they converge, from a
    fixed start: nothing is random.

    Directed graphs are read along their edges: a node that no edge leaves gets a zero
    vector, and only its target vector speaks of it. Weights count as multiplicities.
    Components need no care: pairs of different ones get 0.

    O(order · n_edges · n_nodes + n_components · n_nodes²) time and at most
    order · n_nodes² numbers.

    References
    ----------
    .. [1] S. Cao, W. Lu and Q. Xu, "GraRep: learning graph representations with
       global structural information", CIKM 2015.

    Examples
    --------
    >>> from graphrep import Graph, GraRep
    >>> graph = Graph.from_edges(["a", "b", "c", "d"], ["b", "c", "a", "a"])
    >>> GraRep(4, order=2).fit_transform(graph).shape
    (4, 4)
    """

    _takes_directed = True
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "order": [Interval(Integral, 1, None, closed="left")],
        "negative": [Interval(Real, 0, None, closed="neither")],
        "power_norm": [StrOptions({"l2"}), None],
        "self_loops": [StrOptions({"drop", "keep"})],
        **THREADS,
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        order: int = 4,
        negative: float = 1.0,
        power_norm: str | None = None,
        self_loops: str = "drop",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.order = order
        self.negative = negative
        self.power_norm = power_norm
        self.self_loops = self_loops
        self.n_jobs = n_jobs
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
        columns = 6 * self.n_components + 256
        parts = {
            "graph": 8 * (n_nodes + 1) + 16 * n_entries,
            "matrices": n_nodes * (self.order * n_nodes + 4 * WIDTH) * _FLOAT,
            "vectors": n_nodes * columns * _FLOAT,
        }
        return {**parts, "total": sum(parts.values())}

    def _embed(self, task: Task) -> Fitted:
        n = task.graph.n_nodes
        widths = self._widths(n)
        steps = self._steps(task, "panel", len(panels(n)) + len(widths))
        sources: list[AnyArray] = [np.zeros((n, 0))]
        targets: list[AnyArray] = [np.zeros((n, 0))]
        if len(task.graph.indices):
            operators = self._matrices(task, len(widths), steps)
            for width, operator in zip(widths, operators, strict=True):
                next(steps, None)
                left, values, right = svds(operator, width, seed=task.seed)
                root = _roots(values).astype(task.dtype)
                sources.append(self._normed(left * root))
                targets.append(self._normed(right.T * root))
        for _ in steps:
            pass
        starts = np.cumsum([0, *widths])
        return Fitted(np.hstack(sources), np.hstack(targets), {"order_starts_": starts})

    def _widths(self, n_nodes: int) -> list[int]:
        """Columns of each order that gets any."""
        share, more = divmod(self.n_components, self.order)
        shares = [share + (k < more) for k in range(self.order)]
        return [min(width, n_nodes) for width in shares if width]

    def _normed(self, table: AnyArray) -> AnyArray:
        if self.power_norm is None:
            return table
        norms = np.linalg.norm(table, axis=1, keepdims=True)
        unit: AnyArray = table / np.where(norms > 0, norms, 1)
        return unit

    def _matrices(
        self, task: Task, n_orders: int, steps: Iterator[int]
    ) -> list[Operator]:
        walks = _Walks(task.graph.csr, n_orders, self.negative, task.dtype)
        return log_matrices(
            walks.rows, task.graph.n_nodes, task.dtype, _ADVICE, steps, symmetric=False
        )


class _Walks:
    """Rows of the powers of P over their column sums, in units of a random pair."""

    def __init__(
        self, csr: CSR, n_orders: int, negative: float, dtype: np.dtype[Any]
    ) -> None:
        strength = strengths(csr)
        inverse = 1 / np.where(strength > 0, strength, 1)
        matrix = scaled(csr, inverse)
        self.n, self.dtype = len(strength), dtype
        self.back = SparseOperator(matrix.T.tocsr(), dtype=dtype)
        self.factors: list[FloatArray] = []
        sums: AnyArray = np.ones(self.n)
        for _ in range(n_orders):
            sums = matrix.T @ sums
            reached = np.where(sums > 0, sums, 1)
            self.factors.append((self.n / negative / reached).astype(dtype))

    def rows(self, rows: IntArray) -> list[Ratios]:
        """Return some rows of every power, as columns."""
        panel: FloatArray = np.zeros((self.n, len(rows)), self.dtype)
        panel[rows, np.arange(len(rows))] = 1
        ones = np.ones(len(rows), self.dtype)
        found = []
        for factor in self.factors:
            panel = self.back.matmat(panel)
            found.append(Ratios(panel, factor, ones))
        return found


def _roots(values: FloatArray) -> FloatArray:
    """Square roots, without the noise of singular values that are zero."""
    top = values[0] if len(values) else 0.0
    roots: FloatArray = np.sqrt(np.where(values > _NOTHING * top, values, 0))
    return roots


__all__ = ["GraRep"]

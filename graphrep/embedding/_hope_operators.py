"""Proximities of HOPE as linear operators: products with S that never form S."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from graphrep.exceptions import GraphValueError
from graphrep.linalg import FunctionOperator, SparseOperator, eigsh, scaled
from graphrep.typing import AnyArray, FloatArray

Matrix: TypeAlias = Any  # scipy.sparse.csr_array of float64
Product: TypeAlias = Callable[[AnyArray], AnyArray]

_MOST_TERMS = 20_000
_MOST_ITERATIONS = 2_000
_RADIUS_TOLERANCE = 1e-10
_SMALLEST = 1e-280
"""Entries of a Perron vector are kept above it, so that no bound divides by zero."""


# -- the proximities ---------------------------------------------------------------
def katz(
    adjacency: Matrix, beta: float, *, symmetric: bool, tolerance: float
) -> FunctionOperator:
    """Sum of ``beta^l A^l`` over all lengths ``l >= 1``."""
    step = scaled(adjacency, left=np.full(adjacency.shape[0], beta))
    return _series(step, symmetric=symmetric, tolerance=tolerance)


def rooted_pagerank(
    adjacency: Matrix, alpha: float, *, tolerance: float
) -> FunctionOperator:
    """``(1 - alpha)`` times the sum of ``alpha^l P^l`` over ``l >= 0``, P by rows."""
    strength = row_sums(adjacency)
    step = scaled(adjacency, left=alpha * inverse(strength))
    return _series(step, symmetric=False, tolerance=tolerance, restart=1 - alpha)


def symmetric_pagerank(
    adjacency: Matrix, alpha: float, *, symmetric: bool, tolerance: float
) -> FunctionOperator:
    """Rooted PageRank with ``D_out^-1/2 A D_in^-1/2`` for the transitions."""
    step = normalized(adjacency, symmetric=symmetric)
    step.data *= alpha
    return _series(step, symmetric=symmetric, tolerance=tolerance, restart=1 - alpha)


def common_neighbors(adjacency: Matrix, *, symmetric: bool) -> FunctionOperator:
    """How many paths of two edges there are: ``A^2``."""
    return _two_steps(adjacency, None, symmetric=symmetric)


def adamic_adar(adjacency: Matrix, weight: str, *, symmetric: bool) -> FunctionOperator:
    """Paths of two edges, those over hubs counting less: ``A D' A``."""
    middle = middle_weights(adjacency, weight, symmetric=symmetric)
    return _two_steps(adjacency, middle, symmetric=symmetric)


def middle_weights(adjacency: Matrix, weight: str, *, symmetric: bool) -> FloatArray:
    """Diagonal of ``D'``: what a path through each node counts.

    A directed node has the degree in plus out, as in the paper. "log" counts
    neighbours, not weights, so that it never falls to zero or below; a node with
    one neighbour counts as if it had two.
    """
    counted = adjacency
    if weight == "log":
        ones = np.ones_like(adjacency.data)
        counted = sparse.csr_array(
            (ones, adjacency.indices, adjacency.indptr), shape=adjacency.shape
        )
    degree = row_sums(counted)
    if not symmetric:
        degree = degree + row_sums(counted.T)
    if weight == "log":
        logs = np.log(np.maximum(degree, 2))
        return np.where(degree > 0, 1 / logs, 0.0)
    return inverse(degree)


def normalized(adjacency: Matrix, *, symmetric: bool) -> Matrix:
    """``D_out^-1/2 A D_in^-1/2``, whose singular values are at most one."""
    left = np.sqrt(inverse(row_sums(adjacency)))
    right = left if symmetric else np.sqrt(inverse(row_sums(adjacency.T)))
    return scaled(adjacency, left=left, right=right)


def row_sums(matrix: Matrix) -> FloatArray:
    """Sum of each row."""
    sums: FloatArray = np.asarray(matrix.sum(axis=1), np.float64).reshape(-1)
    return sums


def inverse(values: FloatArray) -> FloatArray:
    """One over each value, zero for zero."""
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


# -- how they are applied ----------------------------------------------------------
def _two_steps(
    adjacency: Matrix, middle: FloatArray | None, *, symmetric: bool
) -> FunctionOperator:
    edges = SparseOperator(adjacency, symmetric=symmetric)

    def apply(product: Product, X: AnyArray) -> AnyArray:
        between = product(X)
        if middle is not None:
            between *= middle[:, None]
        return product(between)

    return FunctionOperator(
        edges.shape, partial(apply, edges.matmat), partial(apply, edges.rmatmat)
    )


def _series(
    step: Matrix, *, symmetric: bool, tolerance: float, restart: float = 0.0
) -> FunctionOperator:
    """Sum of the powers of a matrix from the first on, by Horner's rule.

    With ``restart`` the power zero is added and the sum is multiplied by it. The
    number of terms is settled beforehand, so that the operator is linear to the
    last bit and its transpose belongs to it.
    """
    n_terms = count_terms(step, tolerance)
    edges = SparseOperator(step, symmetric=symmetric)

    def apply(product: Product, X: AnyArray) -> AnyArray:
        Y = product(X)
        for _ in range(n_terms - 1):
            Y += X
            Y = product(Y)
        if restart:
            Y += X
            Y *= restart
        return Y

    return FunctionOperator(
        edges.shape, partial(apply, edges.matmat), partial(apply, edges.rmatmat)
    )


def count_terms(step: Matrix, tolerance: float) -> int:
    """Count the powers of a matrix without negative entries that its series needs.

    ``||B^l||`` is at most the root of the largest row sum times the largest column
    sum of ``B^l``, and both come from products with a vector of ones. The terms end
    where what is left is below ``tolerance`` times a lower bound of the sum's norm,
    or, without cycles, behind the longest path.
    """
    flipped = step.T
    ahead = behind = np.ones(step.shape[0])
    floor = np.sqrt((step.multiply(step)).sum(axis=1).max())
    before = 1.0
    for n_terms in range(1, _MOST_TERMS + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            ahead, behind = step @ ahead, flipped @ behind
            bound = float(np.sqrt(ahead.max()) * np.sqrt(behind.max()))
        if not np.isfinite(bound):
            break
        ratio = bound / before
        if bound == 0:
            return max(n_terms - 1, 1)
        if ratio < 1 and bound * ratio / (1 - ratio) <= tolerance * floor:
            return n_terms
        before = bound
    raise GraphValueError(
        f"The sum over walks grows too large or needs more than {_MOST_TERMS:,} terms "
        "on this graph; choose a smaller beta (or alpha)."
    )


# -- the spectral radius -------------------------------------------------------------
def spectral_radius(adjacency: Matrix, *, symmetric: bool, seed: int) -> float:
    """Largest magnitude of the eigenvalues; exactly zero for a graph without cycles."""
    if symmetric:
        operator = SparseOperator(adjacency, symmetric=True)
        values, _ = eigsh(operator, 1, which="LA", seed=seed)
        return float(values[0])
    return _perron_root(adjacency)


def _perron_root(adjacency: Matrix) -> float:
    """Upper bound of the spectral radius, tight to `_RADIUS_TOLERANCE` when settled.

    The radius is that of the strongly connected part which has the largest. Inside
    one, every positive vector x bounds it by the extremes of ``(A x)_i / x_i``
    (Collatz and Wielandt), and power iteration draws them together.
    """
    inner, starts = _strong_parts(adjacency)
    if not inner.nnz:
        return 0.0
    shift = 0.5 * inner.sum() / inner.shape[0]  # so that cycles do not make it swing
    sizes = np.diff([*starts, inner.shape[0]])
    x = np.ones(inner.shape[0])
    upper = np.inf
    for _ in range(_MOST_ITERATIONS):
        y = inner @ x + shift * x
        ratio = y / x
        upper = min(upper, float(np.maximum.reduceat(ratio, starts).max()))
        lower = float(np.minimum.reduceat(ratio, starts).max())
        if upper - lower <= _RADIUS_TOLERANCE * upper:
            break
        y /= np.repeat(np.maximum.reduceat(y, starts), sizes)
        x = np.maximum(y, _SMALLEST)
    return upper - float(shift)


def _strong_parts(adjacency: Matrix) -> tuple[Matrix, AnyArray]:
    """Edges inside strongly connected parts, rows side by side; the first rows."""
    _, part = csgraph.connected_components(adjacency, connection="strong")
    edges = adjacency.tocoo()
    inside = part[edges.row] == part[edges.col]
    rows, columns, data = edges.row[inside], edges.col[inside], edges.data[inside]
    used = np.unique(rows)  # whoever lies on a cycle has an edge inside its part
    used = used[np.argsort(part[used], kind="stable")]
    place = np.zeros(adjacency.shape[0], np.int64)
    place[used] = np.arange(len(used))
    inner = sparse.csr_array(
        (data, (place[rows], place[columns])), shape=(len(used), len(used))
    )
    return inner, np.flatnonzero(np.diff(part[used], prepend=-1))


__all__ = [
    "adamic_adar",
    "common_neighbors",
    "inverse",
    "katz",
    "middle_weights",
    "normalized",
    "rooted_pagerank",
    "row_sums",
    "spectral_radius",
    "symmetric_pagerank",
]

"""Smallest singular vectors of I - P beside its null space, in three ways."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, splu
from scipy.sparse.linalg import eigsh as arpack

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.linalg import FunctionOperator, SparseOperator, canonical_signs, eigsh
from graphrep.typing import AnyArray, FloatArray, IntArray

_DENSE_BELOW = 512
_NEARLY_TREE = 500
_MOST_FACTORED = 50_000
_PRODUCTS_FOR_PAIR = 60
"""Products with M for each wanted pair after which Lanczos gives way to factors."""

_GUARD = 48
_MOST_RESTARTS = 1_000
_COLUMNS_AT_ONCE = 64


class Solution(NamedTuple):
    """Right singular vectors in ascending order of their singular values."""

    vectors: FloatArray
    values: FloatArray
    solver: str
    residual: float


class Problem(NamedTuple):
    """The matrix I - P of the nodes that have edges, and its closed components.

    Attributes
    ----------
    matrix : scipy.sparse.csr_array of shape (n, n)
        I - P.
    strength : ndarray of shape (n,)
        Sums of the rows of the adjacency.
    closed : ndarray of int of shape (n,)
        Number of the closed component of each node, -1 in none.
    n_closed : int
    core : int
        Bound on the nodes that are left without dangling trees and chains.
    directed : bool
    """

    matrix: Any
    strength: FloatArray
    closed: IntArray
    n_closed: int
    core: int
    directed: bool

    @property
    def n(self) -> int:
        """Number of nodes that have edges."""
        return len(self.strength)

    @classmethod
    def of(cls, graph: Graph, rows: IntArray) -> Problem:
        """Set up the problem of some rows of a graph, which have all its edges."""
        adjacency = graph.to_scipy(np.float64)[rows][:, rows].tocsr()
        n = len(rows)
        strength: FloatArray = np.asarray(adjacency.sum(axis=1), np.float64)
        strength = strength.reshape(-1)
        inverse = np.divide(1.0, strength, out=np.zeros(n), where=strength > 0)
        walk = sparse.diags_array(inverse) @ adjacency
        matrix = (sparse.eye_array(n) - walk).tocsr()
        closed, n_closed = _closed_parts(adjacency, strength, graph.directed)
        n_weak = csgraph.connected_components(adjacency, directed=False)[0] if n else 0
        n_links = graph.n_edges - n + n_weak
        core = min(n, 2 * n_links)
        return cls(matrix, strength, closed, n_closed, core, graph.directed)


def is_small(n: int, rank: int) -> bool:
    """Whether the dense solver is the quickest."""
    return n <= max(_DENSE_BELOW, 4 * rank)


def solve(problem: Problem, rank: int, solver: str, seed: int) -> Solution:
    """Find ``rank`` singular vectors beside the null space.

    Parameters
    ----------
    problem : Problem
    rank : int
        At most ``n - n_closed``.
    solver : {"auto", "lanczos", "shift-invert", "dense"}
    seed : int
        Seed of the start of Lanczos.
    """
    if rank == 0:
        return Solution(np.zeros((problem.n, 0)), np.zeros(0), "dense", 0.0)
    nearly_all = rank + problem.n_closed >= problem.n - 1  # more than ARPACK gives
    small = solver == "auto" and is_small(problem.n, rank)
    if solver == "dense" or nearly_all or small:
        return _checked(problem, _dense(problem, rank), "dense")
    if solver == "auto":
        return _cheapest(problem, rank, seed)
    if solver == "shift-invert":
        return _checked(problem, _factored(problem, rank, seed), "shift-invert")
    return _checked(problem, _lanczos(problem, rank, seed, None), "lanczos")


def _cheapest(problem: Problem, rank: int, seed: int) -> Solution:
    factorable = problem.core <= _MOST_FACTORED
    many = problem.directed and problem.n_closed > rank
    if problem.core > _NEARLY_TREE and not (many and factorable):
        most = _PRODUCTS_FOR_PAIR * (rank + _GUARD) if factorable else None
        found = _lanczos(problem, rank, seed, most)
        if found is not None:
            return _checked(problem, found, "lanczos")
    return _checked(problem, _factored(problem, rank, seed), "shift-invert")


def _checked(
    problem: Problem, found: tuple[FloatArray, FloatArray] | None, solver: str
) -> Solution:
    """Put signs and the residual to vectors."""
    assert found is not None
    vectors, values = found
    canonical_signs(vectors)
    image = problem.matrix @ vectors
    off = problem.matrix.T @ image - vectors * values**2
    return Solution(vectors, values, solver, float(np.abs(off).max(initial=0.0)))


# -- dense -----------------------------------------------------------------------
def _dense(problem: Problem, rank: int) -> tuple[FloatArray, FloatArray]:
    _, values, rows = linalg.svd(problem.matrix.toarray(), full_matrices=False)
    first = problem.n_closed
    chosen = slice(first, first + rank)
    vectors = np.ascontiguousarray(rows[::-1][chosen].T)
    return vectors, np.ascontiguousarray(values[::-1][chosen])


# -- Lanczos on M ----------------------------------------------------------------
def _lanczos(
    problem: Problem, rank: int, seed: int, most: int | None
) -> tuple[FloatArray, FloatArray] | None:
    """Smallest eigenpairs of M; None if they take more products than ``most``.

    The null space of an undirected graph is known: it is moved above the wanted
    eigenvalues. That of a directed one is computed along and then left out.
    """
    forward = SparseOperator(problem.matrix)
    moved = not problem.directed
    null = _NullSpace(_indicators(problem)) if moved else None
    beyond = _out_of_the_way(problem, rank)

    def product(vector: AnyArray) -> FloatArray:
        panel = vector.reshape(-1, 1)
        image = forward.rmatmat(forward.matmat(panel))
        if null is not None:
            image += beyond * null.part(panel)
        return image.reshape(-1)

    first = 0 if moved else problem.n_closed
    wanted = first + rank
    width = min(problem.n, max(2 * wanted + 1, wanted + _GUARD))
    restarts = _MOST_RESTARTS if most is None else max(1, most // (width - wanted))
    start = np.random.default_rng(seed).standard_normal(problem.n)
    try:
        values, vectors = arpack(
            LinearOperator(problem.matrix.shape, product, dtype=np.float64),
            wanted, which="SA", ncv=width, v0=start, maxiter=restarts,
            **_generator(seed),
        )  # fmt: skip
    except ArpackNoConvergence:
        if most is not None:
            return None
        raise GraphValueError(
            f"LLE did not converge with solver='lanczos' for n_components={rank}; "
            "use solver='shift-invert' or fewer components."
        ) from None
    order = np.argsort(values, kind="stable")[first:]
    vectors = np.ascontiguousarray(vectors[:, order])
    return vectors, np.sqrt(np.maximum(values[order], 0))


def _generator(seed: int) -> dict[str, Any]:
    """Seed for the vectors that ARPACK draws itself, where it takes one."""
    if "rng" in inspect.signature(arpack).parameters:
        return {"rng": np.random.default_rng(seed)}
    return {}


def _out_of_the_way(problem: Problem, rank: int) -> float:
    """Value above the ``rank`` smallest eigenvalues beside the null space.

    Those from the last wanted one on add up to no more than all do, the square of
    the Frobenius norm; so none of the wanted ones exceeds their mean.
    """
    rest = max(1, problem.n - problem.n_closed - rank + 1)
    return 1.1 * float(np.sum(problem.matrix.data**2)) / rest


# -- Lanczos on the pseudo-inverse of M ------------------------------------------
def _factored(problem: Problem, rank: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Largest eigenpairs of the pseudo-inverse of M, whose values are inverted."""
    inverse = _PseudoInverse(problem)
    operator = FunctionOperator(problem.matrix.shape, inverse.product)
    values, vectors = eigsh(operator, rank, which="LA", seed=seed)
    return vectors, 1 / np.sqrt(values)


class _PseudoInverse:
    """Products with the pseudo-inverse of M through the LU factors of I - P.

    In each closed component one node is held at 0: its row and its column are those
    of the identity. A system whose right side lies in the range has its solution
    then, up to the null space, from which the solution is cleared.
    """

    def __init__(self, problem: Problem) -> None:
        self._held = _heaviest(problem)
        matrix, held = problem.matrix.tocsc(), self._held
        free = np.ones(problem.n)
        free[held] = 0
        keep = sparse.diags_array(free)
        grounded = keep @ matrix @ keep + sparse.diags_array(1 - free)
        self._factors: Any = splu(  # diagonally dominant rows: no pivots are needed
            sparse.csc_array(grounded),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        right, left = self._null_vectors(problem)
        self._right, self._left = _NullSpace(right), _NullSpace(left)

    def product(self, panel: AnyArray) -> FloatArray:
        """Apply the pseudo-inverse of M to a panel."""
        clear = self._right.clear(panel)
        middle = self._left.clear(self._solve(clear, "T"))
        return self._right.clear(self._solve(middle, "N"))

    def _solve(self, panel: AnyArray, trans: str) -> FloatArray:
        known = np.array(panel, np.float64, order="F")
        known[self._held] = 0
        solution: FloatArray = self._factors.solve(known, trans=trans)
        return solution

    def _null_vectors(self, problem: Problem) -> tuple[Any, Any]:
        """Right and left null vectors of I - P, one column a closed component.

        Undirected: ones, and strengths. Directed: the probability to end in the
        component, and its stationary distribution, both from the factors.
        """
        if not problem.directed:
            ones = _indicators(problem)
            return ones, sparse.diags_array(problem.strength) @ ones
        matrix = problem.matrix.tocsc()
        return (
            self._completed(matrix[:, self._held], "N"),
            self._completed(matrix.tocsr()[self._held].T.tocsc(), "T"),
        )

    def _completed(self, columns: Any, trans: str) -> Any:
        """Null vectors that are 1 at their own held node and 0 at the others."""
        parts = []
        for start in range(0, columns.shape[1], _COLUMNS_AT_ONCE):
            chosen = slice(start, start + _COLUMNS_AT_ONCE)
            known = -columns[:, chosen].toarray()
            solution = self._solve(known, trans)
            held = self._held[chosen]
            solution[held, np.arange(len(held))] = 1
            parts.append(sparse.csc_array(solution))
        if not parts:
            return sparse.csc_array(columns.shape)
        return sparse.hstack(parts, format="csc")


class _NullSpace:
    """Projections on the span of sparse columns and on what is orthogonal to it."""

    def __init__(self, columns: Any) -> None:
        self._columns = sparse.csr_array(columns)
        self._flipped = self._columns.T.tocsr()
        self._gram = None
        if columns.shape[1]:
            self._gram = splu(sparse.csc_array(self._flipped @ self._columns))

    def part(self, panel: AnyArray) -> FloatArray:
        """Project a panel on the span."""
        if self._gram is None:
            return np.zeros_like(panel)
        inside = self._flipped @ panel
        image: FloatArray = self._columns @ self._gram.solve(
            np.ascontiguousarray(inside)
        )
        return image

    def clear(self, panel: AnyArray) -> FloatArray:
        """Project a panel on what is orthogonal to the span."""
        rest: FloatArray = panel - self.part(panel)
        return rest


# -- closed components -----------------------------------------------------------
def _closed_parts(
    adjacency: Any, strength: FloatArray, directed: bool
) -> tuple[IntArray, int]:
    """Find the strongly connected parts that have edges, but none that leaves."""
    n = len(strength)
    if not n:
        return np.zeros(0, np.int64), 0
    count, part = csgraph.connected_components(
        adjacency, directed, connection="strong" if directed else "weak"
    )
    is_closed = np.zeros(count, bool)
    is_closed[part[strength > 0]] = True
    rows = np.repeat(np.arange(n), np.diff(adjacency.indptr))
    leaves = part[rows] != part[adjacency.indices]
    is_closed[part[rows[leaves]]] = False
    number = np.where(is_closed, np.cumsum(is_closed) - 1, -1)
    return number[part], int(is_closed.sum())


def _indicators(problem: Problem) -> Any:
    """One column a closed component, 1 at its nodes."""
    rows = np.flatnonzero(problem.closed >= 0)
    entries = (np.ones(len(rows)), (rows, problem.closed[rows]))
    return sparse.csc_array(entries, shape=(problem.n, problem.n_closed))


def _heaviest(problem: Problem) -> IntArray:
    """Node with the most entries of each closed component."""
    entries = np.diff(problem.matrix.indptr)
    order = np.lexsort((-entries, problem.closed))
    order = order[problem.closed[order] >= 0]
    _, first = np.unique(problem.closed[order], return_index=True)
    held: IntArray = order[first]
    return held


__all__ = ["Problem", "Solution", "is_small", "solve"]

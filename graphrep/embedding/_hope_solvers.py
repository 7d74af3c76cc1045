"""How HOPE factorises a proximity: eigenpairs, singular triplets, random projection."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from graphrep.embedding import _hope_operators as operators
from graphrep.exceptions import GraphValueError
from graphrep.linalg import (
    FunctionOperator,
    SparseOperator,
    canonical_signs,
    eigsh,
    gram,
    randomized_svd,
    scaled,
    svds,
    times,
)
from graphrep.typing import FloatArray

Filter: TypeAlias = Callable[[FloatArray], FloatArray]

HALF_LIFE = "half_life"
_AUTO_SHARE = 0.5
_DENSE_NODES = 500
_FIRST_FROM_BELOW = 2  # the rank over this
_FILTERED_NODES = 256
"""So many nodes for each dimension make the filter worth its products."""

_FILTER_MARGIN = 0.95
_FILTER_TOLERANCE = 1e-11
_ROUNDING = 1e-12
_EDGE = 1e-6  # the radius is an estimate
_FAINT = 1e-8
_CLOSE = 1e-9
_ROUGH, _FINE = 1e-7, 1e-12
"""Where the series ends for solvers that approximate, and for those that do not."""


class Recipe(NamedTuple):
    """Parameters of a HOPE estimator that its factorisation depends on."""

    proximity: str
    beta: Any
    alpha: float
    weight: str
    solver: str
    n_iter: int
    n_oversamples: int


class Problem(NamedTuple):
    """A graph to factorise: float64 adjacency with at least one edge."""

    adjacency: Any
    symmetric: bool
    rank: int
    seed: int


class Factors(NamedTuple):
    """``S`` is about ``source @ target.T``; None for values that it does not have."""

    source: FloatArray
    target: FloatArray
    singular_values: FloatArray
    beta: float | None = None
    radius: float | None = None


def factorize(problem: Problem, recipe: Recipe) -> Factors:
    """Factorise the proximity of a graph with the solver that the recipe names."""
    solver = _resolve_solver(problem, recipe)
    if solver == "spectral":
        return _spectral(problem, recipe)
    radius = beta = None
    if recipe.proximity == "katz":
        radius = operators.spectral_radius(
            problem.adjacency, symmetric=problem.symmetric, seed=problem.seed
        )
        beta = resolve_beta(recipe.beta, radius, problem.adjacency)
    fine = solver == "exact"
    operator = _operator(problem, recipe, beta, _FINE if fine else _ROUGH)
    if solver == "projection":
        source, target = _project(problem, operator, recipe.proximity)
        return Factors(source, target, np.zeros(0), beta, radius)
    if fine:
        u, s, vt = svds(operator, problem.rank, seed=problem.seed)
    else:
        u, s, vt = randomized_svd(
            operator, problem.rank, n_oversamples=recipe.n_oversamples,
            n_iter=recipe.n_iter, seed=problem.seed,
        )  # fmt: skip
    s = _without_noise(s, problem)
    root = np.sqrt(s)
    return Factors(u * root, vt.T * root, s, beta, radius)


def resolve_beta(beta: Any, radius: float, adjacency: Any) -> float:
    """Decay of the Katz proximity; without cycles the mean weight acts as radius.

    Raises
    ------
    GraphValueError
        If the series diverges.
    """
    mean_weight = float(adjacency.data.mean())
    if beta == "auto":
        return _AUTO_SHARE / (radius or mean_weight)
    if isinstance(beta, tuple):
        beta = 0.5 ** (1 / beta[1]) / mean_weight
    if beta * radius >= 1 - _EDGE:
        raise GraphValueError(
            f"beta={beta:.6g} is not below 1/rho = {1 / radius:.6g}, where rho = "
            f"{radius:.6g} is the spectral radius of the graph, so the Katz series "
            "diverges. Choose a smaller beta, or 'auto' for half of 1/rho."
        )
    return float(beta)


def is_half_life(beta: tuple[Any, ...]) -> bool:
    """Whether a tuple is what ``beta`` may be."""
    return (
        len(beta) == 2
        and beta[0] == HALF_LIFE
        and isinstance(beta[1], Real)
        and 0 < float(beta[1]) < np.inf
    )


def zero_faint_rows(rows: FloatArray) -> float:
    """Zero the rows that are only rounding errors; return the share of the others."""
    norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    kept = norms > _FAINT * norms.max()
    rows[~kept] = 0
    return float(kept.mean())


def _resolve_solver(problem: Problem, recipe: Recipe) -> str:
    if recipe.solver == "spectral" and not problem.symmetric:
        raise GraphValueError(
            "solver='spectral' needs an undirected graph and this one is directed. "
            "Take 'auto', or pass graph.symmetrize()."
        )
    if recipe.solver != "auto":
        return recipe.solver
    if problem.symmetric and recipe.proximity != "rooted_pagerank":
        return "spectral"
    return "exact" if problem.adjacency.shape[0] <= _DENSE_NODES else "randomized"


def _operator(
    problem: Problem, recipe: Recipe, beta: float | None, tolerance: float
) -> FunctionOperator:
    adjacency, symmetric = problem.adjacency, problem.symmetric
    if recipe.proximity == "common_neighbors":
        return operators.common_neighbors(adjacency, symmetric=symmetric)
    if recipe.proximity == "adamic_adar":
        return operators.adamic_adar(adjacency, recipe.weight, symmetric=symmetric)
    if recipe.proximity == "rooted_pagerank":
        return operators.rooted_pagerank(adjacency, recipe.alpha, tolerance=tolerance)
    if recipe.proximity == "symmetric_pagerank":
        return operators.symmetric_pagerank(
            adjacency, recipe.alpha, symmetric=symmetric, tolerance=tolerance
        )
    assert beta is not None
    return operators.katz(adjacency, beta, symmetric=symmetric, tolerance=tolerance)


# -- undirected: eigenpairs of the adjacency ---------------------------------------
def _spectral(problem: Problem, recipe: Recipe) -> Factors:
    """Eigenpairs of A (or N) are those of a proximity that is a function of it."""
    adjacency = problem.adjacency
    if recipe.proximity == "adamic_adar":
        return _square_of_half(problem, recipe.weight)
    if recipe.proximity == "symmetric_pagerank":
        step = operators.normalized(adjacency, symmetric=True)
        operator = SparseOperator(step, symmetric=True)
        values, u = eigsh(operator, problem.rank, which="LA", seed=problem.seed)
        s = (1 - recipe.alpha) / (1 - recipe.alpha * values)
        return _symmetric_factors(problem, u, s)
    operator = SparseOperator(adjacency, symmetric=True)
    filtered = operator.shape[0] > _FILTERED_NODES * problem.rank
    n_top = 1 if filtered else min(problem.rank, operator.shape[0])
    top = eigsh(operator, n_top, which="LA", seed=problem.seed, tol=_CLOSE)
    radius = beta = None
    change: Filter = np.square
    if recipe.proximity == "katz":
        radius = float(top[0][0])
        beta = resolve_beta(recipe.beta, radius, adjacency)
        change = _katz_filter(beta)
    if filtered:
        u, s = _largest_by_filter(problem, operator, change)
    else:
        u, s = _largest_of_both_ends(problem, operator, change, top)
    return _symmetric_factors(problem, u, s)._replace(beta=beta, radius=radius)


def _katz_filter(beta: float) -> Filter:
    def change(values: FloatArray) -> FloatArray:
        return beta * values / (1 - beta * values)

    return change


def _largest_by_filter(
    problem: Problem, operator: SparseOperator, change: Filter
) -> tuple[FloatArray, FloatArray]:
    """Do what `_largest_of_both_ends` does, six times as fast on large graphs.

    Products with A are cheap beside keeping a basis orthogonal, so the basis is that
    of a Chebyshev polynomial of A², which lifts both ends of the spectrum far above
    the rest. Found are the eigenpairs of largest magnitude, half as many again as
    are wanted; if those left out could still matter, both ends are computed apart.
    """
    n_pairs = problem.rank + problem.rank // 2 + 1
    _, s, _ = randomized_svd(operator, problem.rank, n_iter=2, seed=problem.seed)
    if s[-1] > _ROUNDING * s[0]:
        cut = _FILTER_MARGIN * float(s[-1])
        lifted = _chebyshev(operator, cut)
        heights, u = eigsh(
            lifted, n_pairs, which="LA", seed=problem.seed, tol=_FILTER_TOLERANCE
        )
        values, small = np.linalg.eigh(gram(u, operator.matmat(u)))
        changed = change(values)
        order = np.argsort(-np.abs(changed), kind="stable")[: problem.rank]
        edge = _before_the_filter(heights[-1], cut) * np.array([1.0, -1.0])
        size = np.abs(changed[order])
        if np.abs(change(edge)).max() <= size[-1] + _ROUNDING * size[0]:
            u = times(u, np.ascontiguousarray(small[:, order]))
            canonical_signs(u)
            return u, changed[order]
    top = eigsh(operator, problem.rank, which="LA", seed=problem.seed)
    return _largest_of_both_ends(problem, operator, change, top)


def _before_the_filter(height: float, cut: float) -> float:
    """Magnitude of the eigenvalue that the filter lifts to a height."""
    inner = np.cosh(np.arccosh(max(height, 1.0)) / 3)
    return float(cut * np.sqrt((inner + 1) / 2))


def _chebyshev(operator: SparseOperator, cut: float) -> FunctionOperator:
    """Chebyshev polynomial of degree three of A², within ±1 for ``|λ| <= cut``."""

    def inner(X: FloatArray) -> FloatArray:
        Y = operator.matmat(operator.matmat(X))
        Y *= 2 / cut**2
        Y -= X
        return Y

    def polynomial(X: FloatArray) -> FloatArray:
        first = inner(X)
        second = inner(first)
        second *= 2
        second -= X
        third = inner(second)
        third *= 2
        third -= first
        return third

    return FunctionOperator(operator.shape, polynomial)


def _largest_of_both_ends(
    problem: Problem,
    operator: SparseOperator,
    change: Filter,
    top: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Eigenvectors with the largest changed eigenvalues by magnitude, and these.

    The changed values grow in magnitude away from zero on either side. So eigenpairs
    are taken from below, twice as many each time, until the last of them is no
    larger than the k-th largest found; k of them are always enough.
    """
    n, rank = operator.shape[0], problem.rank
    values, u = top
    n_below = -(-rank // _FIRST_FROM_BELOW)
    while rank + n_below < n:
        low, v = eigsh(operator, n_below, which="SA", seed=problem.seed, tol=_CLOSE)
        changed = np.concatenate([change(values), change(low)])
        size = np.abs(changed)
        order = np.argsort(-size, kind="stable")[:rank]
        enough = size[order[-1]] + _ROUNDING * size[order[0]]
        if n_below == rank or low[-1] >= 0 or size[-1] <= enough:
            return np.concatenate([u, v], axis=1)[:, order], changed[order]
        n_below = min(2 * n_below, rank)
    values, u = eigsh(operator, n, which="LA", seed=problem.seed)
    changed = change(values)
    order = np.argsort(-np.abs(changed), kind="stable")[:rank]
    return u[:, order], changed[order]


def _symmetric_factors(problem: Problem, u: FloatArray, changed: FloatArray) -> Factors:
    s = _without_noise(np.abs(changed), problem)
    source = u * np.sqrt(s)
    return Factors(source, source * np.where(changed < 0, -1.0, 1.0), s)


def _square_of_half(problem: Problem, weight: str) -> Factors:
    """Adamic-Adar is ``B B^T`` with ``B = A D'^1/2``: its triplets come from B's."""
    middle = operators.middle_weights(problem.adjacency, weight, symmetric=True)
    half = SparseOperator(scaled(problem.adjacency, right=np.sqrt(middle)))
    u, s, _ = svds(half, problem.rank, seed=problem.seed)
    squared = _without_noise(s**2, problem)
    source = u * np.sqrt(squared)
    return Factors(source, source.copy(), squared)


# -- helpers of all ------------------------------------------------------------------
def _project(
    problem: Problem, operator: FunctionOperator, proximity: str
) -> tuple[FloatArray, FloatArray]:
    """``S R`` and R with Gaussian rows of unit length: ``R R^T`` is about the identity.

    Targets that no walk reaches have zero columns in S, so their rows of R are
    dropped: they would only add noise to the scores.
    """
    adjacency = problem.adjacency
    random = np.random.default_rng(problem.seed)
    target: FloatArray = random.standard_normal((adjacency.shape[0], problem.rank))
    target /= np.linalg.norm(target, axis=1, keepdims=True)
    if not proximity.endswith("pagerank"):
        reached = np.zeros(adjacency.shape[0], np.bool_)
        reached[adjacency.indices] = True
        target[~reached] = 0
    return operator.matmat(target), target


def _without_noise(singular_values: FloatArray, problem: Problem) -> FloatArray:
    """Set singular values at rounding level to zero, and so their columns."""
    eps = float(np.finfo(np.float64).eps) * problem.adjacency.shape[0]
    floor = max(eps, _ROUNDING) * singular_values.max(initial=0.0)
    return np.where(singular_values > floor, singular_values, 0.0)


__all__ = [
    "HALF_LIFE",
    "Factors",
    "Problem",
    "Recipe",
    "factorize",
    "is_half_life",
    "resolve_beta",
    "zero_faint_rows",
]

"""LLE: vectors that each node's neighbours reproduce by their weighted mean."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep._utils._warn import warn_user
from graphrep.embedding import _lle_solvers as solvers
from graphrep.embedding._transductive import (
    Fitted,
    Task,
    TransductiveEmbedder,
    isolated_rows,
)
from graphrep.typing import FloatArray

_SETTLED = 1e-6
"""Largest residual of an eigenpair that passes without a warning."""


class LLE(TransductiveEmbedder):
    """Embed nodes so that each is near the weighted mean of its neighbours.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding.
    solver : {"auto", "lanczos", "shift-invert", "dense"}, default="auto"
        How the singular vectors are found; all give the same ones (see Notes).
    self_loops : {"drop", "keep"}, default="drop"
        Whether edges from a node to itself count.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its end (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Vectors of the fitted nodes; columns of unit length, orthogonal to each other.
    singular_values_ : ndarray of shape (n_found,)
        Singular values of I - P that the columns belong to, ascending; fewer than
        ``n_components`` where the graph has not so many.
    n_closed_ : int
        Dimension of the null space that was left out.
    solver_ : str
        "lanczos", "shift-invert" or "dense".
    target_embedding_ : None
        There is no second side.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_isolated_ : int
        Number of nodes without edges.

    Raises
    ------
    GraphValueError
        If the graph has negative or non-finite weights, is not square or empty, or
        ``solver="lanczos"`` does not converge.

    Warns
    -----
    GraphWarning
        If the graph has no edges, fewer nodes than ``n_components``, or the result
        is not accurate.

    See Also
    --------
    LaplacianEigenmaps : The same picture with edges as springs; faster.

    Notes
    -----
    Locally linear embedding [1]_ whose reconstruction weights are not fitted to
    features but given by the graph: with ``P = D^-1 A``, rows of mean 1,

    minimise ``|(I - P) X|²`` subject to ``X'X = I``.

    The columns are right singular vectors of I - P with the smallest singular values,
    without its null space. That is spanned by one vector for each closed component (a
    component; in a directed graph, a strongly connected part that no edge leaves and
    that has an edge), counted by a search through the graph, not by a threshold on
    the singular values. Pairs are scored by minus the Euclidean distance.

    *Solvers.* "dense": all singular vectors, for up to 512 nodes or four times
    ``n_components``. "lanczos": ARPACK on ``M = (I - P)'(I - P)`` itself, with the null
    space moved out of the way; O((m + n · n_components) · products) time and n × 4
    n_components numbers of memory. "shift-invert": Lanczos
    on the pseudo-inverse of M, of which two triangular solves with the sparse LU
    factors of I - P are the main part; one node of each closed component is held
    fixed, which makes that matrix regular without a shift, and M, which is much
    denser, is not formed. Small-world graphs suit the first (few products, but
    factors that fill up), trees, roads and meshes the second (many small singular
    values, but factors that stay sparse). "auto" factorises at once where the graph
    is nearly a tree, else tries Lanczos for about 60 products a component and then
    factorises, if at most 50,000 nodes are left of the graph without its dangling
    trees and chains; without limit otherwise.

    Deviations from the usual implementations, which cut out one vector whatever the
    number of components and leave integer adjacencies without normalisation: see
    above. Singular values are computed as roots of eigenvalues of M, so that they
    are good to about 1e-8 of the largest one where they are tiny; "shift-invert" has
    full relative precision.

    Isolated nodes have zero vectors and are no part of the problem. A node of a
    directed graph without out-edges has no neighbours to be a mean of: its row of P
    is zero, which draws its vector to the origin. Components of an undirected graph
    share the columns: each column lives in one of them (or is any mixture, where two
    have the same singular value). Vectors of singular values that occur several times
    are determined up to a rotation. Where fewer than ``n_components`` vectors exist,
    the last columns are zero.

    References
    ----------
    .. [1] S. T. Roweis, L. K. Saul. Nonlinear Dimensionality Reduction by Locally
       Linear Embedding. Science 290, 2000.
       https://doi.org/10.1126/science.290.5500.2323

    Examples
    --------
    >>> from graphrep import LLE, Graph
    >>> graph = Graph.from_edges(list("aabcd"), list("bccde"))
    >>> model = LLE(2).fit(graph)
    >>> model.singular_values_.round(3).tolist()
    [0.341, 1.339]
    """

    decoder = "euclidean"
    _takes_directed = True
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "solver": [StrOptions({"auto", "lanczos", "shift-invert", "dense"})],
        "self_loops": [StrOptions({"keep", "drop"})],
        **THREADS,
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        solver: str = "auto",
        self_loops: str = "drop",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.solver = solver
        self.self_loops = self_loops
        self.n_jobs = n_jobs
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
            Bytes by purpose, and their sum under "total". The factors of
            "shift-invert" are not known beforehand and not counted.
        """
        size = np.dtype(np.float64).itemsize
        if solvers.is_small(n_nodes, self.n_components):
            basis = 4 * n_nodes**2 * size
        else:
            basis = 5 * n_nodes * (self.n_components + 64) * size
        matrix = 4 * n_entries * size
        return {"basis": basis, "matrix": matrix, "total": basis + matrix}

    def _embed(self, task: Task) -> Fitted:
        graph = task.graph
        used = np.ones(graph.n_nodes, bool)
        used[isolated_rows(graph)] = False
        problem = solvers.Problem.of(graph, np.flatnonzero(used))
        rank = min(self.n_components, problem.n - problem.n_closed)
        for _ in self._steps(task, "solve", 1):
            found = solvers.solve(problem, rank, self.solver, task.seed)
        if found.residual > _SETTLED:
            warn_user(
                f"LLE did not converge: residual {found.residual:.1e} of "
                f"solver='{found.solver}'. Use another solver or fewer components."
            )
        table: FloatArray = np.zeros((graph.n_nodes, rank))
        table[used] = found.vectors
        attributes = {
            "singular_values_": found.values,
            "n_closed_": problem.n_closed,
            "solver_": found.solver,
        }
        return Fitted(table, None, attributes)


__all__ = ["LLE"]

"""AdjacencySVD: the best reconstruction of the adjacency in a given rank."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.exceptions import GraphValueError
from graphrep.linalg import SparseOperator, eigsh, svds

_BASES = 5
"""Float64 tables of the rank's width that a decomposition holds at once."""


class AdjacencySVD(TransductiveEmbedder):
    """Truncated singular value decomposition of the adjacency.

    No other vectors of as many dimensions reconstruct the adjacency with a smaller
    squared error by dot products: the yardstick of every reconstruction.

    Parameters
    ----------
    n_components : int, default=128
        Columns of ``embedding_``. For an undirected graph that is the rank. For a
        directed graph it is the whole budget of a node: half of the columns are its
        source side and half its target side, the rank is ``n_components / 2``, and
        an odd number is an error.
    self_loops : {"drop", "keep"}, default="drop"
        What to do with edges of a node to itself.
    n_jobs : int or None, default=None
        Threads; None for all. The result does not depend on it.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its end (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Undirected: ``U sqrt(s)``. Directed: ``[U sqrt(s) | V sqrt(s)]``. Zero for
        isolated nodes.
    target_embedding_ : ndarray of shape (n_nodes, n_components)
        Undirected: ``U sqrt(s)`` with the eigenvalues' signs. Directed:
        ``[V sqrt(s) | 0]``, so that a dot product of ``embedding_`` with it is one
        of sources with targets.
    singular_values_ : ndarray of shape (n_found,)
        Descending.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_isolated_ : int
        Number of nodes without edges.

    Raises
    ------
    GraphValueError
        For an odd ``n_components`` and a directed graph.

    Warns
    -----
    GraphWarning
        For graphs without edges, and more dimensions than nodes.

    See Also
    --------
    HOPE : The same for proximities over more than one step.
    Spectral : Eigenvectors of the normalised adjacency, for classification.

    Notes
    -----
    ``A ≈ X Y^T`` with the least squared error of that rank [1]_. Undirected: the
    eigenpairs of A largest in magnitude, ``X = U |λ|^1/2``, ``Y = X sign(λ)``; of
    ``λ`` and ``-λ`` the positive comes first. Directed: ``A = U diag(s) V^T``,
    ``X = U s^1/2``, ``Y = V s^1/2``. `decoder_score` is ``X_i · Y_j``.

    Small graphs are decomposed densely, larger ones by ARPACK or block Lanczos to
    rounding. O(m d) time for each of some ten times d products and O(n d²) for the
    rest; memory O(n d).

    Disconnected graphs need no care: each singular vector belongs to one component
    or to several of equal values, in which case it is not unique. Directions beyond
    the rank of A are zero. Weights are the entries of A.

    References
    ----------
    .. [1] Eckart, C., Young, G. (1936). The approximation of one matrix by another
       of lower rank. Psychometrika 1(3). https://doi.org/10.1007/BF02288367

    Examples
    --------
    >>> from graphrep import AdjacencySVD, Graph
    >>> star = Graph.from_edges([0, 0, 0], [1, 2, 3])
    >>> model = AdjacencySVD(2).fit(star)
    >>> model.decoder_score(0, [0, 1, 2, 3]).round(6) + 0.0
    array([0., 1., 1., 1.], dtype=float32)
    """

    _takes_directed = True
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "self_loops": [StrOptions({"drop", "keep"})],
        **THREADS,
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        self_loops: str = "drop",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
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
            Bytes by purpose, and their sum under "total".
        """
        size = np.dtype(np.float64).itemsize
        matrix = 2 * n_entries * (size + np.dtype(np.int32).itemsize)
        table = n_nodes * self.n_components * size
        total = matrix + (_BASES + 2) * table
        return {
            "matrix": matrix,
            "basis": _BASES * table,
            "vectors": 2 * table,
            "total": total,
        }

    def _embed(self, task: Task) -> Fitted:
        graph = task.graph
        operator = SparseOperator(graph.csr, symmetric=not graph.directed)
        if not graph.directed:
            rank = min(self.n_components, graph.n_nodes)
            for _ in self._steps(task, "decomposition", 1):
                values, vectors = eigsh(operator, rank, which="LM", seed=task.seed)
            sizes = _without_noise(np.abs(values))
            source = vectors * np.sqrt(sizes)
            target = source * np.where(values < 0, -1.0, 1.0)
            return Fitted(source, target, {"singular_values_": sizes})
        if self.n_components % 2:
            raise GraphValueError(
                f"n_components={self.n_components} cannot be halved into the source "
                "and the target side of a directed graph; give an even number, or "
                "pass graph.symmetrize()."
            )
        half = self.n_components // 2
        for _ in self._steps(task, "decomposition", 1):
            u, sizes, vt = svds(operator, min(half, graph.n_nodes), seed=task.seed)
        sizes = _without_noise(sizes)
        source = np.zeros((graph.n_nodes, self.n_components))
        target = np.zeros_like(source)
        found = len(sizes)
        source[:, :found] = u * np.sqrt(sizes)
        target[:, :found] = vt.T * np.sqrt(sizes)
        source[:, half : half + found] = target[:, :found]
        return Fitted(source, target, {"singular_values_": sizes})


def _without_noise(sizes: Any) -> Any:
    """Singular values with those that are only rounding set to zero."""
    least = 1e3 * np.finfo(np.float64).eps * sizes.max(initial=0.0)
    return np.where(sizes > least, sizes, 0.0)


__all__ = ["AdjacencySVD"]

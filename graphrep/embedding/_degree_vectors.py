"""DegreeVectors: the floor for whoever ranks pairs of nodes by popularity."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.typing import AnyArray, FloatArray


class DegreeVectors(TransductiveEmbedder):
    """Give every node its degree, such that dot products are expected weights.

    Parameters
    ----------
    n_components : int, default=1
        Dimension of the embedding. One is enough; the others are zero, so that the
        table fits beside those of other methods.
    degree : {"weighted", "count"}, default="weighted"
        Sums of weights or numbers of edges.
    self_loops : {"drop", "keep"}, default="drop"
        Whether edges from a node to itself count, each once.
    n_jobs : int or None, default=None
        Accepted for consistency; nothing here runs in threads.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its end (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Degree (out-degree of a directed graph) over the root of the sum of all
        degrees, in the first column.
    target_embedding_ : ndarray of shape (n_nodes, n_components) or None
        The same with in-degrees, for a directed graph.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_isolated_ : int
        Number of nodes without edges.

    Raises
    ------
    GraphValueError
        If the graph has negative or non-finite weights, is not square or empty.

    Warns
    -----
    GraphWarning
        If the graph has no edges, or fewer nodes than ``n_components``.

    See Also
    --------
    RandomVectors : The floor that knows nothing at all.

    Notes
    -----
    The score of a pair is ``d_i d_j / Σ_k d_k``: the expected weight of its edge in a
    random graph of these degrees (the configuration model, Σ d = 2m; of a directed
    graph ``out_i in_j / m``), and the preferential attachment score up to a factor.
    What a method scores beyond it comes from structure. Every node ranks the others
    in the same order, by their degree.

    Further features of degrees (their logarithm, the mean degree of neighbours) are
    left out on purpose: they would change the dot products.

    O(m) time. Isolated nodes have zero vectors; components play no role.

    References
    ----------
    .. [1] M. E. J. Newman. Finding community structure in networks using the
       eigenvectors of matrices. Physical Review E 74, 2006.
       https://doi.org/10.1103/PhysRevE.74.036104

    Examples
    --------
    >>> from graphrep import DegreeVectors, Graph
    >>> graph = Graph.from_edges(["a", "b"], ["b", "c"])
    >>> model = DegreeVectors().fit(graph)
    >>> model.embedding_.ravel().tolist()
    [0.5, 1.0, 0.5]
    >>> float(model.decoder_score(0, 1))
    0.5
    """

    _takes_directed = True
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "degree": [StrOptions({"weighted", "count"})],
        "self_loops": [StrOptions({"keep", "drop"})],
        **THREADS,
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        degree: str = "weighted",
        self_loops: str = "drop",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.degree = degree
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
        table = n_nodes * (self.n_components + 2) * np.dtype(np.float64).itemsize
        return {"vectors": 2 * table, "total": 2 * table}

    def _embed(self, task: Task) -> Fitted:
        kinds = ("out", "in") if task.graph.directed else ("out",)
        steps = self._steps(task, "degrees", len(kinds))
        columns = [self._column(task, kinds[step]) for step in steps]
        return Fitted(columns[0], columns[1] if len(columns) > 1 else None)

    def _column(self, task: Task, kind: str) -> FloatArray:
        """Degrees over the root of their sum, as a table of one column."""
        degrees: AnyArray = task.graph.degree(
            weighted=self.degree == "weighted", kind=kind
        )
        column = degrees.astype(np.float64).reshape(-1, 1)
        total = column.sum()
        return column / np.sqrt(total) if total > 0 else column


__all__ = ["DegreeVectors"]

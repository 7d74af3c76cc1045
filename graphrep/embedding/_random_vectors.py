"""RandomVectors: the floor that every embedding has to beat."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, Interval
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.typing import AnyArray


class RandomVectors(TransductiveEmbedder):
    """Give every node a random vector that knows nothing of the graph.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        An int gives the same embedding on every call.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its end (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Vectors of the fitted nodes, rows of unit length; zero for isolated nodes.
    target_embedding_ : None
        There is no second side.
    node_ids_ : ndarray of shape (n_nodes,)
        Ids in row order, int64 or object.
    n_features_in_ : int
        Number of nodes of the fitted graph.
    n_isolated_ : int
        Number of nodes without edges.
    random_seed_ : int
        The 64-bit seed that was used.

    Notes
    -----
    Gaussian entries, rows brought to unit length: directions uniform on the sphere.
    O(n_nodes · n_components) time and memory.

    Examples
    --------
    >>> from graphrep import Graph, RandomVectors
    >>> graph = Graph.from_edges(["a", "b"], ["b", "c"])
    >>> RandomVectors(2, random_state=0).fit_transform(graph).shape
    (3, 2)
    """

    _takes_directed = True
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
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
        table = n_nodes * self.n_components * np.dtype(np.float64).itemsize
        return {"vectors": 2 * table, "total": 2 * table}

    def _embed(self, task: Task) -> Fitted:
        random = np.random.default_rng(task.seed)
        shape = (task.graph.n_nodes, self.n_components)
        table: AnyArray = np.empty(shape)
        for _ in self._steps(task, "draw", 1):
            random.standard_normal(out=table)
            table /= np.linalg.norm(table, axis=1, keepdims=True)
        return Fitted(table)


__all__ = ["RandomVectors"]

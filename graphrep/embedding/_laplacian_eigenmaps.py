"""LaplacianEigenmaps: coordinates in which neighbours lie close together."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.embedding._laplacian_parts import fix_signs, parts_of, smallest_pairs
from graphrep.embedding._transductive import Fitted, Task, TransductiveEmbedder
from graphrep.typing import FloatArray

_FLOAT = np.dtype(np.float64).itemsize
_BASES = 4
_SMALLEST_EIGENVALUE = 1e-14


class LaplacianEigenmaps(TransductiveEmbedder):
    """Embed nodes so that the squared distances along the edges are smallest.

    Parameters
    ----------
    n_components : int, default=128
        Dimension of the embedding.
    components : {"per", "global"}, default="per"
        What to do with a graph of several connected components: give each its own
        smoothest coordinates in the same columns, or take the smoothest of the
        whole graph, most of which are zero outside one component.
    scaling : {"none", "commute", "diffusion"}, default="none"
        Factor of the column with the eigenvalue λ: one, ``λ^-1/2``, with which
        distances approximate commute times, or ``|1 - λ|^diffusion_time``.
    diffusion_time : float, default=1.0
        Number of steps of the walk for ``scaling="diffusion"``.
    normalization : {"random_walk", "symmetric"}, default="random_walk"
        Eigenvectors of ``D^-1 A``, as in the paper, or of ``D^-1/2 A D^-1/2``: their
        rows have the same directions but grow with the root of the degree, which
        spoils distances.
    self_loops : {"drop", "keep"}, default="drop"
        Whether edges from a node to itself count, namely in the degrees.
    n_jobs : int or None, default=None
        Number of threads, None for all; the result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the iteration's start. The result depends on it by rounding errors
        only, save where eigenvalues coincide.
    verbose : int, default=0
        1 logs a line for each fit, 2 also its steps (logger "graphrep").

    Attributes
    ----------
    embedding_ : ndarray of shape (n_nodes, n_components)
        Coordinates; zero for isolated nodes.
    target_embedding_ : None
        There is no second side.
    eigenvalues_ : ndarray of shape (n_components,)
        λ of each column, ascending; of the largest component under "per"; NaN where
        there was no eigenvector left.
    n_connected_ : int
        Number of connected components, isolated nodes left out.
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
    HOPE : For directed graphs, by inner products.

    Notes
    -----
    Minimises ``tr(Y^T L Y)`` under ``Y^T D Y = I``: the generalised eigenvectors
    ``L y = λ D y`` with the smallest eigenvalues, the constant one of each component
    left out. They are ``y = D^-1/2 u`` with u the eigenvectors of the largest
    ``μ = 1 - λ`` of ``N = D^-1/2 A D^-1/2``, which block Lanczos finds without a
    factorisation; the constant ones are known beforehand and are moved to the other
    end of the spectrum. `decoder_score` is minus the Euclidean distance.

    Complexity: some hundred products of N with vectors, ``O(m)`` each, and
    ``O(n n_components^2)`` per restart; memory ``O(m + n n_components)``. Graphs that
    mix slowly (paths, grids, road networks) need many restarts.

    Deviations from the paper: it embeds one component; here "per" embeds each one
    that has edges, in the same columns, its coordinates multiplied by the root of its
    share of all degrees, so that ``Y^T D Y = I`` holds for the whole graph as far as
    the components fill their columns. A component of s nodes has s - 1 coordinates;
    the rest is zero. Nodes of different components may lie at the same place.
    "global" leaves out one vector for each component, found by walking the edges
    and not by a threshold. The paper's heat kernel weights are up to the caller:
    edge weights count as they are.

    Directed graphs are symmetrised, with a warning. With more dimensions than nodes
    columns of zeros are added. Of equal eigenvalues any basis is as good, and the one
    returned is that of the seed. `transform` gives a new node the weighted mean of
    its neighbours, the place where it would minimise the same sum.

    References
    ----------
    Belkin, Niyogi: Laplacian eigenmaps for dimensionality reduction and data
    representation, Neural Computation 15(6), 2003.

    Examples
    --------
    >>> import networkx as nx
    >>> from graphrep import LaplacianEigenmaps
    >>> model = LaplacianEigenmaps(2, random_state=0)
    >>> model.fit_transform(nx.karate_club_graph()).shape
    (34, 2)
    >>> bool(model.decoder_score(0, 1) > model.decoder_score(0, 33))  # 0 knows 1
    True
    """

    decoder = "euclidean"
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "components": [StrOptions({"per", "global"})],
        "scaling": [StrOptions({"none", "commute", "diffusion"})],
        "diffusion_time": [Interval(Real, 0, None, closed="left")],
        "normalization": [StrOptions({"random_walk", "symmetric"})],
        "self_loops": [StrOptions({"drop", "keep"})],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 128,
        *,
        components: str = "per",
        scaling: str = "none",
        diffusion_time: float = 1.0,
        normalization: str = "random_walk",
        self_loops: str = "drop",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.components = components
        self.scaling = scaling
        self.diffusion_time = diffusion_time
        self.normalization = normalization
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
        parts = {
            "adjacency": 3 * (n_entries + n_nodes) * (_FLOAT + 8),
            "work": _BASES * n_nodes * (self.n_components + 64) * _FLOAT,
            "vectors": 2 * n_nodes * self.n_components * _FLOAT,
        }
        return {**parts, "total": sum(parts.values())}

    # -- fitting -------------------------------------------------------------------
    def _embed(self, task: Task) -> Fitted:
        adjacency = task.graph.to_scipy(np.float64)
        strength = np.asarray(adjacency.sum(axis=1), np.float64).reshape(-1)
        labels = task.graph.connected_components()
        parts = parts_of(
            adjacency, strength, labels, together=self.components == "global"
        )
        table = np.zeros((len(strength), self.n_components))
        eigenvalues = np.full(self.n_components, np.nan)
        for step in self._steps(task, "components", len(parts)):
            mu, vectors = smallest_pairs(parts[step], self.n_components, task.seed)
            if step == 0:
                eigenvalues[: mu.shape[1]] = 1 - mu[0]
            rows = parts[step].rows
            vectors = self._scaled(mu, vectors, strength[rows], strength.sum())
            table[rows, : mu.shape[1]] = vectors
        attributes = {
            "eigenvalues_": eigenvalues,
            "n_connected_": len(np.unique(labels[strength > 0])),
        }
        return Fitted(table, None, attributes)

    def _scaled(
        self, mu: FloatArray, vectors: FloatArray, strength: FloatArray, total: float
    ) -> FloatArray:
        """Coordinates of the parts of one size from their eigenvectors."""
        if self.normalization == "random_walk":
            vectors = vectors / np.sqrt(strength)[:, :, None]
        share = np.sqrt(strength.sum(axis=1) / total)
        factor = share[:, None] * np.ones_like(mu)
        if self.scaling == "commute":
            factor /= np.sqrt(np.maximum(1 - mu, _SMALLEST_EIGENVALUE))
        elif self.scaling == "diffusion":
            factor *= np.abs(mu) ** self.diffusion_time
        vectors = vectors * factor[:, None, :]
        fix_signs(vectors)
        return vectors


__all__ = ["LaplacianEigenmaps"]

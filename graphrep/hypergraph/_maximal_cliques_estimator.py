"""MaximalCliques: each maximal clique of the graph is taken for a hyperedge."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from graphrep._utils._sklearn_compat import THREADS, Interval
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._maximal_cliques import maximal_cliques
from graphrep.hypergraph._reconstructor import Reconstructor


class MaximalCliques(Reconstructor):
    """Take every maximal clique for a hyperedge; nothing is learnt.

    Parameters
    ----------
    min_size : int, default=2
        Smallest hyperedge to return and to score. 1 returns isolated nodes too.
    max_cliques : int or None, default=50_000_000
        Number of cliques beyond which the search is given up.
    max_seconds : float or None, default=None
        Time after which it is given up, in seconds.
    n_jobs : int or None, default=None
        Threads; None for all. The result does not depend on it.

    See Also
    --------
    CliqueCover : Only as many cliques as it takes to explain each edge.
    projection_loss : Tells how far maximal cliques can be from the hyperedges.
    maximal_cliques : The same as a function.

    Notes
    -----
    Exact if and only if no hyperedge lies in another and the hypergraph is conformal
    (Gilmore); otherwise the answer may be larger than the truth without bound.

    References
    ----------
    Y. Wang, J. Kleinberg, "From graphs to hypergraphs: hypergraph projection and its
    reconstruction", ICLR 2024.

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> from graphrep.hypergraph import MaximalCliques
    >>> truth = Hypergraph([("a", "b", "c"), ("c", "d")])
    >>> MaximalCliques().score(truth)
    1.0
    """

    _needs_source = False
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "min_size": [Interval(Integral, 1, None, closed="left")],
        "max_cliques": [Interval(Integral, 1, None, closed="left"), None],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        **THREADS,
    }

    def __init__(
        self,
        *,
        min_size: int = 2,
        max_cliques: int | None = 50_000_000,
        max_seconds: float | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.min_size = min_size
        self.max_cliques = max_cliques
        self.max_seconds = max_seconds
        self.n_jobs = n_jobs

    def _predict(self, graph: Graph) -> Hypergraph:
        self._validate_params()
        return maximal_cliques(
            graph,
            min_size=self.min_size,
            max_cliques=self.max_cliques,
            max_seconds=self.max_seconds,
            n_jobs=self.n_jobs,
        )

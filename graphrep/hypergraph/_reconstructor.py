"""Reconstructor: what all methods that turn a graph back into hyperedges share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from graphrep.exceptions import GraphTypeError
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._inputs import undirected
from graphrep.io import as_hypergraph
from graphrep.metrics import hyperedge_jaccard
from graphrep.typing import AnyArray, GraphLike, PathType

if TYPE_CHECKING:
    from typing import Self


class Reconstructor(BaseEstimator):
    """Base of estimators that find the hyperedges behind a graph.

    Sub-classes write ``_fit(H0, G0)`` and ``_predict(G)`` and have a parameter
    ``min_size``, the smallest hyperedge that they look for and are scored on.
    """

    min_size: int
    _needs_source = True  # whether there is anything to learn from H0
    _weighted = False  # whether the projection of H0 keeps its weights
    node_ids_: Any = range(0)  # no node of the source is kept, in a file neither

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.target_tags.required = False
        return tags

    def fit(self, X: Any = None, y: GraphLike | None = None) -> Self:
        """Learn from a hypergraph of the same kind.

        Parameters
        ----------
        X : hypergraph-like or None
            Hyperedges to learn from, in any form that `graphrep.as_hypergraph` takes.
            Methods that learn nothing ignore it.
        y : graph-like or None, default=None
            Their projection, where it is not ``X.project()``.

        Returns
        -------
        self
        """
        if not self._needs_source:
            return self
        if X is None:
            raise GraphTypeError(
                f"{type(self).__name__} learns from a hypergraph; got None. Methods "
                "that need none are HypergraphReconstructor(method='mdl'), "
                "BayesianMDL, CliqueCover and MaximalCliques."
            )
        source = as_hypergraph(X)
        graph = source.project(self._weighted) if y is None else undirected(y)
        self._fit(source, graph)
        return self

    def predict(self, X: GraphLike) -> Hypergraph:
        """Find the hyperedges behind a graph.

        Parameters
        ----------
        X : graph-like
            Anything that `graphrep.as_graph` takes, undirected.

        Returns
        -------
        Hypergraph
            On the nodes of the graph; its weights are probabilities where the
            method knows them.
        """
        return self._predict(undirected(X))

    def score(self, X: Any, y: Any = None) -> float:
        """Jaccard index of the hyperedges found, those below ``min_size`` left out.

        Parameters
        ----------
        X : graph-like, or hypergraph-like where y is None
            Graph to reconstruct. Of a hypergraph the projection is taken, so that
            cross-validation can cut a hypergraph into parts.
        y : hypergraph-like or None
            The true hyperedges.
        """
        if y is None:
            true = as_hypergraph(X)
            graph: Any = true.project(self._weighted)
        else:
            true, graph = as_hypergraph(y), X
        return hyperedge_jaccard(true, self.predict(graph), min_size=self.min_size)

    def save(self, path: PathType, *, overwrite: bool = True) -> None:
        """Write the fitted estimator to a directory (or ``.zip``) without pickle.

        Read it back with `graphrep.load`. `SHyRe` and `MARIOH`, whose classifiers may
        be anybody's, cannot be written.

        Parameters
        ----------
        path : path-like
            Directory to write, or a name that ends in ``.zip``.
        overwrite : bool, default=True
            Whether a model that is there may be replaced.
        """
        from graphrep.persistence import save

        if self._needs_source:
            check_is_fitted(self)
        save(self, path, overwrite=overwrite)

    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Fitted arrays and JSON-able values; nothing where nothing is learned."""
        return {}, {}

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        """Take back what `_fitted_state` gave."""
        return self

    def _fit(self, source: Hypergraph, graph: Graph) -> None:
        raise NotImplementedError

    def _predict(self, graph: Graph) -> Hypergraph:
        raise NotImplementedError

"""HypergraphReconstructor: the hyperedges behind a graph, by the best means at hand."""

from __future__ import annotations

from numbers import Integral, Real
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from graphrep._tasks import Place, SharesExecutor
from graphrep._tasks._executors import check_executor
from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, HasMethods, Interval, StrOptions
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._candidates import take_rows
from graphrep.hypergraph._consistent import consistent
from graphrep.hypergraph._inputs import undirected
from graphrep.hypergraph._methods import METHODS, make_method
from graphrep.hypergraph._multiplicities import fit_multiplicities
from graphrep.hypergraph._reconstructor import Reconstructor
from graphrep.hypergraph._supervised_model import (
    Found,
    Settings,
    SupervisedModel,
    apply_model,
    fit_model,
)
from graphrep.hypergraph._weighted_projection import whole_weights
from graphrep.io import as_hypergraph
from graphrep.typing import AnyArray, FloatArray, GraphLike, PathType

if TYPE_CHECKING:
    from typing import Self

    from graphrep._tasks import Summary


class HypergraphReconstructor(SharesExecutor, Reconstructor):
    """Find the hyperedges behind a graph, given a hypergraph of the same kind.

    Candidates are maximal cliques, their common parts, and small cliques where these
    pay. A blend of boosted trees and a logistic model tells the odds of each from some
    sixty features. Then candidates compete to explain the graph, by linear programming
    and sampling: edges need a hyperedge, weights count them. What is returned has the
    highest expected Jaccard index.

    Parameters
    ----------
    method : {"auto", "shyre", "marioh", "mdl", "cover", "max_cliques"}, default="auto"
        "auto" is what is described here; the others are `SHyRe`, `MARIOH`,
        `BayesianMDL`, `CliqueCover` and `MaximalCliques` with their own settings.
        Without a hypergraph to learn from "auto" is "mdl".
    weighted : bool or "auto", default="auto"
        Whether weights of the graphs count common hyperedges. "auto" learns both from
        a hypergraph and uses weights where a graph has them; a graph given to ``fit``
        decides for itself.
    threshold : "jaccard" or float, default="jaccard"
        Least probability of a hyperedge that is returned. "jaccard" is J / (1 + J) for
        the Jaccard index J that is reached within the training hypergraph.
    consistency : {"learned", "exact", "none"}, default="learned"
        "learned": candidates compete as far as that helped on the training hypergraph.
        "exact": besides, the answer projects to exactly the graph: weight that is left
        becomes hyperedges of two nodes. "none": each candidate for itself.
    budget : int, default=1_000_000
        Most candidates of one family. Common parts beyond it are thinned at random.
    peel : bool, default=True
        Whether, in weighted graphs, cliques of what likely hyperedges leave of the
        weights become candidates too.
    intersections : bool, default=True
        Whether common parts of maximal cliques are candidates.
    min_size : int, default=1
        Smallest hyperedge to return and to score. Hyperedges of one node are looked
        for where the training hypergraph has any.
    n_folds : int, default=5
        Parts of the training candidates; one model is fitted without each.
    max_cliques : int, default=5_000_000
        Number of maximal cliques beyond which a graph is refused.
    n_jobs : int or None, default=None
        Threads; None takes all processors. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Decides folds, trees and the sampler. An int gives the same result every time.
    executor : str, Executor, Client or None, default=None
        Where ``predict`` searches cliques and scores candidates, by blocks in files:
        "serial", "processes", "dask", the address of a Dask scheduler, or an object
        with ``submit``. None is this process. The result is the same. For "auto" only.
    work_dir : str, path-like or None, default=None
        Folder for these files. A prediction that was interrupted goes on there.

    Attributes
    ----------
    models_ : dict of str to SupervisedModel
        Of "weighted" and "unweighted" projections, as far as they were learned.
    method_ : estimator or None
        The fitted estimator of another method.
    expected_scores_ : dict of str to float
        Jaccard index that each model reaches within the training hypergraph, on
        candidates that it had not seen.
    random_seed_ : int
        The 64-bit seed that was used.
    tasks_ : Summary or None
        With an executor: tasks ``run``, ``skipped`` and ``retried`` of the last
        prediction.

    See Also
    --------
    SHyRe, MARIOH : The published methods that learn.
    BayesianMDL : Learns nothing.

    Notes
    -----
    Ours. From SHyRe [1]_ it has the supervised setting, from MARIOH [2]_ that cliques
    of residual weights are candidates. It differs in the candidates, in features
    (nothing depends on a sampler), in the threshold (which for a hard data set is far
    below one half), and in that candidates are judged together. All choices (sizes of
    cliques, blend, price of what is not explained, threshold) are made within the
    training hypergraph from predictions of models that had not seen the candidate.

    Node ids are never compared between hypergraphs. Where two halves of one hypergraph
    share nodes and no hyperedge, a method that did so would only learn the split.

    Weights: where the training hypergraph has no repeats, weights count distinct
    hyperedges and every answer occurs once. Where it has, multiplicities are fitted by
    non-negative least squares. Weights that are not exact counts are borne by
    ``consistency="learned"``; pass the noisy graph as ``y`` to ``fit``, so that the
    price of a residual is learned from it.

    A size of which a graph has ten times as many cliques for each edge as the training
    graph, or more than ``budget``, is left out with a warning.

    O(cost of the maximal cliques + sum over candidates of the squared size and of
    members' degrees and cliques) time beside the training. ``fit`` holds the features
    of all candidates, some 300 bytes each; ``predict`` those of some thousand a thread,
    and of each candidate its members and 8 bytes.

    References
    ----------
    .. [1] Y. Wang, J. Kleinberg, "From graphs to hypergraphs: hypergraph projection and
       its remediation", ICLR 2024.
    .. [2] K. Lee, G. Lee, K. Shin, "MARIOH: multiplicity-aware hypergraph
       reconstruction", ICDE 2025.

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> from graphrep.hypergraph import HypergraphReconstructor
    >>> known = Hypergraph([(0, 1, 2), (2, 3), (3, 4), (4, 5, 6), (6, 7)])
    >>> graph = Hypergraph([("a", "b"), ("b", "c", "d")]).project()
    >>> model = HypergraphReconstructor(random_state=0).fit(known)
    >>> sorted(model.predict(graph))
    [('a', 'b'), ('b', 'c', 'd')]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "method": [StrOptions({"auto", *METHODS})],
        "weighted": ["boolean", StrOptions({"auto"})],
        "threshold": [
            Interval(Real, 0, 1, closed="both"), StrOptions({"jaccard"})
        ],
        "consistency": [StrOptions({"learned", "exact", "none"})],
        "budget": [Interval(Integral, 0, None, closed="left")],
        "peel": ["boolean"],
        "intersections": ["boolean"],
        "min_size": [Interval(Integral, 1, None, closed="left")],
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "max_cliques": [Interval(Integral, 1, None, closed="left")],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
        "executor": [str, HasMethods(["submit"]), None],
        "work_dir": [str, PathLike, None],
    }  # fmt: skip

    def __init__(
        self,
        method: str = "auto",
        *,
        weighted: bool | str = "auto",
        threshold: float | str = "jaccard",
        consistency: str = "learned",
        budget: int = 1_000_000,
        peel: bool = True,
        intersections: bool = True,
        min_size: int = 1,
        n_folds: int = 5,
        max_cliques: int = 5_000_000,
        n_jobs: int | None = None,
        random_state: Any = None,
        executor: Any = None,
        work_dir: PathType | None = None,
    ) -> None:
        self.method = method
        self.weighted = weighted
        self.threshold = threshold
        self.consistency = consistency
        self.budget = budget
        self.peel = peel
        self.intersections = intersections
        self.min_size = min_size
        self.n_folds = n_folds
        self.max_cliques = max_cliques
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.executor = executor
        self.work_dir = work_dir

    @property
    def _weighted(self) -> bool:  # type: ignore[override]
        return bool(self.weighted)

    # -- learning ----------------------------------------------------------------
    def fit(self, X: Any = None, y: GraphLike | None = None) -> Self:
        """Learn from a hypergraph of the same kind.

        Parameters
        ----------
        X : hypergraph-like or None
            Hyperedges to learn from, in any form that `graphrep.as_hypergraph` takes;
            a part of them will do. None for the methods that learn nothing.
        y : graph-like or None, default=None
            Their projection, where it is not ``X.project()``: one that is observed
            with noise, or has more nodes.

        Returns
        -------
        self
        """
        self._validate_params()
        self.random_seed_ = draw_seed(self.random_state)
        self.models_: dict[str, SupervisedModel] = {}
        self.method_ = make_method(self, X is None)
        self._check_executor()
        if self.method_ is not None:
            self.method_.fit(X, y)
            return self
        source = as_hypergraph(X).distinct()
        given = None if y is None else undirected(y)
        for weighted in self._kinds(source, given):
            name = "weighted" if weighted else "unweighted"
            graph = source.project(weighted) if given is None else given
            self.models_[name] = self._learn(source, graph, weighted)
        return self

    def _check_executor(self) -> None:
        if check_executor(self.executor) is not None and self.method_ is not None:
            raise GraphValueError(
                "executor is for method='auto' with hyperedges to learn from; this is "
                f"{type(self.method_).__name__}, which runs here. Leave executor out."
            )

    def _kinds(self, source: Hypergraph, given: Graph | None) -> list[bool]:
        """Whether models of weighted and of unweighted graphs are wanted."""
        if self.weighted != "auto":
            return [bool(self.weighted)]
        if given is not None:
            return [given.weighted]
        return [True, False] if source.project().weighted else [False]

    def _learn(
        self, source: Hypergraph, graph: Graph, weighted: bool
    ) -> SupervisedModel:
        if not weighted:
            graph, source = graph.unweighted(), source.simple()
        elif graph.weights is not None:
            whole_weights(graph)
        aligned = _on_nodes_of(graph, source.with_sizes(1))
        return fit_model(aligned, graph, weighted, self._settings())

    def _settings(self) -> Settings:
        return Settings(
            budget=self.budget,
            n_folds=self.n_folds,
            peel=self.peel,
            explain=self.consistency != "none",
            intersections=self.intersections,
            max_cliques=self.max_cliques,
            seed=self.random_seed_,
            n_jobs=resolve_n_jobs(self.n_jobs),
        )

    @property
    def expected_scores_(self) -> dict[str, float]:
        """Jaccard index of each model within the training hypergraph."""
        return {name: m.expected_score for name, m in self.models_.items()}

    # -- answers -----------------------------------------------------------------
    def predict_proba(self, X: GraphLike) -> Hypergraph:
        """All candidates of a graph, with their probabilities as ``weights``.

        Parameters
        ----------
        X : graph-like
            Undirected graph.

        Returns
        -------
        Hypergraph
            Candidates of ``min_size`` or more nodes, in no particular order.
        """
        check_is_fitted(self, "models_")
        self._check_executor()
        if self.method_ is not None:
            if not hasattr(self.method_, "predict_proba"):
                raise GraphValueError(
                    f"method={self.method!r} knows no probabilities; 'auto' and "
                    "'shyre' do."
                )
            candidates: Hypergraph = self.method_.predict_proba(X)
            return candidates
        graph = undirected(X)
        _, _, found = self._find(graph)
        return _hypergraph(graph, found.rows, found.odds).with_sizes(self.min_size)

    def _predict(self, graph: Graph) -> Hypergraph:
        check_is_fitted(self, "models_")
        self._check_executor()
        if self.method_ is not None:
            answer: Hypergraph = self.method_.predict(graph)
            return answer
        model, graph, found = self._find(graph)
        threshold = model.threshold if self.threshold == "jaccard" else self.threshold
        least = _log_odds(float(threshold))
        if self.consistency == "exact":
            rows, odds, counts = consistent(
                graph, found.rows, found.odds, model.weighted, least
            )
            made = _hypergraph(graph, rows, odds, counts)
        else:
            chosen = np.flatnonzero(found.odds >= least)
            rows = take_rows(*found.rows, chosen)
            counts = None
            if model.weighted and not model.counted:
                counts = fit_multiplicities(graph, rows)
            made = _hypergraph(graph, rows, found.odds[chosen], counts)
        return made.with_sizes(self.min_size)

    def _find(self, graph: Graph) -> tuple[SupervisedModel, Graph, Found]:
        """Candidates by the model for this kind of graph."""
        name = "weighted" if graph.weighted else "unweighted"
        if name not in self.models_:
            name = next(iter(self.models_))
        model = self.models_[name]
        if not model.weighted:
            graph = graph.unweighted()
        elif graph.weights is not None:
            whole_weights(graph)
        place = Place(check_executor(self.executor), self.work_dir, self.n_jobs)
        self.tasks_: Summary | None = None
        found, summary = apply_model(model, graph, self._settings(), place)
        if place.executor is not None:
            self.tasks_ = summary
        return model, graph, found

    # -- keeping -----------------------------------------------------------------
    def _fitted_state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        scalars: dict[str, Any] = {"random_seed_": self.random_seed_}
        if self.method_ is not None:
            if self.method_._needs_source:
                raise GraphValueError(
                    f"method={self.method!r} cannot be saved; 'auto' can. Fit it again "
                    "where it is needed."
                )
            return {}, scalars | {"learned": False}
        arrays: dict[str, AnyArray] = {}
        for name, model in self.models_.items():
            parts, values = model.state()
            arrays |= {f"{name}_{key}": value for key, value in parts.items()}
            scalars[name] = values
        return arrays, scalars

    def _set_fitted_state(
        self, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> Self:
        self.random_seed_ = scalars["random_seed_"]
        self.method_ = None if scalars.get("learned", True) else make_method(self, True)
        self.models_ = {}
        for name in ("weighted", "unweighted"):
            if name in scalars:
                prefix = f"{name}_"
                parts = {
                    key.removeprefix(prefix): value
                    for key, value in arrays.items()
                    if key.startswith(prefix)
                }
                self.models_[name] = SupervisedModel.from_state(parts, scalars[name])
        return self


def _on_nodes_of(graph: Graph, source: Hypergraph) -> Hypergraph:
    """Give the hyperedges the rows of the graph's nodes."""
    if source.nodes == graph.nodes:
        return source
    rows = graph.nodes.find(source.node_ids)
    if len(source.indices) and rows[source.indices].min() < 0:
        at = int(np.flatnonzero(rows[source.indices] < 0)[0])
        node = source.nodes[int(source.indices[at])]
        raise GraphValueError(
            f"Node {node!r} is in a hyperedge and not in the graph given with it. Pass "
            "a graph on all nodes of the hypergraph."
        )
    return Hypergraph.from_csr(
        source.indptr,
        rows[source.indices],
        nodes=graph.nodes,
        multiplicities=source.multiplicities,
    )


def _hypergraph(
    graph: Graph, rows: Any, odds: FloatArray, counts: Any = None
) -> Hypergraph:
    return Hypergraph.from_csr(
        *rows,
        nodes=graph.nodes,
        weights=1.0 / (1.0 + np.exp(-odds)),
        multiplicities=counts,
    )


def _log_odds(p: float) -> float:
    if p <= 0.0:
        return -np.inf
    return float(np.inf) if p >= 1.0 else float(np.log(p / (1.0 - p)))

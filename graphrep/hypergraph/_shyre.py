"""SHyRe: hyperedges picked among sampled cliques by two classifiers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from numbers import Integral, Real
from typing import Any, cast

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import (
    THREADS,
    HasMethods,
    Interval,
    StrOptions,
)
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph, Hypergraph
from graphrep.graph._hyperedge_rows import RowTable
from graphrep.hypergraph._binary_mlp import BinaryMLP
from graphrep.hypergraph._clique_sampler import Candidates, CliqueSampler
from graphrep.hypergraph._count_features import count_features
from graphrep.hypergraph._inputs import undirected
from graphrep.hypergraph._maximal_cliques import maximal_cliques
from graphrep.hypergraph._motif_features import best_columns, motif_features
from graphrep.hypergraph._reconstructor import Reconstructor
from graphrep.hypergraph._rho import rho
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

_EPSILON = 1e-8
_FIT, _PREDICT = 0, 1  # streams of random numbers


class SHyRe(Reconstructor):
    """Learn from a hypergraph which cliques of a graph are hyperedges.

    Candidates are all maximal cliques and those subsets of them that a sampler, made
    on the training hypergraph, expects hyperedges in. One classifier decides on the
    maximal cliques, another one on the subsets.

    Parameters
    ----------
    budget : int or "auto", default="auto"
        Number of subsets that the sampler may draw from the training graph; other
        graphs are sampled at the same rates. "auto": as many as cover 90 % of the
        hyperedges that can be covered, at most 50 for each hyperedge.
    features : {"count", "motif"}, default="count"
        Nine counts of a candidate, or 19 of 54 statistics of 13 motifs.
    classifier : {"mlp", "lr", "rf"} or estimator, default="mlp"
        A network with one hidden layer of 100 units, logistic regression, a random
        forest, or any classifier of scikit-learn with ``predict_proba``.
    sampler : {"greedy", "random", "head", "head_tail"}, default="greedy"
        The others are those of the paper's ablation, where maximal cliques are
        candidates only if they are drawn; see `CliqueSampler`.
    threshold : float, default=0.5
        Candidates of a greater probability are returned.
    standardize : {"own", "train"}, default="own"
        Whether features of a graph are centred and scaled by its own mean and
        deviation, as published, or by those of the training graph.
    downsample : int or None, default=None
        Estimate motifs from so many pairs of cliques an edge; None counts all, which
        is rarely slower.
    extrapolate : bool, default=False
        Whether maximal cliques of a size that did not occur in training are sampled
        at the rates of the nearest size, as far as the budget goes. As published
        they have no subsets among the candidates.
    min_size : int, default=1
        Smallest hyperedge to learn, to return and to score.
    max_candidates : int or None, default=50_000_000
        Number of subsets beyond which a graph is refused.
    n_jobs : int or None, default=None
        Threads; None takes all processors. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Decides which cliques are sampled and how the classifiers begin. An int gives
        the same result on every call.

    Attributes
    ----------
    rho_ : Rho
        Cells (n, k) of the training graph: hyperedges of size k in maximal cliques of
        size n.
    sampler_ : CliqueSampler
        With its ``plan_``, ``budget_`` and expected ``coverage_``.
    classifiers_ : tuple of two estimators, or of floats
        For maximal cliques and for subsets; the share of hyperedges where training
        had one class only, or 0 where it had no candidates.
    columns_ : ndarray of int64
        Features that the classifiers see.
    scale_ : tuple of two ndarray
        Mean and standard deviation of the training features.
    n_candidates_ : tuple of two int
        Maximal cliques and subsets that were trained on.
    random_seed_ : int
        The 64-bit seed that was used.

    Warns
    -----
    ConvergenceWarning
        Where a network took 2000 passes and was still improving.

    See Also
    --------
    CliqueCover, BayesianMDL, MaximalCliques : Methods that learn nothing.
    maximal_cliques : What the candidates are made of.

    Notes
    -----
    Published in [1]_. Jaccard index in percent with the authors' budgets, mean and
    standard deviation over five seeds; hyperedges of one node count, and of the same
    answers they do not in the columns of two or more:

    ==========  =========  ============  ============  ============  ============
    data           budget  count, >= 1   count, >= 2   motif, >= 1   motif, >= 2
    ==========  =========  ============  ============  ============  ============
    enron           1 000  13.48 ± 0.49  13.81 ± 0.53  14.78 ± 2.36  15.32 ± 2.44
    directors         800  100.0         100.0         100.0         100.0
    crimes          1 000  79.47 ± 0.68  92.82 ± 0.00  78.82 ± 0.25  92.82 ± 0.00
    hosts           6 000  48.97 ± 0.34  56.54 ± 0.42  43.04 ± 0.40  47.68 ± 0.70
    foursquare     20 000  74.50 ± 0.16  85.79 ± 0.17  71.68 ± 0.45  81.97 ± 0.64
    hschool        60 000  53.70 ± 0.46  53.70 ± 0.46  54.19 ± 0.20  54.19 ± 0.20
    pschool       350 000  42.48 ± 1.04  42.48 ± 1.04  43.90 ± 1.21  43.90 ± 1.21
    dblp        1 000 000  81.19 ± 0.01  86.08 ± 0.00  81.16 ± 0.01  86.04 ± 0.01
    ==========  =========  ============  ============  ============  ============

    ``budget="auto"`` takes about as many where the authors' budget covers most
    hyperedges. On enron it takes 27 000, which is too many for a threshold of 0.5:
    a Jaccard index of 10 instead of 13.

    *Deviations from the authors' program.* Nothing is cached in files, so no result
    of another split, budget or seed can be reused. A part of the cliques of a size is
    drawn at random from ``random_state`` in place of the first ones in the order of a
    Python set. ``rho`` is counted by lists of cliques instead of by comparing all
    pairs; motifs come from the numbers of common nodes of cliques, in whole numbers
    of 64 bits and statistics of double precision, without caches that threads race
    for. The network is `BinaryMLP`, which takes the same steps as scikit-learn's
    MLPClassifier and gives the same weights up to rounding; pass an
    ``MLPClassifier`` for theirs. A class of candidates that training saw in one
    class only, or not at all, is decided by its share of hyperedges. The ablation
    samplers stop at the budget, not one beyond, and draw cliques in random order.
    As published, the least values of motifs are cut at 100 000, and a graph is
    standardised by its own statistics, so that a prediction
    depends on the other candidates of the graph and a graph with a single candidate
    says nothing: ``standardize="train"`` changes that. The number of times that a
    subset was drawn is a feature and changes with the budget.

    *Splits.* Of enron, pschool and hschool the public halves are a random split of
    distinct hyperedges over the same nodes: no hyperedge is in both, and a method
    that reads node ids could rule out those it has seen. This one does not look at
    ids: names of nodes never get from training to prediction.

    O(cost of the maximal cliques + sum of squared sizes of cliques and candidates)
    time beside the training, for "motif" also sum over nodes of squared numbers of
    cliques. Memory is dominated by the features, 8 bytes times 9 or 54 a candidate.

    References
    ----------
    .. [1] Wang, Y., Kleinberg, J. (2024). From graphs to hypergraphs: hypergraph
       projection and its remediation. ICLR. https://arxiv.org/abs/2401.08519

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> from graphrep.hypergraph import SHyRe
    >>> known = Hypergraph([(0, 1, 2), (2, 3), (3, 4), (4, 5, 6), (6, 7)])
    >>> graph = Hypergraph([("a", "b"), ("b", "c", "d")]).project()
    >>> sorted(SHyRe(random_state=0).fit(known).predict(graph))
    [('a', 'b'), ('b', 'c', 'd')]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "budget": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "features": [StrOptions({"count", "motif"})],
        "classifier": [
            StrOptions({"mlp", "lr", "rf"}),
            HasMethods(["fit", "predict_proba"]),
        ],
        "sampler": [StrOptions({"greedy", "random", "head", "head_tail"})],
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "standardize": [StrOptions({"own", "train"})],
        "downsample": [Interval(Integral, 1, None, closed="left"), None],
        "extrapolate": ["boolean"],
        "min_size": [Interval(Integral, 1, None, closed="left")],
        "max_candidates": [Interval(Integral, 0, None, closed="left"), None],
        **THREADS,
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        *,
        budget: int | str = "auto",
        features: str = "count",
        classifier: Any = "mlp",
        sampler: str = "greedy",
        threshold: float = 0.5,
        standardize: str = "own",
        downsample: int | None = None,
        extrapolate: bool = False,
        min_size: int = 1,
        max_candidates: int | None = 50_000_000,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.budget = budget
        self.features = features
        self.classifier = classifier
        self.sampler = sampler
        self.threshold = threshold
        self.standardize = standardize
        self.downsample = downsample
        self.extrapolate = extrapolate
        self.min_size = min_size
        self.max_candidates = max_candidates
        self.n_jobs = n_jobs
        self.random_state = random_state

    def predict_proba(self, X: GraphLike) -> Hypergraph:
        """All candidates of a graph; their weights are probabilities.

        Parameters
        ----------
        X : graph-like
            Anything that `graphrep.as_graph` takes, undirected.

        Returns
        -------
        Hypergraph
            Maximal cliques, then subsets, on the nodes of the graph.
        """
        check_is_fitted(self)
        graph = undirected(X)
        cliques = self._cliques(graph)
        candidates = self._candidates(cliques, _PREDICT)
        weights = self._probabilities(graph, cliques, candidates)
        rows = candidates.indptr, candidates.members
        return Hypergraph.from_csr(*rows, nodes=graph.nodes, weights=weights)

    def _predict(self, graph: Graph) -> Hypergraph:
        found = self.predict_proba(graph)
        weights = cast("FloatArray", found.weights)
        return found.take(weights > self.threshold)

    def _fit(self, source: Hypergraph, graph: Graph) -> None:
        self._validate_params()
        known = on_nodes_of(graph, source).with_sizes(self.min_size).simple()
        if not len(known):
            raise GraphValueError(
                "SHyRe learns from hyperedges, and the hypergraph has none of "
                f"min_size={self.min_size} or more nodes of the graph."
            )
        self.random_seed_ = draw_seed(self.random_state)
        cliques = self._cliques(graph)
        self.rho_ = rho(cliques, known)
        self.sampler_ = CliqueSampler(
            self.sampler,
            self.budget,
            extrapolate=self.extrapolate,
            max_candidates=self.max_candidates,
        ).fit(self.rho_, len(known), cliques.sizes)
        candidates = self._candidates(cliques, _FIT)
        table = RowTable(known.indptr, known.indices)
        y = table.find(candidates.indptr, candidates.members) >= 0
        X = self._features(graph, cliques, candidates)
        self.scale_ = _scale(X)
        X = self._standardized(X)
        self.columns_: IntArray = np.arange(X.shape[1])
        if self.features == "motif":
            self.columns_ = best_columns(X, y)
            X = X[:, self.columns_]
        cut = candidates.n_maximal
        self.n_candidates_ = (cut, len(candidates) - cut)
        self.classifiers_ = self._train([(X[:cut], y[:cut]), (X[cut:], y[cut:])])

    def _cliques(self, graph: Graph) -> Hypergraph:
        return maximal_cliques(graph, min_size=self.min_size, n_jobs=self.n_jobs)

    def _candidates(self, cliques: Hypergraph, stream: int) -> Candidates:
        rng = np.random.default_rng([self.random_seed_, stream])
        return self.sampler_.sample(cliques, rng, self.min_size)

    def _features(
        self, graph: Graph, cliques: Hypergraph, candidates: Candidates
    ) -> FloatArray:
        if self.features == "count":
            return count_features(graph, cliques, candidates)
        return motif_features(
            graph,
            cliques,
            candidates,
            downsample=self.downsample,
            seed=self.random_seed_,
            n_jobs=self.n_jobs,
        )

    def _standardized(self, X: FloatArray) -> FloatArray:
        mean, deviation = _scale(X) if self.standardize == "own" else self.scale_
        X -= mean
        X /= deviation + _EPSILON
        return X

    def _train(self, tasks: list[tuple[FloatArray, AnyArray]]) -> tuple[Any, ...]:
        def work(task: tuple[FloatArray, AnyArray]) -> Any:
            X, y = task
            if not len(y) or y.all() or not y.any():
                return float(y.mean()) if len(y) else 0.0
            return self._new_classifier().fit(X, y)

        if resolve_n_jobs(self.n_jobs) == 1:
            return tuple(map(work, tasks))
        with ThreadPoolExecutor(len(tasks)) as pool:
            return tuple(pool.map(work, tasks))

    def _new_classifier(self) -> Any:
        seed = self.random_seed_ & 0xFFFF_FFFF  # as much as scikit-learn takes
        if self.classifier == "mlp":
            return BinaryMLP(random_state=seed)
        if self.classifier == "lr":
            return LogisticRegression(random_state=seed)
        if self.classifier == "rf":
            return RandomForestClassifier(random_state=seed, n_jobs=self.n_jobs)
        made = clone(self.classifier)
        if made.get_params().get("random_state", seed) is None:
            made.set_params(random_state=seed)
        return made

    def _probabilities(
        self, graph: Graph, cliques: Hypergraph, candidates: Candidates
    ) -> FloatArray:
        out = np.zeros(len(candidates))
        if not len(candidates):
            return out
        X = self._standardized(self._features(graph, cliques, candidates))
        X = X[:, self.columns_]
        cut = candidates.n_maximal
        for part, model in zip(
            (slice(0, cut), slice(cut, None)), self.classifiers_, strict=True
        ):
            if isinstance(model, float):
                out[part] = model
            elif len(X[part]):
                out[part] = model.predict_proba(X[part])[:, 1]
        return out


def on_nodes_of(graph: Graph, hypergraph: Hypergraph) -> Hypergraph:
    """Hyperedges in rows of the nodes of a graph, those with other nodes left out."""
    if hypergraph.nodes == graph.nodes:
        return hypergraph
    rows = graph.nodes.find(hypergraph.node_ids)
    inside = np.ones(len(hypergraph), np.bool_)
    members = rows[hypergraph.indices]
    owner = np.repeat(np.arange(len(hypergraph)), hypergraph.sizes)
    inside[owner[members < 0]] = False
    kept = hypergraph.take(inside)
    return Hypergraph.from_csr(kept.indptr, rows[kept.indices], nodes=graph.nodes)


def _scale(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    if not len(X):
        return np.zeros(X.shape[1]), np.ones(X.shape[1])
    return X.mean(axis=0), X.std(axis=0)

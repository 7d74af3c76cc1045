"""MARIOH: hyperedges that add up to the weights of a graph."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import HasMethods, Interval, StrOptions
from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph, Hypergraph
from graphrep.graph._hyperedge_rows import RowTable
from graphrep.hypergraph._bidirectional_search import (
    BidirectionalSearch,
    Found,
    living_cliques,
)
from graphrep.hypergraph._candidate_rows import Rows, joined
from graphrep.hypergraph._dropout_mlp import DropoutMLP
from graphrep.hypergraph._explore_share import SHARES, explore_scores
from graphrep.hypergraph._isolated import with_isolated
from graphrep.hypergraph._marioh_features import marioh_features
from graphrep.hypergraph._multiplicity_filter import multiplicity_filter, pairs_of
from graphrep.hypergraph._negative_cliques import negative_cliques
from graphrep.hypergraph._reconstructor import Reconstructor
from graphrep.hypergraph._weighted_projection import WeightedProjection
from graphrep.typing import FloatArray, IntArray

_TINY = 1e-5


class MARIOH(Reconstructor):
    """Find hyperedges, repeated ones too, that add up to the weights of a graph.

    The weight of an edge must be the exact number of hyperedges that hold both ends.
    Hyperedges of two nodes that the weights prove are taken first; a classifier that
    was trained on the source hypergraph then rates cliques, and a search takes the
    likely ones out of the weights until nothing is left. So the projection of the
    answer is the graph that was given, weights included.

    Parameters
    ----------
    threshold : float, default=0.9
        Probability that a clique must have in the first round; it comes down to zero
        in 20 rounds.
    explore_share : float or "auto", default="auto"
        Share of the rejected cliques, the least likely ones, of which random subsets
        are tried in each round. "auto" is that of .05, .2, .65 and 1 that finds most
        of each half of the source after learning the other half.
    n_negatives : int, default=4
        Cliques that are no hyperedges to train on, for each that is one.
    classifier : classifier or None, default=None
        Anything with ``fit`` and ``predict_proba``. None is ``DropoutMLP()``.
    min_size : int, default=2
        Smallest hyperedge to return and to score. 1 returns isolated nodes too;
        above 2 the answer no longer adds up to the weights.
    max_cliques : int or None, default=5_000_000
        Number of maximal cliques beyond which the search is given up.
    random_state : int, RandomState instance or None, default=None
        An int gives the same answer on every call, for any order of the nodes.

    Attributes
    ----------
    classifier_ : classifier or None
        The fitted one; None where there was but one class to learn.
    feature_mean_, feature_scale_ : ndarray of shape (23,)
        What the numbers of candidates are brought to zero mean and unit variance by.
    explore_share_ : float
        The share that is used.
    explore_scores_ : dict of float to float
        Mean Jaccard index of the two halves under each share; empty where the share
        was given, and for fewer than 20 hyperedges, for which it is .05.
    n_positives_, n_negatives_ : int
        Candidates of both kinds that it was trained on.
    random_seed_ : int
        The 64-bit seed that was used.
    n_rounds_ : int
        Rounds of the last search.
    filtered_ : Hypergraph
        Pairs that the weights of the last graph proved; a part of the answer.

    Raises
    ------
    GraphValueError
        For weights that are not whole numbers, a directed graph, and a source without
        hyperedges of two or more nodes.
    MemoryLimitError
        Beyond ``max_cliques``.

    Warns
    -----
    GraphWarning
        If the source has no hyperedge left behind the filter, or no clique that is
        not a hyperedge: there is nothing to learn then.

    See Also
    --------
    certain_pairs : The filter alone.
    SHyRe : For graphs without weights.

    Notes
    -----
    *Repeats.* Multiplicities of the source count in its weights, and the answer has
    multiplicities. In the reduced setting of the paper each hyperedge occurs once:
    pass ``hypergraph.simple()``. Hyperedges of one node play no part.

    *Features.* 23 numbers a candidate: size; sum, minimum, mean, maximum and standard
    deviation of the weights of its edges, of the strengths of its nodes, of MHH (see
    `certain_pairs`) and of MHH / weight; whether it is a maximal clique of the graph
    that the filter leaves; share of the strength of its nodes that stays inside.

    *Training.* Positives are the distinct hyperedges of the source without pairs of
    which the filter proved any; negatives are random subsets of its maximal cliques.

    *Settings.* The authors set threshold, share and network for each data set and
    setting, and do not say how. Here one default serves all: the threshold is the one
    they have most often, the network lies inside their ranges, and the share, which
    decides most, is found on the source. Theirs:

    ============== =================== =====================
    data set       reduced: threshold, preserved: threshold,
                   share               share
    ============== =================== =====================
    crimes         .5, .05             .5, .05
    DBLP           .6, .05             1, .05
    directors      .5, .05             .5, .05
    Enron          .9, .65             .7, .75
    Eu             1, 1                .9, .95
    foursquare     .5, .05             .9, .15
    high school    .5, 1               .9, 1
    hosts          1, .05              .9, .05
    primary school .5, 1               1, 1
    Top-CS         .9, .05             1, .05
    ============== =================== =====================

    *As in the authors' code*: numbers of training candidates come from the graph that
    the filter leaves, those in the search from the whole graph; a pair that the filter
    proves once is no positive even if it occurs more often. *Unlike it*: dropout rests
    when cliques are rated (``DropoutMLP(dropout_at_inference=True)`` has it work);
    ties and random draws do not depend on the order of nodes.

    Each round lists the maximal cliques of what is left. Rounds that would only repeat
    the one before are done at once, so their number does not grow with the weights.

    References
    ----------
    K. Lee, G. Lee, K. Shin, "MARIOH: Multiplicity-aware hypergraph reconstruction",
    ICDE 2025. https://arxiv.org/abs/2504.00522

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> from graphrep.hypergraph import MARIOH
    >>> source = Hypergraph([(0, 1, 2), (2, 3), (2, 4), (3, 4), (4, 5, 6), (5, 6)])
    >>> graph = Hypergraph([("a", "b"), ("a", "b", "c"), ("a", "b", "c")]).project()
    >>> found = MARIOH(random_state=0).fit(source).predict(graph)
    >>> (found.project().to_scipy() != graph.to_scipy()).nnz
    0
    """

    _weighted = True
    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "threshold": [Interval(Real, 0, 1, closed="right")],
        "explore_share": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "n_negatives": [Interval(Integral, 1, None, closed="left")],
        "classifier": [HasMethods(["fit", "predict_proba"]), None],
        "min_size": [Interval(Integral, 1, None, closed="left")],
        "max_cliques": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        *,
        threshold: float = 0.9,
        explore_share: float | str = "auto",
        n_negatives: int = 4,
        classifier: Any = None,
        min_size: int = 2,
        max_cliques: int | None = 5_000_000,
        random_state: Any = None,
    ) -> None:
        self.threshold = threshold
        self.explore_share = explore_share
        self.n_negatives = n_negatives
        self.classifier = classifier
        self.min_size = min_size
        self.max_cliques = max_cliques
        self.random_state = random_state

    def _fit(self, source: Hypergraph, graph: Graph) -> None:
        self._validate_params()
        self.random_seed_ = draw_seed(self.random_state)
        source = source.with_sizes(2)
        if not len(source):
            raise GraphValueError(
                "MARIOH learns from hyperedges of two or more nodes; the source has "
                "none."
            )
        with single_blas_thread():
            self._choose_share(source)
            self._learn(source, graph)
        if self.classifier_ is None:
            warn_user(
                f"The source gives {self.n_positives_:,} cliques that are hyperedges "
                f"and {self.n_negatives_:,} that are none, so there is nothing to "
                "learn: the search takes maximal cliques."
            )

    def _choose_share(self, source: Hypergraph) -> None:
        self.explore_scores_: dict[float, float] = {}
        self.explore_share_: Any = self.explore_share
        if self.explore_share == "auto":
            self.explore_scores_ = explore_scores(self, source)
            best = max(self.explore_scores_.values(), default=0.0)
            self.explore_share_ = next(
                (s for s, v in self.explore_scores_.items() if v == best), SHARES[0]
            )

    def _learn(self, source: Hypergraph, graph: Graph) -> None:
        projection = WeightedProjection.of(graph)
        certain = multiplicity_filter(projection)
        left = projection.reweighted(projection.weights - certain)
        cliques = living_cliques(left, left.weights, self.max_cliques)
        positives = _without(_rows_of(source, graph, projection), projection, certain)
        negatives = negative_cliques(
            positives,
            cliques,
            per_hyperedge=self.n_negatives,
            seed=self.random_seed_,
        )
        self.n_positives_, self.n_negatives_ = len(positives), len(negatives)
        features = marioh_features(
            left, *joined([positives, negatives]), RowTable(*cliques)
        )
        self._train(features)

    def _train(self, features: FloatArray) -> None:
        """Fit the classifier; the positives come first."""
        self.classifier_: Any = None
        if not (self.n_positives_ and self.n_negatives_):
            return
        self.feature_mean_ = features.mean(axis=0)
        self.feature_scale_ = features.std(axis=0) + _TINY
        model = DropoutMLP() if self.classifier is None else clone(self.classifier)
        if model.get_params().get("random_state", 0) is None:
            model.set_params(random_state=self.random_seed_ % 2**32)
        labels = np.zeros(len(features), np.int64)
        labels[: self.n_positives_] = 1
        self.classifier_ = model.fit(self._scaled(features), labels)

    def _scaled(self, features: FloatArray) -> FloatArray:
        scaled: FloatArray = (features - self.feature_mean_) / self.feature_scale_
        return scaled

    def _predict(self, graph: Graph) -> Hypergraph:
        check_is_fitted(self, "random_seed_")
        projection = WeightedProjection.of(graph)
        certain = multiplicity_filter(projection)
        left = projection.weights - certain
        cliques = living_cliques(projection, left, self.max_cliques)
        maximal = RowTable(*cliques)

        def score(rows: Rows) -> FloatArray:
            return self._rate(marioh_features(projection, *rows, maximal))

        search = BidirectionalSearch(
            projection,
            score,
            threshold=self.threshold,
            share=self.explore_share_,
            seed=self.random_seed_,
            max_cliques=self.max_cliques,
            remember=not getattr(self.classifier_, "dropout_at_inference", False),
        )
        with single_blas_thread():
            found = search.run(left, cliques)
        self.n_rounds_ = found.n_rounds
        self.filtered_ = pairs_of(graph, projection, certain)
        return _answer(graph, self.filtered_, projection.rows, found, self.min_size)

    def _rate(self, features: FloatArray) -> FloatArray:
        if self.classifier_ is None:
            return np.full(len(features), 1.0 if self.n_positives_ else 0.5)
        probability: FloatArray = self.classifier_.predict_proba(self._scaled(features))
        return probability[:, 1]


def _rows_of(source: Hypergraph, graph: Graph, projection: WeightedProjection) -> Rows:
    """Distinct hyperedges in the rows of the projection, in their own order."""
    place = np.empty(graph.n_nodes, np.int32)
    place[projection.rows] = np.arange(graph.n_nodes)
    used = np.unique(source.indices)
    rows = np.zeros(source.n_nodes, np.int32)
    rows[used] = place[graph.nodes.indexer(source.node_ids[used])]
    moved = Hypergraph.from_csr(
        source.indptr, rows[source.indices], nodes=graph.n_nodes
    )
    return Rows(moved.indptr, moved.indices).in_own_order()


def _without(rows: Rows, projection: WeightedProjection, certain: IntArray) -> Rows:
    """Leave out the pairs that the filter proved."""
    found = np.flatnonzero(certain)
    pairs = np.stack([projection.source[found], projection.target[found]], axis=1)
    table = RowTable(
        np.arange(0, 2 * len(found) + 1, 2), pairs.astype(np.int32).ravel()
    )
    return rows.take(table.find(*rows) < 0)


def _answer(
    graph: Graph, certain: Hypergraph, rows: IntArray, found: Found, min_size: int
) -> Hypergraph:
    """Proven pairs and what the search took, each once with its multiplicity."""
    return with_isolated(
        graph,
        np.concatenate([certain.sizes, found.rows.sizes]),
        np.concatenate([certain.indices, rows[found.rows.members]]),
        min_size,
        multiplicities=np.concatenate([certain.counts, found.counts]),
        weights=np.concatenate([np.ones(len(certain)), found.probabilities]),
    ).distinct()

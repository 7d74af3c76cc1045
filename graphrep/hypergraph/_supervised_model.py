"""SupervisedModel: candidates, their odds and the threshold, learned from a hypergraph.

One model knows either weighted or unweighted projections. Its steps are those of the
files it calls: candidates, features, classifier, residual candidates (weighted), joint
explanation, threshold.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from graphrep._tasks import Place, Summary
from graphrep._utils._warn import warn_user
from graphrep.graph import Graph, Hypergraph
from graphrep.graph._hyperedge_rows import RowTable
from graphrep.hypergraph._candidate_features import CandidateFeatures
from graphrep.hypergraph._candidate_tasks import CandidateScorer, candidate_scorer
from graphrep.hypergraph._candidates import (
    CandidatePlan,
    Rows,
    distinct_rows,
    find_candidates,
    plan_candidates,
    residual_cliques,
    take_rows,
)
from graphrep.hypergraph._explanation import (
    NONE,
    Explanation,
    cover_of,
    edge_numbers,
    explain,
    fit_explanation,
)
from graphrep.hypergraph._hyperedge_classifier import HyperedgeClassifier
from graphrep.hypergraph._jaccard_threshold import jaccard_threshold
from graphrep.hypergraph._maximal_cliques import maximal_cliques
from graphrep.kernels import _explanations as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray

_ROUNDS = (0.9, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05)  # probabilities of a round's hyperedges


class Settings(NamedTuple):
    """What the estimator asks for; see `HypergraphReconstructor`."""

    budget: int
    n_folds: int
    peel: bool
    explain: bool
    intersections: bool
    max_cliques: int
    seed: int
    n_jobs: int


class Found(NamedTuple):
    """Candidates of a graph and their log odds."""

    rows: Rows
    odds: FloatArray


class SupervisedModel(NamedTuple):
    """What was learned from one hypergraph and one kind of projection."""

    weighted: bool
    counted: bool
    plan: CandidatePlan
    classifier: HyperedgeClassifier
    explanation: Explanation
    threshold: float
    expected_score: float

    # -- keeping -----------------------------------------------------------------
    def state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Arrays and JSON-able values."""
        scalars = {
            "weighted": self.weighted,
            "counted": self.counted,
            "sizes": list(self.plan.sizes),
            "limit": self.plan.limit,
            "intersections": self.plan.intersections,
            "per_edge": list(self.plan.per_edge),
            "price": self.explanation.price,
            "calibration": list(self.explanation.calibration),
            "threshold": self.threshold,
            "expected_score": self.expected_score,
        }
        return self.classifier.state(), scalars

    @classmethod
    def from_state(
        cls, arrays: dict[str, AnyArray], scalars: dict[str, Any]
    ) -> SupervisedModel:
        """Make the model again."""
        return cls(
            scalars["weighted"],
            scalars["counted"],
            CandidatePlan(
                tuple(scalars["sizes"]),
                scalars["limit"],
                scalars["intersections"],
                tuple(scalars["per_edge"]),
            ),
            HyperedgeClassifier.from_state(arrays),
            Explanation(
                scalars["price"], tuple(scalars["calibration"]), scalars["counted"]
            ),
            scalars["threshold"],
            scalars["expected_score"],
        )


class _View:
    """A graph, its maximal cliques and its candidates."""

    def __init__(
        self, graph: Graph, weighted: bool, plan: CandidatePlan, cliques: Hypergraph
    ) -> None:
        self.graph = graph
        self.features = CandidateFeatures(graph, cliques, weighted)
        self.rows, self.plan = find_candidates(graph, cliques, plan)

    def __len__(self) -> int:
        return len(self.rows[0]) - 1

    def add(self, rows: Rows) -> Rows:
        """Put new candidates at the end; give those that were not there."""
        before = len(self)
        self.rows = distinct_rows([self.rows, rows])
        return self.from_row(before)

    def from_row(self, first: int) -> Rows:
        """Candidates from one on."""
        return take_rows(*self.rows, np.arange(first, len(self)))

    def labels(self, source: Hypergraph) -> tuple[IntArray, int]:
        """Which candidates are hyperedges, and how many hyperedges are none."""
        at = RowTable(*self.rows).find(source.indptr, source.indices)
        y = np.zeros(len(self), np.int64)
        y[at[at >= 0]] = 1
        return y, int(np.count_nonzero(at < 0))


def fit_model(
    source: Hypergraph, graph: Graph, weighted: bool, settings: Settings
) -> SupervisedModel:
    """Learn from the hyperedges ``source`` (distinct, on the nodes of ``graph``)."""
    counted = weighted and source.multiplicities is None
    n_jobs = settings.n_jobs
    cliques = maximal_cliques(graph, max_cliques=settings.max_cliques, n_jobs=n_jobs)
    plan = plan_candidates(
        source, graph, cliques, settings.budget, settings.intersections
    )
    view = _View(graph, weighted, plan, cliques)
    X = view.features.rows(*view.rows, n_jobs)
    classifier, y, missed = _fit_classifier(view, X, source, settings)
    if counted and settings.peel:
        here = CandidateScorer(classifier, None, None, n_jobs)
        _peel(view, classifier.out_of_fold, here)
        if len(view) > len(X):
            fresh = view.features.rows(*view.from_row(len(X)), n_jobs)
            X = np.concatenate([X, fresh])
            classifier, y, missed = _fit_classifier(view, X, source, settings)
    odds = classifier.out_of_fold
    how = NONE._replace(counted=counted)
    if settings.explain:
        how, odds = fit_explanation(
            cover_of(graph, view.rows, counted), odds, y, missed,
            counted=counted, seed=settings.seed, n_jobs=settings.n_jobs,
        )  # fmt: skip
    threshold, score = jaccard_threshold(1.0 / (1.0 + np.exp(-odds)), y, missed)
    return SupervisedModel(weighted, counted, plan, classifier, how, threshold, score)


def apply_model(
    model: SupervisedModel, graph: Graph, settings: Settings, place: Place
) -> tuple[Found, Summary]:
    """Candidates of a graph with their odds, and what tasks were run for them."""
    with candidate_scorer(model.classifier, graph, place, settings.n_jobs) as scorer:
        cliques = scorer.cliques(graph, settings.max_cliques)
        view = _View(graph, model.weighted, model.plan, cliques)
        _tell_left_out(model.plan, view.plan, settings)
        odds = scorer(view.features, view.rows)
        if model.counted and settings.peel:
            odds = _peel(view, odds, scorer)
        if model.explanation.price:
            cover = cover_of(graph, view.rows, model.counted)
            odds = explain(model.explanation, cover, odds, settings.seed)
        return Found(view.rows, odds), scorer.summary


def _tell_left_out(
    wanted: CandidatePlan, used: CandidatePlan, settings: Settings
) -> None:
    left_out = [k for k in wanted.sizes if k not in used.sizes]
    if left_out:
        sizes = " and ".join(map(str, left_out))
        warn_user(
            f"The graph has too many cliques of {sizes} nodes to look at each: more "
            f"than {settings.budget:,}, or ten times as many for each edge as the "
            "training graph. Hyperedges of this size are found only as maximal "
            "cliques and common parts of them. Train on a hypergraph that is as dense."
        )


def _fit_classifier(
    view: _View, X: FloatArray, source: Hypergraph, settings: Settings
) -> tuple[HyperedgeClassifier, IntArray, int]:
    y, missed = view.labels(source)
    classifier = HyperedgeClassifier.fit(
        X, y, n_folds=settings.n_folds, seed=settings.seed, n_jobs=settings.n_jobs
    )
    return classifier, y, missed


def _peel(view: _View, odds: FloatArray, scorer: CandidateScorer) -> FloatArray:
    """Add cliques of what likely hyperedges leave of the weights, round by round."""
    number, _ = edge_numbers(view.graph)
    for probability in _ROUNDS:
        cover = cover_of(view.graph, view.rows, True)
        order = np.argsort(-odds, kind="stable")
        likely = order[odds[order] >= np.log(probability / (1.0 - probability))]
        left = cover.amount.copy()
        taken = np.zeros(len(odds), np.int64)
        kernels.consume(likely, cover.pointers, cover.edges, left, taken)
        fresh = view.add(residual_cliques(view.graph, left[number] > 0, view.plan))
        odds = np.concatenate([odds, scorer(view.features, fresh)])
    return odds

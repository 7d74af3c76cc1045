"""What an evaluation of reconstruction found: means, intervals, breakdowns, pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from graphrep.evaluation._breakdowns import (
    by_nodes,
    by_relations,
    neighbour_graph,
    plain,
    worst_nodes,
)
from graphrep.evaluation._chance import chance_level
from graphrep.evaluation._comparison import Comparison, compare_results
from graphrep.evaluation._edge_ranks import EdgeRanks
from graphrep.evaluation._frames import frame
from graphrep.evaluation._statistics import (
    Estimate,
    degree_bins,
    mean_estimate,
)
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, FloatArray, IntArray

AVERAGES = ("macro", "edge_weighted", "degree_balanced")
_SHOWN = ("ap", "ap_adjusted", "r_precision", "mrr", "ndcg", "auc", "p@10")
_FIRST_TRUTH = "hop1"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ReconstructionResult:
    """Metrics of every query, and what follows from them.

    Made by `ReconstructionEvaluator.evaluate`.

    Parameters
    ----------
    name : str
        Name of the embedding.
    graph : Graph
        What was reconstructed.
    queries : ndarray of int64 of shape (m,)
        Row numbers of the evaluated nodes, sorted.
    weights : ndarray of float64 of shape (m,) or None
        Nodes of the graph that each query stands for, as the strata tell.
    strata, stratum_sizes : ndarray of int64 or None
        Stratum of each query and nodes of the graph in each stratum. None: one
        stratum, all nodes of the graph.
    scores, truths, metrics : tuple of str
        Names along the first three axes of ``values``.
    values : ndarray of float64 of shape (n_scores, n_truths, n_metrics, m)
        NaN where a node was skipped or the metric is undefined.
    n_relevant, n_candidates : ndarray of int64 of shape (n_truths, m)
        Relevant ones and length of each list.
    settings : dict
        Parameters of the evaluator.
    seconds : float
        CPU seconds spent.
    confidence : float
        Confidence of the intervals.
    edges : EdgeRanks or None
        Ranks of single edges, for ``by("relation")``.

    Notes
    -----
    **Averages.** "macro" is the mean over the nodes that have a value,
    "edge_weighted" is ``sum(R * value) / sum(R)`` with the number of relevant nodes
    ``R``, "degree_balanced" the mean over the bins 1, 2-3, 4-7, … of the degree of the
    means in the bins. Nodes without relevant ones are skipped and counted, never 0.

    **Intervals** (`interval="nodes"`, the default) are about the mean over all nodes of
    this graph. They come from the sampling of queries, with the correction for a
    finite population, so they have no width where all nodes were evaluated: then the
    mean is a fact. `interval="population"` takes the nodes for a sample from an endless
    supply of such nodes; it says how much the mean depends on the nodes the graph
    happens to have. It rests on nodes being independent, which neighbours are not.
    Queries that were named by the caller are treated as drawn at random.

    **Chance** is the exact expectation under a random ranking, averaged over the same
    nodes; see `graphrep.evaluation._chance`.

    Examples
    --------
    >>> from graphrep import Graph
    >>> path = Graph.from_edges([0, 1, 2], [1, 2, 3])
    >>> result = ReconstructionResult(
    ...     name="line", graph=path, queries=np.arange(4), weights=None, strata=None,
    ...     stratum_sizes=None, scores=("euclidean",), truths=("hop1",),
    ...     metrics=("ap",), values=np.array([[[[1, 1, 5 / 6, 1]]]]),
    ...     n_relevant=np.array([[1, 2, 2, 1]]), n_candidates=np.full((1, 4), 3),
    ...     settings={}, seconds=0.0, confidence=0.95, edges=None)
    >>> round(result.mean().value, 6), result.mean().se
    (0.958333, 0.0)
    >>> round(result.mean(average="edge_weighted").value, 6)
    0.944444
    """

    name: str
    graph: Graph
    queries: IntArray
    weights: FloatArray | None
    strata: IntArray | None
    stratum_sizes: IntArray | None
    scores: tuple[str, ...]
    truths: tuple[str, ...]
    metrics: tuple[str, ...]
    values: FloatArray
    n_relevant: IntArray
    n_candidates: IntArray
    settings: dict[str, Any]
    seconds: float
    confidence: float
    edges: EdgeRanks | None = None

    def __post_init__(self) -> None:
        m = len(self.queries)
        shape = (len(self.scores), len(self.truths), len(self.metrics), m)
        if self.values.shape != shape:
            raise GraphValueError(
                f"values must have the shape {shape}, scores x truths x metrics x "
                f"queries; got {self.values.shape}."
            )
        for label in ("n_relevant", "n_candidates"):
            if getattr(self, label).shape != (len(self.truths), m):
                raise GraphValueError(
                    f"{label} must have the shape {(len(self.truths), m)}, truths x "
                    f"queries; got {getattr(self, label).shape}."
                )
        if (self.strata is None) != (self.stratum_sizes is None):
            raise GraphValueError("strata and stratum_sizes belong together.")
        if self.weights is not None and self.strata is None:
            raise GraphValueError("weights without strata cannot be read; give both.")

    # -- reading -----------------------------------------------------------------
    @property
    def node_ids(self) -> AnyArray:
        """Ids of the evaluated nodes."""
        return np.asarray(self.graph.node_ids[self.queries])

    @property
    def exact(self) -> bool:
        """Whether every node of the graph was evaluated."""
        return len(self.queries) == int(self.design[1].sum())

    def per_node(
        self, truth: str | None = None, metric: str = "ap", score: str | None = None
    ) -> FloatArray:
        """Value of every query, in the order of ``node_ids``; NaN where skipped.

        Parameters
        ----------
        truth : str or None, default=None
            Name of the truth; None is "hop1", or the first one.
        metric : str, default="ap"
        score : str or None, default=None
            Name of the score function; None is the first one.
        """
        s, t, q = self.position(truth, metric, score)
        return np.asarray(self.values[s, t, q])

    def mean(
        self,
        truth: str | None = None,
        metric: str = "ap",
        score: str | None = None,
        average: str = "macro",
        *,
        interval: str = "nodes",
    ) -> Estimate:
        """Mean over the nodes of the graph, with its interval.

        Parameters
        ----------
        truth, metric, score
            As for `per_node`.
        average : {"macro", "edge_weighted", "degree_balanced"}, default="macro"
        interval : {"nodes", "population"}, default="nodes"
            See the notes of the class.

        Returns
        -------
        Estimate
        """
        if average not in AVERAGES:
            raise GraphValueError(
                f"average must be one of {', '.join(map(repr, AVERAGES))}; "
                f"got {average!r}."
            )
        _, t, _ = self.position(truth, metric, score)
        return self.estimate(
            self.per_node(truth, metric, score),
            importance=self.n_relevant[t] if average == "edge_weighted" else None,
            groups=self._bins if average == "degree_balanced" else None,
            interval=interval,
        )

    def chance(self, truth: str | None = None, metric: str = "ap") -> float | None:
        """Mean that a random ranking would get; None where it is not known."""
        _, t, q = self.position(truth, metric, None)
        level = chance_level(metric, self.n_relevant[t], self.n_candidates[t])
        level = np.where(np.isnan(self.values[0, t, q]), np.nan, level)
        found = self.estimate(level).value
        return None if np.isnan(found) else found

    # -- tables ------------------------------------------------------------------
    def rows(self, *, interval: str = "nodes") -> list[dict[str, Any]]:
        """One record for each score, truth and metric; None stands for NaN."""
        levels = {
            (truth, metric): self.chance(truth, metric)
            for truth in self.truths
            for metric in self.metrics
        }
        return [
            self._row(score, truth, metric, levels[truth, metric], interval)
            for score in self.scores
            for truth in self.truths
            for metric in self.metrics
        ]

    @property
    def table(self) -> str:
        """The most telling metrics as aligned text."""
        from graphrep.evaluation._assessment_text import table

        shown = [metric for metric in _SHOWN if metric in self.metrics]
        records = []
        for score in self.scores:
            for truth in self.truths:
                first = self.mean(truth, shown[0] if shown else self.metrics[0], score)
                record: dict[str, Any] = {"score": score, "truth": truth}
                for metric in shown or self.metrics:
                    record[metric] = plain(self.mean(truth, metric, score).value)
                    if metric == "ap":
                        record |= {"se": plain(first.se)}
                        record |= {"chance": self.chance(truth, "ap")}
                records.append(
                    record | {"scored": first.n_scored, "skipped": first.n_skipped}
                )
        return f"{self._headline}\n{table(records)}"

    def to_frame(self, backend: str = "pandas") -> Any:
        """Return the records of `rows` as a table of pandas or polars."""
        return frame(self.rows(), backend)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the values of the single nodes, ready for JSON."""
        return {
            "name": self.name,
            "n_nodes": self.graph.n_nodes,
            "n_queries": len(self.queries),
            "exact": self.exact,
            "scores": list(self.scores),
            "truths": list(self.truths),
            "metrics": list(self.metrics),
            "confidence": self.confidence,
            "settings": plain(self.settings),
            "seconds": self.seconds,
            "rows": self.rows(),
        }

    # -- breakdowns --------------------------------------------------------------
    def by(
        self,
        group: Any,
        truth: str | None = None,
        metric: str = "ap",
        score: str | None = None,
        *,
        relations: tuple[AnyArray, AnyArray, AnyArray] | None = None,
        interval: str = "nodes",
    ) -> list[dict[str, Any]]:
        """Means over groups of nodes, or over the relations of the edges.

        Parameters
        ----------
        group : {"degree", "core", "relation"} or array-like of length n_nodes
            "degree" and "core" (the largest k such that the node is in the k-core)
            are binned by powers of two. An array gives every node of the graph a
            label; None, NaN and "" are no label.
        truth, metric, score
            As for `per_node`. By relation the truth is hop1 and the metric "ap",
            "ap_chance", "ap_adjusted" or "auc".
        relations : tuple of (rows, columns, names) or None, default=None
            For "relation": row numbers of the ends of each edge, and its relation.
            The list of a node and a relation holds the node's neighbours under it
            and all non-neighbours: the other relations are filtered. Needs a
            result made with ``edge_ranks=True``.
        interval : {"nodes", "population"}, default="nodes"

        Returns
        -------
        list of dict
            Keys embedding, score, truth, metric, group, value, mean, se, low, high,
            chance, n. ``n`` counts the nodes with a value; by relation there is
            ``n_edges`` too. Degrees and cores in rising order, others most first.
        """
        if isinstance(group, str) and group == "relation":
            return by_relations(self, relations, metric, score, interval)
        return by_nodes(self, group, truth, metric, score, interval)

    def compare(
        self,
        other: ReconstructionResult,
        truth: str | None = None,
        metric: str = "ap",
        score: str | None = None,
        other_score: str | None = None,
        *,
        interval: str = "nodes",
        n_permutations: int = 2000,
        random_state: int = 0,
    ) -> Comparison:
        """Compare with another result, node by node.

        Parameters
        ----------
        other : ReconstructionResult
            Result of the same queries on the same graph.
        truth, metric, score
            As for `per_node`.
        other_score : str or None, default=None
            Score function of the other one; None takes that of this one.
        interval : {"nodes", "population"}, default="nodes"
        n_permutations : int, default=2000
        random_state : int, default=0
            Seed of the permutation test.

        Returns
        -------
        Comparison

        Raises
        ------
        GraphValueError
            If the two were evaluated on different queries or graphs.
        """
        return compare_results(
            self, other, truth, metric, (score, other_score), interval,
            n_permutations, random_state,
        )  # fmt: skip

    def worst(
        self,
        n: int = 10,
        truth: str | None = None,
        metric: str = "ap",
        score: str | None = None,
        *,
        scorer: Any = None,
        names: AnyArray | None = None,
        n_neighbors: int = 10,
    ) -> list[dict[str, Any]]:
        """Describe the nodes with the lowest values; of equal ones, hubs first.

        Parameters
        ----------
        n : int, default=10
        truth, metric, score
            As for `per_node`. For ``mean_rank`` the highest values are the worst.
        scorer : PairScorer or None, default=None
            Gives the nodes that were nearest instead.
        names : sequence of length n_nodes or None, default=None
            Names to show; None takes the ids.
        n_neighbors : int, default=10
            Length of the lists of neighbours and of nearest nodes, at most.

        Returns
        -------
        list of dict
            Keys embedding, score, truth, node, name, degree, the metric, neighbours,
            nearest (empty without a scorer).
        """
        return worst_nodes(self, n, truth, metric, score, scorer, names, n_neighbors)

    # -- Python ------------------------------------------------------------------
    def __repr__(self) -> str:
        return (
            f"ReconstructionResult(name={self.name!r}, n_queries={len(self.queries)}, "
            f"scores={self.scores}, truths={self.truths})"
        )

    def __str__(self) -> str:
        return self.table

    # -- for the breakdowns ------------------------------------------------------
    @property
    def design(self) -> tuple[IntArray, IntArray]:
        """Stratum of each query, sizes of the strata."""
        if self.strata is None or self.stratum_sizes is None:
            return np.zeros(len(self.queries), np.int64), np.array([self.graph.n_nodes])
        return self.strata, self.stratum_sizes

    @property
    def direction(self) -> str:
        """Whose neighbours count: "out", "in" or "both"."""
        if not self.graph.directed:
            return "both"
        return str(self.settings.get("direction", "out"))

    @cached_property
    def degree(self) -> IntArray:
        """Number of neighbours of each query, loops aside."""
        return np.asarray(self._simple.degree()[self.queries])

    def neighbours(self, row: int) -> IntArray:
        """Row numbers of the neighbours of one row."""
        start, end = self._simple.indptr[row : row + 2]
        return self._simple.indices[start:end]

    def position(
        self, truth: str | None, metric: str, score: str | None
    ) -> tuple[int, int, int]:
        """Positions of score, truth and metric in ``values``; None takes the default.

        Raises
        ------
        GraphValueError
            For a name that this result has not.
        """
        if truth is None:
            truth = _FIRST_TRUTH if _FIRST_TRUTH in self.truths else self.truths[0]
        return (
            _find("score", self.scores[0] if score is None else score, self.scores),
            _find("truth", truth, self.truths),
            _find("metric", metric, self.metrics),
        )

    def estimate(self, values: AnyArray, **options: Any) -> Estimate:
        """Mean of any values of the queries; ``options`` as for `mean_estimate`."""
        return mean_estimate(
            values, *self.design, confidence=self.confidence, **options
        )

    # -- private -----------------------------------------------------------------
    @cached_property
    def _simple(self) -> Graph:
        return neighbour_graph(self.graph, self.direction)

    @cached_property
    def _bins(self) -> IntArray:
        return degree_bins(self.degree)[0]

    @property
    def _headline(self) -> str:
        how = "all" if self.exact else "a sample"
        return (
            f"{self.name}: {self.graph.n_nodes:,} nodes, {how} of them queries "
            f"({len(self.queries):,}), {self.seconds:.2f} s of CPU"
        )

    def _row(
        self, score: str, truth: str, metric: str, chance: float | None, interval: str
    ) -> dict[str, Any]:
        macro, edges, degrees = (
            self.mean(truth, metric, score, average, interval=interval)
            for average in AVERAGES
        )
        return {
            "embedding": self.name,
            "score": score,
            "truth": truth,
            "metric": metric,
            "mean": plain(macro.value),
            "se": plain(macro.se),
            "low": plain(macro.low),
            "high": plain(macro.high),
            "edge_weighted": plain(edges.value),
            "degree_balanced": plain(degrees.value),
            "chance": chance,
            "n_scored": macro.n_scored,
            "n_skipped": macro.n_skipped,
        }


def _find(kind: str, name: str, known: tuple[str, ...]) -> int:
    if name not in known:
        raise GraphValueError(
            f"There is no {kind} {name!r} in this result; it has {', '.join(known)}."
        )
    return known.index(name)

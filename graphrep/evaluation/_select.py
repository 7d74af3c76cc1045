"""select_embedding: rank embeddings of a graph by a criterion that needs no labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graphrep._utils._random import draw_seed
from graphrep.base import read_graph
from graphrep.evaluation._breakdowns import plain
from graphrep.evaluation._comparison import Comparison
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._reconstruction import ReconstructionEvaluator
from graphrep.evaluation._reconstruction_result import ReconstructionResult
from graphrep.evaluation._scorer import LOWER_IS_BETTER, truth_of
from graphrep.evaluation._scores import has_score
from graphrep.evaluation._statistics import Estimate
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import GraphLike

HOP_AUC = ("ball2", "auc")
"""Truth and metric of HopAUC: nodes up to two hops away, area under the ROC curve."""


@dataclass(frozen=True)
class Choice:
    """One embedding under one score, and how it compares with the best one.

    Attributes
    ----------
    embedding, score : str
        Names.
    estimate : Estimate
        Mean of the criterion.
    chance : float or None
        What a random ranking would get.
    comparison : Comparison or None
        The best one minus this one, paired by nodes; None for the best one.
    """

    embedding: str
    score: str
    estimate: Estimate
    chance: float | None
    comparison: Comparison | None


@dataclass(frozen=True)
class Selection:
    """Embeddings in order of a criterion, the best one first.

    Attributes
    ----------
    choices : tuple of Choice
        Best first; an embedding stands there once for each score.
    truth, metric : str
        The criterion.
    embeddings : dict of str to Embedding
        What was read or fitted, by name.
    results : dict of str to ReconstructionResult
        Values of single nodes, by name.
    """

    choices: tuple[Choice, ...]
    truth: str
    metric: str
    embeddings: dict[str, Embedding] = field(default_factory=dict)
    results: dict[str, ReconstructionResult] = field(default_factory=dict)

    @property
    def best(self) -> str:
        """Name of the best embedding."""
        return self.choices[0].embedding

    @property
    def best_score(self) -> str:
        """Score of pairs under which it is the best."""
        return self.choices[0].score

    @property
    def best_estimator(self) -> Any:
        """The fitted estimator of the best embedding; None for mere vectors."""
        return self.embeddings[self.best].estimator

    def rows(self) -> list[dict[str, Any]]:
        """One flat record for each choice, best first; NaN as None."""
        return [
            {"rank": rank, "embedding": choice.embedding, "score": choice.score,
             "truth": self.truth, "metric": self.metric,
             **_of_estimate(choice.estimate), "chance": choice.chance,
             **_of_comparison(choice.comparison),
             "fit_seconds": self.embeddings[choice.embedding].fit_seconds}
            for rank, choice in enumerate(self.choices, 1)
        ]  # fmt: skip

    def to_frame(self, backend: str = "pandas") -> Any:
        """`rows` as a table; ``backend`` is "pandas" or "polars"."""
        from graphrep.evaluation._frames import frame

        return frame(self.rows(), backend)

    @property
    def table(self) -> str:
        """The ranking as aligned text."""
        from graphrep.evaluation._assessment_text import table

        columns = (
            "rank", "embedding", "score", "mean", "se", "chance", "difference",
            "difference_low", "difference_high", "p_value",
        )  # fmt: skip
        title = f"{self.metric} of {self.truth}, best first"
        return str(table(self.rows(), columns, title=title))

    def __str__(self) -> str:
        return self.table


def select_embedding(
    graph: GraphLike,
    embeddings: Mapping[str, Any] | Sequence[Any],
    criterion: str = "hop_auc",
    *,
    truth: str = "hop1",
    scores: Any = ("native", "cosine"),
    random_state: Any = 0,
    **evaluator_params: Any,
) -> Selection:
    """Rank embeddings of a graph by how much of it they tell.

    Parameters
    ----------
    graph : graph in any form
        The graph that was embedded.
    embeddings : mapping of str to object, or sequence of estimators
        What to choose from, by name: estimators (unfitted ones are fitted), vectors,
        files, whatever `ReconstructionEvaluator.evaluate` takes.
    criterion : str, default="hop_auc"
        "hop_auc", or a metric of `ReconstructionEvaluator` ("ap_adjusted", "ap",
        "auc", "p@10", …). The lowest "mean_rank" is the best one.
    truth : str, default="hop1"
        What should be found: "hop1", "ball2", "shell2", …; "hop_auc" has its own.
    scores : sequence of str or callable, or one, default=("native", "cosine")
        How pairs are scored. Each embedding competes once with each of them.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the draw of nodes, the same for all, and of fits without a seed.
    **evaluator_params
        Further parameters of `ReconstructionEvaluator`: ``n_queries``,
        ``confidence``, ``n_jobs``, ….

    Returns
    -------
    Selection

    Raises
    ------
    GraphValueError
        For no embeddings, an unknown criterion, truth or score.

    Notes
    -----
    HopAUC is the mean over nodes of the area under the ROC curve of finding the nodes
    up to two hops away (truth "ball2", metric "auc"). Its authors found that it picks
    a nearly best one among many ways to score nodes without any labels; they ranked
    nodes for communities, so whether it predicts how well vectors serve a task of
    yours is an empirical question.

    Every other choice is compared with the first on the same nodes: the difference
    of the means, its interval, and the p-value of a paired sign-flip test. There are
    as many tests as other choices, and the first was picked for being the best, so
    that small differences look a little more certain than they are.

    References
    ----------
    Krasanakis, Papadopoulos, Kompatsiaris: Unsupervised evaluation of multiple node
    ranks by reconstructing local structures. Applied Network Science 5:48, 2020.

    Examples
    --------
    >>> from graphrep import FastRP
    >>> from graphrep.datasets import load_karate
    >>> from graphrep.embedding import RandomVectors
    >>> from graphrep.evaluation import select_embedding
    >>> found = select_embedding(load_karate().graph, {
    ...     "FastRP": FastRP(8, random_state=0),
    ...     "random": RandomVectors(8, random_state=0)})
    >>> found.best
    'FastRP'
    """
    nodes = read_graph(graph)
    truth, metric = HOP_AUC if criterion == "hop_auc" else (truth, criterion)
    one = isinstance(scores, str) or callable(scores)
    wanted = [scores] if one else list(scores)
    evaluator = ReconstructionEvaluator(
        scores=wanted, metrics=(metric,), random_state=draw_seed(random_state),
        **truth_of(truth), **evaluator_params,
    )  # fmt: skip
    read = _read_all(nodes, embeddings, evaluator.random_state)
    results = {
        name: _evaluated(evaluator, nodes, embedding)
        for name, embedding in read.items()
    }
    choices = _ranked(results, truth, metric)
    return Selection(tuple(choices), truth, metric, read, results)


def _read_all(
    graph: Graph, embeddings: Mapping[str, Any] | Sequence[Any], seed: int
) -> dict[str, Embedding]:
    if isinstance(embeddings, Mapping):
        named = dict(embeddings)
    else:
        given = list(embeddings)
        named = {}
        for value in given:
            name = getattr(value, "name", type(value).__name__)
            if name in named:
                raise GraphValueError(
                    f"Two embeddings are called {name!r}; pass a dict with names of "
                    "your own."
                )
            named[name] = value
    if not named:
        raise GraphValueError("There is no embedding to choose from.")
    return {
        name: read_embedding(graph, value, name, random_state=seed)
        for name, value in named.items()
    }


def _evaluated(
    evaluator: ReconstructionEvaluator, graph: Graph, embedding: Embedding
) -> ReconstructionResult:
    """Evaluate under every score that differs from the embedding's own."""
    wanted = [score for score in evaluator.scores if has_score(embedding, score)]
    if "native" in wanted and embedding.native in {"cosine", "euclidean"}:
        wanted = [score for score in wanted if score != embedding.native]
    run = ReconstructionEvaluator(**{**evaluator.get_params(), "scores": wanted})
    return run.evaluate(graph, embedding)


def _ranked(
    results: dict[str, ReconstructionResult], truth: str, metric: str
) -> list[Choice]:
    cells = [(name, s) for name, result in results.items() for s in result.scores]
    means = [results[name].mean(truth, metric, score) for name, score in cells]
    sign = 1 if metric in LOWER_IS_BETTER else -1
    order = np.argsort([sign * mean.value for mean in means], kind="stable")
    first, first_score = cells[order[0]]
    choices = []
    for at in order:
        name, score = cells[at]
        comparison = None
        if at != order[0]:
            comparison = results[first].compare(
                results[name], truth, metric, first_score, other_score=score
            )
        chance = results[name].chance(truth, metric)
        choices.append(Choice(name, score, means[at], chance, comparison))
    return choices


def _of_estimate(estimate: Estimate) -> dict[str, float | None]:
    return {
        "mean": plain(estimate.value),
        "se": plain(estimate.se),
        "low": plain(estimate.low),
        "high": plain(estimate.high),
    }


def _of_comparison(comparison: Comparison | None) -> dict[str, float | None]:
    names = ("difference", "se", "low", "high", "p_value")
    keys = (
        "difference",
        "difference_se",
        "difference_low",
        "difference_high",
        "p_value",
    )
    if comparison is None:
        return dict.fromkeys(keys)
    values = [plain(getattr(comparison, name)) for name in names]
    return dict(zip(keys, values, strict=True))


__all__ = ["HOP_AUC", "Choice", "Selection", "select_embedding"]

"""Choose the weights and beta of FastRP on powers that are propagated once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from graphrep._utils._random import draw_seed
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.metrics import pair_scores, ranking_auc
from graphrep.model_selection import node_classification, split_edges
from graphrep.typing import AnyArray, FloatArray, GraphLike

if TYPE_CHECKING:
    from graphrep.embedding._fastrp import FastRP

BETAS = (-1.0, -0.64, -0.3, 0.0)
"""Degree exponents that are tried by default."""

WEIGHTS = (
    (1.0,), (0.0, 1.0), (0.0, 0.0, 1.0), (1.0, 1.0), (0.0, 1.0, 1.0),
    (1.0, 1.0, 1.0), (0.0, 0.0, 1.0, 1.0), (0.0, 1.0, 1.0, 1.0),
    (1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 1.0, 6.67), (0.0, 0.0, 1.0, 25.0),
    (1.0, 1.0, 7.81, 45.28),
)  # fmt: skip
"""Weights of the powers that are tried by default."""

_SEARCH_COMPONENTS = 64


@dataclass(frozen=True)
class TuneResult:
    """Outcome of a search.

    Attributes
    ----------
    best_params : dict
        ``weights``, ``beta`` and ``output_norm`` of the best row.
    best_score : float
        Its score.
    scoring : str
        What was scored: "links" or "labels".
    table : list of dict
        One row for each combination, with its ``score``; best first.
    """

    best_params: dict[str, Any]
    best_score: float
    scoring: str
    table: list[dict[str, Any]]

    def to_frame(self) -> Any:
        """Return the table as a pandas data frame."""
        from graphrep._utils._optional import require

        return require("pandas", extra="pandas", why="TuneResult.to_frame").DataFrame(
            self.table
        )


def tune_fastrp(
    estimator: FastRP,
    X: GraphLike,
    y: Any = None,
    *,
    betas: Sequence[float] = BETAS,
    weights: Sequence[Sequence[float]] = WEIGHTS,
    output_norms: Sequence[str | None] | None = None,
    n_components: int | None = None,
    fraction: float | None = None,
    metric: str = "cosine",
    C: float = 0.1,
    n_splits: int = 2,
    random_state: Any = None,
) -> TuneResult:
    """Score weights and betas, propagating once for each beta.

    Parameters
    ----------
    estimator : FastRP
        All other parameters are taken from it.
    X : graph-like
        The graph.
    y : labels or None, default=None
        Sparse or dense 0/1 matrix (n_nodes, n_labels) or classes (n_nodes,). None
        scores by links: held-out edges against pairs that are no edges.
    betas : sequence of float
        Degree exponents to try.
    weights : sequence of sequence of float
        Weights to try; shorter ones are powers fewer.
    output_norms : sequence of {"zscore", "l2", None} or None, default=None
        Last steps to try. None tries the estimator's, and in the search by links
        also "l2", which ranks unseen edges better on most graphs.
    n_components : int or None, default=None
        Dimension of the search; None takes 64, or less if the estimator has less.
    fraction : float or None, default=None
        Share of edges held out (None: 0.1), or of nodes trained on (None: 0.1, the
        authors' choice, but 0.5 below 2,000 labelled nodes).
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        Score of a pair of nodes in the search by links.
    C : float, default=0.1
        Penalty of the classifier in the search by labels.
    n_splits : int, default=2
        Random splits in the search by labels.
    random_state : int, RandomState, Generator or None, default=None
        Seed of splits and projection; None takes the estimator's.

    Returns
    -------
    TuneResult

    Notes
    -----
    O(len(betas) · (m d q + len(weights) · n d q)) for m edges, q powers and search
    dimension d; q + 1 arrays of n × d float32 are held. The score by links is the
    area under the ROC curve, by labels the macro F1 of `node_classification`.
    The recipe is that of the authors' notebook (64 dimensions, macro F1 at 10 %),
    without its optimiser: the layers make a grid cheap.
    """
    if not len(betas) or not len(weights):
        raise GraphValueError("tune needs at least one beta and one list of weights.")
    graph, _ = clone(estimator)._check_graph(X)
    state = estimator.random_state if random_state is None else random_state
    seed = draw_seed(state)
    if y is None:
        score, graph = _link_scorer(graph, fraction or 0.1, metric, seed)
    else:
        score = _label_scorer(y, fraction, C, n_splits, seed)
    depth = max(len(w) for w in weights)
    size = n_components or min(_SEARCH_COMPONENTS, estimator.n_components)
    search = clone(estimator).set_params(
        n_components=size, weights=(1.0,) * depth, combine="concat", output_norm=None,
        self_influence=0.0, isolated="zero", dtype="float32", keep_layers=False,
        random_state=seed,
    )  # fmt: skip
    if output_norms is None:
        also = {"l2": None} if y is None else {}
        output_norms = tuple({estimator.output_norm: None} | also)
    grid = list(product(weights, output_norms))
    rows = list(_grid(search, graph, betas, grid, score))
    rows.sort(key=lambda row: -row["score"])
    best = {name: rows[0][name] for name in ("weights", "beta", "output_norm")}
    scoring = "links" if y is None else "labels"
    return TuneResult(best, rows[0]["score"], scoring, rows)


def _grid(
    search: FastRP,
    graph: Graph,
    betas: Sequence[float],
    grid: Sequence[tuple[Sequence[float], str | None]],
    score: Callable[[FloatArray], float],
) -> Iterator[dict[str, Any]]:
    """Score every combination; the powers of one beta are held at a time."""
    size = search.n_components
    for beta in betas:
        powers = search.set_params(beta=float(beta)).fit_transform(graph)
        for chosen, output_norm in grid:
            total = np.zeros((graph.n_nodes, size), np.float32)
            for k, weight in enumerate(chosen):
                if weight:
                    part = powers[:, k * size : (k + 1) * size]
                    total += np.float32(weight) * part
            value = score(_last_step(total, output_norm))
            yield {
                "beta": float(beta),
                "weights": tuple(chosen),
                "output_norm": output_norm,
                "score": value,
            }


def _last_step(total: FloatArray, output_norm: str | None) -> FloatArray:
    """Apply the estimator's output normalisation to a weighted sum."""
    used = total.any(axis=1)
    if output_norm == "zscore" and used.any():
        scale = total[used].std(axis=0)
        mean = total[used].mean(axis=0)
        total[used] = (total[used] - mean) / np.where(scale > 0, scale, 1)
    elif output_norm == "l2":
        norm = np.linalg.norm(total, axis=1, keepdims=True)
        total /= np.where(norm > 0, norm, 1)
    return total


def _link_scorer(
    graph: Graph, fraction: float, metric: str, seed: int
) -> tuple[Callable[[FloatArray], float], Graph]:
    split = split_edges(graph, fraction, random_state=seed)
    positive, negative = split.positive, split.negative

    def score(vectors: FloatArray) -> float:
        true = pair_scores(vectors, positive[:, 0], positive[:, 1], metric)
        other = pair_scores(vectors, negative[:, 0], negative[:, 1], metric)
        return ranking_auc(true, other)

    return score, split.train


def _label_scorer(
    y: Any, fraction: float | None, C: float, n_splits: int, seed: int
) -> Callable[[FloatArray], float]:
    few = 2000
    share = fraction or (0.1 if _n_labelled(y) >= few else 0.5)

    def score(vectors: FloatArray) -> float:
        result = node_classification(
            vectors, y, train_fractions=(share,), C=C, n_splits=n_splits,
            random_state=seed,
        )  # fmt: skip
        return result[share]["macro"]

    return score


def _n_labelled(y: Any) -> int:
    counts: AnyArray = np.asarray(y.sum(axis=1)).ravel() if y.ndim == 2 else y
    return int(np.count_nonzero(counts)) if y.ndim == 2 else len(counts)

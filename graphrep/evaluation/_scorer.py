"""make_reconstruction_scorer: reconstruction as a score for scikit-learn's searches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from graphrep.base import is_matrix, read_graph
from graphrep.evaluation._embeddings import Embedding, read_embedding
from graphrep.evaluation._reconstruction import ReconstructionEvaluator
from graphrep.evaluation._reconstruction_result import ReconstructionResult
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.typing import AnyArray, GraphLike, IntArray

LOWER_IS_BETTER = frozenset({"mean_rank"})
_NODES = ("fitted", "new")


class ReconstructionScorer:
    """A callable ``scorer(estimator, X, y=None)``; see `make_reconstruction_scorer`.

    Parameters
    ----------
    metric, truth, score, nodes
        See `make_reconstruction_scorer`.
    parameters : dict
        Further parameters of `ReconstructionEvaluator`.
    """

    def __init__(
        self,
        metric: str,
        truth: str,
        score: Any,
        nodes: str,
        parameters: dict[str, Any],
    ) -> None:
        self.metric = metric
        self.truth = truth
        self.score = score
        self.nodes = nodes
        self.parameters = parameters

    def __call__(self, estimator: Any, X: GraphLike, y: Any = None) -> float:
        """Score a fitted embedder; higher is better, for every metric."""
        value = self.result(estimator, X).mean(self.truth, self.metric).value
        return -value if self.metric in LOWER_IS_BETTER else value

    def result(self, estimator: Any, X: GraphLike) -> ReconstructionResult:
        """Return the whole result behind the score, with values of single nodes."""
        if self.nodes == "new":
            return self._of_new_nodes(estimator, X)
        graph = _graph_of(X)
        embedding = _embedding_of(estimator, graph, numbered=is_matrix(X))
        return self._evaluator().evaluate(graph, embedding)

    def __repr__(self) -> str:
        options = "".join(
            f", {key}={self.parameters[key]!r}" for key in self.parameters
        )
        return (
            f"make_reconstruction_scorer({self.metric!r}, {self.truth!r}, "
            f"{self.score!r}, nodes={self.nodes!r}{options})"
        )

    def _evaluator(self, **further: Any) -> ReconstructionEvaluator:
        return ReconstructionEvaluator(
            scores=(self.score,), metrics=(self.metric,), **truth_of(self.truth),
            **{**self.parameters, **further},
        )  # fmt: skip

    def _of_new_nodes(self, estimator: Any, X: Any) -> ReconstructionResult:
        """Rank the fitted nodes for each new node by its vector from `transform`."""
        if not is_matrix(X):
            raise GraphValueError(
                "New nodes come as a matrix of edges to the fitted nodes, of shape "
                f"(n_new, n_fitted); got {type(X).__name__}."
            )
        rows = sparse.coo_array(X)
        n_new, n_old = rows.shape
        old = _vectors_of(estimator, n_old)
        vectors = np.concatenate([old, np.asarray(_transformed(estimator, X))])
        edge = rows.data != 0
        graph = Graph.from_codes(
            rows.row[edge].astype(np.int64) + n_old, rows.col[edge].astype(np.int64),
            nodes=n_old + n_new, directed=True,
        )  # fmt: skip
        evaluator = self._evaluator(
            queries=np.arange(n_old, n_old + n_new),
            candidates=np.arange(n_old),
            direction="out",
        )
        embedder, later = _embedder(estimator)
        native = "dot" if later else getattr(embedder, "decoder", "dot")
        embedding = Embedding(
            type(embedder).__name__,
            vectors,
            native="dot" if native == "own" else native,
        )
        return evaluator.evaluate(graph, embedding)


def make_reconstruction_scorer(
    metric: str = "ap_adjusted",
    truth: str = "hop1",
    score: Any = "native",
    *,
    nodes: str = "fitted",
    **evaluator_params: Any,
) -> ReconstructionScorer:
    """Make a scorer of embedders for ``GridSearchCV`` and ``cross_validate``.

    Parameters
    ----------
    metric : str, default="ap_adjusted"
        A metric of `ReconstructionEvaluator`. "mean_rank" is negated, so that higher
        is better.
    truth : str, default="hop1"
        What should be found: "hop1", "ball2", "shell2", "shell2_filtered", ….
    score : {"native", "dot", "cosine", "euclidean"} or callable, default="native"
        How pairs are scored.
    nodes : {"fitted", "new"}, default="fitted"
        What the rows of ``X`` in a test split are. "fitted": the whole graph of the
        fit, which goes together with ``cv=whole_graph_cv()``. "new": nodes that were
        left out of the fit, as in any other ``cv``; see the notes.
    **evaluator_params
        Further parameters of `ReconstructionEvaluator`: ``n_queries``,
        ``random_state``, ``n_jobs``, ….

    Returns
    -------
    ReconstructionScorer
        Callable as ``scorer(estimator, X, y=None)``; its method ``result`` gives the
        result behind the number.

    Raises
    ------
    GraphValueError
        For an unknown truth, or a truth of several hops for new nodes. When called:
        if ``X`` is not the graph of the fit.

    Notes
    -----
    An embedder is fitted on a graph and should tell that graph's edges: no node is
    held out, and the score says how much of the graph is in the vectors. So the
    natural split has all nodes on both sides, which `whole_graph_cv` makes.

    With other splits scikit-learn cuts the rows and columns of the training nodes
    out of the adjacency, fits on them, and passes a matrix of shape (n_test, n_train)
    to the scorer. ``nodes="new"`` embeds the test nodes from these edges with
    ``transform`` and ranks the training nodes for each of them: a score of how well
    ``transform`` places new nodes near their neighbours, from which it made their
    vectors. Target vectors play no role there.

    In a pipeline the vectors are those of the embedder after all later steps that
    transform; "native" is the embedder's own decoder if there are no such steps, and
    the dot product otherwise.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from graphrep import FastRP
    >>> from graphrep.datasets import load_karate
    >>> from graphrep.evaluation import make_reconstruction_scorer
    >>> from graphrep.evaluation import whole_graph_cv
    >>> search = GridSearchCV(
    ...     FastRP(16, random_state=0), {"beta": [-0.5, 0.0]},
    ...     scoring=make_reconstruction_scorer(score="cosine"), cv=whole_graph_cv())
    >>> found = search.fit(load_karate().graph.to_scipy())
    >>> sorted(found.best_params_)
    ['beta']
    """
    truth_of(truth)
    if nodes not in _NODES:
        raise GraphValueError(f"nodes must be 'fitted' or 'new'; got {nodes!r}.")
    if nodes == "new" and truth != "hop1":
        raise GraphValueError(
            f"New nodes have edges to the fitted nodes only, so truth must be 'hop1'; "
            f"got {truth!r}."
        )
    return ReconstructionScorer(metric, truth, score, nodes, evaluator_params)


class WholeGraphSplit:
    """One split with all nodes in training and in test; see `whole_graph_cv`."""

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[IntArray, IntArray]]:
        """Yield the one split."""
        rows = np.arange(X.shape[0])
        yield rows, rows

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Count the splits: one."""
        return 1

    def __repr__(self) -> str:
        return "whole_graph_cv()"


def whole_graph_cv() -> WholeGraphSplit:
    """Make a ``cv`` whose only split has all nodes in training and in test.

    For searches by a score that is about the fitted graph itself, see
    `make_reconstruction_scorer`. It must not be used with scores of labels.

    Examples
    --------
    >>> import numpy as np
    >>> [(train.tolist(), test.tolist()) for train, test in
    ...  whole_graph_cv().split(np.zeros((2, 2)))]
    [([0, 1], [0, 1])]
    """
    return WholeGraphSplit()


def truth_of(truth: str) -> dict[str, Any]:
    """Parameters of `ReconstructionEvaluator` that give one truth.

    Examples
    --------
    >>> truth_of("shell2_filtered")
    {'hops': (2,), 'mode': ('shell',), 'nearer': ('filter',)}
    """
    name, _, rest = str(truth).partition("_")
    mode, hops = name.rstrip("0123456789"), name.lstrip("abcdefghijklmnopqrstuvwxyz")
    known = (
        (mode == "hop" and hops == "1" and not rest)
        or (mode == "ball" and not rest)
        or (mode == "shell" and rest in {"", "filtered"})
    )
    if not known or not hops.isdigit() or (mode != "hop" and int(hops) < 2):
        raise GraphValueError(
            "truth must be 'hop1', or 'ball', 'shell' or 'shell…_filtered' with a "
            f"number of at least 2, as in 'shell2'; got {truth!r}."
        )
    return {
        "hops": (int(hops),),
        "mode": ("shell",) if mode == "shell" else ("ball",),
        "nearer": ("filter",) if rest else ("keep",),
    }


def _graph_of(X: GraphLike) -> Graph:
    return Graph(X) if is_matrix(X) else read_graph(X)


def _embedder(estimator: Any) -> tuple[Any, list[Any]]:
    """Return the fitted embedder and the steps that transform its vectors."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    at = [i for i, step in enumerate(steps) if hasattr(step, "embedding_")]
    if not at:
        raise GraphValueError(
            f"{type(estimator).__name__} has no fitted vectors (embedding_); a "
            "reconstruction scorer takes an embedder of graphrep or a pipeline with "
            "one."
        )
    later = [step for step in steps[at[-1] + 1 :] if hasattr(step, "transform")]
    return steps[at[-1]], later


def _vectors_of(estimator: Any, n_nodes: int) -> AnyArray:
    embedder, later = _embedder(estimator)
    vectors: AnyArray = np.asarray(embedder.embedding_)
    if len(vectors) != n_nodes:
        raise GraphValueError(
            f"The scorer got {n_nodes:,} nodes but the embedder was fitted on "
            f"{len(vectors):,}."
        )
    for step in later:
        vectors = np.asarray(step.transform(vectors))
    return vectors


def _embedding_of(estimator: Any, graph: Graph, *, numbered: bool) -> Embedding:
    """Fitted vectors of a graph whose ids may be but the numbers of a matrix' rows."""
    embedder, later = _embedder(estimator)
    n_fitted = len(embedder.embedding_)
    if graph.n_nodes != n_fitted:
        raise GraphValueError(
            f"The scorer got {graph.n_nodes:,} nodes but the embedder was fitted on "
            f"{n_fitted:,}: pass cv=whole_graph_cv(), which fits and scores on the "
            "whole graph, or make the scorer with nodes='new'."
        )
    if later:
        vectors = _vectors_of(estimator, graph.n_nodes)
        return read_embedding(graph, vectors, type(estimator).__name__)
    same = graph.with_nodes(embedder.node_ids_) if numbered else graph
    read = read_embedding(same, embedder)
    return replace(read, name=type(embedder).__name__)


def _transformed(estimator: Any, X: Any) -> AnyArray:
    embedder, later = _embedder(estimator)
    vectors: AnyArray = np.asarray(embedder.transform(X))
    for step in later:
        vectors = np.asarray(step.transform(vectors))
    return vectors


__all__ = [
    "ReconstructionScorer",
    "WholeGraphSplit",
    "make_reconstruction_scorer",
    "truth_of",
    "whole_graph_cv",
]

"""The plan of an evaluation: from the sizes of a graph and of an embedding."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._tasks import TaskPlan, choose_plan
from graphrep._utils._memory import memory_bytes
from graphrep.evaluation._embeddings import Embedding, _is_fitted, read_embedding
from graphrep.evaluation._rank_all import metric_names
from graphrep.evaluation._rank_costs import costs_of_ranking
from graphrep.evaluation._truth import HopTruth
from graphrep.exceptions import GraphTypeError
from graphrep.graph import Graph

if TYPE_CHECKING:
    from graphrep.evaluation._reconstruction import ReconstructionEvaluator


def sized_embedding(graph: Graph, value: Any) -> Embedding:
    """Read an embedding, or stand in for one of which only the size is known."""
    if isinstance(value, type):
        value = value()
    if hasattr(value, "fit") and not _is_fitted(value):
        value = getattr(value, "n_components", None)
        if not isinstance(value, Integral):
            raise GraphTypeError(
                "The plan for an estimator that is not fitted needs its n_components; "
                "it has none. Fit it first, or give the number of components."
            )
    if isinstance(value, Integral):
        none = np.broadcast_to(np.float32(0), (graph.n_nodes, int(value)))
        return Embedding("vectors", none)  # no memory is taken
    return read_embedding(graph, value)


def plan_ranking(
    evaluator: ReconstructionEvaluator, graph: Graph, embedding: Embedding,
    n_queries: int | None = None,
) -> TaskPlan:  # fmt: skip
    """Choose the way of an evaluation, or refuse with the numbers.

    Without a number of queries it is that which the evaluator would ask at most.
    """
    scores = evaluator._usable(embedding)
    truth = HopTruth(
        graph, evaluator.hops, mode=evaluator.mode, nearer=evaluator.nearer
    )
    if n_queries is None:
        n_queries = graph.n_nodes
        if evaluator.queries is not None:
            n_queries = len(evaluator.queries)
        elif evaluator.target_se is None:
            n_queries = evaluator._n_queries(graph, embedding, len(scores))
    n_metrics = len(metric_names(evaluator._cuts()))
    if evaluator.metrics is not None:
        n_metrics = len(evaluator.metrics)
    costs = costs_of_ranking(
        graph.n_nodes, len(graph.indices), n_queries=n_queries,
        widths=[_width(embedding, score) for score in scores],
        n_lists=len(truth.names), n_metrics=n_metrics, held=_held(embedding),
    )  # fmt: skip
    limit = evaluator.memory_limit
    return choose_plan(
        costs, limit=None if limit is None else memory_bytes(limit),
        executor=evaluator.executor, n_jobs=evaluator.n_jobs,
    )  # fmt: skip


def _width(embedding: Embedding, score: Any) -> int:
    """Count the numbers that a score keeps of a node; those of functions keep none."""
    if not isinstance(score, str) or (score == "native" and embedding.native == "own"):
        return 0
    two_sided = score == "dot" or (score == "native" and embedding.native == "dot")
    if two_sided and embedding.factors is not None:
        source, target = embedding.factors
        return int(source.shape[1]) * (1 if source is target else 2)
    return embedding.n_components or 0


def _held(embedding: Embedding) -> int:
    """Bytes of vectors in memory; those of a store are mapped."""
    source, target = embedding.source, embedding.target
    parts = {id(part): part for part in (source, target) if part is not None}
    return sum(p.nbytes for p in parts.values() if not isinstance(p, np.memmap))

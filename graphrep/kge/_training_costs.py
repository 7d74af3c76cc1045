"""What training a model of triples takes, from the model and the triples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import config

from graphrep.graph import KnowledgeGraph
from graphrep.graph._triple_rows import both_directions
from graphrep.kernels._kge_step import (
    BLOCK,
    n_lanes,
    shape_of_queries,
)
from graphrep.kge._batches import Recipe
from graphrep.kge._geometry import Geometry
from graphrep.kge._queries import group_queries
from graphrep.kge._rank_costs import costs_of_triples

if TYPE_CHECKING:
    from graphrep.kge._flow_kge import FlowKGE

_ID, _TRIPLE = 8, 24  # bytes
_DRAW = 8  # bytes an entity of what a step keeps in float64: shares and penalties


def memory_of_training(
    model: FlowKGE, graph: KnowledgeGraph, held_out: KnowledgeGraph | None = None
) -> dict[str, int]:
    """Bytes that ``fit`` of a model needs on a processor, by what they are for.

    Parameters
    ----------
    model : FlowKGE
        Its parameters count; it need not be fitted.
    graph, held_out : KnowledgeGraph
        What it would learn, and what it would look at for the best epoch.

    Notes
    -----
    O(m log m) time for m triples, for their queries are counted. The parts are
    disjoint.
    """
    geometry, recipe = model._geometry(), model._recipe()
    item = np.dtype(model.dtype).itemsize
    n, n_kinds = graph.n_entities, 2 * graph.n_relations
    numbers = n * geometry.entity_width + n_kinds * geometry.relation_width
    tables = 4 if recipe.optimizer == "adam" else 3  # values, slopes and moments
    queries = group_queries(both_directions(graph.triples, graph.n_relations))
    n_queries, n_answers = len(queries), len(queries.tails)
    at_once = _queries_at_once(recipe, n_queries, n_answers)
    parts = {
        "triples": len(graph) * _TRIPLE,
        "queries": 3 * _ID * n_queries + 2 * _ID * n_answers,
        "parameters_and_moments": tables * numbers * item,
        "step": _step(geometry, recipe, n, at_once, item),
    }
    if held_out is not None:
        asked = group_queries(both_directions(held_out.triples, held_out.n_relations))
        ranking = costs_of_triples(
            n, width=geometry.row_width * item // 4, n_queries=len(asked),
            n_answers=len(asked.tails), n_known=n_answers + len(asked.tails),
        )  # fmt: skip
        parts["best_parameters"] = numbers * item
        parts["validation"] = ranking.whole
    return parts


def _queries_at_once(recipe: Recipe, n_queries: int, n_answers: int) -> int:
    """Count the queries of the largest batch, at most."""
    size = recipe.batch_size
    if recipe.batches == "queries":
        size = max(1, round(size * n_queries / max(n_answers, 1)))
    return min(size, n_queries)


def _step(
    geometry: Geometry, recipe: Recipe, n_entities: int, n_queries: int, item: int
) -> int:
    """Bytes of a step: what every thread holds, and what a batch does."""
    n_rows, width = shape_of_queries(n_queries, geometry.row_width)
    threads = config.NUMBA_NUM_THREADS
    of_threads = threads * BLOCK * (4 * width + n_rows)
    of_batch = n_rows * width * (3 + n_lanes(n_entities))  # rows, panels, slopes
    if recipe.loss == "ce":  # the scores of all entities at once
        of_batch += -(-n_entities // BLOCK) * BLOCK * n_rows
    return int(item * (of_threads + of_batch)) + 3 * _DRAW * n_entities


__all__ = ["memory_of_training"]

"""plan_rank_triples: what ranking triples will take, told before it starts."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._tasks import TaskPlan, choose_plan
from graphrep._tasks._executors import check_executor
from graphrep._utils._memory import memory_bytes
from graphrep.kge._queries import Queries
from graphrep.kge._rank_costs import costs_of_triples
from graphrep.kge._scorer import TripleScorer


def plan_rank_triples(
    model: TripleScorer,
    triples: Any,
    known: Any = (),
    *,
    n_jobs: int | None = None,
    executor: Any = None,
    memory_limit: str | int | None = None,
) -> TaskPlan:
    """Tell what `rank_triples` would do and take; nothing is ranked.

    Parameters
    ----------
    model, triples, known, n_jobs, executor, memory_limit
        As for `rank_triples`.

    Returns
    -------
    TaskPlan
        Its ``memory``, ``disk`` and ``cpu_seconds`` are estimates.

    Raises
    ------
    MemoryLimitError
        If no way keeps to ``memory_limit``; the message has the numbers.

    See Also
    --------
    rank_triples : Does it.

    Notes
    -----
    O(m log m) time for m triples, known ones among them.
    """
    from graphrep.kge._rank_triples import grouped_questions, in_numbers_of

    triples, *others = in_numbers_of(model, triples, known)
    asked, filters, *_ = grouped_questions(model, triples, others)
    return plan_queries(model, asked, filters, n_jobs, executor, memory_limit)


def plan_queries(
    model: TripleScorer, asked: Queries, filters: Queries, n_jobs: int | None,
    executor: Any, memory_limit: str | int | None,
) -> TaskPlan:  # fmt: skip
    """Choose the way of questions that are grouped, or refuse with the numbers."""
    row = model.query_matrix(np.zeros(1, np.int64), np.zeros(1, np.int64))
    costs = costs_of_triples(
        model.n_entities_, width=row.shape[1] * row.itemsize // 4,
        n_queries=len(asked), n_answers=len(asked.tails), n_known=len(filters.tails),
    )  # fmt: skip
    return choose_plan(
        costs, limit=None if memory_limit is None else memory_bytes(memory_limit),
        executor=check_executor(executor), n_jobs=n_jobs,
    )  # fmt: skip

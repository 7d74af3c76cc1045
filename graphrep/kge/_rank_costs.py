"""What ranking triples takes, from the sizes of the model and of the questions."""

from __future__ import annotations

from graphrep._tasks import Costs
from graphrep._tasks._plan import halved

AT_ONCE = 1 << 14
"""Queries whose rows the model is asked for at a time."""
LEAST = 256
"""Fewest queries of a task."""
_TASKS = 64
_NUMBER = 0.013  # nanoseconds for each query, entity and number of a row: measured


def costs_of_triples(
    n_entities: int, *, width: int, n_queries: int, n_answers: int, n_known: int
) -> Costs:
    """Costs of ranking answers of questions among all entities.

    Parameters
    ----------
    n_entities, width : int
        Entities, and numbers that the model keeps of one.
    n_queries, n_answers, n_known : int
        Questions, their answers that are ranked, and those that are known.
    """
    keys = 4 * n_entities * width
    row = 4 * width  # of a query
    counts = 16 * n_answers
    lists = 32 * n_known + 24 * n_queries
    at_once = min(AT_ONCE, max(1, n_queries))
    most = min(AT_ONCE, max(LEAST, -(-n_queries // _TASKS)))
    base = keys + counts + lists  # the model holds about as much as its keys
    return Costs(
        what=f"Ranking {n_entities:,} entities for {n_queries:,} queries",
        unit="queries", whole=base + keys + 2 * row * at_once,
        shared=base + 2 * keys + row * at_once, each=0, per_unit=2.0 * row,
        after=base + 2 * keys, disk=keys + n_queries * row + 8 * n_known + counts,
        blocks=halved(most, LEAST), n_tasks=lambda block: sum(
            -(-min(AT_ONCE, n_queries - first) // block)
            for first in range(0, n_queries, AT_ONCE)
        ), cpu_seconds=1e-9 * n_queries * n_entities * width * _NUMBER,
    )  # fmt: skip

"""What ranking takes, from the sizes of the graph and of the vectors."""

from __future__ import annotations

from collections.abc import Sequence

from graphrep._tasks import Costs
from graphrep._tasks._plan import halved
from graphrep.evaluation._scores import block_rows

LEAST, MOST = 72, 1 << 14
"""Queries of a task."""
_TASKS = 64

# Nanoseconds for each query and node, measured on random graphs of 20,000 and 200,000
# nodes with 20 neighbours each, one thread.
_PAIR, _NUMBER = 0.6, 0.019  # of a score: for itself, and for each number of a vector
_LIST = 3.0  # of a score: for each list of neighbours after the first


def costs_of_ranking(
    n_nodes: int, n_entries: int, *, n_queries: int, widths: Sequence[int],
    n_lists: int = 7, n_metrics: int = 27, held: int = 0,
) -> Costs:  # fmt: skip
    """Costs of ranking all nodes for some queries.

    Parameters
    ----------
    n_nodes, n_entries : int
        Size of the adjacency.
    n_queries : int
        Nodes that ask.
    widths : sequence of int
        For each score, the numbers that it keeps of a node.
    n_lists, n_metrics : int, default=7, 27
        Lists of neighbours that are looked for, and figures of each; those of the
        defaults of `ReconstructionEvaluator`.
    held : int, default=0
        Bytes of vectors that the caller has in memory.
    """
    graph = 8 * (n_nodes + 1) + 4 * n_entries
    packed = sum(4 * n_nodes * (width + 1) for width in widths)
    figures = 8 * len(widths) * n_lists * n_metrics + 16 * n_lists
    rows = min(block_rows(n_nodes), max(1, n_queries))
    numbers = 16 * n_nodes  # harmonic ones, and discounts
    one = _PAIR * len(widths) + _NUMBER * sum(widths)
    one += _LIST * len(widths) * (n_lists - 1)
    first = min(MOST, max(LEAST, -(-n_queries // _TASKS)))
    return Costs(
        what=f"Ranking {n_nodes:,} nodes for {n_queries:,} queries", unit="queries",
        whole=held + graph + packed + numbers + figures * n_queries, shared=held
        + graph + packed, each=numbers, per_unit=float(figures),
        after=held + graph + packed + 2 * figures * n_queries,
        disk=graph + packed + figures * n_queries, blocks=halved(first, LEAST),
        n_tasks=lambda block: -(-n_queries // block),
        cpu_seconds=1e-9 * n_queries * n_nodes * one,
        per_thread=rows * n_nodes * 5 + 8 * n_nodes,
    )  # fmt: skip

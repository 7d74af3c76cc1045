"""What drawing walks takes, from the sizes of the graph and of the walks."""

from __future__ import annotations

from graphrep._tasks import Costs

_BATCH = 1 << 14  # walks that a task, or a batch of this process, holds
_LEAST, _MOST = 1 << 10, 1 << 18  # walks of a task
_TASKS = 32  # of a round, for graphs neither small nor large
_TABLES = 12  # bytes an entry of what steps are drawn from, where there are weights

# Nanoseconds, measured on random graphs of 20,000 to 2,000,000 nodes, one thread.
_STEP = {(False, False): 180.0, (False, True): 195.0, (True, False): 245.0,
         (True, True): 400.0}  # fmt: skip
"""A step, by whether there are weights and whether it is of second order."""
_STEP_NODES, _GROWTH = 2e5, 0.19  # where these hold, and how they grow with nodes
_TABLE = 25.0  # an entry


def block_of(n_starts: int) -> int:
    """Size of a task in walks."""
    return min(_MOST, max(_LEAST, -(-n_starts // _TASKS)))


def costs_of_walks(
    n_nodes: int, n_entries: int, *, n_starts: int, rounds: int, length: int,
    weighted: bool = False, extended: bool = False, second_order: bool = False,
    entry_bytes: int = 4,
) -> Costs:  # fmt: skip
    """Costs of walks over a graph of which no more than the size is known.

    Parameters
    ----------
    n_nodes, n_entries : int
        Size of the adjacency.
    n_starts, rounds, length : int
        Walks of a round, rounds, and most nodes of a walk.
    weighted, extended, second_order : bool, default=False
        Whether there are weights, thresholds of node2vec+, and a p or q other than 1.
    entry_bytes : int, default=4
        Bytes of a stored entry.
    """
    graph = 8 * (n_nodes + 1) + entry_bytes * n_entries
    tables = _TABLES * n_entries * weighted + 8 * n_nodes * (extended and weighted)
    walks = n_starts * rounds
    batch = min(_BATCH, walks) * (4 * length + 32)
    order = 8 * n_nodes  # of the starts of a round
    step = _STEP[weighted, second_order] * (n_nodes / _STEP_NODES) ** _GROWTH
    seconds = 1e-9 * (walks * max(0, length - 1) * step + _TABLE * n_entries * weighted)
    block = block_of(n_starts)
    return Costs(
        what=f"Walking over {n_nodes:,} nodes and {n_entries:,} entries", unit="walks",
        whole=graph + tables + order + batch, shared=graph + tables,
        each=order + batch, per_unit=0.0, after=2 * graph + tables,
        disk=graph + tables + 4 * walks * length, blocks=(block,),
        n_tasks=lambda size: rounds * -(-n_starts // size), cpu_seconds=seconds,
    )  # fmt: skip

"""What a search for maximal cliques takes; how many there are nobody knows before."""

from __future__ import annotations

from graphrep._tasks import Costs

TASKS = 96


def costs_of_cliques(
    n_nodes: int, n_entries: int, *, degeneracy: int, largest_degree: int
) -> Costs:
    """Costs of a search, the cliques that it finds aside.

    Parameters
    ----------
    n_nodes, n_entries : int
        Size of the adjacency.
    degeneracy, largest_degree : int
        Largest core number and largest degree.
    """
    graph = 8 * (n_nodes + 1) + 4 * n_entries
    ordered = 20 * n_nodes + 4 * n_entries
    words = -(-degeneracy // 64)
    bits = 8 * words * (4 * degeneracy + 2 * largest_degree)
    block = max(1, -(-n_nodes // TASKS))
    return Costs(
        what=f"Searching cliques of {n_nodes:,} nodes and {n_entries:,} entries",
        unit="roots", whole=graph + ordered, shared=graph + 2 * ordered,
        each=0, per_unit=0.0, after=graph + ordered, disk=ordered, blocks=(block,),
        n_tasks=lambda size: -(-n_nodes // size), per_thread=8 * n_nodes + bits,
    )  # fmt: skip

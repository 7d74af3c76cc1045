"""Tables of how large a graph fits where, from the plans that the library makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

MEMORY, DISK, THREADS = "24GiB", 200e9, 2
DIMENSIONS = 128
SIZES = ((2e6, 20e6), (20e6, 200e6), (100e6, 1e9), (300e6, 3e9))
_UNITS = {"MB": 1.0, "GB": 1e3, "TB": 1e6}
HUGE = (3_500_000_000, 100_000_000_000)  # nodes and undirected edges of section two
MACHINES = 64


def table() -> str:
    """Tell what each kind of work takes on one machine, at each size."""
    lines = [
        "| nodes, edges | work | way | memory | disk | processor |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for n, m in SIZES:
        sizes = f"{_count(n)}, {_count(m)}"
        for name, plan in WORK.items():
            lines.append(
                f"| {sizes} | {name} | {_cells(partial(plan, int(n), int(m)))} |"
            )
    text = "\n".join(lines) + "\n"
    return re.sub(r"(\d) (?=[A-Z]?[Bsm]\b|min\b|h\b|M\b)", "\\1\u00a0", text)


def _cells(plan: Any) -> str:
    from graphrep._utils._memory import human_bytes
    from graphrep.exceptions import MemoryLimitError

    try:
        found = plan()
    except MemoryLimitError as error:
        return f"does not fit: {_least(str(error))} | | |"
    way = "in memory" if found.block is None else "in files"
    if found.disk > DISK:
        way = "does not fit: disk"
    seconds = "" if found.cpu_seconds is None else _time(found.cpu_seconds)
    return (
        f"{way} | {human_bytes(found.memory)} | {human_bytes(found.disk)} | {seconds}"
    )


def _least(refusal: str) -> str:
    """Least memory that a refusal names, its limit aside."""
    needs = refusal.split("; memory_limit")[0]
    found = re.findall(r"([0-9.]+) (MB|GB|TB)", needs)
    value, unit = min(found, key=lambda one: float(one[0]) * _UNITS[one[1]])
    return f"{value} {unit} of memory"


# -- plans from sizes alone ---------------------------------------------------------
def fastrp(n: int, m: int) -> Any:
    """Plan of FastRP from a store into one."""
    from graphrep import FastRP
    from graphrep.embedding._fastrp_large import plan_for
    from graphrep.embedding._fastrp_plan import Size

    model = FastRP(DIMENSIONS, memory_limit=MEMORY, n_jobs=THREADS)
    size = Size(n_nodes=n, n_entries=2 * m, entry_bytes=4, stored=True, rebuilt=False)
    return plan_for(model, model._recipe(np.float32), size, "vectors.store")


def node2vec(n: int, m: int) -> Any:
    """Plan of node2vec with its defaults: walks are drawn while it trains."""
    from graphrep import Node2Vec
    from graphrep.embedding._skip_gram_costs import Size

    size = Size(n_nodes=n, n_entries=2 * m, entry_bytes=4, weighted=False, stored=True)
    return Node2Vec(DIMENSIONS, memory_limit=MEMORY, n_jobs=THREADS)._plan(size)


def ranking(n: int, m: int) -> Any:
    """Plan of ranking for 2,000 nodes, by cosine, for one to three hops."""
    from graphrep.evaluation._rank_costs import costs_of_ranking

    return _choose(costs_of_ranking(n, 2 * m, n_queries=2000, widths=[DIMENSIONS]))


def blocking(n: int, m: int) -> Any:
    """Plan of blocking two tables of n records by vectors in eight hash tables."""
    from graphrep.blocking._block_costs import costs_of_vectors

    return _choose(costs_of_vectors(n, n, 4 * DIMENSIONS, 8, 10, False, 5 * n))


def cliques(n: int, m: int) -> Any:
    """Plan of a search for cliques in a graph with dense parts and hubs."""
    from graphrep.hypergraph._clique_costs import costs_of_cliques

    return _choose(costs_of_cliques(n, 2 * m, degeneracy=500, largest_degree=100_000))


def _choose(costs: Any) -> Any:
    from graphrep._tasks import choose_plan
    from graphrep._utils._memory import memory_bytes

    return choose_plan(costs, limit=memory_bytes(MEMORY), executor=None, n_jobs=THREADS)


WORK = {
    "FastRP": fastrp,
    "node2vec": node2vec,
    "ranking": ranking,
    "blocking": blocking,
    "cliques": cliques,
}


# -- a hundred billion edges --------------------------------------------------------
def partitions() -> str:
    """Bytes that each way to cut FastRP would move at a hundred billion edges."""
    from graphrep._utils._memory import human_bytes

    n, m = HUGE
    entries, d, w = 2 * m, DIMENSIONS, MACHINES
    side = int(w**0.5)
    vectors = n * d * 4
    rows = [
        ("messages along edges (Pregel, joins)", entries * d * 4, "small", "no"),
        ("rows, all sent to all", (w - 1) * vectors, human_bytes(vectors), "no"),
        (f"grid {side} x {side}", 2 * side * vectors, human_bytes(2 * vectors / side),
         "no"),
        ("columns, 2 a machine", 0, human_bytes(2 * n * 4), "in blocks of 16"),
    ]  # fmt: skip
    lines = [
        "| cut | moved in a round | memory of a machine | built |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| {cut} | {human_bytes(moved)} | {memory} | {built} |"
        for cut, moved, memory, built in rows
    ]
    plan = _one_block(n, m)
    facts = [
        "",
        f"With {n / 1e9:g} billion nodes and {m / 1e9:g} billion undirected edges, "
        f"{d} dimensions and {w} machines, the vectors take {human_bytes(vectors)} and "
        f"the graph {human_bytes(entries * 4 + 8 * n)}. For a block of 16 columns, the "
        f"least that is built, the planner asks {human_bytes(plan.memory)} of memory; "
        f"{plan.n_blocks} of them can be worked on at a time. For all of them it asks "
        f"{human_bytes(plan.disk)} of disk in the shared folder, "
        f"{human_bytes(plan.bytes_read)} to read, and {_time(plan.cpu_seconds)} of "
        "processor time.",
    ]
    return "\n".join(lines + facts) + "\n"


def _one_block(n: int, m: int) -> Any:
    """Plan of blocks of 16 columns, one at a time."""
    from graphrep import FastRP
    from graphrep.embedding._fastrp_plan import Planner, Size

    recipe = FastRP(DIMENSIONS)._recipe(np.float32)
    size = Size(n_nodes=n, n_entries=2 * m, entry_bytes=4, stored=True, rebuilt=False)
    return Planner(
        recipe, size, 0, limit=None, executor="serial", n_jobs=1, to_file=True
    )._columns_of(16, 1, 1)


def _count(number: float) -> str:
    return f"{number / 1e9:g} B" if number >= 1e9 else f"{number / 1e6:g} M"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"


def parts() -> Iterator[tuple[str, str]]:
    """Names and texts of the parts that the page includes."""
    yield "how_large.md", table()
    yield "partitions.md", partitions()

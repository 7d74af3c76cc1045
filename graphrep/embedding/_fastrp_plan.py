"""FastRPPlan: which way a fit goes, and what it will take, known before it starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from graphrep._tasks._executors import count_workers
from graphrep._tasks._plan import PlanOfWork, is_ours, ways_to_share
from graphrep._utils._memory import human_bytes
from graphrep.embedding._fastrp_layout import (
    ENTRIES_AT_ONCE,
    LANES,
    PIECE_BYTES,
    Layout,
    share,
)
from graphrep.embedding._fastrp_run import estimate_memory
from graphrep.embedding._fastrp_state import Recipe
from graphrep.embedding._propagation import DENSE_FROM, padded
from graphrep.exceptions import GraphValueError, MemoryLimitError

MEMORY, MAPPED, COLUMNS = "memory", "mapped", "columns"
TASK_SECONDS = 60
"""CPU seconds that a task is cut to, where a power takes less."""

# Nanoseconds for each entry, column and power, by the columns of a block.
_COST = ((16, 0.36), (32, 0.3), (64, 0.3), (128, 0.3))
_COST_NODES = 2e6  # where they hold
_GROWTH = 0.09  # exponent beyond: a fifth more for eight times the nodes
_FILE_COST = 4.0  # nanoseconds for each number of a power that is kept: it is written,
# read back, and rows are made from it
_ROW_COST = 2.0  # for each number of the embedding that is standardised from a file
_CODE_BYTES = 32  # a node, while the signs of a block are there
_MAPPED_BYTES = 16  # a node: what tasks map of an operator beside its entries
_PREPARE_BYTES = 72  # a node, while an operator is made ready
_HEAP_NODE, _HEAP_MOST = 48, 100_000_000  # bytes a node, and in all, that the allocator
# keeps of arrays that were let go: it gives back those above 32 MB only


class Size(NamedTuple):
    """What the plan has to know of a graph."""

    n_nodes: int
    n_entries: int
    entry_bytes: int
    stored: bool
    rebuilt: bool


@dataclass(frozen=True)
class FastRPPlan(PlanOfWork):
    """What a fit of `FastRP` will do and take.

    Attributes
    ----------
    path : {"memory", "mapped", "columns"}
        Powers whole in memory; the same over a graph that is mapped from a store; or
        powers by blocks of columns in files.
    n_nodes, n_entries : int
        Size of the adjacency.
    block : int or None
        Columns of a block.
    n_blocks : int or None
        Number of blocks.
    workers, threads : int
        Tasks at once, and threads of each.
    memory : int
        Most bytes in memory at once over all workers, beyond what Python and the
        libraries take themselves (about 200 MB a process).
    limit : int or None
        Bytes that were allowed.
    disk : int
        Most bytes of scratch and result on disk.
    bytes_read : int
        Bytes read from files, whether or not the system still has them in memory.
    cpu_seconds : float
        Processor time, from costs measured on one machine: a guide, no promise.
    layout : Layout or None
        The cut in full, for what runs it.
    streamed : bool
        Whether the adjacency is read past the page cache.
    asked : int or None
        Processes times threads that were asked for, where the limit allows fewer.
    """

    path: str
    n_nodes: int
    n_entries: int
    block: int | None
    n_blocks: int | None
    workers: int
    threads: int
    memory: int
    limit: int | None
    disk: int
    bytes_read: int
    cpu_seconds: float
    layout: Layout | None = None
    streamed: bool = False
    asked: int | None = None

    def facts(self) -> list[tuple[str, str]]:
        """Lines of a table: what, and how much."""
        ways = {
            MEMORY: "in memory",
            MAPPED: "in memory, the graph mapped from its store",
            COLUMNS: f"{self.n_blocks} blocks of {self.block} columns in files",
        }
        return [
            *self._facts_of_work(ways[self.path]),
            ("disk", human_bytes(self.disk)),
            ("read from files", human_bytes(self.bytes_read)),
            ("processor time", f"about {self.cpu_seconds:,.0f} s"),
        ]


class Planner:
    """Chooses the way of a fit from the sizes and the memory allowed.

    Parameters
    ----------
    recipe : Recipe
        What is computed.
    size : Size
        The graph.
    seed : int
        Seed of the projection.
    limit : int or None
        Bytes of memory allowed; None for no limit.
    executor : object
        See `FastRP`.
    n_jobs : int or None
        Processes times threads.
    to_file : bool
        Whether the embedding goes to a file instead of into memory.
    features : bool, default=False
        Whether the start is made from features of the nodes.
    """

    def __init__(
        self, recipe: Recipe, size: Size, seed: int, *, limit: int | None,
        executor: Any, n_jobs: int | None, to_file: bool, features: bool = False,
    ) -> None:  # fmt: skip
        self.recipe, self.size, self.seed = recipe, size, seed
        self.limit, self.executor, self.n_jobs = limit, executor, n_jobs
        self.to_file, self.features = to_file, features
        self.rows = size.n_nodes * recipe.n_columns * recipe.accumulator.itemsize
        self.graph = 8 * (size.n_nodes + 1) + size.entry_bytes * size.n_entries

    def choose(self) -> FastRPPlan:
        """Choose a way, or refuse with the numbers."""
        whole = self._whole()
        fits = self.limit is None or whole.memory <= self.limit
        if self.executor is None and fits:
            return whole
        reason, enough = self._no_columns(), whole.memory
        if reason is None:
            best = self._columns()
            if best is not None:
                return best
            least = self._columns_of(LANES, 1, 1).memory
            reason = f"column blocks need {human_bytes(least)} at least"
            enough = least if self.executor is not None else min(least, enough)
        if fits:
            raise GraphValueError(f"An executor works on column blocks, and {reason}.")
        assert self.limit is not None
        hint = "" if self.to_file else " out=path keeps the embedding out of memory."
        raise MemoryLimitError(
            f"FastRP of {self.size.n_nodes:,} nodes and {self.size.n_entries:,} "
            f"entries in {self.recipe.n_components} dimensions needs "
            f"{human_bytes(whole.memory)} in memory, and {reason}; memory_limit is "
            f"{human_bytes(self.limit)}. Allow {enough:,} bytes or more.{hint}"
        )

    def _no_columns(self) -> str | None:
        """Say why there can be no column blocks, if so."""
        if self.recipe.layer_dtype is not None:
            return f"layer_dtype={self.recipe.layer_dtype!r} keeps powers whole"
        if self.features:
            return "features make a start that is kept whole"
        if not self.recipe.weights:
            return "there is no power to propagate"
        return None

    def _whole(self) -> FastRPPlan:
        need = estimate_memory(self.recipe, self.size.n_nodes, self.size.n_entries)
        memory = need["total"] - need["graph"] + self.graph
        read = self.graph if self.size.stored else 0
        _, threads = count_workers(None, self.n_jobs)
        q, width = self._work()
        return FastRPPlan(
            MAPPED if self.size.stored else MEMORY, *self.size[:2], None, None, 1,
            threads, memory, self.limit, self.rows if self.to_file else 0, read,
            self._seconds(q, width, padded(self.recipe.width)),
        )  # fmt: skip

    def _columns(self) -> FastRPPlan | None:
        """Best cut that fits: most workers first, then the widest blocks.

        Where none does, the same with fewer threads.
        """
        width = padded(self.recipe.width)
        wanted, each = count_workers(self.executor, self.n_jobs)
        most = width // LANES * self.recipe.n_operators
        jobs, fixed = wanted * each, not is_ours(self.executor)
        most_jobs = 0  # that would work without a limit
        for workers, threads in ways_to_share(wanted, each, fixed=fixed):
            if workers > most:
                continue
            most_jobs = most_jobs or workers * threads
            groups = -(-width * self.recipe.n_operators // (LANES * workers))
            for n in range(min(groups, width // LANES), 0, -1):
                plan = self._columns_of(n * LANES, workers, threads)
                if self.limit is None or plan.memory <= self.limit:
                    fewer = plan.n_jobs < most_jobs
                    return replace(plan, asked=jobs if fewer else None)
        return None

    def _columns_of(self, block: int, workers: int, threads: int) -> FastRPPlan:
        n, recipe = self.size.n_nodes, self.recipe
        width = padded(recipe.width)
        block = padded(-(-width // -(-width // block)))  # blocks of about one width
        q, _ = self._work()
        per_power = self._seconds(1, block, block) / recipe.n_operators
        powers = max(
            1, min(len(recipe.weights), int(TASK_SECONDS / (per_power + 1e-9)))
        )
        layout = Layout(recipe, n, self.seed, block, powers)
        heap = min(_HEAP_NODE * n, _HEAP_MOST)
        task = heap + self._task_bytes(block) + self._piece_bytes(block, threads)
        held = 0 if self.size.stored else self.graph
        held += _MAPPED_BYTES * n * recipe.n_operators
        ready = _PREPARE_BYTES * n + (3 * self.graph if self.size.rebuilt else 0)
        rows = 0 if self.to_file else self.rows
        part = min(4 * self.rows, 4 * PIECE_BYTES)  # powers and rows of two ranges
        memory = held + max(workers * task, heap + max(ready, rows + part))
        streamed = self.limit is not None and memory + self.graph > self.limit
        standardized = recipe.output_norm == "zscore"
        weighted = sum(1 for w in recipe.weights if w)
        powers_bytes = n * width * recipe.n_operators * recipe.work.itemsize
        n_blocks = len(layout.blocks) * recipe.n_operators
        read = n_blocks * len(recipe.weights) * self.graph
        read += (weighted + len(recipe.weights) - 1) * powers_bytes
        read += self.rows if standardized else 0
        disk = layout.most_bytes()
        disk += self.rows if standardized or self.to_file else 0
        disk += self.graph if self.size.rebuilt or not self.size.stored else 0
        seconds = self._seconds(q, block, width)
        seconds += 1e-9 * _FILE_COST * (weighted * n * width * recipe.n_operators)
        seconds += 1e-9 * _ROW_COST * n * recipe.n_columns if standardized else 0
        return FastRPPlan(
            COLUMNS, *self.size[:2], block, n_blocks, workers, threads, memory,
            self.limit, disk, read, seconds, layout, streamed,
        )  # fmt: skip

    def _task_bytes(self, block: int) -> int:
        """Memory of one task: a power of a block, or its signs."""
        n, item = self.size.n_nodes, self.recipe.work.itemsize
        kept = block / self.recipe.sparsity(n)
        dense = self.recipe.width / self.recipe.sparsity(n) > DENSE_FROM
        signs = block if dense else int(4 * kept) + 1
        return n * max(signs + _CODE_BYTES, block * item)

    def _piece_bytes(self, block: int, threads: int) -> int:
        """Memory of the pieces that the threads of a task have at hand."""
        n, item = self.size.n_nodes, self.recipe.work.itemsize
        at_once = share(ENTRIES_AT_ONCE, threads)
        entries = min(self.graph, self.size.entry_bytes * at_once)
        most = share(PIECE_BYTES, threads)
        made = min(n * block * item, most)
        rows = min(2 * self.rows, 2 * most)  # powers, and what comes of them
        return threads * max(entries + made, rows)

    def _work(self) -> tuple[int, int]:
        recipe = self.recipe
        return len(recipe.weights) * recipe.n_operators, padded(recipe.width)

    def _seconds(self, q: int, block: int, width: int) -> float:
        cost = next((c for b, c in _COST if block <= b), _COST[-1][1])
        growth = max(1.0, self.size.n_nodes / _COST_NODES) ** _GROWTH
        return float(1e-9 * self.size.n_entries * width * q * cost * growth)


__all__ = ["FastRPPlan"]

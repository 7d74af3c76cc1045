"""What blocking takes in memory and through files, from the sizes of the tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from graphrep._tasks import Costs
from graphrep.blocking._records import Records
from graphrep.retrieval import TextFeatures

LARGEST_BLOCK = 1 << 15
SMALLEST_BLOCK = 512
_SAMPLE = 1000  # texts whose features are counted
_LIST = 12  # bytes of a place in a list of near records
_PAIR = 110  # of a pair that is scored, and of what sorting takes
_CHOSEN = 60  # of a pair that is held by the join, and of what sorting takes
_SCRATCH = 100 << 20  # of a thread that searches vectors exactly


def entries_of(records: Records, analyzer: str, n: int) -> int:
    """Estimate the number of features of all texts, from some of them."""
    size = len(records)
    if not size:
        return 0
    rows = np.unique(np.linspace(0, size - 1, min(size, _SAMPLE)).astype(np.int64))
    texts = records.repeat(rows).texts()
    sizes, _, _ = TextFeatures(analyzer, n, n_jobs=1)._count(texts)
    return int(np.ceil(sizes.mean() * size))


def costs_of_rows(
    n: int, m: int, entries: tuple[int, int], k: int, one_table: bool,
    budget: int | None, *, counted: bool = True,
) -> Costs:  # fmt: skip
    """Costs of a search by sparse rows with so many entries in either table.

    With ``counted`` features are counted by tasks.
    """
    both = entries[0] if one_table else sum(entries)
    most = max(entries)
    return _costs(
        n, m, k, one_table, budget, whole=44 * both + 24 * most, shared=32 * both,
        each=44 * most, per_thread=12 * max(n, m), disk=44 * both,
        stages=lambda blocks: (blocks + 2 + (not one_table)) if counted else 0,
    )  # fmt: skip


def costs_of_vectors(
    n: int, m: int, row_bytes: int, tables: int, k: int, one_table: bool,
    budget: int | None,
) -> Costs:  # fmt: skip
    """Costs of a search by vectors, and by codes in so many hash tables."""
    rows = n if one_table else n + m
    hashed = 24 * max(n, m) * tables
    scratch = 8 * max(n, m) if tables else _SCRATCH
    size, codes = row_bytes * rows, 24 * rows * tables
    return _costs(
        n, m, k, one_table, budget, whole=size + hashed,
        shared=size + codes, each=hashed, per_thread=scratch, disk=size + codes,
        stages=lambda blocks: (2 - one_table) if tables else 0,
    )  # fmt: skip


def _costs(
    n: int, m: int, k: int, one_table: bool, budget: int | None, *, whole: int,
    shared: int, each: int, per_thread: int, disk: int,
    stages: Callable[[int], int],
) -> Costs:  # fmt: skip
    rows = n if one_table else n + m
    lists, pairs = rows * k, rows * k * (2 if one_table else 1)
    found = pairs if budget is None else min(pairs, 2 * budget + (1 << 20))

    def n_tasks(block: int) -> int:
        left = -(-n // block)
        blocks = left + (0 if one_table else -(-m // block))
        return stages(blocks) + blocks + left

    first = min(LARGEST_BLOCK, max(SMALLEST_BLOCK, -(-n // 64 // 512) * 512))
    sizes = [first]
    while sizes[-1] > SMALLEST_BLOCK:
        sizes.append(max(SMALLEST_BLOCK, sizes[-1] // 1024 * 512))
    return Costs(
        what=f"Blocking {n:,} records with {m:,}", unit="records",
        whole=whole + _LIST * lists + _PAIR * pairs, shared=shared,
        each=each + 16 * m, per_unit=2.0 * k * _PAIR, after=_CHOSEN * found,
        disk=disk + 2 * _LIST * pairs, blocks=tuple(sizes), n_tasks=n_tasks,
        per_thread=per_thread,
    )  # fmt: skip

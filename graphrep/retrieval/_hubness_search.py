"""Searches that correct for hubness and are no search for inner products."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy import sparse

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.exceptions import GraphValueError
from graphrep.kernels import _hubness
from graphrep.retrieval._hubness_methods import squared_lengths
from graphrep.retrieval._hubness_passes import Passes, Side, Square, is_sparse
from graphrep.typing import FloatArray, IntArray

kernels: Any = _hubness  # kernels carry no annotations
_SCORES = 1 << 23  # of the bank, in one tile of targets
_TARGETS, _QUERIES = 512, 256
_LONGER = 4  # times as many targets as groups are looked at first
_LEAST_SPREAD = 1e-12
_ROUNDING = np.float32(1e-6)  # of a product, times both lengths


def by_global_rank(
    targets: Side, bank: Side, queries: Any, k: int, n_jobs: int | None
) -> tuple[IntArray, FloatArray]:
    """Find the k targets in whose column each query ranks first among the bank.

    Ties by the score, then by the lower row. A score counts as higher where it is by
    more than rounding. The scores of a tile of targets with the whole bank are sorted
    once for all queries: O(n_bank n_targets (d + log n_bank) +
    n_queries n_targets (d + log n_bank)) time, a tile in memory.
    """
    n, m, n_bank = len(targets), queries.shape[0], len(bank)
    k = min(k, n)
    size = int(max(1, min(_TARGETS, _SCORES // n_bank)))
    ranks = np.full((m, k), np.iinfo(np.int64).max, np.int64)
    scores = np.full((m, k), -np.inf, np.float32)
    index = np.full((m, k), -1, np.int64)
    against = bank.rows.T if not is_sparse(bank.rows) else _turned(bank.rows)
    reach = np.sqrt(squared_lengths(targets.rows)).astype(np.float32)
    lengths = np.sqrt(squared_lengths(queries)).astype(np.float32)
    turned = [
        queries[s : s + _QUERIES].T if not is_sparse(queries)
        else _turned(queries[s : s + _QUERIES])
        for s in range(0, m, _QUERIES)
    ]  # fmt: skip
    with (
        single_blas_thread(),
        ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool,
    ):
        for start in range(0, n, size):
            tile = targets.rows[start : start + size]
            column = _dense(tile @ against)
            if targets.codes is not None and bank.codes is not None:
                codes = targets.codes[start : start + size]
                kernels.mask_groups(column, codes, bank.codes)
            column.sort(axis=1)

            def work(
                at: int, tile: Any = tile, column: Any = column, start: int = start
            ) -> None:
                found = _dense(tile @ turned[at])
                above = np.empty(found.shape, np.int64)
                part = slice(at * _QUERIES, at * _QUERIES + _QUERIES)
                slack = _ROUNDING * reach[start : start + size]
                kernels.count_above(column, found, slack, lengths[part], above)
                kernels.push_ranked(
                    above, found, start, ranks[part], scores[part], index[part]
                )

            for _ in pool.map(work, range(len(turned))):
                pass
    # the score breaks ties of ranks: between 0 and 1 on top
    fine = 0.5 + 0.5 * scores / (1 + np.abs(scores))
    return index, (fine - ranks).astype(np.float32)


def by_mutual_proximity(
    passes: Passes, targets: Side, queries: Side, k: int, normal: FloatArray,
    square: Square,
) -> tuple[IntArray, FloatArray]:  # fmt: skip
    """Find the k targets of the largest mutual proximity p; scores are ``-ln(-ln p)``.

    ``normal`` (2, n_targets): mean and deviation of the distances of the targets to
    the bank; those of the queries to the targets are found here.
    """
    mine = passes.moments(queries, targets, square)
    normals = (
        mine[0], 1 / np.maximum(mine[1], _LEAST_SPREAD),
        normal[0], 1 / np.maximum(normal[1], _LEAST_SPREAD),
    )  # fmt: skip
    return passes.proximity(queries, targets, k, square, normals)


def by_groups(
    search: Callable[[IntArray, int], tuple[IntArray, FloatArray]],
    codes: IntArray, n_queries: int, k: int,
) -> tuple[IntArray, FloatArray]:  # fmt: skip
    """Find the best target of each of the k best groups.

    ``search(queries, size)`` gives the best targets of some queries; it is asked for
    more and more until there are k groups.
    """
    out = np.full((n_queries, k), -1, np.int64)
    scores = np.full(out.shape, -np.inf, np.float32)
    left, size = np.arange(n_queries), min(len(codes), _LONGER * k)
    while len(left):
        found, values = search(left, size)
        short = []
        for i, query in enumerate(left.tolist()):
            there = np.flatnonzero(found[i] >= 0)
            _, first = np.unique(codes[found[i][there]], return_index=True)
            kept = there[np.sort(first)[:k]]
            if len(kept) < k and size < len(codes):
                short.append(query)
                continue
            out[query, : len(kept)] = found[i][kept]
            scores[query, : len(kept)] = values[i][kept]
        left, size = np.array(short, np.int64), min(len(codes), 2 * size)
    return out, scores


def asked(index: Any, queries: Any, k: int) -> tuple[IntArray, FloatArray]:
    """Ask an index of another kind."""
    if hasattr(index, "query"):
        rows, scores = index.query(queries, k)
    elif hasattr(index, "search"):
        scores, rows = index.search(queries, k)
    else:
        raise GraphValueError(
            f"index must have query or search; got {type(index).__name__}."
        )
    return np.asarray(rows, np.int64), np.asarray(scores, np.float32)


def _turned(rows: Any) -> Any:
    return sparse.csr_array(rows.T)


def _dense(scores: Any) -> FloatArray:
    array = scores.toarray() if is_sparse(scores) else scores
    return np.ascontiguousarray(array, np.float32)

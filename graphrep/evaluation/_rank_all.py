"""The pass over all queries: scores, truths and ranks, block by block, in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._devices import on_processor
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.evaluation._edge_ranks import EdgeRanks
from graphrep.evaluation._scores import PairScorer, block_rows
from graphrep.evaluation._truth import Truth
from graphrep.exceptions import GraphValueError
from graphrep.kernels import _ranking
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _ranking  # kernels carry no annotations
TIES: tuple[str, ...] = tuple(kernels.TIES)
_MOST_RANKED = 1 << 24  # float32 counts up to here


class Ranked(NamedTuple):
    """Metrics of all queries.

    Attributes
    ----------
    metrics : tuple of str
        Names of the metrics.
    values : ndarray of float64 of shape (n_scores, n_truths, n_metrics, n_queries)
        NaN where a query has nothing relevant, or a metric is undefined.
    n_relevant, n_candidates : ndarray of int64 of shape (n_truths, n_queries)
        Sizes of each query's lists.
    edges : EdgeRanks or None
        Ranks of the single members of class 1, where asked for.
    """

    metrics: tuple[str, ...]
    values: FloatArray
    n_relevant: IntArray
    n_candidates: IntArray
    edges: EdgeRanks | None


def metric_names(ks: Sequence[int]) -> tuple[str, ...]:
    """Names of the metrics in the order in which the kernel writes them."""
    cut = [f"{name}@{k}" for name in kernels.METRICS_AT_K for k in ks]
    return (*kernels.METRICS, *cut)


def rank_all(
    scorers: Sequence[PairScorer],
    truth: Truth,
    rows: IntArray,
    *,
    ks: Sequence[int] = (1, 5, 10, 50, 100),
    metrics: Sequence[str] | None = None,
    ties: str = "expected",
    edge_ranks: bool = False,
    n_jobs: int | None = None,
    device: str = "cpu",
    tell: Callable[[int, int], None] | None = None,
) -> Ranked:
    """Rank all candidates of each query by each score, and measure every list.

    Parameters
    ----------
    scorers : sequence of PairScorer
        Scores to compare, of the same nodes.
    truth : Truth
        What is relevant.
    rows : ndarray of int64 of shape (n_queries,)
        Row numbers of the queries.
    ks : sequence of int, default=(1, 5, 10, 50, 100)
        Cut-offs of P@k and its kin.
    metrics : sequence of str or None, default=None
        Metrics to keep; None keeps all, see `metric_names`.
    ties : {"expected", "min", "max"}, default="expected"
        What equal scores give: the mean over their orders, the worst or the best.
    edge_ranks : bool, default=False
        Also find the rank of every single member of class 1.
    n_jobs : int or None, default=None
        Threads; None takes all processors. The result does not depend on it.
    device : str, default="cpu"
        "cpu" and "auto" run numba; "cuda", "cuda:1" or "torch:cpu" run torch, see
        `graphrep.evaluation._device_ranking`.
    tell : callable or None, default=None
        Called as ``tell(done, total)`` after each block of queries.

    Returns
    -------
    Ranked

    Notes
    -----
    O(n_queries n_nodes (n_components + log)) time. Memory is a block of scores (64 MB
    mostly) and 16 bytes a node for each thread, the result, and a float32 copy of the
    vectors for each score; never n_nodes x n_nodes.
    """
    names = metric_names(ks)
    keep = names if metrics is None else tuple(metrics)
    unknown = [name for name in keep if name not in names]
    if unknown:
        raise GraphValueError(
            f"There is no metric {unknown[0]!r}; known are {', '.join(names)}."
        )
    n, m = scorers[0].n_nodes, len(rows)
    work = _Work(scorers, truth, n, ks, ties, device)
    values = np.empty((len(scorers), len(truth.names), len(keep), m))
    sizes = np.empty((2, len(truth.names), m), np.int64)
    columns = [names.index(name) for name in keep]
    step = block_rows(n)
    starts = range(0, m, step)
    edges: list[Any] = [None] * len(starts)
    lock, done = threading.Lock(), 0

    def run(block: int) -> None:
        nonlocal done
        part = slice(starts[block], min(starts[block] + step, m))
        out, relevant, candidates, ranks = work.block(rows[part], edge_ranks)
        values[..., part] = out.transpose(0, 2, 3, 1)[:, :, columns]
        sizes[0, :, part], sizes[1, :, part] = relevant.T, candidates.T
        edges[block] = ranks
        with lock:
            done += part.stop - part.start
            if tell is not None:
                tell(done, m)

    with single_blas_thread(), ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool:
        for _ in pool.map(run, range(len(starts))):
            pass
    return Ranked(
        keep, values, sizes[0], sizes[1],
        _joined(edges, starts, len(scorers)) if edge_ranks else None,
    )  # fmt: skip


class _Work:
    """Ranks one block of queries; its buffers are one set a thread."""

    def __init__(
        self,
        scorers: Sequence[PairScorer],
        truth: Truth,
        n_nodes: int,
        ks: Sequence[int],
        ties: str,
        device: str,
    ) -> None:
        if ties not in kernels.TIES:
            raise GraphValueError(
                f"ties must be one of {', '.join(map(repr, TIES))}; got {ties!r}."
            )
        self.scorers = scorers
        self.truth = truth
        self.n = n_nodes
        self.ks = np.asarray(ks, np.int64)
        self.ties = kernels.TIES[ties]
        self.harmonic = kernels.harmonic_numbers(n_nodes)
        self.discount = kernels.discounts(n_nodes)
        self.ranker = _device_ranker(device, scorers)
        self._local = threading.local()

    def _buffers(self) -> Any:
        local = self._local
        if not hasattr(local, "queue"):
            local.classes = np.empty((block_rows(self.n), self.n), np.uint8)
            local.queue = np.empty(self.n, np.int64)
        return local

    def block(self, rows: IntArray, edge_ranks: bool) -> tuple[Any, ...]:
        """Metrics (n_scores, n_rows, n_truths, n_metrics), sizes and edge ranks."""
        local = self._buffers()
        classes = local.classes[: len(rows)]
        self.truth.fill(rows, classes, local.queue)
        n_lists = len(self.truth.names)
        n_metrics = kernels.N_FIXED + len(kernels.METRICS_AT_K) * len(self.ks)
        out = np.empty((len(self.scorers), len(rows), n_lists, n_metrics))
        relevant = np.empty((len(rows), n_lists), np.int64)
        candidates = np.empty_like(relevant)
        ranks = []
        for s, scorer in enumerate(self.scorers):
            goal = out[s], relevant, candidates
            if self.ranker is not None:
                scores = self.ranker.rank(
                    s, rows, classes, *self._lists(), *goal, keep=edge_ranks
                )
            else:
                scores = as_float32(scorer.block(rows))
                kernels.rank_metrics(scores, classes, *self._lists(), *goal)
            if edge_ranks:
                ranks.append(_edges_of(scores, classes))
        return out, relevant, candidates, ranks

    def _lists(self) -> tuple[Any, ...]:
        """Return what the kernel must know of the lists, and its tables."""
        truth = self.truth
        return (
            truth.n_classes, truth.relevant, truth.removed, self.ks, self.ties,
            self.harmonic, self.discount,
        )  # fmt: skip


def _device_ranker(device: str, scorers: Sequence[PairScorer]) -> Any:
    """Make what ranks on a torch device; None for numba on the CPU."""
    if on_processor(device):
        return None
    from graphrep.evaluation._device_ranking import DeviceRanker

    return DeviceRanker(device, scorers)


def as_float32(scores: FloatArray) -> FloatArray:
    """Scores that rank the same in float32: those of float64 become dense ranks."""
    if scores.dtype == np.float32:
        return scores
    out = np.empty(scores.shape, np.float32)
    for row, goal in zip(scores, out, strict=True):
        distinct, codes = np.unique(row, return_inverse=True)
        if len(distinct) > _MOST_RANKED:
            raise GraphValueError(
                f"{len(distinct):,} different scores in float64 cannot be ranked; "
                "return them as float32."
            )
        goal[:] = codes
    return out


def _edges_of(scores: FloatArray, classes: AnyArray) -> tuple[AnyArray, ...]:
    """Rank of each member of class 1 of each row among those of higher classes."""
    queries, columns = np.nonzero(classes == 1)
    above, tied = np.empty(len(queries)), np.empty(len(queries))
    others = np.empty(len(queries), np.int64)
    keys = np.empty(scores.shape[1], np.float32)
    ends = np.searchsorted(queries, np.arange(len(scores) + 1))
    for row in range(len(scores)):
        part = slice(ends[row], ends[row + 1])
        if part.start < part.stop:
            others[part] = kernels.edge_ranks(
                scores[row], classes[row], columns[part], keys, above[part], tied[part]
            )
    return queries, columns, above, tied, others


def _joined(blocks: list[Any], starts: range, n_scores: int) -> EdgeRanks:
    """Put the edge ranks of all blocks together."""

    def joined(s: int, part: int) -> AnyArray:
        return np.concatenate([block[s][part] for block in blocks])

    query = np.concatenate(
        [b[0][0] + start for b, start in zip(blocks, starts, strict=True)]
    )
    return EdgeRanks(
        query, joined(0, 1),
        np.stack([joined(s, 2) for s in range(n_scores)]),
        np.stack([joined(s, 3) for s in range(n_scores)]),
        joined(0, 4),
    )  # fmt: skip

"""MetaBlocker: blocks of keys or tokens, cleaned, their pairs weighed and pruned."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.blocking._blocker import COMMON, RawPairs
from graphrep.blocking._blocks import BlockPairs, Blocks
from graphrep.blocking._fit_once import FitOnce
from graphrep.blocking._key_blocker import KEYS
from graphrep.blocking._keys import as_passes, build_blocks
from graphrep.blocking._records import Records
from graphrep.typing import AnyArray, FloatArray, IntArray

WEIGHTINGS = ("CBS", "ECBS", "JS", "ARCS")
PRUNINGS = ("WEP", "CEP", "WNP", "CNP", "reciprocal-WNP", "reciprocal-CNP")


class MetaBlocker(FitOnce):
    """Pairs of records that share blocks, but only those that share enough.

    Parameters
    ----------
    keys : str, callable, tuple or list of these, default="tokens"
        What records of a block share, see `KeyBlocker`.
    q : int, default=6
        Length of the runs of characters of "qgrams".
    weighting : {"JS", "CBS", "ECBS", "ARCS"}, default="JS"
        Weight of a pair. CBS: the blocks that both are in. ECBS: CBS times
        ln(blocks / blocks of the record) of either. JS: the Jaccard similarity of their
        sets of blocks. ARCS: the sum of 1 / pairs of the block over the shared ones.
    pruning : {"WEP", "CEP", "WNP", "CNP", "reciprocal-WNP", "reciprocal-CNP"} or \
None, default="CNP"
        Which pairs stay. WEP: those of at least the mean weight. CEP: the heaviest
        K pairs, K half the sum of the sizes of the blocks. WNP: those of at least the
        mean weight of the pairs of one of the two records. CNP: those among the k
        heaviest of one of the two, k the sum of the sizes over the records, less one.
        The reciprocal forms ask it of both records. None keeps all.
    purge : bool, default=True
        Whether the largest blocks are left out at first (comparison-based block
        purging, smoothing 1.025).
    filter_ratio : float, default=0.8
        Each record stays in this share of its blocks, the smallest ones (block
        filtering); 1 filters nothing.
    max_pairs : int, default=50_000_000
        Bound on the pairs before pruning.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    n_pairs_ : int
        Most different pairs before pruning, from the sizes of the blocks of the fitted
        tables alone.
    n_blocks_, n_kept_blocks_ : int
        Blocks before and after purging and filtering.

    Raises
    ------
    MemoryLimitError
        If the blocks may give more than ``max_pairs``, before any pair is made.

    Notes
    -----
    Meta-blocking as in [1]_ with the node-centred schemes of [2]_, in which a pair that
    both records ask for is kept once. What is pruned is then cut to the ``budget``, by
    weight; use ``budget=None`` for the sets of the papers. In one table both ends of a
    pair are records of it, in two tables the mean of a record is over its pairs with
    the other table.

    O(comparisons + pairs log pairs) time, 60 bytes for each pair before pruning.

    References
    ----------
    .. [1] G. Papadakis et al., "Meta-blocking: taking entity resolution to the next
       level", IEEE TKDE 26(8), 2014.
    .. [2] G. Papadakis et al., "Scaling entity resolution to large, heterogeneous data
       with enhanced meta-blocking", EDBT 2016.

    Examples
    --------
    >>> from graphrep.blocking import MetaBlocker
    >>> A = {"name": ["red fox inn", "grey owl inn"]}
    >>> B = {"name": ["the red fox", "owl inn", "blue inn"]}
    >>> blocker = MetaBlocker(pruning="reciprocal-WNP", weighting="CBS", purge=False)
    >>> found = blocker.fit_candidate_pairs(A, B)
    >>> found.to_frame().values.tolist()
    [[0.0, 0.0, 2.0], [1.0, 1.0, 2.0]]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        **KEYS,
        "weighting": [StrOptions(set(WEIGHTINGS))],
        "pruning": [StrOptions(set(PRUNINGS)), None],
        "purge": ["boolean"],
        "filter_ratio": [Interval(Real, 0, 1, closed="right")],
        **THREADS,
        **COMMON,
    }

    def __init__(
        self,
        keys: Any = "tokens",
        *,
        q: int = 6,
        weighting: str = "JS",
        pruning: str | None = "CNP",
        purge: bool = True,
        filter_ratio: float = 0.8,
        max_pairs: int = 50_000_000,
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        exclude_identical: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.keys = keys
        self.q = q
        self.weighting = weighting
        self.pruning = pruning
        self.purge = purge
        self.filter_ratio = filter_ratio
        self.max_pairs = max_pairs
        self.budget = budget
        self.per_record = per_record
        self.min_per_record = min_per_record
        self.columns = columns
        self.include = include
        self.exclude = exclude
        self.exclude_identical = exclude_identical
        self.n_jobs = n_jobs

    def _fit(self, A: Records, B: Records, matches: Any, one_table: bool) -> None:
        as_passes(self.keys)
        before, blocks = self._kept(self._cleaned, A, B, one_table)
        self.n_blocks_, self.n_kept_blocks_ = before, len(blocks)
        self.n_pairs_ = blocks.n_pairs

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        _, blocks = self._kept(self._cleaned, A, B, one_table)
        blocks.check_pairs(
            self.max_pairs,
            "Lower filter_ratio, use more selective keys, or raise max_pairs.",
        )
        found = blocks.pairs(1.0 / blocks.cardinalities, self.n_jobs)
        weights = weigh(found, blocks, self.weighting)
        if self.pruning is not None:
            kept = prune(found, weights, blocks, self.pruning)
            return RawPairs(found.left[kept], found.right[kept], weights[kept])
        return RawPairs(found.left, found.right, weights)

    def _cleaned(self, A: Records, B: Records, one_table: bool) -> tuple[int, Blocks]:
        """Count the blocks, and clean them."""
        blocks = build_blocks(self.keys, A, B, one_table, self.q, self.n_jobs)
        before = len(blocks)
        if self.purge:
            blocks = blocks.purge()
        if self.filter_ratio < 1:
            blocks = blocks.filter(self.filter_ratio)
        return before, blocks


def weigh(found: BlockPairs, blocks: Blocks, weighting: str) -> FloatArray:
    """Weight of each pair: float64."""
    if weighting == "ARCS":
        return found.totals
    common = found.counts.astype(np.float64)
    if weighting == "CBS":
        return common
    of_left = np.diff(blocks.left.indptr)[found.left]
    of_right = np.diff(blocks.right.indptr)[found.right]
    if weighting == "JS":
        jaccard: FloatArray = common / (of_left + of_right - common)
        return jaccard
    rare: FloatArray = np.log(len(blocks) / of_left) * np.log(len(blocks) / of_right)
    return common * rare


def prune(
    found: BlockPairs, weights: FloatArray, blocks: Blocks, pruning: str
) -> AnyArray:
    """Mask of the pairs that a scheme keeps."""
    if not len(weights):
        return np.zeros(0, bool)
    entries = int(blocks.sizes.sum())
    if pruning == "WEP":
        return weights >= _exact_mean(weights)
    if pruning == "CEP":
        kept = np.zeros(len(weights), bool)
        kept[np.lexsort((found.right, found.left, -weights))[: entries // 2]] = True
        return kept
    left, right, n = _ends(found, blocks)
    if pruning.endswith("WNP"):
        total = np.bincount(left, weights, n) + np.bincount(right, weights, n)
        degree = np.bincount(left, minlength=n) + np.bincount(right, minlength=n)
        means = total / np.maximum(degree, 1) * (1.0 - 1e-12)  # sums are rounded
        asked = weights >= means[left], weights >= means[right]
    else:
        records = blocks.left.shape[0]
        records += 0 if blocks.one_table else blocks.right.shape[0]
        k = max(1, entries // records - 1)
        asked = _among_heaviest(left, right, weights, k)
    either: AnyArray = asked[0] | asked[1]
    return asked[0] & asked[1] if pruning.startswith("reciprocal") else either


def _exact_mean(weights: FloatArray) -> float:
    """Mean, a rounding error lower, so that equal weights all reach it."""
    return float(weights.mean()) * (1.0 - 1e-12)


def _ends(found: BlockPairs, blocks: Blocks) -> tuple[IntArray, IntArray, int]:
    """Give the records at both ends of pairs, numbered through both tables."""
    n = blocks.left.shape[0]
    if blocks.one_table:
        return found.left, found.right, n
    return found.left, found.right.astype(np.int64) + n, n + blocks.right.shape[0]


def _among_heaviest(
    left: IntArray, right: IntArray, weights: FloatArray, k: int
) -> tuple[AnyArray, AnyArray]:
    """Whether a pair is among the k heaviest of its left, and of its right record."""
    m = len(weights)
    owners = np.concatenate([left, right])
    others = np.concatenate([right, left])
    order = np.lexsort((others, -np.concatenate([weights, weights]), owners))
    sizes = np.bincount(owners)
    starts = np.cumsum(sizes) - sizes
    rank = np.empty(2 * m, np.int64)
    rank[order] = np.arange(2 * m) - starts[owners[order]]
    return rank[:m] < k, rank[m:] < k

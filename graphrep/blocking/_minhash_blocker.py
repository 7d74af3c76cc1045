"""MinHashBlocker: records whose sets of n-grams have an estimated Jaccard in common."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._random import draw_seed
from graphrep._utils._sklearn_compat import THREADS, Interval, StrOptions
from graphrep.blocking._blocker import COMMON, RawPairs
from graphrep.blocking._blocks import Blocks, spans_of
from graphrep.blocking._fit_once import FitOnce
from graphrep.blocking._records import Records
from graphrep.exceptions import GraphValueError
from graphrep.kernels import _minhash
from graphrep.retrieval import TextFeatures
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _minhash  # kernels carry no annotations
_SPAN = 1 << 16  # members of sets that one thread takes at a time
_PAIRS = 1 << 18  # pairs that one thread scores at a time
_GRID = 1000  # points at which the chance to meet is summed


class _Hashed(NamedTuple):
    """Signatures of both tables and their buckets."""

    left: AnyArray
    right: AnyArray
    buckets: Blocks
    n_split: int


class MinHashBlocker(FitOnce):
    """Pairs of records whose MinHash signatures agree in at least one band.

    Parameters
    ----------
    n : int, default=3
        Length of the runs of characters that a record is a set of.
    n_hashes : int, default=128
        Values of a signature. The standard error of an estimated Jaccard similarity s
        is sqrt(s (1 - s) / n_hashes).
    threshold : float, default=0.3
        Jaccard similarity from which pairs should be found. It chooses the bands;
        found pairs that seem less similar are not dropped but score less.
    bands, rows : int or None, default=None
        Bands of a signature and values in each, in place of ``threshold``. A pair with
        similarity s is found with probability ``1 - (1 - s ** rows) ** bands``.
    analyzer : {"char", "word"}, default="char"
        Whether a record is the set of its runs of characters or of its words.
    max_bucket : int or None, default=1000
        Buckets with more records (of both tables together) are split into buckets of
        this size, records that agree in the next band staying together. None bounds
        nothing.
    max_pairs : int, default=50_000_000
        Bound on the pairs that are listed, before rules and budget.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the hash functions.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    bands_, rows_ : int
        The bands that are used.
    n_pairs_ : int
        Most different pairs that the buckets of the fitted tables give, from their
        sizes alone.
    n_split_ : int
        Buckets that were split for their size.
    seed_ : int
        Seed that was drawn.

    Raises
    ------
    MemoryLimitError
        If the buckets may give more than ``max_pairs``, before any pair is made.
    GraphValueError
        If only one of ``bands`` and ``rows`` is given, or they need more hashes than
        there are.

    Notes
    -----
    Signatures [1]_ take the least of ``n_hashes`` full 64-bit hashes of the members and
    keep 32 bits of it. The bands for a threshold t are those that make the sum of two
    areas least: of the chance to meet below t and of that to miss above it [2]_. Scores
    are the share of equal values. Records without text get no pairs.

    O(n_hashes) time for each different n-gram of each record; 4 bytes for each value of
    a signature.

    References
    ----------
    .. [1] A. Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
    .. [2] E. Zhu et al., "LSH Ensemble: Internet-scale domain search", PVLDB 9(12),
       2016.

    Examples
    --------
    >>> from graphrep.blocking import MinHashBlocker
    >>> A = {"name": ["grand hotel vienna", "pizza place"]}
    >>> B = {"name": ["the pizza place", "grand hotel wien", "town hall"]}
    >>> MinHashBlocker().fit_candidate_pairs(A, B).to_scipy().nonzero()[1].tolist()
    [1, 0]
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "n": [Interval(Integral, 1, None, closed="left")],
        "n_hashes": [Interval(Integral, 1, 1 << 16, closed="both")],
        "threshold": [Interval(Real, 0, 1, closed="both")],
        "bands": [Interval(Integral, 1, None, closed="left"), None],
        "rows": [Interval(Integral, 1, None, closed="left"), None],
        "analyzer": [StrOptions({"char", "word"})],
        "max_bucket": [Interval(Integral, 2, None, closed="left"), None],
        "max_pairs": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
        **THREADS,
        **COMMON,
    }

    def __init__(
        self,
        n: int = 3,
        *,
        n_hashes: int = 128,
        threshold: float = 0.3,
        bands: int | None = None,
        rows: int | None = None,
        analyzer: str = "char",
        max_bucket: int | None = 1000,
        max_pairs: int = 50_000_000,
        budget: int | float | None = 5.0,
        per_record: int | None = None,
        min_per_record: int = 0,
        columns: list[str] | None = None,
        include: Callable[[Records, Records], Any] | None = None,
        exclude: Callable[[Records, Records], Any] | None = None,
        exclude_identical: bool = False,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n = n
        self.n_hashes = n_hashes
        self.threshold = threshold
        self.bands = bands
        self.rows = rows
        self.analyzer = analyzer
        self.max_bucket = max_bucket
        self.max_pairs = max_pairs
        self.budget = budget
        self.per_record = per_record
        self.min_per_record = min_per_record
        self.columns = columns
        self.include = include
        self.exclude = exclude
        self.exclude_identical = exclude_identical
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit(self, A: Records, B: Records, matches: Any, one_table: bool) -> None:
        self.bands_, self.rows_ = self._banding()
        self.seed_ = draw_seed(self.random_state)
        hashed = self._kept(self._hash, A, B, one_table)
        self.n_pairs_, self.n_split_ = hashed.buckets.n_pairs, hashed.n_split

    def _pairs(self, A: Records, B: Records, one_table: bool) -> RawPairs:
        hashed = self._kept(self._hash, A, B, one_table)
        hashed.buckets.check_pairs(
            self.max_pairs, "Raise the threshold, lower max_bucket, or raise max_pairs."
        )
        found = hashed.buckets.pairs(np.ones(len(hashed.buckets)), self.n_jobs)
        scores = np.empty(len(found.left), np.float32)

        def work(start: int) -> None:
            part = slice(start, start + _PAIRS)
            rows = found.left[part], found.right[part]
            kernels.agreement(hashed.left, hashed.right, *rows, scores[part])

        with ThreadPoolExecutor(resolve_n_jobs(self.n_jobs)) as pool:
            for _ in pool.map(work, range(0, len(scores), _PAIRS)):
                pass
        return RawPairs(found.left, found.right, scores)

    def _banding(self) -> tuple[int, int]:
        if self.bands is None and self.rows is None:
            return choose_bands(self.n_hashes, float(self.threshold))
        if self.bands is None or self.rows is None:
            raise GraphValueError(
                "bands and rows go together; got "
                f"bands={self.bands!r} and rows={self.rows!r}."
            )
        if self.bands * self.rows > self.n_hashes:
            raise GraphValueError(
                f"{self.bands:,} bands of {self.rows:,} rows need "
                f"{self.bands * self.rows:,} hashes; got n_hashes={self.n_hashes:,}."
            )
        return int(self.bands), int(self.rows)

    def _hash(self, A: Records, B: Records, one_table: bool) -> _Hashed:
        left, filled = self._signatures(A)
        right, more = (left, filled) if one_table else self._signatures(B)
        tables = [(left, filled)] if one_table else [(left, filled), (right, more)]
        keys = np.concatenate([self._keys(s[f]) for s, f in tables])
        codes, n_split = bucket_codes(keys, self.max_bucket)
        n_codes = int(codes.max(initial=-1)) + 1
        parts, at = [], 0
        for table, full in tables:
            size = int(full.sum())
            ends = np.concatenate([[0], np.cumsum(full)]) * self.bands_
            own = codes[at : at + size].ravel()
            entries = np.ones(len(own), np.float32)
            parts.append(
                sparse.csr_array((entries, own, ends), shape=(len(table), n_codes))
            )
            at += size
        buckets = Blocks(parts[0], parts[-1], one_table, str)
        return _Hashed(left, right, buckets, n_split)

    def _signatures(self, records: Records) -> tuple[AnyArray, AnyArray]:
        """Signatures, and which records have one."""
        features = TextFeatures(self.analyzer, self.n, n_jobs=self.n_jobs)
        sizes, hashes, _ = features._count(records.texts())
        ends = np.cumsum(sizes)
        rng = np.random.default_rng(self.seed_)
        seeds = rng.integers(0, 1 << 64, self.n_hashes, np.uint64, endpoint=False)
        out = np.zeros((len(sizes), self.n_hashes), np.uint32)

        def work(span: tuple[int, int]) -> None:
            kernels.signatures(*span, ends, hashes, seeds, out)

        with ThreadPoolExecutor(resolve_n_jobs(self.n_jobs)) as pool:
            for _ in pool.map(work, spans_of(ends, _SPAN)):
                pass
        return out, sizes > 0

    def _keys(self, signatures: AnyArray) -> AnyArray:
        out = np.empty((len(signatures), self.bands_), np.uint64)
        kernels.band_keys(signatures, self.bands_, self.rows_, out)
        return out


def bucket_codes(keys: AnyArray, max_bucket: int | None) -> tuple[IntArray, int]:
    """Give the buckets of keys of shape (n_records, bands) numbers.

    Returns
    -------
    codes : ndarray of int64 of the shape of the keys
        Number of the bucket; a bucket too large has several.
    n_split : int
        Buckets that were too large.
    """
    _, codes = np.unique(keys.ravel(), return_inverse=True)
    codes = codes.ravel()
    sizes = np.bincount(codes)
    if max_bucket is None or sizes.max(initial=0) <= max_bucket:
        return codes.reshape(keys.shape), 0
    following = np.roll(keys, -1, axis=1).ravel()
    shuffled = np.random.default_rng(0).permutation(len(keys))  # mixes both tables
    order = np.lexsort((np.repeat(shuffled, keys.shape[1]), following, codes))
    starts = np.cumsum(sizes) - sizes
    rank = np.empty(len(codes), np.int64)
    rank[order] = np.arange(len(codes)) - np.repeat(starts, sizes)
    parts = rank // max_bucket
    _, split = np.unique(codes * (parts.max() + 1) + parts, return_inverse=True)
    return split.reshape(keys.shape), int((sizes > max_bucket).sum())


@cache
def choose_bands(n_hashes: int, threshold: float) -> tuple[int, int]:
    """Bands and rows whose chance to meet rises most sharply at the threshold.

    They make least the area under ``1 - (1 - s ** rows) ** bands`` below the threshold
    plus the area above that curve beyond it; O(n_hashes log n_hashes) curves.
    """
    s: FloatArray = (np.arange(_GRID) + 0.5) / _GRID
    below = s < threshold
    best = (np.inf, 1, 1)
    for rows in range(1, n_hashes + 1):
        bands = np.arange(1, n_hashes // rows + 1)
        missed = (1.0 - s**rows)[None, :] ** bands[:, None]
        areas = np.where(below, 1.0 - missed, missed).sum(axis=1) / _GRID
        at = int(np.argmin(areas))
        best = min(best, (float(areas[at]), int(bands[at]), rows))
    return best[1], best[2]

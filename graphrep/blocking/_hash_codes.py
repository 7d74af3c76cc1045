"""HashIndex: near vectors by hash codes, sign or p-stable, with multi-probe."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._memory import available_memory, human_bytes
from graphrep._utils._numbers import positive_int
from graphrep._utils._parallel import resolve_n_jobs
from graphrep._utils._random import draw_seed
from graphrep._utils._warn import warn_user
from graphrep.blocking._hash_plan import (
    Hasher,
    HashPlan,
    NearPairs,
    make_plan,
    odd_numbers,
)
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.kernels import _lsh_codes
from graphrep.retrieval import ExactIndex
from graphrep.typing import AnyArray, FloatArray, IntArray

if TYPE_CHECKING:
    from typing import Self

kernels: Any = _lsh_codes  # kernels carry no annotations
_ROWS = 512  # vectors that are projected at a time, whatever the number of threads
_SAMPLE = 200  # vectors whose neighbours are looked up to see what near means
_FAR = 500  # random pairs that say what far means
_RANK = 10  # the neighbour that is near


class HashIndex:
    """Vectors that can be asked for near ones without looking at all of them.

    Parameters
    ----------
    base : array-like of shape (n_base, n_components)
        Vectors of any float type; not copied.
    metric : {"cosine", "euclidean"}, default="cosine"
        How found vectors are scored, exactly, as `ExactIndex` does. With "cosine" a
        zero vector is near to nothing.
    codes : {"sign", "p-stable"} or None, default=None
        Hash functions: the side of a random hyperplane [1]_, for cosines only, or the
        cell of a projection on a random line [2]_; with "cosine" of the vectors scaled
        to length 1. None takes "sign" for cosine and "p-stable" for euclidean.
    n_functions, n_tables : int or None, default=None
        Functions in a code (k) and tables (L). None measures: see Notes.
    n_probes : int, default=32
        Buckets of a table that a query looks at: its own, then those that are likeliest
        to hold near vectors [3]_.
    width : float or None, default=None
        Width of the cells of "p-stable"; None for 4 times the median near distance.
    recall : float, default=0.95
        Share of near pairs that the choice of k and L aims at.
    near : tuple of two array-like of shape (n_pairs, n_components) or None
        Vectors of pairs that must be found, such as known matches. None takes sampled
        vectors with their 10th nearest in the base.
    max_tables : int, default=64
        Most tables that may be chosen.
    max_candidates : int, default=10_000
        Most vectors that are scored for one query; tables that would add more are cut.
    random_state : int, RandomState, Generator or None, default=0
        Seed of the functions.
    n_jobs : int or None, default=None
        Threads; the result does not depend on it.

    Attributes
    ----------
    plan : HashPlan
        k, L, and what was measured: P1, P2 and the chance to meet in a table.
    n_scored : int
        Pairs that the last query scored.

    Raises
    ------
    GraphValueError
        For NaN or infinite vectors, an empty base, sign codes of euclidean distances.
    MemoryLimitError
        If the tables need more memory than there is.

    Warns
    -----
    GraphWarning
        If ``max_tables`` tables are too few for the recall.

    Notes
    -----
    The choice of k and L takes the near pairs and 500 random pairs, projects them on
    trial functions, and counts in how many trial tables one of a pair is found from the
    other with ``n_probes`` probes, for several k. L is the least number of tables whose
    mean chance over the near pairs reaches ``recall``; of all k that is taken whose
    hashing, probing and scoring would cost least for a base of this size.

    14 to 20 bytes for each vector in each table. A query costs
    O(k L n_components + L n_probes log n_base + candidates n_components).

    References
    ----------
    .. [1] M. Charikar, "Similarity estimation techniques from rounding algorithms",
       STOC 2002.
    .. [2] M. Datar et al., "Locality-sensitive hashing scheme based on p-stable
       distributions", SoCG 2004.
    .. [3] Q. Lv et al., "Multi-probe LSH: efficient indexing for high-dimensional
       similarity search", VLDB 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from graphrep.blocking import HashIndex
    >>> X = np.random.default_rng(0).normal(size=(500, 16))
    >>> index = HashIndex(X, n_functions=6, n_tables=12)
    >>> rows, scores = index.query(X[:3] + 0.01, k=1)
    >>> rows.ravel().tolist()
    [0, 1, 2]
    """

    plan: HashPlan

    def __init__(
        self,
        base: Any,
        metric: str = "cosine",
        *,
        codes: str | None = None,
        n_functions: int | None = None,
        n_tables: int | None = None,
        n_probes: int = 32,
        width: float | None = None,
        recall: float = 0.95,
        near: tuple[Any, Any] | None = None,
        max_tables: int = 64,
        max_candidates: int = 10_000,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.codes = _codes_for(metric, codes)
        self._exact = ExactIndex(base, metric)
        self.base, self.metric = self._exact.base, metric
        self.n_probes = positive_int(n_probes, "n_probes")
        self.max_candidates = positive_int(max_candidates, "max_candidates")
        if not 0 < recall < 1:
            raise GraphValueError(f"recall must be between 0 and 1; got {recall!r}.")
        if width is not None and not width > 0:
            raise GraphValueError(f"width must be positive; got {width!r}.")
        self._seed = draw_seed(random_state)
        self._n_jobs = n_jobs
        given = n_functions is not None and n_tables is not None
        pairs = None
        lacks = self.codes == "p-stable" and width is None
        if not given or lacks or near is not None:
            pairs = self._pairs_to_learn_from(near)
            width = pairs.width if width is None else width
        self._hasher = Hasher(self.codes, metric == "cosine", float(width or 1.0))
        self.plan = make_plan(
            self._hasher, pairs, n_functions, n_tables, n_base=len(self.base),
            n_probes=self.n_probes, recall=recall, seed=self._seed,
            max_tables=positive_int(max_tables, "max_tables"),
        )  # fmt: skip
        if self.plan.recall < recall and n_tables is None:
            warn_user(
                f"{self.plan.n_tables} tables find {self.plan.recall:.3f} of the near "
                f"pairs, less than recall={recall}. Raise max_tables or n_probes, or "
                "search exactly."
            )
        self.n_scored = 0
        self._build()

    def __len__(self) -> int:
        return len(self.base)

    def __repr__(self) -> str:
        n, d = self.base.shape
        return (
            f"HashIndex(n={n:,}, n_components={d}, codes={self.codes!r}, "
            f"n_functions={self.plan.n_functions}, n_tables={self.plan.n_tables})"
        )

    def query(
        self, queries: Any, k: int = 10, *, exclude: Any = None,
        n_jobs: int | None = None,
    ) -> tuple[IntArray, FloatArray]:  # fmt: skip
        """Find the nearest of those rows that share a bucket with each query.

        Parameters
        ----------
        queries : array-like of shape (n_queries, n_components)
            Vectors to look up.
        k : int, default=10
            Number of rows; cut to those that there are.
        exclude : array-like of int of shape (n_queries,) or None, default=None
            For each query one row of the base to leave out; -1 for none.
        n_jobs : int or None, default=None
            Threads; None for those of the index.

        Returns
        -------
        rows : ndarray of int64 of shape (n_queries, k)
            Best first, ties by the lower row; -1 where no more were found.
        scores : ndarray of float32 of shape (n_queries, k)
            Exact cosines, or distances; 0, or infinity, where the row is -1.
        """
        vectors = ExactIndex(queries, self.metric).base if len(queries) else None
        if vectors is not None and vectors.shape[1] != self.base.shape[1]:
            raise GraphValueError(
                f"queries have {vectors.shape[1]} components but base has "
                f"{self.base.shape[1]}."
            )
        k = min(positive_int(k, "k"), len(self.base))
        n = len(queries)
        rows = np.full((n, k), -1, np.int64)
        scores = np.full((n, k), -np.inf, np.float32)
        left_out = np.full(n, -1, np.int64)
        if exclude is not None:
            left_out[:] = exclude
        counts = np.zeros(n, np.int64)
        if vectors is not None:
            self._search(vectors, left_out, rows, scores, counts, n_jobs)
        self.n_scored = int(counts.sum())
        if self.metric == "euclidean":
            return rows, -scores
        scores[rows < 0] = 0.0
        return rows, scores

    # -- keeping -----------------------------------------------------------------
    @classmethod
    def from_arrays(cls, base: Any, arrays: Mapping[str, AnyArray]) -> Self:
        """Take an index together again of what `to_arrays` gave and its vectors.

        Arrays may be memory-mapped. They are trusted.
        """
        signs, cosine, shift, n_probes, most = arrays["numbers"].tolist()
        index = cls.__new__(cls)
        index.codes = "sign" if signs else "p-stable"
        index.metric = "cosine" if cosine else "euclidean"
        index.base, index.n_probes, index.max_candidates = base, n_probes, most
        index._n_jobs, index.n_scored = None, 0
        index._hasher = Hasher(index.codes, bool(cosine), 1.0)
        index.plan = HashPlan(
            *(int(n) for n in arrays["plan"][:2]), *arrays["plan"][2:].tolist()
        )
        index._shift = np.uint64(shift)
        index._lines = arrays["directions"], arrays["offsets"]
        index._multipliers, index._keys = arrays["multipliers"], arrays["keys"]
        index._rows, index._starts = arrays["rows"], arrays["starts"]
        index._base_norms = arrays["base_norms"]
        return index

    def to_arrays(self) -> dict[str, AnyArray]:
        """Everything but the vectors as arrays, for a file."""
        numbers = (
            self.codes == "sign", self.metric == "cosine", int(self._shift),
            self.n_probes, self.max_candidates,
        )  # fmt: skip
        directions, offsets = self._lines
        return {
            "numbers": np.array(numbers, np.int64), "plan": np.array(self.plan, "f8"),
            "directions": directions, "offsets": offsets,
            "multipliers": self._multipliers, "keys": self._keys, "rows": self._rows,
            "starts": self._starts, "base_norms": self._base_norms,
        }  # fmt: skip

    # -- parts -------------------------------------------------------------------
    def _search(
        self, vectors: FloatArray, left_out: IntArray, rows: IntArray,
        scores: FloatArray, counts: IntArray, n_jobs: int | None,
    ) -> None:  # fmt: skip
        local = threading.local()
        norms = self._norms(vectors)
        signs, euclidean = self.codes == "sign", self.metric == "euclidean"

        def work(start: int) -> None:
            if not hasattr(local, "seen"):
                local.seen = np.full(len(self.base), -1, np.int64)
            block = self._hasher.project(vectors[start : start + _ROWS], *self._lines)
            kernels.hash_top_k(
                start, block, self._multipliers, signs, self.n_probes, self._keys,
                self._rows, self._starts, self._shift, vectors, self.base, norms,
                self._base_norms, euclidean, left_out, self.max_candidates,
                local.seen, rows, scores, counts,
            )  # fmt: skip

        threads = resolve_n_jobs(self._n_jobs if n_jobs is None else n_jobs)
        with single_blas_thread(), ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(work, range(0, len(vectors), _ROWS)):
                pass

    def _build(self) -> None:
        """Hash the base into the tables."""
        n, (k, tables) = len(self.base), self.plan[:2]
        need, free = 24 * n * tables, available_memory()
        if free is not None and need > free:
            raise MemoryLimitError(
                f"{tables} tables of {n:,} vectors need {human_bytes(need)} but "
                f"{human_bytes(free)} are free. Use fewer tables."
            )
        rng = np.random.default_rng(self._seed)
        self._lines = self._hasher.draw(rng, self.base.shape[1], tables, k)
        self._multipliers = odd_numbers(rng, (tables, k))
        keys = np.empty((n, tables), np.uint64)
        signs = self.codes == "sign"

        def work(start: int) -> None:
            part = slice(start, start + _ROWS)
            block = self._hasher.project(self.base[part], *self._lines)
            kernels.code_keys(block, self._multipliers, signs, keys[part])

        with (
            single_blas_thread(),
            ThreadPoolExecutor(resolve_n_jobs(self._n_jobs)) as pool,
        ):
            for _ in pool.map(work, range(0, n, _ROWS)):
                pass
            self._rows = np.empty((tables, n), np.int32)
            self._keys = np.empty((tables, n), np.uint64)
            bits = max(1, n.bit_length() - 1)
            self._shift = np.uint64(64 - bits)
            self._starts = np.empty((tables, (1 << bits) + 1), np.int32)
            for _ in pool.map(lambda t: self._sort(keys[:, t], t), range(tables)):
                pass
        self._base_norms = self._norms(self.base)

    def _sort(self, keys: Any, table: int) -> None:
        order = np.argsort(keys, kind="stable")
        self._rows[table], self._keys[table] = order, keys[order]
        kernels.leading_starts(self._keys[table], self._shift, self._starts[table])

    def _norms(self, vectors: FloatArray) -> FloatArray:
        if self.metric == "euclidean":
            return np.ones(len(vectors))
        squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
        norms: FloatArray = np.sqrt(squares)
        return norms

    def _pairs_to_learn_from(self, near: tuple[Any, Any] | None) -> NearPairs:
        rng = np.random.default_rng([self._seed, 1])
        n = len(self.base)
        far = rng.integers(0, n, (2, _FAR))
        far = far[:, far[0] != far[1]]
        if near is not None:
            x, y = (ExactIndex(part, self.metric).base for part in near)
            if x.shape != y.shape or x.shape[1] != self.base.shape[1]:
                raise GraphValueError(
                    "near must be two arrays with a row for each pair, of "
                    f"{self.base.shape[1]} components; got {x.shape} and {y.shape}."
                )
        else:
            own = np.sort(rng.choice(n, min(n, _SAMPLE), replace=False))
            rows, _ = self._exact.query(
                self.base[own], min(_RANK, n), exclude=own if n > 1 else None
            )
            x, y = self.base[own], self.base[rows[:, -1]]
        return NearPairs.of(
            x, y, self.base[far[0]], self.base[far[1]], self.metric == "cosine"
        )


def _codes_for(metric: str, codes: str | None) -> str:
    """Kind of the codes; impossible ones are refused."""
    if metric not in ("cosine", "euclidean"):
        raise GraphValueError(
            f"metric must be 'cosine' or 'euclidean'; got {metric!r}."
        )
    if codes not in (None, "sign", "p-stable"):
        raise GraphValueError(f"codes must be 'sign' or 'p-stable'; got {codes!r}.")
    if codes == "sign" and metric == "euclidean":
        raise GraphValueError(
            "Sign codes say nothing about euclidean distances; use codes='p-stable'."
        )
    return codes or ("sign" if metric == "cosine" else "p-stable")

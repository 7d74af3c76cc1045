"""Exact nearest neighbours, in blocks that fit a fixed amount of memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._numbers import positive_int
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import _topk
from graphrep.typing import FloatArray, IntArray

kernels: Any = _topk  # kernels carry no annotations


class ExactIndex:
    """Vectors that can be asked for the nearest of them, with their norms kept.

    Parameters
    ----------
    base : array-like of shape (n_base, n_components)
        Vectors of any float type; may be memory-mapped, and is not copied.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        Cosine and dot product score higher the nearer; euclidean is the distance.
        A zero vector has cosine 0 with everything.

    Raises
    ------
    GraphValueError
        For NaN or infinite values, an empty base or an unknown metric.

    Notes
    -----
    A query costs O(n_base * n_components); each thread works in about 100 MB however
    many vectors there are. Results do not depend on the number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> index = ExactIndex(np.eye(3))
    >>> indices, scores = index.query(np.array([[2.0, 1.0, 0.0]]), k=2)
    >>> indices.tolist(), scores.round(3)
    ([[0, 1]], array([[0.894, 0.447]], dtype=float32))
    """

    def __init__(self, base: Any, metric: str = "cosine") -> None:
        if metric not in kernels.METRICS:
            raise GraphValueError(
                f"metric must be one of {', '.join(map(repr, kernels.METRICS))}; "
                f"got {metric!r}."
            )
        self.base = _as_vectors(base, "base")
        self.metric = metric
        if 0 in self.base.shape:
            raise GraphValueError(
                f"base must hold at least one vector; got shape {self.base.shape}."
            )
        self._scaling = kernels.scaling(self.base, kernels.METRICS[metric])

    def __len__(self) -> int:
        return len(self.base)

    def __repr__(self) -> str:
        n, d = self.base.shape
        return f"ExactIndex(n={n:,}, n_components={d}, metric={self.metric!r})"

    def query(
        self,
        queries: Any,
        k: int = 10,
        *,
        exclude: Any = None,
        n_jobs: int | None = None,
    ) -> tuple[IntArray, FloatArray]:
        """Find the k nearest rows of the base for each query.

        Parameters
        ----------
        queries : array-like of shape (n_queries, n_components)
            Vectors to look up.
        k : int, default=10
            Number of neighbours; cut to those that there are.
        exclude : array-like of int of shape (n_queries,) or None, default=None
            For each query one row of the base to leave out, such as itself; -1
            leaves out none.
        n_jobs : int or None, default=None
            Number of threads; the result does not depend on it.

        Returns
        -------
        indices : ndarray of int64 of shape (n_queries, k)
            Rows of the base, nearest first; ties by the lower row.
        scores : ndarray of float32 of shape (n_queries, k)
            Scores, or distances for euclidean.

        Raises
        ------
        GraphValueError
            For queries of another width, NaN or infinite values, ``k < 1``, rows
            outside the base, and scores beyond float32.
        """
        vectors = _as_vectors(queries, "queries")
        if vectors.shape[1] != self.base.shape[1]:
            raise GraphValueError(
                f"queries have {vectors.shape[1]} components but base has "
                f"{self.base.shape[1]}."
            )
        k = positive_int(k, "k")
        left_out = _as_rows(exclude, len(vectors), len(self.base))
        most = len(self.base) - bool((left_out >= 0).any())
        return self._search(vectors, min(int(k), most), left_out, n_jobs)

    def _search(
        self, vectors: FloatArray, k: int, left_out: IntArray, n_jobs: int | None
    ) -> tuple[IntArray, FloatArray]:
        indices = np.empty((len(vectors), k), np.int64)
        scores = np.empty((len(vectors), k), np.float32)
        size = kernels.block_size(k, *self.base.shape)

        def work(start: int) -> None:
            part = slice(start, start + size)
            indices[part], scores[part] = kernels.search(
                vectors[part], self.base, self._scaling, k, left_out[part]
            )

        starts = range(0, len(vectors) if k else 0, size)
        with (
            single_blas_thread(),
            ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool,
        ):
            for _ in pool.map(work, starts):
                pass
        if not np.isfinite(scores).all():
            raise GraphValueError(
                "Some scores are too large for float32. Scale the vectors down."
            )
        return indices, scores


def top_k(
    queries: Any,
    base: Any,
    k: int = 10,
    metric: str = "cosine",
    *,
    exclude: Any = None,
    n_jobs: int | None = None,
) -> tuple[IntArray, FloatArray]:
    """Find the k nearest rows of ``base`` for each row of ``queries``, exactly.

    Parameters
    ----------
    queries : array-like of shape (n_queries, n_components)
        Vectors to look up.
    base : array-like of shape (n_base, n_components)
        Vectors to look among; may be memory-mapped.
    k : int, default=10
        Number of neighbours; cut to those that there are.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        See `ExactIndex`.
    exclude : array-like of int of shape (n_queries,) or None, default=None
        For each query one row of ``base`` to leave out; -1 leaves out none.
    n_jobs : int or None, default=None
        Number of threads; the result does not depend on it.

    Returns
    -------
    indices : ndarray of int64 of shape (n_queries, k)
        Rows of ``base``, nearest first; ties by the lower row.
    scores : ndarray of float32 of shape (n_queries, k)
        Scores, or distances for euclidean.

    Examples
    --------
    >>> import numpy as np
    >>> top_k(np.array([[0.0, 1.0]]), np.eye(2), k=1)[0].tolist()
    [[1]]
    """
    index = ExactIndex(base, metric)
    return index.query(queries, k, exclude=exclude, n_jobs=n_jobs)


def _as_vectors(values: Any, name: str) -> FloatArray:
    array = np.asarray(values)
    if array.ndim != 2:
        raise GraphValueError(
            f"{name} must be a matrix with one vector a row; got shape {array.shape}."
        )
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f":
        raise GraphTypeError(f"{name} must be real numbers; got dtype {array.dtype}.")
    row = kernels.first_bad_row(array)
    if row >= 0:
        raise GraphValueError(f"{name} hold a NaN or infinite value in row {row}.")
    return array


def _as_rows(exclude: Any, n_queries: int, n_base: int) -> IntArray:
    if exclude is None:
        return np.full(n_queries, -1, np.int64)
    rows = np.asarray(exclude)
    if rows.shape != (n_queries,) or rows.dtype.kind not in "iu":
        raise GraphValueError(
            f"exclude must be {n_queries} integers, one a query; got an array of "
            f"shape {rows.shape} and dtype {rows.dtype}."
        )
    rows = rows.astype(np.int64)
    if len(rows) and (rows.min() < -1 or rows.max() >= n_base):
        at = int(np.flatnonzero((rows < -1) | (rows >= n_base))[0])
        raise GraphValueError(
            f"exclude[{at}] = {rows[at]} is no row of a base of {n_base:,} vectors."
        )
    return rows

"""Exact nearest neighbours, in blocks that fit a fixed amount of memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from graphrep._utils._blas import single_blas_thread
from graphrep._utils._devices import device_memory, on_processor, torch_device
from graphrep._utils._numbers import positive_int
from graphrep._utils._parallel import resolve_n_jobs
from graphrep.kernels import _topk, _topk_bfloat, _topk_extended
from graphrep.retrieval._arguments import (
    as_base,
    as_metric,
    as_queries,
    as_rows,
    read_bias,
    read_groups,
    settled,
)
from graphrep.retrieval._storage import stored
from graphrep.typing import FloatArray, IntArray

kernels: Any = _topk  # kernels carry no annotations
extended: Any = _topk_extended
bfloat: Any = _topk_bfloat


_NO_ROOM = partial(device_memory, "ExactIndex", "Use device='cpu'.")


class ExactIndex:
    """Vectors that can be asked for the nearest of them, with their norms kept.

    Parameters
    ----------
    base : array-like of shape (n_base, n_components)
        Vectors of any float type; may be memory-mapped, and is not copied.
    metric : {"cosine", "dot", "euclidean"}, default="cosine"
        Cosine and dot product score higher the nearer; euclidean is the distance.
        A zero vector has cosine 0 with everything.
    storage : {"float32", "float16", "int8"} or None, default=None
        None searches the base as it is, without a copy. Otherwise a copy is kept in
        this type: float16 and int8 in a half and a quarter of the memory of float32,
        each row with a unit of its own. The search is exact for what is kept.
    device : str, default="cpu"
        Where the base is scanned: "cpu" (and "auto") runs numba; "cuda", "cuda:1" or
        "torch:cpu" run torch. The result is the same to the last bit.

    Attributes
    ----------
    device : str
        Where the base is scanned.

    Raises
    ------
    GraphValueError
        For NaN or infinite values, an empty base or an unknown metric or storage.
    DeviceError
        If there is no such device, or no torch.

    Notes
    -----
    A query costs O(n_base * n_components); each thread works in about 100 MB however
    many vectors there are. Results do not depend on the number of threads. A device
    keeps the base, as float32, where it takes no more than half of its free memory,
    and else gets it in tiles for each block of 4,096 queries; the few rows that a scan
    keeps are scored again here, in float64.

    Examples
    --------
    >>> import numpy as np
    >>> index = ExactIndex(np.eye(3))
    >>> indices, scores = index.query(np.array([[2.0, 1.0, 0.0]]), k=2)
    >>> indices.tolist(), scores.round(3)
    ([[0, 1]], array([[0.894, 0.447]], dtype=float32))
    """

    base: Any

    def __init__(
        self, base: Any, metric: str = "cosine", *, storage: str | None = None,
        device: str = "cpu",
    ) -> None:  # fmt: skip
        self.metric = as_metric(metric)
        vectors = as_base(base)
        self.base = vectors if storage is None else stored(vectors, storage, metric)
        self._scaling = kernels.scaling(self.base, kernels.METRICS[metric])
        self.device, self._scanner = device, self._scanner_for(device)
        self._first_scan = bfloat.FirstScan()

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
        groups: Any = None,
        bias: Any = None,
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
        groups : array-like of int of shape (n_base,) or None, default=None
            Group of each row, from 0 on, such as the concept that a name belongs to:
            the k nearest groups are found instead of the k nearest rows, each by its
            nearest row. Rows of group -1 are never found.
        bias : array-like of float of shape (n_base,) or None, default=None
            What is added to the score of each row, such as
            ``-corrector.strength_ * corrector.bias_`` of a `HubnessCorrector`. Not
            for euclidean.
        n_jobs : int or None, default=None
            Number of threads; the result does not depend on it.

        Returns
        -------
        indices : ndarray of int64 of shape (n_queries, k)
            Rows of the base, nearest first; ties by the lower row. -1 where there are
            fewer groups than k.
        scores : ndarray of float32 of shape (n_queries, k)
            Scores, or distances for euclidean; 0, or infinity, where the row is -1.

        Raises
        ------
        GraphValueError
            For queries of another width, NaN or infinite values, ``k < 1``, rows
            outside the base, and scores beyond float32.
        MemoryLimitError
            If the device has too little memory.
        """
        n = len(self.base)
        vectors = as_queries(queries, self.base.shape[1])
        k = positive_int(k, "k")
        left_out = as_rows(exclude, len(vectors), n)
        group_of, n_groups = read_groups(groups, n)
        added = read_bias(bias, n, self.metric)
        most = n - bool((left_out >= 0).any())
        if group_of is None and not len(added):
            return self._search(vectors, min(k, most), left_out, n_jobs)
        if group_of is not None:
            most = n_groups
        empty = np.zeros(0, np.int32)
        more = (empty if group_of is None else group_of, n_groups, added)
        return self._search(vectors, min(k, most), left_out, n_jobs, more)

    def _scanner_for(self, device: str) -> Any:
        if on_processor(device):
            return None
        _, place = torch_device(device, why="ExactIndex")
        from graphrep.kernels.torch._topk import Scanner

        with _NO_ROOM():
            return Scanner(self.base, self._scaling, kernels.scaled_rows, place)

    def _search(
        self, vectors: FloatArray, k: int, left_out: IntArray, n_jobs: int | None,
        more: tuple[Any, ...] = (),
    ) -> tuple[IntArray, FloatArray]:  # fmt: skip
        indices = np.empty((len(vectors), k), np.int64)
        scores = np.empty((len(vectors), k), np.float32)
        scanner = self._scanner
        size = kernels.block_size(k, *self.base.shape)
        if scanner is not None:
            size = scanner.block_size(k)

        quick = bfloat.AVAILABLE and scanner is None and not more

        def work(start: int) -> None:
            part = slice(start, start + size)
            search = extended.search if more else kernels.search
            given = (vectors[part], self.base, self._scaling, k, left_out[part], *more)
            if quick:
                found = bfloat.search(*given, self._first_scan)
            else:
                found = search(*given, scanner=scanner)
            indices[part], scores[part] = found

        starts = range(0, len(vectors) if k else 0, size)
        with (
            _NO_ROOM(),
            single_blas_thread(),
            ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool,
        ):
            for _ in pool.map(work, starts):
                pass
        return settled(indices, scores, len(self.base), self.metric)


def top_k(
    queries: Any,
    base: Any,
    k: int = 10,
    metric: str = "cosine",
    *,
    exclude: Any = None,
    n_jobs: int | None = None,
    device: str = "cpu",
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
    device : str, default="cpu"
        Where the base is scanned; see `ExactIndex`.

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
    index = ExactIndex(base, metric, device=device)
    return index.query(queries, k, exclude=exclude, n_jobs=n_jobs)

"""Making of a `ClusterIndex`: centroids by k-means, and vectors put side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from graphrep._utils._parallel import resolve_n_jobs
from graphrep.kernels import _cluster_layout, _cluster_scan, _panel_tiles, _topk
from graphrep.retrieval._storage import Storage
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _cluster_scan  # kernels carry no annotations
layouts: Any = _cluster_layout
tiles: Any = _panel_tiles
plain: Any = _topk
_BLOCK = 4096  # rows that one thread takes at a time
_PER_CENTROID = 32  # vectors that k-means learns from, for each centroid
_ROUNDS = 8
_LEAST = 64  # vectors of a cluster, on average


@dataclass
class View:
    """What decides on clusters: vectors moved and scaled to length 1 at most.

    Attributes
    ----------
    metric : str
    centre : ndarray of float64 of shape (n_components,)
        What is subtracted: the mean for distances, and 0 otherwise.
    factor : float
        What vectors are multiplied by; 0 scales each to length 1.
    """

    metric: str
    centre: FloatArray
    factor: float

    @classmethod
    def of(cls, base: AnyArray, metric: str) -> View:
        """Look at all vectors once, twice for distances."""
        if metric == "cosine":
            return cls(metric, np.zeros(base.shape[1]), 0.0)
        scale = plain.scaling(base, plain.METRICS[metric])
        centre = np.zeros(base.shape[1]) if scale.centre is None else scale.centre
        return cls(metric, centre, float(scale.factor[0]) or 1.0)

    @property
    def euclidean(self) -> bool:
        """Whether distances are asked for, which need another scale to be scored."""
        return self.metric == "euclidean"

    def rows(self, vectors: AnyArray) -> FloatArray:
        """Vectors of the base, as the clusters see them."""
        rows = np.asarray(vectors, np.float64) - self.centre
        factor: Any = self.factor or plain._inverse(plain.norms(rows))[:, None]
        return np.asarray(rows * factor, np.float32)

    def queries(self, vectors: AnyArray) -> FloatArray:
        """Scale queries as the clusters see them."""
        scale = plain.Scaling(
            plain.METRICS[self.metric], np.array([self.factor]),
            self.centre if self.euclidean else None, None,
        )  # fmt: skip
        return np.asarray(plain._scaled_queries(vectors, scale), np.float32)

    def shift(self, centroids: FloatArray, *, probing: bool) -> FloatArray:
        """Give what is subtracted from products with the centroids.

        Vectors go to the nearest centroid; queries go where products are largest,
        unless nearness is asked for.
        """
        if self.metric == "cosine" or (probing and self.metric == "dot"):
            return np.zeros(len(centroids), np.float32)
        squares = np.square(centroids, dtype=np.float64).sum(axis=1)
        return np.asarray(squares / 2, np.float32)


def default_clusters(n: int) -> int:
    """4 times the square root of n, but for clusters of less than 64 vectors."""
    return max(1, min(int(4 * np.sqrt(n)), n // _LEAST))


def learn_centroids(
    base: AnyArray, view: View, n_clusters: int, seed: int, n_jobs: int | None
) -> tuple[FloatArray, IntArray]:
    """Find centroids by k-means on a sample.

    Returns
    -------
    centroids : ndarray of float32 of shape (n_clusters, n_components)
    sample : ndarray of int64
        Rows that were learnt from.
    """
    rng = np.random.default_rng(seed)
    n = len(base)
    size = min(n, _PER_CENTROID * n_clusters)
    sample = np.sort(rng.permutation(n)[:size])
    rows = np.empty((size, base.shape[1]), np.float32)
    with ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool:

        def fill(start: int) -> None:
            part = slice(start, start + _BLOCK)
            rows[part] = view.rows(base[sample[part]])

        _each(pool, fill, size, _BLOCK)
        first = np.sort(rng.permutation(size)[:n_clusters])
        centroids = rows[first]
        label: IntArray = np.full(size, -1, np.int32)
        for _ in range(_ROUNDS):
            before = label
            label, score = nearest(
                lambda s: rows[s], size, centroids,
                view.shift(centroids, probing=False), pool,
            )  # fmt: skip
            if np.array_equal(label, before):
                break
            centroids = _means(rows, label, score, centroids, view, pool)
    return centroids, sample


def nearest(
    rows: Callable[[slice], FloatArray], n: int, centroids: FloatArray,
    shift: FloatArray, pool: ThreadPoolExecutor,
) -> tuple[IntArray, FloatArray]:  # fmt: skip
    """Nearest centroid of each of n vectors, and how near it is."""
    label, score = np.empty(n, np.int32), np.empty(n, np.float32)
    panels = layouts.panels_of(centroids)
    padded = layouts.padded(shift, len(panels) * tiles.PANEL, np.inf)

    def work(start: int) -> None:
        part = slice(start, min(start + _BLOCK, n))
        kernels.nearest_centroid(rows(part), panels, padded, label[part], score[part])

    _each(pool, work, n, _BLOCK)
    return label, score


def _means(
    rows: FloatArray, label: IntArray, score: FloatArray, old: FloatArray,
    view: View, pool: ThreadPoolExecutor,
) -> FloatArray:  # fmt: skip
    """Mean of each cluster; one without members takes a vector that lies far off."""
    n_clusters = len(old)
    order, starts = layouts.members(label, n_clusters)
    sums = np.empty((n_clusters, rows.shape[1]))
    spans = [*range(0, n_clusters, 64), n_clusters]

    def work(span: tuple[int, int]) -> None:
        kernels.sum_members(rows, order, starts, *span, sums)

    for _ in pool.map(work, pairwise(spans)):
        pass
    sizes = np.diff(starts)
    centroids = sums / np.maximum(sizes, 1)[:, None]
    if view.metric == "cosine":
        lengths = plain.norms(centroids)
        centroids *= plain._inverse(lengths)[:, None]
        centroids[lengths == 0] = old[lengths == 0]
    empty = np.flatnonzero(sizes == 0)
    if len(empty):
        reach = score
        if view.metric != "cosine":  # product less half a square, so without its own
            reach = score - np.square(rows).sum(axis=1) / 2
        far = np.argsort(reach, kind="stable")[: len(empty)]
        centroids[empty[: len(far)]] = rows[far]
    return np.asarray(centroids, np.float32)


def put_in_panels(
    base: AnyArray, view: View, storage: Storage, centroids: FloatArray,
    n_jobs: int | None,
) -> dict[str, AnyArray]:  # fmt: skip
    """Assign all vectors and store them, cluster by cluster."""
    n = len(base)
    with ThreadPoolExecutor(resolve_n_jobs(n_jobs)) as pool:
        label, _ = nearest(
            lambda part: view.rows(base[part]), n, centroids,
            view.shift(centroids, probing=False), pool,
        )  # fmt: skip
        used, label = np.unique(label, return_inverse=True)
        centroids = centroids[used]
        starts, rows, slots = layouts.layout(label, len(used))
        bits = np.uint16 if storage.kind == "float16" else storage.dtype
        panels = tiles.empty_panels(int(starts[-1]), base.shape[1], bits)
        unit = np.ones(len(rows))
        length = np.zeros(len(rows))

        def work(start: int) -> None:
            part = slice(start, start + _BLOCK)
            stored, units = storage.encode(np.asarray(base[part], np.float64))
            unit[slots[part]] = units
            length[slots[part]] = plain.norms(stored.astype(np.float64))
            tiles.pack(stored.view(bits), slots[part], panels)

        _each(pool, work, n, _BLOCK)
    common, factor = _factors(view.metric, storage, unit, length)
    factor[rows < 0] = np.nan
    return {
        "panels": panels, "starts": starts, "rows": rows, "slots": slots,
        "factor": factor.astype(np.float32), "unit": unit,
        "stored_centre": storage.centre, "centroids": centroids,
        "centre": view.centre, "scales": np.array([view.factor, common]),
    }  # fmt: skip


def _factors(
    metric: str, storage: Storage, unit: FloatArray, length: FloatArray
) -> tuple[float, FloatArray]:
    """Give a number for queries, and what each product is multiplied by.

    Cosines need length 1; dot products the longest vector of that length, the number
    is what makes it so; distances are taken in a common unit, the number, and are the
    higher the worse.
    """
    if metric == "cosine":
        return 1.0, np.asarray(plain._inverse(length))
    if metric == "dot":
        inverse = plain._inverse(float((length * unit).max())) or 1.0
        return inverse, unit * inverse
    return storage.common, np.full(len(unit), -1.0)


def _each(
    pool: ThreadPoolExecutor, work: Callable[[int], None], n: int, size: int
) -> None:
    for _ in pool.map(work, range(0, n, size)):
        pass

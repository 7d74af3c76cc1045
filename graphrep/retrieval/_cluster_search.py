"""Search of a `ClusterIndex`: clusters of each query, a scan of them, exact scores."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep._utils._parallel import resolve_n_jobs
from graphrep.kernels import (
    _best_heap,
    _cluster_layout,
    _cluster_scan,
    _panel_tiles,
    _topk,
    _topk_extended,
)
from graphrep.retrieval._cluster_build import View
from graphrep.typing import AnyArray, FloatArray, IntArray

kernels: Any = _cluster_scan  # kernels carry no annotations
heaps: Any = _best_heap
layouts: Any = _cluster_layout
plain: Any = _topk
extended: Any = _topk_extended
PANEL: int = _panel_tiles.PANEL
_QUERIES = 4096  # of a block, at most
_PAIRS = 1 << 22  # of a query and a cluster, in a block
_EPSILON = 2.0**-24
_LEAST_SQUARE = 1e-40
_FAR = 1e15


@dataclass(frozen=True)
class Question:
    """What is asked for, but for the queries.

    Attributes
    ----------
    k, n_probes : int
        Rows or groups wanted, clusters to look at.
    groups : ndarray of int32
        Group of each row, or empty.
    n_groups : int
        Groups that there may be.
    bias : ndarray of float64
        What is added for each row, or empty.
    """

    k: int
    n_probes: int
    groups: AnyArray
    n_groups: int
    bias: FloatArray


class ClusterSearch:
    """Arrays of an index, ready to be searched."""

    def __init__(self, arrays: Mapping[str, AnyArray], metric: str) -> None:
        factor, self.scale = (float(value) for value in arrays["scales"])
        self.view = View(metric, arrays["centre"], factor)
        unit = arrays["unit"]
        widths = arrays["factor"]  # looked at for distances of int8 only
        if self.view.euclidean and arrays["panels"].dtype == np.int8:
            widths = (unit / self.scale).astype(np.float32)
        self.stored = kernels.Panels(
            plain.METRICS[metric], arrays["panels"], arrays["starts"], arrays["rows"],
            arrays["slots"], arrays["factor"], widths, unit, arrays["stored_centre"],
        )  # fmt: skip
        centroids = arrays["centroids"]
        self.n_clusters = len(centroids)
        self._panels = layouts.panels_of(centroids)
        n_slots = len(self._panels) * PANEL
        self._there = layouts.padded(np.ones(self.n_clusters), n_slots, np.nan)
        shift = self.view.shift(centroids, probing=True)
        self._lift = np.zeros(0, np.float32)
        if shift.any():
            self._lift = layouts.padded(-shift, n_slots, 0.0)
        self.sizes = self._per_cluster(np.asarray(arrays["rows"]) >= 0, np.int64)
        self._reach = np.cumsum(np.sort(self.sizes))

    def probes_for(self, n_probes: int, k: int) -> int:
        """Clusters to look at, so that there are k rows and one to leave out."""
        least = int(np.searchsorted(self._reach, k + 1)) + 1
        return min(self.n_clusters, max(n_probes, least))

    def run(
        self, vectors: FloatArray, left_out: IntArray, asked: Question,
        n_jobs: int | None,
    ) -> tuple[IntArray, FloatArray]:  # fmt: skip
        """Find rows and scores; the row behind the last where there are too few."""
        n, threads = len(vectors), resolve_n_jobs(n_jobs)
        rows, scores = np.empty((n, asked.k), np.int64), np.empty((n, asked.k), "f4")
        size = min(max(1, -(-n // threads)), _QUERIES, max(1, _PAIRS // asked.n_probes))
        slot_bias, cluster_bias = self._spread(asked.bias)

        def work(start: int) -> None:
            part = slice(start, start + size)
            rows[part], scores[part] = self._block(
                vectors[part], left_out[part], asked, slot_bias, cluster_bias
            )

        if n <= size and n and asked.k:
            work(0)
        elif asked.k:
            with ThreadPoolExecutor(threads) as pool:
                for _ in pool.map(work, range(0, n, size)):
                    pass
        return rows, scores

    def clusters_of(
        self, block: FloatArray, n_probes: int, gain: FloatArray, bias: FloatArray
    ) -> IntArray:
        """Find the clusters nearest to each query as `View` scales it, in no order."""
        n = len(block)
        if n_probes >= self.n_clusters:
            every = np.arange(self.n_clusters)
            return np.broadcast_to(every, (n, self.n_clusters)).copy()
        best, index, owner = heaps.empty(n, n_probes, self.n_clusters)
        lift = self._lift_of(bias)
        kernels.nearest_clusters(
            block, self._panels, self._there, gain, lift, best, index, owner
        )
        return np.asarray(index)

    def ranks_of(
        self, vectors: FloatArray, rows: IntArray, bias: FloatArray
    ) -> IntArray:
        """Tell how many clusters come before that of each row, for its query.

        Rows of -1 have none.
        """
        every = self.n_clusters
        panel = np.asarray(self.stored.slots)[np.maximum(rows, 0)] // PANEL
        cluster = np.searchsorted(self.stored.starts, panel, "right") - 1
        block = self.view.queries(vectors)
        lift = self._lift_of(self._spread(bias)[1])
        gain, _ = self._gains(vectors, bias)
        out = []
        for q in range(len(rows)):
            best, index, owner = heaps.empty(1, every, every)
            kernels.nearest_clusters(
                block[q : q + 1], self._panels, self._there, gain[q : q + 1], lift,
                best, index, owner,
            )  # fmt: skip
            place = np.empty(every, np.int64)
            place[index[0, np.lexsort((index[0], -best[0]))]] = np.arange(every)
            out.append(place[cluster[q, rows[q] >= 0]])
        return np.concatenate(out) if out else np.zeros(0, np.int64)

    # -- private -----------------------------------------------------------------
    def _block(
        self, vectors: FloatArray, left_out: IntArray, asked: Question,
        slot_bias: FloatArray, cluster_bias: FloatArray,
    ) -> tuple[IntArray, FloatArray]:  # fmt: skip
        gain, slack = self._gains(vectors, asked.bias)
        block = self._scaled(vectors, slack)
        coarse = self.view.queries(vectors) if self.view.euclidean else block
        probes = self.clusters_of(coarse, asked.n_probes, gain, cluster_bias)
        limit = asked.n_groups if len(asked.groups) else len(self.stored.slots)
        kept = extended.kept_for(asked.k, limit)
        queries = np.ascontiguousarray(vectors, np.float64)
        nothing = np.zeros((0, block.shape[1]))
        heap, unsure = self._scan(
            block, gain, nothing, np.zeros(0, np.float32), probes, slot_bias, asked,
            left_out, slack, kept,
        )  # fmt: skip
        best, index = heap
        value = np.empty(index.shape, np.float32)
        least = heaps.least_of(best, asked.k, slack)
        kernels.score_found(
            queries, self.stored, asked.bias, self._in_places(best, index), index,
            best, least, value,
        )  # fmt: skip
        value, index, order = heaps.in_order(value, index, asked.k)
        floor = heaps.thresholds(best, order, slack)
        unsure |= (best[:, 0] >= floor) & (kept < limit)
        zero = ~block.any(axis=1) & (not self.view.euclidean)
        if not len(asked.bias):
            unsure &= ~zero  # all scores are 0
        part = np.flatnonzero(unsure)
        if len(part):
            (again, found), _ = self._scan(
                block[part], gain[part], queries[part], floor[part], probes[part],
                slot_bias, asked, left_out[part], slack[part], asked.k,
            )  # fmt: skip
            value[part], index[part], _ = heaps.in_order(again, found, asked.k)
        if zero.any() and asked.n_probes < self.n_clusters:
            self._answer_zeros(
                np.flatnonzero(zero), vectors, left_out, asked, slot_bias,
                cluster_bias, index, value,
            )  # fmt: skip
        if self.view.euclidean:
            value = -value
        return index, value + np.float32(0)  # no negative zero

    def _lift_of(self, bias: FloatArray) -> FloatArray:
        """Give what is added to products with centroids; distances allow no bias."""
        if not len(bias):
            return self._lift
        return np.asarray(layouts.padded(bias, len(self._there), 0.0))

    def _gains(
        self, vectors: FloatArray, bias: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        factor = np.array([self.scale])
        gain, slack = extended.gains(vectors, factor, self.stored.metric, bias)
        return gain, slack

    def _in_places(self, best: FloatArray, index: IntArray) -> IntArray:
        """Order queries by the place of their best row."""
        first = index[np.arange(len(index)), best.argmax(axis=1)]
        n_base = len(self.stored.slots)
        places = np.asarray(self.stored.slots)[np.minimum(first, n_base - 1)]
        return np.argsort(places, kind="stable")

    def _answer_zeros(
        self, zero: IntArray, vectors: FloatArray, left_out: IntArray, asked: Question,
        slot_bias: FloatArray, cluster_bias: FloatArray, index: IntArray,
        value: FloatArray,
    ) -> None:  # fmt: skip
        """Answer queries that no cluster is nearest to: from all of them."""
        if not len(asked.groups) and not len(asked.bias):
            mask = np.zeros(len(index), bool)
            mask[zero] = True
            plain._first_rows(mask, left_out, value, index)
            return
        every = Question(
            asked.k, self.n_clusters, asked.groups, asked.n_groups, asked.bias
        )
        index[zero], value[zero] = self._block(
            vectors[zero], left_out[zero], every, slot_bias, cluster_bias
        )

    def _scan(
        self, block: FloatArray, gain: FloatArray, exact: FloatArray,
        floor: FloatArray, probes: IntArray, slot_bias: FloatArray, asked: Question,
        left_out: IntArray, slack: FloatArray, size: int,
    ) -> tuple[tuple[FloatArray, IntArray], AnyArray]:  # fmt: skip
        starts = np.zeros(self.n_clusters + 1, np.int64)
        lists = np.empty(probes.size, np.int32)
        kernels.lists_of(probes, self.n_clusters, starts, lists)
        best, index, owner = heaps.empty(len(block), size, len(self.stored.slots))
        unsure = np.zeros(len(block), bool)
        kernels.scan(
            block, gain, exact, floor, lists, starts, self.stored, slot_bias,
            asked.bias, asked.groups, left_out, slack, best, index, owner, unsure,
        )  # fmt: skip
        return (best, index), unsure

    def _scaled(self, vectors: FloatArray, slack: FloatArray) -> FloatArray:
        """Bring queries to the scale of what is stored; add up what is rounded off."""
        dim = vectors.shape[1]
        if not self.view.euclidean:
            slack[:, 0] += 4 * (dim + 8) * _EPSILON
            return self.view.queries(vectors)
        moved = (np.asarray(vectors, np.float64) - self.stored.centre) / self.scale
        block = np.clip(moved, -_FAR, _FAR).astype(np.float32)
        away = 4 * _EPSILON * plain.norms(block)
        slack[:, 0] += 5 * away**2 + _LEAST_SQUARE
        slack[:, 1] = 5 * away
        slack[:, 2] = 5 * (dim + 8) * _EPSILON
        slack[np.abs(moved).max(axis=1, initial=0.0) >= _FAR, 0] = np.inf
        return np.asarray(block)

    def _spread(self, bias: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Bias of each slot, and its mean in each cluster."""
        if not len(bias):
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        slots = np.zeros(len(self.stored.rows), np.float32)
        slots[self.stored.slots] = bias
        total = self._per_cluster(slots, np.float64)
        return slots, (total / self.sizes).astype(np.float32)

    def _per_cluster(self, values: AnyArray, dtype: Any) -> AnyArray:
        starts = np.asarray(self.stored.starts[:-1]) * PANEL
        return np.asarray(np.add.reduceat(values, starts, dtype=dtype))

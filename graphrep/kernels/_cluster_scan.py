"""Search among vectors that lie in panels, cluster by cluster.

Queries are sorted by the clusters that they look at, so that a panel is read once for
all queries of a block that want it. Scores are float32 chains of fixed order; the few
best are scored again in float64 as `_topk.score_pairs` does, to the same bits. Where
rounding may have hidden a row the clusters are scanned again and whatever may count is
scored in float64.

A slot is a place in a panel: ``rows`` (int32 or int64) tells the row of the base in
it, ``factor`` (float32) what its products are multiplied by, NaN where there is none.
"""

from typing import NamedTuple

import numpy as np

from graphrep.kernels._best_heap import push, push_group
from graphrep.kernels._jit import njit
from graphrep.kernels._panel_tiles import (
    PANEL,
    TALLEST,
    gaps,
    products,
    stored_value,
)
from graphrep.kernels._topk import COSINE, EUCLIDEAN


class Panels(NamedTuple):
    """Stored vectors and what goes with them."""

    metric: int
    panels: np.ndarray  # (n_panels, d, PANEL) of float32, uint16 or int8
    starts: np.ndarray  # int64 (n_clusters + 1,): first panel of each cluster
    rows: np.ndarray  # (n_slots,)
    slots: np.ndarray  # (n_base,): slot of each row
    factor: np.ndarray  # float32 (n_slots,)
    widths: np.ndarray  # float32 (n_slots,): of a step of int8, for distances
    unit: np.ndarray  # float64 (n_slots,): what stored numbers are multiplied by
    centre: np.ndarray  # float64 (d,): what is added to them then


@njit(nogil=True)
def lists_of(probes, n_clusters, starts, lists):
    """Turn the clusters of each query into the queries of each cluster."""
    starts[:] = 0
    for q in range(probes.shape[0]):
        for j in range(probes.shape[1]):
            starts[probes[q, j] + 1] += 1
    for c in range(n_clusters):
        starts[c + 1] += starts[c]
    at = starts[:n_clusters].copy()
    for q in range(probes.shape[0]):
        for j in range(probes.shape[1]):
            c = probes[q, j]
            lists[at[c]] = q
            at[c] += 1


@njit(nogil=True)
def exact_score(query, metric, stored, slot):
    """Score a float64 query with a slot, as `_topk.score_pairs` does."""
    panels = stored.panels
    depth = panels.shape[1]
    first = (slot // PANEL) * depth * PANEL + slot % PANEL
    unit = stored.unit[slot]
    dot = 0.0
    if metric == EUCLIDEAN:
        for c in range(depth):
            y = stored.centre[c] + stored_value(panels, first + c * PANEL) * unit
            dot += (query[c] - y) * (query[c] - y)
        return -np.sqrt(dot)
    if metric != COSINE:
        for c in range(depth):
            dot += query[c] * (stored_value(panels, first + c * PANEL) * unit)
        return dot
    x_top = 0.0
    y_top = 0.0
    for c in range(depth):
        x_top = max(x_top, abs(query[c]))
        y_top = max(y_top, abs(stored_value(panels, first + c * PANEL) * unit))
    xx = 0.0
    yy = 0.0
    if x_top == 0.0 or y_top == 0.0:
        return 0.0
    for c in range(depth):
        x = query[c] / x_top
        y = stored_value(panels, first + c * PANEL) * unit / y_top
        dot += x * y
        xx += x * x
        yy += y * y
    return min(1.0, max(-1.0, dot / (np.sqrt(xx) * np.sqrt(yy))))


@njit(nogil=True)
def score_found(queries, stored, bias, index, out):
    """Score the rows found for each query; minus infinity where there is none."""
    n_base = stored.slots.shape[0]
    for q in range(index.shape[0]):
        for j in range(index.shape[1]):
            row = index[q, j]
            if row == n_base:
                out[q, j] = -np.inf
                continue
            slot = stored.slots[row]
            value = exact_score(queries[q], stored.metric, stored, slot)
            if bias.shape[0]:
                value += bias[row]
            out[q, j] = value


@njit(nogil=True)
def scan(
    block, gain, exact, floor, lists, starts, stored, slot_bias, bias, groups,
    exclude, slack, best, index, owner, unsure,
):  # fmt: skip
    """Push what lies in the clusters of each query into its heap.

    ``block`` float32 (n, d): scaled queries; ``gain`` (n,) is what ``slot_bias``
    (float32, or empty) is multiplied by. With ``exact`` (float64 queries, or empty)
    whatever scores ``floor`` at least is scored in float64, with ``bias`` (float64, a
    row of the base each), and pushed as that.
    """
    depth = block.shape[1]
    few = np.zeros((TALLEST, depth), np.float32)
    tile = np.empty((TALLEST, PANEL), np.float32)
    again, biased = exact.shape[0] > 0, slot_bias.shape[0] > 0
    grouped = groups.shape[0] > 0
    panels, factor, widths = stored.panels, stored.factor, stored.widths
    for c in range(starts.shape[0] - 1):
        at = starts[c]
        while at < starts[c + 1]:
            n = min(TALLEST, starts[c + 1] - at)
            for r in range(n):
                few[r] = block[lists[at + r]]
            for p in range(stored.starts[c], stored.starts[c + 1]):
                if stored.metric == EUCLIDEAN:
                    gaps(few, n, panels, p, widths, tile)
                else:
                    products(few, n, panels, p, widths, tile)
                first = p * PANEL
                for r in range(n):
                    q = lists[at + r]
                    least = floor[q] if again else best[q, 0]
                    hits = 0
                    for lane in range(PANEL):
                        key = tile[r, lane] * factor[first + lane]
                        if biased:
                            key += gain[q] * slot_bias[first + lane]
                        tile[r, lane] = key
                        hits += key >= least
                    if not hits:
                        continue
                    for lane in range(PANEL):
                        key = tile[r, lane]
                        if not key >= least:
                            continue
                        row = np.int64(stored.rows[first + lane])
                        if row == exclude[q]:
                            continue
                        if again:
                            value = exact_score(
                                exact[q], stored.metric, stored, first + lane
                            )
                            if bias.shape[0]:
                                value += bias[row]
                            key = np.float32(value)
                        if not grouped:
                            push(best, index, owner, q, key, row)
                        elif push_group(
                            best, index, owner, q, key, row, groups[row], slack[q]
                        ):
                            unsure[q] = True
            at += n


@njit(nogil=True)
def coarse_scores(block, panels, shift, out):
    """Products of queries (n, d) with centroids in panels, less a shift of each."""
    n, depth = block.shape
    few = np.zeros((TALLEST, depth), np.float32)
    tile = np.empty((TALLEST, PANEL), np.float32)
    n_clusters = out.shape[1]
    for at in range(0, n, TALLEST):
        size = min(TALLEST, n - at)
        few[:size] = block[at : at + size]
        for p in range(panels.shape[0]):
            products(few, size, panels, p, shift, tile)
            first = p * PANEL
            for r in range(size):
                for lane in range(min(PANEL, n_clusters - first)):
                    out[at + r, first + lane] = tile[r, lane] - shift[first + lane]


@njit(nogil=True)
def nearest_centroid(rows, panels, shift, label, score):
    """Centroid of the highest product less shift; of equal ones the lowest.

    ``shift`` (n_slots,) is infinite where there is no centroid.
    """
    n, depth = rows.shape
    few = np.zeros((TALLEST, depth), np.float32)
    tile = np.empty((TALLEST, PANEL), np.float32)
    top = np.empty((TALLEST, PANEL), np.float32)
    where = np.empty((TALLEST, PANEL), np.int32)
    for at in range(0, n, TALLEST):
        size = min(TALLEST, n - at)
        few[:size] = rows[at : at + size]
        top[:] = -np.inf
        where[:] = 0
        for p in range(panels.shape[0]):
            products(few, size, panels, p, shift, tile)
            first = p * PANEL
            for r in range(size):
                for lane in range(PANEL):
                    value = tile[r, lane] - shift[first + lane]
                    better = value > top[r, lane]
                    top[r, lane] = value if better else top[r, lane]
                    where[r, lane] = p if better else where[r, lane]
        for r in range(size):
            best, winner = top[r, 0], where[r, 0] * PANEL
            for lane in range(1, PANEL):
                c = where[r, lane] * PANEL + lane
                if top[r, lane] > best or (top[r, lane] == best and c < winner):
                    best, winner = top[r, lane], c
            label[at + r] = winner
            score[at + r] = best


@njit(nogil=True)
def sum_members(rows, order, starts, first, last, sums):
    """Sum the rows of clusters ``first`` to ``last``, in their order, in float64."""
    for c in range(first, last):
        sums[c] = 0.0
        for i in range(starts[c], starts[c + 1]):
            for k in range(rows.shape[1]):
                sums[c, k] += rows[order[i], k]

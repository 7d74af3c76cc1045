"""Search among vectors that lie in panels, cluster by cluster.

Queries are sorted by the clusters that they look at, so that a panel is read once for
all queries of a block that want it. Scores are float32 chains of fixed order; the few
best are scored again in float64 as `_pair_scores.score_pairs` does, to the same bits.
Where rounding may have hidden a row the clusters are scanned again and whatever may
count is scored in float64.

A slot is a place in a panel: ``rows`` (int32 or int64) tells the row of the base in
it, ``factor`` (float32) what its products are multiplied by, NaN where there is none.
"""

from typing import NamedTuple

import numpy as np

from graphrep.kernels._best_heap import push, push_group
from graphrep.kernels._bits import lowest_bit
from graphrep.kernels._jit import njit
from graphrep.kernels._pair_scores import COSINE, EUCLIDEAN, unit_of
from graphrep.kernels._panel_tiles import (
    PANEL,
    TALLEST,
    gaps,
    keys,
    products,
    stored_value,
)

_ONE = np.uint64(1)
LINE = 8
"""Rows that are scored side by side."""


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
def gather(stored, slots, n, values):
    """Read ``n`` <= LINE slots as float64 columns, (d, LINE)."""
    panels = stored.panels
    depth = panels.shape[1]
    for j in range(n):
        first = (slots[j] // PANEL) * depth * PANEL + slots[j] % PANEL
        unit = stored.unit[slots[j]]
        for c in range(depth):
            values[c, j] = stored_value(panels, first + c * PANEL) * unit


@njit(nogil=True)
def exact_scores(query, stored, slots, n, values, out):
    """Score a float64 query with ``n`` <= LINE slots to the bits of `score_pairs`.

    Each is summed in the same order; ``LINE`` of them go side by side. ``values``
    (d, LINE) is scratch, ``out`` (LINE,) float64.
    """
    gather(stored, slots, n, values)
    metric, depth = stored.metric, values.shape[0]
    out[:] = 0.0
    if metric == EUCLIDEAN:
        for c in range(depth):
            x, centre = query[c], stored.centre[c]
            for j in range(LINE):
                gap = x - (centre + values[c, j])
                out[j] += gap * gap
        for j in range(LINE):
            out[j] = -np.sqrt(out[j])
        return
    if metric != COSINE:
        for c in range(depth):
            for j in range(LINE):
                out[j] += query[c] * values[c, j]
        return
    top = np.zeros(LINE)
    squares = np.zeros(LINE)
    x_top = 0.0
    for c in range(depth):
        x_top = max(x_top, abs(query[c]))
        for j in range(LINE):
            size = abs(values[c, j])
            top[j] = size if size > top[j] else top[j]
    for j in range(LINE):
        top[j] = unit_of(top[j])
    xx, x_unit = 0.0, unit_of(x_top)
    for c in range(depth):
        x = query[c] * x_unit
        xx += x * x
        for j in range(LINE):
            y = values[c, j] * top[j]
            out[j] += x * y
            squares[j] += y * y
    for j in range(LINE):
        if xx > 0.0 and squares[j] > 0.0:
            out[j] /= np.sqrt(xx) * np.sqrt(squares[j])
            out[j] = min(1.0, max(-1.0, out[j]))
        else:
            out[j] = 0.0


@njit(nogil=True)
def score_found(queries, stored, bias, order, index, best, floor, out):
    """Score the rows found for each query; minus infinity where there is none.

    Those whose float32 score ``best`` is below ``floor`` (n,) are none. Queries are
    taken in an ``order``; neighbours in it should have found the same panels.
    """
    n_base = stored.slots.shape[0]
    values = np.zeros((queries.shape[1], LINE))
    slots = np.zeros(LINE, np.int64)
    places = np.zeros(LINE, np.int64)
    scores = np.empty(LINE)
    for q in order:
        n = 0
        for j in range(index.shape[1]):
            out[q, j] = -np.inf
            if index[q, j] < n_base and best[q, j] >= floor[q]:
                slots[n] = stored.slots[index[q, j]]
                places[n] = j
                n += 1
            if n == LINE or (n and j + 1 == index.shape[1]):
                exact_scores(queries[q], stored, slots, n, values, scores)
                for i in range(n):
                    value = scores[i]
                    if bias.shape[0]:
                        value += bias[index[q, places[i]]]
                    out[q, places[i]] = value
                n = 0


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
    values = np.zeros((depth, LINE))
    slots = np.zeros(LINE, np.int64)
    scores = np.empty(LINE)
    again, grouped = exact.shape[0] > 0, groups.shape[0] > 0
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
                    hits = keys(tile, r, factor, first, gain[q], slot_bias, least)
                    while hits:
                        lane = np.int64(lowest_bit(hits))
                        hits &= hits - _ONE
                        key = tile[r, lane]
                        row = np.int64(stored.rows[first + lane])
                        if row == exclude[q]:
                            continue
                        if again:
                            slots[0] = first + lane
                            exact_scores(exact[q], stored, slots, 1, values, scores)
                            value = scores[0]
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
def nearest_clusters(block, panels, there, gain, bias, best, index, owner):
    """Push the clusters into the heap of each query: by product plus gain times bias.

    ``block`` float32 (n, d); ``there`` float32 (n_slots,) is 1, or NaN where there is
    no centroid; ``bias`` likewise, or empty for none.
    """
    n, depth = block.shape
    few = np.zeros((TALLEST, depth), np.float32)
    tile = np.empty((TALLEST, PANEL), np.float32)
    for at in range(0, n, TALLEST):
        size = min(TALLEST, n - at)
        few[:size] = block[at : at + size]
        for p in range(panels.shape[0]):
            products(few, size, panels, p, there, tile)
            first = p * PANEL
            for r in range(size):
                q = at + r
                hits = keys(tile, r, there, first, gain[q], bias, best[q, 0])
                while hits:
                    lane = np.int64(lowest_bit(hits))
                    hits &= hits - _ONE
                    push(best, index, owner, q, tile[r, lane], first + lane)


@njit(nogil=True)
def _raise(products, shift, p, top, where):
    for lane in range(PANEL):
        value = products[lane] - shift[lane]
        better = value > top[lane]
        top[lane] = value if better else top[lane]
        where[lane] = p if better else where[lane]


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
                _raise(tile[r], shift[first : first + PANEL], p, top[r], where[r])
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

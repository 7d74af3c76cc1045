"""Exact nearest neighbours on plain arrays: a scan in tiles, and heaps of the best.

A scan works on float32 products of scaled vectors and keeps somewhat more than the
k best of each query; those few are scored again in float64, one pair after another
in a fixed order, rounded to float32 and sorted, ties by the lower index. Tiles have
fixed shapes, filled up with zeros, so that a score depends on its two vectors alone.
Callers validate, and run the scan with a single BLAS thread.
"""

from typing import NamedTuple

import numpy as np

from graphrep.kernels._jit import njit

COSINE, DOT, EUCLIDEAN = 0, 1, 2
METRICS = {"cosine": COSINE, "dot": DOT, "euclidean": EUCLIDEAN}
_TILE = 1024
_QUERIES = 512
_ROUND = 16  # rows of a block of queries are filled up to a multiple of this
_SLACK = 8
_BUDGET = 1 << 25  # bytes of each of the working arrays of one thread


class Scaling(NamedTuple):
    """What turns a row of the base into a row of a float32 tile."""

    metric: int
    factor: np.ndarray  # float64 (n,): the tile's row is (row - centre) * factor
    centre: np.ndarray | None  # float64 (d,)
    shift: np.ndarray  # float32 (n,): subtracted from the product


@njit(nogil=True)
def push_tile(scores, shift, start, n_rows, exclude, best, index):
    """Push the scores of a tile into the heap of each query.

    ``best`` (float32) and ``index`` (int64) hold a heap a row whose root is the
    worst entry kept: the lowest score and, among equals, the highest index. Tiles
    come in ascending order, so an equal score that comes later never enters.
    """
    size = best.shape[1]
    for q in range(best.shape[0]):
        for r in range(n_rows):
            value = scores[q, r] - shift[start + r]
            if value <= best[q, 0] or start + r == exclude[q]:
                continue
            at = 0
            while True:
                child = 2 * at + 1
                if child >= size:
                    break
                other = child + 1
                if other < size and (
                    best[q, other] < best[q, child]
                    or (
                        best[q, other] == best[q, child]
                        and index[q, other] > index[q, child]
                    )
                ):
                    child = other
                if best[q, child] > value:
                    break
                if best[q, child] == value and index[q, child] < start + r:
                    break
                best[q, at] = best[q, child]
                index[q, at] = index[q, child]
                at = child
            best[q, at] = value
            index[q, at] = start + r


@njit(nogil=True)
def score_pairs(a, b, metric, out):
    """Score the pairs of rows of two float64 matrices, in a fixed order of sums."""
    for p in range(a.shape[0]):
        dot = 0.0
        aa = 0.0
        bb = 0.0
        gap = 0.0
        for c in range(a.shape[1]):
            x = a[p, c]
            y = b[p, c]
            if metric == EUCLIDEAN:
                gap += (x - y) * (x - y)
            else:
                dot += x * y
                aa += x * x
                bb += y * y
        if metric == EUCLIDEAN:
            out[p] = -np.sqrt(gap)
        elif metric == DOT:
            out[p] = dot
        elif aa > 0.0 and bb > 0.0:
            out[p] = min(1.0, max(-1.0, dot / (np.sqrt(aa) * np.sqrt(bb))))
        else:
            out[p] = 0.0


def norms(matrix, centre=None):
    """Euclidean norm of each row in float64, without overflow; a block at a time."""
    n, dim = matrix.shape
    out = np.empty(n, np.float64)
    step = max(1, _BUDGET // (8 * max(dim, 1)))
    for start in range(0, n, step):
        rows = matrix[start : start + step].astype(np.float64)
        if centre is not None:
            rows -= centre
        top = np.abs(rows).max(axis=1, initial=0.0)
        rows /= np.where(top > 0, top, 1.0)[:, None]
        out[start : start + step] = top * np.sqrt((rows * rows).sum(axis=1))
    return out


def scaling(base, metric):
    """Look at every row of the base once (twice for euclidean)."""
    centre = None
    if metric == EUCLIDEAN and len(base):
        # distances do not change, but small numbers lose less in float32
        centre = base.mean(axis=0, dtype=np.float64)
    length = norms(base, centre)
    shift = np.zeros(len(base), np.float32)
    if metric == COSINE:
        factor = _inverse(length)
    else:
        factor = np.full(len(base), _inverse(length.max(initial=0.0)))
        if metric == EUCLIDEAN:
            shift = (0.5 * (length * factor) ** 2).astype(np.float32)
    return Scaling(metric, factor, centre, shift)


def block_size(k, n_base, dim):
    """Return how many queries one call of ``search`` can take within the budget."""
    kept = _kept(k, n_base)
    most = _BUDGET // max(12 * kept, 8 * dim, 4 * _tile_rows(dim))
    return int(max(1, min(_QUERIES, most)))


def search(queries, base, scale, k, exclude):
    """Return (indices, scores) of the k best rows of the base for a block of queries.

    ``exclude`` (int64) names one row of the base a query, -1 for none. An index of
    -1 stands where fewer than k rows are left. Distances come out positive.
    """
    n_queries, (n_base, dim) = len(queries), base.shape
    kept = _kept(k, n_base)
    best = np.full((n_queries, kept), -np.inf, np.float32)
    index = np.full((n_queries, kept), n_base, np.int64)
    block = np.zeros((-(-n_queries // _ROUND) * _ROUND, dim), np.float32)
    block[:n_queries] = _scaled_queries(queries, scale)
    tile = np.zeros((_tile_rows(dim), dim), np.float32)
    scores = np.empty((len(block), len(tile)), np.float32)
    for start in range(0, n_base, len(tile)):
        rows = base[start : start + len(tile)]
        factor = scale.factor[start : start + len(tile), None]
        if scale.centre is None:
            np.multiply(rows, factor, out=tile[: len(rows)], casting="unsafe")
        else:
            tile[: len(rows)] = (rows - scale.centre) * factor
        np.matmul(block, tile.T, out=scores)
        push_tile(scores, scale.shift, start, len(rows), exclude, best, index)
    return _final(queries, base, scale.metric, index, k)


def _kept(k, n_base):
    return min(n_base, k + max(_SLACK, k // 4))


def _tile_rows(dim):
    rows = _BUDGET // (4 * max(dim, 1)) // _ROUND * _ROUND
    return int(max(_ROUND, min(_TILE, rows)))


def _inverse(values):
    with np.errstate(divide="ignore", over="ignore"):
        out = np.where(values > 0, 1.0 / np.maximum(values, 1e-300), 0.0)
    return out if out.ndim else float(out)


def _scaled_queries(queries, scale):
    """Bring queries to unit length, which moves no score past another.

    The euclidean score q.b - |b|^2 / 2 needs the query on the scale of the base; a
    query so far out that this overflows is cut to the largest length that works.
    """
    rows = queries.astype(np.float64)
    if scale.metric != EUCLIDEAN:
        return rows * np.atleast_1d(_inverse(norms(rows)))[:, None]
    rows = (rows - scale.centre) * scale.factor[0]
    return np.clip(rows, -1e15, 1e15)


def _final(queries, base, metric, index, k):
    """Score the rows kept in float64 and sort them."""
    n_queries, kept = index.shape
    n_base, dim = base.shape
    exact = np.empty(n_queries * kept, np.float64)
    flat = np.minimum(index.ravel(), n_base - 1)
    step = max(1, _BUDGET // (8 * max(dim, 1)))
    for start in range(0, len(flat), step):
        part = slice(start, start + step)
        a = queries[np.arange(len(flat))[part] // kept].astype(np.float64)
        b = base[flat[part]].astype(np.float64)
        if metric == COSINE:  # squares of huge or tiny numbers must stay in range
            a, b = _unit_peak(a), _unit_peak(b)
        score_pairs(a, b, metric, exact[part])
    with np.errstate(over="ignore"):
        rounded = exact.reshape(index.shape).astype(np.float32)
    rounded[index == n_base] = -np.inf
    order = np.lexsort((index, -rounded), axis=-1)[:, :k]
    rounded = np.take_along_axis(rounded, order, axis=1)
    index = np.take_along_axis(index, order, axis=1)
    missing = index == n_base
    if metric == EUCLIDEAN:
        rounded = -rounded + 0.0  # no negative zero
    rounded[missing] = np.nan
    index[missing] = -1
    return index, rounded


def _unit_peak(rows):
    top = np.abs(rows).max(axis=1, initial=0.0)
    return rows / np.where(top > 0, top, 1.0)[:, None]

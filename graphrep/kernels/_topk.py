"""Exact nearest neighbours on plain arrays: a scan in tiles, and heaps of the best.

A scan works on float32 products of scaled vectors and keeps somewhat more than the
k best of each query; those few are scored again in float64, one pair after another
in a fixed order, rounded to float32 and sorted, ties by the lower index. Where the
rounding of the products could have hidden a row, a second scan scores all rows in
question. So the result is that of comparing every pair in float64, on any machine,
whatever the order in which BLAS sums. Callers validate.
"""

from typing import NamedTuple

import numpy as np

from graphrep.kernels._aligned import zeros
from graphrep.kernels._bits import lowest_bit
from graphrep.kernels._gemm import HEIGHT, WIDTH, multiply, padded, panels_of_transpose
from graphrep.kernels._jit import njit
from graphrep.kernels._lanes import LANES, reaches
from graphrep.kernels._pair_scores import (
    COSINE,
    DOT,
    EUCLIDEAN,
    near_one,
    score_pairs,
    score_rows,
    unit_of,
)

METRICS = {"cosine": COSINE, "dot": DOT, "euclidean": EUCLIDEAN}
_TILE = 1024
_QUERIES = 512
_SLACK = 8
_BUDGET = 1 << 25  # bytes of each of the working arrays of one thread
_EPSILON = 2.0**-24
_TINY = 1e-300
_FAR = 1e15


class Scaling(NamedTuple):
    """What turns a row of the base into a row of a float32 tile."""

    metric: int
    factor: np.ndarray  # float64 (n,): the tile's row is (row - centre) * factor
    centre: np.ndarray | None  # float64 (d,)
    shift: np.ndarray  # float32 (n,): subtracted from the product


@njit
def _replace_root(best, index, q, value, row):
    """Put an entry in the place of the root of heap ``q`` and sift it down."""
    size = best.shape[1]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        other = child + 1
        if other < size:
            lower = best[q, other] < best[q, child]
            tie = best[q, other] == best[q, child]
            if lower or (tie and index[q, other] > index[q, child]):
                child = other
        if best[q, child] >= value:
            break
        best[q, at] = best[q, child]
        index[q, at] = index[q, child]
        at = child
    best[q, at] = value
    index[q, at] = row


@njit(nogil=True)
def push_tile(scores, shift, start, exclude, best, index):
    """Push the scores of a tile (n_queries, n_rows) into the heap of each query.

    ``best`` (float32) and ``index`` (int64) hold a heap a row whose root is the
    worst entry kept: the lowest score and, among equals, the highest index. Rows
    come in ascending order, so an equal score that comes later never enters.
    """
    n = scores.shape[1]
    line = scores.strides[0] // scores.itemsize
    for q in range(best.shape[0]):
        for r in range(n):
            scores[q, r] -= shift[start + r]
        for first in range(0, n - LANES + 1, LANES):
            bits = reaches(scores, q * line + first, best[q, 0])
            while bits:
                r = first + np.int64(lowest_bit(bits))
                bits &= bits - np.uint64(1)
                if scores[q, r] > best[q, 0] and start + r != exclude[q]:
                    _replace_root(best, index, q, scores[q, r], start + r)
        for r in range(n // LANES * LANES, n):
            if scores[q, r] > best[q, 0] and start + r != exclude[q]:
                _replace_root(best, index, q, scores[q, r], start + r)


@njit(nogil=True)
def push_pairs(q, rows, values, exclude, best, index):
    """Push scored pairs (query, row) into the heaps; rows ascend for each query."""
    for p in range(q.shape[0]):
        if values[p] > best[q[p], 0] and rows[p] != exclude[q[p]]:
            _replace_root(best, index, q[p], values[p], rows[p])


def first_bad_row(matrix):
    """Find the first row with NaN or an infinity, -1 if none; a block at a time."""
    step = max(1, _BUDGET // (8 * max(matrix.shape[1], 1)))
    for start in range(0, len(matrix), step):
        fine = np.isfinite(matrix[start : start + step]).all(axis=1)
        if not fine.all():
            return start + int(np.argmin(fine))
    return -1


def norms(matrix, centre=None):
    """Euclidean norm of each row in float64, without overflow; a block at a time."""
    n, dim = matrix.shape
    out = np.empty(n, np.float64)
    if _is_plain(matrix):
        _norms(matrix, np.zeros(0) if centre is None else centre, out)
        return out
    step = max(1, _BUDGET // (8 * max(dim, 1)))
    for start in range(0, n, step):
        rows = matrix[start : start + step].astype(np.float64)
        _norms(rows, np.zeros(0) if centre is None else centre, out[start:])
    return out


def _is_plain(matrix):
    """Tell whether kernels can read a matrix as it is."""
    return isinstance(matrix, np.ndarray) and matrix.dtype in (np.float32, np.float64)


@njit(nogil=True)
def _norms(matrix, centre, out):
    """Eight sums of every eighth square of a row that is brought near 1."""
    n, dim = matrix.shape
    row = np.zeros(-(-dim // 8) * 8)
    for i in range(n):
        for c in range(dim):
            row[c] = matrix[i, c]
        if len(centre):
            for c in range(dim):
                row[c] -= centre[c]
        unit = unit_of(_peak(row))
        sums = np.zeros(8)
        for c in range(0, len(row), 8):
            for lane in range(8):
                x = row[c + lane] * unit
                sums[lane] += x * x
        out[i] = np.sqrt(sums.sum()) / unit


@njit
def _peak(row):
    """Largest magnitude of a row whose length is a multiple of eight."""
    tops = np.zeros(8)
    for c in range(0, len(row), 8):
        for lane in range(8):
            size = abs(row[c + lane])
            tops[lane] = size if size > tops[lane] else tops[lane]
    return tops.max()


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
    most = _BUDGET // max(12 * _kept(k, n_base), 8 * dim)
    return int(max(1, min(_QUERIES, most)))


class Scanner:
    """The scan on the processor; ``graphrep.kernels.torch._topk`` has its twin."""

    def __init__(self, base, scale):
        self._base, self._scale = base, scale

    def best(self, block, kept, exclude):
        """Return float32 scores and rows of the ``kept`` best, the worst first."""
        best, index = _empty_heaps(len(block), kept, len(self._base))
        for start, scores in _tiles(block, self._base, self._scale):
            push_tile(scores, self._scale.shift, start, exclude, best, index)
        return best, index

    def above(self, block, threshold, exclude):
        """Give (queries, rows) of the scores from a threshold on, a tile at a time."""
        for start, scores in _tiles(block, self._base, self._scale):
            scores -= self._scale.shift[start : start + scores.shape[1]]
            q, rows = np.nonzero(scores >= threshold[:, None])
            yield q, rows + start


def search(queries, base, scale, k, exclude, scanner=None):
    """Return (indices, scores) of the k best rows of the base for a block of queries.

    ``exclude`` (int64) names one row of the base a query, -1 for none; k rows must
    be left. Distances come out positive. ``scanner`` is what scans the base.
    """
    scanner = scanner or Scanner(base, scale)
    kept = _kept(k, len(base))
    block = _scaled_queries(queries, scale).astype(np.float32)
    best, index = scanner.best(block, kept, exclude)
    value = _score(queries, base, scale.metric, *_pairs_of(index), len(base))
    value = value.reshape(index.shape)
    order = np.lexsort((index, -value), axis=-1)[:, :k]
    last = np.take_along_axis(best, order, axis=1).min(axis=1, initial=np.inf)
    threshold = last - _margin(block, scale)
    value = np.take_along_axis(value, order, axis=1)
    index = np.take_along_axis(index, order, axis=1)
    unsure = (best[:, 0] >= threshold) & (kept < len(base))
    if scale.metric != EUCLIDEAN:
        zero = ~block.any(axis=1)
        unsure &= ~zero
        _first_rows(zero, exclude, value, index)
    if unsure.any():
        value[unsure], index[unsure] = _rescan(
            queries[unsure],
            block[unsure],
            base,
            scale.metric,
            threshold[unsure],
            k,
            exclude[unsure],
            scanner,
        )
    if scale.metric == EUCLIDEAN:
        value = -value
    return index, value + np.float32(0)  # no negative zero


def _rescan(queries, block, base, metric, threshold, k, exclude, scanner):
    """Search again, scoring in float64 every row that may be among the k best.

    Needed where more rows tie with the k-th, up to float32, than a heap could keep:
    twins of one vector, say.
    """
    best, index = _empty_heaps(len(queries), k, len(base))
    for q, rows in scanner.above(block, threshold, exclude):
        value = _score(queries, base, metric, q, rows, len(base))
        push_pairs(q, rows, value, exclude, best, index)
    order = np.lexsort((index, -best), axis=-1)
    best = np.take_along_axis(best, order, axis=1)
    return best, np.take_along_axis(index, order, axis=1)


def _empty_heaps(n_queries, size, n_base):
    best = np.full((n_queries, size), -np.inf, np.float32)
    return best, np.full((n_queries, size), n_base, np.int64)


def _tiles(block, base, scale):
    """Give (first row, products with a block of queries), a tile of rows at a time."""
    n_queries, dim = block.shape
    size = int(max(1, min(_TILE, _BUDGET // (4 * max(dim, n_queries)))))
    size = padded(size, WIDTH)
    asked = np.zeros((padded(n_queries, HEIGHT), dim), np.float32)
    asked[:n_queries] = block
    tile = np.zeros((size, dim), np.float32)
    packed = zeros((size // WIDTH, dim, WIDTH), np.float32)
    products = zeros((len(asked), size), np.float32)
    for start in range(0, len(base), size):
        stop = min(start + size, len(base))
        scaled_rows(base, scale, start, stop, tile)
        panels_of_transpose(tile, dim, packed)
        multiply(asked.ravel(), dim, 1, packed, dim, products, len(asked), False)
        yield start, products[:n_queries, : stop - start]


def scaled_rows(base, scale, start, stop, out=None):
    """Rows of a tile in float32; ``out`` has room for at least as many."""
    rows = base[start:stop]
    if out is None:
        out = np.empty(rows.shape, np.float32)
    part = out[: len(rows)]
    if not _is_plain(rows):
        rows = np.asarray(rows, np.float64)
    centre = np.zeros(0) if scale.centre is None else scale.centre
    _scale_rows(rows, centre, scale.factor[start:stop], part)
    return part


@njit(nogil=True)
def _scale_rows(rows, centre, factor, out):
    for i in range(rows.shape[0]):
        if len(centre):
            for c in range(rows.shape[1]):
                out[i, c] = (rows[i, c] - centre[c]) * factor[i]
        else:
            for c in range(rows.shape[1]):
                out[i, c] = np.float64(rows[i, c]) * factor[i]


def _kept(k, n_base):
    return min(n_base, k + max(_SLACK, k // 4))


def _inverse(values):
    with np.errstate(divide="ignore", over="ignore"):
        out = np.where(values > 0, 1.0 / np.maximum(values, _TINY), 0.0)
    return out if out.ndim else float(out)


def _scaled_queries(queries, scale):
    """Bring queries to unit length, which moves no score past another.

    The euclidean score q.b - |b|^2 / 2 needs the query on the scale of the base; a
    query so far out that this overflows is cut, and its score is unsure.
    """
    rows = queries.astype(np.float64)
    if scale.metric != EUCLIDEAN:
        return rows * np.atleast_1d(_inverse(norms(rows)))[:, None]
    return np.clip((rows - scale.centre) * scale.factor[0], -_FAR, _FAR)


def _margin(block, scale):
    """Bound on how far float32 products can lead astray, for each query.

    Twice the rounding of a product of a query and a vector of length one at most
    (Higham's bound for any order of the sum), and that of the final score.
    """
    dim = block.shape[1]
    length = norms(block)
    error = 2.0 * (dim + 4) * _EPSILON * (length + 1.0)
    if scale.metric == EUCLIDEAN:
        far = np.abs(block).max(axis=1, initial=0.0) >= _FAR
        error += 2.0 * _EPSILON * (length + 1.0) ** 2
        error[far] = np.inf
    return error


def _pairs_of(index):
    n_queries, kept = index.shape
    return np.repeat(np.arange(n_queries), kept), index.ravel()


def _first_rows(zero, exclude, value, index):
    """Answer queries that are zero vectors: all scores are 0, the first rows win."""
    rows = np.arange(index.shape[1])
    for q in np.flatnonzero(zero):
        index[q] = rows + ((exclude[q] >= 0) & (rows >= exclude[q]))
        value[q] = 0


def _score(queries, base, metric, q, rows, n_base):
    """Score pairs in float64, rounded to float32; -inf where there is no row."""
    exact = _exact_scores(queries, base, metric, q, rows, n_base)
    with np.errstate(over="ignore"):
        value = exact.astype(np.float32)
    value[rows == n_base] = -np.inf
    return value


def _exact_scores(queries, base, metric, q, rows, n_base):
    """Score pairs in float64."""
    exact = np.empty(len(q), np.float64)
    flat = np.minimum(rows, n_base - 1)
    if _is_plain(base):
        a = queries.astype(np.float64)
        if metric == COSINE:
            a = near_one(a)
        score_rows(a, base, metric, np.asarray(q), flat, exact)
        return exact
    step = max(1, _BUDGET // (8 * base.shape[1]))
    for start in range(0, len(q), step):
        part = slice(start, start + step)
        a = queries[q[part]].astype(np.float64)
        b = base[flat[part]].astype(np.float64)
        if metric == COSINE:  # squares of huge or tiny numbers must stay in range
            a, b = near_one(a), near_one(b)
        score_pairs(a, b, metric, exact[part])
    return exact

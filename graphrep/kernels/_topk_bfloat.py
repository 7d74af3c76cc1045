"""Exact nearest neighbours by a first scan in bfloat16, where the processor has it.

Processors with AVX-512 BF16 multiply bfloat16 numbers twice as fast as float32 ones.
What such products can be wrong by is known from what rounding took from each vector;
rows that may be among the k best are scored in float64, as in ``_topk``, to the same
result. A query with more such rows than there is room for is searched again by
``_topk``, and an index where that is the rule is left to it.
"""

from collections import namedtuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from graphrep.kernels import _topk as plain
from graphrep.kernels._aligned import zeros
from graphrep.kernels._bits import lowest_bit
from graphrep.kernels._gemm import padded
from graphrep.kernels._jit import njit
from graphrep.kernels._lanes import LANES, reaches, splat

_, _, _FEATURES = cpu_target.target_context.codegen().magic_tuple()
AVAILABLE = "+avx512bf16" in _FEATURES.split(",")
"""Whether this processor can and numba may: LLVM ends the process where it cannot."""
_HEIGHT, _WIDTH = 6, 32
_COLUMNS = 16
_QUERIES = 96  # whose products with a tile stay in cache: a multiple of _HEIGHT
_HALVINGS = 20
_LEAST_BASE = 2048  # rows, below which nothing is gained
_PATIENCE = 256  # queries, after which an index may be left alone
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_SUMS, _PAIRS = ir.VectorType(ir.FloatType(), _COLUMNS), ir.VectorType(_I32, _COLUMNS)


class _BFloat(ir.Type):
    """LLVM's bfloat, which llvmlite has no name for."""

    def _to_string(self):
        return "bfloat"

    def __eq__(self, other):
        return isinstance(other, _BFloat)

    def __hash__(self):
        return hash(_BFloat)


_HALVES = ir.VectorType(_BFloat(), 2 * _COLUMNS)


@intrinsic
def _tile(typing, a, a0, a_row, b, b0, depth, c, c0, c_row):
    """Write the products of six rows with one panel; ``depth`` counts pairs."""
    whole = types.int64
    signature = types.void(a, whole, whole, b, whole, whole, c, whole, whole)

    def codegen(context, builder, signature, args):
        left, right, goal = (
            context.make_array(signature.args[k])(context, builder, args[k]).data
            for k in (0, 3, 6)
        )
        _, a0, a_row, _, b0, depth, _, c0, c_row = args
        multiply_add = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_SUMS, [_SUMS, _HALVES, _HALVES]),
            "llvm.x86.avx512bf16.dpbf16ps.512",
        )  # fmt: skip
        zero = ir.Constant(_SUMS, [0.0] * _COLUMNS)
        sums = [
            [cgutils.alloca_once_value(builder, zero) for _ in range(2)]
            for _ in range(_HEIGHT)
        ]
        for row in sums:
            for s in row:
                builder.store(zero, s)

        def line(base, start, step, r):
            at = builder.add(start, builder.mul(step, _I64(r)))
            return builder.gep(base, [at])

        rows = [line(left, a0, a_row, r) for r in range(_HEIGHT)]
        right = builder.gep(right, [b0])
        with cgutils.for_range_slice(builder, _I64(0), depth, _I64(1), _I64) as (k, _):
            at = builder.mul(k, _I64(_WIDTH))
            columns = []
            for v in range(2):
                place = builder.gep(right, [builder.add(at, _I64(v * _COLUMNS))])
                place = builder.bitcast(place, _PAIRS.as_pointer())
                columns.append(builder.bitcast(builder.load(place, align=4), _HALVES))
            for r in range(_HEIGHT):
                pair = builder.load(builder.gep(rows[r], [k]))
                x = builder.bitcast(splat(builder, pair, _COLUMNS), _HALVES)
                for y, s in zip(columns, sums[r], strict=True):
                    total = builder.call(multiply_add, [builder.load(s), x, y])
                    builder.store(total, s)
        for r in range(_HEIGHT):
            out = line(goal, c0, c_row, r)
            for v in range(2):
                place = builder.gep(out, [_I64(v * _COLUMNS)])
                place = builder.bitcast(place, _SUMS.as_pointer())
                builder.store(builder.load(sums[r][v]), place, align=4)
        return context.get_dummy_value()

    return signature, codegen


@njit(nogil=True)
def _multiply(a, b, c):
    """Products of rows of pairs with panels of pairs (n_panels, depth, 32)."""
    depth, width = b.shape[1], c.shape[1]
    for p in range(b.shape[0]):
        for i in range(0, c.shape[0], _HEIGHT):
            at = i * width + p * _WIDTH
            _tile(a, i * depth, depth, b, p * depth * _WIDTH, depth, c, at, width)


@njit(nogil=True)
def _round(rows, out, lost):
    """Round rows to bfloat16, to even; write the length of what goes, if asked."""
    bits = rows.view(np.uint32)
    for i in range(rows.shape[0]):
        for c in range(rows.shape[1]):
            word = bits[i, c]
            odd = (word >> np.uint32(16)) & np.uint32(1)
            out[i, c] = (word + np.uint32(0x7FFF) + odd) >> np.uint32(16)
        if not len(lost):
            continue
        total = np.float64(0.0)
        for c in range(rows.shape[1]):
            near = np.uint32(out[i, c]) << np.uint32(16)
            gap = np.float64(rows[i, c]) - np.float64(_as_float(near))
            total += gap * gap
        lost[i] = np.sqrt(total)


@intrinsic
def _as_float(typing, bits):
    """Read the bits of a uint32 as a float32."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.uint32), codegen


@njit(nogil=True)
def _panels(pairs, out):
    """Cut rows of pairs in panels."""
    for p in range(out.shape[0]):
        for k in range(out.shape[1]):
            for c in range(_WIDTH):
                out[p, k, c] = pairs[p * _WIDTH + c, k]


class FirstScan:
    """What a base is like for a scan in bfloat16, and how that went so far."""

    def __init__(self):
        self.asked = self.again = 0
        self._lost = None

    def is_in_vain(self):
        """Tell whether most queries had to be asked again."""
        return self.asked >= _PATIENCE and 2 * self.again > self.asked

    def lost(self, base, scale):
        """Most that rounding takes from a scaled row of the base."""
        if self._lost is None:
            most = 0.0
            for _, _, gone in _tiles(base, scale, measured=True):
                most = max(most, gone.max(initial=0.0))
            self._lost = most
        return self._lost


def search(queries, base, scale, k, exclude, first):
    """Return what ``_topk.search`` does, sooner; ``first`` is the base's FirstScan."""
    room = 2 * k + 3 * LANES
    if len(base) < max(_LEAST_BASE, 4 * room) or first.is_in_vain():
        return plain.search(queries, base, scale, k, exclude)
    n = len(queries)
    block = plain._scaled_queries(queries, scale).astype(np.float32)
    pairs, lost = _rounded(block, padded(n, _HEIGHT), measured=True)
    length, most = plain.norms(block), first.lost(base, scale)
    margin = 2.001 * (lost * (1 + most) + (length + lost) * most)
    margin = (margin + plain._margin(block, scale)).astype(np.float32)
    again = ~(margin < 1)
    if scale.metric != plain.EUCLIDEAN:
        again |= ~block.any(axis=1)
    found = _Found(
        np.where(again, np.inf, -np.inf).astype(np.float32), again,
        np.zeros(n, np.int64), np.empty((n, room), np.int32),
        np.empty((n, room), np.float32),
    )  # fmt: skip
    packed, nothing = None, np.zeros(0, np.float32)
    for start, own, _ in _tiles(base, scale):
        if packed is None:
            packed = zeros((len(own) // _WIDTH, own.shape[1], _WIDTH), np.uint32)
            products = zeros((_QUERIES, len(own)), np.float32)
        _panels(own, packed)
        last = min(start + len(own), len(base))
        shift = scale.shift if scale.metric == plain.EUCLIDEAN else nothing
        _scan(pairs, packed, products, start, last, shift, exclude, k, margin, found)
    q, rows = _listed(k, margin, found)
    value = plain._score(queries, base, scale.metric, q, rows, len(base))
    best, index = plain._empty_heaps(n, k, len(base))
    plain.push_pairs(q, rows, value, exclude, best, index)
    order = np.lexsort((index, -best), axis=-1)
    best = np.take_along_axis(best, order, axis=1)
    index = np.take_along_axis(index, order, axis=1)
    if scale.metric == plain.EUCLIDEAN:
        best = -best
    best += np.float32(0)  # no negative zero
    first.asked += n
    first.again += int(again.sum())
    if again.any():
        index[again], best[again] = plain.search(
            queries[again], base, scale, k, exclude[again]
        )
    return index, best


_Found = namedtuple("_Found", ["bar", "again", "n", "rows", "scores"])
"""Rows that may be among the k best of each query, in ascending order.

bar: what a score must reach; again: whether there are too many, and the query is left
to another scan; n: rows that are listed.
"""


@njit(nogil=True)
def _scan(pairs, packed, products, start, last, shift, exclude, k, margin, found):
    """List the rows of a tile that may be among the best, some queries at a time.

    Their products stay in cache until they are looked at.
    """
    depth = pairs.shape[1]
    flat = pairs.reshape(-1)
    for first in range(0, len(pairs), len(products)):
        n = min(len(products), len(pairs) - first)
        _multiply(flat[first * depth :], packed, products[:n])
        _collect(
            products, first, min(n, len(found.n) - first), start, last, shift, exclude,
            k, margin, found,
        )  # fmt: skip


@njit
def _collect(
    products, first_query, n_queries, start, last, shift, exclude, k, margin, found
):  # fmt: skip
    """List the rows of a tile whose score reaches the bar of its query."""
    n_rows, line = last - start, products.shape[1]
    for i in range(n_queries):
        q = first_query + i
        if len(shift):
            for r in range(n_rows):
                products[i, r] -= shift[start + r]
        for first in range(0, n_rows, LANES):
            if first + LANES <= n_rows:
                bits = reaches(products, i * line + first, found.bar[q])
            else:
                bits = np.uint64(0)
                for r in range(first, n_rows):
                    if products[i, r] >= found.bar[q]:
                        bits |= np.uint64(1) << np.uint64(r - first)
            if not bits:
                continue
            at = found.n[q]
            while bits:
                r = first + np.int64(lowest_bit(bits))
                bits &= bits - np.uint64(1)
                if start + r != exclude[q]:
                    found.rows[q, at] = start + r
                    found.scores[q, at] = products[i, r]
                    at += 1
            found.n[q] = at
            if at + LANES > found.rows.shape[1]:
                _raise_bar(q, k, margin[q], found)


@njit
def _reached(scores, q, n, k):
    """Find a score that k of the n of a query reach, close to the largest such."""
    low = high = scores[q, 0]
    for at in range(n):
        low, high = min(low, scores[q, at]), max(high, scores[q, at])
    for _ in range(_HALVINGS):
        middle = np.float32(0.5) * low + np.float32(0.5) * high
        count = np.int32(0)
        for at in range(n):
            count += scores[q, at] >= middle
        if count < k:
            high = middle
        else:
            low = middle
            if count == k:
                break
    return low


@njit(nogil=True)
def _raise_bar(q, k, margin, found):
    """Forget rows that cannot be among the k best; give up a query with too many."""
    n = found.n[q]
    if n > k:
        least = _reached(found.scores, q, n, k) - margin
        found.bar[q] = max(found.bar[q], least)
    kept = 0
    for at in range(n):
        if found.scores[q, at] >= found.bar[q]:
            found.rows[q, kept] = found.rows[q, at]
            found.scores[q, kept] = found.scores[q, at]
            kept += 1
    found.n[q] = kept
    if kept + LANES > found.rows.shape[1]:
        found.again[q] = True
        found.bar[q] = np.inf
        found.n[q] = 0


@njit(nogil=True)
def _listed(k, margin, found):
    """Give all listed rows as (query, row)."""
    for q in range(len(found.n)):
        if not found.again[q]:
            _raise_bar(q, k, margin[q], found)
    total = found.n.sum()
    queries, rows = np.empty(total, np.int64), np.empty(total, np.int64)
    at = 0
    for q in range(len(found.n)):
        for j in range(found.n[q]):
            queries[at], rows[at] = q, found.rows[q, j]
            at += 1
    return queries, rows


def _tiles(base, scale, measured=False):
    """Give (first row, rows as pairs, what was lost), a tile of rows at a time."""
    dim = base.shape[1]
    size = padded(max(1, min(plain._TILE, plain._BUDGET // (4 * dim))), _WIDTH)
    tile = np.zeros((size, dim), np.float32)
    for start in range(0, len(base), size):
        stop = min(start + size, len(base))
        rows = plain.scaled_rows(base, scale, start, stop, tile)
        yield start, *_rounded(rows, size, measured)


def _rounded(rows, n, measured=False):
    """Rows as pairs of bfloat16, filled up to ``n``, and what rounding took of each."""
    dim = rows.shape[1]
    halves = np.zeros((n, padded(dim, 2)), np.uint16)
    lost = np.zeros(len(rows) if measured else 0)
    _round(rows, halves[:, :dim], lost)
    return halves.view(np.uint32), lost

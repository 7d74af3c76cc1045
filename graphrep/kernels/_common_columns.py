"""Common columns of a sparse matrix as bytes: what most products are spent on.

A column with an entry in every twentieth row costs its list at a product; written out
row by row, a byte each, it is added to 64 rows at once. Such sums are close, not
exact: they say which rows are worth an exact look, and how wrong they can be is known.
Rows stand in blocks of 64, and in a block the columns follow each other, so that one
query after the other finds them in cache.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphrep.kernels import _lanes as lanes
from graphrep.kernels._jit import njit

ROWS = lanes.LANES
"""Rows of a block."""
_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))


_HALF = ROWS // 2


def _half(element):
    return ir.VectorType(element, _HALF)


def _mulhi(builder, raw, factor):
    """High halves of 32 products of 16 bits; one instruction where there are lanes."""
    wide = builder.mul(
        builder.zext(raw, _half(_I32)), builder.zext(factor, _half(_I32))
    )
    high = builder.lshr(wide, ir.Constant(_half(_I32), [16] * _HALF))
    return builder.trunc(high, _half(_I16))


@intrinsic
def add_common(typing, sums, at, values, base, offsets, factors, first, last, ahead):
    """Add columns to the 64 sums from ``at`` on; return the largest of them.

    ``values`` holds the block from ``base`` on; ``offsets[i]`` is where a column of the
    query lies in it and ``factors[i]`` what it counts, twice in 32 bits: a byte ``v``
    adds ``v * factor >> 8``. The line that lies ``ahead`` bytes behind, of the next
    block, is fetched.
    """

    def codegen(context, builder, signature, args):
        made = [
            context.make_array(t)(context, builder, a)
            if isinstance(t, types.Array) else None
            for t, a in zip(signature.args, args, strict=True)
        ]  # fmt: skip
        places, totals = [], []
        for half in (0, _HALF):
            start = builder.gep(made[0].data, [builder.add(args[1], _I64(half))])
            places.append(builder.bitcast(start, _half(_I16).as_pointer()))
            value = builder.load(places[-1], align=2)
            totals.append(cgutils.alloca_once_value(builder, value))
        zeros = ir.Constant(lanes.vector(_I8), [0] * ROWS)
        with cgutils.for_range_slice(builder, args[6], args[7], _I64(1), _I64) as (
            i,
            _,
        ):
            offset = builder.sext(builder.load(builder.gep(made[4].data, [i])), _I64)
            pair = builder.load(builder.gep(made[5].data, [i]))
            pairs = lanes.splat(builder, pair, _HALF // 2)
            factor = builder.bitcast(pairs, _half(_I16))
            where = lanes.place(builder, made[2], builder.add(args[3], offset), _I8)
            soon = builder.add(builder.add(args[3], offset), args[8])
            lanes.fetch(builder, builder.gep(made[2].data, [soon]))
            raw = builder.load(where, align=1)
            for total, mask in zip(totals, _INTERLEAVED, strict=True):
                bytes_up = builder.shuffle_vector(zeros, raw, mask)
                high = _mulhi(builder, builder.bitcast(bytes_up, _half(_I16)), factor)
                builder.store(builder.add(builder.load(total), high), total)
        for total, place in zip(totals, places, strict=True):
            builder.store(builder.load(total), place, align=2)
        both = builder.shuffle_vector(
            builder.load(totals[0]), builder.load(totals[1]),
            ir.Constant(lanes.vector(_I32), list(range(ROWS))),
        )  # fmt: skip
        return lanes.largest(builder, both)

    return types.int64(
        sums, types.int64, values, types.int64, offsets, factors, types.int64,
        types.int64, types.int64,
    ), codegen  # fmt: skip


@njit
def _byte_of(row):
    """Place of a row among the 64 bytes of a block."""
    return (row >> 3 & 3) * 16 + (row >> 5) * 8 + (row & 7)


def _mask(half):
    """Lanes of a shuffle that puts bytes of rows over zeros: 8 of each 16 bytes."""
    picked = []
    for row in range(_HALF * half, _HALF * (half + 1)):
        at = _byte_of.py_func(row)
        picked += [at, ROWS + at]
    return ir.Constant(lanes.vector(_I32), picked)


_INTERLEAVED = (_mask(0), _mask(1))


@njit(nogil=True)
def write_common(indptr, indices, data, place, largest, n_common, out):
    """Write the entries of common columns as bytes, in 255ths of their largest.

    ``place`` holds the number of a common column, -1 for all others; ``out`` (uint8,
    blocks x n_common x 64, flat, and one byte more) is zero before. No entry becomes
    zero. The 64 rows of a block stand in the order that ``add_common`` unpacks.
    """
    units = np.zeros(largest.shape[0], np.float32)
    kept = np.zeros(largest.shape[0], np.int64)  # -1 for common columns
    where = np.full(largest.shape[0], len(out) - 1, np.int64)
    for t in range(largest.shape[0]):
        if place[t] >= 0:
            units[t] = np.float32(255.0) / largest[t]
            kept[t], where[t] = -1, place[t] * ROWS
    for row in range(indptr.shape[0] - 1):
        base = (row // ROWS) * n_common * ROWS + _byte_of(row % ROWS)
        for e in range(indptr[row], indptr[row + 1]):
            t = np.uint32(indices[e])
            value = np.int32(data[e] * units[t] + np.float32(0.5))  # 255 at most
            # No branch: others, and which is which has no pattern, go to the last byte.
            out[np.uint64((base & kept[t]) + where[t])] = value + (value == 0)


@njit(nogil=True)
def longest_row(indptr, data):
    """Largest length of a row, in float64."""
    most = 0.0
    for row in range(indptr.shape[0] - 1):
        squares = 0.0
        for e in range(indptr[row], indptr[row + 1]):
            squares += np.float64(data[e]) * np.float64(data[e])
        most = max(most, squares)
    return np.sqrt(most)

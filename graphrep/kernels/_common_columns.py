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


def _same(element, value):
    return ir.Constant(lanes.vector(element), [value] * ROWS)


@intrinsic
def add_common(
    typing, sums, at, values, base, offsets, factors, first, last, out, ahead
):
    """Write 64 sums with columns added to ``out``; return the largest of them.

    The sums from ``at`` on are zero afterwards. ``values`` holds the block from
    ``base`` on; ``offsets[i]`` is where a column of the query lies in it and
    ``factors[i]`` what it counts: a byte ``v`` adds ``v * factor >> 8``. The line that
    lies ``ahead`` bytes behind, of the next block, is fetched.
    """

    def codegen(context, builder, signature, args):
        made = [
            context.make_array(t)(context, builder, a)
            if isinstance(t, types.Array) else None
            for t, a in zip(signature.args, args, strict=True)
        ]  # fmt: skip
        place = lanes.place(builder, made[0], args[1], _I16)
        total = cgutils.alloca_once(builder, lanes.vector(_I16))
        builder.store(builder.load(place, align=2), total)
        builder.store(_same(_I16, 0), place, align=2)
        with cgutils.for_range_slice(builder, args[6], args[7], _I64(1), _I64) as (
            i,
            _,
        ):
            offset = builder.sext(builder.load(builder.gep(made[4].data, [i])), _I64)
            factor = lanes.splat(builder, builder.load(builder.gep(made[5].data, [i])))
            where = lanes.place(builder, made[2], builder.add(args[3], offset), _I8)
            soon = builder.add(builder.add(args[3], offset), args[9])
            lanes.fetch(builder, builder.gep(made[2].data, [soon]))
            raw = builder.zext(builder.load(where, align=1), lanes.vector(_I16))
            raw = builder.shl(raw, _same(_I16, 8))
            wide = builder.mul(
                builder.zext(raw, lanes.vector(_I32)),
                builder.zext(factor, lanes.vector(_I32)),
            )
            high = builder.trunc(
                builder.lshr(wide, _same(_I32, 16)), lanes.vector(_I16)
            )
            builder.store(builder.add(builder.load(total), high), total)
        last = builder.load(total)
        builder.store(last, lanes.place(builder, made[8], _I64(0), _I16), align=2)
        return lanes.largest(builder, last)

    return types.int64(
        sums, types.int64, values, types.int64, offsets, factors, types.int64,
        types.int64, out, types.int64,
    ), codegen  # fmt: skip


@njit(nogil=True)
def write_common(indptr, indices, data, place, largest, n_common, out):
    """Write the entries of common columns as bytes, in 255ths of their largest.

    ``place`` holds the number of a common column, -1 for all others; ``out`` (uint8,
    blocks x n_common x 64, flat) is zero before. No entry becomes zero.
    """
    units = np.zeros(largest.shape[0], np.float32)
    for t in range(largest.shape[0]):
        if place[t] >= 0:
            units[t] = np.float32(255.0) / largest[t]
    for row in range(indptr.shape[0] - 1):
        base = (row // ROWS) * n_common * ROWS + row % ROWS
        for e in range(indptr[row], indptr[row + 1]):
            t = np.uint32(indices[e])
            if place[t] >= 0:
                value = np.int32(data[e] * units[t] + np.float32(0.5))
                out[base + place[t] * ROWS] = min(max(1, value), 255)


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

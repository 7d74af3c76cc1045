"""Products of a few rows with all rows, each entry summed in one order everywhere.

BLAS sums an entry in an order that depends on where in the matrix it stands, so that
equal vectors get scores that differ in the last bit and a ranking breaks their tie by
position. Here an entry is one chain of fused multiply-adds over the columns, in their
order: it depends on nothing but the two rows, on any processor, and is symmetric.

Rows are packed in panels, (n_panels, n_columns, width): the columns of ``width`` rows
side by side. A tile of products stays in registers while the columns go by. LLVM
lowers the vectors to whatever the processor has; the shape of a tile follows from
that, and no result does.
"""

import numpy as np
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphrep.kernels._jit import njit

_WIDE = binding.get_host_cpu_features().get("avx512f", False)
_LANES = 16 if _WIDE else 8
_VECTORS = 2 if _WIDE else 3
QUERIES = 6 if _WIDE else 4
"""Rows of a tile, the width of panels of queries."""

BASE = _LANES * _VECTORS
"""Columns of a tile, the width of panels of the base."""

_F32, _I64 = ir.FloatType(), ir.IntType(64)
_ROW = ir.VectorType(_F32, _LANES)
_SIZE = 4


def _splat(builder, value):
    lane = ir.IntType(32)
    one = builder.insert_element(ir.Constant(_ROW, ir.Undefined), value, lane(0))
    zeros = ir.Constant(ir.VectorType(lane, _LANES), [0] * _LANES)
    return builder.shuffle_vector(one, one, zeros)


def _vector_at(builder, base, index):
    return builder.bitcast(builder.gep(base, [index]), _ROW.as_pointer())


@intrinsic
def _tile(typing, queries, q, base, b, depth, out):
    """Write the products of a panel of queries and one of the base to ``out``."""
    signature = types.void(queries, types.int64, base, types.int64, types.int64, out)

    def codegen(context, builder, signature, args):
        left, right, goal = (
            context.make_array(signature.args[k])(context, builder, args[k]).data
            for k in (0, 2, 5)
        )
        depth = args[4]
        left = builder.gep(
            left, [builder.mul(args[1], builder.mul(depth, _I64(QUERIES)))]
        )
        right = builder.gep(
            right, [builder.mul(args[3], builder.mul(depth, _I64(BASE)))]
        )
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_ROW, [_ROW] * 3), f"llvm.fma.v{_LANES}f32"
        )
        zero = ir.Constant(_ROW, [0.0] * _LANES)
        sums = [
            [cgutils.alloca_once_value(builder, zero) for _ in range(_VECTORS)]
            for _ in range(QUERIES)
        ]
        for row in sums:
            for s in row:
                builder.store(zero, s)
        with cgutils.for_range_slice(builder, _I64(0), depth, _I64(1), _I64) as (k, _):
            at = builder.mul(k, _I64(BASE))
            columns = [
                builder.load(
                    _vector_at(builder, right, builder.add(at, _I64(v * _LANES))),
                    align=_SIZE,
                )
                for v in range(_VECTORS)
            ]
            first = builder.mul(k, _I64(QUERIES))
            for r in range(QUERIES):
                pointer = builder.gep(left, [builder.add(first, _I64(r))])
                x = _splat(builder, builder.load(pointer))
                for y, s in zip(columns, sums[r], strict=True):
                    builder.store(builder.call(fma, [x, y, builder.load(s)]), s)
        for r in range(QUERIES):
            for v in range(_VECTORS):
                pointer = _vector_at(builder, goal, _I64(r * BASE + v * _LANES))
                builder.store(builder.load(sums[r][v]), pointer, align=_SIZE)
        return context.get_dummy_value()

    return signature, codegen


@njit(nogil=True)
def pack(rows, width):
    """Pack float rows (n, d) in panels (n_panels, d, width), zeros behind the last."""
    n, d = rows.shape
    panels = np.zeros((-(-n // width), d, width), rows.dtype)
    for i in range(n):
        p, lane = i // width, i % width
        for c in range(d):
            panels[p, c, lane] = rows[i, c]
    return panels


@njit(nogil=True)
def unpack(panels, rows, out):
    """Copy some rows out of their panels."""
    width = panels.shape[2]
    for i in range(rows.shape[0]):
        p, lane = rows[i] // width, rows[i] % width
        for c in range(panels.shape[1]):
            out[i, c] = panels[p, c, lane]


@njit(nogil=True)
def products(queries, base, n_queries, out):
    """Fill ``out`` (>= n_queries, n_base) with products of float32 panels."""
    depth = base.shape[1]
    tile = np.empty(QUERIES * BASE, np.float32)
    n = out.shape[1]
    for b in range(base.shape[0]):
        start = b * BASE
        width = min(BASE, n - start)
        for q in range(queries.shape[0]):
            _tile(queries, q, base, b, depth, tile)
            for r in range(min(QUERIES, n_queries - q * QUERIES)):
                for c in range(width):
                    out[q * QUERIES + r, start + c] = tile[r * BASE + c]


@njit(nogil=True)
def products_double(queries, base, n_queries, out):
    """Fill ``out`` as `products` does, in float64 and without fused operations."""
    depth = base.shape[1]
    sums = np.empty(BASE)
    n = out.shape[1]
    for b in range(base.shape[0]):
        start = b * BASE
        width = min(BASE, n - start)
        for i in range(n_queries):
            q, lane = i // QUERIES, i % QUERIES
            sums[:] = 0.0
            for k in range(depth):
                x = queries[q, k, lane]
                for c in range(BASE):
                    sums[c] += x * base[b, k, c]
            for c in range(width):
                out[i, start + c] = sums[c]


@njit(nogil=True)
def products_to_distances(products, query_halves, base_halves):
    """Turn products into minus squared distances, from half the squared lengths."""
    for i in range(products.shape[0]):
        half = query_halves[i]
        for j in range(products.shape[1]):
            gap = (half + base_halves[j]) - products[i, j]
            products[i, j] = -(gap + gap)

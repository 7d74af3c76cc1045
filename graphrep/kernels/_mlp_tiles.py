"""Products of matrices in tiles of registers, for a layer of about a hundred units.

A tile is ``ROWS`` rows by ``UNITS`` units; units come in whole tiles. An entry is one
chain of fused multiply-adds, whatever tile it is in. All numbers are float64.
"""

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_WIDE = binding.get_host_cpu_features().get("avx512f", False)
_LANES = 8 if _WIDE else 4
_VECTORS = 13 if _WIDE else 3
ROWS = 2 if _WIDE else 4
"""Rows of a tile."""
UNITS = _LANES * _VECTORS
"""Columns of a tile."""
LANES = 8
"""Partial sums of an output."""
_SIZE = 8
_I64, _I32, _F64 = ir.IntType(64), ir.IntType(32), ir.DoubleType()
_VECTOR = ir.VectorType(_F64, _LANES)
_ZERO = ir.Constant(_VECTOR, [0.0] * _LANES)
_ONE = ir.Constant(_VECTOR, [1.0] * _LANES)


def _data(context, builder, signature, args, which):
    return [
        context.make_array(signature.args[k])(context, builder, args[k]).data
        for k in which
    ]


def _cell(builder, base, offset, shift=0):
    """Pointer to the vector that begins so far from the base of an array."""
    place = builder.gep(base, [builder.add(offset, _I64(shift))])
    return builder.bitcast(place, _VECTOR.as_pointer())


def _fma(builder, a, b, c):
    name = f"llvm.fma.v{_LANES}f64"
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.call(function, [a, b, c])


def _products(builder, left, a0, a_row, a_step, right, b0, b_step, depth):
    """Sum ``left[a0 + r * a_row + k * a_step] * right[b0 + k * b_step:]`` over k."""
    sums = [
        [cgutils.alloca_once_value(builder, _ZERO) for _ in range(_VECTORS)]
        for _ in range(ROWS)
    ]
    for row in sums:
        for s in row:
            builder.store(_ZERO, s)
    zeros = ir.Constant(ir.VectorType(_I32, _LANES), [0] * _LANES)
    blank = ir.Constant(_VECTOR, ir.Undefined)
    with cgutils.for_range_slice(builder, _I64(0), depth, _I64(1), _I64) as (k, _):
        a = builder.add(a0, builder.mul(k, a_step))
        b = builder.add(b0, builder.mul(k, b_step))
        spread = []
        for r in range(ROWS):
            at = builder.add(a, builder.mul(a_row, _I64(r)))
            x = builder.load(builder.gep(left, [at]))
            one = builder.insert_element(blank, x, _I32(0))
            spread.append(builder.shuffle_vector(one, one, zeros))
        for v in range(_VECTORS):
            y = builder.load(_cell(builder, right, b, v * _LANES), align=_SIZE)
            for x, row in zip(spread, sums, strict=True):
                builder.store(_fma(builder, x, y, builder.load(row[v])), row[v])
    return [[builder.load(s) for s in row] for row in sums]


@intrinsic
def add_products(
    typing, left, a0, a_row, a_step, right, b0, b_step, depth, out, c0, c_row, add
):
    """Write (or add) a tile of products to ``out``, from ``c0`` on."""
    whole = types.int64
    signature = types.void(
        *(left, whole, whole, whole, right, whole, whole, whole),
        *(out, whole, whole, types.boolean),
    )

    def codegen(context, builder, signature, args):
        a, b, c = _data(context, builder, signature, args, (0, 4, 8))
        _, a0, a_row, a_step, _, b0, b_step, depth, _, c0, c_row, add = args
        sums = _products(builder, a, a0, a_row, a_step, b, b0, b_step, depth)
        for r in range(ROWS):
            start = builder.add(c0, builder.mul(c_row, _I64(r)))
            for v in range(_VECTORS):
                cell = _cell(builder, c, start, v * _LANES)
                before = builder.load(cell, align=_SIZE)
                total = builder.fadd(before, sums[r][v])
                total = builder.select(add, total, sums[r][v])
                builder.store(total, cell, align=_SIZE)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def activate(
    typing, inputs, a0, a_row, weights, first, b_step, depth, w2, active, c0, lanes
):
    """Hidden units of ROWS samples: which are above zero, and what they add.

    ``active`` gets 1 for those above zero and 0 for the others; weighed by ``w2`` they
    are added to the sums of their sample, ``lanes[r * LANES:]``.
    """
    whole = types.int64
    signature = types.void(
        *(inputs, whole, whole, weights, whole, whole, whole),
        *(w2, active, whole, lanes),
    )

    def codegen(context, builder, signature, args):
        a, b, factors, goal, total = _data(
            context, builder, signature, args, (0, 3, 7, 8, 10)
        )
        _, a0, a_row, _, first, b_step, depth, _, _, c0, _ = args
        sums = _products(builder, a, a0, a_row, _I64(1), b, first, b_step, depth)
        for r in range(ROWS):
            start = builder.add(c0, builder.mul(b_step, _I64(r)))
            buckets = [
                _cell(builder, total, _I64(r * LANES), shift)
                for shift in range(0, LANES, _LANES)
            ]
            added = [builder.load(bucket, align=_SIZE) for bucket in buckets]
            for v in range(_VECTORS):
                x, k = sums[r][v], v % len(buckets)
                w = builder.load(
                    _cell(builder, factors, first, v * _LANES), align=_SIZE
                )
                above = builder.fcmp_ordered(">", x, _ZERO)
                added[k] = _fma(builder, builder.select(above, x, _ZERO), w, added[k])
                units = builder.select(above, _ONE, _ZERO)
                cell = _cell(builder, goal, start, v * _LANES)
                builder.store(units, cell, align=_SIZE)
            for bucket, value in zip(buckets, added, strict=True):
                builder.store(value, bucket, align=_SIZE)
        return context.get_dummy_value()

    return signature, codegen

"""Products and squared distances of a few queries with panels of stored vectors.

A panel holds the columns of ``PANEL`` vectors side by side, (n_panels, d, PANEL), as
float32, as the bits of float16 (uint16) or as int8. What is stored is widened to
float32 in registers, a column at a time, so that a tile of results stays there while
the columns go by. An entry is one chain of fused multiply-adds in the order of the
columns: no neighbour, block or thread changes its bits.

float16 is widened by the processor's own instruction, or by shifts and one product
with a power of two where it has none: both are exact. Infinities and NaN are not
expected.
"""

import numpy as np
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphrep.kernels._jit import njit

PANEL = 32
"""Vectors of a panel."""

_FEATURES = binding.get_host_cpu_features()
_WIDE = _FEATURES.get("avx512f", False)
_HALVES = _FEATURES.get("f16c", False)
_LANES = 16 if _WIDE else 8
_VECTORS = PANEL // _LANES
TALLEST = 6 if _WIDE else 2
"""Most queries of one tile."""

_F32, _F64, _I32, _I64 = ir.FloatType(), ir.DoubleType(), ir.IntType(32), ir.IntType(64)
_ROW = ir.VectorType(_F32, _LANES)
_SIZES = {"float32": 4, "uint16": 2, "int8": 1}
_HALF_BIAS = 2.0**112  # of exponents: 127 - 15


def _stored(dtype):
    """LLVM type of one stored number."""
    return _F32 if str(dtype) == "float32" else ir.IntType(8 * _SIZES[str(dtype)])


def _widened(builder, raw, dtype, lanes):
    """float32 of stored numbers; one of them where ``lanes`` is 0."""
    if str(dtype) == "float32":
        return raw

    def of(kind):
        return ir.VectorType(kind, lanes) if lanes else kind

    def number(value, kind):
        return ir.Constant(of(kind), [value] * lanes if lanes else value)

    if str(dtype) == "int8":
        return builder.sitofp(raw, of(_F32))
    if _HALVES:
        return builder.fpext(builder.bitcast(raw, of(ir.HalfType())), of(_F32))
    bits = builder.zext(raw, of(_I32))
    size = builder.and_(bits, number(0x7FFF, _I32))
    size = builder.bitcast(builder.shl(size, number(13, _I32)), of(_F32))
    size = builder.fmul(size, number(_HALF_BIAS, _F32))
    sign = builder.shl(builder.and_(bits, number(0x8000, _I32)), number(16, _I32))
    whole = builder.or_(builder.bitcast(size, of(_I32)), sign)
    return builder.bitcast(whole, of(_F32))


def _splat(builder, value):
    one = builder.insert_element(ir.Constant(_ROW, ir.Undefined), value, _I32(0))
    zeros = ir.Constant(ir.VectorType(_I32, _LANES), [0] * _LANES)
    return builder.shuffle_vector(one, one, zeros)


def _load(builder, base, index, kind, size):
    vector = ir.VectorType(kind, _LANES)
    pointer = builder.bitcast(builder.gep(base, [index]), vector.as_pointer())
    return builder.load(pointer, align=size)


def _make_tile(height, gaps):
    """Tile of ``height`` queries: products, or squared distances for ``gaps``."""

    @intrinsic
    def tile(typing, queries, at, panels, p, depth, units, out):
        whole = types.int64
        signature = types.void(queries, whole, panels, whole, whole, units, out)
        dtype = panels.dtype

        def codegen(context, builder, signature, args):
            left, right, scale, goal = (
                context.make_array(signature.args[k])(context, builder, args[k]).data
                for k in (0, 2, 5, 6)
            )
            _, at, _, p, depth, _, _ = args
            name = f"llvm.fma.v{_LANES}f32"
            fma = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(_ROW, [_ROW] * 3), name
            )
            zero = ir.Constant(_ROW, [0.0] * _LANES)
            sums = [
                [cgutils.alloca_once_value(builder, zero) for _ in range(_VECTORS)]
                for _ in range(height)
            ]
            for row in sums:
                for s in row:
                    builder.store(zero, s)
            rows = [
                builder.gep(left, [builder.mul(depth, builder.add(at, _I64(r)))])
                for r in range(height)
            ]
            first = builder.mul(p, _I64(PANEL))
            lanes = [builder.add(first, _I64(v * _LANES)) for v in range(_VECTORS)]
            scaled = gaps and str(dtype) == "int8"
            factors = [
                _load(builder, scale, lane, _F32, 4) if scaled else None
                for lane in lanes
            ]
            start = builder.mul(first, depth)
            with cgutils.for_range_slice(builder, _I64(0), depth, _I64(1), _I64) as (
                k,
                _,
            ):
                here = builder.add(start, builder.mul(k, _I64(PANEL)))
                columns = []
                for v in range(_VECTORS):
                    index = builder.add(here, _I64(v * _LANES))
                    size = _SIZES[str(dtype)]
                    raw = _load(builder, right, index, _stored(dtype), size)
                    y = _widened(builder, raw, dtype, _LANES)
                    columns.append(builder.fmul(y, factors[v]) if scaled else y)
                for r in range(height):
                    x = _splat(builder, builder.load(builder.gep(rows[r], [k])))
                    for y, s in zip(columns, sums[r], strict=True):
                        if gaps:
                            y = builder.fsub(x, y)
                        pair = (y, y) if gaps else (x, y)
                        builder.store(builder.call(fma, [*pair, builder.load(s)]), s)
            for r in range(height):
                for v in range(_VECTORS):
                    index = _I64(r * PANEL + v * _LANES)
                    pointer = builder.bitcast(
                        builder.gep(goal, [index]), _ROW.as_pointer()
                    )
                    builder.store(builder.load(sums[r][v]), pointer, align=4)
            return context.get_dummy_value()

        return signature, codegen

    return tile


_products_1, _gaps_1 = _make_tile(1, False), _make_tile(1, True)
_products_2, _gaps_2 = _make_tile(2, False), _make_tile(2, True)
_products_all, _gaps_all = _make_tile(TALLEST, False), _make_tile(TALLEST, True)


@njit(nogil=True)
def products(queries, n, panels, p, units, out):
    """Products of ``n`` <= TALLEST queries with panel ``p``.

    ``queries`` float32 (>= TALLEST, d) and ``out`` float32 (TALLEST, PANEL) are
    contiguous; ``units`` is not looked at.
    """
    depth = panels.shape[1]
    if n > 2:  # rows behind the last cost nothing more
        _products_all(queries, 0, panels, p, depth, units, out)
    elif n == 2:
        _products_2(queries, 0, panels, p, depth, units, out)
    else:
        _products_1(queries, 0, panels, p, depth, units, out)


@njit(nogil=True)
def gaps(queries, n, panels, p, units, out):
    """Squared distances, as `products`; int8 is first multiplied by ``units``."""
    depth = panels.shape[1]
    if n > 2:
        _gaps_all(queries, 0, panels, p, depth, units, out)
    elif n == 2:
        _gaps_2(queries, 0, panels, p, depth, units, out)
    else:
        _gaps_1(queries, 0, panels, p, depth, units, out)


@intrinsic
def _keys(typing, tile, r, factor, first, gain, bias, biased, least):
    """Multiply a row of a tile, add to it, and give a bit for each that is enough."""
    whole, real = types.int64, types.float32
    signature = types.uint64(
        tile, whole, factor, whole, real, bias, types.boolean, real
    )

    def codegen(context, builder, signature, args):
        goal, scale, more = (
            context.make_array(signature.args[k])(context, builder, args[k]).data
            for k in (0, 2, 5)
        )
        _, r, _, first, gain, _, biased, least = args
        at = builder.mul(r, _I64(PANEL))
        bound, times = _splat(builder, least), _splat(builder, gain)
        lanes = [_I64(v * _LANES) for v in range(_VECTORS)]
        places = [builder.add(first, lane) for lane in lanes]
        goals = [
            builder.bitcast(
                builder.gep(goal, [builder.add(at, lane)]), _ROW.as_pointer()
            )
            for lane in lanes
        ]
        keys = []
        for pointer, place in zip(goals, places, strict=True):
            x = builder.load(pointer, align=4)
            keys.append(builder.fmul(x, _load(builder, scale, place, _F32, 4)))
            builder.store(keys[-1], pointer, align=4)
        with builder.if_then(biased):
            for pointer, place, key in zip(goals, places, keys, strict=True):
                y = builder.fmul(times, _load(builder, more, place, _F32, 4))
                builder.store(builder.fadd(key, y), pointer, align=4)
        bits = _I64(0)
        for v, pointer in enumerate(goals):
            key = builder.load(pointer, align=4)
            fine = builder.fcmp_ordered(">=", key, bound)
            mask = builder.zext(builder.bitcast(fine, ir.IntType(_LANES)), _I64)
            bits = builder.or_(bits, builder.shl(mask, _I64(v * _LANES)))
        return bits

    return signature, codegen


@njit(nogil=True)
def keys(tile, r, factor, first, gain, bias, least):
    """Turn row ``r`` of a tile into scores: times ``factor``, plus ``gain * bias``.

    ``factor`` and ``bias`` (float32, a slot each; the bias empty for none) are read
    from slot ``first`` on. Returns a bit (uint64) for each lane that scores ``least``
    or more; NaN never does.
    """
    return _keys(
        tile, r, factor, first, np.float32(gain), bias, bias.shape[0] > 0,
        np.float32(least),
    )  # fmt: skip


@intrinsic
def stored_value(typing, panels, index):
    """Give the stored number at a flat index as float64."""
    signature = types.float64(panels, types.int64)
    dtype = panels.dtype

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        kind = _stored(dtype)
        pointer = builder.bitcast(builder.gep(data, [args[1]]), kind.as_pointer())
        raw = builder.load(pointer, align=_SIZES[str(dtype)])
        return builder.fpext(_widened(builder, raw, dtype, 0), _F64)

    return signature, codegen


@njit(nogil=True)
def pack(rows, slots, panels):
    """Put rows (n, d) at their slots of panels that are zero."""
    for i in range(rows.shape[0]):
        p, lane = slots[i] // PANEL, slots[i] % PANEL
        for c in range(rows.shape[1]):
            panels[p, c, lane] = rows[i, c]


def empty_panels(n_panels, depth, dtype):
    """Panels of zeros."""
    return np.zeros((n_panels, depth, PANEL), dtype)

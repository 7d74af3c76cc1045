"""Sums of gathered rows, written as vector code: the inner loop of propagation.

``gather_row`` adds up the rows of a matrix that a list of indices names. It is the
one place where nearly all bytes of an embedding move, so it is emitted as LLVM
vectors instead of being left to the loop vectoriser: accumulators stay in registers
for a whole tile of columns, rows that come up soon are prefetched, and layers in a
compact form (bfloat16, int8) are widened on the way in. LLVM lowers the vectors to
whatever the processor has; the order of additions is the order of the indices, so
results do not depend on the tile or on the machine's vector length.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphrep.kernels._jit import njit

LANES = 16
"""Columns are handled in groups of this many; layers are padded to a multiple."""

_AHEAD = 12288
"""Bytes that lie between the prefetch of a row and its use: enough to cover the
latency of memory, few enough for the caches to keep them."""

_MOST_AHEAD = 64
"""Most edges between a row's prefetch and its use."""

_LINE = 64
_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_F32, _F64 = ir.FloatType(), ir.DoubleType()


def _vector(element):
    return ir.VectorType(element, LANES)


def _splat(builder, value, element):
    undefined = ir.Constant(_vector(element), ir.Undefined)
    one = builder.insert_element(undefined, value, _I32(0))
    mask = ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
    return builder.shuffle_vector(one, undefined, mask)


def _prefetch(builder, address):
    pointer = builder.inttoptr(address, _I8.as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [_I8.as_pointer(), _I32, _I32, _I32])
    function = cgutils.get_or_insert_function(
        builder.module, kind, "llvm.prefetch.p0i8"
    )
    builder.call(function, [pointer, _I32(0), _I32(3), _I32(1)])


def _load_widened(builder, address, stored, element):
    """Load one group of lanes of a stored type as floats of the working type."""
    if stored == types.int8:
        raw = builder.load(
            builder.inttoptr(address, _vector(_I8).as_pointer()), align=1
        )
        return builder.sitofp(builder.sext(raw, _vector(_I32)), _vector(element))
    if stored == types.uint16:  # bfloat16: the upper half of a float32
        raw = builder.load(
            builder.inttoptr(address, _vector(_I16).as_pointer()), align=2
        )
        bits = builder.shl(
            builder.zext(raw, _vector(_I32)), ir.Constant(_vector(_I32), [16] * LANES)
        )
        return builder.bitcast(bits, _vector(element))
    size = stored.bitwidth // 8
    return builder.load(
        builder.inttoptr(address, _vector(element).as_pointer()), align=size
    )


def _cast_scalar(builder, value, element):
    if value.type == element:
        return value
    cast = builder.fptrunc if element == _F32 else builder.fpext
    return cast(value, element)


class _Arrays:
    """Data pointers and strides of the array arguments of one call."""

    def __init__(self, context, builder, signature, args):
        self.types = signature.args
        self.make = [
            context.make_array(t)(context, builder, a) if isinstance(t, types.Array)
            else None
            for t, a in zip(signature.args, args, strict=True)
        ]  # fmt: skip

    def load(self, builder, which, at):
        return builder.load(builder.gep(self.make[which].data, [at]))


def _make_gather(n_groups):
    """Build the intrinsic for one tile of ``n_groups * LANES`` columns."""

    @intrinsic
    def gather(typing, x, scale, indices, weights, start, end, last, column, out):
        signature = types.void(
            x, scale, indices, weights, types.int64, types.int64, types.int64,
            types.int64, out,
        )  # fmt: skip
        stored, element_type = x.dtype, out.dtype
        element = _F32 if element_type == types.float32 else _F64
        size = stored.bitwidth // 8
        has_scale = stored == types.int8
        distance = min(_MOST_AHEAD, max(1, _AHEAD // (n_groups * LANES * size)))
        has_weights = isinstance(weights.dtype, types.Float)

        def codegen(context, builder, signature, args):
            arrays = _Arrays(context, builder, signature, args)
            start, end, last, column = args[4:8]
            row_bytes = cgutils.unpack_tuple(builder, arrays.make[0].strides)[0]
            base = builder.add(
                builder.ptrtoint(arrays.make[0].data, _I64),
                builder.mul(column, _I64(size)),
            )
            zero = ir.Constant(_vector(element), [0.0] * LANES)
            sums = [cgutils.alloca_once_value(builder, zero) for _ in range(n_groups)]
            for s in sums:
                builder.store(zero, s)

            def index(at):
                value = arrays.load(builder, 2, at)
                return value if value.type == _I64 else builder.sext(value, _I64)

            with cgutils.for_range_slice(builder, start, end, _I64(1), _I64) as (e, _):
                ahead = builder.add(e, _I64(distance))
                near = builder.icmp_signed("<", ahead, last)
                ahead = builder.select(near, ahead, last)
                soon = builder.add(base, builder.mul(index(ahead), row_bytes))
                for offset in range(0, n_groups * LANES * size, _LINE):
                    _prefetch(builder, builder.add(soon, _I64(offset)))
                j = index(e)
                address = builder.add(base, builder.mul(j, row_bytes))
                factor = None
                if has_weights:
                    factor = _cast_scalar(builder, arrays.load(builder, 3, e), element)
                if has_scale:
                    s = _cast_scalar(builder, arrays.load(builder, 1, j), element)
                    factor = s if factor is None else builder.fmul(factor, s)
                if factor is not None:
                    factor = _splat(builder, factor, element)
                for g, s in enumerate(sums):
                    at = builder.add(address, _I64(g * LANES * size))
                    value = _load_widened(builder, at, stored, element)
                    if factor is not None:
                        value = builder.fmul(value, factor, flags=["contract"])
                    total = builder.fadd(builder.load(s), value, flags=["contract"])
                    builder.store(total, s)
            for g, s in enumerate(sums):
                at = builder.gep(
                    arrays.make[8].data, [builder.add(column, _I64(g * LANES))]
                )
                pointer = builder.bitcast(at, _vector(element).as_pointer())
                builder.store(builder.load(s), pointer, align=4)
            return context.get_dummy_value()

        return signature, codegen

    return gather


_gather_8, _gather_4, _gather_2, _gather_1 = (_make_gather(g) for g in (8, 4, 2, 1))


@njit
def gather_row(x, scale, indices, weights, start, end, out):
    """Write ``sum_e weights[e] * x[indices[e]]`` for ``start <= e < end`` to ``out``.

    ``x`` (n, width) is float32, float64, uint16 (bfloat16 bits) or int8, the latter
    with a factor ``scale`` for each row; ``weights`` of an integer type stand for no
    weights; ``out`` (width) is float64 for float64 and float32 otherwise. ``width``
    is a multiple of ``LANES``.
    """
    width = out.shape[0]
    last = np.int64(indices.shape[0] - 1)
    c = np.int64(0)
    while width - c >= 8 * LANES:
        _gather_8(x, scale, indices, weights, start, end, last, c, out)
        c += 8 * LANES
    if width - c >= 4 * LANES:
        _gather_4(x, scale, indices, weights, start, end, last, c, out)
        c += 4 * LANES
    if width - c >= 2 * LANES:
        _gather_2(x, scale, indices, weights, start, end, last, c, out)
        c += 2 * LANES
    if width - c >= LANES:
        _gather_1(x, scale, indices, weights, start, end, last, c, out)


@intrinsic
def _sum_squares(typing, x):
    signature = types.float64(x)
    element = _F32 if x.dtype == types.float32 else _F64

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        width = cgutils.unpack_tuple(builder, array.shape)[0]
        wide = _vector(_F64)
        zero = ir.Constant(wide, [0.0] * LANES)
        total = cgutils.alloca_once_value(builder, zero)
        builder.store(zero, total)
        with cgutils.for_range_slice(builder, _I64(0), width, _I64(LANES), _I64) as (
            c,
            _,
        ):
            pointer = builder.bitcast(
                builder.gep(array.data, [c]), _vector(element).as_pointer()
            )
            value = builder.load(pointer, align=4)
            if element == _F32:
                value = builder.fpext(value, wide)
            square = builder.fmul(value, value, flags=["contract"])
            builder.store(
                builder.fadd(builder.load(total), square, flags=["contract"]), total
            )
        lanes = builder.load(total)
        parts = [builder.extract_element(lanes, _I32(g)) for g in range(LANES)]
        while len(parts) > 1:  # a fixed tree: the same bits everywhere
            half = len(parts) // 2
            parts = [builder.fadd(parts[g], parts[g + half]) for g in range(half)]
        return parts[0]

    return signature, codegen


@njit
def sum_squares(x):
    """Sum of squares of a row whose length is a multiple of ``LANES``, in float64."""
    return _sum_squares(x)


@intrinsic
def float_of_bits(typing, bits):
    """Read the bits of a uint32 as a float32."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], _F32)

    return types.float32(types.uint32), codegen

"""Dot products of sparse rows with a query that is written out, sixteen at once.

A row's entries are read sixteen at a time, the query's values at their features with
them. Entry ``i`` of a row belongs to sum ``i % 16``, and the sixteen sums are added in
one order, so a score has the same bits wherever and however it is asked for.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphrep.kernels._lanes import splat

_SUMS = 16
_I32, _I64, _F32 = ir.IntType(32), ir.IntType(64), ir.FloatType()
_BITS, _FEATURES, _VALUES, _PLACES = (
    ir.VectorType(element, _SUMS)
    for element in (ir.IntType(1), _I32, _F32, _F32.as_pointer())
)
_ALL = ir.Constant(_BITS, [1] * _SUMS)
_NONE = ir.Constant(_VALUES, [0.0] * _SUMS)


@intrinsic
def product(typing, query, indices, data, first, last):
    """Dot product (float32) of the entries ``first`` to ``last`` with a query.

    ``query`` holds a value (float32) for each feature; ``indices`` (int32) and ``data``
    (float32) are the features and values of the entries; all lie without gaps.
    """
    arrays = ((query, types.float32), (indices, types.int32), (data, types.float32))
    if any(a.dtype != kind or a.layout != "C" for a, kind in arrays):
        return None

    def codegen(context, builder, signature, args):
        arrays = [
            context.make_array(kind)(context, builder, array).data
            for kind, array in zip(signature.args[:3], args[:3], strict=True)
        ]
        total = cgutils.alloca_once_value(builder, _NONE)
        left = builder.and_(builder.sub(args[4], args[3]), _I64(_SUMS - 1))
        stop = builder.sub(args[4], left)
        with cgutils.for_range_slice(
            builder, args[3], stop, _I64(_SUMS), _I64
        ) as (at, _):  # fmt: skip
            _add(builder, total, arrays, at, _ALL)
        lanes = ir.Constant(_FEATURES, list(range(_SUMS)))
        count = splat(builder, builder.trunc(left, _I32), _SUMS)
        _add(builder, total, arrays, stop, builder.icmp_signed("<", lanes, count))
        return _sum(builder, builder.load(total))

    return types.float32(query, indices, data, types.int64, types.int64), codegen


def _add(builder, total, arrays, at, mask):
    """Add the products of sixteen entries to their sums, or of those in the mask."""
    query, indices, data = arrays
    feature = _read(builder, indices, at, _FEATURES, mask)
    value = _read(builder, data, at, _VALUES, mask)
    pointers = splat(builder, query, _SUMS)
    places = builder.gep(pointers, [feature], source_etype=_F32)
    kind = ir.FunctionType(_VALUES, [_PLACES, _I32, _BITS, _VALUES])
    name = f"llvm.masked.gather.v{_SUMS}f32.v{_SUMS}p0f32"
    gather = cgutils.get_or_insert_function(builder.module, kind, name)
    asked = builder.call(gather, [places, _I32(4), mask, _NONE])
    more = builder.fmul(asked, value)
    builder.store(builder.fadd(builder.load(total), more), total)


def _read(builder, array, at, kind, mask):
    """Read sixteen numbers from ``at`` on; zeros where the mask is not set."""
    where = builder.bitcast(builder.gep(array, [at]), kind.as_pointer())
    if mask is _ALL:
        return builder.load(where, align=4)
    name = f"v{_SUMS}{'i32' if kind is _FEATURES else 'f32'}"
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(kind, [where.type, _I32, _BITS, kind]),
        f"llvm.masked.load.{name}.p0{name}",
    )  # fmt: skip
    return builder.call(function, [where, _I32(4), mask, ir.Constant(kind, None)])


def _sum(builder, values):
    """Add sixteen sums: each to the one half of those left behind it."""
    n = _SUMS
    while n > 1:
        n //= 2
        halves = [
            builder.shuffle_vector(
                values, values,
                ir.Constant(ir.VectorType(_I32, n), list(range(from_, from_ + n))),
            )
            for from_ in (0, n)
        ]  # fmt: skip
        values = builder.fadd(*halves)
    return builder.extract_element(values, _I32(0))

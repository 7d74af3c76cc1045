"""Sixty-four numbers at once: which of them are worth a look.

A scan compares far more numbers than it keeps. One comparison of all lanes gives a bit
each, and only bits that are set are looked at, without a branch for the others.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 64
"""Numbers that are looked at together."""
_I16, _I32, _I64 = (ir.IntType(bits) for bits in (16, 32, 64))
_KINDS = {types.uint16: _I16, types.float32: ir.FloatType()}


def vector(element):
    """LLVM's type of 64 numbers."""
    return ir.VectorType(element, LANES)


def splat(builder, value, n=LANES):
    """Give every one of n lanes one value."""
    undefined = ir.Constant(ir.VectorType(value.type, n), ir.Undefined)
    one = builder.insert_element(undefined, value, _I32(0))
    first = ir.Constant(ir.VectorType(_I32, n), [0] * n)
    return builder.shuffle_vector(one, undefined, first)


def place(builder, array, at, element):
    """Point at the 64 numbers of a flat array from ``at`` on."""
    return builder.bitcast(builder.gep(array.data, [at]), vector(element).as_pointer())


def largest(builder, value):
    """Take the largest of 64 lanes of uint16, as int64."""
    kind = ir.FunctionType(_I16, [vector(_I16)])
    name = "llvm.vector.reduce.umax.v64i16"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    return builder.zext(builder.call(function, [value]), _I64)


@intrinsic
def largest_at(typing, values, at):
    """Largest of 64 numbers (uint16) from ``at`` on, as int64."""

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        where = place(builder, array, args[1], _I16)
        return largest(builder, builder.load(where, align=2))

    return types.int64(values, types.int64), codegen


@intrinsic
def reaches(typing, values, at, least):
    """One bit for each of 64 numbers from ``at`` on: whether it is ``least`` or more.

    ``at`` counts numbers in memory from the first of ``values``, which are uint16 or
    float32 and of any shape.
    """
    kind = values.dtype
    element = _KINDS[kind]

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        where = place(builder, array, args[1], element)
        value = builder.load(where, align=kind.bitwidth // 8)
        bar = splat(builder, args[2])
        if kind == types.float32:
            bits = builder.fcmp_ordered(">=", value, bar)
        else:
            bits = builder.icmp_unsigned(">=", value, bar)
        return builder.bitcast(bits, _I64)

    return types.uint64(values, types.int64, kind), codegen


@intrinsic
def count_reaching(typing, values, first, last, least):
    """Count the numbers (uint16) from ``first`` on that are ``least`` or more.

    ``last - first`` is a multiple of 64, 2 ** 21 at most: each lane counts in 16 bits.
    """

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        bar = splat(builder, args[3])
        total = cgutils.alloca_once_value(
            builder, ir.Constant(vector(_I16), [0] * LANES)
        )
        with cgutils.for_range_slice(builder, args[1], args[2], _I64(LANES), _I64) as (
            at,
            _,
        ):
            value = builder.load(place(builder, array, at, _I16), align=2)
            bits = builder.icmp_unsigned(">=", value, bar)
            one = builder.zext(bits, vector(_I16))
            builder.store(builder.add(builder.load(total), one), total)
        wide = builder.zext(builder.load(total), vector(_I32))
        kind = ir.FunctionType(_I32, [vector(_I32)])
        name = "llvm.vector.reduce.add.v64i32"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.zext(builder.call(function, [wide]), _I64)

    return types.int64(values, types.int64, types.int64, types.uint16), codegen


def fetch(builder, pointer):
    """Ask for the line of memory that a pointer is in."""
    byte = ir.IntType(8).as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [byte, _I32, _I32, _I32])
    name = "llvm.prefetch.p0i8"
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    place = builder.bitcast(pointer, byte)
    builder.call(function, [place, _I32(0), _I32(3), _I32(1)])


@intrinsic
def prefetch(typing, values, at):
    """Ask for the line of memory that holds ``values[at]``."""

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        fetch(builder, builder.gep(array.data, [args[1]]))
        return context.get_dummy_value()

    return types.void(values, types.int64), codegen

"""The inner loop of skip-gram with negative sampling, written as vector code.

One call handles one centre node: the vectors of its contexts (rows of ``u``) meet the
centre's own output vector and its negatives (rows of ``v``), which all contexts
share. Scores of two contexts and six targets at a time stay in registers, their
twelve sums over the columns are finished by one tree of shuffles, and the logistic
function is taken of all twelve at once; the update then walks through the columns
once more, with the six targets in registers. LLVM lowers the vectors to whatever the
processor has.
"""

from math import factorial

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphrep.kernels._jit import njit

LANES = 16
"""Columns are handled in groups of this many; tables are padded to a multiple."""

TILE = 6
"""Targets handled at a time: the centre and five negatives."""

STRIDE = 8
"""Gradients of one context lie this far from those of the next."""

_I8, _I32, _I64 = (ir.IntType(bits) for bits in (8, 32, 64))
_F32 = ir.FloatType()
_ROW, _WORDS = ir.VectorType(_F32, LANES), ir.VectorType(_I32, LANES)
_BYTES = 4 * LANES
_LINE = 64

_LN_2 = 0.6931471805599453
_EXP2 = [_LN_2**k / factorial(k) for k in range(7)]
"""Coefficients of 2**f for f in [-1/2, 1/2]: relative error 2e-7."""

_LOG2_E = 1.4426950408889634
_STEEPEST = 80.0
"""Scores beyond this are cut off: the logistic function is 0 or 1 there."""


def _constant(value):
    return ir.Constant(_ROW, [value] * LANES)


def _shuffle(builder, a, b, lanes):
    return builder.shuffle_vector(a, b, ir.Constant(_WORDS, lanes))


def _splat(builder, value):
    one = builder.insert_element(ir.Constant(_ROW, ir.Undefined), value, _I32(0))
    return _shuffle(builder, one, one, [0] * LANES)


def _row_pointer(builder, table, row, column):
    """Pointer to the lanes of a row that begin at a column (an element offset)."""
    stride = cgutils.unpack_tuple(builder, table.strides)[0]
    address = builder.add(builder.ptrtoint(table.data, _I64), builder.mul(row, stride))
    address = builder.add(address, builder.mul(column, _I64(4)))
    return builder.inttoptr(address, _ROW.as_pointer())


def _load(builder, pointer):
    return builder.load(pointer, align=4)


def _fma(builder, a, b, c):
    kind = ir.FunctionType(_ROW, [_ROW, _ROW, _ROW])
    function = cgutils.get_or_insert_function(
        builder.module, kind, f"llvm.fma.v{LANES}f32"
    )
    return builder.call(function, [a, b, c])


def _unary(builder, name, a):
    kind = ir.FunctionType(_ROW, [_ROW])
    function = cgutils.get_or_insert_function(
        builder.module, kind, f"llvm.{name}.v{LANES}f32"
    )
    return builder.call(function, [a])


def _binary(builder, name, a, b):
    kind = ir.FunctionType(_ROW, [_ROW, _ROW])
    function = cgutils.get_or_insert_function(
        builder.module, kind, f"llvm.{name}.v{LANES}f32"
    )
    return builder.call(function, [a, b])


def _sums(builder, rows):
    """Sum up 16 vectors: lane i of the result is the sum of vector i."""
    width = LANES
    while len(rows) > 1:
        half = width // 2
        low = [g * width + k for g in range(2 * LANES // width) for k in range(half)]
        high = [lane + half for lane in low]
        rows = [
            builder.fadd(
                _shuffle(builder, a, b, low), _shuffle(builder, a, b, high)
            )
            for a, b in zip(rows[::2], rows[1::2], strict=True)
        ]  # fmt: skip
        width = half
    return rows[0]


def _logistic(builder, x):
    x = _binary(builder, "minnum", x, _constant(_STEEPEST))
    x = _binary(builder, "maxnum", x, _constant(-_STEEPEST))
    y = builder.fmul(x, _constant(-_LOG2_E))
    whole = _unary(builder, "rint", y)
    part = builder.fsub(y, whole)
    power = _constant(_EXP2[-1])
    for coefficient in _EXP2[-2::-1]:
        power = _fma(builder, power, part, _constant(coefficient))
    exponent = builder.shl(
        builder.fptosi(whole, _WORDS), ir.Constant(_WORDS, [23] * LANES)
    )
    power = builder.bitcast(builder.add(builder.bitcast(power, _WORDS), exponent), _ROW)
    return builder.fdiv(_constant(1.0), builder.fadd(_constant(1.0), power))


def _codes(context, builder, array, first, count):
    """Load row numbers (int32) as int64."""
    return [
        builder.sext(builder.load(builder.gep(array.data, [at])), _I64)
        for at in (builder.add(first, _I64(t)) for t in range(count))
    ]


@intrinsic
def _gradients(
    typing,
    u,
    contexts,
    c0,
    n_contexts,
    v,
    targets,
    first,
    rate,
    label,
    share,
    out,
    place,
):
    signature = types.void(
        u, contexts, types.int64, types.int64, v, targets, types.int64, rate, label,
        share, out, types.int64,
    )  # fmt: skip

    def codegen(context, builder, signature, args):
        make = {
            k: context.make_array(signature.args[k])(context, builder, args[k])
            for k in (0, 1, 4, 5, 7, 8, 9, 10)
        }
        c0, n_contexts, first, offset = args[2], args[3], args[6], args[11]
        width = cgutils.unpack_tuple(builder, make[0].shape)[1]
        target = _codes(context, builder, make[5], first, TILE)
        zero = _constant(0.0)

        def settings(which):
            at = builder.gep(make[which].data, [first])
            half = ir.VectorType(_F32, STRIDE)
            eight = builder.load(builder.bitcast(at, half.as_pointer()), align=4)
            return builder.shuffle_vector(
                eight, eight, ir.Constant(_WORDS, [*range(STRIDE)] * 2)
            )

        rates, labels = settings(7), settings(8)
        with cgutils.for_range_slice(builder, _I64(0), n_contexts, _I64(2), _I64) as (
            c,
            _,
        ):
            pair = _codes(context, builder, make[1], builder.add(c0, c), 2)
            sums = [
                [cgutils.alloca_once_value(builder, zero) for _ in range(TILE)]
                for _ in pair
            ]
            for row in sums:
                for s in row:
                    builder.store(zero, s)
            with cgutils.for_range_slice(
                builder, _I64(0), width, _I64(LANES), _I64
            ) as (k, _):
                left = [
                    _load(builder, _row_pointer(builder, make[0], r, k)) for r in pair
                ]
                for t in range(TILE):
                    right = _load(builder, _row_pointer(builder, make[4], target[t], k))
                    for x, row in zip(left, sums, strict=True):
                        builder.store(
                            _fma(builder, x, right, builder.load(row[t])), row[t]
                        )
            rows = []
            for row in sums:
                rows += [builder.load(s) for s in row] + [zero] * (STRIDE - TILE)
            probability = _logistic(builder, _sums(builder, rows))
            g = builder.fmul(rates, builder.fsub(labels, probability))
            part = [
                _splat(builder, builder.load(builder.gep(make[9].data, [at])))
                for at in (builder.add(c0, builder.add(c, _I64(i))) for i in range(2))
            ]
            halves = [*range(STRIDE), *range(LANES + STRIDE, 2 * LANES)]
            g = builder.fmul(g, _shuffle(builder, *part, halves))
            at = builder.add(offset, builder.mul(c, _I64(STRIDE)))
            at = builder.gep(make[10].data, [at])
            builder.store(g, builder.bitcast(at, _ROW.as_pointer()), align=4)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def _apply(typing, u, contexts, c0, n_contexts, v, targets, first, gradients, place):
    signature = types.void(
        u, contexts, types.int64, types.int64, v, targets, types.int64, gradients,
        types.int64,
    )  # fmt: skip

    def codegen(context, builder, signature, args):
        make = {
            k: context.make_array(signature.args[k])(context, builder, args[k])
            for k in (0, 1, 4, 5, 7)
        }
        c0, n_contexts, first, offset = args[2], args[3], args[6], args[8]
        width = cgutils.unpack_tuple(builder, make[0].shape)[1]
        target = _codes(context, builder, make[5], first, TILE)
        with cgutils.for_range_slice(builder, _I64(0), width, _I64(LANES), _I64) as (
            k,
            _,
        ):
            pointers = [_row_pointer(builder, make[4], t, k) for t in target]
            old = [_load(builder, p) for p in pointers]
            new = [cgutils.alloca_once(builder, _ROW) for _ in target]
            for value, place in zip(old, new, strict=True):
                builder.store(value, place)
            with cgutils.for_range_slice(
                builder, _I64(0), n_contexts, _I64(1), _I64
            ) as (c, _):
                (row,) = _codes(context, builder, make[1], builder.add(c0, c), 1)
                pointer = _row_pointer(builder, make[0], row, k)
                x = total = _load(builder, pointer)
                base = builder.add(offset, builder.mul(c, _I64(STRIDE)))
                for t in range(TILE):
                    at = builder.gep(make[7].data, [builder.add(base, _I64(t))])
                    g = _splat(builder, builder.load(at))
                    builder.store(_fma(builder, g, x, builder.load(new[t])), new[t])
                    total = _fma(builder, g, old[t], total)
                builder.store(total, pointer, align=4)
            for place, pointer in zip(new, pointers, strict=True):
                builder.store(builder.load(place), pointer, align=4)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def prefetch_row(typing, table, row):
    """Ask for all cache lines of one row of a float32 table."""
    signature = types.void(table, types.int64)

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        stride = cgutils.unpack_tuple(builder, array.strides)[0]
        address = builder.add(
            builder.ptrtoint(array.data, _I64), builder.mul(args[1], stride)
        )
        kind = ir.FunctionType(ir.VoidType(), [_I8.as_pointer(), _I32, _I32, _I32])
        function = cgutils.get_or_insert_function(
            builder.module, kind, "llvm.prefetch.p0i8"
        )
        with cgutils.for_range_slice(builder, _I64(0), stride, _I64(_LINE), _I64) as (
            offset,
            _,
        ):
            pointer = builder.inttoptr(builder.add(address, offset), _I8.as_pointer())
            builder.call(function, [pointer, _I32(0), _I32(3), _I32(1)])
        return context.get_dummy_value()

    return signature, codegen


@njit
def train_center(
    u, contexts, first_context, n_contexts, v, targets, first_target, n_tiles, rate,
    label, share, work, place,
):  # fmt: skip
    """Take one gradient step for one centre and all of its contexts.

    Rows ``contexts[first_context:][:n_contexts]`` of ``u`` meet ``n_tiles`` tiles of
    rows of ``v``: ``TILE`` entries of ``targets`` from ``first_target`` on, the next
    tile ``STRIDE`` entries later, no row twice among those of a rate other than 0.
    The entry of ``contexts`` after the last is read too and must be a valid row.
    ``rate`` and ``label`` (float32) lie as ``targets`` does: the step of each target,
    and 1 for the centre, 0 for a negative. ``share`` lies as ``contexts`` does: the
    weight of each context. ``work`` has room for
    ``n_tiles * (n_contexts + 1) * STRIDE`` floats from ``place`` on.

    All parts are named by their offsets: a slice of an array that threads share would
    be counted by all of them.
    """
    size = (n_contexts + 1) // 2 * 2 * STRIDE
    for tile in range(n_tiles):
        _gradients(
            u, contexts, first_context, n_contexts, v, targets,
            first_target + tile * STRIDE, rate, label, share, work, place + tile * size,
        )  # fmt: skip
    for tile in range(n_tiles):
        _apply(
            u, contexts, first_context, n_contexts, v, targets,
            first_target + tile * STRIDE, work, place + tile * size,
        )  # fmt: skip


@njit
def copy_row(source, row, out, at):
    """Copy a row of one table to a row of another."""
    for k in range(source.shape[1]):
        out[at, k] = source[row, k]


@njit
def subtract_row(table, row, out, at):
    """Take a row of one table from a row of another."""
    for k in range(table.shape[1]):
        out[at, k] -= table[row, k]


@njit
def add_row(source, row, share, out, at):
    """Add a share of a row of one table to a row of another."""
    for k in range(source.shape[1]):
        out[at, k] += share * source[row, k]

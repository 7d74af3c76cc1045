"""Matrix products inside a kernel: one tile of registers, in one order of summing.

``c[i, j] (+)= sum over k of a(i, k) * b(k, j)``. ``a`` is read one number at a time,
so any strides do and a transpose costs nothing; ``b`` comes in panels of ``WIDTH``
columns, (n_panels, depth, WIDTH), which `panels` and `panels_of_transpose` make. All
extents are padded by the caller: rows of ``a`` and ``c`` to a multiple of ``HEIGHT``,
columns of ``c`` to one of ``WIDTH``; there are no edges to look after.

An entry is one chain of fused multiply-adds over k: no thread, block or neighbour
changes its bits.
"""

from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphrep.kernels._jit import njit

_BYTES = 64 if binding.get_host_cpu_features().get("avx512f", False) else 32
HEIGHT = 6 if _BYTES == 64 else 4
"""Rows of a tile."""
WIDTH = 32 if _BYTES == 64 else 24
"""Columns of a tile, the width of a panel."""
_I64 = ir.IntType(64)


@intrinsic
def _tile(typing, a, a0, a_row, a_step, b, b0, depth, c, c0, c_row, add):
    """Write (or add) the product of HEIGHT rows and one panel to ``c``."""
    whole = types.int64
    signature = types.void(
        a, whole, whole, whole, b, whole, whole, c, whole, whole, types.boolean
    )
    size = a.dtype.bitwidth // 8
    lanes = _BYTES // size
    n_vectors = WIDTH // lanes
    scalar = ir.FloatType() if size == 4 else ir.DoubleType()
    vector = ir.VectorType(scalar, lanes)
    suffix = f"v{lanes}f{size * 8}"

    def splat(builder, value):
        lane = ir.IntType(32)
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, lane(0))
        zeros = ir.Constant(ir.VectorType(lane, lanes), [0] * lanes)
        return builder.shuffle_vector(one, one, zeros)

    def codegen(context, builder, signature, args):
        left, right, goal = (
            context.make_array(signature.args[k])(context, builder, args[k]).data
            for k in (0, 4, 7)
        )
        _, a0, a_row, a_step, _, b0, depth, _, c0, c_row, add = args
        fma = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.{suffix}"
        )
        zero = ir.Constant(vector, [0.0] * lanes)
        sums = [
            [cgutils.alloca_once_value(builder, zero) for _ in range(n_vectors)]
            for _ in range(HEIGHT)
        ]
        rows = [
            builder.gep(left, [builder.add(a0, builder.mul(a_row, _I64(r)))])
            for r in range(HEIGHT)
        ]
        right = builder.gep(right, [b0])
        goals = [
            [
                builder.bitcast(
                    builder.gep(
                        goal,
                        [
                            builder.add(
                                builder.add(c0, builder.mul(c_row, _I64(r))),
                                _I64(v * lanes),
                            )
                        ],
                    ),
                    vector.as_pointer(),
                )
                for v in range(n_vectors)
            ]
            for r in range(HEIGHT)
        ]
        with builder.if_else(add) as (then, otherwise):
            with then:
                for r in range(HEIGHT):
                    for v in range(n_vectors):
                        builder.store(builder.load(goals[r][v], align=size), sums[r][v])
            with otherwise:
                for row in sums:
                    for s in row:
                        builder.store(zero, s)
        with cgutils.for_range_slice(builder, _I64(0), depth, _I64(1), _I64) as (k, _):
            at = builder.mul(k, _I64(WIDTH))
            columns = [
                builder.load(
                    builder.bitcast(
                        builder.gep(right, [builder.add(at, _I64(v * lanes))]),
                        vector.as_pointer(),
                    ),
                    align=size,
                )
                for v in range(n_vectors)
            ]
            step = builder.mul(k, a_step)
            for r in range(HEIGHT):
                x = splat(builder, builder.load(builder.gep(rows[r], [step])))
                for y, s in zip(columns, sums[r], strict=True):
                    builder.store(builder.call(fma, [x, y, builder.load(s)]), s)
        for r in range(HEIGHT):
            for v in range(n_vectors):
                builder.store(builder.load(sums[r][v]), goals[r][v], align=size)
        return context.get_dummy_value()

    return signature, codegen


@njit(nogil=True)
def multiply(a, a_row, a_step, b, depth, c, n_rows, add):
    """Fill (or add to) ``c`` with the product of ``a`` and panels ``b``.

    ``a[i, k]`` is the number at ``i * a_row + k * a_step`` of the flat memory; the
    columns of ``c`` are those of the panels.
    """
    c_row = c.shape[1]
    for p in range(b.shape[0]):
        for i in range(0, n_rows, HEIGHT):
            _tile(
                a,
                i * a_row,
                a_row,
                a_step,
                b,
                p * b.shape[1] * WIDTH,
                depth,
                c,
                i * c_row + p * WIDTH,
                c_row,
                add,
            )


@njit(nogil=True)
def panels(rows, n_rows, out):
    """Cut the columns of a matrix (n_rows, padded width) in panels."""
    for p in range(out.shape[0]):
        for i in range(n_rows):
            for c in range(WIDTH):
                out[p, i, c] = rows[i, p * WIDTH + c]


@njit(nogil=True)
def panels_of_transpose(rows, depth, out):
    """Cut the rows of a matrix in panels: what multiplies with its transpose."""
    for p in range(out.shape[0]):
        for k in range(depth):
            for c in range(WIDTH):
                out[p, k, c] = rows[p * WIDTH + c, k]


def padded(n: int, unit: int) -> int:
    """Round up to a multiple."""
    return -(-n // unit) * unit

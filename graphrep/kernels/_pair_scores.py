"""Scores of pairs of vectors in float64: what every search ends with.

Each is one sum in the order of the components, so it does not depend on what else is
scored. Eight rows of a query are scored side by side: no sum waits for the one before.
Squares of huge or tiny numbers stay in range since vectors are brought near 1 by a
power of two, which changes no digit.
"""

import math

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from graphrep.kernels._jit import njit
from graphrep.kernels._lanes import splat

COSINE, DOT, EUCLIDEAN = 0, 1, 2
_ROWS = 8
_MOST_POWER = 1000
_I64 = ir.IntType(64)
_EIGHT = ir.VectorType(ir.DoubleType(), _ROWS)


@njit
def unit_of(top):
    """Power of two that brings a number to .5 or more and below 1; 1 for 0."""
    if not top > 0.0:
        return 1.0
    return math.ldexp(1.0, min(-math.frexp(top)[1], _MOST_POWER))


def near_one(rows):
    """Rows of a float64 matrix by the unit of their largest number."""
    top = np.abs(rows).max(axis=1, initial=0.0)
    power = np.minimum(-np.frexp(top)[1], _MOST_POWER)
    return rows * np.ldexp(1.0, np.where(top > 0, power, 0))[:, None]


@njit(nogil=True)
def score_pairs(a, b, metric, out):
    """Score the pairs of rows of two float64 matrices, in a fixed order of sums."""
    for p in range(a.shape[0]):
        dot = 0.0
        aa = 0.0
        bb = 0.0
        gap = 0.0
        for c in range(a.shape[1]):
            x = a[p, c]
            y = b[p, c]
            if metric == EUCLIDEAN:
                gap += (x - y) * (x - y)
            else:
                dot += x * y
                aa += x * x
                bb += y * y
        out[p] = _score(metric, dot, aa, bb, gap)


@njit
def _score(metric, dot, aa, bb, gap):
    if metric == EUCLIDEAN:
        return -np.sqrt(gap)
    if metric == DOT:
        return dot
    if aa > 0.0 and bb > 0.0:
        return min(1.0, max(-1.0, dot / (np.sqrt(aa) * np.sqrt(bb))))
    return 0.0


@njit(nogil=True)
def score_rows(queries, base, metric, q, rows, out):
    """Score rows of a base as ``score_pairs`` does; pairs of a query follow each other.

    Queries are float64, and near 1 for cosines; the base is as it is.
    """
    dim = base.shape[1]
    values = np.zeros(dim * _ROWS)
    sums = np.zeros(3 * _ROWS)
    first, last, aa = 0, 0, 0.0
    while first < len(q):
        if first == 0 or q[first] != q[first - 1]:
            aa = 0.0
            for c in range(dim):
                aa += queries[q[first], c] * queries[q[first], c]
        last = first + 1
        while last < len(q) and last - first < _ROWS and q[last] == q[first]:
            last += 1
        for j in range(last - first):
            unit = 1.0  # will do for float32: its squares are in the range of float64
            if metric == COSINE and base.itemsize == 8:
                unit = unit_of(_peak(base, rows[first + j]))
            for c in range(dim):
                values[c * _ROWS + j] = base[rows[first + j], c] * unit
        _add_up(queries, q[first] * dim, values, dim, sums)
        for j in range(last - first):
            out[first + j] = _score(
                metric, sums[j], aa, sums[_ROWS + j], sums[2 * _ROWS + j]
            )
        first = last


@njit
def _peak(base, i):
    top = 0.0
    for c in range(base.shape[1]):
        size = abs(np.float64(base[i, c]))
        top = size if size > top else top
    return top


@intrinsic
def _add_up(typing, a, a0, values, dim, out):
    """Write dot products with eight rows, their squares, and the squared gaps.

    ``values`` holds the rows by component; each sum is taken in their order.
    """

    def codegen(context, builder, signature, args):
        left, right, goal = (
            context.make_array(signature.args[k])(context, builder, args[k]).data
            for k in (0, 2, 4)
        )
        zero = ir.Constant(_EIGHT, [0.0] * _ROWS)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(3)]
        for total in sums:
            builder.store(zero, total)
        left = builder.gep(left, [args[1]])
        with cgutils.for_range_slice(builder, _I64(0), args[3], _I64(1), _I64) as (
            c,
            _,
        ):
            x = splat(builder, builder.load(builder.gep(left, [c])), _ROWS)
            at = builder.gep(right, [builder.mul(c, _I64(_ROWS))])
            y = builder.load(builder.bitcast(at, _EIGHT.as_pointer()), align=8)
            gap = builder.fsub(x, y)
            for total, (u, v) in zip(sums, ((x, y), (y, y), (gap, gap)), strict=True):
                more = builder.fmul(u, v)
                builder.store(builder.fadd(builder.load(total), more), total)
        for number, total in enumerate(sums):
            at = builder.gep(goal, [_I64(number * _ROWS)])
            at = builder.bitcast(at, _EIGHT.as_pointer())
            builder.store(builder.load(total), at, align=8)
        return context.get_dummy_value()

    whole = types.int64
    return types.void(a, whole, values, whole, out), codegen

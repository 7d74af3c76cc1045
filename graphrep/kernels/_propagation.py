"""One propagation of a layer over a graph, fused with all that follows for a row.

For each row: gather the neighbours' rows, divide by the row's strength, take the
norm, keep the layer (plain or compact), add to the embedding, and take the sums that
a column z-score needs. Nothing but the layer and the embedding is written to memory.

Rows are cut into blocks of about equal work; each block is one task. A row is summed
in the order of its neighbours and the statistics are sums of integers, so results
depend neither on the blocks nor on the number of threads.
"""

import numpy as np
from numba import types
from numba.extending import overload

from graphrep.kernels._gather import float_of_bits, gather_row, sum_squares
from graphrep.kernels._jit import njit, prange

FINISH_NONE, FINISH_L2, FINISH_SUMS = 0, 1, 2


def _store_row(layer, layer_scale, i, row):
    raise NotImplementedError  # pragma: no cover - replaced in compiled code


@overload(_store_row)
def _store_row_in(layer, layer_scale, i, row):
    if layer.dtype == types.uint16:

        def bfloat16(layer, layer_scale, i, row):  # round to nearest, ties to even
            bits = row.view(np.uint32)
            for c in range(row.shape[0]):
                b = bits[c]
                b += np.uint32(0x7FFF) + ((b >> np.uint32(16)) & np.uint32(1))
                layer[i, c] = np.uint16(b >> np.uint32(16))

        return bfloat16
    if layer.dtype == types.int8:

        def int8(layer, layer_scale, i, row):
            bits = row.view(np.uint32)
            top = np.uint32(0)
            for c in range(row.shape[0]):  # as integers: a maximum that vectorises
                top = max(top, bits[c] & np.uint32(0x7FFFFFFF))
            step = float_of_bits(top) / np.float32(127)
            layer_scale[i] = step
            per = np.float32(0) if step == 0 else np.float32(1) / step
            for c in range(row.shape[0]):
                layer[i, c] = np.int8(np.int32(np.rint(row[c] * per)))

        return int8

    def plain(layer, layer_scale, i, row):
        for c in range(row.shape[0]):
            layer[i, c] = row[c]

    return plain


@njit
def _finish_row(i, row, inverse, keep, layer, layer_scale, plan, out, sums, b):
    """Divide, keep, normalise, accumulate and count one gathered row."""
    coefficient, normalize, fresh, column, width, finish, fixed = plan
    factor = row.dtype.type(inverse)
    for c in range(row.shape[0]):
        row[c] *= factor
    if keep:
        _store_row(layer, layer_scale, i, row)
    if coefficient == 0.0 and finish == FINISH_NONE:
        return
    scale = coefficient
    if normalize:
        norm = np.sqrt(sum_squares(row))
        scale = coefficient / norm if norm > 0 else 0.0
    factor = row.dtype.type(scale)
    target = out[i, column : column + width]
    if fresh:
        for c in range(width):
            target[c] = factor * row[c]
    else:
        for c in range(width):
            target[c] += factor * row[c]
    if finish != FINISH_NONE:
        _finish_target(out[i], finish, fixed, sums, b)


@njit
def _finish_target(target, finish, fixed, sums, b):
    """Give a finished row unit length, or add it to the block's sums."""
    square = 0.0
    for c in range(target.shape[0]):
        square += np.float64(target[c]) * target[c]
    if square == 0.0:
        return
    if finish == FINISH_L2:
        factor = target.dtype.type(1.0 / np.sqrt(square))
        for c in range(target.shape[0]):
            target[c] *= factor
        return
    d = target.shape[0]
    for c in range(d):
        value = np.float64(target[c])
        sums[b, c] += np.int64(np.rint(value * fixed))
        sums[b, d + c] += np.int64(np.rint(value * value * fixed))
    sums[b, 2 * d] += 1


@njit(parallel=True)
def propagate(
    indptr, indices, weights, inverse, x, scale, cuts, keep, layer, layer_scale, plan,
    out, sums,
):  # fmt: skip
    """Propagate ``x`` (n, width) over the rows in ``cuts[0] <= i < cuts[-1]``.

    ``inverse[i]`` is one over the strength of row i, or 0. ``plan`` is a tuple
    (coefficient, normalize, fresh, column, width, finish, fixed) that says how the
    row enters ``out``; ``sums`` (blocks, 2 d + 1) holds sums, sums of squares (both
    times ``fixed``) and the number of non-zero rows.
    """
    for b in prange(cuts.shape[0] - 1):
        row = np.empty(x.shape[1], inverse.dtype)
        for i in range(cuts[b], cuts[b + 1]):
            start, end = indptr[i], indptr[i + 1]
            gather_row(x, scale, indices, weights, start, end, row)
            _finish_row(
                i, row, inverse[i], keep, layer, layer_scale, plan, out, sums, b
            )


@njit
def _gather_signs(
    indices, weights, start, end, s_indptr, s_codes, s_used, scale, row
):  # fmt: skip
    """Write the sum of the rows of signs that one row of the graph names."""
    row[:] = 0
    for e in range(start, end):
        j = np.int64(indices[e])
        if s_used[j >> 6] >> np.uint64(j & 63) & np.uint64(1) == 0:
            continue
        value = scale[j] * _weight(weights, e)
        for k in range(s_indptr[j], s_indptr[j + 1]):
            code = s_codes[k]
            row[code >> 1] += value if code & 1 == 0 else -value


@njit(parallel=True)
def propagate_signs(
    indptr, indices, weights, inverse, s_indptr, s_codes, s_used, scale, cuts, keep,
    layer, layer_scale, plan, out, sums,
):  # fmt: skip
    """`propagate` from a sparse matrix of signs; ``scale`` holds a factor a row.

    ``s_used`` has a bit for each row that is not empty: few are, and the bits stay in
    the caches where the pointers of the rows do not.
    """
    for b in prange(cuts.shape[0] - 1):
        row = np.empty(layer.shape[1], inverse.dtype)
        for i in range(cuts[b], cuts[b + 1]):
            _gather_signs(
                indices, weights, indptr[i], indptr[i + 1], s_indptr, s_codes, s_used,
                scale, row,
            )  # fmt: skip
            _finish_row(
                i, row, inverse[i], keep, layer, layer_scale, plan, out, sums, b
            )


@njit(nogil=True)
def propagate_piece(indptr, indices, weights, inverse, x, scale, layer):
    """`propagate` in one thread, for a piece of the rows; writes the layer only."""
    for i in range(layer.shape[0]):
        row = layer[i]
        gather_row(x, scale, indices, weights, indptr[i], indptr[i + 1], row)
        factor = row.dtype.type(inverse[i])
        for c in range(row.shape[0]):
            row[c] *= factor


@njit(nogil=True)
def propagate_signs_piece(
    indptr, indices, weights, inverse, s_indptr, s_codes, s_used, scale, layer
):  # fmt: skip
    """`propagate_signs` in one thread, for a piece of the rows; the layer only."""
    for i in range(layer.shape[0]):
        row = layer[i]
        _gather_signs(
            indices, weights, indptr[i], indptr[i + 1], s_indptr, s_codes, s_used,
            scale, row,
        )  # fmt: skip
        factor = row.dtype.type(inverse[i])
        for c in range(row.shape[0]):
            row[c] *= factor


@njit(nogil=True)
def merge_rows(
    parts, starts, widths, coefficients, columns, fresh, how, nothing, out, sums
):  # fmt: skip
    """Add rows of powers that lie in blocks of columns to ``out`` as `propagate` does.

    ``parts`` is one buffer of all blocks of all powers: power s, block b is a matrix
    (n, widths[b]) that starts at ``starts[s, b]``. ``coefficients``, ``columns`` and
    ``fresh`` are those of each power, in order; ``how`` is (normalize, width, finish,
    fixed), and the last power is followed by the last step. ``nothing`` (0, 0) and
    ``out`` have the types of powers and sums; ``sums`` (1, 2 d + 1) is added to.

    One thread does it; others do other rows.
    """
    normalize, width, finish, fixed = how
    row = np.empty(widths.sum(), parts.dtype)
    one = parts.dtype.type(1)
    n_powers = coefficients.shape[0]
    scale = np.empty(0, np.float32)
    for i in range(out.shape[0]):
        for s in range(n_powers):
            to = 0
            for b in range(widths.shape[0]):
                first = starts[s, b] + i * widths[b]
                for c in range(widths[b]):
                    row[to + c] = parts[first + c]
                to += widths[b]
            last = finish if s == n_powers - 1 else FINISH_NONE
            plan = (
                coefficients[s], normalize, fresh[s], columns[s], width, last, fixed,
            )  # fmt: skip
            _finish_row(i, row, one, False, nothing, scale, plan, out, sums, 0)


def _weight(weights, e):
    raise NotImplementedError  # pragma: no cover - replaced in compiled code


@overload(_weight, inline="always")
def _weight_in(weights, e):
    if isinstance(weights.dtype, types.Float):
        return lambda weights, e: weights[e]
    return lambda weights, e: 1


@njit(parallel=True)
def add_signs(s_indptr, s_codes, lengths, fresh, column, width, rows, out):
    """Add rows of signs, brought to the length ``lengths[r]``, to rows of ``out``.

    Row r of the signs goes to row ``rows[r]`` of ``out``.
    """
    for r in prange(rows.shape[0]):
        target = out[rows[r], column : column + width]
        if fresh:
            target[:] = 0
        first, end = s_indptr[r], s_indptr[r + 1]
        if first == end:
            continue
        value = target.dtype.type(lengths[r] / np.sqrt(end - first))
        for k in range(first, end):
            code = s_codes[k]
            target[code >> 1] += value if code & 1 == 0 else -value


@njit(parallel=True)
def standardize(out, mean, per_scale, cuts):
    """Replace each non-zero row by ``(row - mean) * per_scale``."""
    for b in prange(cuts.shape[0] - 1):
        for i in range(cuts[b], cuts[b + 1]):
            row = out[i]
            found = False
            for c in range(row.shape[0]):
                found |= row[c] != 0
            if found:
                for c in range(row.shape[0]):
                    row[c] = (row[c] - mean[c]) * per_scale[c]


@njit
def absolute_max(out):
    """Largest absolute value."""
    most = 0.0
    for i in range(out.shape[0]):
        for c in range(out.shape[1]):
            most = max(most, abs(np.float64(out[i, c])))
    return most


@njit(parallel=True)
def finish_rows(out, cuts, finish, fixed, sums):
    """Finish rows that are complete already: unit length, or sums."""
    for b in prange(cuts.shape[0] - 1):
        for i in range(cuts[b], cuts[b + 1]):
            _finish_target(out[i], finish, fixed, sums, b)


@njit
def equal_work_cuts(indptr, per_row, n_blocks, cuts):
    """Cut rows into blocks of equal ``entries + per_row * rows``."""
    n = indptr.shape[0] - 1
    total = indptr[n] + per_row * n
    row = 0
    cuts[0] = 0
    for b in range(1, n_blocks):
        goal = total * b // n_blocks
        while row < n and indptr[row] + per_row * row < goal:
            row += 1
        cuts[b] = row
    cuts[n_blocks] = n

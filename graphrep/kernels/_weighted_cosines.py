"""Cosines of pairs of sparse rows under weights of the features, and derivatives.

With w the weights, cos(x, y) = sum w x y / sqrt(sum w x^2 * sum w y^2). Derivatives are
by the logarithms of the weights. Columns of rows are sorted.
"""

import numpy as np

from graphrep.kernels._jit import njit

_END = np.int32(2147483647)


@njit(nogil=True)
def weighted_cosines(
    x_indptr, x_indices, x_data, y_indptr, y_indices, y_data, x_rows, y_rows, weights,
    out,
):  # fmt: skip
    """Write for each pair its cosine, 0 where a row has no length, and both squares.

    ``out`` is float64 (n_pairs, 3): cosine, squared lengths of x and of y.
    """
    for i in range(out.shape[0]):
        e, end = x_indptr[x_rows[i]], x_indptr[x_rows[i] + 1]
        f, stop = y_indptr[y_rows[i]], y_indptr[y_rows[i] + 1]
        xy = xx = yy = 0.0
        while e < end or f < stop:
            s = x_indices[e] if e < end else _END
            t = y_indices[f] if f < stop else _END
            if s <= t:
                xx += weights[s] * x_data[e] * x_data[e]
            if t <= s:
                yy += weights[t] * y_data[f] * y_data[f]
            if s == t:
                xy += weights[s] * x_data[e] * y_data[f]
            e += s <= t
            f += t <= s
        length = np.sqrt(xx * yy)
        out[i, 0] = min(xy / length, 1.0) if length > 0.0 else 0.0
        out[i, 1] = xx
        out[i, 2] = yy


@njit(nogil=True)
def add_cosine_slopes(
    x_indptr, x_indices, x_data, y_indptr, y_indices, y_data, x_rows, y_rows, weights,
    cosines, slopes, out,
):  # fmt: skip
    """Add the derivative by each log weight of the sum of slope times cosine.

    ``cosines`` is what `weighted_cosines` wrote.
    """
    for i in range(x_rows.shape[0]):
        cosine, xx, yy = cosines[i, 0], cosines[i, 1], cosines[i, 2]
        if slopes[i] == 0.0 or xx <= 0.0 or yy <= 0.0:
            continue
        e, end = x_indptr[x_rows[i]], x_indptr[x_rows[i] + 1]
        f, stop = y_indptr[y_rows[i]], y_indptr[y_rows[i] + 1]
        share = slopes[i] / np.sqrt(xx * yy)
        own = -0.5 * slopes[i] * cosine / xx
        other = -0.5 * slopes[i] * cosine / yy
        while e < end or f < stop:
            s = x_indices[e] if e < end else _END
            t = y_indices[f] if f < stop else _END
            if s <= t:
                out[s] += own * weights[s] * x_data[e] * x_data[e]
            if t <= s:
                out[t] += other * weights[t] * y_data[f] * y_data[f]
            if s == t:
                out[s] += share * weights[s] * x_data[e] * y_data[f]
            e += s <= t
            f += t <= s


@njit(nogil=True)
def view_cosines(
    first, last, x_indptr, x_indices, x_data, y_indptr, y_indices, y_data, x_rows,
    y_rows, view_of, out,
):  # fmt: skip
    """Write the product of the parts of each view of the pairs ``first`` to ``last``.

    Views have length 1 in each row, so products are cosines: out is float32, a column
    for each view.
    """
    for i in range(first, last):
        e, end = x_indptr[x_rows[i]], x_indptr[x_rows[i] + 1]
        f, stop = y_indptr[y_rows[i]], y_indptr[y_rows[i] + 1]
        out[i, :] = 0.0
        while e < end and f < stop:
            s, t = x_indices[e], y_indices[f]
            if s == t:
                out[i, view_of[s]] += x_data[e] * y_data[f]
            e += s <= t
            f += t <= s

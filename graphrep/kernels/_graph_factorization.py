"""Sweeps of graph factorisation: least squares row by row, and stratified SGD.

A row of the least squares sees its neighbours only, in the order in which they are
stored, and a stratum of SGD touches rows that no other stratum of its round touches:
results do not depend on the number of threads.
"""

import numpy as np

from graphrep.kernels._jit import njit, prange

_LANES = 8


@njit
def _dot(a, b):
    """Dot product in eight partial sums: a fixed order that still vectorises."""
    n = a.shape[0]
    whole = n - n % _LANES
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = a.dtype.type(0)
    for c in range(0, whole, _LANES):
        s0 += a[c] * b[c]
        s1 += a[c + 1] * b[c + 1]
        s2 += a[c + 2] * b[c + 2]
        s3 += a[c + 3] * b[c + 3]
        s4 += a[c + 4] * b[c + 4]
        s5 += a[c + 5] * b[c + 5]
        s6 += a[c + 6] * b[c + 6]
        s7 += a[c + 7] * b[c + 7]
    total = ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
    for c in range(whole, n):
        total += a[c] * b[c]
    return total


@njit
def _solve(h, x, n):
    """Overwrite ``x[:n]`` with the solution of ``h x = x``; h is positive definite.

    The lower triangle of ``h`` is overwritten with its Cholesky factor.
    """
    for i in range(n):
        for j in range(i):
            h[i, j] = (h[i, j] - _dot(h[i, :j], h[j, :j])) / h[j, j]
        h[i, i] = np.sqrt(h[i, i] - _dot(h[i, :i], h[i, :i]))
        x[i] = (x[i] - _dot(h[i, :i], x[:i])) / h[i, i]
    for i in range(n - 1, -1, -1):
        x[i] /= h[i, i]
        for j in range(i):
            x[j] -= h[i, j] * x[i]


@njit
def _few_neighbours(v, indices, weights, start, end, excess, h, a, row):
    """Row with fewer neighbours than columns: ``V' (I + excess V V')^-1 a``."""
    k = end - start
    for r in range(k):
        left = v[indices[start + r]]
        for q in range(r + 1):
            h[r, q] = excess * _dot(left, v[indices[start + q]])
        h[r, r] += 1.0
        a[r] = weights[start + r] if weights.shape[0] else 1.0
    _solve(h, a, k)
    row[:] = 0
    for r in range(k):
        near = v[indices[start + r]]
        for c in range(row.shape[0]):
            row[c] += a[r] * near[c]


@njit
def _many_neighbours(v, indices, weights, start, end, excess, h, row):
    """Row with at least as many neighbours: ``(I + excess V' V)^-1 V' a``."""
    d = row.shape[0]
    h[:d, :d] = 0
    row[:] = 0
    for e in range(start, end):
        near = v[indices[e]]
        weight = weights[e] if weights.shape[0] else 1.0
        for r in range(d):
            factor = excess * near[r]
            row[r] += weight * near[r]
            for q in range(r + 1):
                h[r, q] += factor * near[q]
    for r in range(d):
        h[r, r] += 1.0
    _solve(h, row, d)


@njit(parallel=True)
def least_squares_rows(indptr, indices, weights, v, excess, cuts, out):
    """Solve ``(I + excess sum_e v_e v_e') z_i = sum_e w_e v_e`` for every row i.

    ``v`` (n_columns, d) and ``out`` (n_rows, d) are float64, ``weights`` is empty for
    ones. A row with k < d neighbours needs a k by k system only. Rows
    ``cuts[b] <= i < cuts[b + 1]`` are one task.
    """
    d = v.shape[1]
    for b in prange(cuts.shape[0] - 1):
        h = np.empty((d, d))
        a = np.empty(d)
        for i in range(cuts[b], cuts[b + 1]):
            start, end = indptr[i], indptr[i + 1]
            if start == end:
                out[i] = 0
            elif end - start < d:
                _few_neighbours(v, indices, weights, start, end, excess, h, a, out[i])
            else:
                _many_neighbours(v, indices, weights, start, end, excess, h, out[i])


@njit(parallel=True)
def edge_sums(rows, columns, weights, x, dx, cuts, out):
    """Sum over each block's edges what the loss along ``x + t dx`` consists of.

    With ``s_0 = x_i x_j``, ``s_1 = x_i dx_j + dx_i x_j`` and ``s_2 = dx_i dx_j`` a
    row of ``out`` (blocks, 10) is: w w, s_0 w, s_1 w, s_2 w, s_0 s_0, s_0 s_1,
    s_1 s_1, s_0 s_2, s_1 s_2, s_2 s_2.
    """
    for b in prange(cuts.shape[0] - 1):
        sums = np.zeros(10)
        for e in range(cuts[b], cuts[b + 1]):
            i, j = rows[e], columns[e]
            w = weights[e] if weights.shape[0] else 1.0
            s0 = _dot(x[i], x[j])
            s1 = _dot(x[i], dx[j]) + _dot(dx[i], x[j])
            s2 = _dot(dx[i], dx[j])
            sums[0] += w * w
            sums[1] += s0 * w
            sums[2] += s1 * w
            sums[3] += s2 * w
            sums[4] += s0 * s0
            sums[5] += s0 * s1
            sums[6] += s1 * s1
            sums[7] += s0 * s2
            sums[8] += s1 * s2
            sums[9] += s2 * s2
        out[b] = sums


@njit(parallel=True)
def residual_sums(rows, columns, weights, x, y, cuts, out):
    """Sum ``(w - x_i y_j)^2`` and ``(x_i y_j)^2`` over each block's edges."""
    for b in prange(cuts.shape[0] - 1):
        off, square = 0.0, 0.0
        for e in range(cuts[b], cuts[b + 1]):
            w = weights[e] if weights.shape[0] else 1.0
            s = np.float64(_dot(x[rows[e]], y[columns[e]]))
            off += (w - s) * (w - s)
            square += s * s
        out[b, 0] = off
        out[b, 1] = square


@njit(parallel=True)
def descend(rows, columns, weights, z, shrink, rate, cuts):
    """Move both ends of every edge down the gradient of its part of the loss.

    Edges ``cuts[s] <= e < cuts[s + 1]`` are one stratum and are taken in turn; the
    strata of a call share no row of ``z``. ``shrink[i]`` is the regularisation of row
    i that falls to each of its edges. The step of an edge is ``rate`` where that is
    small, and never so large that its own residual could grow.
    """
    one = z.dtype.type(1)
    for s in prange(cuts.shape[0] - 1):
        for e in range(cuts[s], cuts[s + 1]):
            i, j = rows[e], columns[e]
            a, b = z[i], z[j]
            weight = z.dtype.type(weights[e]) if weights.shape[0] else one
            off = weight - _dot(a, b)
            size = _dot(a, a) + _dot(b, b) + abs(off)
            step = rate / (one + rate * size)
            pull = step * off
            keep_a = one / (one + step * shrink[i])
            keep_b = one / (one + step * shrink[j])
            if i == j:
                for c in range(a.shape[0]):
                    a[c] = keep_a * keep_a * (a[c] + (pull + pull) * a[c])
            else:
                for c in range(a.shape[0]):
                    x, y = a[c], b[c]
                    a[c] = keep_a * (x + pull * y)
                    b[c] = keep_b * (y + pull * x)

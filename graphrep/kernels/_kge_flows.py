"""Flows of the line and of the plane: points of entities and of queries, and back.

Loops run over coordinates and touch few arrays each, so that they compile to vectors.
"""

import numpy as np

from graphrep.kernels._jit import njit

HAS_MEAN, HAS_SCALE, SWAPS = 1, 2, 4
"""Flags of FLOW: a mean, a scale of the relation, pieces that a < 0 swaps (RADIAL
knows the second alone)."""


@njit(inline="always")
def sign(x, one):
    """Sign of x in the type of ``one``, so that nothing becomes float64."""
    return one if x > 0 else (-one if x < 0 else one - one)


@njit(nogil=True, fastmath={"reassoc", "contract"})
def length(x, n):
    """Sum of squares of the first n numbers, in the order that vectors like."""
    total = x.dtype.type(0)
    for j in range(n):
        total += x[j] * x[j]
    return total


@njit(nogil=True)
def add_multiple(goal, other, factor, n):
    """Add a multiple of the first n numbers of another row."""
    for j in range(n):
        goal[j] += factor * other[j]


@njit(inline="always")
def _part(row, d, k):
    return row[k * d : (k + 1) * d]


@njit(nogil=True)
def flow_key(row, d, flags, root, out):
    """Compute x = root @ (m, |s_1|, .., |s_K|), per coordinate."""
    n_pieces = root.shape[0] - 1
    first = 0 if flags & HAS_MEAN else 1
    for p in range(first, n_pieces + 1):
        goal = _part(out, d, p - first)
        goal[:] = 0
        for k in range(p, n_pieces + 1):
            part, c = _part(row, d, k - first), root[p, k]
            if k == 0:
                for j in range(d):
                    goal[j] += c * part[j]
            elif c != 0:
                for j in range(d):
                    goal[j] += c * abs(part[j])


@njit(nogil=True)
def flow_key_back(row, d, flags, root, slope, d_row):
    """Add the gradients of an entity's parameters, from those of its point."""
    n_pieces = root.shape[0] - 1
    first = 0 if flags & HAS_MEAN else 1
    one = row.dtype.type(1)
    for k in range(first, n_pieces + 1):
        part, goal = _part(row, d, k - first), _part(d_row, d, k - first)
        for p in range(first, k + 1):
            back, c = _part(slope, d, p - first), root[p, k]
            if k == 0:
                for j in range(d):
                    goal[j] += c * back[j]
            elif c != 0:
                for j in range(d):
                    goal[j] += c * back[j] * sign(part[j], one)


@njit(nogil=True)
def flow_query(row, relation, d, flags, root, out):
    """Compute x = root @ (a m + b, |a s_1|, ..), pieces in turn where a < 0."""
    n_pieces = root.shape[0] - 1
    first = 0 if flags & HAS_MEAN else 1
    scaled, shift = flags & HAS_SCALE, _part(relation, d, 0)
    scale = _part(relation, d, 1 if scaled else 0)
    out[: (n_pieces + 1 - first) * d] = 0
    if first == 0:
        c, part = root[0, 0], _part(row, d, 0)
        for j in range(d):
            out[j] = c * ((scale[j] * part[j] if scaled else part[j]) + shift[j])
    for k in range(1, n_pieces + 1):
        ahead = _part(row, d, k - first)
        turned = _part(row, d, n_pieces + 1 - k - first)
        for p in range(first, k + 1):
            c, goal = root[p, k], _part(out, d, p - first)
            if not scaled:
                for j in range(d):
                    goal[j] += c * abs(ahead[j])
            elif flags & SWAPS:
                for j in range(d):
                    s = turned[j] if scale[j] < 0 else ahead[j]
                    goal[j] += c * abs(scale[j] * s)
            else:
                for j in range(d):
                    goal[j] += c * abs(scale[j] * ahead[j])


@njit(nogil=True)
def flow_query_back(row, relation, d, flags, root, slope, d_row, d_relation):
    """Add the gradients of parameters, from those of the point of a query."""
    n_pieces = root.shape[0] - 1
    first = 0 if flags & HAS_MEAN else 1
    one = row.dtype.type(1)
    scaled, d_shift = flags & HAS_SCALE, _part(d_relation, d, 0)
    scale = _part(relation, d, 1 if scaled else 0)
    d_scale = _part(d_relation, d, 1 if scaled else 0)
    if first == 0:
        c, part, d_part = root[0, 0], _part(row, d, 0), _part(d_row, d, 0)
        for j in range(d):
            d_shift[j] += c * slope[j]
        if scaled:
            for j in range(d):
                d_part[j] += scale[j] * c * slope[j]
                d_scale[j] += part[j] * c * slope[j]
        else:
            for j in range(d):
                d_part[j] += c * slope[j]
    for k in range(1, n_pieces + 1):
        turn = n_pieces + 1 - k - first
        if not flags & SWAPS or not scaled:
            turn = k - first
        ahead, d_ahead = _part(row, d, k - first), _part(d_row, d, k - first)
        turned, d_turned = _part(row, d, turn), _part(d_row, d, turn)
        for p in range(first, k + 1):
            c, back = root[p, k], _part(slope, d, p - first)
            if not scaled:
                for j in range(d):
                    d_ahead[j] += c * back[j] * sign(ahead[j], one)
                continue
            # loops of few arrays each, which the compiler can prove apart
            for j in range(d):
                s = turned[j] if scale[j] < 0 else ahead[j]
                d_scale[j] += c * back[j] * abs(s) * sign(scale[j], one)
            for j in range(d):
                a = max(scale[j], one - one)
                d_ahead[j] += c * back[j] * a * sign(ahead[j], one)
            for j in range(d):
                a = max(-scale[j], one - one)
                d_turned[j] += c * back[j] * a * sign(turned[j], one)


@njit(nogil=True)
def radial_key(row, d, root, out):
    """Compute x = (re, im, root[1:, 1:] @ (|s_1|, .., |s_K|)), per coordinate."""
    for j in range(2 * d):
        out[j] = row[j]
    out[2 * d : (root.shape[0] + 1) * d] = 0
    for k in range(1, root.shape[0]):
        part = _part(row, d, k + 1)
        for p in range(1, k + 1):
            c, goal = root[p, k], _part(out, d, p + 1)
            for j in range(d):
                goal[j] += c * abs(part[j])


@njit(nogil=True)
def radial_key_back(row, d, root, slope, d_row):
    """Add the gradients of an entity's parameters, from those of its point."""
    one = row.dtype.type(1)
    for j in range(2 * d):
        d_row[j] += slope[j]
    for k in range(1, root.shape[0]):
        part, goal = _part(row, d, k + 1), _part(d_row, d, k + 1)
        for p in range(1, k + 1):
            c, back = root[p, k], _part(slope, d, p + 1)
            for j in range(d):
                goal[j] += c * back[j] * sign(part[j], one)


@njit(nogil=True)
def radial_query(row, relation, d, flags, root, out):
    """Compute a m + b and root @ (|a s_1|, ..); a is 1 without HAS_SCALE."""
    out[2 * d : (root.shape[0] + 1) * d] = 0
    scaled, one = flags & HAS_SCALE, row.dtype.type(1)
    u = _part(relation, d, 2 if scaled else 0)
    v = _part(relation, d, 3 if scaled else 0)
    if scaled:
        for j in range(d):
            out[j] = row[j] * u[j] - row[d + j] * v[j] + relation[j]
            out[d + j] = row[j] * v[j] + row[d + j] * u[j] + relation[d + j]
    else:
        for j in range(2 * d):
            out[j] = row[j] + relation[j]
    for k in range(1, root.shape[0]):
        part = _part(row, d, k + 1)
        for p in range(1, k + 1):
            c, goal = root[p, k], _part(out, d, p + 1)
            for j in range(d):
                size = np.sqrt(u[j] * u[j] + v[j] * v[j]) if scaled else one
                goal[j] += c * abs(part[j]) * size


@njit(nogil=True, error_model="numpy")
def radial_query_back(row, relation, d, flags, root, slope, d_row, d_relation):
    """Add the gradients of parameters, from those of the point of a query."""
    scaled, one = flags & HAS_SCALE, row.dtype.type(1)
    u = _part(relation, d, 2 if scaled else 0)
    v = _part(relation, d, 3 if scaled else 0)
    d_u = _part(d_relation, d, 2 if scaled else 0)
    d_v = _part(d_relation, d, 3 if scaled else 0)
    for j in range(2 * d):
        d_relation[j] += slope[j]
    if scaled:
        for j in range(d):
            re, im = slope[j], slope[d + j]
            d_row[j] += re * u[j] + im * v[j]
            d_row[d + j] += im * u[j] - re * v[j]
            d_u[j] += row[j] * re + row[d + j] * im
            d_v[j] += row[j] * im - row[d + j] * re
    else:
        for j in range(2 * d):
            d_row[j] += slope[j]
    for k in range(1, root.shape[0]):
        part, goal = _part(row, d, k + 1), _part(d_row, d, k + 1)
        for p in range(1, k + 1):
            c, back = root[p, k], _part(slope, d, p + 1)
            for j in range(d):
                size = np.sqrt(u[j] * u[j] + v[j] * v[j]) if scaled else one
                goal[j] += c * back[j] * size * sign(part[j], one)
                if scaled:
                    along = c * back[j] * abs(part[j])
                    along = along / size if size > 0 else one - one
                    d_u[j] += along * u[j]
                    d_v[j] += along * v[j]

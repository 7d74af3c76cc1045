"""From the parameters of entities and relations to points, and back for gradients.

Every model of the room ``kge`` scores a triple by one product of rows,

    score(h, r, t) = query(h, r) . key(t),

where a *point* is built from the parameters and the rows are, by the divergence,

    EUCLIDEAN   query [2 x_q, 1, gamma - |x_q|^2]    key [x_t, -|x_t|^2, 1]
    INNER       query x_q                            key x_t
    KL          query [x_q, 1, bias_q]               key [x_t, bias_t, 1]

Parameters lie part by part: (m of all coordinates, s_1 of all coordinates, ...), and
so do points. The *map* says how a point comes from the parameters:

    FLOW      entity (m, s_1..s_K), relation (b, a): see `graphrep.kge.NFE`
    KL_FLOW   the same with K = 1 and scales kept positive by softplus
    COMPLEX   entity (re, im), relation (re, im): rotation with scaling
    ROTATION  entity (re, im), relation (angle)
    REAL      entity h, relation r: product coordinate by coordinate
    MATRIX    entity h, relation a matrix, row by row
    RADIAL    entity (re, im, s_1..s_K), relation (b_re, b_im, a_re, a_im): flows of
              the complex plane, linear in rings, turned and scaled by a
"""

import math

import numpy as np

from graphrep.kernels._jit import njit

FLOW, KL_FLOW, COMPLEX, ROTATION, REAL, MATRIX, RADIAL = range(7)
EUCLIDEAN, INNER, KL = range(3)
HAS_MEAN, HAS_SCALE, SWAPS = 1, 2, 4
"""Flags of FLOW: a mean, a scale of the relation, pieces that a < 0 swaps (RADIAL
knows the second alone)."""
POSITIVE = 1
"""Flag of KL_FLOW: the scale of a query is |a| softplus(s), not two softplus."""


@njit(inline="always")
def _softplus(x):
    return max(x, x * 0) + math.log1p(math.exp(-abs(x)))


@njit(inline="always")
def _logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


@njit(inline="always")
def _sign(x, one):
    """Sign of x in the type of ``one``, so that nothing becomes float64."""
    return one if x > 0 else (-one if x < 0 else one - one)


@njit(nogil=True, fastmath={"reassoc", "contract"})
def _length(x, n):
    """Sum of squares of the first n numbers, in the order that vectors like."""
    total = x.dtype.type(0)
    for j in range(n):
        total += x[j] * x[j]
    return total


@njit(nogil=True)
def _add(goal, other, factor, n):
    """Add a multiple of the first n numbers of another row."""
    for j in range(n):
        goal[j] += factor * other[j]


@njit(inline="always")
def _part(row, d, k):
    return row[k * d : (k + 1) * d]


@njit(nogil=True)
def _flow_key(row, d, flags, root, out):
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
def _flow_key_back(row, d, flags, root, slope, d_row):
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
                    goal[j] += c * back[j] * _sign(part[j], one)


@njit(nogil=True)
def _flow_query(row, relation, d, flags, root, out):
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
def _flow_query_back(row, relation, d, flags, root, slope, d_row, d_relation):
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
                    d_ahead[j] += c * back[j] * _sign(ahead[j], one)
                continue
            # loops of few arrays each, which the compiler can prove apart
            for j in range(d):
                s = turned[j] if scale[j] < 0 else ahead[j]
                d_scale[j] += c * back[j] * abs(s) * _sign(scale[j], one)
            for j in range(d):
                a = max(scale[j], one - one)
                d_ahead[j] += c * back[j] * a * _sign(ahead[j], one)
            for j in range(d):
                a = max(-scale[j], one - one)
                d_turned[j] += c * back[j] * a * _sign(turned[j], one)


@njit(nogil=True)
def _radial_key(row, d, root, out):
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
def _radial_key_back(row, d, root, slope, d_row):
    one = row.dtype.type(1)
    for j in range(2 * d):
        d_row[j] += slope[j]
    for k in range(1, root.shape[0]):
        part, goal = _part(row, d, k + 1), _part(d_row, d, k + 1)
        for p in range(1, k + 1):
            c, back = root[p, k], _part(slope, d, p + 1)
            for j in range(d):
                goal[j] += c * back[j] * _sign(part[j], one)


@njit(nogil=True)
def _radial_query(row, relation, d, flags, root, out):
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
def _radial_query_back(row, relation, d, flags, root, slope, d_row, d_relation):
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
                goal[j] += c * back[j] * size * _sign(part[j], one)
                if scaled:
                    along = c * back[j] * abs(part[j])
                    along = along / size if size > 0 else one - one
                    d_u[j] += along * u[j]
                    d_v[j] += along * v[j]


@njit(nogil=True)
def _kl_key(row, d, out):
    bias = 0.0
    for j in range(d):
        sigma = _softplus(row[d + j])
        inverse = 1.0 / (sigma * sigma)
        out[j] = -0.5 * inverse
        out[d + j] = row[j] * inverse
        bias -= math.log(sigma) + 0.5 * row[j] * row[j] * inverse
    return bias


@njit(nogil=True)
def _kl_key_back(row, d, slope, d_bias, d_row):
    for j in range(d):
        sigma = _softplus(row[d + j])
        inverse = 1.0 / (sigma * sigma)
        m = row[j]
        d_row[j] += (slope[d + j] - d_bias * m) * inverse
        by_inverse = -0.5 * slope[j] + m * slope[d + j] - 0.5 * m * m * d_bias
        by_sigma = -2.0 * inverse / sigma * by_inverse - d_bias / sigma
        d_row[d + j] += by_sigma * _logistic(row[d + j])


@njit(nogil=True)
def _kl_query(row, relation, d, flags, out):
    bias = 0.5 * d
    for j in range(d):
        a = relation[d + j]
        factor = abs(a) if flags & POSITIVE else _softplus(a)
        sigma = factor * _softplus(row[d + j])
        mean = a * row[j] + relation[j]
        out[j] = mean * mean + sigma * sigma
        out[d + j] = mean
        bias += math.log(sigma)
    return bias


@njit(nogil=True)
def _kl_query_back(row, relation, d, flags, slope, d_bias, d_row, d_relation):
    for j in range(d):
        a = relation[d + j]
        factor = abs(a) if flags & POSITIVE else _softplus(a)
        soft = _softplus(row[d + j])
        sigma = factor * soft
        mean = a * row[j] + relation[j]
        by_mean = 2.0 * mean * slope[j] + slope[d + j]
        by_sigma = 2.0 * sigma * slope[j] + d_bias / sigma
        d_row[j] += a * by_mean
        d_row[d + j] += by_sigma * factor * _logistic(row[d + j])
        d_relation[j] += by_mean
        inner = _sign(a, 1.0) if flags & POSITIVE else _logistic(a)
        d_relation[d + j] += row[j] * by_mean + by_sigma * soft * inner


@njit(nogil=True)
def _turn(row, relation, d, kind, out):
    """Point of a query of the maps by products."""
    if kind == REAL:
        for j in range(d):
            out[j] = row[j] * relation[j]
    elif kind == MATRIX:
        for i in range(d):
            total = row.dtype.type(0)
            for j in range(d):
                total += relation[i * d + j] * row[j]
            out[i] = total
    elif kind == ROTATION:
        for j in range(d):
            u, v = math.cos(relation[j]), math.sin(relation[j])
            out[j] = row[j] * u - row[d + j] * v
            out[d + j] = row[j] * v + row[d + j] * u
    else:
        for j in range(d):
            u, v = relation[j], relation[d + j]
            out[j] = row[j] * u - row[d + j] * v
            out[d + j] = row[j] * v + row[d + j] * u


@njit(nogil=True)
def _turn_back(row, relation, d, kind, slope, d_row, d_relation):
    if kind == REAL:
        for j in range(d):
            d_row[j] += slope[j] * relation[j]
            d_relation[j] += slope[j] * row[j]
    elif kind == MATRIX:
        for i in range(d):
            for j in range(d):
                d_row[j] += relation[i * d + j] * slope[i]
                d_relation[i * d + j] += slope[i] * row[j]
    elif kind == ROTATION:
        for j in range(d):
            u, v = math.cos(relation[j]), math.sin(relation[j])
            re, im = slope[j], slope[d + j]
            d_row[j] += re * u + im * v
            d_row[d + j] += im * u - re * v
            by_u = row[j] * re + row[d + j] * im
            by_v = row[j] * im - row[d + j] * re
            d_relation[j] += by_v * u - by_u * v
    else:
        for j in range(d):
            u, v = relation[j], relation[d + j]
            re, im = slope[j], slope[d + j]
            d_row[j] += re * u + im * v
            d_row[d + j] += im * u - re * v
            d_relation[j] += row[j] * re + row[d + j] * im
            d_relation[d + j] += row[j] * im - row[d + j] * re


@njit(nogil=True)
def key_rows(entities, start, stop, spec, root, out):
    """Rows of K for entities start..stop: (stop - start, >= width).

    ``spec`` is (map, divergence, n_coordinates, n_point_columns, flags).
    """
    kind, divergence, d, w, flags = spec
    for e in range(start, stop):
        row, goal = entities[e], out[e - start]
        if kind == KL_FLOW:
            goal[w] = _kl_key(row, d, goal)
            goal[w + 1] = 1
            continue
        if kind == FLOW:
            _flow_key(row, d, flags, root, goal)
        elif kind == RADIAL:
            _radial_key(row, d, root, goal)
        else:
            for j in range(w):
                goal[j] = row[j]
        if divergence == EUCLIDEAN:
            goal[w] = -_length(goal, w)
            goal[w + 1] = 1


@njit(nogil=True)
def key_gradients(entities, start, stop, spec, root, keys, slopes, pull, d_entities):
    """Turn gradients of rows of K (overwritten) into those of their entities.

    ``pull`` (n,) is the weight of |x_t|^2 of an entity in the loss.
    """
    kind, divergence, d, w, flags = spec
    two = entities.dtype.type(2)
    for e in range(start, stop):
        row, slope, d_row = entities[e], slopes[e - start], d_entities[e]
        d_row[:] = 0
        if kind == KL_FLOW:
            _kl_key_back(row, d, slope, slope[w], d_row)
            continue
        extra = two * pull[e]
        if divergence == EUCLIDEAN:
            extra -= two * slope[w]
        if extra != 0:
            _add(slope, keys[e - start], extra, w)
        if kind == FLOW:
            _flow_key_back(row, d, flags, root, slope, d_row)
        elif kind == RADIAL:
            _radial_key_back(row, d, root, slope, d_row)
        else:
            for j in range(w):
                d_row[j] += slope[j]


@njit(nogil=True)
def query_rows(entities, relations, heads, kinds, spec, gamma, root, out):
    """Rows of Q for (head, relation) pairs: (n_queries, >= width)."""
    kind, divergence, d, w, flags = spec
    two = entities.dtype.type(2)
    for i in range(heads.shape[0]):
        row, relation, goal = entities[heads[i]], relations[kinds[i]], out[i]
        if kind == KL_FLOW:
            goal[w + 1] = gamma + _kl_query(row, relation, d, flags, goal)
            goal[w] = 1
            continue
        if kind == FLOW:
            _flow_query(row, relation, d, flags, root, goal)
        elif kind == RADIAL:
            _radial_query(row, relation, d, flags, root, goal)
        else:
            _turn(row, relation, d, kind, goal)
        if divergence == EUCLIDEAN:
            goal[w + 1] = gamma - _length(goal, w)
            goal[w] = 1
            for j in range(w):
                goal[j] *= two


@njit(nogil=True)
def query_gradients(
    entities, relations, heads, kinds, spec, root, queries, slopes, pull,
    d_entities, d_relations,
):  # fmt: skip
    """Add gradients of rows of Q (overwritten) to those of their parameters.

    ``pull`` (n_queries,) is the weight of |x_q|^2 of a query in the loss.
    """
    kind, divergence, d, w, flags = spec
    two = entities.dtype.type(2)
    for i in range(heads.shape[0]):
        row, relation, slope = entities[heads[i]], relations[kinds[i]], slopes[i]
        d_row, d_relation = d_entities[heads[i]], d_relations[kinds[i]]
        if kind == KL_FLOW:
            _kl_query_back(
                row, relation, d, flags, slope, slope[w + 1], d_row, d_relation
            )
            continue
        if divergence == EUCLIDEAN:
            extra = pull[i] - slope[w + 1]
            for j in range(w):
                slope[j] *= two
        else:
            extra = two * pull[i]
        _add(slope, queries[i], extra, w)
        if kind == FLOW:
            _flow_query_back(row, relation, d, flags, root, slope, d_row, d_relation)
        elif kind == RADIAL:
            _radial_query_back(row, relation, d, flags, root, slope, d_row, d_relation)
        else:
            _turn_back(row, relation, d, kind, slope, d_row, d_relation)


@njit(nogil=True)
def cubes(table, coefficients, d, is_complex, gradients):
    """Add gradients of sum over rows of coefficient * sum |z|^3."""
    for e in range(table.shape[0]):
        c = 3 * coefficients[e]
        if c == 0:
            continue
        if is_complex:
            for j in range(d):
                re, im = table[e, j], table[e, d + j]
                size = c * np.sqrt(re * re + im * im)
                gradients[e, j] += size * re
                gradients[e, d + j] += size * im
        else:
            for j in range(table.shape[1]):
                gradients[e, j] += c * abs(table[e, j]) * table[e, j]


@njit(nogil=True)
def squares(table, coefficients, gradients):
    """Add gradients of sum over rows of coefficient * |row|^2."""
    for e in range(table.shape[0]):
        c = 2 * coefficients[e]
        if c != 0:
            for j in range(table.shape[1]):
                gradients[e, j] += c * table[e, j]

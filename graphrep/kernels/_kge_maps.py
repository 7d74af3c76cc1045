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
def _sign(x):
    return (x > 0) - (x < 0)


@njit(nogil=True)
def _flow_key(row, d, flags, root, out):
    """Compute x = root @ (m, |s_1|, .., |s_K|), per coordinate."""
    n_pieces = root.shape[0] - 1
    first = 0 if flags & HAS_MEAN else 1
    for p in range(first, n_pieces + 1):
        goal = out[(p - first) * d : (p - first + 1) * d]
        goal[:] = 0
        for k in range(p, n_pieces + 1):
            part, c = row[(k - first) * d : (k - first + 1) * d], root[p, k]
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
    for k in range(first, n_pieces + 1):
        part = row[(k - first) * d : (k - first + 1) * d]
        goal = d_row[(k - first) * d : (k - first + 1) * d]
        for p in range(first, k + 1):
            back, c = slope[(p - first) * d : (p - first + 1) * d], root[p, k]
            if k == 0:
                for j in range(d):
                    goal[j] += c * back[j]
            elif c != 0:
                for j in range(d):
                    goal[j] += c * back[j] * _sign(part[j])


@njit(nogil=True)
def _flow_query(row, relation, d, flags, root, out):
    """Compute x = root @ (a m + b, |a s_1|, ..), pieces in turn where a < 0."""
    n_pieces = root.shape[0] - 1
    first = 0 if flags & HAS_MEAN else 1
    out[: (n_pieces + 1 - first) * d] = 0
    for j in range(d):
        a = relation[d + j] if flags & HAS_SCALE else row.dtype.type(1)
        backwards = a < 0 and flags & SWAPS
        if first == 0:
            out[j] += root[0, 0] * (a * row[j] + relation[j])
        for k in range(1, n_pieces + 1):
            own = n_pieces + 1 - k if backwards else k
            s = abs(a * row[(own - first) * d + j])
            for p in range(first, k + 1):
                out[(p - first) * d + j] += root[p, k] * s


@njit(nogil=True)
def _flow_query_back(row, relation, d, flags, root, slope, d_row, d_relation):
    """Add the gradients of parameters, from those of the point of a query."""
    n_pieces = root.shape[0] - 1
    first = 0 if flags & HAS_MEAN else 1
    for j in range(d):
        a = relation[d + j] if flags & HAS_SCALE else row.dtype.type(1)
        backwards = a < 0 and flags & SWAPS
        d_scale = row.dtype.type(0)
        if first == 0:
            back = root[0, 0] * slope[j]
            d_row[j] += a * back
            d_scale += row[j] * back
            d_relation[j] += back
        for k in range(1, n_pieces + 1):
            own = n_pieces + 1 - k if backwards else k
            back = row.dtype.type(0)
            for p in range(first, k + 1):
                back += root[p, k] * slope[(p - first) * d + j]
            s = row[(own - first) * d + j]
            d_row[(own - first) * d + j] += abs(a) * _sign(s) * back
            d_scale += _sign(a) * abs(s) * back
        if flags & HAS_SCALE:
            d_relation[d + j] += d_scale


@njit(nogil=True)
def _rings(row, d, factor, j, root, out):
    """Add root[1:, 1:] @ (|s_1|, .., |s_K|) * factor for coordinate j of a point."""
    for k in range(1, root.shape[0]):
        s = factor * abs(row[(k + 1) * d + j])
        for p in range(1, k + 1):
            out[(p + 1) * d + j] += root[p, k] * s


@njit(nogil=True)
def _rings_back(row, d, factor, j, root, slope, d_row):
    """Add the gradients of s_k; returns that of the factor."""
    d_factor = row.dtype.type(0)
    for k in range(1, root.shape[0]):
        back = row.dtype.type(0)
        for p in range(1, k + 1):
            back += root[p, k] * slope[(p + 1) * d + j]
        s = row[(k + 1) * d + j]
        d_row[(k + 1) * d + j] += factor * _sign(s) * back
        d_factor += abs(s) * back
    return d_factor


@njit(nogil=True)
def _radial_key(row, d, root, out):
    out[: 2 * d] = row[: 2 * d]
    out[2 * d : (root.shape[0] + 1) * d] = 0
    for j in range(d):
        _rings(row, d, row.dtype.type(1), j, root, out)


@njit(nogil=True)
def _radial_key_back(row, d, root, slope, d_row):
    for j in range(d):
        d_row[j] += slope[j]
        d_row[d + j] += slope[d + j]
        _rings_back(row, d, row.dtype.type(1), j, root, slope, d_row)


@njit(nogil=True)
def _radial_query(row, relation, d, flags, root, out):
    """Compute a m + b and root @ (|a s_1|, ..); a is 1 without HAS_SCALE."""
    out[2 * d : (root.shape[0] + 1) * d] = 0
    u, v = row.dtype.type(1), row.dtype.type(0)
    for j in range(d):
        if flags & HAS_SCALE:
            u, v = relation[2 * d + j], relation[3 * d + j]
        out[j] = row[j] * u - row[d + j] * v + relation[j]
        out[d + j] = row[j] * v + row[d + j] * u + relation[d + j]
        _rings(row, d, np.sqrt(u * u + v * v), j, root, out)


@njit(nogil=True)
def _radial_query_back(row, relation, d, flags, root, slope, d_row, d_relation):
    u, v = row.dtype.type(1), row.dtype.type(0)
    for j in range(d):
        if flags & HAS_SCALE:
            u, v = relation[2 * d + j], relation[3 * d + j]
        re, im = slope[j], slope[d + j]
        size = np.sqrt(u * u + v * v)
        d_size = _rings_back(row, d, size, j, root, slope, d_row)
        d_row[j] += re * u + im * v
        d_row[d + j] += im * u - re * v
        d_relation[j] += re
        d_relation[d + j] += im
        if flags & HAS_SCALE:
            along = d_size / size if size > 0 else size
            d_relation[2 * d + j] += row[j] * re + row[d + j] * im + along * u
            d_relation[3 * d + j] += row[j] * im - row[d + j] * re + along * v


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
        inner = _sign(a) if flags & POSITIVE else _logistic(a)
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
    else:
        for j in range(d):
            if kind == ROTATION:
                u, v = math.cos(relation[j]), math.sin(relation[j])
            else:
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
    else:
        for j in range(d):
            if kind == ROTATION:
                u, v = math.cos(relation[j]), math.sin(relation[j])
            else:
                u, v = relation[j], relation[d + j]
            re, im = slope[j], slope[d + j]
            d_row[j] += re * u + im * v
            d_row[d + j] += im * u - re * v
            by_u = row[j] * re + row[d + j] * im
            by_v = row[j] * im - row[d + j] * re
            if kind == ROTATION:
                d_relation[j] += by_v * u - by_u * v
            else:
                d_relation[j] += by_u
                d_relation[d + j] += by_v


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
            goal[:w] = row[:w]
        if divergence == EUCLIDEAN:
            total = row.dtype.type(0)
            for j in range(w):
                total += goal[j] * goal[j]
            goal[w] = -total
            goal[w + 1] = 1


@njit(nogil=True)
def key_gradients(entities, start, stop, spec, root, keys, slopes, pull, d_entities):
    """Turn gradients of rows of K (overwritten) into those of their entities.

    ``pull`` (n,) is the weight of |x_t|^2 of an entity in the loss.
    """
    kind, divergence, d, w, flags = spec
    for e in range(start, stop):
        row, slope, d_row = entities[e], slopes[e - start], d_entities[e]
        d_row[:] = 0
        if kind == KL_FLOW:
            _kl_key_back(row, d, slope, slope[w], d_row)
            continue
        extra = 2 * pull[e]
        if divergence == EUCLIDEAN:
            extra -= 2 * slope[w]
        if extra != 0:
            for j in range(w):
                slope[j] += extra * keys[e - start, j]
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
            total = row.dtype.type(0)
            for j in range(w):
                total += goal[j] * goal[j]
                goal[j] *= 2
            goal[w] = 1
            goal[w + 1] = gamma - total


@njit(nogil=True)
def query_gradients(
    entities, relations, heads, kinds, spec, root, queries, slopes, pull,
    d_entities, d_relations,
):  # fmt: skip
    """Add gradients of rows of Q (overwritten) to those of their parameters.

    ``pull`` (n_queries,) is the weight of |x_q|^2 of a query in the loss.
    """
    kind, divergence, d, w, flags = spec
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
                slope[j] = 2 * slope[j] + extra * queries[i, j]
        else:
            for j in range(w):
                slope[j] += 2 * pull[i] * queries[i, j]
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

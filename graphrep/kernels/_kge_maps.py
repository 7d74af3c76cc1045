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
from graphrep.kernels._kge_flows import (
    add_multiple,
    flow_key,
    flow_key_back,
    flow_query,
    flow_query_back,
    length,
    radial_key,
    radial_key_back,
    radial_query,
    radial_query_back,
    sign,
)

FLOW, KL_FLOW, COMPLEX, ROTATION, REAL, MATRIX, RADIAL = range(7)
EUCLIDEAN, INNER, KL = range(3)
POSITIVE = 1
"""Flag of KL_FLOW: the scale of a query is |a| softplus(s), not two softplus."""


@njit(inline="always")
def _softplus(x):
    return max(x, x * 0) + math.log1p(math.exp(-abs(x)))


@njit(inline="always")
def _logistic(x):
    return 1.0 / (1.0 + math.exp(-x))


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
        inner = sign(a, 1.0) if flags & POSITIVE else _logistic(a)
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
            flow_key(row, d, flags, root, goal)
        elif kind == RADIAL:
            radial_key(row, d, root, goal)
        else:
            for j in range(w):
                goal[j] = row[j]
        if divergence == EUCLIDEAN:
            goal[w] = -length(goal, w)
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
            add_multiple(slope, keys[e - start], extra, w)
        if kind == FLOW:
            flow_key_back(row, d, flags, root, slope, d_row)
        elif kind == RADIAL:
            radial_key_back(row, d, root, slope, d_row)
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
            flow_query(row, relation, d, flags, root, goal)
        elif kind == RADIAL:
            radial_query(row, relation, d, flags, root, goal)
        else:
            _turn(row, relation, d, kind, goal)
        if divergence == EUCLIDEAN:
            goal[w + 1] = gamma - length(goal, w)
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
        add_multiple(slope, queries[i], extra, w)
        if kind == FLOW:
            flow_query_back(row, relation, d, flags, root, slope, d_row, d_relation)
        elif kind == RADIAL:
            radial_query_back(row, relation, d, flags, root, slope, d_row, d_relation)
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

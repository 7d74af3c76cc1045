"""Torch twin of ``graphrep.kernels._kge_maps`` and ``_kge_step``: whole batches.

A score is ``factor * query . key + query_bias + key_bias``; the biases stand apart from
the points, so that the product may be taken in a type of fewer bits.
"""

import torch
from torch.nn.functional import softplus

from graphrep.kernels._kge_flows import HAS_SCALE, SWAPS
from graphrep.kernels._kge_maps import (
    EUCLIDEAN,
    FLOW,
    KL_FLOW,
    MATRIX,
    POSITIVE,
    RADIAL,
    REAL,
    ROTATION,
)

_TINY = 1e-30  # below it, the modulus of a scale has no gradient


def key_points(entities, geometry, root):
    """Points of entities (n, width) and their biases (n,)."""
    kind, d = geometry.map, geometry.n_coordinates
    if kind == KL_FLOW:
        mean, sigma = entities[:, :d], softplus(entities[:, d:])
        inverse = sigma.square().reciprocal()
        bias = -(sigma.log() + 0.5 * mean.square() * inverse).sum(dim=1)
        return torch.cat([-0.5 * inverse, mean * inverse], dim=1), bias
    if kind == FLOW:
        parts = entities.reshape(len(entities), -1, d)
        first = 0 if geometry.has_mean else 1
        spreads = parts[:, 1 - first :].abs()
        parts = torch.cat([parts[:, : 1 - first], spreads], dim=1)
        points = _mixed(root[first:, first:], parts)
    elif kind == RADIAL:
        points = torch.cat([entities[:, : 2 * d], _rings(entities, d, root)], dim=1)
    else:
        points = entities
    return points, _bias(points, geometry)


def query_points(entities, relations, geometry, root, gamma):
    """Points of pairs of an entity's and a relation's parameters, and their biases."""
    kind, d = geometry.map, geometry.n_coordinates
    if kind == KL_FLOW:
        return _kl_query(entities, relations, geometry, gamma)
    if kind == FLOW:
        points = _flow_query(entities, relations, geometry, root)
    elif kind == RADIAL:
        points = _radial_query(entities, relations, geometry, root)
    elif kind == REAL:
        points = entities * relations
    elif kind == MATRIX:
        points = torch.einsum("nij,nj->ni", relations.reshape(-1, d, d), entities)
    else:
        if kind == ROTATION:
            u, v = relations.cos(), relations.sin()
        else:
            u, v = relations[:, :d], relations[:, d:]
        points = _turned(entities[:, :d], entities[:, d:], u, v)
    bias = _bias(points, geometry)
    return points, bias + gamma if geometry.divergence == EUCLIDEAN else bias


def slopes(
    points, bias, asked, query_bias, owners, tails, counts, weights, shares, factor,
    is_softmax, want_loss, mixed,
):  # fmt: skip
    """Gradients of the loss by points, biases, queries and their biases; its value.

    Parameters
    ----------
    points, bias : tensors (n, width), (n,)
        Of the entities.
    asked, query_bias : tensors (m, width), (m,)
        Of the queries.
    owners, tails, counts : tensors (n_answers,)
        Query and entity of each known answer, and its weight.
    weights, shares : tensors (m,), (n,)
        Weight of a query, and of an entity as a negative.
    factor : float
        Of the product in a score.
    is_softmax : bool
        Cross-entropy of a softmax instead of binary cross-entropy.
    want_loss : bool
        Whether the value is wanted.
    mixed : bool
        Whether products are taken in bfloat16.
    """
    left, right = (_narrow(t, mixed) for t in (asked, points))
    scores = (left @ right.T).to(points.dtype).mul_(factor)
    scores += query_bias[:, None]
    scores += bias
    known = scores[owners, tails]
    value = -(counts * known).sum().item() if want_loss else float("nan")
    if is_softmax:
        log_sums = (scores + shares.log()).logsumexp(dim=1)
        if want_loss:
            value += (weights * log_sums).sum().item()
        scores = scores.sub_(log_sums[:, None]).exp_()
        scores.mul_(weights[:, None]).mul_(shares)
        scores[owners, tails] -= counts
    else:
        missing = counts * (1 - shares[tails])
        if want_loss:
            value += (weights @ softplus(scores) @ shares).item()
            value += (missing * softplus(known)).sum().item()
        scores.sigmoid_().mul_(weights[:, None]).mul_(shares)
        scores[owners, tails] += missing * known.sigmoid() - counts
    narrow = _narrow(scores, mixed)
    return [
        (narrow.T @ left).to(points.dtype).mul_(factor),
        scores.sum(dim=0),
        (narrow @ right).to(points.dtype).mul_(factor),
        scores.sum(dim=1),
    ], value


def _narrow(table, mixed):
    return table.bfloat16() if mixed else table


def _bias(points, geometry):
    if geometry.divergence == EUCLIDEAN:
        return -points.square().sum(dim=1)
    return torch.zeros(len(points), dtype=points.dtype, device=points.device)


def _mixed(root, parts):
    """Root times the parts of each coordinate: (n, parts, d) to (n, parts d)."""
    return torch.einsum("pk,nkd->npd", root, parts).reshape(len(parts), -1)


def _rings(table, d, root):
    parts = table[:, 2 * d :].abs().reshape(len(table), -1, d)
    return _mixed(root[1:, 1:], parts)


def _turned(re, im, u, v):
    return torch.cat([re * u - im * v, re * v + im * u], dim=1)


def _flow_query(entities, relations, geometry, root):
    d, flags = geometry.n_coordinates, geometry.flags
    parts = entities.reshape(len(entities), -1, d)
    first = 0 if geometry.has_mean else 1
    scale = relations[:, d:] if flags & HAS_SCALE else torch.ones_like(relations)
    spreads = parts[:, 1 - first :]
    if flags & SWAPS and flags & HAS_SCALE:
        spreads = torch.where(scale[:, None] < 0, spreads.flip(1), spreads)
    spreads = (scale[:, None] * spreads).abs()
    means = scale[:, None] * parts[:, : 1 - first] + relations[:, None, :d]
    if first:
        means = means[:, :0]
    return _mixed(root[first:, first:], torch.cat([means, spreads], dim=1))


def _radial_query(entities, relations, geometry, root):
    d = geometry.n_coordinates
    re, im = entities[:, :d], entities[:, d : 2 * d]
    rings = _rings(entities, d, root)
    if not geometry.flags & HAS_SCALE:
        return torch.cat([entities[:, : 2 * d] + relations, rings], dim=1)
    u, v = relations[:, 2 * d : 3 * d], relations[:, 3 * d :]
    size = (u.square() + v.square()).clamp_min(_TINY).sqrt()
    means = _turned(re, im, u, v) + relations[:, : 2 * d]
    return torch.cat([means, rings * size.repeat(1, geometry.n_pieces)], dim=1)


def _kl_query(entities, relations, geometry, gamma):
    d = geometry.n_coordinates
    scale = relations[:, d:]
    factor = scale.abs() if geometry.flags & POSITIVE else softplus(scale)
    sigma = factor * softplus(entities[:, d:])
    mean = scale * entities[:, :d] + relations[:, :d]
    bias = gamma + 0.5 * d + sigma.log().sum(dim=1)
    return torch.cat([mean.square() + sigma.square(), mean], dim=1), bias


__all__ = ["key_points", "query_points", "slopes"]

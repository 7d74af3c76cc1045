"""Scoring of flows in Triton: maps of parameters in one pass, and scores in one pass.

What ``graphrep.kernels.torch._kge`` does for flows of the line (`FLOW`). A point is
computed from an entity's pieces and a relation's shift and scale without tables in
between, and so are the gradients. After the product of queries and points one pass over
the scores adds the biases, takes the loss and its slope, and sums rows and columns.
"""

import torch
import triton
import triton.language as tl

from graphrep.kernels._kge_flows import HAS_SCALE, SWAPS

_ROWS, _COLUMNS = 16, 128


def key_points(entities, geometry, root):
    """Points of entities (n, width) and their biases (n,)."""
    return _FlowPoints.apply(entities, None, geometry, root)


def query_points(entities, relations, geometry, root, gamma):
    """Points of pairs of an entity's and a relation's parameters, and their biases."""
    points, bias = _FlowPoints.apply(entities, relations, geometry, root)
    return points, bias + gamma


class _FlowPoints(torch.autograd.Function):
    """``root @ (a m + b, |a s_1|, ..)`` for each row, and minus its squared length."""

    @staticmethod
    def forward(ctx, entities, relations, geometry, root):
        entities = entities.contiguous()
        relations = None if relations is None else relations.contiguous()
        points = torch.empty_like(entities)
        bias = entities.new_empty(len(entities))
        ctx.geometry = geometry
        with torch.cuda.device_of(entities):
            _flow_points[(len(entities),)](
                entities, relations, root, points, bias, **_options(geometry, relations)
            )
        ctx.save_for_backward(entities, relations, root, points)
        return points, bias

    @staticmethod
    def backward(ctx, d_points, d_bias):
        entities, relations, root, points = ctx.saved_tensors
        d_entities = torch.empty_like(entities)
        d_relations = None if relations is None else torch.empty_like(relations)
        with torch.cuda.device_of(entities):
            _flow_back[(len(entities),)](
                entities, relations, root, points, d_points.contiguous(),
                d_bias.contiguous(), d_entities, d_relations,
                **_options(ctx.geometry, relations),
            )  # fmt: skip
        return d_entities, d_relations, None, None


def _options(geometry, relations):
    scaled = relations is not None and bool(geometry.flags & HAS_SCALE)
    return {
        "d": geometry.n_coordinates,
        "pieces": geometry.n_pieces,
        "first": 0 if geometry.has_mean else 1,
        "related": relations is not None,
        "scaled": scaled,
        "swaps": scaled and bool(geometry.flags & SWAPS),
        "width": min(1024, triton.next_power_of_2(geometry.n_coordinates)),
    }


@triton.jit
def _piece(row, scale, k, j, inside, d, pieces: tl.constexpr, first: tl.constexpr,
           swaps: tl.constexpr):  # fmt: skip
    """Piece k of an entity, the one in its place where the scale is below 0."""
    s = tl.load(row + (k - first) * d + j, mask=inside, other=0.0)
    if swaps:
        other = tl.load(row + (pieces + 1 - k - first) * d + j, mask=inside, other=0.0)
        s = tl.where(scale < 0, other, s)
    return s


@triton.jit
def _scale(relation, j, inside, d, scaled: tl.constexpr, ones):
    """Scale of a relation, or 1."""
    scale = ones
    if scaled:
        scale = tl.load(relation + d + j, mask=inside, other=0.0)
    return scale


@triton.jit
def _flow_points(
    entities, relations, root, points, bias, d,
    pieces: tl.constexpr, first: tl.constexpr, related: tl.constexpr,
    scaled: tl.constexpr, swaps: tl.constexpr, width: tl.constexpr,
):  # fmt: skip
    n = tl.program_id(0).to(tl.int64)
    row = entities + n * (pieces + 1 - first) * d
    goal = points + n * (pieces + 1 - first) * d
    relation = relations
    if related:
        relation = relations + n * (2 * d if scaled else d)
    kind = points.dtype.element_ty
    squares = tl.zeros([width], kind)
    ones = tl.full([width], 1.0, kind)
    for start in range(0, d, width):
        j = start + tl.arange(0, width)
        inside = j < d
        a = _scale(relation, j, inside, d, scaled, ones)
        for p in tl.static_range(first, pieces + 1):
            x = tl.zeros([width], kind)
            for k in tl.static_range(p, pieces + 1):
                if k == 0:
                    part = tl.load(row + j, mask=inside, other=0.0)
                    if related:
                        part = a * part + tl.load(relation + j, mask=inside, other=0.0)
                else:
                    s = _piece(row, a, k, j, inside, d, pieces, first, swaps)
                    part = tl.abs(a * s)
                x += tl.load(root + p * (pieces + 1) + k) * part
            tl.store(goal + (p - first) * d + j, x, mask=inside)
            squares += tl.where(inside, x * x, 0.0)
    tl.store(bias + n, -tl.sum(squares, axis=0))


@triton.jit
def _sign(x):
    return (x > 0).to(x.dtype) - (x < 0).to(x.dtype)


@triton.jit
def _flow_back(
    entities, relations, root, points, d_points, d_bias, d_entities, d_relations, d,
    pieces: tl.constexpr, first: tl.constexpr, related: tl.constexpr,
    scaled: tl.constexpr, swaps: tl.constexpr, width: tl.constexpr,
):  # fmt: skip
    n = tl.program_id(0).to(tl.int64)
    at = n * (pieces + 1 - first) * d
    row, goal = entities + at, d_entities + at
    relation, d_relation = relations, d_relations
    if related:
        relation = relations + n * (2 * d if scaled else d)
        d_relation = d_relations + n * (2 * d if scaled else d)
    kind = points.dtype.element_ty
    ones = tl.full([width], 1.0, kind)
    twice = -2.0 * tl.load(d_bias + n)
    for start in range(0, d, width):
        j = start + tl.arange(0, width)
        inside = j < d
        a = _scale(relation, j, inside, d, scaled, ones)
        d_scale = tl.zeros([width], kind)
        d_shift = tl.zeros([width], kind)
        for k in tl.static_range(first, pieces + 1):
            back = tl.zeros([width], kind)
            for p in tl.static_range(first, k + 1):
                place = at + (p - first) * d + j
                slope = tl.load(d_points + place, mask=inside, other=0.0)
                slope += twice * tl.load(points + place, mask=inside, other=0.0)
                back += tl.load(root + p * (pieces + 1) + k) * slope
            if k == 0:
                d_shift += back
                m = tl.load(row + j, mask=inside, other=0.0)
                d_scale += back * m
                tl.store(goal + j, a * back, mask=inside)
            else:
                s = _piece(row, a, k, j, inside, d, pieces, first, swaps)
                d_scale += back * tl.abs(s) * _sign(a)
                other = (k - first) * d + j
                if swaps:
                    turned = (pieces + 1 - k - first) * d + j
                    other = tl.where(a < 0, turned, other)
                tl.store(goal + other, back * tl.abs(a) * _sign(s), mask=inside)
        if related:
            tl.store(d_relation + j, d_shift, mask=inside)
            if scaled:
                tl.store(d_relation + d + j, d_scale, mask=inside)


def slopes(
    points, bias, asked, query_bias, owners, tails, counts, weights, shares, factor,
    is_softmax, want_loss, mixed,
):  # fmt: skip
    """Gradients of the loss by points, biases, queries and their biases; its value.

    Parameters and what is returned are those of the torch twin.
    """
    left, right = (t.bfloat16() if mixed else t for t in (asked, points))
    scores = (left @ right.T).to(points.dtype)
    known = scores[owners, tails] * factor + query_bias[owners] + bias[tails]
    value = -(counts * known).sum().item() if want_loss else float("nan")
    narrow = torch.empty_like(scores, dtype=left.dtype) if mixed else scores
    grid = tuple(
        triton.cdiv(n, size)
        for n, size in zip(scores.shape, (_ROWS, _COLUMNS), strict=True)
    )
    log_sums = weights
    if is_softmax:
        log_sums = torch.empty_like(query_bias)
        with torch.cuda.device_of(scores):
            _log_sums[(len(scores),)](
                scores, query_bias, bias, shares, log_sums, factor, scores.shape[1],
                width=1024,
            )  # fmt: skip
        if want_loss:
            value += (weights * log_sums).sum().item()
    by_query = scores.new_empty(grid[1], len(scores))
    by_point = scores.new_empty(grid[0], scores.shape[1])
    losses = scores.new_empty(grid if want_loss and not is_softmax else (1, 1))
    with torch.cuda.device_of(scores):
        _slopes[grid[::-1]](  # CUDA allows 65,535 along the second axis
            scores, narrow, query_bias, bias, weights, shares, log_sums, by_query,
            by_point, losses, factor, *scores.shape, grid[1],
            is_softmax=is_softmax, want_loss=want_loss and not is_softmax,
            height=_ROWS, width=_COLUMNS,
        )  # fmt: skip
    sums = by_point.sum(dim=0), by_query.sum(dim=0)
    if is_softmax:
        slope = (known - log_sums[owners]).exp() * weights[owners] * shares[tails]
        change = -counts
    else:
        missing = counts * (1 - shares[tails])
        if want_loss:
            value += losses.sum().item()
            value += (missing * torch.nn.functional.softplus(known)).sum().item()
        slope = known.sigmoid() * weights[owners] * shares[tails]
        change = missing * known.sigmoid() - counts
    narrow[owners, tails] = (slope + change).to(narrow.dtype)
    sums[0].index_add_(0, tails, change)
    sums[1].index_add_(0, owners, change)
    return [
        (narrow.T @ left).to(points.dtype).mul_(factor),
        sums[0],
        (narrow @ right).to(points.dtype).mul_(factor),
        sums[1],
    ], value


@triton.jit
def _log_sums(
    scores, query_bias, bias, shares, out, factor, n, width: tl.constexpr
):  # fmt: skip
    """Log of the sum over a row of shares times exponentials of scores."""
    q = tl.program_id(0).to(tl.int64)
    kind = scores.dtype.element_ty
    top = tl.full([width], float("-inf"), kind)
    total = tl.zeros([width], kind)
    for start in range(0, n, width):
        e = start + tl.arange(0, width)
        inside = e < n
        s = tl.load(scores + q * n + e, mask=inside, other=0.0) * factor
        s += tl.load(bias + e, mask=inside, other=0.0)
        share = tl.load(shares + e, mask=inside, other=0.0)
        s = tl.where(inside & (share > 0), s, float("-inf"))
        new = tl.maximum(top, s)
        base = tl.where(new == float("-inf"), 0.0, new)
        total = total * tl.exp(top - base) + share * tl.exp(s - base)
        top = new
    highest = tl.max(top, axis=0)
    total = tl.sum(total * tl.exp(top - highest), axis=0)
    tl.store(out + q, highest + tl.log(total) + tl.load(query_bias + q))


@triton.jit
def _slopes(
    scores, narrow, query_bias, bias, weights, shares, log_sums, by_query, by_point,
    losses, factor, m, n, n_tiles,
    is_softmax: tl.constexpr, want_loss: tl.constexpr, height: tl.constexpr,
    width: tl.constexpr,
):  # fmt: skip
    """Slope of the loss of a tile of scores, its sums, and the loss."""
    k, i = tl.program_id(0), tl.program_id(1)
    q = i * height + tl.arange(0, height)
    e = k * width + tl.arange(0, width)
    inside = (q < m)[:, None] & (e < n)[None, :]
    places = q.to(tl.int64)[:, None] * n + e[None, :]
    s = tl.load(scores + places, mask=inside, other=0.0) * factor
    s += tl.load(query_bias + q, mask=q < m, other=0.0)[:, None]
    s += tl.load(bias + e, mask=e < n, other=0.0)[None, :]
    weight = tl.load(weights + q, mask=q < m, other=0.0)[:, None]
    weight = weight * tl.load(shares + e, mask=e < n, other=0.0)[None, :]
    decay = tl.exp(-tl.abs(s))
    if is_softmax:
        top = tl.load(log_sums + q, mask=q < m, other=0.0)[:, None]
        slope = tl.exp(tl.where(weight > 0, s - top, 0.0)) * weight
    else:
        slope = tl.where(s > 0, 1.0, decay) / (1.0 + decay) * weight
    slope = tl.where(inside, slope, 0.0)
    kept = slope
    if narrow.dtype.element_ty == tl.bfloat16:  # there is no way from float64
        kept = slope.to(tl.float32).to(tl.bfloat16)
    tl.store(narrow + places, kept, mask=inside)
    rows = by_query + k.to(tl.int64) * m + q
    tl.store(rows, tl.sum(slope, axis=1), mask=q < m)
    columns = by_point + i.to(tl.int64) * n + e
    tl.store(columns, tl.sum(slope, axis=0), mask=e < n)
    if want_loss:
        loss = (tl.maximum(s, 0.0) + tl.log(1.0 + decay)) * weight
        loss = tl.where(inside, loss, 0.0)
        tl.store(losses + i * n_tiles + k, tl.sum(tl.sum(loss, axis=1), axis=0))


__all__ = ["key_points", "query_points", "slopes"]

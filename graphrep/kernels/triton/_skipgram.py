"""One step of skip-gram in Triton: scores and weights of pairs never reach memory.

What ``graphrep.kernels.torch._skipgram.train_batch`` does, from the same walks and
negatives: all steps are computed from one state of the tables, then added. Its arrays
of walks x length x (length + negatives) numbers are not made; tiles without a pair in
the window are passed over. Scores are computed twice, once for the steps of each
table, so that a program owns what it writes and nothing is added in a race.
"""

import torch
import triton
import triton.language as tl

from graphrep.kernels.torch import _skipgram as twin

band = twin.band
negatives = twin.negatives
thin = twin.thin
_TILE = 16
MOST_COMPONENTS = 256
"""Beyond it rows may not fit the shared memory of a program on every card."""


def train_batch(
    u, v, walks, noise, window_weights, n_negatives, rate, limit=None, frozen=None
):
    """Take one step with a batch of walks, in place; see the twin.

    Parameters
    ----------
    u, v : float32 tensors (n_nodes, d)
        Input and output vectors.
    walks : int64 tensor (n_walks, length)
        Nodes, -1 after the end of a walk.
    noise : int64 tensor (n_walks, n_shared)
        Negatives of each walk.
    window_weights : float32 tensor (length, length)
        From `band`.
    n_negatives : int
        Negatives that stand beside each pair.
    rate : float
        Learning rate.
    limit : float or None
        Most pairs that push a row.
    frozen : bool tensor (n_nodes,) or None
        Rows that stay.
    """
    walks, noise = walks.contiguous(), noise.contiguous()
    n_walks, length = walks.shape
    n_shared = noise.shape[1]
    there = (walks >= 0).to(u.dtype)
    pairs = there @ window_weights * there
    rows = walks.clamp(min=0)
    targets = torch.cat((rows, noise), dim=1)
    asked = torch.empty(targets.shape, dtype=u.dtype, device=u.device)
    asked[:, :length] = pairs
    asked[:, length:] = (n_negatives / n_shared) * pairs.sum(dim=1, keepdim=True)
    scales = (
        _scales(len(u), rows, (1 + n_negatives) * pairs, rate, limit, frozen),
        _scales(len(v), targets, asked, rate, limit, frozen),
    )
    per_negative = (n_negatives / n_shared) * pairs
    steps = [u.new_empty((*x.shape, u.shape[1])) for x in scales]
    n_tiles = triton.cdiv(length, _TILE), triton.cdiv(n_shared, _TILE)
    for kernel, count, scale, step in zip(
        (_input_steps, _output_steps), (n_tiles[0], sum(n_tiles)), scales, steps,
        strict=True,
    ):  # fmt: skip
        with torch.cuda.device_of(u):
            kernel[(n_walks, count)](
                u, v, walks, noise, window_weights, per_negative, scale, step,
                length, n_shared, u.shape[1], n_tiles[0], n_tiles[1],
                tile=_TILE, width=max(16, triton.next_power_of_2(u.shape[1])),
            )  # fmt: skip
    u.index_add_(0, rows.reshape(-1), steps[0].reshape(-1, u.shape[1]))
    v.index_add_(0, targets.reshape(-1), steps[1].reshape(-1, u.shape[1]))


def _scales(n, rows, asked, rate, limit, frozen):
    """Give what the step of each row is multiplied by."""
    scale = torch.full_like(asked, rate)
    if limit is not None:
        total = torch.zeros(n, dtype=asked.dtype, device=asked.device)
        total.index_add_(0, rows.reshape(-1), asked.reshape(-1))
        scale *= limit / total[rows].clamp(min=limit)
    return scale if frozen is None else scale.masked_fill_(frozen[rows], 0)


@triton.jit
def _rows(table, nodes, columns, d):
    """Rows of a table; zeros for nodes below 0 and beyond the last column."""
    inside = (nodes >= 0)[:, None] & (columns < d)[None, :]
    places = table + nodes[:, None] * d + columns[None, :]
    return tl.load(places, mask=inside, other=0.0)


@triton.jit
def _targets(walks, noise, walk, number, length, n_shared, n_near, tile: tl.constexpr):
    """Nodes of a tile of targets: positions of the walk, then negatives; -1 for none.

    Also their places within the walk, or among the negatives.
    """
    step = tl.arange(0, tile)
    if number < n_near:
        at = number * tile + step
        nodes = tl.load(walks + walk * length + at, mask=at < length, other=-1)
    else:
        at = (number - n_near) * tile + step
        nodes = tl.load(noise + walk * n_shared + at, mask=at < n_shared, other=-1)
    return nodes, at


@triton.jit
def _weights(
    window_weights, per_negative, walk, context, i, target, j, number, length, n_near
):
    """Weights (contexts, targets) of pairs of a tile."""
    inside = (context >= 0)[:, None] & (target >= 0)[None, :]
    if number < n_near:
        places = window_weights + i[:, None] * length + j[None, :]
        weights = tl.load(places, mask=inside, other=0.0)
    else:
        share = tl.load(per_negative + walk * length + i, mask=context >= 0, other=0.0)
        weights = tl.where(inside, share[:, None], 0.0)
    return weights


@triton.jit
def _errors(left, right, weights, is_near):
    """Weighted errors (contexts, targets) of the logistic regression."""
    scores = tl.dot(left, tl.trans(right), input_precision="ieee")
    return (is_near - tl.sigmoid(scores)) * weights


@triton.jit
def _input_steps(
    u, v, walks, noise, window_weights, per_negative, scale, step,
    length, n_shared, d, n_near, n_far, tile: tl.constexpr, width: tl.constexpr,
):  # fmt: skip
    walk = tl.program_id(0).to(tl.int64)
    columns = tl.arange(0, width)
    i = tl.program_id(1) * tile + tl.arange(0, tile)
    context = tl.load(walks + walk * length + i, mask=i < length, other=-1)
    left = _rows(u, context, columns, d)
    total = tl.zeros([tile, width], tl.float32)
    for number in range(n_near + n_far):
        target, j = _targets(walks, noise, walk, number, length, n_shared, n_near, tile)
        weights = _weights(
            window_weights, per_negative, walk, context, i, target, j, number, length,
            n_near,
        )  # fmt: skip
        if tl.max(tl.max(weights, axis=1), axis=0) > 0:
            right = _rows(v, target, columns, d)
            is_near = (number < n_near).to(tl.float32)
            errors = _errors(left, right, weights, is_near)
            total += tl.dot(errors, right, input_precision="ieee")
    factor = tl.load(scale + walk * length + i, mask=i < length, other=0.0)
    places = step + (walk * length + i)[:, None] * d + columns[None, :]
    inside = (i < length)[:, None] & (columns < d)[None, :]
    tl.store(places, total * factor[:, None], mask=inside)


@triton.jit
def _output_steps(
    u, v, walks, noise, window_weights, per_negative, scale, step,
    length, n_shared, d, n_near, n_far, tile: tl.constexpr, width: tl.constexpr,
):  # fmt: skip
    walk = tl.program_id(0).to(tl.int64)
    number = tl.program_id(1)
    columns = tl.arange(0, width)
    target, j = _targets(walks, noise, walk, number, length, n_shared, n_near, tile)
    right = _rows(v, target, columns, d)
    is_near = (number < n_near).to(tl.float32)
    total = tl.zeros([tile, width], tl.float32)
    for part in range(n_near):
        i = part * tile + tl.arange(0, tile)
        context = tl.load(walks + walk * length + i, mask=i < length, other=-1)
        weights = _weights(
            window_weights, per_negative, walk, context, i, target, j, number, length,
            n_near,
        )  # fmt: skip
        if tl.max(tl.max(weights, axis=1), axis=0) > 0:
            left = _rows(u, context, columns, d)
            errors = _errors(left, right, weights, is_near)
            total += tl.dot(tl.trans(errors), left, input_precision="ieee")
    place, most = j, length
    if number >= n_near:
        place, most = j + length, length + n_shared
    n_slots = length + n_shared
    inside = place < most
    factor = tl.load(scale + walk * n_slots + place, mask=inside, other=0.0)
    places = step + (walk * n_slots + place)[:, None] * d + columns[None, :]
    inside = inside[:, None] & (columns < d)[None, :]
    tl.store(places, total * factor[:, None], mask=inside)


__all__ = ["MOST_COMPONENTS", "band", "negatives", "thin", "train_batch"]

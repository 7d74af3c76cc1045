"""Torch twin of ``graphrep.kernels._skipgram``: one step of SGNS for many walks.

All pairs of positions of a walk are scored by one product of matrices; weights that
depend on the distance alone choose the window. word2vec draws the reach of each
centre from 1 to ``window``, so that a pair at distance k is trained with probability
``(window - k + 1) / window``: here that is its weight, the expectation of the same
step, which needs no random numbers and has less noise. Negatives are drawn for each
walk and shared by its centres; each counts for as many pairs as it stands for.
Gradients are written out.
"""

import torch

from graphrep.kernels.torch._projection import hash64
from graphrep.kernels.torch._walks import below, uniform


def band(length, window, device):
    """Weights (length, length) of the pairs (context, centre), zero on the diagonal."""
    place = torch.arange(length, device=device)
    distance = (place[:, None] - place[None, :]).abs()
    weight = (window - distance + 1).clamp(min=0) / window
    return weight.masked_fill_(distance == 0, 0).to(torch.float32)


def initialize(seed, n_nodes, n_components, device):
    """Input vectors as word2vec starts them: uniform in ±1/2d."""
    nodes = torch.arange(n_nodes, device=device)
    columns = torch.arange(n_components, device=device)
    rows = hash64(torch.full_like(nodes, seed), nodes)
    bits = hash64(rows[:, None], columns[None, :])
    return ((uniform(bits) - 0.5) / n_components).to(torch.float32)


def negatives(keys, accept, alias, n_shared):
    """Draw ``n_shared`` nodes for each walk from an alias table."""
    number = torch.arange(n_shared, device=keys.device)
    bits = hash64(~keys[:, None], number[None, :])
    k = below(bits, len(accept))
    refused = uniform(bits * len(accept)) >= accept[k]
    return torch.where(refused, alias[k].to(torch.int64), k)


def thin(walks, keys, keep):
    """Leave tokens out at random, each node's with its own chance; walks close up."""
    place = torch.arange(walks.shape[1], device=walks.device)
    chance = uniform(hash64(~hash64(keys, keys)[:, None], place[None, :]))
    stays = (walks >= 0) & (chance < keep[walks.clamp(min=0)])
    order = torch.argsort((~stays).to(torch.uint8), dim=1, stable=True)
    return torch.where(stays, walks, -1).gather(1, order)


def deltas(u, v, walks, noise, window_weights, n_negatives, rate):
    """Compute the steps that a batch of walks asks for.

    Parameters
    ----------
    u, v : tensor (n_nodes, d)
        Input and output vectors.
    walks : int64 tensor (n_walks, length)
        Nodes, -1 after the end of a walk.
    noise : int64 tensor (n_walks, n_shared)
        Negatives of each walk.
    window_weights : tensor (length, length)
        From `band`.
    n_negatives : int
        Negatives that stand beside each pair.
    rate : float
        Learning rate.

    Returns
    -------
    tuple
        Steps of the input vectors of ``walks`` (n_walks, length, d), steps of the
        output vectors of ``walks`` and ``noise`` side by side, and the weight of
        all pairs that each of these rows was in, (n_walks, length) and (n_walks,
        length + n_shared).
    """
    n_walks, length = walks.shape
    n_shared = noise.shape[1]
    there = (walks >= 0).to(u.dtype)
    nodes = walks.clamp(min=0)
    context = u[nodes]
    target = v[torch.cat((nodes, noise), dim=1)]
    pairs = there @ window_weights  # of each context
    per_negative = (n_negatives / n_shared) * pairs * there
    weight = u.new_empty((n_walks, length, length + n_shared))
    weight[:, :, :length] = window_weights * there[:, :, None] * there[:, None, :]
    weight[:, :, length:] = per_negative[:, :, None]
    error = torch.sigmoid_(torch.bmm(context, target.transpose(1, 2))).neg_()
    error[:, :, :length] += 1
    error.mul_(weight).mul_(rate)
    asked = weight.sum(dim=2), weight.sum(dim=1)
    return (torch.bmm(error, target), torch.bmm(error.transpose(1, 2), context), *asked)


def add_rows(table, rows, steps, asked, limit):
    """Add steps to rows; what more than ``limit`` pairs ask of one row is averaged.

    All steps were computed from the same state of the table. A row that is in many
    pairs would be pushed too far by their plain sum, so its sum is scaled down to
    that of ``limit`` pairs.
    """
    rows, steps = rows.reshape(-1), steps.reshape(-1, table.shape[1])
    if limit is not None:
        total = torch.zeros(len(table), dtype=table.dtype, device=table.device)
        total.index_add_(0, rows, asked.reshape(-1))
        steps = steps * (limit / total[rows].clamp(min=limit))[:, None]
    table.index_add_(0, rows, steps)


def train_batch(
    u, v, walks, noise, window_weights, n_negatives, rate, limit=None, frozen=None
):
    """Take one step with a batch of walks, in place."""
    step_u, step_v, asked_u, asked_v = deltas(
        u, v, walks, noise, window_weights, n_negatives, rate
    )
    rows = walks.clamp(min=0)
    targets = torch.cat((rows, noise), dim=1)
    if frozen is not None:
        step_u = step_u.masked_fill_(frozen[rows][:, :, None], 0)
        step_v = step_v.masked_fill_(frozen[targets][:, :, None], 0)
    add_rows(u, rows, step_u, asked_u, limit)
    add_rows(v, targets, step_v, asked_v, limit)


def loss(u, v, walks, noise, window_weights, n_negatives):
    """Mean loss of a pair with its share of the negatives, for reports and tests."""
    nodes = walks.clamp(min=0)
    there = (walks >= 0).to(u.dtype)
    context = u[nodes]
    weight = window_weights * there[:, :, None] * there[:, None, :]
    near = torch.nn.functional.softplus(-torch.bmm(context, v[nodes].transpose(1, 2)))
    far = torch.nn.functional.softplus(torch.bmm(context, v[noise].transpose(1, 2)))
    share = weight.sum(dim=2) * n_negatives / noise.shape[1]
    total = (weight * near).sum() + (share[:, :, None] * far).sum()
    return total / weight.sum()

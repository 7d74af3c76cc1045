"""Random walks in Triton: one lane for each walk, all steps in one launch.

What ``graphrep.kernels._walks`` does, in the same order, from the same keys, without
fusing products with sums: the walks are the same ones. Second-order steps draw and
reject; a walk that was rejected too often looks at the row entry by entry.
"""

import torch
import triton
import triton.language as tl

from graphrep.kernels._walks import _GRACE, _SHARE
from graphrep.kernels.torch import _walks as twin
from graphrep.kernels.triton._hash import hash64, uniform

_LANES = 128
walk_keys = twin.walk_keys
start_order = twin.start_order


def to_device(graph, rule, device):
    """Copy the numba kernel's WalkGraph of numpy arrays to a device."""
    tensors = [torch.tensor(array, device=device) for array in graph]
    return twin.WalkGraph(*tensors, None, False)


def walks(graph, rule, starts, keys, length):
    """Draw walks of at most ``length`` nodes from each start, -1 after their ends.

    Parameters
    ----------
    graph : WalkGraph
        From `to_device`.
    rule : graphrep.kernels._walks.WalkRule
        The biases.
    starts, keys : int64 tensors (n_walks,)
        First nodes, and the keys that `walk_keys` gives.
    length : int
        Nodes of a walk.

    Returns
    -------
    tensor (n_walks, length)
        Nodes, in the type of the graph's indices.
    """
    place = starts.device
    shape = len(starts), length
    out = torch.full(shape, -1, dtype=graph.indices.dtype, device=place)
    most = max(1.0, 1.0 / rule.q)
    numbers = torch.tensor(  # a float that is given as such is rounded to float32
        [
            rule.p, 1.0 / rule.q, most, min(1.0, 1.0 / rule.q) / most,
            1.0 / rule.p / most,
        ],
        dtype=torch.float64, device=place,
    )  # fmt: skip
    with torch.cuda.device_of(starts):
        _walks[(triton.cdiv(len(starts), _LANES),)](
            graph.indptr, graph.indices, graph.weights, graph.accept, graph.alias,
            graph.threshold, starts, keys, numbers, out, len(starts),
            len(graph.indptr) - 1, length,
            first_order=rule.first_order,
            weighted=len(graph.accept) > 0,
            plus=rule.plus and len(graph.threshold) > 0,
            sums=len(graph.threshold) > 0,
            excess=1.0 / rule.p / most - 1.0 > 0,
            lanes=_LANES,
            grace=_GRACE,
            share=_SHARE,
            enable_fp_fusion=False,
        )  # fmt: skip
    return out


@triton.jit
def _walks(
    indptr, indices, weights, accept, alias, threshold, starts, keys, numbers, out,
    n_walks, n_nodes, length,
    first_order: tl.constexpr, weighted: tl.constexpr, plus: tl.constexpr,
    sums: tl.constexpr, excess: tl.constexpr, lanes: tl.constexpr,
    grace: tl.constexpr, share: tl.constexpr,
):  # fmt: skip
    lane = tl.program_id(0).to(tl.int64) * lanes + tl.arange(0, lanes)
    alive = lane < n_walks
    key = tl.load(keys + lane, mask=alive, other=0).to(tl.uint64, bitcast=True)
    v = tl.load(starts + lane, mask=alive, other=0)
    t = v
    counter = tl.zeros([lanes], tl.uint64)
    goal = out + lane * length
    tl.store(goal, v.to(out.dtype.element_ty), mask=alive)
    for i in range(1, length):
        first = tl.load(indptr + v, mask=alive, other=0)
        size = tl.load(indptr + v + 1, mask=alive, other=0) - first
        alive = alive & (size > 0)
        bits = hash64(key, counter)
        at = first
        if first_order:
            at = _pick(accept, alias, first, size, bits, alive, weighted)
            counter += 1
        else:
            if i == 1:
                at = _pick(accept, alias, first, size, bits, alive, weighted)
                counter += 1
            else:
                at, counter = _step(
                    indptr, indices, weights, accept, alias, threshold, numbers,
                    n_nodes, t, v, first, size, key, counter, alive,
                    weighted, plus, sums, excess, lanes, grace, share,
                )  # fmt: skip
        t = tl.where(alive, v, t)
        v = tl.where(alive, tl.load(indices + at, mask=alive, other=0).to(tl.int64), v)
        tl.store(goal + i, v.to(out.dtype.element_ty), mask=alive)


@triton.jit
def _pick(accept, alias, first, size, bits, mask, weighted: tl.constexpr):
    """Positions in the rows [first, first + size) drawn by weight."""
    wide = size.to(tl.uint64)
    k = tl.umulhi(bits, wide).to(tl.int64)
    if weighted:
        rest = uniform(bits * wide)  # what the choice of k has left of the bits
        bound = tl.load(accept + first + k, mask=mask, other=1.0)
        other = tl.load(alias + first + k, mask=mask, other=0).to(tl.int64)
        k = tl.where(rest >= bound.to(tl.float64), other, k)
    return first + k


@triton.jit
def _find(indices, low, high, wanted, mask):
    """Positions of nodes in the sorted parts [low, high), or -1."""
    n = tl.where(mask, high - low, 0)
    there = n > 0
    while tl.max(n, axis=0) > 1:
        half = n >> 1
        entry = tl.load(indices + low + half, mask=there, other=0)
        low = tl.where(there & (entry <= wanted), low + half, low)
        n -= half
    entry = tl.load(indices + low, mask=there, other=0)
    return tl.where(there & (entry == wanted), low, -1)


@triton.jit
def _bias(
    indptr, indices, weights, threshold, numbers, t, v, at, mask, plus: tl.constexpr
):
    """Biases of the entries ``at`` of v's rows, which do not lead back to t."""
    x = tl.load(indices + at, mask=mask, other=0).to(tl.int64)
    low = tl.load(indptr + t, mask=mask, other=0)
    high = tl.load(indptr + t + 1, mask=mask, other=0)
    found = _find(indices, low, high, x, mask)
    known = found >= 0
    far = tl.load(numbers + 1)
    bias = tl.where(known, 1.0, far)
    if plus:
        mean = tl.load(threshold + x, mask=mask, other=1.0)
        weight = tl.load(weights + found, mask=mask & known, other=0.0)
        own = tl.load(weights + at, mask=mask, other=0.0)
        loose = own < tl.load(threshold + v, mask=mask, other=0.0)
        ratio = weight.to(tl.float64) / tl.where(mean > 0, mean, 1.0).to(tl.float64)
        bias = tl.where(known, far + (1.0 - far) * ratio, far)
        bias = tl.where(loose, tl.minimum(far, 1.0), bias)
        bias = tl.where(known & (weight >= mean), 1.0, bias)
    return bias


@triton.jit
def _step(
    indptr, indices, weights, accept, alias, threshold, numbers, n_nodes,
    t, v, first, size, key, counter, alive,
    weighted: tl.constexpr, plus: tl.constexpr, sums: tl.constexpr,
    excess: tl.constexpr, lanes: tl.constexpr, grace: tl.constexpr,
    share: tl.constexpr,
):  # fmt: skip
    """Positions of the next entries of v's rows after t; the next draws' numbers."""
    most, sure = tl.load(numbers + 2), tl.load(numbers + 3)
    back = tl.load(numbers + 4)
    body = size.to(tl.float64)
    if weighted:
        body = tl.full([lanes], 1.0, tl.float64)
    more = tl.zeros([lanes], tl.float64)
    back_at = tl.full([lanes], -1, tl.int64)
    if excess:
        back_at = _find(indices, first, first + size, t, alive)
        more += back - 1.0
        if weighted:
            there = alive & (back_at >= 0)
            more *= tl.load(weights + back_at, mask=there, other=0.0).to(tl.float64)
            if sums:
                row = tl.load(threshold + n_nodes + v, mask=alive, other=0.0)
                row = row.to(tl.float64)
                more = tl.where(row > 0, more / tl.where(row > 0, row, 1.0), 0.0)
    chosen = first
    waiting = alive
    late = alive & (size < 0)
    tries = 0
    limit = grace + (size >> share)
    while tl.max(waiting.to(tl.int32), axis=0) > 0:
        late = late | (waiting & (tries >= limit))
        waiting = waiting & (tries < limit)
        height = uniform(hash64(key, counter)) * (body + more)
        counter = tl.where(waiting, counter + 1, counter)
        beyond = waiting & (height >= body) & (more > 0)
        taken = beyond & (back_at >= 0)
        chosen = tl.where(taken, back_at, chosen)
        more = tl.where(beyond & (back_at < 0), 0.0, more)
        inside = waiting & (beyond == 0)
        if weighted:
            at = _pick(accept, alias, first, size, hash64(key, counter), inside, True)
            counter = tl.where(inside, counter + 1, counter)
        else:
            k = tl.minimum(height.to(tl.int64), size - 1)
            at = first + k
            height = height - k.to(tl.float64)
        entry = tl.load(indices + at, mask=inside, other=0).to(tl.int64)
        returns = inside & (entry == t)
        onward = inside & (entry != t)
        kept = (returns & (height < back)) | (onward & (height < sure))
        asked = onward & (height >= sure)
        if tl.max(asked.to(tl.int32), axis=0) > 0:
            bias = _bias(
                indptr, indices, weights, threshold, numbers, t, v, at, asked, plus
            )
            kept = kept | (asked & (height * most < bias))
        chosen = tl.where(kept, at, chosen)
        waiting = waiting & ((taken | kept) == 0)
        tries += 1
    if tl.max(late.to(tl.int32), axis=0) > 0:
        u = uniform(hash64(key, counter))
        counter = tl.where(late, counter + 1, counter)
        at = _enumerate(
            indptr, indices, weights, threshold, numbers, t, v, first, size, u, late,
            weighted, plus, lanes,
        )  # fmt: skip
        chosen = tl.where(late, at, chosen)
    return chosen, counter


@triton.jit
def _mass(
    indptr, indices, weights, threshold, numbers, t, v, at, mask,
    weighted: tl.constexpr, plus: tl.constexpr, lanes: tl.constexpr,
):  # fmt: skip
    """Weights times biases of the entries ``at`` of v's rows."""
    weight = tl.full([lanes], 1.0, tl.float64)
    if weighted:
        weight = tl.load(weights + at, mask=mask, other=0.0).to(tl.float64)
    returns = tl.load(indices + at, mask=mask, other=0).to(tl.int64) == t
    bias = _bias(
        indptr, indices, weights, threshold, numbers, t, v, at, mask & (returns == 0),
        plus,
    )  # fmt: skip
    return tl.where(returns, weight / tl.load(numbers), weight * bias)


@triton.jit
def _enumerate(
    indptr, indices, weights, threshold, numbers, t, v, first, size, u, late,
    weighted: tl.constexpr, plus: tl.constexpr, lanes: tl.constexpr,
):  # fmt: skip
    """Positions drawn by looking at each entry of v's rows; u is in [0, 1)."""
    longest = tl.max(tl.where(late, size, 0), axis=0)
    total = tl.zeros([lanes], tl.float64)
    j = longest * 0
    while j < longest:
        inside = late & (j < size)
        mass = _mass(
            indptr, indices, weights, threshold, numbers, t, v, first + j, inside,
            weighted, plus, lanes,
        )  # fmt: skip
        total += tl.where(inside, mass, 0.0)
        j += 1
    rest = u * total
    chosen = first
    going = late
    j = longest * 0
    while j < longest:
        going = going & (j < size)
        mass = _mass(
            indptr, indices, weights, threshold, numbers, t, v, first + j, going,
            weighted, plus, lanes,
        )  # fmt: skip
        chosen = tl.where(going & (mass > 0.0), first + j, chosen)
        rest -= tl.where(going, mass, 0.0)
        going = going & (rest >= 0.0)
        j += 1
    return chosen


__all__ = ["start_order", "to_device", "walk_keys", "walks"]

"""Torch twin of ``graphrep.kernels._walks``: many walks side by side on a device.

All walks take their first step, then all their second, and so on; rejected draws are
repeated for those that need it, and who was rejected too often has a row looked at
entry by entry. Keys, draws and tables are those of the twin, so the walks are the
same ones, up to the rounding of sums over rows in that last case. Nothing leaves the
device but the sizes of what is left to do.
"""

from collections import namedtuple

import torch

from graphrep.kernels.torch._projection import hash64

WalkGraph = namedtuple(
    "WalkGraph",
    ["indptr", "indices", "weights", "accept", "alias", "threshold", "keys", "sinks"],
)
"""The tensors of the twin's WalkGraph, and what the device needs besides.

keys (int64): ``row * n_nodes + column`` of each entry, which are sorted; None for
walks of first order, which ask no one whether there is an edge. sinks (bool):
whether there are nodes without out-edges.
"""

_GRACE = 24
"""Rejections that are borne before a row is looked at entry by entry."""
_SHARE = 3
"""Further rejections: the length of the row, shifted right by this."""
_UNIT = 2.0**-53
_LOW = 2**32 - 1
_ENTRIES_AT_ONCE = 1 << 24


def to_device(graph, rule, device):
    """Copy the twin's WalkGraph of numpy arrays to a device."""
    tensors = [torch.tensor(array, device=device) for array in graph]
    indptr, indices = tensors[0], tensors[1]
    n = len(indptr) - 1
    degree = indptr[1:] - indptr[:-1]
    keys = None
    if not rule.first_order:
        rows = torch.arange(n, device=device)
        keys = torch.repeat_interleave(rows, degree) * n + indices
    return WalkGraph(*tensors, keys, bool((degree == 0).any()))


def walk_keys(seed, rounds, starts):
    """Key of the walk that leaves each start in each round."""
    return hash64(hash64(torch.full_like(starts, seed), rounds), starts)


def start_order(seed, round_, nodes):
    """Nodes in the random order in which a round starts from them."""
    number = torch.full_like(nodes, round_)
    key = hash64(torch.full_like(nodes, seed), number)
    return nodes[torch.argsort(hash64(~key, nodes), stable=True)]


def walks(graph, rule, starts, keys, length):
    """Draw walks of at most ``length`` nodes from each start, -1 after their ends."""
    shape = (len(starts), length)
    out = torch.full(shape, -1, dtype=graph.indices.dtype, device=starts.device)
    out[:, 0] = starts
    rows = torch.arange(len(starts), device=starts.device)
    t = v = starts.to(torch.int64)
    counter = torch.zeros_like(keys)
    for i in range(1, length):
        first = graph.indptr[v]
        size = graph.indptr[v + 1] - first
        if graph.sinks:
            going = torch.nonzero(size > 0).squeeze(1)
            if not len(going):
                break
            rows, t, v = rows[going], t[going], v[going]
            keys, counter = keys[going], counter[going]
            first, size = first[going], size[going]
        if rule.first_order or i == 1:
            at = _pick(graph, first, size, hash64(keys, counter))
            counter = counter + 1
        else:
            at, counter = _step(graph, rule, t, v, keys, counter)
        t, v = v, graph.indices[at].to(torch.int64)
        out[rows, i] = graph.indices[at]
    return out


# -- one step ----------------------------------------------------------------------
def uniform(bits):
    """Floats in [0, 1) with 53 random bits."""
    return ((bits >> 11) & (2**53 - 1)).to(torch.float64) * _UNIT


def below(bits, sizes):
    """Integers in [0, sizes): the upper 64 bits of the products; sizes < 2**31."""
    high, low = (bits >> 32) & _LOW, bits & _LOW
    return (high * sizes + (low * sizes >> 32)) >> 32


def _find(graph, rows, columns):
    """Position of each entry, or -1 where there is none."""
    wanted = rows * (len(graph.indptr) - 1) + columns
    at = torch.searchsorted(graph.keys, wanted).clamp_(max=len(graph.keys) - 1)
    return torch.where(graph.keys[at] == wanted, at, -1)


def _pick(graph, first, size, bits):
    """Positions in the rows drawn by weight."""
    k = below(bits, size)
    if len(graph.accept):
        refused = uniform(bits * size) >= graph.accept[first + k]
        k = torch.where(refused, graph.alias[first + k].to(k.dtype), k)
    return first + k


def _bias(graph, rule, t, v, at):
    """Bias of the entries ``at`` of v's rows, which do not lead back to t."""
    x = graph.indices[at].to(torch.int64)
    found = _find(graph, t, x)
    far = 1.0 / rule.q
    known = found >= 0
    if not rule.plus:
        return torch.where(known, 1.0, far).to(torch.float64)
    mean = graph.threshold[x]
    weight = torch.where(known, graph.weights[found.clamp(min=0)], 0)
    ratio = weight.to(torch.float64) / mean.to(torch.float64)
    bias = far + (1.0 - far) * ratio
    bias = torch.where(graph.weights[at] < graph.threshold[v], min(1.0, far), bias)
    return torch.where(known & (weight >= mean), 1.0, bias)


def _excess(graph, t, v, extra, back_at):
    """Mass that the return edges have beyond the others' bound."""
    if not len(graph.weights):
        return torch.full_like(v, extra, dtype=torch.float64)
    mass = extra * graph.weights[back_at.clamp(min=0)].to(torch.float64)
    if len(graph.threshold):
        mass = mass / graph.threshold[len(graph.indptr) - 1 + v].to(torch.float64)
    return torch.where(back_at >= 0, mass, 0.0)


def _step(graph, rule, t, v, keys, counter):
    """Positions of the next entries of v's rows, and the next draws' numbers."""
    counter = counter.clone()
    chosen = torch.empty_like(v)
    size = graph.indptr[v + 1] - graph.indptr[v]
    extra = 1.0 / rule.p / max(1.0, 1.0 / rule.q) - 1.0
    back_at = excess = None
    if extra > 0:
        back_at = _find(graph, v, t)
        excess = _excess(graph, t, v, extra, back_at)
    left = torch.arange(len(v), device=v.device)
    tries = 0
    while len(left):
        if tries >= _GRACE:
            late = tries >= _GRACE + (size[left] >> _SHARE)
            tired, left = left[late], left[~late]
            u = uniform(hash64(keys[tired], counter[tired]))
            chosen[tired] = _enumerate(graph, rule, t[tired], v[tired], u)
            counter[tired] += 1
        at, taken = _draw(graph, rule, t, v, keys, counter, left, back_at, excess)
        chosen[left] = at
        left = left[~taken]
        tries += 1
    return chosen, counter


def _draw(graph, rule, t, v, keys, counter, left, back_at, excess):
    """One draw for those that are left: positions, and whether they are taken."""
    most = max(1.0, 1.0 / rule.q)
    sure = min(1.0, 1.0 / rule.q) / most
    t, v, keys, number = t[left], v[left], keys[left], counter[left]
    first = graph.indptr[v]
    size = graph.indptr[v + 1] - first
    weighted = len(graph.accept) > 0
    body = torch.ones_like(size) if weighted else size
    body = body.to(torch.float64)
    beyond = torch.zeros_like(left, dtype=torch.bool)
    height = uniform(hash64(keys, number))
    if excess is None:
        height = height * body
    else:
        more = excess[left]
        height = height * (body + more)
        beyond = (height >= body) & (more > 0)
    if weighted:
        at = _pick(graph, first, size, hash64(keys, number + 1))
        counter[left] = number + torch.where(beyond, 1, 2)
    else:
        k = torch.minimum(height.to(torch.int64), size - 1)
        at = first + k
        height = height - k
        counter[left] = number + 1
    back = graph.indices[at] == t
    taken = torch.where(back, height < 1.0 / rule.p / most, height < sure)
    if rule.q != 1.0:  # else no one need ask whether there is an edge
        near = height * most < _bias(graph, rule, t, v, at)
        taken = taken | (~back & near)
    if excess is not None:
        way = back_at[left]
        at = torch.where(beyond, way, at)
        taken = torch.where(beyond, way >= 0, taken)
        excess[left] = torch.where(beyond & (way < 0), 0.0, more)
    return at, taken


def _enumerate(graph, rule, t, v, u):
    """Positions drawn by looking at each entry of v's rows; u is in [0, 1)."""
    out = torch.empty_like(v)
    first = graph.indptr[v]
    size = graph.indptr[v + 1] - first
    end = torch.cumsum(size, 0)
    low = 0
    while low < len(v):  # as many rows at a time as memory is meant to hold
        done = end[low] - size[low]
        high = int(torch.searchsorted(end, done + _ENTRIES_AT_ONCE, right=True))
        part = slice(low, max(high, low + 1))
        out[part] = _look(
            graph, rule, t[part], v[part], first[part], size[part], u[part]
        )
        low = part.stop
    return out


def _look(graph, rule, t, v, first, size, u):
    """Positions by the running sums of weight times bias over whole rows."""
    number = torch.arange(len(v), device=v.device)
    row = torch.repeat_interleave(number, size)
    begin = torch.cumsum(size, 0) - size
    at = torch.arange(len(row), device=v.device) - begin[row] + first[row]
    mass = torch.where(
        graph.indices[at] == t[row],
        1.0 / rule.p,
        _bias(graph, rule, t[row], v[row], at),
    )
    if len(graph.weights):
        mass = mass * graph.weights[at].to(torch.float64)
    upto = torch.cumsum(mass, 0)
    before = upto[begin] - mass[begin]
    total = upto[begin + size - 1] - before
    # An entry of no mass is never the first beyond the mark, but for rounding the
    # mark may reach the end of the row: then the last entry with mass is meant.
    passed = (upto <= (before + u * total)[row]) | (mass <= 0)
    k = torch.where(passed, len(row), torch.arange(len(row), device=v.device))
    chosen = torch.full_like(v, len(row)).scatter_reduce(0, row, k, "amin")
    k = torch.where(mass > 0, torch.arange(len(row), device=v.device), -1)
    last = begin.scatter_reduce(0, row, k, "amax")
    return at[torch.where(chosen < len(row), chosen, last)]

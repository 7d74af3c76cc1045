"""Random walks of first and second order, weighted or not, one step at a time.

A step of second order draws from the first-order distribution and keeps the draw
with probability ``a / M`` (rejection), so that nothing is stored for pairs of nodes:
``a`` is 1/p for the node come from, 1 for its neighbours and 1/q for the rest, and
``M = max(1, 1/q)``. Where 1/p exceeds ``M``, the excess of the one return edge is a
piece of its own beside the rest, so that a small p wastes no draws. Whenever rejections
would cost more than looking at each neighbour, each neighbour is looked at. All
roads lead to the same distribution.

Every random number is ``hash64(key of the walk, number of the draw)``: a walk depends
on its key and its start alone.
"""

from collections import namedtuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from graphrep.kernels._hash import hash64
from graphrep.kernels._jit import njit, prange

WalkGraph = namedtuple(
    "WalkGraph", ["indptr", "indices", "weights", "accept", "alias", "threshold"]
)
"""Arrays of a graph to walk on; those that are not needed have size 0.

indptr (int64) and indices (int32 or int64): compressed rows, sorted, no zero weights.
accept (float32) and alias (int32): alias tables, one per row; alias is an offset
inside the row. Empty if all weights are one.
weights (float32): only if accept is there. They sum to one in each row, unless
threshold is there: then they are as given, up to one factor for the whole graph.
threshold (float32): for node2vec+ the thresholds of the n nodes, then the sums of
their n rows.
"""

WalkRule = namedtuple("WalkRule", ["p", "q", "first_order", "plus"])
"""p and q (float64), whether both are one, whether node2vec+ is wanted (bool)."""

_GRACE = 24
"""Rejections that are borne before a row is looked at entry by entry."""
_SHARE = 3
"""Further rejections: the length of the row, shifted right by this."""
_UNIT = 2.0**-53
_S11 = np.uint64(11)
_ONE = np.uint64(1)
_I128 = ir.IntType(128)


@intrinsic
def high_product(typing, a, b):
    """Upper 64 bits of the product of two uint64."""

    def codegen(context, builder, signature, args):
        wide = [builder.zext(arg, _I128) for arg in args]
        product = builder.lshr(builder.mul(*wide), ir.Constant(_I128, 64))
        return builder.trunc(product, ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), codegen


# -- keys and order --------------------------------------------------------------
@njit
def walk_key(seed, round_, start):
    """Key of the walk that leaves ``start`` in a round."""
    return hash64(hash64(np.uint64(seed), np.uint64(round_)), np.uint64(start))


def start_order(seed, round_, n):
    """Nodes in the random order in which a round starts from them, int64."""
    return np.random.default_rng([seed, round_]).permutation(n)


# -- one step ----------------------------------------------------------------------
@njit(inline="always")
def _uniform(bits):
    """Float in [0, 1) with 53 random bits."""
    return np.float64(bits >> _S11) * _UNIT


@njit
def _find(indices, low, high, wanted):
    """Position of a node in the sorted part [low, high), or -1."""
    n = high - low
    if n == 0:
        return np.int64(-1)
    while n > 1:
        half = n >> 1
        low = low + half if indices[low + half] <= wanted else low
        n -= half
    return low if indices[low] == wanted else np.int64(-1)


@njit(inline="always")
def _pick(graph, first, size, bits):
    """Position in the row [first, first + size) drawn by weight."""
    wide = np.uint64(size)
    k = np.int64(high_product(bits, wide))
    if graph.accept.shape[0] > 0:
        rest = _uniform(bits * wide)  # what the choice of k has left of the bits
        if rest >= graph.accept[first + k]:
            k = np.int64(graph.alias[first + k])
    return first + k


@njit
def _bias(graph, rule, t, v, at):
    """Bias of the entry ``at`` of v's row, which does not lead back to t."""
    x = graph.indices[at]
    found = _find(graph.indices, graph.indptr[t], graph.indptr[t + 1], x)
    far = 1.0 / rule.q
    if not rule.plus or graph.threshold.shape[0] == 0:  # no weights: node2vec
        return far if found < 0 else 1.0
    if found >= 0 and graph.weights[found] >= graph.threshold[x]:
        return 1.0
    if graph.weights[at] < graph.threshold[v]:
        return min(1.0, far)
    if found < 0:
        return far
    tight = np.float64(graph.weights[found]) / np.float64(graph.threshold[x])
    return far + (1.0 - far) * tight


@njit
def _mass(graph, rule, t, v, at):
    """Weight times bias of the entry ``at`` of v's row."""
    weight = np.float64(graph.weights[at]) if graph.weights.shape[0] > 0 else 1.0
    if graph.indices[at] == t:
        return weight / rule.p
    return weight * _bias(graph, rule, t, v, at)


@njit
def _enumerate(graph, rule, t, v, u):
    """Position drawn by looking at each entry of v's row; u is in [0, 1)."""
    first, end = graph.indptr[v], graph.indptr[v + 1]
    total = 0.0
    for at in range(first, end):
        total += _mass(graph, rule, t, v, at)
    rest = u * total
    chosen = first
    for at in range(first, end):
        mass = _mass(graph, rule, t, v, at)
        if mass > 0.0:
            chosen = at
        rest -= mass
        if rest < 0.0:
            break
    return chosen


@njit
def _excess(graph, rule, t, v, most):
    """Mass that the return edge has beyond the others' bound, row sum or degree 1."""
    extra = 1.0 / rule.p / most - 1.0
    if extra <= 0.0:
        return 0.0
    if graph.weights.shape[0] == 0:
        return extra
    found = _find(graph.indices, graph.indptr[v], graph.indptr[v + 1], t)
    if found < 0:
        return 0.0
    total = 1.0
    if graph.threshold.shape[0] > 0:
        total = np.float64(graph.threshold[graph.indptr.shape[0] - 1 + v])
    # A row too light for float32 is left to be looked at entry by entry.
    return extra * graph.weights[found] / total if total > 0.0 else 0.0


@njit
def _step(graph, rule, t, v, key, counter):
    """Position of the next entry of v's row after t, and the next draw's number."""
    first = graph.indptr[v]
    size = graph.indptr[v + 1] - first
    weighted = graph.accept.shape[0] > 0
    most = max(1.0, 1.0 / rule.q)
    sure = min(1.0, 1.0 / rule.q) / most
    back = 1.0 / rule.p / most
    body = 1.0 if weighted else np.float64(size)
    excess = _excess(graph, rule, t, v, most)
    for _ in range(_GRACE + (size >> _SHARE)):
        bits = hash64(key, counter)
        counter += _ONE
        height = _uniform(bits) * (body + excess)
        if height >= body and excess > 0.0:  # the return edge beyond the bound
            found = _find(graph.indices, first, first + size, t)
            if found >= 0:
                return found, counter
            excess = 0.0  # a directed graph without the way back
            continue
        if weighted:
            at = _pick(graph, first, size, hash64(key, counter))
            counter += _ONE
        else:
            k = min(np.int64(height), size - 1)
            at = first + k
            height -= k
        if graph.indices[at] == t:
            if height < back:
                return at, counter
        elif height < sure or height * most < _bias(graph, rule, t, v, at):
            return at, counter
    u = _uniform(hash64(key, counter))
    return _enumerate(graph, rule, t, v, u), counter + _ONE


# -- walks ---------------------------------------------------------------------------
@njit
def walk(graph, rule, start, key, out):
    """Write one walk's nodes into ``out`` (int32); return how many there are.

    At most ``len(out)`` nodes, the start among them; fewer where a node without
    out-edges is reached. Nothing is allocated.
    """
    counter = np.uint64(0)
    t = np.int64(-1)
    v = np.int64(start)
    out[0] = v
    for i in range(1, out.shape[0]):
        first = graph.indptr[v]
        size = graph.indptr[v + 1] - first
        if size == 0:
            return i
        if rule.first_order or i == 1:
            at = _pick(graph, first, size, hash64(key, counter))
            counter += _ONE
        else:
            at, counter = _step(graph, rule, t, v, key, counter)
        t = v
        v = np.int64(graph.indices[at])
        out[i] = v
    return out.shape[0]


@njit(parallel=True)
def walks(graph, rule, starts, keys, length, out, lengths):
    """Fill ``out`` (n, length) with the walks from ``starts``, -1 after their ends."""
    for i in prange(starts.shape[0]):
        n = walk(graph, rule, starts[i], keys[i], out[i])
        lengths[i] = n
        out[i, n:] = -1


@njit(parallel=True)
def walk_keys(seed, rounds, starts, out):
    """`walk_key` of each round and start."""
    for i in prange(starts.shape[0]):
        out[i] = walk_key(seed, rounds[i], starts[i])


# -- tables ------------------------------------------------------------------------
@njit(parallel=True)
def thresholds(indptr, weights, gamma, out):
    """Mean plus ``gamma`` deviations of each row, not below 0; then each row's sum."""
    n = indptr.shape[0] - 1
    for i in prange(n):
        first, end = indptr[i], indptr[i + 1]
        total, squares = 0.0, 0.0
        for at in range(first, end):
            total += weights[at]
        mean = total / max(end - first, 1)
        for at in range(first, end):
            squares += (weights[at] - mean) ** 2
        deviation = np.sqrt(squares / max(end - first, 1))
        out[i] = max(0.0, mean + gamma * deviation)
        out[n + i] = total

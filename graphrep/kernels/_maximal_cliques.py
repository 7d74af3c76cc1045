"""Maximal cliques by Bron and Kerbosch, on bit sets, from roots in degeneracy order.

The cliques of root v are those whose first node in the order is v (Eppstein, Löffler
and Strash, 2010). Its later neighbours P, at most the degeneracy of the graph, are
numbered from 0 and each gets two rows of bits: which of P, and which of the earlier
neighbours E, it is joined to. A step of the search is a few ands and bit counts over
such rows; the pivot is the node of P, of the excluded part of P or of E that leaves
the fewest branches (Tomita, Tanaka and Takahashi, 2006).

The search keeps its stack in arrays, so it can stop where the output is full and go
on from there: memory is bounded however many cliques there are.
"""

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from graphrep.kernels._jit import njit

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
DONE, FULL, STOPPED = 0, 1, 2


@intrinsic
def bit_count(typingctx, word):
    """Number of ones of an unsigned 64-bit word."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.int64(types.uint64), codegen


@intrinsic
def lowest_bit(typingctx, word):
    """Place of the lowest one of a word that is not zero."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


@njit
def later_rows(indptr, indices, place, l_indptr, l_indices):
    """Keep of each node the neighbours that come later in an order, ids ascending."""
    n = indptr.shape[0] - 1
    l_indptr[0] = 0
    kept = 0
    for v in range(n):
        for e in range(indptr[v], indptr[v + 1]):
            if place[indices[e]] > place[v]:
                l_indices[kept] = indices[e]
                kept += 1
        l_indptr[v + 1] = kept


@njit(inline="always")
def _and(a, b, out):
    for i in range(out.shape[0]):
        out[i] = a[i] & b[i]


@njit(inline="always")
def _is_zero(a):
    some = _ZERO
    for i in range(a.shape[0]):
        some |= a[i]
    return some == _ZERO


@njit(inline="always")
def _common(a, b):
    count = 0
    for i in range(a.shape[0]):
        count += bit_count(a[i] & b[i])
    return count


@njit(nogil=True)
def _pivot(near, e_near, allowed, banned, e_banned, size):
    """Row of bits of the node that is joined to most of ``allowed``, and how many."""
    best, most, early = -1, -1, False
    for w in range(allowed.shape[0]):
        word = allowed[w] | banned[w]
        while word != _ZERO:
            u = 64 * w + lowest_bit(word)
            word &= word - _ONE
            count = _common(allowed, near[u])
            if count > most:
                best, most = u, count
                if most == size:
                    return best, False, most
                if most == size - 1 and (allowed[w] >> np.uint64(u & 63)) & _ONE:
                    break
    for w in range(e_banned.shape[0]):
        word = e_banned[w]
        while word != _ZERO:
            u = 64 * w + lowest_bit(word)
            word &= word - _ONE
            count = _common(allowed, e_near[u])
            if count > most:
                best, most, early = u, count, True
                if most == size:
                    return best, True, most
    return best, early, most


@njit(nogil=True)
def _set_up(v, indptr, indices, l_indptr, l_indices, local, work):
    """Write the rows of bits of one root; return the number of P and of E."""
    near, near_e, e_near, earlier = work
    n_later = l_indptr[v + 1] - l_indptr[v]
    for i in range(n_later):
        local[l_indices[l_indptr[v] + i]] = i
    words = (n_later + 63) >> 6
    near[:n_later, :words] = _ZERO
    for i in range(n_later):
        u = l_indices[l_indptr[v] + i]
        for e in range(l_indptr[u], l_indptr[u + 1]):
            j = local[l_indices[e]]
            if j >= 0:
                near[i, j >> 6] |= _ONE << np.uint64(j & 63)
                near[j, i >> 6] |= _ONE << np.uint64(i & 63)
    # an earlier neighbour matters only where it is joined to some of P
    n_earlier = 0
    at = l_indptr[v]
    for e in range(indptr[v], indptr[v + 1]):
        x = indices[e]
        if at < l_indptr[v + 1] and l_indices[at] == x:
            at += 1
            continue
        e_near[n_earlier, :words] = _ZERO
        some = False
        for f in range(l_indptr[x], l_indptr[x + 1]):
            j = local[l_indices[f]]
            if j >= 0:
                e_near[n_earlier, j >> 6] |= _ONE << np.uint64(j & 63)
                some = True
        if some:
            earlier[n_earlier] = x
            n_earlier += 1
    e_words = (n_earlier + 63) >> 6
    near_e[:n_later, :e_words] = _ZERO
    for x in range(n_earlier):
        bit = _ONE << np.uint64(x & 63)
        for w in range(words):
            word = e_near[x, w]
            while word != _ZERO:
                near_e[64 * w + lowest_bit(word), x >> 6] |= bit
                word &= word - _ONE
    for i in range(n_later):
        local[l_indices[l_indptr[v] + i]] = -1
    return n_later, n_earlier


@njit(nogil=True)
def _emit(v, later, taken, sizes, members, state):
    """Write one clique, its nodes ascending. False where there is no room."""
    count = 1
    for w in range(taken.shape[0]):
        count += bit_count(taken[w])
    if count < state[4]:
        return True
    start = state[1]
    if state[0] >= sizes.shape[0] or start + count > members.shape[0]:
        return False
    at = start
    put = False
    for w in range(taken.shape[0]):
        word = taken[w]
        while word != _ZERO:
            u = later[64 * w + lowest_bit(word)]
            word &= word - _ONE
            if not put and u > v:
                members[at] = v
                at += 1
                put = True
            members[at] = u
            at += 1
    if not put:
        members[at] = v
    sizes[state[0]] = count
    state[0] += 1
    state[1] = start + count
    return True


@njit(nogil=True)
def _open(depth, near, e_near, allowed, banned, e_banned, branches):
    """Choose the pivot of one level of the stack; False where it is a dead end."""
    size = 0
    for w in range(allowed.shape[1]):
        size += bit_count(allowed[depth, w])
    u, early, most = _pivot(
        near, e_near, allowed[depth], banned[depth], e_banned[depth], size
    )
    if most == size:
        return False
    for w in range(allowed.shape[1]):
        row = e_near[u, w] if early else near[u, w]
        branches[depth, w] = allowed[depth, w] & ~row
    return True


@njit(nogil=True)
def _search(v, later, near, near_e, e_near, stack, sizes, members, state, flag):
    """Go on with the search below one root until it ends or the output is full.

    ``state``: cliques and members written, depth, whether a clique waits, smallest
    size wanted. ``stack``: P, excluded P, E, branches and the clique of each depth.
    """
    allowed, banned, e_banned, branches, taken = stack
    depth = state[2]
    if state[3]:
        if not _emit(v, later, taken[depth + 1], sizes, members, state):
            return FULL
        state[3] = 0
    while depth >= 0:
        u = -1
        for w in range(branches.shape[1]):
            if branches[depth, w] != _ZERO:
                u = 64 * w + lowest_bit(branches[depth, w])
                break
        if u < 0:
            depth -= 1
            continue
        if flag[0]:
            state[2] = depth
            return STOPPED
        bit = _ONE << np.uint64(u & 63)
        branches[depth, u >> 6] &= ~bit
        allowed[depth, u >> 6] &= ~bit
        below = depth + 1
        _and(allowed[depth], near[u], allowed[below])
        _and(banned[depth], near[u], banned[below])
        _and(e_banned[depth], near_e[u], e_banned[below])
        banned[depth, u >> 6] |= bit
        for w in range(taken.shape[1]):
            taken[below, w] = taken[depth, w]
        taken[below, u >> 6] |= bit
        if _is_zero(allowed[below]):
            if _is_zero(banned[below]) and _is_zero(e_banned[below]):
                if not _emit(v, later, taken[below], sizes, members, state):
                    state[2], state[3] = depth, 1
                    return FULL
        elif _open(below, near, e_near, allowed, banned, e_banned, branches):
            depth = below
    state[2] = -1
    return DONE


@njit(nogil=True)
def enumerate_cliques(
    roots, graph, later, local, rows, stack, sizes, members, state, flag
):
    """Write the maximal cliques of some roots into ``sizes`` and ``members``.

    Parameters
    ----------
    roots : node numbers, in the order of the search
    graph, later : (indptr, indices) of all and of the later neighbours
    local : scratch of n integers that comes as -1
    rows, stack : scratch of `scratch`
    state : int64 (7,)
        Cliques written, members written, depth, whether a clique waits, smallest
        size, root, earlier neighbours of the root. A call goes on where the last one stopped; the first one
        begins with (0, 0, -1, 0, min_size, 0, 0).
    flag : bool (1,)
        Set by another thread to stop the search.

    Returns
    -------
    int
        DONE, FULL (empty the output and call again) or STOPPED.
    """
    indptr, indices = graph
    l_indptr, l_indices = later
    near, near_e, e_near, earlier = rows
    allowed, banned, e_banned, branches, taken = stack
    while state[5] < roots.shape[0]:
        v = roots[state[5]]
        p = l_indptr[v + 1] - l_indptr[v]
        words = (p + 63) >> 6
        own = l_indices[l_indptr[v] : l_indptr[v + 1]]
        if p == 0:
            if indptr[v + 1] == indptr[v] and not _emit(
                v, own, taken[0, :0], sizes, members, state
            ):
                return FULL
            state[5] += 1
            continue
        if state[2] < 0 and not state[3]:
            _, n_earlier = _set_up(v, indptr, indices, l_indptr, l_indices, local, rows)
            state[6] = n_earlier
            for w in range(words):
                allowed[0, w] = ~_ZERO
                banned[0, w] = _ZERO
                taken[0, w] = _ZERO
            if p & 63:
                allowed[0, words - 1] = (_ONE << np.uint64(p & 63)) - _ONE
            e_words = (n_earlier + 63) >> 6
            for w in range(e_words):
                e_banned[0, w] = ~_ZERO
            if n_earlier & 63:
                e_banned[0, e_words - 1] = (_ONE << np.uint64(n_earlier & 63)) - _ONE
            opened = _open(
                0, near[:, :words], e_near[:, :words], allowed[:, :words],
                banned[:, :words], e_banned[:, :e_words], branches[:, :words],
            )  # fmt: skip
            if not opened:
                state[5] += 1
                continue
            state[2] = 0
        e_words = (state[6] + 63) >> 6
        status = _search(
            v, own, near[:, :words], near_e[:, :e_words], e_near[:, :words],
            (allowed[:, :words], banned[:, :words], e_banned[:, :e_words],
             branches[:, :words], taken[:, :words]),
            sizes, members, state, flag,
        )  # fmt: skip
        if status != DONE:
            return status
        state[5] += 1
    return DONE


def scratch(most_later, most_degree):
    """Working memory for roots of so many later neighbours and neighbours."""
    words, e_words = (most_later + 63) // 64, (most_degree + 63) // 64
    rows = (
        np.empty((most_later, words), np.uint64),
        np.empty((most_later, e_words), np.uint64),
        np.empty((most_degree, words), np.uint64),
        np.empty(most_degree, np.int64),
    )
    levels = most_later + 2
    stack = tuple(
        np.empty((levels, w), np.uint64) for w in (words, words, e_words, words, words)
    )
    return rows, stack

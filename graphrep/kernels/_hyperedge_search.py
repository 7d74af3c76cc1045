"""Local search for hyperedges that cover a graph and take few bits to describe.

A move puts one more clique in. Hyperedges that lose by it the last edge that only they
hold at some node let go of that node, or vanish; then so does the new one. The move
stands if fewer bits are left, else it is taken back.

Each edge, at the entry of its smaller end, keeps the number of hyperedges that hold it
and the exclusive or of their numbers: where there is but one, that is its number.
Hyperedges are ``pool[starts[h] : starts[h] + sizes[h]]``, in any order; the nodes that
one has let go of stand behind.
"""

import numpy as np

from graphrep.kernels._hyperedge_chain import entry_of
from graphrep.kernels._jit import njit

_LEAST = 1e-9  # bits that a move must save
DONE, FULL = 0, 1


@njit(inline="always")
def _entry(indptr, indices, u, v):
    """Entry of an edge in the row of its smaller end."""
    if u > v:
        u, v = v, u
    return entry_of(indptr, indices, u, v, indptr[u])


@njit
def hold_all(graph, hyperedges, held):
    """Enter the edges of all hyperedges into ``held``, which comes as 0."""
    indptr, indices = graph
    starts, sizes, pool = hyperedges
    cover, owner = held
    for h in range(sizes.shape[0]):
        for i in range(starts[h] + 1, starts[h] + sizes[h]):
            for j in range(starts[h], i):
                e = _entry(indptr, indices, pool[i], pool[j])
                cover[e] += 1
                owner[e] ^= h


@njit
def _hold(h, first, size, graph, hyperedges, held, by):
    """Add or take away the edges of one hyperedge that end at nodes ``first`` on."""
    indptr, indices = graph
    starts, _, pool = hyperedges
    cover, owner = held
    at = starts[h]
    for i in range(max(first, 1), size):
        for j in range(i):
            e = _entry(indptr, indices, pool[at + i], pool[at + j])
            cover[e] += by
            owner[e] ^= h


@njit
def _resize(h, size, hyperedges, prior):
    """Change the size of a hyperedge; return the bits that this costs."""
    _, sizes, _ = hyperedges
    base, by_size = prior
    bits = 0.0
    if sizes[h]:
        bits -= base[sizes[h]] - np.log2(by_size[sizes[h]])
        by_size[sizes[h]] -= 1
    sizes[h] = size
    if size:
        by_size[size] += 1
        bits += base[size] - np.log2(by_size[size])
    return bits


@njit
def _reduce(h, graph, hyperedges, held, prior, needed):
    """Let a hyperedge go of the nodes where it alone holds no edge, if that saves."""
    indptr, indices = graph
    starts, sizes, pool = hyperedges
    at, size = starts[h], sizes[h]
    needed[:size] = False
    n_needed = 0
    for i in range(1, size):
        for j in range(i):
            if needed[i] and needed[j]:
                continue
            e = _entry(indptr, indices, pool[at + i], pool[at + j])
            if held[0][e] == 1:
                n_needed += 2 - needed[i] - needed[j]
                needed[i] = needed[j] = True
        if n_needed == size:
            return 0.0
    bits = _resize(h, n_needed, hyperedges, prior)
    if bits >= 0.0:
        _resize(h, size, hyperedges, prior)
        return 0.0
    kept = 0
    for i in range(size):
        if needed[i]:
            v = pool[at + kept]
            pool[at + kept] = pool[at + i]
            pool[at + i] = v
            kept += 1
    _hold(h, kept, size, graph, hyperedges, held, -1)
    return bits


@njit
def reduce_all(order, graph, hyperedges, held, prior, needed):
    """Reduce hyperedges one after another; return the bits that this costs."""
    bits = 0.0
    for i in range(order.shape[0]):
        bits += _reduce(order[i], graph, hyperedges, held, prior, needed)
    return bits


@njit
def _touched(members, graph, held, touched, mark, move):
    """List the hyperedges that alone hold an edge of some nodes; count such edges."""
    indptr, indices = graph
    cover, owner = held
    n_touched, alone = 0, 0
    for i in range(1, members.shape[0]):
        for j in range(i):
            e = _entry(indptr, indices, members[i], members[j])
            if cover[e] == 1:
                alone += 1
                if mark[owner[e]] != move:
                    mark[owner[e]] = move
                    touched[n_touched] = owner[e]
                    n_touched += 1
    return n_touched, alone


@njit
def _put_in(members, graph, hyperedges, held, prior, scratch, state):
    """Make one move; return the bits that it costs, 0 where it was taken back."""
    starts, sizes, pool = hyperedges
    needed, touched, before, mark = scratch
    new, at, k = state[0], state[1], members.shape[0]
    n_touched, alone = _touched(members, graph, held, touched, mark, state[3])
    state[3] += 1
    if n_touched == 0 or (
        n_touched == 1 and alone == k * (k - 1) // 2 and sizes[touched[0]] == k
    ):
        return 0.0  # nothing could go, or it is there already
    starts[new] = at
    pool[at : at + k] = members
    sizes[new] = 0
    _hold(new, 0, k, graph, hyperedges, held, 1)
    bits = _resize(new, k, hyperedges, prior)
    touched[n_touched] = new
    for i in range(n_touched + 1):
        h = touched[i]
        before[i] = sizes[h]
        bits += _reduce(h, graph, hyperedges, held, prior, needed)
    if bits < -_LEAST:
        state[0] += 1
        state[1] += k
        return bits
    for i in range(n_touched + 1):
        h, now = touched[i], sizes[touched[i]]
        if before[i] != now:
            _resize(h, before[i], hyperedges, prior)
            _hold(h, now, before[i], graph, hyperedges, held, 1)
    _hold(new, 0, k, graph, hyperedges, held, -1)
    _resize(new, 0, hyperedges, prior)
    return 0.0


@njit
def search(order, cliques, graph, hyperedges, held, prior, scratch, state):
    """Try some moves, each with a clique or an edge.

    Parameters
    ----------
    order : numbers of cliques; those beyond are ``n_cliques`` and the entry of an edge
    cliques, graph : (indptr, indices)
    hyperedges : (starts, sizes, pool)
    held : (cover, owner)
    prior : (base, by_size)
    scratch : (needed, touched, before, mark)
        ``needed`` for the nodes of the largest clique, the others for all hyperedges;
        ``mark`` comes as -1.
    state : int64 (4,)
        Hyperedges, entries of the pool, place in ``order``, moves tried.

    Returns
    -------
    int, float
        DONE, or FULL where a hyperedge more would not fit, and the bits spent.
    """
    c_indptr, c_indices = cliques
    n_cliques = c_indptr.shape[0] - 1
    starts, _, pool = hyperedges
    edge = np.empty(2, np.int32)
    bits = 0.0
    while state[2] < order.shape[0]:
        if state[0] + 1 >= starts.shape[0] or (
            pool.shape[0] - state[1] < scratch[0].shape[0]
        ):
            return FULL, bits
        c = order[state[2]]
        state[2] += 1
        if c < n_cliques:
            members = c_indices[c_indptr[c] : c_indptr[c + 1]]
        else:
            e = c - n_cliques
            if held[0][e] != 1:
                continue
            edge[0] = np.searchsorted(graph[0], e, side="right") - 1
            edge[1] = graph[1][e]
            members = edge[:]
        bits += _put_in(members, graph, hyperedges, held, prior, scratch, state)
    return DONE, bits

"""Markov chain over the hypergraphs that project to a graph (Young, Petri, Peixoto).

The state is a set of records, each a set of nodes and how often it occurs, found by a
hash of its members; the number of records that hold each edge says what may go.
Arrays are allocated outside: a call ends where they are full and can be gone on with.
"""

import numpy as np

from graphrep.kernels._hash import hash64, mix64
from graphrep.kernels._jit import njit

_SALT = np.uint64(0x632BE59BD9B4E019)
_S32, _S11 = np.uint64(32), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0
DONE, FULL = 0, 1


@njit(inline="always")
def entry_of(indptr, indices, u, v, low):
    """Place of neighbour v in row u, searched from ``low`` on; v must be there."""
    a, b = low, indptr[u + 1]
    while b - a > 1:
        middle = (a + b) >> 1
        if indices[middle] <= v:
            a = middle
        else:
            b = middle
    return a


@njit(inline="always")
def count_edges(indptr, indices, members, by, cover):
    """Add ``by`` to the number of records that hold each edge of ascending members."""
    for i in range(members.shape[0] - 1):
        at = indptr[members[i]]
        for j in range(i + 1, members.shape[0]):
            at = entry_of(indptr, indices, members[i], members[j], at)
            cover[at] += by


@njit
def count_all(indptr, indices, starts, sizes, counts, pool, cover):
    """Count the records that hold each edge, at the entry of its smaller end."""
    for r in range(sizes.shape[0]):
        members = pool[starts[r] : starts[r] + sizes[r]]
        count_edges(indptr, indices, members, counts[r], cover)


@njit
def _may_go(indptr, indices, members, cover):
    """Whether every edge is also held by another record."""
    for i in range(members.shape[0] - 1):
        at = indptr[members[i]]
        for j in range(i + 1, members.shape[0]):
            at = entry_of(indptr, indices, members[i], members[j], at)
            if cover[at] < 2:
                return False
    return True


@njit
def _hash_of(members):
    """Hash of a set of nodes, whatever their order."""
    h = np.uint64(members.shape[0])
    for i in range(members.shape[0]):
        h += mix64(np.uint64(members[i]) + _SALT)
    return mix64(h)


@njit
def enter(hashes, slots):
    """Enter records, all distinct, into a table that comes as -1."""
    mask = np.uint64(slots.shape[0] - 1)
    for r in range(hashes.shape[0]):
        at = hashes[r] & mask
        while slots[at] >= 0:
            at = (at + np.uint64(1)) & mask
        slots[at] = r


@njit
def hash_records(starts, sizes, pool, out):
    """Hash each record."""
    for r in range(sizes.shape[0]):
        out[r] = _hash_of(pool[starts[r] : starts[r] + sizes[r]])


@njit
def _find(h, members, hashes, starts, sizes, pool, slots):
    """Return the record of ascending members, or -1, and the slot where it belongs."""
    mask = np.uint64(slots.shape[0] - 1)
    at = h & mask
    while slots[at] >= 0:
        r = slots[at]
        if hashes[r] == h and sizes[r] == members.shape[0]:
            same = True
            for i in range(sizes[r]):
                if pool[starts[r] + i] != members[i]:
                    same = False
                    break
            if same:
                return r, at
        at = (at + np.uint64(1)) & mask
    return -1, at


@njit(inline="always")
def _below(seed, counter, n):
    """Draw an integer below n."""
    return np.int64(((hash64(seed, counter) >> _S32) * np.uint64(n)) >> _S32)


@njit
def _draw(seed, state, c_indptr, c_members, subset):
    """Draw a clique, a size and a subset of that size; return the size."""
    counter = np.uint64(state[0])
    c = _below(seed, counter, c_indptr.shape[0] - 1)
    start = c_indptr[c]
    k = c_indptr[c + 1] - start
    size = 2 + _below(seed, counter + np.uint64(1), k - 1)
    for i in range(size):
        # the clique stays a random order of its nodes, so no start is needed
        j = i + _below(seed, counter + np.uint64(2 + i), k - i)
        v = c_members[start + j]
        c_members[start + j] = c_members[start + i]
        c_members[start + i] = v
        place = i
        while place > 0 and subset[place - 1] > v:
            subset[place] = subset[place - 1]
            place -= 1
        subset[place] = v
    state[0] += 2 + size
    return size


@njit
def walk(n_steps, seed, graph, cliques, prior, records, slots, cover, state, subset):
    """Propose ``n_steps`` changes and take each by the rule of Metropolis and Hastings.

    Parameters
    ----------
    graph, cliques : (indptr, indices); the order of nodes in a clique is changed
    prior : (base, by_size)
        Bits of one more hyperedge of each size, without those that depend on
        ``by_size``, the number of hyperedges of each size.
    records : (hashes, starts, sizes, counts, pool)
    slots : open-addressing table over the records
    cover : records that hold each edge, at the entry of its smaller end
    state : int64 (5,)
        Random numbers drawn, steps taken, records, entries of the pool, changes.
    subset : scratch of as many nodes as the largest clique

    Returns
    -------
    int
        DONE, or FULL where a record more would not fit.
    """
    indptr, indices = graph
    c_indptr, c_members = cliques
    base, by_size = prior
    hashes, starts, sizes, counts, pool = records
    while state[1] < n_steps:
        if state[2] == hashes.shape[0] or pool.shape[0] - state[3] < subset.shape[0]:
            return FULL
        state[1] += 1
        k = _draw(seed, state, c_indptr, c_members, subset)
        members = subset[:k]
        h = _hash_of(members)
        r, slot = _find(h, members, hashes, starts, sizes, pool, slots)
        now = counts[r] if r >= 0 else 0
        more = True
        if now > 0:
            more = hash64(seed, np.uint64(state[0])) >> np.uint64(63) == 0
            state[0] += 1
        ratio = 0.0  # of proposing the way back to proposing this one, log2
        if more:
            gain = np.log2((by_size[k] + 1.0) / (now + 1.0)) - base[k]
            ratio = -1.0 if now == 0 else 0.0
        else:
            gain = base[k] - np.log2(by_size[k] / now)
            ratio = 1.0 if now == 1 else 0.0
        if gain + ratio < 0.0:
            u = (hash64(seed, np.uint64(state[0])) >> _S11) * _UNIT
            state[0] += 1
            if u >= 2.0 ** (gain + ratio):
                continue
        if not more and not _may_go(indptr, indices, members, cover):
            continue
        if r < 0:
            r = state[2]
            hashes[r], starts[r], sizes[r], counts[r] = h, state[3], k, 0
            pool[state[3] : state[3] + k] = members
            slots[slot] = r
            state[2] += 1
            state[3] += k
        by = 1 if more else -1
        counts[r] += by
        by_size[k] += by
        count_edges(indptr, indices, members, by, cover)
        state[4] += 1
    return DONE

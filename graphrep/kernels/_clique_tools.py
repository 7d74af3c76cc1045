"""Cliques of a graph besides the maximal ones: of k nodes, and common parts.

Graphs are symmetric CSR without loops, rows sorted; sets of nodes are CSR with
members ascending.
"""

import numpy as np

from graphrep.kernels._bits import bit_count, lowest_bit
from graphrep.kernels._hash import hash64, mix64
from graphrep.kernels._jit import njit

_ONE = np.uint64(1)
_ZERO = np.uint64(0)


@njit
def later_rows(indptr, indices, place, l_indptr, l_indices):
    """Keep of each node the neighbours that come later in an order, ids ascending."""
    l_indptr[0] = 0
    kept = 0
    for v in range(indptr.shape[0] - 1):
        for e in range(indptr[v], indptr[v + 1]):
            if place[indices[e]] > place[v]:
                l_indices[kept] = indices[e]
                kept += 1
        l_indptr[v + 1] = kept


@njit(nogil=True, error_model="numpy")
def k_cliques(l_indptr, l_indices, k, out, first, degeneracy):
    """List cliques of k >= 2 nodes; returns how many there are, written or not.

    ``l_*`` are the neighbours of each node that come later in a degeneracy order, ids
    ascending. ``out`` (most, k) takes the first ones; counting goes on to ``first``
    and stops there. Members of a clique are not in order. The last member is not
    searched for: the ones of a word are counted.
    """
    n = l_indptr.shape[0] - 1
    words = max(1, (degeneracy + 63) >> 6)
    places = np.zeros(n, np.int64)
    near = np.empty(max(1, degeneracy) * words, np.uint64)
    levels, left = np.empty(k * words, np.uint64), np.empty(k * words, np.uint64)
    chosen = np.empty(k, np.int64)
    found = 0
    for v in range(n):
        if l_indptr[v + 1] - l_indptr[v] < k - 1:
            continue
        if k > 2:
            _fill_later(v, l_indptr, l_indices, places, near)
        found = _k_cliques_of(
            v, l_indptr, l_indices, near, levels, left, chosen, out, found, first
        )
        if found >= first:
            return first
    return found


@njit(nogil=True, error_model="numpy", borrowed=True)
def _fill_later(v, l_indptr, l_indices, places, near):
    """Make the rows of the graph among the later neighbours of v."""
    start, stop = l_indptr[v], l_indptr[v + 1]
    words = (stop - start + 63) >> 6
    for e in range(start, stop):
        places[np.uint64(l_indices[e])] = e - start + 1
    for i in range((stop - start) * words):
        near[i] = _ZERO
    for e in range(start, stop):
        base = (e - start) * words
        u = np.uint64(l_indices[e])
        for f in range(l_indptr[u], l_indptr[u + 1]):
            place = places[np.uint64(l_indices[f])]
            if place > 0:
                bit = _ONE << np.uint64((place - 1) & 63)
                near[base + ((place - 1) >> 6)] |= bit
    for e in range(start, stop):
        places[np.uint64(l_indices[e])] = 0


@njit(nogil=True, error_model="numpy", borrowed=True)
def _k_cliques_of(
    v, l_indptr, l_indices, near, levels, left, chosen, out, found, first
):
    """Count and write the cliques whose first node is v; returns the new count.

    Of each number of chosen nodes, ``levels`` holds the set that all of them are
    joined to and that comes after them, ``left`` what of it is still to be chosen.
    """
    k, start = chosen.shape[0], l_indptr[v]
    p = l_indptr[v + 1] - start
    words = (p + 63) >> 6
    for w in range(words):
        levels[words + w] = ~_ZERO
    if p & 63:
        levels[2 * words - 1] = (_ONE << np.uint64(p & 63)) - _ONE
    for w in range(words):
        left[words + w] = levels[words + w]
    chosen[0] = v
    depth = 1
    while depth > 0 and found < first:
        here = depth * words
        if depth == k - 1:
            found = _write_level(
                here, words, l_indices, start, left, chosen, out, found
            )
            depth -= 1
            continue
        u = -1
        for w in range(words):
            word = left[here + w]
            if word != _ZERO:
                u = 64 * w + np.int64(lowest_bit(word))
                left[here + w] = word & (word - _ONE)
                break
        if u < 0:
            depth -= 1
            continue
        chosen[depth] = l_indices[start + u]
        size = np.int64(0)
        for w in range(words):
            below = levels[here + w] & near[u * words + w]
            levels[here + words + w] = below
            left[here + words + w] = below
            size += bit_count(below)
        if size >= k - 1 - depth:
            depth += 1
    return found


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def _write_level(here, words, l_indices, start, left, chosen, out, found):
    """Write a clique for each last member where there is room; count them all."""
    k = chosen.shape[0]
    for w in range(words):
        word = left[here + w]
        size = bit_count(word)
        if found < out.shape[0]:
            for at in range(found, min(found + size, out.shape[0])):
                u = 64 * w + np.int64(lowest_bit(word))
                word &= word - _ONE
                for i in range(k - 1):
                    out[at, i] = chosen[i]
                out[at, k - 1] = l_indices[start + u]
        found += size
    return found


@njit(nogil=True, error_model="numpy", borrowed=True)
def _enter(key, keys, slots):
    """Slot of a key in an open-addressing table, of which some slots are free (-1)."""
    mask = np.uint64(slots.shape[0] - 1)
    at = key & mask
    while slots[at] >= 0 and keys[slots[at]] != key:
        at = (at + _ONE) & mask
    return at


@njit(nogil=True, error_model="numpy", borrowed=True)
def _keep_least(limit, n, keys, pairs, slots):
    """Forget the parts whose key is above ``limit``; return how many are left."""
    for i in range(slots.shape[0]):
        slots[i] = -1
    kept = 0
    for i in range(n):
        if keys[i] <= limit:
            keys[kept] = keys[i]
            for j in range(3):
                pairs[kept, j] = pairs[i, j]
            slots[_enter(keys[kept], keys, slots)] = kept
            kept += 1
    return kept


@njit(nogil=True, error_model="numpy")
def intersection_pairs(indptr, members, t_indptr, t_sets, listed, keys, pairs, slots):
    """Find a pair of sets for each distinct common part of two nodes or more.

    A part is known by the sum of the hashes of its members, which is taken together
    with their number, so that equal parts are seen before they are written. Of more
    parts than there is room for, those with the least keys are kept: a sample that
    depends on the parts alone.

    Parameters
    ----------
    t_indptr, t_sets : the sets of each node, ascending
    listed : bool; parts of a size it names are left out
    keys : uint64 (room,)
    pairs : int32 (room, 3)
        Gets the two sets and the size of their part.
    slots : int32
        A power of two of -1, at least twice the room.

    Returns
    -------
    int
        Parts found. O(pairs of sets that share a node, with each node) time.
    """
    n_sets = indptr.shape[0] - 1
    behind = t_indptr[:-1].copy()  # sets of each node up to the one at hand
    counts, sums = np.zeros(n_sets, np.int32), np.zeros(n_sets, np.uint64)
    met = np.empty(n_sets + 1, np.int32)
    limit = ~_ZERO
    n = 0
    for a in range(n_sets):
        n_met = 0
        for i in range(indptr[a], indptr[a + 1]):
            v = np.uint32(members[i])
            behind[v] += 1
            share = hash64(np.uint64(v), _ZERO)
            for f in range(behind[v], t_indptr[v + 1]):
                b = np.uint32(t_sets[f])
                met[n_met] = b
                n_met += counts[b] == 0
                counts[b] += 1
                sums[b] += share
        for i in range(n_met):
            b = np.uint32(met[i])
            size, key = counts[b], mix64(sums[b])
            counts[b], sums[b] = 0, _ZERO
            if size < 2 or key > limit:
                continue
            if size < listed.shape[0] and listed[size]:
                continue
            at = _enter(key, keys, slots)
            if slots[at] >= 0:
                continue
            slots[at] = n
            keys[n], pairs[n, 0], pairs[n, 1], pairs[n, 2] = key, a, b, size
            n += 1
            while n == keys.shape[0]:
                limit >>= _ONE
                n = _keep_least(limit, n, keys, pairs, slots)
    return n


@njit(nogil=True, error_model="numpy", borrowed=True)
def write_intersections(indptr, members, pairs, pointers, out):
    """Write the common part of each pair of sets."""
    at = 0
    pointers[0] = 0
    for k in range(pairs.shape[0]):
        i, stop = indptr[pairs[k, 0]], indptr[pairs[k, 0] + 1]
        j, end = indptr[pairs[k, 1]], indptr[pairs[k, 1] + 1]
        while i < stop and j < end:
            if members[i] == members[j]:
                out[at] = members[i]
                at += 1
                i += 1
                j += 1
            elif members[i] < members[j]:
                i += 1
            else:
                j += 1
        pointers[k + 1] = at


def distinct_intersections(indptr, members, t_indptr, t_sets, listed, most):
    """Distinct common parts, of two nodes or more, of pairs of sets.

    Parameters
    ----------
    indptr, members, t_indptr, t_sets : the sets, and those of each node, ascending
    listed : bool
        Parts of a size that it names are left out.
    most : int
        Where there are more, at least about half as many are kept, drawn by a hash.

    Returns
    -------
    pointers, members : int64, int32
        The parts, in an order that depends on the sets alone.
    """
    degrees = np.diff(t_indptr).astype(np.float64)
    room = int(min(most, (degrees * (degrees - 1)).sum() / 2)) + 1
    keys, pairs = np.empty(room, np.uint64), np.empty((room, 3), np.int32)
    slots = np.full(1 << (2 * room - 1).bit_length(), -1, np.int32)
    sets = (indptr, members, t_indptr, t_sets)
    n = intersection_pairs(*sets, listed, keys, pairs, slots)
    pointers = np.empty(n + 1, np.int64)
    out = np.empty(int(pairs[:n, 2].sum()), np.int32)
    write_intersections(indptr, members, pairs[:n], pointers, out)
    return pointers, out

"""Roots of the search for maximal cliques whose sets take several words.

The steps are those of `graphrep.kernels._maximal_cliques`. A set of ``words`` words of
level k, or number k of a list, lies from word ``k * words`` of its array.
"""

import numpy as np

from graphrep.kernels._bits import bit_count, lowest_bit
from graphrep.kernels._clique_state import (
    CLIQUES,
    DEPTH,
    DONE,
    FUEL,
    FULL,
    MEMBERS,
    OWN,
    PAUSED,
    ROOM,
    SMALLEST,
    name_members,
)  # fmt: skip
from graphrep.kernels._jit import njit

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_SIX = np.uint64(6)
_LAST = np.uint64(63)


@njit(nogil=True, error_model="numpy", borrowed=True)
def _exclude_earlier(r, words, ordered, places, excluded):
    """Write what each earlier neighbour of root r excludes; -1 if one excludes all."""
    _, starts, middle, rows = ordered
    kept = 0
    for e in range(middle[r], starts[r + 1]):
        base = kept * words
        for w in range(words):
            excluded[base + w] = _ZERO
        count = 0
        x = np.uint64(rows[e])
        for f in range(starts[x], middle[x]):
            place = places[np.uint64(rows[f])]
            if place != _ZERO:
                i = place - _ONE
                excluded[base + np.int64(i >> _SIX)] |= _ONE << (i & _LAST)
                count += 1
        if count == middle[r] - starts[r]:
            return -1
        kept += count > 0
    return kept


@njit(nogil=True, error_model="numpy", borrowed=True)
def _fill_near(r, words, ordered, places, near):
    """Rows of the graph among the later neighbours of root r."""
    _, starts, middle, rows = ordered
    p = middle[r] - starts[r]
    for i in range(p * words):
        near[i] = _ZERO
    for i in range(p):
        u = np.uint64(rows[starts[r] + i])
        for f in range(starts[u], middle[u]):
            place = places[np.uint64(rows[f])]
            if place != _ZERO:
                j = np.int64(place - _ONE)
                near[i * words + (j >> 6)] |= _ONE << np.uint64(j & 63)
                near[j * words + (i >> 6)] |= _ONE << np.uint64(i & 63)


@njit(nogil=True, error_model="numpy", borrowed=True)
def _open(level, words, scratch, excluded, start, stop):
    """Begin a level whose allowed nodes are set; return the end of its excluded sets.

    -1 where all allowed nodes are joined to each other: the clique is then whole.
    """
    _, _, near, allowed, branches, taken, _ = scratch
    base = level * words
    others = np.int64(-1)
    for w in range(words):
        others += bit_count(allowed[base + w])
        branches[base + w] = _ZERO  # the nodes joined to all others, until the end
    best, pivot, early, n_universal = np.int64(-1), np.int64(-1), False, np.int64(0)
    for w in range(words):
        word = allowed[base + w]
        while word != _ZERO:
            u = 64 * w + np.int64(lowest_bit(word))
            low = word & (_ZERO - word)
            word ^= low
            count = np.int64(0)
            for k in range(words):
                count += bit_count(near[u * words + k] & allowed[base + k])
            if count == others:
                branches[base + w] |= low
                n_universal += 1
            elif count > best:
                best, pivot = count, u
    for w in range(words):
        taken[base + w] |= branches[base + w]
        allowed[base + w] &= ~branches[base + w]
    if n_universal > others:
        return np.int64(-1)
    best -= n_universal
    kept = start
    for i in range(start, stop):
        lacks = _ZERO
        for w in range(words):
            lacks |= branches[base + w] & ~excluded[i * words + w]
        if lacks != _ZERO:
            continue
        count = np.int64(0)
        for w in range(words):
            row = excluded[i * words + w] & allowed[base + w]
            excluded[kept * words + w] = row
            count += bit_count(row)
        if count > best:
            best, pivot, early = count, kept, True
        kept += count > 0
    for w in range(words):
        row = excluded[pivot * words + w] if early else near[pivot * words + w]
        branches[base + w] = allowed[base + w] & ~row
    return kept


@njit(nogil=True, error_model="numpy", borrowed=True)
def _write(level, words, scratch, own, members, at):
    """Write the names of a clique in order, the root's among them; return the end."""
    _, names, _, _, _, taken, _ = scratch
    put = False
    for w in range(words):
        word = taken[level * words + w]
        while word != _ZERO:
            i = 64 * w + np.int64(lowest_bit(word))
            word &= word - _ONE
            if i >= own and not put:
                members[at] = names[own]
                at += 1
                put = True
            members[at] = names[i + put]
            at += 1
    if not put:
        members[at] = names[own]
        at += 1
    return at


@njit(nogil=True, error_model="numpy", borrowed=True)
def begin(r, ordered, scratch, excluded, pointers, members, state):
    """Make the sets of root r and open it; False where nothing is left to search."""
    order, starts, middle, rows = ordered
    places, names, near, allowed, _, taken, bounds = scratch
    start, stop = starts[r], middle[r]
    words = (stop - start + 63) >> 6
    for e in range(start, stop):
        places[np.uint64(rows[e])] = np.uint64(e - start + 1)
    kept = _exclude_earlier(r, words, ordered, places, excluded)
    if kept >= 0:
        _fill_near(r, words, ordered, places, near)
    for e in range(start, stop):
        places[np.uint64(rows[e])] = _ZERO
    if kept < 0:
        return False
    own = name_members(r, order, starts, middle, rows, names)
    for w in range(words):
        allowed[w] = ~_ZERO
        taken[w] = _ZERO
    if (stop - start) & 63:
        allowed[words - 1] = (_ONE << np.uint64((stop - start) & 63)) - _ONE
    kept = _open(0, words, scratch, excluded, 0, kept)
    if kept < 0:
        state[MEMBERS] = _write(0, words, scratch, own, members, state[MEMBERS])
        state[CLIQUES] += 1
        pointers[state[CLIQUES]] = state[MEMBERS]
        return False
    state[DEPTH], state[OWN] = 0, own
    bounds[0, 0], bounds[0, 1] = 0, kept
    return True


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def _first(branches, base, words):
    """Lowest node to branch on, -1 where there is none."""
    for w in range(words):
        if branches[base + w] != _ZERO:
            return 64 * w + np.int64(lowest_bit(branches[base + w]))
    return np.int64(-1)


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def _exclude_below(u, below, words, allowed, excluded, x0, x1, start):
    """Excluded sets that are left below u, from ``start`` on; -1 if one holds all."""
    at, shift = u >> 6, np.uint64(u & 63)
    stop = start
    for i in range(x0, x1):
        if (excluded[i * words + at] >> shift) & _ONE == _ZERO:
            continue
        some, lacks = _ZERO, _ZERO
        for w in range(words):
            row = excluded[i * words + w] & allowed[below + w]
            excluded[stop * words + w] = row
            some |= row
            lacks |= row ^ allowed[below + w]
        if lacks == _ZERO:
            return np.int64(-1)
        stop += some != _ZERO
    return stop


@njit(nogil=True, error_model="numpy", borrowed=True)
def search(p, scratch, excluded, pointers, members, state):
    """Go on with the search below one root until it ends or has to stop."""
    _, _, near, allowed, branches, taken, bounds = scratch
    words = (p + 63) >> 6
    depth, n_cliques, n_members = state[DEPTH], state[CLIQUES], state[MEMBERS]
    status = DONE
    while True:
        here = depth * words
        u = _first(branches, here, words)
        if u < 0:
            if depth == 0:
                break
            depth -= 1
            continue
        x0, x1 = bounds[depth, 0], bounds[depth, 1]
        if n_cliques > pointers.shape[0] - 2 or n_members + p >= members.shape[0]:
            status = FULL
            break
        if state[FUEL] < 0:
            status = PAUSED
            break
        if (2 * x1 - x0 + 2) * words > excluded.shape[0]:
            status = ROOM
            break
        bit = _ONE << np.uint64(u & 63)
        branches[here + (u >> 6)] ^= bit
        allowed[here + (u >> 6)] ^= bit
        below = here + words
        n_below, n_taken = np.int64(0), np.int64(2)
        for w in range(words):
            row = near[u * words + w] & allowed[here + w]
            allowed[below + w] = row
            taken[below + w] = taken[here + w]
            n_below += bit_count(row)
            n_taken += bit_count(taken[here + w])
        taken[below + (u >> 6)] |= bit
        state[FUEL] -= (1 + x1 - x0) * words
        stop = _exclude_below(u, below, words, allowed, excluded, x0, x1, x1 + 1)
        if n_below > 0:
            for w in range(words):
                excluded[x1 * words + w] = allowed[below + w]
            bounds[depth, 1] = x1 + 1
        if stop < 0 or n_taken + n_below < state[SMALLEST]:
            continue
        if n_below > 0:
            stop = _open(depth + 1, words, scratch, excluded, x1 + 1, stop)
            if stop >= 0:
                depth += 1
                bounds[depth, 0], bounds[depth, 1] = x1 + 1, stop
                continue
        n_members = _write(depth + 1, words, scratch, state[OWN], members, n_members)
        n_cliques += 1
        pointers[n_cliques] = n_members
    state[DEPTH], state[CLIQUES], state[MEMBERS] = depth, n_cliques, n_members
    return status

"""Maximal cliques by Bron and Kerbosch on bit sets, from roots in degeneracy order.

The cliques of root r are those whose first node in the order is r (Eppstein, Löffler
and Strash, 2010). Its later neighbours P, at most the degeneracy of the graph, are
numbered from 0, and a set of them is one word where there are at most 63;
`graphrep.kernels._wide_cliques` does the same on several words. A step of the search
adds a node u to the clique: the nodes allowed after it are those joined to u. What is
excluded from a clique, an earlier neighbour of r or a node of P that was branched on
before, is kept as the set of allowed nodes it is joined to. If that is all of them, no
clique below is maximal; if it is none, it excludes nothing and is dropped. Allowed
nodes joined to all others are taken at once, and of the rest only those that the pivot
is not joined to are branched on (Tomita, Tanaka and Takahashi, 2006).

The search keeps its stack in arrays, so that it can stop where the output is full, or
after so many steps, and go on from there: memory is bounded however many cliques there
are. Roots that a row of one word decides are most, and take tens of nanoseconds; hence
no array is made or cut and no reference counted in here.
"""

import numpy as np

from graphrep.kernels import _wide_cliques as wide
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
    ROOT,
    SMALLEST,
    name_members,
)  # fmt: skip
from graphrep.kernels._jit import njit

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_WORD = 63  # later neighbours that fit into a word together with the root


def _halves():
    """Masks of the lower half of each block of two times so many bits."""
    masks = np.zeros(64, np.uint64)
    for step in (1, 2, 4, 8, 16, 32):
        ones = sum(((1 << step) - 1) << at for at in range(0, 64, 2 * step))
        masks[step] = ones
    return masks


_HALVES = _halves()


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def _bits_of_row(r, ordered, bits, full):
    """Word of the later neighbours of r that have a bit; stops where it is ``full``.

    The way out of the loop keeps the compiler from using gathers, which are slow.
    """
    _, starts, middle, rows = ordered
    word = _ZERO
    at, stop = np.uint64(starts[r]), np.uint64(middle[r])
    while at < stop:
        word |= bits[np.uint64(rows[at])]
        if word == full:
            break
        at += _ONE
    return word


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def _exclude_earlier(r, ordered, bits, full, excluded):
    """Write what each earlier neighbour of root r excludes; -1 if one excludes all.

    Of words of one bit none is written whose bit is in a longer one.
    """
    _, starts, middle, rows = ordered
    kept = 0
    single, covered = _ZERO, _ZERO
    for e in range(middle[r], starts[r + 1]):
        word = _bits_of_row(np.uint64(rows[e]), ordered, bits, full)
        if word == full:
            return -1
        if word & (word - _ONE) == _ZERO:
            single |= word
        else:
            covered |= word
            excluded[kept] = word
            kept += 1
    single &= ~covered
    while single != _ZERO:
        excluded[kept] = single & (_ZERO - single)
        single &= single - _ONE
        kept += 1
    return kept


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def _fill_near(r, ordered, bits, near):
    """Rows of the graph among the later neighbours of root r.

    Each gets its later ones; the transpose, by swaps of ever smaller blocks, is ored.
    """
    _, starts, middle, rows = ordered
    p = middle[r] - starts[r]
    for i in range(p):
        u = np.uint64(rows[starts[r] + i])
        near[i] = _bits_of_row(u, ordered, bits, ~_ZERO)
    size = 1
    while size < p:
        size <<= 1
    for i in range(p, size):
        near[i] = _ZERO
    for i in range(size):
        near[64 + i] = near[i]
    step = size >> 1
    while step > 0:
        shift, mask = np.uint64(step), _HALVES[step]
        k = 0
        while k < size:
            swap = ((near[64 + k] >> shift) ^ near[64 + k + step]) & mask
            near[64 + k + step] ^= swap
            near[64 + k] ^= swap << shift
            k = (k + step + 1) & ~step
        step >>= 1
    for i in range(p):
        near[i] |= near[64 + i]


@njit(nogil=True, error_model="numpy", borrowed=True)
def _open(near, allowed, excluded, start, stop):
    """Begin a level: nodes joined to all others, the rest, its branches.

    Returns them and the new end of the excluded words of the level, which lie in
    ``excluded[start:stop]``.
    """
    universal, pivot = _ZERO, _ZERO
    best = np.int64(-1)
    others = bit_count(allowed) - 1
    word = allowed
    while word != _ZERO:
        row = near[lowest_bit(word)] & allowed
        count = bit_count(row)
        low = word & (_ZERO - word)
        word ^= low
        if count == others:
            universal |= low
        elif count > best:
            best, pivot = count, row
    rest = allowed & ~universal
    if rest == _ZERO:
        return universal, rest, rest, stop
    best -= bit_count(universal)
    kept = start
    for i in range(start, stop):
        row = excluded[i]
        if row & universal != universal:
            continue
        row &= rest
        if row != _ZERO:
            excluded[kept] = row
            kept += 1
            count = bit_count(row)
            if count > best:
                best, pivot = count, row
    return universal, rest, rest & ~pivot, kept


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def _write(names, own, taken, members, at):
    """Write the names of a clique in order, the root's among them; return the end."""
    low = (_ONE << own) - _ONE
    word = (taken & low) | (_ONE << own) | ((taken & ~low) << _ONE)
    while word != _ZERO:
        members[at] = names[lowest_bit(word)]
        word &= word - _ONE
        at += 1
    return at


@njit(nogil=True, error_model="numpy", borrowed=True, forceinline=True)
def _begin(r, ordered, scratch, excluded, pointers, members, state):
    """Make the words of root r and open it; False where nothing is left to search."""
    order, starts, middle, rows = ordered
    bits, names, near, allowed, branches, taken, bounds = scratch
    start, stop = starts[r], middle[r]
    full = (_ONE << np.uint64(stop - start)) - _ONE
    bit = _ONE
    for e in range(start, stop):
        bits[np.uint64(rows[e])] = bit
        bit <<= _ONE
    kept = _exclude_earlier(r, ordered, bits, full, excluded)
    if kept >= 0:
        _fill_near(r, ordered, bits, near)
    for e in range(start, stop):
        bits[np.uint64(rows[e])] = _ZERO
    if kept < 0:
        return False
    own = name_members(r, order, starts, middle, rows, names)
    universal, rest, first, kept = _open(near, full, excluded, 0, kept)
    if rest == _ZERO:
        at = _write(names, np.uint64(own), universal, members, state[MEMBERS])
        state[MEMBERS] = at
        state[CLIQUES] += 1
        pointers[state[CLIQUES]] = at
        return False
    state[DEPTH], state[OWN] = 0, own
    allowed[0], branches[0], taken[0] = rest, first, universal
    bounds[0, 0], bounds[0, 1] = 0, kept
    return True


@njit(nogil=True, error_model="numpy", borrowed=True)
def _search(p, scratch, excluded, pointers, members, state):
    """Go on with the search below one root until it ends or has to stop."""
    _, names, near, allowed, branches, taken, bounds = scratch
    own, smallest = np.uint64(state[OWN]), state[SMALLEST] - 1
    depth, n_cliques, n_members = state[DEPTH], state[CLIQUES], state[MEMBERS]
    fuel = state[FUEL]
    a, b, t = allowed[depth], branches[depth], taken[depth]
    x0, x1 = bounds[depth, 0], bounds[depth, 1]
    status = DONE
    while True:
        if b == _ZERO:
            if depth == 0:
                break
            depth -= 1
            a, b, t = allowed[depth], branches[depth], taken[depth]
            x0, x1 = bounds[depth, 0], bounds[depth, 1]
            continue
        if n_cliques > pointers.shape[0] - 2 or n_members + p >= members.shape[0]:
            status = FULL
            break
        if fuel < 0:
            status = PAUSED
            break
        if 2 * x1 - x0 + 2 > excluded.shape[0]:
            status = ROOM
            break
        u = lowest_bit(b)
        bit = _ONE << u
        a ^= bit
        b ^= bit
        below = near[u] & a
        start = x1 + 1
        stop = start
        dead = _ZERO
        for i in range(x0, x1):  # without branches: they cannot be foretold
            joined = (excluded[i] >> u) & _ONE
            row = excluded[i] & below
            excluded[stop] = row
            stop += np.int64(joined & np.uint64(row != _ZERO))
            dead |= joined & np.uint64(row == below)
        fuel -= 1 + x1 - x0
        if b != _ZERO and below != _ZERO:
            excluded[x1] = below
            x1 += 1
        clique = t | bit
        if dead != _ZERO or bit_count(clique | below) < smallest:
            continue
        if below != _ZERO:
            universal, rest, first, stop = _open(near, below, excluded, start, stop)
            clique |= universal
            if rest != _ZERO:
                if b != _ZERO:  # else there is nothing to come back to
                    allowed[depth], branches[depth], taken[depth] = a, b, t
                    bounds[depth, 0], bounds[depth, 1] = x0, x1
                    depth += 1
                a, b, t = rest, first, clique
                x0, x1 = start, stop
                continue
        n_members = _write(names, own, clique, members, n_members)
        n_cliques += 1
        pointers[n_cliques] = n_members
    allowed[depth], branches[depth], taken[depth] = a, b, t
    bounds[depth, 0], bounds[depth, 1] = x0, x1
    state[DEPTH], state[CLIQUES], state[MEMBERS] = depth, n_cliques, n_members
    state[FUEL] = fuel
    return status


@njit(nogil=True, error_model="numpy", borrowed=True)
def enumerate_cliques(last, ordered, scratch, excluded, pointers, members, state):
    """Write the maximal cliques of the roots from ``state[ROOT]`` up to ``last``.

    Parameters
    ----------
    last : int
        The root after the last one.
    ordered : tuple
        order, starts, middle and rows of `degeneracy_rows`.
    scratch : tuple
        Arrays of `clique_scratch`.
    excluded : uint64
        Stack of excluded sets, at least `excluded_words`.
    pointers : int64
        Clique k goes to ``members[pointers[k]:pointers[k + 1]]``, its nodes
        ascending; the caller sets ``pointers[0]``.
    members : int32
        Room for the largest clique at least, which is the degeneracy and one.
    state : int64
        What is needed to go on; made by `clique_state`.

    Returns
    -------
    int
        DONE; FULL where the output is (empty or lengthen it and call again); ROOM
        where ``excluded`` is too short (lengthen it); PAUSED where the fuel is spent.
    """
    _, starts, middle, _ = ordered
    while state[ROOT] < last:
        r = state[ROOT]
        p = middle[r] - starts[r]
        opened = state[DEPTH] >= 0
        if not opened:
            if state[FUEL] < 0:
                return PAUSED
            if (
                state[CLIQUES] > pointers.shape[0] - 2
                or state[MEMBERS] + p >= members.shape[0]
            ):
                return FULL
            state[FUEL] -= starts[r + 1] - starts[r] + 1
            if p + 1 >= state[SMALLEST]:
                if p == 0:
                    if starts[r + 1] == starts[r]:
                        members[state[MEMBERS]] = ordered[0][r]
                        state[MEMBERS] += 1
                        state[CLIQUES] += 1
                        pointers[state[CLIQUES]] = state[MEMBERS]
                elif p <= _WORD:
                    opened = _begin(
                        r, ordered, scratch, excluded, pointers, members, state
                    )
                else:
                    opened = wide.begin(
                        r, ordered, scratch, excluded, pointers, members, state
                    )
        if opened:
            if p <= _WORD:
                status = _search(p, scratch, excluded, pointers, members, state)
            else:
                status = wide.search(p, scratch, excluded, pointers, members, state)
            if status != DONE:
                return status
            state[DEPTH] = -1
        state[ROOT] += 1
    return DONE

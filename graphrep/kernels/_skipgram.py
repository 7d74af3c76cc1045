"""Skip-gram with negative sampling on random walks that are never stored.

A walk is drawn, its rows are copied out of the two tables into a buffer of its own
that fits into the cache, trained there centre by centre, and what changed is added
back. With ``round_size`` walks in flight from the same state of the tables, and their
changes added row by row in the order of the walks, the result does not depend on the
number of threads: this is `train_rounds`. In `train_hogwild` every thread adds its
changes at once and without locks.
"""

from collections import namedtuple

import numpy as np

from graphrep.kernels._hash import hash64, mix64
from graphrep.kernels._jit import njit, prange
from graphrep.kernels._sgns import (
    STRIDE,
    TILE,
    add_row,
    copy_row,
    prefetch_row,
    subtract_row,
    train_center,
)
from graphrep.kernels._walks import walk, walk_key

SkipGram = namedtuple(
    "SkipGram", "seed window n_negatives first_rate last_rate n_walks_total"
)
"""Seed (uint64), window, negatives of a centre, first and last learning rate, and the
number of walks over which it falls from one to the other."""

Noise = namedtuple("Noise", "accept alias keep frozen")
"""Alias table of the negatives, chance of keeping a token (or nothing), rows that
must not change (or nothing)."""

Buffers = namedtuple(
    "Buffers",
    "walk slots rows seen drawn counts keys values contexts shares targets "
    "rates labels work u v",
)

ENOUGH = 8
"""Visits to a row, from one state of the tables, whose changes are added up; more
are averaged: the sum of many steps that do not know of each other overshoots."""

_AHEAD = 4
"""Rows that are asked for before they are copied."""

_DOMAIN = np.uint64(0x534B4950)
_START = np.uint64(0x53544152)
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = np.float32(1.0 / (1 << 24))
_EMPTY = np.int32(-1)


def make_buffers(n_slots, walk_length, n_pool, window, n_negatives, width):
    """Make the private memory of ``n_slots`` walks in flight."""
    n_rows = walk_length + n_pool + 1  # the last is a row of zeros for no target
    n_keys = 1 << (2 * n_rows - 1).bit_length()
    n_tiles = -(-(n_negatives + 1) // TILE)
    n_contexts = 2 * window + 2
    targets = n_slots, n_tiles * STRIDE
    u = np.zeros((n_slots * walk_length * width + 16), np.float32)
    v = np.zeros((n_slots * n_rows * width + 16), np.float32)
    return Buffers(
        np.zeros((n_slots, walk_length), np.int32),
        np.zeros((n_slots, walk_length + n_pool), np.int32),
        np.zeros((n_slots, n_rows), np.int32),
        np.zeros((n_slots, n_rows), np.int32),
        np.zeros((n_slots, n_rows), np.int32),
        np.zeros((n_slots, 3), np.int64),
        np.full((n_slots, n_keys), _EMPTY, np.int32),
        np.zeros((n_slots, n_keys), np.int32),
        np.zeros(n_slots * n_contexts, np.int32),
        np.ones(n_slots * n_contexts, np.float32),
        np.zeros(targets, np.int32).reshape(-1),
        np.zeros(targets, np.float32).reshape(-1),
        np.zeros(targets, np.float32).reshape(-1),
        np.zeros(n_slots * n_tiles * n_contexts * STRIDE, np.float32),
        _aligned(u).reshape(-1)[: n_slots * walk_length * width].reshape(-1, width),
        _aligned(v).reshape(-1)[: n_slots * n_rows * width].reshape(-1, width),
    )


def _aligned(flat):
    start = (-flat.ctypes.data % 64) // 4
    return flat[start:]


@njit
def _draw(noise, bits):
    """Draw one negative from 64 random bits."""
    n = np.uint64(noise.accept.shape[0])
    i = np.int64(((bits >> _HALF) * n) >> _HALF)
    chance = np.float32((bits & _LOW) >> np.uint64(8)) * _UNIT
    return np.int32(i) if chance < noise.accept[i] else noise.alias[i]


@njit
def _slot_of(buffers, w, node, n_rows):
    """Look up a node's row in the buffer of a walk; number it if it has none."""
    keys, values, rows = buffers.keys, buffers.values, buffers.rows
    mask = np.uint64(keys.shape[1] - 1)
    at = mix64(np.uint64(node)) & mask
    while keys[w, at] != _EMPTY:
        if keys[w, at] == node:
            return values[w, at], n_rows
        at = (at + np.uint64(1)) & mask
    keys[w, at] = node
    values[w, at] = n_rows
    rows[w, n_rows] = node
    buffers.seen[w, n_rows] = 0
    buffers.drawn[w, n_rows] = 0
    return np.int32(n_rows), n_rows + 1


@njit
def _read(given, out):
    """Copy a walk that was drawn before; return its length."""
    n = 0
    while n < given.shape[0] and given[n] >= 0:
        out[n] = given[n]
        n += 1
    return n


@njit
def _begin(graph, rule, model, noise, buffers, w, start, round_, n_pool, given, at):
    """Draw or read a walk, draw its negatives, and number their rows."""
    key = walk_key(model.seed, round_, start)
    if given.shape[0] > 0:
        n = _read(given[at], buffers.walk[w])
    else:
        n = walk(graph, rule, start, key, buffers.walk[w])
    key = mix64(key ^ _DOMAIN)
    counter = np.uint64(0)
    keys = buffers.keys
    for k in range(keys.shape[1]):
        keys[w, k] = _EMPTY
    n_tokens = 0
    n_rows = 0
    sub_sampled = noise.keep.shape[0] > 0
    for i in range(n):
        node = buffers.walk[w, i]
        if sub_sampled:
            bits = hash64(key, counter)
            counter += np.uint64(1)
            if np.float32(bits >> np.uint64(40)) * _UNIT >= noise.keep[node]:
                continue
        slot, n_rows = _slot_of(buffers, w, node, n_rows)
        buffers.seen[w, slot] += 1
        buffers.slots[w, n_tokens] = slot
        n_tokens += 1
    n_inner = n_rows
    pool = buffers.walk.shape[1]
    if n_tokens > 1:
        for i in range(n_pool):
            node = _draw(noise, hash64(key, counter))
            counter += np.uint64(1)
            slot, n_rows = _slot_of(buffers, w, node, n_rows)
            buffers.drawn[w, slot] += 1
            buffers.slots[w, pool + i] = slot
    buffers.counts[w, 0] = n_tokens
    buffers.counts[w, 1] = n_inner
    buffers.counts[w, 2] = n_rows
    return mix64(key + np.uint64(1))


@njit
def _fetch(u, v, buffers, w):
    """Copy the rows of a walk out of the tables."""
    n_inner, n_rows = buffers.counts[w, 1], buffers.counts[w, 2]
    rows = buffers.rows
    first_u = w * buffers.walk.shape[1]
    first_v = w * rows.shape[1]
    for s in range(min(_AHEAD, n_rows)):
        if s < n_inner:
            prefetch_row(u, np.int64(rows[w, s]))
        prefetch_row(v, np.int64(rows[w, s]))
    for s in range(n_rows):
        if s + _AHEAD < n_rows:
            if s + _AHEAD < n_inner:
                prefetch_row(u, np.int64(rows[w, s + _AHEAD]))
            prefetch_row(v, np.int64(rows[w, s + _AHEAD]))
        if s < n_inner:
            copy_row(u, rows[w, s], buffers.u, first_u + s)
        copy_row(v, rows[w, s], buffers.v, first_v + s)


@njit
def _train(model, buffers, w, key, rate, n_pool):
    """Train the copied rows on the pairs of a walk.

    A context at distance k counts ``(window + 1 - k) / window``: the chance that a
    reach drawn from 1 to ``window`` takes it in.
    """
    reach = np.int64(model.window)
    per_step = np.float32(1) / np.float32(reach)
    n_tokens = buffers.counts[w, 0]
    length = buffers.walk.shape[1]
    slots, contexts, targets = buffers.slots, buffers.contexts, buffers.targets
    rates = buffers.rates
    first_u, first_v = w * length, w * buffers.rows.shape[1]
    nothing = first_v + buffers.rows.shape[1] - 1
    c0 = w * (contexts.shape[0] // buffers.walk.shape[0])
    t0 = w * (targets.shape[0] // buffers.walk.shape[0])
    g0 = w * (buffers.work.shape[0] // buffers.walk.shape[0])
    n_tiles = targets.shape[0] // buffers.walk.shape[0] // STRIDE
    buffers.labels[t0] = 1.0
    for i in range(n_tokens):
        n_contexts = 0
        for j in range(max(0, i - reach), min(n_tokens, i + reach + 1)):
            if j != i:
                contexts[c0 + n_contexts] = first_u + slots[w, j]
                buffers.shares[c0 + n_contexts] = per_step * (reach + 1 - abs(i - j))
                n_contexts += 1
        contexts[c0 + n_contexts] = first_u
        center = slots[w, i]
        bits = hash64(key, np.uint64(i)) & _LOW
        at = np.int64((bits * np.uint64(n_pool)) >> _HALF)
        targets[t0] = first_v + center
        rates[t0] = rate
        used = 1
        for _ in range(model.n_negatives):
            slot = slots[w, length + at]
            at = at + 1 if at + 1 < n_pool else 0
            row = np.int32(first_v + slot)
            fresh = True
            for e in range(used):
                if targets[t0 + e // TILE * STRIDE + e % TILE] == row:
                    fresh = False
            if fresh:
                place = t0 + used // TILE * STRIDE + used % TILE
                targets[place] = row
                rates[place] = rate
                used += 1
        for e in range(used, n_tiles * TILE):
            place = t0 + e // TILE * STRIDE + e % TILE
            targets[place] = nothing
            rates[place] = 0.0
        train_center(
            buffers.u, contexts, c0, n_contexts, buffers.v, targets, t0, n_tiles,
            rates, buffers.labels, buffers.shares, buffers.work, g0,
        )  # fmt: skip


@njit
def _subtract(u, v, buffers, w):
    """Leave in the buffer what training has changed."""
    n_inner, n_rows = buffers.counts[w, 1], buffers.counts[w, 2]
    first_u = w * buffers.walk.shape[1]
    first_v = w * buffers.rows.shape[1]
    for s in range(n_rows):
        if s < n_inner:
            subtract_row(u, buffers.rows[w, s], buffers.u, first_u + s)
        subtract_row(v, buffers.rows[w, s], buffers.v, first_v + s)


@njit
def _count(visits, buffers, w, part, n_parts):
    """Count the visits of a walk to those rows that belong to one part."""
    for s in range(buffers.counts[w, 2]):
        row = buffers.rows[w, s]
        if row % n_parts == part:
            seen, drawn = buffers.seen[w, s], buffers.drawn[w, s]
            visits[row, 0] += min(seen, ENOUGH)
            visits[row, 1] += min(seen + drawn, ENOUGH)


@njit
def _add(u, v, noise, visits, buffers, w, part, n_parts):
    """Add the changes of a walk to those rows that belong to one part.

    Rows that had more than `ENOUGH` visits in the group get so much less of each.
    """
    n_inner, n_rows = buffers.counts[w, 1], buffers.counts[w, 2]
    first_u = w * buffers.walk.shape[1]
    first_v = w * buffers.rows.shape[1]
    some_frozen = noise.frozen.shape[0] > 0
    enough = np.float32(ENOUGH)
    for s in range(n_rows):
        if s + _AHEAD < n_rows:
            soon = np.int64(buffers.rows[w, s + _AHEAD])
            if soon % n_parts == part:
                if s + _AHEAD < n_inner:
                    prefetch_row(u, soon)
                prefetch_row(v, soon)
        row = buffers.rows[w, s]
        if row % n_parts != part or (some_frozen and noise.frozen[row]):
            continue
        if s < n_inner:
            share = min(np.float32(1), enough / np.float32(max(1, visits[row, 0])))
            add_row(buffers.u, first_u + s, share, u, row)
        share = min(np.float32(1), enough / np.float32(max(1, visits[row, 1])))
        add_row(buffers.v, first_v + s, share, v, row)


@njit
def _forget(visits, buffers, w, part, n_parts):
    """Set the counts back to zero."""
    for s in range(buffers.counts[w, 2]):
        row = buffers.rows[w, s]
        if row % n_parts == part:
            visits[row, 0] = visits[row, 1] = 0


@njit
def _rate(model, number):
    """Learning rate of a walk: it falls linearly."""
    share = number / model.n_walks_total
    rate = model.first_rate + (model.last_rate - model.first_rate) * share
    return np.float32(max(rate, model.last_rate))


@njit
def _one_walk(
    graph, rule, model, noise, buffers, u, v, w, start, number, round_, given, at
):  # fmt: skip
    n_pool = buffers.slots.shape[1] - buffers.walk.shape[1]
    key = _begin(
        graph, rule, model, noise, buffers, w, start, round_, n_pool, given, at
    )
    if buffers.counts[w, 0] > 1:
        _fetch(u, v, buffers, w)
        _train(model, buffers, w, key, _rate(model, number), n_pool)
        _subtract(u, v, buffers, w)
    else:
        buffers.counts[w, 2] = 0
    return buffers.counts[w, 0]


@njit(parallel=True)
def train_rounds(
    graph, rule, model, noise, buffers, u, v, starts, first, round_, given, visits,
    n_parts,
):  # fmt: skip
    """Train on one walk from each of ``starts``, in order; count the tokens.

    ``given`` (n_starts, length) int32 holds the walks, or nothing: they are drawn then.

    Walks are taken in groups of as many as ``buffers`` has room for. ``first`` is the
    number of the first walk among all, ``round_`` the number of the pass over the
    nodes; ``visits`` (n, 2) int32 is zero before and after; rows are shared out among
    ``n_parts`` threads when changes are added.
    """
    n_slots = buffers.walk.shape[0]
    n_tokens = 0
    for begin in range(0, starts.shape[0], n_slots):
        n_now = min(n_slots, starts.shape[0] - begin)
        for w in prange(n_now):
            n_tokens += _one_walk(
                graph, rule, model, noise, buffers, u, v, w, starts[begin + w],
                first + begin + w, round_, given, begin + w,
            )  # fmt: skip
        for part in prange(n_parts):
            for w in range(n_now):
                _count(visits, buffers, w, part, n_parts)
            for w in range(n_now):
                _add(u, v, noise, visits, buffers, w, part, n_parts)
            for w in range(n_now):
                _forget(visits, buffers, w, part, n_parts)
    return n_tokens


@njit(parallel=True)
def train_hogwild(
    graph, rule, model, noise, buffers, u, v, starts, first, round_, given, nobody
):
    """Train like `train_rounds`, but add changes at once and without locks.

    Each of the buffer's slots is one thread's; ``nobody`` (n, 2) int32 is zero.
    """
    n_slots = buffers.walk.shape[0]
    n_tokens = 0
    for w in prange(n_slots):
        for i in range(w, starts.shape[0], n_slots):
            n_tokens += _one_walk(
                graph, rule, model, noise, buffers, u, v, w, starts[i], first + i,
                round_, given, i,
            )  # fmt: skip
            _add(u, v, noise, nobody, buffers, w, 0, 1)
    return n_tokens


@njit(parallel=True)
def initialize(seed, n_columns, out):
    """Write U(-1/2d, 1/2d) into the first ``n_columns`` = d columns, zeros after."""
    key = mix64(seed ^ _START)
    for i in prange(out.shape[0]):
        row = hash64(key, np.uint64(i))
        for k in range(n_columns):
            unit = np.float32(hash64(row, np.uint64(k)) >> np.uint64(40)) * _UNIT
            out[i, k] = (unit - np.float32(0.5)) / np.float32(n_columns)
        for k in range(n_columns, out.shape[1]):
            out[i, k] = 0

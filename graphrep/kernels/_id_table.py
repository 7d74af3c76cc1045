"""Distinct ids by first appearance: an open-addressing table over an arena of bytes.

A slot is two uint64: the key of a token, and its number plus one with the kind of
the key in the upper bits. Keys of short ids and of integers are exact, so one line
of cache settles them; only equal hashes of long texts are compared byte by byte.
"""

import numpy as np

from graphrep.kernels._hash import mix64
from graphrep.kernels._jit import njit
from graphrep.kernels._parse import SHORT

SEPARATOR = 10
"""Stands after every id in the arena: no id holds a newline."""

UNKNOWN = -2
_BATCH = 32
_U0, _U1 = np.uint64(0), np.uint64(1)
_KIND_SHIFT = np.uint64(56)
_NUMBER = np.uint64((1 << 56) - 1)
_INTEGER_KIND, _HASH_KIND = np.uint64(SHORT + 1), np.uint64(SHORT + 2)
_LAST_DIGITS = np.uint64((1 << 63) - 1)


@njit(inline="always")
def _kind(length):
    if length < 0:
        return _HASH_KIND
    return np.uint64(length) if length <= SHORT else _INTEGER_KIND


@njit(inline="always")
def _home(key, kind, mask):
    return mix64(key + kind) & mask


@njit
def _same_bytes(data, start, size, arena, at):
    i = 0
    while i < size and data[start + i] == arena[at + i]:
        i += 1
    return i == size


@njit
def _find(data, key, start, length, table, arena, offsets):
    """Return (slot, number) of a token; the number is -1 at the slot where it fits."""
    mask = np.uint64(table.shape[0] - 1)
    kind = _kind(length)
    at = _home(key, kind, mask)
    while True:
        entry = table[at, 1]
        if entry == _U0:
            return at, np.int64(-1)
        if table[at, 0] == key and entry >> _KIND_SHIFT == kind:
            number = np.int64(entry & _NUMBER) - 1
            if kind != _HASH_KIND:
                return at, number
            there = offsets[number]
            if offsets[number + 1] - there - 1 == -length and _same_bytes(
                data, start, -length, arena, there
            ):
                return at, number
        at = (at + _U1) & mask


@njit(nogil=True)
def number_tokens(data, tokens, first, last, frozen, table, arena, offsets, count, out):
    """Give tokens ``first … last-1`` their numbers; return how many ids there are.

    Room for all of them must be there. A lone id's missing partner gets -1. With
    ``frozen``, an id that is not there gets UNKNOWN. Slots are touched in batches
    before they are used, so that their cache misses overlap.
    """
    keys, starts, lengths = tokens
    mask = np.uint64(table.shape[0] - 1)
    touched = _U0
    for batch in range(first, last, _BATCH):
        stop = min(batch + _BATCH, last)
        for t in range(batch, stop):
            touched |= table[_home(keys[t], _kind(lengths[t]), mask), 1]
        for t in range(batch, stop):
            length = lengths[t]
            if length == 0:
                out[t] = -1
                continue
            at, number = _find(data, keys[t], starts[t], length, table, arena, offsets)
            if number < 0 and frozen:
                number = UNKNOWN
            elif number < 0:
                number = count
                count += 1
                table[at, 0] = keys[t]
                table[at, 1] = (_kind(length) << _KIND_SHIFT) | np.uint64(count)
                end = offsets[number]
                for p in range(starts[t], starts[t] + abs(length)):
                    arena[end] = data[p]
                    end += 1
                arena[end] = SEPARATOR
                offsets[count] = end + 1
            out[t] = number
    return count, touched


@njit(nogil=True)
def move_slots(old, new):
    """Enter all slots of a table into an empty, larger one."""
    mask = np.uint64(new.shape[0] - 1)
    for s in range(old.shape[0]):
        entry = old[s, 1]
        if entry != _U0:
            at = _home(old[s, 0], entry >> _KIND_SHIFT, mask)
            while new[at, 1] != _U0:
                at = (at + _U1) & mask
            new[at, 0] = old[s, 0]
            new[at, 1] = entry


@njit
def read_integers(arena, offsets, count, strict, out):
    """Read every id as an int64; return the first that is none, or -1.

    With ``strict``, only canonical integers count: no sign, no leading zero.
    """
    for i in range(count):
        p, end = offsets[i], offsets[i + 1] - 1
        if strict and (arena[p] == 48 and end - p > 1):
            return i
        negative = arena[p] == 45
        if not strict and (negative or arena[p] == 43):
            p += 1
        if p == end:
            return i
        limit = _LAST_DIGITS + _U1 if negative else _LAST_DIGITS
        value = _U0
        while p < end:
            digit = np.uint64(arena[p]) - np.uint64(48)
            if digit > np.uint64(9) or value > (limit - digit) // np.uint64(10):
                return i
            value = value * np.uint64(10) + digit
            p += 1
        out[i] = np.int64(_U0 - value) if negative else np.int64(value)
    return -1


@njit
def count_blank_edges(arena, offsets, count):
    """Count ids that begin or end with a space."""
    blank = 0
    for i in range(count):
        if arena[offsets[i]] == 32 or arena[offsets[i + 1] - 2] == 32:
            blank += 1
    return blank

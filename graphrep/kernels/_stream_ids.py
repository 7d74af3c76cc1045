"""Ids of a stream of edges: integers into numbers, texts and digits into tokens.

Ids come block by block, source and target in turn. They are numbered by first
appearance, until the table is full and frozen: unknown ids then get UNKNOWN.
"""

import numpy as np

from graphrep.kernels._hash import mix64
from graphrep.kernels._id_table import UNKNOWN
from graphrep.kernels._jit import njit
from graphrep.kernels._parse import token_key

_LAST = np.uint64((1 << 63) - 1)
_U0, _U1 = np.uint64(0), np.uint64(1)


@njit(nogil=True)
def number_by_place(values, absent, codes, ids, count, out):
    """Give numbers to ids in ``[0, len(codes))``; return how many there are.

    ``codes`` holds -1 for ids that have not appeared. Where ``absent`` is set, the
    id is no id and gets -1. There is room in ``ids`` for all of them.
    """
    for t in range(values.shape[0]):
        if absent.shape[0] and absent[t]:
            out[t] = -1
            continue
        node = values[t]
        if codes[node] < 0:
            codes[node] = count
            ids[count] = node
            count += 1
        out[t] = codes[node]
    return count


@njit(nogil=True)
def number_by_table(values, absent, frozen, table, ids, count, out):
    """Give numbers to ids by open addressing; return how many there are.

    A slot of ``table`` is an id and its number plus one; 0 is an empty slot. There is
    room for all ids unless ``frozen``.
    """
    mask = np.uint64(table.shape[0] - 1)
    for t in range(values.shape[0]):
        if absent.shape[0] and absent[t]:
            out[t] = -1
            continue
        node = values[t]
        at = mix64(np.uint64(node)) & mask
        while table[at, 1] != 0 and table[at, 0] != node:
            at = (at + _U1) & mask
        if table[at, 1] != 0:
            out[t] = table[at, 1] - 1
        elif frozen:
            out[t] = UNKNOWN
        else:
            table[at, 0] = node
            ids[count] = node
            out[t] = count
            count += 1
            table[at, 1] = count
    return count


@njit(nogil=True)
def enter_ids(ids, count, table):
    """Enter ids that are already numbered into an empty table."""
    mask = np.uint64(table.shape[0] - 1)
    for code in range(count):
        at = mix64(np.uint64(ids[code])) & mask
        while table[at, 1] != 0:
            at = (at + _U1) & mask
        table[at, 0] = ids[code]
        table[at, 1] = code + 1


@njit(nogil=True)
def cut_texts(data, offsets, keys, starts, lengths):
    """Write a token for each text between two offsets; return the first empty text."""
    empty = -1
    for t in range(offsets.shape[0] - 1):
        start = offsets[t]
        if offsets[t + 1] == start and empty < 0:
            empty = t
        keys[t], lengths[t] = token_key(data, start, offsets[t + 1])
        starts[t] = start
    return empty


@njit(nogil=True)
def read_integer_tokens(data, starts, lengths, out):
    """Read tokens as int64, a sign allowed; return the first that does not fit."""
    for t in range(starts.shape[0]):
        p = starts[t]
        end = p + abs(lengths[t])
        out[t] = 0
        if p == end:  # the missing partner of a single node
            continue
        negative = data[p] == 45
        if negative or data[p] == 43:
            p += 1
        limit = _LAST + _U1 if negative else _LAST
        value = _U0
        while p < end:
            digit = np.uint64(data[p]) - np.uint64(48)
            if digit > np.uint64(9) or value > (limit - digit) // np.uint64(10):
                return t
            value = value * np.uint64(10) + digit
            p += 1
        out[t] = np.int64(_U0 - value) if negative else np.int64(value)
    return -1


@njit(nogil=True)
def copy_tokens(data, starts, lengths, chosen, out):
    """Copy the bytes of some tokens one after another."""
    at = 0
    for c in range(chosen.shape[0]):
        t = chosen[c]
        for p in range(starts[t], starts[t] + abs(lengths[t])):
            out[at] = data[p]
            at += 1


@njit(nogil=True)
def read_canonical(data, offsets, out):
    """Read texts as int64, no sign or leading zero; return the first that is none."""
    for t in range(offsets.shape[0] - 1):
        p, end = offsets[t], offsets[t + 1]
        if p == end or (data[p] == 48 and end - p > 1):
            return t
        value = _U0
        while p < end:
            digit = np.uint64(data[p]) - np.uint64(48)
            if digit > np.uint64(9) or value > (_LAST - digit) // np.uint64(10):
                return t
            value = value * np.uint64(10) + digit
            p += 1
        out[t] = np.int64(value)
    return -1


@njit(nogil=True)
def look_at_texts(data, offsets):
    """Return (texts with a space at an end, first that begins inside a letter)."""
    blank = 0
    inside = -1
    for t in range(offsets.shape[0] - 1):
        start, end = offsets[t], offsets[t + 1]
        if end > start:
            if data[start] == 32 or data[end - 1] == 32:
                blank += 1
            if (data[start] & 192) == 128 and inside < 0:
                inside = t
    return blank, inside

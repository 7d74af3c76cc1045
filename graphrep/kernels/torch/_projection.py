"""Torch twin of ``graphrep.kernels._projection``: the same bits on any device.

Torch has no unsigned 64-bit arithmetic, so words are int64 that wrap, and logical
shifts mask the sign away.
"""

import torch

_GOLDEN = 0x9E3779B97F4A7C15 - 2**64
_MIX_1 = 0xBF58476D1CE4E5B9 - 2**64
_MIX_2 = 0x94D049BB133111EB - 2**64


def _shift(z, bits):
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def hash64(key, counter):
    """Return 64 random bits for each (key, counter) pair, as int64."""
    z = key + (counter + 1) * _GOLDEN
    z = (z ^ _shift(z, 30)) * _MIX_1
    z = (z ^ _shift(z, 27)) * _MIX_2
    return z ^ _shift(z, 31)


def dense_signs(seed, keys, n_columns, first, half, out):
    """Write the signs into ``out`` (n, width >= n_columns); padding is zero."""
    rows = hash64(torch.full_like(keys, seed), keys)
    columns = torch.arange(first, first + n_columns, device=keys.device)
    bits = hash64(rows[:, None], columns[None, :])
    sign = (1 - 2 * (bits & 1)).to(out.dtype)
    out.zero_()
    out[:, :n_columns] = torch.where(_shift(bits, 1) < half, sign, 0)

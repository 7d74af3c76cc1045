"""Counter-based randomness: 64 well-mixed bits from a key and a counter.

No state is carried, so a random number depends on what it is for, not on when or
by which thread it is drawn. The mixer is the finaliser of SplitMix64 (Steele, Lea
and Flood, OOPSLA 2014); texts are hashed with FNV-1a and mixed once more.
"""

import numpy as np

from graphrep.kernels._jit import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@njit(inline="always")
def mix64(z):
    """Mix 64 bits so that every input bit moves every output bit."""
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


@njit(inline="always")
def hash64(key, counter):
    """Return 64 random bits for one (key, counter) pair."""
    return mix64(key + (counter + np.uint64(1)) * _GOLDEN)


@njit
def hash_texts(data, ends, out):
    """Hash texts that lie one after another in ``data`` (uint8) up to ``ends``."""
    start = 0
    for i in range(ends.shape[0]):
        h = _FNV_OFFSET
        for b in range(start, ends[i]):
            h = (h ^ np.uint64(data[b])) * _FNV_PRIME
        out[i] = mix64(h)
        start = ends[i]

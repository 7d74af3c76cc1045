"""What a small network does between its matrix products."""

import numpy as np

from graphrep.kernels._adam import _adam_chunk
from graphrep.kernels._hash import hash64
from graphrep.kernels._jit import njit

_PARTS = 4  # random numbers of 16 bits in one draw


@njit(nogil=True)
def leaky_dropout(values, slopes, leak, dropped, key):
    """Leaky ReLU, then dropout, in place; ``slopes`` gets the derivative.

    ``dropped`` / 65536 is the share of numbers that become zero; the others grow so
    that their mean stays. Number i depends on ``key`` (uint64) and i alone.
    """
    one = values.dtype.type(1)
    low = values.dtype.type(leak)
    if dropped == 0:
        for i in range(values.shape[0]):
            s = one if values[i] > 0 else low
            slopes[i] = s
            values[i] *= s
        return
    grown = values.dtype.type(65536.0 / (65536 - dropped))
    for block in range((values.shape[0] + _PARTS - 1) // _PARTS):
        bits = hash64(key, np.uint64(block))
        for i in range(_PARTS * block, min(_PARTS * (block + 1), values.shape[0])):
            s = grown if values[i] > 0 else grown * low
            if np.int64(bits & np.uint64(0xFFFF)) < dropped:
                s = values.dtype.type(0)
            bits >>= np.uint64(16)
            slopes[i] = s
            values[i] *= s


@njit(nogil=True)
def adam_step(values, slopes, first, second, rate, step, beta1, beta2, epsilon):
    """One step of Adam (Kingma and Ba 2015, algorithm 1) in one thread."""
    kind = values.dtype.type
    _adam_chunk(
        values,
        slopes,
        first,
        second,
        kind(beta1),
        kind(beta2),
        kind(rate / (1.0 - beta1**step)),
        kind(1.0 / np.sqrt(1.0 - beta2**step)),
        kind(epsilon),
    )

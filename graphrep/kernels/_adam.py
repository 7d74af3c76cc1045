"""Adam and Adagrad in one pass over parameters, of all rows or of some."""

import numpy as np

from graphrep.kernels._jit import njit, prange

_CHUNK = 1 << 14


@njit(nogil=True, parallel=True)
def adam(values, slopes, first, second, rate, step, beta1, beta2, epsilon):
    """One step of Adam (Kingma and Ba 2015, algorithm 1) on flat arrays."""
    one = values.dtype.type(1)
    keep1, keep2 = values.dtype.type(beta1), values.dtype.type(beta2)
    size = values.dtype.type(rate / (1.0 - beta1**step))
    root = values.dtype.type(1.0 / np.sqrt(1.0 - beta2**step))
    tiny = values.dtype.type(epsilon)
    for chunk in prange((values.shape[0] + _CHUNK - 1) // _CHUNK):
        for i in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, values.shape[0])):
            g = slopes[i]
            m = keep1 * first[i] + (one - keep1) * g
            v = keep2 * second[i] + (one - keep2) * g * g
            first[i], second[i] = m, v
            values[i] -= size * m / (np.sqrt(v) * root + tiny)


@njit(nogil=True, parallel=True)
def adagrad(values, slopes, second, rate, epsilon):
    """One step of Adagrad (Duchi et al. 2011) on flat arrays."""
    size, tiny = values.dtype.type(rate), values.dtype.type(epsilon)
    for chunk in prange((values.shape[0] + _CHUNK - 1) // _CHUNK):
        for i in range(chunk * _CHUNK, min((chunk + 1) * _CHUNK, values.shape[0])):
            v = second[i] + slopes[i] * slopes[i]
            second[i] = v
            values[i] -= size * slopes[i] / (np.sqrt(v) + tiny)

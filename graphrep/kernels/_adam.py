"""Adam and Adagrad in one pass over parameters, of all rows or of some."""

import numpy as np

from graphrep.kernels._jit import njit, prange

_CHUNK = 1 << 14


@njit(nogil=True, error_model="numpy")  # a check of divisors would forbid vectors
def _adam_chunk(values, slopes, first, second, keep1, keep2, size, root, tiny):
    one = values.dtype.type(1)
    for i in range(values.shape[0]):
        g = slopes[i]
        m = keep1 * first[i] + (one - keep1) * g
        v = keep2 * second[i] + (one - keep2) * g * g
        first[i] = m
        second[i] = v
        values[i] -= size * m / (np.sqrt(v) * root + tiny)


@njit(nogil=True, error_model="numpy")
def _adagrad_chunk(values, slopes, second, size, tiny):
    for i in range(values.shape[0]):
        v = second[i] + slopes[i] * slopes[i]
        second[i] = v
        values[i] -= size * slopes[i] / (np.sqrt(v) + tiny)


@njit(nogil=True, parallel=True)
def adam(values, slopes, first, second, rate, step, beta1, beta2, epsilon):
    """One step of Adam (Kingma and Ba 2015, algorithm 1) on flat arrays."""
    keep1, keep2 = values.dtype.type(beta1), values.dtype.type(beta2)
    size = values.dtype.type(rate / (1.0 - beta1**step))
    root = values.dtype.type(1.0 / np.sqrt(1.0 - beta2**step))
    tiny = values.dtype.type(epsilon)
    for chunk in prange((values.shape[0] + _CHUNK - 1) // _CHUNK):
        low, high = chunk * _CHUNK, (chunk + 1) * _CHUNK
        _adam_chunk(
            values[low:high], slopes[low:high], first[low:high], second[low:high],
            keep1, keep2, size, root, tiny,
        )  # fmt: skip


@njit(nogil=True, parallel=True)
def adagrad(values, slopes, second, rate, epsilon):
    """One step of Adagrad (Duchi et al. 2011) on flat arrays."""
    size, tiny = values.dtype.type(rate), values.dtype.type(epsilon)
    for chunk in prange((values.shape[0] + _CHUNK - 1) // _CHUNK):
        low, high = chunk * _CHUNK, (chunk + 1) * _CHUNK
        _adagrad_chunk(values[low:high], slopes[low:high], second[low:high], size, tiny)

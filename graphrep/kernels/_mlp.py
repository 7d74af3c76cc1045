"""Training of a network with one hidden layer and one logistic output, by Adam.

Rows of the input end with a one for the intercepts, then zeros up to whole tiles;
hidden units of weight zero fill tiles too. Both stay zero under training. Samples are
taken in chunks whose hidden units stay in the first cache.

With d the slope of the loss by the output, m whether a unit is active and
``g[i, j] = sum of d · x[i] · m[j]`` over a batch, the slope of the first weights is
``w2[j] · g[i, j]`` and that of the second ones is ``sum over i of w[i, j] · g[i, j]``:
two products of matrices a step are enough.
"""

import numpy as np

from graphrep.kernels._gemm import padded
from graphrep.kernels._jit import njit
from graphrep.kernels._mlp_tiles import LANES, ROWS, UNITS, activate, add_products

CHUNK = 16
_TINY = np.finfo(np.float64).eps
_FAINT = 1e-140  # weights of units that are never active fade; so small, they are slow


def shape(n_inputs, n_hidden):
    """Shape of the first weights: inputs and intercepts, units, in whole tiles."""
    return padded(n_inputs + 1, ROWS), padded(n_hidden, UNITS)


def scratch(n_inputs, n_hidden):
    """Working memory: inputs of a chunk, its units and outputs; slopes of a batch."""
    columns, units = shape(n_inputs, n_hidden)
    return (
        np.zeros((CHUNK, columns)),
        np.empty((CHUNK, units)),
        np.empty(ROWS * LANES),
        np.empty(CHUNK),
        np.empty((columns, units)),
        np.empty(units + 1),
    )


@njit(error_model="numpy", nogil=True)
def _chunk_outputs(x, rows, w, w2, block, active, lanes, z):
    """Output sums of at most CHUNK samples, and which of their units are active."""
    n_inputs, units, columns = x.shape[1], w.shape[1], block.shape[1]
    for s in range(rows.shape[0]):
        for i in range(n_inputs):
            block[s, i] = x[rows[s], i]
        block[s, n_inputs] = 1
    for s in range(0, rows.shape[0], ROWS):
        for k in range(ROWS * LANES):
            lanes[k] = 0.0
        for first in range(0, units, UNITS):
            activate(
                block, s * columns, columns, w, first, units, n_inputs + 1,
                w2, active, s * units + first, lanes,
            )  # fmt: skip
        for r in range(ROWS):
            t = lanes[r * LANES : (r + 1) * LANES]
            half = (t[0] + t[4]) + (t[1] + t[5])
            z[s + r] = half + ((t[2] + t[6]) + (t[3] + t[7])) + w2[units]


@njit(error_model="numpy", nogil=True)
def outputs(x, w, w2, memory, out):
    """Fill ``out`` with the output sums, before the logistic, of all samples."""
    block, active, lanes, z, _, _ = memory
    rows = np.arange(x.shape[0])
    for start in range(0, rows.shape[0], CHUNK):
        chunk = rows[start : start + CHUNK]
        _chunk_outputs(x, chunk, w, w2, block, active, lanes, z)
        out[start : start + chunk.shape[0]] = z[: chunk.shape[0]]


@njit(error_model="numpy", nogil=True)
def _slopes(y, rows, n_inputs, z, block):
    """Weight inputs by the slopes of the outputs; loss and sum of the slopes."""
    total, product = 0.0, 1.0  # of at most CHUNK factors: above 1e-251
    for s in range(rows.shape[0]):
        p = 1.0 / (1.0 + np.exp(-z[s]))
        target = y[rows[s]]
        slope = p - target
        total += slope
        for i in range(n_inputs + 1):
            block[s, i] *= slope
        p = min(max(p, _TINY), 1.0 - _TINY)
        product *= p if target > 0 else 1.0 - p
    return -np.log(product), total


@njit(error_model="numpy", nogil=True)
def _batch(x, y, rows, w, w2, memory):
    """Sum slopes over a batch; its loss and the slope of the last intercept."""
    block, active, lanes, z, g, _ = memory
    columns, units = w.shape
    loss, of_intercept = 0.0, 0.0
    for start in range(0, rows.shape[0], CHUNK):
        chunk = rows[start : start + CHUNK]
        _chunk_outputs(x, chunk, w, w2, block, active, lanes, z)
        lost, slope = _slopes(y, chunk, x.shape[1], z, block)
        loss += lost
        of_intercept += slope
        for i in range(0, columns, ROWS):
            for first in range(0, units, UNITS):
                add_products(
                    block, i, 1, columns, active, first, units, chunk.shape[0],
                    g, i * units + first, units, start > 0,
                )  # fmt: skip
    return loss, of_intercept


@njit(error_model="numpy", nogil=True)
def _adam(w, g, m, v, rate, beta1, beta2, epsilon):
    for j in range(w.shape[0]):
        mean = beta1 * m[j] + (1.0 - beta1) * g[j]
        square = beta2 * v[j] + (1.0 - beta2) * (g[j] * g[j])
        weight = w[j] - rate * mean / (np.sqrt(square) + epsilon)
        m[j] = mean if abs(mean) > _FAINT else 0.0
        v[j] = square if square > _FAINT else 0.0
        w[j] = weight if abs(weight) > _FAINT else 0.0


@njit(error_model="numpy", nogil=True)
def _squares(w, n_inputs, w2):
    """Sum of the squared weights, intercepts left out."""
    columns = np.zeros(w.shape[1])
    for j in range(w.shape[1]):
        columns[j] = w2[j] * w2[j]
    for i in range(n_inputs):
        row = w[i]
        for j in range(row.shape[0]):
            columns[j] += row[j] * row[j]
    total = 0.0
    for j in range(columns.shape[0]):
        total += columns[j]
    return total


@njit(error_model="numpy", nogil=True)
def epoch(x, y, order, batch, w, w2, moments, step, rates, memory):
    """Go over all samples once, a step of Adam after each batch.

    Parameters
    ----------
    x : (n_samples, n_inputs)
    y : (n_samples,), 0 or 1
    order : the samples in the order they are taken
    batch : samples a step
    w : of `shape`; the row after the inputs holds the intercepts
    w2 : (columns of w + 1,); the output's intercept last
    moments : first and second ones of w, then of w2, in their shapes
    step : steps that were taken before
    rates : alpha, learning rate, beta1, beta2, epsilon
    memory : of `scratch`

    Returns
    -------
    Mean loss of the samples, each with the weights that its batch began with and the
    penalty of them; number of steps taken.
    """
    alpha, learning_rate, beta1, beta2, epsilon = rates
    m, v, m2, v2 = moments
    g, g2 = memory[4], memory[5]
    n_inputs, units = x.shape[1], w.shape[1]
    total = 0.0
    for start in range(0, order.shape[0], batch):
        rows = order[start : start + batch]
        total += 0.5 * alpha * _squares(w, n_inputs, w2)
        loss, of_intercept = _batch(x, y, rows, w, w2, memory)
        total += loss
        step += 1
        rate = learning_rate * np.sqrt(1 - beta2**step) / (1 - beta1**step)
        share = 1.0 / rows.shape[0]
        decay = alpha * share
        for j in range(units):
            g2[j] = decay * w2[j]
        g2[units] = of_intercept * share
        for i in range(n_inputs + 1):
            keep = decay if i < n_inputs else 0.0
            row, slopes = w[i], g[i]
            for j in range(units):
                g2[j] += share * row[j] * slopes[j]
                slopes[j] = share * w2[j] * slopes[j] + keep * row[j]
            _adam(row, slopes, m[i], v[i], rate, beta1, beta2, epsilon)
        _adam(w2, g2, m2, v2, rate, beta1, beta2, epsilon)
    return total / order.shape[0], step

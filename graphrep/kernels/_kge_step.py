"""The gradient of a batch of queries against all entities, in one pass over them.

Entities come in blocks that stay in cache: their keys are built, multiplied with the
queries, turned into slopes of the loss and multiplied back, and nothing of the size
(queries x entities) is kept (cross-entropy needs the scores of all entities before
the first slope, and keeps them). Lanes take fixed shares of the blocks; what lanes add
up is added in their order, so the number of threads changes no bit.
"""

from typing import Any

import numpy as np
from numba import config, get_thread_id

from graphrep.kernels._gemm import (
    HEIGHT,
    WIDTH,
    multiply,
    padded,
    panels,
    panels_of_transpose,
)
from graphrep.kernels._jit import njit, prange
from graphrep.kernels._kge_maps import key_gradients, key_rows

BLOCK = 192
"""Entities of a block: a multiple of HEIGHT and WIDTH."""
LANES = 16
BCE, CROSS_ENTROPY = 0, 1
_STRIP = 64

_LOG2E, _LN2_HIGH, _LN2_LOW = np.float32(1.44269504), 0.693359375, -2.12194440e-4


@njit(inline="always")
def exponential(x):
    """Compute exp in float32 by a polynomial of degree 6 (2 ulp) that vectorises."""
    x = min(max(x, np.float32(-87.0)), np.float32(88.0))
    n = np.floor(x * _LOG2E + np.float32(0.5))
    f = x - n * np.float32(_LN2_HIGH) - n * np.float32(_LN2_LOW)
    p = np.float32(1.9875691e-4)
    p = p * f + np.float32(1.3981999e-3)
    p = p * f + np.float32(8.3334519e-3)
    p = p * f + np.float32(4.1665795e-2)
    p = p * f + np.float32(1.6666665e-1)
    p = p * f + np.float32(5.0000001e-1)
    p = p * f * f + f + np.float32(1.0)
    return p * np.int32((np.int32(n) + 127) << 23).view(np.float32)


@njit(nogil=True, error_model="numpy")  # a check of divisors would forbid vectors
def _logistic_rows(scores, n_rows, n_columns, weights, column_weights):
    """Scores to weights_i * column_weights_j * sigma(score), in place."""
    for i in range(n_rows):
        row, w = scores[i], weights[i]
        if scores.itemsize == 4:
            for j in range(n_columns):
                row[j] = (
                    w
                    * column_weights[j]
                    / (np.float32(1.0) + exponential(-np.float32(row[j])))
                )
        else:
            for j in range(n_columns):
                row[j] = w * column_weights[j] / (1.0 + np.exp(-row[j]))


@njit(nogil=True, error_model="numpy")
def _softmax_rows(scores, n_rows, n_columns, weights, column_weights, log_sums):
    for i in range(n_rows):
        row, w, shift = scores[i], weights[i], log_sums[i]
        if scores.itemsize == 4:
            low = np.float32(shift)
            for j in range(n_columns):
                row[j] = w * column_weights[j] * exponential(np.float32(row[j]) - low)
        else:
            for j in range(n_columns):
                row[j] = w * column_weights[j] * np.exp(row[j] - shift)


@njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _softplus_sum(row, n):
    """Sum of softplus: one logarithm of a product of up to _STRIP factors of 1 to 2."""
    total = 0.0
    for start in range(0, n, _STRIP):
        product, above = row.dtype.type(1), row.dtype.type(0)
        for j in range(start, min(start + _STRIP, n)):
            above += max(row[j], row.dtype.type(0))
            if row.itemsize == 4:
                product *= np.float32(1.0) + exponential(-abs(np.float32(row[j])))
            else:
                product *= 1.0 + np.exp(-abs(row[j]))
        total += float(above) + np.log(float(product))
    return total


@njit(nogil=True)
def _loss_of_logits(scores, n_rows, n_columns, weights, column_weights):
    """Sum of weights * column_weights * softplus(score)."""
    total = 0.0
    if np.all(column_weights == 1):
        for i in range(n_rows):
            total += float(weights[i]) * _softplus_sum(scores[i], n_columns)
        return total
    for i in range(n_rows):
        for j in range(n_columns):
            s = float(scores[i, j])
            total += (
                float(weights[i])
                * column_weights[j]
                * (max(s, 0.0) + np.log1p(np.exp(-abs(s))))
            )
    return total


@njit(nogil=True)
def _subtract_positives(
    scores, slopes, start, stop, pointers, columns, counts, weights, column_weights,
    loss, goal,
):  # fmt: skip
    """Finish slopes at the known tails; returns what they add to the loss."""
    total = 0.0
    for i in range(pointers.shape[0] - 1):
        first = pointers[i] + np.searchsorted(
            columns[pointers[i] : pointers[i + 1]], start
        )
        for p in range(first, pointers[i + 1]):
            if columns[p] >= stop:
                break
            j = columns[p] - start
            missing = 1 - column_weights[j]
            if loss == BCE and missing != 0:
                s = float(scores[i, j])
                y = counts[p]
                slopes[i, j] += y * missing / (1.0 + np.exp(-s))
                if goal:
                    total += y * missing * (max(s, 0.0) + np.log1p(np.exp(-abs(s))))
            slopes[i, j] -= counts[p]
            if goal:
                total -= counts[p] * float(scores[i, j])
    return total


@njit(nogil=True)
def _score_block(entities, start, stop, spec, root, queries, n_rows, keys, turned, out):
    """Keys of a block and the scores of all queries against it."""
    depth = queries.shape[1]
    keys[stop - start :, :] = 0
    key_rows(entities, start, stop, spec, root, keys)
    panels_of_transpose(keys, depth, turned[: (stop - start + WIDTH - 1) // WIDTH])
    used = turned[: (stop - start + WIDTH - 1) // WIDTH]
    multiply(queries, depth, 1, used, depth, out, n_rows, False)


@njit(nogil=True)
def _multiply_back(
    slopes, n_rows, n_keys, query_panels, keys, key_panels, d_keys, d_queries
):
    """Gradients of keys (filled) and of queries (added to) from the slopes."""
    rounded = (n_keys + HEIGHT - 1) // HEIGHT * HEIGHT
    multiply(slopes, 1, BLOCK, query_panels, n_rows, d_keys, rounded, False)
    panels(keys, n_keys, key_panels)
    multiply(slopes, BLOCK, 1, key_panels, n_keys, d_queries, n_rows, True)


@njit(nogil=True, parallel=True)
def _pass_logistic(
    entities, spec, root, queries, query_panels, pointers, columns, counts, weights,
    column_weights, pull, want_loss, space, d_entities, d_queries, losses,
):  # fmt: skip
    n, n_rows = entities.shape[0], queries.shape[0]
    n_queries = pointers.shape[0] - 1
    n_blocks = (n + BLOCK - 1) // BLOCK
    lanes = d_queries.shape[0]
    for lane in prange(lanes):
        thread = get_thread_id()
        keys, d_keys = space[0][thread], space[1][thread]
        turned, key_panels = space[2][thread], space[3][thread]
        slopes = space[4][thread][:n_rows]
        d_queries[lane] = 0
        total = 0.0
        for block in range(lane * n_blocks // lanes, (lane + 1) * n_blocks // lanes):
            start = block * BLOCK
            stop = min(n, start + BLOCK)
            own = column_weights[start:stop]
            _score_block(
                entities, start, stop, spec, root, queries, n_rows, keys, turned, slopes
            )  # fmt: skip
            known = slopes if not want_loss else slopes.copy()
            if want_loss:
                total += _loss_of_logits(slopes, n_queries, stop - start, weights, own)
            elif np.any(own != 1):
                known = slopes.copy()
            _logistic_rows(slopes, n_queries, stop - start, weights, own)
            slopes[n_queries:, :] = 0
            slopes[:, stop - start :] = 0
            total += _subtract_positives(
                known, slopes, start, stop, pointers, columns, counts, weights, own,
                BCE, want_loss,
            )  # fmt: skip
            _multiply_back(
                slopes, n_rows, stop - start, query_panels, keys, key_panels, d_keys,
                d_queries[lane],
            )  # fmt: skip
            key_gradients(
                entities, start, stop, spec, root, keys, d_keys, pull, d_entities
            )
        losses[lane] = total


@njit(nogil=True, parallel=True)
def _pass_scores(entities, spec, root, queries, column_weights, space, scores, sums):
    """Scores of all blocks, and for each the logarithm of its sum of exponentials."""
    n, n_rows = entities.shape[0], queries.shape[0]
    for block in prange(scores.shape[0]):
        thread = get_thread_id()
        keys, turned = space[0][thread], space[2][thread]
        start = block * BLOCK
        stop = min(n, start + BLOCK)
        _score_block(
            entities, start, stop, spec, root, queries, n_rows, keys, turned,
            scores[block],
        )  # fmt: skip
        for i in range(n_rows):
            row = scores[block, i]
            top = -np.inf
            for j in range(stop - start):
                if column_weights[start + j] > 0:
                    top = max(top, float(row[j]))
            total = 0.0
            if scores.itemsize == 4:
                peak = np.float32(top)
                for j in range(stop - start):
                    total += column_weights[start + j] * exponential(
                        np.float32(row[j]) - peak
                    )
            else:
                for j in range(stop - start):
                    total += column_weights[start + j] * np.exp(row[j] - top)
            sums[block, i] = top + np.log(total) if total > 0 else -np.inf


@njit(nogil=True, parallel=True)
def _pass_softmax(
    entities, spec, root, queries, query_panels, pointers, columns, counts, weights,
    column_weights, pull, scores, log_sums, want_loss, space, d_entities, d_queries,
    losses,
):  # fmt: skip
    n, n_rows = entities.shape[0], queries.shape[0]
    n_queries = pointers.shape[0] - 1
    n_blocks = scores.shape[0]
    lanes = d_queries.shape[0]
    for lane in prange(lanes):
        thread = get_thread_id()
        keys, d_keys = space[0][thread], space[1][thread]
        key_panels = space[3][thread]
        d_queries[lane] = 0
        total = 0.0
        for block in range(lane * n_blocks // lanes, (lane + 1) * n_blocks // lanes):
            start = block * BLOCK
            stop = min(n, start + BLOCK)
            own = column_weights[start:stop]
            slopes = scores[block]
            known = slopes.copy() if want_loss else slopes
            _softmax_rows(slopes, n_queries, stop - start, weights, own, log_sums)
            slopes[n_queries:, :] = 0
            slopes[:, stop - start :] = 0
            total += _subtract_positives(
                known, slopes, start, stop, pointers, columns, counts, weights, own,
                CROSS_ENTROPY, want_loss,
            )  # fmt: skip
            keys[stop - start :, :] = 0
            key_rows(entities, start, stop, spec, root, keys)
            _multiply_back(
                slopes, n_rows, stop - start, query_panels, keys, key_panels, d_keys,
                d_queries[lane],
            )  # fmt: skip
            key_gradients(
                entities, start, stop, spec, root, keys, d_keys, pull, d_entities
            )
        losses[lane] = total


def n_lanes(n_entities: int) -> int:
    """Shares in which the blocks of entities are taken, whatever the threads."""
    return min(LANES, -(-n_entities // BLOCK))


def shape_of_queries(n_queries: int, width: int) -> tuple[int, int]:
    """Give the padded shape of the matrix of queries."""
    return padded(n_queries, HEIGHT), padded(width, WIDTH)


class Workspace:
    """Memory that every step uses again: asked for anew, it would cost page faults.

    Parameters
    ----------
    n_entities, n_rows, width : int
        Entities, and the padded shape of the largest matrix of queries.
    dtype : dtype
        Of all numbers.
    """

    def __init__(self, n_entities: int, n_rows: int, width: int, dtype: Any) -> None:
        threads = config.NUMBA_NUM_THREADS
        self.n_rows = n_rows
        self.blocks = (
            np.zeros((threads, BLOCK, width), dtype),  # keys; zero where padded
            np.empty((threads, BLOCK, width), dtype),  # their gradients
            np.empty((threads, BLOCK // WIDTH, width, WIDTH), dtype),
            np.empty((threads, width // WIDTH, BLOCK, WIDTH), dtype),
            np.empty((threads, n_rows, BLOCK), dtype),  # scores, then slopes
        )
        self.query_panels = np.empty(width * n_rows, dtype)
        self.d_queries = np.empty(n_lanes(n_entities) * width * n_rows, dtype)
        self.scores = np.empty(0, dtype)

    def scores_of(self, n_blocks: int, n_rows: int) -> np.ndarray:
        """Array (n_blocks, n_rows, BLOCK) for the scores of all entities."""
        if len(self.scores) < n_blocks * n_rows * BLOCK:
            self.scores = np.empty(n_blocks * self.n_rows * BLOCK, self.scores.dtype)
        size = n_blocks * n_rows * BLOCK
        return self.scores[:size].reshape(n_blocks, n_rows, BLOCK)


def query_slopes(
    entities, spec, root, queries, pointers, columns, counts, weights, column_weights,
    pull, loss, want_loss, space, d_entities,
):  # fmt: skip
    """Gradients of a batch with respect to entities as tails, and to its queries.

    Parameters
    ----------
    entities : (n_entities, n_parameters) array
        float32 or float64, as all other arrays of numbers.
    spec, root
        The model, see `graphrep.kernels._kge_maps`.
    queries : (padded n_queries, padded width) array
        Rows of Q, zero where padded.
    pointers, columns, counts
        Known tails of each query, sorted (CSR), and their weights.
    weights : (n_queries,) array
        Weight of a query against every entity.
    column_weights : (n_entities,) array
        Weight of an entity as a negative: 1 where all are scored.
    pull : (n_entities,) array
        Weight of |x_t|^2 in the loss.
    loss : {BCE, CROSS_ENTROPY}
        Which loss.
    want_loss : bool
        Whether the value of the loss is wanted, which costs more than its gradient.
    space : Workspace
        For at least so many queries of this width.
    d_entities : (n_entities, n_parameters) array
        Filled.

    Returns
    -------
    d_queries : array of the shape of queries
    value : float
        The loss, NaN if it was not wanted.
    """
    n_rows, width = queries.shape
    lanes = n_lanes(len(entities))
    n_queries = len(pointers) - 1
    query_panels = space.query_panels[: width * n_rows]
    query_panels = query_panels.reshape(width // WIDTH, n_rows, WIDTH)
    panels(queries, n_rows, query_panels)
    d_queries = space.d_queries[: lanes * width * n_rows]
    d_queries = d_queries.reshape(lanes, n_rows, width)
    losses = np.empty(lanes)
    value = 0.0
    if loss == BCE:
        _pass_logistic(
            entities, spec, root, queries, query_panels, pointers, columns, counts,
            weights, column_weights, pull, want_loss, space.blocks, d_entities,
            d_queries, losses,
        )  # fmt: skip
    else:
        n_blocks = -(-len(entities) // BLOCK)
        scores = space.scores_of(n_blocks, n_rows)
        sums = np.empty((n_blocks, n_rows))
        _pass_scores(
            entities, spec, root, queries, column_weights, space.blocks, scores, sums
        )
        top = sums.max(axis=0)
        log_sums = top + np.log(np.exp(sums - top).sum(axis=0))
        _pass_softmax(
            entities, spec, root, queries, query_panels, pointers, columns, counts,
            weights, column_weights, pull, scores, log_sums, want_loss, space.blocks,
            d_entities, d_queries, losses,
        )  # fmt: skip
        value = float(np.dot(weights.astype(float), log_sums[:n_queries]))
    total = d_queries[0]
    for lane in range(1, lanes):
        total += d_queries[lane]
    return total, value + float(losses.sum()) if want_loss else float("nan")

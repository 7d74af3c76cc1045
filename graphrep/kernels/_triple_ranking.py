"""Ranks of answers among all entities: counts of better and equal scores, streamed."""

import numpy as np

from graphrep.kernels._gemm import HEIGHT, WIDTH, multiply, padded
from graphrep.kernels._jit import njit, prange

TASK = 8 * HEIGHT
"""Queries of a task; rows of Q are padded to a multiple."""
_PANELS = 16  # entities that are scored at a time, in panels


@njit(parallel=True, nogil=True)
def rank_answers(
    queries, keys, n_entities, pointers, answers, known_pointers, known, above, equal
):
    """Count for each answer the entities that score above it, and as high.

    ``queries`` (padded, width), ``keys`` in panels (n_panels, width, WIDTH); answers
    and known entities of a query stand from ``pointers[q]`` on, the known ascending.
    Known entities do not count, the answer itself counts as equal. A score that is
    not finite counts as the lowest there is.

    Scores of answers and of others come from one product that gives a pair the same
    bits wherever it stands, so equal rows tie exactly.
    """
    n_queries = len(pointers) - 1
    width = queries.shape[1]
    n_tasks = (n_queries + TASK - 1) // TASK
    for task in prange(n_tasks):
        first = task * TASK
        last = min(first + TASK, n_queries)
        rows = queries[first : first + TASK]
        begin, n_own = pointers[first], pointers[last] - pointers[first]
        n_panels = (n_own + WIDTH - 1) // WIDTH
        own = np.zeros((n_panels, width, WIDTH), queries.dtype)
        for i in range(n_own):
            e = answers[begin + i]
            own[i // WIDTH, :, i % WIDTH] = keys[e // WIDTH, :, e % WIDTH]
        targets = np.empty((TASK, n_panels * WIDTH), queries.dtype)
        multiply(rows, width, 1, own, width, targets, TASK, False)
        scores = np.empty((TASK, _PANELS * WIDTH), queries.dtype)
        passed = known_pointers[first:last].copy()
        for p in range(0, keys.shape[0], _PANELS):
            block = keys[p : min(p + _PANELS, keys.shape[0])]
            if block.shape[0] < _PANELS:
                scores = np.empty((TASK, block.shape[0] * WIDTH), queries.dtype)
            multiply(rows, width, 1, block, width, scores, TASK, False)
            start = p * WIDTH
            stop = min(start + scores.shape[1], n_entities)
            for q in range(first, last):
                line = scores[q - first, : stop - start]
                for c in range(len(line)):
                    if not np.isfinite(line[c]):
                        line[c] = -np.inf
                end = passed[q - first]
                while end < known_pointers[q + 1] and known[end] < stop:
                    end += 1
                for i in range(pointers[q], pointers[q + 1]):
                    target = targets[q - first, i - begin]
                    if not np.isfinite(target):
                        target = -np.inf
                    higher, same = 0, 0
                    for c in range(len(line)):
                        higher += line[c] > target
                        same += line[c] == target
                    for k in range(passed[q - first], end):
                        if known[k] != answers[i]:
                            higher -= line[known[k] - start] > target
                            same -= line[known[k] - start] == target
                    above[i] += higher
                    equal[i] += same
                passed[q - first] = end


def padded_queries(rows, dtype):
    """Copy rows of Q with rows of zeros up to whole tasks."""
    out = np.zeros((padded(max(len(rows), 1), TASK), rows.shape[1]), dtype)
    out[: len(rows)] = rows
    return out


def panels_of_keys(keys):
    """Rows of K as the panels of columns that a product reads."""
    n_panels = padded(len(keys), WIDTH) // WIDTH
    out = np.zeros((n_panels, keys.shape[1], WIDTH), keys.dtype)
    for p in range(n_panels):
        part = keys[p * WIDTH : (p + 1) * WIDTH]
        out[p, :, : len(part)] = part.T
    return out

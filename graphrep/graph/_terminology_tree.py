"""The hierarchy of a terminology: breadth-first walks over parents and children."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from graphrep.typing import AnyArray, IntArray


def matrix_of_pairs(rows: IntArray, columns: IntArray, n: int) -> Any:
    """CSR array of ones, without repeats and pairs of a concept with itself."""
    apart = rows != columns
    rows, columns = rows[apart], columns[apart]
    data = np.ones(len(rows), np.float32)
    matrix = sparse.csr_array((data, (rows, columns)), shape=(n, n))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def neighbours(matrix: Any, rows: IntArray) -> IntArray:
    """Columns of some rows of a CSR array, one after the other, with repeats."""
    begins = matrix.indptr[rows].astype(np.int64)
    sizes = matrix.indptr[rows + 1].astype(np.int64) - begins
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    at = np.repeat(begins - (ends - sizes), sizes) + np.arange(total)
    return np.asarray(matrix.indices[at], np.int64)


def distances_from(matrix: Any, starts: IntArray, most: int | None = None) -> IntArray:
    """Count steps from the nearest start to every concept, int32; -1 for no way.

    Each level of the walk is one gather, so cycles end it like any node seen before.
    O(n + edges) time, O(n) memory.
    """
    steps = np.full(matrix.shape[0], -1, np.int32)
    steps[starts] = 0
    front: IntArray = np.asarray(starts, np.int64)
    level = 0
    while len(front) and (most is None or level < most):
        level += 1
        found = neighbours(matrix, front)
        found = np.unique(found[steps[found] < 0])
        steps[found] = level
        front = found
    return steps


def reached_from(
    matrix: Any, start: int, most: int | None = None
) -> tuple[IntArray, IntArray]:
    """Concepts that a walk from one concept reaches, without it, and their steps.

    Ordered by steps, then position. Costs O(what is reached), not O(n).
    """
    steps = {start: 0}
    front = [start]
    indptr, indices = matrix.indptr, matrix.indices
    level = 0
    while front and (most is None or level < most):
        level += 1
        after: set[int] = set()
        for row in front:
            after.update(indices[indptr[row] : indptr[row + 1]].tolist())
        front = sorted(after - steps.keys())
        steps.update(dict.fromkeys(front, level))
    del steps[start]
    positions = np.fromiter(steps.keys(), np.int64, len(steps))
    return positions, np.fromiter(steps.values(), np.int64, len(steps))


def lowest_common(parents: Any, first: int, second: int) -> list[int]:
    """Find common ancestors, each concept one of its own, with no other below them."""
    above = [
        {first, *reached_from(parents, first)[0].tolist()},
        {second, *reached_from(parents, second)[0].tolist()},
    ]
    common = above[0] & above[1]
    higher: dict[int, set[int]] = {
        row: set(reached_from(parents, row)[0].tolist()) for row in common
    }
    lowest = []
    for row in common:
        below = (o for o in common if o != row and row in higher[o])
        if all(o in higher[row] for o in below):  # only those of a cycle with it
            lowest.append(row)
    return sorted(lowest)


def cycle_members(parents: Any) -> AnyArray:
    """Positions of the concepts that are ancestors of themselves."""
    count, label = sparse.csgraph.connected_components(
        parents, directed=True, connection="strong"
    )
    sizes = np.bincount(label, minlength=count)
    return np.flatnonzero(sizes[label] > 1)

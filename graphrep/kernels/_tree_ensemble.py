"""Predictions of boosted trees that lie in flat arrays."""

import numpy as np

from graphrep.kernels._jit import njit

LEAVES = 32
"""Most leaves of a tree for `sum_of_small_trees`."""

_LANES = 128


@njit(nogil=True)
def sum_of_trees(
    start, stop, X, roots, features, thresholds, missing_left, left, right, values, out
):
    """Add to ``out`` the leaves that rows ``start`` to ``stop`` fall into.

    A leaf has feature -1. NaN goes left where ``missing_left``.
    """
    for i in range(start, stop):
        total = 0.0
        for t in range(roots.shape[0]):
            node = roots[t]
            while features[node] >= 0:
                x = X[i, features[node]]
                if np.isnan(x):
                    go_left = missing_left[node]
                else:
                    go_left = x <= thresholds[node]
                node = left[node] if go_left else right[node]
            total += values[node]
        out[i] += total


@njit(nogil=True)
def _rule_out(column, n, threshold, missing_left, mask, leaves):
    """Strike the leaves left of a node from those rows that go right."""
    if missing_left:
        for r in range(n):
            leaves[r] &= mask if column[r] > threshold else np.uint32(0xFFFFFFFF)
    else:
        for r in range(n):
            leaves[r] &= np.uint32(0xFFFFFFFF) if column[r] <= threshold else mask


@njit(nogil=True)
def sum_of_small_trees(
    start, stop, X, inner, features, thresholds, missing_left, masks, first_leaf,
    values, out,
):  # fmt: skip
    """Do what `sum_of_trees` does for float32 rows and trees of at most 32 leaves.

    All nodes of a tree are compared with all rows of a block, without a jump: a row
    that goes right at a node cannot end in a leaf left of it, and the leftmost leaf
    that no node has ruled out is the row's (C. Lucchese et al., "QuickScorer", SIGIR
    2015).

    Parameters
    ----------
    inner : int64 (n_trees + 1,)
        Inner nodes of each tree.
    features, thresholds, missing_left, masks : int64, float32, bool, uint32
        Of the inner nodes; a mask has no bit of the leaves to the left of the node.
    first_leaf, values : int64 (n_trees,), float64
        Leaves of each tree from left to right.
    """
    d = X.shape[1]
    columns = np.empty((d, _LANES), np.float32)
    leaves = np.empty(_LANES, np.uint32)
    sums = np.empty(_LANES)
    for first in range(start, stop, _LANES):
        n = min(_LANES, stop - first)
        for r in range(n):
            for c in range(d):
                columns[c, r] = X[first + r, c]
        sums[:] = 0.0
        for t in range(first_leaf.shape[0]):
            leaves[:] = np.uint32(0xFFFFFFFF)
            for node in range(inner[t], inner[t + 1]):
                _rule_out(
                    columns[features[node]], n, thresholds[node], missing_left[node],
                    masks[node], leaves,
                )  # fmt: skip
            base = first_leaf[t]
            for r in range(n):
                bits = leaves[r]
                lowest = np.uint32(bits & (~bits + np.uint32(1)))
                sums[r] += values[base + _place(lowest)]
        for r in range(n):
            out[first + r] += sums[r]


@njit(nogil=True)
def _place(bit):
    """Place of the one bit that is set."""
    place = 0
    if bit & np.uint32(0xFFFF0000):
        place += 16
    if bit & np.uint32(0xFF00FF00):
        place += 8
    if bit & np.uint32(0xF0F0F0F0):
        place += 4
    if bit & np.uint32(0xCCCCCCCC):
        place += 2
    if bit & np.uint32(0xAAAAAAAA):
        place += 1
    return place


@njit(nogil=True)
def lay_out(
    roots, features, thresholds, missing_left, left, right, values, floors,
    inner, out_features, out_thresholds, out_missing, masks, first_leaf, leaf_values,
):  # fmt: skip
    """Turn linked trees into what `sum_of_small_trees` reads; return the most leaves.

    ``floors`` are the thresholds as the largest float32 that is not above them: for
    float32 rows the comparison is the same. Arrays are long enough for all nodes.
    """
    n_inner, n_leaves, most = 0, 0, 0
    stack = np.empty(2 * values.shape[0] + 2, np.int64)
    began = np.empty(values.shape[0] + 1, np.int64)  # leaves before a subtree
    slot = np.empty(values.shape[0] + 1, np.int64)
    inner[0] = 0
    for t in range(roots.shape[0]):
        first_leaf[t] = n_leaves
        size = 1
        stack[0] = roots[t]
        while size:
            size -= 1
            node = stack[size]
            if node < 0:  # the left side of this node is done
                node = -node - 1
                count = n_leaves - began[node]
                shift = began[node] - first_leaf[t]
                bits = np.uint64((1 << count) - 1) << np.uint64(shift) if (
                    count + shift <= 32
                ) else np.uint64(0)  # fmt: skip
                masks[slot[node]] = np.uint32(~bits & np.uint64(0xFFFFFFFF))
                continue
            if features[node] < 0:
                leaf_values[n_leaves] = values[node]
                n_leaves += 1
                continue
            began[node] = n_leaves
            slot[node] = n_inner
            out_features[n_inner] = features[node]
            out_thresholds[n_inner] = floors[node]
            out_missing[n_inner] = missing_left[node]
            n_inner += 1
            stack[size] = right[node]
            stack[size + 1] = -node - 1
            stack[size + 2] = left[node]
            size += 3
        inner[t + 1] = n_inner
        most = max(most, n_leaves - first_leaf[t])
    return most

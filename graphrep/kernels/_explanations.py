"""Sets of hyperedges that explain a graph: consumption, and a Gibbs sampler.

A candidate c covers the edges ``edges[pointers[c] : pointers[c + 1]]``. What is left
of an edge's weight when the chosen candidates are taken away is its residual.
"""

import numpy as np

from graphrep.kernels._edge_statistics import entry_of
from graphrep.kernels._hash import hash64
from graphrep.kernels._jit import njit

_TO_UNIT = 1.0 / 9007199254740992.0  # 2**-53


@njit
def pair_pointers(indptr):
    """Where the pairs of each set begin: a set of s nodes has s (s - 1) / 2."""
    out = np.zeros(indptr.shape[0], np.int64)
    for c in range(indptr.shape[0] - 1):
        size = indptr[c + 1] - indptr[c]
        out[c + 1] = out[c] + size * (size - 1) // 2
    return out


@njit(nogil=True)
def edges_of_sets(indptr, indices, c_indptr, c_members, edge_of, out):
    """Write the edge of every pair of every set as its number, -1 where none is."""
    at = 0
    for c in range(c_indptr.shape[0] - 1):
        for i in range(c_indptr[c], c_indptr[c + 1]):
            for j in range(i + 1, c_indptr[c + 1]):
                e = entry_of(indptr, indices, c_members[i], c_members[j])
                out[at] = edge_of[e] if e >= 0 else -1
                at += 1


@njit(nogil=True)
def consume(order, pointers, edges, residual, taken):
    """Take candidates in the order given, as long as every edge has some left."""
    for c in order:
        fits = pointers[c + 1] > pointers[c]
        for k in range(pointers[c], pointers[c + 1]):
            if residual[edges[k]] < 1:
                fits = False
                break
        if fits:
            taken[c] += 1
            for k in range(pointers[c], pointers[c + 1]):
                residual[edges[k]] -= 1


@njit(nogil=True, error_model="numpy")
def sample_explanations(
    pointers, edges, residual, scores, price, counted, sweeps, burn, seed, taken
):
    """Mean state of each candidate over the sweeps after ``burn``.

    The energy of a choice is minus the sum of its ``scores`` (log odds), plus
    ``price`` for each unit of residual, left or overdrawn (``counted``), or for each
    edge that nothing covers. One sweep draws every candidate given all others.
    ``residual`` and ``taken`` (int8) are the start, changed here.
    """
    n = pointers.shape[0] - 1
    means = np.zeros(n, np.float64)
    key = np.uint64(seed)
    for t in range(sweeps):
        for c in range(n):
            step = taken[c]
            gain = 0.0
            for k in range(pointers[c], pointers[c + 1]):
                left = residual[edges[k]] + step
                if counted:
                    gain += 1.0 if left > 0 else -1.0
                elif left == 1:
                    gain += 1.0
            gain = scores[c] + price * gain
            draw = (hash64(key, np.uint64(t * n + c)) >> np.uint64(11)) * _TO_UNIT
            new = 1 if draw * (1.0 + np.exp(-gain)) < 1.0 else 0
            if new != step:
                taken[c] = new
                for k in range(pointers[c], pointers[c + 1]):
                    residual[edges[k]] += step - new
            if t >= burn:
                # the chance itself: less noise than the state that was drawn
                means[c] += 1.0 / (1.0 + np.exp(-gain))
    return means / max(1, sweeps - burn)

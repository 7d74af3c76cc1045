"""The matrix of NetMF from sampled walks, where all pairs of nodes are too many."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from graphrep._utils._memory import available_memory, human_bytes
from graphrep.embedding._propagation import strengths
from graphrep.exceptions import MemoryLimitError
from graphrep.graph import CSR
from graphrep.kernels._log_matrix import positive_log_entries
from graphrep.kernels._netmf import count_distinct, fill_distinct, walk_ends
from graphrep.typing import AnyArray, FloatArray, IntArray

_NO_SUMS = np.empty(0, np.float64)
_ENDS_AT_ONCE = 1 << 24
_ENTRY = np.dtype(np.int32).itemsize + np.dtype(np.float32).itemsize
_COPIES = 4
"""Tables of sampled entries at the peak: drawn, turned around, and their sum."""


def sampled_bytes(n_entries: int, window: int, walks_per_edge: float) -> int:
    """Most bytes that the sampled entries take while they are put together."""
    return int(_COPIES * _ENTRY * n_entries * (1 + walks_per_edge * (window - 1)))


def sampled_logs(
    csr: CSR, *, window: int, negative: float, walks_per_edge: float, seed: int,
    dtype: np.dtype[Any],
) -> sparse.csr_array:  # fmt: skip
    """Estimate ``log max(1, vol / (b T) sum_r P^r D^-1)`` from walks.

    An edge itself is counted exactly; the powers from the second on are estimated by
    the nodes that walks of ``window`` steps pass, and both directions are averaged.
    """
    wanted = sampled_bytes(len(csr.indices), window, walks_per_edge)
    free = available_memory()
    if free is not None and wanted > free:
        raise MemoryLimitError(
            f"The sampled walks would take up to {human_bytes(wanted)} but "
            f"{human_bytes(free)} are free. Lower walks_per_edge={walks_per_edge} or "
            f"window={window}, or use ProNE or FastRP."
        )
    n = len(csr.indptr) - 1
    strength = strengths(csr)
    volume = strength.sum()
    ones = np.ones(len(csr.indices), dtype)
    data = ones if csr.weights is None else csr.weights.astype(dtype)
    arrays = (data, csr.indices.copy(), csr.indptr.copy())  # zeros are cut out below
    total = sparse.csr_array(arrays, shape=(n, n))
    if window > 1:
        visits = _visits(csr, strength, window, walks_per_edge, seed, dtype)
        visits = visits + visits.T.tocsr()
        visits.data *= dtype.type(0.5)
        total = total + visits
        del visits
    inverse = 1 / np.where(strength > 0, strength, 1)
    left = (inverse * (volume / (negative * window))).astype(dtype)
    positive_log_entries(
        total.indptr, total.indices, total.data, left, inverse.astype(dtype)
    )
    total.eliminate_zeros()
    return total


def _visits(
    csr: CSR, strength: FloatArray, window: int, walks_per_edge: float, seed: int,
    dtype: np.dtype[Any],
) -> sparse.csr_array:  # fmt: skip
    """Visits of walks after 2 to ``window`` steps, in units of an edge's weight."""
    n = len(strength)
    share = walks_per_edge * len(csr.indices) / strength.sum()
    n_walks = np.where(strength > 0, np.maximum(1, np.rint(share * strength)), 0)
    n_walks = n_walks.astype(np.int64)
    weight = (strength / np.maximum(n_walks, 1)).astype(dtype)
    cumulative = _NO_SUMS
    if csr.weights is not None:
        cumulative = np.cumsum(csr.weights, dtype=np.float64)
    begins = np.zeros(n + 1, np.int64)
    np.cumsum(n_walks * (window - 1), out=begins[1:])
    parts: list[tuple[AnyArray, AnyArray]] = []
    counts = np.empty(n, np.int64)
    for first, end in _chunks(begins):
        here: IntArray = begins[first : end + 1] - begins[first]
        ends = np.empty(int(here[-1]), np.int32)
        walk_ends(
            csr.indptr, csr.indices, cumulative, np.uint64(seed), window,
            n_walks[first:end], first, here, ends,
        )  # fmt: skip
        count_distinct(here, ends, counts[first:end])
        indptr = np.concatenate([[0], np.cumsum(counts[first:end])])
        indices = np.empty(int(indptr[-1]), np.int32)
        data = np.empty(len(indices), dtype)
        fill_distinct(here, ends, weight[first:end], indptr, indices, data)
        parts.append((indices, data))
    indptr = np.concatenate([[0], np.cumsum(counts)])
    indices, data = (np.concatenate(part) for part in zip(*parts, strict=True))
    return sparse.csr_array((data, indices, indptr), shape=(n, n))


def _chunks(begins: IntArray) -> list[tuple[int, int]]:
    """Ranges of nodes whose walks end in a bounded number of places."""
    n = len(begins) - 1
    cuts = [0]
    while cuts[-1] < n:
        goal = begins[cuts[-1]] + _ENDS_AT_ONCE
        cut = int(np.searchsorted(begins, goal, side="right")) - 1
        cuts.append(min(n, max(cut, cuts[-1] + 1)))
    return list(pairwise(cuts))


__all__ = ["sampled_bytes", "sampled_logs"]

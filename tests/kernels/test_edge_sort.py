"""Partition, radix sort and unpacking against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels import _edge_sort as kernels


def _ends(n_edges=500, n_nodes=40, seed=0):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, n_nodes, 2 * n_edges)
    ends[21::40] = -1  # single nodes
    return ends, rng.random(n_edges).astype(np.float32)


def _entries(ends, weights, mirror):
    """Entries of the adjacency in the order of the edges."""
    out = []
    for (i, j), w in zip(ends.reshape(-1, 2).tolist(), weights.tolist(), strict=True):
        if j >= 0:
            out.append((i, j, w))
            if mirror and i != j:
                out.append((j, i, w))
    return out


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_count_ends_when_edges_are_single_or_loops_then_counts_entries(dtype, mirror):
    ends, weights = _ends()
    counts = np.zeros(40, np.int64)
    kernels.count_ends(ends.astype(dtype), mirror, counts)
    rows = [i for i, _, _ in _entries(ends, weights, mirror)]
    np.testing.assert_array_equal(counts, np.bincount(rows, minlength=40))


@pytest.mark.parametrize("shift", [0, 2, 6])
@pytest.mark.parametrize("mirror", [False, True])
def test_partition_ends_when_cut_then_buckets_in_the_order_given(mirror, shift):
    ends, weights = _ends()
    cuts = np.array([0, 1, 7, 8, 30, 40])
    firsts = np.arange(0, 40, 1 << shift)
    coarse = np.searchsorted(cuts, firsts, side="right") - 1
    starts = np.empty(6, np.int64)
    keys, data = np.empty(1000, np.uint64), np.empty(1000, np.float32)
    total = kernels.partition_ends(
        ends, weights, True, mirror, cuts, coarse, shift, 6, starts, keys, data
    )
    entries = _entries(ends, weights, mirror)
    assert total == len(entries) == starts[-1]
    for b in range(5):
        low, high = cuts[b], cuts[b + 1]
        expected = [(i - low, j, w) for i, j, w in entries if low <= i < high]
        part = slice(starts[b], starts[b + 1])
        rows, columns = keys[part] >> np.uint64(6), keys[part] & np.uint64(63)
        found = zip(rows.tolist(), columns.tolist(), data[part].tolist(), strict=True)
        assert list(found) == expected


@pytest.mark.parametrize("bits", [1, 11, 12, 33, 64])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("size", [0, 1, 3000])
def test_sort_keys_when_keys_repeat_then_stable(size, weighted, bits):
    rng = np.random.default_rng(size)
    keys = rng.integers(0, 2**63, size, np.uint64) * np.uint64(2) >> np.uint64(
        64 - bits
    )
    keys[::3] = keys[:1]
    data = np.arange(size if weighted else 0, dtype=np.float64)
    order = np.argsort(keys, kind="stable")
    expected = keys[order]
    other = np.empty_like(keys), np.empty_like(data)
    swapped = kernels.sort_keys(keys, data, weighted, *other, bits)
    found = other if swapped else (keys, data)
    np.testing.assert_array_equal(found[0], expected)
    if weighted:
        np.testing.assert_array_equal(found[1], order)


def test_unpack_keys_then_rows_and_repeats():
    pairs = [(0, 3), (0, 3), (2, 0), (2, 5), (2, 5), (2, 5)]
    keys = np.array([i << 4 | j for i, j in pairs], np.uint64)
    indptr, indices = np.empty(5, np.int64), np.empty(6, np.int32)
    assert kernels.unpack_keys(keys, 4, indptr, indices) == 3
    assert indptr.tolist() == [0, 2, 2, 6, 6]
    assert indices.tolist() == [3, 3, 0, 5, 5, 5]
    assert kernels.count_diagonal(indptr, indices, 3) == 5
    counts = np.zeros(6, np.int64)
    kernels.count_columns(indices, counts)
    assert counts.tolist() == [1, 0, 0, 2, 0, 3]

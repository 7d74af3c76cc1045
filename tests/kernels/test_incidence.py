"""Kernels of hyperedges in compressed rows against plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.kernels import _incidence as kernels


@pytest.mark.parametrize("size", [0, 1, 2, 7, 40, 41, 300])
def test_sort_short_when_any_length_then_sorted(size):
    row = np.random.default_rng(size).integers(0, 50, size).astype(np.int32)
    wanted = np.sort(row)
    kernels.sort_short(row)
    assert (row == wanted).all()


def test_tidy_rows_when_rows_repeat_members_then_sorted_and_distinct():
    indptr = np.array([0, 4, 4, 5, 8])
    indices = np.array([3, 1, 3, 2, 9, 5, 5, 5], np.int32)
    out = np.empty(5, np.int64)
    kept = kernels.tidy_rows(indptr, indices, out)
    assert indices[:kept].tolist() == [1, 2, 3, 9, 5]
    assert out.tolist() == [0, 3, 3, 4, 5]


def test_row_hashes_when_rows_are_equal_then_equal_and_else_not():
    indptr = np.array([0, 0, 1, 2, 4, 6, 8, 8])
    indices = np.array([0, 1, 0, 1, 0, 1, 1, 2], np.int32)
    hashes = kernels.row_hashes(indptr, indices)
    assert hashes.dtype == np.uint64
    assert hashes[0] == hashes[6]
    assert hashes[3] == hashes[4]
    assert len(set(hashes.tolist())) == 5


def test_find_rows_when_all_hashes_collide_then_members_decide():
    indptr = np.array([0, 1, 3, 5, 6])
    indices = np.array([4, 1, 2, 1, 3, 4], np.int32)
    hashes = np.zeros(4, np.uint64)
    slots, owner = np.full(16, -1, np.int64), np.empty(4, np.int64)
    kernels.fill_row_table(hashes, indptr, indices, slots, owner)
    assert owner.tolist() == [0, 1, 2, 0]
    wanted = np.array([0, 2, 4, 4, 5])
    members = np.array([1, 3, 1, 2, 9], np.int32)
    out = np.empty(4, np.int64)
    kernels.find_rows(
        np.zeros(4, np.uint64), wanted, members, hashes, indptr, indices, slots, out
    )
    assert out.tolist() == [2, 1, -1, -1]


def test_project_upper_when_there_is_no_room_then_stops_and_goes_on():
    indptr, indices = np.array([0, 3, 5]), np.array([0, 1, 2, 1, 2], np.int32)
    of_node = (np.array([0, 1, 3, 5]), np.array([0, 0, 1, 0, 1], np.int32))
    pointers, lower = np.zeros(4, np.int64), np.zeros(3, np.int64)
    together, counts = np.zeros(3), np.array([1.0, 4.0])
    columns, weights = np.empty(2, np.int32), np.empty(2)
    stopped = kernels.project_upper(
        (indptr, indices), counts, of_node, 0, (pointers, columns, weights), lower,
        together,
    )  # fmt: skip
    assert stopped == 1
    columns, weights = (
        np.append(columns, [0, 0]).astype(np.int32),
        np.append(weights, [0, 0]),
    )
    upper = (pointers, columns, weights)
    rows = (indptr, indices)
    assert kernels.project_upper(rows, counts, of_node, 1, upper, lower, together) == 3
    out = (np.empty(4, np.int64), np.empty(6, np.int32), np.empty(6))
    kernels.mirror_upper(upper, lower, *out)
    assert out[0].tolist() == [0, 2, 4, 6]
    assert out[1].tolist() == [1, 2, 0, 2, 0, 1]
    assert out[2].tolist() == [1, 1, 1, 5, 1, 5]

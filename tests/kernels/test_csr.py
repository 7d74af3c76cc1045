"""The CSR kernels against a few lines of plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphrep.kernels import _csr as kernels
from graphrep.kernels import _ids

PAIRS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from([0.0, 1.0, 2.5])),
    max_size=60,
)
NONE = np.empty(0, np.float32)


def canonical(pairs):
    rows, columns, values = zip(*pairs, strict=True) if pairs else ((), (), ())
    matrix = sparse.csr_array(
        (np.array(values, float), (np.array(rows, int), np.array(columns, int))),
        shape=(10, 10),
    )
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data


@pytest.mark.parametrize(
    ("indptr", "indices", "expected"),
    [
        ([], [], (kernels.BAD_START, 0)),
        ([1, 1], [0], (kernels.BAD_START, 0)),
        ([0, 2, 1], [0], (kernels.DECREASING, 1)),
        ([0, 1, 9], [0], (kernels.BAD_END, 9)),
        ([0, 1, 2], [0, 2], (kernels.OUT_OF_RANGE, 1)),
        ([0, 1, 2], [-1, 0], (kernels.OUT_OF_RANGE, 0)),
    ],
)
def test_check_structure_when_broken_then_code_and_place(indptr, indices, expected):
    arrays = np.array(indptr, np.int64), np.array(indices, np.int32)
    assert kernels.check_structure(*arrays, 2)[:2] == expected


@pytest.mark.parametrize(
    ("row", "is_sorted", "repeats"), [([0, 1], 1, 0), ([1, 0], 0, 0), ([1, 1], 1, 1)]
)
def test_check_structure_when_sound_then_order_and_repeats(row, is_sorted, repeats):
    arrays = np.array([0, 2, 2], np.int64), np.array(row, np.int32)
    assert kernels.check_structure(*arrays, 2) == (kernels.OK, 0, is_sorted, repeats)


def test_check_weights_when_all_kinds_then_first_places_and_counts():
    weights = np.array([1, 0, -1, np.inf, np.nan, 2.0])
    assert kernels.check_weights(weights) == (3, 2, 1, 5)


@given(PAIRS)
@settings(max_examples=60, deadline=None)
def test_first_asymmetry_when_found_then_the_entry_has_no_mirror(pairs):
    indptr, indices, data = canonical(pairs)
    dense = np.full((10, 10), -1.0)
    rows = np.repeat(np.arange(10), np.diff(indptr))
    dense[rows, indices] = data
    at = kernels.first_asymmetry(indptr, indices, data, True, 0.0)
    assert (at < 0) == np.array_equal(dense, dense.T)
    if at >= 0:
        i, j = rows[at], indices[at]
        assert dense[i, j] != dense[j, i]


@given(PAIRS)
@settings(max_examples=40, deadline=None)
def test_transpose_when_compared_with_scipy_then_same(pairs):
    indptr, indices, data = canonical(pairs)
    t_indptr = np.empty(11, np.int64)
    kernels.column_pointers(indices, t_indptr)
    t_indices, t_data = np.empty_like(indices), np.empty_like(data)
    kernels.transpose(
        indptr, indices, data, True, t_indptr[:-1].copy(), t_indices, t_data
    )
    expected = sparse.csr_array((data, indices, indptr), shape=(10, 10)).T.tocsr()
    assert np.array_equal(t_indptr, expected.indptr)
    assert np.array_equal(t_indices, expected.indices)
    assert np.array_equal(t_data, expected.data)


@given(PAIRS, st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_drop_entries_when_zeros_or_loops_then_only_those_go(pairs, zeros, loops):
    indptr, indices, data = canonical(pairs)
    rows = np.repeat(np.arange(10), np.diff(indptr))
    keep = ~((zeros & (data == 0)) | (loops & (rows == indices)))
    expected = indices[keep].tolist(), data[keep].tolist()
    kept = kernels.drop_entries(indptr, indices, data, True, zeros, loops)
    assert (indices[:kept].tolist(), data[:kept].tolist()) == expected
    assert np.diff(indptr).tolist() == np.bincount(rows[keep], minlength=10).tolist()


@pytest.mark.parametrize(
    ("rule", "merged"),
    [(kernels.SUM, 6.0), (kernels.FIRST, 1.0), (kernels.MAX, 3.0), (kernels.MEAN, 2.0)],
)
def test_merge_duplicates_when_run_of_three_then_by_the_rule(rule, merged):
    indptr = np.array([0, 4, 5], np.int64)
    indices = np.array([0, 1, 1, 1, 1], np.int32)
    weights = np.array([9.0, 1.0, 3.0, 2.0, 5.0])
    assert kernels.merge_duplicates(indptr, indices, weights, True, rule) == 3
    assert indptr.tolist() == [0, 2, 3]
    assert indices[:3].tolist() == [0, 1, 1]
    assert weights[:3].tolist() == [9.0, merged, 5.0]


@given(PAIRS, st.permutations(range(10)))
@settings(max_examples=30, deadline=None)
def test_reorder_rows_when_permutation_then_neighbours_follow_it(pairs, order):
    indptr, indices, data = canonical(pairs)
    flipped = sparse.csr_array((data, indices, indptr), shape=(10, 10)).T.tocsr()
    new_indices, new_data = np.empty_like(indices), np.empty_like(data)
    kernels.reorder_rows(
        flipped.indptr, flipped.indices, flipped.data, True, np.array(order),
        indptr[:-1].copy(), new_indices, new_data,
    )  # fmt: skip
    for i in range(10):
        row = slice(indptr[i], indptr[i + 1])
        before = dict(zip(indices[row].tolist(), data[row].tolist(), strict=True))
        expected = [j for j in order if j in before]
        assert new_indices[row].tolist() == expected
        assert new_data[row].tolist() == [before[j] for j in expected]


def test_unweighted_when_any_kernel_then_the_weights_are_not_touched():
    indptr, indices = np.array([0, 2, 2], np.int64), np.array([1, 1], np.int32)
    assert kernels.merge_duplicates(indptr, indices, NONE, False, kernels.SUM) == 1
    assert kernels.drop_entries(indptr, indices, NONE, False, True, True) == 1


IDS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=60)


@given(IDS)
@settings(max_examples=40, deadline=None)
def test_number_by_hash_when_table_is_small_then_stops_and_goes_on(ids):
    source, target = np.array(ids), np.array(ids[::-1])
    expected = {i: None for pair in zip(ids, ids[::-1], strict=True) for i in pair}
    rows, columns = np.empty(len(ids), np.int64), np.empty(len(ids), np.int64)
    room, done, count = 2, 0, 0
    numbered = np.empty(room, np.int64)
    while done < len(ids):
        table = np.empty(2 * room, np.int64), np.full(2 * room, _ids.EMPTY, np.int64)
        _ids.fill_table(numbered[:count], *table)
        done, count = _ids.number_by_hash(
            source, target, done, count, table, numbered, rows, columns
        )
        room *= 2
        numbered = np.concatenate([numbered, np.empty_like(numbered)])
    assert numbered[:count].tolist() == list(expected)
    assert np.array_equal(numbered[rows], source)
    assert np.array_equal(numbered[columns], target)


@given(st.lists(st.integers(-5, 40), min_size=1, max_size=60))
@settings(max_examples=40, deadline=None)
def test_number_by_address_when_ids_are_close_then_by_first_appearance(ids):
    source, target = np.array(ids), np.array(ids[::-1])
    rows, columns = np.empty(len(ids), np.int64), np.empty(len(ids), np.int64)
    low, span = min(ids), max(ids) - min(ids) + 1
    codes, numbered = np.full(span, _ids.EMPTY, np.int64), np.empty(span, np.int64)
    count = _ids.number_by_address(source, target, low, codes, numbered, rows, columns)
    expected = {i: None for pair in zip(ids, ids[::-1], strict=True) for i in pair}
    assert numbered[:count].tolist() == list(expected)
    assert np.array_equal(numbered[rows], source)

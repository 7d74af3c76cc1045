"""SparseIndex where most features are common: bytes for sums, exact results."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from graphrep.exceptions import GraphValueError
from graphrep.kernels import _sparse_tiles
from graphrep.retrieval import SparseIndex

_spec = importlib.util.spec_from_file_location(
    "sparse_products", Path(__file__).with_name("sparse_products.py")
)
_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_reference)
sparse_products = _reference.sparse_products


def _rows(n, d, seed, share=0.5, scale=1.0):
    draw = np.random.default_rng(seed)
    mask = draw.random((n, d)) < share * draw.random(d) ** 2
    return sparse.csr_array((mask * scale * draw.random((n, d))).astype(np.float32))


def _check(Y, X, k, **options):
    expected = sparse_products(X, Y)
    for i, own in enumerate(options.get("exclude", ())):
        expected[i, own] = 0
    order = np.argsort(-expected, axis=1, kind="stable")[:, :k]
    best = np.take_along_axis(expected, order, axis=1)
    rows, scores = SparseIndex(Y).query(X, k, **options)
    np.testing.assert_array_equal(scores, best)
    np.testing.assert_array_equal(rows, np.where(best > 0, order, -1))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("k", [1, 10, 200])
def test_query_when_features_are_common_then_the_bits_of_all_products(k, scale):
    Y, X = _rows(5000, 40, 0, scale=scale), _rows(30, 40, 1)
    index = SparseIndex(Y)
    assert index._common[1] > 20  # else this tests something else
    _check(Y, X, k)


def test_query_when_row_is_excluded_then_the_next_comes_in():
    Y = _rows(3000, 40, 2)
    X = Y[:40]
    _check(Y, X, 5, exclude=np.arange(40))


def test_query_when_thousands_tie_then_the_lowest_rows():
    row = np.zeros((1, 20), np.float32)
    row[0, ::2] = np.linspace(0.1, 1, 10)
    Y = sparse.csr_array(np.tile(row, (9000, 1)))
    rows, scores = SparseIndex(Y).query(Y[:3], 50)
    np.testing.assert_array_equal(rows, np.tile(np.arange(50), (3, 1)))
    assert (scores == scores[0, 0]).all()


def test_query_when_sums_are_less_than_a_unit_then_rows_are_found_all_the_same():
    Y = np.zeros((4000, 3), np.float32)
    Y[:, 0] = 1.0
    Y[::2, 0], Y[::2, 1] = 0, 1e-7  # 1e-7 of the largest product: no unit of the sum
    Y[0, 1] = 1.0
    X = sparse.csr_array(np.array([[0, 1.0, 0], [1.0, 1e-6, 0]], np.float32))
    _check(sparse.csr_array(Y), X, 3000)


def test_query_when_many_parts_of_a_unit_beat_what_was_met_then_found():
    Y = np.full((400, 102), 1 / 255, np.float32)
    Y[:, 100:] = 0
    Y[0, :101] = 1.0
    Y[5], Y[5, 101] = 0, 1e-3  # met by a rare feature, and worse than rows that are not
    X = np.full((1, 102), 0.003, np.float32)
    X[0, 100:] = 1.0, 1e-3
    _check(sparse.csr_array(Y), sparse.csr_array(X), 2)


def test_query_when_it_has_many_features_then_sums_do_not_run_over():
    draw = np.random.default_rng(3)
    d = 30_000
    Y = sparse.csr_array(draw.random((200, d)).astype(np.float32))
    X = sparse.csr_array(np.ones((2, d), np.float32))
    _check(Y, X, 7)


def test_query_when_one_feature_is_all_then_the_factor_fits_sixteen_bits():
    Y = sparse.csr_array(np.linspace(1, 2, 1000, dtype=np.float32)[:, None])
    _check(Y, sparse.csr_array(np.array([[3.0]], np.float32)), 4)


def test_sums_when_compared_with_products_then_within_what_is_claimed():
    Y, X = _rows(640, 30, 4), _rows(20, 30, 5)
    index = SparseIndex(Y)
    place, n_common, common, longest = index._common
    state = _sparse_tiles._read(
        np.arange(20), X.indptr.astype(np.int64), X.indices.astype(np.int32), X.data,
        index._columns[0], index._largest, place, longest, 5, 0,
    )  # fmt: skip
    sums, tops = np.zeros(640, np.uint16), np.zeros(10, np.int64)
    exact = sparse_products(X, Y).astype(np.float64)
    worst = 0.0
    for i in range(20):
        met = _sparse_tiles._add_rare(i, 0, 640, sums, state, *index._columns[1:])
        top = _sparse_tiles._add_blocks(
            i, 0, 10, met, sums, tops, state, n_common, common
        )
        assert tops.tolist() == sums.reshape(10, 64).max(axis=1).tolist()
        assert top == tops.max()
        off = sums - state.units[i] * exact[i]
        assert off.min() >= -state.under[i]
        assert off.max() <= state.error[i] - state.under[i]
        worst = max(worst, np.abs(off).max() / 65535)
        sums[:] = 0
    assert 0 < worst < 0.01


@pytest.mark.parametrize(
    ("base", "asked"),
    [(1e-40, 1.0), (1e-40, 1e20), (1.0, 1e-41), (1e-22, 1e-22), (1e-21, 1e-23)],
)
def test_query_when_values_are_hardly_numbers_then_exact_all_the_same(base, asked):
    Y, X = _rows(3000, 40, 9), _rows(10, 40, 10)
    Y.data[:], X.data[:] = Y.data * np.float32(base), X.data * np.float32(asked)
    Y.eliminate_zeros()
    X.eliminate_zeros()
    _check(Y, X, 7)


@pytest.mark.parametrize("n", [64, 4096, 64 * 70_000])
def test_kth_when_compared_with_a_sort_then_the_same_sum(n):
    draw = np.random.default_rng(n)
    sums = draw.integers(0, 65_536, n).astype(np.uint16)
    sums[: n // 2] = 40_000  # more of one sum than 16 bits can count
    largest_first = np.sort(sums)[::-1].astype(np.int64)
    for k in (1, n // 4, n // 2 + 5, n):
        found = _sparse_tiles._kth(sums, 0, n, k, 0, 0, 65_535)
        assert found <= largest_first[k - 1]
        assert found == largest_first[k - 1] or (sums >= found).sum() == k
    assert _sparse_tiles._kth(sums, 0, n, n, 0, 65_535, 65_535) == 0


def test_from_arrays_when_common_features_are_given_then_used_as_they_are():
    Y, X = _rows(3000, 40, 7), _rows(20, 40, 8)
    index = SparseIndex(Y)
    arrays = index.to_arrays(common=True)
    again = SparseIndex.from_arrays(arrays, 40)
    assert again._common[2] is arrays["common_bytes"]
    assert again._base.indices is arrays["indices"]
    for mine, others in zip(again.query(X, 9), index.query(X, 9), strict=True):
        np.testing.assert_array_equal(mine, others)
    turned = {name: array[::-1].copy()[::-1] for name, array in arrays.items()}
    np.testing.assert_array_equal(
        SparseIndex.from_arrays(turned, 40).query(X, 9)[1], index.query(X, 9)[1]
    )
    plain = SparseIndex.from_arrays(index.to_arrays(), 40)
    assert "_common" not in vars(plain)
    np.testing.assert_array_equal(plain.query(X, 9)[1], index.query(X, 9)[1])


@pytest.mark.parametrize(
    "name", ["data", "indices", "indptr", "column_data", "column_rows", "largest"]
)
def test_from_arrays_when_one_is_cut_short_then_refused(name):
    arrays = SparseIndex(_rows(300, 40, 7)).to_arrays()
    arrays[name] = arrays[name][:-1]
    with pytest.raises(GraphValueError, match="do not fit"):
        SparseIndex.from_arrays(arrays, 40)

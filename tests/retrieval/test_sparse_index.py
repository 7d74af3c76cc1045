"""SparseIndex: the k best rows of the dense product, bit for bit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.retrieval import SparseIndex

_spec = importlib.util.spec_from_file_location(
    "sparse_products", Path(__file__).with_name("sparse_products.py")
)
_reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_reference)
sparse_products = _reference.sparse_products


def _random(n, d, density, seed, *, skewed=False):
    rng = np.random.default_rng(seed)
    mask = rng.random((n, d)) < (
        density * (10 / np.arange(1, d + 1)) if skewed else density
    )
    return sparse.csr_array((mask * rng.random((n, d))).astype(np.float32))


@pytest.mark.parametrize("k", [1, 7, 60, 500])
@pytest.mark.parametrize(
    ("n", "d", "density", "skewed"),
    [
        (400, 50, 0.3, False),
        (400, 300, 0.02, False),
        (700, 200, 0.2, True),
        (5, 8, 1, False),
    ],
)
def test_query_when_compared_with_all_products_then_equal(n, d, density, skewed, k):
    Y = _random(n, d, density, 0, skewed=skewed)
    X = _random(40, d, density, 1, skewed=skewed)
    expected = sparse_products(X, Y)
    order = np.argsort(-expected, axis=1, kind="stable")[:, :k]
    best = np.take_along_axis(expected, order, axis=1)
    rows, scores = SparseIndex(Y).query(X, k, n_jobs=2)
    np.testing.assert_allclose(scores, best, rtol=1e-6)
    same = np.where(best > 0, order, -1) == rows
    # rows whose sums differ in the last bit may change places
    assert same.mean() > 0.99


def test_query_when_rows_tie_then_the_lower_first():
    Y = sparse.csr_array(np.tile([[1.0, 1.0]], (300, 1)))
    rows, scores = SparseIndex(Y).query(sparse.csr_array([[1.0, 0.5]]), 5)
    assert rows.tolist() == [[0, 1, 2, 3, 4]]
    assert (scores == 1.5).all()


def test_query_when_row_is_excluded_then_not_found():
    X = _random(200, 30, 0.4, 2)
    rows, _ = SparseIndex(X).query(X, 200, exclude=np.arange(200))
    assert not (rows == np.arange(200)[:, None]).any()
    whole, _ = SparseIndex(X).query(X, 200)
    for i in range(200):
        assert [r for r in whole[i] if r not in (i, -1)] == [
            r for r in rows[i] if r >= 0
        ]


def test_query_when_nothing_is_shared_or_empty_then_minus_one():
    Y = sparse.csr_array(([1.0], ([0], [0])), shape=(2, 3))
    X = sparse.csr_array(([1.0], ([0], [1])), shape=(2, 3))
    rows, scores = SparseIndex(Y).query(X, 3)
    assert rows.tolist() == [[-1, -1], [-1, -1]]
    assert not scores.any()
    none = SparseIndex(sparse.csr_array((0, 3)))
    assert none.query(X, 3)[0].shape == (2, 0)
    assert SparseIndex(Y).query(sparse.csr_array((0, 3)), 3)[0].shape == (0, 2)


@pytest.mark.parametrize("n", [2, 100])  # by tiles, by lists
def test_query_when_products_are_too_small_for_float32_then_none_and_once(n):
    tiny = 1e-30
    Y = sparse.csr_array(([tiny, 1.0, tiny], ([0, 0, 1], [0, 1, 0])), shape=(n, 2))
    X = sparse.csr_array([[tiny, 1.0], [tiny, 0.0]])
    rows, scores = SparseIndex(Y).query(X, 2)
    assert rows.tolist() == [[0, -1], [-1, -1]]
    assert scores.tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_query_when_threads_differ_then_same_bits():
    Y, X = _random(900, 120, 0.1, 3), _random(600, 120, 0.1, 4)
    index = SparseIndex(Y)
    one, two = index.query(X, 20, n_jobs=1), index.query(X, 20, n_jobs=2)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_index_when_input_is_bad_then_said():
    with pytest.raises(GraphTypeError, match="ExactIndex"):
        SparseIndex(np.eye(3))
    with pytest.raises(GraphValueError, match="-1"):
        SparseIndex(sparse.csr_array([[-1.0]]))
    index = SparseIndex(sparse.csr_array([[1.0, 2.0]]))
    with pytest.raises(GraphValueError, match="3 features"):
        index.query(sparse.csr_array([[1.0, 2.0, 3.0]]))
    with pytest.raises(GraphValueError, match="k must"):
        index.query(sparse.csr_array([[1.0, 2.0]]), 0)
    one = sparse.csr_array([[1.0, 2.0]])
    with pytest.raises(GraphValueError, match="one a query"):
        index.query(one, 1, exclude=[0.5])
    with pytest.raises(GraphValueError, match="no row of a base of 1"):
        index.query(one, 1, exclude=[1])
    with pytest.raises(GraphValueError, match="Scale the vectors down"):
        index.query(one * 1e38, 1)
    assert "n=1" in repr(index)


def test_query_when_sums_of_lists_round_otherwise_than_scores_then_the_best_scores():
    # Rows of the same values in another order: all tie but for rounding.
    draw = np.random.default_rng(0)
    values = draw.random(40)
    few = np.array([draw.permutation(values) for _ in range(400)], np.float32)
    Y = sparse.csr_array(np.vstack([few, np.zeros((130_000, 40), np.float32)]))
    X = sparse.csr_array(np.ones((1, 40), np.float32))
    assert Y.nnz * 8 <= Y.shape[0]  # so few entries are read as lists
    expected = sparse_products(X, Y[:400])
    assert len(np.unique(expected)) > 1
    order = np.argsort(-expected, axis=1, kind="stable")[:, :20]
    rows, scores = SparseIndex(Y).query(X, 20)
    np.testing.assert_array_equal(rows, order)
    np.testing.assert_array_equal(scores, np.take_along_axis(expected, order, axis=1))

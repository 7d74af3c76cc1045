"""Eigenpairs and singular triplets against dense decompositions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep._utils._parallel import numba_threads
from graphrep.exceptions import GraphValueError
from graphrep.graph import CSR
from graphrep.linalg import (
    FunctionOperator,
    SparseOperator,
    _eigen,
    eigsh,
    krylov_eigsh,
    randomized_svd,
    scaled,
    svds,
)

N = 700


def _symmetric(n=N, seed=0):
    matrix = sparse.random_array((n, n), density=0.02, format="csr", random_state=seed)
    return sparse.csr_array(matrix + matrix.T)


def _wanted(values, which, rank):
    key = {"LA": -values, "SA": values, "LM": -np.abs(values)}[which]
    return values[np.argsort(key, kind="stable")][:rank]


@pytest.mark.parametrize("which", ["LA", "SA", "LM"])
@pytest.mark.parametrize("solver", ["arpack", "blocks", "dense"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_eigsh_when_any_solver_then_equals_dense(monkeypatch, which, solver, dtype):
    if solver == "blocks":
        monkeypatch.setattr(_eigen, "_ARPACK_UP_TO", 0)
    matrix = _symmetric(300 if solver == "dense" else N)
    operator = SparseOperator(matrix, symmetric=True, dtype=dtype)
    values, vectors = eigsh(operator, 6, which=which, seed=0)
    off = 1e-4 if dtype == np.float32 else 1e-8
    dense = np.linalg.eigvalsh(matrix.toarray())
    np.testing.assert_allclose(values, _wanted(dense, which, 6), atol=off)
    assert vectors.dtype == dtype
    assert np.abs(vectors.T @ vectors - np.eye(6)).max() < off
    residual = np.linalg.norm(matrix @ vectors - vectors * values, axis=0)
    assert residual.max() < 2 * off * np.abs(dense).max()
    assert (vectors.max(axis=0) >= -vectors.min(axis=0) * (1 - 1e-5)).all()


@pytest.mark.parametrize("n", [1, 2, 5, N])
@pytest.mark.parametrize("make", [np.zeros, np.ones, lambda s: np.eye(s[0])])
def test_decompositions_when_degenerate_then_orthonormal_and_exact(n, make):
    matrix = make((n, n))
    operator = SparseOperator(sparse.csr_array(matrix), symmetric=True)
    rank = 8
    values, vectors = eigsh(operator, rank, which="LM", seed=0)
    assert vectors.shape == (n, min(n, rank))
    np.testing.assert_allclose(matrix @ vectors, vectors * values, atol=1e-9 * n)
    for decompose in (svds, randomized_svd):
        u, s, vt = decompose(operator, rank, seed=0)
        assert np.abs(u.T @ u - np.eye(min(n, rank))).max() < 1e-10
        assert np.abs(vt @ vt.T - np.eye(min(n, rank))).max() < 1e-10
        np.testing.assert_allclose(matrix @ vt.T, u * s, atol=1e-9 * n)


def test_eigsh_when_eigenvalue_has_many_copies_then_all_are_found():
    matrix = sparse.kron(sparse.eye_array(100), np.ones((7, 7)), format="csr")
    values, _ = eigsh(SparseOperator(matrix, symmetric=True), 20, seed=0)
    np.testing.assert_allclose(values, 7)


def test_eigsh_when_end_of_spectrum_is_unknown_then_refused():
    with pytest.raises(GraphValueError, match="which"):
        eigsh(SparseOperator(_symmetric(5)), 2, which="XX", seed=0)


@pytest.mark.parametrize("shape", [(900, 600), (600, 900), (30, 20), (900, 4)])
@pytest.mark.parametrize("decompose", [svds, randomized_svd])
def test_svd_when_tall_wide_or_small_then_close_to_dense(shape, decompose):
    random = np.random.default_rng(0)
    decay = np.diag(0.5 ** np.arange(4))
    matrix = random.standard_normal((shape[0], 4)) @ decay
    matrix = sparse.csr_array(matrix @ random.standard_normal((4, shape[1])))
    u, s, vt = decompose(SparseOperator(matrix), 3, seed=0)
    want = np.linalg.svd(matrix.toarray(), compute_uv=False)[:3]
    np.testing.assert_allclose(s, want, rtol=1e-6)
    np.testing.assert_allclose(matrix @ vt.T, u * s, atol=1e-6 * want[0])
    np.testing.assert_allclose(matrix.T @ u, vt.T * s, atol=1e-6 * want[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_decompositions_when_one_or_two_threads_then_same_bits(monkeypatch, dtype):
    monkeypatch.setattr(_eigen, "_ARPACK_UP_TO", 0)
    operator = SparseOperator(_symmetric(5000), symmetric=True, dtype=dtype)
    found = []
    for n_jobs in (1, 2):
        with numba_threads(n_jobs):
            parts = [*randomized_svd(operator, 10, seed=3)]
            parts += eigsh(operator, 4, which="LA", tol=1e-2, seed=3)
            parts += krylov_eigsh(operator, 8, block_size=16, n_blocks=6, seed=3)
            found.append([p.tobytes() for p in parts])
    assert found[0] == found[1]


def test_krylov_eigsh_when_space_is_large_then_top_pairs_converge():
    matrix = sparse.csr_array(_symmetric() + sparse.diags_array([9.0] + [0] * (N - 1)))
    operator = SparseOperator(matrix, symmetric=True)
    values, _ = krylov_eigsh(operator, 3, block_size=16, n_blocks=20, seed=0)
    dense = _wanted(np.linalg.eigvalsh(matrix.toarray()), "LA", 3)
    np.testing.assert_allclose(values, dense, atol=1e-6)
    assert (values <= dense + 1e-9).all()


def test_operators_when_csr_function_or_scipy_then_multiply_alike():
    matrix = sparse.random_array((40, 30), density=0.2, format="csr", random_state=0)
    csr = CSR(matrix.indptr.astype(np.int64), matrix.indices, matrix.data)
    dense = matrix.toarray()
    given = (
        SparseOperator(csr, n_columns=30),
        SparseOperator(matrix.tocoo()),
        FunctionOperator((40, 30), lambda X: dense @ X, lambda X: dense.T @ X),
    )
    random = np.random.default_rng(0)
    x, y = random.standard_normal((30, 5)), random.standard_normal((40, 1))
    for operator in given:
        assert operator.shape == (40, 30)
        np.testing.assert_allclose(operator.matmat(x), dense @ x)
        np.testing.assert_allclose(operator.rmatmat(y), dense.T @ y)


def test_scaled_when_sides_are_given_then_rows_and_columns_are_multiplied():
    matrix = sparse.random_array((4, 3), density=0.6, format="csr", random_state=0)
    left, right = np.arange(1.0, 5), np.arange(2.0, 5)
    want = np.diag(left) @ matrix.toarray() @ np.diag(right)
    np.testing.assert_allclose(scaled(matrix, left, right).toarray(), want)
    np.testing.assert_array_equal(scaled(matrix).toarray(), matrix.toarray())
    unit = CSR(np.array([0, 1, 1]), np.array([1], np.int32), None)
    np.testing.assert_allclose(scaled(unit, left[:2]).toarray(), [[0, 1], [0, 0]])

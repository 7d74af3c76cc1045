"""Laplacian eigenmaps: against the dense generalised eigenproblem, and at its edges."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import eigh
from sklearn.base import clone

from graphrep import Graph, LaplacianEigenmaps
from graphrep.exceptions import GraphWarning


def connected(n, *, seed, density=0.08):
    """Weighted connected graph: a ring with chords."""
    rng = np.random.default_rng(seed)
    a = (rng.random((n, n)) < density) * (rng.random((n, n)) + 0.2)
    a += np.roll(np.eye(n), 1, axis=1)
    a = np.triu(a, 1)
    return a + a.T


def laplacian(a):
    degree = np.diag(a.sum(1))
    return degree - a, degree


def blocks(*parts):
    return sparse.block_diag(parts).toarray()


@pytest.mark.parametrize("n", [12, 60, 200, 500])
def test_fit_when_connected_then_equal_to_the_dense_eigenproblem(n):
    a = connected(n, seed=n, density=min(0.3, 6 / n))
    model = LaplacianEigenmaps(8, random_state=0).fit(a)
    lap, degree = laplacian(a)
    values, vectors = eigh(lap, degree)
    np.testing.assert_allclose(model.eigenvalues_, values[1:9], atol=1e-9)
    overlap = np.abs(vectors[:, 1:9].T @ degree @ model.embedding_)
    np.testing.assert_allclose(overlap, np.eye(8), atol=1e-6)


@pytest.mark.parametrize("components", ["per", "global"])
def test_fit_when_large_then_residuals_are_small_and_columns_orthonormal(components):
    a = connected(900, seed=1, density=0.006)
    model = LaplacianEigenmaps(16, components=components, random_state=0).fit(a)
    lap, degree = laplacian(a)
    y = model.embedding_
    residual = lap @ y - degree @ y * model.eigenvalues_
    assert np.linalg.norm(residual, axis=0).max() < 1e-6
    np.testing.assert_allclose(y.T @ degree @ y, np.eye(16), atol=1e-8)
    assert (np.diff(model.eigenvalues_) > 0).all()
    assert np.abs(y.T @ degree.sum(1)).max() < 1e-8


@pytest.mark.parametrize("sizes", [(80, 30, 30, 7, 7, 7, 2), (700, 40, 3)])
def test_components_when_per_then_each_as_if_it_were_alone(sizes):
    parts = [connected(n, seed=n + i, density=0.05) for i, n in enumerate(sizes)]
    a = blocks(*parts)
    order = np.random.default_rng(0).permutation(len(a))
    model = LaplacianEigenmaps(10, random_state=0).fit(a[np.ix_(order, order)])
    assert model.n_connected_ == len(sizes)
    y = np.empty_like(model.embedding_)
    y[order] = model.embedding_
    start = 0
    for part in parts:
        k = min(10, len(part) - 1)
        own = y[start : start + len(part)]
        lap, degree = laplacian(part)
        values, _ = eigh(lap, degree)
        share = degree.sum() / a.sum()
        np.testing.assert_allclose(
            own.T @ lap @ own,
            share * np.diag([*values[1 : k + 1], *[0] * (10 - k)]),
            atol=1e-8,
        )
        assert np.abs(own.T @ degree.sum(1)).max() < 1e-8
        assert (own.max(axis=0) >= np.abs(own).max(axis=0) * (1 - 1e-5)).all()
        start += len(part)


def test_components_when_global_then_smallest_of_all_without_the_constant_ones():
    a = blocks(*(connected(n, seed=n) for n in (50, 30, 20, 2)), np.zeros((3, 3)))
    model = LaplacianEigenmaps(12, components="global", random_state=0).fit(a)
    inner = a[:102, :102]
    values = eigh(*laplacian(inner), eigvals_only=True)
    np.testing.assert_allclose(model.eigenvalues_, values[4:16], atol=1e-9)
    assert model.n_connected_ == 4
    assert model.n_isolated_ == 3
    assert not model.embedding_[102:].any()
    y = model.embedding_[:102]
    np.testing.assert_allclose(y.T @ np.diag(inner.sum(1)) @ y, np.eye(12), atol=1e-8)


def test_scaling_when_commute_and_complete_then_distances_are_commute_times():
    a = connected(30, seed=3, density=0.2)
    y = LaplacianEigenmaps(29, scaling="commute").fit_transform(a)
    pinv = np.linalg.pinv(laplacian(a)[0])
    diagonal = np.diag(pinv)
    resistance = diagonal[:, None] + diagonal[None] - 2 * pinv
    squares = ((y[:, None] - y[None]) ** 2).sum(-1)
    np.testing.assert_allclose(squares, resistance, atol=1e-9)


def test_scaling_when_diffusion_then_columns_decay_with_the_walk():
    a = connected(40, seed=4)
    plain = LaplacianEigenmaps(6).fit(a)
    walked = LaplacianEigenmaps(6, scaling="diffusion", diffusion_time=3).fit(a)
    factor = np.abs(1 - plain.eigenvalues_) ** 3
    np.testing.assert_allclose(walked.embedding_, plain.embedding_ * factor, atol=1e-12)


def test_normalization_when_symmetric_then_rows_grow_with_the_root_of_the_degree():
    a = connected(40, seed=5)
    plain = LaplacianEigenmaps(6).fit(a).embedding_
    other = LaplacianEigenmaps(6, normalization="symmetric").fit(a).embedding_
    np.testing.assert_allclose(
        np.abs(other), np.abs(plain) * np.sqrt(a.sum(1))[:, None], atol=1e-12
    )
    np.testing.assert_allclose(other.T @ other, np.eye(6), atol=1e-9)


@pytest.mark.parametrize("components", ["per", "global"])
@pytest.mark.parametrize("n", [1, 2, 3, 9])
def test_fit_when_tiny_then_finite_and_padded(n, components):
    full = np.ones((n, n))
    for a in (full, np.zeros((n, n)), np.eye(n), full - np.eye(n)):
        for loops in ("keep", "drop"):
            model = LaplacianEigenmaps(12, components=components, self_loops=loops)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", GraphWarning)
                out = model.fit_transform(a)
            assert out.shape == (n, 12)
            assert np.isfinite(out).all()
            assert not out[:, max(n - 1, 0) :].any()
            assert np.isfinite(model.eigenvalues_).sum() == np.any(out, axis=0).sum()


def test_bipartite_when_pairs_of_nodes_then_their_ends_are_apart():
    a = blocks(*[np.array([[0, 1.0], [1, 0]])] * 5)
    y = LaplacianEigenmaps(1).fit_transform(a)
    np.testing.assert_allclose(y.reshape(5, 2), np.tile([1, -1], (5, 1)) / np.sqrt(10))


def test_directed_when_fitted_then_symmetrised_with_a_warning():
    a = np.triu(connected(20, seed=6))
    with pytest.warns(GraphWarning, match="directions"):
        one = LaplacianEigenmaps(4).fit_transform(a)
    two = LaplacianEigenmaps(4).fit_transform(Graph(a).symmetrize().to_scipy(float))
    np.testing.assert_allclose(one, two, atol=1e-12)


def test_decoder_when_neighbours_then_nearer_than_others():
    a = connected(200, seed=7, density=0.002)
    model = LaplacianEigenmaps(8).fit(a)
    rows, columns = np.nonzero(a)
    strangers = np.random.default_rng(0).integers(0, 200, (2, 500))
    near = model.decoder_score(rows, columns).mean()
    assert near > model.decoder_score(*strangers).mean()
    distance = np.linalg.norm(model.embedding_[3] - model.embedding_[5])
    assert model.decoder_score(3, 5) == pytest.approx(-distance)


@pytest.mark.parametrize("components", ["per", "global"])
def test_fit_when_one_or_two_threads_then_same_bits(components, reference):
    a = blocks(connected(620, seed=8, density=0.01), connected(9, seed=9))
    one = LaplacianEigenmaps(12, components=components, random_state=1, n_jobs=1)
    two = clone(one).set_params(n_jobs=2)
    assert reference.same_bits(one.fit_transform(a), two.fit_transform(a))


def test_estimate_memory_when_asked_then_parts_add_up():
    parts = LaplacianEigenmaps(128).estimate_memory(1000, 5000)
    assert parts.pop("total") == sum(parts.values())

"""LLE against dense singular vectors, on graphs in pieces and with directions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import LLE, Graph
from graphrep.datasets import load_karate
from graphrep.embedding import _lle_solvers as solvers
from graphrep.exceptions import GraphWarning

SOLVERS = ["auto", "dense", "lanczos", "shift-invert"]


def connected(n, seed, *, directed=False):
    """Weighted adjacency along a cycle with chords: one closed component."""
    rng = np.random.default_rng(seed)
    a = (rng.random((n, n)) < 3 / n) * (rng.random((n, n)) + 0.2)
    a[np.arange(n), (np.arange(n) + 1) % n] = rng.random(n) + 0.5
    np.fill_diagonal(a, 0)
    return a if directed else np.triu(a) + np.triu(a).T


def blocks(*parts):
    return sparse.block_diag(parts).toarray()


def undirected():
    return connected(60, 0), 1


def disconnected():
    """Three components and two isolated nodes, one of them in the middle."""
    parts = [connected(30, 1), np.zeros((1, 1)), connected(12, 2)]
    return blocks(*parts, connected(20, 3), np.zeros((1, 1))), 3


def strongly_connected():
    return connected(50, 4, directed=True), 1


def directed_in_parts():
    """Two closed parts that others lead to, sinks, and an isolated node."""
    a = blocks(
        connected(20, 5, directed=True), connected(15, 6, directed=True),
        connected(10, 7, directed=True), np.zeros((4, 4)),
    )  # fmt: skip
    a[0, 20] = a[3, 21] = a[5, 36] = 0.7  # from the first part to the others
    a[7, 45] = a[21, 46] = a[46, 47] = 1.0  # and to sinks; the second part is open
    return a, 1


def acyclic():
    rng = np.random.default_rng(8)
    return np.triu(rng.random((30, 30)) < 0.2, 1) * rng.random((30, 30)), 0


GRAPHS = [undirected, disconnected, strongly_connected, directed_in_parts, acyclic]


def dense_matrix(a):
    """I - P of the nodes with edges, by hand."""
    used = (a.sum(0) + a.sum(1)) > 0
    a = a[used][:, used]
    strength = a.sum(axis=1, keepdims=True)
    walk = np.divide(a, strength, out=np.zeros_like(a), where=strength > 0)
    return np.eye(len(a)) - walk, used


@pytest.mark.parametrize("make", GRAPHS)
@pytest.mark.parametrize("solver", SOLVERS)
def test_fit_when_small_then_equals_dense_singular_vectors(make, solver):
    a, n_closed = make()
    matrix, used = dense_matrix(a)
    _, s, vt = np.linalg.svd(matrix)
    assert np.sum(s < 1e-10) == n_closed
    wanted = slice(n_closed, n_closed + 7)
    model = LLE(7, solver=solver).fit(a)
    assert model.n_closed_ == n_closed
    assert model.solver_ in {"dense", solver}
    np.testing.assert_allclose(model.singular_values_, s[::-1][wanted], atol=1e-8)
    x, y = model.embedding_[used], vt[::-1][wanted].T
    assert s[::-1][n_closed + 7] - s[::-1][n_closed + 6] > 1e-3
    np.testing.assert_allclose(x @ x.T, y @ y.T, atol=1e-7)
    np.testing.assert_allclose(x.T @ x, np.eye(7), atol=1e-9)
    assert not model.embedding_[~used].any()
    assert np.all(x[np.abs(x).argmax(axis=0), np.arange(7)] > 0)


def test_columns_when_components_then_orthogonal_to_each_of_them():
    a, _ = disconnected()
    model = LLE(20).fit(a)
    components = Graph(a).connected_components()
    for c in range(3):
        np.testing.assert_allclose(
            model.embedding_[components == c].sum(axis=0), 0, atol=1e-9
        )


@pytest.mark.parametrize("solver", ["lanczos", "shift-invert"])
def test_null_space_when_many_components_then_all_of_it_is_left_out(solver):
    parts = [connected(8 + i % 5, i) for i in range(90)]
    a = sparse.csr_array(sparse.block_diag(parts))
    model = LLE(12, solver=solver).fit(a)
    s = np.linalg.svd(dense_matrix(a.toarray())[0], compute_uv=False)[::-1]
    assert model.n_closed_ == 90
    assert model.solver_ == solver
    np.testing.assert_allclose(model.singular_values_, s[90:102], atol=1e-8)


def test_closed_parts_when_directed_then_counted_as_by_hand():
    for make in (strongly_connected, directed_in_parts, acyclic):
        a, n_closed = make()
        problem = solvers.Problem.of(Graph(a), np.arange(len(a)))
        assert problem.n_closed == n_closed
    loop = Graph.from_edges(list("aab"), list("bcb"), directed=True)
    assert solvers.Problem.of(loop, np.arange(3)).n_closed == 1


def test_solver_when_auto_then_factors_trees_and_iterates_small_worlds():
    rng = np.random.default_rng(0)
    tree = np.array([rng.integers(i) for i in range(1, 1_500)])
    graph = Graph.from_edges(np.arange(1, 1_500), tree)
    model = LLE(6).fit(graph)
    assert model.solver_ == "shift-invert"
    dense = LLE(6, solver="dense").fit(graph)
    np.testing.assert_allclose(
        model.singular_values_, dense.singular_values_, rtol=1e-6
    )
    assert LLE(6).fit(connected(700, 0) + connected(700, 9)).solver_ == "lanczos"


def test_solver_when_lanczos_takes_too_long_then_factors_are_used():
    line = sparse.diags_array([np.ones(899)] * 2, offsets=[-1, 1]).tolil()
    rng = np.random.default_rng(0)
    for i in rng.choice(890, 400, replace=False):
        line[i, i + 3] = line[i + 3, i] = 1
    model = LLE(4).fit(sparse.csr_array(line))
    assert model.solver_ == "shift-invert"
    dense = LLE(4, solver="dense").fit(sparse.csr_array(line))
    np.testing.assert_allclose(
        model.singular_values_, dense.singular_values_, rtol=1e-5
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_fit_when_one_or_two_threads_then_same_bits(solver, reference):
    a = sparse.csr_array(connected(600, 0) + connected(600, 9))
    one, two = (LLE(5, solver=solver, n_jobs=n).fit_transform(a) for n in (1, 2))
    assert reference.same_bits(one, two)


def test_score_when_asked_then_minus_the_distance():
    graph = load_karate().graph
    model = LLE(4).fit(graph.to_scipy(np.float64))
    x = model.embedding_
    assert model.target_embedding_ is None
    np.testing.assert_allclose(model.decoder_score(0, 1), -np.linalg.norm(x[0] - x[1]))


def test_rows_when_summed_up_then_neighbours_reproduce_them():
    """The objective is the sum of the squared singular values."""
    a = load_karate().graph.to_scipy(np.float64).toarray()
    model = LLE(5).fit(a)
    off = dense_matrix(a)[0] @ model.embedding_
    np.testing.assert_allclose(
        np.sum(off**2, axis=0), model.singular_values_**2, rtol=1e-8
    )


def test_self_loops_when_kept_then_part_of_the_walk():
    a = connected(20, 0) + np.eye(20)
    kept, dropped = LLE(3, self_loops="keep").fit(a), LLE(3).fit(a)
    s = np.linalg.svd(dense_matrix(a)[0], compute_uv=False)[::-1]
    np.testing.assert_allclose(kept.singular_values_, s[1:4], atol=1e-9)
    s = np.linalg.svd(dense_matrix(a - np.eye(20))[0], compute_uv=False)[::-1]
    np.testing.assert_allclose(dropped.singular_values_, s[1:4], atol=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("self_loops", ["keep", "drop"])
def test_fit_when_tiny_and_complete_then_padded_with_zeros(solver, n, self_loops):
    model = LLE(9, solver=solver, self_loops=self_loops)
    with pytest.warns(GraphWarning):
        x = model.fit_transform(np.ones((n, n)))
    assert x.shape == (n, 9)
    assert np.isfinite(x).all()
    assert not x[:, max(n - 1, 0) :].any()
    assert len(model.singular_values_) == n - 1


def test_fit_when_no_edges_then_zeros_and_a_warning():
    model = LLE(2)
    with pytest.warns(GraphWarning, match="no edges"):
        assert not model.fit_transform(np.zeros((4, 4))).any()
    assert model.n_closed_ == 0


def test_memory_when_estimated_then_names_its_parts():
    memory = LLE(16).estimate_memory(10_000, 100_000)
    assert memory["total"] == memory["basis"] + memory["matrix"]

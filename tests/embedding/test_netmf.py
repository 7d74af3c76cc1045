"""NetMF factorises the matrix of its paper, found in whichever way."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import Graph, NetMF
from graphrep.embedding import _log_matrix, _netmf_walks
from graphrep.exceptions import MemoryLimitError
from graphrep.model_selection import node_classification


def _graph(n=60, seed=0, density=0.12, *, weighted=True):
    rng = np.random.default_rng(seed)
    a = np.triu(rng.random((n, n)) < density, 1) * 1.0
    if weighted:
        a = a * (rng.random((n, n)) + 0.2)
    a[3] = a[:, 3] = 0
    return a + a.T


def _by_powers(a, window, negative=1.0):
    """The formula of the paper; vol is the sum of all degrees, 2 |E|."""
    degree = a.sum(1)
    inverse = np.where(degree > 0, 1 / np.where(degree > 0, degree, 1), 0)
    p = inverse[:, None] * a
    total = sum(np.linalg.matrix_power(p, r) for r in range(1, window + 1))
    ratio = degree.sum() / (negative * window) * total * inverse[None, :]
    return np.log(np.maximum(1, ratio))


def _by_spectrum(a, window, rank, negative=1.0):
    degree = a.sum(1)
    root = np.where(degree > 0, 1 / np.sqrt(np.where(degree > 0, degree, 1)), 0)
    values, vectors = np.linalg.eigh(root[:, None] * a * root)
    values, vectors = values[::-1][:rank], vectors[:, ::-1][:, :rank]
    f = np.empty(rank)
    for i, mu in enumerate(values):
        f[i] = 1 if mu >= 1 else max(0, mu * (1 - mu**window) / (1 - mu) / window)
    half = root[:, None] * vectors
    return np.log(np.maximum(1, degree.sum() / negative * (half * f) @ half.T))


def _product(model):
    return model.embedding_ @ model.target_embedding_.T


@pytest.mark.parametrize("window", [1, 2, 10])
@pytest.mark.parametrize("negative", [1.0, 5.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_small_when_full_rank_then_the_dense_formula(window, negative, weighted):
    a = _graph(weighted=weighted)
    model = NetMF(60, window=window, negative=negative, mode="small").fit(a)
    np.testing.assert_allclose(
        _product(model), _by_powers(a, window, negative), atol=1e-5
    )


@pytest.mark.parametrize("window", [2, 5, 10])
@pytest.mark.parametrize("rank", [20, 60])
def test_large_when_full_rank_then_the_dense_formula(window, rank):
    a = _graph(seed=1)
    model = NetMF(60, window=window, rank=rank, mode="large", negative=2.0).fit(a)
    wanted = _by_spectrum(a, window, rank, 2.0)
    np.testing.assert_allclose(_product(model), wanted, atol=1e-5)


@pytest.mark.parametrize("mode", ["small", "large"])
@pytest.mark.parametrize("size", [8, 20])
def test_fit_when_truncated_then_the_best_approximation(mode, size):
    a = _graph(n=600, density=0.02)
    model = NetMF(size, window=3, rank=50, mode=mode).fit(a)
    wanted = _by_powers(a, 3) if mode == "small" else _by_spectrum(a, 3, 50)
    u, s, vt = np.linalg.svd(wanted)
    np.testing.assert_allclose(model.singular_values_, s[:size], rtol=1e-6)
    best = (u[:, :size] * s[:size]) @ vt[:size]
    np.testing.assert_allclose(_product(model), best, atol=1e-5)
    lengths = np.linalg.norm(model.embedding_, axis=0)
    np.testing.assert_allclose(lengths, np.sqrt(s[:size]), rtol=1e-6)  # U S^½


@pytest.mark.parametrize("share", [0.0, 2.0])
def test_matrix_when_kept_sparse_or_dense_then_the_same(monkeypatch, share):
    a = _graph(n=300, density=0.05)
    monkeypatch.setattr(_log_matrix, "_DENSE_FROM", share)
    model = NetMF(300, window=2, mode="small").fit(a)
    np.testing.assert_allclose(_product(model), _by_powers(a, 2), atol=1e-5)


def test_matrix_when_the_sample_misleads_then_the_arrays_grow(monkeypatch):
    a = np.zeros((400, 400))
    a[200:260, 200:260] = 1  # rows that the sample of two does not see
    np.fill_diagonal(a, 0)
    monkeypatch.setattr(_log_matrix, "_SAMPLE", 2)
    model = NetMF(400, window=2, mode="small").fit(a)
    np.testing.assert_allclose(_product(model), _by_powers(a, 2), atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_sampled_when_many_walks_then_near_the_exact_matrix(weighted):
    a = _graph(weighted=weighted)
    wanted = _by_powers(a, 5)
    errors = []
    for walks in (10, 3000):
        model = NetMF(
            60, window=5, mode="sampled", walks_per_edge=walks, random_state=0
        ).fit(a)
        errors.append(np.abs(_product(model) - wanted).mean() / wanted.mean())
    assert errors[1] < 0.02
    assert errors[1] < errors[0] / 5


def test_sampled_when_window_is_1_then_exact():
    a = _graph()
    model = NetMF(60, window=1, mode="sampled", random_state=0).fit(a)
    np.testing.assert_allclose(_product(model), _by_powers(a, 1), atol=1e-5)


def test_sampled_when_cut_into_chunks_then_the_same(monkeypatch):
    a = _graph(n=200)
    model = NetMF(30, mode="sampled", random_state=3)
    whole = model.fit_transform(a)
    monkeypatch.setattr(_netmf_walks, "_ENDS_AT_ONCE", 500)
    np.testing.assert_array_equal(model.fit_transform(a), whole)


def test_mode_when_auto_then_by_window_and_size():
    model = NetMF()
    assert model._mode_for(10_000) == "large"
    assert model._mode_for(30_000) == "sampled"
    assert NetMF(window=1)._mode_for(10_000) == "small"
    assert NetMF(4, window=1).fit(_graph()).mode_ == "small"


def test_fit_when_memory_is_short_then_an_error_that_names_other_ways(monkeypatch):
    monkeypatch.setattr(_log_matrix, "available_memory", lambda: 1000)
    with pytest.raises(MemoryLimitError, match="sampled"):
        NetMF(4, mode="small").fit(_graph())
    monkeypatch.setattr(_netmf_walks, "available_memory", lambda: 1000)
    with pytest.raises(MemoryLimitError, match="walks_per_edge"):
        NetMF(4, mode="sampled").fit(_graph())


@pytest.mark.parametrize("mode", ["small", "large", "sampled"])
def test_fit_when_one_or_two_threads_then_same_bits(mode):
    graph = Graph(_graph(n=700, density=0.02, weighted=False))
    one, two = (
        NetMF(16, mode=mode, rank=40, random_state=1, n_jobs=n).fit_transform(graph)
        for n in (1, 2)
    )
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("mode", ["small", "large", "sampled"])
@pytest.mark.parametrize("a", [
    np.ones((1, 1)), np.ones((2, 2)), np.zeros((3, 3)), np.ones((30, 30)),
    np.eye(6)[[1, 0, 3, 2, 5, 4]],
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")
def test_fit_when_odd_graph_then_finite(a, mode):
    for loops in ("drop", "keep"):
        model = NetMF(40, mode=mode, self_loops=loops, random_state=0).fit(a)
        assert model.embedding_.shape == (len(a), 40)
        assert np.isfinite(model.embedding_).all()
    assert not NetMF(4, mode=mode).fit(_graph()).embedding_[3].any()


def test_memory_when_estimated_then_all_pairs_or_the_walks():
    assert NetMF(mode="large").estimate_memory(10_000, 10**6)["matrix"] > 4e8
    model = NetMF(window=10, walks_per_edge=2)
    one, more = (model.estimate_memory(10**6, m)["total"] for m in (10**7, 2 * 10**7))
    assert one < more < 24e9


@pytest.fixture
def blogcatalog(shared_data):
    with np.load(shared_data / "nodes" / "blogcatalog.npz") as z:
        entries = np.ones(len(z["label_indices"]))
        arrays = (entries, z["label_indices"], z["label_indptr"])
        shape = (len(z["indptr"]) - 1, int(z["n_classes"]))
        labels = sparse.csr_array(arrays, shape=shape)
        return Graph.from_csr(z["indptr"], z["indices"]), labels


@pytest.mark.shared
@pytest.mark.slow
def test_fit_when_blogcatalog_then_above_deepwalk(blogcatalog):
    graph, labels = blogcatalog
    x = NetMF(128, random_state=0).fit_transform(graph)
    scores = node_classification(
        x, labels, penalize_intercept=True, n_splits=2, train_fractions=(0.1, 0.5)
    )
    assert scores[0.1]["micro"] > 0.375
    assert scores[0.5]["micro"] > 0.415
    assert scores[0.5]["macro"] > 0.27

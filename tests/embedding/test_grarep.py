"""GraRep equals brute force on small graphs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import Graph, GraRep
from graphrep.embedding import _log_matrix
from graphrep.exceptions import MemoryLimitError
from graphrep.model_selection import node_classification


def _graph(n=50, seed=0, *, directed=False, density=0.1):
    rng = np.random.default_rng(seed)
    a = np.where(rng.random((n, n)) < density, rng.random((n, n)) + 0.2, 0)
    np.fill_diagonal(a, 0)
    a[4] = a[:, 4] = 0
    return a if directed else np.maximum(a, a.T)


def _brute_force(a, order, negative=1.0):
    """X^(k) entry by entry."""
    n = len(a)
    p = np.zeros((n, n))
    for i in range(n):
        if a[i].sum() > 0:
            p[i] = a[i] / a[i].sum()
    found, power = [], np.eye(n)
    for _ in range(order):
        power = power @ p
        x = np.zeros((n, n))
        for j in range(n):
            total = sum(power[:, j])
            for i in range(n):
                if power[i, j] > 0:
                    value = np.log(power[i, j] / total) - np.log(negative / n)
                    x[i, j] = max(0, value)
        found.append(x)
    return found


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("negative", [1.0, 3.0])
def test_fit_when_full_rank_then_brute_force_for_each_order(directed, negative):
    a = _graph(directed=directed)
    model = GraRep(200, order=4, negative=negative)
    with pytest.warns(match="exceeds"):
        model.fit(a)
    starts = model.order_starts_
    assert starts.tolist() == [0, 50, 100, 150, 200]
    for k, wanted in enumerate(_brute_force(a, 4, negative)):
        part = slice(starts[k], starts[k + 1])
        got = model.embedding_[:, part] @ model.target_embedding_[:, part].T
        np.testing.assert_allclose(got, wanted, atol=1e-10)


@pytest.mark.parametrize("n", [50, 600])
def test_fit_when_truncated_then_half_of_the_singular_values_each_side(n):
    a = _graph(n=n, density=5 / n)
    model = GraRep(20, order=2).fit(a)
    for k, x in enumerate(_brute_force(a, 2)):
        part = slice(10 * k, 10 * k + 10)
        u, s, vt = np.linalg.svd(x)
        got = model.embedding_[:, part] @ model.target_embedding_[:, part].T
        wanted = (u[:, :10] * s[:10]) @ vt[:10]
        np.testing.assert_allclose(got, wanted, atol=1e-5)
        for side in (model.embedding_, model.target_embedding_):
            lengths = np.linalg.norm(side[:, part], axis=0)
            np.testing.assert_allclose(lengths, np.sqrt(s[:10]), rtol=1e-6)


@pytest.mark.parametrize(("size", "order", "starts"), [
    (8, 4, [0, 2, 4, 6, 8]), (10, 4, [0, 3, 6, 8, 10]), (3, 5, [0, 1, 2, 3]),
    (1, 4, [0, 1]), (5, 1, [0, 5]),
])  # fmt: skip
def test_columns_when_not_divisible_then_first_orders_get_more(size, order, starts):
    model = GraRep(size, order=order).fit(_graph())
    assert model.order_starts_.tolist() == starts
    assert model.embedding_.shape == (50, size)


def test_power_norm_when_l2_then_each_order_has_unit_rows():
    model = GraRep(12, order=3, power_norm="l2").fit(_graph())
    for k in range(3):
        norms = np.linalg.norm(model.embedding_[:, 4 * k : 4 * k + 4], axis=1)
        np.testing.assert_allclose(np.delete(norms, 4), 1)
        assert norms[4] == 0


def test_fit_when_directed_then_sinks_speak_through_targets():
    graph = Graph.from_edges([0, 1, 2], [1, 2, 3], directed=True)
    model = GraRep(4, order=2).fit(graph)
    assert not model.embedding_[3].any()
    assert model.target_embedding_[3].any()
    scores = model.decoder_score(np.zeros(4, int), np.arange(4))
    assert scores.argmax() in (1, 2)
    assert scores[0] == pytest.approx(0, abs=1e-6)


def test_fit_when_one_or_two_threads_then_same_bits():
    graph = Graph((_graph(n=700, density=0.01) > 0) * 1.0)
    one, two = (GraRep(16, order=3, n_jobs=n).fit(graph) for n in (1, 2))
    assert one.embedding_.tobytes() == two.embedding_.tobytes()
    assert one.target_embedding_.tobytes() == two.target_embedding_.tobytes()


@pytest.mark.parametrize("a", [
    np.ones((1, 1)), np.ones((2, 2)), np.zeros((3, 3)), np.ones((30, 30)),
    np.eye(6)[[1, 2, 3, 4, 5, 0]], np.triu(np.ones((5, 5)), 1),
])  # fmt: skip
@pytest.mark.filterwarnings("ignore::graphrep.exceptions.GraphWarning")
def test_fit_when_odd_graph_then_finite(a):
    for loops in ("drop", "keep"):
        model = GraRep(9, self_loops=loops).fit(a)
        assert model.embedding_.shape == (len(a), 9)
        assert np.isfinite(model.embedding_).all()


def test_fit_when_memory_is_short_then_an_error_that_names_other_ways(monkeypatch):
    monkeypatch.setattr(_log_matrix, "available_memory", lambda: 1000)
    with pytest.raises(MemoryLimitError, match="ProNE"):
        GraRep(4).fit(_graph())


def test_memory_when_estimated_then_one_matrix_for_each_order():
    two, four = (GraRep(order=k).estimate_memory(10**4, 10**6) for k in (2, 4))
    assert four["matrices"] - two["matrices"] == 2 * 4 * 10**8


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
def test_fit_when_blogcatalog_then_labels_are_learnt(blogcatalog):
    graph, labels = blogcatalog
    x = GraRep(128, power_norm="l2").fit_transform(graph)
    scores = node_classification(
        x, labels, penalize_intercept=True, n_splits=2, train_fractions=(0.1, 0.5)
    )
    assert scores[0.1]["micro"] > 0.355
    assert scores[0.5]["micro"] > 0.385

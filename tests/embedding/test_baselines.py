"""The floors: random vectors know nothing, degree vectors know degrees only."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep import DegreeVectors, Graph, RandomVectors
from graphrep.datasets import load_karate, load_les_miserables
from graphrep.exceptions import GraphWarning


def graph_in_two_directions():
    return Graph.from_edges(
        list("aabcc"), list("bccad"), [1.0, 2.0, 3.0, 4.0, 5.0],
        nodes=list("abcde"), directed=True,
    )  # fmt: skip


def all_scores(model, n):
    return model.decoder_score(np.arange(n)[:, None], np.arange(n)[None, :])


@pytest.mark.parametrize("n_components", [1, 4, 16])
@pytest.mark.parametrize("degree", ["weighted", "count"])
def test_degree_vectors_when_undirected_then_expected_weights(n_components, degree):
    graph = load_les_miserables().graph
    model = DegreeVectors(n_components, degree=degree).fit(graph)
    d = graph.degree(weighted=degree == "weighted").astype(float)
    wanted = np.outer(d, d) / d.sum()
    np.testing.assert_allclose(all_scores(model, graph.n_nodes), wanted, rtol=1e-5)
    assert model.embedding_.shape == (graph.n_nodes, n_components)
    assert not model.embedding_[:, 1:].any()
    assert model.target_embedding_ is None


@pytest.mark.parametrize("degree", ["weighted", "count"])
def test_degree_vectors_when_directed_then_out_times_in(degree):
    graph = graph_in_two_directions()
    a = graph.to_scipy(np.float64).toarray()
    a = a if degree == "weighted" else (a > 0).astype(float)
    model = DegreeVectors(3, degree=degree).fit(graph)
    wanted = np.outer(a.sum(1), a.sum(0)) / a.sum()
    np.testing.assert_allclose(all_scores(model, 5), wanted, rtol=1e-5, atol=1e-12)
    assert not model.embedding_[4].any()
    assert not model.target_embedding_[4].any()


def test_degree_vectors_when_summed_then_the_degrees_themselves():
    a = load_karate().graph.to_scipy(np.float64).toarray()
    scores = all_scores(DegreeVectors().fit(a), len(a))
    np.testing.assert_allclose(scores.sum(axis=1), a.sum(axis=1))


@pytest.mark.parametrize(("self_loops", "degree"), [("keep", [2, 2]), ("drop", [1, 1])])
def test_degree_vectors_when_loops_then_each_counts_once_or_not(self_loops, degree):
    x = DegreeVectors(self_loops=self_loops).fit_transform(np.ones((2, 2)))
    np.testing.assert_allclose(x[:, 0], degree / np.sqrt(np.sum(degree)))


def test_degree_vectors_when_ranked_then_every_node_prefers_the_hubs():
    graph = load_karate().graph
    model = DegreeVectors().fit(graph)
    wanted = np.argsort(-graph.degree(), kind="stable")
    for i in range(3):
        scores = model.decoder_score(i, np.arange(34))
        assert np.argsort(-scores, kind="stable").tolist() == wanted.tolist()


def test_degree_vectors_when_no_edges_then_zeros_and_a_warning():
    with pytest.warns(GraphWarning, match="no edges"):
        assert not DegreeVectors().fit_transform(np.zeros((3, 3))).any()


def test_random_vectors_when_fitted_then_unit_rows_and_zeros_without_edges():
    x = RandomVectors(4, random_state=0).fit_transform(
        graph_in_two_directions().to_scipy(np.float64)
    )
    np.testing.assert_allclose(np.linalg.norm(x[:4], axis=1), 1)
    assert not x[4].any()


def test_random_vectors_when_seed_is_the_same_then_so_are_the_bits(reference):
    graph = load_karate().graph
    one, two = (
        RandomVectors(8, random_state=5, n_jobs=n).fit_transform(graph) for n in (1, 2)
    )
    assert reference.same_bits(one, two)
    other = RandomVectors(8, random_state=6).fit_transform(graph)
    assert np.abs(one - other).max() > 0.1


def test_random_vectors_when_many_then_spread_evenly_over_the_sphere():
    line = Graph.from_edges(np.arange(20_000), np.arange(1, 20_001))
    x = RandomVectors(4, random_state=0).fit_transform(line)
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(x.T @ x / len(x), np.eye(4) / 4, atol=0.01)


def test_random_vectors_when_edges_differ_then_the_same_vectors():
    """Nothing but the number of nodes is read."""
    one = RandomVectors(4, random_state=0).fit_transform(np.ones((6, 6)))
    ring = np.roll(np.eye(6), 1, axis=1)
    np.testing.assert_array_equal(
        one, RandomVectors(4, random_state=0).fit_transform(ring + ring.T)
    )

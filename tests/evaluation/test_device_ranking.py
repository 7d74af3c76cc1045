"""Ranking on a device: exact ties, threads, scores of callables, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep import Graph
from graphrep.evaluation import ReconstructionEvaluator
from graphrep.exceptions import DeviceError

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def graph():
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 200, (2, 600))
    return Graph.from_codes(rows, columns, nodes=200, duplicates="first")


def evaluate(graph, value, device, **parameters):
    evaluator = ReconstructionEvaluator(device=device, hops=(1, 2), **parameters)
    return evaluator.evaluate(graph, value)


@pytest.mark.parametrize("score", ["dot", "cosine", "euclidean"])
def test_device_when_vectors_are_equal_then_they_tie_exactly(graph, device, score):
    rng = np.random.default_rng(1)
    few = rng.normal(size=(9, 33)).astype(np.float32)  # 200 nodes share 9 vectors
    kind = rng.integers(0, 9, 200)
    exact = few.astype(np.float64)
    table = exact @ exact.T
    if score == "cosine":
        lengths = np.sqrt(np.diag(table))
        table = table / lengths / lengths[:, None]
    if score == "euclidean":
        table = -((exact[:, None] - exact) ** 2).sum(axis=2)

    def by_kind(rows):  # equal vectors tie here by construction
        return table[kind[rows]][:, kind]

    found = evaluate(graph, few[kind], device, scores=score, edge_ranks=True)
    expected = evaluate(graph, by_kind, "cpu", scores="native", edge_ranks=True)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(found.edges.tied, expected.edges.tied)
    np.testing.assert_array_equal(found.edges.above, expected.edges.above)


def test_device_when_all_vectors_are_equal_then_chance_exactly(graph, device):
    vectors = np.tile(np.random.default_rng(7).normal(size=16), (200, 1))
    found = evaluate(graph, vectors, device, scores=("dot", "cosine", "euclidean"))
    for score in found.scores:
        np.testing.assert_allclose(
            found.per_node(score=score),
            found.per_node(metric="ap_chance", score=score),
            rtol=1e-12,
        )


def test_device_when_vectors_differ_then_the_metrics_of_the_processor(graph, device):
    vectors = np.random.default_rng(2).normal(size=(200, 16))
    target = np.random.default_rng(3).normal(size=(200, 16))
    for value in (vectors, (vectors, target)):
        for ties in ("expected", "min", "max"):
            found = evaluate(graph, value, device, ties=ties)
            expected = evaluate(graph, value, "cpu", ties=ties)
            np.testing.assert_allclose(found.values, expected.values, atol=1e-6)


def test_device_when_threads_differ_then_the_same_bits(graph, device):
    vectors = np.random.default_rng(4).normal(size=(200, 8))
    one, many = (evaluate(graph, vectors, device, n_jobs=n) for n in (1, 4))
    np.testing.assert_array_equal(one.values, many.values)


def test_device_when_scores_come_from_elsewhere_then_the_same_metrics(graph, device):
    weights = np.random.default_rng(5).normal(size=(200, 200))
    huge = np.random.default_rng(6).normal(size=(200, 4)) * 1e30
    for value in (lambda rows: weights[rows], huge):
        found = evaluate(graph, value, device, scores="native", edge_ranks=True)
        expected = evaluate(graph, value, "cpu", scores="native", edge_ranks=True)
        np.testing.assert_allclose(found.values, expected.values, atol=1e-12)
        np.testing.assert_array_equal(found.edges.above, expected.edges.above)


def test_device_when_it_is_not_there_then_an_error(graph):
    vectors = np.ones((200, 2))
    with pytest.raises(DeviceError, match="float64"):
        evaluate(graph, vectors, "mps")
    with pytest.raises(DeviceError, match="not known"):
        evaluate(graph, vectors, "gpu")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="no cuda device"):
            ReconstructionEvaluator(device="cuda").evaluate(graph, vectors)
    auto = evaluate(graph, vectors, "auto")
    assert auto.mean().value == pytest.approx(auto.chance())

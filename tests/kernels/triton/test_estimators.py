"""Estimators run kernels of Triton where they are at hand, to the same result."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from graphrep import KnowledgeGraph, Node2Vec
from graphrep.datasets import make_sbm
from graphrep.kge import NFE, DistMult

torch = pytest.importorskip("torch")
pytest.importorskip("triton")


@pytest.fixture
def word(place):
    return "torch:cpu" if place.type == "cpu" else str(place)


def fits(model, data, monkeypatch):
    """Fit by Triton, then by torch on the same device."""
    from graphrep.kernels import triton as room

    first = clone(model).fit(data)
    monkeypatch.setattr(room, "at_hand", lambda device: False)
    second = clone(model).fit(data)
    assert second.kernels_ == "torch"
    assert first.device_ == second.device_
    return first, second


def test_skip_gram_when_triton_is_at_hand_then_as_by_torch(word, monkeypatch):
    graph = make_sbm(24, 60, n_communities=3, mixing=0.1, random_state=0).graph
    model = Node2Vec(8, p=0.5, q=2.0, walk_length=7, walks_per_node=1, window=2,
                     round_size=12, device=word, random_state=0)  # fmt: skip
    first, second = fits(model, graph, monkeypatch)
    assert first.kernels_ == "triton"
    np.testing.assert_allclose(first.embedding_, second.embedding_, atol=1e-5)
    assert np.abs(first.embedding_).max() > 0.01


def test_flows_when_triton_is_at_hand_then_as_by_torch(word, monkeypatch):
    rows = np.random.default_rng(0).integers(0, [8, 2, 8], (20, 3))
    graph = KnowledgeGraph(np.unique(rows, axis=0), [f"e{i}" for i in range(8)], None)
    model = NFE(3, n_pieces=2, loss="ce", n_epochs=2, batch_size=200, device=word,
                regularizer="dura", regularization=0.1,
                dtype="float64",
                random_state=0)  # fmt: skip
    first, second = fits(model, graph, monkeypatch)
    assert first.kernels_ == "triton"
    for name in ("entity_parameters_", "relation_parameters_"):
        np.testing.assert_allclose(
            getattr(first, name), getattr(second, name), rtol=1e-7, atol=1e-9
        )
    assert DistMult(4, n_epochs=1, device=word).fit(graph).kernels_ == "torch"

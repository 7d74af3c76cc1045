"""The memory that is estimated is the memory that is allocated."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep import FastRP
from graphrep.datasets import make_sbm
from graphrep.embedding import _fastrp_run
from graphrep.embedding._propagation import Layer


@pytest.mark.parametrize("keep_layers", [True, False])
@pytest.mark.parametrize("layer_dtype", [None, "int8"])
@pytest.mark.parametrize(
    "weights", [(1,), (0, 1), (0, 0, 1, 6.67), (1, 1, 7.81, 45.28), (0, 1, 0, 0, 1)]
)
def test_estimate_when_compared_then_counts_the_layers_made(
    monkeypatch, weights, layer_dtype, keep_layers
):
    made = []
    empty = Layer.empty.__func__

    def counted(cls, n_rows, width, dtype):
        layer = empty(cls, n_rows, width, dtype)
        made.append(layer.data.nbytes + layer.scale.nbytes)
        return layer

    monkeypatch.setattr(_fastrp_run.Layer, "empty", classmethod(counted))
    graph = make_sbm(100, 400, random_state=0).graph
    model = FastRP(
        32, weights=weights, layer_dtype=layer_dtype, keep_layers=keep_layers,
        random_state=0,
    ).fit(graph)  # fmt: skip
    parts = model.estimate_memory(graph.n_nodes, len(graph.indices))
    assert parts["layers"] == sum(made)
    assert parts["embedding"] == model.embedding_.nbytes
    assert parts["total"] == sum(v for k, v in parts.items() if k != "total")
    assert np.isfinite(model.embedding_).all()

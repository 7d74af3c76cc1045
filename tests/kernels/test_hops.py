"""Hop classes against networkx."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from graphrep import Graph
from graphrep.kernels import _hops


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_hops_when_random_graph_then_as_networkx(directed, depth):
    drawn = nx.gnp_random_graph(60, 0.03, seed=depth, directed=directed)
    graph = Graph(nx.to_scipy_sparse_array(drawn), directed=directed)
    classes = np.empty((60, 60), np.uint8)
    csr = graph.csr
    _hops.hop_classes(
        csr.indptr, csr.indices, np.arange(60), depth, classes, np.empty(60, np.int64)
    )
    for source in drawn:
        lengths = nx.single_source_shortest_path_length(drawn, source, cutoff=depth)
        expected = [lengths.get(node, depth + 1) for node in range(60)]
        assert classes[source].tolist() == expected

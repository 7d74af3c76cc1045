"""Core numbers by hand and beside networkx."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import Graph
from graphrep.kernels._core_numbers import core_numbers


def test_cores_when_a_triangle_has_a_tail_then_two_and_one():
    graph = Graph.from_edges(
        ["a", "b", "c", "c", "d"], ["b", "c", "a", "d", "e"], nodes=[*"abcdef"]
    )
    found = core_numbers(graph.indptr, graph.indices)
    assert dict(zip("abcdef", found.tolist(), strict=True)) == {
        "a": 2, "b": 2, "c": 2, "d": 1, "e": 1, "f": 0,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_cores_when_the_graph_is_random_then_those_of_networkx(seed):
    networkx = pytest.importorskip("networkx")
    rng = np.random.default_rng(seed)
    a = np.triu(rng.random((80, 80)) < 0.02 * (seed + 1), 1)
    graph = Graph(sparse.csr_array((a | a.T).astype(float)))
    expected = networkx.core_number(graph.to_networkx())
    found = core_numbers(graph.indptr, graph.indices)
    assert found.tolist() == [expected[v] for v in range(80)]


def test_cores_when_there_is_no_node_then_none():
    assert len(core_numbers(np.zeros(1, np.int64), np.empty(0, np.int32))) == 0

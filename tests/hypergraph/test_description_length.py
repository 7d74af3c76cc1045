"""description_length: the formula, written a second time; what it says of covers."""

from __future__ import annotations

from collections import Counter
from math import comb, lgamma, log, log2

import numpy as np
import pytest

from graphrep import Graph, Hypergraph
from graphrep.exceptions import GraphValueError
from graphrep.hypergraph import description_length, maximal_cliques


def by_hand(hypergraph):
    """-log2 P(H), factor by factor as in the paper."""
    hyperedges = [e for e in hypergraph for _ in range(1) if len(e) >= 2]
    counts = [int(c) for c in hypergraph.counts[hypergraph.sizes >= 2]]
    graph = hypergraph.project(False)
    if not hyperedges:
        return 0.0
    largest = int(maximal_cliques(graph).sizes.max())
    mean = graph.n_edges / (largest - 1)
    total = 0.0
    for k in range(2, largest + 1):
        here = Counter()
        for e, c in zip(hyperedges, counts, strict=True):
            if len(e) == k:
                here[frozenset(e)] += c
        number = sum(here.values())
        total += lgamma(number + 1) / log(2)
        total -= sum(lgamma(c + 1) for c in here.values()) / log(2)
        total -= log2(mean) + number * log2(comb(hypergraph.n_nodes, k))
        total -= (number + 1) * log2(1 / mean + 1)
    return -total


@pytest.mark.parametrize("seed", range(20))
def test_length_when_random_hyperedges_then_the_formula(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 12))
    sizes = rng.integers(1, min(n, 6), int(rng.integers(1, 15)))
    hyperedges = [rng.choice(n, k, replace=False).tolist() for k in sizes]
    counts = rng.integers(1, 4, len(sizes))
    h = Hypergraph(hyperedges, range(n), multiplicities=counts)
    assert description_length(h) == pytest.approx(by_hand(h), rel=1e-12)
    assert description_length(h, h.project()) == description_length(h)


def test_length_when_no_edges_then_zero():
    assert description_length(Hypergraph([(0,), (1,)])) == 0.0
    assert description_length(Hypergraph([], nodes=range(3))) == 0.0


def test_length_when_hyperedges_repeat_then_longer():
    once = [(0, 1, 2), (2, 3), (3, 4)]
    assert description_length(Hypergraph(once)) < description_length(
        Hypergraph([*once, once[0]])
    )


def test_length_when_other_graph_then_error():
    h = Hypergraph([(0, 1, 2)])
    other = Graph.from_edges([0, 1], [1, 2], nodes=3, directed=False)
    with pytest.raises(GraphValueError, match="do not project to the graph"):
        description_length(h, other)

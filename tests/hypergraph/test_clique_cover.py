"""CliqueCover: every edge in a clique, the greedy rule, determinism, real data."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep import Graph, Hypergraph
from graphrep.hypergraph import CliqueCover
from graphrep.metrics import hyperedge_scores

ORDERS = ("random", "nodes", "rare", "common")


def random_graph(n, density, seed):
    upper = np.triu(np.random.default_rng(seed).random((n, n)) < density, 1)
    return Graph.from_edges(*np.nonzero(upper), nodes=n, directed=False)


def plain_cover(graph, edges):
    """The greedy rule in plain Python, node by node."""
    near = {v: set(graph.indices[a:b].tolist()) for v, (a, b) in bounds(graph)}
    open_edges = {frozenset(e) for e in edges}
    found = []
    for u, v in edges:
        if frozenset((u, v)) not in open_edges:
            continue
        clique, common = [u, v], near[u] & near[v]
        while common:
            gain = {
                z: sum(frozenset((z, w)) in open_edges for w in clique) for z in common
            }
            best = min(common, key=lambda z: (-gain[z], z))
            if not gain[best]:
                break
            clique.append(best)
            common &= near[best]
        open_edges -= {frozenset((a, b)) for a in clique for b in clique}
        found.append(tuple(sorted(clique)))
    return found


def bounds(graph):
    return enumerate(zip(graph.indptr[:-1], graph.indptr[1:], strict=True))


@pytest.mark.parametrize("order", ORDERS)
def test_cover_when_random_graphs_then_cliques_that_project_to_the_graph(order):
    for seed in range(20):
        graph = random_graph(3 + seed, 0.5, seed)
        cover = CliqueCover(order=order, random_state=seed).predict(graph)
        assert cover.project(False) == graph
        assert cover.distinct() is cover  # none twice


def test_cover_when_edges_in_node_order_then_as_the_plain_rule():
    for seed in range(30):
        graph = random_graph(12, 0.6, seed)
        edges = [
            (u, int(v))
            for u, (a, b) in bounds(graph)
            for v in graph.indices[a:b]
            if u < v
        ]
        cover = CliqueCover(order="nodes").predict(graph)
        assert list(cover) == plain_cover(graph, edges)


def test_cover_when_same_seed_then_same_cover_and_other_seed_another():
    graph = random_graph(40, 0.4, 0)
    covers = [CliqueCover(random_state=s).predict(graph) for s in (0, 0, 1)]
    assert covers[0] == covers[1]
    assert set(covers[0]) != set(covers[2])


def test_cover_when_isolated_nodes_then_only_with_min_size_one():
    graph = Hypergraph([("a", "b"), ("c",)]).project()
    assert set(CliqueCover().predict(graph)) == {("a", "b")}
    assert set(CliqueCover(min_size=1).predict(graph)) == {("a", "b"), ("c",)}
    assert len(CliqueCover(min_size=3).predict(graph)) == 0


def test_cover_when_no_nodes_or_no_edges_then_empty():
    assert len(CliqueCover().predict(Graph.from_edges([], [], nodes=0))) == 0
    assert len(CliqueCover().predict(Graph.from_edges([], [], nodes=3))) == 0


def test_cover_when_complete_graph_beyond_a_word_then_one_clique():
    graph = Hypergraph([range(150)]).project()
    assert len(CliqueCover(random_state=0).predict(graph)) == 1


def test_cover_when_unknown_order_then_error():
    graph = random_graph(5, 0.5, 0)
    with pytest.raises(ValueError, match="order"):
        CliqueCover(order="best").predict(graph)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "percent"),
    [("enron", 7.3), ("hschool", 6.9), ("hosts", 41.0), ("crimes", 74.4),
     ("pschool", 1.7), ("foursquare", 79.0), ("directors", 100.0)],
)  # fmt: skip
def test_cover_when_real_data_then_within_the_spread_of_orders(
    shared_data, name, percent
):
    lines = (shared_data / "hypergraphs" / name / "test.txt").read_text().split("\n")
    true = Hypergraph([map(int, line.split()) for line in lines if line])
    found = CliqueCover(random_state=0).predict(true.project(False))
    assert 100 * hyperedge_scores(true, found).jaccard == pytest.approx(percent, abs=2)

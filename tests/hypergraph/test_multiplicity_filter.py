"""certain_pairs: never wrong, and complete in one look."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep import Graph, Hypergraph
from graphrep.exceptions import GraphValueError, GraphWarning
from graphrep.hypergraph import certain_pairs


@pytest.mark.parametrize("repeats", [False, True])
def test_certain_pairs_when_random_then_all_are_true(random_hypergraph, repeats):
    some = 0
    for seed in range(60):
        truth = random_hypergraph(seed, repeats=repeats)
        pairs = certain_pairs(truth.project())
        at = truth.find(pairs)
        assert np.all(at >= 0)
        assert np.all(truth.counts[at] >= pairs.counts)
        some += len(pairs)
    assert some > 40


@pytest.mark.parametrize("repeats", [False, True])
def test_certain_pairs_when_taken_out_then_nothing_more_is_found(
    random_hypergraph, repeats
):
    for seed in range(60):
        graph = random_hypergraph(seed, repeats=repeats).project()
        rest = graph.to_scipy() - certain_pairs(graph).project().to_scipy()
        rest.eliminate_zeros()
        assert len(certain_pairs(Graph(rest))) == 0


def test_certain_pairs_when_a_tree_then_every_edge_as_often_as_it_weighs():
    tree = Graph.from_edges(["a", "a", "b"], ["b", "c", "d"], [1.0, 5.0, 2.0])
    pairs = certain_pairs(tree)
    assert dict(zip(pairs, pairs.counts.tolist(), strict=True)) == {
        ("a", "b"): 1,
        ("a", "c"): 5,
        ("b", "d"): 2,
    }


def test_certain_pairs_when_no_weights_then_edges_in_no_triangle():
    graph = Graph.from_edges([0, 0, 1, 2], [1, 2, 2, 3])
    assert list(certain_pairs(graph)) == [(2, 3)]


def test_certain_pairs_when_loops_or_repeats_of_edges_then_read_as_a_graph():
    with_loop = np.array([[3.0, 2.0], [2.0, 0.0]])
    assert certain_pairs(with_loop).counts.tolist() == [2]
    with pytest.warns(GraphWarning, match="repeat"):
        twice = Graph.from_edges(["x", "x"], ["y", "y"])
    assert certain_pairs(twice).counts.tolist() == [2]


@pytest.mark.parametrize("n", [0, 1, 4])
def test_certain_pairs_when_no_edges_then_none(n):
    assert len(certain_pairs(Graph.from_edges([], [], nodes=list(range(n))))) == 0


def test_certain_pairs_when_node_order_differs_then_same_pairs(random_hypergraph):
    truth = random_hypergraph(7, repeats=True)
    graph = truth.project()
    turned = graph.subgraph(np.random.default_rng(0).permutation(12))
    pairs, again = certain_pairs(graph), certain_pairs(turned)
    at = again.find(pairs)
    assert len(pairs) == len(again)
    assert np.array_equal(again.counts[at], pairs.counts)


def test_certain_pairs_when_a_weight_is_not_whole_then_error_names_the_edge():
    graph = Graph.from_edges(["a", "b"], ["b", "c"], [1.0, 2.5])
    with pytest.raises(GraphValueError, match=r"'b' and 'c' weighs 2.5"):
        certain_pairs(graph)


def test_certain_pairs_when_a_weight_is_negative_then_error():
    with pytest.raises(GraphValueError, match="Negative"):
        certain_pairs(np.array([[0.0, -1.0], [-1.0, 0.0]]))


def test_certain_pairs_when_a_weight_is_zero_then_it_is_no_edge():
    assert len(certain_pairs(np.zeros((3, 3)))) == 0


def test_certain_pairs_when_directed_then_error():
    with pytest.raises(GraphValueError, match="directions"):
        certain_pairs(np.array([[0.0, 1.0], [0.0, 0.0]]))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["enron", "hschool", "hosts", "foursquare", "crimes"])
def test_certain_pairs_when_real_then_all_are_true(shared_data, name):
    path = shared_data / "hypergraphs" / name / "test.txt"
    rows = [list(map(int, line.split())) for line in path.read_text().splitlines()]
    truth = Hypergraph(rows).simple()
    pairs = certain_pairs(truth.project())
    assert len(pairs) > 0
    assert np.all(truth.find(pairs) >= 0)

"""Held-out edges: none is trained on, none was needed, and the others are no edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from graphrep import Graph
from graphrep.exceptions import GraphValueError
from graphrep.model_selection import split_edges


def _random(n=60, density=0.1, *, directed=False, weighted=False, seed=0):
    rng = np.random.default_rng(seed)
    a = (rng.random((n, n)) < density) * (rng.random((n, n)) + 1 if weighted else 1.0)
    if not directed:
        a = np.triu(a) + np.triu(a, 1).T
    return Graph(a)


def _pairs(graph):
    rows, columns = graph.adjacency.nonzero()
    return set(zip(rows.tolist(), columns.tolist(), strict=True))


def _n_components(graph):
    return len(np.unique(graph.connected_components()))


@given(
    st.integers(0, 2**32 - 1), st.integers(12, 40), st.floats(0.05, 0.9), st.booleans()
)
@settings(max_examples=30, deadline=None)
def test_split_when_any_graph_then_forest_stays_and_negatives_are_no_edges(
    seed, n, fraction, directed
):
    graph = _random(n, 0.2, directed=directed, weighted=True, seed=seed)
    try:
        split = split_edges(graph, fraction, random_state=seed)
    except GraphValueError:  # every edge is needed; see the errors below
        assume(False)
    whole, train = _pairs(graph), _pairs(split.train)
    held = set(map(tuple, split.positive.tolist()))
    held |= set() if graph.directed else {(j, i) for i, j in held}
    assert train | held == whole
    assert not train & held
    assert _n_components(split.train) == _n_components(graph)
    assert len(split.positive) == len(split.negative)
    assert len(set(map(tuple, split.negative.tolist()))) == len(split.negative)
    for i, j in split.negative.tolist():
        assert i != j
        assert (i, j) not in whole
    assert (split.positive[:, 0] != split.positive[:, 1]).all()
    assert split.train.directed == graph.directed
    kept = split.train.adjacency.toarray()
    assert np.array_equal(kept[kept > 0], graph.adjacency.toarray()[kept > 0])


def test_split_when_fraction_small_then_so_many_edges_are_held_out():
    graph = _random(100, 0.2)
    for fraction in (0.1, 0.5):
        split = split_edges(graph, fraction, random_state=0)
        n_held = graph.n_edges - split.train.n_edges
        assert n_held == len(split.positive) == round(fraction * graph.n_edges)


def test_split_when_seed_same_or_other_then_same_or_other_edges():
    graph = _random()
    one, two, three = (split_edges(graph, random_state=s) for s in (0, 0, 1))
    assert np.array_equal(one.positive, two.positive)
    assert np.array_equal(one.negative, two.negative)
    assert not np.array_equal(one.positive, three.positive)


def test_split_when_ids_then_kept_with_isolated_nodes():
    a = np.zeros((6, 6))
    a[:4, :4] = 1 - np.eye(4)
    graph = Graph(a, nodes=list("uvwxyz"))
    split = split_edges(graph, 0.3, random_state=0)
    assert split.train.node_ids.tolist() == list("uvwxyz")
    assert split.train.n_nodes == 6


def test_forest_when_drawn_often_then_every_edge_is_held_out_at_times():
    graph = _random(12, 0.6)
    seen = set()
    for seed in range(60):
        split = split_edges(graph, 0.3, random_state=seed)
        seen |= set(map(tuple, split.positive.tolist()))
    loops = np.count_nonzero(graph.adjacency.diagonal())
    assert len(seen) == graph.n_edges - loops


def test_split_when_impossible_then_error_says_why():
    path = Graph(np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1))
    for graph, fraction, says in [
        (path, 0.5, "needed to keep it connected"),
        (Graph(np.zeros((3, 3))), 0.5, "held out"),
        (Graph(np.eye(3)), 0.5, "held out"),
        (Graph(1 - np.eye(8)), 0.5, "without an edge"),
        (_random(), 0.0, "between 0 and 1; got 0.0"),
        (_random(), 1.0, "between 0 and 1"),
    ]:
        with pytest.raises(GraphValueError, match=says):
            split_edges(graph, fraction, random_state=0)


def test_split_when_not_a_graph_of_ours_then_read_as_one():
    graph = _random()
    ours = split_edges(graph, 0.2, random_state=0)
    theirs = split_edges(graph.to_networkx(), 0.2, random_state=0)
    assert _pairs(theirs.train) == _pairs(ours.train)
    assert np.array_equal(theirs.positive, ours.positive)

"""The search for maximal cliques in slices, and the order of its roots."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep import Graph
from graphrep.kernels import _clique_state as kept
from graphrep.kernels._degeneracy import degeneracy_rows
from graphrep.kernels._maximal_cliques import enumerate_cliques


def _random(n, density, seed):
    rng = np.random.default_rng(seed)
    a = np.triu(rng.random((n, n)) < density, 1)
    return Graph((a | a.T).astype(float))


def _ordered(graph):
    n = graph.n_nodes
    order, middle = np.empty(n, np.int32), np.empty(n, np.int64)
    starts, rows = np.empty(n + 1, np.int64), np.empty(len(graph.indices), np.int32)
    most = degeneracy_rows(graph.indptr, graph.indices, order, starts, middle, rows)
    return int(most), (order, starts, middle, rows)


def _search(graph, *, room=1000, steps=1 << 40, cramped=False, smallest=1):
    """All cliques, the kernel called again whenever it stops; and how it stopped."""
    most, ordered = _ordered(graph)
    _, starts, middle, _ = ordered
    n = graph.n_nodes
    scratch = kept.clique_scratch(n, most)
    excluded = np.empty(kept.excluded_words(starts, middle) + 256, np.uint64)
    pointers = np.zeros(room + 1, np.int64)
    members = np.empty(room * (most + 1), np.int32)
    state = kept.clique_state(0, smallest)
    cliques, stops = [], set()
    while state[kept.ROOT] < n:
        r = int(state[kept.ROOT])
        if cramped and state[kept.DEPTH] < 0:
            least = kept.excluded_words(starts[r : r + 2], middle[r : r + 1])
            excluded = np.empty(least, np.uint64)
        state[kept.FUEL] = steps
        last = r + 1 if cramped else n
        status = enumerate_cliques(
            last, ordered, scratch, excluded, pointers, members, state
        )
        bounds = pointers[: state[kept.CLIQUES] + 1]
        cliques += [tuple(c.tolist()) for c in np.split(members, bounds)[1:-1]]
        state[[kept.CLIQUES, kept.MEMBERS]] = 0
        stops.add(status)
        if status == kept.ROOM:
            excluded = np.append(excluded, np.zeros(3, np.uint64))
    return cliques, stops


def _expected(graph):
    networkx = pytest.importorskip("networkx")
    return sorted(tuple(sorted(c)) for c in networkx.find_cliques(graph.to_networkx()))


@pytest.mark.parametrize("density", [0.0, 0.02, 0.1, 0.3, 0.6, 1.0])
def test_order_when_the_graph_is_random_then_later_neighbours_are_few(density):
    networkx = pytest.importorskip("networkx")
    graph = _random(60, density, 1)
    most, (order, starts, middle, rows) = _ordered(graph)
    cores = networkx.core_number(graph.to_networkx())
    assert most == max(cores.values()) == max(middle - starts[:-1])
    assert sorted(order.tolist()) == list(range(60))
    for r, v in enumerate(order.tolist()):
        later = rows[starts[r] : middle[r]]
        earlier = rows[middle[r] : starts[r + 1]]
        assert np.all(later > r)
        assert np.all(earlier < r)
        assert np.all(np.diff(order[later]) > 0)
        found = sorted(order[[*later, *earlier]].tolist())
        assert found == graph.neighbors(v)


def test_order_when_there_is_no_node_then_empty():
    none = np.empty(0, np.int32)
    starts = np.empty(1, np.int64)
    assert degeneracy_rows(np.zeros(1, np.int64), none, none, starts, starts, none) == 0


@pytest.mark.parametrize("seed", range(40))
def test_cliques_when_the_graph_is_small_then_those_of_networkx(seed):
    rng = np.random.default_rng(seed)
    graph = _random(int(rng.integers(1, 25)), rng.random() * 0.9, seed)
    cliques, _ = _search(graph)
    assert sorted(cliques) == _expected(graph)


def _nearly_complete(size, seed):
    """Join a clique to 14 loose nodes, and outside nodes to some or all of it."""
    rng = np.random.default_rng(seed)
    n, core = size + 31, size - 13
    a = np.zeros((n, n), bool)
    a[:core, : size + 1] = True
    a[core : size + 1, core : size + 1] = rng.random((14, 14)) < 0.6
    a[: size + 1, size + 1 :] = rng.random((size + 1, 30)) < 0.5
    a[:core, size + 1 : size + 16] = True
    a = np.triu(a, 1)
    shuffled = rng.permutation(n)
    return Graph((a | a.T)[np.ix_(shuffled, shuffled)].astype(float))


@pytest.mark.parametrize("size", [62, 63, 64, 65, 66, 127, 128, 129, 130])
@pytest.mark.parametrize("seed", range(2))
def test_cliques_when_sets_end_at_a_word_then_those_of_networkx(size, seed):
    graph = _nearly_complete(size, seed)
    cliques, _ = _search(graph)
    assert sorted(cliques) == _expected(graph)


_GRAPHS = {"one word": _random(30, 0.6, 3), "two words": _nearly_complete(80, 3)}


@pytest.mark.parametrize("graph", _GRAPHS.values(), ids=_GRAPHS)
def test_cliques_when_stopped_anywhere_then_the_same_in_the_same_order(graph):
    whole, stops = _search(graph)
    assert stops <= {kept.DONE, kept.FULL}
    one_by_one, stops = _search(graph, room=1)
    assert one_by_one == whole
    assert stops == {kept.DONE, kept.FULL}
    by_steps, stops = _search(graph, steps=1)
    assert by_steps == whole
    assert kept.PAUSED in stops
    cramped, stops = _search(graph, cramped=True)
    assert cramped == whole
    assert kept.ROOM in stops


@pytest.mark.parametrize("graph", _GRAPHS.values(), ids=_GRAPHS)
def test_cliques_when_small_ones_are_unwanted_then_the_large_ones_remain(graph):
    whole, _ = _search(graph)
    sizes = sorted({len(c) for c in whole})
    for smallest in (2, sizes[len(sizes) // 2], sizes[-1], sizes[-1] + 1):
        found, _ = _search(graph, smallest=smallest)
        assert found == [c for c in whole if len(c) >= smallest]

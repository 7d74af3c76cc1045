"""maximal_cliques beside networkx: all kinds of graphs, limits, blocks and threads."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from scipy import sparse

from graphrep import Graph, Hypergraph
from graphrep.exceptions import GraphTypeError, GraphValueError, MemoryLimitError
from graphrep.hypergraph import _clique_search, iter_maximal_cliques, maximal_cliques
from graphrep.hypergraph._clique_search import cliques_csr


def _random(n, density, seed):
    rng = np.random.default_rng(seed)
    a = np.triu(rng.random((n, n)) < density, 1)
    return Graph(sparse.csr_array((a | a.T).astype(float)))


def _party(n_couples):
    """All know each other but for couples: 2**n_couples maximal cliques."""
    a = np.ones((2 * n_couples, 2 * n_couples))
    np.fill_diagonal(a, 0)
    for i in range(n_couples):
        a[2 * i, 2 * i + 1] = a[2 * i + 1, 2 * i] = 0
    return Graph(a)


def _expected(graph):
    networkx = pytest.importorskip("networkx")
    found = networkx.find_cliques(graph.to_networkx())
    return sorted(tuple(sorted(c)) for c in found)


def _of_blocks(blocks):
    return list(itertools.chain.from_iterable(blocks))


@pytest.fixture
def many_threads(monkeypatch):
    """Threads share out even small graphs."""
    monkeypatch.setattr(_clique_search, "_TASTE", 0)


# -- the result ------------------------------------------------------------------
@pytest.mark.parametrize("density", [0, 0.01, 0.05, 0.2, 0.5, 0.7, 1])
@pytest.mark.parametrize("n", [1, 2, 9, 40, 63])
def test_cliques_when_the_graph_is_random_then_those_of_networkx(n, density):
    graph = _random(n, density, n)
    found = maximal_cliques(graph)
    assert sorted(found) == _expected(graph)
    assert found.n_nodes == n


def test_cliques_when_the_graph_is_sparse_and_large_then_those_of_networkx():
    graph = _random(600, 0.02, 5)
    assert sorted(maximal_cliques(graph)) == _expected(graph)


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 128, 129, 400])
def test_cliques_when_the_graph_is_complete_then_one(n):
    found = maximal_cliques(np.ones((n, n)) - np.eye(n))
    assert list(found) == [tuple(range(n))]


def test_cliques_when_a_hub_joins_triangles_then_each_with_the_hub():
    n = 3000
    hub = np.zeros(2 * n, np.int64)
    a, b = np.arange(1, 2 * n + 1, 2), np.arange(2, 2 * n + 1, 2)
    graph = Graph.from_edges(
        np.concatenate([hub, a]), np.concatenate([np.arange(1, 2 * n + 1), b])
    )
    wanted = [(0, x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)]
    assert sorted(maximal_cliques(graph)) == wanted


def test_cliques_when_arrays_are_looked_at_then_tidy_and_read_only():
    found = maximal_cliques(_random(50, 0.4, 2))
    assert found.indptr.dtype == np.int64
    assert found.indices.dtype == np.int32
    assert not found.indices.flags.writeable
    assert found == Hypergraph.from_csr(found.indptr, found.indices, nodes=found.nodes)
    assert found.distinct() is found


def test_cliques_when_there_is_no_edge_then_single_nodes():
    graph = Graph.from_edges([], [], nodes=["a", "b"])
    assert sorted(maximal_cliques(graph)) == [("a",), ("b",)]
    assert len(maximal_cliques(graph, min_size=2)) == 0


@pytest.mark.parametrize("min_size", [1, 2, 3, 4, 5, 20])
def test_cliques_when_small_ones_are_unwanted_then_only_the_others(min_size):
    graph = _random(60, 0.25, 7)
    wanted = [c for c in _expected(graph) if len(c) >= min_size]
    assert sorted(maximal_cliques(graph, min_size=min_size)) == wanted


def test_cliques_when_there_are_loops_and_weights_then_they_do_not_matter():
    graph = _random(30, 0.3, 1)
    a = graph.to_scipy().toarray()
    weighted = a * 2.5 + np.diag(np.arange(30) % 2)
    assert list(maximal_cliques(weighted)) == list(maximal_cliques(graph))


def test_cliques_when_ids_are_texts_then_members_are_ids():
    networkx = pytest.importorskip("networkx")
    graph = networkx.Graph([("pear", "fig"), ("fig", "kiwi"), ("kiwi", "pear")])
    graph.add_edge("kiwi", "plum")
    assert {frozenset(c) for c in maximal_cliques(graph)} == {
        frozenset({"pear", "fig", "kiwi"}), frozenset({"kiwi", "plum"}),
    }  # fmt: skip


def test_cliques_when_arrays_are_plain_then_the_same():
    graph = _random(80, 0.3, 3)
    found = maximal_cliques(graph, min_size=3)
    pointers, members = cliques_csr(graph.indptr.copy(), graph.indices.copy(), 3)
    assert np.array_equal(pointers, found.indptr)
    assert np.array_equal(members, found.indices)


# -- threads and blocks ----------------------------------------------------------
@pytest.mark.parametrize(("n", "density"), [(5, 0.5), (90, 0.4), (75, 0.95)])
def test_cliques_when_threads_share_the_roots_then_the_same(n, density, many_threads):
    graph = _random(n, density, 4) if density < 0.9 else _party(9)
    one = maximal_cliques(graph, n_jobs=1)
    assert sorted(one) == _expected(graph)
    for n_jobs in (2, 5, None, -1):
        assert maximal_cliques(graph, n_jobs=n_jobs) == one


@pytest.mark.parametrize("block_size", [1, 2, 7, 100, 10_000])
def test_blocks_when_joined_then_all_cliques_in_order(block_size):
    graph = _random(60, 0.5, 6)
    blocks = list(iter_maximal_cliques(graph, block_size=block_size))
    assert _of_blocks(blocks) == list(maximal_cliques(graph))
    assert all(1 <= len(b) <= block_size for b in blocks)
    large = iter_maximal_cliques(graph, block_size=block_size, min_size=6)
    assert _of_blocks(large) == list(maximal_cliques(graph, min_size=6))


def test_blocks_when_there_are_too_many_cliques_then_the_first_come_at_once():
    blocks = iter_maximal_cliques(_party(40), block_size=5)
    first = list(itertools.islice(blocks, 100))
    cliques = _of_blocks(first)
    assert len(set(cliques)) == 500
    for clique in cliques:
        assert [v // 2 for v in clique] == list(range(40))


# -- limits ----------------------------------------------------------------------
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_cliques_when_there_are_too_many_then_memory_limit(n_jobs):
    with pytest.raises(MemoryLimitError, match=r"more than max_cliques=10,000"):
        maximal_cliques(_party(30), max_cliques=10_000, n_jobs=n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_cliques_when_there_are_as_many_as_allowed_then_all(n_jobs, many_threads):
    graph = _party(10)
    assert len(maximal_cliques(graph, max_cliques=1024, n_jobs=n_jobs)) == 1024
    with pytest.raises(MemoryLimitError, match="max_cliques=1,023"):
        maximal_cliques(graph, max_cliques=1023, n_jobs=n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_cliques_when_memory_is_too_small_then_error_before(n_jobs, monkeypatch):
    monkeypatch.setattr(_clique_search, "_MUCH", 1000)
    monkeypatch.setattr(_clique_search, "available_memory", lambda: 50_000)
    assert len(maximal_cliques(_party(5), n_jobs=n_jobs)) == 32
    with pytest.raises(MemoryLimitError, match=r"more of memory and 50 kB are left"):
        maximal_cliques(_party(30), max_cliques=None, n_jobs=n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_cliques_when_time_is_up_then_error_soon(n_jobs):
    started = time.process_time()
    with pytest.raises(TimeoutError, match=r"max_seconds=0\.1"):
        maximal_cliques(
            _party(40), max_cliques=None, max_seconds=0.1, min_size=40, n_jobs=n_jobs
        )
    assert time.process_time() - started < 5


def test_cliques_when_the_search_finds_none_in_time_then_error():
    graph = _random(300, 0.9, 0)
    with pytest.raises(TimeoutError, match=r"^0 maximal cliques were found"):
        maximal_cliques(graph, min_size=70, max_seconds=0.05, n_jobs=1)


# -- bad input -------------------------------------------------------------------
def test_cliques_when_the_graph_is_directed_then_error():
    graph = Graph.from_edges([0, 1], [1, 2], directed=True)
    with pytest.raises(GraphValueError, match=r"Pass graph\.symmetrize\(\)"):
        maximal_cliques(graph)
    assert len(maximal_cliques(graph.symmetrize())) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_size": 0}, "min_size must be at least 1; got 0"),
        ({"max_cliques": 0}, "max_cliques must be at least 1; got 0"),
        ({"max_seconds": -1.0}, r"max_seconds must be at least 0; got -1\.0"),
    ],
)
def test_cliques_when_a_limit_is_senseless_then_error(options, message):
    with pytest.raises(GraphValueError, match=message):
        maximal_cliques(_random(4, 1, 0), **options)


def test_blocks_when_the_arguments_are_wrong_then_error_before_the_first():
    with pytest.raises(GraphValueError, match="block_size must be at least 1"):
        iter_maximal_cliques(_random(4, 1, 0), block_size=0)
    with pytest.raises(GraphTypeError, match=r"min_size must be a whole number"):
        iter_maximal_cliques(_random(4, 1, 0), min_size=2.5)


# -- real data -------------------------------------------------------------------
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "n_cliques"),
    [
        ("enron", 362), ("crimes", 207), ("directors", 102), ("hosts", 361),
        ("foursquare", 8135), ("hschool", 3279), ("pschool", 15_017),
    ],
)  # fmt: skip
def test_cliques_when_data_are_real_then_those_of_networkx(
    name, n_cliques, shared_data
):
    path = shared_data / "hypergraphs" / name / "test.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    graph = Hypergraph([map(int, line.split()) for line in lines]).project()
    found = maximal_cliques(graph)
    assert len(found) == n_cliques
    assert sorted(found) == _expected(graph)

"""Walks in Triton: those of the numba kernel, node by node."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import Graph
from graphrep.embedding._walk_tables import walk_graph, walk_rule
from graphrep.kernels import _walks as numba_walks

torch = pytest.importorskip("torch")
pytest.importorskip("triton")

SEED = 2**63 - 5
RULES = [  # p, q, weighted, directed
    (1, 1, False, False),
    (1, 1, True, True),
    (0.25, 0.25, False, True),
    (4, 0.5, True, False),
    (1, 0.01, True, True),
    (1e-9, 1e9, True, True),
    (1e9, 1e-9, False, False),
]


def make_graph(*, weighted, directed, n=40, density=0.15):
    rng = np.random.default_rng(0)
    a = (rng.random((n, n)) < density).astype(float)
    if weighted:
        a *= rng.random((n, n))
    np.fill_diagonal(a, 0)
    return Graph(sparse.csr_array(a if directed else np.maximum(a, a.T)))


def both(graph, place, p, q, *, rounds=2, length=6, extended=False):
    """Walks by Triton and by numba."""
    from graphrep.kernels.triton import _walks

    n = graph.n_nodes
    rule = walk_rule(p, q, extended=extended)
    tables = walk_graph(graph, extended=extended)
    starts = np.tile(np.arange(n), rounds)
    keys = np.empty(len(starts), np.uint64)
    numba_walks.walk_keys(
        np.uint64(SEED), np.repeat(np.arange(rounds), n), starts, keys
    )
    wanted = np.empty((len(starts), length), np.int32)
    numba_walks.walks(
        tables, rule, starts, keys, length, wanted, np.empty(len(starts), np.int64)
    )
    got = _walks.walks(
        _walks.to_device(tables, rule, place), rule,
        torch.tensor(starts, device=place),
        torch.tensor(keys.view(np.int64), device=place), length,
    )  # fmt: skip
    return got.cpu().numpy(), wanted


@pytest.mark.parametrize(("p", "q", "weighted", "directed"), RULES)
def test_walks_when_drawn_by_triton_then_those_of_numba(
    place, p, q, weighted, directed
):
    graph = make_graph(weighted=weighted, directed=directed)
    got, wanted = both(graph, place, p, q)
    np.testing.assert_array_equal(got, wanted)
    assert (got[:, 1:] >= 0).any()


@pytest.mark.parametrize(("directed", "q"), [(False, 0.1), (True, 2.0)])
def test_walks_when_node2vec_plus_then_those_of_numba(place, directed, q):
    graph = make_graph(weighted=True, directed=directed)
    got, wanted = both(graph, place, 0.5, q, extended=True)
    np.testing.assert_array_equal(got, wanted)


def test_walks_when_there_are_many_programs_then_those_of_numba(place, monkeypatch):
    from graphrep.kernels.triton import _walks

    monkeypatch.setattr(_walks, "_LANES", 16)
    graph = make_graph(weighted=False, directed=True)
    got, wanted = both(graph, place, 2, 0.5, rounds=3)
    np.testing.assert_array_equal(got, wanted)


def test_walks_when_every_draw_is_refused_then_rows_are_looked_at(place, monkeypatch):
    from graphrep.kernels.triton import _walks

    graph = make_graph(weighted=True, directed=False)
    wanted = both(graph, place, 0.01, 100)[1]
    monkeypatch.setattr(_walks, "_GRACE", 0)
    monkeypatch.setattr(_walks, "_SHARE", 40)
    got, _ = both(graph, place, 0.01, 100, length=3)
    edges = graph.csr.indptr, graph.csr.indices
    rows = [set(edges[1][edges[0][i] : edges[0][i + 1]]) for i in range(graph.n_nodes)]
    assert all(b in rows[a] and c in rows[b] for a, b, c in got[got[:, 2] >= 0])
    # q = 100 keeps the third node near the first: as often as the sampled walks do
    near = [np.mean([w[2] in rows[w[0]] for w in walks]) for walks in (got, wanted)]
    assert abs(near[0] - near[1]) < 0.12


def test_walks_when_sinks_are_reached_then_end_with_minus_one(place):
    a = np.zeros((4, 4))
    a[0, 1] = a[1, 2] = 1
    graph = Graph(sparse.csr_array(a), directed=True)
    got, _ = both(graph, place, 2, 1, rounds=1, length=4)
    assert got.tolist() == [[0, 1, 2, -1], [1, 2, -1, -1], [2, -1, -1, -1],
                            [3, -1, -1, -1]]  # fmt: skip

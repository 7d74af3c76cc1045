"""Statistics of edges and nodes, and features of candidates, against plain Python."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from graphrep import Graph, Hypergraph
from graphrep.hypergraph import maximal_cliques
from graphrep.hypergraph._candidate_features import CandidateFeatures, feature_names
from graphrep.kernels import _edge_statistics as statistics
from graphrep.kernels._core_numbers import core_numbers


class Twin:
    """The same by definition: dictionaries, sets and loops."""

    def __init__(self, graph, cliques):
        n = graph.n_nodes
        self.graph = graph
        self.near = [set(graph.neighbors(v)) for v in range(n)]
        self.weight = dict.fromkeys(combinations(range(n), 2), 0.0)
        rows = np.repeat(np.arange(n), np.diff(graph.indptr))
        values = np.ones(len(rows)) if graph.weights is None else graph.weights
        for u, v, w in zip(rows.tolist(), graph.indices.tolist(), values, strict=True):
            self.weight[min(u, v), max(u, v)] = float(w)
        self.cliques = [set(c) for c in cliques]
        self.core = core_numbers(graph.indptr, graph.indices)

    def w(self, u, v):
        return self.weight[min(u, v), max(u, v)]

    def degree(self, v):
        return len(self.near[v])

    def edge(self, u, v):
        common = self.near[u] & self.near[v]
        around = (self.near[u] | self.near[v]) - {u, v}
        sizes = [len(q) for q in self.cliques if {u, v} <= q]
        explained = sum(min(self.w(u, z), self.w(v, z)) for z in common)
        return {
            "triangles": len(common),
            "adamic_adar": sum(1 / np.log(max(2, self.degree(z))) for z in common),
            "cliques_of_edge": len(sizes),
            "smallest_clique_of_edge": min(sizes),
            "largest_clique_of_edge": max(sizes),
            "jaccard": len(common) / max(1, len(around)),
            "weight": self.w(u, v),
            "explained_by_triangles": explained,
            "residual": self.w(u, v) - explained,
            "explained_share": explained / self.w(u, v),
        }

    def node(self, v):
        near, degree = self.near[v], self.degree(v)
        joined = sum(b in self.near[a] for a, b in combinations(near, 2))
        strength = sum(self.w(u, v) for u in near)
        return {
            "degree": degree,
            "cliques_of_node": sum(v in q for q in self.cliques),
            "clustering": joined / max(1, degree * (degree - 1) / 2),
            "neighbour_degree": sum(map(self.degree, near)) / max(1, degree),
            "core": self.core[v],
            "strength": strength,
            "mean_weight": strength / max(1, degree),
        }

    def own(self, c):
        size, pairs = len(c), list(combinations(c, 2))
        others = set().union(*(self.near[v] for v in c)) - c
        joins = {z: len(self.near[z] & c) for z in others}
        held = [len(q & c) for q in self.cliques]
        parents = [len(q) for q in self.cliques if c <= q]
        of_node = [sum(v in q for q in self.cliques) for v in c]
        alone = sum(self.edge(u, v)["cliques_of_edge"] == 1 for u, v in pairs)
        degrees = sum(map(self.degree, c))
        return {
            "size": size,
            "is_maximal": size not in joins.values(),
            "common_neighbours": sum(j == size for j in joins.values()),
            "near_neighbours": sum(j == size - 1 for j in joins.values()),
            "neighbours": len(others),
            "n_parents": len(parents),
            "smallest_parent": min(parents, default=0),
            "largest_parent": max(parents, default=0),
            "mean_parent": np.mean(parents) if parents else 0,
            "share_of_smallest_parent": size / max(1, min(parents, default=0)),
            "share_of_largest_parent": size / max(1, max(parents, default=0)),
            "exclusive_edges": alone,
            "exclusive_share": alone / max(1, len(pairs)),
            "nodes_in_one_clique": of_node.count(1),
            "conductance": 1 - size * (size - 1) / max(1, degrees),
            "parent_share": len(parents) / max(1, min(of_node)),
            "near_parent_share": sum(h == size - 1 > 0 for h in held)
            / max(1, sum(h > 0 for h in held)),
        }

    def row(self, c, names):
        values = {k: float(v) for k, v in self.own(c).items()}
        tables = [self.edge(u, v) for u, v in combinations(sorted(c), 2)]
        for table, missing in (
            (tables, self.edge(*self.some_edge())),
            ([self.node(v) for v in c], {}),
        ):
            for name in table[0] if table else missing:
                column = [t[name] for t in table] or [np.nan]
                for how in ("min", "mean", "max", "std"):
                    values[f"{name}_{how}"] = float(getattr(np, how)(column))
        return [values[name] for name in names]

    def some_edge(self):
        return next(e for e, w in self.weight.items() if w)


def _weighted(n, density, seed):
    rng = np.random.default_rng(seed)
    a = np.triu((rng.random((n, n)) < density) * rng.integers(1, 6, (n, n)), 1)
    return Graph((a + a.T).astype(float))


def _candidates(graph, cliques):
    """Maximal cliques, edges, single nodes, and parts of three."""
    sets = {tuple(sorted(c)) for c in cliques}
    sets |= {(v,) for v in range(graph.n_nodes)}
    sets |= {tuple(p) for c in cliques for k in (2, 3) for p in combinations(c, k)}
    return Hypergraph(sorted(sets), graph.n_nodes)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "density"), [(14, 0.35), (10, 0.7), (12, 0.12)])
def test_features_when_graph_is_random_then_as_defined(n, density, weighted):
    graph = _weighted(n, density, n)
    if not weighted:
        graph = graph.unweighted()
    cliques = maximal_cliques(graph, min_size=1)
    sets = _candidates(graph, cliques)
    made = CandidateFeatures(graph, cliques, weighted)
    names = feature_names(weighted)
    twin = Twin(graph, cliques)
    expected = np.array([twin.row(set(c), names) for c in sets])
    found = made.rows(sets.indptr, sets.indices)
    assert found.shape == (len(sets), len(names)) == (len(sets), made.width)
    assert found.dtype == np.float32
    for k, name in enumerate(names):
        np.testing.assert_allclose(
            found[:, k], expected[:, k], rtol=1e-5, atol=2e-4, err_msg=name
        )


def test_features_when_threads_differ_then_the_same():
    graph = _weighted(30, 0.3, 0)
    cliques = maximal_cliques(graph)
    made = CandidateFeatures(graph, cliques, True)
    sets = _candidates(graph, cliques)
    one = made.rows(sets.indptr, sets.indices)
    np.testing.assert_array_equal(made.rows(sets.indptr, sets.indices, 3), one)
    assert made.rows(np.zeros(1, np.int64), np.zeros(0, np.int32)).shape[0] == 0


def test_features_when_nodes_are_renumbered_then_the_same():
    graph = _weighted(25, 0.35, 1)
    order = np.random.default_rng(0).permutation(25)
    place = np.argsort(order)
    other = Graph(graph.to_scipy().toarray()[np.ix_(order, order)])
    sets = _candidates(graph, maximal_cliques(graph))
    moved = Hypergraph.from_csr(sets.indptr, place[sets.indices], nodes=25)
    tables = [
        CandidateFeatures(g, maximal_cliques(g), True).rows(s.indptr, s.indices)
        for g, s in ((graph, sets), (other, moved))
    ]
    np.testing.assert_allclose(*tables, rtol=1e-5, atol=2e-4)


def test_common_neighbours_when_random_then_both_entries_hold_the_sums():
    graph = _weighted(18, 0.4, 3)
    twin = Twin(graph, maximal_cliques(graph))
    m = len(graph.indices)
    counts, adamic, together = (np.full(m, -1.0) for _ in range(3))
    statistics.common_neighbours(
        graph.indptr, graph.indices, graph.weights, counts, adamic, together
    )
    rows = np.repeat(np.arange(18), np.diff(graph.indptr))
    for e, (u, v) in enumerate(zip(rows, graph.indices, strict=True)):
        expected = twin.edge(int(u), int(v))
        assert counts[e] == expected["triangles"]
        assert adamic[e] == pytest.approx(expected["adamic_adar"])
        assert together[e] == expected["explained_by_triangles"]


def test_explained_when_projection_then_at_least_the_larger_hyperedges():
    rng = np.random.default_rng(0)
    sizes = rng.integers(2, 6, 40)
    rows = [rng.choice(20, k, replace=False).tolist() for k in sizes]
    graph = Hypergraph(rows, 20).project()
    larger = Hypergraph([r for r in rows if len(r) > 2], 20).project()
    m = len(graph.indices)
    counts, adamic, together = (np.zeros(m) for _ in range(3))
    weights = graph.weights
    statistics.common_neighbours(
        graph.indptr, graph.indices, weights, counts, adamic, together
    )
    dense = larger.to_scipy().toarray()
    owners = np.repeat(np.arange(20), np.diff(graph.indptr))
    assert (together >= dense[owners, graph.indices]).all()


def test_entry_of_when_not_joined_then_minus_one():
    graph = _weighted(9, 0.4, 5)
    dense = graph.to_scipy().toarray()
    for u in range(9):
        for v in range(9):
            at = statistics.entry_of(graph.indptr, graph.indices, u, v)
            if dense[u, v]:
                assert graph.indptr[u] <= at < graph.indptr[u + 1]
                assert graph.indices[at] == v
            else:
                assert at == -1

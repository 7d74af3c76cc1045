"""Counts and motifs of candidates: equal to their definitions on random graphs."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from sklearn.feature_selection import SelectKBest

from graphrep import Hypergraph
from graphrep.hypergraph import _motif_features as module
from graphrep.hypergraph import maximal_cliques
from graphrep.hypergraph._clique_sampler import CliqueSampler
from graphrep.hypergraph._count_features import COUNT_FEATURES, count_features
from graphrep.hypergraph._motif_features import (
    N_MOTIF_FEATURES,
    best_columns,
    motif_features,
    motif_tables,
)
from graphrep.hypergraph._rho import rho


def example(seed, most=14):
    """A random graph, its maximal cliques and some candidates, as arrays and sets."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, most))
    rows = [rng.choice(n, min(n, k)).tolist() for k in rng.integers(1, 6, 12)]
    true = Hypergraph(rows, range(n)).simple()
    graph = true.project(False)
    cliques = maximal_cliques(graph, n_jobs=1)
    sampler = CliqueSampler("greedy", 200)
    sampler.fit(rho(cliques, true), len(true), cliques.sizes)
    return graph, cliques, sampler.sample(cliques, rng)


def rows_of(candidates):
    return [r.tolist() for r in np.split(candidates.members, candidates.indptr[1:-1])]


def plain_counts(graph, cliques, candidates):
    near = [set(graph.indices[a:b].tolist()) for a, b in bounds(graph)]
    whole = [set(c) for c in cliques]
    degree = [len(s) for s in near]
    beside = [np.mean([degree[v] for v in s]) if s else 0.0 for s in near]
    links = [sum(b in near[a] for a, b in combinations(s, 2)) for s in near]
    clustering = [
        t / (d * (d - 1) / 2) if d > 1 else 0.0
        for t, d in zip(links, degree, strict=True)
    ]
    of_node = Counter(v for c in whole for v in c)
    out = []
    for row, n_drawn in zip(rows_of(candidates), candidates.n_drawn, strict=True):
        shared = [sum({u, v} <= c for c in whole) for u, v in combinations(row, 2)]
        out.append(
            [
                set(row) not in whole,
                len(row),
                len(row) > 1 and min(shared) > 1,
                np.mean(shared) if shared else 0.0,
                np.mean([degree[v] for v in row]),
                np.mean([beside[v] for v in row]),
                np.mean([of_node[v] for v in row]),
                np.mean([clustering[v] for v in row]),
                n_drawn,
            ]
        )
    return np.array(out, float)


def bounds(graph):
    return zip(graph.indptr[:-1], graph.indptr[1:], strict=True)


def plain_pair(whole, inside, u, v):
    """Motifs 4 to 13 of an edge from all pairs of cliques that hold u or v."""
    kind = {c: (u in whole[c], v in whole[c]) for c in inside[u] | inside[v]}
    n = Counter(motif=0)
    for c in kind:
        n[4 if kind[c] == (True, True) else 5] += 1
    for a, b in combinations(kind, 2):
        meet = bool((whole[a] & whole[b]) - {u, v})
        both = (kind[a] == (True, True)) + (kind[b] == (True, True))
        if both == 2:
            n[13 if meet else 11] += 1
        elif both == 1:
            n[12 if meet else 9] += 1
        elif kind[a] == kind[b]:
            n[10 if meet else 7] += 1
        else:
            n[8 if meet else 6] += 1
    return [n[motif] for motif in range(4, 14)]


def plain_motifs(graph, cliques, candidates):
    whole = [set(c) for c in cliques]
    inside = {v: {c for c, s in enumerate(whole) if v in s} for v in graph.nodes}
    degree = np.diff(graph.indptr)
    out = []
    for row in rows_of(candidates):
        motifs = [[] for _ in range(13)]
        for v in row:
            pairs = list(combinations(inside[v], 2))
            alone = sum(whole[a] & whole[b] == {v} for a, b in pairs)
            for motif, count in enumerate((len(inside[v]), alone, len(pairs) - alone)):
                motifs[motif].append(count)
        for u, v in combinations(row, 2):
            for motif, count in enumerate(plain_pair(whole, inside, u, v), 3):
                motifs[motif].append(count)
        values = [len(row), np.mean(degree[row])]
        for counts in motifs:
            x = counts or [0]
            values += [min(x), max(x), np.mean(x), np.std(x)]
        out.append(values)
    return np.array(out, float)


def test_counts_when_random_graphs_then_as_defined():
    for seed in range(25):
        given = example(seed)
        found = count_features(*given)
        assert found.shape[1] == len(COUNT_FEATURES)
        np.testing.assert_allclose(found, plain_counts(*given), atol=1e-12)


def test_motifs_when_random_graphs_then_as_defined():
    for seed in range(25):
        given = example(seed)
        found = motif_features(*given, n_jobs=1)
        assert found.shape[1] == N_MOTIF_FEATURES
        np.testing.assert_allclose(found, plain_motifs(*given), atol=1e-9)


def test_motifs_when_capped_then_least_values_alone():
    given = example(2, most=30)
    whole, cut = (motif_features(*given, cap=c, n_jobs=1) for c in (None, 2.0))
    assert whole.max() > 2
    wanted = whole.copy()
    wanted[:, 2::4] = wanted[:, 2::4].clip(max=2)
    np.testing.assert_array_equal(cut, wanted)


def test_motifs_when_rows_of_bits_are_used_or_not_then_the_same(monkeypatch):
    given = example(1, most=60)
    usual = motif_features(*given, n_jobs=1)
    monkeypatch.setattr(module, "_BITS", 0)
    np.testing.assert_array_equal(motif_features(*given, n_jobs=1), usual)


def test_motifs_when_several_threads_then_the_same():
    rng = np.random.default_rng(0)
    rows = [rng.choice(150, k, replace=False).tolist() for k in rng.integers(2, 7, 300)]
    graph = Hypergraph(rows, range(150)).project(False)
    cliques = maximal_cliques(graph, n_jobs=1)
    one, two = (motif_tables(graph, cliques, n_jobs=n) for n in (1, 2))
    assert len(cliques) > 256
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)


def test_motifs_when_cliques_are_many_then_rows_of_bits_agree_with_plain_counting():
    # a hub whose cliques all meet: rows of bits are the cheaper way here
    pairs = [(0, 2 * i + 1, 2 * i + 2) for i in range(70)]
    graph = Hypergraph([*pairs, (0, 1), (1, 3)]).project(False)
    cliques = maximal_cliques(graph, n_jobs=1)
    of_nodes, of_edges = motif_tables(graph, cliques, n_jobs=1)
    whole = [set(c) for c in cliques]
    inside = {v: {c for c, s in enumerate(whole) if v in s} for v in range(141)}
    assert of_nodes[0].tolist() == [71, 71 * 70 / 2 - 2, 2]
    for at in range(graph.indptr[0], graph.indptr[1]):
        wanted = plain_pair(whole, inside, 0, int(graph.indices[at]))
        assert of_edges[at].tolist() == wanted


def test_motifs_when_drawn_then_near_the_exact_ones_and_the_same_for_a_seed():
    given = example(4, most=40)
    exact = motif_features(*given, n_jobs=1)
    drawn = [
        motif_features(*given, downsample=4000, seed=s, n_jobs=1) for s in (1, 1, 2)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2]) or np.array_equal(drawn[0], exact)
    # edges with up to sqrt(4000) cliques, as all are here, are counted
    np.testing.assert_array_equal(drawn[0], exact)


def test_motifs_when_edges_have_many_cliques_then_estimated_without_bias():
    pairs = [(0, 1, i) for i in range(2, 40)] + [(0, i) for i in range(40, 60)]
    graph = Hypergraph([*pairs, *((2, 3, i) for i in range(60, 70))]).project(False)
    cliques = maximal_cliques(graph, n_jobs=1)
    _, exact = motif_tables(graph, cliques, n_jobs=1)
    draws = [
        motif_tables(graph, cliques, downsample=400, seed=s, n_jobs=1)[1][0]
        for s in range(60)
    ]
    size = exact[0, :2].sum()
    assert size > 20
    # of the size**2 ordered draws, two are a pair and one is a clique with itself
    wanted = 2 * exact[0, 2:]
    wanted[module._PLACES[2, 2, 1] - 2] += 38  # cliques of both ends
    wanted[module._PLACES[0, 0, 1] - 2] += 20  # and of one, each with a third node
    wanted *= size * (size - 1) / 2 / size**2
    mean = np.mean(draws, axis=0)
    np.testing.assert_allclose(mean[2:], wanted, rtol=0.1, atol=8)
    np.testing.assert_array_equal(mean[:2], exact[0, :2])


def test_features_when_there_are_no_edges_then_zeros_but_for_the_cliques():
    graph = Hypergraph([(0,), (1,)]).project(False)
    cliques = maximal_cliques(graph, n_jobs=1)
    candidates = CliqueSampler("greedy", 0)
    candidates.fit(rho(cliques, cliques), 2, cliques.sizes)
    some = candidates.sample(cliques, np.random.default_rng(0))
    assert (
        count_features(graph, cliques, some).tolist()
        == [[0, 1, 0, 0, 0, 0, 1, 0, 0]] * 2
    )
    motifs = motif_features(graph, cliques, some, n_jobs=1)
    assert motifs[:, :5].tolist() == [[1, 0, 1, 1, 1]] * 2
    assert not motifs[:, 5:].any()


@pytest.mark.filterwarnings("ignore:Features")
@pytest.mark.filterwarnings("ignore:invalid value")
def test_best_columns_when_random_then_those_of_scikit_learn():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((40, 54))
        y = rng.random(40) < 0.3
        X[:, rng.integers(9, 54, 12)] += y[:, None] * rng.standard_normal(12)
        X[:, 20] = 1.0
        theirs = SelectKBest(k=10).fit(X[:, 9:], y).get_support(indices=True)
        assert best_columns(X, y).tolist() == [*range(9), *(theirs + 9).tolist()]


def test_best_columns_when_one_class_then_the_last_ones():
    X = np.random.default_rng(0).standard_normal((10, 54))
    for y in (np.zeros(10, bool), np.ones(10, bool)):
        assert best_columns(X, y).tolist() == [*range(9), *range(44, 54)]

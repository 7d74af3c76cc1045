"""The search of MARIOH beside a naive twin, and its short cuts beside the long way."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from graphrep import Hypergraph
from graphrep.exceptions import GraphValueError
from graphrep.hypergraph._bidirectional_search import (
    BidirectionalSearch,
    living_cliques,
)
from graphrep.hypergraph._candidate_rows import Rows
from graphrep.hypergraph._negative_cliques import negative_cliques
from graphrep.hypergraph._weighted_projection import WeightedProjection


def by_hash(rows):
    """A probability that is a function of the members, without ties."""
    return rows.hashes() / 2.0**64


def rows_of(sets):
    made = Hypergraph(sets, range(40))
    return Rows(made.indptr, made.indices).in_own_order()


def _run(projection, score=by_hash, *, share=0.0, **options):
    settings = {"threshold": 0.9, "seed": 1, "max_cliques": None} | options
    search = BidirectionalSearch(projection, score, share=share, **settings)
    cliques = living_cliques(projection, projection.weights, None)
    return search.run(projection.weights, cliques)


def _counter(found):
    members = np.split(found.rows.members, found.rows.indptr[1:-1])
    total = Counter()
    for row, count in zip(members, found.counts.tolist(), strict=True):
        if len(row):
            total[tuple(row.tolist())] += count
    return total


def _naive(graph, threshold):
    """Exploit only, round after round, with networkx."""
    left = nx.Graph()
    left.add_weighted_edges_from(
        (u, v, int(w))
        for u, v, w in graph.to_networkx().edges(data="weight", default=1)
    )
    total, n_rounds = Counter(), 0
    while left.number_of_edges():
        now = threshold * (1 - n_rounds / 20)
        cliques = [tuple(sorted(c)) for c in nx.find_cliques(left) if len(c) > 1]
        scores = {}
        for c in cliques:
            row = Rows(np.array([0, len(c)]), np.array(c, np.int32))
            scores[c] = float(by_hash(row)[0])
        for c in sorted(cliques, key=lambda c: -scores[c]):
            pairs = list(combinations(c, 2))
            if scores[c] > now and all(left.has_edge(*p) for p in pairs):
                total[c] += 1
                for u, v in pairs:
                    left[u][v]["weight"] -= 1
                    if left[u][v]["weight"] == 0:
                        left.remove_edge(u, v)
        n_rounds += 1
    return total, n_rounds


@pytest.mark.parametrize("seed", range(6))
def test_run_when_nothing_is_explored_then_as_the_naive_twin(random_hypergraph, seed):
    graph = random_hypergraph(seed, repeats=True).project()
    projection = WeightedProjection.of(graph)
    found = _run(projection)
    wanted, n_rounds = _naive(graph, 0.9)
    assert _counter(found) == wanted
    assert found.n_rounds == n_rounds


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_run_when_short_cuts_are_off_then_the_same(
    random_hypergraph, share, monkeypatch
):
    for seed in range(5):
        projection = WeightedProjection.of(
            random_hypergraph(seed, repeats=True).project()
        )
        quick = _run(projection, share=share)
        with monkeypatch.context() as patch:
            patch.setattr(BidirectionalSearch, "_repeat", lambda *_: 0)
            slow = _run(projection, share=share, remember=False)
        assert _counter(quick) == _counter(slow)
        assert quick.n_rounds == slow.n_rounds


def test_run_when_weights_are_huge_then_rounds_are_done_at_once():
    truth = Hypergraph(
        [(0, 1, 2), (2, 3, 4), (1, 2)], multiplicities=[10**9, 3, 10**12]
    )
    projection = WeightedProjection.of(truth.project())
    found = _run(projection, share=0.5)
    assert sum(_counter(found).values()) >= 10**12
    assert len(found.rows) < 200


def test_run_when_probability_is_nan_then_error():
    projection = WeightedProjection.of(Hypergraph([(0, 1, 2)]).project())
    with pytest.raises(GraphValueError, match="NaN"):
        _run(projection, lambda rows: np.full(len(rows), np.nan))


def test_negative_cliques_when_drawn_then_subsets_that_are_no_hyperedges():
    cliques = rows_of([range(8), range(6, 12), range(20, 40), (15, 16)])
    hyperedges = rows_of([(0, 1), (1, 2, 3), (20, 21, 22, 23), tuple(range(20, 39))])
    drawn = negative_cliques(hyperedges, cliques, per_hyperedge=4, seed=0)
    sets = [frozenset(r.tolist()) for r in np.split(drawn.members, drawn.indptr[1:-1])]
    parents = [set(range(8)), set(range(6, 12)), set(range(20, 40)), {15, 16}]
    assert len(sets) == len(set(sets)) == 16
    assert all(any(s <= p for p in parents) for s in sets)
    assert {len(s) for s in sets} <= {2, 3, 4, 19}
    known = {frozenset(s) for s in [(0, 1), (1, 2, 3), range(20, 24), range(20, 39)]}
    assert not known & set(sets)


def test_negative_cliques_when_all_subsets_are_hyperedges_then_none():
    pairs = rows_of([(0, 1), (1, 2), (0, 2)])
    assert len(negative_cliques(pairs, pairs, per_hyperedge=4, seed=0)) == 0

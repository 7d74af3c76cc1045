"""CliqueSampler: the greedy plan, what is drawn from it, the ablation's samplers."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import comb

import numpy as np
import pytest

from graphrep import Hypergraph
from graphrep.exceptions import MemoryLimitError
from graphrep.hypergraph import maximal_cliques
from graphrep.hypergraph._clique_sampler import CliqueSampler
from graphrep.hypergraph._rho import rho


def cells_of(true):
    """Maximal cliques, rho and its cells as (k, n, subsets, hyperedges)."""
    cliques = maximal_cliques(true.project(), n_jobs=1)
    found = rho(cliques, true)
    cells = [
        (
            *(int(found.k[i]), int(found.n[i])),
            int(found.n_cliques[i]) * comb(int(found.n[i]), int(found.k[i])),
            set(found.hyperedges[found.indptr[i] : found.indptr[i + 1]].tolist()),
        )
        for i in range(len(found.n))
    ]
    return cliques, found, cells


def plain_plan(cells, budget):
    """The greedy rule in plain Python: [(n, k, share)], expected hyperedges."""
    cells, covered, plan, value, left = list(cells), set(), [], 0.0, budget
    while left > 0 and cells:
        best = max(cells, key=lambda c: (len(c[3] - covered) / c[2], c[0], -c[1]))
        gain = len(best[3] - covered)
        if not gain:
            break
        share = min(1.0, left / best[2])
        plan.append((best[1], best[0], share))
        value += share * gain
        covered |= best[3]
        left -= best[2]
        cells.remove(best)
    return plan, value


def best_value(cells, budget):
    """Most hyperedges that whole cells within the budget cover."""
    best = 0
    for r in range(len(cells) + 1):
        for chosen in combinations(cells, r):
            if sum(c[2] for c in chosen) <= budget:
                best = max(best, len(set().union(*(c[3] for c in chosen))))
    return best


def drawn(candidates):
    rows = np.split(candidates.members, candidates.indptr[1:-1])
    return {
        tuple(row.tolist()): int(count)
        for row, count in zip(rows, candidates.n_drawn, strict=True)
    }


@pytest.mark.parametrize("budget", [0, 1, 5, 20, 1000])
def test_plan_when_random_hypergraphs_then_the_greedy_rule(random_hypergraph, budget):
    for seed in range(25):
        true = random_hypergraph(seed, repeats=False)
        cliques, found, cells = cells_of(true)
        made = CliqueSampler("greedy", budget).fit(found, len(true), cliques.sizes)
        plan, value = plain_plan(cells, budget)
        assert [tuple(c) for c in made.plan_] == plan
        assert made.coverage_ == pytest.approx(value)


def test_plan_when_cells_are_few_then_near_the_best_choice(random_hypergraph):
    tried = 0
    for seed in range(60):
        true = random_hypergraph(seed, repeats=False)
        cliques, found, cells = cells_of(true)
        if not 2 <= len(cells) <= 9:
            continue
        for budget in (3, 10, 30):
            made = CliqueSampler("greedy", budget).fit(found, len(true), cliques.sizes)
            # with the last cell taken in part, greedy keeps its guarantee
            assert made.coverage_ >= (1 - 1 / np.e) * best_value(cells, budget) - 1e-9
            tried += 1
    assert tried > 20


def test_plan_when_budget_is_ample_then_covers_all(random_hypergraph):
    true = random_hypergraph(1, repeats=False)
    cliques, found, _ = cells_of(true)
    made = CliqueSampler("greedy", 10**6).fit(found, len(true), cliques.sizes)
    assert made.coverage_ == len(true)
    assert all(c.share == 1.0 for c in made.plan_)
    some = made.sample(cliques, np.random.default_rng(0))
    inside = {tuple(sorted(e)) for e in true}
    assert inside <= set(drawn(some))


def test_auto_budget_when_fitted_then_nine_tenths_are_covered(random_hypergraph):
    for seed in range(10):
        true = random_hypergraph(seed, repeats=False)
        cliques, found, _ = cells_of(true)
        made = CliqueSampler("greedy", "auto").fit(found, len(true), cliques.sizes)
        enough = made.coverage_ >= 0.9 * len(true) - 1e-9
        assert enough or made.budget_ == 50 * len(true)
        less = CliqueSampler("greedy", made.budget_ - 2)
        less.fit(found, len(true), cliques.sizes)
        assert less.coverage_ < 0.9 * len(true)


def test_sample_when_whole_cells_then_every_subset_as_often_as_it_occurs(
    random_hypergraph,
):
    for seed in range(15):
        true = random_hypergraph(seed, repeats=False)
        cliques, found, _ = cells_of(true)
        made = CliqueSampler("greedy", 10**6).fit(found, len(true), cliques.sizes)
        some = made.sample(cliques, np.random.default_rng(0))
        wanted = Counter()
        for n, k, _ in made.plan_:
            for clique in cliques:
                if len(clique) == n:
                    wanted.update(combinations(clique, k))
        whole = {tuple(c) for c in cliques}
        expected = {c: wanted.pop(c, 0) for c in whole} | dict(wanted)
        assert drawn(some) == expected
        assert some.n_maximal == len(cliques)
        assert set(list(drawn(some))[: some.n_maximal]) == whole


def test_sample_when_share_is_partial_then_so_many_cliques_at_random():
    apart = [(3 * i, 3 * i + 1, 3 * i + 2) for i in range(40)]
    true = Hypergraph([e[:2] for e in apart] + apart, range(120)).simple()
    cliques, found, _ = cells_of(true)
    made = CliqueSampler("greedy", 100).fit(found, len(true), cliques.sizes)
    assert made.plan_ == [(3, 3, 1.0), (3, 2, 0.5)]
    draws = [drawn(made.sample(cliques, np.random.default_rng(s))) for s in (0, 0, 1)]
    pairs = [{e for e in d if len(e) == 2} for d in draws]
    assert [len(p) for p in pairs] == [60, 60, 60]
    assert pairs[0] == pairs[1] != pairs[2]


def test_sample_when_budget_is_zero_then_maximal_cliques_alone(random_hypergraph):
    true = random_hypergraph(2, repeats=False)
    cliques, found, _ = cells_of(true)
    made = CliqueSampler("greedy", 0).fit(found, len(true), cliques.sizes)
    some = made.sample(cliques, np.random.default_rng(0))
    assert made.plan_ == []
    assert len(some) == some.n_maximal == len(cliques)
    assert not some.n_drawn.any()


def test_sample_when_sizes_were_not_seen_then_subsets_only_if_extrapolated():
    true = Hypergraph([(0, 1, 2), (0, 1), (3, 4, 5), (3, 4)])
    cliques, found, _ = cells_of(true)
    larger = maximal_cliques(Hypergraph([range(5), (5, 6)]).project(), n_jobs=1)
    counts = {}
    for extrapolate in (False, True):
        made = CliqueSampler("greedy", 15, extrapolate=extrapolate)
        made.fit(found, len(true), cliques.sizes)
        some = made.sample(larger, np.random.default_rng(0))
        counts[extrapolate] = len(some) - some.n_maximal
        assert some.n_drawn.sum() <= 15
    assert counts[False] == 0
    assert counts[True] > 0


def test_sample_when_there_is_too_much_then_refused():
    true = Hypergraph([range(20), range(10)])
    cliques, found, _ = cells_of(true)
    made = CliqueSampler("greedy", 10**6, max_candidates=1000)
    made.fit(found, len(true), cliques.sizes)
    with pytest.raises(MemoryLimitError, match="max_candidates=1,000"):
        made.sample(cliques, np.random.default_rng(0))


@pytest.mark.parametrize("method", ["greedy", "random", "head", "head_tail"])
def test_sample_when_min_size_then_nothing_smaller(random_hypergraph, method):
    true = random_hypergraph(5, repeats=False)
    cliques, found, _ = cells_of(true)
    made = CliqueSampler(method, 200).fit(found, len(true), cliques.sizes)
    some = made.sample(cliques.with_sizes(2), np.random.default_rng(0), 2)
    assert some.sizes.min(initial=2) >= 2


@pytest.mark.parametrize("method", ["greedy", "random", "head", "head_tail"])
def test_sample_when_there_are_no_cliques_then_no_candidates(method):
    nothing = Hypergraph([], range(3))
    found = rho(nothing, nothing)
    made = CliqueSampler(method, 10).fit(found, 0, nothing.sizes)
    some = made.sample(nothing, np.random.default_rng(0))
    assert len(some) == some.n_maximal == 0


def test_random_when_drawn_then_subsets_of_cliques_weighed_by_two_to_their_size():
    cliques = Hypergraph([range(5), (5, 6)])
    made = CliqueSampler("random", 20_000)
    made.fit(rho(cliques, cliques), 2, cliques.sizes)
    counts = drawn(made.sample(cliques, np.random.default_rng(0)))
    assert sum(counts.values()) == 20_000
    assert set(counts) == {
        tuple(c)
        for clique in (range(5), (5, 6))
        for k in range(1, 6)
        for c in combinations(clique, k)
    }
    # a clique of 5 against one of 2: 32 to 4; its 31 subsets have equal chance
    inside = [n for c, n in counts.items() if c[0] < 5]
    assert sum(inside) / 20_000 == pytest.approx(32 / 36, abs=0.01)
    assert np.std(inside) / np.mean(inside) < 0.1


def test_head_when_drawn_then_pairs_and_for_the_tail_all_but_one_member():
    cliques = Hypergraph([(0, 1, 2, 3), (3, 4, 5), (5, 6), (7,)])
    found = rho(cliques, cliques)
    for method, larger in (
        ("head", []),
        ("head_tail", [*combinations(range(4), 3), (0, 1, 2, 3)]),
    ):
        made = CliqueSampler(method, 1000).fit(found, 4, cliques.sizes)
        some = made.sample(cliques, np.random.default_rng(0))
        pairs = [*combinations(range(4), 2), *combinations((3, 4, 5), 2)]
        assert sorted(drawn(some)) == sorted(pairs + larger)
        assert some.n_maximal == ((0, 1, 2, 3) in larger)


@pytest.mark.parametrize("method", ["head", "head_tail"])
def test_head_when_budget_is_small_then_it_is_kept(method):
    cliques = Hypergraph([range(6), range(5, 10), range(9, 13)])
    found = rho(cliques, cliques)
    for budget in range(40):
        made = CliqueSampler(method, budget).fit(found, 3, cliques.sizes)
        some = made.sample(cliques, np.random.default_rng(1))
        most = {"head": 31, "head_tail": 31 + 18}[method]
        assert some.n_drawn.sum() == min(budget, most)

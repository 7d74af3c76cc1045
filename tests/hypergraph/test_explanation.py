"""Explanation: what competition changes, when it is used, answers that add up."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from graphrep import Hypergraph
from graphrep.hypergraph._consistent import consistent
from graphrep.hypergraph._explanation import (
    NONE,
    Explanation,
    cover_of,
    explain,
    fit_explanation,
    least_energy,
)
from graphrep.hypergraph._multiplicities import fit_multiplicities

PLAIN = (0.0, 1.0, 0.0, 0.0, 0.0, 0.0)


def _rows(hyperedges, n):
    made = Hypergraph(hyperedges, n)
    return made.indptr, made.indices


def test_explain_when_weights_add_up_then_the_truth_becomes_likely():
    true = Hypergraph([(0, 1, 2), (0, 1), (2, 3)], 4)
    graph = true.project()
    rows = _rows([(0, 1, 2), (0, 1), (0, 2), (1, 2), (2, 3)], 4)
    how = Explanation(4.0, PLAIN, True)
    odds = explain(how, cover_of(graph, rows, True), np.zeros(5), 0)
    assert ((odds > 0) == [True, True, False, False, True]).all()
    plain = Explanation(4.0, PLAIN, False)
    flat = explain(plain, cover_of(graph, rows, False), np.zeros(5), 0)
    assert flat[0] > 0
    assert flat[4] > 3
    assert abs(flat[2]) < 1


def test_explain_when_price_is_zero_or_no_candidates_then_unchanged():
    graph = Hypergraph([(0, 1, 2)]).project()
    rows = _rows([(0, 1, 2), (0, 1)], 3)
    odds = np.array([0.3, -4.0])
    assert explain(NONE, cover_of(graph, rows, True), odds, 0) is odds
    none = _rows([], 3)
    how = Explanation(1.0, PLAIN, True)
    assert len(explain(how, cover_of(graph, none, True), odds[:0], 0)) == 0


def _known(seed, *, noise):
    """Candidates of a random projection with odds that say little."""
    rng = np.random.default_rng(seed)
    rows = [rng.choice(60, k, replace=False).tolist() for k in rng.integers(2, 5, 80)]
    true = Hypergraph(rows, 60).simple()
    graph = true.project()
    parts = [list(e)[:2] for e in true] + [list(e)[1:] for e in true if len(e) > 2]
    every = Hypergraph([list(e) for e in true] + parts, 60).simple()
    y = (true.find(every) >= 0).astype(np.int64)
    odds = (y - 0.5) * 0.5 + rng.normal(0, noise, len(y))
    return graph, (every.indptr, every.indices), odds, y


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_least_energy_when_tiny_then_that_of_the_best_subset(counted, seed):
    rng = np.random.default_rng(seed)
    holds = rng.random((9, 6)) < 0.4
    amount = rng.integers(1, 4, 6) if counted else np.ones(6, np.int64)
    scores, price = rng.normal(0, 2, 9), 1.5
    states = np.array(list(product((0, 1), repeat=9)))
    left = amount - states @ holds
    left = np.abs(left) if counted else np.maximum(left, 0)
    energies = price * left.sum(axis=1) - states @ scores
    pointers = np.concatenate([[0], np.cumsum(holds.sum(axis=1))])
    shares = least_energy(
        pointers, np.nonzero(holds)[1], amount, scores, price, counted
    )
    assert ((shares >= 0) & (shares <= 1)).all()
    rest = amount - shares @ holds
    rest = np.abs(rest) if counted else np.maximum(rest, 0)
    energy = price * rest.sum() - shares @ scores
    assert energy <= energies.min() + 1e-9
    if (shares % 1 == 0).all():
        np.testing.assert_allclose(energy, energies.min())


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_fit_explanation_when_odds_are_poor_then_weights_help(n_jobs):
    graph, rows, odds, y = _known(0, noise=0.7)
    cover = cover_of(graph, rows, True)
    how, new = fit_explanation(cover, odds, y, 0, counted=True, seed=0, n_jobs=n_jobs)
    assert how.price > 0
    before = ((odds > 0) == y).mean()
    after = ((new > 0) == y).mean()
    assert after > max(before, 0.85)
    np.testing.assert_array_equal(explain(how, cover, odds, 0), new)


def test_fit_explanation_when_one_class_or_no_edges_then_none():
    graph, rows, odds, y = _known(1, noise=0.5)
    cover = cover_of(graph, rows, True)
    options = {"counted": True, "seed": 0, "n_jobs": 1}
    for labels in (y * 0, y * 0 + 1):
        how, new = fit_explanation(cover, odds, labels, 0, **options)
        assert how == NONE
        assert new is odds
    empty = Hypergraph([], 4).project()
    nodes = _rows([(0,), (1,)], 4)
    how, _ = fit_explanation(
        cover_of(empty, nodes, True), np.zeros(2), np.array([0, 1]), 0, **options
    )
    assert how == NONE
    how, _ = fit_explanation(
        cover_of(graph, _rows([], 60), True), odds[:0], y[:0], 3, **options
    )
    assert how == NONE


@pytest.mark.parametrize("least", [-np.inf, -1.0, 0.0, np.inf])
@pytest.mark.parametrize("seed", range(3))
def test_consistent_when_odds_are_any_then_answer_projects_to_the_graph(seed, least):
    graph, rows, _, _ = _known(seed, noise=1.0)
    odds = np.random.default_rng(seed).normal(size=len(rows[0]) - 1)
    for weighted in (True, False):
        (pointers, members), new, counts = consistent(
            graph if weighted else graph.unweighted(), rows, odds, weighted, least
        )
        chances = 1 / (1 + np.exp(-new))
        made = Hypergraph.from_csr(
            pointers,
            members,
            nodes=60,
            multiplicities=counts,
            weights=chances,
        )
        assert made.project(weighted) == (graph if weighted else graph.unweighted())
        assert len(made.simple()) == len(made) == len(new)


def test_fit_multiplicities_when_exact_then_found():
    rng = np.random.default_rng(0)
    rows = [rng.choice(40, k, replace=False).tolist() for k in rng.integers(2, 6, 25)]
    true = Hypergraph(rows, 40, multiplicities=rng.integers(1, 20, 25)).distinct()
    found = fit_multiplicities(true.project(), (true.indptr, true.indices))
    assert (found == true.counts).mean() > 0.9
    one = fit_multiplicities(true.project(), _rows([(0,)], 40))
    assert one.tolist() == [1]

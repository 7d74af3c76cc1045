"""rho: equal to its definition on random hypergraphs."""

from __future__ import annotations

from math import comb, inf

import numpy as np
import pytest

from graphrep import Hypergraph
from graphrep.hypergraph import _rho as module
from graphrep.hypergraph import maximal_cliques
from graphrep.hypergraph._rho import as_float, rho


def plain_cells(cliques, hyperedges):
    """Cells by comparing all pairs: (n, k) to (cliques, subsets, hyperedges)."""
    cells = {}
    rows = [set(c) for c in cliques]
    for n in {len(c) for c in rows}:
        of_size = [c for c in rows if len(c) == n]
        for k in range(1, n + 1):
            inside = {
                at
                for at, e in enumerate(hyperedges)
                if len(e) == k and any(set(e) <= c for c in of_size)
            }
            if inside:
                cells[n, k] = len(of_size), len(of_size) * comb(n, k), inside
    return cells


def as_cells(found):
    return {
        (int(n), int(k)): (
            int(found.n_cliques[i]),
            int(found.n_subsets[i]),
            set(found.hyperedges[found.indptr[i] : found.indptr[i + 1]].tolist()),
        )
        for i, (n, k) in enumerate(zip(found.n, found.k, strict=True))
    }


@pytest.mark.parametrize("block", [1, 3, 1 << 16])
def test_rho_when_random_hypergraphs_then_as_defined(
    random_hypergraph, monkeypatch, block
):
    monkeypatch.setattr(module, "_BLOCK", block)
    for seed in range(25):
        true = random_hypergraph(seed, repeats=False)
        cliques = maximal_cliques(true.project(), n_jobs=1)
        found = rho(cliques, true)
        assert as_cells(found) == plain_cells(cliques, true)
        assert np.allclose(found.efficiency, found.n_found / found.n_subsets)


def test_rho_when_made_then_cells_by_k_descending_and_n_ascending(random_hypergraph):
    true = random_hypergraph(3, repeats=False)
    found = rho(maximal_cliques(true.project(), n_jobs=1), true)
    order = list(zip(-found.k, found.n, strict=True))
    assert order == sorted(order)


def test_rho_when_hyperedges_are_no_cliques_or_empty_then_no_cell():
    apart = Hypergraph([(0, 1), (2, 3)], range(4))
    for hyperedges in ([(0, 2)], [()], []):
        found = rho(apart, Hypergraph(hyperedges, range(4)))
        assert len(found.n) == 0
        assert found.indptr.tolist() == [0]


def test_rho_when_nothing_is_there_then_no_cell():
    nothing = Hypergraph([], range(3))
    assert len(rho(nothing, nothing).n) == 0


def test_as_float_when_too_long_then_infinite():
    assert as_float(10**400) == inf
    assert as_float(7) == 7.0


def test_rho_when_cliques_are_huge_then_rates_are_zero_and_no_overflow():
    clique = Hypergraph([range(1200)], range(1200))
    found = rho(clique, Hypergraph([range(600)], range(1200)))
    assert found.n_subsets.tolist() == [inf]
    assert found.efficiency.tolist() == [0.0]

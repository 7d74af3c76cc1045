"""Subsets of cliques and the cliques that hold a hyperedge, against itertools."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from graphrep import Hypergraph
from graphrep.kernels import _clique_cells as kernels


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_subsets_when_written_then_those_of_itertools_in_order(size):
    cliques = Hypergraph([range(5), (2, 7, 9), (), (1, 2, 3, 4, 8, 9), (6,)], range(10))
    rows = np.array([3, 0, 1, 4, 2, 0])
    wanted = [c for r in rows for c in combinations(cliques[r], size)]
    out = np.empty((sum(comb(len(cliques[r]), size) for r in rows), size), np.int32)
    written = kernels.subsets(cliques.indptr, cliques.indices, rows, size, out)
    assert written == len(out)
    assert [tuple(row) for row in out.tolist()] == wanted


def test_containing_sizes_when_ranges_are_cut_then_the_same(random_rows):
    cliques, edges = random_rows
    sizes, slots = np.unique(cliques.sizes, return_inverse=True)
    given = (edges.indptr, edges.indices, *cliques.transpose(), slots)
    whole = np.zeros((len(edges), len(sizes)), bool)
    kernels.containing_sizes(0, len(edges), *given, whole)
    parts = np.zeros_like(whole)
    for start in range(0, len(edges), 7):
        stop = min(start + 7, len(edges))
        kernels.containing_sizes(start, stop, *given, parts[start:stop])
    np.testing.assert_array_equal(whole, parts)
    for e, edge in enumerate(edges):
        holders = {len(c) for c in cliques if edge and set(edge) <= set(c)}
        assert set(sizes[whole[e]].tolist()) == holders


@pytest.fixture
def random_rows():
    rng = np.random.default_rng(0)

    def rows(n, low, high):
        return [
            rng.choice(15, k, replace=False).tolist()
            for k in rng.integers(low, high, n)
        ]

    return Hypergraph(rows(40, 3, 9), range(15)), Hypergraph(rows(50, 0, 5), range(15))

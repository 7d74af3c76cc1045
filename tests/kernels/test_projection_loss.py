"""Kernels of the projection loss against their definitions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from graphrep import Hypergraph
from graphrep.kernels import _projection_loss as kernels


def random_hypergraph(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 12))
    sizes = rng.integers(1, min(n, 6) + 1, int(rng.integers(1, 25)))
    rows = [rng.choice(n, k, replace=False).tolist() for k in sizes]
    return Hypergraph(rows, range(n)).simple()


@pytest.mark.parametrize("seed", range(25))
def test_nested_when_random_then_as_every_pair_says(seed):
    h = random_hypergraph(seed)
    outer = np.empty(len(h), np.int64)
    kernels.nested(h.indptr, h.indices, *h.transpose(), outer)
    sets = [set(e) for e in h]
    for e, found in enumerate(outer):
        wanted = [f for f in range(len(h)) if sets[e] < sets[f]]
        assert (found in wanted) if wanted else found == -1


@pytest.mark.parametrize("seed", range(25))
def test_triangles_when_random_then_as_every_triple_says(seed):
    h = random_hypergraph(seed)
    graph = h.project(False)
    near = graph.to_scipy().toarray() != 0
    triangles = [
        t for t in combinations(range(h.n_nodes), 3)
        if all(near[a, b] for a, b in combinations(t, 2))
    ]  # fmt: skip
    bare = [t for t in triangles if not any(set(t) <= set(e) for e in h)]
    arrays = (graph.indptr, graph.indices), (h.indptr, h.indices), h.transpose()
    assert kernels.count_triangles(*arrays, 10**9) == (len(triangles), len(bare))

"""Hypergraphs to try methods on."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep import Hypergraph


@pytest.fixture(scope="session")
def random_hypergraph():
    """Make some hyperedges of 2 to 6 of 12 nodes, small ones more often."""

    def make(seed, *, repeats):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 16))
        sizes = 2 + rng.geometric(0.5, n).clip(max=5) - 1
        rows = [rng.choice(12, size, replace=False).tolist() for size in sizes]
        counts = rng.geometric(0.4, n) if repeats else None
        whole = Hypergraph(rows, range(12), multiplicities=counts)
        return whole.distinct() if repeats else whole.simple()

    return make

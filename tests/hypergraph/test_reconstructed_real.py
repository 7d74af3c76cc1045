"""HypergraphReconstructor on real hypergraphs: no worse than was measured."""

from __future__ import annotations

import pytest

from graphrep import Hypergraph
from graphrep.hypergraph import HypergraphReconstructor


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "least"),
    [
        ("crimes", {"weighted": True, "min_size": 2}, 0.98),
        ("crimes", {"weighted": False}, 0.77),
        ("hosts", {"weighted": True, "n_folds": 2, "min_size": 2}, 0.85),
        ("enron", {"weighted": False, "n_folds": 2}, 0.22),
    ],
)
def test_score_when_real_then_as_measured(shared_data, name, options, least):
    folder = shared_data / "hypergraphs" / name
    known, true = (
        Hypergraph([line.split() for line in (folder / file).read_text().splitlines()])
        for file in ("train.txt", "test.txt")
    )
    made = HypergraphReconstructor(random_state=0, n_jobs=1, **options)
    smallest = made.min_size
    made.fit(known.simple().with_sizes(smallest))
    true = true.simple().with_sizes(smallest)
    found = made.score(true.project(), true)
    assert found >= least

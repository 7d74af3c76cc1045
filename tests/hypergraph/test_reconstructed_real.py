"""HypergraphReconstructor on real hypergraphs: no worse than was measured."""

from __future__ import annotations

import pytest

from graphrep import Hypergraph
from graphrep.hypergraph import HypergraphReconstructor


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "weighted", "least"),
    [("enron", False, 0.22), ("enron", True, 0.30), ("crimes", True, 0.95)],
)
def test_score_when_real_then_as_measured(shared_data, name, weighted, least):
    known, true = (
        Hypergraph([line.split() for line in path.read_text().splitlines()]).simple()
        for path in (
            shared_data / "hypergraphs" / name / f"{part}.txt"
            for part in ("train", "test")
        )
    )
    made = HypergraphReconstructor(weighted=weighted, random_state=0).fit(known)
    assert made.score(true.project(), true) >= least

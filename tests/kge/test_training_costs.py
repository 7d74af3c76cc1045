"""What a training is said to take is what it takes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from graphrep.graph import KnowledgeGraph
from graphrep.kge import NFE, ComplEx, DistMult


@pytest.fixture(scope="module")
def triples():
    rng = np.random.default_rng(0)
    rows = np.unique(rng.integers(0, [3000, 5, 3000], (12_000, 3)), axis=0)
    return [
        KnowledgeGraph(part, range(3000), range(5))
        for part in (rows[:11_000], rows[11_000:])
    ]


@pytest.mark.parametrize("validated", [False, True])
@pytest.mark.parametrize(
    ("kind", "options"),
    [(NFE, {}), (DistMult, {"loss": "ce"}), (ComplEx, {"optimizer": "adagrad"})],
)
def test_estimate_memory_when_trained_then_about_so_much(
    triples, kind, options, validated
):
    learnt, held_out = triples
    given = {"validation": held_out if validated else None}
    model = kind(32, n_epochs=1, validate_every=1, n_jobs=1, random_state=0, **options)
    model.fit(learnt, **given)  # compiles
    tracemalloc.start()
    model.fit(learnt, **given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    need = model.estimate_memory(learnt, **given)
    assert need.pop("total") == sum(need.values())
    assert 0.8 < peak / (sum(need.values()) - need["triples"]) < 1.3

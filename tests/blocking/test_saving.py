"""Blockers in files: the same pairs after loading, and what cannot be written."""

from __future__ import annotations

import numpy as np
import pytest

import graphrep
from graphrep.blocking import (
    KeyBlocker,
    MetaBlocker,
    MinHashBlocker,
    NLSHBlocker,
    SortedNeighbourhoodBlocker,
    TfidfBlocker,
    as_records,
)
from graphrep.datasets import make_records
from graphrep.exceptions import GraphTypeError

BLOCKERS = [
    KeyBlocker(columns=["name"]),
    MetaBlocker(),
    MinHashBlocker(threshold=0.3, random_state=0),
    NLSHBlocker(random_state=0),
    SortedNeighbourhoodBlocker("name"),
    TfidfBlocker(analyzer="word", budget=2.0),
]


@pytest.fixture(scope="module")
def made():
    return make_records(150, kind="persons", random_state=0)


@pytest.mark.parametrize("blocker", BLOCKERS, ids=lambda b: type(b).__name__)
@pytest.mark.parametrize("name", ["model", "model.zip"])
def test_load_when_saved_then_the_same_pairs(blocker, name, made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    before = blocker.fit_candidate_pairs(A, B)
    blocker.save(tmp_path / name)
    loaded = graphrep.load(tmp_path / name)
    after = loaded.candidate_pairs(A, B)
    assert type(loaded) is type(blocker)
    assert loaded.get_params() == blocker.get_params()
    assert np.array_equal(before.left_rows, after.left_rows)
    assert np.array_equal(before.right_rows, after.right_rows)
    assert np.array_equal(before.scores, after.scores)


def test_load_when_learnt_from_labels_then_the_ranker_is_there(made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    blocker = NLSHBlocker(random_state=0)
    before = blocker.fit_candidate_pairs(A, B, made.matches)
    assert blocker.ranker_ is not None
    blocker.ranker_.weight_ = blocker.ranker_.weight_ or 0.0
    blocker.save(tmp_path / "model")
    loaded = graphrep.load(tmp_path / "model")
    assert loaded.ranker_.weight_ == blocker.ranker_.weight_
    assert loaded.ranker_.recalls_ == blocker.ranker_.recalls_
    after = loaded.candidate_pairs(A, B)
    assert np.array_equal(before.scores, after.scores)
    text = (tmp_path / "model" / "README.md").read_text()
    assert "candidate_pairs" in text
    assert "hashes" in text


def test_save_when_rules_or_dense_encoder_then_refused(made, tmp_path):
    A, B = as_records(made.left), as_records(made.right)
    blocker = TfidfBlocker(exclude=lambda a, b: np.zeros(len(a), bool)).fit(A, B)
    with pytest.raises(GraphTypeError, match="exclude"):
        blocker.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()

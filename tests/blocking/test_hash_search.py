"""HashSearch: NLSHBlocker and EmbeddingBlocker by hash codes of their vectors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from graphrep.blocking import EmbeddingBlocker, NLSHBlocker
from graphrep.exceptions import GraphValueError


class Stored(BaseEstimator):
    """Vectors of records by their text, a number."""

    def __init__(self, vectors):
        self.vectors = vectors

    def fit(self, A, B, miner=None, loss=None, *, seed=0, n_jobs=None, progress=None):
        return self

    def transform(self, records, *, n_jobs=None):
        return self.vectors[[int(text) for text in records["t"]]]


def _task(n=300, noise=0.2):
    draw = np.random.default_rng(0)
    X = draw.normal(size=(n, 16))
    both = np.concatenate([X, X + noise * draw.normal(size=X.shape)])
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    tables = {"t": [str(i) for i in range(n)]}, {"t": [str(n + i) for i in range(n)]}
    return both.astype(np.float32), *tables


@pytest.mark.parametrize("codes", ["sign", "p-stable"])
def test_nlsh_when_hashed_then_matches_found_and_plans_told(codes):
    vectors, A, B = _task()
    blocker = NLSHBlocker(
        Stored(vectors), search="hash", hash_options={"codes": codes, "recall": 0.9},
        budget=1.0, random_state=0, n_neighbors=5,
    )  # fmt: skip
    found = blocker.fit_candidate_pairs(A, B)
    assert (found.left_rows == found.right_rows).mean() > 0.97
    assert list(blocker.hash_plans_) == ["right", "left"]
    assert all(plan.p1 > plan.p2 for plan in blocker.hash_plans_.values())
    again = blocker.set_params(n_jobs=2).candidate_pairs(A, B)
    assert again == found
    through_files = blocker.set_params(executor="serial", n_jobs=None)
    assert through_files.candidate_pairs(A, B) == found
    assert blocker.plan_.path == "files"


def test_nlsh_when_few_tables_then_buckets_decide():
    vectors, A, B = _task()
    blocker = NLSHBlocker(
        Stored(vectors), search="hash", budget=None, random_state=0,
        hash_options={"n_functions": 16, "n_tables": 1, "n_probes": 1},
    )  # fmt: skip
    found = blocker.fit_candidate_pairs(A, B)
    exact = blocker.set_params(search="exact", hash_options=None)
    assert 0 < len(found) < len(exact.fit_candidate_pairs(A, B)) / 4


def test_one_table_when_hashed_then_one_plan():
    vectors, A, _ = _task(60)
    blocker = NLSHBlocker(Stored(vectors), search="hash", random_state=0)
    found = blocker.fit_candidate_pairs(A)
    assert list(blocker.hash_plans_) == ["left"]
    assert not hasattr(blocker.set_params(search="exact").fit(A), "hash_plans_")
    assert (found.left_rows < found.right_rows).all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"search": "hash", "hash_options": {"k": 3}}, "have no 'k'; they are"),
        ({"hash_options": {"recall": 0.9}}, "no effect with search='exact'"),
    ],
)
def test_options_when_of_no_use_then_said(options, said):
    vectors, A, B = _task(20)
    for blocker in (NLSHBlocker(Stored(vectors)), EmbeddingBlocker((vectors, vectors))):
        with pytest.raises(GraphValueError, match=said):
            blocker.set_params(**options).fit(A, B)


def test_lexical_when_hashed_then_told_what_bounds_it():
    with pytest.raises(GraphValueError, match="max_postings=2000"):
        NLSHBlocker(search="hash").fit({"t": ["a"]}, {"t": ["b"]})


def test_encoder_when_it_tells_how_far_it_is_then_shown():
    class Telling(Stored):
        def transform(self, records, *, n_jobs=None, progress=None):
            progress("encode", 0, len(records))
            return super().transform(records)

    vectors, A, B = _task(20)
    steps = []
    blocker = NLSHBlocker(Telling(vectors), random_state=0)
    blocker._progress = lambda *step: steps.append(step)
    blocker.fit_candidate_pairs(A, B)
    assert steps == [("encode", 0, 20)] * 2

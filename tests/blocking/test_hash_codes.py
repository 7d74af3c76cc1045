"""HashIndex: exact scores, recall as planned, bounds and determinism."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import HashIndex
from graphrep.exceptions import GraphValueError, GraphWarning, MemoryLimitError
from graphrep.retrieval import ExactIndex

KINDS = [("cosine", "sign"), ("cosine", "p-stable"), ("euclidean", "p-stable")]


def _clustered(n=1500, dim=16, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n // 10, dim))
    return centres[rng.integers(0, len(centres), n)] + 0.3 * rng.normal(size=(n, dim))


@pytest.mark.parametrize(("metric", "codes"), KINDS)
def test_query_when_planned_then_recall_is_reached(metric, codes):
    X = _clustered().astype(np.float32)
    index = HashIndex(X, metric, codes=codes, recall=0.9)
    own = np.arange(300)
    rows, scores = index.query(X[:300], 10, exclude=own)
    true, best = ExactIndex(X, metric).query(X[:300], 10, exclude=own)
    hit = np.mean(
        [
            len(set(a) & set(b))
            for a, b in zip(rows.tolist(), true.tolist(), strict=True)
        ]
    )
    assert hit / 10 >= 0.88
    same = rows[:, 0] == true[:, 0]
    np.testing.assert_allclose(scores[same, 0], best[same, 0], rtol=1e-5)
    assert index.plan.p1 > index.plan.p2
    assert index.plan.p1_table > index.plan.p2_table
    assert index.plan.recall >= 0.9
    assert index.n_scored < 300 * len(X)
    assert not (rows == own[:, None]).any()


@pytest.mark.parametrize(("metric", "codes"), KINDS)
def test_chance_of_one_function_when_measured_then_as_in_theory(metric, codes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 8))
    Y = X + 0.2 * rng.normal(size=X.shape)
    index = HashIndex(
        X, metric, codes=codes, near=(X, Y), width=1.5, n_functions=8, n_tables=2
    )
    if codes == "sign":
        cosine = (X * Y).sum(1) / np.linalg.norm(X, axis=1) / np.linalg.norm(Y, axis=1)
        theory = 1 - np.arccos(cosine) / np.pi
    else:
        if metric == "cosine":
            X, Y = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (X, Y))
        from scipy.stats import norm

        r = 1.5 / np.linalg.norm(X - Y, axis=1)
        theory = 1 - 2 * norm.cdf(-r)
        theory -= 2 / (np.sqrt(2 * np.pi) * r) * (1 - np.exp(-(r**2) / 2))
    assert index.plan.p1 == pytest.approx(theory.mean(), abs=0.01)


def test_query_when_all_share_a_bucket_then_exact_order_with_ties():
    X = np.repeat(_clustered(30, 5), 2, axis=0)
    index = HashIndex(X, n_functions=1, n_tables=20, n_probes=2)
    rows, scores = index.query(X, 7)
    true, best = ExactIndex(X).query(X, 7)
    np.testing.assert_array_equal(rows, true)
    np.testing.assert_allclose(scores, best, rtol=1e-6)


def test_query_when_threads_or_blocks_differ_then_same():
    X = _clustered(1200)
    index = HashIndex(X, n_functions=12, n_tables=2, random_state=5)
    one = index.query(X, 5, n_jobs=1)
    two = HashIndex(X, n_functions=12, n_tables=2, random_state=5, n_jobs=2).query(X, 5)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    other = HashIndex(X, n_functions=12, n_tables=2, random_state=6).query(X, 5)
    assert (other[0] != one[0]).any()


def test_query_when_nothing_is_near_then_minus_one():
    X = np.zeros((3, 4))
    X[0, 0] = 1
    index = HashIndex(X, n_functions=2, n_tables=2)
    rows, scores = index.query(np.array([[1.0, 0, 0, 0], [0, 0, 0, 0]]), 2)
    assert rows.tolist() == [[0, -1], [-1, -1]]
    assert scores.tolist() == [[1, 0], [0, 0]]
    index = HashIndex(X, "euclidean", n_functions=9, n_tables=1, width=0.01, n_probes=1)
    rows, scores = index.query(X[:1], 3)
    assert (rows.tolist(), scores.tolist()) == ([[0, -1, -1]], [[0, np.inf, np.inf]])
    assert index.query(np.zeros((0, 4)), 2)[0].shape == (0, 2)


def test_query_when_bound_then_scores_no_more():
    X = np.ones((500, 4))
    index = HashIndex(X, n_functions=4, n_tables=5, max_candidates=20)
    rows, _ = index.query(X[:10], 5)
    assert index.n_scored == 10 * 20
    assert (rows[0] == np.arange(5)).all()


def test_plan_when_tables_do_not_suffice_then_warns():
    X = np.random.default_rng(0).normal(size=(400, 32))
    with pytest.warns(GraphWarning, match="2 tables find"):
        HashIndex(X, max_tables=2, recall=0.999, n_probes=1)


def test_parameters_when_wrong_then_said(monkeypatch):
    X = _clustered(40, 4)
    for options, message in [
        ({"metric": "dot"}, "metric must be"),
        ({"codes": "bits"}, "codes must be"),
        ({"metric": "euclidean", "codes": "sign"}, "say nothing"),
        ({"n_probes": 0}, "n_probes must be"),
        ({"recall": 1.0}, "recall must be"),
        ({"width": 0.0}, "width must be"),
        ({"near": (X[:3], X[:2])}, "a row for each pair"),
    ]:
        with pytest.raises(GraphValueError, match=message):
            HashIndex(X, **options)
    with pytest.raises(GraphValueError, match="3 components"):
        HashIndex(X, n_functions=2, n_tables=2).query(X[:, :3])
    from graphrep.blocking import _hash_codes

    monkeypatch.setattr(_hash_codes, "available_memory", lambda: 100)
    with pytest.raises(MemoryLimitError, match="2 tables of 40 vectors"):
        HashIndex(X, n_functions=2, n_tables=2)

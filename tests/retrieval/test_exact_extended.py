"""Exact search of groups, with biases, and of small copies, against brute force."""

import numpy as np
import pytest

from graphrep.exceptions import GraphValueError
from graphrep.retrieval import ExactIndex

METRICS = ["cosine", "dot", "euclidean"]


def score_all(queries, base, metric):
    q, b = queries.astype(np.float64), base.astype(np.float64)
    if metric == "euclidean":
        return -np.sqrt(((q[:, None] - b[None]) ** 2).sum(axis=-1))
    scores = q @ b.T
    if metric == "cosine":
        lengths = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(b, axis=1)
        scores = np.divide(
            scores, lengths, out=np.zeros_like(scores), where=lengths > 0
        )
    return scores


def best_groups(scores, groups, exclude, k):
    """Rows and scores of the k best groups, one query after the other."""
    rows, values = [], []
    for q, line in enumerate(scores.astype(np.float32)):
        best = {}
        for row, (score, group) in enumerate(zip(line, groups, strict=True)):
            if (
                group >= 0
                and row != exclude[q]
                and score > best.get(group, (-np.inf,))[0]
            ):
                best[group] = (score, row)
        found = sorted(best.values(), key=lambda pair: (-pair[0], pair[1]))[:k]
        rows.append([row for _, row in found])
        values.append([score for score, _ in found])
    return np.array(rows), np.array(values)


@pytest.mark.parametrize("metric", METRICS)
def test_query_when_groups_are_asked_then_equals_brute_force(metric):
    rng = np.random.default_rng(0)
    base = rng.normal(size=(1500, 12)).astype(np.float32)
    base[40:80] = base[3]  # twins in several groups
    queries = rng.normal(size=(30, 12)).astype(np.float32)
    queries[4] = base[3]
    groups = rng.integers(-1, 120, 1500)
    exclude = rng.integers(-1, 1500, 30)
    index = ExactIndex(base, metric)
    rows, scores = index.query(queries, 9, groups=groups, exclude=exclude)
    expected, values = best_groups(score_all(queries, base, metric), groups, exclude, 9)
    assert np.allclose(scores, -values if metric == "euclidean" else values, atol=1e-6)
    assert np.array_equal(rows, expected)
    one = index.query(queries, 9, groups=groups, exclude=exclude, n_jobs=1)
    assert one[1].tobytes() == scores.tobytes()


@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_query_when_rows_have_a_bias_then_equals_brute_force(metric):
    rng = np.random.default_rng(1)
    base = rng.normal(size=(2500, 16))
    queries = rng.normal(size=(40, 16)) * 10.0 ** rng.integers(-4, 4, (40, 1))
    queries[7] = 0
    bias = rng.normal(size=2500)
    rows, scores = ExactIndex(base, metric).query(queries, 6, bias=bias)
    whole = (score_all(queries, base, metric) + bias).astype(np.float32)
    expected = np.argsort(-whole, axis=1, kind="stable")[:, :6]
    assert np.array_equal(rows, expected)
    assert np.allclose(scores, np.take_along_axis(whole, expected, 1), rtol=1e-6)


def test_query_when_a_bias_outweighs_tiny_or_huge_products_then_still_exact():
    base = np.array([[1e-20, 0], [0, 1e-20], [1e-20, 1e-20]])
    index = ExactIndex(base, "dot")
    rows, _ = index.query(np.array([[1e-20, 0], [1e20, 2e20]]), 3, bias=[0.0, 2.0, 1.0])
    assert rows.tolist() == [[1, 2, 0], [1, 2, 0]]
    rows, scores = index.query(np.array([[1e20, 2e20]]), 3, bias=[0.0, 0.5, 0.0])
    assert rows.tolist() == [[2, 1, 0]]
    assert scores.tolist() == [[3.0, 2.5, 1.0]]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("storage", "off"), [("float16", 1e-3), ("int8", 2e-2)])
def test_index_when_stored_small_then_exact_for_what_is_stored(metric, storage, off):
    rng = np.random.default_rng(2)
    base = rng.normal(size=(1200, 20)) * 10.0 ** rng.integers(-1, 2, (1200, 1))
    queries = rng.normal(size=(25, 20))
    index = ExactIndex(base, metric, storage=storage)
    kept = index.base[np.arange(1200)]
    size = np.abs(base).max() if metric == "euclidean" else np.abs(base).max(axis=1)
    assert (np.abs(kept - base).max(axis=1) <= off * size).all()
    rows, scores = index.query(queries, 5)
    expected, values = ExactIndex(kept, metric).query(queries, 5)
    assert np.array_equal(rows, expected)
    assert scores.tobytes() == values.tobytes()
    assert index.base.codes.dtype == storage


def test_index_when_stored_as_float32_then_half_of_float64_and_the_same_rows():
    base = np.random.default_rng(3).normal(size=(300, 8))
    index = ExactIndex(base, storage="float32")
    assert index.base.dtype == np.float32
    assert np.array_equal(index.query(base, 3)[0], ExactIndex(base).query(base, 3)[0])
    with pytest.raises(GraphValueError, match="storage must be one of"):
        ExactIndex(base, storage="float8")


def test_query_when_no_group_is_left_then_minus_one():
    base = np.eye(3)
    rows, scores = ExactIndex(base).query(
        base, 2, groups=[-1, 1, -1], exclude=[1, 1, 0]
    )
    assert rows.tolist() == [[-1, -1], [-1, -1], [1, -1]]
    assert scores.tolist() == [[0, 0], [0, 0], [0, 0]]
    rows, scores = ExactIndex(base, "euclidean").query(base[:1], 1, groups=[-1, -1, -1])
    assert rows.shape == (1, 0)

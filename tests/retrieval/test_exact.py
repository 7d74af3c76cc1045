"""Exact neighbours against numpy's brute force."""

import tracemalloc

import numpy as np
import pytest

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import _topk as kernels
from graphrep.retrieval import ExactIndex, top_k

METRICS = ["cosine", "dot", "euclidean"]


def brute_force(queries, base, k, metric, exclude=None):
    q, b = queries.astype(np.float64), base.astype(np.float64)
    if metric == "euclidean":
        scores = np.sqrt(((q[:, None] - b[None]) ** 2).sum(-1)).astype(np.float32)
        key = scores.copy()
    else:
        scores = q @ b.T
        if metric == "cosine":
            lengths = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(b, axis=1)
            scores = np.divide(
                scores, lengths, out=np.zeros_like(scores), where=lengths > 0
            )
        scores = scores.astype(np.float32)
        key = -scores
    if exclude is not None:
        rows = np.flatnonzero(exclude >= 0)
        key[rows, exclude[rows]] = np.inf
    order = np.argsort(key, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(scores, order, axis=1)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_top_k_when_many_scores_tie_then_equals_brute_force(metric, dtype):
    rng = np.random.default_rng(0)
    base = rng.integers(-2, 3, (2500, 4)).astype(dtype)  # three tiles, many equals
    queries = rng.integers(-2, 3, (600, 4)).astype(dtype)  # two blocks
    exclude = rng.integers(-1, 2500, 600)
    indices, scores = top_k(queries, base, 5, metric, exclude=exclude)
    expected, values = brute_force(queries, base, 5, metric, exclude)
    assert np.allclose(scores, values, rtol=1e-6, atol=1e-7)
    assert scores.dtype == np.float32
    assert indices.dtype == np.int64
    if metric != "cosine":  # equal cosines of parallel vectors round apart in numpy
        assert np.array_equal(indices, expected)
    steps = np.diff(scores, axis=1) * (1 if metric == "euclidean" else -1)
    assert (steps >= 0).all()
    assert (np.diff(indices, axis=1)[steps == 0] > 0).all()


@pytest.mark.parametrize("metric", METRICS)
def test_top_k_when_values_are_real_then_equals_brute_force(metric):
    rng = np.random.default_rng(3)
    base = rng.normal(size=(3000, 40)).astype(np.float32)
    queries = rng.normal(size=(33, 40)).astype(np.float32)
    indices, scores = top_k(queries, base, 20, metric)
    expected, values = brute_force(queries, base, 20, metric)
    assert np.array_equal(indices, expected)
    assert np.allclose(scores, values, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_top_k_when_threads_differ_then_same_bits(metric):
    rng = np.random.default_rng(4)
    base = rng.normal(size=(2100, 64)).astype(np.float32)
    one = top_k(base, base, 8, metric, n_jobs=1)
    two = top_k(base, base, 8, metric, n_jobs=2)
    assert one[0].tobytes() == two[0].tobytes()
    assert one[1].tobytes() == two[1].tobytes()


def test_top_k_when_vectors_repeat_then_lowest_rows_come_first_everywhere():
    rng = np.random.default_rng(5)
    one = rng.normal(size=(1, 37)).astype(np.float32)
    base = rng.normal(size=(2777, 37)).astype(np.float32)
    places = np.array([3, 17, 1023, 1024, 2048, 2755, 2776])
    base[places] = one
    base[base @ one[0] > one[0] @ one[0]] *= 0.1
    for metric in METRICS:
        indices, scores = top_k(one, base, 7, metric)
        assert indices[0].tolist() == places.tolist()
        assert np.ptp(scores) == 0


@pytest.mark.parametrize("metric", METRICS)
def test_top_k_when_more_rows_tie_than_are_kept_then_lowest_rows(metric):
    rng = np.random.default_rng(9)
    one = rng.normal(size=(1, 21)).astype(np.float32)
    base = np.repeat(one, 3000, axis=0)
    base[::2] = 0.01 * rng.normal(size=(1500, 21))
    indices, scores = top_k(one, base, 4, metric, exclude=[3])
    assert indices.tolist() == [[1, 5, 7, 9]]
    assert np.ptp(scores) == 0
    indices, scores = top_k(np.zeros((1, 21)), base, 4, exclude=[1])
    assert indices.tolist() == [[0, 2, 3, 4]]
    assert scores.tolist() == [[0, 0, 0, 0]]


def test_top_k_when_a_query_lies_very_far_away_then_still_exact():
    base = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    query = np.array([[1e25, 0.0]])
    assert top_k(query, base, 2, "euclidean")[0].tolist() == [[0, 1]]  # float64 ties


def test_top_k_when_a_vector_is_zero_then_cosine_is_zero_and_never_nan():
    base = np.array([[0, 0], [1, 0], [-1, 0]], np.float32)
    indices, scores = top_k(base, base, 3)
    assert indices.tolist() == [[0, 1, 2], [1, 0, 2], [2, 0, 1]]
    assert scores.tolist() == [[0, 0, 0], [1, 0, -1], [1, 0, -1]]


def test_top_k_when_k_exceeds_the_base_then_cut():
    base = np.eye(3)
    assert top_k(base, base, 99)[0].shape == (3, 3)
    indices, _ = top_k(base, base, 99, exclude=np.arange(3))
    assert indices.tolist() == [[1, 2], [0, 2], [0, 1]]
    assert top_k(np.ones((1, 2)), np.ones((1, 2)), 5, exclude=[0])[0].shape == (1, 0)


def test_top_k_when_values_are_huge_or_tiny_then_no_overflow():
    base = np.array([[1e200, 0], [0, 1e-200], [1e200, 1e200]])
    indices, scores = top_k(base, base, 1)
    assert indices.ravel().tolist() == [0, 1, 2]
    assert np.allclose(scores, 1)
    with pytest.raises(GraphValueError, match="too large for float32"):
        top_k(base, base, 1, "dot")


def test_top_k_when_points_lie_far_from_the_origin_then_distances_are_exact():
    rng = np.random.default_rng(6)
    base = (1e4 + rng.normal(size=(500, 3))).astype(np.float32)
    indices, scores = top_k(base, base, 3, "euclidean")
    expected, values = brute_force(base, base, 3, "euclidean")
    assert np.array_equal(indices, expected)
    assert np.allclose(scores, values, rtol=1e-6)


def test_top_k_when_the_base_is_mapped_then_equals_memory(tmp_path):
    base = np.random.default_rng(7).normal(size=(50, 8)).astype(np.float32)
    np.save(tmp_path / "base.npy", base)
    mapped = np.load(tmp_path / "base.npy", mmap_mode="r")
    a, b = top_k(mapped, mapped, 4), top_k(base, base, 4)
    assert np.array_equal(a[0], b[0])
    assert np.array_equal(a[1], b[1])


def test_top_k_when_the_base_is_large_then_memory_is_bounded():
    base = np.zeros((40_000, 4), np.float32)
    base[:, 0] = np.arange(40_000)
    index = ExactIndex(base, "dot")
    tracemalloc.start()
    index.query(base[:2000], 3, n_jobs=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2000 * 40_000 * 4 / 10


def test_index_when_asked_for_fewer_queries_then_same_answer():
    base = np.random.default_rng(8).normal(size=(300, 16)).astype(np.float32)
    index = ExactIndex(base)
    every = index.query(base, 5)
    for row in (0, 7, 299):
        alone = index.query(base[row : row + 1], 5)
        assert np.array_equal(alone[0][0], every[0][row])
        assert np.array_equal(alone[1][0], every[1][row])
    assert len(index) == 300
    assert "n=300" in repr(index)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"metric": "l1"}, GraphValueError, "metric must be one of"),
        ({"k": 0}, GraphValueError, "positive integer; got 0"),
        ({"k": True}, GraphValueError, "positive integer"),
        ({"queries": np.ones((2, 3))}, GraphValueError, "3 components but base has 2"),
        ({"queries": np.ones(2)}, GraphValueError, r"shape \(2,\)"),
        (
            {"base": np.array([[1, np.nan]])},
            GraphValueError,
            "base hold a NaN .* row 0",
        ),
        ({"base": np.empty((0, 2))}, GraphValueError, "at least one vector"),
        ({"base": np.array([["a", "b"]])}, GraphTypeError, "real numbers"),
        ({"exclude": [0]}, GraphValueError, "2 integers, one a query"),
        ({"exclude": [0, 9]}, GraphValueError, r"exclude\[1\] = 9"),
    ],
)
def test_top_k_when_arguments_are_wrong_then_says_what(change, error, text):
    given = {"queries": np.eye(2), "base": np.eye(2), "k": 1, **change}
    with pytest.raises(error, match=text):
        top_k(**given)


def test_scan_when_blas_was_limited_then_the_limit_is_put_back():
    from threadpoolctl import threadpool_info

    def threads():
        return [i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"]

    before = threads()
    top_k(np.eye(3), np.eye(3), 1)
    assert threads() == before
    assert kernels.METRICS.keys() == set(METRICS)

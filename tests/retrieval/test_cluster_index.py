"""Nearest vectors by clusters: against the exact search, and how much is found."""

import numpy as np
import pytest

import graphrep
from graphrep.exceptions import GraphValueError
from graphrep.retrieval import ClusterIndex, ExactIndex, HubnessCorrector

METRICS = ["cosine", "dot", "euclidean"]
STORAGES = ["float32", "float16", "int8"]


def clustered(n, seed=0, d=24, n_centres=60, spread=0.35):
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(n_centres, d))
    noise = spread * rng.normal(size=(n, d))
    return (centres[rng.integers(0, n_centres, n)] + noise).astype(np.float32)


@pytest.fixture(scope="module")
def base():
    """Vectors with twins, zeros, and lengths far apart."""
    rows = np.random.default_rng(0).normal(size=(3000, 24)).astype(np.float32)
    rows[10] = 0
    rows[500:520] = rows[3]
    rows[700:800] *= 30
    return rows


@pytest.fixture(scope="module")
def queries(base):
    rows = np.random.default_rng(1).normal(size=(50, 24)).astype(np.float32)
    rows[5], rows[7], rows[8] = 0, base[3], 4 * base[712]
    return rows


def options(metric, n, n_queries):
    rng = np.random.default_rng(2)
    groups = rng.integers(-1, 400, n)
    yield {}
    yield {"exclude": rng.integers(-1, n, n_queries)}
    yield {"groups": groups}
    yield {"groups": groups, "exclude": rng.integers(-1, n, n_queries)}
    if metric != "euclidean":
        yield {"bias": rng.normal(size=n) * 0.3}
        yield {"bias": rng.normal(size=n) * 0.3, "groups": groups}


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("metric", METRICS)
def test_query_when_all_clusters_are_looked_at_then_the_bits_of_exact_search(
    base, queries, metric, storage
):
    index = ClusterIndex(base, metric, storage=storage, n_clusters=40)
    exact = ExactIndex(base, metric, storage=storage)
    for given in options(metric, len(base), len(queries)):
        rows, scores = index.query(queries, 7, n_probes=index.n_clusters, **given)
        expected, values = exact.query(queries, 7, **given)
        assert np.array_equal(rows, expected), given.keys()
        assert scores.tobytes() == values.tobytes()
        assert (rows.dtype, scores.dtype) == (np.int64, np.float32)


def test_query_when_base_is_float32_then_equals_search_of_the_base_itself(
    base, queries
):
    index = ClusterIndex(base, n_clusters=20)
    rows, scores = index.query(queries, 9, n_probes=20)
    expected, values = ExactIndex(base).query(queries, 9)
    assert np.array_equal(rows, expected)
    assert scores.tobytes() == values.tobytes()


@pytest.mark.parametrize("metric", METRICS)
def test_query_when_vectors_form_clusters_then_few_probes_find_nearly_all(metric):
    rows, asked = clustered(8000), clustered(300, seed=5)
    index = ClusterIndex(rows, metric, n_clusters=60, recall=0.98)
    expected, values = ExactIndex(rows, metric).query(asked, 10)
    found, scores = index.query(asked, 10)
    assert index.recall_ >= 0.98
    assert index.n_probes < index.n_clusters / 3
    same = [len(np.intersect1d(a, b)) for a, b in zip(found, expected, strict=True)]
    assert np.mean(same) / 10 > 0.96
    at = found == expected
    assert scores[at].tobytes() == values[at].tobytes()


def test_query_when_vectors_form_no_clusters_then_more_probes_and_the_same_recall():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(6000, 32)).astype(np.float32)
    asked = rng.normal(size=(400, 32)).astype(np.float32)
    index = ClusterIndex(rows, recall=0.9)
    expected, _ = ExactIndex(rows).query(asked, 10)
    found, _ = index.query(asked, 10)
    same = [len(np.intersect1d(a, b)) for a, b in zip(found, expected, strict=True)]
    assert 0.9 <= index.recall_ < 0.95
    assert np.mean(same) / 10 > 0.87
    assert index.n_probes > index.n_clusters / 4


@pytest.mark.parametrize("storage", ["float16", "int8"])
def test_query_when_stored_small_then_near_what_float32_finds(storage):
    rows, asked = clustered(4000), clustered(200, seed=5)
    full, small = ClusterIndex(rows), ClusterIndex(rows, storage=storage)
    expected, values = full.query(asked, 10, n_probes=full.n_clusters)
    found, scores = small.query(asked, 10, n_probes=small.n_clusters)
    same = [len(np.intersect1d(a, b)) for a, b in zip(found, expected, strict=True)]
    least, off = {"float16": (0.995, 2e-4), "int8": (0.9, 4e-3)}[storage]
    assert np.mean(same) / 10 > least
    assert np.abs(scores - values).max() < off
    sizes = [index.to_arrays()["panels"].nbytes for index in (full, small)]
    assert sizes[0] >= sizes[1] * (2 if storage == "float16" else 4)


def test_query_when_threads_or_company_differ_then_same_bits(base, queries):
    one = ClusterIndex(base, n_jobs=1, random_state=4)
    two = ClusterIndex(base, n_jobs=2, random_state=4)
    for name, array in one.to_arrays().items():
        assert array.tobytes() == two.to_arrays()[name].tobytes(), name
    assert (one.n_probes, one.recall_) == (two.n_probes, two.recall_)
    rows, scores = one.query(queries, 5)
    for n_jobs in (1, 2):
        again = two.query(queries, 5, n_jobs=n_jobs)
        assert again[0].tobytes() == rows.tobytes()
        assert again[1].tobytes() == scores.tobytes()
    for q in (0, 5, 49):
        alone = one.query(queries[q : q + 1], 5)
        assert alone[0].tobytes() == rows[q].tobytes()
        assert alone[1].tobytes() == scores[q].tobytes()


def test_build_when_the_seed_differs_then_other_clusters(base):
    one, two = (ClusterIndex(base, random_state=s).to_arrays() for s in (1, 2))
    assert not np.array_equal(one["centroids"], two["centroids"])


def test_query_when_more_rows_are_twins_than_are_kept_then_the_lowest_rows():
    rows = clustered(3000)
    rows[100:1500:2] = rows[100]
    index = ClusterIndex(rows, n_clusters=30)
    found, scores = index.query(rows[100:101], 6, exclude=[102])
    assert found.tolist() == [[100, 104, 106, 108, 110, 112]]
    assert np.ptp(scores) == 0
    groups = np.arange(3000) // 10  # twins in many groups, five in each
    found, _ = index.query(rows[100:101], 4, groups=groups)
    assert found.tolist() == [[100, 110, 120, 130]]


def test_query_when_groups_are_asked_then_each_stands_once_by_its_best_row():
    rows, asked = clustered(4000), clustered(60, seed=6)
    groups = np.random.default_rng(0).integers(0, 900, 4000)
    groups[:5] = -1
    index = ClusterIndex(rows, recall=0.999)
    found, scores = index.query(asked, 8, groups=groups)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = (asked / np.linalg.norm(asked, axis=1, keepdims=True)) @ unit.T
    best = np.full((60, 900), -2.0)
    for row in range(5, 4000):
        group = groups[row]
        best[:, group] = np.maximum(best[:, group], cosines[:, row])
    expected = -np.sort(-best, axis=1)[:, :8]
    assert np.mean(np.abs(scores - expected) < 1e-5) > 0.98
    owners = groups[found]
    assert all(len(set(line)) == 8 for line in owners.tolist())
    assert owners.min() >= 0


def test_query_when_groups_are_fewer_than_k_then_filled_up():
    rows = clustered(500)
    groups = np.full(500, -1)
    groups[[7, 9, 30]] = 0, 0, 2
    for metric, nothing in (("dot", 0.0), ("euclidean", np.inf)):
        index = ClusterIndex(rows, metric, n_probes=99)
        found, scores = index.query(rows[7:8], 5, groups=groups)
        assert found.shape == (1, 3)
        assert sorted(found[0].tolist())[0] == -1
        assert scores[0, 2] == nothing


def test_query_when_hubness_is_corrected_then_bias_gives_what_augmenting_gives():
    rows, asked = clustered(1500), clustered(80, seed=8)
    corrector = HubnessCorrector("csls").fit(rows, query_bank=asked)
    index = ClusterIndex(rows, n_clusters=16)
    bias = -corrector.strength_ * corrector.bias_
    found, scores = index.query(asked, 5, bias=bias, n_probes=16)
    expected, values = corrector.kneighbors(asked, 5)
    assert np.mean(found == expected) > 0.99
    assert np.allclose(scores, values, atol=1e-5)
    augmented = ClusterIndex(corrector.augment(), "dot", n_clusters=16, n_probes=16)
    rows_of, _ = corrector.kneighbors(asked, 5, index=augmented)
    assert np.array_equal(rows_of, expected)


def test_query_when_k_exceeds_what_is_there_then_cut():
    rows = clustered(200)
    index = ClusterIndex(rows, n_clusters=10, n_probes=1)
    found, _ = index.query(rows[:4], 999)
    assert sorted(found[0].tolist()) == list(range(200))
    found, _ = index.query(rows[:4], 999, exclude=np.arange(4))
    assert found.shape == (4, 199)
    assert 0 not in found[0]
    found, _ = index.query(rows[:4], 150)  # one cluster holds fewer
    assert (found >= 0).all()


@pytest.mark.parametrize("metric", METRICS)
def test_build_when_there_are_fewer_rows_than_clusters_then_as_many_as_rows(metric):
    rows = clustered(3)
    index = ClusterIndex(rows, metric, n_clusters=50)
    assert index.n_clusters <= 3
    assert index.query(rows, 1, n_probes=3)[0].ravel().tolist() == (
        ExactIndex(rows, metric).query(rows, 1)[0].ravel().tolist()
    )
    one = ClusterIndex(rows[:1], metric)
    assert one.query(rows, 5)[0].tolist() == [[0], [0], [0]]
    assert one.recall_ == 1.0
    same = ClusterIndex(np.ones((300, 4)), metric, n_clusters=20)
    assert same.query(np.ones((1, 4)), 3)[0].tolist() == [[0, 1, 2]]


def test_query_when_vectors_are_zero_then_cosine_is_zero_and_first_rows_win():
    rows = clustered(400)
    rows[[0, 3]] = 0
    index = ClusterIndex(rows, n_clusters=8, n_probes=1)
    found, scores = index.query(np.zeros((2, 24)), 3, exclude=[1, -1])
    assert found.tolist() == [[0, 2, 3], [0, 1, 2]]
    assert not scores.any()
    found, _ = index.query(np.zeros((1, 24)), 2, groups=np.arange(400) // 2)
    assert found.tolist() == [[0, 2]]
    bias = np.zeros(400)
    bias[333] = 1
    found, scores = index.query(np.zeros((1, 24)), 1, bias=bias)
    assert (found.tolist(), scores.tolist()) == ([[333]], [[1.0]])
    nothing = ClusterIndex(np.zeros((100, 4)))
    assert nothing.query(np.ones((1, 4)), 2)[0].tolist() == [[0, 1]]


@pytest.mark.parametrize("storage", STORAGES)
def test_query_when_numbers_are_huge_or_tiny_then_as_exact_search(storage):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 8)) * 10.0 ** rng.integers(-150, 150, (300, 1))
    asked = rng.normal(size=(20, 8)) * 1e-180
    index = ClusterIndex(rows, storage=storage)
    exact = ExactIndex(rows, storage=storage)
    found, scores = index.query(asked, 5, n_probes=index.n_clusters)
    expected, values = exact.query(asked, 5)
    assert np.array_equal(found, expected)
    assert scores.tobytes() == values.tobytes()
    far = ClusterIndex(1e-9 * clustered(300), "euclidean", storage=storage)
    found, _ = far.query(np.full((1, 24), 1e25), 300)
    assert sorted(found[0].tolist()) == list(range(300))
    with pytest.raises(GraphValueError, match="too large for float32"):
        ClusterIndex(rows, "dot", storage=storage, n_clusters=4)


def test_query_when_points_lie_far_from_the_origin_then_distances_are_exact():
    rows = (1e4 + np.random.default_rng(6).normal(size=(900, 3))).astype(np.float32)
    index = ClusterIndex(rows, "euclidean", n_clusters=12)
    found, scores = index.query(rows[:50], 4, n_probes=12)
    expected, values = ExactIndex(rows, "euclidean").query(rows[:50], 4)
    assert np.array_equal(found, expected)
    assert scores.tobytes() == values.tobytes()
    small = ClusterIndex(rows, "euclidean", storage="int8", n_clusters=12)
    assert np.abs(small.query(rows[:50], 4)[1] - values).max() < 0.1


def test_tune_when_queries_are_unlike_the_base_then_their_recall_is_met():
    rows = clustered(5000)
    asked = np.random.default_rng(0).normal(size=(300, 24))
    index = ClusterIndex(rows, recall=0.9)
    before = index.n_probes
    assert index.tune(asked, 0.97, k=5) is index
    assert index.recall_ >= 0.97
    assert index.n_probes > before
    expected, _ = ExactIndex(rows).query(asked, 5)
    found, _ = index.query(asked, 5)
    same = [len(np.intersect1d(a, b)) for a, b in zip(found, expected, strict=True)]
    assert np.mean(same) / 5 >= 0.97
    assert index.tune(asked, 1.0).recall_ == 1.0


@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_tune_when_a_bias_differs_within_clusters_then_its_recall_is_met(metric):
    rows, asked = clustered(5000), clustered(200, seed=5)
    size = {"cosine": 0.5, "dot": 6.0}[metric]
    bias = size * np.random.default_rng(0).normal(size=5000)
    groups = np.arange(5000) // 2
    index = ClusterIndex(rows, metric, n_clusters=60, recall=0.95)
    before = index.n_probes
    index.tune(asked, 0.95, bias=bias, groups=groups)
    assert index.recall_ >= 0.95
    assert index.n_probes > before
    given = {"bias": bias, "groups": groups}
    expected, _ = ExactIndex(rows, metric).query(asked, 10, **given)
    found, _ = index.query(asked, 10, **given)
    same = [len(np.intersect1d(a, b)) for a, b in zip(found, expected, strict=True)]
    assert np.mean(same) / 10 >= 0.95


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("name", ["index", "index.zip"])
def test_save_when_loaded_then_the_same_answers(tmp_path, base, queries, storage, name):
    index = ClusterIndex(base, "euclidean", storage=storage, n_jobs=2)
    index.save(tmp_path / name)
    with pytest.raises(FileExistsError):
        index.save(tmp_path / name, overwrite=False)
    again = graphrep.load(tmp_path / name)
    assert repr(again) == repr(index)
    assert (again.n_probes, again.recall_) == (index.n_probes, index.recall_)
    assert isinstance(again.to_arrays()["panels"].base, np.memmap) == (name == "index")
    for one, two in zip(again.query(queries, 6), index.query(queries, 6), strict=True):
        assert one.tobytes() == two.tobytes()
    arrays = index.to_arrays()
    third = ClusterIndex.from_arrays(arrays, "euclidean", n_probes=index.n_probes)
    assert third.query(queries, 6)[0].tobytes() == index.query(queries, 6)[0].tobytes()
    del arrays["centroids"]
    with pytest.raises(GraphValueError, match="lack centroids"):
        ClusterIndex.from_arrays(arrays, n_probes=1)


def test_build_when_the_base_is_mapped_then_equals_memory(tmp_path, base):
    np.save(tmp_path / "base.npy", base)
    mapped = np.load(tmp_path / "base.npy", mmap_mode="r")
    one, two = ClusterIndex(mapped), ClusterIndex(base)
    for name, array in one.to_arrays().items():
        assert array.tobytes() == two.to_arrays()[name].tobytes()
    assert len(one) == 3000
    assert "storage='float32'" in repr(one)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"metric": "l1"}, "metric must be one of .* got 'l1'"),
        ({"storage": "int4"}, "storage must be one of .* got 'int4'"),
        ({"recall": 0}, "recall must be above 0 and at most 1; got 0"),
        ({"recall": "high"}, "recall must be a number; got 'high'"),
        ({"n_clusters": 0}, "n_clusters must be a positive integer; got 0"),
        ({"n_probes": -1}, "n_probes must be a positive integer; got -1"),
        ({"base": np.array([[1, np.inf]])}, "base hold a NaN or infinite .* row 0"),
        ({"base": np.empty((0, 2))}, "at least one vector"),
    ],
)
def test_build_when_arguments_are_wrong_then_says_what(change, text):
    given = {"base": np.eye(4), **change}
    with pytest.raises(GraphValueError, match=text):
        ClusterIndex(**given)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"queries": np.ones((2, 3))}, "3 components but base has 4"),
        ({"k": 0}, "k must be a positive integer"),
        ({"exclude": [0, 9]}, r"exclude\[1\] = 9"),
        ({"groups": [0, 1]}, "groups must hold an integer for each of 4 rows"),
        ({"groups": [0, 1, -2, 0]}, "groups must be -1 or numbers from 0 on"),
        ({"bias": [0.0, 1.0]}, "bias must hold a number for each of 4 rows"),
        ({"bias": [0.0, 1.0, np.nan, 0.0]}, r"bias\[2\] = nan is no finite number"),
        ({"n_probes": 0}, "n_probes must be a positive integer"),
    ],
)
def test_query_when_arguments_are_wrong_then_says_what(change, text):
    given = {"queries": np.eye(4)[:2], "k": 1, **change}
    for index in (ClusterIndex(np.eye(4)), ExactIndex(np.eye(4))):
        if "n_probes" in change and isinstance(index, ExactIndex):
            continue
        with pytest.raises(GraphValueError, match=text):
            index.query(**given)
    far = ClusterIndex(np.eye(4), "euclidean")
    with pytest.raises(GraphValueError, match="bias cannot be added to distances"):
        far.query(np.eye(4), bias=np.zeros(4))


def test_save_when_written_then_the_card_tells_how_to_ask(tmp_path, base):
    ClusterIndex(base).save(tmp_path / "index")
    card = (tmp_path / "index" / "README.md").read_text(encoding="utf-8")
    assert "model.query(queries, k=10)" in card
    assert "All vectors of the base are included" in card
    assert "n_probes" in card

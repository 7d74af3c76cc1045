"""Blocking through files: the pairs of memory, whatever the cut and the executor."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from sklearn.base import clone

from graphrep.blocking import (
    EmbeddingBlocker,
    HashIndex,
    NLSHBlocker,
    TfidfBlocker,
    as_records,
)
from graphrep.blocking import _block_costs as costs
from graphrep.blocking import _nlsh_files as nlsh_files
from graphrep.blocking import _pair_ranker as ranker
from graphrep.blocking._blocker import RawPairs
from graphrep.blocking._pairs_join import PairsJoin
from graphrep.datasets import make_records
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.kernels import _lsh_codes

N = 700


@pytest.fixture(scope="module")
def tables():
    made = make_records(N, random_state=0)
    return as_records(made.left), as_records(made.right), made.matches


@pytest.fixture(scope="module")
def vectors(tables):
    rng = np.random.default_rng(0)
    X, Y = (rng.normal(size=(len(t), 12)).astype(np.float32) for t in tables[:2])
    X[3], Y[7:20] = 0, 0
    return X, Y


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(costs, "SMALLEST_BLOCK", 512)


@pytest.fixture
def block(monkeypatch):
    """Set the records of a block of text searches."""

    def set_to(size):
        monkeypatch.setattr(costs, "SMALLEST_BLOCK", size)
        monkeypatch.setattr(costs, "LARGEST_BLOCK", size)

    return set_to


OPTIONS = [
    {"n_neighbors": 9},
    {"n_neighbors": 3, "assignment": "many-to-many", "budget": None},
    {"per_record": 2, "min_per_record": 1, "budget": 1.5, "n_neighbors": 12},
    {"exclude_identical": True, "assignment": "one-to-many", "n_neighbors": 12},
]


def _same(make, A, B=None, matches=None, **options):
    wanted = make(**options).fit_candidate_pairs(A, B, matches)
    model = make(executor="serial", **options)
    got = model.fit_candidate_pairs(A, B, matches)
    assert model.plan_.path == "files"
    assert model.tasks_.run == model.plan_.n_tasks
    return len(wanted) > 0 and got == wanted


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("size", [97, 512])
@pytest.mark.parametrize("one_table", [False, True])
def test_tfidf_when_in_files_then_the_pairs_of_memory(
    tables, block, options, size, one_table
):
    block(size)
    A, B, _ = tables
    for analyzer in ("char", "word"):
        options = {**options, "analyzer": analyzer}
        assert _same(TfidfBlocker, A, None if one_table else B, **options)


@pytest.mark.parametrize("options", OPTIONS[:3], ids=str)
@pytest.mark.parametrize("one_table", [False, True])
@pytest.mark.parametrize("search", ["exact", "hash"])
def test_embedding_when_in_files_then_the_pairs_of_memory(
    tables, vectors, options, one_table, search
):
    A, B, _ = tables
    hashing = {"n_tables": 4, "n_functions": 5, "near": (vectors[0][4:9],) * 2}
    more = {"search": search, "hash_options": hashing if search == "hash" else None}
    given = vectors[:1] if one_table else vectors
    assert _same(
        lambda **o: EmbeddingBlocker(given, **o), A, None if one_table else B,
        **more, **options,
    )  # fmt: skip


def test_embedding_when_nothing_has_a_vector_then_no_pairs():
    table = {"name": ["a", "b"]}
    blocker = EmbeddingBlocker((np.zeros((2, 3)),) * 2, executor="serial")
    assert len(blocker.fit_candidate_pairs(table, table)) == 0


@pytest.mark.parametrize("options", [{}, OPTIONS[2]], ids=str)
def test_nlsh_when_in_files_then_the_pairs_of_memory(tables, options):
    A, B, _ = tables
    options = {"n_neighbors": 9, **options, "random_state": 0}
    assert _same(NLSHBlocker, A, B, **options)
    assert _same(NLSHBlocker, A, **options)


def test_nlsh_when_pairs_are_ranked_then_the_pairs_of_memory(tables, monkeypatch):
    for module in (ranker, nlsh_files):
        monkeypatch.setattr(module, "PAIRS_AT_ONCE", 1000)
    A, B, matches = tables
    model = NLSHBlocker(random_state=0, n_neighbors=9).fit(A, B, matches[:300])
    if not model.ranker_.weight_:  # which is the better way on data like these
        found = model._neighbours(A, B, False)
        raw, X = model._found(found, A, B, False, features=True)
        true = set(model._known.left * len(B) + model._known.right)
        y = np.array([key in true for key in raw.left * len(B) + raw.right])
        line = ranker.LogisticLine.fit(X.astype(np.float64), y, max_iter=50)
        trees = ranker.BoostedTrees.fit(X, y, 0, **ranker._TREES)
        model.ranker_.weight_, model.ranker_._models = 0.5, (line, trees)
    wanted = model.candidate_pairs(A, B)
    got = model.set_params(executor="serial").candidate_pairs(A, B)
    assert model.plan_.path == "files"
    assert got == wanted


def test_nlsh_when_a_recall_is_to_be_reached_then_refused_with_the_reason(tables):
    A, B, _ = tables
    model = NLSHBlocker(random_state=0, target_recall=0.9, executor="serial")
    with pytest.raises(GraphValueError, match=r"target_recall=0\.9 looks at all pairs"):
        model.fit_candidate_pairs(A, B)


def test_rules_when_in_files_then_the_pairs_of_memory(tables):
    A, B, _ = tables
    column = next(iter(A.columns))

    def include(a, b):
        return np.char.str_len(a[column].astype(str)) % 3 != 0

    assert _same(TfidfBlocker, A, B, include=include, n_neighbors=9)


def test_pairs_when_in_threads_then_the_pairs_of_memory(tables):
    A, B, _ = tables
    wanted = TfidfBlocker(n_neighbors=9).fit_candidate_pairs(A, B)
    with ThreadPoolExecutor(3) as pool:
        model = TfidfBlocker(n_neighbors=9, executor=pool)
        assert model.fit_candidate_pairs(A, B) == wanted
        assert clone(model).executor is pool


def test_pairs_when_on_dask_then_the_pairs_of_memory(tables):
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    A, B, _ = tables
    wanted = TfidfBlocker(n_neighbors=9).fit_candidate_pairs(A, B)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, host="127.0.0.1", processes=False,
            dashboard_address=None, silence_logs=50, protocol="tcp",
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        model = TfidfBlocker(n_neighbors=9, executor=client)
        assert model.fit_candidate_pairs(A, B) == wanted


def test_pairs_when_stopped_then_the_same_call_goes_on(tables, tmp_path):
    A, B, _ = tables

    def stop(label, done, total):
        if (label, done) == ("Scoring pairs", 1):
            raise KeyboardInterrupt

    model = TfidfBlocker(n_neighbors=9, executor="serial", work_dir=tmp_path).fit(A, B)
    model._progress = stop
    with pytest.raises(KeyboardInterrupt):
        model.candidate_pairs(A, B)
    del model._progress
    got = model.candidate_pairs(A, B)
    assert (model.tasks_.run, model.tasks_.skipped) == (1, model.plan_.n_tasks - 1)
    assert got == TfidfBlocker(n_neighbors=9).fit_candidate_pairs(A, B)
    assert list(tmp_path.iterdir()) == []


def test_pairs_when_tables_differ_then_nothing_is_taken_over(tables, tmp_path):
    A, B, _ = tables

    def stop(label, done, total):
        if label == "Scoring pairs":
            raise KeyboardInterrupt

    model = TfidfBlocker(n_neighbors=9, executor="serial", work_dir=tmp_path).fit(A, B)
    model._progress = stop
    with pytest.raises(KeyboardInterrupt):
        model.candidate_pairs(A, B)
    del model._progress
    other = B.take(np.arange(len(B))[::-1])
    model.fit_candidate_pairs(A, other)
    assert model.tasks_.skipped == 0


def test_plan_when_asked_then_nothing_starts_and_the_work_keeps_to_it(tables, tmp_path):
    A, B, _ = tables
    model = TfidfBlocker(n_neighbors=50, memory_limit="9.5MB", work_dir=tmp_path)
    plan = model.plan(A, B)
    assert (plan.path, list(tmp_path.iterdir())) == ("files", [])
    assert plan.memory <= plan.limit == 9_500_000
    assert "records in files" in str(plan)
    got = model.fit_candidate_pairs(A, B)
    assert model.plan_ == plan
    assert got == TfidfBlocker(n_neighbors=50).fit_candidate_pairs(A, B)
    assert model.set_params(memory_limit=None).plan(A, B).path == "memory"
    with pytest.raises(MemoryLimitError, match=r"Blocking .* at least through files"):
        model.set_params(memory_limit="100kB").candidate_pairs(A, B)


def test_plan_when_tables_are_large_then_a_cut_of_many_tasks_in_little_memory():
    sizes = 200_000, 200_000, (8_000_000, 8_000_000), 50, False, 1_000_000
    made = costs.costs_of_rows(*sizes)
    assert made.whole > 3 * (made.shared + made.each + made.per_unit * 512)
    assert made.blocks[0] < 10_000
    assert made.n_tasks(made.blocks[0]) > 150


@pytest.mark.parametrize(
    "options", [{"executor": "cloud"}, {"memory_limit": "much"}], ids=str
)
def test_parameters_when_wrong_then_refused(tables, options):
    with pytest.raises(GraphValueError, match=next(iter(options))):
        TfidfBlocker(**options).fit_candidate_pairs(*tables[:2])


@pytest.mark.parametrize("per_record", [None, 2])
@pytest.mark.parametrize("least", [0, 1])
@pytest.mark.parametrize("one_table", [False, True])
@pytest.mark.parametrize("budget", [None, 0, 40, 10_000])
def test_join_when_pairs_tie_then_chosen_as_from_all_at_once(
    monkeypatch, per_record, least, one_table, budget
):
    from graphrep.blocking import _pairs_join
    from graphrep.blocking._budget import select_pairs
    from graphrep.graph import NodeIndex

    monkeypatch.setattr(_pairs_join, "_ROOM", 30)
    rng = np.random.default_rng(1)
    left = np.sort(rng.integers(0, 60, 400))
    right = rng.integers(60, 120, 400)
    _, once = np.unique(left * 120 + right, return_index=True)
    left, right = left[once], right[once]
    scores = rng.integers(0, 5, len(left)).astype(np.float32)
    index = NodeIndex(120)
    rest = {"per_record": per_record, "min_per_record": least, "one_table": one_table}
    wanted = select_pairs(left, right, scores, index, index, budget=budget, **rest)
    join = PairsJoin(index, index, budget=budget, **rest)
    for first in range(0, 60, 7):
        part = (left >= first) & (left < first + 7)
        join.add(left[part], right[part], scores[part])
    assert join.pairs() == wanted


def test_ranked_blocks_when_cut_anyhow_then_as_all_at_once(monkeypatch):
    monkeypatch.setattr(nlsh_files, "PAIRS_AT_ONCE", 16)

    class Places:
        def __init__(self):
            self.sizes = []

        def scores(self, X, scores):
            self.sizes.append(len(scores))
            return (scores + X[:, 0]).astype(np.float32)

    X = np.arange(100, dtype=np.float32)[:, None]
    places = Places()
    ends = [0, 3, 3, 50, 51, 100]
    blocks = [
        (RawPairs(np.arange(a, b), np.arange(a, b), X[a:b, 0]), X[a:b])
        for a, b in pairwise(ends)
    ]
    out = list(nlsh_files.ranked_blocks(places, blocks))
    assert [len(raw.left) for raw in out] == np.diff(ends).tolist()
    assert np.array_equal(np.concatenate([raw.scores for raw in out]), 2 * X[:, 0])
    assert all(size % 16 == 0 for size in places.sizes[:-1])


def test_hash_index_when_read_back_then_the_same_answers(vectors):
    X, Y = vectors
    for options in ({}, {"metric": "euclidean"}):
        index = HashIndex(Y, n_tables=3, n_functions=4, **options)
        again = HashIndex.from_arrays(index.base, index.to_arrays())
        for one, other in zip(index.query(X, 5), again.query(X, 5), strict=True):
            assert np.array_equal(one, other)
        assert repr(again) == repr(index)


def test_buckets_when_joined_in_sql_then_the_candidates_of_the_index(vectors):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    X, Y = (part[part.any(axis=1)] for part in vectors)
    index = HashIndex(Y, n_tables=4, n_functions=6, n_probes=1, max_candidates=10**6)
    rows, scores = index.query(X, len(Y))
    left, places = np.nonzero(rows >= 0)
    wanted = set(zip(left.tolist(), rows[left, places].tolist(), strict=True))
    arrays = index.to_arrays()
    keys = np.empty((len(X), 4), np.uint64)
    projected = index._hasher.project(X, arrays["directions"], arrays["offsets"])
    _lsh_codes.code_keys(projected, arrays["multipliers"], True, keys)
    con = duckdb.connect()
    con.execute("create table x (id integer, tab integer, bucket ubigint)")
    con.execute("create table y (id integer, tab integer, bucket ubigint)")
    for t in range(4):
        for name, ids, buckets in (
            ("x", np.arange(len(X)), keys[:, t]),
            ("y", arrays["rows"][t], arrays["keys"][t]),
        ):
            con.executemany(
                f"insert into {name} values (?, ?, ?)",
                [(int(i), t, int(b)) for i, b in zip(ids, buckets, strict=True)],
            )
    joined = con.sql("select distinct x.id, y.id from x join y using (tab, bucket)")
    assert set(joined.fetchall()) == wanted
    assert scores[left, places].size == len(wanted) > 1000

"""HubnessCorrector: parity with the formulas, forms, choices, edges."""

from __future__ import annotations

import importlib.util
import pickle
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

import graphrep
from graphrep.exceptions import DeviceError, GraphTypeError, GraphValueError
from graphrep.retrieval import ExactIndex, HubnessCorrector
from graphrep.retrieval._hubness_methods import BIASED, METHODS

_spec = importlib.util.spec_from_file_location(
    "hubness_reference", Path(__file__).with_name("hubness_reference.py")
)
reference = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(reference)
LINEAR = [m for m in METHODS if m not in ("gc", "mp")]
MOVED = ("center", "invgc", "none")


def _data(seed=0, n=90, m=140, d=10, n_queries=40, sparse_like=False):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=d)
    out = []
    for size in (n, m, n_queries, 70):
        x = rng.normal(size=(size, d)) + 0.6 * shared
        if sparse_like:
            x = np.abs(x) * (np.abs(x) > 0.9)
            x[:, 0] += 0.05
        out.append(x)
    return out


def _agree(found, scores, want, k):
    """Rows stand in the order of the reference scores, as far as those differ."""
    assert found.shape == scores.shape == (len(want), k)
    values = np.take_along_axis(want, found, axis=1)
    best = -np.sort(-want, axis=1)[:, :k]
    np.testing.assert_allclose(values, best, rtol=2e-4, atol=2e-5)
    assert all(len(set(row)) == k for row in found.tolist())
    assert (np.diff(scores, axis=1) <= 1e-6).all()


@parametrize_with_checks(
    [HubnessCorrector(), HubnessCorrector("dualdis"), HubnessCorrector("mp", k=3)]
)
def test_sklearn_when_checked_then_keeps_its_contract(estimator, check):
    check(estimator)


@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize("banks", ["self", "groups", "given", "labelled"])
@pytest.mark.parametrize("method", METHODS)
def test_kneighbors_when_any_method_then_as_the_formula(method, banks, form):
    t, b, q, g = _data(sparse_like=form == "sparse")
    codes, bank, bank_codes = np.arange(len(t)), t, np.arange(len(t))
    gallery, gallery_codes, given = t, codes, {}
    if banks == "groups":
        codes = bank_codes = gallery_codes = np.repeat(np.arange(30), 3)
        given = {"groups": [f"c{c}" for c in codes]}
    elif banks == "given":
        bank, bank_codes, gallery, gallery_codes = b, None, g, None
        given = {"query_bank": b, "gallery_bank": g}
    elif banks == "labelled":
        bank, bank_codes = b, np.arange(len(b)) % 100
        given = {"query_bank": b, "query_groups": bank_codes}
    wrap = sparse.csr_array if form == "sparse" else np.asarray
    for name in ("query_bank", "gallery_bank"):
        if name in given:
            given[name] = wrap(given[name])
    corrector = HubnessCorrector(method, k=5, pool_rate=0.05).fit(wrap(t), **given)
    found, scores = corrector.kneighbors(wrap(q), 7)
    want = reference.scores(
        method, *map(reference.unit, (t, bank, gallery, q)), codes, bank_codes,
        gallery_codes, k=5, pool_rate=0.05,
    )  # fmt: skip
    _agree(found, scores, want, 7)


@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_augment_when_searched_by_an_index_then_the_same(method, form, metric):
    t, b, q, g = _data(1, sparse_like=form == "sparse")
    wrap = sparse.csr_array if form == "sparse" else np.asarray
    beta = 20.0 if metric == "cosine" else 0.5
    corrector = HubnessCorrector(method, metric=metric, beta=beta, k=4)
    corrector.fit(wrap(t), query_bank=wrap(b), gallery_bank=wrap(g))
    targets, queries = corrector.augment(), corrector.augment_queries(wrap(q))
    assert sparse.issparse(targets) == (form == "sparse")
    assert targets.dtype == queries.dtype == np.float32
    extra = targets.shape[1] - t.shape[1]
    if method in BIASED:
        assert extra == (2 if method == "dualdis" else 1)
    if method != "invgc":  # its targets are moved, not read again
        again = corrector.augment(wrap(t))
        assert abs(again - targets).max() == 0
    product = queries @ targets.T
    product = product.toarray() if form == "sparse" else product
    found, scores = corrector.kneighbors(wrap(q), 6)
    _agree(found, scores, product.astype(float), 6)
    if form == "dense":
        index = ExactIndex(targets, "dot")
        np.testing.assert_array_equal(corrector.kneighbors(q, 6, index=index)[0], found)


def test_scores_when_dot_then_distances_are_euclidean():
    t, b, q, _ = _data(2)
    corrector = HubnessCorrector("nicdm", metric="dot", k=3).fit(t, query_bank=b)
    to_bank = np.sort(np.linalg.norm(t[:, None] - b, axis=2), axis=1)[:, :3]
    d = np.linalg.norm(q[:, None] - t, axis=2)
    found, scores = corrector.kneighbors(q, 5)
    _agree(found, scores, -(d**2) / to_bank.mean(axis=1), 5)
    corrector = HubnessCorrector("dsl", metric="dot", k=3).fit(t, query_bank=b)
    near = np.argsort(np.linalg.norm(t[:, None] - b, axis=2), axis=1)[:, :3]
    middle = b[near].mean(axis=1)
    found, scores = corrector.kneighbors(q, 5)
    _agree(found, scores, (-(d**2) + ((t - middle) ** 2).sum(axis=1)) / 2, 5)
    corrector = HubnessCorrector("mp", metric="dot").fit(t, query_bank=b)
    assert (np.diff(corrector.kneighbors(q, 9)[1]) <= 0).all()


def test_bias_when_is_then_log_sum_exp_less_its_mean():
    t, b, _, _ = _data(3)
    corrector = HubnessCorrector("is", beta=7.0).fit(t, query_bank=b)
    want = logsumexp(7.0 * (reference.unit(t) @ reference.unit(b).T), axis=1) / 7.0
    np.testing.assert_allclose(corrector.bias_ + corrector.offset_, want, rtol=1e-5)
    assert abs(corrector.bias_.mean()) < 1e-6


def test_dualis_when_weight_one_then_the_published_product():
    t, b, q, g = _data(4)
    corrector = HubnessCorrector(
        "dualis", beta=1 / 1.99, gallery_beta=3.0, gallery_weight=1.0
    ).fit(t, query_bank=b, gallery_bank=g)
    t, b, q, g = map(reference.unit, (t, b, q, g))

    def softmax(beta, bank):
        return np.exp(beta * q @ t.T) / np.exp(beta * bank @ t.T).sum(axis=0)

    product = softmax(1 / 1.99, b) * softmax(3.0, g)
    found, _ = corrector.kneighbors(q, 5)
    values = np.take_along_axis(product, found, axis=1)
    np.testing.assert_allclose(values, -np.sort(-product, axis=1)[:, :5], rtol=1e-4)


def test_beta_when_zero_or_huge_then_plain_or_the_largest_of_the_bank():
    t, b, q, _ = _data(5)
    plain = HubnessCorrector("none").fit(t).kneighbors(q, 5)[0]
    for method in ("is", "dis", "dualis", "dualdis", "sinkhorn", "dbsn"):
        corrector = HubnessCorrector(method, beta=0).fit(t, query_bank=b)
        assert (corrector.bias_ == 0).all() or method.startswith("dual")
    flat = HubnessCorrector("is", beta=0).fit(t, query_bank=b)
    np.testing.assert_array_equal(flat.kneighbors(q, 5)[0], plain)
    huge = HubnessCorrector("is", beta=1e30).fit(t, query_bank=b)
    largest = (reference.unit(t) @ reference.unit(b).T).max(axis=1)
    np.testing.assert_allclose(huge.bias_ + huge.offset_, largest, atol=1e-6)
    one = HubnessCorrector("csls", k=1, strength=0.5).fit(t, query_bank=b)
    np.testing.assert_allclose(2 * one.bias_, huge.bias_, atol=1e-6)
    cold = HubnessCorrector("sinkhorn", beta=1e4).fit(t, query_bank=b)
    assert np.isfinite(cold.bias_).all()


def test_gate_when_nearest_target_is_not_activated_then_plain_scores():
    t, b, q, _ = _data(6)
    corrector = HubnessCorrector("dis").fit(t, query_bank=b[:5])
    assert 0 < corrector.activation_.sum() <= 5
    plain, raw = HubnessCorrector("none").fit(t).kneighbors(q, 6)
    found, scores = corrector.kneighbors(q, 6)
    closed = ~corrector.activation_[plain[:, 0]]
    assert closed.any()
    np.testing.assert_array_equal(found[closed], plain[closed])
    np.testing.assert_allclose(scores[closed], raw[closed], atol=1e-6)
    assert (corrector.augment_queries(q)[:, -1] == ~closed).all()


@pytest.mark.parametrize("method", METHODS)
def test_result_when_other_threads_then_the_same_bits(method):
    t, b, q, _ = _data(7, n=1100, m=1300, n_queries=30)
    results = []
    for n_jobs in (1, 2):
        corrector = HubnessCorrector(method, k=3, n_iter=2, n_jobs=n_jobs)
        corrector.fit(t, query_bank=b)
        results.append((corrector.bias_, *corrector.kneighbors(q, 5)))
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "gc"])
def test_torch_when_on_a_device_then_as_numpy(method, device):
    t, b, q, g = _data(8)
    plain, there = (
        HubnessCorrector(method, k=4, device=where).fit(
            t, query_bank=b, gallery_bank=g, groups=np.arange(len(t)) // 2,
            query_groups=np.arange(len(b)) // 3,
        )
        for where in ("cpu", device)
    )  # fmt: skip
    np.testing.assert_allclose(plain.bias_, there.bias_, atol=2e-6)
    (rows, scores), (other, values) = (x.kneighbors(q, 6) for x in (plain, there))
    np.testing.assert_allclose(scores, values, atol=2e-5, rtol=1e-4)
    assert (rows == other).mean() > 0.98
    one, two = (x.score_hubness(q)["after"]["gini"] for x in (plain, there))
    assert abs(one - two) < 1e-2


def test_device_when_it_cannot_then_says_so():
    t, *_ = _data()
    with pytest.raises(GraphValueError, match="'gc' runs with device='cpu'"):
        HubnessCorrector("gc", device="torch:cpu").fit(t)
    pytest.importorskip("torch")
    with pytest.raises(DeviceError, match="Sparse"):
        HubnessCorrector(device="torch:cpu").fit(sparse.csr_array(np.abs(t)))


# -- held-out pairs --------------------------------------------------------------
def _hubby(seed=0, n=150, d=12):
    """Queries near their targets, and a few targets near to everything."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(n, d))
    t[:5] = 0.7 * rng.normal(size=(5, d)) + 2.5
    q = t[5:] + 0.9 * rng.normal(size=(n - 5, d)) + 0.8
    return t, q, np.arange(5, n)


@pytest.mark.parametrize("method", ["is", "dis", "dualis", "dualdis", "sinkhorn"])
def test_auto_when_pairs_then_the_best_of_what_was_tried(method):
    t, q, gold = _hubby()
    corrector = HubnessCorrector(method, beta="auto", strength="auto", n_iter=3)
    corrector.fit(t, query_bank=q[::2], pairs=(q[1::2], gold[1::2]))
    tried = corrector.held_out_
    assert len(tried) == 42
    best = max(row["mrr"] for row in tried)
    for row in (tried[5], tried[22], tried[41]):
        fixed = HubnessCorrector(
            method, beta=row["beta"], strength=row["strength"], n_iter=3
        ).fit(t, query_bank=q[::2])
        found, _ = fixed.kneighbors(q[1::2], len(t))
        rank = 1 + np.argmax(found == gold[1::2, None], axis=1)
        assert abs((1 / rank).mean() - row["mrr"]) < 2e-3
    chosen = [
        row for row in tried
        if (row["beta"], row["strength"]) == (corrector.beta_, corrector.strength_)
    ]  # fmt: skip
    assert chosen[0]["mrr"] == best
    assert best > next(row["mrr"] for row in tried if row["strength"] == 0)


def test_auto_when_correction_harms_then_none():
    rng = np.random.default_rng(0)
    t = np.eye(12)
    t = np.vstack([t, t[0] + 0.02 * rng.normal(size=(30, 12))])
    q = t[:1].repeat(8, axis=0)
    corrector = HubnessCorrector("is", strength="auto")
    corrector.fit(t, pairs=(q, np.zeros(8, int)))
    assert corrector.strength_ == 0
    assert corrector.kneighbors(q, 1)[0].ravel().tolist() == [0] * 8


def test_groups_when_unique_then_each_once_as_its_best_row():
    t, b, q, _ = _data(9)
    groups = [f"c{i % 13}" for i in range(len(t))]
    corrector = HubnessCorrector("is").fit(t, groups=groups, query_bank=b)
    every, scores = corrector.kneighbors(q, len(t))
    found, values = corrector.kneighbors(q, 13, unique_groups=True)
    for i in range(len(q)):
        seen = {}
        for row, score in zip(every[i].tolist(), scores[i].tolist(), strict=True):
            seen.setdefault(groups[row], (row, score))
        assert found[i].tolist() == [row for row, _ in seen.values()]
        assert values[i].tolist() == [score for _, score in seen.values()]
    assert corrector.kneighbors(q, 99, unique_groups=True)[0].shape == (len(q), 13)


def test_groups_when_none_or_nan_then_on_their_own():
    t, _, q, _ = _data(15, n=12)
    labels = ["a", None, "a", None, *"bcdefg", None, float("nan")]
    corrector = HubnessCorrector("is").fit(t, groups=labels)
    same = ["a", 1, "a", 3, *"bcdefg", 10, 11]
    np.testing.assert_array_equal(
        corrector.bias_, HubnessCorrector("is").fit(t, groups=same).bias_
    )
    assert corrector.kneighbors(q, 50, unique_groups=True)[0].shape == (len(q), 11)


def test_pairs_when_wrong_then_says_so():
    t, q, gold = _hubby()
    with pytest.raises(GraphValueError, match="held-out pairs"):
        HubnessCorrector("is", beta="auto").fit(t)
    with pytest.raises(GraphValueError, match="no temperature"):
        HubnessCorrector("csls", beta="auto").fit(t, pairs=(q, gold))
    with pytest.raises(GraphValueError, match="subtracts a bias"):
        HubnessCorrector("mp", strength=0.5).fit(t)
    with pytest.raises(GraphTypeError, match=r"\(queries, gold\)"):
        HubnessCorrector("is", strength="auto").fit(t, pairs=q)
    with pytest.raises(GraphValueError, match="is no target"):
        HubnessCorrector("is", strength="auto").fit(t, pairs=(q, gold + 1))
    with pytest.raises(GraphValueError, match=r"gold\[0\] = 'x'"):
        HubnessCorrector("is", strength="auto").fit(
            t, groups=list(map(str, range(len(t)))), pairs=(q[:1], ["x"])
        )


# -- edges -----------------------------------------------------------------------
def test_bank_when_empty_nan_or_of_another_width_then_refused():
    t, b, q, _ = _data()
    with pytest.raises(GraphValueError, match="query bank is empty"):
        HubnessCorrector().fit(t, query_bank=b[:0])
    with pytest.raises(GraphValueError, match="gallery bank is empty"):
        HubnessCorrector("dualis").fit(t, gallery_bank=[])
    with pytest.raises(ValueError, match="NaN"):
        HubnessCorrector().fit(t, query_bank=np.where(b > 1, np.nan, b))
    with pytest.raises(ValueError, match="NaN"):
        HubnessCorrector().fit(np.where(t > 1, np.nan, t))
    with pytest.raises(ValueError, match="NaN"):
        HubnessCorrector().fit(t).kneighbors(np.where(q > 1, np.nan, q))
    with pytest.raises(GraphValueError, match="3 components"):
        HubnessCorrector().fit(t, query_bank=b[:, :3])
    with pytest.raises(GraphTypeError, match="sparse but the targets are dense"):
        HubnessCorrector().fit(t, query_bank=sparse.csr_array(b))
    with pytest.raises(GraphValueError, match="without the query bank"):
        HubnessCorrector().fit(t, query_groups=[1])
    with pytest.raises(GraphValueError, match="one label for each"):
        HubnessCorrector().fit(t, groups=[1])
    with pytest.raises(GraphValueError, match="positive integer"):
        HubnessCorrector().fit(t).kneighbors(q, 0)
    with pytest.raises(GraphValueError, match="its own bias"):
        HubnessCorrector().fit(t).augment(t[1:])
    with pytest.raises(GraphValueError, match="no inner product"):
        HubnessCorrector("mp").fit(t).augment()
    with pytest.raises(NotFittedError):
        HubnessCorrector().kneighbors(q)
    corrector = HubnessCorrector().fit(t)
    with pytest.raises(GraphValueError, match="query bank is empty"):
        corrector.fit(t, query_bank=b[:0])
    with pytest.raises(NotFittedError):
        corrector.kneighbors(q)
    with pytest.raises(ValueError, match="method"):
        HubnessCorrector("nonsense").fit(t)


@pytest.mark.parametrize("method", METHODS)
def test_edges_when_bank_is_small_twins_and_zeros_then_finite(method):
    t, b, q, _ = _data(10, n=30)
    t[7] = t[3]
    t[11] = 0
    q[0] = 0
    for given in (
        {"query_bank": b[:2], "gallery_bank": b[:1]},
        {"query_bank": np.vstack([b, 0 * b[:1]])},
        {"groups": ["one"] * len(t)},  # nothing may speak for any target
        {"groups": ["one"] * 29 + ["two"]},
        {},
    ):
        corrector = HubnessCorrector(method).fit(t, **given)
        found, scores = corrector.kneighbors(q, 30)
        assert np.isfinite(scores).all()
        assert np.isfinite(corrector.bias_).all()
        assert sorted(found[1].tolist()) == list(range(30))
        if "groups" not in given:
            assert corrector.bias_[7] == corrector.bias_[3]
            for row in found[1:].tolist() if method in LINEAR else ():
                assert row.index(7) == row.index(3) + 1


@pytest.mark.parametrize("method", METHODS)
def test_one_target_when_alone_then_found(method):
    corrector = HubnessCorrector(method).fit([[1.0, 2.0]])
    assert corrector.kneighbors([[1.0, 0.0]], 5)[0].tolist() == [[0]]


def test_max_bank_when_drawn_then_by_the_seed():
    t, b, _, _ = _data(11)
    one, two, other = (
        HubnessCorrector("is", max_bank=20, random_state=seed)
        .fit(t, query_bank=b)
        .bias_
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_scores_when_ranked_again_by_themselves_then_the_same_order():
    t, b, q, _ = _data(13, n=300)
    q = t[:40] + 1e-3 * q  # so near that proximities are 1 in floating point
    for method in ("mp", "gc"):
        found, scores = HubnessCorrector(method).fit(t, query_bank=b).kneighbors(q, 40)
        assert found[:, 0].tolist() == list(range(40)) or method == "gc"
        assert (np.diff(scores, axis=1) < 0).mean() > 0.999


def test_score_hubness_when_targets_move_then_before_is_of_those_given():
    t, b, q, _ = _data(14)
    plain = HubnessCorrector("none").fit(t).score_hubness(q)["before"]
    for method in METHODS:
        corrector = HubnessCorrector(method, rate=2.0).fit(t, query_bank=b)
        assert corrector.score_hubness(q)["before"] == plain


def test_score_hubness_when_corrected_then_less_skewed():
    t, q, _ = _hubby(n=400)
    corrector = HubnessCorrector("is", beta=5.0).fit(t, query_bank=q)
    found = corrector.score_hubness(q, k=5)
    assert found["after"]["skewness"] < found["before"]["skewness"]
    assert found["after"]["antihubs"] < found["before"]["antihubs"]
    assert set(found["before"]) >= {"robin_hood", "gini", "atkinson", "hubs"}
    own = HubnessCorrector("is", beta=5.0).fit(t).score_hubness(k=5)
    assert own["before"] != found["before"]
    assert corrector.n_k_.sum() == 10 * len(q)


# -- keeping ---------------------------------------------------------------------
@pytest.mark.parametrize("form", ["dense", "sparse"])
@pytest.mark.parametrize("method", METHODS)
def test_save_when_loaded_then_the_same_answers(method, form, tmp_path):
    t, b, q, _ = _data(12, sparse_like=form == "sparse")
    wrap = sparse.csr_array if form == "sparse" else np.asarray
    corrector = HubnessCorrector(method, k=3).fit(
        wrap(t), query_bank=wrap(b), groups=np.arange(len(t)) // 2
    )
    want = corrector.kneighbors(wrap(q), 4, unique_groups=True)
    for again in (
        pickle.loads(pickle.dumps(corrector)),
        (corrector.save(tmp_path / "model"), graphrep.load(tmp_path / "model"))[1],
    ):
        found = again.kneighbors(wrap(q), 4, unique_groups=True)
        np.testing.assert_array_equal(found[0], want[0])
        np.testing.assert_array_equal(found[1], want[1])
    assert "model.kneighbors" in (tmp_path / "model" / "README.md").read_text()
    with pytest.raises(AttributeError, match="no bank any more"):
        again.score_hubness()
    assert clone(corrector).get_params() == corrector.get_params()


@pytest.mark.parametrize("method", ["csls", "is", "sinkhorn", "nicdm", "mp"])
def test_memory_when_bank_is_large_then_that_of_tiles(method):
    rng = np.random.default_rng(0)
    t = rng.normal(size=(3000, 8)).astype(np.float32)
    HubnessCorrector(method, n_iter=1).fit(t[:50])  # compiled, imported
    tracemalloc.start()
    HubnessCorrector(method, n_iter=1, n_jobs=1).fit(t)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6  # all pairs would be 36 MB in float32

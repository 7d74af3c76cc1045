"""LSHCertificate: shares, bounds, bandings; by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse, stats

from graphrep.blocking import NLSHBlocker, as_records
from graphrep.blocking._certificate import LSHCertificate, collision, near_rows
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._matches import Matches
from graphrep.datasets import make_records
from graphrep.exceptions import GraphValueError


def _unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_measure_when_small_then_by_hand():
    found = LSHCertificate.measure([0.4, 0.1, 0.5, 0.2], [1.2, 1.3, 0.3, 1.9])
    assert found.p1 == 0.75
    assert found.p2 == 0.5
    assert found.rho == pytest.approx(np.log(1 / 0.75) / np.log(2))
    test = stats.binomtest(3, 4).proportion_ci(0.9)
    assert found.p1_least == pytest.approx(test.low)
    assert found.p2_most == pytest.approx(stats.binomtest(2, 4).proportion_ci(0.9).high)
    assert np.isnan(found.p2_near)


def test_measure_when_perfect_then_sensitive_and_finite():
    found = LSHCertificate.measure(np.full(50, 0.1), np.full(1000, 1.4))
    assert (found.p1, found.p2) == (1.0, 0.0)
    assert 0 < found.rho < 0.01
    assert found.sensitive
    assert not found.collapsed
    assert "sensitive" in repr(found)
    assert "not sensitive" not in repr(found)


def test_measure_when_all_is_near_then_collapsed():
    found = LSHCertificate.measure(np.full(50, 0.1), np.full(1000, 0.1))
    assert found.collapsed
    assert not found.sensitive
    assert found.rho < np.inf


def test_of_vectors_when_unit_then_matches_are_not_others():
    rng = np.random.default_rng(0)
    X = _unit(rng.normal(size=(30, 8)))
    Y = _unit(X + 0.05 * rng.normal(size=X.shape))
    both = Matches(np.arange(30), np.arange(30))
    near = np.tile(np.arange(3), (30, 1))
    found = LSHCertificate.of_vectors(
        X, Y, both, MatchLoss(), near_rows=near, n_others=500
    )
    assert found.p1 == 1.0
    assert found.others.min() > 0.3
    assert len(found.near) == 30 * 3 - 3
    frame = found.to_frame()
    assert list(frame.index) == ["matches", "others", "near"]
    assert frame.loc["matches", "q50"] == pytest.approx(np.median(found.matches))


@pytest.mark.parametrize("metric", ["l1", "cosine"])
def test_of_vectors_when_other_metric_then_its_distances(metric):
    X, Y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.6, 0.8], [0.0, 1.0]])
    found = LSHCertificate.of_vectors(
        X, Y, Matches([0], [0]), MatchLoss(metric=metric), n_others=50
    )
    assert found.matches[0] == pytest.approx({"l1": 1.2, "cosine": 0.4}[metric])


@pytest.mark.parametrize("code", ["sign", "p-stable"])
@pytest.mark.parametrize("d", [0.2, 0.8, 1.4])
def test_collision_when_simulated_then_as_often(code, d):
    rng = np.random.default_rng(1)
    angle = 2 * np.arcsin(d / 2)
    pair = np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]])
    values = pair @ rng.normal(size=(2, 200_000))
    if code == "sign":
        same = (values[0] > 0) == (values[1] > 0)
    else:
        shift = rng.uniform(0, 1.6, values.shape[1])
        same = np.equal(*np.floor((values + shift) / 1.6))
    assert collision(np.array([d]), code, 1.6)[0] == pytest.approx(
        same.mean(), abs=0.005
    )


@pytest.mark.parametrize("code", ["sign", "p-stable"])
def test_banding_when_apart_then_reaches_recall_with_few_others(code):
    rng = np.random.default_rng(2)
    found = LSHCertificate.measure(
        rng.uniform(0, 0.4, 500), rng.uniform(1.2, 1.5, 5000)
    )
    bands = found.banding(1_000_000, recall=0.9, code=code)
    assert bands.recall >= 0.9
    assert bands.others_per_record <= 10
    p = collision(found.matches, code, 1.6) ** bands.k
    assert (1 - (1 - p) ** (bands.L - 1)).mean() < 0.9


def test_banding_when_more_others_are_allowed_then_fewer_tables():
    rng = np.random.default_rng(3)
    found = LSHCertificate.measure(
        rng.uniform(0, 0.7, 300), rng.uniform(0.9, 1.5, 3000)
    )
    few, many = (found.banding(10_000, others_per_record=x) for x in (1, 1000))
    assert few.L > many.L


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LSHCertificate.measure([], [1.0]), "distances of matches"),
        (lambda: LSHCertificate.measure([1.0], []), "distances of others"),
        (lambda: LSHCertificate.measure([np.nan], [1.0]), "finite"),
        (lambda: LSHCertificate.measure([1.0], [-1.0]), "0 or more; got -1"),
        (lambda: LSHCertificate.measure([1.0], [1.0], c=1), "c must be above 1"),
        (
            lambda: LSHCertificate.measure([1.0], [1.0]).banding(9, code="x"),
            "code must",
        ),
        (lambda: LSHCertificate.measure([1.0], [1.0]).banding(9, recall=1), "recall"),
    ],
)
def test_certificate_when_nonsense_then_error(make, said):
    with pytest.raises(GraphValueError, match=said):
        make()


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_near_rows_when_asked_for_some_then_their_nearest(form):
    draw = np.random.default_rng(0)
    X, Y = (np.abs(draw.normal(size=(n, 6))) for n in (5, 9))
    Y[4] = 0.0
    X, Y = (v / np.maximum(np.linalg.norm(v, axis=1)[:, None], 1e-9) for v in (X, Y))
    found = near_rows(form(X), form(Y), np.array([3, 1, 3]), 7)
    wanted = np.argsort(-(X @ Y.T), axis=1, kind="stable")[:, :8]
    np.testing.assert_array_equal(found[[1, 3]], wanted[[1, 3]])
    assert (found[[0, 2, 4]] == -1).all()
    more = near_rows(form(X), form(Y), np.array([0]), 8)
    assert more[0, -1] == -1  # a vector of zeros is near nothing


def test_certificate_of_blocker_when_learnt_from_then_no_other_pairs():
    data = make_records(120, errors=6, random_state=0)
    A, B = as_records(data.left), as_records(data.right)
    learnt, kept = data.matches[::2], data.matches[1::2]
    blocker = NLSHBlocker(random_state=0).fit(A, B, learnt)
    found = blocker.certificate(A, B, kept)
    assert 0 < found.p2 < found.p2_near <= 1
    assert len(found.near) <= 6 * len(kept)
    odd = [(learnt[0][0], learnt[1][1])]  # its left record has a match: a learnt one
    told = blocker.certificate(A, B, odd).near
    blind = NLSHBlocker(random_state=0).fit(A, B).certificate(A, B, odd).near
    assert len(told) == len(blind) - 1
    assert told.min() > blind.min()

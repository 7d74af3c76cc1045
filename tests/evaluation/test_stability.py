"""StabilityEvaluator: seeds that matter, and methods that have none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import procrustes

import graphrep as gr
from graphrep.evaluation import StabilityEvaluator
from graphrep.evaluation._stability import _overlap, _procrustes
from graphrep.exceptions import GraphTypeError, GraphValueError

GRAPH = gr.datasets.load_les_miserables().graph


def _row(estimator, **parameters):
    return StabilityEvaluator(**{"n_seeds": 3, **parameters}).evaluate(
        GRAPH, estimator
    ).rows()[0]  # fmt: skip


def test_stability_when_random_vectors_then_nothing_stays():
    row = _row(gr.RandomVectors(16))
    assert row["procrustes"] > 0.3
    assert row["knn_overlap"] < 0.3
    assert row["ap_sd"] > 0
    assert not row["deterministic"]


def test_stability_when_deterministic_then_no_spread():
    row = _row(gr.AdjacencySVD(8))
    assert (row["procrustes"], row["knn_overlap"], row["ap_sd"]) == (0.0, 1.0, 0.0)
    assert row["deterministic"]


def test_stability_when_fast_projection_then_between_the_two():
    many, few = _row(gr.FastRP(512)), _row(gr.FastRP(8))
    assert many["procrustes"] < few["procrustes"]
    assert many["knn_overlap"] > few["knn_overlap"]


def test_stability_when_repeated_or_already_fitted_then_the_same():
    model = gr.FastRP(8)
    assert _row(model) == _row(model) == _row(model.fit(GRAPH))
    assert _row(model) != _row(model, random_state=1)


def test_procrustes_when_turned_and_scaled_then_zero_and_else_as_scipy():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 50, 4))
    turn = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    assert _procrustes(x, 3 * x @ turn) == pytest.approx(0.0, abs=1e-12)
    x, y = x - x.mean(0), y - y.mean(0)  # scipy's takes the mean away
    assert _procrustes(x, y) == pytest.approx(procrustes(x, y)[2])


def test_overlap_when_rows_share_some_then_their_share():
    assert _overlap(np.array([[0, 1], [2, 3]]), np.array([[1, 2], [0, 1]])) == 0.25


def test_stability_when_vectors_then_refused():
    with pytest.raises(GraphTypeError, match="needs an estimator to fit again"):
        _row(np.ones((77, 2)))
    with pytest.raises(GraphValueError, match="at least 2"):
        _row(gr.FastRP(4), n_seeds=1)

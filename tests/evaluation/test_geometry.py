"""GeometryEvaluator: figures with known values, and vectors in bad health."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import skew, spearmanr
from sklearn.neighbors import NearestNeighbors

import graphrep as gr
from graphrep.evaluation import GeometryEvaluator, NeighbourhoodScore
from graphrep.exceptions import GraphValueError

GRAPH = gr.datasets.load_les_miserables().graph


def _record(vectors, **parameters):
    return GeometryEvaluator(**parameters).evaluate(GRAPH, vectors).rows()[0]


def _random(d=16):
    return np.random.default_rng(0).standard_normal((77, d)).astype(np.float32)


def test_ranks_when_random_then_as_the_singular_values():
    x = _random()
    s = np.linalg.svd(x.astype(float), compute_uv=False)
    share = s / s.sum()
    spread = np.linalg.eigvalsh(np.cov(x.T, bias=True))
    got = _record(x)
    assert got["effective_rank"] == pytest.approx(
        np.exp(-(share * np.log(share)).sum())
    )
    assert got["stable_rank"] == pytest.approx((s**2).sum() / s[0] ** 2)
    assert got["participation_ratio"] == pytest.approx(
        spread.sum() ** 2 / (spread**2).sum(), rel=1e-4
    )


def test_hubness_when_random_then_as_scikit_learn():
    x = _random()
    near = NearestNeighbors(n_neighbors=11, metric="cosine").fit(x).kneighbors(x)[1]
    counts = np.bincount(near[:, 1:].ravel(), minlength=77)
    found = GeometryEvaluator().evaluate(GRAPH, x)
    got = found.rows()[0]
    assert got["hubness_skewness"] == pytest.approx(skew(counts))
    assert got["antihubs"] == pytest.approx((counts == 0).mean())
    assert [hub["count"] for hub in found.hubs] == np.sort(counts)[::-1][:10].tolist()


def test_norms_when_degrees_rule_then_correlated():
    degree = np.asarray(GRAPH.degree())
    x = _random() * degree[:, None]
    got = _record(x)
    assert got["norm_degree_correlation"] == pytest.approx(
        spearmanr(np.linalg.norm(x, axis=1), degree).statistic
    )
    assert got["mean_norm"] == pytest.approx(np.linalg.norm(x, axis=1).mean(), rel=1e-5)


def test_isotropy_when_spread_or_in_a_cone_then_told_apart():
    spread, cone = _random(), _random() * 0.05 + 1
    assert _record(spread)["isotropy"] > 0.5 > _record(cone)["isotropy"]
    assert abs(_record(spread)["mean_cosine"]) < 0.05
    assert _record(cone)["mean_cosine"] > 0.99


def test_vectors_when_dead_doubled_zero_or_broken_then_counted():
    x = _random()
    x[:, 3] = 2.5
    x[5] = x[6] = x[7]
    x[9] = 0
    x[11, 2], x[12, 1] = np.nan, np.inf
    got = _record(x)
    assert got["dead_dimensions"] == 0  # the zero vector makes column 3 vary
    assert (got["duplicates"], got["zero_vectors"], got["not_finite"]) == (2, 1, 2)
    x[9] = x[8]
    assert _record(x)["dead_dimensions"] == 1
    assert all(value is not None for value in got.values())


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_vectors_when_constant_then_no_figure_fails(value):
    got = _record(np.full((77, 4), value))
    assert got["effective_rank"] == pytest.approx(float(value > 0))
    assert got["duplicates"] == 76
    assert got["norm_degree_correlation"] is None


def test_queries_when_sampled_then_fewer_and_reproducible():
    one, two = (_record(_random(), n_queries=20) for _ in range(2))
    assert one == two
    assert one["n_queries"] == 20


def test_evaluation_when_threads_differ_then_the_same():
    assert _record(_random(), n_jobs=1) == _record(_random(), n_jobs=2)


def test_scores_when_there_are_no_vectors_then_refused():
    with pytest.raises(GraphValueError, match="has no vectors to look at"):
        GeometryEvaluator().evaluate(GRAPH, NeighbourhoodScore())
    with pytest.raises(GraphValueError, match="k must be at least 1"):
        _record(_random(), k=0)

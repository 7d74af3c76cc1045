"""Embeddings ranked by a criterion."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from graphrep import FastRP
from graphrep.datasets import load_karate, make_sbm
from graphrep.embedding import HOPE, LaplacianEigenmaps, RandomVectors
from graphrep.evaluation import ReconstructionEvaluator, select_embedding
from graphrep.exceptions import GraphValueError


@pytest.fixture(scope="module")
def graph():
    return make_sbm(300, 1500, n_communities=3, mixing=0.2, random_state=0).graph


@pytest.fixture(scope="module")
def candidates(graph):
    return {
        "noise": RandomVectors(16, random_state=0),
        "FastRP": FastRP(16, random_state=0),
        "HOPE": HOPE(16, random_state=0),
        "fitted": LaplacianEigenmaps(8, random_state=0).fit(graph),
    }


def test_select_when_criterion_is_hop_auc_then_is_the_auc_of_two_hops(
    graph, candidates
):
    found = select_embedding(graph, candidates, scores=("cosine",))
    A = graph.to_scipy().toarray() > 0
    near = (A | (A.astype(int) @ A > 0)) & ~np.eye(300, dtype=bool)
    X = found.embeddings["FastRP"].source.astype(np.float64)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    values = [
        roc_auc_score(np.delete(near[i], i), np.delete(X[i] @ X.T, i))
        for i in range(300)
    ]
    rows = {row["embedding"]: row for row in found.rows()}
    assert rows["FastRP"]["mean"] == pytest.approx(np.mean(values), abs=1e-5)
    assert rows["noise"]["mean"] == pytest.approx(0.5, abs=0.02)
    assert rows["noise"]["chance"] == pytest.approx(0.5)


def test_select_when_ranked_then_means_fall_and_the_first_is_the_best(
    graph, candidates
):
    found = select_embedding(graph, candidates, "ap_adjusted")
    means = [choice.estimate.value for choice in found.choices]
    assert means == sorted(means, reverse=True)
    assert [row["rank"] for row in found.rows()] == list(range(1, len(means) + 1))
    assert (found.best, found.best_score) == (
        found.choices[0].embedding,
        found.choices[0].score,
    )
    assert found.best_estimator is found.embeddings[found.best].estimator
    assert found.choices[0].comparison is None
    assert found.choices[-1].embedding == "noise"
    assert found.choices[-1].comparison.p_value < 0.01
    assert {c.embedding for c in found.choices} == set(candidates)


def test_select_when_nodes_are_sampled_then_differences_are_paired(graph, candidates):
    found = select_embedding(graph, candidates, "ap", n_queries=80, random_state=3)
    evaluator = ReconstructionEvaluator(hops=(1,), n_queries=80, random_state=3)
    first = found.choices[0]
    a = evaluator.evaluate(graph, found.embeddings[first.embedding])
    for other in found.choices[1:]:
        b = evaluator.evaluate(graph, found.embeddings[other.embedding])
        expected = a.compare(b, "hop1", "ap", first.score, other_score=other.score)
        assert other.comparison.difference == pytest.approx(expected.difference)
        assert other.comparison.se == pytest.approx(expected.se)
        gap = first.estimate.value - other.estimate.value
        assert other.comparison.difference == pytest.approx(gap, abs=1e-9)
    assert found.choices[0].estimate.se > 0


def test_select_when_the_metric_is_a_rank_then_the_lowest_is_the_best(
    graph, candidates
):
    found = select_embedding(graph, candidates, "mean_rank", truth="shell2")
    means = [choice.estimate.value for choice in found.choices]
    assert means == sorted(means)
    assert found.truth == "shell2"


def test_select_when_the_own_score_is_the_cosine_then_it_competes_once():
    graph = load_karate().graph
    laplace = LaplacianEigenmaps(4, random_state=0)
    found = select_embedding(
        graph, {"LE": laplace, "v": np.eye(34)}, scores=("native", "euclidean")
    )
    assert laplace.decoder == "euclidean"
    pairs = sorted((choice.embedding, choice.score) for choice in found.choices)
    assert pairs == [("LE", "native"), ("v", "euclidean"), ("v", "native")]


def test_select_when_given_a_list_then_classes_are_the_names():
    graph = load_karate().graph
    found = select_embedding(
        graph, [FastRP(4, random_state=0), HOPE(4, random_state=0)]
    )
    assert set(found.embeddings) == {"FastRP", "HOPE"}
    for word in ("FastRP", "HOPE", "difference", "auc of ball2"):
        assert word in str(found)
    assert len(found.to_frame()) == 4
    with pytest.raises(GraphValueError, match="Two embeddings"):
        select_embedding(graph, [FastRP(4), FastRP(8)])


def test_select_when_seed_is_open_then_it_is_filled():
    graph = load_karate().graph
    first, again = (
        select_embedding(graph, {"F": FastRP(4)}, random_state=1) for _ in range(2)
    )
    assert first.rows()[0]["mean"] == again.rows()[0]["mean"]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"embeddings": {}}, "no embedding"),
        ({"criterion": "beauty"}, "beauty"),
        ({"truth": "hop7", "criterion": "ap"}, "hop7"),
        ({"scores": ("warmth",)}, "warmth"),
    ],
)
def test_select_when_something_is_unknown_then_names_it(options, word):
    given = {"embeddings": {"I": np.eye(34)}, **options}
    with pytest.raises(GraphValueError, match=word):
        select_embedding(load_karate().graph, **given)

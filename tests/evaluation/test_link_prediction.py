"""Link prediction: figures by brute force, refusals, the same splits for all."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from graphrep import FastRP, Graph
from graphrep.datasets import load_karate
from graphrep.embedding import AdjacencySVD, RandomVectors
from graphrep.evaluation import LinkPredictionEvaluator, NeighbourhoodScore
from graphrep.evaluation._embeddings import read_embedding
from graphrep.evaluation._held_out import (
    HeldOut,
    HeldOutTruth,
    degree_matched,
    hold_out,
    two_way,
)
from graphrep.exceptions import GraphValueError


@pytest.fixture(scope="module")
def karate() -> Graph:
    return load_karate().graph


def quick(**changes) -> LinkPredictionEvaluator:
    settings = {"n_repeats": 2, "scores": ("native",), "k": (5, 10), "baselines": ()}
    return LinkPredictionEvaluator(**{**settings, **changes})


def held_of(graph: Graph, seed: int = 0) -> HeldOut:
    return hold_out(graph, 0.2, seed)


def test_two_way_when_scores_are_distinct_then_as_scikit_learn():
    rng = np.random.default_rng(0)
    positive, negative = rng.random(40) + 0.2, rng.random(60)
    truth = np.repeat([1, 0], [40, 60])
    scores = np.concatenate([positive, negative])
    auc, ap = two_way(positive, negative)
    assert auc == pytest.approx(roc_auc_score(truth, scores))
    assert ap == pytest.approx(average_precision_score(truth, scores), abs=1e-12)


def test_two_way_when_scores_tie_then_mean_over_orders():
    rng = np.random.default_rng(1)
    positive, negative = rng.integers(0, 4, 9), rng.integers(0, 4, 14)
    truth = np.repeat([1, 0], [9, 14])
    scores = np.concatenate([positive, negative]).astype(float)
    drawn = [
        average_precision_score(truth, scores + 0.1 * rng.random(len(scores)))
        for _ in range(3000)
    ]
    _, ap = two_way(positive.astype(float), negative.astype(float))
    assert ap == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 3000**0.5)


def test_truth_when_filled_then_known_masked_and_held_out_relevant(karate):
    held = held_of(karate)
    truth = HeldOutTruth(held)
    rows = np.arange(34)
    classes = np.empty((34, 34), np.uint8)
    truth.fill(rows, classes, np.empty(34, np.int64))
    expected = np.full((34, 34), 2)
    expected[held.train.to_scipy().toarray() > 0] = 0
    np.fill_diagonal(expected, 0)
    for a, b in held.positive:
        expected[a, b] = expected[b, a] = 1
    np.testing.assert_array_equal(classes, expected)
    assert set(truth.queries) == set(held.positive.ravel().tolist())


def test_evaluate_when_filtered_then_as_sorted_by_hand(karate):
    evaluator = quick(n_repeats=1, hard=False, n_queries=None)
    row = evaluator.evaluate(karate, RandomVectors(6, random_state=1)).rows()[0]
    seed = int(np.random.SeedSequence(0).generate_state(1)[0])
    held = held_of(karate, seed)
    vectors = RandomVectors(6, random_state=1).fit_transform(held.train)
    scores = vectors.astype(float) @ vectors.T.astype(float)
    known = (held.train.to_scipy().toarray() > 0) | np.eye(34, dtype=bool)
    precisions, hits, ranks = [], [], []
    for node in np.unique(held.positive):
        mine = held.positive[(held.positive == node).any(axis=1)]
        wanted = {int(b if a == node else a) for a, b in mine}
        order = [j for j in np.argsort(-scores[node]) if not known[node, j]]
        truth = [j in wanted for j in order]
        precisions.append(average_precision_score(truth, -np.arange(len(order))))
        hits.append(any(truth[:5]))
        others = [j for j in order if j not in wanted]
        ranks += [1 + sum(scores[node, others] > scores[node, j]) for j in wanted]
    assert row["map"] == pytest.approx(np.mean(precisions), abs=1e-6)
    assert row["hits@5"] == pytest.approx(np.mean(hits))
    assert row["filtered_mrr"] == pytest.approx(np.mean(1 / np.array(ranks)), abs=1e-6)


def test_evaluate_when_scores_are_random_then_near_a_half(karate):
    found = quick(n_repeats=6).evaluate(karate, RandomVectors(8)).rows()[0]
    assert abs(found["auc"] - 0.5) < 0.15
    assert abs(found["auc_hard"] - 0.5) < 0.15


def test_evaluate_when_run_twice_then_same_rows_for_any_threads(karate):
    model = {"svd": AdjacencySVD(8), "frp": FastRP(8)}  # an open seed is set too
    first = quick(n_jobs=1).evaluate(karate, model)
    again = quick(n_jobs=2).evaluate(karate, model)
    drop = ("fit_seconds", "fit_seconds_sd")
    for a, b in zip(first.rows(), again.rows(), strict=True):
        assert {k: v for k, v in a.items() if k not in drop} == {
            k: v for k, v in b.items() if k not in drop
        }


@pytest.mark.parametrize("text", [False, True])
def test_evaluate_when_rows_are_permuted_then_same_figures(karate, text):
    order = np.random.default_rng(0).permutation(34)
    ids = [f"n{row}" if text else row for row in range(34)]
    matrix = karate.to_scipy().toarray()
    first = Graph(matrix, nodes=ids)
    moved = Graph(matrix[np.ix_(order, order)], nodes=[ids[row] for row in order])
    settings = {"n_queries": 7, "baselines": ("adamic_adar",)}
    for a, b in zip(
        quick(**settings).evaluate(first, AdjacencySVD(4)).rows(),
        quick(**settings).evaluate(moved, AdjacencySVD(4)).rows(),
        strict=True,
    ):
        for key in ("auc", "ap", "auc_hard", "ap_hard", "map", "mrr", "filtered_mrr"):
            assert a[key] == pytest.approx(b[key], abs=1e-6)


def test_evaluate_when_score_is_neighbourhood_then_same_as_baseline(karate):
    found = quick(baselines=("adamic_adar",)).evaluate(
        karate, NeighbourhoodScore("adamic_adar"), name="mine"
    )
    mine, other = found.rows()
    assert mine["embedding"] == "mine"
    assert other["embedding"] == "adamic_adar"
    assert mine["auc"] == other["auc"] > 0.6


def test_evaluate_when_vectors_are_fixed_then_refused(karate):
    vectors = np.eye(34)
    for value in (vectors, read_embedding(karate, vectors, "X"), {"X": vectors}):
        with pytest.raises(GraphValueError, match="'X' cannot be fitted again"):
            quick().evaluate(karate, value)


def test_evaluate_when_embedding_was_fitted_then_fitted_again(karate):
    fitted = read_embedding(karate, AdjacencySVD(8), "svd")
    of_embedding = quick().evaluate(karate, fitted).rows()[0]
    of_estimator = quick().evaluate(karate, AdjacencySVD(8), name="svd").rows()[0]
    assert of_embedding["auc"] == of_estimator["auc"]
    assert of_embedding["map"] == of_estimator["map"]


def test_evaluate_when_directed_then_sources_rank_targets():
    rng = np.random.default_rng(0)
    graph = Graph((rng.random((60, 60)) < 0.1).astype(float), directed=True)
    found = quick(baselines=("common_neighbors",)).evaluate(graph, AdjacencySVD(8))
    assert all(0 <= row["map"] <= 1 for row in found.rows())


def test_degree_matched_when_drawn_then_ends_are_popular_and_no_edges(karate):
    held = held_of(karate)
    pairs = degree_matched(karate, held.train, 60, 0)
    edges = karate.to_scipy().toarray() > 0
    assert not edges[pairs[:, 0], pairs[:, 1]].any()
    assert len({tuple(p) for p in pairs.tolist()}) == len(pairs)
    degree = karate.degree()
    assert degree[pairs].mean() > degree[held.negative].mean()


def test_compare_when_paired_then_wider_than_the_plain_error(karate):
    models = {"svd": AdjacencySVD(8), "random": RandomVectors(8)}
    found = quick(n_repeats=4).evaluate(karate, models)
    (row,) = found.compare("svd", "random", "map", score="native")
    a, b = (
        np.array([r["map"] for r in found.repeats if r["embedding"] == name])
        for name in ("svd", "random")
    )
    assert row["difference"] == pytest.approx((a - b).mean())
    assert row["se"] > (a - b).std(ddof=1) / 2
    assert row["low"] < row["difference"] < row["high"]
    with pytest.raises(GraphValueError, match="repeats"):
        found.compare("svd", "nobody", "map")

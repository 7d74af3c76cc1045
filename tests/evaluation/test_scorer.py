"""Reconstruction as a score of scikit-learn's searches."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from graphrep import FastRP
from graphrep.datasets import load_karate, load_les_miserables, make_sbm
from graphrep.embedding import HOPE
from graphrep.evaluation import ReconstructionEvaluator, make_reconstruction_scorer
from graphrep.evaluation._scorer import truth_of, whole_graph_cv
from graphrep.exceptions import GraphValueError


@pytest.fixture(scope="module")
def graph():
    return make_sbm(300, 1500, n_communities=3, mixing=0.2, random_state=0).graph


@pytest.fixture(scope="module")
def adjacency(graph):
    return graph.to_scipy()


def by_hand(graph, vectors, truth="hop1", metric="ap_adjusted", score="native"):
    evaluator = ReconstructionEvaluator(hops=(1, 2), scores=(score,))
    return evaluator.evaluate(graph, vectors).mean(truth, metric).value


@pytest.mark.parametrize("dense", [False, True])
def test_grid_search_when_all_nodes_are_in_the_split_then_finds_the_best_by_hand(
    graph, adjacency, dense
):
    betas = [-1.0, -0.3, 0.3]
    search = GridSearchCV(
        FastRP(16, random_state=0),
        {"beta": betas},
        scoring=make_reconstruction_scorer("auc", "shell2", "cosine"),
        cv=whole_graph_cv(),
    )
    search.fit(adjacency.toarray() if dense else adjacency)
    expected = [
        by_hand(
            graph,
            FastRP(16, beta=beta, random_state=0).fit(adjacency),
            "shell2", "auc", "cosine",
        )
        for beta in betas
    ]  # fmt: skip
    assert search.cv_results_["mean_test_score"] == pytest.approx(expected, abs=1e-6)
    assert search.best_params_["beta"] == betas[int(np.argmax(expected))]
    result = search.scorer_.result(search, adjacency)
    assert result.mean("shell2", "auc").value == pytest.approx(search.best_score_)


def test_grid_search_when_given_a_pipeline_then_scores_what_its_last_step_makes(
    graph, adjacency
):
    pipeline = make_pipeline(FastRP(16, random_state=0), Normalizer(), PCA(8))
    search = GridSearchCV(
        pipeline,
        {"pca__n_components": [2, 8]},
        scoring=make_reconstruction_scorer(n_jobs=1),
        cv=whole_graph_cv(),
    )
    search.fit(adjacency)
    expected = []
    for d in (2, 8):
        pipeline = clone(pipeline).set_params(pca__n_components=d)
        expected.append(by_hand(graph, pipeline.fit_transform(adjacency)))
    assert search.cv_results_["mean_test_score"] == pytest.approx(expected, abs=1e-6)


def test_scorer_when_pipeline_ends_in_a_classifier_then_it_plays_no_role(
    graph, adjacency
):
    y = np.arange(300) % 2
    plain = FastRP(8, random_state=0)
    pipeline = make_pipeline(plain, LogisticRegression()).fit(adjacency, y)
    scorer = make_reconstruction_scorer("ap")
    assert scorer(pipeline, adjacency, y) == scorer(plain.fit(adjacency), adjacency)


def test_scorer_when_estimator_has_two_sides_then_native_uses_both(adjacency, graph):
    fitted = HOPE(16, random_state=0).fit(graph)
    scorer = make_reconstruction_scorer("ap")
    assert scorer(fitted, graph) == pytest.approx(by_hand(graph, fitted, metric="ap"))
    assert scorer(fitted, adjacency) == scorer(fitted, graph)
    assert scorer(fitted, graph) != make_reconstruction_scorer("ap", score="cosine")(
        fitted, graph
    )


def test_scorer_when_graph_has_names_and_matrix_has_none_then_rows_agree():
    graph = load_les_miserables().graph
    fitted = FastRP(8, random_state=0).fit(graph)
    scorer = make_reconstruction_scorer("ap")
    expected = scorer(fitted, graph)
    assert scorer(fitted, graph.to_scipy()) == expected
    turned = graph.subgraph(graph.node_ids[::-1])  # known by its ids
    assert scorer(fitted, turned) == pytest.approx(expected, abs=1e-6)


def test_cross_validate_when_given_several_scorers_then_gives_all(adjacency):
    scoring = {
        "ap": make_reconstruction_scorer("ap"),
        "rank": make_reconstruction_scorer("mean_rank"),
    }
    found = cross_validate(
        FastRP(8, random_state=0), adjacency, scoring=scoring, cv=whole_graph_cv()
    )
    assert 0 < found["test_ap"][0] < 1
    assert found["test_rank"][0] < -1  # ranks are negated: higher is better


def test_scorer_when_nodes_are_new_then_ranks_the_fitted_ones_for_each(
    graph, adjacency
):
    train, test = next(KFold(5, shuffle=True, random_state=0).split(np.zeros(300)))
    fitted = FastRP(16, random_state=0).fit(adjacency[train][:, train])
    rows = adjacency[test][:, train]
    vectors = fitted.transform(rows)
    S = vectors @ fitted.embedding_.T
    found = []
    for scores, edges in zip(S, rows.toarray() > 0, strict=True):
        rank = np.argsort(np.argsort(-scores))[edges] + 1
        if len(rank):
            rank = np.sort(rank)
            found.append(np.mean(np.arange(1, len(rank) + 1) / rank))
    scorer = make_reconstruction_scorer("ap", nodes="new")
    assert scorer(fitted, rows) == pytest.approx(np.mean(found), abs=1e-5)
    assert scorer(fitted, rows.toarray()) == scorer(fitted, rows)


def test_grid_search_when_nodes_are_new_then_any_split_will_do(adjacency):
    search = GridSearchCV(
        make_pipeline(FastRP(16, random_state=0), Normalizer()),
        {"fastrp__beta": [-0.5, 0.0]},
        scoring=make_reconstruction_scorer("auc", nodes="new"),
        cv=KFold(3, shuffle=True, random_state=0),
    ).fit(adjacency)
    assert np.all(search.cv_results_["mean_test_score"] > 0.6)


def test_scorer_when_split_holds_nodes_out_then_says_what_to_do(adjacency):
    fitted = FastRP(8, random_state=0).fit(adjacency[:200][:, :200])
    scorer = make_reconstruction_scorer()
    with pytest.raises(GraphValueError, match="whole_graph_cv"):
        scorer(fitted, adjacency)
    with pytest.raises(ValueError, match="square"):
        scorer(fitted, adjacency[200:][:, :200])
    with pytest.raises(GraphValueError, match="matrix of edges"):
        make_reconstruction_scorer(nodes="new")(fitted, load_karate().graph)
    with pytest.raises(GraphValueError, match="embedding_"):
        scorer(PCA().fit(np.eye(3)), adjacency)


@pytest.mark.parametrize(
    ("truth", "hops", "mode", "nearer"),
    [
        ("hop1", (1,), ("ball",), ("keep",)),
        ("ball3", (3,), ("ball",), ("keep",)),
        ("shell3", (3,), ("shell",), ("keep",)),
        ("shell2_filtered", (2,), ("shell",), ("filter",)),
    ],
)
def test_truth_of_when_named_then_gives_that_truth_alone(truth, hops, mode, nearer):
    parameters = truth_of(truth)
    assert parameters == {"hops": hops, "mode": mode, "nearer": nearer}
    evaluator = ReconstructionEvaluator(**parameters)
    assert evaluator.evaluate(load_karate().graph, np.eye(34)).truths == (truth,)


@pytest.mark.parametrize(
    "truth", ["hop2", "hop", "ball", "ball1", "shell1", "ball2_filtered", "2", "shellx"]
)
def test_make_scorer_when_truth_is_unknown_then_names_it(truth):
    with pytest.raises(GraphValueError, match=truth):
        make_reconstruction_scorer(truth=truth)


def test_make_scorer_when_nodes_are_new_then_takes_one_hop_only():
    with pytest.raises(GraphValueError, match="'hop1'"):
        make_reconstruction_scorer(truth="ball2", nodes="new")
    with pytest.raises(GraphValueError, match="'fitted' or 'new'"):
        make_reconstruction_scorer(nodes="all")


def test_scorer_when_pickled_then_scores_the_same(adjacency):
    scorer = make_reconstruction_scorer("ap", n_queries=50)
    again = pickle.loads(pickle.dumps(scorer))
    fitted = FastRP(8, random_state=0).fit(adjacency)
    assert again(fitted, adjacency) == scorer(fitted, adjacency)
    assert "n_queries=50" in repr(again)

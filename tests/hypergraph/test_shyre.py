"""SHyRe: what it learns and finds, options, edges of its domain, published scores."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from graphrep import Graph, Hypergraph
from graphrep.exceptions import (
    GraphTypeError,
    GraphValueError,
    MemoryLimitError,
)
from graphrep.hypergraph import SHyRe, maximal_cliques
from graphrep.metrics import hyperedge_jaccard

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
QUICK = {"classifier": "lr", "random_state": 0, "n_jobs": 1}


def domain(seed, n_nodes=150, n_hyperedges=120):
    """Hyperedges with nested pairs: one of two members in some larger ones."""
    rng = np.random.default_rng(seed)
    rows = [
        sorted(rng.choice(n_nodes, int(k), replace=False).tolist())
        for k in rng.integers(2, 6, n_hyperedges)
    ]
    rows += [row[:2] for row in rows if len(row) == 4]
    return Hypergraph(rows, range(n_nodes)).simple()


@pytest.fixture(scope="module")
def pair():
    return domain(0), domain(1)


@pytest.mark.parametrize("features", ["count", "motif"])
def test_predict_when_same_domain_then_better_than_maximal_cliques(pair, features):
    known, true = pair
    graph = true.project(False)
    model = SHyRe(budget=2000, features=features, random_state=0).fit(known)
    found = hyperedge_jaccard(true, model.predict(graph))
    assert found > 1.2 * hyperedge_jaccard(true, maximal_cliques(graph))
    assert model.score(graph, true) == model.score(true) == found


def test_predict_proba_when_asked_then_all_candidates_of_which_predict_takes_some(pair):
    known, true = pair
    graph = true.project(False)
    model = SHyRe(budget=2000, **QUICK).fit(known)
    candidates = model.predict_proba(graph)
    assert len(candidates.simple()) == len(candidates)
    assert 0 <= candidates.weights.min() <= candidates.weights.max() <= 1
    cliques = maximal_cliques(graph)
    assert (cliques.find(candidates.take(np.arange(len(cliques)))) >= 0).all()
    assert set(candidates.project(False).indices) <= set(graph.indices)
    for threshold in (0.3, 0.5, 1.0):
        kept = model.set_params(threshold=threshold).predict(graph)
        assert kept == candidates.take(candidates.weights > threshold)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("features", ["count", "motif"])
def test_fit_when_same_seed_then_same_answer(pair, features, n_jobs):
    known, true = pair
    graph = true.project(False)
    options = {"budget": 100, "features": features, "downsample": 50}
    first = SHyRe(**options, **QUICK).fit(known).predict_proba(graph)
    again = SHyRe(**options, **(QUICK | {"n_jobs": n_jobs})).fit(known)
    for _ in range(2):
        assert again.predict_proba(graph) == first
    other = SHyRe(**options, **(QUICK | {"random_state": 1})).fit(known)
    assert other.predict_proba(graph) != first


def test_predict_when_nodes_have_names_then_same_answer(pair):
    known, true = pair
    names = [f"node {i:03}" for i in range(150)]
    given = [
        (known, true.project(False)),
        (
            Hypergraph.from_csr(known.indptr, known.indices, nodes=names),
            Hypergraph.from_csr(true.indptr, true.indices, nodes=names).project(False),
        ),
    ]
    plain, named = (
        SHyRe(budget=300, **QUICK).fit(h).predict_proba(g) for h, g in given
    )
    assert named.node_ids.tolist() == names
    np.testing.assert_array_equal(named.indices, plain.indices)
    np.testing.assert_array_equal(named.weights, plain.weights)


def test_predict_when_ids_of_the_two_graphs_are_shared_or_not_then_same_answer(pair):
    known, true = pair
    graph = true.project(False)
    elsewhere = Hypergraph.from_csr(
        known.indptr, known.indices, nodes=range(1000, 1150)
    )
    model = SHyRe(budget=300, **QUICK)
    assert clone(model).fit(known).predict(graph) == model.fit(elsewhere).predict(graph)


def test_fit_when_projection_is_given_then_nodes_are_matched_by_id(pair):
    known, _ = pair
    order = np.random.default_rng(0).permutation(150)
    turned = Hypergraph(list(known), nodes=order.tolist())
    given = turned.project(False)
    assert given.nodes != known.nodes
    model = SHyRe(budget=10**6, **QUICK)
    usual = clone(model).fit(known)
    moved = clone(model).fit(known, given)
    assert moved.n_candidates_ == usual.n_candidates_
    assert moved.sampler_.plan_ == usual.sampler_.plan_
    np.testing.assert_allclose(moved.scale_, usual.scale_)


def test_fit_when_hyperedges_have_nodes_beside_the_graph_then_left_out():
    known = Hypergraph([(0, 1, 2), (2, 3), (7, 8)])
    graph = Hypergraph([(0, 1, 2), (2, 3), (3, 4)]).project()
    model = SHyRe(budget=10, **QUICK).fit(known, graph)
    assert len(model.rho_.hyperedges) == 2


@pytest.mark.parametrize("classifier", ["mlp", "lr", "rf"])
def test_classifier_when_named_then_two_of_it(pair, classifier):
    known, true = pair
    model = SHyRe(budget=300, classifier=classifier, random_state=0).fit(known)
    maximal, nested = model.classifiers_
    assert type(maximal) is type(nested)
    assert maximal is not nested
    assert len(model.predict(true.project(False)))


def test_classifier_when_instance_then_clones_with_the_seed(pair):
    known, true = pair
    given = HistGradientBoostingClassifier(max_iter=10)
    model = SHyRe(budget=300, classifier=given, random_state=7).fit(known)
    assert [c.random_state for c in model.classifiers_] == [7, 7]
    assert given.random_state is None
    kept = LogisticRegression(random_state=3)
    model = SHyRe(budget=300, classifier=kept, random_state=7).fit(known)
    assert [c.random_state for c in model.classifiers_] == [3, 3]
    assert len(model.predict(true.project(False)))


def test_classifier_when_mlp_then_that_of_scikit_learn(pair):
    known, true = pair
    graph = true.project(False)
    theirs = MLPClassifier(max_iter=2000, random_state=5)
    found = [
        SHyRe(budget=300, classifier=c, random_state=5).fit(known).predict_proba(graph)
        for c in ("mlp", theirs)
    ]
    np.testing.assert_allclose(found[0].weights, found[1].weights, atol=1e-6)


def test_fit_when_training_has_one_class_of_maximal_cliques_then_its_share():
    known = Hypergraph([(0, 1, 2), (0, 1), (2, 3), (3, 4, 5), (3, 4)])
    model = SHyRe(budget=100, **QUICK).fit(known)
    assert model.classifiers_[0] == 1.0  # all maximal cliques are hyperedges
    graph = Hypergraph([(0, 1, 2, 3), (3, 4, 5), (5, 6)]).project()
    sure = model.predict_proba(graph).weights[:3]
    assert sure.tolist() == [1.0, 1.0, 1.0]


def test_fit_when_no_hyperedge_is_among_the_candidates_then_none_is_found():
    known = Hypergraph([(0, 1), (1, 2), (0, 2)])  # a triangle that is none itself
    model = SHyRe(budget=0, **QUICK).fit(known)
    assert model.classifiers_ == (0.0, 0.0)
    assert len(model.predict(known.project())) == 0
    assert model.predict_proba(known.project()).weights.tolist() == [0.0]


def test_predict_when_tree_then_every_edge():
    model = SHyRe(random_state=0).fit(Hypergraph([(0, 1), (1, 2), (1, 3), (3, 4)]))
    tree = Hypergraph([(i, (i - 1) // 2) for i in range(1, 20)])
    assert model.score(tree) == 1.0


def test_predict_when_disjoint_cliques_then_exact():
    known = Hypergraph([(0, 1, 2), (3, 4), (5, 6, 7, 8), (9,)])
    true = Hypergraph([range(5), range(5, 8), (8, 9), (10,)])
    for features in ("count", "motif"):
        model = SHyRe(features=features, random_state=0).fit(known)
        assert model.score(true) == 1.0


@pytest.mark.parametrize("features", ["count", "motif"])
@pytest.mark.parametrize(
    "graph",
    [
        Graph.from_edges([], [], nodes=0, directed=False),
        Graph.from_edges([], [], nodes=1, directed=False),
        Graph.from_edges([], [], nodes=3, directed=False),
        Hypergraph([range(7)]).project(),
        Hypergraph([range(70), range(69, 134)]).project(),
        Hypergraph([(2 * i, 2 * i + 1) for i in range(3)]).project(),
    ],
    ids=["empty", "one node", "no edges", "complete", "large cliques", "matching"],
)
def test_predict_when_graph_is_extreme_then_answers(pair, graph, features):
    model = SHyRe(budget=500, features=features, **QUICK).fit(pair[0])
    found = model.predict_proba(graph)
    cliques = maximal_cliques(graph)
    assert len(found) >= len(cliques)
    assert np.isfinite(found.weights).all()
    assert len(model.predict(graph)) <= len(found)


def test_predict_when_single_candidate_and_scale_of_training_then_told_apart(pair):
    known, _ = pair
    triangle = Hypergraph([(0, 1, 2)]).project()
    complete = Hypergraph([range(6)]).project()
    odds = {}
    for standardize in ("own", "train"):
        model = SHyRe(budget=0, standardize=standardize, **QUICK).fit(known)
        odds[standardize] = [
            float(model.predict_proba(g).weights[0]) for g in (triangle, complete)
        ]
    assert odds["own"][0] == odds["own"][1]
    assert odds["train"][0] != odds["train"][1]


def test_min_size_when_two_then_single_nodes_play_no_part():
    known = Hypergraph([(0, 1, 2), (2, 3), (4,), (3,)])
    graph = Hypergraph([(0, 1), (2,), (3,)]).project()
    with_them = SHyRe(**QUICK).fit(known)
    without = SHyRe(min_size=2, **QUICK).fit(known)
    assert with_them.predict_proba(graph).sizes.min() == 1
    assert without.predict_proba(graph).sizes.tolist() == [2]
    assert 1 in with_them.rho_.k
    assert 1 not in without.rho_.k


@pytest.mark.parametrize("sampler", ["random", "head", "head_tail"])
@pytest.mark.parametrize("features", ["count", "motif"])
def test_sampler_when_of_the_ablation_then_within_its_budget(pair, sampler, features):
    known, true = pair
    options = {"budget": 200, "features": features, **QUICK}
    model = SHyRe(sampler=sampler, **options).fit(known)
    assert sum(model.n_candidates_) <= 200
    assert len(model.predict_proba(true.project(False))) <= 200


def test_max_candidates_when_graph_has_larger_cliques_then_refused():
    known = domain(2)
    model = SHyRe(budget=3000, max_candidates=5000, **QUICK).fit(known)
    many = Hypergraph([(i, j, 1000) for i in range(0, 999, 3) for j in (i + 1, i + 2)])
    model.predict(many.project())
    dense = np.random.default_rng(0).random((120, 120)) < 0.5
    with pytest.raises(MemoryLimitError, match="max_candidates=5,000"):
        model.predict(np.triu(dense, 1) | np.triu(dense, 1).T)


def test_fit_when_there_is_nothing_to_learn_then_refused():
    with pytest.raises(GraphValueError, match="has none of min_size=1"):
        SHyRe().fit(Hypergraph([], range(3)))
    with pytest.raises(GraphValueError, match="has none of min_size=3"):
        SHyRe(min_size=3).fit(Hypergraph([(0, 1)]))
    with pytest.raises(GraphTypeError, match="learns from a hypergraph"):
        SHyRe().fit(None)


@pytest.mark.parametrize(
    "options",
    [
        {"budget": -1},
        {"budget": "large"},
        {"features": "all"},
        {"classifier": "svm"},
        {"classifier": print},
        {"sampler": "tail"},
        {"threshold": 1.5},
        {"standardize": "test"},
        {"downsample": 0},
        {"min_size": 0},
        {"n_jobs": 0},
    ],
    ids=str,
)
def test_fit_when_parameter_is_wrong_then_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        SHyRe(**options).fit(Hypergraph([(0, 1), (1, 2)]))


def test_predict_when_not_fitted_then_refused():
    with pytest.raises(ValueError, match="not fitted"):
        SHyRe().predict(Hypergraph([(0, 1)]).project())


def test_estimator_when_pickled_then_same_answer(pair):
    known, true = pair
    graph = true.project(False)
    model = SHyRe(budget=100, random_state=0).fit(known)
    again = pickle.loads(pickle.dumps(model))
    assert again.predict_proba(graph) == model.predict_proba(graph)


def test_duplicates_when_in_the_source_then_they_count_once(pair):
    known, _ = pair
    double = Hypergraph([*known, *known], range(150))
    models = [SHyRe(budget=100, **QUICK).fit(h) for h in (known, double)]
    assert models[0].n_candidates_ == models[1].n_candidates_
    assert models[0].sampler_.plan_ == models[1].sampler_.plan_


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "budget", "features", "jaccard", "spread"),
    [
        ("enron", 1_000, "count", 0.130, 0.012),
        ("enron", 1_000, "motif", 0.160, 0.015),
        ("directors", 800, "count", 1.0, 0.0),
        ("crimes", 1_000, "count", 0.795, 0.015),
        ("crimes", 1_000, "motif", 0.788, 0.015),
        ("hosts", 6_000, "count", 0.490, 0.015),
    ],
)
def test_score_when_published_data_then_as_published(
    shared_data, name, budget, features, jaccard, spread
):
    known, true = (
        Hypergraph(
            [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        )
        for path in (
            shared_data / "hypergraphs" / name / f"{half}.txt"
            for half in ("train", "test")
        )
    )
    model = SHyRe(budget=budget, features=features, random_state=123).fit(known)
    found = model.predict(true.project(False))
    assert hyperedge_jaccard(true, found) == pytest.approx(jaccard, abs=spread + 1e-9)

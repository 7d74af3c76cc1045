"""HypergraphReconstructor: what it finds, its options, the edges of its domain."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from graphrep import Graph, Hypergraph
from graphrep.exceptions import GraphTypeError, GraphValueError, MemoryLimitError
from graphrep.hypergraph import (
    HypergraphReconstructor,
    _hyperedge_classifier,
    maximal_cliques,
)
from graphrep.metrics import hyperedge_jaccard

QUICK = {"n_folds": 2, "random_state": 0, "n_jobs": 1}


def domain(seed, *, repeats=False, singles=False, n=40):
    """Hyperedges of 2 to 4 of 40 nodes, some in others."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, n)
    rows = [rng.choice(40, k, replace=False).tolist() for k in sizes]
    rows += [row[:2] for row in rows[: n // 4]]
    if singles:
        rows += [[v] for v in range(0, 40, 3)]
    counts = rng.geometric(0.5, len(rows)) if repeats else None
    whole = Hypergraph(rows, range(40), multiplicities=counts)
    return whole.distinct() if repeats else whole.simple()


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    """Twenty trees do where the domain is small, and grow in a tenth of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_hyperedge_classifier._TREES, "max_iter", 20)
        yield


@pytest.fixture(scope="module")
def model():
    return HypergraphReconstructor(**QUICK).fit(domain(0))


@pytest.fixture(scope="module")
def repeated():
    return HypergraphReconstructor(**QUICK).fit(domain(0, repeats=True))


def sets(hypergraph):
    return {frozenset(e) for e in hypergraph}


# -- what it finds ---------------------------------------------------------------
def test_predict_when_same_domain_then_better_than_maximal_cliques(model):
    scores = {False: [], True: []}
    floor = []
    for seed in range(1, 5):
        true = domain(seed)
        floor.append(hyperedge_jaccard(true, maximal_cliques(true.project())))
        for weighted, found in scores.items():
            answer = model.predict(true.project(weighted))
            assert model.score(true.project(weighted), true) == hyperedge_jaccard(
                true, answer, min_size=1
            )
            found.append(hyperedge_jaccard(true, answer))
    assert np.mean(scores[False]) > np.mean(floor) - 0.02
    assert np.mean(scores[True]) > np.mean(floor) + 0.05
    assert set(model.expected_scores_) == {"weighted", "unweighted"}
    assert model.expected_scores_["weighted"] > model.expected_scores_["unweighted"]


@pytest.mark.parametrize("weighted", [False, True])
def test_predict_proba_when_asked_then_candidates_of_which_predict_takes_some(
    model, weighted
):
    graph = domain(1).project(weighted)
    every = model.predict_proba(graph)
    assert len(every.simple()) == len(every)
    assert 0 <= every.weights.min() <= every.weights.max() <= 1
    assert sets(maximal_cliques(graph)) <= sets(every)
    found = model.predict(graph)
    threshold = model.models_["weighted" if weighted else "unweighted"].threshold
    assert sets(found) == sets(every.take(every.weights >= threshold))
    at = every.find(found)
    np.testing.assert_array_equal(found.weights, every.weights[at])
    assert found.multiplicities is None
    dense = graph.to_scipy().toarray()
    for edge in every:
        assert all(dense[u, v] for u, v in combinations(edge, 2))


def test_predict_when_threshold_is_a_number_then_those_at_least_as_likely(model):
    graph = domain(1).project()
    every = model.predict_proba(graph)
    for threshold in (0.0, 0.2, 0.9, 1.0):
        found = clone(model).set_params(threshold=threshold)
        found.__dict__.update(models_=model.models_, method_=None, random_seed_=0)
        found.random_seed_ = model.random_seed_
        kept = every.take(every.weights >= threshold)
        assert sets(found.predict(graph)) == sets(kept)


def test_predict_when_hypergraph_repeats_then_multiplicities(repeated):
    true = domain(1, repeats=True)
    found = repeated.predict(true.project())
    assert hyperedge_jaccard(true, found) > 0.5
    assert found.counts.min() >= 1
    assert found.counts.max() > 1
    common = true.find(found)
    right = true.counts[common[common >= 0]] == found.counts[common >= 0]
    assert right.mean() > 0.5
    assert repeated.predict(true.project(False)).multiplicities is None


def test_predict_when_training_has_single_nodes_then_they_are_looked_for():
    known = domain(0, singles=True)
    options = QUICK | {"weighted": False}
    found = HypergraphReconstructor(**options).fit(known).predict_proba(known.project())
    assert {frozenset([v]) for v in range(40)} <= sets(found)
    fewer = HypergraphReconstructor(min_size=2, **options).fit(known)
    assert fewer.predict_proba(known.project()).sizes.min() == 2
    assert fewer.predict(known.project()).sizes.min() == 2


# -- invariance ------------------------------------------------------------------
@pytest.mark.parametrize("weighted", [False, True])
def test_predict_when_nodes_are_renumbered_or_named_then_same_sets(model, weighted):
    true = domain(2)
    graph = true.project(weighted)
    names = [f"n{v}" for v in range(40)]
    order = np.random.default_rng(0).permutation(40)
    dense = graph.to_scipy().toarray()
    named = Graph(dense[np.ix_(order, order)], nodes=[names[v] for v in order])
    every = model.predict_proba(graph)
    other = model.predict_proba(named)
    found = {frozenset(names[v] for v in e) for e in every}
    assert found == sets(other)
    table = {frozenset(e): w for e, w in zip(other, other.weights, strict=True)}
    same = [table[frozenset(names[v] for v in e)] for e in every]
    if model.models_["weighted" if weighted else "unweighted"].explanation.price == 0:
        np.testing.assert_allclose(every.weights, same, atol=1e-3)
    else:  # a sampler draws in another order
        assert np.abs(every.weights - same).mean() < 0.02


def test_fit_when_threads_or_seeds_differ_then_only_seeds_matter():
    known, graph = domain(0), domain(1).project()
    options = QUICK | {"n_jobs": 2}
    first = HypergraphReconstructor(**QUICK).fit(known)
    expected = first.predict_proba(graph)
    assert first.predict_proba(graph) == expected
    assert HypergraphReconstructor(**options).fit(known).predict_proba(graph) == (
        expected
    )
    options["random_state"] = 1
    other = HypergraphReconstructor(**options).fit(known).predict_proba(graph)
    assert other != expected
    assert first.random_seed_ != 1


def test_fit_when_training_ids_are_renumbered_then_same_candidates(model):
    known = domain(0)
    order = np.random.default_rng(1).permutation(40)
    moved = Hypergraph.from_csr(known.indptr, order[known.indices], nodes=40)
    again = HypergraphReconstructor(**QUICK).fit(moved)
    for name, made in again.models_.items():
        assert made.plan == model.models_[name].plan
        assert abs(made.expected_score - model.models_[name].expected_score) < 0.25


# -- giving the graph back ---------------------------------------------------------
@pytest.mark.parametrize("seed", range(8))
def test_predict_when_exact_then_answer_projects_to_the_graph(model, repeated, seed):
    for made, repeats in ((model, False), (repeated, True)):
        made.set_params(consistency="exact")
        graph = domain(10 + seed, repeats=repeats, n=15 + 5 * seed).project()
        found = made.predict(graph)
        assert found.project() == graph
        assert len(found.distinct()) == len(found)
        rough = graph.unweighted()
        assert made.predict(rough).project(False) == rough
        made.set_params(consistency="learned")


def test_predict_when_exact_and_weights_are_no_counts_then_they_still_add_up(model):
    rng = np.random.default_rng(0)
    a = np.triu(rng.integers(0, 4, (15, 15)) * (rng.random((15, 15)) < 0.4), 1)
    graph = Graph((a + a.T).astype(float))
    made = clone(model).set_params(consistency="exact").fit(domain(0))
    assert made.predict(graph).project() == graph
    for consistency in ("learned", "none"):
        made = clone(model).set_params(consistency=consistency).fit(domain(0))
        assert made.predict(graph).project(False).n_edges <= graph.n_edges


# -- weights ---------------------------------------------------------------------
def test_fit_when_weighted_is_auto_then_as_the_graphs_are():
    known = domain(0)
    flat = Hypergraph([(0, 1, 2), (2, 3), (3, 4), (4, 5, 6), (6, 7)])
    assert set(HypergraphReconstructor(**QUICK).fit(flat).models_) == {"unweighted"}
    given = HypergraphReconstructor(**QUICK).fit(known, known.project())
    assert set(given.models_) == {"weighted"}
    given = HypergraphReconstructor(**QUICK).fit(known, known.project(False))
    assert set(given.models_) == {"unweighted"}
    assert given.predict(known.project()) == given.predict(known.project(False))
    for weighted in (True, False):
        made = HypergraphReconstructor(weighted=weighted, **QUICK).fit(known)
        assert set(made.models_) == {"weighted" if weighted else "unweighted"}
        assert made.predict(known.project()).n_nodes == 40


@pytest.mark.parametrize("weight", [0.5, 1.5])
def test_predict_when_weights_are_no_counts_then_said(model, weight):
    graph = Graph(np.array([[0, weight], [weight, 0]]))
    with pytest.raises(GraphValueError, match="weight"):
        model.predict(graph)
    rough = HypergraphReconstructor(weighted=False, **QUICK).fit(domain(0))
    assert sets(rough.predict_proba(graph)) == {frozenset((0, 1))}


def test_predict_when_loops_then_left_out(model):
    loops = Graph(np.array([[2.0, 1, 1], [1, 0, 1], [1, 1, 0]]))
    plain = Graph(np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]))
    assert model.predict_proba(loops) == model.predict_proba(plain)


# -- edges of the domain ---------------------------------------------------------
@pytest.mark.parametrize("consistency", ["learned", "exact", "none"])
@pytest.mark.parametrize("n", [0, 1, 7])
def test_predict_when_no_edges_then_nothing(n, consistency):
    made = HypergraphReconstructor(consistency=consistency, **QUICK).fit(domain(0))
    graph = Graph(np.zeros((n, n)))
    for found in (made.predict(graph), made.predict_proba(graph)):
        assert len(found.with_sizes(2)) == 0
        assert found.n_nodes == n


@pytest.mark.parametrize("n", [2, 3, 7, 13])
def test_predict_when_complete_then_whole_graph_is_a_candidate(model, n):
    graph = Graph(np.ones((n, n)) - np.eye(n))
    assert frozenset(range(n)) in sets(model.predict_proba(graph))
    assert sets(model.predict(graph)) <= sets(model.predict_proba(graph))


@pytest.mark.parametrize(
    "rows",
    [
        [(i, i // 2) for i in range(1, 60)],  # a tree
        [tuple(range(i, i + 3)) for i in range(0, 60, 3)],  # cliques apart
        [(3 * i, 3 * i + 1, 3 * i + 3) for i in range(20)],  # a chain of triangles
    ],
    ids=["tree", "apart", "chain"],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_score_when_maximal_cliques_are_the_truth_then_exact(rows, weighted):
    known, true = Hypergraph(rows[:40]), Hypergraph(rows)
    made = HypergraphReconstructor(weighted=weighted, **QUICK).fit(known)
    assert made.score(true.project(), true) == 1.0
    again = made.set_params(consistency="exact").predict(true.project())
    assert sets(again) == sets(true)


def test_predict_when_cliques_explode_then_clear_error():
    cocktail = np.ones((40, 40)) - np.eye(40)
    cocktail[np.arange(0, 40, 2), np.arange(1, 40, 2)] = 0
    cocktail[np.arange(1, 40, 2), np.arange(0, 40, 2)] = 0
    made = HypergraphReconstructor(max_cliques=1000, **QUICK).fit(domain(0))
    with pytest.raises(MemoryLimitError, match="max_cliques"):
        made.predict(Graph(cocktail))


def test_fit_when_hyperedges_stand_twice_then_as_with_multiplicities(repeated):
    known = domain(0, repeats=True)
    rows = [e for e, k in zip(known, known.counts, strict=True) for _ in range(k)]
    again = HypergraphReconstructor(**QUICK).fit(Hypergraph(rows, range(40)))
    graph = domain(1, repeats=True).project()
    assert sets(again.predict_proba(graph)) == sets(repeated.predict_proba(graph))
    assert again.expected_scores_ == repeated.expected_scores_


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(0, 1)],
        [(0,)],
        [(0, 1), (1, 2), (0, 2), (0, 1, 2)],  # every candidate is one
        [(0, 1, 2, 3, 4, 5, 6)],
        [(0, 1, 2), (1, 2, 3)],
        [(0, 1), (1, 2), (0, 2)],  # the maximal clique is none
    ],
)
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_fit_when_there_is_hardly_anything_to_learn_then_still_answers(rows, n_jobs):
    known = Hypergraph(rows, range(9))
    made = HypergraphReconstructor(random_state=0, n_jobs=n_jobs).fit(known)
    graph = domain(3).project()
    for which in (graph, graph.unweighted(), known.project()):
        every = made.predict_proba(which)
        assert np.isfinite(every.weights).all()
        assert len(every) or not which.n_edges
        assert sets(made.predict(which)) <= sets(every)
        again = made.set_params(consistency="exact").predict(which)
        counted = which.weighted and "weighted" in made.models_
        assert again.project(counted) == (which if counted else which.unweighted())
        made.set_params(consistency="learned")


def test_fit_when_nothing_is_a_hyperedge_then_odds_are_low():
    graph = Hypergraph([(0, 1, 2), (2, 3), (3, 4, 5)]).project()
    made = HypergraphReconstructor(**QUICK).fit(Hypergraph([], 6), graph)
    assert made.predict_proba(graph).weights.max() < 0.5


def test_fit_when_sizes_were_not_seen_then_still_answers(model):
    large = Hypergraph([range(9), range(7, 20), (30, 31)], range(40))
    assert frozenset(range(9)) in sets(model.predict_proba(large.project()))
    made = HypergraphReconstructor(**QUICK).fit(large)
    assert made.predict_proba(domain(0).project()).sizes.max() < 9


def test_fit_when_only_a_part_is_known_then_less_is_expected(model):
    whole = domain(0, n=80)
    rows = np.random.default_rng(0).permutation(len(whole))[: len(whole) // 10]
    made = HypergraphReconstructor(**QUICK).fit(whole.take(rows), whole.project())
    assert made.expected_scores_["weighted"] < model.expected_scores_["weighted"]
    assert len(made.predict(whole.project()))


def test_fit_when_graph_has_more_nodes_then_used_and_fewer_then_said():
    known = domain(0)
    dense = np.zeros((45, 45))
    dense[:40, :40] = known.project().to_scipy().toarray()
    dense[40, 0] = dense[0, 40] = 1
    names = [*range(40), "x", "y", "z", "u", "v"]
    larger = Graph(dense, nodes=names)
    made = HypergraphReconstructor(**QUICK).fit(known, larger)
    assert made.predict(larger).n_nodes == 45
    with pytest.raises(GraphValueError, match=r"Node .* is in a hyperedge and not"):
        HypergraphReconstructor(**QUICK).fit(known, Graph(dense[:20, :20]))


def test_fit_when_graph_lacks_edges_of_hyperedges_then_they_are_missed():
    known = domain(0)
    dense = known.project().to_scipy().toarray()
    u, v = (int(x[0]) for x in np.nonzero(dense))
    dense[u, v] = dense[v, u] = 0
    made = HypergraphReconstructor(**QUICK).fit(known, Graph(dense))
    assert made.expected_scores_["weighted"] > 0.5


def test_budget_when_zero_then_maximal_cliques_only():
    known = domain(0)
    made = HypergraphReconstructor(budget=0, peel=False, **QUICK).fit(known)
    graph = domain(1).project()
    assert sets(made.predict_proba(graph)) == sets(maximal_cliques(graph))


def test_fit_when_graph_is_directed_then_said(model):
    arcs = Graph(np.array([[0.0, 1], [0, 0]]), directed=True)
    for call in (lambda: model.fit(domain(0), arcs), lambda: model.predict(arcs)):
        with pytest.raises(GraphValueError, match="no directions"):
            call()


# -- other methods ---------------------------------------------------------------
@pytest.mark.parametrize("method", ["shyre", "marioh", "mdl", "cover", "max_cliques"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fit_when_another_method_then_its_answers(method):
    made = HypergraphReconstructor(method, **QUICK)
    true = domain(1)
    found = made.fit(domain(0)).predict(true.project())
    assert found == made.predict(true.project())
    assert (
        type(made.method_).__name__
        == {
            "shyre": "SHyRe",
            "marioh": "MARIOH",
            "mdl": "BayesianMDL",
            "cover": "CliqueCover",
            "max_cliques": "MaximalCliques",
        }[method]
    )
    assert made.score(true.project(), true) > 0.1
    assert made.models_ == made.expected_scores_ == {}
    if method != "shyre":
        with pytest.raises(GraphValueError, match="knows no probabilities"):
            made.predict_proba(true.project())


def test_fit_when_nothing_is_known_then_mdl():
    made = HypergraphReconstructor(random_state=0).fit()
    assert type(made.method_).__name__ == "BayesianMDL"
    assert made.score(domain(1).project(), domain(1)) > 0.1
    for method in ("shyre", "marioh"):
        with pytest.raises(GraphTypeError, match="learns from a hypergraph"):
            HypergraphReconstructor(method).fit()


# -- scikit-learn ----------------------------------------------------------------
def test_grid_search_when_hypergraph_is_cut_then_best_threshold():
    grid = {"threshold": ["jaccard", 0.99], "peel": [False]}
    search = GridSearchCV(
        HypergraphReconstructor(weighted=False, **QUICK),
        grid,
        cv=KFold(2, shuffle=True, random_state=0),
        error_score="raise",
    ).fit(domain(0))
    assert search.best_params_["threshold"] == "jaccard"
    assert 0 < search.best_score_ <= 1
    assert set(search.best_estimator_.models_) == {"unweighted"}


def test_params_when_set_then_got_and_cloned():
    made = HypergraphReconstructor("cover", threshold=0.3, budget=7)
    assert made.get_params()["method"] == "cover"
    assert clone(made).get_params() == made.get_params()
    assert made.set_params(budget=8).budget == 8
    with pytest.raises(ValueError, match="not fitted"):
        HypergraphReconstructor().predict(Graph(np.zeros((2, 2))))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "best"),
        ("weighted", "yes"),
        ("threshold", 1.5),
        ("threshold", "f1"),
        ("consistency", True),
        ("budget", -1),
        ("peel", "no"),
        ("intersections", 2),
        ("min_size", 0),
        ("n_folds", 1),
        ("max_cliques", 0),
        ("n_jobs", 0),
        ("random_state", "x"),
    ],
)
def test_fit_when_parameter_is_wrong_then_said(name, value):
    with pytest.raises(ValueError, match=name):
        HypergraphReconstructor(**{name: value}).fit(domain(0))


@pytest.mark.parametrize(
    "options",
    [{"peel": False}, {"intersections": False}, {"budget": 20}, {"n_folds": 3}],
    ids=str,
)
def test_fit_when_options_are_set_then_still_finds(options):
    made = HypergraphReconstructor(**(QUICK | options)).fit(domain(0))
    true = domain(1)
    assert made.score(true.project(), true) > 0.5

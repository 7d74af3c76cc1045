"""MARIOH: its answer adds up to the weights, whatever the graph and the order."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from graphrep import Graph, Hypergraph
from graphrep.exceptions import GraphValueError, GraphWarning, MemoryLimitError
from graphrep.hypergraph import MARIOH, DropoutMLP, MaximalCliques, certain_pairs
from graphrep.metrics import hyperedge_scores

QUICK = DropoutMLP((16, 8), n_epochs=20, batch_size=64, learning_rate=0.01)


def community(seed, n=120, repeats=False, n_nodes=40):
    """Hyperedges of 2 to 5 nodes, each within 8 nodes that follow one another."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        start = int(rng.integers(0, n_nodes - 8))
        size = int(rng.integers(2, 6))
        rows.append((start + rng.choice(8, size, replace=False)).tolist())
    counts = rng.geometric(0.6, n) if repeats else None
    return Hypergraph(rows, range(n_nodes), multiplicities=counts).distinct()


@pytest.fixture(scope="module")
def fitted():
    model = MARIOH(classifier=QUICK, explore_share=0.5, random_state=0)
    return model.fit(community(0, 200).simple())


def same_graph(a, b):
    return a.nodes == b.nodes and (a.to_scipy() != b.to_scipy()).nnz == 0


@pytest.mark.parametrize("repeats", [False, True])
def test_predict_when_random_then_the_projection_is_the_graph(
    fitted, random_hypergraph, repeats
):
    for seed in range(25):
        graph = random_hypergraph(seed, repeats=repeats).project()
        found = fitted.predict(graph)
        assert same_graph(found.project(), graph)


@pytest.mark.parametrize("threshold", [0.2, 1.0])
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_predict_when_settings_differ_then_the_projection_is_the_graph(
    fitted, threshold, share
):
    model = clone(fitted).set_params(threshold=threshold, explore_share=share)
    graph = community(3, repeats=True).project()
    found = model.fit(community(1, repeats=True)).predict(graph)
    assert same_graph(found.project(), graph)
    assert model.explore_share_ == share


def test_predict_when_weights_fit_no_hypergraph_then_still_adds_up(fitted):
    rng = np.random.default_rng(0)
    upper = np.triu(rng.integers(0, 9, (20, 20)), 1).astype(float)
    graph = Graph(upper + upper.T)
    assert same_graph(fitted.predict(graph).project(), graph)


def test_predict_when_done_then_certain_pairs_are_in_it(fitted):
    graph = community(2, repeats=True).project()
    found, pairs = fitted.predict(graph), certain_pairs(graph)
    at = found.find(pairs)
    assert np.all(at >= 0)
    assert np.all(found.counts[at] >= pairs.counts)
    assert np.all(found.weights[at] == 1)
    assert fitted.filtered_ == pairs
    assert fitted.n_rounds_ > 1
    assert np.all((found.weights >= 0) & (found.weights <= 1))


def test_predict_when_source_is_alike_then_most_are_found():
    source, truth = (community(s, 150, n_nodes=200).simple() for s in (0, 1))
    model = MARIOH(classifier=QUICK, random_state=0).fit(source)
    assert model.score(truth) > MaximalCliques().score(truth) + 0.1


def test_predict_when_seed_is_given_then_same_answer():
    source, graph = community(0), community(1).project()
    a, b, c = (
        MARIOH(classifier=QUICK, random_state=s).fit(source).predict(graph)
        for s in (1, 1, 2)
    )
    assert a == b
    assert a != c


@pytest.mark.parametrize("ids", ["integers", "texts"])
def test_predict_when_nodes_are_given_in_another_order_then_same_answer(ids):
    def named(h, order):
        names = [f"n{i}" if ids == "texts" else int(i) for i in range(40)]
        rows = [[names[v] for v in h.members(e)] for e in range(len(h))]
        turned = [rows[i] for i in np.random.default_rng(order[0]).permutation(len(h))]
        return Hypergraph(turned, [names[i] for i in order])

    plain, turned = np.arange(40), np.random.default_rng(9).permutation(40)
    source, query = community(0), community(1)
    answers = []
    for order in (plain, turned):
        model = MARIOH(classifier=QUICK, random_state=0).fit(named(source, order))
        answers.append(model.predict(named(query, order).project()))
    a, b = answers
    at = a.find(b)
    assert len(a) == len(b)
    assert np.all(at >= 0)
    assert np.array_equal(a.counts[at], b.counts)


def test_fit_when_auto_then_the_best_share_of_the_source_is_taken():
    model = MARIOH(classifier=QUICK, random_state=0).fit(community(0, 200))
    assert list(model.explore_scores_) == [0.05, 0.2, 0.65, 1.0]
    best = max(model.explore_scores_.values())
    assert model.explore_scores_[model.explore_share_] == best


def test_fit_when_auto_and_few_hyperedges_then_the_smallest_share():
    model = MARIOH(classifier=QUICK, random_state=0).fit(community(0, 15))
    assert model.explore_scores_ == {}
    assert model.explore_share_ == 0.05


def test_fit_when_repeats_count_then_positives_are_distinct_hyperedges():
    source = community(0, repeats=True)
    simple = MARIOH(classifier=QUICK, explore_share=0.0).fit(source.simple())
    repeated = MARIOH(classifier=QUICK, explore_share=0.0).fit(source)
    assert simple.n_positives_ <= len(source)
    assert repeated.n_positives_ <= len(source)
    assert 0 < repeated.n_negatives_ <= 4 * repeated.n_positives_


def test_fit_when_projection_is_given_then_nodes_are_matched_by_id():
    source = community(0)
    graph = source.project().subgraph(list(range(39, -1, -1)))
    query = community(1).project()
    a = MARIOH(classifier=QUICK, explore_share=0.2, random_state=0).fit(source)
    b = clone(a).fit(source, graph)
    assert a.predict(query) == b.predict(query)


def test_fit_when_nothing_but_proven_pairs_then_warns_and_takes_cliques():
    model = MARIOH(random_state=0)
    with pytest.warns(GraphWarning, match="nothing to learn"):
        model.fit([(0, 1), (1, 2), (2, 3)])
    assert model.classifier_ is None
    found = model.predict(Hypergraph([(0, 1, 2), (2, 3)]).project())
    assert set(found) == {(0, 1, 2), (2, 3)}


def test_fit_when_every_clique_is_a_hyperedge_then_warns():
    with pytest.warns(GraphWarning, match="4 cliques that are hyperedges and 0"):
        MARIOH().fit([(0, 1, 2), (0, 1), (1, 2), (0, 2)])


@pytest.mark.parametrize("source", [[], [(1,), (2,)]])
def test_fit_when_no_hyperedge_of_two_then_error(source):
    with pytest.raises(GraphValueError, match="two or more nodes"):
        MARIOH().fit(source)


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold", 0.0), ("threshold", 1.1), ("explore_share", "all"),
     ("n_negatives", 0), ("min_size", 0), ("classifier", 3)],
)  # fmt: skip
def test_fit_when_a_parameter_is_wrong_then_error(name, value):
    with pytest.raises(ValueError, match=name):
        MARIOH(**{name: value}).fit([(0, 1, 2)])


def test_predict_when_a_weight_is_not_whole_then_error(fitted):
    with pytest.raises(GraphValueError, match="whole numbers"):
        fitted.predict(Graph.from_edges([0], [1], [0.5]))


def test_predict_when_directed_then_error(fitted):
    with pytest.raises(GraphValueError, match="directions"):
        fitted.predict(np.array([[0.0, 1.0], [0.0, 0.0]]))


@pytest.mark.parametrize("n", [0, 1, 5])
def test_predict_when_no_edges_then_isolated_nodes_where_wanted(fitted, n):
    graph = Graph.from_edges([], [], nodes=list(range(n)))
    assert len(fitted.predict(graph)) == 0
    alone = clone(fitted).set_params(min_size=1).fit(community(0))
    assert list(alone.predict(graph)) == [(i,) for i in range(n)]


@pytest.mark.parametrize("n", [2, 5, 63, 64, 65, 66])
def test_predict_when_complete_graph_then_adds_up(fitted, n):
    graph = Hypergraph([range(n)]).project()
    assert same_graph(fitted.predict(graph).project(), graph)


def test_predict_when_a_tree_then_exact(fitted):
    tree = Hypergraph([("a", "b"), ("b", "c"), ("b", "d"), ("d", "e"), ("b", "d")])
    found = fitted.predict(tree.project())
    assert hyperedge_scores(tree, found).multi_jaccard == 1


def test_predict_when_too_many_cliques_then_error():
    n = 28  # cocktail party: 2**14 maximal cliques
    full = np.ones((n, n)) - np.eye(n)
    for i in range(0, n, 2):
        full[i, i + 1] = full[i + 1, i] = 0
    model = MARIOH(classifier=QUICK, explore_share=0.0, max_cliques=1000)
    with pytest.raises(MemoryLimitError, match="1,000"):
        model.fit(community(0)).predict(full)


def test_predict_when_min_size_is_three_then_pairs_are_left_out(fitted):
    graph = community(1).project()
    large = clone(fitted).set_params(min_size=3).fit(community(0, 200))
    assert large.predict(graph).sizes.min() == 3


def test_fit_when_another_classifier_then_it_is_used():
    model = MARIOH(classifier=LogisticRegression(), explore_share=0.2, random_state=0)
    model.fit(community(0))
    assert isinstance(model.classifier_, LogisticRegression)
    graph = community(1).project()
    assert same_graph(model.predict(graph).project(), graph)


def test_predict_when_dropout_stays_on_then_adds_up_and_is_repeatable():
    noisy = clone(QUICK).set_params(dropout_at_inference=True)
    model = MARIOH(classifier=noisy, explore_share=0.2, random_state=0)
    graph = community(1).project()
    a = model.fit(community(0)).predict(graph)
    assert same_graph(a.project(), graph)
    assert a == model.predict(graph)


def test_model_when_pickled_then_same_answer(fitted):
    graph = community(1).project()
    assert pickle.loads(pickle.dumps(fitted)).predict(graph) == fitted.predict(graph)


def test_grid_search_when_hypergraph_is_cut_then_scores(fitted):
    search = GridSearchCV(clone(fitted), {"threshold": [0.5, 0.9]}, cv=2)
    search.fit(community(0, 200))
    assert np.all(search.cv_results_["mean_test_score"] > 0)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "low", "high"), [("crimes", 0.9, 1), ("enron", 0.2, 0.32)]
)
def test_score_when_real_then_in_the_published_range(shared_data, name, low, high):
    halves = []
    for part in ("train", "test"):
        path = shared_data / "hypergraphs" / name / f"{part}.txt"
        rows = [list(map(int, line.split())) for line in path.read_text().splitlines()]
        halves.append(Hypergraph(rows).with_sizes(2).simple())
    source, truth = halves
    model = MARIOH(explore_share=0.05, random_state=0).fit(source)
    assert low <= model.score(truth) <= high
    assert same_graph(model.predict(truth.project()).project(), truth.project())

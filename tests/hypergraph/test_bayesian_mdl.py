"""BayesianMDL: the chain has the right law, the search finds the fewest bits."""

from __future__ import annotations

from itertools import chain, combinations, product

import numpy as np
import pytest
from sklearn.base import clone

from graphrep import Graph, Hypergraph
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.hypergraph import BayesianMDL, description_length, maximal_cliques
from graphrep.hypergraph import _hyperedge_chain as chain_module
from graphrep.hypergraph import _hyperedge_search as search_module
from graphrep.metrics import hyperedge_jaccard

SEARCHES = ("greedy", "mcmc")


def random_graph(n, density, seed):
    upper = np.triu(np.random.default_rng(seed).random((n, n)) < density, 1)
    return Graph.from_edges(*np.nonzero(upper), nodes=n, directed=False)


def cliques_of(graph):
    """All cliques of two and more nodes."""
    near = graph.to_scipy().toarray() != 0
    sets = chain.from_iterable(
        combinations(range(graph.n_nodes), k) for k in range(2, graph.n_nodes + 1)
    )
    return [s for s in sets if all(near[a, b] for a, b in combinations(s, 2))]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("seed", range(6))
def test_predict_when_random_graph_then_projects_and_bits_are_true(search, seed):
    graph = random_graph(6 + 4 * seed, 0.5, seed)
    model = BayesianMDL(search=search, n_sweeps=30, random_state=seed)
    found = model.predict(graph)
    assert found.project(False) == graph
    assert model.description_length_ == pytest.approx(description_length(found))
    assert model.description_length_ <= model.description_lengths_[0]
    start = description_length(maximal_cliques(graph, min_size=2))
    assert model.description_length_ <= start + 1e-9
    if search == "mcmc":
        assert model.description_lengths_[0] == pytest.approx(start)
        assert len(model.description_lengths_) == 31


def test_predict_when_greedy_on_tiny_graphs_then_mostly_the_fewest_bits_there_are():
    exact = 0
    for seed in range(12):
        graph = random_graph(5, 0.6, seed)
        every = cliques_of(graph)
        edges = {e for e in every if len(e) == 2}
        best = np.inf
        for chosen in product((False, True), repeat=len(every)):
            family = [c for c, there in zip(every, chosen, strict=True) if there]
            if {e for c in family for e in combinations(c, 2)} == edges:
                best = min(best, description_length(Hypergraph(family, range(5))))
            if len(every) > 9:
                break
        if len(every) > 9:
            continue
        model = BayesianMDL(random_state=0)
        model.predict(graph)
        assert model.description_length_ >= best - 1e-9
        exact += model.description_length_ <= best + 1e-9
    assert exact >= 6


def test_chain_when_long_then_its_states_follow_the_posterior():
    # two triangles with a common edge; of all states those without repeats are counted
    graph = Hypergraph([(0, 1, 2), (1, 2, 3)]).project(False)
    every = cliques_of(graph)
    edges = {c for c in every if len(c) == 2}
    posterior = np.zeros(2)  # of the first triangle: absent, present
    for chosen in product((False, True), repeat=len(every)):
        kept = [c for c, there in zip(every, chosen, strict=True) if there]
        if {e for c in kept for e in combinations(c, 2)} == edges:
            present = (0, 1, 2) in kept
            posterior[int(present)] += 2.0 ** -_length(Hypergraph(kept, range(4)))
    cliques = maximal_cliques(graph, min_size=2)
    states = chain_module.HyperedgeChain(graph, cliques, 5)
    first = list(cliques).index((0, 1, 2))
    seen = np.zeros(2)
    for _ in range(20_000):
        states.sweep()
        if states.counts.max() == 1:
            seen[int(states.counts[first])] += 1
    assert seen.sum() > 3_000
    assert seen[1] / seen.sum() == pytest.approx(
        posterior[1] / posterior.sum(), abs=0.03
    )


def _length(h):
    prior = chain_module.Prior(4, 5, 3)
    return prior.bits(h.sizes, h.counts)


def test_sample_when_drawn_then_each_projects_to_the_graph():
    graph = random_graph(25, 0.5, 3)
    samples = list(BayesianMDL(n_sweeps=5, random_state=1).sample(graph, 20, thin=2))
    assert len(samples) == 20
    assert all(s.project(False) == graph for s in samples)
    assert len({tuple(sorted(s)) for s in samples}) > 1


def test_sample_when_numbers_are_bad_then_error_before_work():
    with pytest.raises(GraphValueError, match="thin at least 1; got 3 and 0"):
        BayesianMDL().sample(random_graph(4, 1, 0), 3, thin=0)


@pytest.mark.parametrize("search", SEARCHES)
def test_predict_when_same_seed_then_same_whatever_the_threads(search):
    graph = random_graph(40, 0.4, 2)
    models = [
        BayesianMDL(search=search, n_sweeps=20, n_jobs=j, random_state=r)
        for j, r in ((1, 0), (2, 0), (1, 1))
    ]
    found = [clone(m).predict(graph) for m in models]
    assert found[0] == found[1]
    assert set(found[0]) != set(found[2])


@pytest.mark.parametrize("search", SEARCHES)
def test_predict_when_room_is_scarce_then_the_same_answer(search, monkeypatch):
    graph = random_graph(30, 0.5, 4)
    model = BayesianMDL(search=search, n_sweeps=40, random_state=0)
    roomy = model.predict(graph)
    monkeypatch.setattr(search_module, "_SPARE", 1)
    monkeypatch.setattr(search_module, "_TIMES", 1)
    monkeypatch.setattr(chain_module, "_SPARE", 1)
    monkeypatch.setattr(chain_module, "_TIMES", 1)
    scarce = model.predict(graph)
    assert set(scarce) == set(roomy)


def test_weights_when_mcmc_then_shares_of_sweeps_and_none_when_greedy():
    graph = random_graph(20, 0.5, 5)
    found = BayesianMDL(search="mcmc", n_sweeps=20, random_state=0).predict(graph)
    assert found.weights is not None
    assert 0 <= found.weights.min() <= found.weights.max() <= 1
    assert BayesianMDL().predict(graph).weights is None


@pytest.mark.parametrize("search", SEARCHES)
def test_predict_when_isolated_nodes_then_only_with_min_size_one(search):
    graph = Hypergraph([("a", "b", "c"), ("c", "d"), ("e",)]).project()
    model = BayesianMDL(search=search, random_state=0)
    assert set(model.predict(graph)) == {("a", "b", "c"), ("c", "d")}
    assert ("e",) in model.set_params(min_size=1).predict(graph)
    assert set(model.set_params(min_size=3).predict(graph)) == {("a", "b", "c")}


@pytest.mark.parametrize("search", SEARCHES)
def test_predict_when_no_edges_then_nothing(search):
    model = BayesianMDL(search=search, n_sweeps=2)
    for n in (0, 1, 3):
        assert len(model.predict(Graph.from_edges([], [], nodes=n))) == 0
    assert model.description_length_ == 0.0


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("size", [64, 130])
def test_predict_when_one_large_clique_then_one_hyperedge(search, size):
    found = BayesianMDL(search=search, n_sweeps=3, random_state=0).predict(
        Hypergraph([range(size)]).project()
    )
    assert len(found) == 1


def test_predict_when_bad_parameter_or_too_many_cliques_then_error():
    graph = random_graph(6, 0.9, 0)
    with pytest.raises(ValueError, match="search"):
        BayesianMDL(search="best").predict(graph)
    with pytest.raises(MemoryLimitError, match="max_cliques=1"):
        BayesianMDL(max_cliques=1, n_jobs=1).predict(random_graph(12, 0.5, 0))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "percent"),
    [("enron", 4.88), ("hschool", 3.49), ("foursquare", 68.4), ("hosts", 40.0),
     ("directors", 100.0), ("crimes", 75.1)],
)  # fmt: skip
def test_mcmc_when_real_data_then_as_measured_with_the_first_implementation(
    shared_data, name, percent
):
    true = _read(shared_data, name)
    graph = true.project(False)
    model = BayesianMDL(search="mcmc", random_state=0)
    found = model.predict(graph)
    assert 100 * hyperedge_jaccard(true, found) == pytest.approx(percent, abs=1.5)
    greedy = BayesianMDL(random_state=0)
    greedy.predict(graph)
    assert greedy.description_length_ <= model.description_length_ + 1e-6


@pytest.mark.shared
def test_greedy_when_check_ins_then_far_better_than_the_chain(shared_data):
    true = _read(shared_data, "foursquare")
    score = BayesianMDL(random_state=0).score(true)
    assert score == pytest.approx(0.976, abs=0.01)


def _read(shared_data, name):
    lines = (shared_data / "hypergraphs" / name / "test.txt").read_text().split("\n")
    return Hypergraph([map(int, line.split()) for line in lines if line])

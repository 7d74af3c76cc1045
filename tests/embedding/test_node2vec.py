"""Node2Vec, DeepWalk and Node2VecPlus: what they learn, and what they leave alone."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from graphrep import DeepWalk, Graph, Node2Vec, Node2VecPlus
from graphrep.datasets import load_karate, make_sbm
from graphrep.embedding._skip_gram_costs import Size
from graphrep.exceptions import GraphValueError, GraphWarning
from graphrep.model_selection import node_classification

EMBEDDERS = [DeepWalk, Node2Vec, Node2VecPlus]


@pytest.fixture(scope="module")
def karate():
    return load_karate().graph


@pytest.fixture(scope="module")
def groups():
    data = make_sbm(400, 4000, n_communities=4, mixing=0.1, random_state=0)
    return data.graph, data.y


def _separation(vectors, groups):
    """Mean cosine inside groups minus the one between them."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    same = groups[:, None] == groups[None, :]
    return cosine[same].mean() - cosine[~same].mean()


@pytest.mark.parametrize("kind", EMBEDDERS)
def test_fit_when_communities_then_they_are_apart(kind, groups):
    graph, labels = groups
    model = kind(32, walks_per_node=5, random_state=0).fit(graph)
    assert _separation(model.embedding_, labels) > 0.5
    assert model.n_tokens_ == 400 * 5 * 80


@pytest.mark.parametrize("kind", EMBEDDERS)
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_when_one_or_two_threads_then_the_same_bits(kind, weighted, groups):
    graph, _ = groups
    if weighted:
        rows, columns, _ = graph.edges()
        weights = 1 + (rows * 7 + columns) % 5
        graph = Graph.from_codes(rows, columns, weights, nodes=np.arange(400))
    one, two = (
        kind(16, walks_per_node=1, n_jobs=n, random_state=3).fit(graph) for n in (1, 2)
    )
    np.testing.assert_array_equal(one.embedding_, two.embedding_)
    np.testing.assert_array_equal(one.target_embedding_, two.target_embedding_)
    again = kind(16, walks_per_node=1, random_state=4).fit(graph)
    assert not np.array_equal(again.embedding_, one.embedding_)


def test_fit_when_converged_then_factorises_what_netmf_says(karate):
    """Skip-gram's optimum: u_i . v_j = log(vol / K * mean of P^r D^-1)."""
    model = DeepWalk(
        34, walks_per_node=400, window=2, noise_exponent=1.0, n_negatives=5,
        random_state=0,
    ).fit(karate)  # fmt: skip
    a = karate.to_scipy().toarray().astype(np.float64)
    degree = a.sum(axis=1)
    p = a / degree[:, None]
    # The reach is 1 or 2 with equal chances: distance 1 counts twice as often.
    pairs = (2 * p + p @ p) / 3
    wanted = np.log(np.maximum(pairs * degree.sum() / degree / 5, 1e-9))
    got = model.embedding_ @ model.target_embedding_.T
    seen = pairs > 0
    assert np.corrcoef(got[seen], wanted[seen])[0, 1] > 0.9
    assert got[~seen].mean() < got[seen].mean() - 1


def test_fit_when_weights_are_equal_then_plus_walks_as_node2vec(groups):
    graph, _ = groups
    settings = {"p": 0.5, "q": 2.0, "walks_per_node": 1, "random_state": 0}
    plain, plus = (kind(8, **settings).fit(graph) for kind in (Node2Vec, Node2VecPlus))
    np.testing.assert_array_equal(plain.embedding_, plus.embedding_)
    first = DeepWalk(8, walks_per_node=1, random_state=0).fit(graph)
    same = Node2Vec(8, walks_per_node=1, random_state=0).fit(graph)
    np.testing.assert_array_equal(first.embedding_, same.embedding_)


@pytest.mark.parametrize(
    "graph",
    [
        nx.star_graph(3000),
        nx.path_graph(2),
        nx.complete_graph(30),
        nx.balanced_tree(3, 5),
        nx.path_graph(300),
    ],
    ids=["star", "pair", "complete", "tree", "path"],
)
@pytest.mark.parametrize("round_size", [1, 64])
def test_fit_when_one_node_is_everywhere_then_vectors_stay_small(graph, round_size):
    model = DeepWalk(16, round_size=round_size, walks_per_node=3, random_state=0)
    model.fit(graph)
    assert np.isfinite(model.embedding_).all()
    assert abs(model.embedding_).max() < 10
    assert abs(model.target_embedding_).max() < 10


def test_fit_when_hogwild_or_sampled_then_learns_too(groups):
    graph, labels = groups
    settings = {"walks_per_node": 5, "random_state": 0}
    wild = DeepWalk(32, mode="hogwild", **settings).fit(graph)
    assert _separation(wild.embedding_, labels) > 0.5
    fewer = DeepWalk(32, sample=1e-3, **settings).fit(graph)
    assert fewer.n_tokens_ < 0.95 * wild.n_tokens_
    assert _separation(fewer.embedding_, labels) > 0.5


def test_fit_when_directed_with_sinks_and_isolated_nodes_then_defined():
    graph = Graph.from_edges(
        ["a", "b", "c", "c"], ["b", "c", "a", "sink"], directed=True,
        nodes=["a", "b", "c", "sink", "alone"],
    )  # fmt: skip
    model = Node2Vec(8, random_state=0).fit(graph)
    np.testing.assert_array_equal(model.embedding_[4], 0)
    np.testing.assert_array_equal(model.target_embedding_[4], 0)
    assert np.all(np.abs(model.embedding_[:4]).sum(axis=1) > 0)
    kept = Node2Vec(8, isolated="keep", random_state=0).fit(graph)
    assert 0 < abs(kept.embedding_[4]).max() <= 1 / 16


@pytest.mark.parametrize(
    "settings",
    [
        {"walk_length": 1},
        {"walk_length": 3, "window": 50},
        {"n_negatives": 1},
        {"n_negatives": 13},
        {"p": 1e-6, "q": 1e6},
        {"n_epochs": 3},
        {"self_loops": "keep"},
    ],
    ids=str,
)
def test_fit_when_settings_are_extreme_then_works(settings, karate):
    model = Node2Vec(8, walks_per_node=2, random_state=0, **settings).fit(karate)
    assert np.isfinite(model.embedding_).all()
    assert model.embedding_.shape == (34, 8)


def test_fit_when_more_walks_then_no_more_memory(groups):
    graph, _ = groups
    peaks = []
    for walks_per_node in (1, 1, 20):
        tracemalloc.start()
        DeepWalk(16, walks_per_node=walks_per_node, random_state=0).fit(graph)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.05 * peaks[1]


def test_estimate_memory_when_a_million_nodes_then_mostly_the_tables():
    need = Node2Vec(128).estimate_memory(1_000_000, 20_000_000)
    assert need["vectors"] == 2 * 1_000_000 * 128 * 4
    assert need["total"] < 3 * 2**30


def test_estimate_memory_when_nodes_are_few_then_as_many_walks_are_counted():
    need = Node2Vec(8, walk_length=100, round_size=64).estimate_memory(2_000, 12_000)
    assert need["counts"] == 2_000 * (100 * 12 + 40)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_components", [16, 10])
def test_plan_when_in_memory_then_the_sum_of_the_parts(groups, n_components, weighted):
    graph = groups[0]
    if weighted:
        graph = Graph(graph.to_scipy(np.float64) * 2.5)
    model = Node2Vec(n_components, p=0.5, n_jobs=1)
    entry = graph.indices.itemsize + (graph.weights.itemsize if weighted else 0)
    parts = model._memory_parts(
        Size(graph.n_nodes, len(graph.indices), entry, weighted, False)
    )
    assert model.plan(graph).memory == sum(parts.values())
    assert ("step_tables" in parts) is weighted


def test_plan_when_hogwild_then_a_walk_in_flight_for_each_thread():
    small = Size(400, 4000, 4, False, False)
    rounds = {"n_jobs": 1, "round_size": 64}
    one = Node2Vec(16, round_size=1, n_jobs=1)._memory_parts(small)["walks_in_flight"]
    for mode, in_flight in (("deterministic", 64), ("hogwild", 1)):
        parts = Node2Vec(16, mode=mode, **rounds)._memory_parts(small)
        assert parts["walks_in_flight"] == in_flight * one


def test_partial_fit_when_nodes_are_new_then_old_vectors_keep_their_bits(groups):
    graph, labels = groups
    old = np.setdiff1d(np.arange(400), np.arange(0, 400, 40))
    model = DeepWalk(32, random_state=0).fit(graph.subgraph(old))
    before, target = model.embedding_.copy(), model.target_embedding_.copy()
    assert model.partial_fit(graph) is model
    assert model.node_ids_.tolist() == graph.node_ids.tolist()
    np.testing.assert_array_equal(model.embedding_[old], before)
    np.testing.assert_array_equal(model.target_embedding_[old], target)
    new = np.arange(0, 400, 40)
    unit = model.embedding_ / np.linalg.norm(model.embedding_, axis=1, keepdims=True)
    nearest = [labels[old][np.argsort(-(unit[i] @ unit[old].T))[:10]] for i in new]
    assert (
        np.mean([np.mean(n == labels[i]) for n, i in zip(nearest, new, strict=True)])
        > 0.8
    )
    np.testing.assert_array_equal(model.transform(graph), model.embedding_)


def test_partial_fit_when_ids_become_mixed_then_old_ones_are_known(karate):
    model = DeepWalk(8, walks_per_node=1, random_state=0).fit(karate)
    before = model.embedding_.copy()
    ids = [*karate.node_ids.tolist(), "new"]
    rows, columns, _ = karate.edges()
    sources = [ids[i] for i in rows] + ["new"]
    targets = [ids[j] for j in columns] + [ids[0]]
    grown = Graph.from_edges(sources, targets, nodes=ids)
    model.partial_fit(grown)
    np.testing.assert_array_equal(model.embedding_[:34], before)


def test_partial_fit_when_nodes_are_missing_then_error_and_nothing_lost(karate):
    model = DeepWalk(8, walks_per_node=1, random_state=0).partial_fit(karate)
    before = model.embedding_.copy()
    with pytest.raises(GraphValueError, match="4 fitted nodes are missing"):
        model.partial_fit(karate.subgraph(karate.node_ids[:30]))
    np.testing.assert_array_equal(model.embedding_, before)
    np.testing.assert_array_equal(model.transform(karate), before)


def test_warm_start_when_fitted_again_then_goes_on_from_there(groups):
    graph, _ = groups
    model = DeepWalk(32, walks_per_node=4, warm_start=True, random_state=0).fit(graph)
    before = model.embedding_.copy()
    model.set_params(walks_per_node=1, random_state=1, learning_rate=0.001).fit(graph)
    cold = DeepWalk(32, walks_per_node=1, learning_rate=0.001, random_state=1)
    near = np.linalg.norm(model.embedding_ - before)
    assert near < 0.5 * np.linalg.norm(cold.fit(graph).embedding_ - before)


def test_decoder_score_when_neighbours_then_higher_than_others(groups):
    graph, _ = groups
    model = DeepWalk(32, random_state=0).fit(graph)
    rows, columns, _ = graph.edges()
    rng = np.random.default_rng(0)
    others = model.decoder_score(rng.permutation(rows), columns)
    assert model.decoder_score(rows, columns).mean() > others.mean() + 0.5
    table = model.decoder_score(np.arange(4)[:, None], np.arange(5)[None, :])
    np.testing.assert_allclose(
        table, model.embedding_[:4] @ model.target_embedding_[:5].T, rtol=1e-5
    )


def test_walks_when_asked_then_those_that_are_trained_on(karate):
    model = Node2Vec(p=0.5, q=2, walk_length=7, walks_per_node=3, random_state=0)
    walks = model.walks(karate)
    assert walks.shape == (34 * 3, 7)
    a = karate.to_scipy()
    assert all(a[s, t] for walk in walks for s, t in pairwise(walk))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"min_learning_rate": 0.1}, "min_learning_rate=0.1 exceeds"),
        ({"backend": "gensim", "device": "cuda"}, "backend='gensim' runs on the CPU"),
        ({"p": 1e-40}, "p must lie between"),
    ],
)
def test_fit_when_parameters_contradict_then_says_so(settings, message, karate):
    with pytest.raises(GraphValueError, match=message):
        Node2Vec(8, **settings).fit(karate)


def test_gensim_backend_when_used_then_trains_on_our_walks(groups):
    pytest.importorskip("gensim")
    graph, labels = groups
    model = DeepWalk(
        20, walks_per_node=3, backend="gensim", n_jobs=1, random_state=0
    ).fit(graph)
    assert model.embedding_.shape == (400, 20)
    assert model.n_tokens_ == 400 * 3 * 80
    assert _separation(model.embedding_, labels) > 0.4
    with pytest.raises(GraphValueError, match="gensim cannot keep old vectors"):
        model.partial_fit(graph)


def test_fit_when_no_edges_then_warns_and_zero():
    with pytest.warns(GraphWarning, match="no edges"):
        vectors = DeepWalk(8, random_state=0).fit_transform(
            sparse.csr_array((5, 5), dtype=np.float32)
        )
    np.testing.assert_array_equal(vectors, 0)


@pytest.mark.shared
def test_fit_when_blogcatalog_then_as_good_as_published_tables(shared_data):
    """gensim on the same number of walks scores 36.1 / 21.1 (micro / macro, 50 %)."""
    with np.load(shared_data / "nodes" / "blogcatalog.npz") as z:
        n = int(z["n_nodes"])
        graph = Graph.from_csr(z["indptr"], z["indices"], None)
        labels = sparse.csr_array(
            (np.ones(len(z["label_indices"])), z["label_indices"], z["label_indptr"]),
            shape=(n, int(z["n_classes"])),
        )
    vectors = DeepWalk(random_state=0).fit_transform(graph)
    scores = node_classification(
        StandardScaler().fit_transform(vectors), labels, train_fractions=(0.5,), C=0.1,
        n_splits=2,
    )  # fmt: skip
    assert scores[0.5]["micro"] > 0.35
    assert scores[0.5]["macro"] > 0.2

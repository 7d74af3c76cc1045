"""Training on a device: reproducible, and it learns what it should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from graphrep import Graph, Node2Vec
from graphrep.datasets import load_karate, make_sbm
from graphrep.embedding import _skip_gram_run as runs
from graphrep.embedding._walk_tables import walk_graph, walk_rule
from graphrep.model_selection import node_classification

torch = pytest.importorskip("torch")


def train(seed=1, *, frozen=None, place="cpu", **changes):
    from graphrep.embedding._node2vec_torch import train as train_torch

    graph = blocks().graph
    options = runs.Options(
        walk_length=20, walks_per_node=20, window=4, n_negatives=5, n_epochs=1,
        learning_rate=0.05, min_learning_rate=1e-4, sample=None, noise_exponent=0.75,
        mode="deterministic", round_size=None,
    )._replace(**changes)  # fmt: skip
    n = graph.n_nodes
    tables = runs.first_tables(n, 16, seed)
    starts = np.arange(n) if frozen is None else np.flatnonzero(~frozen)
    corpus = runs.Corpus(walk_graph(graph), walk_rule(0.5, 2.0), n, seed, starts)
    done = train_torch(
        corpus, options, tables, device=torch.device(place), steps=range, frozen=frozen
    )
    return tables, done


def blocks():
    return make_sbm(90, 500, n_communities=3, mixing=0.1, random_state=0)


def test_train_when_repeated_then_same_bits_and_other_seed_other_vectors():
    (first, done), (again, _), (other, _) = train(), train(), train(2)
    assert np.array_equal(first.u, again.u)
    assert np.array_equal(first.v, again.v)
    assert not np.allclose(first.u, other.u)
    assert done.n_tokens == 90 * 20 * 20


@pytest.mark.parametrize("changes", [{}, {"sample": 0.01}, {"round_size": 7}], ids=str)
def test_train_when_graph_has_blocks_then_they_are_told_apart(changes, place):
    tables, _ = train(place=place, **changes)
    y = blocks().y
    unit = tables.u / np.linalg.norm(tables.u, axis=1, keepdims=True)
    centres = np.stack([unit[y == k].mean(axis=0) for k in range(3)])
    assert (np.argmax(unit @ centres.T, axis=1) == y).mean() > 0.95


def test_train_when_rows_frozen_then_only_others_learn(place):
    frozen = np.arange(90) < 80
    start = runs.first_tables(90, 16, 1)
    tables, _ = train(frozen=frozen, place=place)
    assert np.array_equal(tables.u[:80], start.u[:80])
    assert np.array_equal(tables.v[:80], start.v[:80])
    assert (tables.u[80:] != start.u[80:]).any(axis=1).all()


def test_train_when_walk_has_one_node_then_vectors_stay(place):
    tables, done = train(walk_length=1, place=place)
    assert np.array_equal(tables.u, runs.first_tables(90, 16, 1).u)
    assert done.n_tokens == 1800


def test_estimator_when_device_named_then_trained_there_for_any_n_jobs():
    graph = load_karate().graph
    models = [
        Node2Vec(8, walks_per_node=2, device="torch:cpu", n_jobs=n, random_state=0)
        for n in (1, 2)
    ]
    first, second = (model.fit_transform(graph) for model in models)
    assert models[0].device_ == "torch:cpu"
    assert models[0].n_tokens_ == 34 * 2 * 80
    assert np.array_equal(first, second)


@pytest.mark.slow
@pytest.mark.shared
def test_train_when_blogcatalog_then_not_below_gensim(shared_data):
    z = np.load(shared_data / "nodes" / "blogcatalog.npz", allow_pickle=False)
    n = int(z["n_nodes"])
    ones = np.ones(len(z["indices"]), np.float32)
    graph = Graph(sparse.csr_array((ones, z["indices"], z["indptr"]), shape=(n, n)))
    ones = np.ones(len(z["label_indices"]), np.float32)
    labels = sparse.csr_array(
        (ones, z["label_indices"], z["label_indptr"]), shape=(n, int(z["n_classes"]))
    )
    vectors = Node2Vec(device="torch:cpu", random_state=1).fit_transform(graph)
    scores = node_classification(
        vectors, labels, C=0.1, standardize=True, n_splits=3, train_fractions=(0.1,)
    )[0.1]
    assert scores["micro"] > 0.329
    assert scores["macro"] > 0.173

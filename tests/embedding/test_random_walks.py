"""RandomWalks: arrays, batches, sentences, and batches for PyG's own loss."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone

from graphrep.datasets import load_karate
from graphrep.embedding import RandomWalks
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph


@pytest.fixture(scope="module")
def karate():
    return load_karate().graph


def test_walks_when_drawn_then_every_step_is_an_edge_and_every_node_starts(karate):
    walker = RandomWalks(9, 3, p=0.5, q=2, random_state=1)
    walks = walker.walks(karate)
    assert (walks.shape, walks.dtype) == ((3 * 34, 9), np.dtype(np.int32))
    A = karate.to_scipy().toarray()
    assert (A[walks[:, :-1], walks[:, 1:]] > 0).all()
    for block in walks[:, 0].reshape(3, 34):
        assert sorted(block) == list(range(34))
        assert list(block) != list(range(34))


@pytest.mark.parametrize("q", [1.0, 4.0])
def test_walks_when_threads_differ_then_the_same(karate, q):
    one = RandomWalks(20, 4, p=q, q=q, n_jobs=1, random_state=3)
    two = clone(one).set_params(n_jobs=2)
    np.testing.assert_array_equal(one.walks(karate), two.walks(karate))
    np.testing.assert_array_equal(one.walks(karate), one.walks(karate))
    assert (
        one.walks(karate) != clone(one).set_params(random_state=4).walks(karate)
    ).any()


def test_walks_when_starts_are_given_then_the_walks_of_the_whole(karate):
    walker = RandomWalks(10, 2, q=0.5, random_state=0)
    whole = {tuple(walk) for walk in walker.walks(karate).tolist()}
    some = walker.walks(karate, starts=karate.node_ids[[5, 2]].tolist())
    assert some[:, 0].tolist() == [5, 2, 5, 2]
    assert {tuple(walk) for walk in some.tolist()} <= whole


def test_iterate_when_batched_then_adds_up_to_walks(karate):
    walker = RandomWalks(10, 3, random_state=0)
    batches = list(walker.iterate(karate, batch_size=20))
    assert [len(b) for b in batches] == [20, 14] * 3
    np.testing.assert_array_equal(np.concatenate(batches), walker.walks(karate))


def test_iterate_when_walks_are_many_then_memory_is_that_of_a_batch(karate):
    def peak(rounds):
        tracemalloc.start()
        for _ in RandomWalks(80, rounds, n_jobs=1, random_state=0).iterate(
            karate, batch_size=16
        ):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(200) < peak(10) + 20_000


def test_walks_when_ids_are_asked_for_then_lists_that_end_with_the_walk():
    graph = Graph.from_edges(["a", "b"], ["b", "c"], directed=True)
    walker = RandomWalks(5, 1, random_state=0)
    walks = walker.walks(graph, ["c", "a"], ids=True)
    assert walks == [["c"], ["a", "b", "c"]]
    assert walker.walks(graph, ["c", "a"]).tolist()[0] == [2, -1, -1, -1, -1]


def test_walks_when_the_graph_comes_in_other_forms_then_the_same(karate):
    walker = RandomWalks(10, 1, random_state=0)
    expected = walker.walks(karate)
    np.testing.assert_array_equal(walker.walks(karate.to_scipy()), expected)
    np.testing.assert_array_equal(walker.walks(karate.to_networkx()), expected)


def test_walks_when_weights_are_zero_then_never_taken():
    A = np.array([[0, 1, 0], [1, 0, 1e-30], [0, 1e-30, 0.0]])
    walks = RandomWalks(40, 5, p=2, random_state=0).walks(A, starts=[0])
    assert set(walks.ravel().tolist()) == {0, 1}


def test_sentences_when_gone_through_twice_then_the_same(karate):
    sentences = RandomWalks(6, 2).sentences(karate)  # without a seed too
    first = list(sentences)
    assert first == list(sentences)
    assert len(first) == len(sentences) == 68
    assert all(type(text) is str for text in first[0])


def test_sentences_when_two_ids_look_alike_then_says_so():
    graph = Graph.from_edges([1.5, "1.5"], ["1.5", "x"])
    with pytest.raises(GraphValueError, match="the same text"):
        RandomWalks().sentences(graph)


def test_to_gensim_when_trained_then_has_a_vector_for_each_id(karate):
    pytest.importorskip("gensim")
    walker = RandomWalks(10, 2, n_jobs=1, random_state=0)
    model = walker.to_gensim(karate, vector_size=8)
    assert model.wv.vectors.shape == (34, 8)
    again = walker.to_gensim(karate, vector_size=8)
    assert set(model.wv.index_to_key) == {str(i) for i in karate.node_ids.tolist()}
    np.testing.assert_array_equal(model.wv.vectors, again.wv.vectors)


def test_loader_when_fed_to_the_loss_of_pyg_then_it_falls(karate, monkeypatch):
    torch = pytest.importorskip("torch")
    module = pytest.importorskip("torch_geometric.nn.models.node2vec")
    monkeypatch.setattr(module, "WITH_PYG_LIB", True)  # its walks are not used
    monkeypatch.setattr(torch.ops.pyg, "random_walk", None, raising=False)
    torch.manual_seed(0)
    edge_index = karate.to_pyg().edge_index
    model = module.Node2Vec(edge_index, 16, walk_length=8, context_size=4)
    walker = RandomWalks(8, 2, q=0.5, random_state=0)
    loader = walker.loader(
        karate, context_size=4, batch_size=10, num_negative_samples=2
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(20):
        total = 0.0
        for pos_rw, neg_rw in loader:
            optimizer.zero_grad()
            loss = model.loss(pos_rw, neg_rw)
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(loader))
    assert losses[-1] < 0.6 * losses[0]


def test_loader_when_seen_then_windows_like_those_of_pyg(karate):
    torch = pytest.importorskip("torch")
    walker = RandomWalks(8, 2, random_state=0)
    loader = walker.loader(karate, context_size=5, batch_size=20, shuffle=False)
    epochs = [list(loader) for _ in range(2)]
    pos_rw, neg_rw = epochs[0][0]
    assert len(epochs[0]) == len(loader) == 2
    assert pos_rw.shape == neg_rw.shape == (20 * 2 * (8 + 1 - 5), 5)
    assert pos_rw.dtype == neg_rw.dtype == torch.int64
    A = karate.to_scipy().toarray()
    assert (A[pos_rw[:, :-1], pos_rw[:, 1:]] > 0).all()
    assert pos_rw[:40, 0].tolist() == neg_rw[:40, 0].tolist() == [*range(20)] * 2
    assert not torch.equal(pos_rw, epochs[1][0][0])  # an epoch walks anew
    repeat = walker.loader(karate, context_size=5, batch_size=20, shuffle=False)
    assert torch.equal(next(iter(repeat))[0], pos_rw)


def test_loader_when_a_walk_ends_then_it_stays():
    pytest.importorskip("torch")
    graph = Graph.from_edges(["a"], ["b"], directed=True)
    loader = RandomWalks(3, 1, random_state=0).loader(
        graph, context_size=3, shuffle=False
    )
    pos_rw, _ = next(iter(loader))
    assert pos_rw.tolist() == [[0, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("wrong", [{"walk_length": 0}, {"p": 0}, {"q": -1.0}])
def test_walks_when_a_parameter_is_out_of_range_then_says_which(karate, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RandomWalks(**wrong).walks(karate)


def test_loader_when_the_window_is_longer_than_the_walk_then_says_so(karate):
    with pytest.raises(GraphValueError, match="context_size"):
        RandomWalks(5).loader(karate, context_size=6)

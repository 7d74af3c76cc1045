"""Probabilities of triples, and candidates from an index."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.neighbors import NearestNeighbors

from graphrep import KnowledgeGraph, load
from graphrep.exceptions import GraphValueError
from graphrep.kge import NFE, ComplEx, DistMult
from graphrep.kge._calibration import corrupted
from graphrep.retrieval import ExactIndex

LEARNS = {
    "field": "complex",
    "loss": "ce",
    "regularizer": "dura",
    "regularization": 0.05,
    "n_epochs": 200,
    "decay": 1.0,
    "random_state": 0,
}


def _ring(n=40):
    steps = (1, 4, 7)
    rows = [(i, s, (i + d) % n) for i in range(n) for s, d in enumerate(steps)]
    return KnowledgeGraph(rows, [f"e{i}" for i in range(n)], ["a", "b", "c"])


@pytest.fixture(scope="module")
def model():
    graph = _ring()
    train = graph.take(np.arange(len(graph)) % 5 != 0)
    return NFE(16, **LEARNS).fit(train)


def _held_out():
    graph = _ring()
    return graph.take(np.arange(len(graph)) % 5 == 0)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_probabilities_when_calibrated_then_they_rise_and_average_to_the_rate(
    model, method, tmp_path
):
    held = _held_out()
    false = KnowledgeGraph(
        corrupted(held, (model.known_,), 5), held.entities, held.relations
    )
    both = held._with(np.concatenate([held.triples, false.triples]), None)
    y = np.repeat([True, False], [len(held), len(false)])
    model.calibrate(both, y, method=method)
    chances = model.predict_proba(both)
    assert chances.shape == (len(both), 2)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    order = np.argsort(model.score_triples(both))
    assert (np.diff(chances[order, 1]) >= -1e-12).all()
    assert chances[:, 1].mean() == pytest.approx(y.mean(), abs=0.02)
    assert chances[y, 1].mean() > 0.8
    model.calibrate(both, y, method=method, base_rate=0.01)
    assert model.predict_proba(both)[:, 1].mean() <= chances[:, 1].mean()
    model.save(tmp_path / "m.zip")
    again = load(tmp_path / "m.zip")
    np.testing.assert_array_equal(again.predict_proba(both), model.predict_proba(both))


def test_calibrate_when_only_true_triples_then_false_ones_are_drawn(model):
    held = _held_out()
    chances = model.calibrate(held).predict_proba(held)
    assert chances[:, 1].mean() > 0.7
    false = corrupted(held, (model.known_,), 0)
    true = {tuple(t) for g in (held, model.known_) for t in g.triples}
    assert len(false) == len(held)
    assert not true & {tuple(t) for t in false}
    assert ((false != held.triples).sum(axis=1) == 1).all()


def test_calibrate_when_asked_wrongly_then_one_sentence(model):
    held = _held_out()
    with pytest.raises(NotFittedError, match="call calibrate"):
        NFE(4, n_epochs=1).fit(held).predict_proba(held)
    for options, match in (
        ({"y": [1]}, "y must hold 0 or 1"),
        ({"y": np.ones(len(held))}, "both true and false"),
        ({"method": "vague"}, "'sigmoid' or 'isotonic'; got 'vague'"),
        ({"base_rate": 2.0}, "between 0 and 1; got 2"),
    ):
        with pytest.raises(GraphValueError, match=match):
            model.calibrate(held, **options)


class _Hnsw:
    """What hnswlib answers, over an index of ours."""

    def __init__(self, index):
        self._index = index

    def knn_query(self, points, k):
        found, distances = self._index.query(points, k=k)
        return found, distances


class _Faiss(_Hnsw):
    knn_query = None

    def __init__(self, index):
        self._index = index
        del type(self).knn_query

    def search(self, points, k):
        found, distances = self._index.query(points, k=k)
        found[:, -1] = -1  # faiss pads with -1
        return distances, found


@pytest.mark.parametrize("kind", [NFE(12), ComplEx(12), DistMult(12)], ids=repr)
@pytest.mark.parametrize("filter_known", [True, False])
def test_predictions_when_an_index_is_exact_then_those_of_the_search(
    kind, filter_known
):
    graph = _ring()
    fitted = type(kind)(**{**kind.get_params(), "n_epochs": 5, "random_state": 0})
    fitted.fit(graph)
    asked = [(f"e{i}", r) for i in range(0, 40, 7) for r in "abc"]
    turned = [(r, e) for e, r in asked]
    metric = "euclidean" if isinstance(kind, NFE) else "dot"
    index = ExactIndex(fitted.embedding_, metric)
    indices = [index, _Hnsw(index)]
    if metric == "euclidean":
        indices.append(NearestNeighbors().fit(fitted.embedding_))
    for one in indices:
        options = {"filter_known": filter_known, "k": 5}
        for ask, pairs in (("predict_tails", asked), ("predict_heads", turned)):
            wanted = getattr(fitted, ask)(pairs, **options)
            found = getattr(fitted, ask)(pairs, **options, index=one)
            for a, b in zip(wanted, found, strict=True):
                assert [name for name, _ in a] == [name for name, _ in b]
                np.testing.assert_allclose(
                    [s for _, s in a], [s for _, s in b], rtol=1e-4, atol=1e-5
                )


def test_predictions_when_an_index_pads_then_nothing_is_made_up(model):
    index = _Faiss(ExactIndex(model.embedding_, "euclidean"))
    wanted = model.predict_tails([("e1", "a")], 4)[0]
    found = model.predict_tails([("e1", "a")], 4, index=index)[0]
    assert len(found) >= 3
    assert [n for n, _ in found[:3]] == [n for n, _ in wanted[:3]]
    with pytest.raises(GraphValueError, match="needs a method query"):
        model.predict_tails([("e1", "a")], index=object())
    kl = NFE(4, divergence="kl", n_epochs=1).fit(_ring())
    with pytest.raises(GraphValueError, match="leave index= out"):
        kl.predict_tails([("e1", "a")], index=index)

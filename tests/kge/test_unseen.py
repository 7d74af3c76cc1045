"""Entities that were not trained: solved in closed form from their triples."""

import numpy as np
import pytest
from scipy.optimize import minimize

from graphrep import KnowledgeGraph, as_knowledge_graph, load
from graphrep.exceptions import GraphValueError, NodeNotFoundError
from graphrep.kge import NFE, DistMult, RotatE, TransE

MODELS = [
    NFE(3),
    NFE(3, n_pieces=2),
    NFE(3, n_pieces=0),
    NFE(3, n_pieces=2, entity_mean=False),
    NFE(3, field="complex"),
    TransE(3),
    RotatE(3),
]
NEW = [
    ("new", "r0", "e1"),
    ("new", "r1", "e2"),
    ("e3", "r2", "new"),
    ("e4", "r0", "e5"),
]


def _fitted(model, **options):
    rng = np.random.default_rng(0)
    rows = np.unique(rng.integers(0, [12, 3, 12], (70, 3)), axis=0)
    graph = KnowledgeGraph(rows, [f"e{i}" for i in range(12)], ["r0", "r1", "r2"])
    shared = {
        "n_epochs": 5,
        "random_state": 0,
        "dtype": "float64",
        "learning_rate": 0.1,
    }
    return type(model)(**{**model.get_params(), **shared, **options}).fit(graph)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_extend_then_the_least_sum_of_squared_distances(model):
    model = _fitted(model)
    ridge = 0.3
    found = model.extend(NEW, ridge=ridge)
    assert found.n_entities_ == 13
    assert found.entity_ids_[-1] == "new"
    np.testing.assert_array_equal(
        found.entity_parameters_[:12], model.entity_parameters_
    )
    n_means = {"TransE": 1, "RotatE": 2}.get(type(model).__name__)
    if n_means is None:
        n_means = 2 if model.field == "complex" else int(model.entity_mean)
    mean = model.entity_parameters_.copy()
    mean[:, 3 * n_means :] = np.abs(mean[:, 3 * n_means :])
    mean = mean.mean(axis=0)
    triples = found.known_.triples[-4:-1]
    asks = np.concatenate([triples[:, [0, 1]], triples[:, [2, 1]] + [0, 3]])
    answers = np.concatenate([triples[:, 2], triples[:, 0]])

    def cost(row):
        found.entity_parameters_[12] = row
        rows = found.query_matrix(asks[:, 0], asks[:, 1])
        scores = np.einsum("ij,ij->i", rows, found.key_matrix(answers))
        return (found.gamma - scores).sum() + ridge * np.sum((row - mean) ** 2)

    solved = found.entity_parameters_[12].copy()
    bounds = [(None, None)] * (3 * n_means) + [(0, None)] * (len(mean) - 3 * n_means)
    best = minimize(cost, np.maximum(solved + 0.01, 0.001), bounds=bounds, tol=1e-14)
    assert cost(solved) <= best.fun + 1e-6 + (0.02 * best.fun if len(mean) > 6 else 0)


def test_extend_when_an_entity_was_left_out_then_it_is_found_again():
    n, steps = 60, (1, 3)
    rows = [(i, s, (i + d) % n) for i in range(n) for s, d in enumerate(steps)]
    names = [f"e{i}" for i in range(n)]
    whole = KnowledgeGraph(rows, names, ["one", "three"])
    left = np.isin(whole.triples[:, [0, 2]], [10, 40]).any(axis=1)
    kept = as_knowledge_graph([tuple(t) for t in whole.take(~left).labelled()])
    assert kept.n_entities == n - 2
    model = NFE(
        16,
        field="complex",
        loss="ce",
        regularizer="dura",
        regularization=0.05,
        n_epochs=200,
        decay=1.0,
        random_state=0,
    ).fit(kept)
    told = [("e10", "three", "e13"), ("e7", "three", "e10"), ("e37", "three", "e40")]
    told += [("e40", "three", "e43")]
    found = model.extend(told)
    for entity, answer in (("e10", "e11"), ("e40", "e41")):
        assert found.predict_tails([(entity, "one")], 1)[0][0][0] == answer


def test_extend_then_the_model_is_whole(tmp_path):
    model = _fitted(NFE(3))
    found = model.extend(NEW)
    assert found.transform(["new"]).shape == (1, 6)
    assert found.known_.n_triples == model.known_.n_triples + 4
    assert "e1" not in dict(found.predict_tails([("new", "r0")], 20)[0])
    with pytest.raises(NodeNotFoundError):
        model.transform(["new"])
    found.save(tmp_path / "m.zip")
    again = load(tmp_path / "m.zip")
    np.testing.assert_array_equal(again.transform(), found.transform())


@pytest.mark.parametrize(
    ("model", "triples", "match"),
    [
        (DistMult(3), NEW, "scores by no squared distance"),
        (NFE(3, divergence="kl"), NEW, "scores by no squared distance"),
        (NFE(3), [("e1", "r0", "e2")], "All 2 entities of X were fitted"),
        (
            NFE(3),
            [("a", "r0", "e2"), ("a", "r0", "b")],
            "Triple 1, 'a' 'r0' 'b', joins",
        ),
        (NFE(3), [("a", "cures", "e2")], "cures"),
    ],
)
def test_extend_when_it_cannot_then_one_sentence(model, triples, match):
    with pytest.raises((GraphValueError, NodeNotFoundError), match=match):
        _fitted(model).extend(triples)

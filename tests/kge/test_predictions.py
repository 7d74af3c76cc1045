"""Best answers: those of a sort of all scores, filtered, and kept on disk."""

import numpy as np
import pytest

import graphrep
from graphrep import KnowledgeGraph
from graphrep.exceptions import GraphValueError, NodeNotFoundError
from graphrep.kge import NFE, RESCAL, ComplEx, DistMult, RotatE, TransE


def _fitted(model=None, seed=0):
    rng = np.random.default_rng(seed)
    rows = np.unique(rng.integers(0, [15, 3, 15], (80, 3)), axis=0)
    graph = KnowledgeGraph(rows, [f"e{i}" for i in range(15)], ["r", "s", "t"])
    model = NFE(6) if model is None else model
    return model.set_params(n_epochs=3, random_state=0).fit(graph)


def test_predict_tails_then_a_sort_of_all_scores():
    model = _fitted()
    pairs = [("e3", "s"), ("e0", "t")]
    scores = model.query_matrix([3, 0], [1, 2]) @ model.key_matrix().T
    for answers, row in zip(
        model.predict_tails(pairs, 4, filter_known=False), scores, strict=True
    ):
        order = np.argsort(-row, kind="stable")[:4]
        assert [a for a, _ in answers] == [f"e{i}" for i in order]
        np.testing.assert_allclose([s for _, s in answers], row[order], rtol=1e-6)


def test_predictions_when_filtered_then_nothing_known_is_given():
    model = _fitted()
    known = set(model.known_)
    for head in model.entity_ids_:
        for relation in model.relation_ids_:
            tails = [e for e, _ in model.predict_tails([(head, relation)], 99)[0]]
            assert not any((head, relation, tail) in known for tail in tails)
            there = sum((head, relation, t) in known for t in model.entity_ids_)
            assert len(tails) == 15 - there
            heads = [e for e, _ in model.predict_heads([(relation, head)], 99)[0]]
            assert not any((other, relation, head) in known for other in heads)
        kinds = [r for r, _ in model.predict_relations([(head, "e5")], 99)[0]]
        assert not any((head, r, "e5") in known for r in kinds)


def test_predict_heads_and_relations_then_the_scores_of_the_model():
    model = _fitted()
    answers = model.predict_relations([("e1", "e2")], filter_known=False)[0]
    for relation, score in answers:
        one = model.score_triples([("e1", relation, "e2")])
        assert score == pytest.approx(one[0], rel=1e-5)
    assert [s for _, s in answers] == sorted((s for _, s in answers), reverse=True)
    heads = model.predict_heads([("r", "e2")], 3, filter_known=False)[0]
    row = model.query_matrix([2], [0 + 3]) @ model.key_matrix().T
    assert heads[0][0] == f"e{row[0].argmax()}"


def test_uncertainty_then_the_spread_of_the_distribution():
    model = _fitted(NFE(6, n_pieces=2))
    spread = model.uncertainty(["e2"])
    assert spread.shape == (1, 6)
    rng = np.random.default_rng(0)
    z = rng.standard_normal(400_000)
    _, low, high = model.entity_parameters_[2].reshape(3, 6)[:, 0]
    draws = np.where(z < 0, abs(low) * z, abs(high) * z)
    assert spread[0, 0] == pytest.approx(draws.std(), rel=0.01)
    assert not _fitted(NFE(6, n_pieces=0)).uncertainty().any()
    kl = _fitted(NFE(6, divergence="kl"))
    assert (kl.uncertainty() > 0).all()
    line = _fitted(NFE(6))
    np.testing.assert_allclose(
        line.uncertainty(), np.abs(line.entity_parameters_[:, 6:]), rtol=1e-6
    )


@pytest.mark.parametrize("suffix", ["", ".zip"])
@pytest.mark.parametrize(
    "model",
    [NFE(6, n_pieces=2), TransE(6), DistMult(6), ComplEx(6), RotatE(6), RESCAL(5)],
    ids=lambda m: type(m).__name__,
)
def test_save_then_loaded_bit_for_bit(model, suffix, tmp_path):
    fitted = _fitted(model)
    path = tmp_path / f"model{suffix}"
    fitted.save(path)
    back = graphrep.load(path)
    assert type(back) is type(fitted)
    assert back.get_params() == fitted.get_params()
    assert back.known_ == fitted.known_
    np.testing.assert_array_equal(back.embedding_, fitted.embedding_)
    pairs = [("e3", "s")]
    assert back.predict_tails(pairs) == fitted.predict_tails(pairs)
    assert back.history_ == fitted.history_


def test_predictions_when_asked_wrongly_then_one_sentence():
    model = _fitted()
    entity, relation = (f"^{w} 'q' is not in the model" for w in ("Entity", "Relation"))
    for ask, pair, said in (
        (model.predict_tails, ("q", "r"), entity),
        (model.predict_tails, ("e0", "q"), relation),
        (model.predict_heads, ("q", "e0"), relation),
        (model.predict_heads, ("r", "q"), entity),
        (model.predict_relations, ("e0", "q"), entity),
    ):
        with pytest.raises(NodeNotFoundError, match=said):
            ask([pair])
    with pytest.raises(GraphValueError, match=r"Pair 0 is .*; X must hold pairs"):
        model.predict_tails([("e0", "r", "e1")])
    with pytest.raises(GraphValueError, match="k must be a positive integer"):
        model.predict_heads([("r", "e0")], 0)

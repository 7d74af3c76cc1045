"""Training and ranking on a torch device: the twin of the processor's."""

import numpy as np
import pytest
from sklearn.base import clone

from graphrep import KnowledgeGraph
from graphrep.exceptions import DeviceError, GraphValueError
from graphrep.kge import NFE, RESCAL, ComplEx, DistMult, RotatE, TransE, rank_triples

pytest.importorskip("torch")

MODELS = [
    NFE(5),
    NFE(5, exact=False, n_pieces=2),
    NFE(4, n_pieces=3, base="uniform"),
    NFE(5, n_pieces=2, entity_mean=False),
    NFE(5, n_pieces=0),
    NFE(5, divergence="kl"),
    NFE(5, divergence="kl", exact=False),
    NFE(4, field="complex"),
    NFE(3, field="complex", n_pieces=3),
    NFE(4, field="complex", n_pieces=1, relation_scale=False),
    TransE(5),
    DistMult(5),
    ComplEx(5),
    RotatE(5),
    RESCAL(4),
]
VARIANTS = [
    {"loss": "bce"},
    {"loss": "ce", "regularizer": "dura", "regularization": 0.1},
    {"loss": "kvsall", "batching": "triples", "regularizer": "l2"},
    {"loss": "bce", "regularizer": "n3", "regularization": 0.2, "optimizer": "adagrad"},
    {"loss": "bce", "n_negatives": 4},
    {"loss": "ce", "n_negatives": 4, "optimizer": "adagrad"},
]


def _triples(seed=0, n=14, m=90):
    rng = np.random.default_rng(seed)
    rows = np.unique(rng.integers(0, [n, 3, n], (m, 3)), axis=0)
    weights = rng.uniform(0.5, 2, len(rows))
    return KnowledgeGraph(rows, [f"e{i}" for i in range(n)], None, weights=weights)


def _fit(model, **options):
    shared = {"n_epochs": 3, "batch_size": 40, "validate_every": 2, "random_state": 1}
    return clone(model).set_params(**shared, dtype="float64", **options).fit(_triples())


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_fit_when_on_torch_then_what_the_processor_learns(model, variant, device):
    if (
        variant.get("regularizer") == "dura"
        and model.get_params().get("divergence") == "kl"
    ):
        pytest.skip("refused")
    here = _fit(model, **variant)
    there = _fit(model, **variant, device=device)
    assert there.device_ == device.split(":")[-1]
    for name in ("entity_parameters_", "relation_parameters_"):
        np.testing.assert_allclose(
            getattr(there, name), getattr(here, name), rtol=1e-6, atol=1e-7
        )
    losses = [[h["loss"] for h in m.history_ if h["loss"]] for m in (here, there)]
    assert len(losses[0]) == 2
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


@pytest.mark.parametrize("levels", [None, 3])
def test_ranks_when_on_torch_then_those_of_the_kernel(levels, device, monkeypatch):
    from graphrep.kge import _rank_on_device

    model = _fit(NFE(5))
    if levels is not None:  # many equal scores, and some that are no numbers
        table = np.round(model.entity_parameters_ * levels) / levels
        table[3] = np.nan
        model.entity_parameters_ = table
        model.relation_parameters_ = np.round(model.relation_parameters_)
    asked, known = _triples(4, m=40), model.known_
    here = rank_triples(model, asked, known)
    for size in (1 << 27, 20):  # one block, and many
        monkeypatch.setattr(_rank_on_device, "_SCORES_AT_A_TIME", size)
        there = rank_triples(model, asked, known, device=device)
        for kind in ("optimistic", "realistic", "pessimistic"):
            np.testing.assert_array_equal(there.ranks(kind), here.ranks(kind))


def test_mixed_precision_when_trained_then_it_still_learns(device):
    graph = _triples()
    exact, mixed = (
        NFE(
            16,
            n_epochs=100,
            decay=1.0,
            random_state=0,
            device=device,
            mixed_precision=m,
        )
        .fit(graph)
        .score(graph)
        for m in (False, True)
    )
    assert exact > 0.45  # chance is .23, and the triples are random
    assert mixed > 0.9 * exact


def test_device_when_it_is_not_there_then_one_sentence():
    with pytest.raises(DeviceError, match="device='abacus' is not known"):
        _fit(NFE(3), device="abacus")
    with pytest.raises(GraphValueError, match="mixed_precision=True is for torch"):
        _fit(NFE(3), mixed_precision=True)

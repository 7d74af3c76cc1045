"""Reconstructors into files and back, copies and pickles."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone

import graphrep
from graphrep import Hypergraph
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.hypergraph import (
    MARIOH,
    BayesianMDL,
    CliqueCover,
    HypergraphReconstructor,
    MaximalCliques,
    SHyRe,
)


def domain(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, 40)
    rows = [rng.choice(40, k, replace=False).tolist() for k in sizes]
    return Hypergraph(rows + [row[:2] for row in rows[:9]], range(40))


@pytest.fixture(scope="module")
def fitted():
    model = HypergraphReconstructor(n_folds=2, random_state=3, n_jobs=1)
    return model.fit(domain(0))


@pytest.fixture(params=["model", "model.zip"])
def place(request, tmp_path):
    return tmp_path / request.param


@pytest.mark.parametrize("mmap", [True, False])
def test_load_when_saved_then_same_answers_bit_for_bit(fitted, place, mmap):
    fitted.save(place)
    again = graphrep.load(place, mmap=mmap)
    assert again.get_params() == fitted.get_params()
    assert again.expected_scores_ == fitted.expected_scores_
    assert again.random_seed_ == fitted.random_seed_
    for weighted in (True, False):
        graph = domain(1).project(weighted)
        assert again.predict_proba(graph) == fitted.predict_proba(graph)
        assert again.predict(graph) == fitted.predict(graph)


def test_save_when_in_a_folder_then_no_pickle_and_no_node(fitted, tmp_path):
    fitted.save(tmp_path / "m")
    names = sorted(path.name for path in (tmp_path / "m").iterdir())
    assert names == ["README.md", "arrays.safetensors", "config.json", "node_ids.json"]
    card = (tmp_path / "m" / "README.md").read_text("utf-8")
    assert "model.predict(graph)" in card
    assert "node-embedding" not in card
    assert "n_nodes" not in card
    with pytest.raises(FileExistsError):
        fitted.save(tmp_path / "m", overwrite=False)


@pytest.mark.parametrize(
    "model",
    [
        BayesianMDL(random_state=1),
        CliqueCover(random_state=1, min_size=1),
        MaximalCliques(min_size=3),
        HypergraphReconstructor(random_state=5),
        HypergraphReconstructor("cover", random_state=5),
    ],
    ids=lambda model: f"{type(model).__name__}",
)
def test_load_when_nothing_was_learned_then_same_answers(model, place):
    model.fit(None)
    model.save(place)
    again = graphrep.load(place)
    graph = domain(1).project()
    assert again.get_params() == model.get_params()
    assert again.predict(graph) == model.predict(graph)


@pytest.mark.parametrize("kind", [SHyRe, MARIOH])
def test_save_when_classifier_is_anybodys_then_said(kind, place):
    model = kind()
    model.random_seed_ = 0
    with pytest.raises(GraphTypeError, match="cannot be saved"):
        model.save(place)
    assert not place.exists()


def test_save_when_method_cannot_be_saved_then_said(place):
    model = HypergraphReconstructor("shyre", random_state=0).fit(domain(0))
    with pytest.raises(GraphValueError, match="'shyre' cannot be saved"):
        model.save(place)
    assert not place.exists()


def test_save_when_not_fitted_then_said(place):
    with pytest.raises(ValueError, match="not fitted yet"):
        HypergraphReconstructor().save(place)


def test_pickle_when_fitted_then_same_answers(fitted):
    graph = domain(1).project()
    again = pickle.loads(pickle.dumps(fitted))
    assert again.predict_proba(graph) == fitted.predict_proba(graph)


def test_clone_when_fitted_then_parameters_only(fitted):
    copy = clone(fitted.set_params(threshold=0.25))
    fitted.set_params(threshold="jaccard")
    assert copy.get_params() == fitted.get_params() | {"threshold": 0.25}
    assert not hasattr(copy, "models_")


def test_repr_when_parameters_are_set_then_only_these():
    text = repr(HypergraphReconstructor(weighted=False, random_state=0))
    assert text == "HypergraphReconstructor(random_state=0, weighted=False)"

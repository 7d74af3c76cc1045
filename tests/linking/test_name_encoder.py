"""NameEncoder: its slopes, what it learns, and the same result whatever the threads."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

import graphrep
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.linking import NameEncoder
from graphrep.linking._bags import hashed_bags
from graphrep.linking._name_encoder import _pairs
from graphrep.linking._name_encoder_steps import contrast
from graphrep.retrieval import ExactIndex

PARTS = ["heart", "kidney", "lung", "liver", "skin", "bone", "eye", "ear", "brain"]
LAY = {"inflammation of the": "itis", "tumour of the": "oma", "pain of the": "algia"}


def names():
    """Made names: a layman's words and a stem with a suffix."""
    texts, concepts = [], []
    for i, part in enumerate(PARTS):
        for j, (words, suffix) in enumerate(LAY.items()):
            texts += [f"{words} {part}", f"{part[::-1]}{suffix}"]
            concepts += [3 * i + j] * 2
    return texts, np.array(concepts)


def small(**options):
    settings = {
        "n_buckets": 4096, "n_epochs": 30, "batch_size": 16, "n_random": 16,
        "random_state": 0, "n_jobs": 1, **options,
    }  # fmt: skip
    return NameEncoder(32, **settings)


def test_contrast_when_moved_a_little_then_the_loss_moves_by_the_slope():
    draw = np.random.default_rng(0)
    cosines = draw.uniform(-1, 1, (4, 9)).astype(np.float32)
    anchors, others = np.arange(4), np.array([0, 4, 5, 6, 7, 1, 2, 3, 8])
    concepts = np.array([0, 1, 2, 3, 0, 1, 2, 3, 0])
    loss, slope = contrast(cosines, anchors, others, concepts, 0.5)
    assert slope[0, 0] == 0.0  # the anchor itself
    for place in [(0, 1), (1, 3), (3, 8), (2, 0)]:
        moved = cosines.astype(np.float64)
        moved[place] += 1e-4
        above, _ = contrast(moved, anchors, others, concepts, 0.5)
        assert (above - loss) / 1e-4 == pytest.approx(slope[place], abs=2e-2)


def test_contrast_when_by_hand_then_equal():
    cosines = np.array([[0.8, 0.2, 0.1]], np.float32)
    loss, _ = contrast(
        cosines, np.array([0]), np.array([1, 2, 3]), np.array([5, 5, 5, 6]), 1.0
    )
    share = np.exp([0.8, 0.2, 0.1])
    assert loss == pytest.approx(-np.log(share[:2].sum() / share.sum()), rel=1e-5)


def test_pairs_when_drawn_then_other_names_of_the_same_concept():
    concepts = np.array([3, 0, 3, 7, 3, 0])
    left, right = _pairs(concepts, np.random.default_rng(0))
    assert (left != right).all()
    assert np.array_equal(concepts[left], concepts[right])
    assert set(left.tolist()) == {0, 1, 2, 4, 5}
    assert len(np.unique(left * 6 + right)) == len(left)
    none, _ = _pairs(np.arange(4), np.random.default_rng(0))
    assert not len(none)


def test_bags_when_counted_then_words_and_runs_by_hand():
    bags = hashed_bags(["ab ab", "", "x"], (3,), 1 << 20)
    # "ab" twice; " ab" twice, "ab " twice, "b a" once
    expected = [1.0] + [1 + np.log(2)] * 3
    np.testing.assert_allclose(np.sort(bags[[0]].data), expected, rtol=1e-6)
    assert bags[[1]].nnz == 0
    assert bags.has_sorted_indices
    assert hashed_bags(["ab"], (3,), 1).shape == (1, 1)


def test_names_when_learnt_then_a_suffix_it_never_saw_with_a_part_is_understood():
    texts, concepts = names()
    held = np.arange(1, len(texts), 8)
    kept = np.setdiff1d(np.arange(len(texts)), held)
    model = small().fit([texts[i] for i in kept], concepts[kept])
    start = small(n_epochs=0).fit([texts[i] for i in kept], concepts[kept])
    right = {}
    for name, encoder in (("learnt", model), ("start", start)):
        index = ExactIndex(encoder.transform([texts[i] for i in kept]))
        rows, _ = index.query(encoder.transform([texts[i] for i in held]), 4)
        found = concepts[kept][rows] == concepts[held][:, None]
        right[name] = found.any(axis=1).mean()
    assert model.losses_[-1] < 0.2 * model.losses_[0]
    assert right["learnt"] >= right["start"] + 0.3


def test_threads_when_more_then_the_same_bits():
    texts, concepts = names()
    one, two = (small(n_epochs=2, n_jobs=n).fit(texts, concepts) for n in (1, 2))
    assert np.array_equal(one.vectors_, two.vectors_)
    assert np.array_equal(one.transform(texts), two.transform(texts))
    other = small(n_epochs=2, random_state=1).fit(texts, concepts)
    assert not np.array_equal(one.vectors_, other.vectors_)


def test_transform_when_empty_or_unknown_then_length_one_or_zero():
    texts, concepts = names()
    found = small(n_epochs=1).fit(texts, concepts).transform(["", "heart", "qqqq"])
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [0, 1, 1], rtol=1e-5)
    assert not found[0].any()


def test_model_when_copied_then_the_same(tmp_path: Path):
    texts, concepts = names()
    model = small(n_epochs=1).fit(texts, concepts)
    model.save(tmp_path / "model")
    for again in (pickle.loads(pickle.dumps(model)), graphrep.load(tmp_path / "model")):
        assert np.array_equal(again.transform(texts), model.transform(texts))
        assert again.losses_ == model.losses_
    assert clone(model).get_params() == model.get_params()


def test_names_when_wrong_then_refused():
    with pytest.raises(GraphTypeError, match="Name 1 must be a text; got 7"):
        small().fit(["a", 7], [0, 1])
    with pytest.raises(GraphTypeError, match="got one text"):
        small().fit("ab", [0, 1])
    with pytest.raises(GraphValueError, match="of each of the 2 names"):
        small().fit(["a", "b"], [0])
    with pytest.raises(GraphValueError, match="for name 1"):
        small().fit(["a", "b"], [0, -1])
    with pytest.raises(GraphValueError, match="power of two"):
        small(n_buckets=1000).fit(["a", "b"], [0, 0])


def test_fit_when_nothing_is_to_be_told_apart_then_stays_as_it_starts():
    model = small().fit(["a", "b"], [0, 1])
    assert model.losses_ == [0.0] * 30
    assert small().fit([], []).transform([]).shape == (0, 32)

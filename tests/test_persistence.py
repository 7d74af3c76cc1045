"""Saving and loading: bit for bit, and nothing that a stranger can misuse."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from graphrep import persistence
from graphrep._utils import _atomic
from graphrep._utils._json import decode, encode
from graphrep.exceptions import GraphTypeError, GraphValueError, ModelFileError
from graphrep.io._safetensors import read_safetensors, write_safetensors
from graphrep.persistence import load, save


class Dummy(BaseEstimator):
    """Stand in for an embedder.

    References
    ----------
    .. [1] A. Author. A method. 2020.

    Notes
    -----
    None.
    """

    def __init__(self, a=1, weights=(0.0, 1.0), name=None, random_state=None):
        self.a = a
        self.weights = weights
        self.name = name
        self.random_state = random_state

    def fit(self, ids, dtype=np.float32):
        rng = np.random.default_rng(0)
        self.node_ids_ = np.asarray(ids)
        self.embedding_ = rng.normal(size=(len(ids), 3)).astype(dtype)
        self.basis_ = np.asfortranarray(rng.normal(size=(len(ids), 2)))
        self.n_features_in_ = len(ids)
        self.random_seed_ = 7
        return self

    def _fitted_state(self):
        arrays = {"embedding_": self.embedding_, "basis_": self.basis_}
        return arrays, {"n_features_in_": self.n_features_in_, "random_seed_": 7}

    def _set_fitted_state(self, arrays, scalars):
        for name, value in {**arrays, **scalars}.items():
            setattr(self, name, value)


class Stranger(Dummy):
    pass


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphrep_test_dummy", sys.modules[__name__])
    monkeypatch.setitem(persistence._REGISTRY, "Dummy", "graphrep_test_dummy:Dummy")


@pytest.fixture(params=["model", "model.zip"])
def place(request, tmp_path):
    return tmp_path / request.param


@pytest.fixture
def folder(tmp_path):
    save(Dummy().fit(np.array(["a", "b"], object)), tmp_path / "m")
    return tmp_path / "m"


IDS = {
    "range": np.arange(4),
    "integers": np.array([5, -(2**63), 2**63 - 1]),
    "texts": np.array(["a", "1", "x y\n", "\u00e9\U0001f9ec", ""], object),
    "one": np.array(["007"], object),
}


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_load_when_saved_then_same_bits(place, ids, dtype):
    model = Dummy(a=np.int64(3), weights=(0.5, (1, None))).fit(IDS[ids], dtype)
    save(model, place)
    found = load(place)
    assert type(found) is Dummy
    assert found.get_params() == model.get_params()
    assert type(found.weights) is tuple
    assert found.node_ids_.dtype == model.node_ids_.dtype
    assert found.node_ids_.tolist() == model.node_ids_.tolist()
    for name in ("embedding_", "basis_"):
        ours, theirs = getattr(found, name), getattr(model, name)
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)
    assert found.n_features_in_ == len(IDS[ids])


def test_load_when_a_directory_then_arrays_are_mapped(folder):
    assert isinstance(load(folder).embedding_, np.memmap)
    assert not isinstance(load(folder, mmap=False).embedding_, np.memmap)


def test_save_when_repeated_then_same_bytes(tmp_path):
    model = Dummy().fit(np.arange(3))
    for name in ("1", "2"):
        save(model, tmp_path / name)
        save(model, tmp_path / f"{name}.zip")
    for part in ("config.json", "arrays.safetensors", "node_ids.json", "README.md"):
        assert (tmp_path / "1" / part).read_bytes() == (
            tmp_path / "2" / part
        ).read_bytes()
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1", "1.zip", "2", "2.zip"]


def test_save_when_something_is_there_then_only_models_are_replaced(place, tmp_path):
    model = Dummy().fit(np.arange(3))
    save(model, place)
    save(Dummy(a=2).fit(np.arange(4)), place)
    assert load(place).a == 2
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save(model, place, overwrite=False)
    own = tmp_path / "thesis"
    own.mkdir()
    (own / "chapter.tex").write_text("years of work")
    with pytest.raises(FileExistsError, match="no saved model"):
        save(model, own)
    assert (own / "chapter.tex").exists()


@pytest.mark.parametrize("name", ["bert", "data.zip"])
def test_save_when_anothers_files_have_our_names_then_they_stay(name, tmp_path):
    place = tmp_path / name
    foreign = json.dumps({"model_type": "bert", "vocab_size": 30522})
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w") as archive:
            archive.writestr("config.json", foreign)
    else:
        place.mkdir()
        (place / "config.json").write_text(foreign)
        (place / "weights.bin").write_bytes(b"\0" * 9)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(FileExistsError, match="no saved model"):
        save(Dummy().fit(np.arange(3)), place)
    after = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert after == before


@pytest.mark.parametrize("swaps", [True, False])
def test_save_when_it_cannot_take_the_place_then_the_old_model_stays(
    swaps, tmp_path, monkeypatch
):
    place = tmp_path / "model"
    save(Dummy(a=1).fit(np.arange(3)), place)
    if not swaps:
        monkeypatch.setattr(_atomic, "_swap", lambda part, target: False)
    save(Dummy(a=2).fit(np.arange(3)), place)
    assert load(place).a == 2
    if swaps and not sys.platform.startswith("linux"):
        return
    names = []
    real = Path.replace

    def replace(self, target):
        if self.is_dir():
            names.append(self)
        if len(names) == 2 and self.is_dir():  # the new one, after the old one went
            raise OSError("no space left")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    if swaps:
        save(Dummy(a=3).fit(np.arange(3)), place)
        assert names == []  # at no moment was there nothing
    else:
        with pytest.raises(OSError, match="no space"):
            save(Dummy(a=3).fit(np.arange(3)), place)
    assert load(place).a == (3 if swaps else 2)
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("name", ["model", "model.zip"])
def test_save_when_a_file_is_where_a_folder_goes_then_says_so(name, tmp_path):
    place = tmp_path / name
    if name == "model":
        place.touch()
    else:
        place.mkdir()
    with pytest.raises(FileExistsError, match="would be written"):
        save(Dummy().fit(np.arange(3)), place)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("swaps", [True, False])
def test_save_when_to_a_link_then_the_link_is_replaced(swaps, tmp_path, monkeypatch):
    if not swaps:
        monkeypatch.setattr(_atomic, "_swap", lambda part, target: False)
    save(Dummy(a=1).fit(np.arange(3)), tmp_path / "first")
    (tmp_path / "last").symlink_to("first", target_is_directory=True)
    save(Dummy(a=2).fit(np.arange(3)), tmp_path / "last")
    assert load(tmp_path / "first").a == 1
    assert load(tmp_path / "last").a == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["first", "last"]


def test_replacing_when_the_old_one_cannot_come_back_then_it_is_kept(
    tmp_path, monkeypatch
):
    for name in ("new", "model"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "said").write_text(name)
    real, calls = Path.replace, []

    def replace(self, target):
        calls.append(target)
        if len(calls) > 1:
            raise OSError("the disk went away")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match="went away"):
        _atomic._replace_directory(tmp_path / "new", tmp_path / "model")
    assert {p.read_text() for p in tmp_path.rglob("said")} == {"new", "model"}


def test_card_when_written_then_tells_what_the_model_is(folder):
    text = (folder / "README.md").read_text()
    assert text.startswith("---\nlibrary_name: graphrep\ntags:\n")
    for part in (
        "# Dummy model",
        "Stand in for an embedder.",
        "- nodes: 2",
        "`embedding_`: 2 × 3, float32",
        "- seed: 7",
        "`weights`: `(0.0, 1.0)`",
        "graphrep.load(",
        "## Limitations",
        "[1] A. Author. A method. 2020.",
    ):
        assert part in text
    assert "None.\n" not in text.split("## Method")[1]


def test_config_when_written_then_holds_what_is_promised(folder):
    config = json.loads((folder / "config.json").read_text())
    assert config["class"] == "Dummy"
    assert config["format_version"] == 1
    assert config["parameters"]["weights"] == {"__tuple__": [0.0, 1.0]}
    assert (config["n_nodes"], config["dtype"], config["seed"]) == (2, "float32", 7)


def test_save_when_random_state_is_a_generator_then_only_its_seed_is_kept(tmp_path):
    model = Dummy(random_state=np.random.RandomState(1)).fit(np.arange(2))
    save(model, tmp_path / "m")
    assert load(tmp_path / "m").random_state is None
    assert load(tmp_path / "m").random_seed_ == 7


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (Dummy().fit(np.array([("a", 1), "b"], object)), GraphTypeError, "Node 0"),
        (Dummy(name=object()).fit(np.arange(2)), GraphTypeError, "parameter 'name'"),
        (Dummy(name={1: 2}).fit(np.arange(2)), GraphTypeError, "key 1"),
        (Stranger().fit(np.arange(2)), GraphTypeError, "AdjacencySVD, .*Dummy"),
    ],
)
def test_save_when_it_cannot_be_kept_then_error_and_no_file(
    tmp_path, model, error, text
):
    with pytest.raises(error, match=text):
        save(model, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_save_when_state_has_odd_names_then_error(tmp_path, monkeypatch):
    monkeypatch.setattr(Dummy, "_fitted_state", lambda self: ({"../x": np.ones(1)}, {}))
    with pytest.raises(GraphValueError, match=r"\.\./x"):
        save(Dummy().fit(np.arange(2)), tmp_path / "m")


def test_json_when_values_are_odd_then_come_back():
    values = {
        "t": (1, (2.5, None), [True, "x"]),
        "f": [float("inf"), -float("inf"), 0.1, 1e300],
        "n": np.float32(0.1),
    }
    found = decode(json.loads(json.dumps(encode(values, "x"), allow_nan=False)))
    assert found == {**values, "n": float(np.float32(0.1))}
    assert np.isnan(decode(encode(float("nan"), "x")))
    array = decode(encode(np.array([1, 2], np.int16), "x"))
    assert array.dtype == np.int16
    assert array.tolist() == [1, 2]


def edit(folder, **changes):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config.update(changes)
    path.write_text(json.dumps(config))


def resign(folder):
    """Make the config agree with changed files, as an attacker would."""
    files = {
        name: {
            "bytes": (folder / name).stat().st_size,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name in ("arrays.safetensors", "node_ids.json")
    }
    edit(folder, files=files)


def flip(folder, name):
    content = bytearray((folder / name).read_bytes())
    content[-3] ^= 1
    (folder / name).write_bytes(content)


def retensor(folder, name):
    arrays = dict(read_safetensors(folder / "arrays.safetensors", mmap=False)[0])
    arrays[name] = np.ones(2)
    write_safetensors(folder / "arrays.safetensors", arrays)
    resign(folder)


def reid(folder, content):
    (folder / "node_ids.json").write_text(json.dumps(content))
    resign(folder)


DAMAGE = {
    "no config": (lambda f: (f / "config.json").unlink(), "config.json is missing"),
    "no arrays": (lambda f: (f / "arrays.safetensors").unlink(), "is missing"),
    "no ids": (lambda f: (f / "node_ids.json").unlink(), "is missing"),
    "cut config": (lambda f: (f / "config.json").write_text('{"form'), "damaged"),
    "deep config": (lambda f: (f / "config.json").write_text("[" * 10**5), "damaged"),
    "list config": (lambda f: (f / "config.json").write_text("[]"), "no JSON object"),
    "other config": (lambda f: (f / "config.json").write_text("{}"), "not describe"),
    "cut arrays": (lambda f: os.truncate(f / "arrays.safetensors", 90), "the size"),
    "bit in arrays": (lambda f: flip(f, "arrays.safetensors"), "was changed"),
    "bit in ids": (lambda f: flip(f, "node_ids.json"), "was changed|damaged"),
    "newer": (
        lambda f: edit(f, format_version=2, graphrep_version="9.1"),
        "graphrep >= 9.1",
    ),
    "unknown class": (lambda f: edit(f, **{"class": "os:system"}), "'os:system'"),
    "class list": (lambda f: edit(f, **{"class": None}), "'None'"),
    "fewer nodes": (lambda f: edit(f, n_nodes=1), "does not name 1 nodes"),
    "no files": (lambda f: edit(f, files=[]), "does not list"),
    "odd parameter": (lambda f: edit(f, parameters={"zzz": 1}), "does not fit Dummy"),
    "parameters text": (lambda f: edit(f, parameters="x"), "does not fit"),
    "odd dtype": (
        lambda f: edit(f, parameters={"a": {"__array__": [1], "dtype": "O"}}),
        "does not fit",
    ),
    "path as tensor": (lambda f: retensor(f, "../../etc/x"), "etc/x"),
    "private tensor": (lambda f: retensor(f, "__class__"), "__class__"),
    "method as tensor": (lambda f: retensor(f, "fit"), "name 'fit'"),
    "private scalar": (lambda f: edit(f, fitted={"__dict__": {}}), "__dict__"),
    "broken arrays": (
        lambda f: ((f / "arrays.safetensors").write_bytes(b"x" * 9), resign(f)),
        "safetensors",
    ),
    "mixed ids": (lambda f: reid(f, {"type": "text", "ids": ["a", 1]}), "unknown kind"),
    "bool ids": (lambda f: reid(f, {"type": "int64", "ids": [True, 1]}), "unknown"),
    "huge ids": (lambda f: reid(f, {"type": "int64", "ids": [2**63, 1]}), "int64"),
    "odd range": (lambda f: reid(f, {"type": "range", "n": 2.0}), "does not name"),
    "ids number": (lambda f: reid(f, {"type": "text", "ids": "ab"}), "unknown kind"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_load_when_the_model_is_damaged_then_refused(folder, case):
    damage, text = DAMAGE[case]
    damage(folder)
    with pytest.raises(ModelFileError, match=text):
        load(folder)


def rezip(path, change):
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in change(parts):
            archive.writestr(name, content)


def test_load_when_a_zip_is_damaged_then_refused(tmp_path):
    path = tmp_path / "m.zip"
    model = Dummy().fit(np.arange(50))
    save(model, path)
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(ModelFileError, match="zip file cannot be read"):
        load(path)
    at = good.index(model.embedding_.tobytes()) + 4
    path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    with pytest.raises(ModelFileError, match=r"cannot be read|was changed"):
        load(path)
    path.write_bytes(good)
    rezip(path, lambda parts: [(n, c) for n, c in parts.items() if "ids" not in n])
    with pytest.raises(ModelFileError, match=r"node_ids.json is missing"):
        load(path)


def test_load_when_a_zip_was_packed_anew_then_read_and_extras_left_alone(tmp_path):
    path = tmp_path / "m.zip"
    save(Dummy().fit(np.arange(5)), path)
    rezip(path, lambda parts: [*parts.items(), ("../evil.py", "boom")])
    assert len(load(path).embedding_) == 5
    assert not (tmp_path.parent / "evil.py").exists()
    with pytest.warns(UserWarning, match="Duplicate"):
        rezip(path, lambda parts: [*parts.items(), ("config.json", "{}")])
    with pytest.raises(ModelFileError, match="twice"):
        load(path)


def test_load_when_there_is_nothing_then_file_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


def test_load_when_not_verified_then_structure_still_counts(folder):
    flip(folder, "arrays.safetensors")
    assert load(folder, verify=False).a == 1
    os.truncate(folder / "arrays.safetensors", 90)
    with pytest.raises(ModelFileError):
        load(folder, verify=False)


_KILLED = """
import os, signal, sys
import numpy as np
from graphrep import persistence
class Dummy:
    node_ids_ = np.arange(3)
    def get_params(self, deep=False):
        return {}
    def _fitted_state(self):
        return {"embedding_": np.ones((3, 2))}, {}
persistence._REGISTRY["Dummy"] = "__main__:Dummy"
persistence.model_card = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
persistence.save(Dummy(), sys.argv[1])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_save_when_killed_half_way_then_the_old_model_stands(folder):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    done = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert load(folder).node_ids_.tolist() == ["a", "b"]


def test_save_when_it_fails_then_the_old_model_stands(folder, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(persistence, "model_card", fail)
    with pytest.raises(OSError, match="disk full"):
        save(Dummy(a=5).fit(np.arange(2)), folder)
    assert load(folder).a == 1
    assert [p.name for p in Path(folder).parent.iterdir()] == ["m"]


def test_load_when_moved_then_still_works(folder, tmp_path):
    shutil.move(folder, tmp_path / "other place")
    assert load(tmp_path / "other place").a == 1

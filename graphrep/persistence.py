"""Fitted estimators into a directory (or zip) of JSON and safetensors, and back.

Loading runs no code from the file: the class is looked up by name among our own,
parameters are plain JSON and arrays are mapped bytes.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_directory, atomic_path
from graphrep._utils._json import decode, encode
from graphrep._utils._model_card import model_card
from graphrep._utils._model_store import FolderStore, ZipStore, write_zip
from graphrep._version import __version__
from graphrep.exceptions import (
    DeviceError,
    GraphFormatError,
    GraphTypeError,
    GraphValueError,
    ModelFileError,
)
from graphrep.graph import Terminology
from graphrep.graph._terminology_store import is_saved
from graphrep.io._safetensors import (
    parse_safetensors,
    write_safetensors,
)
from graphrep.typing import AnyArray, PathType

FORMAT = "graphrep-model"
FORMAT_VERSION = 1
_EMBEDDERS = (
    "AdjacencySVD",
    "DeepWalk",
    "DegreeVectors",
    "FastRP",
    "GraRep",
    "GraphFactorization",
    "HOPE",
    "LLE",
    "LaplacianEigenmaps",
    "NetMF",
    "Node2Vec",
    "Node2VecPlus",
    "ProNE",
    "RandomVectors",
    "SDNE",
    "Spectral",
)
_TRIPLE_MODELS = ("ComplEx", "DistMult", "NFE", "RESCAL", "RotatE", "TransE")
_RECONSTRUCTORS = (
    "BayesianMDL",
    "CliqueCover",
    "HypergraphReconstructor",
    "MaximalCliques",
)
_BLOCKERS = (
    "EmbeddingBlocker",
    "IntersectionBlocker",
    "KeyBlocker",
    "MetaBlocker",
    "MinHashBlocker",
    "NLSHBlocker",
    "SortedNeighbourhoodBlocker",
    "TfidfBlocker",
    "UnionBlocker",
)
_LINKERS = (
    "NGramIndex",
    "NameDictionary",
    "NameEncoder",
    "PhraseLinker",
    "Text2Node",
)
_REGISTRY = {
    **{name: f"graphrep.embedding:{name}" for name in _EMBEDDERS},
    **{name: f"graphrep.kge:{name}" for name in _TRIPLE_MODELS},
    **{name: f"graphrep.hypergraph:{name}" for name in _RECONSTRUCTORS},
    **{name: f"graphrep.blocking:{name}" for name in _BLOCKERS},
    **{name: f"graphrep.linking:{name}" for name in _LINKERS},
    "ClusterIndex": "graphrep.retrieval:ClusterIndex",
    "HubnessCorrector": "graphrep.retrieval:HubnessCorrector",
}
_CONFIG, _ARRAYS, _IDS, _CARD = (
    "config.json",
    "arrays.safetensors",
    "node_ids.json",
    "README.md",
)
_FILES = "files"  # folder of what libraries of language models write
_FILE = re.compile(_FILES + r"(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_LARGEST_CONFIG = 1 << 24


def save(estimator: Any, path: PathType, *, overwrite: bool = True) -> None:
    """Write a fitted estimator without pickle, all of it or nothing.

    Parameters
    ----------
    estimator : estimator
        One of graphrep's own, fitted, with node ids that are integers or texts.
    path : path-like
        Directory to write; a name that ends in ``.zip`` gives one file instead.
    overwrite : bool, default=True
        Whether a model that is there may be replaced, as `joblib.dump`, `torch.save`
        and `safetensors` do unasked. A directory or file that is no model of ours is
        never replaced. (The command line asks for ``--overwrite``.)

    Raises
    ------
    FileExistsError
        If something is there that may not be replaced.
    GraphTypeError
        For an estimator that is not one of ours, and for node ids or parameters that
        a file cannot hold.
    """
    target = Path(path)
    name = _registered_name(estimator)
    _refuse_replacing(target, overwrite)
    if target.suffix.lower() == ".zip":
        with (
            atomic_path(target) as part,
            _scratch(part.with_suffix(".parts")) as folder,
        ):
            own = _write_parts(estimator, name, folder)
            write_zip(folder, (_CONFIG, _IDS, _ARRAYS, _CARD, *own), part)
    else:
        with atomic_directory(target) as folder:
            _write_parts(estimator, name, folder)


def load(path: PathType, *, mmap: bool = True, verify: bool = True) -> Any:
    """Read an estimator that `save` wrote, or a `Terminology` that its `save` wrote.

    Parameters
    ----------
    path : path-like
        Directory or ``.zip`` file.
    mmap : bool, default=True
        Map the arrays of a directory read-only instead of reading them into memory.
    verify : bool, default=True
        Compare the SHA-256 of the files, which reads them once. Sizes and structure
        are checked always.

    Returns
    -------
    estimator
        Fitted as it was saved, bit for bit.

    Raises
    ------
    ModelFileError
        If the model is damaged, incomplete, of a newer format, or of a class that is
        not ours.
    FileNotFoundError
        If there is nothing at ``path``.

    Notes
    -----
    Nothing in the file is executed or imported, so models of strangers can be read.
    """
    source = Path(path)
    if not source.exists():
        raise FileNotFoundError(f"{source}: there is no saved model.")
    if is_saved(source):
        return Terminology.load(source, mmap=mmap)
    store = FolderStore(source) if source.is_dir() else ZipStore(source)
    with closing(store):
        config = _read_config(store)
        if verify:
            _verify(store, config)
        ids = _read_ids(store, config)
        try:
            data = store.data(_ARRAYS, mmap)
            arrays, _ = parse_safetensors(data, source / _ARRAYS)
        except GraphFormatError as error:
            raise ModelFileError(str(error)) from None
        return _rebuild(store, config, arrays, ids)


# -- parts -----------------------------------------------------------------------
def state_of(estimator: Any) -> tuple[dict[str, AnyArray], dict[str, Any]]:
    """Give arrays and plain values of an estimator that is a part of another."""
    name = _registered_name(estimator)
    arrays, fitted = estimator._fitted_state()
    told = {"class": name, "parameters": _parameters(estimator), "fitted": fitted}
    return arrays, told


def estimator_of(arrays: dict[str, AnyArray], told: dict[str, Any]) -> Any:
    """Make an estimator again of what `state_of` gave; a LookupError for strangers."""
    cls = _class_of(told["class"])
    _check_names(cls, (*arrays, *told["fitted"]))
    estimator = getattr(cls, "_blank", cls)(**told["parameters"])
    estimator._set_fitted_state(arrays, told["fitted"])
    return estimator


def _check_names(cls: Any, names: Iterable[str]) -> None:
    """Refuse names of fitted values that are none, or would hide a method."""
    for name in names:
        if not _NAME.fullmatch(name) or callable(getattr(cls, name, None)):
            raise ValueError(f"fitted state under the name {name[:80]!r}")


# -- writing ---------------------------------------------------------------------
def _registered_name(estimator: Any) -> str:
    name = type(estimator).__name__
    if name not in _REGISTRY or _class_of(name) is not type(estimator):
        raise GraphTypeError(
            f"{type(estimator).__module__}.{name} cannot be saved; save handles "
            f"{', '.join(_REGISTRY)}. Keep what it gives instead: vectors, "
            "hypergraphs and pairs have files of their own."
        )
    return name


def _class_of(name: str) -> Any:
    module, _, attribute = _REGISTRY[name].partition(":")
    return getattr(import_module(module), attribute)


def _refuse_replacing(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not overwrite:
        raise FileExistsError(
            f"{target}: there is something already; pass overwrite=True to replace it."
        )
    if not (_is_empty(target) or is_model(target)):
        raise FileExistsError(
            f"{target}: this is no saved model, so it is not replaced. Choose another "
            "path."
        )
    if target.is_dir() is (target.suffix.lower() == ".zip"):
        found, wanted = ("folder", "file") if target.is_dir() else ("file", "folder")
        raise FileExistsError(
            f"{target}: this is a {found}, and a {wanted} would be written. Choose "
            "another path; a name that ends in .zip gives a file."
        )


def _is_empty(target: Path) -> bool:
    """Whether nothing is lost if a directory or file goes."""
    if target.is_dir():
        return not any(target.iterdir())
    return target.stat().st_size == 0


def is_model(target: Path) -> bool:
    """Whether a directory or zip file says that it is a model of ours.

    Other programs write a ``config.json`` as well, so its content decides.
    """
    try:
        store = FolderStore(target) if target.is_dir() else ZipStore(target)
        with closing(store):
            if store.size(_CONFIG) > _LARGEST_CONFIG:
                return False
            return _read_json(store, _CONFIG).get("format") == FORMAT
    except (ModelFileError, UnicodeError):
        return False


def _write_parts(estimator: Any, name: str, folder: Path) -> list[str]:
    """Write all files; return those that are the estimator's own."""
    arrays, scalars = estimator._fitted_state()
    for key in (*arrays, *scalars):
        if not _NAME.fullmatch(key):
            raise GraphValueError(f"{name} has fitted state under the name {key!r}.")
    ids = np.asarray(estimator.node_ids_)
    _dump(folder / _IDS, _encode_ids(ids))
    write_safetensors(folder / _ARRAYS, arrays, {"format": FORMAT})
    store = FolderStore(folder)
    own = _write_own(estimator, folder)
    embedding = arrays.get("embedding_")
    config = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "graphrep_version": __version__,
        "class": name,
        "parameters": encode(_parameters(estimator), "parameter"),
        "fitted": encode(scalars, "fitted value"),
        "n_nodes": len(ids),
        "dtype": None if embedding is None else embedding.dtype.name,
        "seed": getattr(estimator, "random_seed_", None),
        "fingerprint": getattr(estimator, "fingerprint_", None),
        "files": {
            part: {
                "bytes": store.size(part),
                "sha256": store.sha256(part),
            }
            for part in (_ARRAYS, _IDS, *own)
        },
    }
    _dump(folder / _CONFIG, config)
    card = model_card(estimator, config, arrays)
    (folder / _CARD).write_text(card, encoding="utf-8", newline="\n")
    return own


def _write_own(estimator: Any, folder: Path) -> list[str]:
    """Let an estimator write files of its own; return their names."""
    write = getattr(estimator, "_write_files", None)
    if write is None:
        return []
    write(folder / _FILES)
    paths = (folder / _FILES).rglob("*")
    return sorted(p.relative_to(folder).as_posix() for p in paths if p.is_file())


def _parameters(estimator: Any) -> dict[str, Any]:
    """Parameters; a generator cannot be kept and comes back as None.

    The seed that was drawn from it stands in the fitted state. An estimator may say
    itself which parameters are kept, where some are read by ``fit`` alone.
    """
    own = getattr(estimator, "_parameters_to_save", None)
    parameters = dict(own() if own else estimator.get_params(deep=False))
    state = parameters.get("random_state")
    if isinstance(state, (np.random.RandomState, np.random.Generator)):
        parameters["random_state"] = None
    return parameters


def _encode_ids(ids: AnyArray) -> dict[str, Any]:
    if ids.dtype.kind in "iu":
        if np.array_equal(ids, np.arange(len(ids))):
            return {"type": "range", "n": len(ids)}
        return {"type": "int64", "ids": ids.tolist()}
    for row, node in enumerate(ids.tolist()):
        if type(node) is not str:
            raise GraphTypeError(
                f"Node {row} has id {node!r} of type {type(node).__name__}; a saved "
                "model can hold ids that are all integers or all texts. Rename the "
                "nodes before fitting."
            )
    return {"type": "text", "ids": ids.tolist()}


def _dump(path: Path, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1 if path.name == _CONFIG else None)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -- reading ---------------------------------------------------------------------
def _read_json(store: FolderStore, name: str) -> dict[str, Any]:
    try:
        content = json.loads(store.read(name).decode())
    except (ValueError, RecursionError) as error:
        raise store.error(f"{name} is damaged ({error})") from None
    if not isinstance(content, dict):
        raise store.error(f"{name} is no JSON object")
    return content


def _read_config(store: FolderStore) -> dict[str, Any]:
    if store.size(_CONFIG) > _LARGEST_CONFIG:
        raise store.error(f"{_CONFIG} is too large")
    config = _read_json(store, _CONFIG)
    version = config.get("format_version")
    if config.get("format") != FORMAT or type(version) is not int:
        raise store.error(f"{_CONFIG} does not describe a model")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{store.path}: the model has format {version} and this graphrep "
            f"{__version__} reads up to {FORMAT_VERSION}. Install graphrep >= "
            f"{str(config.get('graphrep_version'))[:20]}."
        )
    if config.get("class") not in _REGISTRY:
        raise ModelFileError(
            f"{store.path}: the model is of class {str(config.get('class'))[:80]!r}, "
            f"which is none of graphrep's: {', '.join(_REGISTRY)}."
        )
    for name in _names(store, config):
        if store.size(name) != _file_entry(store, config, name)["bytes"]:
            raise store.error(f"{name} does not have the size it was written with")
    return config


def _names(store: FolderStore, config: dict[str, Any]) -> list[str]:
    """Names of the files that are listed, all of them below the model's folder."""
    files = config.get("files")
    listed = files if isinstance(files, dict) else {}
    own = [name for name in listed if name not in (_ARRAYS, _IDS)]
    for name in own:
        if not _FILE.fullmatch(name):
            raise store.error(f"{_CONFIG} lists a file {name[:80]!r}")
    return [_ARRAYS, _IDS, *own]


def _file_entry(
    store: FolderStore, config: dict[str, Any], name: str
) -> dict[str, Any]:
    files = config.get("files")
    entry = files.get(name) if isinstance(files, dict) else None
    if not isinstance(entry, dict) or not {"bytes", "sha256"} <= entry.keys():
        raise store.error(f"{_CONFIG} does not list {name}")
    return entry


def _verify(store: FolderStore, config: dict[str, Any]) -> None:
    for name in _names(store, config):
        if store.sha256(name) != _file_entry(store, config, name)["sha256"]:
            raise store.error(f"{name} was changed after it was written")


def _read_ids(store: FolderStore, config: dict[str, Any]) -> AnyArray:
    content = _read_json(store, _IDS)
    kind, ids = content.get("type"), content.get("ids")
    n_nodes = config.get("n_nodes")
    count = content.get("n") if kind == "range" else len(ids or ())
    if type(count) is not int or count != n_nodes:
        raise store.error(f"{_IDS} does not name {n_nodes!r} nodes")
    if kind == "range":
        return np.arange(count, dtype=np.int64)
    wanted = {"int64": int, "text": str}.get(str(kind))
    if wanted is None or not isinstance(ids, list) or {*map(type, ids)} - {wanted}:
        raise store.error(f"{_IDS} holds ids of an unknown kind")
    try:
        out = np.empty(count, np.int64 if wanted is int else object)
        out[:] = ids
    except OverflowError:
        raise store.error(f"{_IDS} holds an id beyond int64") from None
    return out


def _rebuild(
    store: FolderStore,
    config: dict[str, Any],
    arrays: dict[str, AnyArray],
    ids: AnyArray,
) -> Any:
    cls = _class_of(config["class"])
    try:
        parameters = decode(config["parameters"])
        scalars = decode(config["fitted"])
        _check_names(cls, (*arrays, *scalars))
        estimator = getattr(cls, "_blank", cls)(**parameters)
        estimator.node_ids_ = ids
        estimator._set_fitted_state(arrays, scalars)
        if hasattr(estimator, "_read_files"):
            own = [name for name in _names(store, config) if _FILE.fullmatch(name)]
            with store.folder(own) as folder:
                estimator._read_files(folder / _FILES)
    except (DeviceError, ModelFileError):
        raise
    except (
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        ArithmeticError,
    ) as error:
        raise store.error(
            f"the state does not fit {config['class']} ({type(error).__name__}: "
            f"{error})"
        ) from error
    return estimator

"""A terminology in a directory of plain arrays, and back, perhaps mapped."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from graphrep._utils._atomic import atomic_directory
from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.graph._node_index import NodeIndex
from graphrep.graph._text_column import TextColumn
from graphrep.typing import AnyArray, IntArray, PathType

if TYPE_CHECKING:
    from graphrep.graph._terminology import Terminology

MANIFEST = "terminology.json"
FORMAT = "graphrep-terminology"
FORMAT_VERSION = 1
_READ = {"types", "xrefs"}  # columns that become lists of tuples


def save(terminology: Terminology, path: PathType, overwrite: bool) -> None:
    """Write the directory; see `Terminology.save`."""
    target = Path(path)
    _refuse_replacing(target, overwrite)
    arrays = arrays_of(terminology)
    manifest = {**manifest_of(terminology), "arrays": sorted(arrays)}
    try:
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
    except TypeError as error:
        raise GraphTypeError(f"replaced_by cannot be saved: {error}.") from None
    with atomic_directory(target) as folder:
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", np.ascontiguousarray(array))
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")


def load(path: PathType, mmap: bool) -> Terminology:
    """Read the directory; see `Terminology.load`."""
    folder = Path(path)
    manifest = _read_manifest(folder)
    try:
        arrays = {name: _read_array(folder, name, mmap) for name in manifest["arrays"]}
        return rebuilt(manifest, arrays)
    except (KeyError, TypeError, ValueError, OSError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise GraphFormatError(
            f"The saved terminology is damaged ({reason}); save it again.", path=path
        ) from error


def is_saved(path: PathType) -> bool:
    """Whether a directory holds a saved terminology."""
    return (Path(path) / MANIFEST).is_file()


# -- writing ---------------------------------------------------------------------
def _refuse_replacing(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    ours = target.is_dir() and (is_saved(target) or not any(target.iterdir()))
    if not overwrite or not ours:
        why = "pass overwrite=True to replace it" if ours else "choose another path"
        raise FileExistsError(f"{target}: there is something already; {why}.")


def manifest_of(terminology: Terminology) -> dict[str, Any]:
    """All that is no array, as JSON can hold it."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "title": terminology.title,
        "version": terminology.version,
        "n_concepts": terminology.n_concepts,
        "n_names": terminology.n_names,
        "integer_ids": terminology.index.is_integer,
        "kinds": list(terminology.KINDS),
        "languages": list(terminology.languages),
        "relations": list(terminology.relations),
        "replaced_by": [[k, list(v)] for k, v in terminology.replaced_by.items()],
    }


def arrays_of(terminology: Terminology) -> dict[str, AnyArray]:
    """All columns as arrays."""
    parents = terminology.parents
    arrays: dict[str, AnyArray] = {
        "name_concepts": terminology.name_concepts,
        "name_kinds": terminology.name_kinds,
        "name_languages": terminology.name_languages,
        "parents_indptr": parents.indptr,
        "parents_indices": parents.indices,
        **_text_arrays("name_texts", terminology.name_texts),
        **_id_arrays(terminology.index),
    }
    if terminology.status is not None:
        arrays["status"] = terminology.status
    if terminology.definitions is not None:
        arrays.update(_text_arrays("definitions", terminology.definitions))
    for name in sorted(_READ):
        rows = getattr(terminology, name)
        if rows is not None:
            arrays.update(_tuple_arrays(name, rows))
    for at, pair in enumerate(terminology.relations.values()):
        arrays[f"relation_{at}"] = np.stack(pair)
    return arrays


def _id_arrays(index: NodeIndex) -> dict[str, AnyArray]:
    ids = index.ids
    if index.is_integer:
        return {"ids": ids}
    for row, concept in enumerate(ids.tolist()):
        if type(concept) is not str:
            raise GraphTypeError(
                f"Concept {row:,} has id {concept!r} of type {type(concept).__name__}; "
                "a saved terminology can hold ids that are all integers or all texts."
            )
    return _text_arrays("ids", TextColumn(ids.tolist()))


def _text_arrays(name: str, column: TextColumn) -> dict[str, AnyArray]:
    out = {f"{name}_data": column.data, f"{name}_offsets": column.offsets}
    if column.missing is not None:
        out[f"{name}_missing"] = column.missing
    return out


def _tuple_arrays(name: str, rows: list[tuple[str, ...]]) -> dict[str, AnyArray]:
    table: dict[str, int] = {}
    codes = [table.setdefault(text, len(table)) for row in rows for text in row]
    ends = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return {
        f"{name}_codes": np.array(codes, np.int64),
        f"{name}_ends": ends,
        **_text_arrays(f"{name}_table", TextColumn(table)),
    }


# -- reading ---------------------------------------------------------------------
def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{folder}: there is no saved terminology.")
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise GraphFormatError(f"is damaged ({error}).", path=path) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise GraphFormatError("describes no saved terminology.", path=path)
    version = manifest.get("format_version")
    if type(version) is not int or version > FORMAT_VERSION:
        raise GraphFormatError(
            f"has format {version!r}; this graphrep reads up to {FORMAT_VERSION}. "
            "Install a newer one.",
            path=path,
        )
    return manifest


def _read_array(folder: Path, name: str, mmap: bool) -> AnyArray:
    if not name.replace("_", "").isalnum():
        raise ValueError(f"an array is called {name!r}")
    mode: Any = "r" if mmap else None
    file = folder / f"{name}.npy"
    array: AnyArray = np.load(file, mmap_mode=mode, allow_pickle=False)
    return array


def rebuilt(
    manifest: dict[str, Any],
    arrays: dict[str, AnyArray],
    index: NodeIndex | None = None,
) -> Terminology:
    """Undo `manifest_of` and `arrays_of`; ids may come from elsewhere as an index."""
    from graphrep.graph._terminology import Terminology

    names = _text_column(arrays, "name_texts")
    if len(names) != manifest["n_names"]:
        raise GraphValueError(f"{len(names):,} names instead of the number written")
    if index is None and manifest["integer_ids"]:
        index = NodeIndex(np.array(arrays["ids"]))
    elif index is None:
        index = NodeIndex(_text_column(arrays, "ids").tolist())
    if len(index) != manifest["n_concepts"]:
        raise GraphValueError(f"{len(index):,} ids instead of the number written")
    more: dict[str, Any] = {
        name: _tuples(arrays, name) for name in _READ if f"{name}_ends" in arrays
    }
    if "definitions_data" in arrays:
        more["definitions"] = _text_column(arrays, "definitions")
    return Terminology(
        index,
        names,
        arrays["name_concepts"],
        name_kinds=arrays["name_kinds"],
        name_languages=(arrays["name_languages"], tuple(manifest["languages"])),
        parents=_parents(arrays, len(index)),
        relations={
            name: tuple(arrays[f"relation_{at}"])
            for at, name in enumerate(manifest["relations"])
        },
        status=arrays.get("status"),
        replaced_by={old: tuple(new) for old, new in manifest["replaced_by"]},
        title=manifest["title"],
        version=manifest["version"],
        **more,
    )


def _parents(arrays: dict[str, AnyArray], n: int) -> Any:
    indptr, indices = arrays["parents_indptr"], arrays["parents_indices"]
    outside = len(indices) and not 0 <= indices.min() <= indices.max() < n
    if len(indptr) != n + 1 or outside or bool(np.any(np.diff(indptr) < 0)):
        raise GraphValueError("the links to parents do not fit the concepts")
    data = np.ones(len(indices), np.float32)
    return sparse.csr_array((data, indices, indptr), shape=(n, n))


def _text_column(arrays: dict[str, AnyArray], name: str) -> TextColumn:
    return TextColumn.from_buffer(
        arrays[f"{name}_data"],
        arrays[f"{name}_offsets"],
        arrays.get(f"{name}_missing"),
    )


def _tuples(arrays: dict[str, AnyArray], name: str) -> list[tuple[str, ...]]:
    table = _text_column(arrays, f"{name}_table").tolist()
    codes: IntArray = arrays[f"{name}_codes"]
    texts = [table[code] for code in codes.tolist()]
    ends = arrays[f"{name}_ends"].tolist()
    return [tuple(texts[a:b]) for a, b in pairwise(ends)]

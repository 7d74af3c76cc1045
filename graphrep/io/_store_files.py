"""What stores on disk have in common: the manifest, its checks, and replacing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from graphrep._utils._npy_files import check_npy, map_npy
from graphrep.exceptions import GraphFormatError
from graphrep.typing import AnyArray, PathType

MANIFEST = "manifest.json"
FORMAT_VERSION = 1
_MOST_BYTES = 1 << 24
_DIGEST_LETTERS = 64


def read_manifest(path: PathType, kind: str, what: str) -> dict[str, Any]:
    """Read and check the manifest of a store.

    Parameters
    ----------
    path : path-like
        Directory of the store.
    kind : str
        Value of its ``format``.
    what : str
        What it is called in errors.

    Raises
    ------
    FileNotFoundError
        If there is no directory.
    GraphFormatError
        If there is no manifest, or it is damaged, of another kind or a newer version.
    """
    folder = Path(path)
    if not folder.exists():
        raise FileNotFoundError(f"{folder}: there is no {what}.")
    file = folder / MANIFEST
    if not file.is_file():
        raise GraphFormatError(
            f"There is no {MANIFEST}, so this is no {what}, or one that was not "
            "finished. Make it again.",
            path=folder,
        )
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError("it is too large")
        manifest = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise GraphFormatError(f"is damaged ({error}).", path=file) from None
    if not isinstance(manifest, dict) or manifest.get("format") != kind:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise GraphFormatError(
            f"describes no {what}: its format is {found!r} instead of {kind!r}.",
            path=file,
        )
    version = manifest.get("format_version")
    if type(version) is not int or version > FORMAT_VERSION:
        raise GraphFormatError(
            f"has format version {version!r}; this graphrep reads up to "
            f"{FORMAT_VERSION}. Install a newer one.",
            path=file,
        )
    _check_files(manifest, file)
    return manifest


def check_facts(manifest: dict[str, Any], kinds: dict[str, Any], path: Path) -> None:
    """Refuse a manifest in which a fact is missing or of another type."""
    for name, kind in kinds.items():
        value: Any = manifest.get(name)
        if type(value) is not kind or (kind is int and value < 0):
            raise GraphFormatError(
                f"is damaged: {name} is {value!r} instead of a {kind.__name__}.",
                path=path / MANIFEST,
            )


def write_manifest(folder: Path, kind: str, facts: dict[str, Any]) -> None:
    """Write the manifest of a complete store."""
    manifest = {"format": kind, "format_version": FORMAT_VERSION, **facts}
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8", newline="\n")


def fingerprint_of(manifest: dict[str, Any]) -> str:
    """Hash of what a store holds: of its checksums and shapes, not of its path."""
    told = {
        name: value
        for name, value in manifest.items()
        if isinstance(value, (bool, int, str)) or name == "files"
    }
    text = json.dumps(told, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def verify_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Read all files and compare them with their checksums.

    Raises
    ------
    GraphFormatError
        If one differs; the message names it.
    """
    for name, entry in manifest["files"].items():
        try:
            check_npy(folder / name, entry)
        except ValueError as error:
            raise damaged(folder / name, error) from None


def mapped(folder: Path, name: str, entry: dict[str, Any]) -> AnyArray:
    """Map a file of a store, or say what is wrong with it."""
    try:
        return map_npy(folder / name, entry)
    except ValueError as error:
        raise damaged(folder / name, error) from None


def damaged(path: Path, reason: object) -> GraphFormatError:
    """Error for a file of a store that is not as it was written."""
    return GraphFormatError(
        f"The file is damaged: {reason}. Copy or make the store again.", path=path
    )


def store_format(path: PathType) -> str | None:
    """Format that the manifest of a directory states; None where there is none."""
    file = Path(path) / MANIFEST
    try:
        if not file.is_file() or file.stat().st_size > _MOST_BYTES:
            return None
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    name = found.get("format") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def refuse_replacing(path: Path, kind: str, *, overwrite: bool) -> None:
    """Refuse to write over what is there, unless it is a store that may go."""
    if not path.exists():
        return
    ours = path.is_dir() and (
        store_format(path) == kind or not any(path.iterdir())
    )  # an empty folder may go too
    if not (overwrite and ours) and (not ours or any(path.iterdir())):
        why = "pass overwrite=True to replace it" if ours else "choose another path"
        raise FileExistsError(f"{path}: there is something already; {why}.")


def _check_files(manifest: dict[str, Any], path: Path) -> None:
    files = manifest.get("files")
    good = isinstance(files, dict) and all(
        isinstance(name, str)
        and name.replace("_", "").replace("-", "").removesuffix(".npy").isalnum()
        and _is_entry(entry)
        for name, entry in files.items()
    )
    if not good:
        raise GraphFormatError("is damaged: its list of files is none.", path=path)


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    shape, digest = entry.get("shape"), entry.get("sha256")
    return (
        isinstance(entry.get("dtype"), str)
        and entry["dtype"] in {"<i4", "<i8", "<f2", "<f4", "<f8", "|u1"}
        and type(entry.get("bytes")) is int
        and isinstance(shape, list)
        and 1 <= len(shape) <= 2
        and all(type(size) is int and size >= 0 for size in shape)
        and isinstance(digest, str)
        and len(digest) == _DIGEST_LETTERS
    )

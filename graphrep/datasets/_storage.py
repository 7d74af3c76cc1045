"""Storage: the folder of fetched files, checking them, and downloading them."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from graphrep._utils._optional import require
from graphrep.datasets._registry import Entry, RemoteFile
from graphrep.exceptions import GraphRepError, GraphValueError

_BLOCK = 1 << 20
_NO = ("", "0", "false", "no")


class DownloadError(GraphRepError, OSError):
    """A file of a data set is not here and could not be fetched."""


def data_home() -> Path:
    """Folder of fetched data: ``GRAPHREP_DATA_DIR``, else the user's cache folder.

    Returns
    -------
    pathlib.Path
        It need not exist yet.

    Examples
    --------
    >>> data_home().is_absolute()
    True
    """
    named = os.environ.get("GRAPHREP_DATA_DIR")
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        base = Path(local) if local else Path.home() / "AppData" / "Local"
        return base / "graphrep" / "graphrep" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "graphrep"
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".cache"
    return base / "graphrep"


def prepared_path(name: str) -> Path:
    """Where a copy of a data set in the prepared npz layout would lie."""
    return data_home() / "nodes" / f"{name}.npz"


def prepared_folder(entry: Entry) -> Path:
    """Where copies that take the place of a data set's files would lie."""
    return data_home() / entry.room / entry.name


def local_path(name: str, file: RemoteFile) -> Path:
    """Where a downloaded file of a data set lies."""
    return data_home() / name / file.name


def obtain(name: str, file: RemoteFile, *, download_if_missing: bool = True) -> Path:
    """Path of a checked file, downloaded if it is not here.

    Raises
    ------
    DownloadError
        If it is not here and may not, or can not, be downloaded.
    GraphValueError
        If the file here has another checksum.
    """
    target = local_path(name, file)
    if target.is_file():
        _check(target, file)
        return target
    if os.environ.get("GRAPHREP_OFFLINE", "").lower() not in _NO:
        raise DownloadError(_missing(target, file, "GRAPHREP_OFFLINE is set"))
    if not download_if_missing:
        raise DownloadError(_missing(target, file, "download_if_missing=False"))
    _download(target, file)
    return target


def missing_copy(name: str, file: str) -> str:
    """Sentence for a data set that only a prepared copy can give."""
    return (
        f"{file} is not in {data_home() / name} and no single public file holds it. "
        "Put a copy there, or have GRAPHREP_DATA_DIR name the folder above it."
    )


def _download(target: Path, file: RemoteFile) -> None:
    """Fetch one file from the first address that gives the right content."""
    pooch = require("pooch", extra="datasets", why="Fetching a data set")
    target.parent.mkdir(parents=True, exist_ok=True)
    failures = []
    for url in file.urls:
        try:
            pooch.retrieve(
                url, known_hash=f"sha256:{file.sha256}", fname=target.name,
                path=target.parent, progressbar=False,
            )  # fmt: skip
        except (OSError, ValueError) as error:  # no network, or another content
            failures.append(f"{url}: {error}")
        else:
            return
    why = "no address answered (" + "; ".join(failures) + ")"
    raise DownloadError(_missing(target, file, why))


def _check(target: Path, file: RemoteFile) -> None:
    digest = hashlib.sha256()
    with target.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != file.sha256:
        raise GraphValueError(
            f"{target} has sha256 {digest.hexdigest()}, expected {file.sha256}. "
            "Delete it to have it fetched again."
        )


def _missing(target: Path, file: RemoteFile, why: str) -> str:
    return (
        f"{file.name} is not in {target.parent} and was not downloaded: {why}. "
        f"Get it from {file.urls[0]} (sha256 {file.sha256}) and put it in "
        f"{target.parent}."
    )

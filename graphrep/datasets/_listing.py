"""Listing: which data sets there are, where they lie, and fetching them by name."""

from __future__ import annotations

import difflib
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from graphrep.datasets._registry import ENTRIES, Entry
from graphrep.datasets._storage import (
    DownloadError,
    data_home,
    local_path,
    missing_copy,
    obtain,
    prepared_folder,
    prepared_path,
)
from graphrep.exceptions import GraphValueError

_ICD_PACKAGE = "simple_icd_10_cm"


def list_datasets() -> list[dict[str, Any]]:
    """List the data sets that are known.

    Returns
    -------
    list of dict
        ``name``, ``kind``, ``n_nodes``, ``n_edges``, ``licence``, ``how`` ("bundled",
        "package", "fetched" or "prepared"), ``present`` (whether it can be read
        now) and ``note``.

    Examples
    --------
    >>> [row["name"] for row in list_datasets() if row["how"] == "bundled"]
    ['karate', 'davis', 'les_miserables']
    """
    return [
        {
            "name": entry.name,
            "kind": entry.kind,
            "n_nodes": entry.n_nodes,
            "n_edges": entry.n_edges,
            "licence": entry.licence,
            "how": entry.how,
            "present": _is_present(entry),
            "note": entry.note,
        }
        for entry in ENTRIES.values()
    ]


def path(name: str) -> Path:
    """Find where a data set lies, or will lie once it is fetched.

    Parameters
    ----------
    name : str
        A name from `list_datasets`.

    Returns
    -------
    pathlib.Path
        A file where the data set is one file, else its folder.
    """
    entry = _entry(name)
    if entry.how == "bundled":
        return Path(str(files("graphrep.datasets").joinpath("data")))
    if entry.how == "package":
        from graphrep.datasets._icd10cm import source_path

        return source_path()
    if prepared_path(name).is_file():
        return prepared_path(name)
    if entry.prepared and (entry.how == "prepared" or _is_prepared(entry)):
        return prepared_folder(entry)
    if len(entry.files) == 1:
        return local_path(name, entry.files[0])
    return data_home() / name


def fetch(name: str, *, download_if_missing: bool = True) -> Path:
    """Download a data set if it is not here, check it, and say where it lies.

    Parameters
    ----------
    name : str
        A name from `list_datasets`.
    download_if_missing : bool, default=True
        Whether to download; otherwise a missing file is an error.

    Returns
    -------
    pathlib.Path
        As for `path`.
    """
    entry = _entry(name)
    if not _is_prepared(entry):
        if entry.how == "prepared":
            raise DownloadError(missing_copy(name, entry.prepared[0]))
        for file in entry.files:
            obtain(name, file, download_if_missing=download_if_missing)
    return path(name)


def _entry(name: str) -> Entry:
    if name in ENTRIES:
        return ENTRIES[name]
    close = difflib.get_close_matches(name, ENTRIES, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise GraphValueError(
        f"There is no data set {name!r}.{hint} Known are: {', '.join(ENTRIES)}."
    )


def _is_present(entry: Entry) -> bool:
    if entry.how == "bundled":
        return True
    if entry.how == "package":
        return find_spec(_ICD_PACKAGE) is not None
    here = [local_path(entry.name, file).is_file() for file in entry.files]
    return _is_prepared(entry) or (bool(here) and all(here))


def _is_prepared(entry: Entry) -> bool:
    """Whether a copy lies in the place of the original files."""
    if entry.prepared:
        folder = prepared_folder(entry)
        return all((folder / name).is_file() for name in entry.prepared)
    return prepared_path(entry.name).is_file()

"""Timestamped simplices of ScHoLP: files X-nverts, X-simplices and X-times."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Hypergraph, NodeIndex
from graphrep.io._blame import blame_file
from graphrep.io._compression import strip_compression
from graphrep.io._hyperedge_list import tell_repeats
from graphrep.io._lines import read_lines, shorten
from graphrep.typing import FloatArray, IntArray, PathType

_PARTS = ("nverts", "simplices", "times", "node-labels")
_NAME = re.compile(r"(.*)-(nverts|simplices|times|node-labels)\.txt\Z")
_INTEGER = re.compile(r"-?[0-9]{1,18}")


def read_scholp(
    path: PathType, *, times: bool = False, allow_empty: bool = False
) -> Hypergraph:
    """Read a hypergraph from the three or four files of a ScHoLP data set.

    Parameters
    ----------
    path : path-like
        The folder, which holds one data set, or one of its files:
        ``X-nverts.txt`` (sizes), ``X-simplices.txt`` (nodes, one a line),
        ``X-times.txt`` and perhaps ``X-node-labels.txt`` (number and label a line).
        Each may be compressed.
    times : bool, default=False
        Whether the times become the weights of the hyperedges.
    allow_empty : bool, default=False
        Whether a data set without simplices is fine.

    Returns
    -------
    Hypergraph
        One hyperedge a simplex, in the order of the files, repeated ones too
        (`Hypergraph.distinct` merges them). Nodes ascend; those that only the file
        of labels knows are kept.

    Raises
    ------
    FileNotFoundError
        If one of the files is not there.
    GraphFormatError
        With the file and the line, for what is no whole number, and for files whose
        lengths do not fit together.

    Warns
    -----
    GraphWarning
        If a simplex names a node twice: it counts once.

    Notes
    -----
    The format is that of the data of Benson, Abebe, Schaub, Jadbabaie and Kleinberg,
    Simplicial closure and higher-order link prediction, PNAS 115, 2018.
    """
    files = find_parts(path)
    sizes = _read_integers(files["nverts"], least=0)
    members = _read_integers(files["simplices"])
    if int(sizes.sum()) != len(members):
        raise GraphFormatError(
            f"The sizes add up to {int(sizes.sum()):,}, but {len(members):,} nodes "
            f"stand in {files['simplices'].name}. Was a file cut off?",
            path=files["nverts"],
        )
    if not len(sizes) and not allow_empty:
        raise GraphFormatError(
            "No simplices found. Pass allow_empty=True if that is right.",
            path=files["nverts"],
        )
    weights = _read_times(files, len(sizes)) if times else None
    labels = _read_labels(files["node-labels"]) if "node-labels" in files else {}
    ids = np.union1d(members, np.array(list(labels), np.int64))
    pointers = np.concatenate([[0], np.cumsum(sizes)])
    with blame_file(files["simplices"]):
        made = Hypergraph.from_csr(
            pointers, np.searchsorted(ids, members), nodes=NodeIndex(ids),
            weights=weights, node_labels={k: v for k, v in labels.items() if v},
        )  # fmt: skip
    tell_repeats(made, sizes, files["simplices"])
    return made


def find_parts(path: PathType) -> dict[str, Path]:
    """Files of the data set that a folder or one of its files belongs to."""
    given = Path(path)
    if given.is_dir():
        found = {}
        for file in sorted(given.iterdir()):
            part = _split(file)
            if part is not None and part[1] == "nverts":
                found[part[0]] = file
        if len(found) != 1:
            names = ", ".join(sorted(found)) or "none"
            raise GraphFormatError(
                f"The folder must hold one file X-nverts.txt; found {names}. Pass the "
                "path of the one that is meant.",
                path=path,
            )
        given = next(iter(found.values()))
    named = _split(given)
    if named is None:
        raise GraphFormatError(
            "The name is none of X-nverts.txt, X-simplices.txt, X-times.txt and "
            "X-node-labels.txt. Pass one of these, or their folder.",
            path=path,
        )
    files: dict[str, Path] = {}
    for file in sorted(given.parent.iterdir()):
        part = _split(file)
        if part is not None and part[0] == named[0]:
            files.setdefault(part[1], file)
    files[named[1]] = given
    for part_name in ("nverts", "simplices"):
        if part_name not in files:
            raise FileNotFoundError(
                f"{given.parent / f'{named[0]}-{part_name}.txt'}: there is no such "
                f"file beside {given.name}"
            )
    return files


def is_part(path: PathType) -> bool:
    """Whether a path is a folder, or named like a file of such a data set."""
    return Path(path).is_dir() or _split(Path(path)) is not None


def _split(path: Path) -> tuple[str, str] | None:
    match = _NAME.match(strip_compression(path.name))
    return None if match is None else (match[1], match[2])


def _read_integers(path: Path, least: int | None = None) -> IntArray:
    """Read one whole number a line; blank lines may only end the file."""
    values = []
    for number, text in read_lines(path):
        token = text.strip()
        if not token:
            continue
        if _INTEGER.fullmatch(token) is None:
            raise GraphFormatError(
                f"A whole number is expected; got {shorten(text)}.",
                path=path,
                line=number,
            )
        if least is not None and int(token) < least:
            raise GraphFormatError(
                f"A simplex cannot have {token} nodes.", path=path, line=number
            )
        values.append(int(token))
    return np.array(values, np.int64)


def _read_times(files: dict[str, Path], size: int) -> FloatArray:
    if "times" not in files:
        raise GraphValueError(
            f"There is no file of times beside {files['nverts']}. Pass times=False."
        )
    values = []
    for number, text in read_lines(files["times"]):
        if not text.strip():
            continue
        try:
            values.append(float(text))
        except ValueError:
            raise GraphFormatError(
                f"A time is a number; got {shorten(text)}.",
                path=files["times"],
                line=number,
            ) from None
    if len(values) != size:
        raise GraphFormatError(
            f"{len(values):,} times are given for {size:,} simplices.",
            path=files["times"],
        )
    return np.array(values, np.float64)


def _read_labels(path: Path) -> dict[int, str]:
    labels: dict[int, str] = {}
    for number, text in read_lines(path):
        if not text.strip():
            continue
        token, _, label = text.strip().replace("\t", " ", 1).partition(" ")
        if _INTEGER.fullmatch(token) is None or int(token) in labels:
            problem = "stands twice" if _INTEGER.fullmatch(token) else "is no number"
            raise GraphFormatError(
                f"{shorten(token)} {problem}; a line holds a node's number and its "
                "label.",
                path=path,
                line=number,
            )
        labels[int(token)] = label.strip()
    return labels

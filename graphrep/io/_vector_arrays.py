"""Vectors in .npy (ids beside it), .npz and safetensors files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npy

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import NodeIndex, Vectors
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_input, open_output
from graphrep.io._ids import index_from_texts, texts_of_index
from graphrep.io._lines import shorten
from graphrep.io._npz_arrays import NpzFile, write_npz_arrays
from graphrep.io._safetensors import read_safetensors, write_safetensors
from graphrep.typing import AnyArray, PathType

_FLOATS = ("f2", "f4", "f8")
_CANONICAL = re.compile(r"0|[1-9][0-9]{0,18}")
_EMBEDDING, _IDS = "embedding", "ids"
_UTF8, _ENDS = "ids_utf8", "ids_ends"
_FORMAT = {"format": "graphrep-vectors-1"}


# -- npy -------------------------------------------------------------------------
def write_npy(vectors: Vectors, path: PathType) -> None:
    """Write the matrix as .npy and the ids beside it.

    The ids go to ``<stem>.ids.txt``, one a line, where that reads back the same,
    and to ``<stem>.ids.npy`` otherwise (texts such as "7" or with line ends,
    negative integers).
    """
    ids = texts_of_index(vectors.nodes, what="The file of ids")
    text, array = _beside(path)
    array_ids = _ids_array(vectors)
    with open_output(path) as file:
        npy.write_array(file, np.ascontiguousarray(vectors.matrix), allow_pickle=False)
    if _reads_back(ids, vectors.nodes.is_integer):
        with open_output(text) as file:
            file.writelines(f"{node}\n".encode() for node in ids)
        array.unlink(missing_ok=True)
    else:
        with open_output(array) as file:
            npy.write_array(file, array_ids, allow_pickle=False)
        text.unlink(missing_ok=True)


def read_npy(
    path: PathType, *, dtype: Any, id_dtype: str | None, mmap: bool
) -> Vectors:
    """Read .npy and the ids beside it; without ids the rows are numbered."""
    matrix = _read_npy_array(path, mmap=mmap)
    if matrix.dtype.str[1:] not in _FLOATS:
        raise GraphFormatError(
            f"The array has dtype {matrix.dtype}; vectors are floats.", path=path
        )
    text, array = _beside(path)
    nodes: NodeIndex | None = None
    if text.is_file():
        nodes = _read_id_lines(text, id_dtype)
    elif array.is_file():
        with blame_file(array):
            nodes = NodeIndex(_read_npy_array(array, mmap=False))
    with blame_file(path):
        return Vectors(_cast(matrix, dtype), nodes)


def _beside(path: PathType) -> tuple[Path, Path]:
    stem = os.fspath(path).removesuffix(".npy")
    return Path(f"{stem}.ids.txt"), Path(f"{stem}.ids.npy")


def _reads_back(ids: list[str], integer: bool) -> bool:
    canonical = bool(ids) and all(map(_CANONICAL.fullmatch, ids))
    if canonical != integer:
        return False
    plain = all(node and "\n" not in node and "\r" not in node for node in ids)
    return plain and not (ids and ids[0].startswith("\ufeff"))


def _read_id_lines(path: Path, id_dtype: str | None) -> NodeIndex:
    with open_input(path) as file:
        raw = file.read()
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise GraphFormatError(
            f"The id is not UTF-8 ({error.reason}).", path=path, line=line
        ) from None
    texts = text.removesuffix("\n").split("\n") if text else []
    with blame_file(path):
        return index_from_texts(texts, id_dtype, path)


def _read_npy_array(path: PathType, *, mmap: bool) -> AnyArray:
    """Read an array after comparing its header with the size of the file."""
    with Path(path).open("rb") as file:
        try:
            version = npy.read_magic(file)
            read = {(1, 0): npy.read_array_header_1_0}.get(
                version, npy.read_array_header_2_0
            )
            shape, fortran, dtype = read(file)
        except (ValueError, SyntaxError, TokenError, TypeError) as error:
            raise GraphFormatError(
                f"This is no .npy file: {error}.", path=path
            ) from None
        start = file.tell()
        size = file.seek(0, 2) - start
        needed = dtype.itemsize
        for length in shape:
            needed *= length
        known = dtype.kind in "fiuU" and min(shape, default=0) >= 0
        if not known or needed != size:
            raise GraphFormatError(
                f"The header speaks of {dtype} of shape {shape} ({needed:,} bytes) but "
                f"{size:,} bytes follow. Was it cut off, or does it hold objects?",
                path=path,
            )
        if mmap and size:
            return np.memmap(
                path, dtype, "r", start, shape, order="F" if fortran else "C"
            )
        file.seek(0)
        array: AnyArray = npy.read_array(file, allow_pickle=False)
        return array


# -- npz -------------------------------------------------------------------------
def write_npz_vectors(vectors: Vectors, path: PathType) -> None:
    """Write the arrays ``embedding`` and ``ids`` (int64 or texts), uncompressed."""
    arrays = {_EMBEDDING: np.asarray(vectors.matrix), _IDS: _ids_array(vectors)}
    write_npz_arrays(arrays, path, compress=False)


def read_npz_vectors(path: PathType, *, dtype: Any) -> Vectors:
    """Read the arrays ``embedding`` and, where it is there, ``ids``."""
    with NpzFile(path) as archive:
        if _EMBEDDING not in archive:
            raise GraphFormatError(
                f"Array {_EMBEDDING!r} is missing; the file has "
                f"{', '.join(sorted(archive.names)) or 'none'}.",
                path=path,
            )
        matrix, ids = archive[_EMBEDDING], archive.get(_IDS)
    with blame_file(path):
        return Vectors(_cast(matrix, dtype), None if ids is None else NodeIndex(ids))


# -- safetensors -----------------------------------------------------------------
def write_safetensors_vectors(vectors: Vectors, path: PathType) -> None:
    """Write ``embedding`` and the ids: ``ids``, or for texts their UTF-8 and ends."""
    arrays: dict[str, AnyArray] = {_EMBEDDING: np.asarray(vectors.matrix)}
    if vectors.nodes.is_integer:
        arrays[_IDS] = vectors.node_ids
    else:
        texts = texts_of_index(vectors.nodes, what="A safetensors file")
        raw = [text.encode() for text in texts]
        arrays[_UTF8] = np.frombuffer(b"".join(raw), np.uint8)
        arrays[_ENDS] = np.cumsum([len(r) for r in raw], dtype=np.int64)
    write_safetensors(path, arrays, _FORMAT)


def read_safetensors_vectors(path: PathType, *, dtype: Any, mmap: bool) -> Vectors:
    """Read ``embedding`` (or the only matrix of a file) and the ids, if any."""
    arrays, _ = read_safetensors(path, mmap=mmap)
    nodes: NodeIndex | None = None
    with blame_file(path):
        if _IDS in arrays:
            nodes = NodeIndex(np.asarray(arrays[_IDS]))
        elif _UTF8 in arrays and _ENDS in arrays:
            nodes = NodeIndex(_split_texts(arrays[_UTF8], arrays[_ENDS], path))
        matrices = [n for n, a in arrays.items() if a.ndim == 2 and a.dtype.kind == "f"]
        name = _EMBEDDING if _EMBEDDING in arrays else None
        if name is None and len(matrices) == 1:
            name = matrices[0]
        if name is None:
            raise GraphValueError(
                f"No array {_EMBEDDING!r}; the file has "
                f"{', '.join(sorted(arrays)) or 'none'}."
            )
        return Vectors(_cast(arrays[name], dtype), nodes)


def _split_texts(raw: AnyArray, ends: AnyArray, path: PathType) -> AnyArray:
    good = (
        raw.dtype == np.uint8 and ends.dtype == np.int64 and raw.ndim == ends.ndim == 1
    )
    bounds = np.concatenate([[0], ends]) if good else np.zeros(2, np.int64)
    if not good or (np.diff(bounds) < 0).any() or bounds[-1] != len(raw):
        raise GraphFormatError("The ids in the file are damaged.", path=path)
    data = raw.tobytes()
    out = np.empty(len(ends), object)
    try:
        spans = zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
        out[:] = [data[a:b].decode() for a, b in spans]
    except UnicodeDecodeError:
        raise GraphFormatError("An id in the file is not UTF-8.", path=path) from None
    return out


# -- both ------------------------------------------------------------------------
def _ids_array(vectors: Vectors) -> AnyArray:
    """Ids as int64 or as numpy texts, which drop a NUL at the end."""
    if vectors.nodes.is_integer:
        return vectors.node_ids
    texts = texts_of_index(vectors.nodes, what="The file")
    for row, node in enumerate(texts):
        if "\0" in node:
            raise GraphValueError(
                f"Id {shorten(node)} of node {row} holds a NUL character, which numpy "
                "texts cannot. Rename the node, or write parquet or safetensors."
            )
    return np.array(texts, dtype=str)


def _cast(matrix: AnyArray, dtype: Any) -> AnyArray:
    with np.errstate(over="ignore"):  # Vectors refuses what became infinite
        return matrix if dtype is None else matrix.astype(dtype, copy=False)

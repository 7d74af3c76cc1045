"""Files of vectors: found by suffix, then by content; read and written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphTypeError, GraphValueError
from graphrep.graph import Vectors
from graphrep.io._compression import STANDARD_STREAM, open_input, strip_compression
from graphrep.io._store_files import store_format
from graphrep.typing import PathType

_BY_SUFFIX = {
    ".npy": "npy",
    ".npz": "npz",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "word2vec",
    ".vec": "word2vec",
    ".w2v": "word2vec",
    ".bin": "word2vec-bin",
    ".safetensors": "safetensors",
    ".store": "store",
}
VECTOR_FORMATS = (*dict.fromkeys(_BY_SUFFIX.values()), "projector")
_MARKS = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    b"PAR1": "parquet",
    b"ARROW1": "arrow",
}
_COMPRESSED = {"csv", "tsv", "word2vec", "word2vec-bin"}
_SEPARATORS = {"csv": b",", "tsv": b"\t"}
_SNIFFED_BYTES = 1 << 12
_DTYPES = (np.float16, np.float32, np.float64)


def write_vectors(
    vectors: Any,
    path: PathType,
    *,
    format: str | None = None,
    overwrite: bool = True,
    wide: bool = False,
    escape_formulas: bool = False,
    replace_blanks: str | None = "_",
) -> None:
    """Write vectors and the ids of their nodes to a file.

    Parameters
    ----------
    vectors : Vectors or array-like of shape (n_nodes, n_components)
        What to write; the rows of a bare matrix are numbered.
    path : path-like
        Where to. Texts are compressed by a last suffix .gz, .bz2, .xz or .zst;
        ``"-"`` is standard output.
    format : str or None, default=None
        One of "npy", "npz", "parquet", "arrow", "csv", "tsv", "word2vec",
        "word2vec-bin", "safetensors", "store" (a directory, see `EmbeddingStore`)
        and "projector". None takes it from the suffix; a path without one, that is a
        directory, is for "projector".
    overwrite : bool, default=True
        Whether a file that is there may be replaced.
    wide : bool, default=False
        parquet and arrow: one column a component instead of one of vectors.
    escape_formulas : bool, default=False
        csv and tsv: guard spreadsheets from ids that look like formulas.
    replace_blanks : str or None, default="_"
        word2vec: what stands for blanks in ids. The ids as they were go beside the
        file, into ``<path>.ids.tsv``. None makes a blank an error.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    GraphValueError
        For ids that the format cannot hold.
    GraphTypeError
        For ids that are neither all integers nor all texts.
    GraphFormatError
        If the format is not known.

    Warns
    -----
    GraphWarning
        If blanks in ids were replaced.

    Notes
    -----
    npy, npz, parquet, arrow and safetensors keep the type of the values and tell
    integers from texts. Texts keep every value of float32 (float64 in full) but do
    not say which it was; word2vec-bin holds float32. The same vectors give the same
    bytes, and the file appears when it is complete.
    """
    if not isinstance(vectors, Vectors):
        vectors = Vectors(vectors)
    name = _checked(format) or _name_for_writing(path)
    _refuse_compression(name, path)
    if not overwrite:
        _refuse_existing(name, path)
    if name in _SEPARATORS:
        from graphrep.io._vector_tables import write_table

        write_table(vectors, path, _SEPARATORS[name], escape_formulas=escape_formulas)
    elif name in {"parquet", "arrow"}:
        from graphrep.io._vector_arrow import write_arrow

        write_arrow(vectors, path, name, wide=wide)
    elif name in {"word2vec", "word2vec-bin"}:
        from graphrep.io import _word2vec

        if name == "word2vec":
            _word2vec.write_word2vec(vectors, path, replace_blanks=replace_blanks)
        else:
            _word2vec.write_word2vec_binary(
                vectors, path, replace_blanks=replace_blanks
            )
    elif name == "projector":
        from graphrep.io._projector import write_projector

        write_projector(vectors, path)
    elif name == "store":
        _write_store(vectors, path)
    else:
        from graphrep.io import _vector_arrays

        writers = {
            "npy": _vector_arrays.write_npy,
            "npz": _vector_arrays.write_npz_vectors,
            "safetensors": _vector_arrays.write_safetensors_vectors,
        }
        writers[name](vectors, path)


def read_vectors(
    path: PathType,
    *,
    format: str | None = None,
    dtype: Any = None,
    id_dtype: str | None = None,
    mmap: bool = True,
) -> Vectors:
    """Read vectors and the ids of their nodes from a file.

    Parameters
    ----------
    path : path-like
        File to read, or the directory of a projector or of an `EmbeddingStore`;
        ``"-"`` is standard input.
    format : str or None, default=None
        Name of the format, see `write_vectors`; None finds out with
        `sniff_vectors`.
    dtype : {"float16", "float32", "float64"} or None, default=None
        Type of the values. None keeps the one in the file, float32 for texts, which
        do not tell.
    id_dtype : {"int64", "str"} or None, default=None
        Texts only: None gives integers if every id is a canonical one (no sign, no
        leading zero), and texts otherwise.
    mmap : bool, default=True
        npy, safetensors and store: map the values instead of reading them into memory.

    Returns
    -------
    Vectors

    Raises
    ------
    GraphFormatError
        If the file breaks its format; the message names the file and the line.
    """
    name = _checked(format) or sniff_vectors(path)
    kind = None if dtype is None else np.dtype(dtype)
    if kind is not None and kind not in _DTYPES:
        raise GraphTypeError(
            f"dtype must be float16, float32 or float64; got {dtype!r}."
        )
    if id_dtype not in (None, "int64", "str"):
        raise GraphValueError(
            f"id_dtype must be None, 'int64' or 'str'; got {id_dtype!r}."
        )
    text: dict[str, Any] = {
        "dtype": np.dtype(np.float32) if kind is None else kind,
        "id_dtype": id_dtype,
    }
    if name in _SEPARATORS:
        from graphrep.io._vector_tables import read_table

        return read_table(path, _SEPARATORS[name], **text)
    if name in {"parquet", "arrow"}:
        from graphrep.io._vector_arrow import read_arrow

        return read_arrow(path, name, dtype=kind)
    if name in {"word2vec", "word2vec-bin"}:
        from graphrep.io import _word2vec

        if name == "word2vec":
            return _word2vec.read_word2vec(path, **text)
        return _word2vec.read_word2vec_binary(path, **text)
    if name == "projector":
        from graphrep.io._projector import read_projector

        return read_projector(path, **text)
    if name == "store":
        return _read_store(path, kind, mmap)
    from graphrep.io import _vector_arrays

    if name == "npy":
        return _vector_arrays.read_npy(path, dtype=kind, id_dtype=id_dtype, mmap=mmap)
    if name == "npz":
        return _vector_arrays.read_npz_vectors(path, dtype=kind)
    return _vector_arrays.read_safetensors_vectors(path, dtype=kind, mmap=mmap)


def sniff_vectors(path: PathType) -> str:
    """Name the format of a file of vectors by its suffix, else by its content.

    Parameters
    ----------
    path : path-like
        File or directory to look at.

    Returns
    -------
    str
        A name that ``format=`` of `read_vectors` takes.

    Raises
    ------
    GraphFormatError
        If neither the suffix nor the content speaks of a known format.
    """
    if os.fspath(path) != STANDARD_STREAM:
        if Path(path).is_dir() and store_format(path) is not None:
            return "store"
        if Path(path).is_dir() or (not Path(path).exists() and _is_prefix(path)):
            return "projector"
        if name := _by_suffix(path):
            return name
        with open_input(path) as file:
            head = file.read(_SNIFFED_BYTES)
        if name := _by_content(head):
            return name
    raise GraphFormatError(
        "Neither the suffix nor the first bytes tell the format. Pass format= with "
        f"one of {', '.join(VECTOR_FORMATS)}.",
        path=path,
    )


def _write_store(vectors: Vectors, path: PathType) -> None:
    from graphrep.io._embedding_store import EmbeddingStore

    matrix = vectors.matrix
    with EmbeddingStore.create(
        path, vectors.nodes, vectors.shape, matrix.dtype, overwrite=True
    ) as writer:
        writer.write_rows(0, len(matrix), matrix)
        writer.finish()


def _read_store(path: PathType, dtype: Any, mmap: bool) -> Vectors:
    from graphrep.io._embedding_store import EmbeddingStore

    vectors = EmbeddingStore(path).to_vectors()
    if dtype is None and mmap:
        return vectors
    with np.errstate(over="ignore"):  # Vectors refuses what became infinite
        matrix = np.array(vectors.matrix, dtype=dtype)
    return Vectors(matrix, vectors.nodes)


def _checked(name: str | None) -> str | None:
    if name is not None and name not in VECTOR_FORMATS:
        raise GraphFormatError(
            f"Format {name!r} is not known; choose one of {', '.join(VECTOR_FORMATS)}."
        )
    return name


def _by_suffix(path: PathType) -> str | None:
    return _BY_SUFFIX.get(Path(strip_compression(path)).suffix.lower())


def _by_content(head: bytes) -> str | None:
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 27:
        return "safetensors"
    first, _, rest = head.partition(b"\n")
    fields = first.split()
    if len(fields) == 2 and all(field.isdigit() for field in fields):
        is_text = b"\0" not in rest
        try:
            rest[: rest.rfind(b"\n") + 1].decode()
        except UnicodeDecodeError:
            is_text = False
        return "word2vec" if is_text else "word2vec-bin"
    if b"\0" in head or not first:
        return None
    if b"\t" in first:
        return "tsv"
    if b"," in first:
        return "csv"
    return "word2vec" if len(fields) > 2 else None


def _is_prefix(path: PathType) -> bool:
    from graphrep.io._projector import projector_paths

    return projector_paths(path)[0].is_file()


def _name_for_writing(path: PathType) -> str:
    name = _by_suffix(path)
    if name is None and os.fspath(path) != STANDARD_STREAM and Path(path).is_dir():
        return "projector"
    if name is None:
        raise GraphFormatError(
            f"The suffix does not tell the format. Use one of {', '.join(_BY_SUFFIX)}, "
            f"or pass format= with one of {', '.join(VECTOR_FORMATS)}.",
            path=path,
        )
    return name


def _refuse_compression(name: str, path: PathType) -> None:
    if name not in _COMPRESSED and strip_compression(path) != os.fspath(path):
        raise GraphFormatError(
            f"Files of format {name!r} are not compressed: they are read in place. "
            "Leave out the suffix of the compression.",
            path=path,
        )


def _refuse_existing(name: str, path: PathType) -> None:
    if name == "projector":
        from graphrep.io._projector import projector_paths

        targets = list(projector_paths(path))
    else:
        targets = [] if os.fspath(path) == STANDARD_STREAM else [Path(path)]
    for target in targets:
        if target.exists():
            raise FileExistsError(
                f"{target}: the file is there already; pass overwrite=True to replace "
                "it."
            )

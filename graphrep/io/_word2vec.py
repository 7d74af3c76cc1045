"""Vectors in the text and binary formats of word2vec; texts of GloVe are read too."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.graph import Vectors
from graphrep.io._compression import STANDARD_STREAM, open_input, open_output
from graphrep.io._ids import refuse_characters, texts_of_index
from graphrep.io._lines import shorten
from graphrep.io._vector_text import (
    BOM,
    MOST_COMPONENTS,
    Layout,
    Rows,
    read_rows,
    vectors_of_rows,
    write_rows,
)
from graphrep.typing import FloatArray, PathType

_REFUSED = re.compile(r"[\0\r\n]")
_BLANK = re.compile(r"\s")
_HEADER = re.compile(rb"\s*([0-9]{1,18})\s+([0-9]{1,18})\s*")
_MOST_ID_BYTES = 1 << 16
_READ_BYTES = 1 << 22
_ROWS = 4096


def write_word2vec(
    vectors: Vectors, path: PathType, *, replace_blanks: str | None = "_"
) -> None:
    """Write vectors as word2vec text, compressed if the suffix says so.

    Parameters
    ----------
    vectors : Vectors
        What to write.
    path : path-like
        Where to.
    replace_blanks : str or None, default="_"
        What stands for blanks in ids, which the format cannot hold. The ids that
        were changed are written beside the file (``<path>.ids.tsv``), where
        `read_vectors` finds them. None makes a blank an error.

    Raises
    ------
    GraphValueError
        For ids that are empty, hold a line end or NUL, or fall together when their
        blanks are replaced.
    """
    ids = _prepare_ids(vectors, path, replace_blanks)
    with open_output(path) as file:
        file.write(b"%d %d\n" % vectors.shape)
        write_rows(file, vectors.matrix, [i.encode() for i in ids], b" ")


def write_word2vec_binary(
    vectors: Vectors, path: PathType, *, replace_blanks: str | None = "_"
) -> None:
    """Write vectors as word2vec binary: float32, whatever they are.

    The arguments are those of `write_word2vec`.
    """
    if vectors.dtype == np.float64 and len(vectors):
        _refuse_overflow(vectors.matrix)
    ids = _prepare_ids(vectors, path, replace_blanks)
    with open_output(path) as file:
        file.write(b"%d %d\n" % vectors.shape)
        for start in range(0, len(ids), _ROWS):
            rows = vectors.matrix[start : start + _ROWS].astype("<f4")
            names = ids[start : start + _ROWS]
            file.write(
                b"".join(
                    b"%b %b\n" % (name.encode(), row.tobytes())
                    for name, row in zip(names, rows, strict=True)
                )
            )


def read_word2vec(path: PathType, *, dtype: Any, id_dtype: str | None) -> Vectors:
    """Read word2vec text, or GloVe text, which has no header.

    Raises
    ------
    GraphFormatError
        With the line, where the file does not hold what its header says.
    """
    with open_input(path) as file:
        first = file.readline().removeprefix(BOM)
        if not first.strip():
            raise GraphFormatError("The file is empty.", path=path)
        header = _HEADER.fullmatch(first)
        if header:
            count, width = (int(number) for number in header.groups())
            rows = read_rows(file, path, Layout(b" ", width), dtype, first_line=2)
        else:
            width = len(first.split()) - 1
            layout = Layout(b" ", width)
            rows = read_rows(file, path, layout, dtype, first_line=1, head=first)
            count = len(rows.ids)
    _check_count(count, len(rows.ids), path)
    return vectors_of_rows(_restore_ids(rows, path), id_dtype, path)


def read_word2vec_binary(
    path: PathType, *, dtype: Any, id_dtype: str | None
) -> Vectors:
    """Read word2vec binary.

    Raises
    ------
    GraphFormatError
        Where the file does not hold what its header says.
    """
    with open_input(path) as file:
        header = _HEADER.fullmatch(file.readline(64))
        if not header:
            raise GraphFormatError(
                "The first line of a word2vec file must be the number of vectors and "
                "their length.",
                path=path,
            )
        count, width = (int(number) for number in header.groups())
        if not 0 < width <= MOST_COMPONENTS:
            raise GraphFormatError(
                f"Vectors of {width:,} components cannot be read.", path=path
            )
        ids, matrix = _read_binary_rows(file, count, width, path)
    rows = Rows(ids, matrix.astype(dtype, copy=False), np.arange(1, len(ids) + 1))
    return vectors_of_rows(_restore_ids(rows, path), id_dtype, path)


def mapping_path(path: PathType) -> Path:
    """Where the ids lie that a word2vec file could not hold."""
    return Path(f"{os.fspath(path)}.ids.tsv")


def _prepare_ids(
    vectors: Vectors, path: PathType, replace_blanks: str | None
) -> list[str]:
    """Ids that the format can hold; those that had to be changed go beside it."""
    ids = texts_of_index(vectors.nodes, what="A word2vec file")
    refuse_characters(
        ids, _REFUSED, what="A word2vec file", remedy="Rename these nodes."
    )
    changed = [row for row, node in enumerate(ids) if _BLANK.search(node)]
    standard = os.fspath(path) == STANDARD_STREAM
    if not changed:
        if not standard:
            mapping_path(path).unlink(missing_ok=True)
        return ids
    if replace_blanks is None or standard:
        raise GraphValueError(
            f"Id {shorten(ids[changed[0]])} holds a blank, which a word2vec file "
            "cannot. Pass replace_blanks='_' and a path, or write npz or parquet."
        )
    written = list(ids)
    for row in changed:
        written[row] = _BLANK.sub(lambda _: replace_blanks, ids[row])
    _refuse_collisions(ids, written, replace_blanks)
    with open_output(mapping_path(path)) as file:
        file.writelines(f"{written[r]}\t{ids[r]}\n".encode() for r in changed)
    warn_user(
        f"{len(changed):,} ids hold blanks, which a word2vec file cannot; they were "
        f"replaced by {replace_blanks!r} and the ids as they were written to "
        f"{mapping_path(path).name}. Write npz or parquet to keep ids as they are."
    )
    return written


def _refuse_collisions(ids: list[str], written: list[str], replace_blanks: str) -> None:
    if not replace_blanks.isprintable() or _BLANK.search(replace_blanks):
        raise GraphValueError(
            f"replace_blanks must hold no blank itself; got {replace_blanks!r}."
        )
    seen: dict[str, int] = {}
    for row, node in enumerate(written):
        first = seen.setdefault(node, row)
        if first != row or not node:
            raise GraphValueError(
                f"Ids {ids[first]!r} and {ids[row]!r} are both {node!r} once blanks "
                "are replaced. Pass another replace_blanks, or write npz or parquet."
            )


def _restore_ids(rows: Rows, path: PathType) -> Rows:
    """Put back the ids that lie beside the file."""
    beside = mapping_path(path)
    if os.fspath(path) == STANDARD_STREAM or not beside.is_file():
        return rows
    with open_input(beside) as file:
        text = file.read()
    try:
        pairs = [line.split("\t", 1) for line in text.decode().split("\n") if line]
        original = dict(pairs)
    except ValueError:
        raise GraphFormatError(
            "The lines of this file must be an id, a tab and another id.", path=beside
        ) from None
    unknown = original.keys() - set(rows.ids)
    if unknown:
        raise GraphFormatError(
            f"The id {shorten(min(unknown))} is not in {Path(path).name}. Delete this "
            "file if it belongs to another one.",
            path=beside,
        )
    return rows._replace(ids=[original.get(node, node) for node in rows.ids])


def _check_count(count: int, found: int, path: PathType) -> None:
    if count != found:
        raise GraphFormatError(
            f"The header speaks of {count:,} vectors, but {found:,} follow. Was the "
            "file cut off?",
            path=path,
        )


def _refuse_overflow(matrix: FloatArray) -> None:
    largest = max(abs(float(matrix.min())), abs(float(matrix.max())))
    if largest > float(np.finfo(np.float32).max):
        raise GraphValueError(
            f"The value {largest!r} is too large for the float32 of a word2vec binary "
            "file. Write npz or parquet instead."
        )


def _read_binary_rows(
    file: BinaryIO, count: int, width: int, path: PathType
) -> tuple[list[str], FloatArray]:
    size = 4 * width
    ids: list[str] = []
    blocks = [np.empty((0, width), np.float32)]
    step = max(1, min(_ROWS, _READ_BYTES // size))
    data, at = b"", 0
    for row in range(count):
        if len(data) - at < size + _MOST_ID_BYTES:
            data = data[at:] + file.read(max(_READ_BYTES, 2 * size))
            at = 0
        end = data.find(b" ", at, at + _MOST_ID_BYTES)
        if end < 0 or len(data) - end - 1 < size:
            if len(data) - at > size + _MOST_ID_BYTES:
                raise GraphFormatError(
                    f"No id of vector {row + 1} is found.", path=path
                )
            _check_count(count, row, path)
        if row % step == 0:
            blocks.append(np.empty((min(step, count - row), width), np.float32))
        ids.append(_decode_id(data[at:end].lstrip(b"\r\n"), row, path))
        blocks[-1][row % step] = np.frombuffer(data, "<f4", width, end + 1)
        at = end + 1 + size
    rest = data[at:] + file.read(2)
    if rest.strip():
        raise GraphFormatError(
            f"The header speaks of {count:,} vectors, but more follow.", path=path
        )
    return ids, np.concatenate(blocks)


def _decode_id(raw: bytes, row: int, path: PathType) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise GraphFormatError(
            f"The id of vector {row + 1}, {raw[:80]!r}, is not UTF-8. Is this file "
            "word2vec binary?",
            path=path,
        ) from None

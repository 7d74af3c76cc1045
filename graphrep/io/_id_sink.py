"""IdSink: ids of nodes written to files in row order, and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._npy_files import NpyWriter
from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphFormatError
from graphrep.graph import NodeIndex
from graphrep.graph._stored_index import StoredIndex
from graphrep.graph._text_column import TextColumn, stored_column
from graphrep.io._edge_chunks import CANONICAL, INTEGERS
from graphrep.io._ids import texts_of_index
from graphrep.io._store_files import damaged, mapped
from graphrep.kernels import _stream_ids as kernels
from graphrep.typing import AnyArray, IntArray

RANGE, INTEGER, TEXT = "range", "integers", "texts"
"""Kinds of ids, as a manifest names them."""

_NAMES = {RANGE: (), INTEGER: ("ids.npy",), TEXT: ("ids_utf8.npy", "ids_offsets.npy")}
_PIECE = 1 << 18


class IdSink:
    """Write ids in row order.

    Parameters
    ----------
    folder : Path
        Where the files go.
    rule : {"canonical", "texts", "integers"}
        What the ids become: "canonical" takes texts and makes integers of them if
        each is a canonical one.
    warn_blanks : bool, default=False
        Whether to warn of texts that begin or end with a space.
    """

    def __init__(self, folder: Path, rule: str, *, warn_blanks: bool = False) -> None:
        self.count = 0
        self._folder = folder
        self._rule = rule
        self._warn_blanks = warn_blanks
        self._n_blank = 0
        self._is_range = True
        self._canonical = rule == CANONICAL
        self._end = 0
        if rule == INTEGERS:
            self._integers = NpyWriter(folder / "ids.npy", np.int64)
        else:
            self._utf8 = NpyWriter(folder / "ids_utf8.npy", np.uint8)
            self._offsets = NpyWriter(folder / "ids_offsets.npy", np.int64)
            self._offsets.write(np.zeros(1, np.int64))

    def add_integers(self, values: IntArray) -> None:
        """Append integers."""
        self._look_for_range(values)
        self._integers.write(values)
        self.count += len(values)

    def add_texts(self, data: AnyArray, offsets: IntArray) -> None:
        """Append texts that lie between offsets."""
        self._check_texts(data, offsets)
        if self._canonical:
            values = np.empty(len(offsets) - 1, np.int64)
            self._canonical = int(kernels.read_canonical(data, offsets, values)) < 0
            if self._canonical:
                self._look_for_range(values)
        self._utf8.write(data[int(offsets[0]) : int(offsets[-1])])
        self._offsets.write(offsets[1:] - offsets[0] + self._end)
        self._end += int(offsets[-1] - offsets[0])
        self.count += len(offsets) - 1

    def finish(self) -> tuple[str, dict[str, Any]]:
        """Return the kind of the ids and what a manifest says of their files."""
        if self._rule == INTEGERS:
            files = {"ids.npy": self._integers.close()}
        else:
            entries = self._utf8.close(), self._offsets.close()
            files = dict(zip(_NAMES[TEXT], entries, strict=True))
            if self.count and not self._canonical:
                self._tell_blanks()
                return TEXT, files
            files = {"ids.npy": self._converted(files)}
        if self._is_range:
            (self._folder / "ids.npy").unlink()
            return RANGE, {}
        return INTEGER, files

    def _look_for_range(self, values: IntArray) -> None:
        if self._is_range and len(values):
            expected = np.arange(self.count, self.count + len(values))
            self._is_range = bool(np.array_equal(values, expected))

    def _check_texts(self, data: AnyArray, offsets: IntArray) -> None:
        blank, inside = kernels.look_at_texts(data, offsets)
        self._n_blank += int(blank)
        try:
            data[int(offsets[0]) : int(offsets[-1])].tobytes().decode()
        except UnicodeDecodeError as error:
            raise GraphFormatError(f"An id is not UTF-8: {error}.") from None
        if inside >= 0:
            raise GraphFormatError("An id is not UTF-8: it begins inside a letter.")

    def _converted(self, files: dict[str, Any]) -> dict[str, Any]:
        """Integers of all texts, whose files are deleted."""
        column = _open_texts(self._folder, files)
        with NpyWriter(self._folder / "ids.npy", np.int64) as writer:
            for start in range(0, self.count, _PIECE):
                offsets = np.array(column.offsets[start : start + _PIECE + 1])
                data = np.array(column.data[offsets[0] : offsets[-1]])
                values = np.empty(len(offsets) - 1, np.int64)
                kernels.read_canonical(data, offsets - offsets[0], values)
                writer.write(values)
            entry = writer.close()
        del column
        for name in _NAMES[TEXT]:
            (self._folder / name).unlink()
        return entry

    def _tell_blanks(self) -> None:
        if self._n_blank and self._warn_blanks:
            warn_user(
                f"{self._n_blank:,} node ids begin or end with a space and are kept "
                "so. Strip them in the file if that is not meant."
            )


def write_index(
    folder: Path, index: NodeIndex, what: str
) -> tuple[str, dict[str, Any]]:
    """Write the ids of an index; return their kind and files as `IdSink.finish`."""
    if index.is_range:
        return RANGE, {}
    if index.is_integer:
        with NpyWriter(folder / "ids.npy", np.int64) as writer:
            for start in range(0, len(index), _PIECE):
                writer.write(index.ids[start : start + _PIECE])
            return INTEGER, {"ids.npy": writer.close()}
    column = TextColumn(texts_of_index(index, what=what))
    entries = []
    arrays = (column.data, column.offsets)
    for name, array in zip(_NAMES[TEXT], arrays, strict=True):
        with NpyWriter(folder / name, array.dtype) as writer:
            writer.write(array)
            entries.append(writer.close())
    return TEXT, dict(zip(_NAMES[TEXT], entries, strict=True))


def open_index(
    folder: Path, kind: str, files: dict[str, Any], n_nodes: int
) -> StoredIndex:
    """Index over the files of ids; nothing but their headers is read.

    Raises
    ------
    GraphFormatError
        If they do not fit the manifest or the number of nodes.
    """
    if kind == RANGE:
        return StoredIndex(n_nodes)
    column = (
        mapped(folder, "ids.npy", files["ids.npy"])
        if kind == INTEGER
        else _open_texts(folder, files)
    )
    if len(column) != n_nodes:
        reason = f"there are {len(column):,} ids for {n_nodes:,} nodes"
        raise damaged(folder / id_files(kind)[-1], reason)
    return StoredIndex(column)


def id_files(kind: str) -> tuple[str, ...]:
    """Names of the files for a kind of ids.

    Raises
    ------
    ValueError
        For a kind that does not exist.
    """
    if kind not in _NAMES:
        raise ValueError(f"the ids are of the unknown kind {kind!r}")
    return _NAMES[kind]


def check_ids(index: StoredIndex) -> None:
    """Read all ids and refuse what no index can hold.

    Raises
    ------
    ValueError
        For offsets that do not rise, an id that is not UTF-8 or stands twice.
    """
    column = index.column
    if isinstance(column, TextColumn):
        TextColumn.from_buffer(column.data, column.offsets)
        _, inside = kernels.look_at_texts(column.data, column.offsets)
        if inside >= 0:
            raise ValueError(f"the id of row {int(inside):,} is not UTF-8")
        keys = np.sort(index.keys())
        if len(keys) > 1 and bool(np.any(keys[1:] == keys[:-1])):
            index.find([])  # equal hashes: the ids themselves are looked at
    elif column is not None:
        values = np.sort(column)
        if len(values) > 1 and bool(np.any(values[1:] == values[:-1])):
            raise ValueError("an id stands twice")


def _open_texts(folder: Path, files: dict[str, Any]) -> TextColumn:
    utf8, offsets = (mapped(folder, name, files[name]) for name in _NAMES[TEXT])
    return stored_column(np.asarray(utf8), np.asarray(offsets))

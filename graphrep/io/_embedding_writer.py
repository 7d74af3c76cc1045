"""EmbeddingWriter: rows or columns of vectors in, a complete store out."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_directory
from graphrep._utils._closes import Leaves
from graphrep._utils._npy_files import (
    HEADER_BYTES,
    NpyWriter,
    file_entry,
    little_endian,
    npy_header,
)
from graphrep.exceptions import GraphValueError
from graphrep.graph import NodeIndex
from graphrep.io._edge_store import check_disk
from graphrep.io._embedding_store import (
    BLOCK_COLUMNS,
    COLUMNS,
    EMBEDDING_FORMAT,
    ROWS,
    EmbeddingStore,
    block_name,
)
from graphrep.io._id_sink import write_index
from graphrep.io._store_files import refuse_replacing, write_manifest
from graphrep.kernels import _topk
from graphrep.typing import AnyArray, FloatArray, PathType

_PIECE_BYTES = 1 << 25
_DTYPES = ("f2", "f4", "f8")


class EmbeddingWriter(Leaves):
    """Write vectors by ranges of rows, or by ranges of columns, in any order.

    `EmbeddingStore.create` makes it and describes the parameters. Leave its ``with``
    block without `finish`, and nothing is left behind.

    Attributes
    ----------
    shape : tuple of (int, int)
        Number of nodes and of components.
    dtype : dtype
        Type of the values in the files.

    Notes
    -----
    Columns go to a file for each call; `finish` merges them by ranges of rows, so disk
    is taken twice for a while. Blocks may come from several threads if they do not
    overlap; rows may not.
    """

    def __init__(
        self,
        path: PathType,
        ids: Any,
        shape: tuple[int, int],
        dtype: Any = np.float32,
        *,
        layout: str = ROWS,
        overwrite: bool = False,
    ) -> None:
        self.shape = _checked_shape(shape)
        self.dtype = little_endian(dtype)
        if self.dtype.str[1:] not in _DTYPES:
            raise GraphValueError(
                f"dtype must be float16, float32 or float64; got {dtype!r}."
            )
        if layout not in (ROWS, COLUMNS):
            raise GraphValueError(
                f"layout must be 'rows' or 'columns'; got {layout!r}."
            )
        self._layout = layout
        self._index = _index_of(ids, self.shape[0])
        self._target = Path(path)
        refuse_replacing(self._target, EMBEDDING_FORMAT, overwrite=overwrite)
        size = self.dtype.itemsize * self.shape[0] * self.shape[1]
        check_disk(self._target.absolute().parent, size, "the vectors")
        self._stack = ExitStack()
        self._folder = self._stack.enter_context(atomic_directory(self._target))
        self._blocks: dict[tuple[int, int], Path] = {}
        self._entries: dict[str, Any] = {}
        self._rows: list[tuple[int, int]] = []
        self._file: Any = None
        self._digest: Any = hashlib.sha256()

    # -- writing -----------------------------------------------------------------
    def write_columns(self, lo: int, hi: int, block: AnyArray) -> None:
        """Write the columns from ``lo`` to ``hi``, the last one left out.

        Parameters
        ----------
        lo, hi : int
            Range of columns; under ``layout="columns"`` 16 from a multiple of 16 on.
        block : array-like of shape (n_nodes, hi - lo)
            Values, cast to the type of the store.

        Raises
        ------
        GraphValueError
            For a range that is not within the columns or overlaps another, a block of
            another shape, or values that are not finite.
        """
        n, width = self.shape
        block = self._checked(block, lo, hi, width, (n, hi - lo), "Columns")
        if self._rows:
            raise GraphValueError("Rows were written before; write rows only.")
        aligned = lo % BLOCK_COLUMNS == 0 and hi == min(lo + BLOCK_COLUMNS, width)
        if self._layout == COLUMNS and not aligned:
            raise GraphValueError(
                f"Columns {lo} to {hi} are no block: under layout='columns' a block is "
                f"{BLOCK_COLUMNS} columns from a multiple of {BLOCK_COLUMNS} on."
            )
        _refuse_overlap(lo, hi, list(self._blocks), "Columns")
        path = self._folder / f".columns-{lo:06d}.npy"
        with NpyWriter(path, self.dtype, hi - lo) as writer:
            rows = self._rows_at_once(hi - lo)
            for first in range(0, n, rows):
                writer.write(self._finite(block[first : first + rows], first))
            entry = writer.close()
        self._blocks[lo, hi] = path
        if self._layout == COLUMNS:
            path.rename(self._folder / block_name(lo))
            self._blocks[lo, hi] = self._folder / block_name(lo)
            self._entries[block_name(lo)] = entry

    def write_rows(self, lo: int, hi: int, block: AnyArray) -> None:
        """Write the vectors of the rows from ``lo`` to ``hi``, the last one left out.

        Parameters
        ----------
        lo, hi : int
            Range of rows.
        block : array-like of shape (hi - lo, n_components)
            Values, cast to the type of the store.

        Raises
        ------
        GraphValueError
            As for `write_columns`, and under ``layout="columns"``.
        """
        n, width = self.shape
        block = self._checked(block, lo, hi, n, (hi - lo, width), "Rows")
        if self._blocks or self._layout == COLUMNS:
            raise GraphValueError(
                "The store is written by columns; write columns only."
            )
        _refuse_overlap(lo, hi, self._rows, "Rows")
        if self._file is None:
            self._file = (self._folder / "vectors.npy").open("w+b")
            self._file.write(npy_header(self.dtype, self.shape))
        if self._digest is not None and lo != (self._rows[-1][1] if self._rows else 0):
            self._digest = None  # out of order: hashed at the end
        step = self._rows_at_once(width)
        for first in range(lo, hi, step):
            part = self._finite(block[first - lo : first - lo + step], first)
            data = (
                np.ascontiguousarray(part, self.dtype).reshape(-1).view(np.uint8).data
            )
            self._file.seek(HEADER_BYTES + first * width * self.dtype.itemsize)
            self._file.write(data)
            if self._digest is not None:
                self._digest.update(data)
        if hi > lo:
            self._rows.append((lo, hi))

    def finish(self) -> EmbeddingStore:
        """Merge, write checksums and manifest, and give the directory its name.

        Raises
        ------
        GraphValueError
            If rows or columns were never written; the message names the first.
        """
        files = self._finish_rows() if self._is_by_rows() else self._finish_columns()
        kind, id_entries = write_index(self._folder, self._index, "An embedding store")
        facts = {
            "n_nodes": self.shape[0],
            "n_components": self.shape[1],
            "dtype": self.dtype.str,
            "layout": self._layout,
            "ids": kind,
            "files": files | id_entries,
        }
        write_manifest(self._folder, EMBEDDING_FORMAT, facts)
        self._stack.close()
        return EmbeddingStore(self._target)

    def abort(self) -> None:
        """Delete what was written; after `finish` it does nothing."""
        if self._file is not None:
            self._file.close()
        self._stack.__exit__(GraphValueError, GraphValueError("aborted"), None)

    def _leave(self) -> None:
        self.abort()

    # -- private -----------------------------------------------------------------
    def _is_by_rows(self) -> bool:
        return self._layout == ROWS and not self._blocks

    def _finish_rows(self) -> dict[str, Any]:
        _refuse_gaps(self._rows, self.shape[0], "rows")
        path = self._folder / "vectors.npy"
        if self._file is None:  # no rows at all
            path.write_bytes(npy_header(self.dtype, self.shape))
        else:
            self._file.close()
        if self._digest is None:
            self._digest = hashlib.sha256()
            with path.open("rb") as file:
                file.seek(HEADER_BYTES)
                while piece := file.read(_PIECE_BYTES):
                    self._digest.update(piece)
        digest = self._digest.hexdigest()
        return {"vectors.npy": file_entry(self.dtype, self.shape, digest)}

    def _finish_columns(self) -> dict[str, Any]:
        n, width = self.shape
        _refuse_gaps(list(self._blocks), width, "columns")
        if self._layout == COLUMNS:
            return self._entries
        size = n * width * self.dtype.itemsize
        check_disk(self._folder, size, "merging the columns")
        with NpyWriter(self._folder / "vectors.npy", self.dtype, width) as writer:
            rows = self._rows_at_once(width)
            for first in range(0, n, rows):
                out = np.empty((min(rows, n - first), width), self.dtype)
                for (lo, hi), path in self._blocks.items():
                    out[:, lo:hi] = _read_rows(
                        path, self.dtype, hi - lo, first, len(out)
                    )
                writer.write(out)
            entry = writer.close()
        for path in self._blocks.values():
            path.unlink()
        return {"vectors.npy": entry}

    def _rows_at_once(self, width: int) -> int:
        return max(1, _PIECE_BYTES // max(1, width * self.dtype.itemsize))

    def _checked(
        self, block: Any, lo: int, hi: int, n: int, shape: tuple[int, int], what: str
    ) -> AnyArray:
        if not 0 <= lo <= hi <= n:
            raise GraphValueError(f"{what} {lo} to {hi} are not within the {n:,}.")
        array = block if isinstance(block, np.ndarray) else np.asarray(block)
        if array.shape != shape:
            raise GraphValueError(
                f"{what} {lo} to {hi} must have the shape {shape}; got {array.shape}."
            )
        if array.dtype.kind not in "fiu":
            raise GraphValueError(
                f"Vectors must be real numbers; got dtype {array.dtype}."
            )
        return array

    def _finite(self, part: AnyArray, first: int) -> FloatArray:
        with np.errstate(over="ignore"):
            values: FloatArray = np.ascontiguousarray(part, self.dtype)
        row = int(_topk.first_bad_row(values)) if values.size else -1
        if row >= 0:
            raise GraphValueError(
                f"The vector of node {self._index[first + row]!r} (row {first + row}) "
                f"holds a value that is NaN, infinite or too large for {self.dtype}."
            )
        return values


def _checked_shape(shape: tuple[int, int]) -> tuple[int, int]:
    good = len(shape) == 2 and all(isinstance(n, (int, np.integer)) for n in shape)
    if not good or shape[0] < 0 or shape[1] < 1:
        raise GraphValueError(
            f"shape must be (n_nodes, n_components) with a component at least; got "
            f"{shape!r}."
        )
    return int(shape[0]), int(shape[1])


def _index_of(ids: Any, n_nodes: int) -> NodeIndex:
    index = (
        ids
        if isinstance(ids, NodeIndex)
        else NodeIndex(n_nodes if ids is None else ids)
    )
    if len(index) != n_nodes:
        raise GraphValueError(
            f"{len(index):,} node ids were given for {n_nodes:,} vectors."
        )
    return index


def _refuse_overlap(lo: int, hi: int, ranges: list[tuple[int, int]], what: str) -> None:
    for start, stop in ranges:
        if lo < stop and start < hi:
            raise GraphValueError(
                f"{what} {max(lo, start)} to {min(hi, stop)} were written before."
            )


def _refuse_gaps(ranges: list[tuple[int, int]], n: int, what: str) -> None:
    end = 0
    for start, stop in sorted([*ranges, (n, n)]):
        if start > end:
            raise GraphValueError(f"The {what} {end} to {start} were never written.")
        end = max(end, stop)


def _read_rows(path: Path, dtype: Any, width: int, first: int, count: int) -> AnyArray:
    offset = HEADER_BYTES + first * width * dtype.itemsize
    return np.fromfile(path, dtype, count * width, offset=offset).reshape(count, width)

"""RawFile: an array in a scratch file that grows and is read back in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from graphrep.typing import AnyArray

_PIECE = 1 << 20


class RawFile:
    """Values of one type, one after another; nothing is mapped.

    Parameters
    ----------
    path : Path
        File to make.
    dtype : dtype
        Type of the values.
    """

    def __init__(self, path: Path, dtype: Any) -> None:
        self.path = path
        self.dtype = np.dtype(dtype)
        self.size = 0
        self._file = path.open("w+b", buffering=0)

    def append(self, values: AnyArray) -> None:
        """Write values at the end; they are cast."""
        self.write(self.size, values)

    def write(self, at: int, values: AnyArray) -> None:
        """Write values from a place on; they are cast."""
        if not len(values):
            return
        piece = np.ascontiguousarray(values, dtype=self.dtype)
        self._file.seek(at * self.dtype.itemsize)
        rest = piece.reshape(-1).view(np.uint8).data
        while len(rest):
            rest = rest[self._file.write(rest) :]
        self.size = max(self.size, at + len(piece))

    def read(self, start: int, stop: int) -> AnyArray:
        """Read the values of a range."""
        out = np.empty(max(0, min(stop, self.size) - start), self.dtype)
        with self.path.open("rb", buffering=0) as file:  # its own place: for threads
            file.seek(start * self.dtype.itemsize)
            rest = out.view(np.uint8).data
            while len(rest):
                n = file.readinto(rest)
                if not n:
                    raise OSError(f"{self.path} ends before its time.")
                rest = rest[n:]
        return out

    def pieces(self, step: int) -> Iterator[AnyArray]:
        """All values in order, so many at a time."""
        for start in range(0, self.size, step):
            yield self.read(start, start + step)

    def widen(self, dtype: Any) -> None:
        """Give the values another type, a piece at a time."""
        if np.dtype(dtype) == self.dtype:
            return
        wide = RawFile(self.path.with_name(f"{self.path.name}.wide"), dtype)
        for piece in self.pieces(_PIECE):
            wide.append(piece)
        wide.close()
        self.close()
        wide.path.replace(self.path)
        self.dtype = wide.dtype
        self._file = self.path.open("r+b", buffering=0)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def remove(self) -> None:
        """Close and delete the file."""
        self.close()
        self.path.unlink(missing_ok=True)


class FilePool:
    """Scratch files for the parts of a stream, opened only while one is written.

    Parameters
    ----------
    folder : Path
        Where the files go.
    columns : dict of str to dtype
        Name and type of each column of a record.
    n_parts : int
        Number of parts.
    """

    def __init__(self, folder: Path, columns: dict[str, Any], n_parts: int) -> None:
        self.folder = folder
        self.columns = {name: np.dtype(kind) for name, kind in columns.items()}
        self.n_parts = n_parts

    def scatter(self, parts: AnyArray, **columns: AnyArray) -> None:
        """Append records to the parts that they belong to, in order."""
        order = np.argsort(parts, kind="stable")
        bounds = np.searchsorted(parts[order], np.arange(self.n_parts + 1))
        for name, values in columns.items():
            sorted_values = values[order]
            for part in np.flatnonzero(np.diff(bounds)).tolist():
                piece = sorted_values[bounds[part] : bounds[part + 1]]
                self.append(part, name, piece)

    def append(self, part: int, name: str, values: AnyArray) -> None:
        """Append values to one column of a part."""
        kind = self.columns[name]
        with self._path(part, name).open("ab") as file:
            file.write(np.ascontiguousarray(values, dtype=kind).view(np.uint8).data)

    def read(self, part: int, name: str, start: int, count: int) -> AnyArray:
        """Read values of a column of a part; fewer where it ends."""
        path, kind = self._path(part, name), self.columns[name]
        if not path.exists():
            return np.empty(0, kind)
        return np.fromfile(path, kind, count, offset=start * kind.itemsize)

    def pieces(self, part: int, step: int) -> Iterator[tuple[AnyArray, ...]]:
        """All columns of a part, so many records at a time."""
        start = 0
        while True:
            piece = tuple(self.read(part, name, start, step) for name in self.columns)
            if not len(piece[0]):
                return
            yield piece
            start += len(piece[0])

    def remove(self, part: int) -> None:
        """Delete the files of a part."""
        for name in self.columns:
            self._path(part, name).unlink(missing_ok=True)

    def _path(self, part: int, name: str) -> Path:
        return self.folder / f"{name}-{part:05d}"

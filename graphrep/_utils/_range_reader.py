"""Read ranges of a large .npy file, mapped or past the page cache."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._closes import Closes
from graphrep.typing import AnyArray

_PIECE = 1 << 24  # bytes of one read


class RangeReader(Closes):
    """Ranges of the first axis of an .npy file.

    Parameters
    ----------
    path : Path
        C-ordered array.
    streamed : bool, default=False
        Read into a buffer and let the pages go at once, instead of mapping the file.
        For files that are read from front to back and do not fit in memory: mapped
        pages would push out what is needed.
    """

    def __init__(
        self, path: Path, *, streamed: bool = False
    ) -> None:  # fmt: skip
        mapped: Any = np.load(path, mmap_mode="r", allow_pickle=False)
        self.shape: tuple[int, ...] = mapped.shape
        self.dtype: np.dtype[Any] = mapped.dtype
        self._row = int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize
        self._mapped: AnyArray | None = None
        self._file = -1
        self._streamed = streamed
        self._start = int(mapped.offset)
        if hasattr(os, "preadv") and mapped.size:
            self._file = os.open(path, os.O_RDONLY)
            self._buffer = np.empty(0, np.uint8)
        if self._file < 0 or not streamed:
            self._mapped = np.asarray(mapped)  # plain: what the kernels are made for

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, first: int, end: int) -> AnyArray:
        """Rows ``first`` to ``end``, read-only; valid until the next call."""
        if self._mapped is not None:
            return self._mapped[first:end]
        size = (end - first) * self._row
        if len(self._buffer) < size:
            self._buffer = np.empty(size, np.uint8)
        self._fill(self._start + first * self._row, self._buffer[:size].data)
        rows = self._buffer[:size].view(self.dtype)
        rows = rows.reshape(end - first, *self.shape[1:])
        rows.setflags(write=False)
        return rows

    def read_into(self, first: int, end: int, room: AnyArray) -> None:
        """Copy rows ``first`` to ``end`` to a contiguous array of the file's type.

        Threads may do so at the same time.
        """
        if self._file >= 0:
            data = room.reshape(-1).view(np.uint8).data
            self._fill(self._start + first * self._row, data)
        elif self._mapped is not None:
            room.reshape(end - first, *self.shape[1:])[:] = self._mapped[first:end]

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _fill(self, offset: int, room: memoryview) -> None:
        done = 0
        while done < len(room):
            read = os.preadv(self._file, [room[done : done + _PIECE]], offset + done)
            if not read:
                raise EOFError(f"The file ends {len(room) - done:,} bytes too early.")
            done += read
        if not self._streamed:
            return
        with suppress(AttributeError, OSError):
            os.posix_fadvise(self._file, offset, done, os.POSIX_FADV_DONTNEED)

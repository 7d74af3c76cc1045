"""Write ranges of rows of an .npy file from several threads, past the page cache."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._closes import Closes
from graphrep.typing import AnyArray

PAGE = 4096
"""Ranges that start and end at a multiple of this go past the page cache."""


class RangeWriter(Closes):
    """Ranges of the first axis of a new .npy file, in any order.

    Parameters
    ----------
    path : Path
        The file.
    shape : tuple of (int, int)
        Rows and columns.
    dtype : dtype
        Type of the numbers.
    streamed : bool, default=False
        Write whole pages past the page cache where the system can: files that do not
        fit in memory are then written at a small part of the processor time. Ranges
        that are no whole pages, in the file or in memory, take the usual way.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, int],
        dtype: np.dtype[Any],
        *,
        streamed: bool = False,
    ) -> None:
        self.shape, self.dtype = shape, dtype
        self._row = shape[1] * dtype.itemsize
        self._lock = threading.Lock()
        self._file = path.open("w+b", buffering=0)
        self._direct = -1
        _write(self._file, _header(shape, dtype))
        self._file.truncate(PAGE + shape[0] * self._row)
        if streamed and hasattr(os, "O_DIRECT"):
            try:
                self._direct = os.open(path, os.O_WRONLY | os.O_DIRECT)
            except OSError:  # a file system without it
                self._direct = -1

    def write(self, first: int, rows: AnyArray) -> None:
        """Write C-ordered rows from ``first`` on; threads may at the same time."""
        data = rows.reshape(-1).view(np.uint8)
        at = PAGE + first * self._row
        if not (at % PAGE or len(data) % PAGE or data.ctypes.data % PAGE):
            done = self._write_pages(at, data)
            data, at = data[done:], at + done
        if len(data):
            with self._lock:
                self._file.seek(at)
                _write(self._file, data.data)

    def read_into(self, first: int, rows: AnyArray) -> None:
        """Read rows that were written, from ``first`` on."""
        room = rows.reshape(-1).view(np.uint8).data
        done = 0
        with self._lock:
            self._file.seek(PAGE + first * self._row)
            while done < len(room):
                read = self._file.readinto(room[done:])
                if not read:
                    raise EOFError(f"{self._file.name} ends too early.")
                done += read

    def append(self, array: AnyArray) -> None:
        """Write an array of its own after the rows."""
        with self._lock:
            self._file.seek(0, os.SEEK_END)
            np.save(self._file, array)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._direct >= 0:
            os.close(self._direct)
            self._direct = -1

    def _write_pages(self, at: int, data: AnyArray) -> int:
        """Write whole pages past the page cache; tells how many bytes it wrote."""
        if self._direct < 0:
            return 0
        try:
            return os.pwrite(self._direct, data.data, at)
        except OSError:  # larger pages than ours, or a full disk: the usual way tells
            return 0


def _header(shape: tuple[int, int], dtype: np.dtype[Any]) -> bytes:
    """Header of one page, so that rows start with a page."""
    fields = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    magic = np.lib.format.magic(1, 0)
    size = PAGE - len(magic) - 2
    text = repr(fields).ljust(size - 1) + "\n"
    return bytes(magic) + size.to_bytes(2, "little") + text.encode("latin-1")


def _write(file: Any, data: Any) -> None:
    view = memoryview(data)
    while len(view):
        view = view[file.write(view) :]

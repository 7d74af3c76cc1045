"""Plain .npy files that are written piece by piece, hashed on the way, and mapped."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._closes import Leaves
from graphrep.typing import AnyArray

HEADER_BYTES = 128
"""Every header has this length, so that the shape can be filled in at the end."""

_MAGIC = b"\x93NUMPY\x01\x00"
_PIECE = 1 << 22


def little_endian(dtype: Any) -> np.dtype[Any]:
    """Type of a file's values: the same on every machine."""
    kind: np.dtype[Any] = np.dtype(dtype).newbyteorder("<")
    return kind


def npy_header(dtype: Any, shape: tuple[int, ...]) -> bytes:
    """Return the header of a C-ordered .npy file of version 1.0, 128 bytes long."""
    descr = little_endian(dtype).str
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    room = HEADER_BYTES - len(_MAGIC) - 2
    body = text.encode("ascii").ljust(room - 1) + b"\n"
    return _MAGIC + room.to_bytes(2, "little") + body


class NpyWriter(Leaves):
    """Write an .npy file from front to back without knowing its length.

    Parameters
    ----------
    path : Path
        File to write.
    dtype : dtype
        Type of the values.
    n_columns : int or None, default=None
        Length of a row; None for an array of one dimension.
    """

    def __init__(self, path: Path, dtype: Any, n_columns: int | None = None) -> None:
        self.path = path
        self.dtype = little_endian(dtype)
        self.n_columns = n_columns
        self.n_rows = 0
        self._digest = hashlib.sha256()
        self._file = path.open("wb")
        self._file.write(bytes(HEADER_BYTES))

    def write(self, rows: AnyArray) -> None:
        """Append rows; they are cast to the type of the file."""
        piece = np.ascontiguousarray(rows, dtype=self.dtype)
        data = piece.reshape(-1).view(np.uint8).data
        self._digest.update(data)
        self._file.write(data)
        self.n_rows += len(piece)

    def close(self) -> dict[str, Any]:
        """Fill in the header; return what a manifest says about the file."""
        shape = (self.n_rows,) if self.n_columns is None else self.shape
        self._file.seek(0)
        self._file.write(npy_header(self.dtype, shape))
        self._file.close()
        return file_entry(self.dtype, shape, self._digest.hexdigest())

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape so far."""
        columns = () if self.n_columns is None else (self.n_columns,)
        return (self.n_rows, *columns)

    def _leave(self) -> None:
        self._file.close()


def file_entry(dtype: Any, shape: tuple[int, ...], digest: str) -> dict[str, Any]:
    """Describe a file for a manifest."""
    kind = little_endian(dtype)
    size = HEADER_BYTES + kind.itemsize * int(np.prod(shape, dtype=np.int64))
    return {
        "dtype": kind.str, "shape": list(shape), "bytes": size, "sha256": digest
    }  # fmt: skip


def map_npy(path: Path, entry: dict[str, Any]) -> AnyArray:
    """Map a file that a manifest describes; the header and the size must fit.

    Raises
    ------
    ValueError
        If they do not; the message says what is wrong with the file.
    """
    _check_header(path, entry)
    shape = tuple(entry["shape"])
    dtype = np.dtype(entry["dtype"])
    if 0 in shape:
        empty = np.empty(shape, dtype)
        empty.setflags(write=False)
        return empty
    return np.memmap(path, dtype, "r", HEADER_BYTES, shape)


def check_npy(path: Path, entry: dict[str, Any]) -> None:
    """Read a file through and compare it with what a manifest says of it.

    Raises
    ------
    ValueError
        If a byte differs.
    """
    _check_header(path, entry)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(HEADER_BYTES)
        while piece := file.read(_PIECE):
            digest.update(piece)
    if digest.hexdigest() != entry["sha256"]:
        raise ValueError("its content differs from its checksum in the manifest")


def _check_header(path: Path, entry: dict[str, Any]) -> None:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise ValueError("it is missing") from None
    if size != entry["bytes"]:
        raise ValueError(
            f"it has {size:,} bytes where the manifest says {entry['bytes']:,}"
        )
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    if head != npy_header(entry["dtype"], tuple(entry["shape"])):
        raise ValueError("its header is not the one that the manifest describes")

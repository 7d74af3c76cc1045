"""Several arrays in one plain file, mapped when they are read; for scratch only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.typing import AnyArray

_MAGIC = b"GRARRAY1"
_ALIGN = 64
_MARK_BYTES = 10


def write_arrays(path: Path, arrays: Mapping[str, AnyArray]) -> None:
    """Write arrays one after another, each at a multiple of 64 bytes.

    Parameters
    ----------
    path : Path
        File to write.
    arrays : mapping of str to ndarray
        Arrays of numbers.
    """
    parts = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    entries: list[tuple[str, str, list[int], int]] = []
    at = 0
    for name, array in parts.items():
        entries.append((name, array.dtype.str, list(np.shape(arrays[name])), at))
        at += _padded(array.nbytes)
    head = json.dumps(entries).encode()
    start = _padded(len(_MAGIC) + 8 + len(head))
    with path.open("wb") as file:
        file.write(_MAGIC + len(head).to_bytes(8, "little") + head)
        for (_, _, _, place), array in zip(entries, parts.values(), strict=True):
            file.seek(start + place)
            file.write(array.reshape(-1).view(np.uint8).data)
        file.truncate(start + at)


def map_arrays(path: Path) -> dict[str, AnyArray]:
    """Map the arrays of a file that `write_arrays` wrote; the file is never written.

    The arrays count as writable, as kernels are compiled for such, and keep what is
    written to themselves.

    Raises
    ------
    GraphFormatError
        If the file is another one, or was cut off.
    """
    with path.open("rb") as file:
        magic, size = file.read(len(_MAGIC)), file.read(8)
        if magic != _MAGIC:
            raise GraphFormatError("This is no file of arrays.", path=path)
        head = file.read(int.from_bytes(size, "little"))
    start = _padded(len(_MAGIC) + 8 + len(head))
    whole = np.memmap(path, np.uint8, "c")
    found: dict[str, AnyArray] = {}
    for name, dtype, shape, at in json.loads(head):
        kind = np.dtype(dtype)
        end = start + at + kind.itemsize * int(np.prod(shape, dtype=np.int64))
        if end > len(whole):
            raise GraphFormatError(f"Array {name!r} was cut off.", path=path)
        found[name] = whole[start + at : end].view(kind).reshape(shape).view(np.ndarray)
    return found


def content_mark(arrays: Mapping[str, AnyArray]) -> str:
    """Short text that differs wherever names, types, shapes or values do."""
    digest = blake2b(digest_size=_MARK_BYTES)
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _padded(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN

"""Read arrays out of .npz files of strangers: no pickle, no surprise in size."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.lib import format as npy

from graphrep.exceptions import GraphFormatError
from graphrep.io._compression import open_input, open_output
from graphrep.typing import AnyArray, PathType

_BOMB_RATIO = 100
_BOMB_SLACK = 1 << 30
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o644 << 16
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError)


class NpzFile:
    """Arrays of an .npz file by name, each checked before memory is taken for it.

    Parameters
    ----------
    path : path-like
        File to read, or ``"-"``.
    max_uncompressed_bytes : int or None, default=None
        Most bytes that the arrays asked for may hold together. None allows 100 times
        the size of the file and 1 GiB more.
    """

    def __init__(
        self, path: PathType, *, max_uncompressed_bytes: int | None = None
    ) -> None:
        self._path = path
        self._stream = _seekable(open_input(path))
        size = self._stream.seek(0, io.SEEK_END)
        self._stream.seek(0)
        limit = max_uncompressed_bytes
        self._allowed = _BOMB_RATIO * size + _BOMB_SLACK if limit is None else limit
        try:
            self._zip = zipfile.ZipFile(self._stream)
        except _DAMAGE as error:
            self._stream.close()
            raise self._error(
                f"The file is no complete zip archive ({error}). Was it cut off?"
            ) from error
        members = [m for m in self._zip.infolist() if m.filename.endswith(".npy")]
        self._members = {m.filename.removesuffix(".npy"): m for m in members}
        if len(self._members) != len(members):
            raise self._error("A name stands twice in the archive.")

    @property
    def names(self) -> set[str]:
        """Names of the arrays in the file."""
        return set(self._members)

    def __enter__(self) -> NpzFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()
        self._stream.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> AnyArray:
        member = self._members.get(name)
        if member is None:
            raise self._error(
                f"Array {name!r} is missing; the file has "
                f"{', '.join(sorted(self.names)) or 'none'}."
            )
        self._allowed -= member.file_size
        if self._allowed < 0:
            raise self._error(
                f"Array {name!r} would take {member.file_size:,} bytes, far more than "
                f"the {member.compress_size:,} in the file. If that is no mistake, "
                "raise max_uncompressed_bytes."
            )
        try:
            with self._zip.open(member) as file:
                self._check_header(file, member, name)
            with self._zip.open(member) as file:
                array: AnyArray = npy.read_array(file, allow_pickle=False)
                file.read(1)  # reaching the end makes zipfile compare the checksum
        except (*_DAMAGE, ValueError, NotImplementedError) as error:
            if isinstance(error, GraphFormatError):
                raise
            raise self._error(f"Array {name!r} cannot be read: {error}.") from error
        return array

    def get(self, name: str) -> AnyArray | None:
        """Return an array, or None if the file lacks it."""
        if name not in self._members:
            return None
        return self[name]

    def scalar(self, name: str) -> Any:
        """Return the one value of an array as a Python object."""
        array = self[name]
        if array.size != 1:
            raise self._error(
                f"{name!r} must be one value; it has shape {array.shape}."
            )
        return array.item()

    def _check_header(self, file: Any, member: zipfile.ZipInfo, name: str) -> None:
        version = npy.read_magic(file)
        read = {
            (1, 0): npy.read_array_header_1_0,
            (2, 0): npy.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise self._error(
                f"Array {name!r} is of the unknown npy version {version}."
            )
        shape, _, dtype = read(file)
        if dtype.hasobject or dtype.kind == "V":
            raise self._error(
                f"Array {name!r} holds {dtype}; objects are never loaded, since that "
                "could run code. Save it as numbers or texts (dtype 'U')."
            )
        size = dtype.itemsize
        for length in shape:
            size *= length
        if min(shape, default=0) < 0 or file.tell() + size != member.file_size:
            raise self._error(
                f"The header of array {name!r} speaks of {dtype} of shape {shape} but "
                f"{member.file_size - file.tell():,} bytes follow."
            )

    def _error(self, message: str) -> GraphFormatError:
        return GraphFormatError(message, path=self._path)


def read_npz_arrays(
    path: PathType,
    names: Iterable[str] | None = None,
    *,
    max_uncompressed_bytes: int | None = None,
) -> dict[str, AnyArray]:
    """Read plain arrays from an .npz file that need not be trusted.

    Parameters
    ----------
    path : path-like
        File to read.
    names : iterable of str or None, default=None
        Arrays to read; None reads all.
    max_uncompressed_bytes : int or None, default=None
        Most bytes they may hold together. None allows 100 times the size of the file
        and 1 GiB more.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    GraphFormatError
        If an array is missing, holds objects, or differs in size from its header.
    """
    with NpzFile(path, max_uncompressed_bytes=max_uncompressed_bytes) as archive:
        wanted = sorted(archive.names) if names is None else list(names)
        return {name: archive[name] for name in wanted}


def write_npz_arrays(
    arrays: dict[str, AnyArray], path: PathType, *, compress: bool = True
) -> None:
    """Write arrays to an .npz file; the same arrays give the same bytes."""
    method = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with (
        open_output(path) as file,
        zipfile.ZipFile(cast("BinaryIO", _Forward(file)), "w") as archive,
    ):
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _FIXED_DATE)
            member.compress_type = method
            member.external_attr = _FILE_MODE
            with archive.open(member, "w", force_zip64=True) as target:
                npy.write_array(target, np.asarray(array), allow_pickle=False)


class _Forward:
    """A writer that cannot go back, so that zipfile does not try on a pipe or gzip."""

    def __init__(self, file: BinaryIO) -> None:
        self.write, self.flush = file.write, file.flush


def _seekable(stream: BinaryIO) -> BinaryIO:
    if stream.seekable():
        return stream
    with stream:
        return io.BytesIO(stream.read())

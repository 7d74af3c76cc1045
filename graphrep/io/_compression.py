"""Open files for reading and writing bytes, compressed or not, never half of one."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from graphrep._utils._atomic import atomic_path
from graphrep._utils._optional import require
from graphrep.exceptions import GraphFormatError
from graphrep.typing import PathType

STANDARD_STREAM = "-"
_SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
_MAGIC = {
    "gzip": (b"\x1f\x8b\x08",),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\x00",),
    "zstd": (b"\x28\xb5\x2f\xfd",),
}
# "BZh" alone may begin a text, so the mark of the first block is asked for as well.
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"
_HEAD = 10
_PIECE = 1 << 18
# The zstandard package cannot bound its output, so it is fed little at a time.
_ZSTD_PIECE = 1 << 14
_BOMB_RATIO = 100
_BOMB_SLACK = 1 << 30
_WRITE_BUFFER = 1 << 20


def strip_compression(path: PathType) -> str:
    """Name of a file without the suffix of its compression (``a.csv`` for a .gz)."""
    name = os.fspath(path)
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 (keeps the text as given)
    return stem if suffix.lower() in _SUFFIXES else name


def open_input(
    path: PathType, *, max_uncompressed_bytes: int | None = None
) -> BinaryIO:
    """Open a file for reading bytes, decompressed where its content is compressed.

    Parameters
    ----------
    path : path-like
        File to read; ``"-"`` is standard input.
    max_uncompressed_bytes : int or None, default=None
        Where to stop with an error. None allows 100 times the compressed size and
        1 GiB more.

    Returns
    -------
    file object
        A buffered binary reader.

    Raises
    ------
    OSError
        If the file cannot be opened.
    GraphFormatError
        From a read, if the compressed stream ends early, is damaged, or holds more
        bytes than allowed.
    """
    standard = os.fspath(path) == STANDARD_STREAM
    source = sys.stdin.buffer if standard else Path(path).open("rb", buffering=0)  # noqa: SIM115
    try:
        head = _read_exactly(source, _HEAD)
        kind = _recognise(head)
        if kind is None:
            _refuse_stub(path, head)
            if not standard and source.seekable():
                source.seek(0)
                return io.BufferedReader(cast("io.RawIOBase", source), _PIECE)
        raw = _Decompressed(source, head, kind, path, max_uncompressed_bytes, standard)
    except BaseException:
        if not standard:
            source.close()
        raise
    return io.BufferedReader(raw, _PIECE)


@contextmanager
def open_output(path: PathType, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Give a binary writer; the file takes its place when the block ends well.

    Parameters
    ----------
    path : path-like
        File to write, compressed by its last suffix (.gz, .bz2, .xz, .zst);
        ``"-"`` is standard output, uncompressed.
    overwrite : bool, default=True
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.

    Notes
    -----
    The same content gives the same bytes: no time and no name is stored.
    """
    if os.fspath(path) == STANDARD_STREAM:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    if target.exists() and not target.is_dir():
        if not overwrite:
            raise FileExistsError(
                f"{target}: the file is there already; pass overwrite=True to "
                "replace it."
            )
        if not target.is_file():  # a pipe or a device is written to, not replaced
            with target.open("wb") as plain, _compressor(target, plain) as file:
                yield file
            return
    with (
        atomic_path(target) as part,
        part.open("wb") as plain,
        _compressor(target, plain) as file,
    ):
        yield file


@contextmanager
def _compressor(path: Path, plain: BinaryIO) -> Iterator[BinaryIO]:
    kind = _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        yield plain
        return
    if kind == "gzip":
        packer: Any = gzip.GzipFile(
            filename="", mode="wb", compresslevel=6, fileobj=plain, mtime=0
        )
    elif kind == "bzip2":
        packer = bz2.BZ2File(plain, "wb")
    elif kind == "xz":
        packer = lzma.LZMAFile(plain, "wb")  # noqa: SIM115
    else:
        packer = _zstd_writer(plain)
    with packer, io.BufferedWriter(packer, _WRITE_BUFFER) as file:
        yield cast("BinaryIO", file)


def _zstd_writer(plain: BinaryIO) -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdFile(plain, "wb")
    zstandard = require("zstandard", extra="io", why="Writing a .zst file")
    return zstandard.ZstdCompressor(write_checksum=True).stream_writer(
        plain, closefd=False
    )


class _Decompressed(io.RawIOBase):
    """Bytes of a stream after decompression; a damaged end is an error.

    The standard library's file objects ignore what follows the first good stream
    of a bzip2 or xz file, and zstandard's reader ends quietly in mid-frame, so the
    streams are followed here.
    """

    def __init__(
        self,
        source: BinaryIO | io.RawIOBase,
        head: bytes,
        kind: str | None,
        path: PathType,
        limit: int | None,
        standard: bool,
    ) -> None:
        self._source, self._keep_open = source, standard
        self._path, self._kind = path, kind
        self._pending = head
        self._limit = limit
        self._consumed, self._produced = len(head), 0
        self._size = _size_of(source)
        self._left = memoryview(b"")
        self._decoder: Any = None
        self._piece = _ZSTD_PIECE if kind == "zstd" else _PIECE

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed and not self._keep_open:
            self._source.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        while not self._left:
            block = self._next_block(len(view))
            if block is None:
                return 0
            self._left = memoryview(block)
        size = min(len(view), len(self._left))
        view[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def _next_block(self, size: int) -> bytes | None:
        """Return decompressed bytes, perhaps none of them, or None at the end."""
        if self._kind is None:
            block, self._pending = self._pending or self._fill(), b""
            return block or None
        if self._decoder is None:
            if not self._pending and not self._fill_pending():
                return None
            self._pending = self._pending.lstrip(b"\0")  # padding between streams
            if not self._pending:
                return b""
            self._decoder = _decoder(self._kind)
        if self._decoder.needs_input and not self._pending:
            self._fill_pending()
            if not self._pending:
                raise self._error("ends in the middle of its data", "was it cut off")
        return self._decompress(max(size, _PIECE))

    def _decompress(self, size: int) -> bytes:
        given, self._pending = self._pending, b""
        try:
            block: bytes = self._decoder.decompress(given, size)
        except Exception as error:
            raise self._error(f"is damaged ({error})", "was it changed") from error
        if self._decoder.eof:
            self._pending = self._decoder.unused_data
            self._decoder = None
        self._produced += len(block)
        allowed = self._limit
        if allowed is None:
            allowed = _BOMB_RATIO * max(self._size, self._consumed) + _BOMB_SLACK
        if self._produced > allowed:
            raise GraphFormatError(
                f"The {self._kind} file holds more than {allowed:,} bytes. If that is "
                "no mistake, decompress it first or raise max_uncompressed_bytes.",
                path=self._path,
            )
        return block

    def _fill(self) -> bytes:
        data = self._source.read(self._piece) or b""
        self._consumed += len(data)
        return data

    def _fill_pending(self) -> bool:
        self._pending = self._fill()
        return bool(self._pending)

    def _error(self, what: str, question: str) -> GraphFormatError:
        return GraphFormatError(
            f"The {self._kind} stream {what} after {self._produced:,} bytes; "
            f"{question}? Fetch or write the file again.",
            path=self._path,
        )


def _decoder(kind: str) -> Any:
    makers: dict[str, Callable[[], Any]] = {
        "gzip": _GzipDecoder,
        "bzip2": bz2.BZ2Decompressor,
        "xz": lzma.LZMADecompressor,
        "zstd": _zstd_decoder,
    }
    return makers[kind]()


def _zstd_decoder() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdDecompressor()
    return _ZstandardDecoder()


class _GzipDecoder:
    """``zlib`` under the names that the other decompressors have; checks the CRC."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.needs_input = True

    def decompress(self, data: bytes, size: int) -> bytes:
        block = self._zlib.decompress(self._zlib.unconsumed_tail + data, size)
        # A full block may leave output inside zlib with no input left to show for it.
        self.needs_input = len(block) < size and not self._zlib.unconsumed_tail
        return block

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data


class _ZstandardDecoder:
    """``zstandard`` under the names that the other decompressors have."""

    needs_input = True

    def __init__(self) -> None:
        zstandard = require("zstandard", extra="io", why="Reading a .zst file")
        self._frame = zstandard.ZstdDecompressor().decompressobj()

    def decompress(self, data: bytes, size: int) -> bytes:
        del size  # cannot be bounded; the caller feeds small pieces instead
        block: bytes = self._frame.decompress(data)
        return block

    @property
    def eof(self) -> bool:
        return bool(self._frame.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._frame.unused_data)


def _recognise(head: bytes) -> str | None:
    """Compression that the first bytes of a file speak of."""
    if head.startswith(b"BZh") and not head.startswith(_BZIP2_BLOCKS, 4):
        return None
    if head[1:4] == _ZSTD_SKIPPABLE and 0x50 <= head[0] <= 0x5F:
        return "zstd"
    for kind, marks in _MAGIC.items():
        if head.startswith(marks):
            return kind
    return None


def _refuse_stub(path: PathType, head: bytes) -> None:
    """Refuse a compressed file cut off before it could be recognised."""
    kind = _SUFFIXES.get(Path(path).suffix.lower())
    if kind is None or not 0 < len(head) < _HEAD:
        return
    if any(mark.startswith(head[: len(mark)]) for mark in _MAGIC[kind]):
        raise GraphFormatError(
            f"The {kind} file ends after {len(head)} bytes; was it cut off? Fetch or "
            "write the file again.",
            path=path,
        )


def _read_exactly(source: Any, size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        more = source.read(size - len(parts))
        if not more:
            break
        parts += more
    return parts


def _size_of(source: Any) -> int:
    try:
        return os.fstat(source.fileno()).st_size
    except (OSError, ValueError):  # a stream without a file behind it
        return 0

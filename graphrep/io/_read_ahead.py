"""Blocks of whole lines from a file, and work done ahead of time in a thread."""

from __future__ import annotations

import codecs
import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from graphrep.exceptions import GraphFormatError, GraphValueError
from graphrep.io._compression import open_input
from graphrep.typing import AnyArray, PathType

T = TypeVar("T")
BLOCK_BYTES = 1 << 20
_DEPTH = 3
_PATIENCE = 0.1
_LEAVE = 2.0
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NEWLINE = 10
_FIRST_BEYOND_ASCII = 128


class Block(NamedTuple):
    """Whole lines as bytes in UTF-8, writable; every line ends with a newline."""

    data: AnyArray
    n_lines: int
    first_line: int


def read_blocks(
    path: PathType,
    *,
    encoding: str = "utf-8",
    max_line_bytes: int,
    max_uncompressed_bytes: int | None = None,
) -> Generator[Block]:
    """Yield the lines of a file in blocks, as valid UTF-8, without a byte order mark.

    Raises
    ------
    GraphFormatError
        For bytes that are not of the encoding, a line that is too long, and a
        compressed stream that is cut or damaged.
    """
    line, offset, rest = 1, 0, bytearray()
    with open_input(path, max_uncompressed_bytes=max_uncompressed_bytes) as file:
        for piece in _utf8_pieces(file, encoding, path):
            rest += piece
            end = rest.rfind(b"\n") + 1
            _check_length(rest, end, line, max_line_bytes, path)
            if end:
                lines, rest = rest[:end], rest[end:]
                block = _checked_block(lines, line, offset, path)
                line, offset = line + block.n_lines, offset + end
                yield block
    if rest:
        yield _checked_block(rest + b"\n", line, offset, path)


def _utf8_pieces(file: Any, encoding: str, path: PathType) -> Iterator[bytes]:
    """Yield pieces of the file, transcoded to UTF-8 where they are in another code."""
    try:
        name = codecs.lookup(encoding).name
        decoder = codecs.getincrementaldecoder(name)()
    except LookupError:
        raise GraphValueError(
            f"encoding={encoding!r} is not known to Python; try 'utf-8' or 'latin-1'."
        ) from None
    first, done = True, False
    while not done:
        piece: bytes = file.read(BLOCK_BYTES)
        done = not piece
        if name != "utf-8":
            try:
                piece = decoder.decode(piece, final=done).encode()
            except UnicodeError as error:
                raise GraphFormatError(
                    f"The text is not {encoding}: {error}. Pass the right encoding=.",
                    path=path,
                ) from None
        if first:
            piece = piece.removeprefix(_BYTE_ORDER_MARK)
            first = False
        if piece:
            yield piece


def _check_length(
    rest: bytearray, end: int, line: int, max_line_bytes: int, path: PathType
) -> None:
    """Stop at an endless line before it fills the memory."""
    if len(rest) - end > max(max_line_bytes, BLOCK_BYTES):
        raise GraphFormatError(
            f"The line is longer than {max_line_bytes:,} bytes. If the file is right, "
            "raise max_line_bytes.",
            path=path,
            line=line + rest.count(b"\n"),
        )


def _checked_block(lines: bytearray, line: int, offset: int, path: PathType) -> Block:
    data = np.frombuffer(lines, np.uint8)
    if int(data.max()) >= _FIRST_BEYOND_ASCII:
        try:
            codecs.utf_8_decode(lines, "strict", True)
        except UnicodeDecodeError as error:
            raise GraphFormatError(
                f"Byte {offset + error.start:,} of the text "
                f"(0x{data[error.start]:02x}) is not UTF-8. "
                "Pass encoding= with the right one, for example 'latin-1'.",
                path=path,
                line=line + lines.count(b"\n", 0, error.start),
            ) from None
    return Block(data, int(np.count_nonzero(data == _NEWLINE)), line)


class Ahead(Iterator[T]):
    """An iterator that runs in a thread, a few items ahead of who takes them.

    Order is kept; an exception in the thread is raised where its item would come.
    """

    def __init__(self, source: Iterator[T]) -> None:
        self._source = source
        self._items: queue.Queue[tuple[bool, object]] = queue.Queue(_DEPTH)
        self._stop = threading.Event()
        self._worker = threading.Thread(target=self._fill, daemon=True)
        self._worker.start()

    def __next__(self) -> T:
        while not self._stop.is_set():
            try:
                more, item = self._items.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            if more:
                return cast("T", item)
            self._stop.set()
            if item is not None:
                raise cast("BaseException", item)
        raise StopIteration

    def close(self) -> None:
        """Let the thread end; what it has made is dropped."""
        self._stop.set()
        self._worker.join(_LEAVE)

    def _fill(self) -> None:
        last: tuple[bool, object] = (False, None)
        try:
            for item in self._source:
                if not self._put((True, item)):
                    break
        except BaseException as error:  # handed over, whatever it is
            last = (False, error)
        finally:
            if isinstance(self._source, Generator):
                self._source.close()
        self._put(last)

    def _put(self, item: tuple[bool, object]) -> bool:
        while not self._stop.is_set():
            try:
                self._items.put(item, timeout=_PATIENCE)
            except queue.Full:
                continue
            return True
        return False

"""Read text files line by line: UTF-8 checked, lines numbered, memory bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

from graphrep.exceptions import GraphFormatError
from graphrep.io._compression import open_input
from graphrep.typing import PathType

MAX_LINE_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 20
_SHOWN_CHARACTERS = 80
_BOM = b"\xef\xbb\xbf"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def read_lines(
    path: PathType,
    *,
    encoding: str = "utf-8",
    refuse_controls: bool = False,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Iterator[tuple[int, str]]:
    """Give the lines of a file as ``(number, text)`` without their line ends.

    Parameters
    ----------
    path : path-like
        File, perhaps compressed, or ``"-"``.
    encoding : str, default="utf-8"
        Encoding in which a line feed is one byte; a UTF-8 byte order mark is dropped.
    refuse_controls : bool, default=False
        Whether control characters other than tabs are an error.
    max_line_bytes : int, default=1 MiB
        Longer lines are an error.

    Yields
    ------
    tuple of (int, str)
        1-based number and text of each line, blank ones included.

    Raises
    ------
    GraphFormatError
        With the line, for bytes that are not in the encoding, for control
        characters and for lines that are too long.
    """
    number = 1
    offset = 0
    for block in _blocks(path, max_line_bytes):
        try:
            text = block.decode(encoding)
        except UnicodeDecodeError as error:
            _refuse_bytes(block, error, path, number, offset)
        if "\r" in text:
            text = text.replace("\r\n", "\n").removesuffix("\r")
        if refuse_controls and (hit := _CONTROL.search(text)):
            line = number + text.count("\n", 0, hit.start())
            raise GraphFormatError(
                f"Control character {hit.group()!r} stands in the line; "
                "remove such characters.",
                path=path,
                line=line,
            )
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        yield from enumerate(lines, number)
        number += len(lines)
        offset += len(block)


def shorten(text: str) -> str:
    """Quote a text of the file for a message: escaped, 80 characters at most."""
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…"
    return repr(text)


def _blocks(path: PathType, max_line_bytes: int) -> Iterator[bytes]:
    """Give blocks of whole lines; the last may lack its line feed."""
    rest = b""
    number = 1
    first = True
    with open_input(path) as stream:
        while chunk := stream.read(_BLOCK_BYTES):
            if first:
                chunk, first = chunk.removeprefix(_BOM), False
            block = rest + chunk
            cut = block.rfind(b"\n") + 1
            block, rest = block[:cut], block[cut:]
            if _longest(block) > max_line_bytes:
                lengths = [len(line) for line in block.split(b"\n")]
                number += next(
                    i for i, size in enumerate(lengths) if size > max_line_bytes
                )
                _refuse_length(path, number, max_line_bytes)
            number += block.count(b"\n")
            if len(rest) > max_line_bytes:
                _refuse_length(path, number, max_line_bytes)
            if block:
                yield block
    if rest:
        yield rest


def _longest(block: bytes) -> int:
    return max(map(len, block.split(b"\n")))


def _refuse_length(path: PathType, line: int, limit: int) -> NoReturn:
    raise GraphFormatError(
        f"The line is longer than {limit:,} bytes; is this a text file? "
        "Pass max_line_bytes= to read longer lines.",
        path=path,
        line=line,
    )


def _refuse_bytes(
    block: bytes, error: UnicodeDecodeError, path: PathType, number: int, offset: int
) -> NoReturn:
    raise GraphFormatError(
        f"Byte 0x{block[error.start]:02x} at offset {offset + error.start} is not "
        f"{error.encoding}; pass encoding= (such as 'latin-1') if the file is in "
        "another one.",
        path=path,
        line=number + block.count(b"\n", 0, error.start),
    ) from None

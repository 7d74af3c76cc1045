"""Lines of an id and numbers: what all text formats of vectors are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Vectors
from graphrep.io._blame import blame_file
from graphrep.io._ids import index_from_texts
from graphrep.io._lines import shorten
from graphrep.kernels import _decimal
from graphrep.typing import AnyArray, FloatArray, PathType

kernels: Any = _decimal  # kernels carry no annotations
BOM = b"\xef\xbb\xbf"
MOST_COMPONENTS = 10_000_000
_BLOCK_BYTES = 1 << 23
_MOST_LINE_BYTES = 1 << 28
_NUMBERS = 1 << 20  # formatted at once


class Layout(NamedTuple):
    """How a line is made up."""

    separator: bytes
    n_components: int
    has_id: bool = True

    def split(self, rest: bytes) -> list[bytes]:
        """Split the numbers of a line."""
        if self.separator == b" ":
            return rest.split()
        return rest.removeprefix(self.separator if self.has_id else b"").split(
            self.separator
        )


class Rows(NamedTuple):
    """What was read: ids as texts, numbers, and the line of each row."""

    ids: list[str]
    matrix: FloatArray
    lines: AnyArray


def write_rows(
    file: BinaryIO, matrix: FloatArray, ids: Sequence[bytes] | None, separator: bytes
) -> None:
    """Write a line for each row: its id, where there are ids, and its numbers.

    float16 and float32 get the shortest text that gives back the same float32,
    float64 the shortest that gives back the same float64.
    """
    n_rows, n_columns = matrix.shape
    step = max(1, _NUMBERS // n_columns)
    for start in range(0, n_rows, step):
        texts = _format(np.asarray(matrix[start : start + step]), separator)
        if ids is not None:
            names = ids[start : start + step]
            texts = [
                b"%b%b%b" % (name, separator, text)
                for name, text in zip(names, texts, strict=True)
            ]
        file.write(b"\n".join(texts) + b"\n")


def _format(block: FloatArray, separator: bytes) -> list[bytes]:
    if block.dtype == np.float64:
        between = separator.decode()
        return [between.join(map(repr, row)).encode() for row in block.tolist()]
    block = np.ascontiguousarray(block, np.float32)
    bits = block.view(np.uint32).astype(np.int64)
    out = np.empty(block.size * kernels.MOST_BYTES, np.uint8)
    ends = np.empty(len(block), np.int64)
    kernels.format_rows(block, bits, separator[0], out, ends)
    text = out[: ends[-1]].tobytes()
    starts = [0, *ends[:-1].tolist()]
    return [text[a:b] for a, b in zip(starts, ends.tolist(), strict=True)]


def read_rows(
    file: BinaryIO,
    path: PathType,
    layout: Layout,
    dtype: np.dtype[Any],
    *,
    first_line: int,
    head: bytes = b"",
) -> Rows:
    """Read all lines from here to the end of a file.

    Parameters
    ----------
    file : file object
        Open for reading bytes.
    path : path-like
        Named in errors.
    layout : Layout
        How a line is made up.
    dtype : dtype
        Type to store the numbers in.
    first_line : int
        Number of the line that comes next, ``head`` included.
    head : bytes
        Lines that were read already and belong to the rest.

    Raises
    ------
    GraphFormatError
        With the line: for a line with another count of numbers, something that is no
        number, NaN or infinite values, and ids that are not UTF-8.
    """
    if not 0 < layout.n_components <= MOST_COMPONENTS:
        raise GraphFormatError(
            f"Vectors of {layout.n_components:,} components cannot be read.", path=path
        )
    ids: list[str] = []
    blocks = [np.empty((0, layout.n_components), dtype)]
    numbers = [np.empty(0, np.int64)]
    line = first_line
    for block in _line_blocks(file, head, path):
        values, spans = _parse(block, layout, dtype, line, path)
        if layout.has_id:
            ids += _ids_of(block, spans, layout, line, path)
        blocks.append(_cast(values, dtype, spans[:, 3] + line, path))
        numbers.append(spans[:, 3] + line)
        line += block.count(b"\n")
    return Rows(ids, np.concatenate(blocks), np.concatenate(numbers))


def vectors_of_rows(rows: Rows, id_dtype: str | None, path: PathType) -> Vectors:
    """Make vectors of what was read; a repeated id is reported with its line."""
    if len(set(rows.ids)) != len(rows.ids):
        seen: dict[str, int] = {}
        for row, node in enumerate(rows.ids):
            first = seen.setdefault(node, row)
            if first != row:
                raise GraphFormatError(
                    f"Id {shorten(node)} stands twice, first in line "
                    f"{rows.lines[first]}. Ids must be unique.",
                    path=path,
                    line=int(rows.lines[row]),
                )
    with blame_file(path):
        return Vectors(rows.matrix, index_from_texts(rows.ids, id_dtype, path))


def _line_blocks(file: BinaryIO, head: bytes, path: PathType) -> Any:
    """Give large pieces of a file that end with a newline."""
    left = head
    while True:
        piece = file.read(_BLOCK_BYTES)
        if not piece:
            break
        cut = piece.rfind(b"\n") + 1
        if cut:
            yield left + piece[:cut]
            left = piece[cut:]
        else:
            left += piece
        if len(left) > _MOST_LINE_BYTES:
            raise GraphFormatError(
                f"A line is longer than {_MOST_LINE_BYTES:,} bytes; is this a file of "
                "vectors?",
                path=path,
            )
    if left:
        yield left if left.endswith(b"\n") else left + b"\n"


def _parse(
    block: bytes, layout: Layout, dtype: np.dtype[Any], line: int, path: PathType
) -> tuple[FloatArray, AnyArray]:
    most = block.count(b"\n")
    # A number takes two bytes at least, so that a forged width asks for no memory.
    most = min(most, len(block) // (2 * layout.n_components) + 1) or 1
    if most < block.count(b"\n"):
        most = _count_full_lines(block, layout, line, path)
    values = np.empty((most, layout.n_components), np.float64)
    spans = np.empty((most, 4), np.int64)
    sure = np.empty(most, np.uint8)
    rows = kernels.parse_rows(
        np.frombuffer(block, np.uint8),
        layout.separator[0],
        layout.has_id,
        dtype.itemsize < np.dtype(np.float64).itemsize,
        values,
        spans,
        sure,
    )
    for row in np.flatnonzero(sure[:rows] == 0).tolist():
        end_of_id, _, stop, at = spans[row].tolist()
        values[row] = _by_hand(block[end_of_id:stop], layout, line + at, path)
    return values[:rows], spans[:rows]


def _count_full_lines(block: bytes, layout: Layout, line: int, path: PathType) -> int:
    """Count lines that are not blank; one too short for its numbers is an error."""
    count = 0
    for number, text in enumerate(block.split(b"\n"), line):
        text = text.removesuffix(b"\r")
        if not text:
            continue
        if len(text) < 2 * layout.n_components - 1:
            raise _wrong_count(layout, len(layout.split(text)), number, path)
        count += 1
    return max(count, 1)


def _by_hand(rest: bytes, layout: Layout, line: int, path: PathType) -> list[float]:
    """Read the numbers of one line slowly, or say what is wrong with it."""
    fields = layout.split(rest)
    if len(fields) != layout.n_components:
        raise _wrong_count(layout, len(fields) if rest.strip() else 0, line, path)
    out = []
    for field in fields:
        try:
            if b"_" in field:
                raise ValueError
            out.append(float(field))
        except ValueError:
            raise GraphFormatError(
                f"{shorten(field.decode(errors='replace'))} is no number. Lines of "
                "vectors are an id and numbers; those of a graph are made by an "
                "embedder.",
                path=path,
                line=line,
            ) from None
    return out


def _wrong_count(
    layout: Layout, found: int, line: int, path: PathType
) -> GraphFormatError:
    return GraphFormatError(
        f"Expected {'an id and ' if layout.has_id else ''}{layout.n_components} "
        f"numbers, found {found} numbers. Is there a blank in the id, or a line cut "
        "off?",
        path=path,
        line=line,
    )


def _cast(
    values: FloatArray, dtype: np.dtype[Any], lines: AnyArray, path: PathType
) -> FloatArray:
    with np.errstate(over="ignore", invalid="ignore"):
        out = values.astype(dtype, copy=False)
    fine = np.isfinite(out).all(axis=1)
    if not fine.all():
        row = int(np.argmin(fine))
        bad = values[row][~np.isfinite(out[row])][0]
        remedy = (
            "Vectors must be finite."
            if not np.isfinite(bad)
            else "Pass dtype='float64' to read it."
        )
        raise GraphFormatError(
            f"The value {float(bad)!r} does not fit {dtype}. {remedy}",
            path=path,
            line=int(lines[row]),
        )
    return out


def _ids_of(
    block: bytes, spans: AnyArray, layout: Layout, line: int, path: PathType
) -> list[str]:
    raw = [block[a:b] for b, a, *_ in spans.tolist()]
    if layout.separator == b",":
        raw = [r[1:-1].replace(b'""', b'"') if r.startswith(b'"') else r for r in raw]
    try:
        return [r.decode() for r in raw]
    except UnicodeDecodeError:
        for r, at in zip(raw, spans[:, 3].tolist(), strict=True):
            try:
                r.decode()
            except UnicodeDecodeError as error:
                raise GraphFormatError(
                    f"The id {r[:80]!r} is not UTF-8 ({error.reason} at byte "
                    f"{error.start}). Convert the file to UTF-8.",
                    path=path,
                    line=line + at,
                ) from None
        raise

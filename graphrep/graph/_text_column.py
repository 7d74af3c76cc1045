"""TextColumn: many texts in one UTF-8 buffer, read like a list."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, overload

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.typing import AnyArray, IntArray

_BLOCK_ROWS = 1 << 14
_ERRORS = "surrogatepass"


class TextColumn(Sequence[Any]):
    """Immutable texts, one UTF-8 buffer and their ends; a text may be missing (None).

    Parameters
    ----------
    texts : iterable of str or None
        The texts in row order.

    Attributes
    ----------
    data : ndarray of uint8 of shape (n_bytes,)
        All texts, one after the other; may be memory-mapped.
    offsets : ndarray of int64 of shape (n_texts + 1,)
        Row ``i`` is ``data[offsets[i]:offsets[i + 1]]``.
    missing : ndarray of bool of shape (n_texts,) or None
        Rows that are None; None where no row is.

    Raises
    ------
    GraphTypeError
        If something is neither a text nor None.

    Notes
    -----
    A row costs its bytes and 8 more. Reading one is O(its length); reading all of
    them by iteration decodes blocks of 16,384 rows at once.

    Examples
    --------
    >>> column = TextColumn(["fever", None, "Fieber"])
    >>> column[2], column[-2], list(column[:2])
    ('Fieber', None, ['fever', None])
    """

    __slots__ = ("data", "missing", "offsets")

    def __init__(self, texts: Iterable[str | None]) -> None:
        if isinstance(texts, str):
            raise GraphTypeError("A column needs a list of texts; got a single text.")
        data = bytearray()
        ends = array("q", [0])
        absent: list[int] = []
        for row, text in enumerate(texts):
            if isinstance(text, str):
                data += text.encode("utf-8", _ERRORS)
            elif text is None:
                absent.append(row)
            else:
                raise GraphTypeError(
                    f"Row {row:,} must be a text; got {text!r} of type "
                    f"{type(text).__name__}."
                )
            ends.append(len(data))
        missing = None
        if absent:
            missing = np.zeros(len(ends) - 1, bool)
            missing[absent] = True
        self._set(
            np.frombuffer(bytes(data), np.uint8), np.array(ends, np.int64), missing
        )

    @classmethod
    def from_buffer(
        cls, data: AnyArray, offsets: IntArray, missing: AnyArray | None = None
    ) -> TextColumn:
        """Make a column of its arrays without a copy.

        Raises
        ------
        GraphValueError
            If the offsets do not rise from 0 to the length of the buffer.
        """
        column = cls.__new__(cls)
        bad = len(offsets) == 0 or int(offsets[0]) != 0
        if bad or int(offsets[-1]) != len(data) or bool(np.any(np.diff(offsets) < 0)):
            raise GraphValueError(
                f"The offsets of a text column must rise from 0 to {len(data):,}, the "
                "length of its buffer."
            )
        column._set(data, offsets, missing)
        return column

    def _set(self, data: AnyArray, offsets: IntArray, missing: AnyArray | None) -> None:
        self.data = read_only(data)
        self.offsets = read_only(offsets)
        self.missing = None if missing is None else read_only(missing)

    # -- reading -----------------------------------------------------------------
    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, row: int) -> Any: ...
    @overload
    def __getitem__(self, row: slice) -> TextColumn: ...
    def __getitem__(self, row: int | slice) -> Any:
        if isinstance(row, slice):
            start, stop, step = row.indices(len(self))
            if step != 1:
                return self.take(np.arange(start, stop, step))
            return self._part(start, max(start, stop))
        n = len(self)
        if not -n <= row < n:
            raise IndexError(f"Row {row} is outside a column of {n:,} texts.")
        row = int(row) % n
        if self.missing is not None and self.missing[row]:
            return None
        begin, end = self.offsets[row], self.offsets[row + 1]
        return self.data[begin:end].tobytes().decode("utf-8", _ERRORS)

    def __iter__(self) -> Iterator[Any]:
        for start in range(0, len(self), _BLOCK_ROWS):
            yield from self._decoded(start, min(start + _BLOCK_ROWS, len(self)))

    def tolist(self) -> list[Any]:
        """All texts as a list of str and None."""
        return list(self)

    def take(self, rows: Any) -> TextColumn:
        """Copy some rows, in the order asked, to a new column."""
        rows = np.asarray(rows, np.int64)
        begins = np.asarray(self.offsets)[rows]
        sizes = np.asarray(self.offsets)[rows + 1] - begins
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(sizes, out=offsets[1:])
        data = np.empty(int(offsets[-1]), np.uint8)
        for start in range(0, len(rows), _BLOCK_ROWS):
            stop = min(start + _BLOCK_ROWS, len(rows))
            low, high = int(offsets[start]), int(offsets[stop])
            shift = begins[start:stop] - offsets[start:stop]
            at = np.repeat(shift, sizes[start:stop]) + np.arange(low, high)
            data[low:high] = self.data[at]
        missing = None if self.missing is None else np.asarray(self.missing)[rows]
        if missing is not None and not missing.any():
            missing = None
        return TextColumn.from_buffer(data, offsets, missing)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        more = 0 if self.missing is None else self.missing.nbytes
        return int(self.data.nbytes + self.offsets.nbytes + more)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TextColumn):
            return (
                np.array_equal(self.offsets, other.offsets)
                and np.array_equal(self.data, other.data)
                and np.array_equal(_mask(self), _mask(other))
            )
        if isinstance(other, (list, tuple)):
            return len(self) == len(other) and self.tolist() == list(other)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        head = ", ".join(repr(text) for text in self[:3])
        return f"TextColumn([{head}{', …' if len(self) > 3 else ''}], n={len(self):,})"

    def __reduce__(self) -> tuple[Any, ...]:
        missing = None if self.missing is None else np.array(self.missing)
        parts = (np.array(self.data), np.array(self.offsets), missing)
        return (TextColumn.from_buffer, parts)

    # -- private -----------------------------------------------------------------
    def _part(self, start: int, stop: int) -> TextColumn:
        offsets = np.asarray(self.offsets[start : stop + 1])
        low = int(offsets[0])
        data = self.data[low : int(offsets[-1])]
        missing = None if self.missing is None else self.missing[start:stop]
        return TextColumn.from_buffer(data, offsets - low, missing)

    def _decoded(self, start: int, stop: int) -> list[Any]:
        """Texts of a block of rows; offsets in bytes become offsets in characters."""
        bounds = np.asarray(self.offsets[start : stop + 1])
        block = np.asarray(self.data[int(bounds[0]) : int(bounds[-1])])
        text = block.tobytes().decode("utf-8", _ERRORS)
        bounds = bounds - bounds[0]
        if len(text) != len(block):
            begins = np.zeros(len(block) + 1, np.int64)
            np.cumsum((block & 0xC0) != 0x80, out=begins[1:])
            bounds = begins[bounds]
        ends = bounds.tolist()
        texts: list[Any] = [text[a:b] for a, b in pairwise(ends)]
        if self.missing is not None:
            for row in np.flatnonzero(self.missing[start:stop]).tolist():
                texts[row] = None
        return texts


def stored_column(data: AnyArray, offsets: IntArray) -> TextColumn:
    """Column of arrays that were checked when they were written; nothing is read."""
    column = TextColumn.__new__(TextColumn)
    column._set(data, offsets, None)
    return column


def text_column(texts: Any, *, what: str, length: int | None = None) -> TextColumn:
    """Read texts as a column, and check how many there are."""
    if isinstance(texts, TextColumn):
        column = texts
    else:
        if hasattr(texts, "to_numpy"):
            texts = texts.to_numpy().tolist()
        try:
            column = TextColumn(texts)
        except GraphTypeError as error:
            raise GraphTypeError(f"{what}: {error}") from None
    if length is not None and len(column) != length:
        raise GraphValueError(f"{what} has {len(column):,} rows; it needs {length:,}.")
    return column


def read_only(array: AnyArray) -> AnyArray:
    """View of an array that cannot be written through."""
    view = array.view()
    view.setflags(write=False)
    return view


def _mask(column: TextColumn) -> AnyArray:
    if column.missing is None:
        return np.zeros(len(column), bool)
    return np.asarray(column.missing)

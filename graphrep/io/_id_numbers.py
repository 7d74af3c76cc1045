"""Numbers for the ids of a stream, in memory up to a limit."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.io._edge_chunks import Chunk
from graphrep.io._id_sink import IdSink
from graphrep.io._id_table import IdTable
from graphrep.kernels import _stream_ids as kernels
from graphrep.kernels._id_table import UNKNOWN
from graphrep.typing import AnyArray, IntArray

_FEWEST_PLACES = 1 << 16
_SPARSENESS = 4  # places for each id at most; beyond it a hash table is smaller
_MOST_LOAD = 0.6
_SLOT_BYTES = 16
_PIECE = 1 << 18


class IdNumbers(Protocol):
    """Whatever numbers the ids of chunks by first appearance; -2 if it is frozen."""

    @property
    def count(self) -> int:
        """Ids that have numbers."""
        ...

    @property
    def frozen(self) -> bool:
        """Whether there is no room for more."""
        ...

    def number(self, chunk: Chunk) -> IntArray:
        """Return the number of every id; -1 for one that is absent."""
        ...

    def write(self, sink: IdSink) -> None:
        """Write the ids in the order of their numbers."""
        ...


class TextNumbers:
    """Numbers for texts.

    Parameters
    ----------
    limit : int
        Bytes that the table may take.
    """

    def __init__(self, limit: int) -> None:
        self._table = IdTable()
        self._limit = limit

    @property
    def count(self) -> int:
        """Ids that have numbers."""
        return self._table.count

    @property
    def frozen(self) -> bool:
        """Whether there is no room for more."""
        return self._table.frozen

    def number(self, chunk: Chunk) -> IntArray:
        """Return the number of every id."""
        assert chunk.data is not None
        assert chunk.tokens is not None
        n = len(chunk.tokens[0])
        if not self._table.frozen:
            size = int(np.abs(chunk.tokens[2]).sum()) + n
            self._table.frozen = self._table.needed(n, size) > self._limit
        return self._table.number(chunk.data, chunk.tokens, n)

    def texts(self, start: int, stop: int) -> tuple[AnyArray, IntArray]:
        """Bytes and offsets of some ids."""
        return self._table.part(start, stop)

    def write(self, sink: IdSink) -> None:
        """Write the ids in the order of their numbers."""
        for start in range(0, self.count, _PIECE):
            sink.add_texts(*self.texts(start, min(start + _PIECE, self.count)))


class IntegerNumbers:
    """Numbers for integers: by place while they lie close together, else by hash.

    Parameters
    ----------
    limit : int
        Bytes that the table may take.
    """

    def __init__(self, limit: int) -> None:
        self.count = 0
        self.frozen = False
        self._limit = limit
        self._seen = 0
        self._places: IntArray | None = np.full(_FEWEST_PLACES, -1, np.int64)
        self._table = np.zeros((0, 2), np.int64)
        self._ids = np.empty(_FEWEST_PLACES, np.int64)

    def number(self, chunk: Chunk) -> IntArray:
        """Return the number of every id."""
        assert chunk.integers is not None
        return self.number_values(chunk.integers, chunk.absent)

    def number_values(self, values: IntArray, absent: AnyArray) -> IntArray:
        """Return the number of every id of an array."""
        if not self.frozen:
            self.frozen = not self._make_room(values)
        out = np.empty(len(values), np.int64)
        self._seen += len(values)
        if self._places is None:
            self.count = kernels.number_by_table(
                values, absent, self.frozen, self._table, self._ids, self.count, out
            )
        elif self.frozen:
            inside = (values >= 0) & (values < len(self._places))
            out[:] = UNKNOWN
            found = self._places[values[inside]]
            out[inside] = np.where(found < 0, UNKNOWN, found)
            if len(absent):
                out[absent] = -1
        else:
            self.count = kernels.number_by_place(
                values, absent, self._places, self._ids, self.count, out
            )
        return out

    def ids(self, start: int, stop: int) -> IntArray:
        """Return some ids in the order of their numbers."""
        return self._ids[start : min(stop, self.count)]

    def write(self, sink: IdSink) -> None:
        """Write the ids in the order of their numbers."""
        for start in range(0, self.count, _PIECE):
            sink.add_integers(self.ids(start, start + _PIECE))

    def _make_room(self, values: IntArray) -> bool:
        """Enlarge what must be for so many more ids; tell whether the limit allows."""
        n_ids, wanted = len(self._ids), self.count + len(values)
        n_ids = n_ids if wanted <= n_ids else max(wanted, 2 * n_ids)
        id_bytes = 8 * (n_ids if n_ids == len(self._ids) else n_ids + len(self._ids))
        if self._places is not None:
            low, high = int(values.min(initial=0)), int(values.max(initial=0))
            close = max(_FEWEST_PLACES, _SPARSENESS * (self._seen + len(values)))
            if low >= 0 and high < close:
                have = len(self._places)
                need = have if high < have else max(high + 1, 2 * have)
                most = 8 * (need if need == have else need + have)
                if most + id_bytes <= self._limit:
                    self._enlarge(n_ids)
                    if need > have:
                        places = np.full(need, -1, np.int64)
                        places[:have] = self._places
                        self._places = places
                    return True
        slots = max(len(self._table), _FEWEST_PLACES)
        while wanted > _MOST_LOAD * slots:
            slots *= 2
        if _SLOT_BYTES * slots + id_bytes > self._limit:
            return False
        self._enlarge(n_ids)
        if self._places is not None or slots > len(self._table):
            self._places = None
            self._table = np.zeros((0, 2), np.int64)  # let go before the next
            self._table = np.zeros((slots, 2), np.int64)
            kernels.enter_ids(self._ids, self.count, self._table)
        return True

    def _enlarge(self, n_ids: int) -> None:
        if n_ids > len(self._ids):
            ids = np.empty(n_ids, np.int64)
            ids[: self.count] = self._ids[: self.count]
            self._ids = ids


class RowNumbers:
    """Ids that are their own numbers, as a file of `write_parquet` says.

    Parameters
    ----------
    n_nodes : int
        Number of nodes.
    """

    frozen = False

    def __init__(self, n_nodes: int) -> None:
        self.count = n_nodes

    def number(self, chunk: Chunk) -> IntArray:
        """Return the ids, all in range."""
        assert chunk.integers is not None
        values: IntArray = chunk.integers
        present = values[~chunk.absent] if len(chunk.absent) else values
        if len(present) and not 0 <= present.min() <= present.max() < self.count:
            raise GraphFormatError(
                f"The metadata speaks of ids 0…{self.count - 1} but the table has "
                "others."
            )
        return np.where(chunk.absent, -1, values) if len(chunk.absent) else values

    def write(self, sink: IdSink) -> None:
        """Write nothing: row numbers need no file."""

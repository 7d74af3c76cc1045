"""IdSpill: numbers for the ids that no table in memory had room for.

Such ids go to disk with their places in the stream, parted by a hash, so that all
occurrences of an id are together. Each part then tells where its ids appeared first.
Those places, parted by range and sorted, give the numbers, which go back to the
places of all occurrences, again range by range. Nothing is held for more than one part.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._memory import human_bytes
from graphrep.exceptions import MemoryLimitError
from graphrep.io._edge_chunks import NONE_ABSENT, Chunk
from graphrep.io._id_numbers import IntegerNumbers, TextNumbers
from graphrep.io._id_sink import IdSink
from graphrep.io._raw_file import FilePool, RawFile
from graphrep.kernels import _stream_ids as kernels
from graphrep.typing import AnyArray, IntArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_PIECE = 1 << 17
_HASH_PARTS = 128
_FEWEST_RANGES = 16
_LEAST_PART = 4 << 20  # the smallest table of ids has its size
_RANGE_BYTES = 40  # of a place in a range: its number, and what sorting takes
_LARGEST_INT32 = 2**31 - 2

Texts = tuple[AnyArray, IntArray]


class IdSpill:
    """Ids of a stream that have places but no numbers yet.

    Parameters
    ----------
    folder : Path
        Where scratch files go.
    limit : int
        Bytes of memory that one part may take.
    texts : bool
        Whether the ids are texts.
    """

    def __init__(self, folder: Path, limit: int, *, texts: bool) -> None:
        self.n_records = 0
        self._folder = folder
        self._limit = max(limit, _LEAST_PART)
        self._texts = texts
        columns: dict[str, Any] = {"key": np.uint64, "place": np.int64}
        if texts:
            columns["length"] = np.int32
        self._parts = FilePool(folder, columns, _HASH_PARTS)
        self._bytes = FilePool(folder, {"bytes": np.uint8}, _HASH_PARTS)
        self._first = -1

    def add(self, chunk: Chunk, tokens: IntArray, start: int) -> None:
        """Take some ids of a chunk whose first id has the place ``start``."""
        if not len(tokens):
            return
        if self._first < 0:
            self._first = start + int(tokens[0])
        self.n_records += len(tokens)
        if not self._texts:
            assert chunk.integers is not None
            keys = chunk.integers[tokens].view(np.uint64)
            self._parts.scatter(_part_of(keys), key=keys, place=start + tokens)
            return
        assert chunk.data is not None
        assert chunk.tokens is not None
        keys, starts, lengths = (part[tokens] for part in chunk.tokens)
        parts = _part_of(keys)
        self._parts.scatter(parts, key=keys, place=start + tokens, length=lengths)
        order = np.argsort(parts, kind="stable")
        sizes = np.abs(lengths[order]).astype(np.int64)
        data = np.empty(int(sizes.sum()), np.uint8)
        kernels.copy_tokens(chunk.data, starts, lengths, order, data)
        ends = np.concatenate([[0], np.cumsum(sizes)])
        bounds = np.searchsorted(parts[order], np.arange(_HASH_PARTS + 1))
        for part in np.flatnonzero(np.diff(bounds)).tolist():
            low, high = ends[bounds[part]], ends[bounds[part + 1]]
            self._bytes.append(part, "bytes", data[low:high])

    def resolve(self, count: int, ends: RawFile, sink: IdSink) -> int:
        """Give numbers from ``count`` on, write the ids, and fill in their places.

        ``ends`` is the stream of numbers. Return how many ids there are in all.
        """
        span = ends.size - self._first
        n_ranges = max(_FEWEST_RANGES, -(-span * _RANGE_BYTES // self._limit))
        width = -(-span // n_ranges)
        links = FilePool(self._folder, {"at": np.int64, "first": np.int64}, n_ranges)
        columns: dict[str, Any] = {"born": np.int64}
        columns |= {"size": np.int64} if self._texts else {"id": np.int64}
        born = FilePool(self._folder, columns, n_ranges)
        letters = FilePool(self._folder, {"letters": np.uint8}, n_ranges)
        for part in range(_HASH_PARTS):
            self._find_firsts(part, width, links, born, letters)
        patches = FilePool(self._folder, {"to": np.int64, "code": np.int64}, n_ranges)
        for at in range(n_ranges):
            firsts = self._write_ids(at, born, letters, sink)
            for places, first in links.pieces(at, _PIECE):
                codes = count + np.searchsorted(firsts, first)
                parts = (places - self._first) // width
                patches.scatter(parts, to=places, code=codes)
            links.remove(at)
            count += len(firsts)
        if count > _LARGEST_INT32:
            ends.widen(np.int64)
        for at in range(n_ranges):
            low = self._first + at * width
            block = ends.read(low, min(low + width, ends.size))
            for places, codes in patches.pieces(at, _PIECE):
                block[places - low] = codes
            ends.write(low, block)
            patches.remove(at)
        return count

    # -- private -----------------------------------------------------------------
    def _find_firsts(
        self, part: int, width: int, links: FilePool, born: FilePool, letters: FilePool
    ) -> None:
        """Link every place of an id to its first one; note the new ids there."""
        numbers = (
            TextNumbers(self._limit) if self._texts else IntegerNumbers(self._limit)
        )
        firsts = np.empty(0, np.int64)
        for chunk, places in self._chunks(part):
            before = numbers.count
            codes = numbers.number(chunk)
            if numbers.frozen:
                raise MemoryLimitError(
                    "The ids do not fit the memory limit even in "
                    f"{_HASH_PARTS} parts of {human_bytes(self._limit)} each. Raise "
                    "memory_limit."
                )
            fresh, where = np.unique(codes, return_index=True)
            new = places[where[fresh >= before]]
            firsts = np.concatenate([firsts, new])
            first = firsts[codes]
            parts = (first - self._first) // width
            links.scatter(parts, at=places, first=first)
            self._note_born(numbers, before, new, width, born, letters)
        self._parts.remove(part)
        self._bytes.remove(part)

    def _chunks(self, part: int) -> Iterator[tuple[Chunk, IntArray]]:
        start = 0
        for keys, places, *rest in self._parts.pieces(part, _PIECE):
            if not self._texts:
                yield Chunk(len(keys), keys.view(np.int64), NONE_ABSENT), places
                continue
            lengths = rest[0]
            sizes = np.abs(lengths).astype(np.int64)
            starts = np.concatenate([[0], np.cumsum(sizes)])
            data = self._bytes.read(part, "bytes", start, int(starts[-1]))
            start += len(data)
            tokens = (keys, starts[:-1].astype(np.int32), lengths)
            yield Chunk(len(keys), data=data, tokens=tokens), places

    def _note_born(
        self,
        numbers: TextNumbers | IntegerNumbers,
        before: int,
        places: IntArray,
        width: int,
        born: FilePool,
        letters: FilePool,
    ) -> None:
        parts = (places - self._first) // width
        if isinstance(numbers, IntegerNumbers):
            ids = numbers.ids(before, numbers.count)
            born.scatter(parts, born=places, id=ids)
            return
        data, offsets = numbers.texts(before, numbers.count)
        sizes = np.diff(offsets)
        born.scatter(parts, born=places, size=sizes)
        order = np.argsort(parts, kind="stable")
        data, offsets = _taken(data, offsets, order)
        bounds = np.searchsorted(parts[order], np.arange(born.n_parts + 1))
        for part in np.flatnonzero(np.diff(bounds)).tolist():
            low, high = offsets[bounds[part]], offsets[bounds[part + 1]]
            letters.append(part, "letters", data[low:high])

    def _write_ids(
        self, at: int, born: FilePool, letters: FilePool, sink: IdSink
    ) -> IntArray:
        """Write the ids born in a range in order; return their first places."""
        firsts = born.read(at, "born", 0, -1)
        order = np.argsort(firsts, kind="stable")
        if self._texts:
            sizes = born.read(at, "size", 0, -1)
            offsets = np.concatenate([[0], np.cumsum(sizes)])
            if len(firsts):
                sink.add_texts(
                    *_taken(letters.read(at, "letters", 0, -1), offsets, order)
                )
        else:
            sink.add_integers(born.read(at, "id", 0, -1)[order])
        born.remove(at)
        letters.remove(at)
        sorted_firsts: IntArray = firsts[order]
        return sorted_firsts


def _part_of(keys: AnyArray) -> IntArray:
    return ((keys * _GOLDEN) >> np.uint64(40)).astype(np.int64) % _HASH_PARTS


def _taken(data: AnyArray, offsets: IntArray, order: IntArray) -> Texts:
    """Texts in another order."""
    starts, sizes = offsets[:-1][order], np.diff(offsets)[order]
    out = np.empty(int(sizes.sum()), np.uint8)
    kernels.copy_tokens(data, starts, sizes, np.arange(len(order)), out)
    return out, np.concatenate([[0], np.cumsum(sizes)])

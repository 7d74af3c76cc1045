"""Numbered edges on disk into sorted rows, one range of rows at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._memory import human_bytes
from graphrep._utils._npy_files import NpyWriter
from graphrep.exceptions import GraphValueError, MemoryLimitError
from graphrep.graph._csr import CSR, DUPLICATES, index_dtype, weight_message
from graphrep.io._raw_file import RawFile
from graphrep.kernels import _csr as csr_kernels
from graphrep.kernels import _edge_sort as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray

PIECE_EDGES = 1 << 18
_KEY_BITS = 64
_ROW_BYTES = 16  # of a row of a bucket: its pointer, and one to write
_MOST_COARSE = 1 << 14
_USUAL_BYTES = 256 << 20
_NO_WEIGHTS = np.empty(0, np.float32)


@dataclass
class Ends:
    """The stream of edges as numbers: source and target in turn, and weights."""

    numbers: RawFile
    weights: RawFile | None
    n_edges: int

    @property
    def weight_dtype(self) -> np.dtype[Any] | None:
        """Type of the weights."""
        return None if self.weights is None else self.weights.dtype

    def pieces(self) -> Iterator[tuple[IntArray, FloatArray]]:
        """Numbers and weights of so many edges at a time."""
        for start in range(0, self.numbers.size, 2 * PIECE_EDGES):
            ends = self.numbers.read(start, start + 2 * PIECE_EDGES)
            low = start // 2
            weights = _NO_WEIGHTS
            if self.weights is not None:
                weights = self.weights.read(low, low + PIECE_EDGES)
            yield ends, weights

    def remove(self) -> None:
        """Delete the files."""
        self.numbers.remove()
        if self.weights is not None:
            self.weights.remove()


@dataclass
class Buckets:
    """Entries of the adjacency, parted into ranges of rows."""

    cuts: IntArray
    starts: IntArray
    bits: int
    keys: RawFile | AnyArray
    data: RawFile | AnyArray

    def read(self, at: int) -> tuple[AnyArray, AnyArray]:
        """Keys and weights of one bucket."""
        low, high = int(self.starts[at]), int(self.starts[at + 1])
        keys, data = (
            part.read(low, high) if isinstance(part, RawFile) else part[low:high]
            for part in (self.keys, self.data)
        )
        return keys, data

    def remove(self) -> None:
        """Delete the files, if there are any."""
        for part in (self.keys, self.data):
            if isinstance(part, RawFile):
                part.remove()


@dataclass
class Totals:
    """What was found while the rows were written."""

    nnz: int = 0
    loops: int = 0
    merged_nnz: int = 0
    merged_loops: int = 0
    repeated: int = 0
    not_one: int = 0
    max_degree: int = 0
    files: dict[str, Any] = field(default_factory=dict)


def count_entries(ends: Ends, n_nodes: int, *, mirror: bool) -> IntArray:
    """Count the entries of each row, repeated ones too."""
    counts = np.zeros(n_nodes, np.int64)
    for numbers, _ in ends.pieces():
        kernels.count_ends(numbers, mirror, counts)
    return counts


def entry_bytes(weight_dtype: np.dtype[Any] | None) -> int:
    """Bytes that sorting takes for an entry."""
    return 16 + 2 * (0 if weight_dtype is None else weight_dtype.itemsize)


def cut_rows(
    counts: IntArray, weight_dtype: np.dtype[Any] | None, limit: int
) -> tuple[IntArray, IntArray]:
    """Cut the rows into ranges whose sorting takes so many bytes at most.

    Ranges stay below 256 MiB where rows allow: larger ones miss the caches and do not
    see an interrupt for seconds. ``counts`` is used up. Return the first rows of the
    ranges and where their entries begin, both with the end.

    Raises
    ------
    MemoryLimitError
        If a single row takes more.
    """
    n = len(counts)
    unit = entry_bytes(weight_dtype)
    most = int(counts.max(initial=0))
    if most * unit > limit:
        raise MemoryLimitError(
            f"The row of the largest node has {most:,} entries; sorting it takes "
            f"{human_bytes(most * unit)} and the memory limit leaves "
            f"{human_bytes(limit)} for it. Raise memory_limit."
        )
    limit = min(limit, _USUAL_BYTES)
    ends = np.cumsum(counts, out=counts)
    column_bits = max(1, (n - 1).bit_length())
    most_rows = min(max(1, limit // (4 * _ROW_BYTES)), 1 << (_KEY_BITS - column_bits))
    most_entries = max(most, int((limit - _ROW_BYTES * min(n, most_rows)) // unit))
    cuts, starts = [0], [0]
    while cuts[-1] < n:
        row = int(np.searchsorted(ends, starts[-1] + most_entries, side="right"))
        cuts.append(min(max(row, cuts[-1] + 1), cuts[-1] + most_rows, n))
        starts.append(int(ends[cuts[-1] - 1]))
    return np.array(cuts, np.int64), np.array(starts, np.int64)


def partition(
    ends: Ends, cuts: IntArray, starts: IntArray, folder: Path, *, mirror: bool
) -> Buckets:
    """Write the entries of all edges into the ranges of their rows."""
    bits = max(1, (int(cuts[-1]) - 1).bit_length())
    kind = ends.weight_dtype
    keys: Any
    data: Any
    if len(cuts) <= 2:  # one bucket needs no disk
        keys = np.empty(int(starts[-1]), np.uint64)
        data = _NO_WEIGHTS if kind is None else np.empty(len(keys), kind)
    else:
        keys = RawFile(folder / "keys", np.uint64)
        data = _NO_WEIGHTS if kind is None else RawFile(folder / "data", kind)
    coarse, shift = _coarse(cuts)
    cursors = starts[:-1].copy()
    local = np.empty(len(cuts), np.int64)
    out_keys = np.empty(4 * PIECE_EDGES, np.uint64)
    out_data = np.empty(0 if kind is None else len(out_keys), kind or np.float32)
    for numbers, weights in ends.pieces():
        kernels.partition_ends(
            numbers, weights, kind is not None, mirror, cuts, coarse, shift, bits,
            local, out_keys, out_data,
        )  # fmt: skip
        for part in np.flatnonzero(np.diff(local)).tolist():
            low, high = int(local[part]), int(local[part + 1])
            at = int(cursors[part])
            _put(keys, at, out_keys[low:high])
            if kind is not None:
                _put(data, at, out_data[low:high])
            cursors[part] += high - low
    return Buckets(cuts, starts, bits, keys, data)


def _put(target: Any, at: int, values: AnyArray) -> None:
    if isinstance(target, RawFile):
        target.write(at, values)
    else:
        target[at : at + len(values)] = values


def _coarse(cuts: IntArray) -> tuple[IntArray, int]:
    """First bucket of every block of 2**shift rows, and the shift."""
    shift = max(0, (int(cuts[-1]) // _MOST_COARSE).bit_length())
    firsts = np.arange(0, int(cuts[-1]), 1 << shift)
    return np.searchsorted(cuts, firsts, side="right") - 1, shift


def write_rows(
    buckets: Buckets,
    folder: Path,
    *,
    weighted: bool,
    duplicates: str,
    n_threads: int,
    name_of: Callable[[int], Any],
) -> Totals:
    """Sort the buckets in threads and write their rows in order."""
    writer = _RowWriter(folder, int(buckets.cuts[-1]))
    rule = "first" if duplicates == "error" else duplicates
    n_buckets = len(buckets.cuts) - 1
    with ThreadPoolExecutor(n_threads) as pool, writer:
        waiting: deque[Future[_Rows]] = deque()
        for at in range(n_buckets):
            waiting.append(pool.submit(_sorted_bucket, buckets, at, weighted, rule))
            if len(waiting) == n_threads:
                writer.add(waiting.popleft().result(), name_of)
        while waiting:
            writer.add(waiting.popleft().result(), name_of)
        return writer.finish()


@dataclass
class _Rows:
    """Rows of one bucket, repeated entries merged."""

    first_row: int
    csr: CSR
    repeated: int


def _sorted_bucket(buckets: Buckets, at: int, weighted: bool, rule: str) -> _Rows:
    low, high = int(buckets.cuts[at]), int(buckets.cuts[at + 1])
    keys, data = buckets.read(at)
    other_keys, other_data = np.empty_like(keys), np.empty_like(data)
    bits = buckets.bits + max(0, (high - low - 1).bit_length())
    if kernels.sort_keys(keys, data, weighted, other_keys, other_data, bits):
        keys, data = other_keys, other_data
    del other_keys, other_data
    indptr = np.empty(high - low + 1, np.int64)
    indices = np.empty(len(keys), index_dtype(int(buckets.cuts[-1])))
    repeated = int(kernels.unpack_keys(keys, buckets.bits, indptr, indices))
    del keys
    if not weighted:
        counted = rule == "sum" and repeated
        data = np.ones(len(indices), np.float32) if counted else _NO_WEIGHTS
    if repeated:
        kept = csr_kernels.merge_duplicates(
            indptr, indices, data, len(data) > 0, DUPLICATES[rule]
        )
        indices, data = indices[:kept], data[:kept]
    return _Rows(low, CSR(indptr, indices, data if len(data) else None), repeated)


class _RowWriter:
    """Write rows to files, and weights once there are any."""

    def __init__(self, folder: Path, n_nodes: int) -> None:
        self._folder = folder
        self._indptr = NpyWriter(folder / "indptr.npy", np.int64)
        self._indptr.write(np.zeros(1, np.int64))
        self._indices = NpyWriter(folder / "indices.npy", index_dtype(n_nodes))
        self._weights: NpyWriter | None = None
        self._totals = Totals()

    def __enter__(self) -> _RowWriter:
        return self

    def __exit__(self, *error: object) -> None:
        for writer in (self._indptr, self._indices, self._weights):
            if writer is not None:
                writer.__exit__(None, None, None)

    def add(self, rows: _Rows, name_of: Callable[[int], Any]) -> None:
        """Append the rows of the next bucket."""
        totals, csr = self._totals, rows.csr
        totals.repeated += rows.repeated
        loops = int(kernels.count_diagonal(csr.indptr, csr.indices, rows.first_row))
        totals.merged_nnz += len(csr.indices)
        totals.merged_loops += loops
        if csr.weights is not None:
            csr = self._tidied(csr, rows.first_row, name_of)
            loops = int(kernels.count_diagonal(csr.indptr, csr.indices, rows.first_row))
            self._add_weights(csr)
        elif self._weights is not None:
            self._weights.write(np.ones(len(csr.indices), np.float32))
        self._indptr.write(csr.indptr[1:] + totals.nnz)
        self._indices.write(csr.indices)
        totals.nnz += len(csr.indices)
        totals.loops += loops
        degree = np.diff(csr.indptr).max(initial=0)
        totals.max_degree = max(totals.max_degree, int(degree))

    def finish(self) -> Totals:
        """Close the files; weights that are all one are deleted."""
        totals = self._totals
        totals.files["indptr.npy"] = self._indptr.close()
        totals.files["indices.npy"] = self._indices.close()
        if self._weights is not None:
            entry = self._weights.close()
            if totals.not_one:
                totals.files["weights.npy"] = entry
            else:
                self._weights.path.unlink()
        return totals

    def _add_weights(self, csr: CSR) -> None:
        if self._weights is None:
            path = self._folder / "weights.npy"
            self._weights = NpyWriter(path, csr.data.dtype)
            done = self._totals.nnz  # counts of edges that were all one so far
            for start in range(0, done, PIECE_EDGES):
                size = min(PIECE_EDGES, done - start)
                self._weights.write(np.ones(size, np.float32))
        self._weights.write(csr.data)

    def _tidied(self, csr: CSR, first_row: int, name_of: Callable[[int], Any]) -> CSR:
        """Refuse sums that overflow, and drop entries of weight zero."""
        bad, negative, zeros, not_one = csr_kernels.check_weights(csr.data)
        at = int(bad if bad >= 0 else negative)
        if at >= 0:
            row = int(np.searchsorted(csr.indptr, at, side="right") - 1)
            edge = (name_of(first_row + row), name_of(int(csr.indices[at])))
            raise GraphValueError(weight_message(float(csr.data[at]), f"edge {edge}"))
        self._totals.not_one += int(not_one - zeros)
        if not zeros:
            return csr
        indptr, indices, data = csr.indptr, csr.indices, csr.data
        kept = csr_kernels.drop_entries(indptr, indices, data, True, True, False)
        return CSR(indptr, indices[:kept], data[:kept])

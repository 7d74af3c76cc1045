"""A stream of edges into the arrays of a graph on disk, in bounded memory."""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._memory import available_memory, human_bytes, memory_bytes
from graphrep._utils._parallel import available_cpus, check_n_jobs
from graphrep.exceptions import GraphFormatError, GraphValueError, MemoryLimitError
from graphrep.graph._csr import index_dtype
from graphrep.graph._edges import check_duplicates, tell_merged
from graphrep.graph._stored_index import StoredIndex
from graphrep.io import _edge_sort as sort
from graphrep.io._blame import blame_file
from graphrep.io._edge_chunks import INTEGERS, TEXTS, Chunk, EdgeStream
from graphrep.io._edgelist import no_edges
from graphrep.io._id_numbers import IdNumbers, IntegerNumbers, RowNumbers, TextNumbers
from graphrep.io._id_sink import IdSink, open_index
from graphrep.io._id_spill import IdSpill
from graphrep.io._raw_file import RawFile
from graphrep.kernels._id_table import UNKNOWN

_LOG = logging.getLogger("graphrep.io")
_READING = 64 << 20  # blocks of the source, and what is made of them, in flight
_LEAST = 96 << 20
_USUAL = 2 << 30  # where the platform does not tell what is free
_LARGEST_INT32 = 2**31 - 2
_MOST_THREADS = 8


@dataclass(frozen=True)
class Plan:
    """What may be held in memory.

    Attributes
    ----------
    limit : int
        Bytes that the work may take, the interpreter and its libraries aside.
    n_threads : int
        Buckets that are sorted side by side.
    reading : int
        Bytes of ``limit`` that are kept for reading.
    """

    limit: int
    n_threads: int
    reading: int

    @property
    def rest(self) -> int:
        """Bytes for tables and sorting."""
        return self.limit - self.reading


def plan(memory_limit: int | str | None, n_jobs: int | None) -> Plan:
    """Divide the memory.

    Raises
    ------
    MemoryLimitError
        If the limit is too small for reading alone.
    """
    if memory_limit is None:
        free = available_memory()
        limit = max(_LEAST, _USUAL if free is None else free // 2)
    else:
        limit = memory_bytes(memory_limit)
    if limit < _LEAST:
        raise MemoryLimitError(
            f"memory_limit={memory_limit!r} is {human_bytes(limit)}; making a store "
            f"takes {human_bytes(_LEAST)} at least, of which reading takes "
            f"{human_bytes(_READING)}. Raise it."
        )
    check_n_jobs(n_jobs)
    most = available_cpus()
    if n_jobs is not None:
        most = n_jobs if n_jobs > 0 else max(1, most + 1 + n_jobs)
    return Plan(limit, max(1, min(most, _MOST_THREADS)), _READING)


def build(
    stream: EdgeStream, folder: Path, scratch: Path, made: Plan, duplicates: str
) -> dict[str, Any]:
    """Write the arrays of the graph into a folder; return its facts and files."""
    check_duplicates(duplicates)
    if stream.n_edges is not None:
        check_disk(scratch, 8 * stream.n_edges, "the numbers of the edges")
    ends, index, kind, files = _numbered(stream, folder, scratch, made)
    n_nodes, mirror = len(index), not stream.directed
    _check_nodes(n_nodes, made)
    counts = sort.count_entries(ends, n_nodes, mirror=mirror)
    n_entries = int(counts.sum())
    weight = ends.weight_dtype
    width = 0 if weight is None else weight.itemsize
    largest = max(1, int(counts.max(initial=0)) * sort.entry_bytes(weight))
    n_threads = max(1, min(made.n_threads, made.rest // largest))
    cuts, starts = sort.cut_rows(counts, weight, made.rest // n_threads)
    del counts
    out = n_entries * (np.dtype(index_dtype(n_nodes)).itemsize + width) + 8 * n_nodes
    check_disk(folder, out, "the arrays of the graph")
    if len(cuts) > 2:
        check_disk(scratch, n_entries * (8 + width), "sorting the edges")
    _LOG.info("%d entries in %d buckets", n_entries, len(cuts) - 1)
    buckets = sort.partition(ends, cuts, starts, scratch, mirror=mirror)
    ends.remove()
    with _blamed(stream):
        totals = sort.write_rows(
            buckets, folder, weighted=weight is not None, duplicates=duplicates,
            n_threads=n_threads, name_of=_namer(index),
        )  # fmt: skip
    buckets.remove()
    merged = 0
    if totals.repeated:
        merged = ends.n_edges - _n_edges(totals.merged_nnz, totals.merged_loops, mirror)
        tell_merged(merged, duplicates, stream.directed)
    return {
        "n_nodes": n_nodes,
        "n_edges": _n_edges(totals.nnz, totals.loops, mirror),
        "nnz": totals.nnz,
        "n_loops": totals.loops,
        "n_merged": merged,
        "directed": stream.directed,
        "weighted": "weights.npy" in totals.files,
        "max_degree": totals.max_degree,
        "ids": kind,
        "files": totals.files | files,
    }


def check_disk(folder: Path, needed: int, what: str) -> None:
    """Refuse to begin what the disk has no room for."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(
            errno.ENOSPC,
            f"{what[0].upper()}{what[1:]} would take {human_bytes(needed)} and the "
            f"disk has {human_bytes(free)} free. Make room, or pass work_dir= on "
            "another disk",
            str(folder),
        )


# -- numbering -------------------------------------------------------------------
def _numbered(
    stream: EdgeStream, folder: Path, scratch: Path, made: Plan
) -> tuple[sort.Ends, StoredIndex, str, dict[str, Any]]:
    """Give numbers to all ids; return them, the ids, their kind and files."""
    spool = _Spool(scratch)
    numbers: IdNumbers | None = None
    spill: IdSpill | None = None
    sink: IdSink | None = None
    for chunk in stream.chunks:
        if numbers is None or sink is None or spill is None:
            rule = stream.id_rule or (TEXTS if chunk.integers is None else INTEGERS)
            numbers = _numbers_for(stream, rule, made)
            spill = IdSpill(scratch, made.rest, texts=rule != INTEGERS)
            sink = IdSink(folder, rule, warn_blanks=stream.warn_blanks)
        if (chunk.integers is None) != isinstance(numbers, TextNumbers):
            raise GraphValueError(
                "Some chunks have integers as ids and others texts. Make them alike."
            )
        with _blamed(stream):
            codes = numbers.number(chunk)
        if numbers.frozen:
            spill.add(chunk, np.flatnonzero(codes == UNKNOWN), spool.numbers.size)
        spool.append(codes, chunk, numbers.count)
        if chunk.error is not None:
            raise chunk.error
    if numbers is None or sink is None or spill is None:
        numbers = RowNumbers(stream.n_range or 0)
        sink = IdSink(folder, INTEGERS)
        spill = IdSpill(scratch, made.rest, texts=False)
    count = numbers.count
    numbers.write(sink)
    del numbers
    if spill.n_records:
        _LOG.info("%d ends were numbered on disk", spill.n_records)
        count = spill.resolve(count, spool.numbers, sink)
    if not spool.n_edges and not stream.allow_empty:
        raise GraphFormatError(no_edges(count), path=stream.path)
    if stream.n_nodes is not None and count != stream.n_nodes:
        raise GraphFormatError(
            f"The metadata speaks of {stream.n_nodes:,} nodes but {count:,} were "
            "found.",
            path=stream.path,
        )
    with _blamed(stream):
        kind, files = sink.finish()
    index = open_index(folder, kind, files, count)
    ends = sort.Ends(spool.numbers, spool.weights, spool.n_edges)
    return ends, index, kind, files


def _numbers_for(stream: EdgeStream, rule: str, made: Plan) -> IdNumbers:
    if stream.n_range is not None:
        return RowNumbers(stream.n_range)
    return IntegerNumbers(made.rest) if rule == INTEGERS else TextNumbers(made.rest)


class _Spool:
    """Numbers and weights of the edges, on disk in the order of the stream."""

    def __init__(self, scratch: Path) -> None:
        self.numbers = RawFile(scratch / "ends", np.int32)
        self.weights: RawFile | None = None
        self.n_edges = 0
        self._scratch = scratch

    def append(self, codes: Any, chunk: Chunk, count: int) -> None:
        """Take the numbers of one chunk; there are ``count`` ids so far."""
        if count > _LARGEST_INT32:
            self.numbers.widen(np.int64)
        if chunk.n_edges and (chunk.weights is None) != (self.weights is None):
            if self.numbers.size:
                raise GraphValueError(
                    "Some chunks or files of edges have weights and others have none. "
                    "Give all of them weights, or pass weight=None."
                )
            assert chunk.weights is not None
            self.weights = RawFile(self._scratch / "weights", chunk.weights.dtype)
        self.numbers.append(codes)
        self.n_edges += int(np.count_nonzero(codes[1::2] != -1))
        if self.weights is not None and chunk.weights is not None:
            self.weights.widen(
                np.promote_types(self.weights.dtype, chunk.weights.dtype)
            )
            self.weights.append(chunk.weights)


# -- small things ----------------------------------------------------------------
def _check_nodes(n_nodes: int, made: Plan) -> None:
    needed = 8 * n_nodes
    if needed > made.rest:
        raise MemoryLimitError(
            f"The graph has {n_nodes:,} nodes, whose degrees take "
            f"{human_bytes(needed)}; the memory limit of {human_bytes(made.limit)} "
            f"leaves {human_bytes(made.rest)}. Raise memory_limit to "
            f"{human_bytes(needed + made.reading)}."
        )


def _n_edges(entries: int, loops: int, mirror: bool) -> int:
    return (entries + loops) // 2 if mirror else entries


def _namer(index: StoredIndex) -> Callable[[int], Any]:
    def name_of(row: int) -> Any:
        column = index.column
        if column is None:
            return row
        return int(column[row]) if index.is_integer else column[row]

    return name_of


def _blamed(stream: EdgeStream) -> AbstractContextManager[None]:
    return nullcontext() if stream.path is None else blame_file(stream.path)

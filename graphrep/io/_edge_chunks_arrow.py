"""Edges out of Parquet and Arrow files and streams, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of, require
from graphrep.exceptions import GraphFormatError, GraphTypeError
from graphrep.io import _arrow_table as tables
from graphrep.io._arrow_codes import as_plain_ids, check_nulls, id_type
from graphrep.io._blame import blame_file
from graphrep.io._edge_chunks import (
    INTEGERS,
    NONE_ABSENT,
    TEXTS,
    Chunk,
    EdgeStream,
    checked_weights,
    chunk_of_texts,
    in_turn,
)
from graphrep.typing import AnyArray, PathType

BATCH_ROWS = 1 << 17
_PARQUET_MARK, _ARROW_MARK = b"PAR1", b"ARROW1"


def arrow_stream(
    paths: list[PathType],
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = tables.DEFAULT_WEIGHT,
    directed: bool | None = None,
    allow_empty: bool = False,
    n_jobs: int | None = None,
) -> EdgeStream:
    """Stream of one file of edges or of several, one after the other."""
    require("pyarrow", extra="io", why="Reading a Parquet or Arrow file")
    names = (source, target, weight)
    schemas = [_schema_of(path) for path in paths]
    said = [
        tables.read_metadata(schema, path)
        for (schema, _), path in zip(schemas, paths, strict=True)
    ]
    kinds = {
        str(id_type(schema.field(column).type, column, path))
        for (schema, _), path in zip(schemas, paths, strict=True)
        for column in tables.choose_columns(schema, names, path)[:2]
    }
    if len(kinds) > 1:
        raise GraphFormatError(
            f"The columns of ids differ in type: {' and '.join(sorted(kinds))}. Save "
            "all as texts or all as integers.",
            path=paths[0],
        )
    n_range, n_nodes = _sizes(said, paths)
    if directed is None:
        directed = any(bool(s.get("directed")) for s in said)
    rows = [n for _, n in schemas]
    return EdgeStream(
        _file_chunks(paths, names, said),
        INTEGERS if kinds == {"int64"} else TEXTS,
        directed,
        n_range=n_range,
        n_nodes=n_nodes,
        n_edges=None if None in rows else sum(n or 0 for n in rows),
        allow_empty=allow_empty or any(said),
        path=paths[0],
    )


def table_stream(
    parts: Iterable[Any],
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = tables.DEFAULT_WEIGHT,
    directed: bool | None = None,
) -> EdgeStream:
    """Stream of tables, record batches, or of what exports an Arrow stream."""
    require("pyarrow", extra="io", why="Reading an Arrow stream")
    return EdgeStream(
        _stream_chunks(parts, (source, target, weight)),
        None,
        bool(directed),
        allow_empty=True,
    )


def _sizes(
    said: list[dict[str, Any]], paths: list[PathType]
) -> tuple[int | None, int | None]:
    """Numbers of nodes that metadata speak of: as a range, and at all."""
    if not any(said):
        return None, None
    ranges = [s["n_nodes"] for s in said if s.get("range")]
    if ranges and len(ranges) < len(said):
        raise GraphFormatError(
            "The ids of some of the files are row numbers, as their metadata say, and "
            "those of others are not. Make a store of each, or drop the metadata.",
            path=paths[0],
        )
    if ranges:
        return max(ranges), None
    return None, said[0]["n_nodes"] if len(said) == 1 else None


@contextmanager
def _opened(path: PathType) -> Iterator[Any]:
    """Give a reader of batches: ``ParquetFile`` or one of Arrow's."""
    import pyarrow as pa
    from pyarrow import parquet

    with Path(path).open("rb") as file:
        head = file.read(len(_ARROW_MARK))
    with blame_file(path):
        try:
            with pa.OSFile(str(path)) as source:
                if head.startswith(_PARQUET_MARK):
                    yield parquet.ParquetFile(
                        source, pre_buffer=False, page_checksum_verification=True
                    )
                elif head == _ARROW_MARK:
                    yield pa.ipc.open_file(source)
                else:
                    yield pa.ipc.open_stream(source)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise GraphFormatError(
                f"pyarrow cannot read the file ({error}). Is it damaged, compressed as "
                "a whole, or of another format?",
                path=path,
            ) from error


def _schema_of(path: PathType) -> tuple[Any, int | None]:
    with _opened(path) as reader:
        if hasattr(reader, "schema_arrow"):
            return reader.schema_arrow, int(reader.metadata.num_rows)
        return reader.schema, None


def _file_chunks(
    paths: list[PathType], names: tables.ColumnNames, said: list[dict[str, Any]]
) -> Iterator[Chunk]:
    for path, facts in zip(paths, said, strict=True):
        n_node_rows = facts.get("n_node_rows", 0)
        row = 0
        with _opened(path) as reader:
            for batch in _batches(reader, names, path):
                lone = min(max(n_node_rows - row, 0), len(batch))
                yield _chunk_of_batch(batch, names, lone, row, path)
                row += len(batch)


def _batches(reader: Any, names: tables.ColumnNames, path: PathType) -> Iterator[Any]:
    if hasattr(reader, "schema_arrow"):
        columns = tables.choose_columns(reader.schema_arrow, names, path)
        yield from reader.iter_batches(batch_size=BATCH_ROWS, columns=columns)
        return
    columns = tables.choose_columns(reader.schema, names, path)
    if hasattr(reader, "num_record_batches"):
        parts: Any = map(reader.get_batch, range(reader.num_record_batches))
    else:
        parts = reader
    for part in parts:
        yield from _slices(part.select(columns))


def _slices(batch: Any) -> Iterator[Any]:
    for start in range(0, len(batch), BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)


def _stream_chunks(parts: Iterable[Any], names: tables.ColumnNames) -> Iterator[Chunk]:
    row = 0
    for part in parts:
        for batch in _batches_of(part):
            columns = tables.choose_columns(batch.schema, names, "stream")
            for piece in _slices(batch.select(columns)):
                yield _chunk_of_batch(piece, names, 0, row, "stream")
                row += len(piece)


def _batches_of(part: Any) -> Iterator[Any]:
    import pyarrow as pa

    if isinstance(part, pa.RecordBatch):
        yield part
    elif isinstance(part, pa.Table):
        yield from part.to_batches()
    elif hasattr(part, "__arrow_c_stream__"):
        yield from pa.RecordBatchReader.from_stream(part)
    else:
        raise GraphTypeError(
            f"A stream of tables holds a {module_of(part)} {type(part).__name__}; its "
            "parts must be Arrow tables, record batches, or export an Arrow stream."
        )


def _chunk_of_batch(
    batch: Any, names: tables.ColumnNames, lone: int, row: int, path: PathType
) -> Chunk:
    """Chunk of a batch whose first ``lone`` rows name single nodes."""
    import pyarrow as pa

    source, target = (batch.column(batch.schema.names.index(n)) for n in names[:2])
    check_nulls(source, "source", row, path)
    check_nulls(target.slice(lone), "target", row + lone, path)
    kind = id_type(source.type, "source", path)
    if kind != id_type(target.type, "target", path):
        raise GraphFormatError(
            f"The columns of ids differ in type: {source.type} and {target.type}. "
            "Save both as texts or both as integers.",
            path=path,
        )
    sides = [as_plain_ids(side, kind, path) for side in (source, target)]
    if pa.types.is_integer(kind):
        values = [side.fill_null(0).to_numpy() for side in sides]
        chunk = Chunk(len(batch), in_turn(*values), _absent(len(batch), lone))
    else:
        chunk = _chunk_of_texts(sides, lone, path)
    if names[2] in batch.schema.names:
        at = batch.schema.names.index(names[2])
        column = pa.chunked_array([batch.column(at)])
        weights = tables.read_weights(column.slice(lone), row + lone, path)
        if lone:
            weights = np.concatenate([np.ones(lone, weights.dtype), weights])
        chunk = chunk._replace(weights=checked_weights(weights, chunk, row))
    return chunk


def _absent(n: int, lone: int) -> AnyArray:
    if not lone:
        return NONE_ABSENT
    absent = np.zeros(2 * n, bool)
    absent[1 : 2 * lone : 2] = True
    return absent


def _chunk_of_texts(sides: list[Any], lone: int, path: PathType) -> Chunk:
    """Tokens over the bytes of both columns; a null is marked by one byte."""
    data, offsets = [], [np.zeros(1, np.int64)]
    end = 0
    for side in sides:
        filled = side.fill_null("-")
        _, bounds, raw = filled.buffers()
        ends = np.frombuffer(bounds, np.int64)[filled.offset :][: len(filled) + 1]
        low, high = int(ends[0]), int(ends[-1])
        if raw is not None:
            data.append(np.frombuffer(raw, np.uint8)[low:high])
        offsets.append(ends[1:] - (low - end))
        end += high - low
    with blame_file(path):
        joined = np.concatenate(data) if data else np.empty(0, np.uint8)
        chunk = chunk_of_texts(joined, np.concatenate(offsets))
    if lone:
        assert chunk.tokens is not None
        chunk.tokens[2][1 : 2 * lone : 2] = 0
    return chunk

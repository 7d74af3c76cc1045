"""Ids in Arrow columns into row numbers, without a Python object for each edge."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.graph import NodeIndex
from graphrep.typing import IntArray, PathType


def number_ends(
    source: Any, target: Any, n_node_rows: int, path: PathType
) -> tuple[IntArray, IntArray, NodeIndex]:
    """Give row numbers to the ends of edges that stand in two chunked columns.

    The first ``n_node_rows`` rows name one node each and their target is null; a
    null anywhere else is an error. Nodes are numbered in order of first appearance,
    source before target of the same row. O(m) in time and memory.

    Returns
    -------
    rows, columns : ndarray of int64
        Ends of the edges, rows that name nodes left out.
    nodes : NodeIndex
    """
    check_nulls(source, "source", 0, path)
    check_nulls(target.slice(n_node_rows), "target", n_node_rows, path)
    kind = id_type(source.type, "source", path)
    if kind != id_type(target.type, "target", path):
        raise GraphFormatError(
            f"The columns of ids differ in type: {source.type} and {target.type}. "
            "Save both as texts or both as integers.",
            path=path,
        )
    heads, dictionary = _joint_codes(source, target.slice(n_node_rows), kind, path)
    n_source = len(source)
    rows, columns = heads[n_node_rows:n_source], heads[n_source:]
    order = _first_appearance(heads[:n_node_rows], rows, columns, len(dictionary))
    rank = np.full(len(dictionary), -1, np.int64)
    rank[order] = np.arange(len(order))
    return rank[rows], rank[columns], NodeIndex(_ids_of(dictionary, order, path))


def check_nulls(column: Any, name: str, skipped: int, path: PathType) -> None:
    """Refuse a missing id; ``skipped`` rows stand before the column."""
    if column.null_count:
        nulls = column.is_null().to_numpy(zero_copy_only=False)
        row = int(np.flatnonzero(nulls)[0]) + skipped
        raise GraphFormatError(
            f"The {name} in row {row} is missing. Give every end of an edge an id or "
            "drop the row.",
            path=path,
        )


def id_type(kind: Any, name: str, path: PathType) -> Any:
    """Type that ids are brought to: int64, uint64 or large text."""
    import pyarrow as pa

    types = pa.types
    value = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_integer(value):
        return pa.int64()
    if types.is_string(value) or types.is_large_string(value):
        return pa.large_string()
    if getattr(types, "is_string_view", lambda _: False)(value):
        return pa.large_string()
    raise GraphFormatError(
        f"The ids in the {name} column have type {value}; they must be texts or "
        "integers.",
        path=path,
    )


def _joint_codes(
    source: Any, target: Any, kind: Any, path: PathType
) -> tuple[IntArray, Any]:
    """Codes of both columns, source first, in one dictionary without repeats."""
    import pyarrow as pa

    parts = [c for column in (source, target) for c in column.chunks if len(c)]
    if not parts:
        return np.empty(0, np.int64), pa.array([], kind)
    if any(pa.types.is_dictionary(part.type) for part in parts):
        chunks = [_with_plain_dictionary(part, kind, path) for part in parts]
        joined = pa.chunked_array(chunks).unify_dictionaries()
    else:  # one hash table for all parts, so all share the last dictionary
        chunks = [_cast(part, kind, path) for part in parts]
        joined = pa.chunked_array(chunks).dictionary_encode()
    codes = np.empty(len(joined), np.int64)
    start = 0
    for chunk in joined.chunks:
        codes[start : start + len(chunk)] = chunk.indices.to_numpy()
        start += len(chunk)
    return codes, joined.chunk(joined.num_chunks - 1).dictionary


def _with_plain_dictionary(chunk: Any, kind: Any, path: PathType) -> Any:
    """Chunk as dictionary<int64, kind>; a dictionary that is there is kept."""
    import pyarrow as pa

    if pa.types.is_dictionary(chunk.type):
        _check_dictionary(chunk, path)
        if chunk.dictionary.null_count:
            chunk = chunk.cast(chunk.type.value_type)
            if chunk.null_count:
                raise GraphFormatError(
                    "An id in a dictionary column is missing. Give every end of an "
                    "edge an id or drop the row.",
                    path=path,
                )
    if not pa.types.is_dictionary(chunk.type):
        chunk = _cast(chunk, kind, path).dictionary_encode()
    return pa.DictionaryArray.from_arrays(
        chunk.indices.cast(pa.int64()), _cast(chunk.dictionary, kind, path)
    )


def _check_dictionary(chunk: Any, path: PathType) -> None:
    """Refuse codes outside their dictionary: pyarrow would read foreign memory."""
    import pyarrow as pa

    try:
        chunk.validate(full=True)
    except pa.ArrowInvalid as error:
        raise GraphFormatError(
            f"A dictionary column is damaged: {error}.", path=path
        ) from error


def as_plain_ids(values: Any, kind: Any, path: PathType) -> Any:
    """Column of one batch as int64 or large text, dictionaries resolved."""
    import pyarrow as pa

    if pa.types.is_dictionary(values.type):
        _check_dictionary(values, path)
        values = values.cast(values.type.value_type)
    return _cast(values, kind, path)


def _cast(values: Any, kind: Any, path: PathType) -> Any:
    import pyarrow as pa

    try:
        return values.cast(kind)
    except pa.ArrowInvalid as error:
        raise GraphFormatError(
            f"An id does not fit {kind} ({error}). Save such ids as texts.", path=path
        ) from error


def _first_appearance(
    named: IntArray, rows: IntArray, columns: IntArray, size: int
) -> IntArray:
    """Codes in order of first appearance: nodes named, then edges, end by end."""
    n_named, n_edges = len(named), len(rows)
    never = n_named + 2 * n_edges
    first = np.full(size, never, np.int64)
    # Of repeated codes the last assignment holds, so the last places come first.
    first[columns[::-1]] = n_named + 2 * np.arange(n_edges - 1, -1, -1) + 1
    as_source = np.full(size, never, np.int64)
    as_source[rows[::-1]] = n_named + 2 * np.arange(n_edges - 1, -1, -1)
    np.minimum(first, as_source, out=first)
    first[named[::-1]] = np.arange(n_named - 1, -1, -1)
    order = np.argsort(first, kind="stable")
    return order[: int(np.count_nonzero(first < never))]


def _ids_of(dictionary: Any, order: IntArray, path: PathType) -> Any:
    import pyarrow as pa

    taken = dictionary.take(pa.array(order))
    if pa.types.is_integer(dictionary.type):
        return taken.to_numpy()
    out = np.empty(len(order), object)
    try:
        out[:] = taken.to_pylist()
    except UnicodeDecodeError as error:
        raise GraphFormatError(f"An id is not UTF-8: {error}.", path=path) from None
    return out

"""Vectors in Parquet and Arrow files: a column of ids and one of vectors, or wide."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_path
from graphrep._utils._optional import require
from graphrep.exceptions import GraphFormatError
from graphrep.graph import NodeIndex, Vectors
from graphrep.io._blame import blame_file
from graphrep.io._ids import texts_of_index
from graphrep.typing import AnyArray, FloatArray, PathType

_ID, _EMBEDDING = "id", "embedding"
_ID_NAMES = (_ID, "node", "node_id", "__index_level_0__")
_ROW_GROUP_BYTES = 1 << 27


def write_arrow(
    vectors: Vectors, path: PathType, kind: str, *, wide: bool = False
) -> None:
    """Write a table with the columns ``id`` and ``embedding``.

    Parameters
    ----------
    vectors : Vectors
        What to write.
    path : path-like
        Where to.
    kind : {"parquet", "arrow"}
        Format of the file.
    wide : bool, default=False
        Write one column for each component (``x0``, ``x1``, …) instead of one
        column of vectors.
    """
    pa = require("pyarrow", extra="io", why=f"Writing a .{kind} file")
    matrix = np.asarray(vectors.matrix)
    if vectors.nodes.is_integer:
        ids = pa.array(vectors.node_ids)
    else:
        ids = pa.array(
            texts_of_index(vectors.nodes, what="The file"), pa.large_string()
        )
    columns = {_ID: ids}
    if wide:
        for i in range(vectors.n_components):
            columns[f"x{i}"] = pa.array(np.ascontiguousarray(matrix[:, i]))
    else:
        flat = pa.array(np.ascontiguousarray(matrix).reshape(-1))
        columns[_EMBEDDING] = pa.FixedSizeListArray.from_arrays(
            flat, vectors.n_components
        )
    table = pa.table(columns)
    with atomic_path(path) as part:
        if kind == "arrow":
            with (
                pa.OSFile(str(part), "wb") as sink,
                pa.ipc.new_file(sink, table.schema) as writer,
            ):
                writer.write_table(table)
            return
        row_bytes = vectors.n_components * vectors.dtype.itemsize
        require("pyarrow.parquet", extra="io", why="Writing parquet").write_table(
            table,
            str(part),
            compression="none",  # the digits of vectors do not compress
            use_dictionary=False,
            write_page_checksum=True,
            row_group_size=max(1, _ROW_GROUP_BYTES // row_bytes),
        )


def read_arrow(path: PathType, kind: str, *, dtype: Any) -> Vectors:
    """Read a table of vectors, of either layout.

    The ids are the column ``id`` (or ``node``, ``node_id``, or else the first that
    is no float); the vectors are the one column of lists, or all columns of floats.

    Raises
    ------
    GraphFormatError
        For a damaged file, missing columns or values, or lists of unequal lengths.
    """
    pa = require("pyarrow", extra="io", why=f"Reading a .{kind} file")
    with open(path, "rb"):  # noqa: PTH123 (OSError as the system gives it)
        pass
    try:
        table = _read_table(pa, path, kind)
        table.validate(full=True)  # or a forged offset would read foreign memory
    except (pa.ArrowException, OSError) as error:
        raise GraphFormatError(
            f"The {kind} file cannot be read: {error}.", path=path
        ) from None
    name = _id_column(pa, table.schema, path)
    ids = _ids(pa, table.column(name), path)
    matrix = _matrix(pa, table.drop_columns([name]), path)
    with blame_file(path):
        with np.errstate(over="ignore"):
            matrix = matrix if dtype is None else matrix.astype(dtype)
        return Vectors(matrix, NodeIndex(ids))


def _read_table(pa: Any, path: PathType, kind: str) -> Any:
    if kind == "arrow":
        with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
            return reader.read_all()
    parquet = require("pyarrow.parquet", extra="io", why="Reading a .parquet file")
    return parquet.read_table(str(path), page_checksum_verification=True)


def _id_column(pa: Any, schema: Any, path: PathType) -> str:
    if len(set(schema.names)) != len(schema.names):
        raise GraphFormatError("A column name stands twice.", path=path)
    for field in schema:
        if isinstance(field.type, pa.BaseExtensionType):
            raise GraphFormatError(
                f"Column {field.name!r} is of the extension type {field.type}, which "
                "is not read. Store its plain values.",
                path=path,
            )
    for name in _ID_NAMES:
        if name in schema.names:
            return name
    for field in schema:
        if not pa.types.is_floating(field.type) and not pa.types.is_nested(field.type):
            return str(field.name)
    raise GraphFormatError(
        f"No column of ids; the file has {', '.join(schema.names) or 'no columns'}. "
        f"Call it {_ID!r}.",
        path=path,
    )


def _ids(pa: Any, column: Any, path: PathType) -> AnyArray:
    if column.null_count:
        raise GraphFormatError("An id is missing (null).", path=path)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_integer(column.type):
        numbers: AnyArray = column.to_numpy()
        return numbers
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        raise GraphFormatError(
            f"Ids must be integers or texts; the column is {column.type}.", path=path
        )
    out = np.empty(len(column), object)
    out[:] = column.to_pylist()
    return out


def _matrix(pa: Any, table: Any, path: PathType) -> FloatArray:
    lists = [field.name for field in table.schema if pa.types.is_nested(field.type)]
    if len(lists) == 1:
        return _from_lists(pa, table.column(lists[0]).combine_chunks(), path)
    names = [f.name for f in table.schema if pa.types.is_floating(f.type)]
    if lists or not names:
        raise GraphFormatError(
            "The vectors must be one column of lists, or columns of floats; the file "
            f"has {', '.join(table.schema.names) or 'only ids'}.",
            path=path,
        )
    columns = [table.column(name) for name in names]
    for name, column in zip(names, columns, strict=True):
        if column.null_count:
            raise GraphFormatError(f"A value is missing in column {name!r}.", path=path)
    return np.column_stack([column.to_numpy() for column in columns])


def _from_lists(pa: Any, column: Any, path: PathType) -> FloatArray:
    if isinstance(column, pa.ChunkedArray):  # older pyarrow
        column = column.chunk(0) if column.num_chunks else column.cast(column.type)
    fixed = pa.types.is_fixed_size_list(column.type)
    known = (
        fixed or pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
    )
    if not known or not pa.types.is_floating(column.type.value_type):
        raise GraphFormatError(
            f"The vectors must be lists of floats; the column is {column.type}.",
            path=path,
        )
    values = column.flatten()
    if column.null_count or values.null_count:
        raise GraphFormatError("A vector or a value is missing (null).", path=path)
    if fixed:
        width = column.type.list_size
    else:
        widths = np.diff(column.offsets.to_numpy())
        width = int(widths[0]) if len(widths) else 0
        if (widths != width).any():
            row = int(np.flatnonzero(widths != width)[0])
            raise GraphFormatError(
                f"Vector {row} has {widths[row]} components, the first has {width}.",
                path=path,
            )
    numbers: FloatArray = values.to_numpy(zero_copy_only=False)
    return numbers.reshape(len(column), width)

"""Tables of pandas, polars and pyarrow into graphs: edge lists and square matrices."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from graphrep._utils._optional import module_of, require
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._factorize import look_up, number_integers
from graphrep.graph._graph import Graph
from graphrep.graph._ids import integer_array
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, IntArray, NodeIds

_USUAL_WEIGHT = "weight"  # the one name that may be absent from the table
_EDGE_COLUMNS = (2, 3)  # a square frame so wide may be a list of edges
Encoded = tuple[IntArray, Sequence[Hashable]]


def is_table(obj: object) -> bool:
    """Whether this is a table of pandas, polars or pyarrow, or exports one."""
    return hasattr(obj, "__arrow_c_stream__") or (
        module_of(obj) in {"pandas", "polars", "pyarrow"}
    )


def is_square_frame(obj: Any) -> bool:
    """Whether this is a pandas frame whose index and columns are the same."""
    return (
        module_of(obj) == "pandas"
        and getattr(obj, "ndim", 0) == 2
        and obj.shape[0] == obj.shape[1]
        and bool(obj.index.equals(obj.columns))
    )


def graph_of_square_frame(frame: Any, *, directed: bool | None = None) -> Graph:
    """Make a graph of an adjacency matrix with named rows and columns."""
    if len(frame) in _EDGE_COLUMNS and frame.columns.dtype.kind in "iu":
        raise GraphTypeError(
            f"A frame of shape {frame.shape} without names for its columns may be a "
            "list of edges or an adjacency. Name the columns source and target, or "
            "pass frame.to_numpy(float)."
        )
    if all(hasattr(dtype, "subtype") for dtype in frame.dtypes) and len(frame):
        return Graph(frame.sparse.to_coo(), NodeIndex(frame.index), directed=directed)
    return Graph(frame.to_numpy(), NodeIndex(frame.index), directed=directed)


def graph_of_table(
    table: Any,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = "weight",
    nodes: NodeIds | NodeIndex | None = None,
    directed: bool | None = None,
    duplicates: str = "sum",
) -> Graph:
    """Make a graph of a table with one edge a row.

    Parameters
    ----------
    table : pandas, polars or pyarrow table, or any exporter of an Arrow stream
        Ids may be of any type; a column of integers is used without a copy.
    source, target : str
        Names of the columns that hold the ids.
    weight : str or None, default="weight"
        Column of weights; ``"weight"`` may be absent. None takes every weight as one.
    nodes, directed, duplicates
        As in `Graph.from_edges`; ``directed=None`` makes an undirected graph.

    Raises
    ------
    GraphValueError
        For a column that is not there, a missing id, and what `Graph.from_edges`
        refuses.
    """
    table = plain_table(table)
    columns = column_names(table)
    wanted = [source, target]
    if weight is not None and (weight in columns or weight != _USUAL_WEIGHT):
        wanted.append(weight)
    for name in wanted:
        if name not in columns:
            raise GraphValueError(
                f"The table has no column {name!r}; its columns are "
                f"{', '.join(map(repr, columns)) or 'none'}. Name the right ones with "
                "source=, target= and weight=."
            )
    rows, cols, index = number_columns(table, source, target, nodes)
    values = weights_of_column(table[weight]) if len(wanted) > 2 else None
    return Graph.from_codes(
        rows, cols, values, nodes=index, directed=bool(directed), duplicates=duplicates
    )


def plain_table(table: Any) -> Any:
    """Table whose columns come by name: a lazy or streamed one is collected."""
    library = module_of(table)
    if library == "polars" and hasattr(table, "collect"):
        return table.collect()
    if library == "pyarrow" and hasattr(table, "read_all"):
        return table.read_all()
    if library in {"pandas", "polars", "pyarrow"} and hasattr(table, "shape"):
        return table
    if hasattr(table, "__arrow_c_stream__"):
        arrow = require("pyarrow", extra="io", why="Reading an Arrow stream")
        return arrow.table(table)
    raise GraphTypeError(
        f"{type(table).__module__}.{type(table).__name__} is not a table of edges; "
        "pass a data frame with columns for source and target."
    )


def column_names(table: Any) -> list[str]:
    """Names of the columns of a table of two dimensions."""
    if getattr(table, "ndim", 2) != 2:
        raise GraphTypeError(
            f"A {type(table).__name__} is one column; pass a table with columns for "
            "source and target."
        )
    names = table.schema.names if module_of(table) == "pyarrow" else table.columns
    return list(names)


def number_columns(
    table: Any, source: str, target: str, nodes: NodeIds | NodeIndex | None
) -> tuple[IntArray, IntArray, NodeIndex]:
    """Row numbers of both ends, ids in order of first appearance as from a list."""
    a, b = table[source], table[target]
    _refuse_null(a, source)
    _refuse_null(b, target)
    integers = [integer_array(c) if _is_integer(c) else None for c in (a, b)]
    if nodes is not None:
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        codes = [
            look_up(part, index, side) if part is not None else _look_up(c, index, side)
            for part, c, side in zip(
                integers, (a, b), ("source", "target"), strict=True
            )
        ]
        return codes[0], codes[1], index
    if integers[0] is not None and integers[1] is not None:
        rows, columns, ids = number_integers(integers[0], integers[1])
        return rows, columns, NodeIndex(ids)
    return _join(_encode(a), _encode(b))


def number_column(table: Any, name: str) -> tuple[IntArray, Any]:
    """Codes of one column of ids, and the ids that they stand for."""
    column = table[name]
    _refuse_null(column, name)
    integers = integer_array(column) if _is_integer(column) else None
    if integers is None:
        return _encode(column)
    ids, codes = np.unique(integers, return_inverse=True)
    return codes.astype(np.int64), ids


def _look_up(column: Any, index: NodeIndex, side: str) -> IntArray:
    codes, values = _encode(column)
    used = np.unique(codes)
    rows = np.full(len(values), -1, np.int64)
    rows[used] = look_up([values[code] for code in used], index, side)
    return rows[codes]


def _join(a: Encoded, b: Encoded) -> tuple[IntArray, IntArray, NodeIndex]:
    """Give both columns the same numbers, in order of first appearance."""
    table: dict[Hashable, int] = {}
    maps = [
        np.array([table.setdefault(v, len(table)) for v in values], np.int64)
        for _, values in (a, b)
    ]
    rows, columns, ids = number_integers(maps[0][a[0]], maps[1][b[0]])
    values = list(table)
    return rows, columns, NodeIndex([values[i] for i in ids.tolist()])


def _encode(column: Any) -> Encoded:
    """Codes of a column's values, and the values; hashing is left to its library."""
    try:
        return _ENCODERS[module_of(column)](column)
    except TypeError as error:
        raise GraphTypeError(f"Every node id must be hashable: {error}.") from None


def _encode_pandas(column: Any) -> Encoded:
    pd = require("pandas", extra="pandas", why="Reading a data frame")
    if hasattr(column, "cat"):
        values = column.cat.categories.tolist()
        return column.cat.codes.to_numpy().astype(np.int64), values
    codes, values = pd.factorize(column)
    return codes.astype(np.int64), list(values)


def _encode_polars(column: Any) -> Encoded:
    if column.dtype.is_nested() or str(column.dtype) == "Object":
        return _encode_list(column.to_list())
    values = column.unique(maintain_order=True)
    codes = column.replace_strict(values, np.arange(len(values)))
    return codes.to_numpy().astype(np.int64), values.to_list()


def _encode_pyarrow(column: Any) -> Encoded:
    pa = require("pyarrow", extra="io", why="Reading an Arrow table")
    if not isinstance(column, pa.ChunkedArray):  # of a record batch
        column = pa.chunked_array([column])
    if pa.types.is_nested(column.type):
        return _encode_list(column.to_pylist())
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    else:
        column = column.dictionary_encode()
    encoded = column.combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no rows, or dictionaries too large
        encoded = pa.concat_arrays(encoded.chunks or [pa.array([]).dictionary_encode()])
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    return codes.astype(np.int64), encoded.dictionary.to_pylist()


def _encode_list(values: Sequence[Hashable]) -> Encoded:
    table = {value: code for code, value in enumerate(dict.fromkeys(values))}
    codes = np.fromiter(map(table.__getitem__, values), np.int64, len(values))
    return codes, list(table)


_ENCODERS = {
    "pandas": _encode_pandas,
    "polars": _encode_polars,
    "pyarrow": _encode_pyarrow,
}


def _is_integer(column: Any) -> bool:
    kind = getattr(column, "dtype", None)
    if kind is None:
        pa = require("pyarrow", extra="io", why="Reading an Arrow table")
        return bool(pa.types.is_integer(column.type))
    if hasattr(kind, "is_integer"):  # polars
        return bool(kind.is_integer())
    return getattr(kind, "kind", "O") in "iu"


def _refuse_null(column: Any, name: str) -> None:
    missing = column.is_null() if hasattr(column, "is_null") else column.isna()
    mask: AnyArray = (
        missing.to_numpy(zero_copy_only=False)
        if module_of(column) == "pyarrow"
        else missing.to_numpy()
    )
    at = np.flatnonzero(mask)
    if len(at):
        raise GraphValueError(
            f"The id in column {name!r} is missing in row {at[0]} (counted from 0; "
            f"{len(at):,} missing in all). Drop these rows or fill in the ids."
        )


def weights_of_column(column: Any) -> AnyArray:
    """Column of numbers as an array, NaN where one is missing."""
    if module_of(column) == "pyarrow":
        return np.asarray(column.to_numpy(zero_copy_only=False))
    if module_of(column) == "pandas" and not isinstance(column.dtype, np.dtype):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(column.to_numpy())

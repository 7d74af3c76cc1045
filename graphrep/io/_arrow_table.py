"""Edge tables of pyarrow into graphs and back, with what a table cannot say itself."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import numpy as np

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Graph, NodeIndex
from graphrep.io._arrow_codes import number_ends
from graphrep.io._ids import texts_of_index
from graphrep.typing import AnyArray, IntArray, PathType

METADATA_KEY = b"graphrep"
FORMAT_VERSION = 1
DEFAULT_WEIGHT = "weight"
ColumnNames: TypeAlias = tuple[str, str, str | None]


def choose_columns(schema: Any, names: ColumnNames, path: PathType) -> list[str]:
    """Names of the columns to read; the schema is checked on the way."""
    import pyarrow as pa

    present = ", ".join(repr(name) for name in schema.names) or "none"
    for field in schema:
        if isinstance(field.type, pa.BaseExtensionType) or (
            field.metadata and b"ARROW:extension:name" in field.metadata
        ):
            raise GraphFormatError(
                f"Column {field.name!r} has the extension type {field.type}; such "
                "types are not read. Save it as a plain type.",
                path=path,
            )
    columns = []
    for role, name in zip(("source", "target", "weight"), names, strict=True):
        if name is None or (
            role == name == DEFAULT_WEIGHT and name not in schema.names
        ):
            continue
        if schema.names.count(name) != 1:
            how = "is missing" if name not in schema.names else "stands twice"
            raise GraphFormatError(
                f"Column {name!r} {how}; the file has {present}. Pass {role}= with "
                "the name of the right one.",
                path=path,
            )
        columns.append(name)
    if len(set(columns)) != len(columns):
        raise GraphFormatError(
            f"The columns {', '.join(map(repr, columns))} must differ.", path=path
        )
    return columns


def graph_of_table(
    table: Any,
    names: ColumnNames,
    directed: bool | None,
    duplicates: str,
    allow_empty: bool,
    path: PathType,
) -> Graph:
    """Make a graph of an edge table; ``path`` is named in errors."""
    said = read_metadata(table.schema, path)
    n_rows = said.get("n_node_rows", 0)
    if not said and not table.num_rows and not allow_empty:
        raise GraphFormatError(
            "No edges found. Pass allow_empty=True if that is right.", path=path
        )
    source, target = (table.column(name) for name in names[:2])
    rows, columns, nodes = number_ends(source, target, n_rows, path)
    if said.get("range"):
        rows, columns, nodes = _as_range(rows, columns, nodes, said["n_nodes"], path)
    elif said and len(nodes) != said["n_nodes"]:
        raise GraphFormatError(
            f"The metadata speaks of {said['n_nodes']:,} nodes but {len(nodes):,} were "
            "found.",
            path=path,
        )
    weights = None
    if names[2] in table.column_names:
        weights = read_weights(table.column(names[2]).slice(n_rows), n_rows, path)
    return Graph.from_codes(
        rows, columns, weights, nodes=nodes, duplicates=duplicates,
        directed=bool(said.get("directed")) if directed is None else directed,
    )  # fmt: skip


def read_metadata(schema: Any, path: PathType) -> dict[str, Any]:
    """Return what `write_parquet` stated about its table; nothing for other files."""
    blob = (schema.metadata or {}).get(METADATA_KEY)
    if blob is None:
        return {}
    wanted = {"version": int, "n_nodes": int, "n_node_rows": int}
    try:
        said = json.loads(blob)
        fine = all(type(said[k]) is t and said[k] >= 0 for k, t in wanted.items())
        fine = fine and all(type(said[k]) is bool for k in ("directed", "range"))
    except (ValueError, KeyError, TypeError):
        fine = False
    if not fine or said["version"] > FORMAT_VERSION:
        raise GraphFormatError(
            "The metadata under the key 'graphrep' is damaged or of a newer version. "
            "Update graphrep, or rewrite the table without it.",
            path=path,
        )
    return dict(said)


def _as_range(
    rows: IntArray, columns: IntArray, nodes: NodeIndex, n_nodes: int, path: PathType
) -> tuple[IntArray, IntArray, NodeIndex]:
    ids = nodes.ids
    if len(ids) and not (nodes.is_integer and ids.min() >= 0 and ids.max() < n_nodes):
        raise GraphFormatError(
            f"The metadata speaks of ids 0…{n_nodes - 1} but the table has others.",
            path=path,
        )
    ids = ids.astype(np.int64)
    return ids[rows], ids[columns], NodeIndex(n_nodes)


def read_weights(column: Any, skipped: int, path: PathType) -> AnyArray:
    """Column of numbers as floats; ``skipped`` rows stand before it."""
    import pyarrow as pa

    kind = column.type
    if not (
        pa.types.is_floating(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
    ):
        raise GraphFormatError(
            f"The weights have type {kind}; numbers are expected. Pass weight=None to "
            "read none.",
            path=path,
        )
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0]) + skipped
        raise GraphFormatError(
            f"The weight in row {row} is missing. Fill it in or drop the edge.",
            path=path,
        )
    narrow = pa.types.is_float32(kind) or pa.types.is_float16(kind)
    wanted = pa.float32() if narrow else pa.float64()
    values: AnyArray = column.cast(wanted, safe=False).to_numpy()
    return values


def table_of_graph(graph: Graph, what: str) -> Any:
    """Make the edge table that `write_parquet` describes."""
    import pyarrow as pa

    rows, columns, weights = graph.edges()
    n_nodes, is_range = graph.n_nodes, graph.nodes.is_range
    n_node_rows = 0 if is_range else n_nodes
    said = {
        "version": FORMAT_VERSION,
        "directed": graph.directed,
        "n_nodes": n_nodes,
        "n_node_rows": n_node_rows,
        "range": is_range,
    }
    index = rows.dtype
    sources = np.concatenate([np.arange(n_node_rows, dtype=index), rows])
    targets = np.concatenate([np.zeros(n_node_rows, index), columns])
    absent = np.arange(len(targets)) < n_node_rows
    arrays = {}
    if graph.nodes.is_integer:
        ids = graph.node_ids
        arrays["source"] = pa.array(ids[sources])
        arrays["target"] = pa.array(ids[targets] if n_nodes else targets, mask=absent)
    else:
        texts = pa.array(texts_of_index(graph.nodes, what=what), pa.large_string())
        codes = (pa.array(sources), pa.array(targets, mask=absent))
        for name, code in zip(("source", "target"), codes, strict=True):
            arrays[name] = pa.DictionaryArray.from_arrays(code, texts)
    if weights is not None:
        padding = np.zeros(n_node_rows, weights.dtype)
        values = np.concatenate([padding, weights])
        arrays["weight"] = pa.array(values, mask=absent)
    table = pa.table(arrays)
    return table.replace_schema_metadata(
        {METADATA_KEY: json.dumps(said, sort_keys=True).encode()}
    )

"""Edge tables in Parquet and Arrow files, read through their dictionaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphrep._utils._optional import require
from graphrep.exceptions import GraphFormatError
from graphrep.graph import Graph
from graphrep.io._arrow_table import (
    DEFAULT_WEIGHT,
    ColumnNames,
    choose_columns,
    graph_of_table,
    table_of_graph,
)
from graphrep.io._blame import blame_file
from graphrep.io._compression import open_input, open_output
from graphrep.typing import PathType

_BATCH_ROWS = 1 << 20
_ROW_GROUP_ROWS = 1 << 20
# In a larger file texts come as codes with a dictionary for each batch: hashed twice,
# but never all in memory.
_PLAIN_BYTES = 1 << 29
_PARQUET_MARK, _ARROW_MARK = b"PAR1", b"ARROW1"


def read_parquet(
    path: PathType,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = DEFAULT_WEIGHT,
    directed: bool | None = None,
    duplicates: str = "sum",
    allow_empty: bool = False,
) -> Graph:
    """Read a graph from an edge table in a Parquet file.

    Parameters
    ----------
    path : path-like
        File to read, or ``"-"``.
    source, target : str, default="source", "target"
        Columns of ids: integers, texts, or dictionaries of either.
    weight : str or None, default="weight"
        Column of weights. None reads none; the default is read if it is there.
    directed : bool or None, default=None
        None takes the word of a file that `write_parquet` wrote, else False.
    duplicates : {"sum", "first", "max", "mean", "error"}, default="sum"
        What to do with an edge that is given more than once.
    allow_empty : bool, default=False
        Whether a table without edges that states no nodes is a graph.

    Returns
    -------
    Graph
        Ids are those of the file: integers stay integers, texts stay texts.

    Raises
    ------
    GraphFormatError
        For a missing column (the message lists those present), a missing id or
        weight with its row, a column of another type, and a damaged file.

    Notes
    -----
    Texts are numbered inside pyarrow: no Python object is made for an edge, only
    one for each distinct id.
    """
    require("pyarrow", extra="io", why="Reading a Parquet file")
    names = (source, target, weight)
    with blame_file(path):
        table = _load(path, names, _parquet_table)
        return graph_of_table(table, names, directed, duplicates, allow_empty, path)


def read_arrow(
    path: PathType,
    *,
    source: str = "source",
    target: str = "target",
    weight: str | None = DEFAULT_WEIGHT,
    directed: bool | None = None,
    duplicates: str = "sum",
    allow_empty: bool = False,
) -> Graph:
    """Read a graph from an edge table in an Arrow IPC (Feather version 2) file.

    The parameters, the result and the errors are those of `read_parquet`. Both the
    file and the stream form are read.
    """
    require("pyarrow", extra="io", why="Reading an Arrow file")
    names = (source, target, weight)
    with blame_file(path):
        table = _load(path, names, _arrow_table)
        return graph_of_table(table, names, directed, duplicates, allow_empty, path)


def write_parquet(graph: Graph, path: PathType, *, compression: str = "zstd") -> None:
    """Write a graph as an edge table in a Parquet file, without loss.

    Parameters
    ----------
    graph : Graph
        Its ids must be all integers or all texts.
    path : path-like
        Where to.
    compression : {"zstd", "snappy", "gzip", "none"}, default="zstd"
        Compression of the columns.

    Notes
    -----
    Columns ``source``, ``target`` and, if weighted, ``weight``; an undirected edge
    has one row. Unless the ids are 0…n-1, one row for every node stands before the
    edges, with a null ``target``: so isolated nodes and the order of the nodes are
    kept. The schema's metadata (key ``graphrep``) states all of this. Pages carry
    checksums, which `read_parquet` compares.
    """
    require("pyarrow", extra="io", why="Writing a Parquet file")
    parquet = require("pyarrow.parquet", extra="io", why="Writing a Parquet file")
    table = table_of_graph(graph, "Parquet")
    with open_output(path) as file:
        parquet.write_table(
            table,
            file,
            compression=compression,
            row_group_size=_ROW_GROUP_ROWS,
            write_page_checksum=True,
        )


def write_arrow(graph: Graph, path: PathType, *, compression: str = "none") -> None:
    """Write a graph as an edge table in an Arrow IPC file, without loss.

    Parameters
    ----------
    graph : Graph
        Its ids must be all integers or all texts.
    path : path-like
        Where to.
    compression : {"none", "zstd", "lz4"}, default="none"
        Compression of the columns.

    Notes
    -----
    The table is that of `write_parquet`.
    """
    pa = require("pyarrow", extra="io", why="Writing an Arrow file")
    table = table_of_graph(graph, "Arrow")
    codec = None if compression == "none" else compression
    options = pa.ipc.IpcWriteOptions(compression=codec, unify_dictionaries=True)
    with (
        open_output(path) as file,
        pa.ipc.new_file(file, table.schema, options=options) as writer,
    ):
        writer.write_table(table)


# -- reading -------------------------------------------------------------------------
def _load(path: PathType, names: ColumnNames, read: Any) -> Any:
    """Table of the columns asked for; pyarrow's errors come out as ours."""
    import pyarrow as pa

    if _is_plain(path):
        source = pa.OSFile(str(path))
    else:
        with open_input(path) as file:
            source = pa.BufferReader(file.read())
    try:
        with source:
            return read(source, names, path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise GraphFormatError(
            f"pyarrow cannot read the file ({error}). Is it damaged or of another "
            "format?",
            path=path,
        ) from error


def _is_plain(path: PathType) -> bool:
    """Tell whether pyarrow can open the file itself."""
    if str(path) == "-" or not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        head = file.read(len(_ARROW_MARK))
    return head.startswith(_PARQUET_MARK) or head == _ARROW_MARK


def _parquet_table(source: Any, names: ColumnNames, path: PathType) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    options: dict[str, Any] = {
        "pre_buffer": False,  # else about the whole file is kept in memory
        "page_checksum_verification": True,
    }
    file = parquet.ParquetFile(source, **options)
    columns = choose_columns(file.schema_arrow, names, path)
    if source.size() > _PLAIN_BYTES:  # this must be said at the opening
        source.seek(0)
        kinds = (pa.string(), pa.large_string())
        fields = [file.schema_arrow.field(name) for name in names[:2]]
        texts = [field.name for field in fields if field.type in kinds]
        file = parquet.ParquetFile(source, read_dictionary=texts, **options)
    batches = list(file.iter_batches(batch_size=_BATCH_ROWS, columns=columns))
    table = pa.Table.from_batches(batches) if batches else file.read(columns=columns)
    return table.replace_schema_metadata(file.schema_arrow.metadata)


def _arrow_table(source: Any, names: ColumnNames, path: PathType) -> Any:
    import pyarrow as pa

    mark = source.read(len(_ARROW_MARK))
    source.seek(0)
    opened = pa.ipc.open_file if mark == _ARROW_MARK else pa.ipc.open_stream
    with opened(source) as reader:
        columns = choose_columns(reader.schema, names, path)
        return reader.read_all().select(columns)

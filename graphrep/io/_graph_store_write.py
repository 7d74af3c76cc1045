"""Graphs, files and streams of edges into a graph store."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from graphrep._utils._atomic import atomic_directory
from graphrep._utils._npy_files import NpyWriter
from graphrep.exceptions import GraphFormatError, GraphTypeError
from graphrep.graph import Graph
from graphrep.io._edge_chunks import EdgeStream, array_stream, is_stream, text_stream
from graphrep.io._edge_store import build, check_disk, plan
from graphrep.io._formats import check_options, sniff
from graphrep.io._graph_store import GRAPH_FORMAT, GraphStore
from graphrep.io._id_sink import write_index
from graphrep.io._store_files import refuse_replacing, write_manifest
from graphrep.typing import AnyArray, PathType

_PIECE = 1 << 20


def write_graph_store(
    source: Any,
    path: PathType,
    *,
    directed: bool | None = None,
    duplicates: str = "sum",
    memory_limit: int | str | None = None,
    overwrite: bool = False,
    n_jobs: int | None = None,
    work_dir: PathType | None = None,
    format: str | None = None,
    **options: Any,
) -> GraphStore:
    r"""Write a graph into a directory of arrays that can be mapped.

    Parameters
    ----------
    source : path-like, list of path-like, iterator, Graph, or anything as_graph takes
        Files: one path, a pattern such as ``"part-*.parquet"`` (in the order of their
        names) or a list of paths. Edge lists, compressed or not, Parquet and Arrow
        files are streamed; a file of another format is read into memory first. An
        iterator gives Arrow tables or record batches, or chunks ``(source, target)``
        or ``(source, target, weight)`` of arrays or lists. Everything else goes
        through `as_graph`.
    path : path-like
        Directory to make, by custom with the suffix ``.store``.
    directed : bool or None, default=None
        Whether ``(a, b)`` differs from ``(b, a)``. None takes the word of a file that
        graphrep wrote, else False.
    duplicates : {"sum", "first", "max", "mean", "error"}, default="sum"
        What to do with an edge that is given more than once.
    memory_limit : int, str or None, default=None
        Bytes that the work may take, such as ``"2GiB"``; the interpreter and its
        libraries (about 200 MB) come on top. At least 96 MiB, and 8 bytes a node. None
        takes half of what is free.
    overwrite : bool, default=False
        Whether a store that is there may be replaced.
    n_jobs : int or None, default=None
        Threads. The result does not depend on it, nor on ``memory_limit``.
    work_dir : path-like or None, default=None
        Where scratch files go; None puts them beside the store.
    format : str or None, default=None
        Format of the files; None finds out.
    **options
        Options of the files' reader, such as ``columns=`` or ``weight=``.

    Returns
    -------
    GraphStore
        The store, bit for bit that of the graph which the reader makes in memory.

    Raises
    ------
    FileExistsError
        If there is something that must not be replaced.
    MemoryLimitError
        If ``memory_limit`` is too small; the message says what is needed.
    OSError
        If the disk has no room; looked at before writing, where sizes are known.
    GraphFormatError, GraphValueError, GraphTypeError
        For what the reader or `Graph.from_edges` refuses.

    Notes
    -----
    Edges are sorted outside of memory: ids are numbered by first appearance (on disk
    where the table of ids would break the limit), degrees are counted, entries are
    parted into ranges of rows, and each range is sorted by itself. Time is O(m).
    Scratch is 8 bytes an edge, and 16 more for an undirected one (8 for a directed one)
    unless all fit one range; weights come on top. The directory appears under its name
    when it is complete.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     edges = Path(folder) / "edges.tsv"
    ...     _ = edges.write_text("a\tb\nb\tc\n")
    ...     write_graph_store(edges, Path(folder) / "graph.store").graph()
    Graph(n_nodes=3, n_edges=2, undirected, unweighted)
    """
    target = Path(path)
    refuse_replacing(target, GRAPH_FORMAT, overwrite=overwrite)
    made = plan(memory_limit, n_jobs)
    stream = _stream_of(source, directed, n_jobs, format, options)
    graph = None
    if stream is None:
        graph = _in_memory(source, directed, duplicates, format, options)
    with atomic_directory(target) as folder:
        if stream is None:
            assert graph is not None
            facts = _write_graph(graph, folder)
        else:
            with _scratch(folder, work_dir) as scratch:
                facts = build(stream, folder, scratch, made, duplicates)
        facts = {"sorted": True, "total_degree": facts["nnz"], **facts}
        write_manifest(folder, GRAPH_FORMAT, facts)
    return GraphStore(target)


def write_store(graph: Graph, path: PathType) -> None:
    """Write a graph as a store, replacing one that is there; for `graphrep.write`."""
    write_graph_store(graph, path, overwrite=True)


def read_store(path: PathType, *, directed: bool | None = None) -> Graph:
    """Graph over the mapped arrays of a store.

    Parameters
    ----------
    path : path-like
        Directory of the store.
    directed : bool or None, default=None
        None takes the store's word. False on a directed store is an error unless each
        edge has an equal mirror image; True makes an undirected graph directed.
    """
    graph = GraphStore(path).graph()
    if directed is None or directed == graph.directed:
        return graph
    return Graph(graph, directed=directed)


# -- sources ---------------------------------------------------------------------
def _stream_of(
    source: Any,
    directed: bool | None,
    n_jobs: int | None,
    format: str | None,
    options: dict[str, Any],
) -> EdgeStream | None:
    """Stream of the edges; None for what is, or has to be, in memory."""
    paths = _paths_of(source)
    if paths is not None:
        return _stream_of_files(paths, directed, n_jobs, format, options)
    if not is_stream(source):
        return None
    parts = source if isinstance(source, Iterator) else iter([source])
    first = next(parts, None)
    every = parts if first is None else chain([first], parts)
    if first is not None and not isinstance(first, (tuple, list)):
        from graphrep.io._edge_chunks_arrow import table_stream

        check_options(table_stream, "arrow", "reading", options, n_own=1)
        return table_stream(every, directed=directed, **options)
    if options:
        raise GraphTypeError(
            f"Chunks of arrays have no option {next(iter(options))!r}; it is for files "
            "and tables."
        )
    return array_stream(every, directed=directed)


def _paths_of(source: Any) -> list[PathType] | None:
    """Paths that a text, a pattern or a list stands for."""
    if isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        if Path(name).exists() or not glob.has_magic(name):
            return [source]
        found: list[PathType] = [*sorted(glob.glob(name, recursive=True))]  # noqa: PTH207
        if not found:
            raise FileNotFoundError(f"{name}: no file fits this pattern.")
        return found
    many = isinstance(source, (list, tuple)) and len(source) > 0
    if many and all(isinstance(item, (str, os.PathLike)) for item in source):
        return list(source)
    return None


def _stream_of_files(
    paths: list[PathType],
    directed: bool | None,
    n_jobs: int | None,
    format: str | None,
    options: dict[str, Any],
) -> EdgeStream | None:
    names = {sniff(path) if format is None else format for path in paths}
    if names == {"edgelist"}:
        from graphrep.io._edgelist import read_edgelist

        check_options(read_edgelist, "edgelist", "reading", options, n_own=1)
        if options.get("nodes") is not None:
            raise GraphTypeError(
                "nodes= is not read when edges are streamed. Read the graph with "
                "graphrep.read(..., nodes=...) and write that."
            )
        options.pop("nodes", None)
        return text_stream(paths, directed=directed, n_jobs=n_jobs, **options)
    if names <= {"parquet", "arrow"}:
        from graphrep.io._edge_chunks_arrow import arrow_stream

        check_options(arrow_stream, "parquet", "reading", options, n_own=1)
        return arrow_stream(paths, directed=directed, **options)
    if len(paths) > 1:
        raise GraphFormatError(
            f"Several files are read as one graph only if all are edge lists, or all "
            f"Parquet or Arrow; these are {', '.join(sorted(names))}.",
            path=paths[0],
        )
    return None


def _in_memory(
    source: Any,
    directed: bool | None,
    duplicates: str,
    format: str | None,
    options: dict[str, Any],
) -> Graph:
    from graphrep.io._as_graph import as_graph
    from graphrep.io._formats import read

    if isinstance(source, (list, tuple)) and len(source) == 1 and _paths_of(source):
        source = source[0]
    if directed is not None:
        options["directed"] = directed
    if isinstance(source, (str, os.PathLike)):
        if duplicates != "sum":
            options["duplicates"] = duplicates
        return read(source, format=format, **options)
    return as_graph(source, duplicates=duplicates, **options)


@contextmanager
def _scratch(folder: Path, work_dir: PathType | None) -> Iterator[Path]:
    """Give a folder for scratch files, beside the store or where the caller says."""
    parent = folder if work_dir is None else Path(work_dir)
    scratch = Path(tempfile.mkdtemp(prefix=".scratch-", dir=parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write_graph(graph: Graph, folder: Path) -> dict[str, Any]:
    """Write the arrays of a graph in memory."""
    check_disk(folder, graph.nbytes + 8 * graph.n_nodes, "the arrays of the graph")
    kind, files = write_index(folder, graph.nodes, "A graph store")
    arrays: dict[str, AnyArray] = {"indptr": graph.indptr, "indices": graph.indices}
    if graph.weights is not None:
        arrays["weights"] = graph.weights
    for name, array in arrays.items():
        with NpyWriter(folder / f"{name}.npy", array.dtype) as writer:
            for start in range(0, len(array), _PIECE):
                writer.write(array[start : start + _PIECE])
            files[f"{name}.npy"] = writer.close()
    return {
        "n_nodes": graph.n_nodes,
        "n_edges": graph.n_edges,
        "nnz": len(graph.indices),
        "n_loops": graph.n_loops,
        "n_merged": graph.n_merged,
        "directed": graph.directed,
        "weighted": graph.weighted,
        "max_degree": int(np.diff(graph.indptr).max(initial=0)),
        "ids": kind,
        "files": files,
    }

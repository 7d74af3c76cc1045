"""Graphs in .npz files: ours, scipy's, PecanPy's, and plain CSR arrays or edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphFormatError
from graphrep.graph import Graph, NodeIndex
from graphrep.io._blame import blame_file
from graphrep.io._ids import texts_of_index
from graphrep.io._npz_arrays import NpzFile, write_npz_arrays
from graphrep.io._npz_texts import join_texts, split_texts
from graphrep.typing import AnyArray, PathType

FORMAT_VERSION = 1
_VERSION_KEY = "graphrep_format"
_ID_KEYS = ("node_names", "node_ids", "IDs")
_SIZE_KEYS = ("n_nodes", "num_nodes")
_KNOWN_LAYOUTS = (
    "indptr and indices (CSR), those of scipy.sparse.save_npz (CSR, CSC, COO), "
    "IDs and data (PecanPy), or edge_index"
)


def read_npz(
    path: PathType,
    *,
    directed: bool | None = None,
    max_uncompressed_bytes: int | None = None,
) -> Graph:
    """Read a graph from an .npz file.

    Parameters
    ----------
    path : path-like
        File written by `write_npz`, by ``scipy.sparse.save_npz`` (CSR, CSC or COO),
        by PecanPy (sparse or dense), or holding ``indptr`` and ``indices``, or
        ``edge_index`` of shape (2, n_edges). Names of nodes are taken from
        ``node_names``, ``node_ids`` or ``IDs``; other arrays (labels, features) are
        left alone and can be had with ``read_npz_arrays``.
    directed : bool or None, default=None
        None takes the file's word, and where it has none looks for an edge without
        its mirror image.
    max_uncompressed_bytes : int or None, default=None
        Most bytes that the arrays may hold together. None allows 100 times the size
        of the file and 1 GiB more.

    Returns
    -------
    Graph

    Raises
    ------
    GraphFormatError
        If the layout is not known or of a newer version, an array holds objects or
        differs in size from its header, or the arrays do not make a graph.
    """
    with NpzFile(path, max_uncompressed_bytes=max_uncompressed_bytes) as archive:
        _check_version(archive, path)
        if directed is None and "directed" in archive:
            directed = bool(archive.scalar("directed"))
        with blame_file(path):
            return _read_layout(archive, directed, path)


def write_npz(graph: Graph, path: PathType, *, compress: bool = True) -> None:
    """Write a graph to an .npz file, without loss.

    Parameters
    ----------
    graph : Graph
        Its ids must be all integers or all texts.
    path : path-like
        Where to.
    compress : bool, default=True
        Whether to deflate the arrays: smaller, and slower to read.

    Notes
    -----
    Arrays: ``graphrep_format`` (version), ``directed``, ``indptr``, ``indices``,
    ``weights`` if there are any; ``ids`` for integer ids that are not 0…n-1. Text
    ids are ``ids_utf8`` (bytes of all ids joined) and ``ids_ends`` (where each one
    ends). The same graph gives the same bytes.
    """
    arrays: dict[str, AnyArray] = {
        _VERSION_KEY: np.array(FORMAT_VERSION),
        "directed": np.array(graph.directed),
        "indptr": graph.indptr,
        "indices": graph.indices,
    }
    if graph.weights is not None:
        arrays["weights"] = graph.weights
    if not graph.nodes.is_integer:
        texts = texts_of_index(graph.nodes, what="npz")
        arrays["ids_utf8"], arrays["ids_ends"] = join_texts(texts)
    elif not graph.nodes.is_range:
        arrays["ids"] = graph.node_ids
    write_npz_arrays(arrays, path, compress=compress)


def _check_version(archive: NpzFile, path: PathType) -> None:
    if _VERSION_KEY not in archive:
        return
    version = archive.scalar(_VERSION_KEY)
    if version != FORMAT_VERSION:
        raise GraphFormatError(
            f"The file is of format version {version!r} and this graphrep reads "
            f"version {FORMAT_VERSION}. Update graphrep.",
            path=path,
        )


def _read_layout(archive: NpzFile, directed: bool | None, path: PathType) -> Graph:
    if "format" in archive and "shape" in archive:
        return _read_scipy(archive, directed, path)
    nodes = _read_nodes(archive, path)
    if "indptr" in archive and "indices" in archive:
        name = "weights" if "weights" in archive else "data"
        weights = archive.get(name)
        csr = (archive["indptr"], archive["indices"], weights)
        if nodes is None:
            nodes = _read_size(archive)
        return Graph.from_csr(*csr, nodes=nodes, directed=directed)
    if "edge_index" in archive:
        return _read_edge_index(archive, nodes, directed, path)
    if "IDs" in archive and "data" in archive:
        return Graph(archive["data"], nodes, directed=directed)
    raise GraphFormatError(
        f"The arrays {', '.join(sorted(archive.names)) or '(none)'} are no graph; "
        f"expected {_KNOWN_LAYOUTS}.",
        path=path,
    )


def _read_scipy(archive: NpzFile, directed: bool | None, path: PathType) -> Graph:
    layout = archive.scalar("format")
    layout = layout.decode("latin-1") if isinstance(layout, bytes) else str(layout)
    shape = tuple(archive["shape"].tolist())
    if len(shape) != 2 or shape[0] != shape[1]:
        raise GraphFormatError(
            f"The matrix has shape {shape} and is not square. Load it with "
            "scipy.sparse.load_npz and pass it to Graph.from_biadjacency for the "
            "graph between its rows and columns.",
            path=path,
        )
    if layout in {"csr", "csc"}:
        csr = (archive["indptr"], archive["indices"], archive["data"])
        graph = Graph.from_csr(*csr, nodes=shape[0])
        graph = graph.reverse() if layout == "csc" else graph
    elif layout == "coo":
        graph = _from_coordinates(
            archive["row"], archive["col"], archive["data"], shape[0]
        )
    else:
        raise GraphFormatError(
            f"A sparse matrix in format {layout!r} cannot be read; convert it with "
            "tocsr() before scipy.sparse.save_npz.",
            path=path,
        )
    return Graph.from_csr(*graph.csr, nodes=NodeIndex(shape[0]), directed=directed)


def _from_coordinates(
    rows: AnyArray, columns: AnyArray, weights: AnyArray | None, n_nodes: int
) -> Graph:
    """Make a directed graph of the entries of a matrix; repeats are summed."""
    if weights is None:
        weights = np.ones(len(rows), np.float32)
    checked = Graph.from_codes(
        rows, columns, weights, nodes=n_nodes, directed=True, duplicates="first"
    )
    if not checked.n_merged:
        return checked
    # All entries are in range now, so scipy may be trusted with summing.
    matrix = sparse.coo_array((weights, (rows, columns)), (n_nodes, n_nodes))
    return Graph(matrix, directed=True)


def _read_edge_index(
    archive: NpzFile, nodes: NodeIndex | None, directed: bool | None, path: PathType
) -> Graph:
    edges = archive["edge_index"]
    if edges.ndim != 2 or edges.shape[0] != 2 or edges.dtype.kind not in "iu":
        raise GraphFormatError(
            "edge_index must hold integers in shape (2, n_edges); got "
            f"{edges.dtype} in shape {edges.shape}.",
            path=path,
        )
    size = _read_size(archive)
    if nodes is None:
        found = int(edges.max()) + 1 if edges.size else 0
        nodes = NodeIndex(found if size is None else size)
    weights = archive.get("edge_weight")
    graph = _from_coordinates(edges[0], edges[1], weights, len(nodes))
    return Graph.from_csr(*graph.csr, nodes=nodes, directed=directed)


def _read_size(archive: NpzFile) -> Any:
    for name in _SIZE_KEYS:
        if name in archive:
            return NodeIndex(int(archive.scalar(name)))
    return None


def _read_nodes(archive: NpzFile, path: PathType) -> NodeIndex | None:
    if "ids_utf8" in archive and "ids_ends" in archive:
        return NodeIndex(split_texts(archive["ids_utf8"], archive["ids_ends"], path))
    keys = ("ids", *_ID_KEYS) if _VERSION_KEY in archive else _ID_KEYS
    for name in keys:
        if name in archive:
            return NodeIndex(archive[name])
    return None

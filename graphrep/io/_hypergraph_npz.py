"""Hypergraphs in .npz files: ours, scipy's incidence matrices, and plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphFormatError, GraphTypeError
from graphrep.graph import Hypergraph, NodeIndex
from graphrep.io._blame import blame_file
from graphrep.io._ids import texts_of_index
from graphrep.io._npz_arrays import NpzFile, write_npz_arrays
from graphrep.io._npz_texts import join_texts, split_texts
from graphrep.typing import AnyArray, PathType

FORMAT_VERSION = 1
_VERSION_KEY = "graphrep_hypergraph"
_SIDES = (("node", "n_nodes"), ("edge", "n_hyperedges"))
_LAYOUTS = (
    "those of write_hypergraph, of scipy.sparse.save_npz (CSR, CSC or COO; nodes in "
    "rows, hyperedges in columns), or hyperedge_index"
)


def read_hypergraph_npz(
    path: PathType, *, max_uncompressed_bytes: int | None = None
) -> Hypergraph:
    """Read a hypergraph from an .npz file.

    Parameters
    ----------
    path : path-like
        File of `write_hypergraph_npz`, an incidence matrix of
        ``scipy.sparse.save_npz`` (nodes in rows, hyperedges in columns), or a file
        with ``hyperedge_index`` of shape (2, n_incidences).
    max_uncompressed_bytes : int or None, default=None
        Most bytes that the arrays may hold together. None allows 100 times the size
        of the file and 1 GiB more.

    Returns
    -------
    Hypergraph

    Raises
    ------
    GraphFormatError
        If the layout is not known or of a newer version, an array holds objects or
        differs in size from its header, or the arrays do not make a hypergraph.
    """
    with NpzFile(path, max_uncompressed_bytes=max_uncompressed_bytes) as archive:
        with blame_file(path):
            if _VERSION_KEY in archive:
                return _read_own(archive, path)
            if "format" in archive and "shape" in archive:
                return Hypergraph.from_incidence(_read_scipy(archive, path))
            if "hyperedge_index" in archive:
                from graphrep.graph._hypergraph_from_foreign import hypergraph_of_index

                return hypergraph_of_index(archive["hyperedge_index"])
        raise GraphFormatError(
            f"The arrays {', '.join(sorted(archive.names)) or '(none)'} are no "
            f"hypergraph; expected {_LAYOUTS}.",
            path=path,
        )


def write_hypergraph_npz(
    hypergraph: Hypergraph, path: PathType, *, compress: bool = True
) -> None:
    """Write a hypergraph to an .npz file, without loss.

    Parameters
    ----------
    hypergraph : Hypergraph
        Ids of nodes must be all integers or all texts, and so must those of
        hyperedges.
    path : path-like
        Where to.
    compress : bool, default=True
        Whether to deflate the arrays: smaller, and slower to read.

    Notes
    -----
    Arrays: ``graphrep_hypergraph`` (version), ``n_nodes``, ``n_hyperedges``,
    ``indptr``, ``indices``, and if there are any ``multiplicities`` and ``weights``.
    Ids that are not 0…n-1 are ``node_ids``, or ``node_ids_utf8`` (bytes of all texts
    joined) and ``node_ids_ends`` (where each one ends); labels are
    ``node_labels_rows``, ``_utf8`` and ``_ends``; likewise ``edge_…``. The same
    hypergraph gives the same bytes.
    """
    arrays: dict[str, AnyArray] = {
        _VERSION_KEY: np.array(FORMAT_VERSION),
        "n_nodes": np.array(hypergraph.n_nodes),
        "n_hyperedges": np.array(hypergraph.n_hyperedges),
        "indptr": hypergraph.indptr,
        "indices": hypergraph.indices,
    }
    for name in ("multiplicities", "weights"):
        values = getattr(hypergraph, name)
        if values is not None:
            arrays[name] = values
    arrays |= _packed("node", hypergraph.nodes, hypergraph.node_labels)
    arrays |= _packed("edge", hypergraph.edge_ids, hypergraph.edge_labels)
    write_npz_arrays(arrays, path, compress=compress)


def _packed(
    side: str, index: NodeIndex, labels: Mapping[Any, str]
) -> dict[str, AnyArray]:
    """Arrays of the ids of one side and of its labels."""
    arrays: dict[str, AnyArray] = {}
    ids, names = f"{side}_ids", f"{side}_labels"
    if not index.is_integer:
        texts = texts_of_index(index, what="npz")
        arrays[f"{ids}_utf8"], arrays[f"{ids}_ends"] = join_texts(texts)
    elif not index.is_range:
        arrays[ids] = index.ids
    if labels:
        rows = index.find(list(labels))
        if rows.min() < 0:
            raise GraphTypeError(
                f"There is a label for {list(labels)[int(rows.argmin())]!r}, which is "
                "no id of the hypergraph. Take it out."
            )
        arrays[f"{names}_rows"] = rows
        texts_of_labels = join_texts(labels.values())
        arrays[f"{names}_utf8"], arrays[f"{names}_ends"] = texts_of_labels
    return arrays


def _read_own(archive: NpzFile, path: PathType) -> Hypergraph:
    version = archive.scalar(_VERSION_KEY)
    if version != FORMAT_VERSION:
        raise GraphFormatError(
            f"The file is of format version {version!r} and this graphrep reads "
            f"version {FORMAT_VERSION}. Update graphrep.",
            path=path,
        )
    (nodes, node_labels), (edges, edge_labels) = (
        _unpacked(archive, side, size, path) for side, size in _SIDES
    )
    return Hypergraph.from_csr(
        archive["indptr"],
        archive["indices"],
        nodes=nodes,
        edge_ids=edges,
        multiplicities=archive.get("multiplicities"),
        weights=archive.get("weights"),
        node_labels=node_labels,
        edge_labels=edge_labels,
    )


def _unpacked(
    archive: NpzFile, side: str, size: str, path: PathType
) -> tuple[NodeIndex, dict[Any, str]]:
    ids, names = f"{side}_ids", f"{side}_labels"
    number = archive.scalar(size)
    if f"{ids}_utf8" in archive and f"{ids}_ends" in archive:
        parts = (archive[f"{ids}_utf8"], archive[f"{ids}_ends"])
        index = NodeIndex(split_texts(*parts, path, ids))
    else:
        stored = archive.get(ids)
        index = NodeIndex(number if stored is None else stored)
    if len(index) != number:
        raise GraphFormatError(
            f"{size} is {number:,} but there are {len(index):,} {ids}.", path=path
        )
    if f"{names}_rows" not in archive:
        return index, {}
    rows = archive[f"{names}_rows"]
    parts = (archive[f"{names}_utf8"], archive[f"{names}_ends"])
    texts = split_texts(*parts, path, names)
    fits = rows.dtype.kind == "i" and rows.shape == texts.shape
    if not fits or (len(rows) and not 0 <= rows.min() <= rows.max() < len(index)):
        raise GraphFormatError(f"{names}_rows does not fit the labels.", path=path)
    return index, dict(zip(index.ids[rows].tolist(), texts.tolist(), strict=True))


def _read_scipy(archive: NpzFile, path: PathType) -> Any:
    """Incidence matrix of scipy.sparse.save_npz, its indices checked."""
    layout = archive.scalar("format")
    layout = layout.decode("latin-1") if isinstance(layout, bytes) else str(layout)
    shape = tuple(archive["shape"].tolist())
    if layout not in {"csr", "csc", "coo"} or len(shape) != 2:
        raise GraphFormatError(
            f"A sparse matrix in format {layout!r} of shape {shape} cannot be read; "
            "convert it with tocsc() before scipy.sparse.save_npz.",
            path=path,
        )
    data = archive["data"]
    if layout == "coo":
        rows, columns = archive["row"], archive["col"]
    else:
        pointers, minor = archive["indptr"], archive["indices"]
        wanted = shape[0 if layout == "csr" else 1] + 1
        if pointers.shape != (wanted,) or np.any(np.diff(pointers) < 0):
            raise GraphFormatError(
                f"indptr must have {wanted:,} entries that never descend.", path=path
            )
        major = np.repeat(np.arange(wanted - 1), np.diff(pointers))
        rows, columns = (major, minor) if layout == "csr" else (minor, major)
    for name, array, size in (("row", rows, shape[0]), ("column", columns, shape[1])):
        if array.shape != data.shape or array.dtype.kind not in "iu":
            raise GraphFormatError(
                f"There are {data.size:,} entries but {array.size:,} {name}s.",
                path=path,
            )
        if array.size and not 0 <= array.min() <= array.max() < size:
            raise GraphFormatError(
                f"A {name} is outside a matrix of shape {shape}.", path=path
            )
    return sparse.coo_array((data, (rows, columns)), shape=shape)

"""Square matrices, sparse or dense, into checked CSR arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import _csr
from graphrep.graph._csr import CSR, Ids
from graphrep.graph._edges import check_codes, check_edge_weights
from graphrep.typing import AnyArray

_EDGE_COLUMNS = (2, 3)  # an integer array so wide may be a list of edges


def refuse_edge_list(array: Any) -> None:
    """Refuse an integer array that may be a list of edges as well as a matrix."""
    if not isinstance(array, np.ndarray) or array.ndim != 2:
        return
    if array.dtype.kind in "iu" and array.shape[1] in _EDGE_COLUMNS:
        raise GraphTypeError(
            f"An integer array of shape {array.shape} may be a list of edges or an "
            "adjacency. For edges call Graph.from_edges(x[:, 0], x[:, 1]), for an "
            "adjacency pass x.astype(float)."
        )


def check_square(adjacency: Any) -> int:
    """Return the number of nodes of something that is a square matrix of numbers."""
    dense = isinstance(adjacency, np.ndarray)
    if not dense and not sparse.issparse(adjacency):
        raise GraphTypeError(
            "Graph takes a sparse matrix or a 2-D array; got "
            f"{type(adjacency).__name__}. For other objects use graphrep.as_graph, "
            "for edges Graph.from_edges."
        )
    if adjacency.ndim != 2 or adjacency.shape[0] != adjacency.shape[1]:
        raise GraphValueError(
            "Graph needs a square adjacency of shape (n_nodes, n_nodes); got "
            f"{adjacency.shape}. For edges between two node sets use "
            "Graph.from_biadjacency, for a list of edges Graph.from_edges."
        )
    if adjacency.dtype.kind not in "biuf":
        raise GraphTypeError(
            f"Edge weights must be real numbers; got dtype {adjacency.dtype}. "
            "Convert them with astype(float)."
        )
    if isinstance(adjacency, np.ma.MaskedArray):
        raise GraphTypeError(
            "A masked array leaves open what a masked entry means. Pass "
            "array.filled(0) if it means that there is no edge."
        )
    return int(adjacency.shape[0])


def read_adjacency(adjacency: Any, nodes: Ids) -> tuple[CSR, int]:
    """Read a matrix that `check_square` has passed; count the entries merged.

    No index is used before it has been checked: scipy's own conversions trust
    theirs and crash on a damaged matrix.
    """
    n_nodes = int(adjacency.shape[0])
    if isinstance(adjacency, np.ndarray):
        return _read_dense(np.asarray(adjacency), nodes)
    if adjacency.format in {"csr", "csc"}:
        arrays = adjacency.indptr, adjacency.indices, adjacency.data
        if len(arrays[0]) != n_nodes + 1:
            raise GraphValueError(
                f"indptr has {len(arrays[0]):,} pointers; a matrix of shape "
                f"{adjacency.shape} needs {n_nodes + 1:,}."
            )
        if adjacency.format == "csc":
            flipped, _, _ = _csr.check_structure(*arrays, n_nodes)
            arrays = _csr.transpose(flipped, n_nodes)
        return _csr.checked(*arrays, n_nodes, nodes)
    coo = adjacency.tocoo()
    rows, columns = check_codes(coo.row, coo.col, n_nodes)
    weights = _csr.as_weights(coo.data)
    check_edge_weights(weights, rows, columns, nodes)
    csr, merged = _csr.build_csr(
        rows, columns, weights, n_nodes, mirror=False, duplicates="sum"
    )
    return _csr.tidy(csr, nodes), merged


def _read_dense(array: AnyArray, nodes: Ids) -> tuple[CSR, int]:
    rows, columns = np.nonzero(array)
    indptr = np.zeros(len(array) + 1, np.int64)
    np.cumsum(np.bincount(rows, minlength=len(array)), out=indptr[1:])
    return _csr.checked(indptr, columns, array[rows, columns], len(array), nodes)

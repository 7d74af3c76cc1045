"""Lists of edges between row numbers: their checks, and the CSR made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import _csr
from graphrep.graph._csr import CSR, Ids
from graphrep.kernels import _csr as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray


def csr_of_edges(
    rows: AnyArray,
    columns: AnyArray,
    weight: AnyArray | None,
    nodes: Any,
    *,
    directed: bool,
    duplicates: str,
) -> tuple[CSR, int]:
    """Check edges and build their CSR; return it and the number of edges merged."""
    check_duplicates(duplicates)
    rows, columns = check_codes(rows, columns, len(nodes))
    weights = None
    if weight is not None:
        weights = _csr.as_weights(np.asarray(weight))
        check_edge_weights(weights, rows, columns, nodes)
    rule = "first" if duplicates == "error" else duplicates
    csr, merged = _csr.build_csr(
        rows, columns, weights, len(nodes), mirror=not directed, duplicates=rule
    )
    if merged:
        merged = len(rows) - _count_edges(csr, directed)
        tell_merged(merged, duplicates, directed)
    return _csr.tidy(csr, nodes), merged


def check_duplicates(duplicates: str) -> None:
    """Refuse a rule for repeated edges that does not exist."""
    if duplicates not in {*_csr.DUPLICATES, "error"}:
        raise GraphValueError(
            "duplicates must be one of 'sum', 'first', 'max', 'mean', 'error'; "
            f"got {duplicates!r}."
        )


def check_codes(
    rows: AnyArray, columns: AnyArray, n_nodes: int
) -> tuple[IntArray, IntArray]:
    """Row numbers of the end points as int64 arrays that the kernels can trust."""
    checked = []
    for name, codes in (("rows", rows), ("columns", columns)):
        codes = np.asarray(codes)
        if codes.ndim != 1:
            raise GraphValueError(
                f"{name} must be one-dimensional; got an array of shape {codes.shape}."
            )
        if codes.dtype.kind not in "iu" and len(codes):
            raise GraphTypeError(f"{name} must be integers; got dtype {codes.dtype}.")
        if len(codes) and (codes.min() < 0 or codes.max() >= n_nodes):
            at = int(np.flatnonzero((codes < 0) | (codes >= n_nodes))[0])
            raise GraphValueError(
                f"{name}[{at}] = {int(codes[at])} is outside a graph of {n_nodes:,} "
                f"nodes; row numbers must lie in [0, {n_nodes})."
            )
        checked.append(np.ascontiguousarray(codes, dtype=np.int64))
    if len(checked[0]) != len(checked[1]):
        raise GraphValueError(
            f"rows and columns must have the same length; got {len(checked[0]):,} and "
            f"{len(checked[1]):,}."
        )
    return checked[0], checked[1]


def check_edge_weights(
    weights: FloatArray, rows: IntArray, columns: IntArray, nodes: Ids
) -> None:
    """Refuse NaN, infinite and negative weights, and a wrong number of them."""
    if len(weights) != len(rows):
        raise GraphValueError(
            f"{len(weights):,} weights were given for {len(rows):,} edges."
        )
    bad, negative, _, _ = kernels.check_weights(weights)
    at = int(bad if bad >= 0 else negative)
    if at >= 0:
        edge = (nodes[int(rows[at])], nodes[int(columns[at])])
        where = f"edge {edge} at position {at}"
        raise GraphValueError(_csr.weight_message(float(weights[at]), where))


def _count_edges(csr: CSR, directed: bool) -> int:
    entries = len(csr.indices)
    if directed:
        return entries
    return (entries + int(kernels.count_loops(csr.indptr, csr.indices))) // 2


def tell_merged(merged: int, duplicates: str, directed: bool) -> None:
    """Warn of edges that were summed, or refuse them under "error"."""
    text = f"{merged:,} of the edges repeat an edge that was given before"
    if not directed:
        text += " (in an undirected graph a-b and b-a are one edge)"
    if duplicates == "error":
        raise GraphValueError(
            f"{text}. Merge them with duplicates='sum', 'first', 'max' or 'mean'."
        )
    if duplicates == "sum":
        warn_user(
            f"{text}; their weights were summed. Pass duplicates='first', 'max', "
            "'mean' or 'error' for another rule."
        )

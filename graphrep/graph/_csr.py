"""CSR: the checked arrays under a Graph, and the few ways to rebuild them."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import _csr as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray

DUPLICATES = {
    "sum": kernels.SUM,
    "first": kernels.FIRST,
    "max": kernels.MAX,
    "mean": kernels.MEAN,
}
_NO_WEIGHTS = np.empty(0, np.float32)


class Ids(Protocol):
    """Whatever gives the id of a row."""

    def __getitem__(self, row: int, /) -> Any:
        """Return the id of a row."""


class CSR(NamedTuple):
    """Rows in compressed form: int64 pointers, int32/int64 columns, weights or None."""

    indptr: IntArray
    indices: IntArray
    weights: FloatArray | None

    @property
    def data(self) -> FloatArray:
        """Weights as an array that a kernel can take; empty when there are none."""
        return _NO_WEIGHTS if self.weights is None else self.weights

    @property
    def weighted(self) -> bool:
        """Whether weights are stored."""
        return self.weights is not None


def index_dtype(n_nodes: int) -> type[np.signedinteger]:
    """Smallest signed type that numbers so many nodes: int32 up to 2**31 - 1."""
    return np.int32 if n_nodes < 2**31 else np.int64


def check_csr(
    indptr: AnyArray, indices: AnyArray, weights: AnyArray | None, n_cols: int
) -> CSR:
    """Look at every entry once; return arrays that the kernels can trust.

    Rows come back sorted, without repeated columns (weights summed), without stored
    zeros, and without weights where all are one; the caller's arrays are never
    changed and only copied if needed.

    Raises
    ------
    GraphValueError
        For broken pointers, a column outside ``[0, n_cols)``, and NaN, infinite or
        negative weights.
    GraphTypeError
        For complex or object weights.
    """
    return checked(indptr, indices, weights, n_cols)[0]


def checked(
    indptr: AnyArray,
    indices: AnyArray,
    weights: AnyArray | None,
    n_cols: int,
    nodes: Ids | None = None,
) -> tuple[CSR, int]:
    """`check_csr` that names edges by the ids of their nodes and counts merged entries.

    Returns
    -------
    csr : CSR
    merged : int
        Entries that repeated another one of their row.
    """
    csr, is_sorted, repeated = check_structure(indptr, indices, weights, n_cols)
    zeros, not_one = check_weights(csr, nodes) if csr.weighted else (0, 1)
    if not not_one:
        csr = csr._replace(weights=None)
    if is_sorted and not repeated and not zeros:
        return csr, 0
    csr, merged = _canonical(csr, n_cols, is_sorted=is_sorted)
    return tidy(csr, nodes), merged


def check_structure(
    indptr: AnyArray, indices: AnyArray, weights: AnyArray | None, n_cols: int
) -> tuple[CSR, bool, bool]:
    """Check pointers and columns, not the weights' values.

    Returns
    -------
    csr : CSR
    is_sorted : bool
        Whether each row is sorted.
    repeated : bool
        Whether a column stands twice in a row; only told where rows are sorted.
    """
    indptr = _as_integers(indptr, np.int64, "indptr")
    indices = _as_integers(indices, index_dtype(n_cols), "indices")
    code, at, is_sorted, repeated = kernels.check_structure(indptr, indices, n_cols)
    if code != kernels.OK:
        raise GraphValueError(_structure_message(code, at, indptr, indices, n_cols))
    if weights is not None:
        weights = as_weights(weights)
        if len(weights) != len(indices):
            raise GraphValueError(
                f"{len(weights):,} weights were given for {len(indices):,} entries."
            )
    return CSR(indptr, indices, weights), bool(is_sorted), repeated > 0


def as_weights(weights: AnyArray) -> FloatArray:
    """Weights as a native float32 or float64 array; integers become float64."""
    array = np.asarray(weights)
    if array.dtype.kind in "cOSUVmM":
        raise GraphTypeError(
            f"Edge weights must be real numbers; got dtype {array.dtype}. "
            "Convert them with astype(float)."
        )
    wanted = np.float32 if array.dtype.kind == "f" and array.itemsize <= 4 else "f8"
    if array.dtype.kind == "b":
        wanted = np.float32
    return np.ascontiguousarray(array.reshape(-1), dtype=wanted)


def check_weights(csr: CSR, nodes: Ids | None = None) -> tuple[int, int]:
    """Refuse NaN, infinite and negative weights; count zeros and others than one."""
    bad, negative, zeros, not_one = kernels.check_weights(csr.data)
    if bad >= 0 or negative >= 0:
        at = int(bad if bad >= 0 else negative)
        row = int(np.searchsorted(csr.indptr, at, side="right") - 1)
        edge = (row, int(csr.indices[at]))
        if nodes is not None:
            edge = (nodes[edge[0]], nodes[edge[1]])
        raise GraphValueError(weight_message(float(csr.data[at]), f"edge {edge}"))
    return int(zeros), int(not_one)


def tidy(csr: CSR, nodes: Ids | None = None) -> CSR:
    """Drop zero weights, and all weights if each is one; refuse sums that overflow."""
    if csr.weights is None:
        return csr
    zeros, not_one = check_weights(csr, nodes)
    if zeros:
        csr = drop(csr, zeros=True)
    return csr._replace(weights=None) if not_one == zeros else csr


def weight_message(value: float, where: str) -> str:
    """Sentence for a weight that cannot be used, in scikit-learn's own words."""
    if np.isnan(value):
        return (
            f"Input contains NaN: {where} has weight nan. "
            "Drop these edges or fill in their weights."
        )
    if np.isinf(value):
        return (
            f"Input contains infinity: {where} has weight {value}. "
            "Drop these edges or give them a finite weight."
        )
    return (
        f"Negative values in data passed to Graph: {where} has weight {value!r}. "
        "Take absolute values or drop these edges."
    )


def build_csr(
    rows: IntArray,
    columns: IntArray,
    weights: FloatArray | None,
    n_nodes: int,
    *,
    mirror: bool,
    duplicates: str,
) -> tuple[CSR, int]:
    """Counting-sort edges into sorted CSR; return it and the entries merged away.

    O(n + m) time. Without weights, repeated edges get their multiplicity as weight
    under ``duplicates="sum"``. The edges go into the rows of the transpose, so that
    transposing sorts the rows, equal neighbours in the order given.
    """
    rows, columns = columns, rows
    indptr = np.empty(n_nodes + 1, np.int64)
    kernels.count_rows(rows, columns, mirror, indptr)
    size = int(indptr[-1])
    indices = np.empty(size, index_dtype(n_nodes))
    data = np.empty(0 if weights is None else size, _dtype_of(weights))
    given = _NO_WEIGHTS if weights is None else weights
    kernels.scatter_edges(
        rows, columns, given, weights is not None, mirror, indptr[:-1].copy(),
        indices, data,
    )  # fmt: skip
    csr = CSR(indptr, indices, None if weights is None else data)
    csr = transpose(csr, n_nodes)
    return _merge(csr, duplicates, given=weights is not None)


def transpose(csr: CSR, n_cols: int) -> CSR:
    """Transpose: rows become columns; O(n + m), rows come out sorted."""
    indptr = np.empty(n_cols + 1, np.int64)
    kernels.column_pointers(csr.indices, indptr)
    indices = np.empty(len(csr.indices), index_dtype(len(csr.indptr) - 1))
    data = np.empty_like(csr.data)
    kernels.transpose(
        csr.indptr, csr.indices, csr.data, csr.weighted, indptr[:-1].copy(),
        indices, data,
    )  # fmt: skip
    return CSR(indptr, indices, data if csr.weighted else None)


def reorder_neighbours(csr: CSR, order: IntArray) -> CSR:
    """Copy whose rows list their neighbours in the order of a permutation of nodes."""
    flipped = transpose(csr, len(order))
    indices = np.empty_like(csr.indices)
    data = np.empty_like(csr.data)
    kernels.reorder_rows(
        flipped.indptr, flipped.indices, flipped.data, csr.weighted, order,
        csr.indptr[:-1].copy(), indices, data,
    )  # fmt: skip
    return CSR(csr.indptr, indices, data if csr.weighted else None)


def drop(csr: CSR, *, zeros: bool = False, loops: bool = False) -> CSR:
    """Copy without stored zeros and (or) without loops."""
    indptr, indices, data = csr.indptr.copy(), csr.indices.copy(), csr.data.copy()
    kept = kernels.drop_entries(indptr, indices, data, csr.weighted, zeros, loops)
    weights = data[:kept].copy() if csr.weighted else None
    return CSR(indptr, indices[:kept].copy(), weights)


def submatrix(csr: CSR, rows: IntArray) -> CSR:
    """Rows and columns of some nodes, in the order given; unsorted inside rows."""
    n = len(csr.indptr) - 1
    new_index = np.full(n, -1, csr.indices.dtype)
    new_index[rows] = np.arange(len(rows), dtype=csr.indices.dtype)
    size = int((csr.indptr[rows + 1] - csr.indptr[rows]).sum())
    indptr = np.empty(len(rows) + 1, np.int64)
    indices = np.empty(size, csr.indices.dtype)
    data = np.empty(size if csr.weighted else 0, csr.data.dtype)
    kept = kernels.pick_rows(
        csr.indptr, csr.indices, csr.data, csr.weighted, rows, new_index,
        (indptr, indices, data),
    )  # fmt: skip
    weights = data[:kept].copy() if csr.weighted else None
    return CSR(indptr, indices[:kept].copy(), weights)


def _canonical(csr: CSR, n_cols: int, *, is_sorted: bool) -> tuple[CSR, int]:
    """Sort and merge into new arrays, so that the caller's stay as they are."""
    if is_sorted:
        weights = None if csr.weights is None else csr.weights.copy()
        csr = CSR(csr.indptr.copy(), csr.indices.copy(), weights)
    else:
        csr = _sort_rows(csr, n_cols)
    return _merge(csr, "sum", given=csr.weighted)


def _sort_rows(csr: CSR, n_cols: int) -> CSR:
    """Sort every row by transposing twice: linear, and stable among equals."""
    return transpose(transpose(csr, n_cols), len(csr.indptr) - 1)


def _merge(csr: CSR, duplicates: str, *, given: bool) -> tuple[CSR, int]:
    """Merge repeated columns in place; unweighted ones become counts under "sum"."""
    size = len(csr.indices)
    count = not given and duplicates == "sum"
    if count:
        _, _, _, repeated = kernels.check_structure(
            csr.indptr, csr.indices, np.iinfo(csr.indices.dtype).max
        )
        if not repeated:
            return csr, 0
        csr = csr._replace(weights=np.ones(size, np.float32))
    kept = kernels.merge_duplicates(
        csr.indptr, csr.indices, csr.data, csr.weighted, DUPLICATES[duplicates]
    )
    if kept == size:
        return csr, 0
    weights = None if csr.weights is None else csr.weights[:kept].copy()
    return CSR(csr.indptr, csr.indices[:kept].copy(), weights), size - int(kept)


def _dtype_of(weights: FloatArray | None) -> np.dtype[np.floating]:
    return np.dtype(np.float32) if weights is None else weights.dtype


def _as_integers(array: AnyArray, dtype: type[np.signedinteger], name: str) -> IntArray:
    array = np.asarray(array)
    if array.ndim != 1:
        raise GraphValueError(
            f"{name} must be one-dimensional; got an array of shape {array.shape}."
        )
    if array.dtype.kind not in "iu" and len(array):
        raise GraphTypeError(f"{name} must hold integers; got dtype {array.dtype}.")
    wanted = np.dtype(dtype)
    if not np.can_cast(array.dtype, wanted) and len(array):
        info = np.iinfo(wanted)
        if array.min() < info.min or array.max() > info.max:
            wanted = np.dtype(np.int64)  # let the range check name the entry
    return np.ascontiguousarray(array, dtype=wanted)


def _structure_message(
    code: int, at: int, indptr: IntArray, indices: IntArray, n_cols: int
) -> str:
    if code == kernels.BAD_START:
        first = int(indptr[0]) if len(indptr) else None
        return f"indptr must start at 0; it starts at {first}."
    if code == kernels.DECREASING:
        return (
            f"indptr must not decrease; at row {at} it falls from {indptr[at]} "
            f"to {indptr[at + 1]}."
        )
    if code == kernels.BAD_END:
        return (
            f"indptr ends at {at} but there are {len(indices):,} indices; "
            "the two must agree."
        )
    row = int(np.searchsorted(indptr, at, side="right") - 1)
    return (
        f"Column index {int(indices[at])} in row {row} is outside a graph of "
        f"{n_cols:,} nodes; indices must lie in [0, {n_cols})."
    )

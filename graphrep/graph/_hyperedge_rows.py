"""Arrays of hyperedges: checked and tidied, their numbers read, equal rows found."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.kernels import _incidence as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray

_TOO_MANY = 2.0**63
_MOST_NODES = 2**31 - 1  # members are int32


def tidy(indptr: Any, indices: Any, n_nodes: int) -> tuple[IntArray, IntArray]:
    """Check pointers and members; sort rows and drop repeated members."""
    if n_nodes > _MOST_NODES:
        raise GraphValueError(
            f"A hypergraph holds at most {_MOST_NODES:,} nodes; got {n_nodes:,}."
        )
    pointers = np.asarray(indptr)
    members = np.asarray(indices)
    for name, array in (("indptr", pointers), ("indices", members)):
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
            raise GraphValueError(
                f"{name} must be one row of integers; got {array.dtype} of shape "
                f"{array.shape}."
            )
    pointers = pointers.astype(np.int64)
    if (
        not len(pointers)
        or pointers[0] != 0
        or pointers[-1] != len(members)
        or np.any(np.diff(pointers) < 0)
    ):
        raise GraphValueError(
            "indptr must begin with 0, never descend, and end with the number of "
            f"members, {len(members):,}."
        )
    if members.size and not 0 <= members.min() <= members.max() < n_nodes:
        bad = int(np.flatnonzero((members < 0) | (members >= n_nodes))[0])
        edge = int(np.searchsorted(pointers, bad, side="right")) - 1
        raise GraphValueError(
            f"Member {members[bad]} of hyperedge {edge} is outside the {n_nodes:,} "
            "nodes."
        )
    rows = members.astype(np.int32)
    out = np.empty(len(pointers), np.int64)
    kept = kernels.tidy_rows(pointers, rows, out)
    rows = rows if kept == len(rows) else rows[:kept].copy()
    return _frozen(out), _frozen(rows)


def read_counts(values: Any, size: int) -> IntArray | None:
    """Multiplicities, None where all are one."""
    if values is None:
        return None
    array = _numbers(values, "multiplicities")
    if array.shape != (size,):
        raise GraphValueError(
            f"multiplicities has shape {array.shape} for {size:,} hyperedges."
        )
    fits = np.isfinite(array) & (array >= 1) & (array < _TOO_MANY)
    whole = np.where(fits, array, 0).astype(np.int64)
    bad = np.flatnonzero(~fits | (whole != array))
    if len(bad):
        raise GraphValueError(
            f"Hyperedge {bad[0]} has multiplicity {array[bad[0]]}; it must be a whole "
            "number of at least 1. Leave hyperedges out that do not occur."
        )
    return None if np.all(whole == 1) else _frozen(whole)


def read_values(values: Any, size: int) -> FloatArray | None:
    """Weights of hyperedges, finite."""
    if values is None:
        return None
    array = _numbers(values, "weights").astype(np.float64)
    if array.shape != (size,):
        raise GraphValueError(
            f"weights has shape {array.shape} for {size:,} hyperedges."
        )
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        raise GraphValueError(
            f"Hyperedge {bad[0]} has weight {array[bad[0]]}; it must be finite."
        )
    return _frozen(array)


def _numbers(values: Any, name: str) -> AnyArray:
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "biuf":
        raise GraphTypeError(f"{name} must hold numbers; got dtype {array.dtype}.")
    return array


class RowTable:
    """Finds equal rows: a hash table over the hyperedges. O(incidences) to make."""

    def __init__(self, indptr: IntArray, indices: IntArray) -> None:
        self._rows = (indptr, indices)
        size = len(indptr) - 1
        self._hashes = kernels.row_hashes(indptr, indices)
        self._slots = np.full(1 << max(1, (2 * size).bit_length()), -1, np.int64)
        self.owner = np.empty(size, np.int64)
        kernels.fill_row_table(self._hashes, *self._rows, self._slots, self.owner)

    def find(self, indptr: IntArray, indices: IntArray) -> IntArray:
        """First row here that equals each row there, -1 where there is none."""
        out = np.empty(len(indptr) - 1, np.int64)
        wanted = kernels.row_hashes(indptr, indices)
        kernels.find_rows(
            wanted, indptr, indices, self._hashes, *self._rows, self._slots, out
        )
        return out


def _frozen(array: AnyArray) -> AnyArray:
    array.setflags(write=False)
    return array

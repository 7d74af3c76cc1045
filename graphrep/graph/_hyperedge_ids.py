"""Hyperedges as people pass them: their members numbered, rows of them chosen."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Set
from itertools import chain
from typing import Any

import numpy as np
from scipy import sparse

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph._ids import integer_array, listed, shown
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, IntArray, NodeIds

_PLAIN = frozenset({list, tuple, set, frozenset})
_SPARSENESS = 4  # addresses for each member at most; beyond it they are sorted


def number_members(
    hyperedges: Iterable[Iterable[Hashable]], nodes: NodeIds | NodeIndex | int | None
) -> tuple[NodeIndex, IntArray, IntArray]:
    """Index of the nodes, sizes of the hyperedges, and row numbers of the members.

    O(incidences); integers that lie far apart are sorted.
    """
    rows = _rows(hyperedges)
    sizes = np.fromiter(map(len, rows), np.int64, len(rows))
    flat = list(chain.from_iterable(rows))
    if nodes is not None:
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        return index, sizes, _look_up(flat, sizes, index)
    integers = integer_array(flat)
    if integers is not None:
        ids, members = distinct_integers(integers)
        return NodeIndex(ids), sizes, members
    flat = list(chain.from_iterable(map(_in_order, rows)))
    try:
        table = {node: row for row, node in enumerate(dict.fromkeys(flat))}
    except TypeError as error:
        raise GraphTypeError(f"Every node id must be hashable: {error}.") from None
    index = NodeIndex(list(table))
    members = np.fromiter(map(table.__getitem__, flat), np.int64, len(flat))
    return index, sizes, members


def chosen_rows(rows: Any, size: int) -> IntArray:
    """Numbers of the hyperedges that a list, mask or slice asks for, checked."""
    if isinstance(rows, slice):
        return np.arange(size)[rows]
    array = np.asarray(rows)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "biu"):
        raise GraphTypeError(
            "Hyperedges are taken by a list of numbers or a mask; got "
            f"{array.dtype} of shape {array.shape}."
        )
    if array.dtype.kind == "b":
        if len(array) != size:
            raise GraphValueError(
                f"The mask has {len(array):,} entries for {size:,} hyperedges."
            )
        return np.flatnonzero(array)
    outside = np.flatnonzero((array < -size) | (array >= size))
    if len(outside):
        raise GraphValueError(
            f"There is no hyperedge {array[outside[0]]}; there are {size:,}, counted "
            "from 0."
        )
    chosen = array.astype(np.int64) % max(size, 1)
    again = np.flatnonzero(np.bincount(chosen, minlength=1) > 1)
    if len(again):
        raise GraphValueError(
            f"Hyperedge {again[0]} is taken twice, and each has an id of its own. "
            "Take it once and say how often it occurs with multiplicities."
        )
    return chosen


def read_incidence(incidence: Any) -> sparse.csc_array:
    """Incidence matrix in columns, without zeros; the caller's is left as it is."""
    if not sparse.issparse(incidence):
        incidence = np.asarray(incidence)
    if incidence.ndim != 2:
        raise GraphValueError(
            f"An incidence matrix has two dimensions; got shape {incidence.shape}."
        )
    if incidence.dtype.kind not in "biuf":
        raise GraphTypeError(
            f"An incidence matrix holds numbers; got dtype {incidence.dtype}."
        )
    matrix = sparse.csc_array(incidence, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if matrix.dtype.kind == "f" and np.isnan(matrix.data).any():
        at = int(np.argmax(np.isnan(matrix.data)))
        edge = int(np.searchsorted(matrix.indptr, at, side="right")) - 1
        raise GraphValueError(
            f"Input contains NaN: the entry of node {matrix.indices[at]} and hyperedge "
            f"{edge} is nan. Fill it in with 0 or 1."
        )
    return matrix


def _rows(hyperedges: Any) -> list[Any]:
    if isinstance(hyperedges, Mapping) or sparse.issparse(hyperedges):
        remedy = "graphrep.as_hypergraph(...)"
        if sparse.issparse(hyperedges):
            remedy = "Hypergraph.from_incidence(...)"
        raise GraphTypeError(
            f"A {type(hyperedges).__name__} is no list of hyperedges; call {remedy}."
        )
    if isinstance(hyperedges, (str, bytes)) or not isinstance(hyperedges, Iterable):
        raise GraphTypeError(
            f"Hyperedges come as a list of lists of node ids; got {shown(hyperedges)}."
        )
    return [
        e if type(e) in _PLAIN else _members(e, at) for at, e in enumerate(hyperedges)
    ]


def _members(hyperedge: Any, at: int) -> Collection[Hashable]:
    if isinstance(hyperedge, (str, bytes)) or not isinstance(hyperedge, Iterable):
        raise GraphTypeError(
            f"Hyperedge {at} (counted from 0) is {shown(hyperedge)}; a hyperedge is a "
            "list or set of node ids."
        )
    if isinstance(hyperedge, Set):
        return hyperedge
    ids: Any = hyperedge
    if isinstance(ids, np.ndarray) or module_of(ids) == "torch":
        if ids.ndim != 1:
            raise GraphTypeError(
                f"Hyperedge {at} (counted from 0) is an array of shape "
                f"{tuple(ids.shape)}; a hyperedge is a list or set of node ids."
            )
        return listed(ids)
    return list(ids)


def _in_order(hyperedge: Any) -> Iterable[Hashable]:
    """Members in an order that does not hang on hashes."""
    if not isinstance(hyperedge, Set):
        return hyperedge  # type: ignore[no-any-return]
    try:
        return sorted(hyperedge)
    except TypeError:  # of several types
        return sorted(hyperedge, key=lambda v: (type(v).__name__, repr(v)))


def _look_up(flat: list[Hashable], sizes: IntArray, index: NodeIndex) -> IntArray:
    try:
        rows = index.find(flat)
    except TypeError as error:
        raise GraphTypeError(f"Every node id must be hashable: {error}.") from None
    bad = np.flatnonzero(rows < 0)
    if len(bad):
        edge = int(np.searchsorted(np.cumsum(sizes), bad[0], side="right"))
        try:
            index.indexer([flat[int(bad[0])]])
        except NodeNotFoundError as error:
            raise GraphValueError(
                f"A member of hyperedge {edge} (counted from 0) is not among the nodes "
                f"given: {error}"
            ) from None
    return rows


def distinct_integers(members: IntArray) -> tuple[AnyArray, IntArray]:
    """Distinct ids ascending, and the place of each member among them."""
    if not len(members):
        return members, members
    low, high = int(members.min()), int(members.max())
    if high - low >= _SPARSENESS * len(members):
        return np.unique(members, return_inverse=True)
    there = np.zeros(high - low + 1, bool)
    there[members - low] = True
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[members - low]

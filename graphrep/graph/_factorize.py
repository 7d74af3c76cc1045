"""Ids of edge end points into row numbers, and the index that turns them back."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import chain

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError, NodeNotFoundError
from graphrep.graph._ids import integer_array, is_missing, listed, shown
from graphrep.graph._node_index import NodeIndex
from graphrep.kernels import _ids as kernels
from graphrep.typing import IntArray, NodeIds

_SPARSENESS = 4  # addresses for each id at most; beyond it a hash table is smaller
_FIRST_TABLE = 1 << 16


def factorize_edges(
    source: NodeIds, target: NodeIds, nodes: NodeIds | NodeIndex | None = None
) -> tuple[IntArray, IntArray, NodeIndex]:
    """Turn the ids of edge end points into row numbers.

    With ``nodes``, every end point must be among them. Without, ids are numbered in
    order of first appearance (source before target of the same edge). O(m) time;
    integers cost a table, other ids a dictionary.
    """
    if nodes is not None:
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        rows = look_up(source, index, "source")
        return rows, look_up(target, index, "target"), index
    a, b = integer_array(source), integer_array(target)
    if a is not None and b is not None:
        rows, columns, ids = number_integers(a, b)
        return rows, columns, NodeIndex(ids)
    return _number_objects(listed(source), listed(target))


def look_up(ids: NodeIds, index: NodeIndex, side: str) -> IntArray:
    """Rows of the end points on one side of the edges."""
    try:
        return index.indexer(ids)
    except NodeNotFoundError as error:
        raise GraphValueError(
            f"An edge's {side} is not among the nodes given: {error}"
        ) from None


def number_integers(
    source: IntArray, target: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Give int64 ids numbers by first appearance; memory O(distinct ids)."""
    size = len(source)
    rows, columns = np.empty(size, np.int64), np.empty(size, np.int64)
    if size == 0:
        return rows, columns, np.empty(0, np.int64)
    low = min(int(source.min()), int(target.min()))
    span = max(int(source.max()), int(target.max())) - low + 1
    if span > _SPARSENESS * 2 * size:
        ids = _number_by_hash(source, target, rows, columns)
    else:
        codes = np.full(span, kernels.EMPTY, np.int64)
        ids = np.empty(min(span, 2 * size), np.int64)
        count = kernels.number_by_address(
            source, target, low, codes, ids, rows, columns
        )
        ids = ids[:count].copy()
    return rows, columns, ids


def _number_by_hash(
    source: IntArray, target: IntArray, rows: IntArray, columns: IntArray
) -> IntArray:
    ids = np.empty(_FIRST_TABLE // 2, np.int64)
    done = count = 0
    while done < len(source):
        if count + 2 > len(ids):
            ids = np.concatenate([ids, np.empty_like(ids)])
        keys = np.empty(2 * len(ids), np.int64)
        codes = np.full(2 * len(ids), kernels.EMPTY, np.int64)
        kernels.fill_table(ids[:count], keys, codes)
        done, count = kernels.number_by_hash(
            source, target, done, count, (keys, codes), ids, rows, columns
        )
    return ids[:count].copy()


def _number_objects(
    source: Sequence[Hashable], target: Sequence[Hashable]
) -> tuple[IntArray, IntArray, NodeIndex]:
    """Give ids of any kind numbers by first appearance, in dictionary passes."""
    pairs = zip(source, target, strict=True)
    try:
        table: dict[Hashable, int] = dict.fromkeys(chain.from_iterable(pairs), 0)
    except TypeError as error:
        raise GraphTypeError(f"Every node id must be hashable: {error}.") from None
    for node in table:
        if is_missing(node):
            _refuse_missing(source, target)
    table = {node: row for row, node in enumerate(table)}
    find = table.__getitem__
    rows = np.fromiter(map(find, source), np.int64, len(source))
    columns = np.fromiter(map(find, target), np.int64, len(target))
    return rows, columns, NodeIndex(list(table))


def _refuse_missing(source: Sequence[Hashable], target: Sequence[Hashable]) -> None:
    for at, ends in enumerate(zip(source, target, strict=True)):
        for side, node in zip(("source", "target"), ends, strict=True):
            if is_missing(node):
                raise GraphValueError(
                    f"The {side} of edge {at} (counted from 0) is missing: "
                    f"{shown(node)}. Give the node an id or drop the edge."
                )

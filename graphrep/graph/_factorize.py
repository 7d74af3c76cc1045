"""Ids of edge end points into row numbers, and the index that turns them back."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError, NodeNotFoundError
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, IntArray, NodeIds


def factorize_edges(
    source: NodeIds, target: NodeIds, nodes: NodeIds | NodeIndex | None = None
) -> tuple[IntArray, IntArray, NodeIndex]:
    """Number the end points of edges.

    With ``nodes``, every end point must be among them. Without, ids are numbered in
    order of first appearance (source before target of the same edge). Integers cost
    a sort, O(m log m); other ids a dictionary, O(m).
    """
    if nodes is not None:
        index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
        return _look_up(source, index, "source"), _look_up(target, index, "target"), index
    a, b = np.asarray(source), np.asarray(target)
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return _number_integers(a, b)
    return _number_objects(source, target)


def _look_up(ids: NodeIds, index: NodeIndex, side: str) -> IntArray:
    try:
        return index.indexer(ids)
    except NodeNotFoundError as error:
        raise GraphValueError(
            f"An edge's {side} is not among the nodes given: {error}"
        ) from None


def _number_integers(
    a: AnyArray, b: AnyArray
) -> tuple[IntArray, IntArray, NodeIndex]:
    ends = np.empty(2 * len(a), np.int64)
    ends[0::2], ends[1::2] = a, b
    values, first, codes = np.unique(ends, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    codes = rank[codes]
    return codes[0::2].copy(), codes[1::2].copy(), NodeIndex(values[order])


def _number_objects(
    source: NodeIds, target: NodeIds
) -> tuple[IntArray, IntArray, NodeIndex]:
    table: dict[Hashable, int] = {}
    rows = np.empty(len(source), np.int64)
    columns = np.empty(len(source), np.int64)
    for e, (s, t) in enumerate(zip(_plain(source), _plain(target), strict=True)):
        rows[e] = table.setdefault(s, len(table))
        columns[e] = table.setdefault(t, len(table))
    return rows, columns, NodeIndex(list(table))


def _plain(ids: Any) -> Any:
    """Python objects instead of numpy scalars, so that 1 stays an int."""
    return ids.tolist() if hasattr(ids, "tolist") else ids

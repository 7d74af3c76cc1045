"""Tables of incidences, one member of a hyperedge a row, into hypergraphs."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph._from_tables import (
    column_names,
    number_column,
    plain_table,
    weights_of_column,
)
from graphrep.graph._hypergraph import Hypergraph
from graphrep.graph._ids import shown
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, IntArray

_USUAL_WEIGHT = "weight"  # the one name that may be absent from the table
_MULTIPLICITY = "multiplicity"


def hypergraph_of_table(
    table: Any,
    *,
    edge: str = "edge",
    node: str = "node",
    weight: str | None = _USUAL_WEIGHT,
) -> Hypergraph:
    """Make a hypergraph of a table with one incidence a row.

    Parameters
    ----------
    table : pandas, polars or pyarrow table, or any exporter of an Arrow stream
        Ids may be of any type.
    edge, node : str, default="edge", "node"
        Columns of the ids.
    weight : str or None, default="weight"
        Column with the weight of the hyperedge, the same in each of its rows;
        ``"weight"`` may be absent. None reads none. A column ``multiplicity`` is
        read in the same way.

    Returns
    -------
    Hypergraph
        Hyperedges in order of first appearance; nodes too, or ascending if integers.
    """
    table = plain_table(table)
    columns = column_names(table)
    wanted = [edge, node]
    if weight is not None and (weight in columns or weight != _USUAL_WEIGHT):
        wanted.append(weight)
    for name in wanted:
        if name not in columns:
            raise GraphValueError(
                f"The table has no column {name!r}; its columns are "
                f"{', '.join(map(repr, columns)) or 'none'}. Name the right ones with "
                "edge=, node= and weight=."
            )
    values = {}
    if len(wanted) > 2:
        values["weights"] = weights_of_column(table[weight])
    if _MULTIPLICITY in columns and _MULTIPLICITY not in wanted:
        values["multiplicities"] = weights_of_column(table[_MULTIPLICITY])
    return hypergraph_of_pairs(
        number_column(table, edge), number_column(table, node), values
    )


def hypergraph_of_pairs(
    edges: tuple[IntArray, list[Hashable] | AnyArray],
    nodes: tuple[IntArray, list[Hashable] | AnyArray],
    values: dict[str, AnyArray],
) -> Hypergraph:
    """Make a hypergraph of codes and ids of both columns and of values of the rows."""
    codes, ids = _by_appearance(*edges)
    members, names = _by_appearance(*nodes)
    index = NodeIndex(names)
    if index.is_integer:
        order = np.argsort(index.ids)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        members, index = rank[members], index.take(order)
    edge_index = NodeIndex(ids)
    options = {
        name: _of_edges(codes, column, edge_index, name)
        for name, column in values.items()
    }
    order = np.argsort(codes, kind="stable")
    pointers = np.zeros(len(ids) + 1, np.int64)
    np.cumsum(np.bincount(codes, minlength=len(ids)), out=pointers[1:])
    return Hypergraph.from_csr(
        pointers, members[order], nodes=index, edge_ids=edge_index, **options
    )


def _by_appearance(codes: IntArray, ids: Any) -> tuple[IntArray, Any]:
    """Codes in order of first appearance, and the ids that occur, in that order."""
    used, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    kept = used[order]
    found = ids[kept] if isinstance(ids, np.ndarray) else [ids[i] for i in kept]
    return rank[inverse.reshape(-1)], found


def _of_edges(codes: IntArray, column: AnyArray, ids: NodeIndex, name: str) -> AnyArray:
    """Value of each hyperedge; its rows must agree."""
    first = np.full(len(ids), len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    values: AnyArray = column[first]
    same = (column == values[codes]) | ((column != column) & (values != values)[codes])
    bad = np.flatnonzero(~same)
    if len(bad):
        at = int(bad[0])
        raise GraphValueError(
            f"Hyperedge {shown(ids[int(codes[at])])} has the {name} "
            f"{values[codes[at]]} and {column[at]} in two rows. They are numbers of "
            "hyperedges, not of their members; pass weight=None to read none."
        )
    return values

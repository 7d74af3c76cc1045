"""Graphs handed over to networkx, PyTorch Geometric and table libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._optional import require
from graphrep.exceptions import GraphValueError
from graphrep.typing import AnyArray, IntArray

if TYPE_CHECKING:
    from graphrep.graph._graph import Graph

_WHO = "Exporting a graph"
_BACKENDS = ("pandas", "polars", "pyarrow")


def to_networkx(graph: Graph) -> Any:
    """Make a ``networkx.Graph`` or ``DiGraph``.

    Parameters
    ----------
    graph : Graph
        What to hand over.

    Returns
    -------
    networkx.Graph or networkx.DiGraph
        Nodes in row order under their ids; weights as the attribute ``weight`` of
        the edges where the graph has any.

    Raises
    ------
    MissingDependencyError
        If networkx is not installed.
    """
    nx = require("networkx", extra="networkx", why=_WHO)
    foreign = nx.DiGraph() if graph.directed else nx.Graph()
    names = graph.node_ids.tolist()
    foreign.add_nodes_from(names)
    rows, columns, weights = graph.edges()
    source = (names[i] for i in rows.tolist())
    target = (names[j] for j in columns.tolist())
    if weights is None:
        foreign.add_edges_from(zip(source, target, strict=True))
    else:
        edges = zip(source, target, weights.tolist(), strict=True)
        foreign.add_weighted_edges_from(edges)
    return foreign


def to_pyg(graph: Graph) -> Any:
    """Make a ``torch_geometric.data.Data``.

    Parameters
    ----------
    graph : Graph
        What to hand over.

    Returns
    -------
    torch_geometric.data.Data
        ``edge_index`` (int64; an undirected edge stands in both directions),
        ``num_nodes``, ``edge_weight`` where the graph has weights, and ``node_id``
        (a list) where the ids are not just the row numbers.

    Raises
    ------
    MissingDependencyError
        If torch or torch_geometric is not installed.
    """
    torch = require("torch", extra="torch-geometric", why=_WHO)
    module = require("torch_geometric.data", extra="torch-geometric", why=_WHO)
    ends = np.stack([_entry_rows(graph), graph.indices.astype(np.int64)])
    fields: dict[str, Any] = {"edge_index": torch.from_numpy(ends)}
    if graph.weights is not None:
        fields["edge_weight"] = torch.from_numpy(graph.weights.copy())
    if not graph.nodes.is_range:
        fields["node_id"] = graph.node_ids.tolist()
    return module.Data(num_nodes=graph.n_nodes, **fields)


def to_frame(graph: Graph, backend: str = "pandas") -> Any:
    """Make a table of edges, an undirected edge once.

    Parameters
    ----------
    graph : Graph
        What to hand over.
    backend : {"pandas", "polars", "pyarrow"}, default="pandas"
        Library of the table.

    Returns
    -------
    DataFrame or Table
        Columns ``source``, ``target`` and, where the graph has weights, ``weight``.

    Raises
    ------
    GraphValueError
        For another backend.
    MissingDependencyError
        If the library is not installed.
    """
    if backend not in _BACKENDS:
        known = ", ".join(map(repr, _BACKENDS))
        raise GraphValueError(f"backend must be one of {known}; got {backend!r}.")
    extra = "io" if backend == "pyarrow" else backend
    library = require(backend, extra=extra, why=f'to_frame(backend="{backend}")')
    rows, columns, weights = graph.edges()
    fields = {"source": _names(graph, rows), "target": _names(graph, columns)}
    if weights is not None:
        fields["weight"] = weights
    if backend == "pyarrow":
        return library.table({name: _listed(part) for name, part in fields.items()})
    if backend == "polars":
        return library.DataFrame({k: _listed(part) for k, part in fields.items()})
    return library.DataFrame(fields)


def _entry_rows(graph: Graph) -> IntArray:
    """Row of every stored entry, int64."""
    return np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))


def _names(graph: Graph, rows: IntArray) -> AnyArray:
    if graph.nodes.is_range:
        return rows.astype(np.int64)
    return graph.node_ids[rows]


def _listed(column: AnyArray) -> Any:
    """Objects as a list, whose types the arrow libraries infer."""
    return column.tolist() if column.dtype == object else column

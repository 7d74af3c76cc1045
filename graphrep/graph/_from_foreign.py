"""Graphs of networkx, PyTorch Geometric, igraph, rustworkx and networkit, read in.

None of these libraries is imported here: an object is known by the module that
defines its type, and read through its public methods.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._edges import check_duplicates
from graphrep.graph._graph import Graph
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray, FloatArray

_ANY_RELATION = (
    "HeteroData holds several kinds of nodes and edges; choose one kind of edge with "
    "relation=(source, name, target), or take all with graphrep.as_knowledge_graph."
)


def graph_of_networkx(
    foreign: Any,
    *,
    weight: str | None = "weight",
    directed: bool | None = None,
    duplicates: str = "sum",
) -> Graph:
    """Make a graph of a networkx graph of any kind; nodes keep their order.

    Parameters
    ----------
    foreign : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
        What to read.
    weight : str or None, default="weight"
        Edge attribute with the weight, one where an edge lacks it. None takes every
        weight as one.
    directed : bool or None, default=None
        None takes the foreign graph's word.
    duplicates : {"sum", "first", "max", "mean", "error"}, default="sum"
        What to do with parallel edges.
    """
    check_duplicates(duplicates)
    nodes = list(foreign)
    row_of = {node: row for row, node in enumerate(nodes)}
    rows = [neighbours for _, neighbours in foreign.adjacency()]
    indptr = np.zeros(len(nodes) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=indptr[1:])
    ends = map(row_of.__getitem__, chain.from_iterable(rows))
    indices = np.fromiter(ends, np.int64, int(indptr[-1]))
    entries = chain.from_iterable(row.values() for row in rows)
    if foreign.is_multigraph():
        values = (_fold(edges.values(), weight, duplicates) for edges in entries)
        weights = _numbers(values, len(indices), weight)
    elif weight is None:
        weights = None
    else:
        weights = _numbers((e.get(weight, 1) for e in entries), len(indices), weight)
    told = bool(foreign.is_directed()) if directed is None else directed
    return Graph.from_csr(indptr, indices, weights, nodes=nodes, directed=told)


def _fold(edges: Any, weight: str | None, duplicates: str) -> Any:
    """Weight of a bundle of parallel edges."""
    values = [1 if weight is None else edge.get(weight, 1) for edge in edges]
    if len(values) == 1:
        return values[0]
    if duplicates == "error":
        raise GraphValueError(
            f"{len(values)} parallel edges join two nodes. Merge them with "
            "duplicates='sum', 'first', 'max' or 'mean'."
        )
    if duplicates == "first":
        return values[0]
    if duplicates == "max":
        return max(values)
    return sum(values) / (len(values) if duplicates == "mean" else 1)


def _numbers(values: Iterable[Any], count: int, name: str | None) -> FloatArray:
    try:
        return np.fromiter(values, np.float64, count)
    except (TypeError, ValueError) as error:
        if isinstance(error, GraphValueError):
            raise
        raise GraphTypeError(
            f"Edge attribute {name!r} must hold real numbers: {error}. Name another "
            "with weight=, or pass weight=None for none."
        ) from None


def graph_of_pyg(
    data: Any,
    *,
    weight: str | None = "weight",
    directed: bool | None = None,
    relation: tuple[str, str, str] | None = None,
    duplicates: str = "sum",
) -> Graph:
    """Make a graph of a PyTorch Geometric ``Data``, or of one relation of HeteroData.

    Parameters
    ----------
    data : torch_geometric.data.Data or HeteroData
        Read are ``edge_index``, ``num_nodes``, the weights, and ``node_id`` for the
        ids. Tensors may lie on any device.
    weight : str or None, default="weight"
        Name of the weights' tensor; "weight" stands for ``edge_weight``, or else an
        ``edge_attr`` of one column. None takes every weight as one.
    directed : bool or None, default=None
        None finds out by comparing the two directions of every edge.
    relation : tuple of (str, str, str) or None, default=None
        Kind of edge to take from HeteroData; it must join nodes of one kind.
    duplicates : {"sum", "first", "max", "mean", "error"}, default="sum"
        What to do with repeated edges.
    """
    edges = nodes = data
    if hasattr(data, "edge_types"):
        edges, nodes = _one_relation(data, relation)
    ends = getattr(edges, "edge_index", None)
    if ends is None:
        raise GraphValueError(
            f"This {type(data).__name__} has no edge_index. Give it one, or pass its "
            "adjacency as a scipy matrix."
        )
    ends = _array(ends)
    if ends.ndim != 2 or ends.shape[0] != 2:
        raise GraphValueError(f"edge_index must have shape (2, m); got {ends.shape}.")
    ids = getattr(nodes, "node_id", None)
    n_nodes = int(nodes.num_nodes or 0)
    built = Graph.from_codes(
        ends[0],
        ends[1],
        _edge_weights(edges, weight),
        nodes=n_nodes if ids is None else NodeIndex(ids),
        directed=True,
        duplicates=duplicates,
    )
    graph = Graph.from_csr(*built.csr, nodes=built.nodes, directed=directed)
    graph.n_merged = built.n_merged
    return graph


def _one_relation(data: Any, relation: tuple[str, str, str] | None) -> tuple[Any, Any]:
    if relation is None:
        kinds = ", ".join(map(repr, data.edge_types))
        raise GraphTypeError(f"{_ANY_RELATION} Its relations are {kinds}.")
    if tuple(relation) not in data.edge_types:
        kinds = ", ".join(map(repr, data.edge_types))
        raise GraphValueError(
            f"There is no relation {relation!r}; choose one of {kinds}."
        )
    first, _, last = relation
    if first != last:
        raise GraphValueError(
            f"Relation {relation!r} joins two kinds of nodes. Pass its matrix to "
            "Graph.from_biadjacency."
        )
    return data[tuple(relation)], data[first]


def _edge_weights(edges: Any, name: str | None) -> AnyArray | None:
    if name is None:
        return None
    if name != "weight":
        if getattr(edges, name, None) is None:
            raise GraphValueError(f"There is no tensor {name!r} to take weights from.")
        return _array(getattr(edges, name))
    weight = getattr(edges, "edge_weight", None)
    if weight is not None:
        return _array(weight)
    attributes = getattr(edges, "edge_attr", None)
    if attributes is None or (attributes.ndim > 1 and attributes.shape[-1] != 1):
        return None  # several columns are features, not a weight
    return _array(attributes)


def _array(tensor: Any) -> AnyArray:
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":  # numpy has no such type
        tensor = tensor.float()
    return np.asarray(tensor.numpy())


def graph_of_igraph(
    foreign: Any, *, weight: str | None = "weight", **options: Any
) -> Graph:
    """Make a graph of an ``igraph.Graph``; ids are the vertices' ``name``, if any."""
    ends = np.array(foreign.get_edgelist(), np.int64).reshape(-1, 2)
    weights = None
    if weight is not None and weight in foreign.es.attributes():
        weights = _numbers(foreign.es[weight], len(ends), weight)
    named = "name" in foreign.vs.attributes()
    nodes = foreign.vs["name"] if named else foreign.vcount()
    return _of_edges(ends, weights, nodes, foreign.is_directed(), **options)


def graph_of_rustworkx(
    foreign: Any, *, weight: str | None = "weight", **options: Any
) -> Graph:
    """Make a graph of a ``PyGraph`` or ``PyDiGraph``.

    Ids are the nodes' payloads where these are unique texts or integers, else their
    indices. A number as the payload of an edge is its weight, as is the entry
    ``weight`` of a dictionary.
    """
    order = list(foreign.node_indices())
    row_of = {node: row for row, node in enumerate(order)}
    edges = foreign.weighted_edge_list()
    ends = np.array([(row_of[a], row_of[b]) for a, b, _ in edges], np.int64)
    payloads = [_payload(payload, weight) for _, _, payload in edges]
    weights = None if weight is None else _numbers(payloads, len(ends), weight)
    names = foreign.nodes()
    told = all(isinstance(n, (str, int)) for n in names)
    nodes = names if told and len(set(names)) == len(names) else order
    directed = type(foreign).__name__ == "PyDiGraph"
    return _of_edges(ends.reshape(-1, 2), weights, nodes, directed, **options)


def _payload(payload: Any, weight: str | None) -> Any:
    if isinstance(payload, dict):
        return payload.get(weight, 1)
    return 1 if payload is None or isinstance(payload, str) else payload


def graph_of_networkit(
    foreign: Any, *, weight: str | None = "weight", **options: Any
) -> Graph:
    """Make a graph of a ``networkit.Graph``; ids are its node numbers."""
    nodes = np.fromiter(foreign.iterNodes(), np.int64)
    row_of = np.full(int(nodes.max(initial=-1)) + 1, -1, np.int64)
    row_of[nodes] = np.arange(len(nodes))
    edges = np.array(list(foreign.iterEdgesWeights()), np.float64).reshape(-1, 3)
    weights = edges[:, 2] if weight is not None and foreign.isWeighted() else None
    ends = row_of[edges[:, :2].astype(np.int64)]
    return _of_edges(ends, weights, nodes, foreign.isDirected(), **options)


def _of_edges(
    ends: AnyArray,
    weights: AnyArray | None,
    nodes: Any,
    is_directed: bool,
    *,
    directed: bool | None = None,
    duplicates: str = "sum",
) -> Graph:
    graph = Graph.from_codes(
        ends[:, 0],
        ends[:, 1],
        weights,
        nodes=nodes,
        directed=is_directed,
        duplicates=duplicates,
    )
    return graph if directed is None else Graph(graph, directed=directed)

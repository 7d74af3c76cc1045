"""as_graph: the one gate through which foreign objects and files become graphs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph, Hypergraph, KnowledgeGraph, NodeIndex, Terminology
from graphrep.graph import _from_foreign as foreign
from graphrep.graph._adjacency import refuse_edge_list
from graphrep.graph._from_tables import (
    graph_of_square_frame,
    graph_of_table,
    is_square_frame,
    is_table,
)
from graphrep.io._graph_store import GraphStore
from graphrep.typing import GraphLike, NodeIds

_ACCEPTED = (
    "a Graph, a scipy sparse or square numpy matrix, a networkx, igraph, rustworkx or "
    "networkit graph, a PyTorch Geometric Data, a pandas, polars or pyarrow table of "
    "edges, a GraphStore, a path"
)
_READERS: dict[str, Callable[..., Graph]] = {
    "networkx": foreign.graph_of_networkx,
    "torch_geometric": foreign.graph_of_pyg,
    "igraph": foreign.graph_of_igraph,
    "rustworkx": foreign.graph_of_rustworkx,
    "networkit": foreign.graph_of_networkit,
}


def as_graph(
    x: GraphLike,
    *,
    directed: bool | None = None,
    weight: str | None = "weight",
    nodes: NodeIds | NodeIndex | None = None,
    source: str = "source",
    target: str = "target",
    duplicates: str = "sum",
    relation: tuple[str, str, str] | None = None,
) -> Graph:
    """Make a graph of anything that holds one.

    Parameters
    ----------
    x : Graph, matrix, foreign graph, table of edges or path
        A `Graph` comes back as it is. A scipy sparse or dense square matrix is an
        adjacency, and so is a pandas frame whose index equals its columns. Graphs of
        networkx, igraph, rustworkx, networkit and PyTorch Geometric keep the ids and
        the order of their nodes. A table (pandas, polars, pyarrow, or any exporter
        of an Arrow stream) has one edge a row. A path is read with
        `graphrep.io.read`, and the directory of a `GraphStore` mapped.
    directed : bool or None, default=None
        None takes the object's word; a matrix is directed if it is asymmetric, and
        the edges of a table are undirected. False on edges that differ from their
        mirror images is an error.
    weight : str or None, default="weight"
        Edge attribute or column with the weights; where it is missing, weights are
        one. None takes every weight as one.
    nodes : sequence of hashable, NodeIndex or None, default=None
        For a matrix the ids in row order, for a table all nodes including isolated
        ones, for an object with ids of its own the order of rows wanted.
    source, target : str, default="source", "target"
        Columns of a table.
    duplicates : {"sum", "first", "max", "mean", "error"}, default="sum"
        What to do with repeated edges; those of a matrix are always summed.
    relation : tuple of (str, str, str) or None, default=None
        Kind of edge to take from a ``HeteroData``.

    Returns
    -------
    Graph

    Raises
    ------
    GraphTypeError
        For anything else, and for what may be meant in two ways: an integer array
        with two or three columns may be a list of edges.
    GraphValueError
        For contents that no graph can have; the message names the place.

    Examples
    --------
    >>> import numpy as np
    >>> from graphrep import as_graph
    >>> as_graph(np.array([[0.0, 2.0], [2.0, 0.0]]), nodes=["a", "b"])
    Graph(n_nodes=2, n_edges=1, undirected, weighted)
    """
    if isinstance(x, Graph):
        graph = x if directed in (None, x.directed) else Graph(x, directed=directed)
        return _reordered(graph, nodes)
    if isinstance(x, GraphStore):
        graph = x.graph()
        if directed not in (None, graph.directed):
            graph = Graph(graph, directed=directed)
        graph = graph.unweighted() if weight is None else graph
        return _reordered(graph, nodes)
    if sparse.issparse(x) or isinstance(x, (np.ndarray, list)):
        graph = _of_matrix(x, directed, nodes)
        return graph.unweighted() if weight is None else graph
    reader = _reader_of(x)
    options: dict[str, Any] = {"directed": directed, "weight": weight}
    if reader is not None:
        if relation is not None:
            options["relation"] = relation
        return _reordered(reader(x, duplicates=duplicates, **options), nodes)
    if isinstance(x, (str, os.PathLike)):
        return _of_path(x, duplicates=duplicates, nodes=nodes, **options)
    if is_square_frame(x) and source not in x.columns:
        return _reordered(graph_of_square_frame(x, directed=directed), nodes)
    if is_table(x):
        return graph_of_table(
            x, source=source, target=target, nodes=nodes, duplicates=duplicates,
            **options,
        )  # fmt: skip
    raise GraphTypeError(_refusal(x))


def _of_matrix(x: Any, directed: bool | None, nodes: Any) -> Graph:
    if isinstance(x, list):
        x = _array_of_lists(x)
    refuse_edge_list(x)
    return Graph(x, nodes, directed=directed)


def _array_of_lists(rows: list[Any]) -> Any:
    """Array of a matrix given as lists; a list of pairs is no matrix."""
    if any(not isinstance(row, (list, np.ndarray)) for row in rows):
        raise GraphTypeError(
            "A list is read as an adjacency only if it holds the rows as lists. For a "
            "list of edges call Graph.from_edges(sources, targets)."
        )
    try:
        return np.array(rows)
    except ValueError:
        lengths = sorted({len(row) for row in rows})
        raise GraphValueError(
            f"The rows of an adjacency must have the same length; got {lengths}."
        ) from None


def _reader_of(x: object) -> Callable[..., Graph] | None:
    """Find the reader of a foreign graph, also of one whose class derives from it."""
    for kind in type(x).__mro__:
        library = kind.__module__.split(".")[0]
        if library in _READERS:
            return _READERS[library]
    return None


def _of_path(path: Any, **options: Any) -> Graph:
    """Read a file, handing on only what the caller has set: readers differ."""
    from graphrep.io._formats import read

    usual = {"directed": None, "nodes": None, "duplicates": "sum", "weight": "weight"}
    chosen = {k: v for k, v in options.items() if v is not usual[k] and v != usual[k]}
    unweighted = "weight" in chosen and chosen["weight"] is None
    if unweighted:
        del chosen["weight"]
    graph = read(path, **chosen)
    return graph.unweighted() if unweighted else graph


def _reordered(graph: Graph, nodes: Any) -> Graph:
    """Rows in the order of ``nodes``, which must name each node of the graph once."""
    if nodes is None:
        return graph
    index = nodes if isinstance(nodes, NodeIndex) else NodeIndex(nodes)
    if len(index) != graph.n_nodes:
        raise GraphValueError(
            f"nodes names {len(index):,} of the graph's {graph.n_nodes:,} nodes; it "
            "must name each once. For a part of the graph call subgraph(nodes)."
        )
    return graph if index == graph.nodes else graph.subgraph(index.ids)


def _refusal(x: object) -> str:
    kind = type(x)
    if isinstance(x, Terminology):
        return "A Terminology is not a graph; pass its graph, terminology.to_graph()."
    if isinstance(x, Hypergraph):
        return "A Hypergraph is not a graph; pass its graph, hypergraph.project()."
    if isinstance(x, KnowledgeGraph):
        return (
            "A KnowledgeGraph has relations; pass the graph of one or several of them, "
            "kg.graph(relation), or of all, kg.graph(collapse=True)."
        )
    name = f"{kind.__module__}.{kind.__name__}".removeprefix("builtins.")
    text = f"as_graph cannot read a {name}; it takes {_ACCEPTED}."
    if isinstance(x, tuple):
        text += (
            " For (indptr, indices, weights) call Graph.from_csr, for (sources, "
            "targets) Graph.from_edges."
        )
    if isinstance(x, dict):
        text += " For a dictionary of neighbours pass networkx.Graph(x)."
    if kind.__module__.split(".")[0] == "torch":
        text += " For a tensor pass tensor.numpy()."
    return text

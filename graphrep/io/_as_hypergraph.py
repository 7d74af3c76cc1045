"""as_hypergraph: the one gate through which hyperedges become a Hypergraph."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from graphrep._utils._optional import module_of
from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph import Graph, Hypergraph, KnowledgeGraph, NodeIndex
from graphrep.graph import _hypergraph_from_foreign as foreign
from graphrep.graph._from_tables import is_table
from graphrep.graph._hif import hypergraph_of_hif, is_hif
from graphrep.graph._incidence_tables import hypergraph_of_table
from graphrep.typing import NodeIds

_ACCEPTED = (
    "a Hypergraph, a list of lists or sets of node ids, a dictionary of hyperedge ids "
    "and members, an incidence matrix, a hypergraph of XGI, HyperNetX, hypergraphx, "
    "DHG or PyTorch Geometric, a bipartite networkx graph, a table of incidences, a "
    "dictionary in HIF, a path"
)
_KINDS = ("members", "incidence", "index")
_GRAPH_LIBRARIES = {"igraph", "rustworkx", "networkit"}
_READERS: dict[str, Callable[[Any], Hypergraph]] = {
    "networkx": foreign.hypergraph_of_networkx,
    "xgi": foreign.hypergraph_of_xgi,
    "hypernetx": foreign.hypergraph_of_hypernetx,
    "hypergraphx": foreign.hypergraph_of_hypergraphx,
    "dhg": foreign.hypergraph_of_dhg,
    "torch_geometric": foreign.hypergraph_of_pyg,
}


def as_hypergraph(
    x: Any,
    *,
    kind: str | None = None,
    nodes: NodeIds | NodeIndex | int | None = None,
    edge: str = "edge",
    node: str = "node",
    weight: str | None = "weight",
    format: str | None = None,
) -> Hypergraph:
    """Make a hypergraph of anything that holds hyperedges.

    Parameters
    ----------
    x : Hypergraph, hyperedges, dict, matrix, foreign hypergraph, table or path
        A `Hypergraph` comes back as it is. An iterable holds one iterable of node ids
        a hyperedge, a dictionary the members under the id of the hyperedge. A scipy
        sparse matrix is an incidence matrix, nodes in rows and hyperedges in columns.
        Hypergraphs of XGI, HyperNetX, hypergraphx, DHG and PyTorch Geometric keep ids
        and order, and of their attributes ``weight``, ``multiplicity`` and ``label``
        (or ``name``); so does a networkx graph whose nodes have the attribute
        ``bipartite``, 0 for nodes and 1 for hyperedges. A table (pandas, polars,
        pyarrow, or any exporter of an Arrow stream) has one incidence a row. A
        dictionary with ``incidences`` is HIF. A path is read with
        `graphrep.read_hypergraph`.
    kind : {"members", "incidence", "index"} or None, default=None
        What a matrix, array or tensor is: members (one hyperedge a row), an incidence
        matrix of shape (n_nodes, n_hyperedges), or rows (node number, hyperedge
        number) of shape (2, n_incidences), PyTorch Geometric's hyperedge_index. None
        takes a sparse matrix for an incidence matrix unless it is square and
        symmetric, a tensor for an index, and refuses a dense array.
    nodes : ids, NodeIndex, int or None, default=None
        All ids in row order, including nodes in no hyperedge.
    edge, node : str, default="edge", "node"
        Columns of a table.
    weight : str or None, default="weight"
        Column of a table with the weight of the hyperedge; it may be absent. None
        reads none.
    format : str or None, default=None
        Format of a file, a name that `graphrep.io.hypergraph_formats` lists; None
        finds out.

    Returns
    -------
    Hypergraph

    Raises
    ------
    GraphTypeError
        For anything else, for a graph, whose hyperedges are not known, and for an
        array that may be meant in several ways.
    GraphValueError
        For contents that no hypergraph can have; the message names the place.

    Examples
    --------
    >>> from graphrep import as_hypergraph
    >>> as_hypergraph({"paper": ["ann", "bob"], "book": ["bob", "cy", "dan"]})
    Hypergraph(n_nodes=4, n_hyperedges=2, sizes 2 to 3)
    """
    if kind is not None and kind not in _KINDS:
        raise GraphValueError(f"kind must be one of {_KINDS} or None; got {kind!r}.")
    if isinstance(x, Hypergraph):
        return _on_nodes(x, nodes)
    if isinstance(x, (str, os.PathLike)):
        from graphrep.io._hypergraph_formats import read_hypergraph

        return _on_nodes(read_hypergraph(x, format=format), nodes)
    if isinstance(x, (Graph, KnowledgeGraph)) or module_of(x) in _GRAPH_LIBRARIES:
        raise GraphTypeError(f"A {type(x).__name__} {foreign.IS_A_GRAPH}")
    reader = _reader_of(x)
    if reader is not None:
        return _on_nodes(reader(x), nodes)
    if is_table(x):
        table = hypergraph_of_table(x, edge=edge, node=node, weight=weight)
        return _on_nodes(table, nodes)
    if sparse.issparse(x) or _is_array(x):
        return _of_matrix(x, kind, nodes)
    if isinstance(x, Mapping):
        if is_hif(x):
            return _on_nodes(hypergraph_of_hif(x), nodes)
        return Hypergraph(x.values(), nodes, edge_ids=list(x))
    if isinstance(x, Iterable):
        return Hypergraph(x, nodes)
    name = f"{type(x).__module__}.{type(x).__name__}".removeprefix("builtins.")
    raise GraphTypeError(f"as_hypergraph cannot read a {name}; it takes {_ACCEPTED}.")


def _reader_of(x: object) -> Callable[[Any], Hypergraph] | None:
    """Find the reader of a foreign object, also of one whose class derives from it."""
    for kind in type(x).__mro__:
        library = kind.__module__.split(".")[0]
        if library in _READERS:
            return _READERS[library]
    return None


def _is_array(x: Any) -> bool:
    """Whether this is a tensor or an array with more than one dimension."""
    if module_of(x) == "torch":
        return True
    return isinstance(x, np.ndarray) and x.ndim != 1


def _of_matrix(x: Any, kind: str | None, nodes: Any) -> Hypergraph:
    is_sparse = sparse.issparse(x)
    if kind is None:
        kind = _kind_of(x)
    if kind == "index":
        return foreign.hypergraph_of_index(x, nodes)
    if kind == "members" and not is_sparse:
        return Hypergraph(list(x), nodes)
    if kind == "members":
        x = x.T
    if module_of(x) == "torch":
        x = x.detach().cpu().numpy()
    return Hypergraph.from_incidence(x, _named(nodes))


def _kind_of(x: Any) -> str:
    if module_of(x) == "torch":
        return "index"
    if isinstance(x, np.ndarray):
        raise GraphTypeError(
            f"An array of shape {x.shape} may be an incidence matrix, a list of "
            "hyperedges or a hyperedge_index. Pass kind='incidence' (nodes in rows, "
            "hyperedges in columns), kind='members' (one hyperedge a row) or "
            "kind='index' (nodes in row 0, hyperedges in row 1)."
        )
    if x.ndim == 2 and x.shape[0] == x.shape[1] and x.nnz and not (x != x.T).nnz:
        raise GraphTypeError(
            f"A symmetric matrix of shape {x.shape} may be the adjacency of a graph. "
            "Pass kind='incidence' if it is an incidence matrix. An adjacency "
            f"{foreign.IS_A_GRAPH}"
        )
    return "incidence"


def _named(nodes: Any) -> NodeIndex | None:
    if nodes is None or isinstance(nodes, NodeIndex):
        return nodes
    return NodeIndex(nodes)


def _on_nodes(hypergraph: Hypergraph, nodes: Any) -> Hypergraph:
    return hypergraph if nodes is None else hypergraph.on_nodes(nodes)

"""Hypergraphs of XGI, HyperNetX, hypergraphx, DHG, PyG and networkx, read in.

None of these libraries is imported here: an object is known by the module that
defines its type, and read through its public methods.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from graphrep.exceptions import GraphTypeError, GraphValueError
from graphrep.graph._hypergraph import Hypergraph
from graphrep.graph._ids import shown
from graphrep.graph._node_index import NodeIndex
from graphrep.typing import AnyArray

HYPEREDGE = "hyperedge"
"""First part of the name of a hyperedge where a node has the same id."""
_LABELS = ("label", "name")
IS_A_GRAPH = (
    "is a graph, and its hyperedges are not known. To reconstruct them fit a "
    "reconstructor of graphrep.hypergraph and call predict(graph), or take "
    "graphrep.hypergraph.maximal_cliques(graph); to read each edge as a hyperedge of "
    "two nodes pass the list of edges."
)
_FLAT = (
    "{} has directions, times or layers, and a Hypergraph has none. Pass the "
    "hyperedges as a list of lists."
)


def hypergraph_of_networkx(foreign: Any) -> Hypergraph:
    """Make a hypergraph of a bipartite graph; nodes and hyperedges keep their order.

    Each node has the attribute ``bipartite``: 0 for a node, 1 for a hyperedge. Of
    hyperedges ``weight``, ``multiplicity`` and ``label`` are read, of nodes ``label``.
    """
    sides: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
    for name, attributes in foreign.nodes(data=True):
        side = attributes.get("bipartite")
        if side not in (0, 1):
            raise GraphTypeError(
                f"Node {shown(name)} of the {type(foreign).__name__} has no attribute "
                "bipartite of 0 (a node) or 1 (a hyperedge); without it this "
                f"{IS_A_GRAPH}"
            )
        sides[side][name] = attributes
    if foreign.is_directed():
        raise GraphTypeError(_FLAT.format(f"A {type(foreign).__name__}"))
    nodes, edges = sides
    members: list[list[Any]] = []
    for name in edges:
        inside = list(foreign.adj[name])
        strange = [v for v in inside if v not in nodes]
        if strange:
            raise GraphValueError(
                f"The hyperedges {shown(name)} and {shown(strange[0])} are joined; an "
                "edge must join a node (bipartite=0) and a hyperedge (bipartite=1)."
            )
        members.append(inside)
    for name in nodes:
        if any(v in nodes for v in foreign.adj[name]):
            raise GraphValueError(
                f"The node {shown(name)} is joined to a node; an edge must join a "
                "node (bipartite=0) and a hyperedge (bipartite=1)."
            )
    marked = bool(edges) and all(map(_is_marked, edges))
    ids = [name[1] if marked else name for name in edges]
    return build(members, list(nodes), ids, list(edges.values()), list(nodes.values()))


def hypergraph_of_xgi(foreign: Any) -> Hypergraph:
    """Make a hypergraph of an ``xgi.Hypergraph`` or ``SimplicialComplex``."""
    kinds = {kind.__name__ for kind in type(foreign).__mro__}
    if "Hypergraph" not in kinds:
        raise GraphTypeError(_FLAT.format(f"A {type(foreign).__name__} of XGI"))
    edges = foreign.edges.members(dtype=dict)
    nodes = list(foreign.nodes)
    return build(
        list(edges.values()),
        nodes,
        list(edges),
        [foreign.edges[e] for e in edges],
        [foreign.nodes[v] for v in nodes],
    )


def hypergraph_of_hypernetx(foreign: Any) -> Hypergraph:
    """Make a hypergraph of a ``hypernetx.Hypergraph``.

    Weights are those of the edges, where some is not one; cell weights are left out.
    """
    members = {e: list(v) for e, v in foreign.incidence_dict.items()}
    missing = any(v != v for part in members.values() for v in part)
    nodes = [v for v in _plain(foreign.nodes) if v == v]
    if missing:  # NaN stands for no member, and turns integers into floats
        members = {e: [v for v in part if v == v] for e, part in members.items()}
        if all(isinstance(v, float) and v.is_integer() for v in nodes):
            members = {e: [int(v) for v in part] for e, part in members.items()}
            nodes = [int(v) for v in nodes]
    properties = [
        _properties(foreign, "edges", list(members)),
        _properties(foreign, "nodes", nodes),
    ]
    if all(p.get("weight") == 1 for p in properties[0]):
        for attributes in properties[0]:
            del attributes["weight"]
    return build(list(members.values()), nodes, _plain(members), *properties)


def hypergraph_of_hypergraphx(foreign: Any) -> Hypergraph:
    """Make a hypergraph of a ``hypergraphx.Hypergraph``.

    Weights are read where some is not one; those that equal an attribute
    ``multiplicity`` are read as that. Its edges have no ids: where each has ``edge``
    among its metadata (and each node ``node``), as after its own reader of HIF, these
    are the ids.
    """
    if type(foreign).__name__ != "Hypergraph":
        raise GraphTypeError(_FLAT.format(f"A {type(foreign).__name__} of hypergraphx"))
    edges = foreign.get_edges(metadata=True)
    nodes = foreign.get_nodes(metadata=True)
    about_edges = [_hif_attributes(m) for m in edges.values()]
    about_nodes = [_hif_attributes(m) for m in nodes.values()]
    if foreign.is_weighted():
        weights = foreign.get_weights(asdict=True)
        told = [weights[edge] for edge in edges]
        counts = [a.get("multiplicity") for a in about_edges]
        if told != counts and any(weight != 1 for weight in told):
            for weight, attributes in zip(told, about_edges, strict=True):
                attributes["weight"] = weight
    names = dict(zip(nodes, _named(nodes, about_nodes, "node"), strict=True))
    return build(
        [[names[v] for v in edge] for edge in edges],
        list(names.values()),
        _named(range(len(edges)), about_edges, "edge"),
        about_edges,
        about_nodes,
    )


def hypergraph_of_dhg(foreign: Any) -> Hypergraph:
    """Make a hypergraph of a ``dhg.Hypergraph``; weights where some is not one."""
    if type(foreign).__name__ != "Hypergraph":
        raise GraphTypeError(f"A {type(foreign).__name__} of DHG {IS_A_GRAPH}")
    edges, weights = foreign.e
    heavy = [float(w) for w in weights]
    return Hypergraph(
        [list(e) for e in edges],
        nodes=int(foreign.num_v),
        weights=heavy if any(w != 1.0 for w in heavy) else None,
    )


def hypergraph_of_pyg(data: Any) -> Hypergraph:
    """Make a hypergraph of a ``HyperGraphData``, or a ``Data`` with hyperedge_index.

    Read are also ``num_nodes``, ``num_hyperedges``, ``hyperedge_weight``, and
    ``node_id`` and ``hyperedge_id`` for the ids. Tensors may lie on any device.
    """
    name = "hyperedge_index"
    if any(kind.__name__ == "HyperGraphData" for kind in type(data).__mro__):
        name = "edge_index"
    index = data.get(name) if hasattr(data, "get") else None
    if index is None:
        raise GraphTypeError(
            f"This {type(data).__name__} has no hyperedge_index; without it this "
            f"{IS_A_GRAPH}"
        )
    weights = data.get("hyperedge_weight")
    features = data.get("x")
    n_nodes = data.get("num_nodes")
    if n_nodes is None and features is not None:
        n_nodes = len(features)
    n_edges = data.get("num_hyperedges")
    if n_edges is None and weights is not None:
        n_edges = len(weights)
    return hypergraph_of_index(
        index,
        nodes=n_nodes if data.get("node_id") is None else data.get("node_id"),
        edges=n_edges if data.get("hyperedge_id") is None else data["hyperedge_id"],
        weights=None if weights is None else _array(weights),
    )


def hypergraph_of_index(
    index: Any, nodes: Any = None, edges: Any = None, weights: Any = None
) -> Hypergraph:
    """Make a hypergraph of rows (node number, hyperedge number), shape (2, nnz).

    ``nodes`` and ``edges`` are ids, numbers of them, or None for those that occur.
    """
    pairs = _array(index)
    if pairs.ndim != 2 or len(pairs) != 2 or pairs.dtype.kind not in "iu":
        raise GraphValueError(
            "A hyperedge_index holds integers in shape (2, n_incidences); got "
            f"{pairs.dtype} of shape {pairs.shape}."
        )
    members, numbers = pairs.astype(np.int64)
    if pairs.size and numbers.min() < 0:
        raise GraphValueError(
            f"The hyperedge_index has the hyperedge {numbers.min()}; numbers begin "
            "with 0."
        )
    found = int(numbers.max()) + 1 if len(numbers) else 0
    ids = NodeIndex(found if edges is None else edges)
    if found > len(ids):
        raise GraphValueError(
            f"The hyperedge_index has the hyperedge {found - 1}, but there are "
            f"{len(ids):,} hyperedges."
        )
    order = np.argsort(numbers, kind="stable")
    pointers = np.zeros(len(ids) + 1, np.int64)
    np.cumsum(np.bincount(numbers, minlength=len(ids)), out=pointers[1:])
    return Hypergraph.from_csr(
        pointers, members[order], nodes=nodes, edge_ids=ids, weights=weights
    )


def build(
    members: list[Any],
    nodes: Any,
    edge_ids: Any,
    about_edges: Iterable[Mapping[str, Any]],
    about_nodes: Iterable[Mapping[str, Any]],
) -> Hypergraph:
    """Make a hypergraph of ids and the attributes that a Hypergraph has a place for.

    These are ``weight`` and ``multiplicity`` of hyperedges (one where some have none)
    and ``label``, or else ``name``, of both if it is a text.
    """
    about_edges, edge_ids = list(about_edges), list(edge_ids)
    about_nodes, nodes = list(about_nodes), list(nodes)
    return Hypergraph(
        members,
        nodes=nodes,
        edge_ids=edge_ids,
        weights=_values(about_edges, "weight"),
        multiplicities=_values(about_edges, "multiplicity"),
        node_labels=_labels(nodes, about_nodes),
        edge_labels=_labels(edge_ids, about_edges),
    )


def _values(attributes: list[Mapping[str, Any]], name: str) -> list[Any] | None:
    values = [a.get(name) for a in attributes]
    if all(v is None for v in values):
        return None
    return [1 if v is None else v for v in values]


def _labels(
    ids: list[Hashable], attributes: list[Mapping[str, Any]]
) -> dict[Hashable, str]:
    labels = {}
    for node, about in zip(ids, attributes, strict=True):
        for name in _LABELS:
            if isinstance(about.get(name), str):
                labels[node] = about[name]
                break
    return labels


def _is_marked(name: object) -> bool:
    return isinstance(name, tuple) and len(name) == 2 and name[0] == HYPEREDGE


def _plain(ids: Iterable[Any]) -> list[Any]:
    """Ids without numpy's types."""
    return [v.item() if isinstance(v, np.generic) else v for v in ids]


def _properties(foreign: Any, side: str, ids: list[Any]) -> list[dict[str, Any]]:
    """Properties of the edges or nodes of a hypernetx.Hypergraph, flat."""
    table = getattr(foreign, side).to_dataframe
    rows = dict(zip(_plain(table.index), table.to_dict("records"), strict=True))
    out = []
    for node in _plain(ids):
        row = rows.get(node, {})
        flat = {k: v for k, v in row.items() if k != "misc_properties"}
        more = row.get("misc_properties")
        out.append({**flat, **(more if isinstance(more, dict) else {})})
    return out


def _hif_attributes(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata with the ``attrs`` of a record of HIF brought up."""
    inner = metadata.get("attrs")
    return {**metadata, **(inner if isinstance(inner, dict) else {})}


def _named(ids: Any, attributes: list[dict[str, Any]], key: str) -> list[Any]:
    """Ids out of the metadata where each has one and they differ."""
    told = [a.get(key) for a in attributes]
    fit = all(isinstance(v, (str, int)) for v in told)
    return told if told and fit and len(set(told)) == len(told) else list(ids)


def _array(tensor: Any) -> AnyArray:
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu().numpy()
    return np.asarray(tensor)

"""Hypergraphs handed over to other libraries."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from graphrep._utils._optional import require
from graphrep._utils._warn import warn_user
from graphrep.exceptions import GraphValueError, MissingDependencyError
from graphrep.graph._hypergraph_from_foreign import HYPEREDGE
from graphrep.typing import AnyArray

if TYPE_CHECKING:
    from graphrep.graph._hypergraph import Hypergraph

_WHO = "Exporting a hypergraph"
_BACKENDS = ("pandas", "polars", "pyarrow")


def to_frame(hypergraph: Hypergraph, backend: str = "pandas") -> Any:
    """Make a table of incidences; see `Hypergraph.to_frame`.

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
    fields = incidence_columns(hypergraph)
    if backend == "pandas":
        return library.DataFrame(fields)
    plain = {k: v.tolist() if v.dtype == object else v for k, v in fields.items()}
    return library.table(plain) if backend == "pyarrow" else library.DataFrame(plain)


def incidence_columns(hypergraph: Hypergraph) -> dict[str, AnyArray]:
    """Columns of the table of incidences."""
    rows = np.repeat(np.arange(hypergraph.n_hyperedges), hypergraph.sizes)
    fields: dict[str, AnyArray] = {
        "edge": hypergraph.edge_ids.ids[rows],
        "node": hypergraph.node_ids[hypergraph.indices],
    }
    if hypergraph.weights is not None:
        fields["weight"] = hypergraph.weights[rows]
    if hypergraph.multiplicities is not None:
        fields["multiplicity"] = hypergraph.multiplicities[rows]
    return fields


def to_networkx(hypergraph: Hypergraph) -> Any:
    """Make a bipartite graph; see `Hypergraph.to_networkx`."""
    nx = require("networkx", extra="networkx", why=_WHO)
    nodes = hypergraph.node_ids.tolist()
    names: list[Any] = hypergraph.edge_ids.ids.tolist()
    if not set(nodes).isdisjoint(names):
        names = [(HYPEREDGE, name) for name in names]
    foreign = nx.Graph()
    for node, about in zip(nodes, _about_nodes(hypergraph), strict=True):
        foreign.add_node(node, bipartite=0, **about)
    for name, about in zip(names, _about_edges(hypergraph), strict=True):
        foreign.add_node(name, bipartite=1, **about)
    for name, members in zip(names, hypergraph, strict=True):
        foreign.add_edges_from((node, name) for node in members)
    return foreign


def to_pyg(hypergraph: Hypergraph) -> Any:
    """Make a HyperGraphData; see `Hypergraph.to_pyg`."""
    torch = require("torch", extra="torch-geometric", why=_WHO)
    home = "torch_geometric.data.hypergraph_data"
    module = require(home, extra="torch-geometric", why=_WHO)
    rows = np.repeat(np.arange(hypergraph.n_hyperedges), hypergraph.sizes)
    pairs = np.stack([hypergraph.indices.astype(np.int64), rows])
    fields: dict[str, Any] = {"edge_index": torch.from_numpy(pairs)}
    if hypergraph.weights is not None:
        fields["hyperedge_weight"] = torch.from_numpy(hypergraph.weights.copy())
    if not hypergraph.nodes.is_range:
        fields["node_id"] = hypergraph.node_ids.tolist()
    if not hypergraph.edge_ids.is_range:
        fields["hyperedge_id"] = hypergraph.edge_ids.ids.tolist()
    return module.HyperGraphData(
        num_nodes=hypergraph.n_nodes,
        num_hyperedges=hypergraph.n_hyperedges,
        **fields,
    )


def to_xgi(hypergraph: Hypergraph) -> Any:
    """Make an xgi.Hypergraph; see `Hypergraph.to_xgi`."""
    xgi = require("xgi", extra="hypergraph", why=_WHO)
    foreign = xgi.Hypergraph()
    nodes = hypergraph.node_ids.tolist()
    foreign.add_nodes_from(zip(nodes, _about_nodes(hypergraph), strict=True))
    edges = zip(
        map(list, hypergraph),
        hypergraph.edge_ids.ids.tolist(),
        _about_edges(hypergraph),
        strict=True,
    )
    foreign.add_edges_from(edges)
    return foreign


def to_hypernetx(hypergraph: Hypergraph) -> Any:
    """Make a hypernetx.Hypergraph; see `Hypergraph.to_hypernetx`.

    Warns
    -----
    GraphWarning
        For nodes in no hyperedge and empty hyperedges: they are left out.
    """
    hypernetx = require("hypernetx", extra="hypergraph", why=_WHO)
    alone = int(np.count_nonzero(hypergraph.degree() == 0))
    empty = int(np.count_nonzero(hypergraph.sizes == 0))
    if alone or empty:
        warn_user(
            f"HyperNetX has no place for {alone:,} nodes in no hyperedge and "
            f"{empty:,} empty hyperedges; they are left out."
        )
    edges = hypergraph.edge_ids.ids.tolist()
    system = {e: list(m) for e, m in zip(edges, hypergraph, strict=True) if m}
    about_edges = dict(zip(edges, _about_edges(hypergraph), strict=True))
    nodes = hypergraph.node_ids.tolist()
    about_nodes = dict(zip(nodes, _about_nodes(hypergraph), strict=True))
    used = {v for members in system.values() for v in members}
    return hypernetx.Hypergraph(
        system,
        edge_properties={e: a for e, a in about_edges.items() if e in system and a},
        node_properties={v: a for v, a in about_nodes.items() if v in used and a},
    )


def to_hypergraphx(hypergraph: Hypergraph) -> Any:
    """Make a hypergraphx.Hypergraph; see `Hypergraph.to_hypergraphx`."""
    hypergraphx = require("hypergraphx", extra="hypergraph", why=_WHO)
    once = _distinct(hypergraph, "hypergraphx")
    weights = _weights(once)
    foreign = hypergraphx.Hypergraph(weighted=weights is not None)
    nodes = once.node_ids.tolist()
    for node, about in zip(nodes, _about_nodes(once), strict=True):
        foreign.add_node(node, metadata=about)
    named = not once.edge_ids.is_range
    metadata = [
        {**({"edge": name} if named else {}), **about}
        for name, about in zip(once.edge_ids, _about_edges(once), strict=True)
    ]
    foreign.add_edges(
        list(once),
        weights=None if weights is None else weights.tolist(),
        metadata=metadata,
    )
    return foreign


def to_dhg(hypergraph: Hypergraph) -> Any:
    """Make a dhg.Hypergraph; see `Hypergraph.to_dhg`.

    Warns
    -----
    GraphWarning
        For ids that are not row numbers: DHG has none.
    """
    try:
        dhg: Any = import_module("dhg")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{_WHO} needs dhg, which is not installed. Install it with: "
            "pip install dhg",
            name="dhg",
        ) from error
    if not (hypergraph.nodes.is_range and hypergraph.edge_ids.is_range):
        warn_user(
            "DHG has no place for ids: nodes and hyperedges are numbered in row order. "
            "Keep node_ids and edge_ids beside it."
        )
    if np.any(hypergraph.sizes == 0):
        raise GraphValueError(
            f"DHG has no empty hyperedges, and hyperedge "
            f"{int(np.argmin(hypergraph.sizes))} is one. Call with_sizes(1) first."
        )
    once = _distinct(hypergraph, "DHG")
    weights = _weights(once)
    bounds = once.indptr
    edges = [part.tolist() for part in np.split(once.indices, bounds[1:-1])]
    return dhg.Hypergraph(
        once.n_nodes,
        edges if len(once) else None,
        e_weight=None if weights is None else weights.tolist(),
    )


def _distinct(hypergraph: Hypergraph, what: str) -> Hypergraph:
    """Each set once, as the libraries have it that know a hyperedge by its members."""
    once = hypergraph.distinct()
    if once.weights is not None and len(once) < len(hypergraph):
        warn_user(
            f"{what} holds each set once: {len(hypergraph) - len(once):,} repeated "
            "hyperedges are left out, with their weights."
        )
    return once


def _weights(hypergraph: Hypergraph) -> AnyArray | None:
    if hypergraph.weights is not None:
        return hypergraph.weights
    return hypergraph.multiplicities


def _about_nodes(hypergraph: Hypergraph) -> list[dict[str, Any]]:
    labels = hypergraph.node_labels
    return [{"label": labels[v]} if v in labels else {} for v in hypergraph.nodes]


def _about_edges(hypergraph: Hypergraph) -> list[dict[str, Any]]:
    """Attributes of each hyperedge: weight, multiplicity and label, where there are."""
    labels = hypergraph.edge_labels
    about: list[dict[str, Any]] = [{} for _ in range(hypergraph.n_hyperedges)]
    for name, values in (
        ("weight", hypergraph.weights),
        ("multiplicity", hypergraph.multiplicities),
    ):
        if values is not None:
            for attributes, value in zip(about, values.tolist(), strict=True):
                attributes[name] = value
    for attributes, edge in zip(about, hypergraph.edge_ids, strict=True):
        if edge in labels:
            attributes["label"] = labels[edge]
    return about

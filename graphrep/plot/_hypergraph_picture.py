"""What a drawing of a hypergraph shows: nodes in places, edges, kinds of hyperedges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph, Hypergraph
from graphrep.io import as_graph, as_hypergraph
from graphrep.plot._node_layout import node_layout
from graphrep.typing import FloatArray, IntArray

RIGHT, WRONG, MISSED, PLAIN = "right", "wrong", "missed", "plain"


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn.

    Attributes
    ----------
    ids, names : list
        Of the nodes.
    places : ndarray of shape (n_nodes, 2)
        Where they are.
    pairs : ndarray of int of shape (n_edges, 2)
        Edges of the graph.
    groups : list of ndarray of int
        Members of the hyperedges.
    kinds : list of str
        ``RIGHT``, ``WRONG`` or ``MISSED`` of each, ``PLAIN`` where it is not known.
    """

    ids: list[Any]
    names: list[str]
    places: FloatArray
    pairs: IntArray
    groups: list[IntArray]
    kinds: list[str]


def picture(
    graph: Any,
    reconstructed: Any,
    true: Any,
    names: Mapping[Any, str] | None,
    component: str,
    max_nodes: int,
) -> Picture:
    """Read what is to be drawn and lay it out; see `draw_reconstruction`."""
    if component not in ("all", "largest"):
        raise GraphValueError(
            f"component must be 'all' or 'largest'; got {component!r}."
        )
    if isinstance(graph, Hypergraph):
        given: Graph = graph.project(False)
    else:
        given = as_graph(graph)
    found = as_hypergraph(reconstructed)
    wanted = None if true is None else as_hypergraph(true)
    kept = _kept(given, component, max_nodes)
    unsure = PLAIN if wanted is None else WRONG
    groups = dict.fromkeys(_rows(given, found, kept), unsure)
    layout = list(groups)
    if wanted is not None:
        layout = _rows(given, wanted, kept)
        for group in layout:
            groups[group] = RIGHT if group in groups else MISSED
    pairs = _pairs(given, kept)
    arrays = [np.array(g, np.int64) for g in layout if len(g) > 2]
    ids = given.node_ids[kept].tolist()
    labels = names or found.node_labels or (wanted.node_labels if wanted else {})
    return Picture(
        ids=ids,
        names=[str(labels.get(v, v)) for v in ids],
        places=node_layout(len(ids), pairs, arrays),
        pairs=pairs,
        groups=[np.array(g, np.int64) for g in groups],
        kinds=list(groups.values()),
    )


def _kept(graph: Graph, component: str, max_nodes: int) -> IntArray:
    kept = np.arange(graph.n_nodes)
    if component == "largest" and graph.n_nodes:
        from scipy.sparse.csgraph import connected_components

        _, part = connected_components(graph.to_scipy(), directed=False)
        kept = np.flatnonzero(part == np.bincount(part).argmax())
    if len(kept) > max_nodes:
        more = "" if component == "largest" else " or component='largest'"
        raise GraphValueError(
            f"There are {len(kept):,} nodes to draw and at most max_nodes={max_nodes} "
            f"can be told apart. Pass a part of the graph{more}."
        )
    return kept


def _rows(
    graph: Graph, hypergraph: Hypergraph, kept: IntArray
) -> list[tuple[int, ...]]:
    """Members of the hyperedges whose nodes are all drawn, as rows of ``kept``."""
    used = np.flatnonzero(hypergraph.degree())
    for row in used:
        if hypergraph.node_ids[row] not in graph.nodes:
            raise GraphValueError(
                f"Node {hypergraph.node_ids[row]!r} of a hyperedge is not in the graph."
            )
    place = np.full(graph.n_nodes, -1, np.int64)
    place[kept] = np.arange(len(kept))
    at = np.full(hypergraph.n_nodes, -1, np.int64)
    at[used] = place[graph.nodes.indexer(hypergraph.node_ids[used])]
    rows = []
    for a, b in zip(hypergraph.indptr[:-1], hypergraph.indptr[1:], strict=True):
        members = at[hypergraph.indices[a:b]]
        if len(members) and members.min() >= 0:
            rows.append(tuple(sorted(members.tolist())))
    return list(dict.fromkeys(rows))


def _pairs(graph: Graph, kept: IntArray) -> IntArray:
    place = np.full(graph.n_nodes, -1, np.int64)
    place[kept] = np.arange(len(kept))
    source = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))
    ends = np.stack([place[source], place[graph.indices]], axis=1)
    chosen = (ends.min(axis=1) >= 0) & (ends[:, 0] < ends[:, 1])
    return np.asarray(ends[chosen])

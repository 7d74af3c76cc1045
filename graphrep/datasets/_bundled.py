"""Three small networks that lie inside the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np

from graphrep.datasets._bunch import Bunch
from graphrep.graph import Graph, Hypergraph


def load_karate(*, weighted: bool = False, return_X_y: bool = False) -> Any:
    """Load Zachary's karate club: 34 members, 78 friendships, two factions.

    Parameters
    ----------
    weighted : bool, default=False
        Weight a friendship by the number of activities shared.
    return_X_y : bool, default=False
        Return the adjacency (``csr_array``) and ``y`` instead of the bunch.

    Returns
    -------
    Bunch
        ``graph`` (ids 0 to 33), ``y`` (0 or 1: the faction after the split),
        ``y_names``, ``names`` and ``DESCR``.

    References
    ----------
    W. W. Zachary. An information flow model for conflict and fission in small
    groups. Journal of Anthropological Research 33 (1977).

    Examples
    --------
    >>> load_karate().graph
    Graph(n_nodes=34, n_edges=78, undirected, unweighted)
    """
    edges, nodes = _rows("karate_edges.tsv"), _rows("karate_nodes.tsv")
    ids = [int(row[0]) for row in nodes]
    graph = Graph.from_edges(
        [int(row[0]) for row in edges],
        [int(row[1]) for row in edges],
        np.array([float(row[2]) for row in edges]) if weighted else None,
        nodes=ids,
    )
    y, y_names = _codes([row[1] for row in nodes])
    names = {node: f"Member {node}" for node in ids}
    return _result(
        graph, y, return_X_y, y_names=y_names, names=names,
        DESCR=_first_lines(load_karate),
    )  # fmt: skip


def load_davis(*, return_X_y: bool = False) -> Any:
    """Load Davis' southern women: 18 women, 14 social events, 89 attendances.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return the adjacency (``csr_array``) and ``y`` instead of the bunch.

    Returns
    -------
    Bunch
        ``graph`` (bipartite; ids are names of women and of events), ``y`` (0 for a
        woman, 1 for an event), ``y_names``, ``names``, ``biadjacency`` (women by
        events, ``csr_array``), ``hypergraph`` (events as hyperedges of women),
        ``women``, ``events`` and ``DESCR``.

    References
    ----------
    A. Davis, B. B. Gardner, M. R. Gardner. Deep South. University of Chicago Press
    (1941).

    Examples
    --------
    >>> load_davis().biadjacency.shape
    (18, 14)
    >>> load_davis().hypergraph
    Hypergraph(n_nodes=18, n_hyperedges=14, sizes 3 to 14)
    """
    edges, nodes = _rows("davis_edges.tsv"), _rows("davis_nodes.tsv")
    ids = [row[0] for row in nodes]
    graph = Graph.from_edges(
        [row[0] for row in edges], [row[1] for row in edges], nodes=ids
    )
    kinds = np.array([row[1] for row in nodes])
    y = (kinds == "event").astype(np.int64)
    women, events = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
    biadjacency = graph.to_scipy()[women][:, events]
    names = ([ids[i] for i in women], [ids[i] for i in events])
    return _result(
        graph, y, return_X_y, y_names=("woman", "event"),
        names={node: node for node in ids},
        biadjacency=biadjacency, women=names[0], events=names[1],
        hypergraph=Hypergraph.from_incidence(biadjacency, names[0], edge_ids=names[1]),
        DESCR=_first_lines(load_davis),
    )  # fmt: skip


def load_les_miserables(*, return_X_y: bool = False) -> Any:
    """Load Les Misérables: 77 characters of the novel, 254 pairs seen together.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return the adjacency (``csr_array``) and None instead of the bunch.

    Returns
    -------
    Bunch
        ``graph`` (weights count the chapters in which a pair appears; ids are names
        of characters), ``y`` (None: the data have no classes), ``names``, ``DESCR``.

    References
    ----------
    D. E. Knuth. The Stanford GraphBase. Addison-Wesley (1993).

    Examples
    --------
    >>> load_les_miserables().graph
    Graph(n_nodes=77, n_edges=254, undirected, weighted)
    """
    edges = _rows("les_miserables_edges.tsv")
    graph = Graph.from_edges(
        [row[0] for row in edges],
        [row[1] for row in edges],
        np.array([float(row[2]) for row in edges]),
    )
    names = {node: node for node in graph.node_ids.tolist()}
    descr = _first_lines(load_les_miserables)
    return _result(graph, None, return_X_y, names=names, DESCR=descr)


def _rows(name: str) -> list[list[str]]:
    """Rows of a table in the package, its header left out."""
    text = files("graphrep.datasets").joinpath("data", name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


def _codes(labels: list[str]) -> tuple[Any, tuple[str, ...]]:
    """Turn labels into numbers in order of first appearance."""
    names = tuple(dict.fromkeys(labels))
    return np.array([names.index(label) for label in labels], np.int64), names


def _first_lines(function: Any) -> str:
    """Summary line and references of a loader: what the data are."""
    doc: str = function.__doc__
    summary = doc.split("\n", 1)[0]
    source = doc.split("----------\n")[-1].split("Examples")[0]
    return f"{summary}\n\nSource: {' '.join(source.split())}"


def _result(graph: Graph, y: Any, return_X_y: bool, **more: Any) -> Any:
    if return_X_y:
        return graph.to_scipy(), y
    return Bunch(graph=graph, y=y, **more)

"""Hold out edges to test on, without taking a node's last connection."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from graphrep._utils._random import draw_seed
from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.io import as_graph
from graphrep.typing import AnyArray, GraphLike, IntArray

_ROUNDS = 100


class EdgeSplit(NamedTuple):
    """A graph to train on, edges held out of it, and pairs that are no edges.

    Attributes
    ----------
    train : Graph
        The graph without the held-out edges.
    positive, negative : ndarray of int of shape (n_pairs, 2)
        Row numbers of held-out edges, and of as many pairs that are no edges of the
        whole graph.
    """

    train: Graph
    positive: IntArray
    negative: IntArray


def split_edges(
    graph: GraphLike, fraction: float = 0.1, *, random_state: Any = None
) -> EdgeSplit:
    """Hold out some edges of a graph, and draw as many pairs that are no edges.

    A random spanning forest of the undirected graph always stays in the training
    graph, so no node loses its last edge and no component falls apart.

    Parameters
    ----------
    graph : Graph or what `graphrep.as_graph` takes
        Any graph; loops stay in the training graph.
    fraction : float, default=0.1
        Share of the edges to hold out; fewer where the forest needs the rest.
    random_state : int, RandomState, Generator or None, default=None
        An int gives the same split on every call.

    Returns
    -------
    EdgeSplit

    Raises
    ------
    GraphValueError
        If ``fraction`` is not between 0 and 1, if no edge can be held out (a forest,
        say), or the graph is too dense to find pairs without an edge.
    """
    if not 0 < fraction < 1:
        raise GraphValueError(f"fraction must lie between 0 and 1; got {fraction!r}.")
    rng = np.random.default_rng(draw_seed(random_state))
    graph = as_graph(graph)
    rows, columns, weights = graph.edges()
    rows, columns = rows.astype(np.int64), columns.astype(np.int64)
    free = np.flatnonzero(~_in_forest(rows, columns, graph.n_nodes, rng))
    free = free[rows[free] != columns[free]]
    if not len(free):
        raise GraphValueError(
            f"No edge of this graph ({graph.n_nodes:,} nodes, {graph.n_edges:,} edges) "
            "can be held out: every one is needed to keep it connected."
        )
    n_held = max(1, min(len(free), round(fraction * len(rows))))
    held = rng.choice(free, n_held, replace=False)
    stays = np.ones(len(rows), bool)
    stays[held] = False
    train = Graph.from_codes(
        rows[stays], columns[stays], None if weights is None else weights[stays],
        nodes=graph.nodes, directed=graph.directed,
    )  # fmt: skip
    positive = np.stack([rows[held], columns[held]], axis=1)
    return EdgeSplit(train, positive, _non_edges(graph, n_held, rng))


def _in_forest(
    rows: IntArray, columns: IntArray, n_nodes: int, rng: np.random.Generator
) -> AnyArray:
    """Mark the edges of a random spanning forest."""
    low, high = np.minimum(rows, columns), np.maximum(rows, columns)
    order = rng.permutation(len(rows)) + 1.0  # distinct: the forest is unique
    ends = low.astype(np.int32), high.astype(np.int32)  # csgraph takes no others
    first = sparse.coo_array((order, ends), shape=(n_nodes, n_nodes))
    both = sparse.csr_array(first)  # two directions of an edge: costs are added
    tree = sparse.csgraph.minimum_spanning_tree(both).tocoo()
    in_tree = set((tree.row.astype(np.int64) * n_nodes + tree.col).tolist())
    return np.fromiter(
        (key in in_tree for key in (low * n_nodes + high).tolist()), bool, len(rows)
    )


def _non_edges(graph: Graph, n_pairs: int, rng: np.random.Generator) -> IntArray:
    """Draw distinct pairs of different nodes that no edge joins."""
    n = graph.n_nodes
    rows, columns, _ = graph.edges()
    edges = rows.astype(np.int64) * n + columns
    found = np.empty(0, np.int64)
    for _ in range(_ROUNDS):
        pairs = rng.integers(0, n, (2 * n_pairs, 2))
        if not graph.directed:
            pairs.sort(axis=1)
        keys = pairs[pairs[:, 0] != pairs[:, 1]] @ np.array([n, 1])
        new = keys[~np.isin(keys, edges)]
        found = np.concatenate([found, new])
        _, first = np.unique(found, return_index=True)
        found = found[np.sort(first)][:n_pairs]
        if len(found) == n_pairs:
            return np.stack(np.divmod(found, n), axis=1)
    raise GraphValueError(
        f"Could not find {n_pairs:,} pairs without an edge in a graph of {n:,} nodes "
        f"and {graph.n_edges:,} edges; hold out a smaller fraction."
    )

"""certain_pairs: hyperedges of two nodes that a weighted projection proves."""

from __future__ import annotations

import numpy as np

from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._inputs import undirected
from graphrep.hypergraph._weighted_projection import WeightedProjection
from graphrep.typing import GraphLike, IntArray


def certain_pairs(graph: GraphLike) -> Hypergraph:
    """Hyperedges of two nodes that every hypergraph with this projection has.

    Parameters
    ----------
    graph : graph-like
        Anything that `graphrep.as_graph` takes, undirected; weights are the numbers
        of hyperedges that hold both ends, one where there are none.

    Returns
    -------
    Hypergraph
        Pairs with the number of times that each is certain to occur, on the nodes of
        the graph.

    Raises
    ------
    GraphValueError
        For a directed graph and for weights that are not whole numbers.

    Notes
    -----
    A hyperedge of three or more nodes that holds u and v holds some third node z and
    adds one to w(u, z) and to w(v, z). So no more than
    ``MHH(u, v) = sum of min(w(u, z), w(v, z)) over common neighbours z`` of them hold
    u and v, and ``w(u, v) - MHH(u, v)``, where it is positive, counts hyperedges
    {u, v}. Weights must be exact: of rounded or cut weights nothing is certain.
    O(edges * degeneracy) time.

    One look finds all that this rule can find. With these pairs taken out the weights
    are ``w' = min(w, MHH)``, and ``w'(u, z) >= min(w(u, z), w(u, v), w(v, z))`` in
    each triangle. So ``min(w'(u, z), w'(v, z))`` is no less than
    ``min(w(u, z), w(v, z), w(u, v))``, the new sum no less than the smaller of
    MHH(u, v) and w(u, v), and nothing is left over.

    References
    ----------
    K. Lee, G. Lee, K. Shin, "MARIOH: Multiplicity-aware hypergraph reconstruction",
    ICDE 2025. https://arxiv.org/abs/2504.00522

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> h = Hypergraph([("a", "b", "c"), ("a", "b"), ("a", "b"), ("c", "d")])
    >>> pairs = certain_pairs(h.project())
    >>> list(pairs), pairs.counts.tolist()
    ([('a', 'b'), ('c', 'd')], [2, 1])
    """
    given = undirected(graph)
    projection = WeightedProjection.of(given)
    return pairs_of(given, projection, multiplicity_filter(projection))


def multiplicity_filter(projection: WeightedProjection) -> IntArray:
    """How many hyperedges of just its two ends each edge is certain to be."""
    certain: IntArray = np.maximum(projection.weights - projection.shared, 0)
    return certain


def pairs_of(
    graph: Graph, projection: WeightedProjection, counts: IntArray
) -> Hypergraph:
    """Make hyperedges of the edges that count at least once, in the graph's order."""
    found = np.flatnonzero(counts)
    ends = np.stack([projection.source[found], projection.target[found]], axis=1)
    pairs = np.sort(projection.rows[ends], axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return Hypergraph.from_csr(
        np.arange(0, 2 * len(found) + 1, 2),
        pairs[order].ravel(),
        nodes=graph.nodes,
        multiplicities=counts[found][order],
    )

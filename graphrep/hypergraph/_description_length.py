"""description_length: bits that it takes to write a hypergraph down."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaln

from graphrep.exceptions import GraphValueError
from graphrep.graph import Graph
from graphrep.hypergraph._inputs import undirected
from graphrep.hypergraph._maximal_cliques import maximal_cliques
from graphrep.io import as_hypergraph
from graphrep.typing import AnyArray, FloatArray, GraphLike, IntArray

_BITS = float(np.log(2.0))


class Prior:
    """Probability of hyperedges given the sizes of their graph.

    Parameters
    ----------
    n_nodes, n_edges : int
        Of the graph.
    largest : int
        Nodes of its largest clique.

    Attributes
    ----------
    base : ndarray of shape (largest + 1,)
        Bits of one more hyperedge of each size, without the part that depends on how
        many there are.
    """

    def __init__(self, n_nodes: int, n_edges: int, largest: int) -> None:
        sizes = np.arange(max(largest, 1) + 1)
        self.base = np.zeros(len(sizes))
        self._fixed = 0.0
        if largest >= 2:
            mean = n_edges / (largest - 1)
            more = np.log2(1.0 / mean + 1.0)
            self.base[2:] = _log2_choose(n_nodes, sizes[2:]) + more
            self._fixed = (largest - 1) * float(np.log2(mean) + more)

    def bits(self, sizes: AnyArray, counts: AnyArray) -> float:
        """Count the bits of hyperedges of 2 and more nodes."""
        by_size = self.by_size(sizes, counts)
        repeats = gammaln(counts.astype(np.float64) + 1.0).sum()
        ways = gammaln(by_size + 1.0).sum()
        spent = float(by_size @ self.base)
        return self._fixed + spent + float(repeats - ways) / _BITS

    def by_size(self, sizes: AnyArray, counts: AnyArray) -> FloatArray:
        """Hyperedges of each size, repeats counted."""
        total = np.bincount(sizes, counts, len(self.base))
        return np.asarray(total, np.float64)


def description_length(
    hypergraph: Any, graph: GraphLike | None = None, *, n_jobs: int | None = None
) -> float:
    """Bits that it takes to describe a graph by hyperedges that project to it.

    The less, the more probable are the hyperedges given the graph and nothing else:
    the difference of two description lengths is the log2 of their posterior odds.

    Parameters
    ----------
    hypergraph : hypergraph-like
        Anything that `graphrep.as_hypergraph` takes. Hyperedges of fewer than two
        nodes are not described: they leave no edge.
    graph : graph-like or None, default=None
        The graph, where the projection need not be taken again. Its nodes are those
        of the hypergraph.
    n_jobs : int or None, default=None
        Threads of the search for the largest clique.

    Returns
    -------
    float
        ``-log2 P(H)``, 0 where there are no edges.

    Raises
    ------
    GraphValueError
        For hyperedges that do not project to ``graph``: P(graph | H) is zero then.

    Notes
    -----
    With ``E_k`` hyperedges of size k, N nodes, the largest clique of L nodes, the
    number of times A that a hyperedge occurs, and ``mu = n_edges / (L - 1)``::

        P(H) = prod_{k=2..L} E_k! / (prod A! mu C(N, k)^E_k) (1 / mu + 1)^-(E_k + 1)

    Numbers of hyperedges are Poisson, their rates integrated under exponential priors.

    References
    ----------
    J.-G. Young, G. Petri, T. P. Peixoto, "Hypergraph reconstruction from network
    data", Communications Physics 4:135, 2021.

    Examples
    --------
    >>> from graphrep import Hypergraph
    >>> from graphrep.hypergraph import description_length
    >>> one = Hypergraph([(0, 1, 2)])
    >>> three = Hypergraph([(0, 1), (0, 2), (1, 2)])
    >>> description_length(one) < description_length(three)
    True
    """
    given = as_hypergraph(hypergraph).with_sizes(2).distinct()
    projection = given.project(False)
    if graph is not None:
        _check_same(projection, undirected(graph))
    largest = int(maximal_cliques(projection, n_jobs=n_jobs).sizes.max(initial=0))
    prior = Prior(given.n_nodes, projection.n_edges, largest)
    return prior.bits(given.sizes, given.counts)


def _check_same(projection: Graph, graph: Graph) -> None:
    if not _same_rows(projection, graph):
        raise GraphValueError(
            "The hyperedges do not project to the graph (of "
            f"{graph.n_nodes:,} nodes and {graph.n_edges:,} edges; the projection has "
            f"{projection.n_nodes:,} and {projection.n_edges:,}). Give both the same "
            "nodes in the same order, and compare hypergraph.project(False)."
        )


def _same_rows(a: Graph, b: Graph) -> bool:
    return (
        a.nodes == b.nodes
        and np.array_equal(a.indptr, b.indptr)
        and np.array_equal(a.indices, b.indices)
    )


def _log2_choose(n: int, k: IntArray) -> FloatArray:
    bits: FloatArray = (gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)) / (
        _BITS
    )
    return bits

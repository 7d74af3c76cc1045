"""Rho: how many of the k-subsets of the maximal cliques of size n are hyperedges."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from graphrep.graph import Hypergraph
from graphrep.kernels import _clique_cells as kernels
from graphrep.typing import AnyArray, FloatArray, IntArray

_BLOCK = 1 << 16  # hyperedges that are looked up at a time


class Rho(NamedTuple):
    """Cells (n, k) that hold a hyperedge, by k descending and n ascending.

    Attributes
    ----------
    n, k : ndarray of int64 of shape (n_cells,)
        Size of the maximal cliques and size of their subsets.
    n_cliques : ndarray of int64 of shape (n_cells,)
        Number of maximal cliques of size n.
    n_subsets : ndarray of float64 of shape (n_cells,)
        Subsets of all of them, ``n_cliques * comb(n, k)``; infinite where it is
        beyond floating point.
    indptr, hyperedges : ndarray of int64
        Distinct hyperedges of size k inside a clique of size n, cell by cell.
    """

    n: IntArray
    k: IntArray
    n_cliques: IntArray
    n_subsets: FloatArray
    indptr: IntArray
    hyperedges: IntArray

    @property
    def n_found(self) -> IntArray:
        """Distinct hyperedges of each cell."""
        return np.diff(self.indptr)

    @property
    def efficiency(self) -> FloatArray:
        """The paper's rho: distinct hyperedges over subsets, for each cell."""
        share: FloatArray = self.n_found / self.n_subsets
        return share


def rho(cliques: Hypergraph, hyperedges: Hypergraph) -> Rho:
    """Count the hyperedges inside the maximal cliques, by both sizes.

    Parameters
    ----------
    cliques : Hypergraph
        Maximal cliques, each once.
    hyperedges : Hypergraph
        Hyperedges on the same rows of nodes, each once.

    Returns
    -------
    Rho
        The cells with at least one hyperedge.

    Notes
    -----
    ``E(n, k)`` are the hyperedges of size k that some maximal clique of size n
    contains and ``rho(n, k) = |E(n, k)| / (|M(n)| comb(n, k))`` with ``M(n)`` the
    maximal cliques of size n [1]_. For each hyperedge the cliques of its rarest
    member are looked up among those of the others: O(least degree · size · log)
    a hyperedge, where a comparison of all pairs takes as long as there are pairs.

    References
    ----------
    .. [1] Wang, Y., Kleinberg, J. (2024). From graphs to hypergraphs: hypergraph
       projection and its remediation. ICLR. https://arxiv.org/abs/2401.08519
    """
    sizes, slots, n_cliques = np.unique(
        cliques.sizes, return_inverse=True, return_counts=True
    )
    which, slot = _containing(cliques, hyperedges, slots, len(sizes))
    k = hyperedges.sizes[which]
    order = np.lexsort((which, slot, -k))
    which, slot, k = which[order], slot[order], k[order]
    first = np.flatnonzero(np.diff(k, prepend=-1) | np.diff(slot, prepend=-1))
    n, cell_k = sizes[slot[first]], k[first]
    counts = n_cliques[slot[first]].astype(np.int64)
    pairs = zip(counts.tolist(), n.tolist(), cell_k.tolist(), strict=True)
    subsets = np.array([as_float(count_subsets(*p)) for p in pairs], np.float64)
    bounds = np.append(first, len(which))
    return Rho(n, cell_k, counts, subsets, bounds, which)


def count_subsets(n_cliques: int, n: int, k: int) -> int:
    """Count the k-subsets of so many cliques of size n, exactly."""
    return n_cliques * math.comb(n, k)


def as_float(count: int) -> float:
    """Turn a whole number of any length into a float, infinite where it is too long."""
    try:
        return float(count)
    except OverflowError:
        return math.inf


def _containing(
    cliques: Hypergraph, hyperedges: Hypergraph, slots: AnyArray, n_sizes: int
) -> tuple[IntArray, IntArray]:
    """Pairs (hyperedge, slot of the size of a clique that contains it)."""
    of_node = cliques.transpose()
    edges, found = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, hyperedges.n_hyperedges, _BLOCK):
        stop = min(start + _BLOCK, hyperedges.n_hyperedges)
        held = np.zeros((stop - start, n_sizes), np.bool_)
        rows = (hyperedges.indptr, hyperedges.indices)
        kernels.containing_sizes(start, stop, *rows, *of_node, slots, held)
        at, slot = np.nonzero(held)
        edges.append(at + start)
        found.append(slot)
    return np.concatenate(edges), np.concatenate(found)

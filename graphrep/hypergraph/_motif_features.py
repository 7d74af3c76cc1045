"""Thirteen motifs of maximal cliques around the nodes and pairs of a candidate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from graphrep._utils._parallel import resolve_n_jobs
from graphrep.graph import Graph, Hypergraph
from graphrep.hypergraph._clique_sampler import Candidates
from graphrep.hypergraph._count_features import rows_of_nodes
from graphrep.kernels import _clique_motifs as kernels
from graphrep.kernels import _shyre_features
from graphrep.typing import AnyArray, FloatArray, IntArray

N_MOTIFS = 13
N_MOTIF_FEATURES = 2 + 4 * N_MOTIFS
_OF_NODES = 3
_OF_EDGES = 10
_BITS = 1 << 28  # bytes that rows of bits may take
# Column of a pair of cliques by the kind of each (0: of the first node alone, 1: of
# the second alone, 2: of both) and by whether they meet elsewhere.
_PLACES = np.empty((3, 3, 2), np.int64)
_PLACES[0, 1] = _PLACES[1, 0] = 2, 4
_PLACES[0, 0] = _PLACES[1, 1] = 3, 6
_PLACES[2, :2] = _PLACES[:2, 2] = 5, 8
_PLACES[2, 2] = 7, 9


def motif_features(
    graph: Graph,
    cliques: Hypergraph,
    candidates: Candidates,
    *,
    downsample: int | None = None,
    cap: float | None = 100_000.0,
    seed: int = 0,
    n_jobs: int | None = None,
) -> FloatArray:
    """Describe candidates by motifs of the maximal cliques at their nodes and pairs.

    Parameters
    ----------
    graph : Graph
        Undirected, without loops.
    cliques : Hypergraph
        All its maximal cliques.
    candidates : Candidates
        Cliques of the graph.
    downsample : int or None, default=None
        Motifs 6 to 13 of an edge with more than the root of this many cliques are
        estimated from so many pairs of them, drawn with repeats and counted up to
        all pairs. None counts all.
    cap : float or None, default=100_000.0
        Least values of a motif are at most this. The authors' program searches them
        from there on down, and the published scores come with it: foursquare, where
        counts are larger, reaches a Jaccard index of 71.7 % with it and of 68.6 %
        without. None for no cap.
    seed : int, default=0
        Decides which pairs are drawn.
    n_jobs : int or None, default=None
        Threads; None takes all processors. The result does not depend on it.

    Returns
    -------
    ndarray of float64 of shape (n_candidates, 54)
        Size, mean degree, then the least, greatest and mean value and the standard
        deviation of each motif: 1 to 3 over the members, 4 to 13 over the pairs of
        members (zero for one member).

    Notes
    -----
    At node v: 1 its maximal cliques, 2 pairs of them that share v alone, 3 the other
    pairs. At edge (u, v), among the cliques that hold u or v: 4 those that hold both,
    5 the others; pairs that share no node beside u and v, by which of the two they
    hold: 6 one u, the other v; 7 the same one; 9 both and one; 11 both and both; and
    8, 10, 12, 13 such pairs that do share another node.

    All are had from the numbers of common nodes of the pairs of cliques that meet,
    each looked at once, by counting: with P(v) motif 2, the pairs 7 and 9 of an edge
    are ``P(u) + P(v)`` together. O(sum over nodes of squared numbers of cliques +
    sum over cliques of the sizes of those it meets + 10 · sum of squared sizes of the
    candidates) time.
    """
    of_nodes, of_edges = motif_tables(
        graph, cliques, downsample=downsample, seed=seed, n_jobs=n_jobs
    )
    rows = candidates.indptr, candidates.members
    n = len(candidates)
    of_node = rows_of_nodes(*rows, graph.n_nodes)
    out = np.empty((n, N_MOTIF_FEATURES))
    out[:, 0] = candidates.sizes
    degrees = np.diff(graph.indptr).astype(np.float64)[:, None]
    _shyre_features.mean_node_values(degrees, *rows, out[:, 1:2])
    _shyre_features.node_statistics(of_nodes, *rows, out, 2)
    state = np.empty((n, 5, _OF_EDGES))
    _shyre_features.pair_statistics(
        graph.indptr, graph.indices, of_edges, *rows, *of_node, state, out,
        2 + 4 * _OF_NODES,
    )  # fmt: skip
    if cap is not None:
        np.minimum(out[:, 2::4], cap, out=out[:, 2::4])
    return out


def motif_tables(
    graph: Graph,
    cliques: Hypergraph,
    *,
    downsample: int | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Motifs 1 to 3 of each node, 4 to 13 of each entry (u, v), u < v, of the graph."""
    rows = graph.indptr, graph.indices
    given = *rows, cliques.indptr, cliques.indices, *cliques.transpose()
    pairs, sums = _add_up(given, len(cliques), n_jobs)
    inside = np.diff(cliques.transpose()[0])
    alone = pairs / 2
    of_nodes = np.column_stack([inside, alone, _two_of(inside) - alone])
    of_edges = np.zeros((len(graph.indices), _OF_EDGES))
    starts = np.repeat(np.arange(graph.n_nodes), np.diff(graph.indptr))
    upper = np.flatnonzero(starts < graph.indices)
    ends = starts[upper], graph.indices[upper]
    of_edges[upper] = _of_edges(of_nodes, sums[upper].astype(np.float64), *ends)
    if downsample is not None:
        key = np.uint64(seed)
        kernels.sampled_motifs(
            0, graph.n_nodes, *given, downsample, key, _PLACES, of_edges
        )
    return of_nodes, of_edges


def _of_edges(
    of_nodes: FloatArray, sums: FloatArray, u: IntArray, v: IntArray
) -> FloatArray:
    """Motifs 4 to 13 of edges from the sums of the kernel."""
    both, nine, eleven = sums[:, 0], sums[:, 1], sums[:, 2] / 2
    left, right = of_nodes[u, 0] - both, of_nodes[v, 0] - both
    eight = sums[:, 3] - left * both
    seven = of_nodes[u, 1] + of_nodes[v, 1] - nine
    columns = (
        both,
        left + right,
        left * right - eight,
        seven,
        eight,
        nine,
        _two_of(left) + _two_of(right) - seven,
        eleven,
        both * (left + right) - nine,
        _two_of(both) - eleven,
    )
    return np.column_stack(columns)


def _two_of(n: FloatArray) -> FloatArray:
    pairs: FloatArray = n * (n - 1) / 2
    return pairs


def _add_up(
    given: tuple[IntArray, ...], n_cliques: int, n_jobs: int | None
) -> tuple[IntArray, IntArray]:
    """Run the kernel over parts of the cliques; whole numbers add up in any order."""
    n, n_entries = len(given[0]) - 1, len(given[1])
    words = (n_cliques + 63) // 64
    bits = np.zeros((n, words if n * words * 8 <= _BITS else 0), np.uint64)
    if bits.shape[1]:
        kernels.clique_bits(given[2], given[3], bits)
    threads = max(1, min(resolve_n_jobs(n_jobs), n_cliques // 64))
    bounds = np.linspace(0, n_cliques, threads + 1).astype(np.int64)
    pairs = np.zeros((threads, n), np.int64)
    sums = np.zeros((threads, n_entries, 4), np.int64)

    def work(t: int) -> None:
        part = bounds[t], bounds[t + 1]
        kernels.clique_motifs(*part, *given, bits, pairs[t], sums[t])

    if threads == 1:
        work(0)
        return pairs[0], sums[0]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    return pairs.sum(axis=0), sums.sum(axis=0)


def best_columns(
    X: FloatArray, y: AnyArray, *, keep: int = 9, n_best: int = 10
) -> IntArray:
    """Columns that SHyRe trains on: the first ones and those that separate best.

    Parameters
    ----------
    X : ndarray of shape (n_candidates, n_columns)
    y : ndarray of bool of shape (n_candidates,)
    keep : int, default=9
        So many columns at the front are taken whatever they are worth.
    n_best : int, default=10
        Number of others, by the F statistic between the two classes; of equal ones
        the last, and the last ones where there is one class only.

    Returns
    -------
    ndarray of int64
        Numbers of columns, ascending.
    """
    rest = X[:, keep:] - X[:, keep:].mean(axis=0)
    share = float(np.mean(y)) if len(y) else 0.0
    between = (y.astype(np.float64) - share) @ rest
    total = (rest * rest).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = between**2 / total  # grows with F
    scores[~np.isfinite(scores)] = -1.0
    best = np.argsort(scores, kind="stable")[-n_best:]
    return np.concatenate([np.arange(min(keep, X.shape[1])), keep + np.sort(best)])
